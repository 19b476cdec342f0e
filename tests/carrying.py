"""A series made for a test, on an upstream with a history, in a folder that looks like a distribution's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.patches import apply, read_series
from stackwright.patches.editing.replacing import replace
from stackwright.sources.bases import Base
from stackwright.store import Store
from tests.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackwright.patches import Series
    from stackwright.patches.editing.draft import Draft
    from stackwright.store import TreeId


@dataclass(frozen=True)
class Carrying:
    """A series, and what it is for.

    :param root: the folder with ``patches/``
    """

    root: Path
    upstream: Upstream
    base: Base

    @property
    def directory(self) -> Path:
        return self.root / "patches/nova/2026.2"

    @property
    def series(self) -> Series:
        return read_series(self.directory)

    @property
    def ground(self) -> tuple[Store, TreeId, Series]:
        return self.base.store, self.base.tree, self.series

    @property
    def tree(self) -> TreeId:
        return apply(*self.ground).tree

    @property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.directory.iterdir()}

    @property
    def listing(self) -> str:
        return (self.directory / "series").read_text()

    @property
    def names(self) -> list[str]:
        return [patch.name for patch in self.series.patches]

    @property
    def subjects(self) -> list[str]:
        return [patch.subject for patch in self.series.patches]

    def write(self, draft: Draft) -> None:
        undo = self.root / "undo"
        replace(self.root / "patches", draft.files, read={draft.listing: draft.was}, undo=undo, about="test")


def carry(
    place: Path, upstream: Mapping[str, str], patches: Sequence[tuple[Mapping[str, str | None], str]]
) -> Carrying:
    """Make an upstream of some files, and a series of what each patch makes of it; one without a change is left out."""
    repository = Upstream(place / "upstream")
    repository.commit(upstream, "Begin")
    store = Store(place / "store.git")
    base = Base(store, store.import_directory(repository.directory), "upstream")
    directory = place / "cloud/patches/nova/2026.2"
    directory.mkdir(parents=True)
    names = []
    for number, (files, message) in enumerate(patches, start=1):
        before = repository.git("rev-parse", "HEAD^{tree}")
        repository.commit(files, message)
        if repository.git("rev-parse", "HEAD^{tree}") == before:
            continue
        names.append(f"{number:04}-{chr(96 + number)}.patch")
        (directory / names[-1]).write_bytes(repository.patch().encode())
    (directory / "series").write_text("# ours\n" + "".join(f"{name}\n" for name in names))
    return Carrying(place / "cloud", repository, base)
