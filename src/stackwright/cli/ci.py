"""`ci`: definitions for GitHub and GitLab, and the checks that their jobs are made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import WorkspaceCommand
from stackwright.errors import InputError, ManyInputsError, Where
from stackwright.patches.matrix.check_keys import checks
from stackwright.patches.matrix.pipelines import definition, github_checks, gitlab_checks
from stackwright.patches.matrix.survey import Wanted, read_all
from stackwright.sources.bases import Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse


class _Definition(WorkspaceCommand):
    kind: str
    place: str

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where to write it."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--write", action="store_true", help=f"write it to {self.place} of the distribution")
        parser.add_argument("--force", action="store_true", help="write it over what is there")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print or write the definition."""
        text = definition(self.kind)
        if not parsed_args.write:
            self.app.stdout.write(text)
            return
        file: Path = self.workspace.distribution.root / self.place
        if file.exists() and file.read_text() != text and not parsed_args.force:
            raise InputError(
                "there is another definition already",
                where=Where(file=file),
                fix=f"`{self.workspace.again} ci {self.kind} --write --force` writes over it",
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.say(str(file))


class Github(_Definition):
    """Print a workflow for GitHub Actions that checks merge results and, each day, what upstream has done."""

    kind, place = "github", ".github/workflows/patches.yaml"


class Gitlab(_Definition):
    """Print a pipeline for GitLab that checks merge results and, each day, what upstream has done."""

    kind, place = "gitlab", ".gitlab-ci.yml"


class Checks(WorkspaceCommand):
    """Print a check a component and release, each with the key that its answer is a function of, as JSON."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the form."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--gitlab", action="store_true", help="as the jobs of a child pipeline instead")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Work the keys out."""
        workspace = self.workspace
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            found = checks(read_all(workspace.distribution, Wanted()), bases)
        lost = [
            InputError(f"{one.component} {one.release} has no tree to check on", why=one.why)
            for one in found
            if not one.key
        ]
        if lost:
            raise lost[0] if len(lost) == 1 else ManyInputsError(lost)
        self.say(gitlab_checks(found) if parsed_args.gitlab else github_checks(found))
