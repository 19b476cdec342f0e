"""Debian packages of OpenStack's services: trixie's own sources with patches of ours, as far as a mirror has them.

A mirror may lack files that its own indexes name. So it is asked for each: what it has in full is patched, built,
installed and imported, and of what it has not the error says which file that is, and where it was looked for.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from stackwright.sources.dsc import parse_dsc, signed_text
from stackwright.tools import apt_sources
from tests.orchard import SITE, mail, unpacked

from .conftest import CACHE, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUITES = ("trixie-security", "trixie-updates", "trixie")
SECONDS = 60
# A patch of upstream's files, by which a service knows whose build it is: the number of a line, it and those behind it,
# and what comes between them.
OURS = {
    "keystone": (14, ("def release_string():", "    return 'v3.14'"), ("", "", "VENDOR = 'Orchard'"), ()),
    "glance": (16, ("import pbr.version", ""), ("VENDOR = 'Orchard'",),
               ("version_info = pbr.version.VersionInfo('glance')", "version_string = version_info.version_string")),
    "nova": (15, ("import pbr.version", ""), ("VENDOR = 'Orchard'",),
             ('NOVA_VENDOR = "OpenStack Foundation"', 'NOVA_PRODUCT = "OpenStack Nova"')),
    "neutron": (15, ("import pbr.version", ""), ("VENDOR = 'Orchard'",),
               ("version_info = pbr.version.VersionInfo('neutron')",)),
}  # fmt: skip
# One of Debian's packaging: the file in its folder that says how logs are rotated.
LOGS = {"keystone": "keystone", "glance": "glance-common", "nova": "nova-common", "neutron": "neutron-common"}
# Older ones, which mirrors may still have where they lack the newest: with the SHA-256 of the .dsc.
KNOWN = {
    "keystone": ("2:27.0.0-3+deb13u5", "597252e68249fbbe1266d0778c459408508b432f4e4d9bb33f33c3ac690c81a7"),
    "glance": ("2:30.0.0-3+deb13u2", "28dcd2a879916dc741135e207467bbe35fda2dd33947696163abaa752795b368"),
}


@dataclass(frozen=True)
class Offer:
    """A source package as a mirror has it.

    :param source: how a release names it
    :param lacking: those of its files that are nowhere: name -> URLs that were answered 404
    """

    version: str
    source: str
    lacking: dict[str, list[str]]


@dataclass(frozen=True)
class Service:
    """A service of OpenStack in trixie."""

    name: str
    asked: Path

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What there is of it: of each suite the newest, then the older one that is known here."""
        found = [offer for suite in SUITES for offer in self._of_suite(suite)]
        return (*found, *self._known(found))

    @property
    def whole(self) -> Offer | None:
        return next((offer for offer in self.offers if not offer.lacking), None)

    def _of_suite(self, suite: str) -> Iterator[Offer]:
        for version in apt_sources.versions(self.asked / suite, self.name)[:1]:
            # The same version may be in several suites, each of which may be on another mirror.
            files: dict[str, list[str]] = {}
            for one in dict.fromkeys((suite, *SUITES)):
                for file in apt_sources.files(self.asked / one, self.name, version):
                    files.setdefault(file.name, []).append(file.url)
            source = f'debian: {self.name}, version: "{version}", suite: {suite}'
            yield Offer(version, source, lacking(files))

    def _known(self, others: Sequence[Offer]) -> Iterator[Offer]:
        version, sha256 = KNOWN.get(self.name, ("", ""))
        if not version or version in [offer.version for offer in others]:
            return
        newest = apt_sources.versions(self.asked / "trixie", self.name)[0]
        place = apt_sources.files(self.asked / "trixie", self.name, newest)[0].url.rpartition("/")[0]
        url = f"{place}/{self.name}_{version.partition(':')[2]}.dsc"
        source = f'debian: {self.name}, version: "{version}", dsc: "{url}", sha256: {sha256}'
        answer = requests.get(url, timeout=SECONDS)
        if answer.status_code == 404:
            yield Offer(version, source, {url.rpartition("/")[2]: [url]})
            return
        assert hashlib.sha256(answer.content).hexdigest() == sha256
        dsc = parse_dsc(signed_text(answer.content, Path(url)), Path(url))
        yield Offer(version, source, lacking({file.name: [f"{place}/{file.name}"] for file in dsc.files}))


def lacking(files: dict[str, list[str]]) -> dict[str, list[str]]:
    """Ask for each of some files, name -> URLs, and give those that are at none of these."""
    assert files
    return {
        name: urls
        for name, urls in files.items()
        if all(requests.head(url, timeout=SECONDS, allow_redirects=True).status_code == 404 for url in urls)
    }


def change(path: str, line: int, old: Sequence[str], new: Sequence[str]) -> str:
    """Give the difference of a file that has some old lines from a line on."""
    body = list(difflib.unified_diff(old, new, n=len(old), lineterm=""))[3:]
    head = f"--- a/{path}\n+++ b/{path}\n@@ -{line},{len(old)} +{line},{len(new)} @@\n"
    return f"\n\n{head}" + "".join(f"{text}\n" for text in body)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """apt's indexes of the suites, as this machine's sources lead to them."""
    folder = tmp_path_factory.mktemp("asked")
    entries = apt_sources.machine_entries()
    for suite in SUITES:
        apt_sources.prepare(folder / suite, apt_sources.written(apt_sources.of_suite(entries, suite)))
        assert apt_sources.update(folder / suite) == ""
    return folder


@pytest.fixture(scope="module")
def services(asked: Path) -> dict[str, Service]:
    return {name: Service(name, asked) for name in OURS}


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A distribution with both patches on each service; what it builds is kept in the cache by its content."""
    root, state = tmp_path_factory.mktemp("openstack"), STATE / "debian-openstack"
    (root / "sites").mkdir()
    (root / "releases").mkdir()
    (root / "distribution.yaml").write_text("name: orchard\nmaintainer: Ada Ours <ada@example.org>\n")
    (root / "sites/local.yaml").write_text(SITE)
    for name, (line, before, added, behind) in OURS.items():
        folder = root / "patches" / name / "r"
        folder.mkdir(parents=True)
        (folder / "series").write_text("vendor.patch\nlogs.patch\n")
        vendor = change(f"{name}/version.py", line, (*before, *behind), (*before, *added, *behind))
        (folder / "vendor.patch").write_text(mail("Say whose build it is", vendor))
        first = f"/var/log/{name}/*.log {{"
        rotated = change(
            f"debian/{LOGS[name]}.logrotate",
            1,
            (first, "    daily", "    missingok"),
            (first, "    weekly", "    missingok"),
        )
        (folder / "logs.patch").write_text(mail("Rotate the logs once a week", rotated))
    yield Stackwright(root, state, {"STACKWRIGHT_CACHE": str(CACHE)})
    shutil.rmtree(state, ignore_errors=True)


def take(team: Stackwright, services: dict[str, Service], name: str, offer: Offer) -> None:
    """Let the release have a service from an offer, and the others from their first."""
    sources = {one.name: one.offers[0].source for one in services.values()} | {name: offer.source}
    lines = "".join(f"  {one}: {{source: {{{source}}}}}\n" for one, source in sources.items())
    text = f'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\ncomponents:\n{lines}'
    (team.distribution / "releases/r.yaml").write_text(text)


@pytest.mark.parametrize("name", OURS)
def test_its_source_package_has_both_patches_or_the_error_names_what_the_mirror_lacks(
    name: str, services: dict[str, Service], team: Stackwright, tmp_path: Path
) -> None:
    service = services[name]
    for number, offer in enumerate(service.offers):
        take(team, services, name, offer)
        words = ("build", "deb", name, "--suite", "trixie", "--source-only")
        if offer.lacking:
            # What an earlier run has downloaded is not asked for again.
            fresh = Stackwright(team.distribution, tmp_path / "state", {"STACKWRIGHT_CACHE": str(tmp_path / "cache")})
            said = fresh(*words, status=3).stderr
            missing = next(file for file in offer.lacking if f"{file} of {name} {offer.version} cannot be had" in said)
            for url in offer.lacking[missing]:
                assert f"{url}: the server answered 404" in said
            continue
        (row,) = team.json(*words)
        assert row["Version"] == f"{offer.version}+carried1"
        tree = unpacked(Path(row["Place"]), tmp_path / str(number))
        assert "Orchard" in (tree / name / "version.py").read_text()
        assert (tree / "debian/patches/series").read_text().splitlines()[-1] == "carried/vendor.patch"
        assert "    weekly\n" in (tree / f"debian/{LOGS[name]}.logrotate").read_text()
    assert service.offers


def files_of(place: Path, *wanted: str) -> dict[str, str]:
    """Give the texts of files that packages in a folder have."""
    found = {}
    for deb in place.glob("*.deb"):
        packed = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], check=True, capture_output=True).stdout
        with tarfile.open(fileobj=BytesIO(packed)) as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.name.removeprefix("./") in wanted else None
                if stream is not None:
                    found[member.name.removeprefix("./")] = stream.read().decode()
    return found


def test_a_service_is_built_installed_and_imported(services: dict[str, Service], team: Stackwright) -> None:
    """The first that the mirror has in full; each takes minutes where nothing is in the cache."""
    need_root()
    name, offer = next(((name, one.whole) for name, one in services.items() if one.whole), ("", None))
    if offer is None:
        pytest.skip(f"the mirror has none of {', '.join(services)} in full")
    take(team, services, name, offer)
    words = ("build", "deb", name, "--suite", "trixie", "--no-docs", "--no-lintian", "--install", "modules")
    (row,) = json.loads(team(*words, "-f", "json").stdout)
    assert (row["Source"], row["Version"]) == (name, f"{offer.version}+carried1")
    assert row["Found"] == f"1 installed, imported: {name}"
    module, rotation = f"usr/lib/python3/dist-packages/{name}/version.py", f"etc/logrotate.d/{LOGS[name]}"
    found = files_of(Path(row["Place"]), module, rotation)
    assert "Orchard" in found[module]
    assert "    weekly\n" in found[rotation]
