"""Promise 8: with the cloud up, a changed patch rebuilds one wheel and restarts only the processes that use it."""

from __future__ import annotations

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from .conftest import Stackwright

pytestmark = pytest.mark.cloud


def headers(cloud: Stackwright, name: str) -> dict[str, str]:
    """Give the headers of an API's list of versions, which keystone answers with 300 Multiple Choices."""
    try:
        with urlopen(f"http://127.0.0.1:{cloud.port(name)}/", timeout=10) as answer:
            return dict(answer.headers)
    except HTTPError as answer:
        return dict(answer.headers)


def edit(patch: Path, old: str, new: str) -> None:
    text = patch.read_text()
    assert old in text
    patch.write_text(text.replace(old, new))


def test_a_changed_patch_is_seen_in_the_api_and_only_its_processes_restart(minicloud: Stackwright) -> None:
    minicloud("smoke", "--keep")
    (patch,) = (minicloud.distribution / "patches/nova/2026.2").glob("0002-*.patch")
    assert "OpenStack-Nova-Build" in headers(minicloud, "nova-api")
    before = {row["Process"]: row["PID"] for row in minicloud.json("status")}
    edit(patch, "OpenStack-Nova-Build", "OpenStack-Our-Build")
    planned = {row["Step"] for row in minicloud.json("plan")}
    said = minicloud("up").stderr
    assert "OpenStack-Our-Build" in headers(minicloud, "nova-api")
    after = {row["Process"]: row["PID"] for row in minicloud.json("status")}
    restarted = {name for name in before if before[name] != after[name]}
    assert restarted == {name for name in before if name.startswith("nova-")}
    assert planned >= {"nova/wheel", "nova/environment", "nova/api"}
    assert not any(step.startswith(("keystone/", "glance/", "neutron/", "placement/")) for step in planned)
    assert "nova/wheel" in said
    assert "restart" in said
    # The server that ran meanwhile still runs, and nova's compute service, started anew, knows it.
    assert {row["Result"] for row in minicloud.json("smoke", "--server", "demo")} == {"ok"}
    assert "login:" in minicloud("console", "--type", "log", "demo").stdout
    edit(patch, "OpenStack-Our-Build", "OpenStack-Nova-Build")
    minicloud("up")
    assert "OpenStack-Nova-Build" in headers(minicloud, "nova-api")
    minicloud("smoke", "--clean")


def test_a_changed_library_patch_restarts_every_service_that_has_it(minicloud: Stackwright) -> None:
    (patch,) = (minicloud.distribution / "patches/oslo.middleware/2026.2").glob("0001-*.patch")
    edit(patch, "app;dur", "srv;dur")
    minicloud("up")
    for port in ("keystone-api", "nova-api", "placement-api", "neutron-api"):
        assert "srv;dur" in str(headers(minicloud, port)), port
    edit(patch, "srv;dur", "app;dur")
    minicloud("up")


def test_a_patch_taken_out_of_the_series_is_gone(minicloud: Stackwright) -> None:
    series = minicloud.distribution / "patches/nova/2026.2/series"
    kept = series.read_text()
    series.write_text("\n".join(line for line in kept.splitlines() if not line.startswith("0002")) + "\n")
    minicloud("up")
    assert "OpenStack-Nova-Build" not in headers(minicloud, "nova-api")
    series.write_text(kept)
    minicloud("up")
    assert "OpenStack-Nova-Build" in headers(minicloud, "nova-api")


def test_what_the_patches_promise_is_seen_with_the_stock_client(minicloud: Stackwright) -> None:
    refused = minicloud.openstack("user", "create", "--password", "password", "somebody", status=1)
    assert "common passwords" in refused
    assert "dur=" in headers(minicloud, "keystone-api").get("Server-Timing", "")
