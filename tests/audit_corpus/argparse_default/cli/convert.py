"""Turns a CSV export into JSON Lines."""

import argparse
import csv
import json
import sys


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", help="a CSV file")
    parser.add_argument("-o", "--output", default="converted.jsonl", help="where to (default: %(default)s)")
    parser.add_argument("--rejects", dest="bad", default="rejects.ndjson")
    parser.add_argument("--stats", default="stats.json")
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    good = bad = 0
    with (
        open(args.source, newline="") as source,  # nothing
        open(args.output, "w") as out,  # WRITER rewrite open converted.jsonl
        open(args.bad, "a") as rejects,  # WRITER append open rejects.ndjson
    ):
        for row in csv.DictReader(source):
            if None in row or None in row.values():
                rejects.write(json.dumps(row) + "\n")
                bad += 1
            else:
                out.write(json.dumps(row) + "\n")
                good += 1
    with open(args.stats, "w") as f:  # nothing
        json.dump({"good": good, "bad": bad}, f)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
