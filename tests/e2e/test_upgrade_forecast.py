"""What happens on the way to a later release is told before anything happens: patches, hazards, databases."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.team import Team

from .conftest import Stackwright
from .test_hazards import BASE, CARRIED, LATER

if TYPE_CHECKING:
    from pathlib import Path

NOTE = "nova/note.py"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """A team that carries a feature and two small patches on 2024.1; upstream does otherwise in 2025.1."""
    team = Team(tmp_path)
    nova = team.component(
        "nova", {**BASE, NOTE: "old = 1\n", "nova/kept.py": "kept = 1\n", "nova/left.py": "left = 1\n"}
    )
    nova.git("tag", "one")
    nova.commit({**LATER, NOTE: "old = 2\n"}, "Do otherwise")
    nova.git("tag", "two")
    team.release("2024.1", {"nova": "one"})
    team.release("2025.1", {"nova": "two"})
    for name, files in (
        ("taken", {NOTE: "old = 2\n"}),
        ("kept", {"nova/kept.py": "kept = 2\n"}),
        ("left", {"nova/left.py": "left = 2\n"}),
    ):
        text = team.carried("nova", files, f"Make it {name}", start="one")
        team.add("nova", "2024.1", f"{name}.patch", text)
        if name == "kept":
            team.add("nova", "2025.1", f"{name}.patch", text)
    return team


@pytest.fixture
def stackwright(team: Team, tmp_path: Path) -> Stackwright:
    return Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})


def with_feature(team: Team) -> None:
    text = team.carried("nova", CARRIED, "Show secure boot", start="one")
    team.add("nova", "2024.1", "secure-boot.patch", text)


def forecast(stackwright: Stackwright, *words: str, status: int = 0) -> dict[str, Any]:
    file = stackwright.state.parent / "forecast.json"
    stackwright("upgrade", "forecast", "--json", str(file), *words, status=status)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_each_patch_is_kept_taken_by_upstream_or_dropped_and_what_is_dropped_is_a_step(
    stackwright: Stackwright,
) -> None:
    found = forecast(stackwright, "2024.1", "2025.1", "--skip-level")
    (page,) = found["pages"]
    assert {one["subject"]: one["fate"] for one in page["fates"]} == {
        "Make it taken": "upstream", "Make it kept": "kept", "Make it left": "dropped",
    }  # fmt: skip
    assert found["verdict"] == "go with these steps"
    (step,) = [one for one in page["findings"] if one["weight"] == "step"]
    assert (step["subject"], step["name"]) == ("patch", "Make it left")
    assert "stackwright patch rebase nova 2024.1 2025.1" in step["step"]


def test_hazards_on_the_way_and_a_database_that_skips_a_revision_are_a_no_go(
    stackwright: Stackwright, team: Team
) -> None:
    with_feature(team)
    found = forecast(stackwright, "2024.1", "2025.1", "--skip-level", status=1)
    assert found["verdict"] == found["pages"][0]["verdict"] == "no-go"
    stops = [one for one in found["pages"][0]["findings"] if one["weight"] == "stop"]
    assert any(one["name"].startswith("nova-other-parent-2903cd72dc14") for one in stops)
    assert any(one["subject"] == "database" and "d60bddf7a903" in one["what"] for one in stops)


def test_the_way_of_a_database_names_each_revision_and_what_it_does(stackwright: Stackwright) -> None:
    found = forecast(stackwright, "2024.1", "2025.1", "--skip-level")
    (path,) = found["pages"][0]["migrations"]
    assert (path["branch"], path["start"], path["end"]) == ("main", ["13863f4e1612"], ["2903cd72dc14"])
    assert [move["revision"] for move in path["moves"]] == ["d60bddf7a903", "2903cd72dc14"]
    assert "uniq_instances0uuid" in path["moves"][0]["operations"][0]


def test_a_release_between_that_the_distribution_does_not_have_stops_the_way_unless_it_may_be_left_out(
    stackwright: Stackwright,
) -> None:
    found = forecast(stackwright, "2024.1", "2025.1", status=1)
    assert [one["name"] for one in found["findings"]] == ["2024.2"]
    assert "--skip-level" in found["findings"][0]["step"]


def test_every_hop_has_its_pages(stackwright: Stackwright, team: Team) -> None:
    team.release("2024.2", {"nova": "one"})
    found = forecast(stackwright, "2024.1", "2025.1")
    assert found["hops"] == [{"start": "2024.1", "end": "2024.2"}, {"start": "2024.2", "end": "2025.1"}]
    assert [page["hop"] for page in found["pages"]] == found["hops"]


def test_a_way_that_goes_back_or_to_no_release_is_refused(stackwright: Stackwright) -> None:
    told = stackwright("upgrade", "forecast", "2025.1", "2024.1", status=2).stderr
    assert "release 2024.1 does not come after 2025.1" in told
    assert "there is no release '2025.3'" in stackwright("upgrade", "forecast", "2024.1", "2025.3", status=2).stderr


def test_a_later_series_that_does_not_apply_is_a_no_go(stackwright: Stackwright, team: Team) -> None:
    text = team.carried("nova", {NOTE: "old = 3\n"}, "Make it otherwise", start="one")
    team.add("nova", "2025.1", "otherwise.patch", text)
    found = forecast(stackwright, "2024.1", "2025.1", "--skip-level", status=1)
    (stop,) = [one for one in found["pages"][0]["findings"] if one["weight"] == "stop"]
    assert stop["name"] == "Make it otherwise"
    assert "stackwright patch rebase nova 2025.1" in stop["step"]
