"""Secrets of a running cloud: rotated with the steps it needs and no others, whatever cuts that off; and never told."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from stackwright.events import conceal, concealed
from tests.opened import opened

from .conftest import STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.cloud

SITE = 'release: "2026.2"\ntarget: local\nregion: RegionOne\nservices: [keystone, rabbitmq]\n'


def pids(cloud: Stackwright) -> dict[str, int]:
    return {row["Process"]: row["PID"] for row in cloud.json("status")}


def access(cloud: Stackwright) -> tuple[str, str]:
    """Give the identity service's address, and the administrator's password."""
    (one,) = yaml.safe_load((cloud.site / "clouds.yaml").read_text())["clouds"].values()
    return one["auth"]["auth_url"], one["auth"]["password"]


def token(url: str, password: str) -> requests.Response:
    who = {"name": "admin", "domain": {"id": "default"}, "password": password}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": scope}}
    return requests.post(f"{url}/auth/tokens", json=body, timeout=60)


def answers(cloud: Stackwright) -> None:
    """See that every service answers as its user, and that nova's speak with each other."""
    for words in (("image", "list"), ("network", "list"), ("server", "list")):
        cloud.openstack(*words)
    services = json.loads(cloud.openstack("compute", "service", "list", "-f", "json"))
    assert {row["State"] for row in services} == {"up"}


def lacking(cloud: Stackwright) -> list[str]:
    return [row["Step"] for row in cloud.json("plan")]


def test_exactly_the_readers_are_restarted_and_the_cloud_answers(minicloud: Stackwright) -> None:
    before, (url, old) = pids(minicloud), access(minicloud)
    kept = opened(minicloud.distribution)
    names = ("nova-database", "nova-identity", "keystone-admin")
    said = minicloud("secret", "rotate", *names).stdout
    for step in ("nova/config", "nova/databases", "keystone/administrator", "nova/api", "nova/compute"):
        assert f"  {step} " in said
    after = pids(minicloud)
    assert {name.partition("-")[0] for name in after if after[name] != before[name]} == {"nova"}
    assert all(after[name] != before[name] for name in after if name.startswith("nova-"))
    now = opened(minicloud.distribution)
    assert {name for name in now if now[name] != kept[name]} == set(names)
    assert access(minicloud)[1] == now["keystone-admin"] != old
    assert token(url, old).status_code == 401
    assert token(url, now["keystone-admin"]).status_code == 201
    assert lacking(minicloud) == []
    answers(minicloud)


def test_a_secret_of_the_database_alone_restarts_those_that_have_it(minicloud: Stackwright) -> None:
    before = pids(minicloud)
    minicloud("secret", "rotate", "nova-database")
    after = pids(minicloud)
    assert after["nova-api"] != before["nova-api"]
    assert after["nova-compute"] == before["nova-compute"]  # which has no database
    assert lacking(minicloud) == []


def test_a_rotation_of_everything_that_is_killed_is_finished_by_up(minicloud: Stackwright) -> None:
    kept = opened(minicloud.distribution)
    running = minicloud.start("secret", "rotate", "--all")
    until = time.monotonic() + 120
    while opened(minicloud.distribution) == kept and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(4)
    running.send_signal(signal.SIGKILL)
    running.wait()
    now = opened(minicloud.distribution)
    assert all(now[name] != kept[name] for name in kept)
    assert lacking(minicloud) != []
    minicloud("up")
    assert lacking(minicloud) == []
    assert opened(minicloud.distribution) == now
    answers(minicloud)


def test_tokens_outlive_a_rotation_of_their_keys(minicloud: Stackwright) -> None:
    url, password = access(minicloud)
    own = token(url, password).headers["X-Subject-Token"]
    folder = minicloud.site / "data/keystone/fernet"
    before = {file.name for file in folder.iterdir()}
    minicloud("secret", "rotate", "keystone-fernet", "keystone-credential")
    assert {file.name for file in folder.iterdir()} > before or len(before) == 3
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
    asked = requests.get(f"{url}/auth/tokens", headers={"X-Auth-Token": own, "X-Subject-Token": own}, timeout=60)
    assert asked.status_code == 200
    assert lacking(minicloud) == []


