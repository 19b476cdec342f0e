from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from stackwright.build import scratch
from stackwright.build.scratch import fast_base, scratch_directory


def test_it_is_gone_after_the_block_unless_it_was_moved_away(tmp_path: Path) -> None:
    with scratch_directory(tmp_path / "base") as directory:
        (directory / "file").touch()
    assert not directory.exists()
    with scratch_directory(tmp_path / "base") as directory:
        directory.rename(tmp_path / "kept")
    assert (tmp_path / "kept").is_dir()


def test_what_a_dead_maker_left_is_removed_and_what_a_living_one_has_is_not(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    (left / "file").touch()
    with scratch_directory(tmp_path) as living, scratch_directory(tmp_path):
        assert living.is_dir()
        assert not left.exists()


def test_without_room_in_memory_the_disk_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Path(tempfile.gettempdir())
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "nowhere")
    assert fast_base().parent == disk
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ENOUGH", 1 << 60)
    assert fast_base().parent == disk
    monkeypatch.setattr(scratch, "ENOUGH", 1)
    assert fast_base().parent == tmp_path


def test_a_place_that_others_may_write_to_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MEMORY", tmp_path)
    monkeypatch.setattr(scratch, "ENOUGH", 1)
    fast_base().chmod(0o777)
    assert fast_base().parent == Path(tempfile.gettempdir())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert fast_base().name != f"stackwright-{os.geteuid()}"
