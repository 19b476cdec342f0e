from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.patches import read_series
from stackwright.patches.editing import replacing


def diff(text: str) -> bytes:
    return f"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{text}\n".encode()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "cloud/patches/nova/2026.2"
    directory.mkdir(parents=True)
    for name in ("a.patch", "b.patch", "c.patch"):
        (directory / name).write_bytes(diff("old"))
    (directory / "series").write_bytes(b"a.patch\nb.patch\nc.patch\n")
    return directory


def new(directory: Path) -> dict[Path, bytes | None]:
    return {
        directory / "series": b"b.patch\nd.patch\na.patch\n",
        directory / "a.patch": diff("new"),
        directory / "b.patch": diff("new"),
        directory / "d.patch": diff("new"),
        directory / "c.patch": None,
    }


def state(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def replace(
    directory: Path, files: dict[Path, bytes | None], read: dict[Path, bytes | None] | None = None
) -> Path | None:
    patches, undo = directory.parent.parent, directory.parents[3] / "state/undo"
    return replacing.replace(patches, files, read=read or {}, undo=undo, about="fold")


def test_everything_is_put_in_place_and_what_was_there_is_kept(directory: Path) -> None:
    before = state(directory)
    (directory / "a.patch").chmod(0o640)
    kept = replace(directory, new(directory))
    assert kept is not None
    assert state(directory) == {path.name: data for path, data in new(directory).items() if data is not None}
    assert {path.name: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before
    assert (kept / "patches/nova/2026.2/series").exists()
    assert (directory / "a.patch").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in directory.parent.parent.iterdir()] == ["nova"]


def test_what_is_as_it_should_be_is_left_alone(directory: Path) -> None:
    assert replace(directory, {directory / "a.patch": diff("old")}) is None


def test_two_edits_within_a_second_keep_both(directory: Path) -> None:
    folders = {replace(directory, {directory / "a.patch": diff(str(number))}) for number in range(12)}
    assert len(folders) == 12


def test_nothing_happens_to_a_series_that_somebody_else_has_changed(directory: Path) -> None:
    before = state(directory)
    with pytest.raises(InputError, match="changed meanwhile"):
        replace(directory, new(directory), read={directory / "series": b"other\n"})
    assert state(directory) == before


def test_a_file_is_written_through_a_link(directory: Path) -> None:
    shared = directory.parent / "shared/a.patch"
    shared.parent.mkdir()
    shared.write_bytes(diff("old"))
    (directory / "a.patch").unlink()
    (directory / "a.patch").symlink_to("../shared/a.patch")
    replace(directory, {directory / "a.patch": diff("new")})
    assert (directory / "a.patch").is_symlink()
    assert shared.read_bytes() == diff("new")


def test_what_a_clone_brings_along_does_not_leave_the_patches(directory: Path) -> None:
    staged = directory.parent.parent / replacing.STAGED
    staged.mkdir()
    (staged / "0").write_bytes(b"x")
    (staged / "plan.json").write_text('[["../../distribution.yaml", true]]')
    with pytest.raises(InputError, match="leaves"):
        read_series(directory)
    assert not (directory.parents[2] / "distribution.yaml").exists()


def test_killed_at_any_moment_the_old_or_the_new_series_is_there_whole(directory: Path) -> None:
    """A child does the edit and is killed (SIGKILL) at its n-th call of the operating system that changes a file."""
    old = state(directory)
    wanted = {path.name: data for path, data in new(directory).items() if data is not None}
    seen = set()
    for moment in range(200):
        for path in directory.iterdir():
            path.unlink()
        for name, data in old.items():
            (directory / name).write_bytes(data)
        child = os.fork()
        if child == 0:
            _kill_at(moment)
            replace(directory, new(directory))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        names = [patch.name for patch in read_series(directory).patches]
        now = state(directory)
        assert now in (old, wanted), moment
        assert names == (["a.patch", "b.patch", "c.patch"] if now == old else ["b.patch", "d.patch", "a.patch"])
        seen.add(now == wanted)
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert status == 0
    assert seen == {True, False}


def _kill_at(moment: int) -> None:
    left = [moment]

    def hook(event: str, _arguments: object) -> None:
        if event in ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "shutil.rmtree"):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
