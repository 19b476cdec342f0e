"""Commands on the distribution itself: make one, check it, export its schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cliff.command import Command

from stackwright.build.backports.model import BackportsFile
from stackwright.build.backports.package_list import lists, read_list
from stackwright.build.debian.folder import PackageFolder, package_folders
from stackwright.build.debian.metadata import MetaData
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.distribution import init, schema
from stackwright.distribution.reading import Collector
from stackwright.distribution.schemas import MODELS
from stackwright.hazards.ledger import LedgerFile, read_ledger
from stackwright.patches import read_series
from stackwright.proof.channels import ChannelFile, check_channels
from stackwright.site.policy.expectations import TESTS, ExpectationsFile, read_expectations
from stackwright.site.policy.personas import PersonasFile, read_personas
from stackwright.site.rings.layout import layout_faults
from stackwright.site.series import check_series
from stackwright.site.things import things_of
from stackwright.site.values.values import site_values

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from stackwright.distribution.written import Written

# Every file of a distribution that has a model, by what `schema` calls it.
FILES: Mapping[str, type[Written]] = {
    **MODELS,
    "backports": BackportsFile,
    "claims": LedgerFile,
    "channel": ChannelFile,
    "package": MetaData,
    "personas": PersonasFile,
    "policy-tests": ExpectationsFile,
}


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
        for file in init(directory, parsed_args.name or directory.absolute().name, FILES):
            self.app.stdout.write(f"{file}\n")
        self.app.stdout.write(f"\nA distribution. Bring its cloud up:  stackwright -C {directory} up\n")


class Schema(Command):
    """Print the JSON Schema of one of a distribution's files, for editors."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the kind of file."""
        parser = super().get_parser(prog_name)
        parser.add_argument("kind", choices=list(FILES))
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it."""
        self.app.stdout.write(json.dumps(schema(FILES[parsed_args.kind]), indent=2) + "\n")


class Check(WorkspaceLister):
    """Read everything in the distribution and list what it carries; what is wrong is said with its place."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Read it and list its components."""
        collector = Collector()
        rows: list[tuple[object, ...]] = []
        with collector.collecting():
            read_ledger(self.workspace.root)
        for file in lists(self.workspace.root).values():
            with collector.collecting():
                read_list(file, self.workspace.root)
        with collector.collecting():
            read_personas(self.workspace.root)
        with collector.collecting():
            if (self.workspace.root / TESTS).exists():
                read_expectations(self.workspace.root)
        with collector.collecting():
            distribution = self.workspace.distribution
            with collector.collecting():
                check_channels(distribution)
            for site in distribution.sites.values():
                with collector.collecting():
                    catalogue = own_catalogue(site.platform)
                    selection = catalogue.of(site)
                    said = site_values(distribution, site, catalogue, selection)
                    things_of(selection, said)
                    collector.errors += layout_faults(selection, said)
                    check_series(selection, distribution.release(site.release))
            for release in distribution.releases.values():
                for component in release.components.values():
                    with collector.collecting():
                        series = read_series(distribution.series_directory(component.name, release.name))
                        rows.append((release.name, component.name, str(component.source), len(series.patches)))
        for name, directory in package_folders(self.workspace.root).items():
            with collector.collecting():
                folder = PackageFolder.read(directory)
                count = sum(len(series.patches) for series in folder.series())
                rows.append(("", f"packages/{name}", f"{folder.debian_name} {folder.about.debver}", count))
        collector.raise_errors()
        return ("Release", "Component", "Source", "Patches"), rows
