import json
import sys


def by_iteration(path="stats/visits.jsonl"):
    rows = []
    with open(path, "r", encoding="utf-8") as f:  # READER open stats/visits.jsonl [parses]
        for number, line in enumerate(f, 1):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                print(f"{path}:{number}: {error}", file=sys.stderr)
    return rows


def by_readlines():
    f = open("stats/visits.jsonl")  # READER open stats/visits.jsonl [parses]
    lines = f.readlines()
    f.close()
    return list(map(json.loads, lines))


def by_splitlines():
    with open("stats/visits.jsonl") as f:  # READER open stats/visits.jsonl [parses]
        return [json.loads(l) for l in f.read().splitlines()]


def by_split():
    with open("stats/visits.jsonl", "rb") as f:  # READER open stats/visits.jsonl [parses]
        content = f.read().decode("utf-8")
    visits = []
    for line in content.split("\n"):
        if line.strip() == "":
            continue
        visits.append(json.loads(line))
    return visits


def by_readline():
    with open("stats/visits.jsonl") as f:  # READER open stats/visits.jsonl [parses]
        while line := f.readline():
            yield json.loads(line)


def countries():
    with open("stats/countries.txt") as f:  # nothing
        return [line.strip() for line in f]


def thresholds():
    with open("stats/thresholds.json") as f:  # nothing
        return json.loads(f.read())
