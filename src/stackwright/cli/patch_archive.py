"""`patch archive`: source archives of the patched trees."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.archive import archive, write_manifest
from stackwright.build.patched import patched_components
from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import InputError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse


class Archive(WorkspaceLister):
    """Write the patched trees as source archives that are the same to the byte each time, with a manifest."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to archive, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="*", help="components (all whose tree is made here)")
        parser.add_argument("--release", metavar="NAME", action="append", default=[], help="a release (all)")
        parser.add_argument("--output", metavar="DIR", type=Path, required=True, help="the folder to write to")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Apply the series and write their trees."""
        workspace = self.workspace
        distribution = workspace.distribution
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        releases = [distribution.release(name) for name in parsed_args.release or distribution.releases]
        for component in parsed_args.component:
            if not any(component in release.components for release in releases):
                releases[0].component(component)
        archives = []
        with workspace.events() as events:
            for release in releases:
                patched = patched_components(
                    distribution,
                    release,
                    store=store,
                    memo=memo,
                    cache=workspace.cache,
                    events=events,
                    only=parsed_args.component,
                )
                directory = parsed_args.output / release.name
                archives += [archive(component, release.name, store, directory) for component in patched.values()]
        if not archives:
            raise InputError("there is nothing to archive", why="none of these components has patches")
        for name in {one.release for one in archives}:
            write_manifest([one for one in archives if one.release == name], parsed_args.output / name)
        rows = [(one.component, one.release, f"{one.release}/{one.file}", one.size, one.sha256) for one in archives]
        return ("Component", "Release", "File", "Bytes", "SHA-256"), rows
