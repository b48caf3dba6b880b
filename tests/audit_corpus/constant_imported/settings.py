import os

BASE_DIR = os.path.dirname(os.path.abspath(__file__))
DATA_DIR = os.path.join(BASE_DIR, "data")
ORDERS_LOG = os.path.join(DATA_DIR, "orders.jsonl")
REFUNDS_LOG = os.path.join(DATA_DIR, "refunds.jsonl")
CATALOG = os.path.join(DATA_DIR, "catalog.json")
