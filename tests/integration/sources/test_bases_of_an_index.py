"""Where a series is tried on another release or version, that one's pins hold, not those of the series' release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.distribution import load
from stackwright.events import Events
from stackwright.sources.bases import Asked, Base, Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from pathlib import Path

# Two releases of a small library, each with the day after which nothing of the package index is taken.
VERSIONS = {"2025.1": ("3.5.0", "2025-01-20"), "2026.1": ("3.9.0", "2026-02-01")}


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    root = tmp_path / "distribution"
    (root / "releases").mkdir(parents=True)
    (root / "distribution.yaml").write_text("name: team\n")
    for release, (version, day) in VERSIONS.items():
        (root / f"releases/{release}.yaml").write_text(
            f'python: "3.11"\npins: {{exclude-newer: {day}}}\n'
            f"components: {{oslo.privsep: {{source: {{pypi: oslo.privsep, version: {version}}}}}}}\n"
        )
    return Bases(load(root), store=Store(tmp_path / "store.git"), memo=Memo(tmp_path), cache=tmp_path, events=Events())


@pytest.mark.parametrize("against", ["2026.1", "3.9.0"])
def test_a_later_release_or_version_is_found_behind_the_own_release_s_day(bases: Bases, against: str) -> None:
    asked = Asked("2025.1", "oslo.privsep", against)
    base = bases.find([asked])[asked]
    assert isinstance(base, Base)
    assert "oslo.privsep 3.9.0" in base.origin
