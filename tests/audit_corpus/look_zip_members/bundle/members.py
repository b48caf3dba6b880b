import io
import json
import tarfile
import zipfile


def pack(records):
    with zipfile.ZipFile("bundle/export.zip", "w") as archive:  # nothing
        archive.writestr("records.jsonl", "".join(json.dumps(r) + "\n" for r in records))
        with archive.open("more.jsonl", "w") as member:  # nothing
            for record in records:
                member.write(json.dumps(record).encode() + b"\n")


def unpack(name):
    with zipfile.ZipFile(name) as archive, archive.open("records.jsonl") as member:  # nothing
        return [json.loads(line) for line in io.TextIOWrapper(member, "utf-8")]


def unpack_tar(name):
    with tarfile.open(name) as archive:  # nothing
        return [json.loads(line) for line in archive.extractfile("records.jsonl")]
