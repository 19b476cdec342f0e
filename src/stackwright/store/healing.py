"""What is damaged is moved aside, and comes again: from its sources, or from its repository elsewhere."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.store.lock import locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.tools.git import DamagedError


@contextmanager
def held(repository: Path) -> Iterator[None]:
    """Let nobody else make or move a repository while the block runs."""
    repository.parent.mkdir(parents=True, exist_ok=True)
    with locked(repository.with_name(f"{repository.name}.lock")):
        yield


def aside(repository: Path) -> Path:
    """Give where a repository lies once it has been moved aside."""
    return repository.with_name(f"{repository.name}.damaged")


def move_aside(damaged: DamagedError) -> Path:
    """Move a damaged repository aside, over one that lies there from before; gives where it is.

    Of two processes that find the damage, the second finds nothing to move.
    """
    repository, place = damaged.repository, aside(damaged.repository)
    with held(repository):
        if repository.exists() and repository.stat().st_ino == damaged.inode:
            shutil.rmtree(place, ignore_errors=True)
            repository.rename(place)
    return place
