"""The command that proves a distribution in a disposable machine."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.build.cache import ArtifactCache
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.cli.base import WorkspaceCommand
from stackwright.proof.machine import results, vm
from stackwright.proof.machine.base import Base, packages_of
from stackwright.proof.machine.carried import extra_patches
from stackwright.proof.machine.container import ContainerMaker
from stackwright.proof.machine.here import HereMaker
from stackwright.proof.machine.model import require
from stackwright.proof.machine.place import TREE
from stackwright.proof.machine.proving import Proving, Wished
from stackwright.proof.machine.surroundings import surroundings
from stackwright.proof.tempest.sets import expression_of
from stackwright.targets.local.machine import require_root

if TYPE_CHECKING:
    import argparse

    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Distribution
    from stackwright.plan.plan import Plan
    from stackwright.proof.machine.model import Maker

KINDS = {"container": "in a container", "vm": "in a virtual machine", "here": "on this machine"}
# What `stackwright smoke` looks at.
SMOKED = {"nova", "neutron", "glance", "keystone"}
NONE = "none"


class ProofRun(WorkspaceCommand):
    """Prove the distribution in a disposable machine: bring its site up there, test it, and throw it away."""

    after_interrupt = "the same command begins again"  # instead of what others are told

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where and what."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--in", dest="kind", choices=KINDS, default="container", help="the machine (%(default)s)")
        parser.add_argument(
            "--tempest",
            metavar="SET",
            action="append",
            help="a test set of tempest; none: the smoke test only (what the distribution asks of a proof)",
        )
        parser.add_argument(
            "--results", metavar="DIR", type=Path, help="an empty folder for logs and results (proof-runs/TIME)"
        )
        parser.add_argument(
            "--keep", action="store_true", help="afterwards let the machine run until this command is interrupted"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Plan, show the plan, carry it out."""
        require_root()
        workspace, working = self.workspace, Path.cwd()
        begun = time.monotonic()
        distribution, site = workspace.distribution, workspace.site
        selection = own_catalogue().of(site)
        extra = extra_patches(working, distribution, distribution.release(site.release))
        place = parsed_args.results or working / "proof-runs" / time.strftime("%Y%m%d-%H%M%S")
        whole = selection.services.keys() >= SMOKED
        wished = Wished(
            maker=self._maker(parsed_args.kind, selection, working),
            distribution=distribution,
            site=site,
            state=workspace.state,
            extra=extra,
            smoke=whole,
            sets=_sets(parsed_args.tempest, distribution, whole=whole),
            results=place.absolute(),
            keep=parsed_args.keep,
        )
        require(wished.maker)
        proving = Proving(wished)
        plan = proving.plan()
        results.prepare(wished.results)
        again = " ".join((workspace.again, "proof run", *_words(parsed_args)))
        self.after_interrupt = f"the machine is gone; a new one: {again}\n  logs and results: {wished.results}"
        self._show(plan)
        signal.signal(signal.SIGTERM, _interrupt)
        with workspace.events() as events:
            proving.carry_out(plan, events)
        self.say(f"{distribution.name} is proved {KINDS[parsed_args.kind]}, in {time.monotonic() - begun:.0f} s.")
        self.say(f"  logs and results: {wished.results}")

    def _maker(self, kind: str, selection: Selection, working: Path) -> Maker:
        workspace = self.workspace
        if kind == "here":
            return HereMaker(workspace.cache, workspace.site.name, TREE)
        around = surroundings(working, os.environ)
        cache, root, site = ArtifactCache(workspace.cache), workspace.distribution.root, workspace.site.name
        if kind == "vm":
            base = Base(packages_of(selection.packages(), *vm.PACKAGES), around, vm.finish, vm.RECIPE)
            return vm.VirtualMaker(cache, base, around, root, site)
        return ContainerMaker(cache, Base(packages_of(selection.packages()), around), around, root, site)

    def _show(self, plan: Plan) -> None:
        rows = [(item.step.name, item.step.summary, item.verdict.state, item.verdict.reason) for item in plan.items]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        for row in rows:
            self.say("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]))
        self.app.stdout.flush()


def _sets(named: list[str] | None, distribution: Distribution, *, whole: bool) -> tuple[str, ...]:
    """Give tempest's test sets: those named, else those that the distribution asks for of a cloud that has servers.

    :raises InputError: there is none of a name
    """
    if named == [NONE]:
        return ()
    sets = tuple(named) if named else distribution.proof.tempest if whole else ()
    for name in sets:
        expression_of(name, None)
    return sets


def _words(parsed_args: argparse.Namespace) -> tuple[str, ...]:
    """Give the options of another such run; the folder of the results is in use now."""
    sets = (word for name in parsed_args.tempest or () for word in ("--tempest", name))
    return "--in", parsed_args.kind, *sets, *(("--keep",) if parsed_args.keep else ())


def _interrupt(*_: Any) -> None:
    """Take a request to end as what Ctrl-C is: the machine is thrown away before this process ends."""
    raise KeyboardInterrupt
