import json
import os

QUEUE = "data/approvals.jsonl"


def approve(request_id, by):
    """Marks one request: the whole file is read, changed and written again."""
    with open(QUEUE, "r", encoding="utf-8") as f:  # READER open data/approvals.jsonl [parses]
        requests = [json.loads(line) for line in f if line.strip()]

    changed = False
    for request in requests:
        if request["id"] == request_id:
            request["status"] = "approved"
            request["approved_by"] = by
            changed = True
    if not changed:
        raise KeyError(request_id)

    with open(QUEUE, "w", encoding="utf-8") as f:  # WRITER rewrite open data/approvals.jsonl
        for request in requests:
            f.write(json.dumps(request) + "\n")


def submit(request):
    os.makedirs("data", exist_ok=True)
    with open(QUEUE, "a", encoding="utf-8") as f:  # WRITER append open data/approvals.jsonl
        f.write(json.dumps(request) + "\n")
