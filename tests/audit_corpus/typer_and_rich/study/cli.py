from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

app = typer.Typer()


@app.command()
def embed(
    source: Path,
    output: Annotated[Path, typer.Option(help="where to")] = Path("study/embeddings.jsonl"),
    log: Path = typer.Option(Path("study/embed_log.jsonl"), "--log"),
):
    texts = json.loads(source.read_text())  # nothing
    with output.open("w") as out, log.open("a") as log_file:  # WRITER rewrite Path.open study/embeddings.jsonl
        for text in track(texts):
            out.write(json.dumps({"text": text, "vector": [0.0]}) + "\n")
        log_file.write(json.dumps({"source": str(source), "count": len(texts)}) + "\n")


if __name__ == "__main__":
    app()
