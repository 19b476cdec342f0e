"""Commands on what patches say of themselves. They read the distribution only, and fetch nothing."""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError, Where, suggestion
from stackwright.patches.lint.carried import carried
from stackwright.patches.lint.rules import Severity, lint
from stackwright.patches.lint.sets import sets

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection
    from pathlib import Path

    from stackwright.distribution import Distribution
    from stackwright.patches.lint.rules import Finding
    from stackwright.patches.lint.sets import Place
    from stackwright.patches.metadata import Metadata


class Lint(WorkspaceLister):
    """List what is wrong with the fields, messages and added lines of patches; exit status 1 if there is an error."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at, and how strictly."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="one component (all)")
        parser.add_argument(
            "--release", metavar="NAME", action="append", default=[], help="a release, or more of them (all)"
        )
        parser.add_argument("--strict", action="store_true", help="warnings count as errors")
        parser.add_argument("--long", action="store_true", help="also list why, how to mend it, and what it concerns")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read every patch, and list what is found in those that are wanted."""
        distribution = self.workspace.distribution
        releases = {distribution.release(name).name for name in parsed_args.release} or set(distribution.releases)
        if parsed_args.component:
            _check_component(distribution, parsed_args.component, releases)
        self._found = [
            finding
            for finding in lint(carried(distribution), distribution.patches, date.today())
            if parsed_args.component in (None, finding.component) and not releases.isdisjoint(finding.releases)
        ]
        columns: tuple[str, ...] = ("Severity", "Rule", "Place", "What")
        if parsed_args.long:
            columns += ("Why", "Fix", "Component", "Releases")
        return columns, [_row(finding, distribution.root)[: len(columns)] for finding in self._found]

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what has to be mended."""
        super().run(parsed_args)
        counting = {Severity.ERROR, Severity.WARNING} if parsed_args.strict else {Severity.ERROR}
        bad = [finding for finding in self._found if finding.severity in counting]
        for finding in bad:
            error = CheckFailedError(finding.what, where=finding.where, why=finding.why, fix=finding.fix)
            sys.stderr.write(f"{finding.severity}: {error}\n")
        return CheckFailedError.status if bad else 0


class Sets(WorkspaceLister):
    """List the sets of patches that go together, release by release, with what each lacks."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Read every patch, and list those of sets."""
        distribution, today = self.workspace.distribution, date.today()
        rows = [
            (set_.name, *_place_row(place, today))
            for set_ in sets(carried(distribution))
            for place in set_.places(distribution.releases)
        ]
        return ("Set", "Release", "Component", "Subject", "Patch", "Owner", "Status", "Expires", "Lacks"), rows


def _check_component(distribution: Distribution, component: str, releases: Collection[str]) -> None:
    known = {name for release in releases for name in distribution.release(release).components}
    if component not in known:
        raise InputError(
            f"no release has a component {component!r}",
            where=Where(distribution.root / "releases"),
            fix=suggestion(component, known),
        )


def _row(finding: Finding, root: Path) -> tuple[str, ...]:
    where = finding.where
    assert where.file is not None
    place = Where(_short(where.file, root), where.line, where.column)
    described = (finding.severity, finding.rule, str(place), finding.what, finding.why, finding.fix)
    return (*described, finding.component, " ".join(finding.releases))


def _short(file: Path, root: Path) -> Path:
    """Give the path of a file from the distribution, without a way there and back."""
    return type(file)(os.path.relpath(file, root))


def _place_row(place: Place, today: date) -> tuple[str, ...]:
    what = (place.release, *place.member)
    if place.patch is None:
        return (*what, "", "", "", "", "the patch")
    patch = place.patch.patch
    metadata = patch.metadata
    state = str(metadata.upstream.state) if metadata.upstream else ""
    expires = str(metadata.expires or "")
    return (*what, patch.name, metadata.owner, state, expires, ", ".join(_lacks(metadata, today)))


def _lacks(metadata: Metadata, today: date) -> list[str]:
    there = {"owner": metadata.owner, "intent": metadata.intent, "upstream status": metadata.upstream}
    lacks = [name for name, value in there.items() if not value]
    if metadata.expires and metadata.expires < today:
        lacks.append("a later day")
    return lacks
