"""Commands that edit a series: `patch fold`, `split`, `move`, `disable`, `enable`; and what all those that do share."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.cli.base import WorkspaceCommand
from stackwright.errors import StackwrightError
from stackwright.patches.editing import editing, replacing, reshaping, sharing
from stackwright.patches.series import read_series
from stackwright.sources.bases import Asked, Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.cli.workspace import Workspace
    from stackwright.distribution import Distribution
    from stackwright.patches.editing.draft import Draft
    from stackwright.patches.model import Series
    from stackwright.sources.bases import Base
    from stackwright.store import TreeId

UNDO = "undo"


@dataclass(frozen=True)
class Opened:
    """A series that is to be edited, and the tree it is for."""

    workspace: Workspace
    bases: Bases
    base: Base
    series: Series

    @property
    def component(self) -> str:
        """The component."""
        return self.series.directory.parent.name

    @property
    def release(self) -> str:
        """The release."""
        return self.series.directory.name

    @property
    def ground(self) -> tuple[Store, TreeId, Series]:
        """What an edit needs: the store, the upstream tree, the series."""
        return self.base.store, self.base.tree, self.series


class SeriesCommand(WorkspaceCommand):
    """A command that edits the series of a component for a release."""

    shares = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which series."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component")
        self.add_release(parser)
        return parser

    def add_release(self, parser: argparse.ArgumentParser) -> None:
        """Add the release, and whether a shared patch is to get a form of its own."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        if self.shares:
            group.add_argument(
                "--only",
                metavar="RELEASE",
                help="this release, and a patch that others name too gets a form of its own for it",
            )

    @contextmanager
    def opened(self, component: str, release: str | None, workspace: Workspace | None = None) -> Iterator[Opened]:
        """Read a series and find its tree; what is under way is shown while the block runs."""
        workspace = workspace or self.workspace
        name = workspace.release(release).component(component).name
        series = read_series(workspace.distribution.series_directory(name, workspace.release(release).name))
        with workspace.events() as events:
            store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            asked = Asked(series.directory.name, name)
            base = bases.find([asked])[asked]
            if isinstance(base, StackwrightError):
                raise base
            yield Opened(workspace, bases, base, series)

    def write(self, opened: Opened, draft: Draft, about: str, *, same_tree: bool) -> None:
        """Try the series of other releases that the edit concerns, put the files in place, and say what was done.

        :param same_tree: the edit is one of words and order: the trees of others have to stay the same too
        """
        for line in written(opened, draft, about, same_tree=same_tree):
            self.say(line)

    def shared(self, opened: Opened, only: str | None) -> list[Path]:
        """Give the files that others name too, if this release is to have forms of its own of them."""
        return [] if only is None else named_by_others(opened.workspace.distribution, opened.series)


def written(opened: Opened, draft: Draft, about: str, *, same_tree: bool) -> list[str]:
    """Try the series of other releases that an edit concerns, put the files in place, and give what was done.

    :param same_tree: the edit is one of words and order: the trees of others have to stay the same too
    """
    distribution, folders = opened.workspace.distribution, [opened.series.directory]
    root = distribution.root
    told = list(sharing.check(sharing.others(distribution, draft), opened.bases, same_tree=same_tree))
    files = {
        file: data
        for file, data in draft.files.items()
        if data is not None or not sharing.is_named(distribution, file, folders)
    }
    kept = replacing.replace(
        root / "patches",
        files,
        read={draft.listing: draft.was},
        undo=opened.workspace.state / UNDO,
        about=f"{opened.component}-{opened.release}-{about}",
    )
    lines = [*draft.notes, *told]
    lines += [
        f"{os.path.relpath(file, root)}: {'written' if data is not None else 'removed'}" for file, data in files.items()
    ]
    return [*lines, f"as it was: {kept}"] if kept else lines


def named_by_others(distribution: Distribution, series: Series) -> list[Path]:
    """Give the patch files of a series that others name too."""
    files = [patch.file.resolve() for patch in series.patches if patch.file]
    return [file for file in files if sharing.is_named(distribution, file, [series.directory])]


class Fold(SeriesCommand):
    """Take the change of one patch into another, where that stands; the tree stays the same."""

    shares = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the patches."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch", help="the patch that stays")
        parser.add_argument("other", help="the patch that becomes part of it")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Fold them."""
        with self.opened(parsed_args.component, parsed_args.only or parsed_args.release) as opened:
            shared = self.shared(opened, parsed_args.only)
            draft = reshaping.fold(*opened.ground, parsed_args.patch, parsed_args.other, shared=shared)
            self.write(opened, draft, "fold", same_tree=True)


class Split(SeriesCommand):
    """Put the changes of a patch to some of its files into a new patch; the tree stays the same."""

    shares = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what goes into the new patch, and where that goes."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch")
        parser.add_argument("path", nargs="+", help="files and folders of the component")
        parser.add_argument("--after", action="store_true", help="put the new patch behind the old one (before it)")
        parser.add_argument("-m", "--message", default="", help="of the new patch (that of the old one)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Split it."""
        with self.opened(parsed_args.component, parsed_args.only or parsed_args.release) as opened:
            words = {
                "after": parsed_args.after,
                "message": parsed_args.message,
                "shared": self.shared(opened, parsed_args.only),
            }
            draft = reshaping.split(*opened.ground, parsed_args.patch, parsed_args.path, **words)
            self.write(opened, draft, "split", same_tree=True)


class Move(SeriesCommand):
    """Put a patch elsewhere in its series; the tree stays the same."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where it goes."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch")
        place = parser.add_mutually_exclusive_group(required=True)
        place.add_argument("--before", metavar="OTHER", help="put it before this patch")
        place.add_argument("--after", metavar="OTHER", help="put it behind this patch")
        place.add_argument("--to", metavar="N", type=int, help="let it be the N-th, from 1")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Move it."""
        with self.opened(parsed_args.component, parsed_args.release) as opened:
            before, after = parsed_args.before, parsed_args.after
            if parsed_args.to is not None:
                before, after = editing.beside(opened.series, parsed_args.patch, parsed_args.to)
            if not (before or after):
                self.say(f"it is there already: {parsed_args.patch}")
                return
            draft = editing.move(*opened.ground, parsed_args.patch, before=before, after=after)
            self.write(opened, draft, "move", same_tree=True)


class Disable(SeriesCommand):
    """Keep a patch in its series and do not apply it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which, and why."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch")
        parser.add_argument("--why", default="", metavar="TEXT", help="kept behind its name in the series file")
        add_force(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Disable it."""
        with self.opened(parsed_args.component, parsed_args.release) as opened:
            words = {"why": parsed_args.why, "force": parsed_args.force}
            draft = editing.disable(*opened.ground, parsed_args.patch, **words)
            self.write(opened, draft, "disable", same_tree=False)


class Enable(SeriesCommand):
    """Apply a patch again that was disabled."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch")
        add_force(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Enable it."""
        with self.opened(parsed_args.component, parsed_args.release) as opened:
            draft = editing.enable(*opened.ground, parsed_args.patch, force=parsed_args.force)
            self.write(opened, draft, "enable", same_tree=False)


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add what does it nevertheless."""
    parser.add_argument("--force", action="store_true", help="do it even if patches do not apply then")
