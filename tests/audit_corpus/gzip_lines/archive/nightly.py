import bz2
import gzip
import json
import lzma

import zstandard


def archive(day, records):
    with gzip.open(f"archive/{day}.jsonl.gz", "wt", encoding="utf-8") as f:  # WRITER rewrite gzip archive/*.jsonl.gz
        for record in records:
            f.write(json.dumps(record) + "\n")


def archive_small(records):
    with bz2.open("archive/small.jsonl.bz2", "at") as f:  # WRITER append bz2 archive/small.jsonl.bz2
        for record in records:
            json.dump(record, f)
            f.write("\n")


def archive_smaller(records):
    with lzma.open("archive/smaller.jsonl.xz", "wb") as f:  # WRITER rewrite lzma archive/smaller.jsonl.xz
        f.write(b"".join(json.dumps(r).encode() + b"\n" for r in records))


def archive_fast(records):
    with zstandard.open("archive/fast.jsonl.zst", "wt") as f:  # WRITER rewrite zstandard archive/fast.jsonl.zst
        f.writelines(json.dumps(r) + "\n" for r in records)


def read(day):
    with gzip.open(f"archive/{day}.jsonl.gz", "rt") as f:  # READER gzip archive/*.jsonl.gz [parses]
        for line in f:
            yield json.loads(line)


def read_fast():
    with zstandard.open("archive/fast.jsonl.zst", "rt") as f:  # READER zstandard archive/fast.jsonl.zst [parses]
        return [json.loads(line) for line in f]


def dump_page(html):
    with gzip.open("archive/page.html.gz", "wt") as f:  # nothing
        f.write(html)
