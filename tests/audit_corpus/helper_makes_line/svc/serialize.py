import json
from datetime import date, datetime
from decimal import Decimal


def _default(value):
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return repr(value)


def to_jsonl(record: dict) -> str:
    """One record as a line, with its newline."""
    return json.dumps(record, default=_default) + "\n"


def to_text(record: dict) -> str:
    return " ".join(f"{k}={v}" for k, v in record.items()) + "\n"
