"""What apt, dpkg and a build say when they fail, in words that tell what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError, EnvironmentLacksError, InputError, RunFailedError, Where

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.debian.builder import SourcePackage
    from stackwright.errors import StackwrightError
    from stackwright.tools.process import ProgramFailedError

MOST = 15  # lines that are shown
NOT_FOUND = re.compile(r"^E: (?:Failed to fetch \S+ .*404|Unable to (?:locate|fetch))|404 +Not Found", re.MULTILINE)
_UNMET = re.compile(r"^ (\S+) : (Depends|Conflicts|PreDepends|Breaks): (.*(?:\n {5,}.*)*)$", re.MULTILINE)
_SCRIPT = re.compile(
    r"^ (?:installed|new) (\S+) package (\S+) script subprocess returned error exit status (\d+)", re.MULTILINE
)
_FETCH = re.compile(r"^(?:E|W): Failed to fetch (\S+) +(.*)$", re.MULTILINE)
_LOCATE = re.compile(
    r"^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate)", re.MULTILINE
)
_TESTS = re.compile(
    r"dh_auto_test: error|override_dh_auto_test|pkgos-dh_auto_test|FAILED \(.*failures=|\bFailed: [1-9]"
)


def apt_failed(said: str, subject: str, log: Path) -> StackwrightError:
    """Give the error for what apt-get said in a clean system.

    :param said: all of it
    :param subject: for whom it was to install
    """
    where = Where(log, subject=subject)
    if script := _SCRIPT.search(said):
        lines = said[: script.start()].splitlines()
        return CheckFailedError(
            f"the {script[2]} script of the package {script[1]} fails",
            where=where,
            details=_shown(lines),
            why=f"it ended with status {script[3]}",
            fix="mend what it does; the lines above are what it said",
        )
    unmet = [f"    {kind}: {' '.join(what.split())}" for _, kind, what in _UNMET.findall(said)]
    unknown = [one or other for one, other in _LOCATE.findall(said)]
    if unmet or unknown:
        return InputError(
            "what it needs cannot be installed",
            where=where,
            details="\n".join(dict.fromkeys([*unmet, *(f"    {name}: there is no such package" for name in unknown)])),
            why="the suite does not have it, or not in this version",
            fix="build what is missing first and name its folder by `--with`, or build for another suite",
        )
    if failed := _FETCH.findall(said):
        return EnvironmentLacksError(
            "packages cannot be downloaded",
            where=where,
            details="\n".join(f"    {url}: {reason}" for url, reason in failed[:MOST]),
            fix="mend apt's sources or the network, then run the same command again",
        )
    if "No space left on device" in said or "You don't have enough free space" in said:
        return EnvironmentLacksError(
            "the disk is full", where=where, fix="make room and run the same command again: nothing is lost"
        )
    return EnvironmentLacksError("apt cannot install what it needs", where=where, details=_shown(said.splitlines()))


def build_failed(source: SourcePackage, error: ProgramFailedError, log: Path, *, tests: bool) -> StackwrightError:
    """Give the error for a build that failed.

    :param tests: whether the package's tests were run
    """
    if "No space left on device" in error.output:
        return EnvironmentLacksError(
            "the disk is full", where=Where(log), fix="make room and run the same command again: nothing is lost"
        )
    of_tests = tests and _TESTS.search(error.output)
    return RunFailedError(
        f"{source.name} {source.version} cannot be built",
        where=Where(log),
        details=_shown(error.output.splitlines()),
        why="its own tests fail" if of_tests else "",
        fix="without `--tests` it is built all the same" if of_tests else f"the whole of what it said is in {log}",
    )


def _shown(lines: list[str]) -> str:
    return "\n".join(f"    {line}" for line in lines[-MOST:])
