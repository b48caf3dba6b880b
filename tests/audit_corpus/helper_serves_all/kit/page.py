import json

from .files import read_file, write_file


def publish(page, rows):
    write_file("kit/page.html", page.render())
    write_file("kit/page.json", json.dumps({"title": page.title}, indent=2))
    write_file("kit/rows.jsonl", "\n".join(json.dumps(row) for row in rows) + "\n")


def published():
    title = json.loads(read_file("kit/page.json"))["title"]
    rows = [json.loads(line) for line in read_file("kit/rows.jsonl").splitlines()]
    return title, rows
