"""Debian source packages: made by the real dpkg-source, served by a real server, found by the real apt."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.debian import Packager, Server, publish, replace, sha256, tarball

from .desk import PATCHES, SECOND, DebianDesk

if TYPE_CHECKING:
    pass

# What comes out -----------------------------------------------------------------------------------------------


def test_debians_own_series_is_applied_and_quilts_notes_are_not_in_the_tree(
    debian: DebianDesk, packager: Packager
) -> None:
    dsc = packager.build(patches=PATCHES)
    tree = debian.resolve(dsc=dsc.as_uri())
    assert debian.read(tree) == SECOND
    assert debian.files(tree) == {
        "setup.py": "100644",
        "pear.py": "100644",
        "debian/changelog": "100644",
        "debian/control": "100644",
        "debian/rules": "100755",
        "debian/source/format": "100644",
        "debian/patches/series": "100644",
        "debian/patches/first.patch": "100644",
        "debian/patches/second.patch": "100644",
    }
    assert (tree.version, tree.digest) == ("1.0", sha256(dsc))
    assert tree.origin == f"pear 2:1.0-3 (dsc sha256 {sha256(dsc)}, signature not verified)"


def test_format_1_with_a_diff(debian: DebianDesk, packager: Packager) -> None:
    tree = debian.resolve(dsc=packager.build(form="1.0", changed={"pear.py": SECOND}).as_uri())
    assert list(packager.directory.glob("*.diff.gz"))
    assert debian.read(tree) == SECOND
    assert debian.files(tree)["debian/rules"] == "100755"


@pytest.mark.parametrize("form", ["1.0", "3.0 (native)"])
def test_native_packages(debian: DebianDesk, packager: Packager, form: str) -> None:
    tree = debian.resolve("1.4", dsc=packager.build(version="1.4", form=form).as_uri())
    assert tree.version == "1.4"
    assert {"pear.py", "debian/control"} <= debian.files(tree).keys()


def test_a_source_package_of_several_tarballs(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build(components={"seeds": {"a.txt": "a\n"}, "skin": {"b.txt": "b\n"}}, patches=PATCHES)
    tree = debian.resolve(dsc=dsc.as_uri())
    assert debian.read(tree, "seeds/a.txt") == "a\n"
    assert debian.read(tree, "skin/b.txt") == "b\n"
    assert debian.read(tree) == SECOND


def test_files_keep_their_bytes_modes_names_and_links(debian: DebianDesk, packager: Packager) -> None:
    packager.upstream = {"crlf.txt": b"a\r\nb\r\n", "tool": b"#!/bin/sh\n", "b\u00e4r.bin": bytes(range(256))}
    link = tarfile.TarInfo("pear-1.0/also.txt")
    link.type, link.linkname = tarfile.SYMTYPE, "crlf.txt"
    dsc = packager.build()
    replace(dsc, "pear_1.0.orig.tar.gz", tarball("pear-1.0", packager.upstream, link))
    tree = debian.resolve(dsc=dsc.as_uri())
    files = debian.files(tree)
    assert (files["tool"], files["also.txt"], files["b\u00e4r.bin"]) == ("100755", "120000", "100644")
    assert debian.store.read(tree.tree, "b\u00e4r.bin") == bytes(range(256))
    assert debian.read(tree, "crlf.txt") == "a\r\nb\r\n"


def test_the_same_source_package_is_the_same_tree_anywhere(
    debian: DebianDesk, packager: Packager, tmp_path: Path
) -> None:
    dsc = packager.build(patches=PATCHES)
    first = debian.resolve(dsc=dsc.as_uri())
    other = DebianDesk(tmp_path / "elsewhere/other")
    before = os.umask(0o077)
    try:
        assert other.resolve(dsc=dsc.as_uri()).tree == first.tree
    finally:
        os.umask(before)


def test_the_users_own_settings_change_nothing(
    debian: DebianDesk, packager: Packager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsc = packager.build(patches=PATCHES)
    tree = debian.resolve(dsc=dsc.as_uri()).tree
    monkeypatch.setenv("TAR_OPTIONS", "--exclude=setup.py")
    monkeypatch.setenv("DEB_VENDOR", "ubuntu")
    assert DebianDesk(tmp_path / "other").resolve(dsc=dsc.as_uri()).tree == tree


# Where it comes from ------------------------------------------------------------------------------------------


def test_by_a_url_with_its_hash_and_nothing_is_fetched_twice(
    debian: DebianDesk, packager: Packager, server: Server
) -> None:
    dsc = packager.build(patches=PATCHES)
    source = {"dsc": f"{server.url}/pool/{dsc.name}", "sha256": sha256(dsc)}
    first = debian.resolve(**source)
    assert sorted(server.asked) == [
        "/pool/pear_1.0-3.debian.tar.xz",
        "/pool/pear_1.0-3.dsc",
        "/pool/pear_1.0.orig.tar.gz",
    ]
    server.asked.clear()
    assert debian.resolve(**source) == first
    other = DebianDesk(debian.root / "other")
    other.memo, other.cache = debian.memo, debian.cache  # another state directory, the same cache
    assert other.resolve(**source) == first
    assert other.store.has(first.tree)
    server.close()
    assert debian.resolve(**source) == first
    assert server.asked == []


def test_a_new_revision_fetches_only_what_is_new(debian: DebianDesk, packager: Packager, server: Server) -> None:
    for version in ("2:1.0-3", "2:1.0-4"):
        dsc = packager.build(version=version, patches=PATCHES)
        debian.resolve(version, dsc=f"{server.url}/pool/{dsc.name}", sha256=sha256(dsc))
    assert [path for path in server.asked if "orig" in path] == ["/pool/pear_1.0.orig.tar.gz"]


def test_by_apt_of_a_machine_that_has_no_sources_of_sources(
    debian: DebianDesk, packager: Packager, machine: Path
) -> None:
    packager.build(patches=PATCHES)
    publish(packager.directory.parent, "orchard")
    etc = machine.parent / "etc/sources.list"
    before = etc.read_bytes()
    tree = debian.resolve()
    assert debian.read(tree) == SECOND
    assert etc.read_bytes() == before
    assert [path.name for path in etc.parent.iterdir()] == ["sources.list"]


def test_by_apt_once_and_then_without_a_network(
    debian: DebianDesk, packager: Packager, machine: Path, server: Server, tmp_path: Path
) -> None:
    packager.build()
    publish(packager.directory.parent, "orchard")
    first = debian.resolve()
    server.close()
    machine.unlink()
    assert debian.resolve() == first
    other = DebianDesk(tmp_path / "other")
    other.memo, other.cache = debian.memo, debian.cache
    assert other.resolve() == first


@pytest.mark.usefixtures("machine")
def test_by_apt_from_another_suite_than_the_machines(debian: DebianDesk, packager: Packager) -> None:
    packager.build()
    publish(packager.directory.parent, "meadow")
    assert debian.resolve(suite="meadow").version == "1.0"
    assert "apt-get update" in {event.message for event in debian.seen}


@pytest.mark.usefixtures("machine")
def test_a_version_that_came_later_is_found(debian: DebianDesk, packager: Packager, server: Server) -> None:
    packager.build()
    publish(packager.directory.parent, "orchard")
    debian.resolve()
    packager.build(version="2:1.0-4", patches=PATCHES)
    publish(packager.directory.parent, "orchard")
    server.asked.clear()
    assert debian.read(debian.resolve("2:1.0-4")) == SECOND
    assert "/dists/orchard/main/source/Sources" in server.asked
