import json
import logging
import logging.handlers
import sys


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        payload = {
            "ts": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            payload["exc"] = self.formatException(record.exc_info)
        return json.dumps(payload, default=str)


def setup_logging(verbose: bool = False) -> None:
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if verbose else logging.INFO)

    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(logging.Formatter("%(asctime)s %(levelname)-8s %(message)s"))
    root.addHandler(console)

    plain = logging.FileHandler("var/app.log")  # nothing
    plain.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
    root.addHandler(plain)

    structured = logging.FileHandler("var/app.json.log", encoding="utf-8")  # WRITER append logging var/app.json.log; keys=ts,level,logger,message,exc
    structured.setFormatter(JsonFormatter())
    root.addHandler(structured)

    errors = logging.handlers.RotatingFileHandler("var/errors.jsonl", maxBytes=10_000_000, backupCount=5)  # WRITER append logging var/errors.jsonl
    errors.setLevel(logging.ERROR)
    errors.setFormatter(JsonFormatter())
    root.addHandler(errors)
