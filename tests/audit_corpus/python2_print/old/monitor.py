#!/usr/bin/env python2
# Still runs on the box in the cellar.
import json
import os
import sys
import time

LOG = os.path.join("old", "monitor.jsonl")


def check(host):
    try:
        code = os.system("ping -c 1 %s > /dev/null" % host)
    except OSError, e:
        print >>sys.stderr, "cannot ping", host, e
        return None
    return code == 0


def report(host, up):
    record = {"host": host, "up": up, "time": time.time()}
    f = open(LOG, "a")  # WRITER append open old/monitor.jsonl; keys=host,up,time
    print >>f, json.dumps(record)
    f.close()


def down():
    for line in open(LOG):  # READER open old/monitor.jsonl [parses]
        record = json.loads(line)
        if not record["up"]:
            print record["host"], `record["time"]`


if __name__ == "__main__":
    for host in sys.argv[1:]:
        report(host, check(host))
    if os.path.getsize(LOG) > 0777777L:
        raise SystemExit, "the log is large"
