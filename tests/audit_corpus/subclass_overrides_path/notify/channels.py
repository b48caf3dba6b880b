import abc
import json
from pathlib import Path


class Channel(abc.ABC):
    @abc.abstractmethod
    def get_path(self) -> Path: ...

    def deliver(self, message: dict) -> None:
        with self.get_path().open("a") as f:  # WRITER append Path.open notify/email.jsonl | notify/sms.jsonl
            f.write(json.dumps(message) + "\n")


class Email(Channel):
    def get_path(self):
        return Path("notify/email.jsonl")


class Sms(Channel):
    def get_path(self):
        return Path("notify") / "sms.jsonl"


class LoggedQueue:
    def __init__(self, path="notify/queue.jsonl"):
        self.path = path

    def put(self, item):
        with open(self.path, "a") as f:  # WRITER append open notify/queue.jsonl | notify/urgent.jsonl
            f.write(json.dumps(item) + "\n")


class UrgentQueue(LoggedQueue):
    def __init__(self):
        super().__init__("notify/urgent.jsonl")


queues = [LoggedQueue(), UrgentQueue()]
