"""The keys of a package's ``meta_data.yaml``: all are read, and what is not is told with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.build.debian.folder import PackageFolder
from stackwright.build.debian.metadata import MetaData
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

SHA, MD5 = "a" * 64, "b" * 32
ALL = f"""\
debname: pear
debver: 2:1.0-3
dl_path:
  name: pear-1.0.tar.gz
  url: https://example.org/pear-1.0.tar.gz
  md5sum: {MD5}
  sha256sum: {SHA}
dl_files:
  stone.tar.gz:
    topdir: stone
    url: https://example.org/stone.tar.gz
    md5sum: {MD5}
    sha256sum: {SHA}
src_files:
  - files/pear.conf
revision:
  dist: $DIST
  stx_patch: 2
  PKG_GITREVCOUNT: true
  PKG_BASE_SRCREV: abc
  GITREVCOUNT:
    BASE_SRCREV: abc
    SRC_DIR: files
  FILES_GITREVCOUNT: [abc]
"""


def read(folder: Path, text: str) -> MetaData:
    (folder / "meta_data.yaml").write_text(text)
    return PackageFolder.read(folder).about


def test_every_key_is_read(tmp_path: Path) -> None:
    about = read(tmp_path, ALL)
    assert (about.debname, about.debver, about.src_files, about.of_dsc) == (
        *("pear", "2:1.0-3", ("files/pear.conf",), False),
    )
    assert about.dl_path is not None
    assert (about.dl_path.name, about.dl_path.sha256sum, about.dl_path.md5sum) == ("pear-1.0.tar.gz", SHA, MD5)
    assert about.dl_files["stone.tar.gz"].topdir == "stone"
    revision = about.revision
    assert (revision.dist, revision.stx_patch, revision.package, revision.package_base) == ("$DIST", 2, True, "abc")
    assert revision.folder is not None
    assert (revision.folder.base, revision.folder.folder, revision.files) == ("abc", "files", ("abc",))


def test_a_source_package_is_named_by_its_archive_or_by_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "debver: 1.0-1\n").of_dsc
    about = read(tmp_path, f"debver: 1.0-1\narchive: http://deb.example/p/\ndsc_sha256: {SHA}\n")
    assert (about.of_dsc, about.archive, about.dsc_sha256) == (True, "http://deb.example/p/", SHA)


def test_the_commits_of_the_source_can_be_counted(tmp_path: Path) -> None:
    text = "debver: 1.0-1\nsrc_path: src\nrevision: {SRC_GITREVCOUNT: "
    assert read(tmp_path, f"{text}true}}\n").revision.source is True
    counted = read(tmp_path, f"{text}{{SRC_BASE_SRCREV: abc}}}}\n").revision.source
    assert not isinstance(counted, bool)
    assert counted.base == "abc"


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        (ALL.replace("  sha256sum:", "  sha256:", 1), "7:3", "the key 'sha256' is unknown"),
        (ALL.replace("debver", "debversion"), "2:1", "the key 'debversion' is unknown"),
        (ALL.replace("PKG_GITREVCOUNT", "PKG_GITREVCOUNTS"), "19:3", "the key 'PKG_GITREVCOUNTS' is unknown"),
        (ALL.replace(f"  sha256sum: {SHA}\ndl", "dl"), "5:8", "nobody vouches for this file"),
        (f"{ALL}archive: https://deb.example/p\n", "25:10", "the source cannot be from both 'dl_path' and 'archive'"),
        ("debname: pear\n", "1:1", "the key 'debver' is missing"),
        ("debver: 1.0-1\narchive: http://deb.example/p\n", "2:10", "nobody vouches for the .dsc"),
        ("debver: 1.0-1\narchive: https://me:secret@deb.example/p\n", "2:10", "a user or password in a URL"),
        ("debver: 1.0-1\nsrc_files: [a]\n", "2:1", "'src_files' is not looked at here"),
        ("debver: 1.0-1\nrevision: {SRC_GITREVCOUNT: true}\n", "2:11", "no source whose commits"),
        ("debver: 1.0-1\nrevision: {PKG_GITREVCOUNT: }\n", "2:12", "has no value"),
        ("debver: _\n", "1:9", "'_' is not a Debian version"),
    ],
)
def test_what_is_not_looked_at_is_an_error_with_its_place(tmp_path: Path, text: str, place: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path}/meta_data.yaml:{place}: ")


def test_a_mistyped_key_is_answered_with_the_right_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"did you mean 'sha256sum'\?"):
        read(tmp_path, ALL.replace("  sha256sum:", "  sha256:", 1))


def test_variables_are_those_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = read(tmp_path, ALL)
    monkeypatch.setenv("DIST", ".stx")
    assert about.expanded("$DIST", "revision", "dist") == about.expanded("${DIST}", "revision", "dist") == ".stx"
    monkeypatch.delenv("DIST")
    with pytest.raises(InputError, match="the variable DIST is not set") as caught:
        about.expanded(about.revision.dist, "revision", "dist")
    assert (caught.value.where.line, caught.value.where.column) == (17, 9)


def test_a_folder_without_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no meta_data\.yaml"):
        PackageFolder.read(tmp_path)
