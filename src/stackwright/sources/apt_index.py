"""Where the files of a Debian source package are: asked from apt's indexes, so that the machine's sources count."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, StackwrightError
from stackwright.store.lock import locked
from stackwright.tools import apt_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from stackwright.distribution import DebianSource
    from stackwright.errors import Where
    from stackwright.tools.apt_sources import Indexed

SHOWN = 5  # versions in a message


def find_files(
    source: DebianSource, where: Callable[..., Where], directory: Path, progress: Callable[[str], None]
) -> Mapping[str, Indexed]:
    """Find the files of a source package, by name. The indexes are renewed only if those here do not have it.

    :param where: gives the place of a key of the source
    :param directory: the indexes are kept below it, a folder for each set of apt sources
    :raises InputError: the indexes have no such package or version
    :raises EnvironmentLacksError: there are no indexes, or they cannot be fetched
    """
    entries = apt_sources.machine_entries()
    if source.suite is not None:
        entries = apt_sources.of_suite(entries, source.suite)
    sources = apt_sources.written(entries)
    if not sources:
        raise EnvironmentLacksError(
            f"apt cannot be asked for {source.debian} {source.version}",
            where=where("debian"),
            why="this machine has no apt sources",
            fix="name the .dsc by `dsc:`",
        )
    folder = directory / hashlib.sha256(sources.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        apt_sources.prepare(folder, sources)
        found = apt_sources.files(folder, source.debian, source.version)
        if not found:
            progress("apt-get update")
            problems = apt_sources.update(folder)
            found = apt_sources.files(folder, source.debian, source.version)
            if not found:
                raise _not_found(source, where, apt_sources.versions(folder, source.debian), problems)
    return {file.name: file for file in found}


def elsewhere(
    file: Indexed, source: DebianSource, where: Callable[..., Where], directory: Path, progress: Callable[[str], None]
) -> Iterator[str]:
    """Give the URLs of a file in the suites that come with the one that is asked: these may have another mirror.

    The other parameters are those of `find_files`.
    """
    asked = source.suite or ""
    release = asked.partition("-")[0]
    for suite in (release, *(f"{release}-{ending}" for ending in apt_sources.ENDINGS)) if release else ():
        if suite == asked:
            continue
        try:
            found = find_files(source.model_copy(update={"suite": suite}), where, directory, progress).get(file.name)
        except StackwrightError:
            continue  # it has another version, or there is no such suite
        if found is not None and found.sha256 == file.sha256:
            yield found.url


def _not_found(
    source: DebianSource, where: Callable[..., Where], versions: tuple[str, ...], problems: str
) -> InputError | EnvironmentLacksError:
    suite = f" of {source.suite}" if source.suite else ""
    what = f"apt's indexes{suite} have no source package {source.debian}{f' {source.version}' if versions else ''}"
    others = f"take a version that they have: {', '.join(versions[:SHOWN])}; " if versions else ""
    if problems:
        return EnvironmentLacksError(
            what,
            where=where("debian"),
            details="\n".join(f"    {line}" for line in problems.splitlines()),
            why="apt cannot fetch all of them",
            fix=f"{others}mend the suite, apt's sources or the network, or name the .dsc by `dsc:`",
        )
    if versions:
        return InputError(
            what,
            where=where("version"),
            why="a mirror has only the newest version of a suite",
            fix=f"{others}or name the .dsc of yours by `dsc:`",
        )
    return InputError(what, where=where("debian"), fix="correct the name, name another `suite:`, or the .dsc by `dsc:`")
