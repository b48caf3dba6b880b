import functools
import json
import threading

_guard = threading.RLock()


def synchronized(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        with _guard:
            return function(*args, **kwargs)

    return inner


@synchronized
def remember(fact):
    with open("guard/facts.jsonl", "a") as f:  # WRITER append open guard/facts.jsonl; locks=threading.RLock
        f.write(json.dumps(fact) + "\n")


def remember_quickly(fact):
    with open("guard/quick.jsonl", "a") as f:  # WRITER append open guard/quick.jsonl; locks=none
        f.write(json.dumps(fact) + "\n")
