import gzip
import io
import json


def encode(records):
    buffer = io.StringIO()  # nothing
    for record in records:
        buffer.write(json.dumps(record) + "\n")
    return buffer.getvalue()


def encode_compressed(records):
    raw = io.BytesIO()  # nothing
    with gzip.GzipFile(fileobj=raw, mode="wb") as f:  # nothing
        for record in records:
            f.write(json.dumps(record).encode() + b"\n")
    return raw.getvalue()


def decode(text):
    return [json.loads(line) for line in io.StringIO(text)]


def upload(s3, records):
    s3.put_object(Bucket="backup", Key="events.jsonl", Body=encode(records).encode())
