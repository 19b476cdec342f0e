"""dpkg: Debian source packages become files, and what a Debian system has installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.tools.process import Completed

# Nothing of the user's may change what comes out: series of another vendor than Debian, options of tar and patch.
ENVIRONMENT = {
    "DEB_VENDOR": "debian",
    "DPKG_COLORS": "never",
    "LC_ALL": "C",
    "POSIXLY_CORRECT": None,
    "TAR_OPTIONS": None,
}


def extract_source(dsc: Path, directory: Path) -> Completed:
    """Unpack a source package with its patches applied (dpkg-source(1)); a failure is given, not raised.

    Hashes and signature are not looked at: that is the caller's part.

    :param dsc: the .dsc, its files beside it
    :param directory: is made
    :raises EnvironmentLacksError: dpkg-source is not installed
    """
    program = process.find("dpkg-source", package="dpkg-dev")
    options = ["--no-check", "--no-copy", "--extract"]
    return process.run([program, *options, str(dsc), str(directory)], env=ENVIRONMENT, cwd=dsc.parent, check=False)


def installed(root: Path) -> dict[str, str]:
    """Give the packages of a system in a folder: name -> version (dpkg-query(1))."""
    options = [f"--admindir={root / 'var/lib/dpkg'}", "--show", "--showformat=${Package} ${Version}\\n"]
    shown = process.run([process.find("dpkg-query", package="dpkg"), *options]).text
    return dict(line.split(" ", 1) for line in shown.splitlines())
