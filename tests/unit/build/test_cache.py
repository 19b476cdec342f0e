from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache, Provenance, key_of
from stackwright.errors import EnvironmentLacksError

if TYPE_CHECKING:
    from collections.abc import Callable

EMPTY = Provenance({}, {}, {})


def writer(text: str, provenance: Provenance = EMPTY) -> Callable[[Path], Provenance]:
    def make(directory: Path) -> Provenance:
        (directory / "file").write_text(text)
        return provenance

    return make


def unfinished(cache: ArtifactCache) -> list[str]:
    return [path.name for path in (cache.directory / "unfinished").iterdir() if path.is_dir()]


def test_an_artifact_is_made_once_and_knows_where_it_comes_from(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    provenance = Provenance({"tree": "abc", "pins": {"pbr": "7.1.3"}}, {"uv": "0.13.8"}, {"file": "e3b0"})
    assert cache.find("wheels", "key") is None
    path = cache.make("wheels", "key", writer("first", provenance))
    assert cache.make("wheels", "key", writer("second")) == path == cache.find("wheels", "key")
    assert (path / "file").read_text() == "first"
    assert cache.provenance("wheels", "key") == provenance
    assert cache.find("environments", "key") is None


def test_a_maker_that_fails_leaves_nothing(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)

    def fail(directory: Path) -> Provenance:
        (directory / "half").touch()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.make("wheels", "key", fail)
    assert cache.find("wheels", "key") is None
    assert unfinished(cache) == []
    assert (cache.make("wheels", "key", writer("whole")) / "file").read_text() == "whole"


def test_of_many_who_want_the_same_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    made = []

    def make(directory: Path) -> Provenance:
        made.append(directory)
        time.sleep(0.05)
        return EMPTY

    threads = [threading.Thread(target=lambda: ArtifactCache(tmp_path).make("wheels", "key", make)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_makers_of_different_artifacts_do_not_wait_for_each_other(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)

    def outer(directory: Path) -> Provenance:
        cache.make("wheels", "inner", writer("inner"))
        return writer("outer")(directory)

    assert (cache.make("environments", "outer", outer) / "file").read_text() == "outer"
    assert cache.find("wheels", "inner")


def test_a_maker_that_is_killed_leaves_nothing_that_is_taken_for_whole(tmp_path: Path) -> None:
    program = f"""
        import sys, time
        from pathlib import Path
        from stackwright.build.cache import ArtifactCache

        def make(directory):
            (directory / "half").touch()
            print("half", flush=True)
            time.sleep(60)

        ArtifactCache(Path({str(tmp_path)!r})).make("wheels", "key", make)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"half\n"
        cache = ArtifactCache(tmp_path)
        # While it lives, what it has begun is left alone by makers of others.
        cache.make("wheels", "another", writer("another"))
        assert len(unfinished(cache)) == 1
        os.kill(maker.pid, signal.SIGKILL)
    assert cache.find("wheels", "key") is None
    assert len(unfinished(cache)) == 1
    path = cache.make("wheels", "key", writer("whole"))
    assert sorted(entry.name for entry in path.iterdir()) == ["file", "provenance.json"]
    assert unfinished(cache) == []


def test_a_full_disk_is_the_machines_lack(tmp_path: Path) -> None:
    def fill(_directory: Path) -> Provenance:
        with Path("/dev/full").open("w") as disk:  # every write to it fails with ENOSPC: full(4)
            disk.write("x" * 100_000)
        return EMPTY

    with pytest.raises(EnvironmentLacksError, match="the disk is full"):
        ArtifactCache(tmp_path).make("wheels", "key", fill)


def test_a_key_is_that_of_its_inputs() -> None:
    assert key_of("wheel", {"a": 1, "b": 2}) == key_of("wheel", {"b": 2, "a": 1})
    assert key_of("wheel", "ab", "c") != key_of("wheel", "a", "bc")


def test_what_was_made_long_ago_is_removed_unless_it_is_kept(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path)
    for name, days in (("old", 30), ("kept", 30), ("new", 1)):
        then = time.time() - days * 86400
        os.utime(cache.make("machines", name, writer("")), (then, then))
    cache.prune("machines", days=28, kept=lambda name: name == "kept")
    assert cache.keys("machines") == ["kept", "new"]
