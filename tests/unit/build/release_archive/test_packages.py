from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stackwright.build.release_archive.packages import chosen, pyproject_of, tags_of
from stackwright.errors import InputError

TAGS = tags_of("3.11")


def entry(*wheels: str, sdist: bool = True) -> dict[str, Any]:
    def file(name: str) -> dict[str, Any]:
        return {"url": f"https://index.example.org/{name}", "hashes": {"sha256": name}}

    package: dict[str, Any] = {"name": "thing", "version": "1.0", "wheels": [file(name) for name in wheels]}
    return package | ({"sdist": file("thing-1.0.tar.gz")} if sdist else {})


def test_of_the_wheels_that_fit_the_most_special_is_taken() -> None:
    others = ("thing-1.0-cp39-cp39-manylinux_2_17_x86_64.whl", "thing-1.0-cp311-cp311-win_amd64.whl")
    general, stable = "thing-1.0-py3-none-any.whl", "thing-1.0-cp38-abi3-linux_x86_64.whl"
    exact = "thing-1.0-cp311-cp311-linux_x86_64.whl"
    if not any(tag.platform == "linux_x86_64" for tag in TAGS):
        pytest.skip("not on x86_64: these wheels are for it")
    assert chosen(entry(*others, general, stable, exact), TAGS).file == exact
    assert chosen(entry(*others, general, stable), TAGS).file == stable
    assert chosen(entry(*others, general), TAGS).file == general


def test_without_one_that_fits_it_is_the_sdist() -> None:
    assert chosen(entry("thing-1.0-cp39-cp39-win32.whl"), TAGS).file == "thing-1.0.tar.gz"


def test_with_neither_it_says_which_package() -> None:
    with pytest.raises(InputError, match=r"neither a wheel of thing 1\.0 for this machine nor an sdist"):
        chosen(entry("thing-1.0-cp39-cp39-win32.whl", sdist=False), TAGS)


def test_the_pyproject_of_an_sdist_is_the_one_at_its_top(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "thing.tar.gz", "w:gz") as tar:
        for name in ("thing-1.0/tests/pyproject.toml", "thing-1.0/pyproject.toml"):
            info = tarfile.TarInfo(name)
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()))
    with zipfile.ZipFile(tmp_path / "thing.zip", "w") as packed:
        packed.writestr("thing-1.0/pyproject.toml", "of a zip")
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as packed:
        packed.writestr("thing-1.0/setup.py", "")
    assert pyproject_of(tmp_path / "thing.tar.gz") == b"thing-1.0/pyproject.toml"
    assert pyproject_of(tmp_path / "thing.zip") == b"of a zip"
    assert pyproject_of(tmp_path / "old.zip") is None


def test_what_is_no_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "thing.tar.gz").write_text("not found")
    with pytest.raises(InputError, match="the sdist cannot be read"):
        pyproject_of(tmp_path / "thing.tar.gz")
