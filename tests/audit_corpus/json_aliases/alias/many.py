import json as j
from json import dumps as to_json, loads

try:
    import orjson
except ImportError:
    orjson = None

try:
    import ujson
except ImportError:
    import json as ujson


def encode(record) -> bytes:
    if orjson is not None:
        return orjson.dumps(record)
    return j.dumps(record).encode()


def one(record):
    with open("alias/one.log", "a") as f:  # WRITER append open alias/one.log
        f.write(j.dumps(record) + "\n")


def two(record):
    with open("alias/two.log", "a") as f:  # WRITER append open alias/two.log
        f.write(to_json(record) + "\n")


def three(record):
    with open("alias/three.log", "ab") as f:  # WRITER append open alias/three.log
        f.write(encode(record) + b"\n")


def four(record):
    with open("alias/four.log", "a") as f:  # WRITER append open alias/four.log
        ujson.dump(record, f)
        f.write("\n")


def read():
    with open("alias/two.log") as f:  # READER open alias/two.log [parses]
        return [loads(line) for line in f]
