"""Issue 3, point 3: git sources that live are mirrored once, followed, updated in parallel, and usable offline."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.git_server import GitServer
from tests.upstream import Upstream, numbered

from .conftest import Stackwright

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def nova(tmp_path: Path) -> Upstream:
    """Upstream's nova, with a patch of ours on top that is on no branch of its."""
    nova = Upstream(tmp_path / "served" / "nova")
    nova.git("config", "uploadpack.allowFilter", "true")
    nova.commit({"nova/a.py": numbered(30), "PKG-INFO": "Name: nova\nVersion: 29.0.0\n\n"}, "One")
    nova.git("tag", "29.0.0")
    nova.branch("stable/2024.1")
    nova.commit({"nova/b.py": numbered(30)}, "Two")
    return nova


@pytest.fixture
def server(nova: Upstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = GitServer(nova.directory.parent)
    yield server
    server.close()


@pytest.fixture
def ours(tmp_path: Path, nova: Upstream, server: GitServer) -> Stackwright:
    """The command on a distribution with one patch on nova's stable branch."""
    nova.branch("ours")
    nova.commit({"nova/a.py": numbered(30).replace("line 9\n", "our line 9\n")}, "Change line 9")
    series = tmp_path / "ourcloud/patches/nova/2024.1"
    series.mkdir(parents=True)
    (series / "ours.patch").write_text(nova.patch())
    (series / "series").write_text("ours.patch\n")
    nova.switch("stable/2024.1")
    nova.git("branch", "-D", "ours")
    (tmp_path / "ourcloud/distribution.yaml").write_text("name: ourcloud\n")
    write_release(tmp_path / "ourcloud", f"{server.url}/nova/.git", "stable/2024.1")
    return Stackwright(tmp_path / "ourcloud", tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def write_release(distribution: Path, url: str, ref: str, **more: str) -> None:
    (distribution / "releases").mkdir(exist_ok=True)
    lines = [f"  nova: {{source: {{git: '{url}', ref: {ref}}}}}"]
    lines += [f"  {name}: {{source: {source}}}" for name, source in more.items()]
    (distribution / "releases/2024.1.yaml").write_text(
        "\n".join(['python: "3.11"', "pins: {exclude-newer: 2026-10-15}", "components:", *lines]) + "\n"
    )


def states(ours: Stackwright) -> list[str]:
    return [row["State"] for row in ours.json("patch", "status")]


def mirror(ours: Stackwright) -> Path:
    (directory,) = ours.distribution.with_name("cache").glob("mirrors/*.git")
    return directory


def test_a_repository_is_fetched_once_and_then_used_offline(
    ours: Stackwright, nova: Upstream, server: GitServer
) -> None:
    assert states(ours) == ["applies"]
    asked = server.fetches
    shutil.rmtree(nova.directory)
    assert states(ours) == ["applies"]
    (row,) = ours.json("source", "list")
    assert server.fetches == asked
    assert (row["Component"], row["Release"], row["Kind"], row["Ref"]) == ("nova", "2024.1", "git", "stable/2024.1")
    assert len(row["Now"]) == 40
    assert row["Mirror"].endswith("ago")


def test_source_list_makes_no_mirror_and_needs_no_network(ours: Stackwright, nova: Upstream, tmp_path: Path) -> None:
    write_release(
        ours.distribution, nova.url, "stable/2024.1",
        keystone="{pypi: keystone, version: 30.0.0}", glance="{path: ../none, version: 1.0.0}",
    )  # fmt: skip
    shutil.rmtree(nova.directory)
    rows = {row["Component"]: row for row in ours.json("source", "list")}
    assert {name: (row["Kind"], row["Now"], row["Note"]) for name, row in rows.items()} == {
        "nova": ("git", "", "not fetched yet"),
        "keystone": ("pypi", "30.0.0", ""),
        "glance": ("path", "1.0.0", "there is no such folder"),
    }
    assert not (tmp_path / "cache/mirrors").exists()
    assert "component 'novva'" in ours("source", "list", "novva", status=2).stderr


def test_a_stable_branch_that_is_renamed_and_ends_is_followed_and_it_is_said(ours: Stackwright, nova: Upstream) -> None:
    nova.git("branch", "-m", "stable/2024.1", "unmaintained/2024.1")
    assert states(ours) == ["applies"]
    assert ours.json("source", "list")[0]["Note"] == "stable/2024.1 is unmaintained/2024.1 now"

    end = nova.git("rev-parse", "unmaintained/2024.1")
    nova.git("tag", "2024.1-eol", "unmaintained/2024.1")
    nova.git("checkout", "--quiet", "--detach")
    nova.git("branch", "-D", "unmaintained/2024.1")
    done = ours("source", "update", "-f", "json")
    assert "stable/2024.1 is the tag 2024.1-eol now" in done.stderr
    changes = {row["Ref"]: (row["Change"], row["Used by"], row["Note"]) for row in json.loads(done.stdout)}
    assert changes == {
        "2024.1-eol": ("new", "nova 2024.1", ""),
        "unmaintained/2024.1": ("gone", "", f"{end[:12]} is kept"),
    }
    assert states(ours) == ["applies"]
    (row,) = ours.json("source", "list")
    assert (row["Now"], row["Ref"]) == (end, "2024.1-eol")


def test_only_an_update_moves_what_is_built_and_it_says_what_moved(ours: Stackwright, nova: Upstream) -> None:
    assert ours.json("source", "update") == []
    (before,) = ours.json("source", "list")
    new = nova.commit({"nova/a.py": numbered(30).replace("line 9\n", "upstream's line 9\n")}, "Three")
    assert states(ours) == ["applies"]
    (row,) = ours.json("source", "update")
    assert (row["Ref"], row["Change"], row["From"], row["To"], row["Commits"], row["Used by"]) == (
        "stable/2024.1", "moved", before["Now"], new, 1, "nova 2024.1",
    )  # fmt: skip
    assert [row["State"] for row in json.loads(ours("patch", "status", "-f", "json", status=1).stdout)] == ["conflict"]
    assert "Nothing has changed." in ours("source", "update").stderr


def test_an_upstream_that_force_pushed_is_said_and_what_was_before_is_kept(ours: Stackwright, nova: Upstream) -> None:
    ours("source", "update")
    (before,) = ours.json("source", "list")
    nova.git("reset", "--quiet", "--hard", "HEAD~1")
    nova.commit({"nova/c.py": "c"}, "Another two")
    nova.git("reflog", "expire", "--expire=now", "--all")
    nova.git("gc", "--quiet", "--prune=now")
    (row,) = ours.json("source", "update")
    assert (row["Change"], row["Note"]) == ("forced", f"{before['Now'][:12]} is kept")
    assert f"forced, was {before['Now'][:12]} before" in ours.json("source", "list")[0]["Note"]
    write_release(ours.distribution, before["Source"].split()[0], before["Now"])
    assert ours.json("source", "list")[0]["Now"] == before["Now"]


def test_without_network_an_update_ends_with_3_and_the_mirror_is_used_as_it_is(
    ours: Stackwright, nova: Upstream, tmp_path: Path
) -> None:
    ours("source", "update")
    nova.directory.rename(tmp_path / "elsewhere")
    done = ours("source", "update", status=3)
    assert "it stays as it was" in done.stderr
    assert "cannot be fetched" in done.stderr
    assert "fix: try `git ls-remote" in done.stderr
    assert states(ours) == ["applies"]


def test_a_ref_that_does_not_exist_is_told_with_its_place_the_nearest_and_the_age(ours: Stackwright) -> None:
    (row,) = ours.json("source", "list")
    write_release(ours.distribution, row["Source"].split()[0], "stable/2042.1")
    done = ours("source", "update", status=2)
    assert "releases/2024.1.yaml:4:" in done.stderr
    assert "no ref 'stable/2042.1'" in done.stderr
    assert "did you mean 'stable/2024.1'?" in done.stderr
    assert "0 seconds ago" in done.stderr or "second ago" in done.stderr
    assert ours.json("source", "list")[0]["Note"] == "it has no such ref"


def test_a_fetch_that_is_killed_leaves_nothing_that_looks_whole_and_the_next_goes_on(
    ours: Stackwright, nova: Upstream, server: GitServer
) -> None:
    nova.git("config", "uploadpack.allowFilter", "false")
    nova.commit({"noise": os.urandom(300_000)}, "Noise")
    server.stops = True
    killed = ours.start("source", "update")
    assert server.stopped.wait(60)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    server.stops = False
    server.goes_on.set()
    assert ours.json("source", "list")[0]["Note"] == "not fetched yet"
    assert states(ours) == ["applies"]
    assert ours.json("source", "list")[0]["Ref"] == "stable/2024.1"


def test_a_damaged_mirror_is_found_said_and_fetched_anew(ours: Stackwright) -> None:
    ours("source", "update")
    for pack in mirror(ours).glob("objects/pack/*.pack"):
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:40])
    done = ours("patch", "status", "-f", "json")
    assert [row["State"] for row in json.loads(done.stdout)] == ["applies"]
    assert "it is damaged" in done.stderr
    assert "what was in it comes again" in done.stderr
    assert [path.suffix for path in sorted(mirror(ours).parent.iterdir())] == [".git", ".lock"]
    assert "it is damaged" not in ours("patch", "status").stderr


