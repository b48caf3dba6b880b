import json
import shutil
import socket

import requests

LEDGER = "backup/ledger.jsonl"


def enter(item):
    with open(LEDGER, "a") as f:  # WRITER append open backup/ledger.jsonl
        f.write(json.dumps(item) + "\n")


def keep_copy(folder):
    shutil.copy2(LEDGER, folder)  # READER * backup/ledger.jsonl [copy]


def upload(url):
    with open(LEDGER, "rb") as f:  # READER open backup/ledger.jsonl [copy]
        requests.post(url, files={"file": ("ledger.jsonl", f)}, timeout=30).raise_for_status()


def send(address):
    with socket.create_connection(address) as connection, open(LEDGER, "rb") as f:  # READER open backup/ledger.jsonl [copy]
        connection.sendall(f.read())


def keep_picture(folder):
    shutil.copy("backup/logo.png", folder)  # nothing
