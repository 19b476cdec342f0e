"""The builders of a service's rings: what they were made, their files, and the service's own program that changes them.

Of the folder of builders: ``NAME.builder``, swift's own; ``made.json``, what came of the last change, so that a look at
rings takes no program; ``backups/``, the builders before each change.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from stackwright.build.cache import sha256_of
from stackwright.errors import InputError, Where
from stackwright.site.rings.changes import SeenDevice, SeenRing
from stackwright.site.state import write_private
from stackwright.tools import ring_builder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stackwright.site.rings.changes import Change
    from stackwright.site.rings.layout import Placing

MADE, BACKUPS = "made.json", "backups"


@dataclass(frozen=True)
class Made:
    """What was made of a service's rings.

    :param rings: by their names; none that is not made yet
    :param strange: files that are not as they were made: somebody else has put them there, or they have gone
    """

    rings: Mapping[str, SeenRing]
    strange: tuple[str, ...] = ()


def builder_of(placing: Placing, ring: str) -> Path:
    """Give the file of a ring's builder."""
    return placing.builders / f"{ring}.builder"


def ring_of(placing: Placing, ring: str) -> Path:
    """Give the file of a ring, as the service's processes read it."""
    return placing.files / f"{ring}.ring.gz"


def look(placing: Placing) -> Made:
    """See what was made of the rings.

    :raises InputError: what was noted of it is damaged
    """
    note = placing.builders / MADE
    files = [file(placing, ring) for ring in placing.holds for file in (builder_of, ring_of)]
    try:
        kept = json.loads(note.read_text())
        rings = {name: _seen(one) for name, one in kept["rings"].items()}
        sums: Mapping[str, str] = dict(kept["files"])
    except FileNotFoundError:
        return Made({}, tuple(file.name for file in files if file.exists()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "what was noted of the rings cannot be read",
            where=Where(file=note),
            why=f"{type(error).__name__}: {error}",
            fix=f"remove {note.name}: it is made anew of the builders",
        ) from error
    strange = [file.name for file in files if _sum(file) != sums.get(file.name)]
    return Made(rings, tuple(strange))


def make(environment: Path, placing: Placing, wanted: Mapping[str, Sequence[Change]], seed: str) -> Made:
    """Carry out changes of rings, with the builders kept as they were before, and note what came of it.

    :param environment: the service's
    :param wanted: ring -> its changes; without one, the ring is written anew of its builder
    :param seed: the laying out depends on it and on what the ring was before, and on nothing else
    :raises InputError: a builder is older than the ring that was made of it
    :raises RunFailedError: the builder refuses
    """
    if any(wanted.values()):
        _back_up(placing)
    asked = [
        {
            "builder": str(builder_of(placing, ring)),
            "ring": str(ring_of(placing, ring)),
            "changes": [change.plain() for change in wanted.get(ring, ())],
            "seed": f"{seed} {ring}",
        }
        for ring in placing.holds
    ]
    told = ring_builder.work(environment, asked)
    by_ring = {ring: told[str(builder_of(placing, ring))] for ring in placing.holds}
    for ring, one in by_ring.items():
        if one is not None and one.get("older"):
            raise InputError(
                f"the builder of the ring {ring} is of version {one['version']}, "
                f"older than the ring of version {one['ring_version']} that the nodes have",
                where=Where(file=builder_of(placing, ring)),
                why="a ring made of it would lay out anew what has been moved since",
                fix=f"bring back the builder of that version; those before each change are in "
                f"{placing.builders / BACKUPS}",
            )
    made = {ring: _seen(one) for ring, one in by_ring.items() if one is not None}
    files = [file(placing, ring) for ring in made for file in (builder_of, ring_of)]
    note = {
        "rings": {ring: asdict(one) for ring, one in made.items()},
        "files": {file.name: sha256_of(file) for file in files},
    }
    write_private(placing.builders / MADE, json.dumps(note, indent=1))
    return Made(made)


def _back_up(placing: Placing) -> None:
    """Copy the builders as they are, by their versions: what is there already is the same."""
    made = look(placing)
    for ring, seen in made.rings.items():
        builder = builder_of(placing, ring)
        if builder.name not in made.strange:
            backup = placing.builders / BACKUPS / f"{ring}.{seen.version}.builder"
            backup.parent.mkdir(exist_ok=True, mode=0o700)
            shutil.copy2(builder, backup)


def _seen(told: Mapping[str, Any]) -> SeenRing:
    devices = tuple(SeenDevice(**one) for one in told["devices"])
    return SeenRing(**{**told, "devices": devices})


def _sum(file: Path) -> str | None:
    return sha256_of(file) if file.exists() else None
