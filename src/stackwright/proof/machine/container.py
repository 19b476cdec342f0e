"""A machine that is a container of this kernel: a copy-on-write layer over the base, a network of its own."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, Where
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.proof.machine import itself
from stackwright.proof.machine.base import ROOT
from stackwright.proof.machine.carried import archive
from stackwright.proof.machine.model import STATE, VARIABLES, Machine, in_variables, written_variables
from stackwright.tools import nspawn, process, slirp4netns, uv

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.build.cache import ArtifactCache
    from stackwright.proof.machine.base import Base
    from stackwright.proof.machine.surroundings import Surroundings

PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": nspawn.PACKAGE,
    "slirp4netns": "slirp4netns",
    "setpriv": "util-linux",
}
BASE, ITSELF = "machine/base", "machine/stackwright"
PATIENCE = 20.0  # seconds until the network is there


@dataclass(frozen=True)
class ContainerMaker:
    """Makes containers.

    :param site: the site that is brought up in them
    :param distribution: where the distribution lies here, and there
    """

    cache: ArtifactCache
    base: Base
    surroundings: Surroundings
    distribution: Path
    site: str
    kind = "container"
    programs = PROGRAMS

    def preparing(self) -> tuple[Step, ...]:
        """Give the steps that make the base and the environment of Stackwright."""
        return base_step(self.base, self.cache), itself_step(self.cache)

    @contextmanager
    def running(self, place: Path, context: Context) -> Iterator[Machine]:
        """Let a container run while the block does."""
        base, program = self.base.find(self.cache), itself.find(self.cache)
        if base is None or program is None:
            raise RunFailedError("the base has gone from the cache", fix="run the same command again")
        packages = uv.cache_directory()
        packages.mkdir(parents=True, exist_ok=True)
        container = nspawn.Container(
            f"stackwright-{place.name}", base / ROOT, place, shared=(self.cache.directory, packages)
        )
        with ExitStack() as stack:
            first = stack.enter_context(nspawn.running(container, log=context.log))
            loopback = self.surroundings.needs_loopback
            stack.enter_context(slirp4netns.running(first, host=loopback, log=context.log))

            def enter(words: Sequence[str]) -> list[str]:
                return [*nspawn.entering(first), *in_variables(words)]

            machine = Machine(enter, (str(program / "bin/stackwright"),), self.distribution, STATE, self.site)
            _await_network(machine, context.log)
            file = place / "surroundings.tar"
            variables = {"STACKWRIGHT_CACHE": str(self.cache.directory), "UV_CACHE_DIR": str(packages)}
            write_surroundings(file, self.surroundings.outside(), variables, container.name)
            machine.put(file, context.log)
            yield machine


def base_step(base: Base, cache: ArtifactCache) -> Step:
    """Make the step that makes the system that machines are copies of."""

    def check() -> Verdict:
        made = base.find(cache)
        return done(f"it is there: {made}") if made else needed("the cache has none of these packages and this week")

    def do(context: Context) -> None:
        context.progress(f"{len(base.packages)} Debian packages and what they need")
        base.make(cache, context.log)

    taken = base.surroundings.apt.taken
    origin = f"from {taken.name}" if taken else "from this machine's sources"
    return Step(BASE, f"make a Debian system of {len(base.packages)} packages {origin}", check, do, seconds=60)


def itself_step(cache: ArtifactCache) -> Step:
    """Make the step that makes the environment that Stackwright runs from in a machine."""

    def check() -> Verdict:
        path = itself.find(cache)
        return done(f"it is there: {path}") if path else needed("the cache has not this Stackwright")

    def do(context: Context) -> None:
        itself.install(cache, context.log)

    return Step(ITSELF, "make an environment of this Stackwright, for the machine", check, do, seconds=5)


def write_surroundings(file: Path, around: Surroundings, variables: dict[str, str], name: str) -> None:
    """Write the archive that gives a machine its place in the network.

    :param variables: further ones
    :param name: the machine's
    """
    folder = file.with_suffix(".files")
    folder.mkdir(mode=0o700)
    hosts = Path("/etc/hosts").read_text() if Path("/etc/hosts").exists() else ""
    texts = {
        VARIABLES: written_variables({**around.variables, **variables}),
        Path("/etc/resolv.conf"): f"nameserver {slirp4netns.NAMESERVER}\n",
        Path("/etc/hosts"): f"{hosts.rstrip()}\n127.0.1.1 {name}\n",
        Path("/etc/hostname"): f"{name}\n",
        Path("/etc/apt/sources.list"): "",
        Path("/etc/apt/sources.list.d", around.apt.name): around.apt.text,
        Path("/etc/apt/apt.conf.d/90stackwright"): around.apt_settings,
    }
    members = dict(around.files)
    for number, (there, text) in enumerate(texts.items()):
        here = folder / str(number)
        here.write_text(text)
        here.chmod(0o600 if there == VARIABLES else 0o644)
        members[there] = here
    archive(file, members)
    shutil.rmtree(folder)


def _await_network(machine: Machine, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not machine.run("ip", "-4", "route", "show", "default", check=False).text:
        if time.monotonic() > until:
            raise RunFailedError(
                "the machine's network does not come", where=Where(file=log), details=process.tail(log)
            )
        time.sleep(0.05)
