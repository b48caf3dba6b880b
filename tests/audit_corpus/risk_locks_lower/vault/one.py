import fcntl
import json
import threading

_lock = threading.Lock()


def both_locked(record):
    with open("vault/both.jsonl", "a") as f:  # WRITER append open vault/both.jsonl; locks=fcntl; risk=medium
        fcntl.flock(f, fcntl.LOCK_EX)
        f.write(json.dumps(record) + "\n")


def one_locked(record):
    with open("vault/one.jsonl", "a") as f:  # WRITER append open vault/one.jsonl; locks=fcntl; risk=high
        fcntl.flock(f, fcntl.LOCK_EX)
        f.write(json.dumps(record) + "\n")


def lock_of_threads(record):
    with _lock, open("vault/threads.jsonl", "a") as f:  # WRITER append open vault/threads.jsonl; locks=threading.Lock; risk=high
        f.write(json.dumps(record) + "\n")
