"""What the package offers by name."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version

import pytest

import foundups_logging
from foundups_logging import errors, handlers


@pytest.mark.parametrize("module", [foundups_logging, handlers, errors])
def test_all_names_exist_are_sorted_and_documented(module: object) -> None:
    names = list(module.__all__)  # type: ignore[attr-defined]
    assert names == sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    for name in names:
        assert inspect.getdoc(getattr(module, name)), name


def test_every_error_is_in_the_tree_and_in_its_drawing() -> None:
    drawn = set(re.findall(r"[A-Z]\w+Error", errors.__doc__ or ""))
    assert drawn == set(errors.__all__)
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), foundups_logging.FoundupsLoggingError)


def test_an_error_names_operation_path_and_way_out() -> None:
    error = errors.StorageError("disk is full", operation="write to", path="/x.db", hint="free space")
    assert str(error) == "write to /x.db: disk is full (free space)"
    assert (error.operation, error.path, error.hint) == ("write to", "/x.db", "free space")


def test_the_version_is_the_distributions() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", version("foundups-logging"))
