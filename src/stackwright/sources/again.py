"""Sources read again: what they make now, whatever is remembered of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stackwright.distribution.sources import DebianSource, GitSource, PathSource
from stackwright.errors import CheckFailedError, Where
from stackwright.events import Kind
from stackwright.sources.debian import DebianPackage
from stackwright.sources.download import cached, intact
from stackwright.sources.mirror import open_mirror

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.events import Events
    from stackwright.sources.model import SourceTree
    from stackwright.store import Memo, Store, TreeId


def read_again(source: SourceTree, *, store: Store, memo: Memo, cache: Path, events: Events) -> TreeId:
    """Give the tree that a source makes now. An sdist is not fetched anew: it has to be here as it was.

    :param cache: the cache directory, with the downloads
    :raises CheckFailedError: a file that it is made of was changed or is gone
    :raises StackwrightError: as `resolve`
    """
    component, of = source.component, source.component.source
    where = Where(subject=f"source/{component.name}")
    if isinstance(of, PathSource):
        return store.import_directory(of.path)
    if isinstance(of, GitSource):
        mirror = open_mirror(of.git, cache, events)
        return store.take(mirror, mirror.tip(source.digest).tree)
    file = cached(cache / "downloads", source.digest)
    if file is not None and not intact(file, source.digest):
        raise CheckFailedError(f"{file} was changed since its download", where=where)
    if isinstance(of, DebianSource):
        progress = partial(events.emit, Kind.PROGRESS, f"source/{component.name}")
        return DebianPackage(of, lambda *_: where, store, memo, cache, progress).read_again()
    if file is None:
        raise CheckFailedError("its download is not here any more", where=where)
    return store.import_sdist(file)
