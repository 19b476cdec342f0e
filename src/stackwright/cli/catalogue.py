"""Commands on the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cliff.lister import Lister
from cliff.show import ShowOne

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.cli.base import Listing

if TYPE_CHECKING:
    import argparse


class List(Lister):
    """List the services of the catalogue."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """List them with what they require."""
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
