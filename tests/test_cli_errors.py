"""What the commands of `foundups-logging` say when they can't, and what they leave alone."""

import shlex

import pytest
from click.testing import CliRunner

from foundups_logging import TelemetryStore
from foundups_logging.cli import PROGRAM, commands

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def filled(folder, database):
    """The default database, with an event, and a file that is none."""
    (folder / "notes.txt").write_text("no database at all " * 100)
    with TelemetryStore() as store:
        store.record("metrics_events", metric_name="speed", value=1.5)
    return database


def refused(*arguments, code):
    """What a failing command says, on stderr alone."""
    result = CliRunner().invoke(commands, arguments, prog_name=PROGRAM)
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stdout) == (code, ""), result.output
    return result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ("query 'SELEC 1'", 1, 'near "SELEC": syntax error (correct the SQL'),
        ("query 'SELECT * FROM nope'", 1, "no such table: nope (`foundups-logging domains` lists"),
        ("query 'DELETE FROM log_events'", 1, "(queries are read-only"),
        ("query \"SELECT '\n\x1b' ; SELECT 2\"", 1, "(give one SELECT)"),
        ("query 'SELECT \"\n\x1b\"(1)'", 1, r"no such function: \n\x1b"),
        ("query 'SELECT 1' -d none.db", 1, "there is no such file (give the path"),
        ("timeline -d none.db", 1, "there is no such file (give the path"),
        ("domains -d none.db", 1, "there is no such file (give the path"),
        ("stats -d none.db", 1, "there is no such file (give the path"),
        ("set-aside -d none.db --yes", 1, "there is no such file (give the path"),
        ("query 'SELECT 1' -d notes.txt", 1, "file is not a database (give the path"),
        ("timeline -d notes.txt", 1, "file is not a database (give the path"),
        ("domains -d notes.txt", 1, "file is not a database (give the path"),
        ("stats -d notes.txt", 1, "file is not a database (give the path"),
        ("set-aside --yes", 1, "SQLite finds no fault in it (leave it"),
        (f"query 'SELECT 1' -d {'x' * 5000}", 2, "x: File name too long (give another path)"),
        ("timeline -d '~nosuchuser/x.db'", 2, "(give another path)"),
        ("timeline --domain nope", 1, "no domain 'nope' (known: permission_events"),
        ("timeline -d data", 2, "is a folder (give the path of a file"),
        ("timeline -d ''", 2, "names no file (give the path"),
        ("timeline -d postgresql://host/db", 2, "not supported (give a path or sqlite:///"),
        ("timeline --since soon", 2, "--since: 'soon' is no time (give a duration back from now, such as 90s"),
        ("timeline --until 5x", 2, "--until: '5x' is no time (give"),
        ("timeline --since 999999999w", 2, "is no time (give"),
        ("domains --domains none.toml", 2, "none.toml: No such file or directory (check the path"),
        ("domains --domains data/foundups.db", 2, "must be TOML"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line_that_says_what_to_do(filled, arguments, code, told):
    (line,) = refused(*shlex.split(arguments), code=code).splitlines()
    assert line.startswith("Error: ")
    assert told in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("query 'SELECT 1' --json --csv", "--json and --csv exclude each other; give one of them."),
        ("query ''", "SQL is empty; give a SELECT."),
        ("query", "Missing argument 'SQL'"),
        ("timeline --limit 0", "0 is not in the range x>=1"),
        ("timeline --limit -5", "-5 is not in the range x>=1"),
        ("timeline --limit many", "'many' is not a valid integer"),
        ("nope", "No such command 'nope'"),
        ("set-aside", "Nobody can be asked here; give --yes."),
    ],
)
def test_wrong_usage_is_told_with_the_way_to_the_help(filled, arguments, told):
    text = refused(*shlex.split(arguments), code=2)
    assert told in text
    assert f"Usage: {PROGRAM}" in text
    assert "--help" in text


def test_no_command_creates_a_database(folder):
    for arguments in (["query", "SELECT 1"], ["timeline"], ["domains", "-d", "data/foundups.db"], ["stats"]):
        refused(*arguments, code=1)
    assert CliRunner().invoke(commands, ["doctor"]).exit_code == 1
    assert list(folder.iterdir()) == []


def test_no_command_changes_a_database(filled):
    before = filled.read_bytes()
    for arguments in (["query", "SELECT * FROM events"], ["timeline"], ["domains"], ["stats"], ["doctor", "--full"]):
        assert CliRunner().invoke(commands, arguments).exit_code == 0
    # SQLite's own files for readers beside each other come and go.
    names = {path.name for path in filled.parent.iterdir()} - {"foundups.db-wal", "foundups.db-shm"}
    assert names == {"foundups.db", "foundups.db-lock"}
    assert filled.read_bytes() == before
