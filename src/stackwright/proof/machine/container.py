"""A machine that is a container of this kernel: a copy-on-write layer over the base, a network of its own."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, Where
from stackwright.proof.machine.base import ROOT
from stackwright.proof.machine.copies import CopyMaker, name_of
from stackwright.proof.machine.model import STATE, Machine, in_variables
from stackwright.tools import nspawn, process, slirp4netns, uv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from stackwright.plan.step import Context

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": nspawn.PACKAGE,
    "slirp4netns": "slirp4netns",
    "setpriv": "util-linux",
}
PATIENCE = 20.0  # seconds until the network is there


@dataclass(frozen=True)
class ContainerMaker(CopyMaker):
    """Makes containers."""

    kind = "container"
    programs = PROGRAMS

    @contextmanager
    def running(self, place: Path, context: Context) -> Iterator[Machine]:
        """Let a container run while the block does."""
        base, program = self.parts()
        packages = uv.cache_directory()
        packages.mkdir(parents=True, exist_ok=True)
        shared = self.cache.directory, packages
        container = nspawn.Container(name_of(place), base / ROOT, place, shared)
        with ExitStack() as stack:
            first = stack.enter_context(nspawn.running(container, log=context.log))
            loopback = self.surroundings.needs_loopback
            stack.enter_context(slirp4netns.running(first, host=loopback, log=context.log))

            def enter(words: Sequence[str]) -> list[str]:
                return [*nspawn.entering(first), *in_variables(words)]

            machine = Machine(enter, (str(program / "bin/stackwright"),), self.distribution, STATE, self.site)
            _await_network(machine, context.log)
            variables = {"STACKWRIGHT_CACHE": str(self.cache.directory), "UV_CACHE_DIR": str(packages)}
            self.introduce(machine, place, variables, context.log)
            yield machine


def _await_network(machine: Machine, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not machine.run("ip", "-4", "route", "show", "default", check=False).text:
        if time.monotonic() > until:
            raise RunFailedError(
                "the machine's network does not come", where=Where(file=log), details=process.tail(log)
            )
        time.sleep(0.05)
