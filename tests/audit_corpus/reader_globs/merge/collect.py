import glob
import gzip
import json
import os
from pathlib import Path


def collect():
    rows = []
    for path in sorted(Path("merge/parts").glob("*.jsonl")):
        with path.open() as f:  # READER Path.open merge/parts/*.jsonl [parses]
            rows.extend(json.loads(line) for line in f)
    for name in glob.glob("merge/old/part-*.ndjson"):
        with open(name) as f:  # READER open merge/old/part-*.ndjson [parses]
            rows.extend(map(json.loads, f))
    for name in glob.glob(os.path.join("merge", "archive", "*.jsonl.gz")):
        with gzip.open(name, "rt") as f:  # READER gzip merge/archive/*.jsonl.gz [parses]
            for line in f:
                rows.append(json.loads(line))
    for path in Path("merge/notes").glob("*.md"):
        print(path.read_text())  # nothing
    return rows
