"""apt and dpkg: the Debian packages of this machine."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

STATUS = Path("/var/lib/dpkg/status")
DOWNLOADER = "_apt"  # the user as whom apt downloads for root
# Debian's hook that decides whether a package may start its services (invoke-rc.d(8)); 101: it may not.
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# Stackwright's, while it installs packages.\nexit 101\n"
# An installation goes on when the run that began it is killed: dpkg, killed itself, would leave the machine's packages
# half-configured. The next run waits for it.
LOCK_SECONDS = 600


@dataclass(frozen=True)
class Candidate:
    """The version of a package that apt would install, as its package lists describe it."""

    name: str
    version: str
    sha256: str
    depends: str


class DownloadFailedError(EnvironmentLacksError):
    """A package cannot be downloaded, though apt has just renewed its package lists."""


def missing(packages: Iterable[str]) -> tuple[str, ...]:
    """Give those of the packages that are not installed (dpkg's status file, deb822 paragraphs)."""
    installed = set()
    name = ""
    for line in STATUS.read_text(errors="replace").splitlines():
        if line.startswith("Package: "):
            name = line[9:]
        elif line == "Status: install ok installed":
            installed.add(name)
    return tuple(package for package in packages if package not in installed)


def install(packages: Iterable[str], log: Path) -> None:
    """Install packages without those they merely recommend, and without starting their services.

    :raises EnvironmentLacksError: not root, or apt cannot
    """
    if os.geteuid() != 0:
        wanted = " ".join(packages)
        raise EnvironmentLacksError(
            f"not root, and these packages are missing: {wanted}", fix=f"apt-get install {wanted}"
        )
    lock = f"DPkg::Lock::Timeout={LOCK_SECONDS}"
    argv = ["apt-get", "install", "--yes", "--no-install-recommends", "--option", lock, *packages]
    environment = {"DEBIAN_FRONTEND": "noninteractive", process.RUN_MARK: None}
    with _services_stay_down():
        if process.run(argv, env=environment, log=log, check=False).status == 0:
            return
        # The usual causes: a package list that is older than the mirror, an installation that the power cut off.
        process.run(["apt-get", "update"], log=log, check=False)
        process.run(["dpkg", "--configure", "--pending"], env=environment, log=log, check=False)
        if process.run(argv, env=environment, log=log, check=False).status == 0:
            return
    raise EnvironmentLacksError(
        f"apt cannot install {' '.join(packages)}",
        details=process.tail(log),
        fix="mend apt's sources or the network, then run the same command again",
    )


def candidates(packages: Sequence[str], log: Path) -> tuple[Candidate, ...]:
    """Give what the mirror has of packages (deb822 paragraphs).

    :raises EnvironmentLacksError: apt does not know one, even with its package lists renewed
    """
    argv = ["apt-cache", "show", "--no-all-versions", *packages]
    shown = process.run(argv, check=False)
    if shown.status != 0:
        process.run(["apt-get", "update"], log=log, check=False)
        shown = process.run(argv, check=False)
    known = {}
    for paragraph in shown.text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if re.match(r"[A-Z]\S*: ", line))
        if {"Package", "Version", "SHA256"} <= fields.keys():
            known[fields["Package"]] = Candidate(
                fields["Package"], fields["Version"], fields["SHA256"], fields.get("Depends", "")
            )
    for package in packages:
        if package not in known:
            raise EnvironmentLacksError(
                f"apt does not know the package {package}",
                details=process.tail(log),
                fix="mend apt's sources or the network, then run the same command again",
            )
    return tuple(known[package] for package in packages)


def unpack(package: str, directory: Path, log: Path) -> None:
    """Download a package and unpack its files below a folder, without installing it; whole or not at all.

    :param package: its name, or ``name=version``
    :raises DownloadFailedError: it cannot be downloaded
    """
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}")
    downloads = temporary.with_name(f"{temporary.name}.deb")
    downloads.mkdir(parents=True)
    if os.geteuid() == 0:
        shutil.chown(downloads, DOWNLOADER)
    try:
        if process.run(["apt-get", "download", package], cwd=downloads, log=log, check=False).status != 0:
            process.run(["apt-get", "update"], log=log, check=False)
            if process.run(["apt-get", "download", package], cwd=downloads, log=log, check=False).status != 0:
                raise DownloadFailedError(
                    f"apt cannot download {package}",
                    details=process.tail(log),
                    fix="mend apt's sources or the network, then run the same command again",
                )
        (archive,) = downloads.glob("*.deb")
        process.run(["dpkg-deb", "--extract", str(archive), str(temporary)], log=log)
        temporary.rename(directory)
    finally:
        shutil.rmtree(downloads, ignore_errors=True)
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _services_stay_down() -> Iterator[None]:
    """Keep packages from starting services while the block runs; a policy of the machine's own is left alone."""
    if POLICY.exists() and POLICY.read_text() != POLICY_TEXT:  # ours may be there from a run that was cut off
        yield
        return
    POLICY.write_text(POLICY_TEXT)
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)
