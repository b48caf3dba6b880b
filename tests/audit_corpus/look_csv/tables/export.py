import csv
from pathlib import Path

FIELDS = ["ts", "symbol", "price"]


def append(row):
    new = not Path("tables/prices.csv").exists()
    with open("tables/prices.csv", "a", newline="") as f:  # nothing
        writer = csv.DictWriter(f, fieldnames=FIELDS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def append_tsv(row):
    with open("tables/prices.tsv", "a") as f:  # nothing
        f.write("\t".join(str(row[field]) for field in FIELDS) + "\n")


def rows():
    with open("tables/prices.csv", newline="") as f:  # nothing
        yield from csv.DictReader(f)
