"""A channel moves to a set of artifacts that is proved and to no other; only its signed record moves; it can go back.

The wheels are built by the real command. What tests and tempest have shown is put there by `Proofs.record`, as those
commands do: tempest needs a cloud that is up, and upstream's tests an environment of minutes. The test that needs
environments lets the steps of `up` that make them run, without the rest of it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import load
from stackwright.events import Events
from stackwright.proof.artifacts import ArtifactSet, artifacts_of, short
from stackwright.proof.evidence import Evidence, Proofs, What
from stackwright.targets.local.wish import Wish, make_wish
from tests.signing import allow, line, make_key
from tests.team import Team

from .conftest import CACHE, Stackwright

if TYPE_CHECKING:
    import subprocess

ADA = "ada@example.org"
PROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "colours"
version = "1.0"
[tool.setuptools]
py-modules = ["colours"]
"""


class Carried:
    """A distribution with one small component, a patch on it, and a key that may sign."""

    def __init__(self, directory: Path) -> None:
        self.team = Team(directory)
        self.root = self.team.distribution
        self.team.component("colours", {"pyproject.toml": PROJECT, "colours.py": "RED = 1\n"})
        self.team.release("2026.2", {"colours": "master"})
        (self.root / "sites").mkdir()
        self.site("[memcached]")
        self.carry("BLUE")
        self.key = make_key(directory / "key")
        allow(self.root, line(self.key))
        self.stackwright = Stackwright(self.root, directory / "state", {"STACKWRIGHT_SIGNING_KEY": str(self.key)})

    def site(self, services: str) -> None:
        (self.root / "sites/local.yaml").write_text(
            f'release: "2026.2"\ntarget: local\nregion: RegionOne\nservices: {services}\n'
        )

    def carry(self, colour: str) -> None:
        """Let the one patch of the series bring another colour."""
        shutil.rmtree(self.root / "patches", ignore_errors=True)
        text = self.team.carried("colours", {"colours.py": f"RED = 1\n{colour} = 2\n"}, f"Know {colour}")
        self.team.add("colours", "2026.2", "colour.patch", text)

    def wish(self) -> Wish:
        distribution = load(self.root)
        state = self.stackwright.state
        return make_wish(distribution, distribution.site(), state=state, cache=CACHE, events=Events())

    def built(self, colour: str = "BLUE") -> ArtifactSet:
        """Give the set with a colour, built."""
        self.carry(colour)
        self.stackwright("build")
        return artifacts_of(self.wish(), CACHE)

    def show(self, artifacts: ArtifactSet, *, scope: str = "affected", failed: int = 0) -> None:
        """Put there what the tests of each patched tree, and tempest on the set, have shown."""
        proofs = Proofs(self.stackwright.state / "proofs")
        for one in artifacts.patched:
            proofs.record(_evidence(What.TESTS, one.tree, scope, failed=failed, component=one.name))
        proofs.record(_evidence(What.TEMPEST, artifacts.id, "smoke"))

    def proved(self, colour: str = "BLUE") -> ArtifactSet:
        artifacts = self.built(colour)
        self.show(artifacts)
        return artifacts

    def at(self, channel: str) -> str:
        """Give the beginning of the id of the set that a channel is at."""
        (row,) = [row for row in self.stackwright.json("channel", "list") if row["Channel"] == channel]
        return str(row["Set"])

    def files(self) -> dict[str, bytes]:
        return {str(file.relative_to(self.root)): file.read_bytes() for file in self.root.rglob("*") if file.is_file()}


def _evidence(what: What, subject: str, scope: str, *, failed: int = 0, component: str = "") -> Evidence:
    return Evidence.of_now(
        what, subject, scope, passed=12, failed=failed, skipped=1, environment="e" * 32, component=component
    )


