"""Mirrors whose fetch is cut off, that two want at once, and that are damaged."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError
from stackwright.events import Events
from stackwright.sources.changes import Became, Change
from stackwright.sources.mirror import mirror_of, open_mirror
from stackwright.sources.update import update
from stackwright.store import CommitId, Store
from stackwright.tools.git import DamagedError

from .mirrors import Shelf, git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.git_server import GitServer
    from tests.upstream import Upstream

PROGRAM = """
import sys
from pathlib import Path
from stackwright.events import Events
from stackwright.sources.mirror import mirror_of
mirror_of(sys.argv[1], Path(sys.argv[2])).bring(Events())
"""


def killed_in_the_middle(url: str, shelf: Shelf, git_server: GitServer) -> None:
    """Fetch in another process, and kill it and its git as soon as half of a pack has come."""
    git_server.stops = True
    child = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(shelf.cache)], start_new_session=True)
    assert git_server.stopped.wait(60)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    git_server.stops = False
    git_server.stopped.clear()


def test_killed_in_the_middle_of_a_fetch_and_of_an_update(
    shelf: Shelf, upstream: Upstream, git_server: GitServer
) -> None:
    upstream.git("config", "uploadpack.allowFilter", "false")
    noise = random.Random(1)
    upstream.commit({"big": noise.randbytes(300_000)})
    url = f"{git_server.url}/nova/.git"
    killed_in_the_middle(url, shelf, git_server)
    mirror = mirror_of(url, shelf.cache)
    assert not mirror.whole
    (mirror.directory / "packed-refs.lock").touch()
    (mirror.directory / "refs/heads/stable").mkdir(parents=True)
    (mirror.directory / "refs/heads/stable/2025.1.lock").touch()
    (mirror.directory / "objects/pack/tmp_pack_abc").write_text("half")
    mirror = shelf.open(url)
    old = mirror.tip("master")
    assert not [*mirror.directory.glob("objects/pack/tmp_*"), *mirror.directory.rglob("refs/**/*.lock")]

    new = upstream.commit({"big": noise.randbytes(300_000)})
    killed_in_the_middle(url, shelf, git_server)
    mirror = shelf.open(url)
    assert mirror.tip("master") == old  # as it was, and whole
    assert mirror.read(old.tree, "a") == b"2\n"
    (changes,) = update([mirror], shelf.events).values()
    assert changes == (Change("refs/heads/master", Became.MOVED, old.commit, CommitId(new), 1),)
    assert "missing" not in git(mirror, "fsck", "--connectivity-only")
    assert not list(mirror.directory.glob("objects/pack/tmp_*"))


def test_killed_between_the_refs_and_what_is_written_of_them(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    survey = (mirror.directory / "survey.json").read_bytes()
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    old = mirror.refs()["refs/heads/master"]
    update([mirror], shelf.events)
    git(mirror, "update-ref", "-d", f"refs/was/heads/master/{old}")
    (mirror.directory / "survey.json").write_bytes(survey)
    (changes,) = update([mirror], shelf.events).values()
    assert isinstance(changes, tuple)
    assert [change.became for change in changes] == [Became.FORCED]
    assert mirror.before("refs/heads/master") == (old,)


def _open(url: str, cache: Path) -> str:
    return open_mirror(url, cache, Events()).tip("master").commit


def test_of_two_processes_at_once_one_fetches(shelf: Shelf, git_server: GitServer) -> None:
    url = f"{git_server.url}/nova/.git"
    with ProcessPoolExecutor(4) as pool:
        assert len(set(pool.map(_open, [url] * 4, [shelf.cache] * 4))) == 1
    assert git_server.fetches == 1


def _pack(directory: Path) -> Path:
    (pack,) = directory.glob("objects/pack/*.pack")
    pack.chmod(0o600)
    return pack


def _in_the_middle(directory: Path) -> None:
    pack = _pack(directory)
    content = bytearray(pack.read_bytes())
    content[12:-20] = bytes(len(content) - 32)
    pack.write_bytes(content)


def _index_cut(directory: Path) -> None:
    index = _pack(directory).with_suffix(".idx")
    index.chmod(0o600)
    index.write_bytes(index.read_bytes()[:100])


DAMAGES: dict[str, Callable[[Path], object]] = {
    "pack gone": lambda directory: _pack(directory).unlink(),
    "pack and index gone": lambda directory: shutil.rmtree(directory / "objects/pack"),
    "pack cut": lambda directory: os.truncate(_pack(directory), 100),
    "pack empty": lambda directory: os.truncate(_pack(directory), 0),
    "pack zeroed": _in_the_middle,
    "index cut": _index_cut,
    "HEAD gone": lambda directory: (directory / "HEAD").unlink(),
    "HEAD empty": lambda directory: (directory / "HEAD").write_text(""),
    "refs gone": lambda directory: shutil.rmtree(directory / "refs"),
    "objects gone": lambda directory: shutil.rmtree(directory / "objects"),
    "packed-refs": lambda directory: (directory / "packed-refs").write_text("garbage\n"),
    "config": lambda directory: (directory / "config").write_text("garbage[\n"),
}


MISSING = (DAMAGES["pack gone"], DAMAGES["pack and index gone"])


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found_when_it_is_met_and_healed(
    shelf: Shelf, upstream: Upstream, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    mirror = shelf.open(upstream.url)
    tip = mirror.tip("master")
    damage(mirror.directory)
    with pytest.raises(DamagedError) as caught:
        Store(tmp_path / "store").take(mirror, tip.tree)
    assert caught.value.repository == mirror.directory

    update([mirror], shelf.events)
    if damage not in MISSING:  # what is not there is fetched like anything new
        assert [warning for warning in shelf.warnings() if "the mirror is damaged, and fetched anew" in warning]
    assert mirror.tip("master") == tip
    assert Store(tmp_path / "store").take(mirror, tip.tree) == tip.tree
    git(mirror, "-c", "remote.x.promisor=true", "fsck")
    assert sorted(path.name for path in mirror.directory.parent.iterdir()) == [
        mirror.directory.name, f"{mirror.directory.name}.lock",
    ]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"{}", b"[]", b'{"at": 1, "tips": {"x": 1}}'])
def test_what_is_written_of_the_refs_is_damaged_and_asked_again_without_the_network(
    shelf: Shelf, upstream: Upstream, content: bytes
) -> None:
    old = shelf.open(upstream.url)
    tip = old.tip("master")
    (old.directory / "survey.json").write_bytes(content)
    shutil.rmtree(upstream.directory)
    assert shelf.open(upstream.url).tip("master") == tip
    assert time.time() - shelf.open(upstream.url).survey.at < 3600


def test_empty_refs_and_a_lost_list_of_them_are_healed_by_an_update(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    old = mirror.refs()
    (mirror.directory / "packed-refs").write_text("")
    (mirror.directory / "refs/heads/master").write_text("")
    assert update([mirror], shelf.events) == {upstream.url: ()}
    assert mirror.refs() == old


def test_what_was_before_a_branch_was_forced_is_taken_out_of_a_damaged_mirror(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    old = mirror.refs()["refs/heads/master"]
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    update([mirror], shelf.events)
    upstream.git("reflog", "expire", "--expire=now", "--all")
    upstream.git("gc", "--quiet", "--prune=now")
    (mirror.directory / "packed-refs").write_text("garbage\n")
    update([mirror], shelf.events)
    assert mirror.before("refs/heads/master") == (old,)
    assert mirror.tip(old).commit == old

    shutil.rmtree(mirror.directory / "objects/pack")
    update([mirror], shelf.events)
    (warning,) = [one for one in shelf.warnings() if "in no other place" in one]
    left = mirror.directory.with_name(f"{mirror.directory.name}.lost")
    assert str(left) in warning
    assert left.is_dir()
    assert mirror.before("refs/heads/master") == ()


def test_a_damaged_mirror_is_kept_until_there_is_a_whole_one(shelf: Shelf, upstream: Upstream, tmp_path: Path) -> None:
    mirror = shelf.open(upstream.url)
    (mirror.directory / "packed-refs").write_text("garbage\n")
    moved = upstream.directory.rename(tmp_path / "elsewhere")
    for _ in range(2):
        (outcome,) = update([mirror], shelf.events).values()
        assert isinstance(outcome, EnvironmentLacksError)
    damaged = mirror.directory.with_name(f"{mirror.directory.name}.damaged")
    if damaged.exists():
        assert list(damaged.glob("objects/pack/*.pack"))
    else:
        assert list(mirror.directory.glob("objects/pack/*.pack"))
    moved.rename(upstream.directory)
    update([mirror], shelf.events)
    assert mirror.whole
    assert not damaged.exists()


def test_damage_at_the_other_end_is_not_taken_for_ours(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    tip = mirror.tip("master")
    upstream.commit({"a": "3\n"})
    upstream.git("repack", "-a", "-d", "--quiet")
    _in_the_middle(upstream.directory / ".git")
    (outcome,) = update([mirror], shelf.events).values()
    assert isinstance(outcome, EnvironmentLacksError)
    assert not [warning for warning in shelf.warnings() if "the mirror is damaged" in warning]
    assert shelf.open(upstream.url).tip("master") == tip
    git(mirror, "-c", "remote.x.promisor=true", "fsck")
