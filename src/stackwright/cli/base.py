"""What the commands share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from cliff.command import Command
from cliff.lister import Lister

from stackwright.cli.workspace import Workspace
from stackwright.errors import RunFailedError, Where
from stackwright.events import Kind, concealed
from stackwright.store.healing import move_aside
from stackwright.tools.git import DamagedError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

# What a lister gives to cliff: the names of the columns, and the rows.
Listing: TypeAlias = "tuple[Sequence[str], Sequence[Sequence[Any]]]"


class _InWorkspace(Command):
    @cached_property
    def workspace(self) -> Workspace:
        """Where the command works."""
        assert self.app_args is not None
        return Workspace(self.app_args)

    def get_epilog(self) -> str:
        """Give nothing: cliff would look through all that is installed to name the package of the command."""
        return ""

    def say(self, text: str) -> None:
        """Write a line to standard output; no secret is shown."""
        self.app.stdout.write(f"{concealed(text)}\n")

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command, and again where the store or a mirror turned out to be damaged: all in them comes again.

        Every command may be begun again after it was cut off anywhere; this is no other case.
        """
        healed: set[Path] = set()
        while True:
            try:
                return super().run(parsed_args)
            except DamagedError as damaged:
                ours = self.workspace.is_ours(damaged.repository)
                if not ours or damaged.repository in healed:
                    raise RunFailedError(
                        "the repository is damaged",
                        where=Where(file=damaged.repository),
                        why=damaged.why,
                        fix="" if ours else f"git -C {damaged.repository} fsck",
                    ) from damaged
                healed.add(damaged.repository)
                place = move_aside(damaged)
                told = f"it is damaged ({damaged.why}): moved to {place}; what was in it comes again"
                with self.workspace.events() as events:
                    events.emit(Kind.WARNING, damaged.repository.name, told)


class WorkspaceCommand(_InWorkspace):
    """A command on a distribution or a site."""


class WorkspaceLister(_InWorkspace, Lister):
    """A command that lists something of a distribution or a site."""


def add_columns(parser: argparse.ArgumentParser, against: str) -> None:
    """Add what chooses components, releases and further refs to a command on series.

    :param against: what the further refs are for
    """
    parser.add_argument("component", nargs="*", help="components (all that have patches)")
    parser.add_argument("--release", metavar="NAME", action="append", default=[], help="a release (all)")
    parser.add_argument("--against", metavar="REF", action="append", default=[], help=against)
