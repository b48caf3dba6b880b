from __future__ import annotations

import json
from pathlib import Path

OUT = Path("out")


def save_results(results: list[dict], summary: dict) -> Path:
    OUT.mkdir(exist_ok=True)
    target = OUT / "results.jsonl"
    target.write_text("\n".join(json.dumps(r) for r in results) + "\n", encoding="utf-8")  # WRITER rewrite write_text out/results.jsonl
    (OUT / "summary.json").write_text(json.dumps(summary, indent=2))  # nothing
    return target


def save_errors(errors) -> None:
    payload = b""
    for number, error in enumerate(errors):
        payload += json.dumps({"number": number, "error": repr(error)}).encode() + b"\n"
    Path("out/errors.ndjson").write_bytes(payload)  # WRITER rewrite write_text out/errors.ndjson; keys=number,error


def load_results() -> list[dict]:
    text = (OUT / "results.jsonl").read_text(encoding="utf-8")  # READER read_text out/results.jsonl [parses]
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def load_summary() -> dict:
    return json.loads((OUT / "summary.json").read_text())  # nothing
