import time

STAMPS = "cron/stamps.jsonl"


def start(job):
    with open(STAMPS, "a") as f:  # WRITER append open cron/stamps.jsonl
        f.write('{"event": "start", "job": "%s", "ts": %d}\n' % (job, time.time()))


def stop(job, ok):
    with open(STAMPS, "a") as f:  # WRITER append open cron/stamps.jsonl
        f.write(f'{{"event": "stop", "job": "{job}", "ok": {str(ok).lower()}}}\n')


def readable(job):
    with open("cron/stamps.txt", "a") as f:  # nothing
        f.write(f"{job} at {time.ctime()}\n")
