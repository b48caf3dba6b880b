import json

from feed.records import iter_lines, iter_records


def timeline(user):
    posts = iter_records("feed/posts.jsonl")
    return [post for post in posts if post["author"] == user]


def likes():
    return sum(like["weight"] for like in iter_records("feed/likes.jsonl"))


def follows():
    for line in iter_lines("feed/follows.jsonl"):
        yield json.loads(line)["followed"]
