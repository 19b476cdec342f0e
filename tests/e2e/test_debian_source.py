"""Issue 3, point 3: a series of ours on a Debian source package, whose own quilt series lies below it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from stackwright.tools import apt_sources
from tests.debian import (
    LINES,
    Packager,
    Server,
    apt_configuration,
    difference,
    publish,
    replace,
    serving,
    sha256,
    tarball,
)

from .conftest import CACHE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIANS = LINES.replace("line 3\n", "line three\n")
OURS = DEBIANS.replace("line three\n", "line three, ours\n")
RELEASE = """\
python: "3.11"
pins: {{exclude-newer: 2026-10-15}}
components:
  {name}: {{source: {{{source}}}}}
"""
SITE = "release: r\ntarget: local\nregion: RegionOne\nservices: [core]\n"


def mail(patch: str) -> str:
    return f"From: Ada Ours <ada@example.org>\nSubject: [PATCH] A line of ours\n\n{patch}"


class Orchard:
    """A distribution with one component that comes from Debian, and the mirror of its source package."""

    def __init__(self, root: Path) -> None:
        self.packager = Packager(root / "mirror/pool")
        self.dsc = self.packager.build(patches={"three.patch": difference("pear.py", LINES, DEBIANS)})
        self.distribution = root / "distribution"
        self.write("distribution.yaml", "name: orchard\n")
        self.write("sites/local.yaml", SITE)
        self.series("pear", mail(difference("pear.py", DEBIANS, OURS)))
        self.stackwright = Stackwright(
            self.distribution, root / "state", {"STACKWRIGHT_CACHE": str(root / "cache"), "NO_PROXY": "127.0.0.1"}
        )

    def write(self, path: str, text: str) -> None:
        (self.distribution / path).parent.mkdir(parents=True, exist_ok=True)
        (self.distribution / path).write_text(text)

    def series(self, component: str, patch: str) -> None:
        self.write(f"patches/{component}/r/series", "ours.patch\n")
        self.write(f"patches/{component}/r/ours.patch", patch)

    def source(self, source: str, name: str = "pear") -> None:
        self.write("releases/r.yaml", RELEASE.format(name=name, source=source))

    def by_url(self, server: Server) -> None:
        url = f"{server.url}/pool/{self.dsc.name}"
        self.source(f'debian: pear, version: "2:1.0-3", dsc: "{url}", sha256: {sha256(self.dsc)}')


@pytest.fixture
def orchard(tmp_path: Path) -> Orchard:
    return Orchard(tmp_path)


@pytest.fixture
def server(orchard: Orchard) -> Iterator[Server]:
    yield from serving(orchard.packager.directory.parent)


def states(orchard: Orchard, status: int = 0) -> list[str]:
    return [row["State"] for row in orchard.stackwright.json("patch", "status", status=status)]


def test_our_series_applies_on_what_debians_own_has_made(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    assert states(orchard) == ["applies"]


def test_a_patch_that_is_made_for_upstream_without_debians_conflicts(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    orchard.series("pear", mail(difference("pear.py", LINES, LINES.replace("line 3\n", "line 3, ours\n"))))
    assert states(orchard, status=1) == ["conflict"]
    shown = orchard.stackwright("patch", "status", status=1)
    assert "line three" in shown.stderr


def test_the_second_time_needs_no_network(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    states(orchard)
    server.close()
    assert states(orchard) == ["applies"]
    shutil.rmtree(orchard.stackwright.state)
    assert states(orchard) == ["applies"]


def test_a_source_package_that_is_part_of_the_distribution(orchard: Orchard) -> None:
    shutil.copytree(orchard.packager.directory, orchard.distribution / "debian", ignore=lambda *_: [".pear-1.0-work"])
    orchard.source('debian: pear, version: "2:1.0-3", dsc: debian/pear_1.0-3.dsc')
    assert states(orchard) == ["applies"]
    replace(orchard.distribution / "debian/pear_1.0-3.dsc", "pear_1.0.orig.tar.gz", tarball("pear-1.0", {"a": "a"}))
    message = orchard.stackwright("patch", "status", status=2).stderr
    assert "Debian's own patch three.patch does not apply in pear 2:1.0-3" in message


def test_a_tarball_that_the_mirror_lacks_is_named_with_the_places_tried(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    server.lacks = "orig"
    done = orchard.stackwright("build", "pear", status=3)
    assert "the file pear_1.0.orig.tar.gz of pear 2:1.0-3 cannot be had" in done.stderr
    assert f"{server.url}/pool/pear_1.0.orig.tar.gz: the server answered 404" in done.stderr
    assert f"{orchard.distribution}/releases/r.yaml:4:" in done.stderr


def test_a_tampered_tarball_is_refused(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    orchard.dsc.with_name("pear_1.0.orig.tar.gz").write_bytes(tarball("pear-1.0", {"pear.py": "evil\n"}))
    done = orchard.stackwright("build", "pear", status=1)
    assert "pear_1.0.orig.tar.gz is not what it has to be" in done.stderr


def test_its_wheel_has_upstreams_version(orchard: Orchard, server: Server) -> None:
    orchard.by_url(server)
    (row,) = orchard.stackwright.json("build", "pear")
    assert row["Version"] == "1.0.post1"


def test_a_source_that_is_written_wrongly_is_told_by_check(orchard: Orchard) -> None:
    orchard.source("debian: pear, version: 2:1.0-3, dsc: http://deb.example/pear.dsc")
    assert "nobody vouches for this .dsc" in orchard.stackwright("check", status=2).stderr


def test_by_apt_of_the_machine(orchard: Orchard, server: Server, tmp_path: Path) -> None:
    publish(orchard.packager.directory.parent, "meadow")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/sources.list").write_text(f"deb [trusted=yes] {server.url} orchard main\n")
    (tmp_path / "apt.conf").write_text(f'Dir::Etc "{tmp_path}/etc";\n')
    orchard.stackwright.environment["APT_CONFIG"] = str(tmp_path / "apt.conf")
    orchard.source('debian: pear, version: "2:1.0-3", suite: meadow')
    assert states(orchard) == ["applies"]
    server.close()
    assert states(orchard) == ["applies"]


def test_what_the_mirror_of_a_suite_lacks_is_taken_from_that_of_another(
    orchard: Orchard, server: Server, tmp_path: Path
) -> None:
    """Security updates are in a suite of their own, and in the next point release as well."""
    shutil.copytree(orchard.packager.directory, tmp_path / "security/pool")
    for mirror, suite in ((orchard.packager.directory.parent, "meadow"), (tmp_path / "security", "meadow-security")):
        publish(mirror, suite)
    security = Server(tmp_path / "security")
    lines = ((server, "orchard"), (security, "orchard-security"))
    sources = "".join(f"deb [trusted=yes] {one.url} {suite} main\n" for one, suite in lines)
    orchard.stackwright.environment["APT_CONFIG"] = str(apt_configuration(tmp_path / "apt", sources))
    orchard.source('debian: pear, version: "2:1.0-3", suite: meadow-security')
    security.lacks = server.lacks = "orig"
    message = orchard.stackwright("patch", "status", status=3).stderr
    for one in (server, security):
        assert f"{one.url}/pool/pear_1.0.orig.tar.gz: the server answered 404" in message
    server.lacks = ""
    assert states(orchard) == ["applies"]
    assert "/pool/pear_1.0.orig.tar.gz" in security.asked
    security.close()


NEW_FILE = "--- /dev/null\n+++ b/ours.txt\n@@ -0,0 +1 @@\n+ours\n"


@pytest.mark.parametrize(("package", "suite"), [("neutron", "bookworm"), ("nova", "trixie")])
def test_on_what_debian_has(orchard: Orchard, package: str, suite: str) -> None:
    """A mirror may lack files that its index names: then the error says which, and where they were looked for."""
    folder = orchard.stackwright.state / "asked"
    apt_sources.prepare(folder, apt_sources.written(apt_sources.of_suite(apt_sources.machine_entries(), suite)))
    assert apt_sources.update(folder) == ""
    version = apt_sources.versions(folder, package)[0]
    lacking = [
        file
        for file in apt_sources.files(folder, package, version)
        if requests.head(file.url, timeout=60, allow_redirects=True).status_code == 404
    ]
    orchard.stackwright.environment["STACKWRIGHT_CACHE"] = str(CACHE)
    orchard.source(f'debian: {package}, version: "{version}", suite: {suite}', package)
    shutil.rmtree(orchard.distribution / "patches")
    orchard.series(package, mail(NEW_FILE))
    if not lacking:
        assert states(orchard) == ["applies"]
        return
    message = orchard.stackwright("patch", "status", status=3).stderr
    assert f"the file {lacking[0].name} of {package} {version} cannot be had" in message
    assert f"{lacking[0].url}: the server answered 404" in message
