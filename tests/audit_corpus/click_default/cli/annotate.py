import json
from pathlib import Path

import click


@click.group()
def cli():
    """Annotate samples by hand."""


@cli.command()
@click.argument("label")
@click.option("--out", "out_path", type=click.Path(path_type=Path), default="annotations/labels.jsonl", show_default=True)
@click.option("--user", default="me")
def add(label, out_path, user):
    out_path.parent.mkdir(exist_ok=True)
    with out_path.open("a") as f:  # WRITER append Path.open annotations/labels.jsonl; keys=label,user
        f.write(json.dumps({"label": label, "user": user}) + "\n")
    click.echo(f"{label} by {user}")


@cli.command()
@click.option("--from", "source", default="annotations/labels.jsonl")
def show(source):
    with open(source) as f:  # READER open annotations/labels.jsonl [parses]
        for line in f:
            click.echo(json.loads(line)["label"])


@cli.command()
@click.argument("source", type=click.Path(exists=True))
@click.argument("target", type=click.Path())
def keep(source, target):
    """Keeps the lines of SOURCE that have a label."""
    with open(source) as lines:  # READER open ? [parses]
        rows = [json.loads(line) for line in lines]
    with open(target, "w") as out:  # WRITER rewrite open ?
        for row in rows:
            if row.get("label"):
                out.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    cli()
