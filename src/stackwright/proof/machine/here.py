"""The machine that it runs on, in a state directory of its own, which is destroyed afterwards."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stackwright.proof.machine.model import Machine
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stackwright.plan.step import Context, Step

PROGRAM = (sys.executable, "-m", "stackwright.cli.main")
SITES = "sites"


@dataclass(frozen=True)
class HereMaker:
    """Makes state directories on this machine.

    :param cache: the cache of downloads and artifacts
    :param tree: name of the folder that the distribution is copied to, in a machine's place
    """

    cache: Path
    site: str
    tree: str
    kind = "here"
    programs: Mapping[str, str] = field(default_factory=dict)

    def preparing(self) -> tuple[Step, ...]:
        """Give nothing: all is here."""
        return ()

    @contextmanager
    def running(self, place: Path, context: Context) -> Iterator[Machine]:
        """Let a state directory be there while the block runs; the site in it is destroyed afterwards."""
        variables = {"STACKWRIGHT_CACHE": str(self.cache)}
        try:
            yield Machine(_same, PROGRAM, place / self.tree, place, self.site, variables=variables)
        finally:
            destroy(place, place / self.tree, context.log)


def destroy(place: Path, distribution: Path, log: Path) -> None:
    """Destroy the sites in a state directory, be they up, half up or down.

    :raises ProgramFailedError: one cannot be destroyed
    """
    for site in sorted(file.parent for file in place.glob(f"{SITES}/*/site.json")):
        head = [*PROGRAM, "-C", str(distribution), "--state", str(place), "--site", site.name]
        process.run([*head, "--log-format", "plain", "destroy", "--yes"], log=log)


def _same(words: Sequence[str]) -> list[str]:
    return list(words)
