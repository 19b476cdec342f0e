"""The command that builds what the patches make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache
from stackwright.build.patched import patched_components
from stackwright.build.wheel import build_wheel, find_wheel
from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import InputError, Where
from stackwright.events import Kind
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse


class Build(WorkspaceLister):
    """Build the wheels of the components that have patches, and list them."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to build."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="one component (all that have patches)")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Apply the series and build."""
        workspace = self.workspace
        release = workspace.release(parsed_args.release)
        store, memo, cache = Store(workspace.state / "store.git"), Memo(workspace.cache), ArtifactCache(workspace.cache)
        rows = []
        only = (release.component(parsed_args.component).name,) if parsed_args.component else ()
        with workspace.events() as events:
            patched = patched_components(
                workspace.distribution,
                release,
                store=store,
                memo=memo,
                cache=workspace.cache,
                events=events,
                only=only,
            )
            if only and not patched:
                raise InputError(
                    f"{parsed_args.component} has no patches in {release.name}: upstream's own wheel is used",
                    where=Where(file=workspace.distribution.series_directory(parsed_args.component, release.name)),
                    fix="`stackwright build` builds all that have",
                )
            for name, component in patched.items():
                subject = f"{name}/wheel"
                events.emit(
                    Kind.STARTED, subject, f"build {component.wheel.distribution_name} {component.wheel.version}"
                )
                known = find_wheel(component.wheel, cache) is not None
                log = workspace.state / "builds" / f"{component.wheel.key}.log"
                wheel = build_wheel(component.wheel, store=store, cache=cache, memo=memo, log=log)
                events.emit(Kind.SKIPPED if known else Kind.DONE, subject, wheel.path.name)
                rows.append((name, wheel.version, component.applied.tree, wheel.sha256, str(wheel.path)))
        return ("Component", "Version", "Tree", "SHA-256", "Wheel"), rows
