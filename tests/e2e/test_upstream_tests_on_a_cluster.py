"""Upstream's tests run on the workers of a cluster, and what they have shown counts when a channel is promoted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cluster import DaskCluster
from tests.widget import team_with_widget

from .test_upstream_tests import BREAKS_TWICE, HARMLESS, TWICE, carry, command

if TYPE_CHECKING:
    from pathlib import Path


def test_workers_find_what_is_found_here(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    carry(team, harmless=HARMLESS, breaks=BREAKS_TWICE)
    stackwright = command(team, tmp_path)
    with DaskCluster(tmp_path / "dask") as dask:
        dask.worker()
        dask.worker()
        rows = stackwright.json("test", "widget", "r", "--all", "--scheduler", dask.address, status=1)
        assert [(row["Kind"], row["Test"], row["Patch"]) for row in rows] == [("regression", TWICE, "breaks.patch")]
    # What workers have run is known here, too.
    assert "0 runs of tests now" in stackwright("test", "widget", "r", "--all", status=1).stderr


def test_a_scheduler_that_does_not_answer_is_told(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    stackwright = command(team, tmp_path)
    told = stackwright("test", "widget", "r", "--all", "--scheduler", "tcp://127.0.0.1:9", status=3).stderr
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in told
    assert "fix: start one: `dask scheduler`" in told
    assert "write tcp://HOST:8786" in stackwright("test", "widget", "r", "--scheduler", "nowhere://x", status=2).stderr


def test_what_was_shown_of_a_patched_tree_is_kept_for_a_promotion(tmp_path: Path) -> None:
    team = team_with_widget(tmp_path)
    carry(team, harmless=HARMLESS)
    stackwright = command(team, tmp_path)
    stackwright("test", "widget", "r", "--tests", "twice")
    stackwright("test", "widget", "r", "--skip")
    proofs = stackwright.state / "proofs/tests"
    assert not proofs.exists()  # a part proves nothing
    stackwright("test", "widget", "r", "--all")
    (file,) = proofs.glob("*/*.json")
    shown = json.loads(file.read_text())
    assert (shown["component"], shown["scope"], shown["passed"], shown["failed"]) == ("widget", "all", 15, 0)
    stackwright("test", "widget", "r")
    scopes = {json.loads(file.read_text())["scope"] for file in proofs.glob("*/*.json")}
    assert scopes == {"all", "affected"}
