"""A site with an object store: it keeps what it is given when a node stops, and its rings lose nothing."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from configparser import ConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
import yaml

from stackwright.site.paths import SitePaths
from stackwright.site.rings.builders import make
from stackwright.site.rings.changes import changes
from stackwright.site.rings.layout import Address, Device, Layout, Placing
from stackwright.tools.supervisor import Supervisor

from .conftest import CACHE, EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.cloud

ZONES = {"node-1/d1": 1, "node-2/d1": 2, "node-3/d1": 3}
SITE = {
    "release": "2026.2",
    "target": "local",
    "region": "RegionOne",
    "services": ["swift", "glance"],
    "values": {
        "keystone": {"conf": {"keystone.conf": {"identity": {"password_hash_rounds": "6"}}}},
        # Nothing of this cloud is worth an hour's wait between two moves.
        "swift": {"min-part-hours": 0},
    },
}
PATIENCE = 60
PATCH = """\
From: Tess Tester <tess@example.org>
Subject: [PATCH] Say whose object store is healthy

Upstream-Status: Inappropriate (a test)
Owner: Tess Tester <tess@example.org>
Intent: the test sees that the patch is in the cloud
---
diff --git a/swift/common/middleware/healthcheck.py b/swift/common/middleware/healthcheck.py
--- a/swift/common/middleware/healthcheck.py
+++ b/swift/common/middleware/healthcheck.py
@@ -37,3 +37,3 @@
         \"""Returns a 200 response with "OK" in the body.\"""
-        return Response(request=req, body=b"OK", content_type="text/plain")
+        return Response(request=req, body=b"OURS", content_type="text/plain")
{blank}
"""
BIG = 200 * 10**6


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A cloud that stores objects and images, and nothing else."""
    need_root()
    distribution = tmp_path_factory.mktemp("objects") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    cloud = Stackwright(distribution, STATE / "objects").fresh()
    say(cloud, {})
    series = distribution / "patches/swift/2026.2"
    series.mkdir(parents=True)
    (series / "series").write_text("whose.patch\n")
    (series / "whose.patch").write_text(PATCH.replace("{blank}", " "))
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


@pytest.fixture
def environment(cloud: Stackwright) -> Path:
    """The environment that the cloud's swift runs in, or one as good."""
    assert cloud.port("swift-proxy")
    return next((CACHE / "environments").glob("*/bin/swift-ring-builder")).parents[1]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 200 MB."""
    file: Path = tmp_path_factory.mktemp("film") / "film"
    file.write_bytes(random.Random(1).randbytes(BIG))
    return file


def say(cloud: Stackwright, swift: dict[str, object]) -> Path:
    """Write the site's file with further values of swift."""
    site = json.loads(json.dumps(SITE))
    site["values"]["swift"] |= swift
    file = cloud.distribution / "sites/local.yaml"
    file.write_text(yaml.safe_dump(site, sort_keys=False))
    return file


def devices(*more: str) -> dict[str, object]:
    return {"devices": [{"device": name, "zone": ZONES.get(name, 3)} for name in (*ZONES, *more)]}