def test_nothing_that_runs_have_written_shows_a_secret(minicloud: Stackwright) -> None:
    said = minicloud("secret", "rotate", "placement-identity")
    values = opened(minicloud.distribution)
    assert len(values) == len(set(values.values())) == 12
    shown = said.stdout + said.stderr
    shown += "".join(
        done.stdout + done.stderr
        for done in (minicloud("up"), minicloud("plan", "--all"), minicloud("status"), minicloud("secret", "audit"))
    )
    places = [minicloud.site / "journal.sqlite", minicloud.site / "site.json", minicloud.site / "lock"]
    places += [*minicloud.site.glob("steps/**/*.log"), *minicloud.site.glob("log/*.log*")]
    assert len(places) > 30
    for file in places:
        shown += file.read_text(errors="replace")
    conceal(values.values())
    assert concealed(shown) == shown
    assert not [value for value in values.values() if base64.b64encode(value.encode()).decode().rstrip("=") in shown]


def test_an_audit_finds_nothing_until_a_file_is_opened_and_up_mends_it(minicloud: Stackwright) -> None:
    rows = minicloud.json("secret", "audit")
    assert {row["Secret"] for row in rows} == set(opened(minicloud.distribution))
    assert {row["Mode"] for row in rows if "/etc/" in row["Where"]} == {"0600"}
    assert [row for row in rows if row["Secret"] == "rabbitmq-password" and row["User"] == "rabbitmq"]
    file = minicloud.site / "etc/nova/nova.conf"
    file.chmod(0o644)
    found = [row for row in minicloud.json("secret", "audit", status=1) if row["Finding"]]
    assert {row["Where"] for row in found} == {str(file)}
    assert {row["Finding"] for row in found} == {f"everybody can read it: chmod 600 {file}"}
    minicloud("up")
    assert not [row for row in minicloud.json("secret", "audit") if row["Finding"]]


@pytest.fixture
def small(distribution: Path) -> Iterator[Stackwright]:
    """A cloud of a few services, from a copy of the example distribution."""
    need_root()
    (distribution / "sites/local.yaml").write_text(SITE)
    cloud = Stackwright(distribution, STATE / "small").fresh()
    yield cloud
    if (cloud.site / "site.json").exists():
        cloud("destroy", "--yes")


def test_it_goes_down_and_away_without_its_secrets_and_with_anothers(
    small: Stackwright, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small("up")
    secrets = small.distribution / "secrets"
    monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(tmp_path / "another/identity.txt"))
    small("secret", "identity")
    assert "not encrypted for you" in small("up", status=3).stderr
    small("status")
    small("logs", "rabbitmq", "-n", "1")
    shutil.rmtree(secrets)
    small("down")
    small("up")  # with others, which the database, the broker and the administrator are given
    assert lacking(small) == []
    assert opened(small.distribution)
    shutil.rmtree(secrets)
    small("destroy", "--yes")
    assert not small.site.exists()


def test_what_an_older_version_kept_is_taken_over_and_its_file_goes(small: Stackwright) -> None:
    small("up")
    before, kept = pids(small), opened(small.distribution)
    shutil.rmtree(small.distribution / "secrets")
    former = small.site / "secrets.json"
    former.write_text(json.dumps(kept))
    former.chmod(0o600)
    assert "passwords plain to read" in small("secret", "audit", status=1).stderr
    assert lacking(small) == []
    assert "Nothing to do" in small("up").stdout
    assert (opened(small.distribution), pids(small)) == (kept, before)
    assert not former.exists()
    small("secret", "audit")


def test_a_destroyed_site_leaves_its_secrets_for_the_next(small: Stackwright) -> None:
    small("up")
    kept = opened(small.distribution)
    small("destroy", "--yes")
    assert opened(small.distribution) == kept
    small("up")
    assert opened(small.distribution) == kept
