import logging
import logging.handlers

FORMAT = "%(asctime)s [%(levelname)s] %(name)s: %(message)s"


class PaddedFormatter(logging.Formatter):
    def format(self, record):
        return super().format(record).replace("\n", "\n    ")


def setup(path="quiet/app.log"):
    handler = logging.FileHandler(path)  # nothing
    handler.setFormatter(PaddedFormatter(FORMAT))
    rotating = logging.handlers.RotatingFileHandler("quiet/debug.log", maxBytes=100_000)  # nothing
    logging.basicConfig(level=logging.INFO, format=FORMAT, handlers=[handler, rotating])


def setup_simple():
    logging.basicConfig(filename="quiet/simple.log", format=FORMAT)  # nothing
