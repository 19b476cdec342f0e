"""What the commands share."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from cliff.command import Command
from cliff.lister import Lister

from stackwright.cli.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a lister gives to cliff: the names of the columns, and the rows.
Listing: TypeAlias = "tuple[Sequence[str], Sequence[Sequence[Any]]]"


class _InWorkspace(Command):
    @cached_property
    def workspace(self) -> Workspace:
        """Where the command works."""
        assert self.app_args is not None
        return Workspace(self.app_args)

    def say(self, text: str) -> None:
        """Write a line to standard output."""
        self.app.stdout.write(f"{text}\n")


class WorkspaceCommand(_InWorkspace):
    """A command on a distribution or a site."""


class WorkspaceLister(_InWorkspace, Lister):
    """A command that lists something of a distribution or a site."""
