"""Issue 7, point 3: a signed apt repository of what was built, with channels, that a real apt installs from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.backported import Sid, SigningKey, in_clean_system

from .conftest import CACHE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator


class Orchard:
    """A distribution, and builds of fruit to put into its repository."""

    def __init__(self, root: Path, key: SigningKey, distribution: Path, state: Path) -> None:
        self.sid = Sid(root / "sid", key)
        self.built = root / "built"
        self.stackwright = Stackwright(distribution, state, {"STACKWRIGHT_REPOSITORY_KEY": str(key.secret)})
        self.public = state / "apt/bookworm/public"

    def changes(self, name: str, version: str, **said: str) -> str:
        return str(self.sid.build(self.sid.add(name, version, **said), self.built))  # type: ignore[arg-type]

    def add(self, name: str, version: str, *words: str, **said: str) -> None:
        self.stackwright("repository", "add", "--suite", "bookworm", *words, self.changes(name, version, **said))

    def listed(self, *words: str) -> list[tuple[str, str, str, str]]:
        rows = self.stackwright.json("repository", "list", *words)
        return [(row["Channel"], row["Source"], row["Version"], row["Published"]) for row in rows]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SigningKey]:
    made = SigningKey(tmp_path_factory.mktemp("key") / "home", "Orchard <orchard@example.org>")
    yield made
    made.close()


@pytest.fixture
def orchard(tmp_path: Path, key: SigningKey, distribution: Path, state: Path) -> Orchard:
    return Orchard(tmp_path, key, distribution, state)


def test_apt_installs_from_a_channel_what_was_promoted_to_it(orchard: Orchard, tmp_path: Path) -> None:
    need_root()
    orchard.add("pear", "1.0-1")
    orchard.add("fig", "2:3-1", depends="pear (>= 1.0)")
    orchard.stackwright("repository", "promote", "stable")
    orchard.add("pear", "1.1-1")
    (candidate, stable) = orchard.stackwright.json("repository", "publish")
    assert (candidate["Channel"], stable["Channel"]) == ("candidate", "stable")
    assert orchard.listed("stable") == [("stable", "fig", "2:3-1", "yes"), ("stable", "pear", "1.0-1", "yes")]
    install = "apt-get update; apt-get install -y fig; cat /usr/share/fruit/fig /usr/share/fruit/pear"
    status, said = in_clean_system(orchard.public, "stable", install, tmp_path / "stable.log", CACHE)
    assert status == 0, said
    assert said.splitlines()[-2:] == ["2:3-1", "1.0-1"]
    status, said = in_clean_system(orchard.public, "candidate", install, tmp_path / "candidate.log", CACHE)
    assert status == 0, said
    assert said.splitlines()[-2:] == ["2:3-1", "1.1-1"]
    assert orchard.stackwright.json("repository", "publish") == [
        {**row, "Changed": "no"} for row in (candidate, stable)
    ]


def test_apt_refuses_what_was_altered(orchard: Orchard, tmp_path: Path) -> None:
    need_root()
    orchard.add("pear", "1.0-1")
    orchard.stackwright("repository", "publish")
    file = orchard.public / "dists/candidate/InRelease"
    file.write_bytes(file.read_bytes().replace(b"Suite: candidate", b"Suite: tampered!"))
    install = "apt-get update; apt-get install -y pear"
    status, said = in_clean_system(orchard.public, "candidate", install, tmp_path / "log", CACHE)
    assert status != 0
    assert "The following signatures were invalid: BADSIG" in said


def test_old_versions_stay_and_are_pruned_by_rule(orchard: Orchard) -> None:
    for version in ("1.0-1", "1.1-1", "1.2-1"):
        orchard.add("pear", version)
    orchard.stackwright("repository", "publish")
    assert orchard.stackwright.json("repository", "prune") == []
    rule = ("repository", "prune", "--versions", "2", "--days", "0")
    assert [row["Version"] for row in orchard.stackwright.json(*rule)] == ["1.0-1"]
    assert len(orchard.listed()) == 3
    orchard.stackwright(*rule, "--yes")
    assert [version for _, _, version, _ in orchard.listed()] == ["1.1-1", "1.2-1"]
    assert list(orchard.public.glob("pool/**/pear_1.0-1_all.deb"))
    orchard.stackwright("repository", "remove", "candidate", "pear", "1.2-1")
    assert orchard.listed() == [("candidate", "pear", "1.1-1", "yes")]


def test_what_is_wrong_is_said(orchard: Orchard, tmp_path: Path) -> None:
    stackwright = orchard.stackwright
    assert "stackwright repository add" in stackwright("repository", "list", status=2).stderr
    changes = orchard.changes("pear", "1.0-1")
    orchard.add("pear", "1.0-1")
    older = stackwright("repository", "add", orchard.changes("pear", "1.0~rc1-1")).stderr
    assert "pear 1.0~rc1-1: machines go on with 1.0-1, which sorts behind it" in older
    assert "there is no channel 'stabel'" in stackwright("repository", "list", "stabel", status=2).stderr
    orchard.stackwright.environment.pop("STACKWRIGHT_REPOSITORY_KEY")
    assert "there is no key to sign with" in stackwright("repository", "publish", status=2).stderr
    message = stackwright("repository", "publish", "--key", str(tmp_path / "none"), status=2).stderr
    assert "is not a secret key that gpg can sign with" in message
    assert not (orchard.public / "dists").exists()
    deb = Path(changes).with_name("pear_1.0-1_all.deb")
    deb.write_bytes(deb.read_bytes() + b"more")
    assert (
        "pear_1.0-1_all.deb is not the file that is named" in stackwright("repository", "add", changes, status=1).stderr
    )


def test_the_key_is_in_no_command_line_and_in_no_log(orchard: Orchard, key: SigningKey, tmp_path: Path) -> None:
    """gpg is watched by a program of its name that notes how it is called."""
    notes = tmp_path / "notes"
    programs = tmp_path / "bin"
    programs.mkdir()
    real = shutil.which("gpg")
    (programs / "gpg").write_text(f'#!/bin/sh\necho "$@" >> {notes}\nexec {real} "$@"\n')
    (programs / "gpg").chmod(0o755)
    environment = orchard.stackwright.environment
    environment["PATH"] = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
    orchard.add("pear", "1.0-1")
    done = orchard.stackwright("repository", "publish")
    lines = [line for line in key.secret.read_text().splitlines() if len(line) > 16 and not line.startswith("-----")]
    assert "--clearsign" in notes.read_text()
    assert not [line for line in lines if line in notes.read_text() + done.stdout + done.stderr]
