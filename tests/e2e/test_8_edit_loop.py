"""Promise 8: with the cloud up, a changed patch rebuilds one wheel and restarts only the processes that use it."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from .conftest import EXAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Stackwright

pytestmark = pytest.mark.cloud


@pytest.fixture
def edited(minicloud: Stackwright) -> Iterator[Stackwright]:
    """The cloud, whose patches a test may change: they and it are afterwards as they were, whatever came of it."""
    patches = minicloud.distribution / "patches"
    yield minicloud
    shutil.rmtree(patches)
    shutil.copytree(EXAMPLE / "patches", patches)
    minicloud("up")


def header_of_our_own() -> str:
    """A name that no earlier run has built a wheel with."""
    return f"OpenStack-Our{secrets.token_hex(4)}-Build"


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


def test_a_changed_patch_is_seen_in_the_api_and_only_its_processes_restart(edited: Stackwright) -> None:
    edited("smoke", "--keep")
    (patch,) = (edited.distribution / "patches/nova/2026.2").glob("0002-*.patch")
    assert "OpenStack-Nova-Build" in headers(edited, "nova-api")
    before = {row["Process"]: row["PID"] for row in edited.json("status")}
    ours = header_of_our_own()
    edit(patch, "OpenStack-Nova-Build", ours)
    planned = {row["Step"] for row in edited.json("plan")}
    said = edited("up").stderr
    assert ours in headers(edited, "nova-api")
    after = {row["Process"]: row["PID"] for row in edited.json("status")}
    restarted = {name for name in before if before[name] != after[name]}
    assert restarted == {name for name in before if name.startswith("nova-")}
    assert planned >= {"nova/wheel", "nova/environment", "nova/api"}
    assert not any(step.startswith(("keystone/", "glance/", "neutron/", "placement/")) for step in planned)
    assert "nova/wheel" in said
    assert "restart" in said
    # The server that ran meanwhile still runs, and nova's compute service, started anew, knows it.
    assert {row["Result"] for row in edited.json("smoke", "--server", "demo")} == {"ok"}
    assert "login:" in edited("console", "--type", "log", "demo").stdout
    edited("smoke", "--clean")


def test_a_change_taken_back_costs_a_restart_only(edited: Stackwright) -> None:
    (patch,) = (edited.distribution / "patches/nova/2026.2").glob("0002-*.patch")
    ours = header_of_our_own()
    edit(patch, "OpenStack-Nova-Build", ours)
    edited("up")
    edit(patch, ours, "OpenStack-Nova-Build")
    planned = {row["Step"] for row in edited.json("plan")}
    assert planned >= {"nova/api", "nova/compute"}
    assert not planned & {"nova/wheel", "nova/environment"}
    edited("up")
    assert "OpenStack-Nova-Build" in headers(edited, "nova-api")


def test_a_changed_library_patch_restarts_every_service_that_has_it(edited: Stackwright) -> None:
    (patch,) = (edited.distribution / "patches/oslo.middleware/2026.2").glob("0001-*.patch")
    edit(patch, "app;dur", "srv;dur")
    edited("up")
    for port in ("keystone-api", "nova-api", "placement-api", "neutron-api"):
        assert "srv;dur" in str(headers(edited, port)), port


def test_a_patch_taken_out_of_the_series_is_gone(edited: Stackwright) -> None:
    series = edited.distribution / "patches/nova/2026.2/series"
    series.write_text("\n".join(line for line in series.read_text().splitlines() if not line.startswith("0002")) + "\n")
    edited("up")
    assert "OpenStack-Nova-Build" not in headers(edited, "nova-api")


def test_what_the_patches_promise_is_seen_with_the_stock_client(minicloud: Stackwright) -> None:
    refused = minicloud.openstack("user", "create", "--password", "password", "somebody", status=1)
    assert "common passwords" in refused
    assert "dur=" in headers(minicloud, "keystone-api").get("Server-Timing", "")
