"""A folder is written whole, and never over what is somebody else's."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import InputError
from stackwright.targets.hosts.freebsd.folder import PRIVATE, PROGRAM, Folder, member, write

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = Folder((member("run.sh", "true\n", PROGRAM), member("secrets/key", "s3cret\n", PRIVATE)))


def test_files_have_their_modes_and_a_manifest(tmp_path: Path) -> None:
    write(FOLDER, tmp_path / "out")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "out").rglob("*")}
    assert modes == {"run.sh": 0o755, "secrets": 0o700, "key": 0o600, "MANIFEST": 0o644}
    assert "0600 secrets/key\n" in (tmp_path / "out/MANIFEST").read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_ours_is_replaced(tmp_path: Path) -> None:
    write(FOLDER, tmp_path / "out")
    write(Folder((member("other", ""),)), tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"other", "MANIFEST"}
    (tmp_path / "empty").mkdir()
    write(FOLDER, tmp_path / "empty")


@pytest.mark.parametrize("change", ["added", "edited", "removed", "linked"])
def test_what_somebody_changed_stays(tmp_path: Path, change: str) -> None:
    out = tmp_path / "out"
    write(FOLDER, out)
    match change:
        case "added":
            (out / "notes").write_text("mine")
        case "edited":
            (out / "run.sh").write_text("false\n")
        case "removed":
            (out / "run.sh").unlink()
        case "linked":
            (out / "run.sh").unlink()
            (out / "run.sh").symlink_to("/bin/true")
    before = sorted(out.rglob("*"))
    with pytest.raises(InputError, match="was changed since it was rendered"):
        write(FOLDER, out)
    assert sorted(out.rglob("*")) == before


def test_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(InputError, match="is not a folder"):
            write(FOLDER, tmp_path / name)


def test_no_content_is_shown() -> None:
    assert "s3cret" not in repr(FOLDER)
