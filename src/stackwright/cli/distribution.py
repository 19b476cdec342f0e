"""Commands on the distribution itself: make one, check it, export its schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from cliff.command import Command

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.distribution import init, schema
from stackwright.distribution.schemas import Kind
from stackwright.patches import read_series

if TYPE_CHECKING:
    import argparse


class Init(Command):
    """Make a new distribution that works at once."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the folder and the name."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", type=Path, help="a folder that is empty or not there yet")
        parser.add_argument("--name", help="the distribution's name (the folder's)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Write it, and say how to go on."""
        directory: Path = parsed_args.directory
        for file in init(directory, parsed_args.name or directory.absolute().name):
            self.app.stdout.write(f"{file}\n")
        self.app.stdout.write(f"\nA distribution. Bring its cloud up:  stackwright -C {directory} up\n")


class Schema(Command):
    """Print the JSON Schema of one of a distribution's files, for editors."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the kind of file."""
        parser = super().get_parser(prog_name)
        parser.add_argument("kind", choices=get_args(Kind))
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it."""
        self.app.stdout.write(json.dumps(schema(cast("Kind", parsed_args.kind)), indent=2) + "\n")


class Check(WorkspaceLister):
    """Read everything in the distribution and list what it carries; what is wrong is said with its place."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Read it and list its components."""
        distribution = self.workspace.distribution
        rows = [
            (
                release.name,
                component.name,
                str(component.source),
                len(read_series(distribution.series_directory(component.name, release.name)).patches),
            )
            for release in distribution.releases.values()
            for component in release.components.values()
        ]
        return ("Release", "Component", "Source", "Patches"), rows
