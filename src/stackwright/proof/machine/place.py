"""Where machines are, and the end of those whose maker was killed: no trace of a machine outlives the next run."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.build.scratch import locked
from stackwright.events import Kind
from stackwright.proof.machine import here
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.events import Events

MACHINES = "proof"
TREE = "tree"
REMOVE = "machine/remove"


@contextmanager
def machine_place(state: Path, events: Events) -> Iterator[Path]:
    """Give an empty folder for a machine, which is removed afterwards; first remove what killed runs have left.

    Its maker holds a lock on it, which the kernel lets go of however the maker ends; so the next one knows those of
    dead makers. This process and all that it starts are marked with the place, by which what runs of a dead maker's
    machine is found.

    :param state: the state directory
    :raises ProgramFailedError: what a killed run has left cannot be destroyed
    """
    base = state / MACHINES
    base.mkdir(parents=True, exist_ok=True)
    with locked(base / ".lock"):
        for entry in sorted(base.iterdir()):
            if entry.is_dir() and not _is_held(entry):
                ended = _remove(entry)
                what = f", in which {', '.join(ended)} still ran" if ended else ""
                events.emit(Kind.NOTE, REMOVE, f"removed the machine {entry.name} of a run that was killed{what}")
        place = base / secrets.token_hex(4)  # a machine's name is made of it: letters and digits
        place.mkdir()
        place.chmod(0o755)  # users of the services pass it
        descriptor = os.open(place, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    process.mark_run(place)
    try:
        yield place
    finally:
        begun = time.monotonic()
        events.emit(Kind.STARTED, REMOVE, "throw the machine away")
        try:
            _remove(place)
        finally:
            os.close(descriptor)
        events.emit(Kind.DONE, REMOVE, "nothing is left of the machine", time.monotonic() - begun)


def _remove(place: Path) -> tuple[str, ...]:
    """Remove a machine's place with all that runs there; gives the names of the programs that were ended."""
    ended = process.end_orphans(place)
    here.destroy(place, place / TREE, place / "destroy.log")
    shutil.rmtree(place)
    return ended


def _is_held(place: Path) -> bool:
    """Tell whether the maker of a place lives."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
