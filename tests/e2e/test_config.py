"""Issue 6, promise 4: files are rendered from values, and held against the options of the built environments."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from .conftest import Stackwright

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the catalogue sets that upstream has renamed or will remove: older releases know it by this name only.
KNOWN = {
    ("deprecated", "neutron", "ml2_conf.ini", "tenant_network_types"),
    ("for-removal", "neutron", "ml2_conf.ini", "ovs_create_tap"),
    ("for-removal", "neutron", "neutron.conf", "api_paste_config"),
    ("unknown", "nova", "nova.conf", "region_name"),
}
RELEASE = """\
python: "3.11"
pins: {exclude-newer: 2026-10-15}
components:
  keystone: {source: {pypi: keystone, version: 29.0.0}}
  placement: {source: {pypi: openstack-placement, version: 15.0.0}}
"""
# Each option with what is told of it: how bad it is, which rule says so, and the mend.
WRONG = {
    "DEFAULT": {"incomplete_consumer_project_id": "none"},
    "api": {"auth_strategy": "sometimes"},
    "keystone_authtoken": {"auth_type": "pasword"},
    "placement": {"max_allocation_candidates": "all", "randomize_allocation_candidate": "true"},
    "placment": {"allocation_conflict_retry_count": "3"},
    "placement_database": {"retry_interval": "10"},
}
TOLD = {
    "incomplete_consumer_project_id": ("error", "wrong-section", "write it below [placement]"),
    "auth_strategy": ("error", "refused", "write what its type takes: string value: keystone | noauth2"),
    "auth_type": ("error", "refused", "did you mean 'password'?"),
    "max_allocation_candidates": ("error", "refused", "write what its type takes: integer value"),
    "randomize_allocation_candidate": ("error", "unknown", "did you mean 'randomize_allocation_candidates'?"),
    "allocation_conflict_retry_count": ("error", "wrong-section", "write it below [placement]"),
    "retry_interval": ("note", "default", "remove it, unless it is to stay when upstream's default changes"),
}


@pytest.fixture
def small(stackwright: Stackwright) -> Stackwright:
    """The command on a site of two services."""
    site = stackwright.distribution / "sites/local.yaml"
    said = yaml.safe_load(site.read_text())
    said["services"] = ["placement"]
    said["values"] = {"placement": {"conf": {"placement.conf": {"placement": {"incomplete_consumer_user_id": "none"}}}}}
    site.write_text(yaml.safe_dump(said, sort_keys=False))
    return stackwright


def say(cloud: Stackwright, sections: dict[str, dict[str, str]], file: str = "placement.conf") -> dict[str, int]:
    """Set options of a file of placement in the site's file; gives their lines."""
    site = cloud.distribution / "sites/local.yaml"
    said = yaml.safe_load(site.read_text())
    said["values"]["placement"]["conf"][file] = sections
    site.write_text(yaml.safe_dump(said, sort_keys=False))
    names = [name for options in sections.values() for name in options]
    lines = enumerate(site.read_text().splitlines(), 1)
    return {name: number for number, line in lines for name in names if line.strip().startswith(f"{name}:")}


def test_each_wrong_option_is_told_with_file_line_and_mend(small: Stackwright) -> None:
    lines = say(small, WRONG)
    rows = small.json("config", "validate", "placement", "--long", status=1)
    ours = {row["Option"]: row for row in rows if row["Set at"].startswith("sites/")}
    assert {name: (row["Severity"], row["Rule"], row["Fix"]) for name, row in ours.items()} == TOLD
    assert {name: row["Set at"] for name, row in ours.items()} == {
        name: f"sites/local.yaml:{lines[name]}" for name in TOLD
    }


def test_nothing_is_asked_again_and_the_second_time_takes_no_process(small: Stackwright) -> None:
    first = small("config", "validate")
    assert "0 errors" in first.stderr
    again = small("config", "validate")
    assert again.stdout == first.stdout


def test_files_are_printed_without_secrets_and_written_with_them_for_their_owner_alone(
    small: Stackwright, tmp_path: Path
) -> None:
    printed = small("config", "render").stdout
    assert re.search(r"connection = mysql\+pymysql://placement:\*\*\*@127\.0\.0\.1:\d+/placement", printed)
    assert "password = ***" in printed
    masked, real = tmp_path / "masked", tmp_path / "real"
    small("config", "render", "placement", "--out", str(masked))
    small("config", "render", "placement", "--out", str(real), "--with-secrets")
    file = real / "placement/placement.conf"
    assert "***" not in file.read_text()
    assert "password = ***" in (masked / "placement/placement.conf").read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    refused = small("config", "render", "--with-secrets", status=2)
    assert "secrets are not printed" in refused.stderr
    assert refused.stdout == ""


def test_a_site_that_is_not_there_has_nothing_to_be_compared_with(small: Stackwright) -> None:
    assert "is not there" in small("config", "diff", status=2).stderr


def test_what_another_release_makes_of_what_the_site_sets_is_listed(small: Stackwright) -> None:
    (small.distribution / "releases/2026.1.yaml").write_text(RELEASE)
    # A patch of the example's brings this option, in 2026.2 alone.
    lines = say(small, {"oslo_middleware": {"enable_server_timing": "true"}, "DEFAULT": {"debug": "true"}})
    (row,) = small.json("config", "diff", "--release", "2026.1", "placement")
    assert (row["Option"], row["Change"]) == ("[oslo_middleware] enable_server_timing", "removed")
    assert row["Set at"] == f"sites/local.yaml:{lines['enable_server_timing']}"
    assert "there is no release '2026.3'" in small("config", "diff", "--release", "2026.3", status=2).stderr


