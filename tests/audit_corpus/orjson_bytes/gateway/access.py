import time
from pathlib import Path

import orjson

ACCESS = Path("gateway", "access.jsonl")


class AccessLog:
    __slots__ = ("_file",)

    def __init__(self) -> None:
        self._file = ACCESS.open("ab")  # WRITER append Path.open gateway/access.jsonl; keys=ts,method,path,status,ms

    def __call__(self, request, response, started: float) -> None:
        self._file.write(
            orjson.dumps(
                {
                    "ts": time.time(),
                    "method": request.method,
                    "path": request.path,
                    "status": response.status,
                    "ms": round((time.perf_counter() - started) * 1000, 3),
                },
                option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY,
            )
        )


def slow(limit_ms: float):
    with open(ACCESS, "rb") as f:  # READER open gateway/access.jsonl [parses]
        for line in f:
            row = orjson.loads(line)
            if row["ms"] > limit_ms:
                yield row
