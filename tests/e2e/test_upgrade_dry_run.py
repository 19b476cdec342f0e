"""The migrations of an upgrade are run before it, on a database server of their own, and what is wrong is a no-go."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.carried_nova import NEW, OLD, CarriedNova

from .conftest import Stackwright

if TYPE_CHECKING:
    from pathlib import Path

needs_mariadb = pytest.mark.skipif(
    shutil.which("mariadbd") is None, reason="needs mariadbd: apt-get install mariadb-server-core"
)


@pytest.fixture
def nova(tmp_path: Path) -> CarriedNova:
    return CarriedNova(tmp_path)


@pytest.fixture
def stackwright(nova: CarriedNova, tmp_path: Path) -> Stackwright:
    return Stackwright(nova.root, tmp_path / "state")


def database_findings(stackwright: Stackwright, *words: str, status: int) -> dict[str, list[str]]:
    """Give what is said of databases, by weight."""
    file = stackwright.state.parent / "forecast.json"
    stackwright("upgrade", "forecast", OLD, NEW, "--json", str(file), *words, status=status)
    (page,) = json.loads(file.read_text())["pages"]
    found: list[dict[str, Any]] = [one for one in page["findings"] if one["subject"] == "database"]
    return {weight: [one["what"] for one in found if one["weight"] == weight] for weight in ("stop", "step", "note")}


@needs_mariadb
def test_a_migration_that_exits_clean_and_leaves_a_constraint_out_is_shown_and_is_a_no_go(
    nova: CarriedNova, stackwright: Stackwright
) -> None:
    nova.carry_revision()
    stops = "\n".join(database_findings(stackwright, "--run", status=1)["stop"])
    # The graphs alone say it, ...
    assert "a database stamped at 2903cd72dc14 counts as having it, so it is skipped" in stops
    # ... and the real databases show it.
    assert "share_mapping.uniq_key_pairs0instance_uuid0share_id of the database nova is not there" in stops


@needs_mariadb
def test_without_the_patch_the_real_migrations_end_well(stackwright: Stackwright) -> None:
    found = database_findings(stackwright, "--run", status=0)
    assert not found["stop"]
    assert any("what comes out is as new: nova, nova_api, nova_cell0" in note for note in found["note"])


def test_without_run_the_graphs_alone_say_it(nova: CarriedNova, stackwright: Stackwright) -> None:
    nova.carry_revision()
    stops = "\n".join(database_findings(stackwright, status=1)["stop"])
    assert "so it is skipped" in stops
    assert "after the upgrade" not in stops


def test_without_a_database_server_it_says_what_to_install(stackwright: Stackwright, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("git", "python3", "env"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or "")
    told = Stackwright(stackwright.distribution, stackwright.state, {"PATH": str(tmp_path / "bin")})
    done = told("upgrade", "forecast", OLD, NEW, "--run", status=3)
    assert "mariadb-server-core" in done.stderr