HOSTS = """
groups:
  dense:
    services: [placement]
    values: {placement: {conf: {placement.conf: {placement: {max_allocation_candidate: "9"}}}}}
hosts:
  c1: {groups: [dense]}
  c2: {groups: [dense], values: {global: {debug: true}}}
  control: {}
"""


def test_what_a_group_says_is_held_against_the_options_too(small: Stackwright) -> None:
    site = small.distribution / "sites/local.yaml"
    site.write_text(f"{site.read_text()}{HOSTS}")
    line = next(n for n, text in enumerate(site.read_text().splitlines(), 1) if "max_allocation_candidate" in text)
    said = small("config", "validate", status=1).stderr
    assert said.count("max_allocation_candidate:") == 1  # once, and not once a host
    assert f"sites/local.yaml:{line}: placement: placement.conf [placement] max_allocation_candidate" in said


def test_every_host_has_its_own_files(small: Stackwright, tmp_path: Path) -> None:
    site = small.distribution / "sites/local.yaml"
    site.write_text(f"{site.read_text()}{HOSTS}")
    small("config", "render", "--hosts", "--out", str(tmp_path / "out"))
    rendered = {file.relative_to(tmp_path / "out").as_posix(): file.read_text() for file in tmp_path.rglob("*.conf")}
    assert {name.partition("/")[0] for name in rendered} == {"c1", "c2", "control"}
    assert "c1/keystone/keystone.conf" not in rendered
    assert "control/keystone/keystone.conf" in rendered
    assert "debug = false" in rendered["c1/placement/placement.conf"]
    assert "debug = true" in rendered["c2/placement/placement.conf"]
    assert "max_allocation_candidate = 9" in rendered["c2/placement/placement.conf"]
    assert "max_allocation_candidate" not in rendered["control/placement/placement.conf"]


def test_an_option_is_explained_with_all_who_set_it_and_who_wins(small: Stackwright) -> None:
    lines = say(small, {"keystone_authtoken": {"region_name": "Elsewhere"}})
    told = small("config", "explain", "placement.conf:keystone_authtoken.region_name").stdout
    assert "services:  placement" in told
    assert re.search(r"lost: placement placement\.conf: RegionOne  \(the catalogue \(keystone\.yaml:\d+\)\)", told)
    won = f"set:  placement placement.conf: Elsewhere  (site local, sites/local.yaml:{lines['region_name']})"
    assert won in told
    assert "[placement] incomplete_consumer_user_id" in small("config", "explain", "incomplete_consumer_user_id").stdout
    refused = small("config", "explain", "[placement]randomize", status=2).stderr
    assert "did you mean 'randomize_allocation_candidates'?" in refused


def test_a_sample_is_the_one_that_upstreams_generator_makes(small: Stackwright, tmp_path: Path) -> None:
    sample = small("config", "sample", "placement").stdout
    assert "# From placement.conf" in sample
    assert "#randomize_allocation_candidates = false" in sample
    assert "From keystone\n" not in sample  # the project names its namespaces
    assert "#enable_server_timing" in sample  # of a patch
    small("config", "sample", "keystone", "keystone.conf", "--out", str(tmp_path))
    assert "[identity]" in (tmp_path / "keystone.conf.sample").read_text()
    assert "has no sample file" in small("config", "sample", "placement", "nova.conf", status=2).stderr


# The whole example ----------------------------------------------------------------------------------------------------


@pytest.fixture
def changed(minicloud: Stackwright) -> Iterator[Stackwright]:
    """The cloud, whose site file a test may change."""
    site = minicloud.distribution / "sites/local.yaml"
    before = site.read_text()
    yield minicloud
    site.write_text(before)


@pytest.mark.cloud
def test_the_example_has_no_false_alarm_and_no_option_is_passed_over(minicloud: Stackwright) -> None:
    said = minicloud("config", "validate", "-f", "json")
    rows = yaml.safe_load(said.stdout)
    assert {(row["Rule"], row["Service"], row["File"], row["Option"]) for row in rows} <= KNOWN
    assert {row["Severity"] for row in rows} <= {"warning"}
    files = [file for file in (minicloud.site / "etc").glob("*/*") if file.suffix in (".conf", ".ini")]
    ours = [file for file in files if file.parent.name in ("keystone", "glance", "placement", "nova", "neutron")]
    options = sum(bool(re.match(r"[^\[#\s].* = ", line)) for file in ours for line in file.read_text().splitlines())
    assert f"{options} options of 5 services: 0 errors" in said.stderr


@pytest.mark.cloud
def test_the_files_of_the_running_site_are_as_they_are_to_be_until_a_value_changes(changed: Stackwright) -> None:
    assert changed("config", "diff").stdout == ""
    site = changed.distribution / "sites/local.yaml"
    site.write_text(site.read_text().replace('password_hash_rounds: "6"', 'password_hash_rounds: "7"'))
    told = changed("config", "diff").stdout.splitlines()
    assert [line for line in told if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        "-password_hash_rounds = 6",
        "+password_hash_rounds = 7",
    ]
    assert told[0] == "--- keystone/keystone.conf (as it is)"


@pytest.mark.cloud
def test_no_secret_of_the_site_is_in_anything_that_is_printed(minicloud: Stackwright, tmp_path: Path) -> None:
    minicloud("config", "render", "--out", str(tmp_path / "real"), "--with-secrets")
    secrets = {
        word
        for file in (tmp_path / "real").rglob("*")
        if file.is_file()
        for word in re.findall(r"password = (\S+)|://[^:@/\s]+:([^@/\s]+)@", file.read_text())
        for word in word
        if word
    }
    assert len(secrets) > 5
    for words in (["render"], ["validate", "--long"], ["explain", "connection"], ["explain", "password"], ["diff"]):
        done = minicloud("config", *words)
        assert not [secret for secret in secrets if secret in done.stdout + done.stderr]
