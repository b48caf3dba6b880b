"""The file is called what systemd's unit calls it; only its records tell what it is."""

import json
import os
import socket
import time

STATE_FILE = "pulse/heartbeat"
HISTORY = "pulse/history.json"


def beat(daemon, status="alive"):
    with open(STATE_FILE, "a") as f:  # WRITER append open pulse/heartbeat; keys=daemon,status,host,pid,time
        f.write(
            json.dumps(
                {
                    "daemon": daemon,
                    "status": status,
                    "host": socket.gethostname(),
                    "pid": os.getpid(),
                    "time": time.time(),
                }
            )
            + "\n"
        )


def restart(daemon):
    with open(HISTORY, "a") as f:  # WRITER append open pulse/history.json; keys=daemon,restarted
        f.write(f"{json.dumps({'daemon': daemon, 'restarted': time.time()})}\n")


def uptime():
    beats = [json.loads(line) for line in open(STATE_FILE)]  # READER open pulse/heartbeat [parses]
    return beats[-1]["time"] - beats[0]["time"] if beats else 0.0
