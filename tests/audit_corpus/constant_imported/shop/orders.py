import json

import settings
from settings import CATALOG, REFUNDS_LOG as REFUNDS


def place(order):
    with open(settings.ORDERS_LOG, "a") as f:  # WRITER append open data/orders.jsonl
        f.write(json.dumps(order) + "\n")


def refund(order, reason):
    with open(REFUNDS, "a") as f:  # WRITER append open data/refunds.jsonl
        f.write(json.dumps({"order": order["id"], "reason": reason}) + "\n")


def price(sku):
    with open(CATALOG) as f:  # nothing
        return json.load(f)[sku]["price"]
