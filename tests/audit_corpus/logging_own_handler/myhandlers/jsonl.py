import json
import logging


class JsonlHandler(logging.Handler):
    """Writes each record of the logging module as a line."""

    def __init__(self, filename, level=logging.NOTSET):
        super().__init__(level)
        self.filename = filename

    def emit(self, record):
        try:
            entry = {"created": record.created, "level": record.levelname, "message": record.getMessage()}
            with open(self.filename, "a", encoding="utf-8") as f:  # WRITER append open myhandlers/records.jsonl; keys=created,level,message
                f.write(json.dumps(entry) + "\n")
        except Exception:
            self.handleError(record)


logging.getLogger("app").addHandler(JsonlHandler("myhandlers/records.jsonl"))
