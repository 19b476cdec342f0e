"""Commands on the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cliff.show import ShowOne

from stackwright.catalogue.catalogue import Selection, own_catalogue
from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import InputError

if TYPE_CHECKING:
    import argparse

    from stackwright.cli.workspace import Workspace


class List(WorkspaceLister):
    """List the services of the catalogue, or those of the site with why each is there."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add whose."""
        parser = super().get_parser(prog_name)
        _add_chosen(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """List them with what they require, or with why they are there."""
        if parsed_args.chosen:
            selection = _selection(self.workspace)
            chosen = [(name, service.title, selection.why(name)) for name, service in selection.services.items()]
            return ("Service", "Title", "Why"), chosen
        rows = [
            (name, service.title, " ".join(service.groups), " ".join(service.processes), " ".join(service.requires))
            for name, service in own_catalogue().services.items()
        ]
        return ("Service", "Title", "Groups", "Processes", "Requires"), rows


class Show(ShowOne):
    """Show one service of the catalogue."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the service."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        """Show what its entry says."""
        entry = own_catalogue().service(parsed_args.service)
        shown = entry.model_dump(exclude_defaults=True, mode="json")
        return tuple(shown), tuple(shown.values())


class Graph(WorkspaceCommand):
    """Print what services require as a tree, or write a picture of it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which services, and where the picture goes."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service", nargs="*", help="services or groups, with what they require (all)")
        _add_chosen(parser)
        parser.add_argument("--svg", type=Path, metavar="FILE", help="write a picture to a file as well")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it, and write it."""
        from stackwright.catalogue.graph import picture, tree
        from stackwright.distribution.writing import put

        if parsed_args.chosen and parsed_args.service:
            raise InputError("both the site's services and others are meant", fix="leave out --chosen, or the names")
        if parsed_args.chosen:
            services = _selection(self.workspace).services
        else:
            services = own_catalogue().select(parsed_args.service or own_catalogue().services).services
        self.say(tree(services).removesuffix("\n"))
        if parsed_args.svg:
            put(parsed_args.svg, picture(services))


def _add_chosen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chosen", action="store_true", help="only those of the site, and what they bring with them")


def _selection(workspace: Workspace) -> Selection:
    site = workspace.site
    return own_catalogue(site.platform).of(site)
