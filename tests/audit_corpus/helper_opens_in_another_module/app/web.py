from app.jsonl_utils import append_jsonl, read_jsonl

CLICKS = "data/clicks.jsonl"
VIEWS = "data/views.jsonl"


def on_click(user, target):
    append_jsonl(CLICKS, {"user": user, "target": target})


def on_view(user, page):
    append_jsonl(VIEWS, {"user": user, "page": page})


def clicks_by(user):
    return [click for click in read_jsonl(CLICKS) if click["user"] == user]
