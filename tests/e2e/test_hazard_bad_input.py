"""Issue: hazards, bad input: what cannot be seen is told and never passed, and what is wrong is told with its place."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.team import Team

from .conftest import COMMAND, Stackwright
from .test_hazards import BASE, CARRIED, HISTORY, LATER, OBJECTS, REQUEST, VERSIONS, hazards, revision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POLICIES = "nova/policies/servers.py"
POLICY = "from oslo_policy import policy\n\nrules = [policy.RuleDefault('os:paint', 'role:{role}')]\n"
PYTHON_2 = "print 'of another Python'\n"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that carries nothing yet on nova 2024.1; 2025.1 is what a test makes of it."""
    team = Team(tmp_path)
    nova = team.component("nova", BASE)
    nova.git("tag", "one")
    team.release("2024.1", {"nova": "one"})
    return team


@pytest.fixture
def stackwright(team: Team, tmp_path: Path) -> Stackwright:
    return Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def later(team: Team, files: Mapping[str, str | bytes | None]) -> None:
    """Write what the later release has."""
    team.upstreams["nova"].commit(files, "Go on")
    team.upstreams["nova"].git("tag", "two")
    team.release("2025.1", {"nova": "two"})


def carry(team: Team, files: Mapping[str, str | bytes | None], name: str = "ours.patch") -> None:
    team.add("nova", "2024.1", name, team.carried("nova", files, f"Carry {name}", start="one"))


def test_a_later_tree_that_this_python_cannot_parse_is_told_by_its_line(team: Team, stackwright: Stackwright) -> None:
    later(team, {POLICIES: POLICY.format(role="admin") + PYTHON_2})
    carry(team, {POLICIES: POLICY.format(role="painter")})
    (found,) = hazards(stackwright).values()
    assert (found["rule"], found["kind"], found["targets"]) == ("unseen", "policy", ["2025.1"])
    assert (found["theirs"]["path"], found["theirs"]["line"]) == (POLICIES, 4)
    assert "does not parse as Python" in found["theirs"]["says"]
    told = stackwright("hazard", "check", status=1).stderr
    assert f"({POLICIES}:3)" in told  # ours
    assert f"nova 2025.1, {POLICIES}:4" in told


def test_a_patch_that_this_python_cannot_parse_is_not_taken_for_one_without_claims(
    team: Team, stackwright: Stackwright
) -> None:
    later(team, {POLICIES: POLICY.format(role="admin")})
    carry(team, {POLICIES: POLICY.format(role="painter") + PYTHON_2})
    (found,) = hazards(stackwright).values()
    assert (found["rule"], found["ours"]["path"], found["ours"]["line"]) == ("unseen", POLICIES, 4)
    assert found["ours"]["file"].startswith("patches/nova/2024.1/ours.patch:")
    assert "cannot be seen what the patch claims of the kind policy" in found["what"]


def test_a_patch_on_a_file_that_did_not_parse_before_is_told_and_one_elsewhere_is_not(
    team: Team, stackwright: Stackwright
) -> None:
    nova = team.upstreams["nova"]
    nova.commit({POLICIES: PYTHON_2}, "Break it")
    nova.git("tag", "--force", "one")
    later(team, {"README": "1\n"})
    carry(team, {"README": "2\n"})
    assert stackwright.json("hazard", "check") == []
    carry(team, {POLICIES: PYTHON_2 + POLICY.format(role="painter")}, "more.patch")
    (found,) = hazards(stackwright).values()
    assert (found["patch"], found["rule"], found["kind"]) == ("more.patch", "unseen", "policy")


