"""Sources resolved with real uv, real git and a real server."""

from __future__ import annotations

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import Component, GitSource, PathSource, Pins, PypiSource, Release
from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, ManyInputsError
from stackwright.events import Event, Events, Kind
from stackwright.sources import SourceTree, resolve
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.distribution import Source

    from .conftest import PackageIndex


class Desk:
    """A store, a memo and a cache, and the events of what is done with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = Store(root / "store")
        self.memo = Memo(root / "cache")
        self.seen: list[Event] = []
        self.newest = date(2026, 10, 15)

    def resolve(self, **sources: Source) -> Mapping[str, SourceTree]:
        components = {
            name.replace("_", "."): Component(
                name=name.replace("_", "."), source=source, distribution_name=getattr(source, "pypi", name)
            )
            for name, source in sources.items()
        }
        pins = Pins(exclude_newer=self.newest)
        release = Release(name="2026.2", python="3.11", pins=pins, components=components)
        events = Events()
        events.subscribe(self.seen.append)
        return resolve(
            components.values(), release, store=self.store, memo=self.memo, cache=self.root / "cache", events=events
        )

    def download(self, sha256: str) -> Path:
        (file,) = (self.root / "cache" / "downloads" / "sha256" / sha256).glob("*.tar.gz")
        return file


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def pypi(name: str, version: str = "1.0", sha256: str | None = None) -> PypiSource:
    return PypiSource(pypi=name, version=version, sha256=sha256)


def test_sdists_become_trees_and_nothing_is_fetched_twice(desk: Desk, index: PackageIndex) -> None:
    nova = index.add("nova", "34.0.0", **{"nova/a.py": b"a"})
    index.add("nova", "35.0.0", **{"nova/a.py": b"b"})
    index.add("oslo_log", "1.0")
    sources = {"nova": pypi("nova", "34.0.0"), "oslo_log": pypi("oslo.log")}
    index.files["/files/oslo-log-1.0.tar.gz"] = index.files.pop("/files/oslo_log-1.0.tar.gz")
    index.hashes["/files/oslo-log-1.0.tar.gz"] = index.hashes.pop("/files/oslo_log-1.0.tar.gz")
    trees = desk.resolve(**sources)
    assert list(trees) == ["nova", "oslo.log"]
    assert desk.store.read(trees["nova"].tree, "nova/a.py") == b"a"
    assert trees["nova"].version == "34.0.0"
    assert trees["nova"].digest == nova
    assert trees["nova"].origin == f"nova 34.0.0 (sdist sha256 {nova})"
    assert desk.download(nova).name == "nova-34.0.0.tar.gz"
    assert {event.subject for event in desk.seen if event.kind is Kind.DONE} == {"source/nova", "source/oslo.log"}

    index.asked.clear()
    assert desk.resolve(**sources) == trees
    assert index.asked == []  # neither the index nor a file

    other = Desk(desk.root / "other")
    other.memo, other.root = desk.memo, desk.root  # another state directory, the same cache
    assert other.resolve(**sources) == trees
    assert index.asked == []
    assert other.store.has(trees["nova"].tree)


def test_a_hash_in_the_release_needs_no_question_the_second_time(desk: Desk, index: PackageIndex) -> None:
    sha256 = index.add("nova", "1.0")
    first = desk.resolve(nova=pypi("nova", sha256=sha256))
    index.asked.clear()
    desk.newest = date(2026, 11, 1)
    assert desk.resolve(nova=pypi("nova", sha256=sha256)) == first
    assert index.asked == []


def test_a_tampered_file_in_the_cache_is_fetched_again(desk: Desk, index: PackageIndex) -> None:
    sha256 = index.add("nova", "1.0")
    tree = desk.resolve(nova=pypi("nova"))["nova"].tree
    desk.download(sha256).write_bytes(b"tampered")
    desk.memo.put("sdist", sha256, "0" * 40)  # a memo whose tree the store does not have
    index.asked.clear()
    assert desk.resolve(nova=pypi("nova"))["nova"].tree == tree
    assert index.downloads == ["/files/nova-1.0.tar.gz"]
    (warning,) = (event for event in desk.seen if event.kind is Kind.WARNING)
    assert "was changed since its download" in warning.message


def test_a_tampered_download_is_not_taken(desk: Desk, index: PackageIndex) -> None:
    sha256 = index.add("nova", "1.0")
    index.files["/files/nova-1.0.tar.gz"] += b"tampered"
    with pytest.raises(CheckFailedError, match="is not what it has to be") as caught:
        desk.resolve(nova=pypi("nova"))
    assert f"expected SHA-256 {sha256}" in str(caught.value)
    assert "found    SHA-256 " in str(caught.value)
    assert not list((desk.root / "cache" / "downloads").rglob("nova*"))
    assert [event.message for event in desk.seen if event.kind is Kind.FAILED] == [caught.value.what]


def test_another_hash_than_the_release_says(desk: Desk, index: PackageIndex) -> None:
    sha256 = index.add("nova", "1.0")
    with pytest.raises(InputError, match="not the one of the release") as caught:
        desk.resolve(nova=pypi("nova", sha256="1" * 64))
    assert f"expected SHA-256 {'1' * 64}\n    found    SHA-256 {sha256}" in str(caught.value)
    assert index.downloads == []


def test_an_sdist_that_the_index_has_replaced(desk: Desk, index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = index.add("nova", "1.0")
    desk.resolve(nova=pypi("nova"))
    desk.download(sha256).unlink()
    desk.memo.put("sdist", sha256, "0" * 40)
    index.add("nova", "1.0", evil=b"evil")
    monkeypatch.setenv("UV_CACHE_DIR", str(desk.root / "another uv"))
    with pytest.raises(CheckFailedError, match="has replaced the sdist"):
        desk.resolve(nova=pypi("nova"))


def test_a_version_that_does_not_exist_names_those_near_it(desk: Desk, index: PackageIndex) -> None:
    for version in ("1.0", "2.0", "4.0"):
        index.add("nova", version)
    index.add("glance", "1.0")
    with pytest.raises(ManyInputsError) as caught:
        desk.resolve(nova=pypi("nova", "3.0"), glance=pypi("glance"), keystone=pypi("keystome"))
    nova, keystone = caught.value.errors
    assert nova.what == "the package index has no nova 3.0 from before 2026-10-15"
    assert nova.fix == "take a version that it has: 2.0 and 4.0"
    assert keystone.what == "the package index has no keystome that Python 3.11 can use"


def test_a_version_that_is_too_new_for_the_pins(desk: Desk, index: PackageIndex) -> None:
    index.add("nova", "1.0")
    desk.newest = date(2025, 12, 31)
    with pytest.raises(InputError, match="no nova that Python"):
        desk.resolve(nova=pypi("nova"))


def test_no_network(desk: Desk, index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("nova", "1.0")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    index.server.shutdown()
    index.server.server_close()
    with pytest.raises(EnvironmentLacksError, match="cannot be reached") as caught:
        desk.resolve(nova=pypi("nova"))
    assert caught.value.fix


def test_a_file_that_the_index_lists_but_has_not(
    desk: Desk, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add("nova", "1.0")
    answer = index.answer
    monkeypatch.setattr(index, "answer", lambda path: (None, "") if "/files/" in path else answer(path))
    with pytest.raises(EnvironmentLacksError, match=r"nova-1\.0\.tar\.gz cannot be downloaded") as caught:
        desk.resolve(nova=pypi("nova"))
    assert caught.value.why == "the server answered 404"


def test_a_connection_that_breaks_off_is_tried_again(desk: Desk, index: PackageIndex) -> None:
    sha256 = index.add("nova", "1.0", big=os.urandom(1_000_000))
    index.broken_off = {"/files/nova-1.0.tar.gz"}
    assert desk.resolve(nova=pypi("nova"))["nova"].digest == sha256
    assert len(index.downloads) == 2


def test_a_file_that_is_no_sdist(desk: Desk, index: PackageIndex) -> None:
    index.files["/files/nova-1.0.tar.gz"] = b"<html>"
    index.hashes["/files/nova-1.0.tar.gz"] = hashlib.sha256(b"<html>").hexdigest()
    with pytest.raises(InputError, match=r"not a whole tar\.gz"):
        desk.resolve(nova=pypi("nova"))


def test_two_at_once_download_a_file_once(tmp_path: Path, index: PackageIndex) -> None:
    index.add("nova", "1.0", big=os.urandom(2_000_000))
    desks = [Desk(tmp_path), Desk(tmp_path)]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda desk: desk.resolve(nova=pypi("nova")), desks)
    assert first == second
    assert len(index.downloads) == 1


def test_an_index_with_a_password(desk: Desk, index: PackageIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.add("nova", "1.0")
    index.secret = "Basic dXNlcjpzM2NyZXQ="
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://user:s3cret@{index.host}/simple")
    with pytest.raises(EnvironmentLacksError, match="the server answered 401") as caught:
        desk.resolve(nova=pypi("nova"))
    assert "~/.netrc" in caught.value.fix
    netrc = desk.root / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password s3cret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    index.files["/files/nova-1.0.tar.gz"] += b"tampered"
    with pytest.raises(CheckFailedError, match="is not what it has to be") as tampered:
        desk.resolve(nova=pypi("nova"))
    assert "s3cret" not in str(caught.value) + str(tampered.value) + "".join(event.message for event in desk.seen)


def test_a_full_disk_names_its_directory(desk: Desk, index: PackageIndex) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    index.add("nova", "1.0", big=os.urandom(2_000_000))
    disk = desk.root / "cache" / "downloads"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=True)
    try:
        with pytest.raises(EnvironmentLacksError, match="the disk is full") as caught:
            desk.resolve(nova=pypi("nova"))
        assert str(disk) in str(caught.value)
        assert not list(disk.rglob("*.part"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    work = tmp_path / "upstream"
    work.mkdir()
    (work / "a").write_text("a")
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in ("init -q -b master", "add -A", "commit -q -m one", "tag 34.0.0"):
        subprocess.run(["git", *command.split()], cwd=work, env={**os.environ, **identity}, check=True)
    return work


def test_a_git_ref_and_a_folder_become_trees(desk: Desk, upstream: Path) -> None:
    trees = desk.resolve(
        nova=GitSource(git=str(upstream), ref="34.0.0", version=None),
        glance=GitSource(git=str(upstream), ref="master", version="33.0.0"),
        placement=PathSource(path=upstream, version="16.0.0"),
    )
    assert {tree.tree for tree in trees.values()} == {trees["nova"].tree}
    assert [tree.version for tree in trees.values()] == ["34.0.0", "33.0.0", "16.0.0"]
    assert trees["nova"].origin == f"{upstream} 34.0.0 (commit {trees['nova'].digest})"


def test_a_branch_is_as_its_mirror_has_it_and_is_followed_where_it_went(desk: Desk, upstream: Path) -> None:
    def run(*words: str) -> None:
        subprocess.run(["git", *words], cwd=upstream, check=True)

    run("branch", "unmaintained/2024.1")
    source = GitSource(git=upstream.as_uri(), ref="stable/2024.1", version="29.0.0")
    nova = desk.resolve(nova=source)["nova"]
    note = "stable/2024.1 is unmaintained/2024.1 now"
    assert nova.origin == f"{upstream.as_uri()} unmaintained/2024.1 (commit {nova.digest}; {note})"
    assert [event.message for event in desk.seen if event.kind is Kind.NOTE] == [note]
    upstream.rename(upstream.with_name("elsewhere"))
    assert desk.resolve(nova=source)["nova"] == nova
    other = Desk(desk.root / "other")
    other.root = desk.root  # another state directory, the same cache
    assert other.resolve(nova=source)["nova"] == nova
    assert other.store.read(nova.tree, "a") == b"a"


def test_refs_that_do_not_exist_are_told_together(desk: Desk, upstream: Path) -> None:
    bad = {name: GitSource(git=str(upstream), ref="35.0.0", version=None) for name in ("nova", "glance")}
    with pytest.raises(ManyInputsError) as caught:
        desk.resolve(**bad)
    assert [error.what for error in caught.value.errors] == [f"{upstream} has no ref '35.0.0'"] * 2
    assert "did you mean '34.0.0'?" in str(caught.value)


def test_a_version_that_cannot_be_told_is_asked_for(desk: Desk, upstream: Path) -> None:
    with pytest.raises(InputError, match="the version of nova cannot be told") as caught:
        desk.resolve(nova=GitSource(git=str(upstream), ref="master", version=None))
    assert "add `version:`" in caught.value.fix
    (upstream / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: nova\nVersion: 7.0\n\nwords\n")
    assert desk.resolve(nova=PathSource(path=upstream))["nova"].version == "7.0"