def swift(cloud: Stackwright, *words: str) -> str:
    """Run the stock client."""
    client = next((CACHE / "environments").glob("*/bin/swift-ring-builder")).with_name("swift")
    script = f'. {cloud.site}/openrc; exec "$@"'
    done = subprocess.run(
        ["sh", "-ec", script, "sh", str(client), *words], capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout


def sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def replicate(cloud: Stackwright, *nodes: str) -> None:
    """Have the replicators of nodes begin a pass now: else that is a matter of minutes."""
    for node in nodes:
        cloud("restart", f"swift-replicators-{node}")


def wait_until(seen: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < until
        time.sleep(0.5)


def data(cloud: Stackwright, device: str) -> set[str]:
    """Give the files of objects on a device."""
    folder = cloud.site / "data/swift" / device / "objects"
    return {str(file.relative_to(folder)) for file in folder.glob("*/*/*/*.data")}


@contextmanager
def stopped(cloud: Stackwright, node: str) -> Iterator[None]:
    """Have a storage node stopped; `up` starts it again."""
    paths = SitePaths(cloud.site)
    supervisor = Supervisor(paths.programs, paths.run, paths.log)
    names = [name for name in supervisor.processes() if name.startswith("swift-") and name.endswith(f"-{node}")]
    assert len(names) == 6
    for name in names:
        supervisor.stop(name)
    yield
    assert {row["Step"] for row in cloud.json("plan")} == {name.replace("-", "/", 1) for name in names}
    cloud("up")


def partitions(row: dict[str, str]) -> dict[str, int]:
    return {ring: int(count) for ring, count in (part.split(":") for part in row["Partitions"].split())}


def test_the_rings_are_what_the_site_says(cloud: Stackwright) -> None:
    rows = cloud.json("ring", "show")
    assert {row["Device"]: row["Zone"] for row in rows} == ZONES
    for row in rows:
        assert partitions(row) == {"account": 256, "container": 256, "object": 256}
        assert row["State"] == "in use"


def test_a_second_up_changes_no_ring(cloud: Stackwright) -> None:
    rings = {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in (cloud.site / "etc/swift").glob("*.gz")}
    assert len(rings) == 3
    assert "Nothing to do" in cloud("up").stdout
    assert "nothing to do" in cloud("ring", "build").stdout
    assert {file: (file.stat().st_mtime_ns, file.read_bytes()) for file in rings} == rings


def test_the_same_devices_get_the_same_rings(environment: Path, tmp_path: Path) -> None:
    addresses = {name: Address("127.0.0.1", 6200, f"8873/{name}") for name in ZONES}
    layout = Layout(tuple(Device(name, 1, zone, 100) for name, zone in ZONES.items()), 3, 8, 1)
    rings = []
    for place in (tmp_path / "one", tmp_path / "other"):
        place.mkdir()
        placing = Placing(place, place, {}, {}, {"object": ()}, 1)
        make(environment, placing, {"object": changes(layout, addresses, None)}, "seed")
        rings.append((place / "object.ring.gz").read_bytes())
    assert rings[0] == rings[1]


def test_a_change_within_the_hours_is_finished_when_they_are_over(environment: Path, tmp_path: Path) -> None:
    names = (*ZONES, "node-4/d1")
    addresses = {name: Address("127.0.0.1", 6200, f"8873/{name.partition('/')[0]}") for name in names}
    devices = tuple(Device(name, 1, number, 100) for number, name in enumerate(names))
    placing = Placing(tmp_path, tmp_path, {}, {}, {"object": ()}, 1)
    less, more = Layout(devices[:3], 3, 8, 1), Layout(devices, 3, 8, 1)
    made = make(environment, placing, {"object": changes(less, addresses, None)}, "seed")
    made = make(environment, placing, {"object": changes(more, addresses, made.rings["object"])}, "seed")
    ring = made.rings["object"]
    assert ring.by_name["node-4/d1"].partitions == 0
    assert not changes(more, addresses, ring, now=time.time())
    (later,) = changes(more, addresses, ring, now=ring.moves_at + 1)
    assert later.action == "rebalance"


def test_a_patch_of_it_is_in_the_cloud(cloud: Stackwright) -> None:
    answer = requests.get(f"http://127.0.0.1:{cloud.port('swift-proxy')}/healthcheck", timeout=60)
    assert answer.text == "OURS"


def test_the_smoke_test_of_the_object_store_passes(cloud: Stackwright) -> None:
    rows = {row["Check"]: row for row in cloud.json("smoke")}
    assert (rows["object"]["Result"], rows["object-read"]["Result"]) == ("ok", "ok")
    assert rows["object"]["What was seen"] == "200 MB in 4 segments"
    assert "stackwright-smoke" not in swift(cloud, "list")


def test_a_large_object_is_read_while_a_node_is_stopped_and_comes_back_to_the_node(
    cloud: Stackwright, film: Path, tmp_path: Path
) -> None:
    swift(cloud, "upload", "--use-slo", "-S", str(64 * 2**20), "films", str(film), "--object-name", "film")
    assert len(swift(cloud, "list", "films_segments").split("\n")) >= 4
    with stopped(cloud, "node-2"):
        swift(cloud, "download", "films", "film", "-o", str(tmp_path / "back"))
        assert sha256(tmp_path / "back") == sha256(film)
        (tmp_path / "late").write_text("written while a node was stopped")
        swift(cloud, "upload", "films", str(tmp_path / "late"), "--object-name", "late")
        late = data(cloud, "node-1/d1") - data(cloud, "node-2/d1")
        assert len(late) == 1
    replicate(cloud, "node-1")
    wait_until(lambda: late <= data(cloud, "node-2/d1"))


def test_an_image_lies_in_the_object_store(cloud: Stackwright, tmp_path: Path) -> None:
    content = os.urandom(3 * 10**6)
    (tmp_path / "image").write_bytes(content)
    words = ("--disk-format", "raw", "--container-format", "bare", "--file", str(tmp_path / "image"), "pic")
    image = cloud.openstack("image", "create", *words, "-f", "value", "-c", "id").strip()
    cloud.openstack("image", "save", "--file", str(tmp_path / "back"), image)
    assert (tmp_path / "back").read_bytes() == content
    folder = cloud.site / "data/swift/node-1/d1/objects"
    (stored,) = (file for file in folder.glob("*/*/*/*.data") if file.read_bytes() == content)
    assert f"/glance/{image}".encode() in os.getxattr(stored, "user.swift.metadata")
    assert not (cloud.site / "data/glance/images").exists()
    cloud.openstack("image", "delete", image)


def test_a_device_with_data_goes_only_when_it_is_drained(cloud: Stackwright, film: Path, tmp_path: Path) -> None:
    say(cloud, devices("node-3/d2"))
    cloud("up")
    replicate(cloud, "node-1")
    wait_until(lambda: bool(data(cloud, "node-3/d2")))
    say(cloud, {})
    for words in (("up",), ("ring", "build")):
        said = cloud(*words, status=2).stderr
        assert "the device node-3/d2 holds data" in said
        assert "stackwright ring build --drain" in said
    assert {row["Device"] for row in cloud.json("ring", "show")} == {*ZONES, "node-3/d2"}
    cloud("ring", "build", "--drain")
    assert data(cloud, "node-3/d2") == set()
    assert {row["Device"] for row in cloud.json("ring", "show")} == ZONES.keys()
    cloud("up")
    swift(cloud, "download", "films", "film", "-o", str(tmp_path / "back"))
    assert sha256(tmp_path / "back") == sha256(film)


def test_builders_older_than_the_rings_are_refused(cloud: Stackwright) -> None:
    folder = cloud.site / "data/swift/rings"
    backups = sorted((folder / "backups").glob("object.*.builder"), key=lambda file: int(file.name.split(".")[1]))
    assert len(backups) >= 2  # one before each change
    now, rings = (folder / "object.builder").read_bytes(), (cloud.site / "etc/swift/object.ring.gz").read_bytes()
    shutil.copy(backups[0], folder / "object.builder")
    try:
        said = cloud("up", status=2).stderr
        assert "older than the ring of version" in said
        assert str(folder / "backups") in said
        assert (cloud.site / "etc/swift/object.ring.gz").read_bytes() == rings
    finally:
        (folder / "object.builder").write_bytes(now)
    assert "Nothing to do" in cloud("up").stdout


def test_fewer_devices_than_replicas_are_refused(cloud: Stackwright) -> None:
    file = say(cloud, {"devices": [{"device": "node-1/d1"}, {"device": "node-2/d1"}]})
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "devices:" in text)
    for words in (("check",), ("up",), ("ring", "build")):
        said = cloud(*words, status=2).stderr
        assert "swift has 2 devices that take data, fewer than its 3 replicas" in said
        assert f"sites/local.yaml:{line}" in said
    say(cloud, {})


def test_a_full_device_is_told_and_the_cloud_goes_on(cloud: Stackwright, tmp_path: Path) -> None:
    folder = cloud.site / "data/swift/node-3/d1"
    (tmp_path / "note").write_text("written while a disk was full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "full", str(folder)], check=True)
    try:
        (folder / "filler").write_bytes(b"x" * (2**20 - 4096))
        rows = {row["Device"]: row["State"] for row in cloud.json("ring", "show", status=1)}
        assert rows == {
            "node-1/d1": "in use",
            "node-2/d1": "in use",
            "node-3/d1": "full: less than 1 % are free, so it takes no data",
        }
        swift(cloud, "upload", "notes", str(tmp_path / "note"), "--object-name", "note")
        assert "written while" in swift(cloud, "download", "notes", "note", "-o", "-")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    replicate(cloud, "node-1")
    wait_until(lambda: data(cloud, "node-3/d1") == data(cloud, "node-1/d1"))


def test_what_names_lead_to_is_never_made_anew(cloud: Stackwright) -> None:
    said = cloud("secret", "rotate", "swift-hash-path-prefix", status=2).stderr
    assert "the secret swift-hash-path-prefix is not made anew" in said
    words = ("secret", "rotate", "--service", "swift", "--plan")
    assert "hash-path" not in cloud(*words).stdout


def test_what_is_not_known_of_its_options_is_said(cloud: Stackwright) -> None:
    notes = [row for row in cloud.json("config", "validate", "swift", "--long") if row["Rule"] == "unchecked"]
    assert len(notes) == 12
    assert "swift has no files of oslo.config" in cloud("config", "sample", "swift", status=2).stderr


def test_every_option_is_one_that_its_release_documents(cloud: Stackwright) -> None:
    release = yaml.safe_load((cloud.distribution / "releases/2026.2.yaml").read_text())
    version = release["components"]["swift"]["source"]["version"]
    sdist = next((CACHE / "downloads/sha256").glob(f"*/swift-{version}.tar.gz"))
    samples = subprocess.run(
        ["tar", "-xzOf", str(sdist), "--wildcards", "*/etc/*.conf-sample"], check=True, capture_output=True, text=True
    ).stdout
    known = {line.lstrip("# ").partition("=")[0].strip() for line in samples.splitlines() if "=" in line}
    folder = cloud.site / "etc/swift"
    for file in (*folder.glob("*.conf"), *folder.glob("*/*-server.conf")):
        parser = ConfigParser(default_section="", interpolation=None)
        parser.read(file)
        # The options of that are keystonemiddleware's.
        sections = [section for section in parser.sections() if section != "filter:authtoken"]
        assert {option for section in sections for option in parser.options(section)} - known == set(), file