def test_a_path_that_moved_to_where_no_rule_looks_is_told_as_not_to_be_seen(
    team: Team, stackwright: Stackwright
) -> None:
    moved = {path.replace("nova/api/", "nova/rest/"): text for path, text in LATER.items() if "nova/api/" in path}
    later(team, {HISTORY: None, REQUEST: None, **moved})
    carry(team, {path: CARRIED[path] for path in (HISTORY, REQUEST)})
    found = hazards(stackwright)
    assert {rule for rule, _ in found} == {"unseen"}
    looked = {one["theirs"]["path"] for one in found.values()}
    assert looked <= {HISTORY, REQUEST}
    assert all("the tree has no such file" in one["theirs"]["says"] for one in found.values())
    assert {one["kind"] for one in found.values()} == {"microversion"}


def test_a_file_that_moved_among_those_of_a_rule_is_found(team: Team, stackwright: Stackwright) -> None:
    later(team, {"nova/policies/paint.py": POLICY.format(role="admin")})
    carry(team, {POLICIES: POLICY.format(role="painter")})
    found = hazards(stackwright)["other-definition", "os:paint"]
    assert (found["ours"]["path"], found["theirs"]["path"]) == (POLICIES, "nova/policies/paint.py")


def test_two_heads_that_a_patch_makes_and_two_that_upstream_has(team: Team, stackwright: Stackwright) -> None:
    ours = f"{VERSIONS}/aaaa_ours.py"
    other = f"{VERSIONS}/bbbb_theirs.py"
    later(team, {other: revision("bbbb", None)})  # upstream has two heads: no fault of a patch
    carry(team, {OBJECTS: str(CARRIED[OBJECTS]).replace("1.39-bbbbbbbb", "1.38-aaaaaaaa") + "# touched\n"})
    assert stackwright.json("hazard", "check") == []
    carry(team, {ours: revision("aaaa", None)}, "heads.patch")
    found = hazards(stackwright)["two-heads", "aaaa"]
    assert found["targets"] == []
    assert found["what"] == "aaaa is a second head beside 13863f4e1612"
    assert "Multiple head revisions are present" in found["happens"]


def test_a_ledger_that_is_wrong_is_told_by_check_together_with_all_else(team: Team, stackwright: Stackwright) -> None:
    entry = "  - {component: nova, kind: microversion, name: '2.97'}\n"
    (team.distribution / "claims.yaml").write_text(f"strickt: true\nclaims:\n{entry}{entry}")
    release = team.distribution / "releases/2024.1.yaml"
    release.write_text(release.read_text() + "pyton: 3\n")
    told = stackwright("check", status=2).stderr
    assert "claims.yaml:1:1: the key 'strickt' is unknown" in told
    assert "did you mean 'strict'?" in told
    assert "releases/2024.1.yaml:5:1: the key 'pyton' is unknown" in told
    (team.distribution / "claims.yaml").write_text(f"claims:\n{entry}{entry}# stackwright: accept\n")
    release.write_text(release.read_text().replace("pyton: 3\n", ""))
    told = stackwright("check", status=2).stderr
    assert "claims.yaml:3:49: microversion '2.97' of nova is reserved twice" in told
    assert "claims.yaml:4:16: 'accept' cannot be read" in told
    (team.distribution / "claims.yaml").write_text(f"claims:\n{entry}")
    assert [row["Component"] for row in stackwright.json("check")] == ["nova"]


def test_two_series_that_cannot_be_read_are_told_at_once(team: Team, stackwright: Stackwright) -> None:
    later(team, LATER)
    for release in ("2024.1", "2025.1"):
        (team.folder("nova", release) / "series").write_text("no-such.patch\n")
    told = stackwright("check", status=2).stderr
    assert "patches/nova/2024.1/series:1" in told
    assert "patches/nova/2025.1/series:1" in told


def test_the_ledger_has_a_schema(tmp_path: Path) -> None:
    done = subprocess.run([COMMAND, "schema", "claims"], check=True, capture_output=True, text=True)
    assert list(json.loads(done.stdout)["properties"]) == ["strict", "claims"]
    subprocess.run([COMMAND, "init", tmp_path / "ours"], check=True, capture_output=True)
    assert (tmp_path / "ours/.schema/claims.json").read_text() == done.stdout
