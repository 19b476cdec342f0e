"""What machines have in common that are copies of a base: what they are made of, and their place in the network."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.proof.machine import itself
from stackwright.proof.machine.carried import archive
from stackwright.proof.machine.model import VARIABLES, written_variables
from stackwright.tools import slirp4netns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.cache import ArtifactCache
    from stackwright.proof.machine.base import Base
    from stackwright.proof.machine.model import Machine
    from stackwright.proof.machine.surroundings import Surroundings

BASE, ITSELF = "machine/base", "machine/stackwright"


@dataclass(frozen=True)
class CopyMaker:
    """Makes machines of a base and an environment of Stackwright, which are in the cache.

    :param distribution: where the distribution lies here, and there
    :param site: the site that is brought up in them
    """

    cache: ArtifactCache
    base: Base
    surroundings: Surroundings
    distribution: Path
    site: str

    def preparing(self) -> tuple[Step, ...]:
        """Give the steps that make the base and the environment."""
        return self._base_step(), self._itself_step()

    def parts(self) -> tuple[Path, Path]:
        """Give the folders of the base and of the environment.

        :raises RunFailedError: one of them is not there any more
        """
        base, program = self.base.find(self.cache), itself.find(self.cache)
        if base is None or program is None:
            raise RunFailedError("the base has gone from the cache", fix="run the same command again")
        return base, program

    def introduce(self, machine: Machine, place: Path, variables: Mapping[str, str], log: Path) -> None:
        """Give a machine its place in the network, its name and its variables.

        :param place: the folder of what is its own here
        :param variables: besides those of the surroundings
        """
        around, name = self.surroundings.outside(), name_of(place)
        folder, file = place / "surroundings", place / "surroundings.tar"
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
        machine.put(file, log)

    def _base_step(self) -> Step:
        def check() -> Verdict:
            made = self.base.find(self.cache)
            return (
                done(f"it is there: {made}") if made else needed("the cache has none of these packages and this week")
            )

        def do(context: Context) -> None:
            context.progress(f"{len(self.base.packages)} Debian packages and what they need")
            self.base.make(self.cache, context.log)

        taken = self.base.surroundings.apt.taken
        origin = f"from {taken.name}" if taken else "from this machine's sources"
        summary = f"make a Debian system of {len(self.base.packages)} packages {origin}"
        return Step(BASE, summary, check, do, seconds=60)

    def _itself_step(self) -> Step:
        def check() -> Verdict:
            path = itself.find(self.cache)
            return done(f"it is there: {path}") if path else needed("the cache has not this Stackwright")

        def do(context: Context) -> None:
            itself.install(self.cache, context.log)

        return Step(ITSELF, "make an environment of this Stackwright, for the machine", check, do, seconds=5)


def name_of(place: Path) -> str:
    """Give the name of the machine that has a place."""
    return f"stackwright-{place.name}"
