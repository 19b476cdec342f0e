"""`value`: what holds for a site, who says so, and what is wrong with it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError
from stackwright.site.places import place

if TYPE_CHECKING:
    import argparse

    from stackwright.catalogue.catalogue import Selection
    from stackwright.cli.workspace import Workspace
    from stackwright.site.values.values import SiteValues


def values_of(workspace: Workspace, host: str | None = None) -> tuple[SiteValues, Selection]:
    """Give the values of the site, or of one of its hosts, and the services it runs.

    :raises InputError: there is no such host, or something is wrong with the values
    """
    from stackwright.catalogue.catalogue import own_catalogue
    from stackwright.errors import InputError, suggestion
    from stackwright.site.values.values import site_values

    site = workspace.site
    catalogue = own_catalogue(site.platform)
    selection = catalogue.of(site)
    values = site_values(workspace.distribution, site, catalogue, selection)
    if host is None:
        return values, selection
    if host not in site.hosts:
        raise InputError(
            f"the site {site.name} has no host {host!r}",
            where=site.where("hosts", key=True),
            fix=suggestion(host, site.hosts),
        )
    return values.of_host(host), selection


class GetValue(WorkspaceLister):
    """Show what holds at a path, such as `nova.workers`, `global` or `nova.conf.nova.conf.libvirt`."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the path."""
        parser = super().get_parser(prog_name)
        parser.add_argument("path", nargs="?", default="", help="keys with dots between; without it, everything")
        parser.add_argument("--host", help="for this host of the site")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """List every value at and below the path."""
        from stackwright.site.values.secrecy import shown
        from stackwright.site.values.values import at, leaves

        values, _ = values_of(self.workspace, parsed_args.host)
        steps = values.steps(parsed_args.path)
        rows = [
            (
                ".".join(path),
                _written(shown(values, path, placed.plain if isinstance(placed.value, tuple) else placed.text)),
                placed.layer,
                place(placed.where, self.workspace.root),
            )
            for path, placed in leaves(at(values.tree, steps), steps)
        ]
        return ("Path", "Value", "Layer", "Where"), rows


class ExplainValue(WorkspaceLister):
    """Show who says a value: the file and line that wins, every one that does not, and who reads it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the path."""
        parser = super().get_parser(prog_name)
        parser.add_argument("path", help="keys with dots between, such as nova.workers")
        parser.add_argument("--host", help="for this host of the site")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """List what each layer says."""
        from stackwright.site.values.explain import Readers, explain, steps_anywhere

        values, selection = values_of(self.workspace, parsed_args.host)
        steps = steps_anywhere(values, selection, parsed_args.path)
        declared = values.known.find(".".join(steps[:2])) if len(steps) > 1 else None
        self._declared = declared
        self._readers = sorted(Readers(values, selection).of(declared.path)) if declared else []
        rows = [
            (one.fate, one.text, one.layer, place(one.where, self.workspace.root))
            for one in explain(values, selection, steps)
        ]
        return ("Fate", "Value", "Layer", "Where"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what the value is for and who reads it."""
        super().run(parsed_args)
        if self._declared is not None:
            readers = ", ".join(self._readers) or "no service of the site"
            sys.stderr.write(f"{self._declared.path}: {self._declared.declared.description}; read by {readers}\n")
        return 0


class LintValues(WorkspaceLister):
    """Find values in the wrong place, unused, shadowed, equal to what they replace, or secret and plain to read."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """List what is found."""
        from stackwright.site.values.lint import lint

        values, selection = values_of(self.workspace)
        distribution = self.workspace.distribution
        self._found = lint(values, selection, distribution)
        rows = [
            (one.severity, one.rule, one.path, one.what, place(one.where, self.workspace.root), one.fix)
            for one in self._found
        ]
        return ("Severity", "Rule", "Path", "What", "Where", "Fix"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list; exit status 1 if something is wrong."""
        super().run(parsed_args)
        return CheckFailedError.status if any(one.severity == "error" for one in self._found) else 0


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
