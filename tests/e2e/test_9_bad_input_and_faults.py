"""Bad input and faults: a clear error, the right exit status, nothing lost, and a cloud that comes up all the same."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from .conftest import STATE, Stackwright, need_root

KILLS = int(os.environ.get("STACKWRIGHT_TEST_KILLS", "20"))
KILLS_A_ROUND = 4


def series(distribution: Path) -> Path:
    return distribution / "patches/nova/2026.2/series"


def test_an_unknown_component(stackwright: Stackwright) -> None:
    assert "did you mean 'nova'?" in stackwright("patch", "status", "nowa", status=2).stderr


def test_an_unknown_release(stackwright: Stackwright) -> None:
    assert "2026.2" in stackwright("patch", "status", "--release", "2026.3", status=2).stderr


def test_an_unknown_site(stackwright: Stackwright) -> None:
    done = subprocess.run([*stackwright.argv, "--site", "loca", "plan"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "did you mean 'local'?" in done.stderr


def test_a_series_that_names_a_missing_file(stackwright: Stackwright, distribution: Path) -> None:
    with series(distribution).open("a") as stream:
        stream.write("missing.patch\n")
    lines = series(distribution).read_text().splitlines()
    message = stackwright("patch", "status", status=2).stderr
    assert f"series:{len(lines)}:1" in message
    assert "missing.patch" in message


@pytest.mark.parametrize("path", ["../outside.py", "/etc/outside", "nova/.git/config"])
def test_a_patch_that_escapes_its_tree(stackwright: Stackwright, distribution: Path, path: str) -> None:
    patch = distribution / "patches/nova/2026.2/escape.patch"
    patch.write_text(f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")
    with series(distribution).open("a") as stream:
        stream.write(f"{patch.name}\n")
    message = stackwright("patch", "status", "nova", status=2).stderr
    assert f"{patch.name}:2" in message or f"{patch.name}:1" in message


def test_a_patch_that_leaves_through_a_symbolic_link(stackwright: Stackwright, distribution: Path) -> None:
    patch = distribution / "patches/nova/2026.2/link.patch"
    patch.write_text(
        "diff --git a/nova/out b/nova/out\nnew file mode 120000\n--- /dev/null\n+++ b/nova/out\n"
        "@@ -0,0 +1 @@\n+../../etc\n\\ No newline at end of file\n"
    )
    with series(distribution).open("a") as stream:
        stream.write(f"{patch.name}\n")
    assert patch.name in stackwright("patch", "status", "nova", status=2).stderr


def test_not_root(stackwright: Stackwright) -> None:
    # In a user namespace without a mapping nobody is root, whoever runs the test.
    done = subprocess.run(
        ["unshare", "--user", *stackwright.argv, "up"], capture_output=True, text=True, check=False, env=stackwright.env
    )
    assert done.returncode == 3, done.stderr
    assert "needs root" in done.stderr


def test_no_space_left(distribution: Path) -> None:
    need_root()
    small = STATE / "small"
    small.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", small], check=True)
    try:
        message = Stackwright(distribution, small)("up", status=3).stderr
    finally:
        subprocess.run(["umount", small], check=True)
    assert str(small) in message
    assert "space" in message


@pytest.mark.cloud
def test_a_port_that_is_taken(minicloud: Stackwright) -> None:
    minicloud("down")
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", minicloud.port("glance-api")))
        squatter.listen()
        message = minicloud("up", status=3).stderr
        assert f"process {os.getpid()}" in message
        assert "ports:" in message
    minicloud("up")


@pytest.mark.cloud
def test_a_service_that_dies_at_start_shows_its_last_log_lines_with_the_step(minicloud: Stackwright) -> None:
    site = minicloud.distribution / "sites/local.yaml"
    good = site.read_text()
    wrong = "  placement: {conf: {placement.conf: {placement_database: {connection: 'nonsense://x'}}}}\n"
    site.write_text(good.replace("values:\n", f"values:\n{wrong}"))
    message = minicloud("up", status=4).stderr
    assert "step placement/" in message
    assert "nonsense" in message
    site.write_text(good)
    minicloud("up")
    assert {row["Health"] for row in minicloud.json("status")} == {"healthy"}


@pytest.mark.cloud
def test_a_guest_whose_tap_is_set_down_has_its_network_again(minicloud: Stackwright) -> None:
    minicloud("smoke", "--keep")
    number = json.loads((minicloud.site / "site.json").read_text())["id"]
    ip = ["ip", "-netns", f"stackwright-{number}", "-json", "link"]
    (tap,) = (
        link["ifname"]
        for link in json.loads(subprocess.check_output([*ip, "show", "type", "tun"]))
        if link["ifname"].startswith("tap")
    )
    subprocess.run([*ip, "set", tap, "down"], check=True)
    until = time.monotonic() + 10
    while "UP" not in json.loads(subprocess.check_output([*ip, "show", tap]))[0]["flags"]:
        assert time.monotonic() < until, f"{tap} stays down"
        time.sleep(0.05)
    assert {row["Result"] for row in minicloud.json("smoke", "--server", "demo")} == {"ok"}
    minicloud("smoke", "--clean")


@pytest.mark.cloud
def test_up_twice_at_once_the_second_says_who_holds_the_lock(minicloud: Stackwright) -> None:
    minicloud("down")
    first = minicloud.start("up")
    try:
        time.sleep(2)
        message = minicloud("up", status=3).stderr
        assert f"process {first.pid}" in message
    finally:
        assert first.wait(300) == 0


@pytest.mark.cloud
def test_killed_at_random_moments_the_next_up_goes_on_and_the_proof_passes(distribution: Path) -> None:
    need_root()
    moments = random.Random(20261120)
    cloud = Stackwright(distribution, STATE / "killed").fresh()
    try:
        for round_ in range(KILLS // KILLS_A_ROUND):
            for _ in range(KILLS_A_ROUND):
                run = cloud.start("up")
                time.sleep(moments.uniform(0.5, 15))
                run.send_signal(signal.SIGKILL)
                run.wait()
            cloud("up")
            assert {row["Result"] for row in cloud.json("smoke")} == {"ok"}, f"round {round_}"
            assert cloud.json("plan") == []
            if round_ % 2:
                cloud("down")
            else:
                cloud("destroy", "--yes")
    finally:
        cloud.fresh()
