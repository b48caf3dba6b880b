import configparser
import json
import os
from pathlib import Path


def load():
    with open("conf/config.json", encoding="utf-8") as f:  # nothing
        config = json.load(f)
    config.update(json.loads(Path("conf/local.json").read_text()))  # nothing
    parser = configparser.ConfigParser()
    parser.read("conf/app.ini")  # nothing
    return config


def load_env(path=".env"):
    for line in open(path):  # nothing
        line = line.strip()
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            os.environ.setdefault(name, json.loads(value) if value.startswith('"') else value)
