"""Commands that bring a series to another release, and those on the resolutions that this leaves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError, StackwrightError, Where, suggestion
from stackwright.patches.rebasing import rebase_run
from stackwright.patches.rebasing.rebase import Outcome
from stackwright.patches.rebasing.rebase_state import Request, State, load
from stackwright.patches.rebasing.resolutions import FOLDER, files_of, read_resolution
from stackwright.sources.bases import Asked, Bases
from stackwright.store import Memo, Store
from stackwright.tools import git_merge

if TYPE_CHECKING:
    import argparse

    from stackwright.patches.rebasing.rebase_run import Result


class Rebase(WorkspaceLister):
    """Bring a series to another release, or to where its source has moved to; exit status 1 at a conflict."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to bring where."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="the component")
        parser.add_argument("source", nargs="?", metavar="from", help="the release whose series it is")
        parser.add_argument("target", nargs="?", metavar="to", help="the release to bring it to; it may be the same")
        parser.add_argument("--base", default="", metavar="REF", help="the ref or version that the series is for now")
        parser.add_argument("--onto", default="", metavar="REF", help="the ref or version to bring it to")
        parser.add_argument("--share", action="store_true", help="share what serves both releases as it is")
        parser.add_argument("--replace", action="store_true", help="write a series anew that is there already")
        parser.add_argument("--directory", metavar="DIR", help="where to lay out conflicts (in the state directory)")
        doing = parser.add_mutually_exclusive_group()
        doing.add_argument("--dry-run", action="store_true", help="tell what would become of each patch")
        doing.add_argument("--continue", dest="proceed", action="store_true", help="go on: the conflict is resolved")
        doing.add_argument("--abort", action="store_true", help="end a rebase and leave everything as it was")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Go as far as can be."""
        self._result = rebase_run.Result(())
        self._homes = self.workspace.state / "rebases"
        known = parsed_args.proceed or parsed_args.abort
        home = self._under_way(parsed_args) if known else self._asked(parsed_args)
        with rebase_run.held(home):
            if parsed_args.abort:
                rebase_run.abort(home)
            else:
                self._result = self._advance(home, parsed_args)
        return ("Patch", "What", "Detail"), self._result.rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then how to go on."""
        super().run(parsed_args)
        if parsed_args.abort:
            sys.stderr.write("the rebase has ended, and the distribution is as it was\n")
            return 0
        result = self._result
        if result.tree:
            sys.stderr.write(f"error: {_conflict(result, self.workspace.again)}\n")
        elif not (parsed_args.dry_run or result.written):
            sys.stderr.write("everything is there already\n")
        for file in result.written:
            sys.stderr.write(f"{'wrote' if file.exists() else 'removed'} {file}\n")
        if result.before:
            sys.stderr.write(f"what was there before is in {result.before}\n")
        return CheckFailedError.status if any(row[1] == Outcome.CONFLICT for row in result.rows) else 0

    def _advance(self, home: Path, parsed_args: argparse.Namespace) -> Result:
        workspace = self.workspace
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        state = load(home)
        if not parsed_args.proceed:
            request = _request(parsed_args)
            if state and (state.request, state.distribution) != (request, workspace.distribution.root):
                raise InputError(
                    f"another rebase of {request.component} to {request.target} is under way",
                    where=Where(file=home),
                    why=f"it is `patch rebase {state.request}` in {state.distribution}",
                    fix="`--continue` goes on with it, `--abort` ends it",
                )
            state = state or self._new(home, request, store, memo)
        if state is None:
            raise _none_under_way(self._homes)
        if parsed_args.dry_run:
            return rebase_run.look(store, home, state, memo)
        return rebase_run.go_on(store, home, state, memo)

    def _new(self, home: Path, request: Request, store: Store, memo: Memo) -> State:
        """Find the trees that a rebase is between."""
        workspace = self.workspace
        asked = [
            Asked(request.source, request.component, request.base),
            Asked(request.target, request.component, request.onto),
        ]
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            found = [bases.find([one])[one] for one in asked]
        trees = []
        for base in found:
            if isinstance(base, StackwrightError):
                raise base
            if base.note:
                sys.stderr.write(f"note: {base.note}\n")
            trees.append(store.take(base.store, base.tree))
        state = State(request, workspace.distribution.root, base=trees[0], onto=trees[1])
        rebase_run.begin(store, home, state, memo)
        return state

    def _asked(self, parsed_args: argparse.Namespace) -> Path:
        if not parsed_args.target:
            raise InputError(
                "what is to be brought where?", fix="stackwright patch rebase COMPONENT FROM TO; or --continue, --abort"
            )
        distribution = self.workspace.distribution
        for release in (parsed_args.source, parsed_args.target):
            distribution.series_directory(parsed_args.component, release)
        if parsed_args.source == parsed_args.target and not (parsed_args.onto or parsed_args.base):
            raise InputError(
                f"{parsed_args.source} is the release that the series is for",
                fix="say what its source has moved to (--onto REF), or what the series is for (--base REF)",
            )
        return rebase_run.home_of(self._homes, parsed_args.component, parsed_args.target)

    def _under_way(self, parsed_args: argparse.Namespace) -> Path:
        """Find the rebase that is meant: the one named, that whose work tree this is, or the only one."""
        if parsed_args.target:
            home = rebase_run.home_of(self._homes, parsed_args.component, parsed_args.target)
            if not home.exists():
                raise _none_under_way(self._homes)
            return home
        known = rebase_run.under_way(self._homes)
        if parsed_args.component:
            known = {home: state for home, state in known.items() if state.request.component == parsed_args.component}
        top = git_merge.top_of(Path.cwd())
        here = [home for home, state in known.items() if rebase_run.directory_of(home, state) == top]
        found = here or list(known)
        if not found:
            raise _none_under_way(self._homes)
        if len(found) > 1:
            raise InputError(
                "several rebases are under way",
                details="\n".join(f"  {state.request}" for state in known.values()),
                fix="name the one that is meant: COMPONENT FROM TO",
            )
        return found[0]


