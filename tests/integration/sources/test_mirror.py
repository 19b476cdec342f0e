"""Mirrors of real repositories, by real git, from a folder, over HTTP and over git's own protocol."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.sources.changes import Became, Change
from stackwright.sources.mirror import Mirror, mirror_of
from stackwright.sources.update import update
from stackwright.store import CommitId
from tests.git_server import GitServer
from tests.upstream import Upstream

from .mirrors import Shelf, git

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = CommitId("1" * 40)


def blobs_of(upstream: Upstream, ref: str) -> list[str]:
    return [line.split()[2] for line in upstream.git("ls-tree", "-r", ref).splitlines()]


def kinds(mirror: Mirror) -> list[str]:
    """Give the type of every object that a mirror has."""
    lines = git(mirror, "cat-file", "--batch-check=%(objecttype)", "--batch-all-objects").splitlines()
    return sorted(set(lines))


# Fetched once ------------------------------------------------------------------------------------------------------


def test_blobs_stay_away_until_they_are_needed_and_come_at_once(
    shelf: Shelf, upstream: Upstream, git_server: GitServer
) -> None:
    mirror = shelf.open(f"{git_server.url}/nova/.git")
    assert kinds(mirror) == ["commit", "tag", "tree"]
    tip = mirror.tip("master")
    before = git_server.fetches
    mirror.need_all(tip.tree)
    assert git_server.fetches == before + 1
    assert mirror.read(tip.tree, "a") == b"2\n"
    mirror.need_all(tip.tree)
    mirror.need([])
    assert git_server.fetches == before + 1
    old = blobs_of(upstream, "1.0.0")
    mirror.need(old)
    assert {git(mirror, "cat-file", "-t", blob) for blob in old} == {"blob"}


def test_no_git_command_goes_to_the_network_by_itself(shelf: Shelf, upstream: Upstream, git_server: GitServer) -> None:
    mirror = shelf.open(f"{git_server.url}/nova/.git")
    before = list(git_server.asked)
    (blob, *_) = blobs_of(upstream, "master")
    git(mirror, "cat-file", "blob", blob, status=128)
    git(mirror, "diff", "1.0.0", "master", status=128)
    assert mirror.read(mirror.tip("master").tree, "a") is None
    assert git_server.asked == before
    assert "promisor" not in git(mirror, "config", "--list", "--local")
    assert "remote" not in git(mirror, "config", "--list", "--local")


def test_a_server_that_cannot_leave_blobs_out_gives_them_all(
    shelf: Shelf, upstream: Upstream, git_server: GitServer
) -> None:
    upstream.git("config", "uploadpack.allowFilter", "false")
    mirror = shelf.open(f"{git_server.url}/nova/.git")
    assert kinds(mirror) == ["blob", "commit", "tag", "tree"]
    assert shelf.warnings() == []
    before = git_server.fetches
    mirror.need_all(mirror.tip("master").tree)
    assert git_server.fetches == before


@pytest.mark.parametrize("form", ["url", "path", "daemon"])
def test_every_way_to_reach_a_repository(shelf: Shelf, upstream: Upstream, form: str) -> None:
    address = {"url": upstream.url, "path": str(upstream.directory)}
    if form == "daemon":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        program = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip()
        daemon = subprocess.Popen(
            [
                f"{program}/git-daemon", "--listen=127.0.0.1", f"--port={port}", "--export-all",
                f"--base-path={upstream.directory.parent}", "--log-destination=stderr", "--verbose",
            ],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert daemon.stderr is not None
            assert "Ready to rumble" in daemon.stderr.readline()
            mirror = shelf.open(f"git://127.0.0.1:{port}/nova")
            assert kinds(mirror) == ["commit", "tag", "tree"]
            mirror.need_all(mirror.tip("master").tree)
        finally:
            daemon.terminate()
            daemon.communicate()
    else:
        mirror = shelf.open(address[form])
        mirror.need_all(mirror.tip("master").tree)
    assert mirror.read(mirror.tip("master").tree, "a") == b"2\n"


def test_the_users_settings_count_for_the_network_and_only_there(
    shelf: Shelf, git_server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[url "{git_server.url}/"]\ninsteadOf = https://opendev.example/\n'
        '[remote "origin"]\nfetch = +refs/nothing/*:refs/nothing/*\n[protocol]\nversion = 0\n'
        "[fetch]\nprune = true\nwriteCommitGraph = true\n[core]\nbare = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    mirror = shelf.open("https://opendev.example/nova/.git")
    mirror.need_all(mirror.tip("master").tree)
    assert mirror.read(mirror.tip("master").tree, "a") == b"2\n"


def test_what_is_known_is_told_without_git_and_without_the_network(
    shelf: Shelf, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = shelf.open(upstream.url)
    mirror.need_all(mirror.tip("stable/2025.1").tree)
    shutil.rmtree(upstream.directory)
    monkeypatch.setenv("PATH", "/nonexistent")
    again = shelf.open(upstream.url)
    assert again.tip("stable/2025.1") == mirror.tip("stable/2025.1")
    assert again.refs() == mirror.refs()
    assert again.age.endswith("ago")
    monkeypatch.undo()
    again.need_all(again.tip("stable/2025.1").tree)
    with pytest.raises(EnvironmentLacksError, match=r"1 files of .* are not here, and cannot be fetched"):
        again.need_all(again.tip("master").tree)


def test_a_repository_that_cannot_be_reached(shelf: Shelf) -> None:
    with pytest.raises(EnvironmentLacksError, match=r"http://127\.0\.0\.1:9/nova\.git cannot be fetched") as caught:
        shelf.open("http://127.0.0.1:9/nova.git")
    assert "git ls-remote http://127.0.0.1:9/nova.git" in caught.value.fix
    assert "Failed to connect" in caught.value.details
    assert not mirror_of("http://127.0.0.1:9/nova.git", shelf.cache).whole


# Refs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "found"),
    [
        ("master", "refs/heads/master"),
        ("refs/heads/master", "refs/heads/master"),
        ("1.0.0", "refs/tags/1.0.0"),
        ("refs/tags/1.0.0", "refs/tags/1.0.0"),
        ("HEAD", "refs/other/HEAD"),
        ("refs/changes/12/3412/1", "refs/other/refs/changes/12/3412/1"),
    ],
)
def test_a_ref_is_found_by_any_of_its_names(shelf: Shelf, upstream: Upstream, ref: str, found: str) -> None:
    upstream.git("update-ref", "refs/changes/12/3412/1", "1.0.0^{commit}")
    mirror = shelf.open(upstream.url)
    tip = mirror.tip(ref)
    assert (tip.ref, tip.note) == (found, "")
    assert tip.commit == upstream.git("rev-parse", f"{ref}^{{commit}}")
    assert tip.tree == upstream.git("rev-parse", f"{ref}^{{tree}}")
    shutil.rmtree(upstream.directory)
    assert shelf.open(upstream.url).tip(ref) == tip  # also what had to be asked for by itself


def test_a_tag_of_a_tag_and_a_tag_of_a_file(shelf: Shelf, upstream: Upstream) -> None:
    upstream.git("tag", "-a", "-m", "again", "deep", "1.0.0")
    upstream.git("tag", "key", "master:a")
    mirror = shelf.open(upstream.url)
    assert mirror.tip("deep").commit == mirror.tip("1.0.0").commit
    with pytest.raises(InputError, match="no ref 'key'"):
        mirror.tip("key")


def test_a_commit_id_also_the_beginning_of_one_and_one_that_no_branch_has(shelf: Shelf, upstream: Upstream) -> None:
    upstream.branch("review")
    change = upstream.commit({"a": "3\n"})
    upstream.switch("master")
    upstream.git("branch", "-D", "review")
    mirror = shelf.open(upstream.url)
    two = upstream.git("rev-parse", "master")
    assert mirror.tip(two) == mirror.tip(two[:9])
    assert mirror.tip(two).ref == two
    assert mirror.tip(change).commit == change
    with pytest.raises(InputError, match=f"no ref '{NOBODY}'"):
        mirror.tip(NOBODY)
    with pytest.raises(InputError, match="no ref 'abcdef0123'"):
        mirror.tip("abcdef0123")
    shutil.rmtree(upstream.directory)
    assert shelf.open(upstream.url).tip(change).commit == change  # fetched once
    with pytest.raises(EnvironmentLacksError):
        shelf.open(upstream.url).tip(NOBODY)


@pytest.mark.parametrize(
    ("asked", "found", "note"),
    [
        ("stable/2025.1", "refs/heads/stable/2025.1", ""),
        ("stable/2024.1", "refs/heads/unmaintained/2024.1", "stable/2024.1 is unmaintained/2024.1 now"),
        ("refs/heads/stable/2024.1", "refs/heads/unmaintained/2024.1", "stable/2024.1 is unmaintained/2024.1 now"),
        ("stable/2023.2", "refs/tags/2023.2-eom", "stable/2023.2 is the tag 2023.2-eom now"),
        ("stable/2023.1", "refs/tags/2023.1-eol", "stable/2023.1 is the tag 2023.1-eol now"),  # where it ended
        ("unmaintained/2023.1", "refs/tags/2023.1-eol", "unmaintained/2023.1 is the tag 2023.1-eol now"),
        ("stable/train", "refs/tags/train-eol", "stable/train is the tag train-eol now"),
    ],
)
def test_a_stable_branch_is_followed_to_what_it_became_and_it_is_said(
    shelf: Shelf, upstream: Upstream, asked: str, found: str, note: str
) -> None:
    tip = shelf.open(upstream.url).tip(asked)
    assert (tip.ref, tip.note) == (found, note)
    assert tip.commit == upstream.git("rev-parse", f"{found}^{{commit}}")


def test_an_unknown_ref_suggests_the_nearest_and_says_how_old_the_mirror_is(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    with pytest.raises(InputError, match=r"no ref 'stable/2025\.2'") as caught:
        mirror.tip("stable/2025.2")
    assert "did you mean 'stable/2025.1'?" in caught.value.fix
    assert "stackwright source update" in caught.value.fix
    assert "ago" in caught.value.why
    with pytest.raises(InputError, match="no ref 'xyz'") as caught:
        mirror.tip("xyz")
    assert "one of: master, stable/2025.1, unmaintained/2024.1" in caught.value.fix
    with pytest.raises(InputError, match="no ref 'refs/changes/1/1/1'"):
        mirror.tip("refs/changes/1/1/1")


# Updates -----------------------------------------------------------------------------------------------------------


def test_a_mirror_stays_as_it_is_until_it_is_updated(shelf: Shelf, upstream: Upstream) -> None:
    old = shelf.open(upstream.url).tip("master")
    new = upstream.commit({"a": "3\n"})
    assert shelf.open(upstream.url).tip("master") == old
    mirror = shelf.open(upstream.url)
    assert update([mirror], shelf.events) == {
        upstream.url: (Change("refs/heads/master", Became.MOVED, old.commit, CommitId(new), 1),)
    }
    assert mirror.tip("master").commit == new
    assert update([mirror], shelf.events) == {upstream.url: ()}


def test_what_moved_what_is_new_what_went_and_what_was_forced(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    old = mirror.refs()
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    upstream.commit({"a": "another\n"})
    upstream.git("branch", "-m", "stable/2025.1", "unmaintained/2025.1")
    upstream.git("tag", "-f", "1.0.0", "master")
    new = upstream.commit({"a": "more\n"})
    (changes,) = update([mirror], shelf.events).values()
    assert not isinstance(changes, EnvironmentLacksError)
    assert isinstance(changes, tuple)
    told = {change.ref: (change.became, change.old, change.commits) for change in changes}
    assert told == {
        "refs/heads/master": (Became.FORCED, old["refs/heads/master"], 2),
        "refs/heads/stable/2025.1": (Became.GONE, old["refs/heads/stable/2025.1"], 0),
        "refs/heads/unmaintained/2025.1": (Became.NEW, None, 0),
        "refs/tags/1.0.0": (Became.FORCED, old["refs/tags/1.0.0"], told["refs/tags/1.0.0"][2]),
    }
    assert mirror.tip("master").commit == new
    assert mirror.tip("stable/2025.1").note == "stable/2025.1 is unmaintained/2025.1 now"
    git(mirror, "-c", "remote.x.promisor=true", "gc", "--quiet", "--prune=now")
    forced = old["refs/heads/master"]
    assert mirror.before("refs/heads/master") == (forced,)
    assert mirror.tip(forced).tree == git(mirror, "rev-parse", f"{forced}^{{tree}}")
    assert shelf.open(upstream.url).tip(forced[:10]).commit == forced


def test_packs_of_many_fetches_become_one_and_nothing_is_lost(shelf: Shelf, upstream: Upstream) -> None:
    upstream.commit({f"many/{number}": f"{number}\n" for number in range(60)})
    mirror = shelf.open(upstream.url)
    blobs = [line.split()[2] for line in upstream.git("ls-tree", "-r", "master", "many").splitlines()]
    for blob in blobs[:51]:
        mirror.need([blob])
    old = mirror.tip("master")
    assert len(list(mirror.directory.glob("objects/pack/*.pack"))) == 52
    upstream.git("reset", "--quiet", "--hard", "HEAD~1")
    update([mirror], shelf.events)
    assert len(list(mirror.directory.glob("objects/pack/*.pack"))) == 1
    assert mirror.read(old.tree, "many/0") == b"0\n"
    assert git(mirror, "rev-list", "--count", old.commit) == "7"
    assert git(mirror, "cat-file", "-e", blobs[-1], status=1) == ""
    mirror.need_all(old.tree)  # upstream has it no more on a branch, but still has it
    update([mirror], shelf.events)
    assert mirror.tip(old.commit).tree == old.tree


def test_a_branch_takes_the_place_of_a_folder_of_branches(shelf: Shelf, upstream: Upstream) -> None:
    mirror = shelf.open(upstream.url)
    upstream.git("branch", "-D", "stable/2025.1")
    upstream.git("branch", "stable")
    update([mirror], shelf.events)
    assert mirror.tip("stable").commit == mirror.tip("master").commit


def test_a_ref_under_review_is_updated_too(shelf: Shelf, upstream: Upstream) -> None:
    upstream.git("update-ref", "refs/pull/1/head", "master~1")
    mirror = shelf.open(upstream.url)
    old = mirror.tip("refs/pull/1/head")
    upstream.git("update-ref", "refs/pull/1/head", "master")
    update([mirror], shelf.events)
    assert mirror.tip("refs/pull/1/head").commit == mirror.tip("master").commit != old.commit
    upstream.git("update-ref", "-d", "refs/pull/1/head")
    update([mirror], shelf.events)
    assert mirror.tip("refs/pull/1/head").commit == mirror.tip("master").commit


def test_without_network_what_is_here_is_used_with_a_warning(shelf: Shelf, upstream: Upstream, tmp_path: Path) -> None:
    mirror = shelf.open(upstream.url)
    other = Upstream(tmp_path / "glance")
    other.commit({"a": "1"})
    moved = upstream.directory.rename(tmp_path / "elsewhere")
    outcome = update([mirror, mirror_of(other.url, shelf.cache)], shelf.events)
    assert isinstance(outcome[upstream.url], EnvironmentLacksError)
    assert outcome[other.url] == ()  # one that fails does not stop the others
    assert mirror_of(other.url, shelf.cache).whole
    assert [warning for warning in shelf.warnings() if "it stays as it was" in warning and "ago" in warning]
    assert shelf.open(upstream.url).tip("master").ref == "refs/heads/master"
    moved.rename(upstream.directory)
    assert update([mirror], shelf.events) == {upstream.url: ()}
