"""Promise 7: the smoke test proves the whole way, and leaves nothing behind."""

from __future__ import annotations

import json

import pytest

from .conftest import Stackwright

pytestmark = pytest.mark.cloud

PROMISED = {
    "image",
    "flavor",
    "network",
    "router",
    "floating-ip",
    "active",
    "lease",
    "login",
    "metadata",
    "config-drive",
    "ping",
    "novnc",
    "spice-direct",
    "delete",
}


def test_smoke_proves_every_promise(minicloud: Stackwright) -> None:
    rows = minicloud.json("smoke")
    assert {row["Check"] for row in rows} >= PROMISED
    assert {row["Result"] for row in rows} == {"ok"}


def test_smoke_leaves_nothing_behind(minicloud: Stackwright) -> None:
    minicloud("smoke")
    for kind in ("server", "port", "network", "router", "floating ip", "image"):
        listed = json.loads(minicloud.openstack(*kind.split(), "list", "-f", "json"))
        assert [row for row in listed if "smoke" in str(row)] == []


def test_a_cloud_that_does_not_work_fails_the_proof_with_the_reason(minicloud: Stackwright) -> None:
    minicloud.openstack("compute", "service", "set", "--disable", *compute_host(minicloud), "nova-compute")
    try:
        message = minicloud("smoke", status=1).stderr
    finally:
        minicloud.openstack("compute", "service", "set", "--enable", *compute_host(minicloud), "nova-compute")
    assert "the proof failed at active" in message
    assert "No valid host was found" in message


def compute_host(cloud: Stackwright) -> list[str]:
    (service,) = json.loads(cloud.openstack("compute", "service", "list", "--service", "nova-compute", "-f", "json"))
    return [service["Host"]]
