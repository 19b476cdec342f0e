from __future__ import annotations

import sqlite3
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stackwright.store import Memo

if TYPE_CHECKING:
    from pathlib import Path


def test_a_result_is_remembered_by_kind_and_key(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    memo.put("sdist", "sha", "tree")
    memo.put("sdist", "sha", "newer tree")
    assert memo.get("sdist", "sha") == "newer tree"
    assert memo.get("series", "sha") is None
    memo.close()
    assert Memo(tmp_path).get("sdist", "sha") == "newer tree"


@pytest.mark.parametrize("damage", [b"", b"not a database, and longer than its header is " * 9])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "memo.sqlite").write_bytes(damage)
    memo = Memo(tmp_path)
    assert memo.get("sdist", "sha") is None
    memo.put("sdist", "sha", "tree")
    assert Memo(tmp_path).get("sdist", "sha") == "tree"


def test_a_file_damaged_inside_is_begun_anew(tmp_path: Path) -> None:
    memo = Memo(tmp_path)
    for number in range(2000):
        memo.put("sdist", f"sha {number}", "tree" * 10)
    memo.close()
    file = tmp_path / "memo.sqlite"
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))
    with sqlite3.connect(file) as raw, pytest.raises(sqlite3.DatabaseError):
        raw.execute("select value from memo where key = 'sha 7'").fetchall()
    memo = Memo(tmp_path)
    assert memo.get("sdist", "sha 7") is None
    memo.put("sdist", "sha 7", "tree")
    assert memo.get("sdist", "sha 7") == "tree"


def _write_many(directory: Path, name: str) -> None:
    memo = Memo(directory)
    for number in range(100):
        memo.put(name, str(number), name)


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    names = ["one", "two", "three"]
    with ProcessPoolExecutor(len(names)) as pool:
        list(pool.map(_write_many, [tmp_path] * len(names), names))
    memo = Memo(tmp_path)
    assert [memo.get(name, str(number)) for name in names for number in range(100)] == [
        name for name in names for _ in range(100)
    ]