class ListResolutions(WorkspaceLister):
    """List how conflicts were resolved; exit status 2 if one of the files is damaged."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="one component (all)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read them all."""
        patches = self.workspace.distribution.root / "patches"
        rows = []
        self._damaged = []
        for folder in sorted(patches.glob(f"{parsed_args.component or '*'}/{FOLDER}")):
            for file in files_of(folder):
                try:
                    resolution = read_resolution(file)
                except InputError as error:
                    self._damaged.append(error)
                    rows.append((folder.parent.name, file.stem, "", "", "", "", "damaged"))
                    continue
                about = resolution.about
                paths = ", ".join(resolution.paths)
                rows.append((folder.parent.name, file.stem, about.patch, about.release, about.by, about.date, paths))
        return ("Component", "ID", "Patch", "Release", "By", "Date", "Files"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what is wrong."""
        super().run(parsed_args)
        for error in self._damaged:
            sys.stderr.write(f"error: {error}\n")
        return InputError.status if self._damaged else 0


class ForgetResolution(WorkspaceCommand):
    """Take a resolution out of the distribution: the conflict waits for a person the next time."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", help="the component")
        parser.add_argument("id", help="its ID, or how that begins")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Remove its file."""
        folder = self.workspace.distribution.root / "patches" / parsed_args.component / FOLDER
        known = files_of(folder)
        found = [file for file in known if file.stem.startswith(parsed_args.id)]
        if len(found) != 1:
            what = "several resolutions begin with" if found else "there is no resolution"
            fix = suggestion(parsed_args.id, [file.stem for file in found or known])
            raise InputError(f"{what} {parsed_args.id!r}", where=Where(file=folder), fix=fix)
        found[0].unlink()
        self.say(f"removed {found[0]}")


def _request(parsed_args: argparse.Namespace) -> Request:
    return Request(
        parsed_args.component,
        parsed_args.source,
        parsed_args.target,
        base=parsed_args.base,
        onto=parsed_args.onto,
        share=parsed_args.share,
        replace=parsed_args.replace,
        directory=str(Path(parsed_args.directory).resolve()) if parsed_args.directory else None,
    )


def _conflict(result: Result, again: str) -> CheckFailedError:
    step = result.conflict
    assert step
    assert step.open
    return CheckFailedError(
        f"the patch {step.patch.name} is in conflict",
        where=step.patch.listed,
        details="\n".join(f"  {conflict}" for conflict in step.open.conflicts),
        fix=f"resolve it in {result.tree}, `git add` what is resolved, then: {again} patch rebase --continue",
    )


def _none_under_way(homes: Path) -> InputError:
    return InputError(
        "no such rebase is under way", where=Where(file=homes), fix="patch rebase COMPONENT FROM TO begins one"
    )
