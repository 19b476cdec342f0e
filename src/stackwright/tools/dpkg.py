"""dpkg: Debian source packages become files and files source packages; what a Debian system has installed."""

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


def extract_source(dsc: Path, directory: Path, *, patched: bool = True) -> Completed:
    """Unpack a source package (dpkg-source(1)); a failure is given, not raised.

    Hashes and signature are not looked at: that is the caller's part.

    :param dsc: the .dsc, its files beside it
    :param directory: is made
    :param patched: with its patches applied
    :raises EnvironmentLacksError: dpkg-source is not installed
    """
    program = process.find("dpkg-source", package="dpkg-dev")
    options = ["--no-check", "--no-copy", *(() if patched else ("--skip-patches",)), "--extract"]
    return process.run([program, *options, str(dsc), str(directory)], env=ENVIRONMENT, cwd=dsc.parent, check=False)


def build_source(tree: Path) -> Completed:
    """Make a source package of a folder, beside it, where its upstream tarballs are; a failure is given, not raised.

    The same files give the same bytes: nothing depends on when and by whom they are packed, nor on how many processors
    there are.

    :param tree: with its folder ``debian`` in it
    :raises EnvironmentLacksError: dpkg-source is not installed
    """
    program = process.find("dpkg-source", package="dpkg-dev")
    # A file `debian/source/options` of the package's is meant for its own way of packing, and read all the same.
    options = ["--threads-max=1", "--build"]
    return process.run([program, *options, tree.name], env=ENVIRONMENT, cwd=tree.parent, check=False)


def scan_packages(folder: Path) -> bytes:
    """Give the index of the .deb files in a folder, with their names in it (dpkg-scanpackages(1)).

    :raises EnvironmentLacksError: dpkg-scanpackages is not installed
    """
    program = process.find("dpkg-scanpackages", package="dpkg-dev")
    return process.run([program, "--multiversion", "."], env=ENVIRONMENT, cwd=folder).stdout


def version() -> str:
    """Give the version of the dpkg that makes source packages here."""
    return process.run([process.find("dpkg-source", package="dpkg-dev"), "--version"]).text.split()[3].rstrip(".")


def architecture() -> str:
    """Give the architecture of this machine, as dpkg names it."""
    return process.run([process.find("dpkg"), "--print-architecture"]).text.strip()


def installed(root: Path) -> dict[str, str]:
    """Give the packages of a system in a folder: name -> version (dpkg-query(1))."""
    options = [f"--admindir={root / 'var/lib/dpkg'}", "--show", "--showformat=${Package} ${Version}\\n"]
    shown = process.run([process.find("dpkg-query", package="dpkg"), *options]).text
    return dict(line.split(" ", 1) for line in shown.splitlines())
