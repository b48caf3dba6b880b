import logging
from logging import FileHandler, Formatter

JSON_FORMAT = '{"time": "%(asctime)s", "level": "%(levelname)s", "message": "%(message)s"}'


def setup():
    handler = FileHandler("fmt/records.log", mode="w")  # WRITER rewrite logging fmt/records.log
    handler.setFormatter(Formatter(JSON_FORMAT))
    text = FileHandler("fmt/text.log")  # nothing
    text.setFormatter(Formatter("%(asctime)s %(message)s"))
    logger = logging.getLogger("fmt")
    logger.addHandler(handler)
    logger.addHandler(text)
    return logger
