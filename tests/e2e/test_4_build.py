"""Promise 4: only what has patches is built; environments are byte-compiled, keyed by content and shared."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from .conftest import Stackwright

pytestmark = pytest.mark.cloud


def environment(cloud: Stackwright, service: str) -> Path:
    """Give the environment that a service's process runs from."""
    rows = {row["Process"]: row for row in cloud.json("status")}
    return Path(Path(f"/proc/{rows[f'{service}-api']['PID']}/cmdline").read_bytes().split(b"\0")[0].decode()).parents[1]


def packages(cloud: Stackwright, service: str) -> Path:
    return next(environment(cloud, service).glob("lib/python3*/site-packages"))


def test_only_what_has_patches_is_built(minicloud: Stackwright) -> None:
    built = {row["Component"] for row in minicloud.json("build")}
    assert built == {"keystone", "nova", "neutron", "oslo.middleware", "oslo.privsep"}


def test_versions_sort_after_upstreams_and_before_its_next(minicloud: Stackwright) -> None:
    versions = {row["Component"]: Version(row["Version"]) for row in minicloud.json("build")}
    assert Version("34.0.0") < versions["nova"] < Version("34.0.1")
    assert Version("30.0.0") < versions["keystone"] < Version("30.0.1.dev1")


def test_the_data_file_that_a_patch_adds_arrives(minicloud: Stackwright) -> None:
    (file,) = packages(minicloud, "keystone").rglob("common-passwords.txt")
    assert len(file.read_text().splitlines()) > 100


def test_the_library_patch_lands_in_every_environment_that_uses_it(minicloud: Stackwright) -> None:
    for service in ("keystone", "glance", "placement", "nova", "neutron"):
        installed = [path.name for path in packages(minicloud, service).glob("oslo_middleware-*.dist-info")]
        assert len(installed) == 1
        assert ".post" in installed[0]


def test_environments_are_byte_compiled(minicloud: Stackwright) -> None:
    sources = packages(minicloud, "nova") / "nova/compute"
    assert len(list((sources / "__pycache__").glob("*.pyc"))) >= len(list(sources.glob("*.py")))


def test_built_twice_a_wheel_is_the_same_to_the_last_bit(distribution: Path, tmp_path: Path) -> None:
    hashes = set()
    for attempt in ("one", "two"):
        place = {"STACKWRIGHT_CACHE": str(tmp_path / attempt / "cache")}
        stackwright = Stackwright(distribution, tmp_path / attempt / "state", place)
        (row,) = stackwright.json("build", "oslo.middleware")
        hashes.add(row["SHA-256"])
    assert len(hashes) == 1


def test_pbr_can_read_the_version_at_run_time(minicloud: Stackwright) -> None:
    python = environment(minicloud, "nova") / "bin/python"
    code = "import pbr.version; print(pbr.version.VersionInfo('nova').version_string())"
    subprocess.run([python, "-c", code], check=True, capture_output=True)
