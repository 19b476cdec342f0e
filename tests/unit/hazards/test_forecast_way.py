"""The hops from a release to a later one, with and without releases left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import load
from stackwright.errors import InputError
from stackwright.hazards.forecast.model import Finding, Hop, Weight
from stackwright.hazards.forecast.way import way

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Way:
    """What is told of the way through a distribution that has these releases."""

    def __init__(self, root: Path, releases: Sequence[str], start: str, end: str, *, skip_level: bool = False) -> None:
        (root / "releases").mkdir()
        (root / "distribution.yaml").write_text("name: team\n")
        for name in releases:
            (root / f"releases/{name}.yaml").write_text(
                'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
                "components: {nova: {source: {pypi: nova, version: 34.0.0}}}\n"
            )
        self.hops, self.findings = way(load(root), start, end, skip_level=skip_level)

    def only(self) -> Finding:
        (found,) = self.findings
        return found


YEARS = ("2024.1", "2024.2", "2025.1", "2025.2", "2026.1")


def test_every_release_between_is_entered(tmp_path: Path) -> None:
    told = Way(tmp_path, YEARS, "2024.2", "2025.2")
    assert told.hops == [Hop("2024.2", "2025.1"), Hop("2025.1", "2025.2")]
    assert told.findings == []


def test_only_the_second_release_of_a_year_is_left_out(tmp_path: Path) -> None:
    told = Way(tmp_path, YEARS, "2024.1", "2025.2", skip_level=True)
    assert told.hops == [Hop("2024.1", "2025.1"), Hop("2025.1", "2025.2")]
    assert told.findings == []


def test_two_at_once_are_not_left_out(tmp_path: Path) -> None:
    told = Way(tmp_path, ("2024.1", "2025.1", "2026.1"), "2024.1", "2026.1", skip_level=True)
    assert told.hops == [Hop("2024.1", "2025.1"), Hop("2025.1", "2026.1")]
    assert told.findings == []


def test_a_way_on_which_none_can_be_left_out_is_noted(tmp_path: Path) -> None:
    told = Way(tmp_path, YEARS, "2024.2", "2025.1", skip_level=True)
    assert told.hops == [Hop("2024.2", "2025.1")]
    assert (told.only().weight, told.only().name) == (Weight.NOTE, "2024.2 to 2025.1")


def test_a_release_that_the_distribution_lacks_stops_it(tmp_path: Path) -> None:
    told = Way(tmp_path, ("2024.1", "2025.1"), "2024.1", "2025.1")
    assert told.hops == [Hop("2024.1", "2025.1")]
    assert (told.only().weight, told.only().name) == (Weight.STOP, "2024.2")
    assert told.only().step == (
        "write releases/2024.2.yaml, or leave it out: `stackwright upgrade forecast 2024.1 2025.1 --skip-level`"
    )


def test_one_that_cannot_be_left_out_is_only_to_be_written(tmp_path: Path) -> None:
    told = Way(tmp_path, ("2024.1", "2026.1"), "2024.1", "2026.1", skip_level=True)
    assert (told.only().name, told.only().step) == ("2025.1", "write releases/2025.1.yaml")


def test_master_comes_last_and_named_releases_first(tmp_path: Path) -> None:
    told = Way(tmp_path, ("master", "zed", "2023.1", "2023.2"), "zed", "master")
    assert told.hops == [Hop("zed", "2023.1"), Hop("2023.1", "2023.2"), Hop("2023.2", "master")]


@pytest.mark.parametrize(
    ("start", "end", "what", "fix"),
    [
        ("2025.1", "2024.1", "release 2024.1 does not come after 2025.1", "stackwright upgrade forecast 2024.1 2025.1"),
        ("2024.1", "2024.1", "release 2024.1 does not come after 2024.1", "name a later release"),
        ("2024.1", "2024.3", "there is no release '2024.3'", "did you mean"),
    ],
)
def test_a_way_that_is_none_is_refused(tmp_path: Path, start: str, end: str, what: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        Way(tmp_path, YEARS, start, end)
    assert what in caught.value.what
    assert fix in caught.value.fix
