from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.site.paths import (
    LONGEST_RUN_DIRECTORY,
    SitePaths,
    default_cache_directory,
    default_state_directory,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def passable() -> Iterator[Path]:
    """Give a folder that others can pass, with a path shorter than that of pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def test_everything_of_a_site_lies_below_its_folder(tmp_path: Path) -> None:
    paths = SitePaths(tmp_path)
    places = [value for name in dir(SitePaths) if isinstance(value := getattr(paths, name), Path)]
    assert len(set(places)) == len(places) >= 8
    assert all(place.is_relative_to(tmp_path) for place in [*places, paths.etc("nova"), paths.data("nova")])
    assert paths.etc("nova") != paths.etc("glance")


def test_the_longest_path_is_taken_and_one_more_is_not() -> None:
    longest = "/" + "x" * (LONGEST_RUN_DIRECTORY - len("//run"))
    SitePaths(Path(longest)).check()
    with pytest.raises(InputError, match="path of the state directory is too long") as caught:
        SitePaths(Path(longest + "x")).check()
    assert "--state DIR" in caught.value.fix


@pytest.mark.parametrize(
    ("name", "told"),
    [("a b", "' '"), ("50%", "'%'"), ("it's", '"\'"'), ("a;b", "';'"), ("a\nb", r"'\\n'"), ("ü", "'ü'")],
)
def test_a_path_that_would_need_quoting_is_refused(name: str, told: str) -> None:
    with pytest.raises(InputError, match=f"the path of the state directory has {told} in it"):
        SitePaths(Path("/var/lib") / name).check()


def test_a_folder_that_others_cannot_pass_is_named(passable: Path) -> None:
    closed = passable / "closed"
    (closed / "state").mkdir(parents=True)
    closed.chmod(0o700)
    with pytest.raises(EnvironmentLacksError) as caught:
        SitePaths(closed / "state" / "site").check()
    assert caught.value.what == f"other users cannot pass the folder {closed}"
    assert f"chmod o+x {closed}" in caught.value.fix
    closed.chmod(0o711)
    SitePaths(closed / "state" / "site").check()


def test_the_folders_are_those_that_the_user_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STACKWRIGHT_STATE", "relative/state")
    monkeypatch.setenv("STACKWRIGHT_CACHE", "/cache")
    assert default_state_directory() == Path.cwd() / "relative/state"
    assert default_cache_directory(Path("/state")) == Path("/cache")


def test_without_a_name_they_are_the_systems_or_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STACKWRIGHT_STATE", "STACKWRIGHT_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_state_directory() == Path("/var/lib/stackwright")
    assert default_cache_directory(Path("/state")) == Path("/state/cache")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/kim/.state")
    assert default_state_directory() == Path("/home/kim/.state/stackwright")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/kim")
    assert default_state_directory() == Path("/home/kim/.local/state/stackwright")