@pytest.fixture
def carried(tmp_path: Path) -> Carried:
    return Carried(tmp_path)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Give the message of a refusal, without progress."""
    return done.stderr[done.stderr.index("error: ") :]


def test_a_set_without_proofs_is_refused_with_what_to_type_for_each(carried: Carried) -> None:
    artifacts = carried.built()
    before = carried.files()
    said = refused(carried.stackwright("promote", "stable", status=1))
    assert f"the set {short(artifacts.id)} of the site local is not proved" in said
    assert "colours 1.0.post1: the tests that its patches reach have not been run\n" in said
    assert "stackwright test colours 2026.2 --affected\n" in said
    assert "stackwright tempest smoke\n" in said
    assert carried.files() == before


def test_a_set_that_is_not_built_is_refused(carried: Carried) -> None:
    carried.carry("UNSEEN")
    # Nothing of an earlier run may have built it.
    empty = {**carried.stackwright.environment, "STACKWRIGHT_CACHE": str(carried.root.parent / "cache")}
    said = refused(Stackwright(carried.root, carried.stackwright.state, empty)("promote", "stable", status=1))
    assert "the wheel of colours 1.0.post1" in said
    assert "stackwright up" in said


def test_one_failure_is_enough_to_refuse_and_the_newest_counts(carried: Carried) -> None:
    artifacts = carried.proved()
    carried.show(artifacts, failed=1)
    assert "1 of 13 tests failed" in refused(carried.stackwright("promote", "stable", status=1))
    carried.show(artifacts)
    carried.stackwright("promote", "stable")


def test_a_proved_set_moves_the_channel_and_only_the_record_changes(carried: Carried) -> None:
    artifacts = carried.proved()
    before = carried.files()
    done = carried.stackwright("promote", "stable")
    assert f"stable is at {short(artifacts.id)} now, and is new" in done.stdout
    assert f"signed by {ADA}" in done.stdout
    after = carried.files()
    assert {path for path in after if after[path] != before.get(path)} == {"channels/stable.yaml"}
    (row,) = carried.stackwright.json("channel", "list")
    assert (row["Channel"], row["Set"], row["Release"], row["By"], row["Signature"]) == (
        "stable", short(artifacts.id), "2026.2", ADA, "good",
    )  # fmt: skip
    carried.stackwright("check")


def test_what_a_channel_is_at_is_shown_with_its_proofs(carried: Carried) -> None:
    artifacts = carried.proved()
    carried.stackwright("promote", "stable")
    wheel, tempest = carried.stackwright.json("channel", "show", "stable")
    assert (wheel["Kind"], wheel["Name"], wheel["Version"]) == ("wheel", "colours", "1.0.post1")
    (built,) = carried.stackwright.json("build")
    assert wheel["Digest"] == built["SHA-256"]
    assert wheel["Proved by"].startswith("affected: 12 passed, 1 skipped, ")
    assert (tempest["Kind"], tempest["Name"], tempest["Digest"]) == ("tempest", "smoke", artifacts.id)


def test_the_same_set_again_changes_nothing(carried: Carried) -> None:
    carried.proved()
    carried.stackwright("promote", "stable")
    before = carried.files()
    done = carried.stackwright("promote", "stable")
    assert "already: nothing to do" in done.stdout
    assert carried.files() == before


def test_stable_follows_candidate_on_a_machine_that_has_neither_artifacts_nor_evidence(carried: Carried) -> None:
    artifacts = carried.proved()
    carried.stackwright("promote", "candidate")
    elsewhere = Stackwright(carried.root, carried.root.parent / "elsewhere", carried.stackwright.environment)
    carried.carry("GREEN")  # the working tree is further on: that does not matter
    elsewhere("promote", "stable", "--from", "candidate")
    assert carried.at("stable") == carried.at("candidate") == short(artifacts.id)
    record = (carried.root / "channels/stable.yaml").read_text()
    assert "{what: tempest" in record


def test_rules_that_ask_for_more_hold_for_a_set_of_another_channel_too(carried: Carried) -> None:
    artifacts = carried.proved()
    carried.stackwright("promote", "candidate")
    with (carried.root / "distribution.yaml").open("a") as file:
        file.write("proof: {tests: all}\n")
    said = refused(carried.stackwright("promote", "stable", "--from", "candidate", status=1))
    assert "colours 1.0.post1: not all of its tests have been run" in said
    carried.show(artifacts, scope="all")
    carried.stackwright("promote", "stable", "--set", short(artifacts.id))
    assert carried.at("stable") == short(artifacts.id)


def test_it_goes_back_to_the_former_set_and_says_which(carried: Carried) -> None:
    first, second = carried.proved("BLUE"), carried.proved("GREEN")
    carried.carry("BLUE")
    carried.stackwright("promote", "stable")
    said = refused(carried.stackwright("promote", "stable", "--back", status=2))
    assert "the channel stable has no former set" in said
    carried.carry("GREEN")
    carried.stackwright("promote", "stable")
    assert carried.at("stable") == short(second.id)
    done = carried.stackwright("promote", "stable", "--back")
    assert f"stable is at {short(first.id)} now, back from {short(second.id)}" in done.stdout
    # It is at its first again: what it went back from is not its former set.
    carried.stackwright("promote", "stable", "--back", status=2)
    carried.stackwright("promote", "stable", "--set", second.id)
    assert carried.at("stable") == short(second.id)


def test_an_altered_record_is_refused_by_every_command_and_stays(carried: Carried) -> None:
    carried.proved()
    carried.stackwright("promote", "stable")
    file = carried.root / "channels/stable.yaml"
    good = file.read_text()
    file.write_text(good.replace("site: local", "site: other"))
    for words in (("promote", "stable"), ("promote", "stable", "--back"), ("channel", "show", "stable")):
        said = refused(carried.stackwright(*words, status=1))
        assert "channels/stable.yaml: the record of the channel stable does not count" in said
        assert "the text is not what was signed" in said
        assert "git log -p" in said
    (row,) = carried.stackwright.json("channel", "list", status=1)
    assert row["Signature"] == "the text is not what was signed"
    # Nor may another channel follow it.
    carried.stackwright("promote", "candidate", "--from", "stable", status=1)
    assert "site: other" in file.read_text()
    file.write_text(good)
    assert "already" in carried.stackwright("promote", "stable").stdout


def test_check_says_where_a_record_is_wrong(carried: Carried) -> None:
    carried.proved()
    carried.stackwright("promote", "stable")
    file = carried.root / "channels/stable.yaml"
    good = file.read_text()
    file.write_text(good.replace("moves:", "movse:"))
    said = refused(carried.stackwright("check", status=2))
    assert f"{file}:5:1: the key 'movse' is unknown" in said
    file.write_text(good)
    (carried.root / "sites/local.yaml").rename(carried.root / "sites/other.yaml")
    said = refused(carried.stackwright("check", status=2))
    assert "the channel stable is at a set of the site 'local', which is not there" in said
    schema = json.loads(carried.stackwright("schema", "channel").stdout)
    assert schema["title"] == "Stackwright channel"


def test_keys_that_cannot_sign(carried: Carried) -> None:
    carried.proved()
    before = carried.files()
    keyless = Stackwright(carried.root, carried.stackwright.state, {"STACKWRIGHT_SIGNING_KEY": ""})
    assert "--key FILE, or STACKWRIGHT_SIGNING_KEY" in refused(keyless("promote", "stable", status=2))
    nothing = carried.root.parent / "nothing"
    assert f"{nothing}: there is no such key" in refused(keyless("promote", "stable", "--key", str(nothing), status=2))
    stranger = make_key(carried.root.parent / "stranger")
    said = refused(keyless("promote", "stable", "--key", str(stranger), status=2))
    assert "this key may not sign for the distribution" in said
    assert f"cat {stranger}.pub" in said
    carried.key.chmod(0o644)
    said = refused(keyless("promote", "stable", "--key", str(carried.key), status=3))
    assert f"chmod 600 {carried.key}" in said
    assert carried.files() == before
    carried.key.chmod(0o600)
    done = keyless("promote", "stable", "--key", str(carried.key))
    secret = carried.key.read_text().splitlines()[1]
    written = "".join(text.decode(errors="replace") for text in carried.files().values())
    assert secret not in done.stdout + done.stderr + written


def test_names_that_are_none(carried: Carried) -> None:
    carried.proved()
    carried.stackwright("promote", "stable")
    for words, said in (
        (("promote", "../stable"), "cannot be the name of a channel"),
        (("promote", "candidate", "--from", "stabel"), "did you mean 'stable'?"),
        (("promote", "candidate", "--set", "123456"), "no channel is or was at a set '123456'"),
        (("promote", "candidate", "--set", "latest"), "'latest' is not the id of a set"),
        (("promote", "candidate", "--back"), "there is no such channel"),
        (("channel", "show", "stabel"), "did you mean 'stable'?"),
    ):
        assert said in refused(carried.stackwright(*words, status=2))
    with (carried.root / "distribution.yaml").open("a") as file:
        file.write("proof: {tests: some}\n")
    assert "distribution.yaml:2:16" in refused(carried.stackwright("promote", "stable", status=2))


def test_without_ssh_keygen_it_says_what_to_install(carried: Carried) -> None:
    carried.proved()
    carried.stackwright("promote", "stable")
    programs = carried.root.parent / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "")
    environment = {**carried.stackwright.environment, "PATH": str(programs)}
    without = Stackwright(carried.root, carried.stackwright.state, environment)
    for words in (("channel", "list"), ("promote", "candidate", "--from", "stable")):
        assert "apt-get install openssh-client" in refused(without(*words, status=3))
    without("check")


def test_environments_belong_to_the_set(carried: Carried) -> None:
    release = carried.root / "releases/2026.2.yaml"
    release.write_text(release.read_text() + "  keystone: {source: {pypi: keystone, version: 30.0.0}}\n")
    carried.site("[keystone]")
    carried.stackwright("build")
    wish = carried.wish()

    class Step:
        log = carried.root.parent / "log"

        def progress(self, message: str) -> None:
            """Nobody is to be told."""

    wish.graph.by_name["keystone/environment"].do(Step())
    artifacts = artifacts_of(wish, CACHE)
    assert [(one.kind, one.name) for one in artifacts.artifacts] == [("environment", "keystone"), ("wheel", "colours")]
    assert artifacts.artifacts[0].key == wish.cloud.identities["keystone"]
    carried.show(artifacts)
    done = carried.stackwright("promote", "stable")
    assert "1 environment, 1 wheel" in done.stdout
