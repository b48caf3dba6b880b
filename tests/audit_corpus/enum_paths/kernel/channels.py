import enum
import json


class Channel(enum.Enum):
    AUDIT = "kernel/audit.jsonl"
    TRACE = "kernel/trace.jsonl"
    BANNER = "kernel/banner.txt"


class LogFile(str, enum.Enum):
    BOOT = "kernel/boot.jsonl"
    HALT = "kernel/halt.jsonl"

    def append(self, record):
        with open(self.value, "a") as f:  # WRITER append open kernel/boot.jsonl | kernel/halt.jsonl
            f.write(json.dumps(record) + "\n")


def audit(record):
    with open(Channel.AUDIT.value, "a") as f:  # WRITER append open kernel/audit.jsonl
        f.write(json.dumps(record) + "\n")


def emit(channel, record):
    with open(channel.value, "a") as f:  # WRITER append open kernel/trace.jsonl
        f.write(json.dumps(record) + "\n")


def trace(**fields):
    emit(Channel.TRACE, fields)


def banner():
    with open(Channel.BANNER.value) as f:  # nothing
        return f.read()


def boot():
    LogFile.BOOT.append({"state": "booting"})
    LogFile.HALT.append({"state": "not halted"})
