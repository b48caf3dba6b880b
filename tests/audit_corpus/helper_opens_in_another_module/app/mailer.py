from pathlib import Path

from app import jsonl_utils

MAIL_LOG = Path("data") / "mail.log"


def sent(to, subject):
    jsonl_utils.append_jsonl(MAIL_LOG, {"to": to, "subject": subject})


def was_sent(to):
    return any(mail["to"] == to for mail in jsonl_utils.read_jsonl(MAIL_LOG))
