import json

import portalocker


def enter(entry):
    with open("ledger/entries.jsonl", "a") as f:  # WRITER append open ledger/entries.jsonl; locks=portalocker
        portalocker.lock(f, portalocker.LOCK_EX)
        f.write(json.dumps(entry) + "\n")


def enter_too(entry):
    with portalocker.Lock("ledger/more.jsonl", mode="a", timeout=5) as f:  # WRITER append * ledger/more.jsonl; locks=portalocker
        f.write(json.dumps(entry) + "\n")
