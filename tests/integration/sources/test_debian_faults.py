"""Debian source packages that are not what they should be."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError
from tests.debian import LINES, Packager, Server, publish, replace, sha256, tarball

from .desk import PATCHES, SECOND, DebianDesk

if TYPE_CHECKING:
    pass


@pytest.mark.usefixtures("machine")
def test_a_version_that_the_mirror_does_not_have_names_those_it_has(debian: DebianDesk, packager: Packager) -> None:
    packager.build(version="2:1.0-4")
    publish(packager.directory.parent, "orchard")
    with pytest.raises(InputError, match=r"have no source package pear 2:1\.0-3") as caught:
        debian.resolve()
    assert "2:1.0-4" in caught.value.fix
    with pytest.raises(EnvironmentLacksError, match="of marsh have no source package pear") as missing:
        debian.resolve(suite="marsh")
    assert "marsh" in missing.value.details


def test_without_a_network_the_mirror_is_not_said_to_lack_it(
    debian: DebianDesk, packager: Packager, machine: Path, server: Server
) -> None:
    packager.build(version="2:1.0-4")
    publish(packager.directory.parent, "orchard")
    debian.resolve("2:1.0-4")
    server.close()
    with pytest.raises(EnvironmentLacksError, match="have no source package pear") as caught:
        debian.resolve()
    assert "Failed to fetch" in caught.value.details
    assert machine.exists()


@pytest.mark.usefixtures("no_apt")
def test_a_machine_without_apt_sources(debian: DebianDesk) -> None:
    with pytest.raises(EnvironmentLacksError, match="this machine has no apt sources"):
        debian.resolve()


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("by", ["apt", "url"])
def test_a_tarball_that_answers_404_though_its_dsc_is_there(
    debian: DebianDesk, packager: Packager, server: Server, by: str
) -> None:
    dsc = packager.build()
    publish(packager.directory.parent, "orchard")
    server.lacks = r"\.orig\."
    url = {"dsc": f"{server.url}/pool/{dsc.name}", "sha256": sha256(dsc)}
    with pytest.raises(
        EnvironmentLacksError, match=r"pear_1\.0\.orig\.tar\.gz of pear 2:1\.0-3 cannot be had"
    ) as caught:
        debian.resolve(**(url if by == "url" else {}))
    assert caught.value.details == f"    {server.url}/pool/pear_1.0.orig.tar.gz: the server answered 404"
    assert caught.value.why == "its .dsc is there, but not this file of it"
    server.lacks = ""
    server.asked.clear()
    assert debian.resolve(**(url if by == "url" else {})).version == "1.0"
    assert "/pool/pear_1.0-3.dsc" not in server.asked  # nothing is lost


@pytest.mark.usefixtures("machine")
def test_a_tarball_that_is_not_beside_its_dsc_comes_from_apts_mirror(
    debian: DebianDesk, packager: Packager, tmp_path: Path
) -> None:
    dsc = packager.build(patches=PATCHES)
    publish(packager.directory.parent, "orchard")
    alone = tmp_path / "alone" / dsc.name
    alone.parent.mkdir()
    shutil.copy(dsc, alone)
    assert debian.read(debian.resolve(dsc=alone.as_uri())) == SECOND


@pytest.mark.usefixtures("no_apt")
def test_every_place_that_was_tried_is_named(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build()
    orig = dsc.with_name("pear_1.0.orig.tar.gz")
    orig.unlink()
    with pytest.raises(EnvironmentLacksError, match="cannot be had") as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert str(orig) in caught.value.details
    assert "apt cannot be asked for pear 2:1.0-3" in caught.value.details


@pytest.mark.usefixtures("machine")
def test_an_index_that_names_a_dsc_that_answers_404(debian: DebianDesk, packager: Packager, server: Server) -> None:
    packager.build()
    publish(packager.directory.parent, "orchard")
    server.lacks = r"\.dsc$"
    with pytest.raises(EnvironmentLacksError, match=r"pear_1\.0-3\.dsc of pear .* cannot be had") as caught:
        debian.resolve()
    assert caught.value.why == "apt's index names it, but the mirror does not have it"


def test_a_tampered_tarball_is_not_taken(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build()
    orig = dsc.with_name("pear_1.0.orig.tar.gz")
    expected = sha256(orig)
    orig.write_bytes(tarball("pear-1.0", {"pear.py": "evil\n"}))
    with pytest.raises(CheckFailedError, match="is not what it has to be") as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert f"expected SHA-256 {expected}\n    found    SHA-256 {sha256(orig)}" in caught.value.details
    assert not list((debian.cache / "downloads").rglob("*orig*"))


def test_a_tampered_file_in_the_cache_is_fetched_again(debian: DebianDesk, packager: Packager, tmp_path: Path) -> None:
    dsc = packager.build()
    tree = debian.resolve(dsc=dsc.as_uri())
    (orig,) = (debian.cache / "downloads").rglob("*orig*")
    orig.write_bytes(b"tampered")
    other = DebianDesk(tmp_path / "other")
    other.cache = debian.cache
    assert other.resolve(dsc=dsc.as_uri()) == tree
    assert any("was changed since its download" in event.message for event in other.seen)


def test_a_dsc_with_another_hash(debian: DebianDesk, packager: Packager, server: Server) -> None:
    dsc = packager.build()
    for url in (dsc.as_uri(), f"{server.url}/pool/{dsc.name}"):
        with pytest.raises(CheckFailedError, match=r"not (the one|what) (that )?it has to be") as caught:
            debian.resolve(dsc=url, sha256="1" * 64)
        assert f"expected SHA-256 {'1' * 64}\n    found    SHA-256 {sha256(dsc)}" in caught.value.details


def test_a_size_that_is_not_the_files(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build()
    size = dsc.with_name("pear_1.0.orig.tar.gz").stat().st_size
    dsc.write_text(dsc.read_text().replace(f" {size} ", f" {size + 1} "))
    with pytest.raises(CheckFailedError, match=r"another size than its \.dsc says"):
        debian.resolve(dsc=dsc.as_uri())


def test_a_dsc_of_something_else(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build(version="2:1.0-4")
    with pytest.raises(InputError, match=r"the \.dsc is of pear 2:1\.0-4") as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert caught.value.why == "the release wants pear 2:1.0-3"
    debian.resolve("2:1.0-4", dsc=dsc.as_uri())
    with pytest.raises(InputError, match=r"the \.dsc is of"):  # also when its tree is known
        debian.resolve(dsc=dsc.as_uri())


def test_a_dsc_with_only_md5_is_refused(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build()
    dsc.write_text(re.sub(r"Checksums-Sha\d+:\n( .*\n)+", "", dsc.read_text()))
    with pytest.raises(InputError, match="no SHA-256 of its files") as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert "can be forged" in caught.value.why


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("pear-1.0/../../escaped", tarfile.REGTYPE, ""),
        ("pear-1.0/debian.txt", tarfile.SYMTYPE, "../../escaped"),
        ("pear-1.0/passwd", tarfile.SYMTYPE, "/etc/passwd"),
        ("pear-1.0/.git/config", tarfile.REGTYPE, ""),
        ("pear-1.0/pipe", tarfile.FIFOTYPE, ""),
    ],
)
def test_a_tarball_with_members_that_do_not_belong_in_a_tree(
    debian: DebianDesk, packager: Packager, name: str, kind: bytes, target: str
) -> None:
    dsc = packager.build()
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    replace(dsc, "pear_1.0.orig.tar.gz", tarball("pear-1.0", packager.upstream, member))
    with pytest.raises(InputError) as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert name.removeprefix("pear-1.0/") in str(caught.value)
    assert "pear 2:1.0-3" in str(caught.value)


def test_a_debian_patch_that_does_not_apply(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build(patches=PATCHES)
    replace(
        dsc, "pear_1.0.orig.tar.gz", tarball("pear-1.0", {**packager.upstream, "pear.py": LINES.replace("12", "0")})
    )
    with pytest.raises(InputError, match=r"Debian's own patch second\.patch does not apply in pear 2:1\.0-3") as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert "patching file pear.py" in caught.value.details


def test_a_damaged_tarball(debian: DebianDesk, packager: Packager) -> None:
    dsc = packager.build()
    whole = dsc.with_name("pear_1.0.orig.tar.gz").read_bytes()
    replace(dsc, "pear_1.0.orig.tar.gz", whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"the source package pear 2:1\.0-3 cannot be unpacked"):
        debian.resolve(dsc=dsc.as_uri())


def test_a_version_that_no_wheel_can_have_is_told_before_anything_is_fetched(debian: DebianDesk) -> None:
    with pytest.raises(InputError, match=r"'1\.0~weird-1' cannot be that of a wheel"):
        debian.resolve("1.0~weird-1", dsc="file:///not/there/pear.dsc")


def test_a_dsc_that_is_not_there(debian: DebianDesk, tmp_path: Path, server: Server) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        debian.resolve(dsc=(tmp_path / "pear.dsc").as_uri())
    with pytest.raises(EnvironmentLacksError, match=r"pear\.dsc cannot be downloaded"):
        debian.resolve(dsc=f"{server.url}/pear.dsc", sha256="1" * 64)


def test_without_dpkg_source_its_package_is_named(
    debian: DebianDesk, packager: Packager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsc = packager.build()
    programs = tmp_path / "bin"
    programs.mkdir()
    git = shutil.which("git")
    assert git is not None
    (programs / "git").symlink_to(git)
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(EnvironmentLacksError) as caught:
        debian.resolve(dsc=dsc.as_uri())
    assert caught.value.fix == "apt-get install dpkg-dev"
