"""An archive is verified, and laid out again: a distribution, a cache and a state directory that need no network."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import sha256_of
from stackwright.build.image.layout import Layout
from stackwright.build.release_archive.parts import (
    BILLS,
    DEBIAN,
    DISTRIBUTION,
    DOWNLOADS,
    LOCKS,
    MEMO,
    PACKAGES,
    TREES,
    WHEELS,
    images_of,
    read,
)
from stackwright.build.wheel import WHEELS as WHEELS_KIND
from stackwright.distribution.writing import put, with_source
from stackwright.errors import CheckFailedError, InputError, StackwrightError, Where
from stackwright.store import Memo, Store, TreeId

if TYPE_CHECKING:
    from stackwright.build.image import oci
    from stackwright.build.release_archive.parts import Summary


@dataclass(frozen=True)
class Restored:
    """Where an archive has been laid out.

    :param environment: variables that keep uv to the archive's packages
    """

    distribution: Path
    state: Path
    environment: dict[str, str]


def verify(layout: Layout, reference: str) -> dict[str, oci.Descriptor]:
    """Hold every file of an archived release, and of its images, against its SHA-256. Gives the files.

    Neither a network nor a distribution is needed.

    :raises InputError: there is no such release in it, or it is damaged
    :raises CheckFailedError: files are gone, or are not what their names say
    """
    _, files = read(layout, reference)
    wanted = dict(files)
    bad = []
    for name in images_of(layout, reference):
        try:
            wanted |= {f"{name} {blob.digest}": blob for blob in layout.blobs_of(layout.get(name))}
        except StackwrightError as error:
            bad.append(f"    {name}: {error.why or error.what}")
    for path, blob in wanted.items():
        file = layout.path(blob.digest)
        if not file.is_file():
            bad.append(f"    {path}: it is gone")
        elif file.stat().st_size != blob.size or f"sha256:{sha256_of(file)}" != blob.digest:
            bad.append(f"    {path}: its content is another ({file})")
    if bad:
        raise CheckFailedError(
            f"files of the archive are damaged: {len(bad)}",
            where=Where(layout.directory, subject=reference),
            details="\n".join(bad),
            fix="take them from another copy of the archive, or archive the release again into the same folder",
        )
    return files


def restore(layout: Layout, reference: str, directory: Path, *, artifacts: bool = True) -> Restored:
    """Lay an archived release out in a folder that is not there yet; it is verified first.

    :param artifacts: with what was built; without it, all is built again
    :raises InputError: the folder is there, there is no such release, or the archive is damaged
    :raises CheckFailedError: files are gone, or are not what their names say
    """
    if directory.exists():
        raise InputError(
            f"{directory} is there already", where=Where(directory), fix="name a folder that is not there yet"
        )
    verify(layout, reference)
    summary, files = read(layout, reference)
    part = directory.with_name(f".{directory.name}.{os.getpid()}.part")
    try:
        _lay(layout, files, summary, part, artifacts=artifacts)
        part.rename(directory)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    packages = (directory / PACKAGES).resolve()
    return Restored(
        directory / DISTRIBUTION,
        directory / "state",
        {
            "STACKWRIGHT_CACHE": str((directory / "cache").resolve()),
            "UV_CACHE_DIR": str((directory / "uv").resolve()),
            "UV_FIND_LINKS": str(packages),
            "UV_NO_INDEX": "1",
        },
    )


def _lay(layout: Layout, files: dict[str, oci.Descriptor], summary: Summary, to: Path, *, artifacts: bool) -> None:
    places = {
        DISTRIBUTION: to / DISTRIBUTION,
        PACKAGES: to / PACKAGES,
        LOCKS: to / LOCKS,
        BILLS: to / BILLS,
        DOWNLOADS: to / "cache/downloads/sha256",
        **({WHEELS: to / "cache" / WHEELS_KIND} if artifacts else {}),
        **({kind: to / "cache" / kind for kind in DEBIAN} if artifacts else {}),
    }
    store = Store(to / "state/store.git")
    for path, blob in files.items():
        top, _, rest = path.partition("/")
        if top in places:
            place = places[top] / rest
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(layout.path(blob.digest), place)
        elif top == TREES:
            store.take_packed(layout.path(blob.digest).read_bytes(), TreeId(rest.removesuffix(".pack")))
    memo = Memo(to / "cache")
    for kind, key, value in json.loads(layout.read(files[MEMO])):
        memo.put(kind, key, value)
    memo.close()
    if artifacts:
        Layout(to / "state/images").take(layout, images_of(layout, summary.release))
    release = to / DISTRIBUTION / "releases" / f"{summary.release}.yaml"
    for one in summary.trees:
        store.export(TreeId(one.tree), to / DISTRIBUTION / TREES / one.component)
        source = {"path": f"{TREES}/{one.component}", "version": one.version}
        put(release, with_source(release, one.component, source))
