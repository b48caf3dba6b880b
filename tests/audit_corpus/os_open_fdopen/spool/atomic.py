"""Appends that the kernel keeps whole: one write call for a line, O_APPEND."""

import json
import os

SPOOL = os.path.join("var", "spool", "outbox.ndjson")
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT


def append_atomic(message: dict) -> int:
    data = (json.dumps(message, separators=(",", ":")) + "\n").encode("utf-8")
    fd = os.open(SPOOL, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # WRITER append os.open var/spool/outbox.ndjson
    try:
        return os.write(fd, data)
    finally:
        os.close(fd)


def append_private(message: dict, path: str = "var/spool/private.ndjson") -> None:
    fd = os.open(path, FLAGS, 0o600)  # WRITER append os.open var/spool/private.ndjson
    with os.fdopen(fd, "a", encoding="utf-8") as out:
        json.dump(message, out)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())


def replace_all(messages: list[dict]) -> None:
    with os.fdopen(os.open(SPOOL, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:  # WRITER rewrite os.open var/spool/outbox.ndjson
        for message in messages:
            out.write(json.dumps(message) + "\n")


def write_pid() -> None:
    fd = os.open("var/spool/daemon.pid", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)  # nothing
    os.write(fd, str(os.getpid()).encode())
    os.close(fd)
