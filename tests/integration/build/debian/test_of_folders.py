"""Packages that a folder describes, in the form that StarlingX has."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError
from tests.debian import CONTROL, LINES, difference, serving, sha256, tarball
from tests.orchard import DEBIANS, OURS, OWN, control, made, mail, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.debian import Server
    from tests.orchard import Orchard

RULES = "#!/usr/bin/make -f\n%:\n\tdh $@\n"


@pytest.fixture
def server(orchard: Orchard) -> Iterator[Server]:
    yield from serving(orchard.packager.directory.parent)


@pytest.fixture
def folder(orchard: Orchard, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the pear of a mirror, with a series on its source and one on its packaging."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    dsc = orchard.packager.build(patches={"three.patch": OWN})
    orchard.write(
        "packages/pear/meta_data.yaml",
        f"debver: 2:1.0-3\narchive: {server.url}/pool\ndsc_sha256: {sha256(dsc)}\nrevision: {{dist: .stx}}\n",
    )
    orchard.write("packages/pear/patches/series", "ours.patch\n")
    orchard.write("packages/pear/patches/ours.patch", mail("Ours", difference("pear.py", DEBIANS, OURS)))
    orchard.write("packages/pear/deb_patches/series", "fruit.patch\n")
    orchard.write("packages/pear/deb_patches/fruit.patch", mail("Fruit", control("a fruit", "a fruit of ours")))
    orchard.components(other="source: {pypi: other, version: 1.0}")
    orchard.series("other", {})
    (orchard.distribution / "patches/pear/r/ours.patch").unlink()
    (orchard.distribution / "patches/pear/r/series").unlink()
    (orchard.distribution / "patches/pear/r").rmdir()
    (orchard.distribution / "patches/pear").rmdir()
    return orchard.distribution / "packages/pear"


def about(folder: Path, text: str) -> None:
    (folder / "meta_data.yaml").write_text(text)


def test_both_series_are_applied(orchard: Orchard, folder: Path, tmp_path: Path) -> None:
    assert folder.name in orchard.making.names()
    dsc = made(orchard)
    assert dsc.name == "pear_1.0-3.stx.1.dsc"
    tree = unpacked(dsc, tmp_path / "x")
    assert (tree / "pear.py").read_text() == OURS
    assert (tree / "debian/control").read_text() == CONTROL.format(name="pear").replace("a fruit", "a fruit of ours")


def test_a_folder_below_debian_is_read_too(orchard: Orchard, folder: Path) -> None:
    (folder / "debian").mkdir()
    for path in ("meta_data.yaml", "patches", "deb_patches"):
        (folder / path).rename(folder / "debian" / path)
    assert made(orchard).name == "pear_1.0-3.stx.1.dsc"


def test_commits_make_the_number(orchard: Orchard, folder: Path) -> None:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=orchard.distribution, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    text = (folder / "meta_data.yaml").read_text()
    about(folder, text.replace("{dist: .stx}", "{dist: .stx, PKG_GITREVCOUNT: true, stx_patch: 10}"))
    with pytest.raises(InputError, match=r"meta_data\.yaml:4:\d+: the commits of .* cannot be counted"):
        made(orchard)
    git("init")
    git("add", ".")
    git("commit", "-m", "one")
    first = git("rev-parse", "HEAD")
    (folder / "patches/ours.patch").write_text(mail("Ours too", difference("pear.py", DEBIANS, OURS)))
    git("commit", "-am", "two")
    assert made(orchard).name == "pear_1.0-3.stx.12.dsc"
    counted = f"{{dist: .stx, PKG_GITREVCOUNT: true, PKG_BASE_SRCREV: {first}}}"
    about(folder, text.replace("{dist: .stx}", counted))
    assert made(orchard).name == "pear_1.0-3.stx.2.dsc"  # the change of the file itself is not committed yet
    about(folder, text.replace("{dist: .stx}", f"{{GITREVCOUNT: {{BASE_SRCREV: {first}, SRC_DIR: patches}}}}"))
    assert made(orchard).name == "pear_1.0-3+carried1.dsc"


@pytest.mark.parametrize("series", ["patches", "deb_patches"])
def test_a_patch_in_no_series_is_an_error(orchard: Orchard, folder: Path, series: str) -> None:
    (folder / series / "lost.patch").write_text(mail("Lost", difference("a", "a\n", "b\n")))
    with pytest.raises(
        InputError, match=rf"packages/pear/{series}/lost\.patch:1: the patch lost\.patch is in no series"
    ):
        made(orchard)


def test_a_patch_in_the_wrong_series_is_an_error(orchard: Orchard, folder: Path) -> None:
    (folder / "deb_patches/series").write_text("fruit.patch\nsource.patch\n")
    (folder / "deb_patches/source.patch").write_text(mail("Ours", difference("pear.py", DEBIANS, OURS)))
    with pytest.raises(InputError, match=r"deb_patches/series:2:1: source\.patch changes pear\.py"):
        made(orchard)


@pytest.mark.parametrize(
    ("dist", "told"),
    [("~stx", "does not sort above 2:1.0-3"), ("_x", "is not a version"), ("$UNSET", "the variable UNSET is not set")],
)
def test_a_version_that_does_not_sort_is_an_error(orchard: Orchard, folder: Path, dist: str, told: str) -> None:
    about(folder, (folder / "meta_data.yaml").read_text().replace(".stx", f'"{dist}"'))
    with pytest.raises(InputError) as caught:
        made(orchard)
    assert told in str(caught.value)
    assert f"{folder}/meta_data.yaml:4:" in str(caught.value)


def test_a_version_that_hides_security_updates_is_told(orchard: Orchard, folder: Path) -> None:
    assert folder.is_dir()
    made(orchard)
    assert any("2:1.0-3+deb99u1 of Debian would not replace 2:1.0-3.stx.1" in event.message for event in orchard.seen)


def test_a_dsc_with_another_hash_is_refused(orchard: Orchard, folder: Path) -> None:
    dsc = orchard.packager.directory / "pear_1.0-3.dsc"
    dsc.write_text(f"# changed\n{dsc.read_text()}")
    with pytest.raises(CheckFailedError, match="is not what it has to be"):
        made(orchard)
    assert folder.is_dir()


def test_a_tarball_that_is_not_there_is_named_with_the_places_tried(
    orchard: Orchard, folder: Path, server: Server
) -> None:
    server.lacks = "orig"
    with pytest.raises(EnvironmentLacksError) as caught:
        made(orchard)
    assert "the file pear_1.0.orig.tar.gz of pear 2:1.0-3 cannot be had" in str(caught.value)
    assert f"{server.url}/pool/pear_1.0.orig.tar.gz: the server answered 404" in str(caught.value)
    assert f"{folder}/meta_data.yaml:" in str(caught.value)


def of_tarball(folder: Path, server: Server, content: bytes, more: str = "", name: str = "pear-1.1.tar.gz") -> None:
    """Let the folder be of an upstream tarball, with a folder `debian` of its own."""
    pool = folder.parents[2] / "mirror/pool"
    (pool / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    about(
        folder,
        f"debver: 1.1-1\ndl_path: {{name: {name}, url: '{server.url}/pool/{name}', sha256sum: {digest}}}\n{more}",
    )
    (folder / "deb_folder").mkdir()
    (folder / "deb_folder/control").write_text(CONTROL.format(name="pear"))
    (folder / "deb_folder/rules").write_text(RULES)
    (folder / "patches/ours.patch").write_text(mail("Ours", difference("pear.py", LINES, DEBIANS)))
    for file in (folder / "deb_patches").iterdir():
        file.unlink()


def test_a_tarball_of_upstreams_with_files_of_ours(
    orchard: Orchard, folder: Path, server: Server, tmp_path: Path
) -> None:
    stone = tarball("stone-2", {"stone.py": "stone\n"})
    (orchard.packager.directory / "stone.tar.gz").write_bytes(stone)
    digest, md5 = hashlib.sha256(stone).hexdigest(), hashlib.md5(stone).hexdigest()
    more = (
        "src_files: [files/pear.conf, files]\n"
        f"dl_files: {{stone.tar.gz: {{topdir: stone, url: '{server.url}/pool/stone.tar.gz', sha256sum: {digest},"
        f" md5sum: {md5}}}}}\n"
    )
    of_tarball(folder, server, tarball("pear-1.1", {"pear.py": LINES}), more)
    orchard.write("packages/pear/files/pear.conf", "conf\n")
    dsc = made(orchard)
    assert dsc.name == "pear_1.1-1+carried1.dsc"
    tree = unpacked(dsc, tmp_path / "x")
    assert (tree / "pear.py").read_text() == DEBIANS
    for path, text in (("stone/stone.py", "stone\n"), ("pear.conf", "conf\n"), ("files/pear.conf", "conf\n")):
        assert (tree / path).read_text() == text


def test_a_folder_of_upstreams(orchard: Orchard, folder: Path, server: Server) -> None:
    of_tarball(folder, server, b"")
    about(folder, "debver: 1.1-1\nsrc_path: $SRC\n")
    with pytest.raises(InputError, match="the variable SRC is not set"):
        made(orchard)
    orchard.write("packages/pear/src/pear.py", LINES)
    about(folder, "debver: 1.1-1\nsrc_path: src\n")
    assert made(orchard).name == "pear_1.1-1+carried1.dsc"


def test_a_tarball_that_leads_out_of_its_folder_is_refused(orchard: Orchard, folder: Path, server: Server) -> None:
    for name, link in (("pear-1.1/../../evil", None), ("pear-1.1/evil", "../../../etc/passwd")):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:xz") as tar:
            info = tarfile.TarInfo(name)
            if link:
                info.type, info.linkname = tarfile.SYMTYPE, link
            tar.addfile(info)
        if not (folder / "deb_folder").exists():
            of_tarball(folder, server, b"")
        content = stream.getvalue()
        (orchard.packager.directory / "pear.tar.xz").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        url = f"{server.url}/pool/pear.tar.xz"
        about(folder, f"debver: 1.1-1\ndl_path: {{name: pear.tar.xz, url: '{url}', sha256sum: {digest}}}\n")
        with pytest.raises(InputError, match=r"meta_data\.yaml:2:\d+: the tarball pear\.tar\.xz cannot be taken.*evil"):
            made(orchard)


def test_an_md5_of_another_file_is_told(orchard: Orchard, folder: Path, server: Server) -> None:
    of_tarball(folder, server, tarball("pear-1.1", {"pear.py": LINES}))
    text = (folder / "meta_data.yaml").read_text()
    about(folder, text.replace(", sha256sum", f", md5sum: {'0' * 32}, sha256sum"))
    with pytest.raises(CheckFailedError, match="has another MD5 than the file says"):
        made(orchard)
