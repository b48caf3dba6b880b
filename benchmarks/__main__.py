"""The command line: `python -m benchmarks hot_path`, `durable`, `import` and `watch`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import durable, hot_path, importing, watch
from benchmarks.contestants import CONTESTANTS


def main() -> None:
    """Run the benchmark that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser("hot_path", help="the cost of a logging call, beside others' and against the targets")
    command.add_argument("--rounds", type=_count, help="how often everything is measured (default: 5, quick: 2)")
    command.add_argument("--quick", action="store_true", help="a smoke run: fewer events, figures of little worth")
    command.add_argument("--only", nargs="+", choices=CONTESTANTS, metavar="NAME", help=f"of {', '.join(CONTESTANTS)}")
    command.add_argument("--markdown", action="store_true", help="print Markdown, on a terminal too")
    command.add_argument("--json", type=Path, metavar="FILE", help="write all that was measured to FILE")
    durable_command = commands.add_parser("durable", help="what a call costs that waits for its commit")
    durable_command.add_argument("--rounds", type=_count, default=7, help="how often all is measured (default: 7)")
    watch_command = commands.add_parser("watch", help="what `audit --watch` costs the program that it watches")
    watch_command.add_argument("--rounds", type=_count, default=7, help="how often all is measured (default: 7)")
    import_command = commands.add_parser("import", help="the speed of importing a JSON Lines file, beside others'")
    import_command.add_argument("--events", type=_count, default=200_000, help="of the file (default: 200,000)")
    import_command.add_argument("--rounds", type=_count, default=3, help="how often all is measured (default: 3)")
    given = parser.parse_args()
    if given.command == "import":
        importing.main(events=given.events, rounds=given.rounds)
        return
    if given.command == "durable":
        durable.main(rounds=given.rounds)
        return
    if given.command == "watch":
        watch.main(rounds=given.rounds)
        return
    hot_path.main(
        rounds=given.rounds or (2 if given.quick else 5),
        is_quick=given.quick,
        names=given.only or list(CONTESTANTS),
        is_markdown=given.markdown,
        json_file=given.json,
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


if __name__ == "__main__":
    main()