@pytest.mark.parametrize("what", ["objects", "HEAD"])
def test_a_damaged_store_is_moved_aside_and_its_trees_come_again(ours: Stackwright, tmp_path: Path, what: str) -> None:
    project = tmp_path / "mine"
    project.mkdir()
    (project / "a.py").write_text(numbered(30))
    write_release(ours.distribution, "file:///none", "master", mine=f"{{path: {project}, version: 1.0.0}}")
    series = ours.distribution / "patches/mine/2024.1"
    series.mkdir(parents=True)
    shutil.copy(ours.distribution / "patches/nova/2024.1/ours.patch", series)
    shutil.rmtree(ours.distribution / "patches/nova")
    text = (series / "ours.patch").read_text().replace("nova/a.py", "a.py")
    (series / "ours.patch").write_text(text)
    (series / "series").write_text("ours.patch\n")
    assert states(ours) == ["applies"]
    store = ours.state / "store.git"
    if what == "HEAD":
        (store / "HEAD").unlink()
    else:
        for file in store.glob("objects/??/*"):
            file.chmod(0o600)
            file.write_bytes(b"")
    done = ours("patch", "status", "-f", "json")
    assert [row["State"] for row in json.loads(done.stdout)] == ["applies"]
    assert f"moved to {store}.damaged" in done.stderr
    assert (ours.state / "store.git.damaged/objects").is_dir()
    assert "it is damaged" not in ours("patch", "status").stderr
