import logging
from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler

from pythonjsonlogger import jsonlogger

FMT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def get_logger(name):
    logger = logging.getLogger(name)
    if logger.handlers:
        return logger
    formatter = jsonlogger.JsonFormatter(FMT, rename_fields={"levelname": "severity"})

    rotating = RotatingFileHandler(filename="log/worker.log", maxBytes=1 << 20, backupCount=3)  # WRITER append logging log/worker.log
    rotating.setFormatter(formatter)
    logger.addHandler(rotating)

    nightly = TimedRotatingFileHandler("log/worker-text.log", when="midnight")  # nothing
    nightly.setFormatter(logging.Formatter(FMT))
    logger.addHandler(nightly)
    return logger
