"""What the audit keeps between runs, and that it never comes back wrong."""

from __future__ import annotations

import os
import stat
import threading
import time
from importlib import metadata
from pathlib import Path

import platformdirs
import pytest

from foundups_logging.audit.cache import Cache
from foundups_logging.audit.discover import discover


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/??/*.json"))


def test_what_was_put_is_got_by_this_and_later_caches(folder):
    cache = Cache(folder)
    cache.put("scan", "abc", {"a": [1, None, "é"]})
    assert cache.get("scan", "abc") == Cache(folder).get("scan", "abc") == {"a": [1, None, "é"]}
    assert cache.get("scan", "abd") is cache.get("code", "abc") is None
    cache.put("scan", "abc", 2)
    assert cache.get("scan", "abc") == 2
    assert cache.problem is None


def test_any_text_can_be_a_key(folder):
    cache = Cache(folder)
    keys = ["../../x", "a/b", "a" * 5000, "", "é\n"]
    for key in keys:
        cache.put("k", key, key)
    assert [cache.get("k", key) for key in keys] == keys


def test_a_damaged_entry_is_none_and_is_made_again(folder):
    cache = Cache(folder)
    cache.put("scan", "abc", [1, 2, 3])
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    for damaged in (
        b"",
        whole[: len(whole) // 2],
        b"\0" * 50,
        b"[]",
        b"5",
        b'{"key": ["scan", "other"], "value": 1}',
        b"\xff",
    ):
        entry.write_bytes(damaged)
        assert cache.get("scan", "abc") is None
        cache.put("scan", "abc", [1, 2, 3])
        assert cache.get("scan", "abc") == [1, 2, 3]


def test_another_release_does_not_read_it(folder, monkeypatch):
    Cache(folder).put("scan", "abc", 1)
    monkeypatch.setattr(metadata, "version", lambda _: "99.0")
    assert Cache(folder).get("scan", "abc") is None


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_owner_can_read_it(folder):
    Cache(folder).put("scan", "abc", 1)
    (entry,) = entries(folder)
    assert stat.S_IMODE(entry.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.parent.parent.stat().st_mode) == 0o700


def test_a_cache_that_cannot_be_written_says_so_once_and_does_without(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put("scan", "abc", 1)
    assert cache.get("scan", "abc") is None
    assert cache.problem is not None
    assert (cache.problem.kind, cache.problem.where) == ("cache unusable", str(cache.folder))


def test_a_cache_that_breaks_later_says_so(folder):
    cache = Cache(folder)
    for entry in folder.iterdir():
        if entry.is_dir():
            entry.rmdir()
            entry.write_text("in the way")
    cache.put("scan", "abc", 1)
    assert cache.problem is not None


def test_it_lies_in_the_users_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda *_, **__: tmp_path / "home")
    assert Cache().folder == tmp_path / "home" / "audit"


def test_an_audit_of_the_folder_around_it_leaves_it_out(tmp_path):
    Cache(tmp_path / "home/cache").put("scan", "abc", 1)
    assert discover(tmp_path).candidates == {}


def test_what_was_not_used_for_long_is_deleted_once_a_day(folder):
    cache = Cache(folder)
    cache.put("scan", "old", 1)
    cache.put("scan", "new", 1)
    cache.put("scan", "used", 1)
    long_ago = time.time() - 100 * 86_400
    for entry in entries(folder):
        if b"new" not in entry.read_bytes():
            os.utime(entry, (long_ago, long_ago))
    assert cache.get("scan", "used") == 1
    Cache(folder)
    assert len(entries(folder)) == 3
    os.utime(folder / "tidied", (long_ago, long_ago))
    again = Cache(folder)
    assert [again.get("scan", key) for key in ("old", "new", "used")] == [None, 1, 1]


def test_many_writers_of_one_entry_leave_a_whole_one(folder):
    def write(number: int) -> None:
        cache = Cache(folder)
        for _ in range(50):
            cache.put("scan", "abc", [number] * 1000)
            seen.append(cache.get("scan", "abc"))

    seen: list[list[int]] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(value) == 1000 and len(set(value)) == 1 for value in seen)
    assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []
