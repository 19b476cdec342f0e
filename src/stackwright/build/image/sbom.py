"""Bills of materials of images and of releases: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/).

Debian packages and Python distributions, each with its package URL (https://github.com/package-url/purl-spec), and the
patches that ours carry (CycloneDX: pedigree). No time is in them, so that the same has the same.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.utils import canonicalize_name

from stackwright.build.image.venv import INFO
from stackwright.sources.deb822 import paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackwright.build.image.carried import Carried
    from stackwright.build.image.venv import VenvLayers

MEDIA_TYPE = "application/vnd.cyclonedx+json"
STATUS = "var/lib/dpkg/status"
DEB, PYPI = "deb", "pypi"


@dataclass(frozen=True, order=True)
class Package:
    """A package in an image or a release.

    :param kind: ``deb`` or ``pypi``
    :param architecture: of a Debian package
    :param source: of a Debian package: the source package it is made of, if its name is another
    :param sha256: of its file, where that is known
    """

    kind: str
    name: str
    version: str
    architecture: str = ""
    source: str = ""
    sha256: str = ""

    def purl(self, number: str) -> str:
        """Give its package URL.

        :param number: of the Debian release, such as ``12``
        """
        version = quote(self.version, safe="")
        if self.kind == PYPI:
            return f"pkg:pypi/{quote(self.name)}@{version}"
        words = {"arch": self.architecture, "distro": f"debian-{number}", "upstream": self.source}
        query = "&".join(f"{key}={quote(value, safe='')}" for key, value in words.items() if value)
        return f"pkg:deb/debian/{quote(self.name)}@{version}?{query}"


def debian_packages(status: str) -> Iterator[Package]:
    """Give the packages that are installed, from dpkg's status file (dpkg(1), deb822(5))."""
    for fields in paragraphs(status, Path(STATUS)):
        if fields.get("Status", "").split()[-1:] == ["installed"]:
            source = fields.get("Source", "").partition(" ")[0]
            yield Package(DEB, fields["Package"], fields["Version"], fields.get("Architecture", ""), source)


def python_package(metadata: str) -> Package:
    """Give a distribution by its metadata (core metadata specification)."""
    about = HeaderParser().parsestr(metadata)
    return Package(PYPI, canonicalize_name(about["Name"]), about["Version"])


def packages_of(root: Path, venv: VenvLayers | None) -> tuple[Package, ...]:
    """Give the packages of a Debian system, and of a Python environment."""
    packages = list(debian_packages((root / STATUS).read_text(errors="replace")))
    if venv is not None:
        packages += [
            python_package((info / "METADATA").read_text(errors="replace"))
            for info in venv.site_packages.glob(f"*{INFO}")
        ]
    return tuple(sorted(packages))


def of_image(
    reference: str, digest: str, packages: Iterable[Package], carried: Iterable[Carried], number: str
) -> bytes:
    """Give the bill of materials of an image: the same for the same image.

    :param digest: of its manifest
    :param carried: what of it is built here
    :param number: of the Debian release, such as ``12``
    """
    name, _, tag = reference.partition(":")
    purl = f"pkg:oci/{quote(name)}@{quote(digest, safe='')}?tag={quote(tag, safe='')}"
    subject = {"type": "container", "bom-ref": purl, "name": name, "version": tag, "purl": purl}
    return _document(subject, packages, carried, number)


def of_release(name: str, packages: Iterable[Package], carried: Sequence[Carried]) -> bytes:
    """Give the bill of materials of a release, or of an environment of it: of Python distributions alone.

    :param name: that of the release, or ``RELEASE/ENVIRONMENT``
    :param carried: what of it is built here: whatever else `packages` say of these is left out
    """
    ours = [Package(PYPI, canonicalize_name(one.distribution), one.version) for one in carried]
    names = {one.name for one in ours}
    packages = sorted({*ours, *(one for one in packages if one.name not in names)})
    release, _, environment = name.partition("/")
    digest = hashlib.sha256(repr([packages, [one.tree for one in carried]]).encode()).hexdigest()
    about = {"name": environment or "release", "version": release}
    subject = {"type": "application", "bom-ref": f"release:{name}@sha256:{digest}", **about}
    return _document(subject, packages, carried, "")


def _document(
    subject: Mapping[str, str], packages: Iterable[Package], carried: Iterable[Carried], number: str
) -> bytes:
    ours: dict[str, Carried] = {canonicalize_name(one.distribution): one for one in carried}
    plain = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, subject['bom-ref'])}",
        "version": 1,
        "metadata": {"component": subject},
        "components": [_component(package, number, ours.get(package.name)) for package in packages],
    }
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False).encode()


def _component(package: Package, number: str, ours: Carried | None) -> dict[str, Any]:
    purl = package.purl(number)
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "purl": purl,
    }
    if package.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": package.sha256}]
    if ours is not None and package.kind == PYPI:
        component["pedigree"] = {
            "patches": [{"type": "unofficial", "diff": {"url": f"urn:sha256:{one.sha256}"}} for one in ours.patches],
            "notes": ", ".join(one.name for one in ours.patches),
        }
        component["properties"] = [
            {"name": "org.stackwright.tree", "value": ours.tree},
            {"name": "org.stackwright.upstream-tree", "value": ours.upstream},
        ]
    return component
