from __future__ import print_function

import json
import sys
import time

import psutil

HEALTH_LOG = "watchdog/health.log"


def sample():
    return {
        "timestamp": time.time(),
        "cpu": psutil.cpu_percent(),
        "memory": psutil.virtual_memory().percent,
        "status": "ok",
    }


def watch(every=5.0):
    log = open(HEALTH_LOG, "a", buffering=1)  # WRITER append open watchdog/health.log; keys=timestamp,cpu,memory,status
    try:
        while True:
            health = sample()
            print(json.dumps(health), file=log)
            print(json.dumps(health), file=sys.stderr)
            time.sleep(every)
    except KeyboardInterrupt:
        print("stopped", file=sys.stdout)
    finally:
        log.close()


if __name__ == "__main__":
    watch()
