import functools
import json
import time


def make_logger(path):
    def log(**record):
        with open(path, "a") as f:  # WRITER append open trace/debug.jsonl | trace/info.jsonl
            f.write(json.dumps(record) + "\n")

    return log


debug = make_logger("trace/debug.jsonl")
info = make_logger("trace/info.jsonl")


def traced(path="trace/calls.jsonl"):
    """Writes each call of a function to a file."""

    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                record = {"function": function.__name__, "seconds": time.perf_counter() - started}
                with open(path, "a") as f:  # WRITER append open trace/calls.jsonl | trace/slow.jsonl; keys=function,seconds
                    f.write(json.dumps(record) + "\n")

        return wrapper

    return decorate


@traced()
def work(n):
    debug(work=n)
    return n + 1


@traced("trace/slow.jsonl")
def sleep(n):
    info(sleeping=n)
    time.sleep(n)
