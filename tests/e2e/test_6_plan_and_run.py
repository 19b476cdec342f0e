"""Promise 6: a plan with reasons, a run in parallel and journaled, and the commands on a running cloud."""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.opened import opened

from .conftest import STATE, Stackwright

pytestmark = pytest.mark.cloud


def test_the_plan_of_a_new_site_gives_a_reason_for_each_step_and_changes_nothing(stackwright: Stackwright) -> None:
    rows = stackwright.json("plan")
    assert len(rows) > 40
    assert all(row["Why"] for row in rows)
    assert not stackwright.site.exists()


def test_after_up_the_plan_is_empty(minicloud: Stackwright) -> None:
    assert minicloud.json("plan") == []
    assert "Nothing to do" in minicloud("up").stdout


def test_steps_ran_in_parallel_and_are_in_the_journal(minicloud: Stackwright) -> None:
    first = min(int(row["Run"]) for row in minicloud.json("runs"))
    steps = minicloud.json("runs", str(first))
    elapsed = next(float(row["Seconds"]) for row in minicloud.json("runs") if int(row["Run"]) == first)
    assert sum(float(step["Seconds"]) for step in steps) > 1.5 * elapsed
    assert all(Path(step["Log"]).parent.is_dir() for step in steps)


def test_status_lists_every_process_as_healthy(minicloud: Stackwright) -> None:
    rows = minicloud.json("status")
    assert {row["Health"] for row in rows} == {"healthy"}
    assert {"nova-api", "nova-compute", "neutron-api", "mariadb-server", "ovn-vswitchd"} <= {
        row["Process"] for row in rows
    }


def test_logs_shows_a_services_log(minicloud: Stackwright) -> None:
    assert "nova" in minicloud("logs", "nova-compute", "-n", "200").stdout


def test_logs_follows(minicloud: Stackwright) -> None:
    following = subprocess.Popen(
        [*minicloud.argv, "logs", "-f", "-n", "0", "nova-conductor"], stdout=subprocess.PIPE, env=minicloud.env
    )
    try:
        time.sleep(2)
        minicloud("restart", "nova-conductor")
        time.sleep(1)
    finally:
        following.kill()
    assert b"conductor" in following.communicate()[0]


def test_restart_gives_a_process_a_new_pid(minicloud: Stackwright) -> None:
    before = {row["Process"]: row["PID"] for row in minicloud.json("status")}
    minicloud("restart", "placement")
    after = {row["Process"]: row["PID"] for row in minicloud.json("status")}
    assert {name for name in before if before[name] != after[name]} == {"placement-api"}


def test_the_stock_client_works_with_env(minicloud: Stackwright) -> None:
    listed = json.loads(minicloud.openstack("endpoint", "list", "-f", "json"))
    assert {row["Service Name"] for row in listed} == {"keystone", "glance", "placement", "nova", "neutron"}


def test_everything_listens_on_this_machine_only(minicloud: Stackwright) -> None:
    listed = subprocess.run(["ss", "-Hltnp"], check=True, capture_output=True, text=True).stdout
    pids = {str(row["PID"]) for row in minicloud.json("status")}
    ours = [line.split()[3] for line in listed.splitlines() if pids & set(re.findall(r"pid=(\d+)", line))]
    assert ours
    # The link to the compute host is between this machine and a namespace on it.
    link = json.loads((minicloud.site / "site.json").read_text())["number"]
    assert {address.rpartition(":")[0] for address in ours} <= {"127.0.0.1", "[::1]", f"172.25.{link}.1"}


def test_passwords_are_in_files_of_their_owner_and_nowhere_else(minicloud: Stackwright) -> None:
    passwords = set(opened(minicloud.distribution).values())
    assert passwords
    shown = minicloud("up").stderr + minicloud("plan", "--all").stdout + minicloud("env").stdout
    shown += Path("/proc/self/mounts").read_text()
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            shown += process.read_bytes().decode(errors="replace")
        except OSError:
            continue
    for log in (*minicloud.site.rglob("*.log"), minicloud.site / "journal.sqlite"):
        shown += log.read_text(errors="replace")
    assert [password for password in passwords if password in shown] == []
    for file in minicloud.site.rglob("*"):
        if file.is_file() and file.stat().st_mode & 0o044 and file.stat().st_size < 2**20:
            text = file.read_text(errors="replace")
            assert not any(password in text for password in passwords), file


def test_a_server_of_the_user_comes_back_after_down_and_up(minicloud: Stackwright) -> None:
    minicloud("smoke", "--keep")
    minicloud("down")
    assert {row["Health"] for row in minicloud.json("status", status=1)} == {"not running"}
    assert subprocess.run(["pgrep", "-f", str(minicloud.site)], check=False, capture_output=True).stdout == b""
    minicloud("up")
    rows = minicloud.json("smoke", "--server", "demo")
    assert {row["Result"] for row in rows} == {"ok"}


def test_console_gives_an_address_that_answers(minicloud: Stackwright) -> None:
    minicloud("smoke", "--keep")
    url = minicloud("console", "demo").stdout.strip()
    with urlopen(url, timeout=10) as page:
        assert b"noVNC" in page.read()
    assert "login:" in minicloud("console", "--type", "log", "demo").stdout
    assert "did you mean 'demo'?" in minicloud("console", "dmo", status=2).stderr
    minicloud("smoke", "--clean")


def test_two_clouds_run_side_by_side(minicloud: Stackwright, distribution: Path) -> None:
    other = Stackwright(distribution, STATE / "other").fresh()
    try:
        other("up")
        other("smoke")
        assert {row["Health"] for row in minicloud.json("status")} == {"healthy"}
        assert other.port("nova-api") != minicloud.port("nova-api")
    finally:
        other("destroy", "--yes")
    assert {row["Health"] for row in minicloud.json("status")} == {"healthy"}
    assert not other.site.exists()


def test_destroy_asks_first(minicloud: Stackwright) -> None:
    assert "destroy --yes" in minicloud("destroy", status=2).stderr
