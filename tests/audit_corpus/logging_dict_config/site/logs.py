import logging
import logging.config

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "%(asctime)s %(levelname)s %(message)s"},
        "json": {"()": "pythonjsonlogger.json.JsonFormatter", "fmt": "%(asctime)s %(levelname)s %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain"},
        "text": {"class": "logging.FileHandler", "filename": "logs/site.log", "formatter": "plain"},
        "events": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": "logs/site.events",
            "maxBytes": 5_000_000,
            "backupCount": 3,
            "formatter": "json",
        },
    },
    "root": {"level": "INFO", "handlers": ["console", "text", "events"]},
}


def configure(debug=False):
    if debug:
        LOGGING["root"]["level"] = "DEBUG"
    logging.config.dictConfig(LOGGING)  # WRITER append logging logs/site.events
    logging.captureWarnings(True)
