"""Source packages of a suite that is served here, made into those of backports by the real apt and dpkg."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.backports.model import Archive, BackportList, Wanted
from stackwright.build.backports.rebuild import Maker, backport_source
from stackwright.build.backports.status import judge
from stackwright.build.backports.suites import Suites
from stackwright.build.cache import ArtifactCache
from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.events import Events
from stackwright.store import Memo
from tests.backported import Sid, SigningKey
from tests.debian import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.build.debian.builder import SourcePackage


@pytest.fixture
def sid(tmp_path: Path, key: SigningKey) -> Sid:
    return Sid(tmp_path / "sid", key)


@pytest.fixture
def backports(sid: Sid, key: SigningKey, monkeypatch: pytest.MonkeyPatch) -> Iterator[BackportList]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    sid.directory.mkdir()
    server = Server(sid.directory)
    archives = {"sid": Archive(server.url, ("main",), key.public)}
    yield BackportList("bookworm", Path("backports/bookworm"), "bookworm", 12, (), archives, ())
    server.close()


def made(backports: BackportList, source: str, place: Path, *, maker: str = "Ada <ada@example.org>") -> SourcePackage:
    suites = Suites(backports, place / "cache", Memo(place / "cache"), Events())
    suites.update(["sid"])
    standing = judge(Wanted(source, "sid"), suites.find("sid", [source])[source], None, {}, backports)
    cache = ArtifactCache(place / "cache")
    return backport_source(
        standing, suites.suite("sid"), Maker(maker, "bookworm"), cache=cache, progress=lambda _: None
    )


def hashes(source: SourcePackage) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in source.dsc.parent.glob(f"{source.name}_*")
    }


def test_the_source_package_of_a_backport_has_upstreams_files_and_a_version_below(
    sid: Sid, backports: BackportList, tmp_path: Path
) -> None:
    sid.add("pear", "2:1.0-3")
    sid.publish()
    source = made(backports, "pear", tmp_path)
    assert (source.name, source.version, source.dsc.name) == ("pear", "2:1.0-3~bpo12+1", "pear_1.0-3~bpo12+1.dsc")
    assert "2:1.0-3~bpo12+1" in source.dsc.read_text()
    (orig,) = (file for file in source.dsc.parent.iterdir() if ".orig." in file.name)
    assert orig.read_bytes() == (sid.pool / orig.name).read_bytes()


def test_made_twice_it_is_the_same_to_the_bit(sid: Sid, backports: BackportList, tmp_path: Path) -> None:
    sid.add("pear", "1.0-3")
    sid.publish()
    first, second = made(backports, "pear", tmp_path / "one"), made(backports, "pear", tmp_path / "two")
    assert first.dsc != second.dsc
    assert hashes(first) == hashes(second)


def test_a_suite_that_is_not_there_or_not_signed_is_refused(sid: Sid, backports: BackportList, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentLacksError, match="the suite sid cannot be listed"):
        made(backports, "pear", tmp_path)
    sid.add("pear", "1.0-3")
    sid.publish()
    release = sid.directory / "dists/sid/InRelease"
    release.write_bytes(release.read_bytes().replace(b"Origin: Test", b"Origin: Evil"))
    with pytest.raises(EnvironmentLacksError, match="the suite sid cannot be listed"):
        made(backports, "pear", tmp_path)


def test_a_version_that_has_left_the_suite_meanwhile(sid: Sid, backports: BackportList, tmp_path: Path) -> None:
    sid.add("pear", "1.0-3")
    sid.publish()
    suites = Suites(backports, tmp_path / "cache", Memo(tmp_path / "cache"), Events())
    suites.update(["sid"])
    standing = judge(Wanted("pear", "sid"), suites.find("sid", ["pear"])["pear"], None, {}, backports)
    sid.remove("pear")
    sid.add("pear", "1.0-4")
    sid.publish()
    suites.update(["sid"])
    with pytest.raises(InputError, match=r"the index of sid has no files of pear 1.0-3"):
        backport_source(
            standing,
            suites.suite("sid"),
            Maker("Ada <ada@example.org>", "bookworm"),
            cache=ArtifactCache(tmp_path / "cache"),
            progress=lambda _: None,
        )
