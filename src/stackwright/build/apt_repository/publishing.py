"""A channel becomes visible: nothing half-written is ever seen, and who has read the old Release still finds all of it.

The order is what does it: the pool is there, indexes come by their hashes, then under their names, then `Release` and
its signature, and at last `InRelease`, by a rename. apt reads `InRelease` and asks for indexes by the hashes in it
(Acquire-By-Hash), so at each moment it gets the former state whole, or the new one. Only then does anything go.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.apt_repository.indexes import BY_HASH, architectures_of, by_hash, indexes, release
from stackwright.build.apt_repository.record import ChannelRecord, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.apt_repository.record import Record
    from stackwright.tools.gpg import SigningKey

# Who has read a Release goes on with it: what it names stays for as many publications.
KEPT = 3


def publish(
    folder: Path, record: Record, channel: str, *, origin: str, suite: str, architecture: str, key: SigningKey, at: int
) -> Record:
    """Publish a channel, and give the record of it; as it is, if nothing has changed.

    :param folder: what is published: `dists` and `pool` are in it
    :param origin: who publishes
    :param suite: what the packages are built for
    :param architecture: that of this machine, whose index is there even if empty
    :param at: the time, in seconds since the epoch
    :raises EnvironmentLacksError: the key cannot sign
    """
    builds = record.of(channel)
    made = indexes(builds, (architecture,))
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in made.items()}
    before = record.channels.get(channel, ChannelRecord())
    place = folder / "dists" / channel
    if before.published and before.published[0].indexes == hashes and (place / "InRelease").is_file():
        return record
    for path, content in made.items():
        put_bytes(place / by_hash(path, hashes[path]), content)
    for path, content in made.items():
        put_bytes(place / path, content)
    names = architectures_of((package for build in builds for package in build.packages), (architecture,))
    text = release(channel, origin=origin, suite=suite, architectures=names, hashed=made, at=at)
    detached, clear_signed = key.detached(text), key.clear_signed(text)
    put_bytes(place / "Release", text)
    put_bytes(place / "Release.gpg", detached)
    put_bytes(place / "InRelease", clear_signed)
    shown = Shown(at=at, indexes=hashes, files=tuple(sorted({path for build in builds for path in build.files})))
    return record.with_channel(channel, before.model_copy(update={"published": (shown, *before.published[: KEPT - 1])}))


def clear(folder: Path, record: Record) -> tuple[str, ...]:
    """Remove what neither a channel nor its last publications name; gives the paths in the pool that have gone."""
    for name, channel in record.channels.items():
        place = folder / "dists" / name
        wanted = {
            place / by_hash(path, sha256) for shown in channel.published for path, sha256 in shown.indexes.items()
        }
        for file in place.glob(f"**/{BY_HASH}/*"):
            if file not in wanted:
                file.unlink()
    kept = {path for build in record.builds.values() for path in build.files}
    kept |= {path for channel in record.channels.values() for shown in channel.published for path in shown.files}
    gone = []
    for file in sorted((folder / "pool").rglob("*")):
        path = str(file.relative_to(folder))
        if file.is_file() and path not in kept:
            file.unlink()
            gone.append(path)
    _remove_empty(folder / "pool")
    return tuple(gone)


def put_bytes(file: Path, content: bytes) -> None:
    """Put a file that everybody may read into its place, whole and on the disk, its folder made first."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(prefix=".part-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(handle)
        Path(part).chmod(0o644)
        Path(part).replace(file)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def lay(folder: Path, files: Mapping[str, Path]) -> None:
    """Lay files into the pool; one that is there already is left, as its name says which it is."""
    for path, place in files.items():
        if not (folder / path).exists():
            put_bytes(folder / path, place.read_bytes())


def _remove_empty(folder: Path) -> None:
    below: Iterable[Path] = sorted((one for one in folder.rglob("*") if one.is_dir()), reverse=True)
    for one in below:
        if not any(one.iterdir()):
            one.rmdir()
