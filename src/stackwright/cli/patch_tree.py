"""`patch new`, `edit` and `refresh`: a series as commits in a work tree, and back."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.patch_edit import SeriesCommand
from stackwright.cli.workspace import Workspace
from stackwright.errors import InputError, Where, suggestion
from stackwright.patches.apply import apply
from stackwright.patches.editing import editing, making, reshaping, work_tree
from stackwright.patches.editing.draft import check_file_name, find
from stackwright.patches.series import read_series
from stackwright.tools import git_work_tree

if TYPE_CHECKING:
    from stackwright.cli.patch_edit import Opened
    from stackwright.patches.editing.work_tree import WorkTree

EDIT = "edit"


class New(SeriesCommand):
    """Put a new patch at the end of a series: of a folder that was changed, of a diff, or to be made by hand."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what it is made of."""
        parser = super().get_parser(prog_name)
        parser.add_argument("name", help="name of its file; .patch may be left away")
        origin = parser.add_mutually_exclusive_group(required=True)
        origin.add_argument(
            "--from",
            dest="source",
            metavar="DIR",
            help="a folder that was what the series gives until it was changed; - reads a diff from standard input",
        )
        origin.add_argument(
            "--edit", action="store_true", help="write a work tree that ends with an empty commit, to be amended"
        )
        parser.add_argument(
            "--upstream", action="store_true", help="the folder was upstream's tree, without the patches of the series"
        )
        parser.add_argument("-m", "--message", default="", help="what it is for: the subject, then the rest")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Make it and write it."""
        name = check_file_name(parsed_args.name)
        who = git_work_tree.identity(self.workspace.distribution.root)
        with self.opened(parsed_args.component, parsed_args.release) as opened:
            store, base, series = opened.ground
            if parsed_args.edit:
                self._begin(opened, name, parsed_args.message)
                return
            end = apply(store, base, series).tree
            words = {"message": parsed_args.message, "who": who}
            if parsed_args.source == "-":
                data = making.of_diff(store, series, end=end, data=sys.stdin.buffer.read(), **words)
            else:
                old = base if parsed_args.upstream else end
                data = making.of_directory(
                    store, series, base=old, end=end, directory=Path(parsed_args.source), **words
                )
            self.write(opened, editing.append(store, base, series, name, data), "new", same_tree=True)

    def _begin(self, opened: Opened, name: str, message: str) -> None:
        editing.check_free(opened.series, name)
        tree = _write(opened, None, None)
        work_tree.begin_patch(tree, name, message or name)
        for line in _told(opened, tree, f"with an empty commit for {name} at the end"):
            self.say(line)


class Edit(SeriesCommand):
    """Write a work tree in which a series is commits, to be edited with git; `patch refresh` reads it back."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where to stop, and where it goes."""
        parser = super().get_parser(prog_name)
        parser.add_argument("patch", nargs="?", help="stop at this patch; those after it follow when it is refreshed")
        parser.add_argument("--directory", metavar="DIR", type=Path, help="where to write it (in the state directory)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Write it, and say how to go on."""
        with self.opened(parsed_args.component, parsed_args.release) as opened:
            at = find(opened.series, parsed_args.patch) if parsed_args.patch else None
            tree = _write(opened, parsed_args.directory, at)
        for line in _told(opened, tree, f"stopped at {at}" if at else f"with {len(tree.patches)} patches as commits"):
            self.say(line)


class Refresh(SeriesCommand):
    """Read the commits of a work tree back as a series; without one, draw patches anew that apply with offset."""

    shares = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to do with what is left over."""
        parser = super(SeriesCommand, self).get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="a component (that of the work tree)")
        parser.add_argument("patch", nargs="?", help="without a work tree: draw this one anew (all that need it)")
        self.add_release(parser)
        parser.add_argument("--amend", action="store_true", help="take what is not committed into HEAD's patch")
        parser.add_argument("--delete", action="store_true", help="remove the files of patches that are gone")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Read back what there is."""
        here = work_tree.read(Path.cwd())
        workspace = self._workspace(here)
        component = parsed_args.component or (here.component if here else None)
        if component is None:
            known = sorted(
                {name for release in workspace.distribution.releases.values() for name in release.components}
            )
            raise InputError("no component is named", where=Where(file=Path.cwd()), fix=suggestion("", known))
        release = parsed_args.only or parsed_args.release
        if here and component == here.component:
            release = release or here.release
        with self.opened(component, release, workspace) as opened:
            place = _place(opened)
            tree = here if here and (here.component, here.release) == (opened.component, opened.release) else None
            tree = tree or (work_tree.read(place) if place.exists() else None)
            if tree:
                self._read_back(opened, tree, parsed_args)
            else:
                self._redraw(opened, parsed_args)

    def _read_back(self, opened: Opened, tree: WorkTree, parsed_args: argparse.Namespace) -> None:
        if parsed_args.patch:
            raise InputError(
                f"there is a work tree of {opened.component} {opened.release}: it is read back as a whole",
                where=Where(file=tree.path),
                fix=f"leave {parsed_args.patch} away; or `rm -r {tree.directory}`, if you are done with it",
            )
        if Path(tree.root) != opened.workspace.distribution.root:
            raise InputError("the work tree is of another distribution", where=Where(file=tree.path), fix=tree.root)
        work_tree.settle(tree, opened.series, amend=parsed_args.amend)
        shared = self.shared(opened, parsed_args.only)
        draft = work_tree.read_back(tree, opened.series, opened.base, delete=parsed_args.delete, shared=shared)
        if not draft.files:
            self.say("nothing has changed")
        else:
            self.write(opened, draft, "refresh", same_tree=False)
        work_tree.reread(tree, read_series(opened.series.directory))

    def _redraw(self, opened: Opened, parsed_args: argparse.Namespace) -> None:
        if parsed_args.amend or parsed_args.delete:
            raise InputError(
                f"there is no work tree of {opened.component} {opened.release}",
                fix=f"`{opened.workspace.again} patch edit {opened.component} --release {opened.release}` makes one",
            )
        shared = self.shared(opened, parsed_args.only)
        draft = reshaping.redraw(*opened.ground, parsed_args.patch, shared=shared)
        if not draft.files:
            self.say("nothing to do: every patch is where it says")
            return
        self.write(opened, draft, "refresh", same_tree=True)

    def _workspace(self, here: WorkTree | None) -> Workspace:
        """Give where the command works: in a work tree, the distribution and the state that it was made with."""
        assert self.app_args is not None
        options = argparse.Namespace(**vars(self.app_args))
        if here and options.distribution == Path():
            options.distribution = Path(here.root)
            options.state = options.state or Path(here.state)
        return Workspace(options)


def _write(opened: Opened, wanted: Path | None, at: str | None) -> WorkTree:
    """Write the work tree at its place, or where the user wants it, with a link at its place."""
    place = _place(opened)
    there = work_tree.read(place) if place.exists() else None
    if there and (place.is_symlink() or not work_tree.is_untouched(there)):
        raise InputError(
            f"there is a work tree of {opened.component} {opened.release} already",
            where=Where(file=there.path),
            why="what is in it was not read back yet, or its place is your own",
            fix=f"`{opened.workspace.again} patch refresh {opened.component} --release {opened.release}` "
            f"reads it back; `rm -r {there.directory}` throws it away",
        )
    directory = (wanted or place).absolute()
    if wanted and directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InputError("the folder is not empty", where=Where(file=directory), fix="name one that is not there")
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        shutil.rmtree(place)
    tree = work_tree.WorkTree(
        str(directory), str(opened.workspace.distribution.root), str(opened.workspace.state),
        opened.component, opened.release, base="", digest="", patches={},
    )  # fmt: skip
    made = not directory.exists()
    try:
        tree = work_tree.make(opened.base, opened.series, tree, at=at)
    except BaseException:
        if made:
            shutil.rmtree(directory, ignore_errors=True)
        raise
    if wanted:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(directory)
    return tree


def _told(opened: Opened, tree: WorkTree, state: str) -> list[str]:
    """Say where a work tree is, and what to do with it."""
    return [
        f"{tree.directory}: {tree.component} {tree.release}, {state}, on the branch {tree.branch}",
        "change it there with git: commit --amend, rebase -i, commit; then read it back:",
        f"  {opened.workspace.again} patch refresh {opened.component} --release {opened.release}",
    ]


def _place(opened: Opened) -> Path:
    """Give where the work tree of a series is, or a link to it."""
    workspace = opened.workspace
    return workspace.state / EDIT / workspace.distribution.name / opened.component / opened.release
