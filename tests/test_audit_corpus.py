"""The audit finds in each small program of audit_corpus/ what a careful reader finds, and nothing else."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

import pytest
from audit_cases import CASES, KINDS, Finding, load

from foundups_logging.audit.model import Access, Problem

CONSTRUCTS = {
    "open(path, 'a')": "append_open",
    "Path.open": "path_open_file_parents",
    "os.open and os.write": "os_open_fdopen",
    "os.fdopen": "os_open_fdopen",
    "io.open": "io_and_codecs_open",
    "codecs.open": "io_and_codecs_open",
    "write_text": "write_text_whole",
    "read, modify, write again": "read_modify_rewrite",
    "json.dump, then a newline": "dump_then_newline",
    "writelines over a generator": "writelines_generator",
    "print(file=)": "print_to_file",
    "a line prepared many statements earlier": "line_prepared_earlier",
    "a line made by a helper in another module": "helper_makes_line",
    "lines written by hand": "literal_json_lines",
    "lines collected, then written": "buffer_then_file",
    "records collected, then written": "batched_flush",
    "lines from a queue": "queue_and_thread",
    "aiofiles": "aiofiles_append",
    "anyio": "anyio_append",
    "jsonlines": "jsonlines_library",
    "orjson in bytes mode": "orjson_bytes",
    "msgspec": "msgspec_lines",
    "pydantic model_dump_json": "pydantic_model",
    "dataclasses.asdict": "dataclass_asdict",
    "an encoder of one's own": "json_encoder_class",
    "json under other names": "json_aliases",
    "unusual modes": "unusual_modes",
    "one-liners": "one_liners",
    "a call over several lines": "multi_line_call",
    "FileHandler with a formatter of one's own": "logging_own_formatter",
    "python-json-logger": "logging_python_json_logger",
    "RotatingFileHandler": "logging_python_json_logger",
    "dictConfig": "logging_dict_config",
    "a format string that is JSON": "logging_json_format_string",
    "a handler of one's own": "logging_own_handler",
    "structlog to a file": "structlog_to_file",
    "loguru serialize": "loguru_serialize",
    "pandas": "pandas_lines",
    "polars": "polars_lines",
    "a handle on self": "handle_on_self",
    "a handle of the module": "handle_module_global",
    "a dict of handles": "handles_in_dict",
    "ExitStack": "handles_in_dict",
    "a context manager that yields a handle": "contextmanager_handle",
    "a handle from __enter__": "enter_and_exit",
    "a temporary file, os.replace": "temp_file_replace",
    "Path.replace": "temp_file_replace",
    "shutil.move": "temp_file_replace",
    "NamedTemporaryFile": "temp_file_replace",
    "gzip": "gzip_lines",
    "bz2": "gzip_lines",
    "lzma": "gzip_lines",
    "zstandard": "gzip_lines",
    "truncation": "truncation",
    "rotation by renaming": "rotation_by_rename",
    "path: module constant": "append_open",
    "path: imported constant": "constant_imported",
    "path: package that re-exports": "constant_reexported",
    "path: class attribute": "class_attribute",
    "path: inherited class attribute": "class_attribute_inherited",
    "path: __init__ arguments and defaults": "init_arguments",
    "path: __new__": "singleton_new",
    "path: dataclass field's default": "dataclass_field_default",
    "path: property": "property_and_method_paths",
    "path: method": "property_and_method_paths",
    "path: f-string with a date": "fstring_date_and_session",
    "path: f-string with a session": "fstring_date_and_session",
    "path: / joins": "path_open_file_parents",
    "path: os.path.join": "constant_imported",
    "path: %": "format_and_percent_paths",
    "path: str.format": "format_and_percent_paths",
    "path: parents of __file__": "path_open_file_parents",
    "path: conversions": "path_conversions",
    "path: environment's default": "environment_default",
    "path: argparse default": "argparse_default",
    "path: click default": "click_default",
    "path: typer default": "typer_and_rich",
    "path: dict of paths": "dict_of_paths",
    "path: enum": "enum_paths",
    "path: loop over literals": "loop_over_literals",
    "path: branches": "branch_paths",
    "path: functools.partial": "functools_partial",
    "path: parameter over one call": "helper_opens_in_another_module",
    "path: parameter over two calls": "factory_function",
    "path: parameter over three calls": "parameters_three_levels",
    "path: one open of four files": "parameters_three_levels",
    "path: keyword arguments": "keyword_arguments",
    "path: default that a caller overrides": "default_overridden_by_caller",
    "path: factory function": "factory_function",
    "path: singleton": "singleton_new",
    "path: subclass that overrides it": "subclass_overrides_path",
    "path: mixin": "mixin_writer",
    "path: closure": "closure_and_decorator",
    "path: decorator's argument": "closure_and_decorator",
    "path: set by a configure function": "set_by_configure",
    "path: pydantic settings": "pydantic_settings",
    "path: YAML": "config_file_yaml",
    "path: JSON and TOML": "config_file_json_toml",
    "no jsonl in the name": "sink_without_suffix",
    "only the records tell": "only_records_tell",
    "text and records through one helper": "helper_serves_all",
    "reader: line by line": "reader_lines",
    "reader: readlines": "reader_lines",
    "reader: read().splitlines()": "reader_lines",
    "reader: split": "reader_lines",
    "reader: read_text": "write_text_whole",
    "reader: tail by deque": "reader_tail",
    "reader: tail by seek": "reader_tail",
    "reader: counts lines": "reader_counts_lines",
    "reader: scans text": "reader_text_scan",
    "reader: byte offsets": "reader_byte_offset",
    "reader: watches size or time": "reader_watches_size",
    "reader: copies": "reader_copies",
    "reader: generator": "reader_generator",
    "reader: helper in another module": "reader_generator",
    "reader: globs": "reader_globs",
    "reader: jsonlines": "jsonlines_library",
    "reader: pandas": "pandas_lines",
    "reader: aiofiles": "aiofiles_append",
    "lock: fcntl": "lock_fcntl",
    "lock: msvcrt": "lock_msvcrt",
    "lock: filelock": "lock_filelock",
    "lock: portalocker": "lock_portalocker",
    "lock: threading": "lock_threading",
    "lock: asyncio": "lock_asyncio",
    "lock: decorator": "lock_in_decorator",
    "lock: context manager": "lock_in_contextmanager",
    "lock: held by the caller": "lock_held_by_caller",
    "risk: two modules": "risk_two_modules",
    "risk: process pool": "risk_process_pool",
    "risk: thread pool": "risk_threads",
    "risk: one thread": "risk_single_script",
    "risk: a file per session": "fstring_date_and_session",
    "risk: lowered by locks": "risk_locks_lower",
    "risk: two programs": "risk_two_programs",
    "risk: several instances": "risk_instances",
    "risk: web server": "risk_web_server",
    "risk: server with workers": "risk_server_workers",
    "risk: asyncio.to_thread": "risk_to_thread",
    "dual writer": "dual_writer",
    "syntax: Python 2": "python2_print",
    "syntax: Python 3.12": "python312_syntax",
    "syntax: Python 3.14": "python314_syntax",
    "syntax: broken in the middle": "broken_in_the_middle",
    "syntax: merge conflict": "merge_conflict",
    "syntax: latin-1": "latin1_source",
    "syntax: byte order mark": "byte_order_mark",
    "syntax: tabs": "tabs_and_spaces",
    "syntax: form feed": "form_feed",
    "a whole agent": "agent_run_traces",
    "not: JSON documents": "look_json_documents",
    "not: text logs": "look_text_log",
    "not: CSV": "look_csv",
    "not: buffers": "look_buffers",
    "not: names in strings and comments": "look_names_only",
    "not: strings of tests": "look_test_strings",
    "not: HTTP streams": "look_http_streams",
    "not: standard output and sockets": "look_stdout_and_sockets",
    "not: FileHandler with text": "look_text_file_handler",
    "not: pickle": "look_pickle",
    "not: configuration": "look_config_read",
    "not: SQLite": "look_sqlite_only",
    "not: paths that aren't opened": "look_paths_only",
    "not: arguments of a subprocess": "look_subprocess",
    "not: members of archives": "look_zip_members",
    "not: other things called open": "look_other_open",
}


class Place(NamedTuple):
    """What has to be the same."""

    file: str
    line: int
    mode: str
    mechanism: str
    path: str


@cache
def found(name: str) -> tuple[tuple[Access, ...], tuple[Problem, ...]]:
    from foundups_logging.audit.code import find_accesses  # noqa: PLC0415 - the corpus can be checked without it

    case = load(name)
    findings = find_accesses(case.root, list(case.python_files), list(case.jsonl_files))
    return tuple(findings.accesses), tuple(findings.problems)


def place_of(access: Access, wanted: set[Place]) -> Place:
    place = Place(access.place.file, access.place.line, access.mode, access.mechanism, access.path)
    unnamed = place._replace(mechanism="*")
    return unnamed if unnamed in wanted else place


def pairs(name: str) -> list[tuple[Finding, Access]]:
    """Each expected finding with what was found in its place, where that was found."""
    expected = {Place(f.file, f.line, f.mode, f.mechanism, f.path): f for f in load(name).findings}
    places = [(place_of(access, set(expected)), access) for access in found(name)[0]]
    return [(expected[place], access) for place, access in places if place in expected]


def kinds_of(access: Access) -> set[str]:
    """A trait may say more behind its kind: "tail: seeks from the end"."""
    return {trait.split(":")[0].strip() for trait in access.traits}


@pytest.mark.parametrize("name", CASES)
def test_the_writers_and_readers_are_found_and_nothing_else(name):
    wanted = Counter(Place(f.file, f.line, f.mode, f.mechanism, f.path) for f in load(name).findings)
    got = Counter(place_of(access, set(wanted)) for access in found(name)[0])
    differences = [f"missed: {tuple(place)}" for place in sorted((wanted - got).elements())]
    differences += [f"wrong:  {tuple(place)}" for place in sorted((got - wanted).elements())]
    assert not differences, "\n".join(["", *differences])


@pytest.mark.parametrize("name", [name for name in CASES if any(f.keys is not None for f in load(name).findings)])
def test_the_keys_of_the_records_are_told(name):
    for finding, access in pairs(name):
        if finding.keys is not None:
            assert set(access.keys) == finding.keys, f"{finding.file}:{finding.line}"


@pytest.mark.parametrize("name", [name for name in CASES if any(f.locks is not None for f in load(name).findings)])
def test_the_locks_around_the_writing_are_told(name):
    for finding, access in pairs(name):
        if finding.locks is not None:
            assert set(access.locks) == finding.locks, f"{finding.file}:{finding.line}"


@pytest.mark.parametrize("name", [name for name in CASES if any(f.kinds for f in load(name).findings)])
def test_what_a_reader_would_break_by_is_told(name):
    for finding, access in pairs(name):
        if not finding.kinds:
            continue
        kinds = kinds_of(access)
        assert finding.kinds <= kinds, f"{finding.file}:{finding.line}: {access.traits}"
        if finding.kinds == {"parses"}:  # depends on the records and nothing else
            assert not kinds & KINDS - {"parses"}, f"{finding.file}:{finding.line}: {access.traits}"


@pytest.mark.parametrize("name", [name for name in CASES if any(f.traits for f in load(name).findings)])
def test_the_facts_that_the_risk_is_told_from_are_there(name):
    for finding, access in pairs(name):
        if finding.traits:
            assert finding.traits <= kinds_of(access), f"{finding.file}:{finding.line}: {access.traits}"


@pytest.mark.parametrize("name", [name for name in CASES if any(f.risk for f in load(name).findings)])
def test_the_risk_is_what_a_reader_would_say(name):
    risk = pytest.importorskip("foundups_logging.audit.risk", reason="the risk is not told yet")
    risk.assess(list(found(name)[0]))
    for finding, access in pairs(name):
        if finding.risk:
            assert access.risk == finding.risk, f"{finding.file}:{finding.line}: {access.risk_reason}"
            assert access.risk_reason


@pytest.mark.parametrize("name", [name for name in CASES if load(name).problems])
def test_what_could_not_be_made_out_is_named(name):
    told = {(problem.kind, problem.where.partition(":")[0]) for problem in found(name)[1]}
    assert told >= load(name).problems


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 60


def test_each_construct_has_a_case():
    assert set(CONSTRUCTS.values()) == set(CASES)


def test_each_case_can_be_read():
    for name in CASES:
        case = load(name)
        assert case.python_files, name
        assert len({(f.file, f.line, f.mode, f.path) for f in case.findings}) == len(case.findings), name
