"""A source package of a suite becomes that of a backport: the same files, and an entry more in its changelog."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.debian import changelog
from stackwright.build.debian.builder import SourcePackage
from stackwright.build.debian.changelog import Entry
from stackwright.build.scratch import fast_base, scratch_directory
from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.sources.download import NotDownloadedError, download, shown
from stackwright.sources.dsc import parse_dsc, signed_text
from stackwright.tools import dpkg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stackwright.build.backports.status import Standing
    from stackwright.build.backports.suites import Suite
    from stackwright.build.cache import ArtifactCache
    from stackwright.tools.apt_sources import Indexed
    from stackwright.tools.process import Completed

KIND = "backport-sources"
RECIPE = 1  # another one makes other source packages of the same files


@dataclass(frozen=True)
class Maker:
    """Who makes backports, as the changelog tells.

    :param name: ``Name <mail>``
    :param suite: what they are built for
    """

    name: str
    suite: str


def backport_source(
    standing: Standing, suite: Suite, maker: Maker, *, cache: ArtifactCache, progress: Callable[[str], None]
) -> SourcePackage:
    """Give the source package of a backport, made first if the cache does not have it.

    The files are those that the suite's signed index names, by their hashes.

    :raises InputError: the suite does not have it any more, the source package cannot be read
    :raises CheckFailedError: a file is not the one that is named
    :raises EnvironmentLacksError: a file cannot be had
    """
    candidate = standing.candidate
    assert candidate is not None
    source, version = candidate.source, candidate.version
    indexed = suite.files(source, version)
    dscs = [file for file in indexed if file.name.endswith(".dsc")]
    if len(dscs) != 1 or any(not file.sha256 for file in indexed):
        raise InputError(
            f"the index of {suite.name} has no files of {source} {version} with their SHA-256",
            where=standing.wanted.where,
            fix="fetch the index again: stackwright backport status --update",
        )
    hashes = sorted((file.name, file.sha256) for file in indexed)
    key = key_of(KIND, RECIPE, hashes, standing.version, maker.name, maker.suite)

    def fill(directory: Path) -> Provenance:
        with scratch_directory(fast_base()) as scratch:
            original = _fetched(indexed, dscs[0], scratch, cache.directory / "downloads", standing, progress)
            progress(f"{standing.version} of {version}")
            made = _repacked(original, standing.version, maker, scratch)
            for file in made:
                shutil.copyfile(file, directory / file.name)
        outputs = {file.name: sha256_of(file) for file in sorted(directory.iterdir())}
        return Provenance(
            {"source": source, "version": version, "suite": suite.name, "files": dict(hashes)}, {}, outputs
        )

    made = cache.make(KIND, key, fill)
    (dsc,) = made.glob("*.dsc")
    return SourcePackage.read(dsc)


def entry_of(newest: Entry, version: str, maker: Maker) -> Entry:
    """Give the entry of a backport, of the one that its changelog begins with. Pure.

    Its time is a second later than that one's, so that the same backport is the same to the bit.
    """
    return Entry(
        newest.source,
        version,
        maker.suite,
        (f"Rebuild for {maker.suite}.",),
        maker.name,
        newest.date + timedelta(seconds=1),
    )


def _fetched(
    indexed: Sequence[Indexed],
    dsc: Indexed,
    folder: Path,
    downloads: Path,
    standing: Standing,
    progress: Callable[[str], None],
) -> Path:
    """Lay the files of a source package into a folder, and give its .dsc."""
    for file in indexed:
        url = _address(file.url)
        progress(f"downloading {file.name}")
        try:
            place = download(url, file.sha256, downloads, progress)
        except NotDownloadedError as error:
            raise EnvironmentLacksError(
                f"the file {file.name} of {standing.wanted.source} cannot be had",
                where=standing.wanted.where,
                details=f"    {shown(file.url)}: {error.why}",
                why=f"the index of {standing.wanted.suite} names it, but the mirror does not have it",
                fix="take the package from another suite, or name another mirror in apt's sources or under `suites:`",
            ) from error
        (folder / file.name).symlink_to(place.absolute())
    return folder / dsc.name


def _address(url: str) -> str:
    """Give the address of a file: apt writes that of one on this machine in a way of its own."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)).as_uri() if parts.scheme in ("file", "copy") else url


def _repacked(dsc: Path, version: str, maker: Maker, folder: Path) -> list[Path]:
    """Make the source package with the version of a backport, and give its files."""
    text = signed_text(dsc.read_bytes(), dsc)
    described = parse_dsc(text, dsc)
    stem = f"{described.source}-{re.sub(r'[^0-9A-Za-z.+]', '-', version)}"
    work = folder / "work"
    work.mkdir()
    plain = folder / "package.dsc"
    plain.write_bytes(text)
    _insist(dpkg.extract_source(plain, work / stem, patched=False), dsc)
    log = work / stem / changelog.CHANGELOG
    before = log.read_text("utf-8", "surrogateescape")
    entry = entry_of(changelog.newest(before, log), version, maker)
    log.write_text(changelog.written(entry) + before, "utf-8", "surrogateescape")
    for one in described.files:
        if ".orig" in one.name:
            (work / one.name).symlink_to((folder / one.name).resolve())
    _insist(dpkg.build_source(work / stem), dsc)
    (made,) = work.glob("*.dsc")
    named = parse_dsc(made.read_bytes(), made).files
    return [made, *(work / one.name for one in named)]


def _insist(completed: Completed, dsc: Path) -> None:
    if completed.status != 0:
        said = (completed.stdout + completed.stderr).decode(errors="replace")
        raise InputError(
            "the source package cannot be unpacked and packed again",
            where=Where(dsc),
            details="\n".join(f"    {line}" for line in said.splitlines()[-15:]),
            fix="take another version of it",
        )
