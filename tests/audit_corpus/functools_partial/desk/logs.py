import functools
import json
from functools import partial


def _append(path, record, *, sort=False):
    with open(path, "a") as f:  # WRITER append open desk/trades.jsonl | desk/quotes.jsonl
        f.write(json.dumps(record, sort_keys=sort) + "\n")


log_trade = partial(_append, "desk/trades.jsonl")
log_quote = functools.partial(_append, path="desk/quotes.jsonl", sort=True)


def on_trade(trade):
    log_trade(trade)


def on_quote(quote):
    log_quote(record=quote)
