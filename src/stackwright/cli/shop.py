"""The workshop of a command: where it makes trees, wheels and environments."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.workshop import Workshop
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.cli.workspace import Workspace


@contextmanager
def workshop(workspace: Workspace, memo: Memo | None = None) -> Iterator[Workshop]:
    """Give a workshop that tells the user what it does while the block runs.

    :param memo: instead of one of its own
    """
    with workspace.events() as events:
        yield Workshop(
            Store(workspace.state / "store.git"),
            memo or Memo(workspace.cache),
            ArtifactCache(workspace.cache),
            events,
            workspace.state / "builds",
        )
