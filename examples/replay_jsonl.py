"""Log what old JSONL files hold, so that every object becomes a row.

    python examples/replay_jsonl.py logs/*.jsonl -d data/foundups.db

An object's event is its "event", "event_type" or "type"; a "heartbeat" where it
tells status and uptime_seconds; else the file's name. Its logger is the folder
the file lies in. Its "timestamp" is the row's; without one, the row's is now.
A line that holds no JSON object is logged too, as a "rejected_line" with its
text and the reason. Running it twice stores everything twice.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import foundups_logging

FLUSH_EVERY = 20_000  # objects: less than the queue holds, so that none is ever dropped
FLUSH_TIMEOUT = 60.0  # seconds
FOLDERS_OF_LOGS = {"data", "log", "logs", "memory", "metrics", "output", "reports", "telemetry"}


@dataclass
class Counts:
    """What the files' lines were."""

    lines: int = 0
    objects: int = 0
    rejected: int = 0
    blank: int = 0


def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs, but not where a repeated key would lose a value."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


# The standard library's decoder: integers of any size, NaN and Infinity survive.
decoder = json.JSONDecoder(object_pairs_hook=distinct)


def parse(line: str) -> dict[str, Any]:
    """Read the object that a line holds. Raises ValueError, with the reason, where it holds none."""
    try:
        found = decoder.decode(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"no JSON object: {type(found).__name__}")  # noqa: TRY004 - its text is wrong, not its type
    return found


def event_name(fields: dict[str, Any], file_name: str) -> str:
    """Name the event an object tells, by its shape."""
    for key in ("event", "event_type", "type"):
        name = fields.get(key)
        if isinstance(name, str) and name:
            return name
    return "heartbeat" if {"status", "uptime_seconds"} <= fields.keys() else file_name


def logger_name(file: Path) -> str:
    """Name the module a file belongs to: from `modules` on, else the nearest folder not merely for logs."""
    folders = [folder for folder in file.resolve().parts[1:-1] if folder not in FOLDERS_OF_LOGS]
    start = folders.index("modules") if "modules" in folders else -1
    return ".".join(folders[start:]) or "root"


def file_event_name(file: Path) -> str:
    """Name an event after its file, without dates: holo-20251002-133052.jsonl tells of `holo`."""
    words = re.findall(r"[A-Za-z0-9]+", file.stem)
    return "_".join(word for word in words if not word.isdigit()) or "line"


def replay(file: Path, counts: Counts) -> None:
    """Log every line of a file. Raises OSError where it can't be read; exits where nothing can be stored."""
    logger = logging.getLogger(logger_name(file))
    file_name = file_event_name(file)
    rejected_before, first_reason = counts.rejected, ""
    # surrogateescape keeps bytes that are no UTF-8; only "\n" ends a line.
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if counts.lines % FLUSH_EVERY == 0 and not foundups_logging.flush(FLUSH_TIMEOUT):
                sys.exit(f"{file}: stopped at line {number}: the database took no more for {FLUSH_TIMEOUT:g} s")
            counts.lines += 1
            if not line.strip(" \t\r\n"):
                counts.blank += 1
                continue
            try:
                found = parse(line)
            except ValueError as error:
                counts.rejected += 1
                first_reason = first_reason or f"line {number}: {error}"
                text = line.rstrip("\n")
                rejected = {"file": str(file), "line_number": number, "reason": str(error), "line": text}
                logger.warning("rejected_line", extra=rejected)
            else:
                counts.objects += 1
                logger.info(event_name(found, file_name), extra=foundups_logging.fields(**found))
    if first_reason:
        rejected_lines = counts.rejected - rejected_before
        print(f"{file}: {rejected_lines} rejected, stored as rejected_line (first: {first_reason})", file=sys.stderr)


def main() -> int:
    """Replay all files, say what became of their lines, and return 1 if that doesn't add up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a JSONL file")
    parser.add_argument("-d", "--database", help="the database (default: $FOUNDUPS_DATABASE, else data/foundups.db)")
    arguments = parser.parse_args()
    try:
        foundups_logging.TelemetryStore(arguments.database).close()  # makes the database, or says why it can't
        handler = foundups_logging.DomainTableHandler(arguments.database)
    except foundups_logging.FoundupsLoggingError as error:
        parser.error(str(error))
    logging.basicConfig(level=logging.INFO, handlers=[handler])

    counts = Counts()
    complete = True
    for file in arguments.files:
        try:
            replay(file, counts)
        except OSError as error:
            print(f"{file}: {error}", file=sys.stderr)
            complete = False
    complete = foundups_logging.flush(FLUSH_TIMEOUT) and complete

    stats = foundups_logging.stats()
    print(f"{counts.lines:>9} lines")
    print(f"{counts.objects:>9} objects")
    print(f"{counts.rejected:>9} rejected lines")
    print(f"{counts.blank:>9} blank lines")
    print(f"{stats['stored']:>9} rows stored")
    print(f"{stats['dead_lettered']:>9} dead letters")
    logged = counts.objects + counts.rejected
    if not complete or logged + counts.blank != counts.lines or stats["stored"] + stats["dead_lettered"] != logged:
        print(f"This doesn't add up: {stats['dropped']} events dropped, {stats['queued']} queued.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
