"""`patch import`, `patch import-all` and `patch export`: series from and for those who keep them otherwise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.cli.patch_edit import UNDO
from stackwright.distribution.writing import with_source
from stackwright.errors import CheckFailedError, InputError, StackwrightError, Where, suggestion
from stackwright.patches import apply, read_series
from stackwright.patches.exchange import layouts
from stackwright.patches.exchange.exporting import Exporter, write_directory, write_file
from stackwright.patches.exchange.foreign import find_series, place
from stackwright.patches.exchange.importing import carry_out, plan_import
from stackwright.patches.exchange.layouts import Layout
from stackwright.patches.matrix.cells import GOOD
from stackwright.patches.matrix.states import status
from stackwright.sources.bases import Asked, Bases
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stackwright.cli.workspace import Workspace
    from stackwright.patches.exchange.foreign import Placed
    from stackwright.patches.exchange.importing import Import
    from stackwright.patches.exchange.upstreams import Upstream
    from stackwright.patches.matrix.cells import PatchStatus
    from stackwright.sources.bases import Base

KINDS = ("git", "mbox", "quilt", "dep3")


class PatchImport(WorkspaceCommand):
    """Bring patches into a series from wherever they are kept."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where they are, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component")
        parser.add_argument("source", help="a file, a directory, - (standard input) or REPOSITORY#FROM..TO")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        parser.add_argument("--as", dest="layout", choices=[*Layout], help="how they are kept (told by what is there)")
        parser.add_argument("--after", metavar="PATCH", help="the patch of the series that they follow (the last)")
        parser.add_argument(
            "-p", dest="strip", metavar="N", type=int, default=1, help="how many leading parts their paths lose (1)"
        )
        parser.add_argument(
            "--annotate", action="store_true", help="write into backports which upstream commit they are"
        )
        parser.add_argument(
            "--write-source", action="store_true", help="write the source that they say into the release"
        )
        parser.add_argument("--dry-run", action="store_true", help="only show how they would stand with the release")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Read them, and write what is new; or try it on the release's tree."""
        workspace = self.workspace
        release = workspace.release(parsed_args.release)
        series = read_series(workspace.distribution.series_directory(parsed_args.component, release.name))
        data = sys.stdin.buffer.read() if parsed_args.source == layouts.STANDARD_INPUT else b""
        layout = Layout(parsed_args.layout) if parsed_args.layout else None
        foreign = layouts.read(parsed_args.source, layout=layout, stdin=data, strip=parsed_args.strip)
        trees = _Trees(workspace)
        plan = plan_import(
            series,
            foreign,
            after=parsed_args.after,
            annotate=parsed_args.annotate,
            tree=lambda: trees.files(parsed_args.component, release.name),
        )
        if parsed_args.dry_run:
            found, kept = trees.judged(parsed_args.component, release.name, plan), None
        else:
            found, kept = {}, carry_out(plan, workspace.state / UNDO)
        for line in _told(plan, found):
            self.say(line)
        if kept:
            self.say(f"as it was: {kept}")
        for note in foreign.notes:
            self.say(f"not imported: {note}")
        if foreign.upstream:
            self._source(foreign.upstream, parsed_args.component, release.name, parsed_args)
        _complain(found)
        return CheckFailedError.status if any(row.state not in GOOD for row in found.values()) else 0

    def _source(self, upstream: Upstream, component: str, release: str, options: argparse.Namespace) -> None:
        """Show the source that they say, or write it."""
        if not upstream.repository:
            self.say(f"their upstream is at {upstream.ref} ({upstream.where})")
            return
        source = {"git": upstream.repository, "ref": upstream.ref}
        file = self.workspace.distribution.root / "releases" / f"{release}.yaml"
        if options.write_source and not options.dry_run:
            text = with_source(file, component, source)
            scratch = file.with_name(f".{file.name}.new")
            scratch.write_text(text)
            scratch.replace(file)
            self.say(f"{file}: the source of {component} is git {upstream.repository} {upstream.ref} now")
        else:
            self.say(f"the source that {upstream.where} says, for {file} (--write-source writes it):")
            self.say(f"  {component}: {{source: {{git: {upstream.repository}, ref: {upstream.ref}}}}}")
        for note in upstream.notes:
            self.say(f"  {note}")


class PatchImportAll(WorkspaceLister):
    """Bring in every series of a repository; exit status 1 if one has no place, or does not fit."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add where they are."""
        parser = super().get_parser(prog_name)
        parser.add_argument("directory", type=Path, help="the root of the repository")
        parser.add_argument("--release", metavar="NAME", help="the release of the series whose place does not name one")
        parser.add_argument(
            "--annotate", action="store_true", help="write into backports which upstream commit they are"
        )
        parser.add_argument("--dry-run", action="store_true", help="only show how they would stand with their releases")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Go through the series one by one: what is wrong with one does not keep the others out."""
        root: Path = parsed_args.directory
        found = find_series(root)
        if not found:
            raise InputError(
                "there is no series in it", where=Where(root), fix=f"one of the layouts: {', '.join(Layout)}"
            )
        self._trees = _Trees(self.workspace)
        self._errors: list[str] = []
        self._options = parsed_args
        rows = []
        for one in found:
            placed = place(one, self.workspace.distribution, parsed_args.release)
            name = str(one.directory.relative_to(root))
            new, there, result = ("", "", placed.problem) if placed.problem else self._one(placed)
            if placed.problem:
                self._errors.append(f"error: {one.directory}: {placed.problem}")
                result = "no place"
            rows.append((name, one.layout, placed.component, placed.release, new, there, result))
        return ("Series", "Layout", "Component", "Release", "New", "There", "Result"), rows

    def _one(self, placed: Placed) -> tuple[str, str, str]:
        component, release = placed.component, placed.release
        try:
            series = read_series(self.workspace.distribution.series_directory(component, release))
            foreign = layouts.read(str(placed.found.directory), layout=placed.found.layout)
            plan = plan_import(
                series, foreign, annotate=self._options.annotate, tree=lambda: self._trees.files(component, release)
            )
            if not self._options.dry_run:
                carry_out(plan, self.workspace.state / UNDO)
                return str(len(plan.coming)), str(len(plan.skipped)), "imported" if plan.coming else "nothing new"
            states = self._trees.judged(component, release, plan)
        except StackwrightError as error:
            self._errors.append(f"error: {placed.found.directory}: {error}")
            return "", "", "refused"
        bad = [row for row in states.values() if row.state not in GOOD]
        self._errors += [f"error: {row.message or f'{row.name}: {row.state}'}" for row in bad]
        return str(len(plan.coming)), str(len(plan.skipped)), f"{len(bad)} do not apply" if bad else "applies"

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what is wrong."""
        super().run(parsed_args)
        for error in self._errors:
            sys.stderr.write(f"{error}\n")
        return CheckFailedError.status if self._errors else 0


class PatchExport(WorkspaceCommand):
    """Give a series away: as a git branch, as mails, as a quilt directory, with Debian's headers."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what, and where to."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component")
        parser.add_argument("--release", metavar="NAME", help="a release (that of the site)")
        parser.add_argument(
            "--to",
            metavar="TARGET",
            default="-",
            help="git:REPOSITORY#BRANCH, mbox:FILE, quilt:DIR, dep3:DIR, or - (the mails, on standard output)",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Apply the series, and write it in the form that is asked for."""
        kind, target, branch = _target(parsed_args.to)
        workspace = self.workspace
        release = workspace.release(parsed_args.release)
        series = read_series(workspace.distribution.series_directory(parsed_args.component, release.name))
        if not series.patches:
            raise InputError(
                f"{parsed_args.component} has no patches for {release.name}", where=Where(series.directory)
            )
        base = _Trees(workspace).base(parsed_args.component, release.name)
        base.store.need_all(base.tree)
        exporter = Exporter(base.store, base.tree, series, apply(base.store, base.tree, series), base.commit or "")
        notes: Sequence[str] = ()
        if kind == "git":
            commit, there = exporter.branch(Path(target), branch)
            verb = "is already" if there else "is"
            self.say(f"{target}: the branch {branch} {verb} {commit}, {len(series.patches)} commits on {exporter.base}")
        elif kind in ("quilt", "dep3"):
            exported = exporter.quilt() if kind == "quilt" else exporter.debian()
            write_directory(Path(target), exported)
            notes = exported.notes
            self.say(f"{target}: {len(exported.files) - 1} patches and their series")
        else:
            mails, notes = exporter.mailbox()
            if target == layouts.STANDARD_INPUT:
                sys.stdout.buffer.write(mails)
            else:
                write_file(Path(target), mails)
                self.say(f"{target}: {len(series.patches)} mails")
        for note in notes:
            sys.stderr.write(f"note: {note}\n")


class _Trees:
    """The upstream trees that imports are tried on, and exports begin with; each is looked for when it is needed."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[Asked, Base] = {}

    def base(self, component: str, release: str) -> Base:
        asked = Asked(release, component)
        if asked not in self._found:
            workspace = self._workspace
            store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
            with workspace.events() as events:
                bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
                found = bases.find([asked])[asked]
            if isinstance(found, StackwrightError):
                raise found
            self._found[asked] = found
        return self._found[asked]

    def files(self, component: str, release: str) -> frozenset[str]:
        base = self.base(component, release)
        return frozenset(base.store.entries(base.tree))

    def judged(self, component: str, release: str, plan: Import) -> dict[str, PatchStatus]:
        """Tell how the patches of a series would stand, by their names."""
        base = self.base(component, release)
        rows = status(base.store, base.tree, plan.draft.resulting())
        names = {patch.name for patch in plan.draft.resulting().patches}
        return {row.name: row for row in rows if row.name in names}


def _told(plan: Import, found: dict[str, PatchStatus]) -> Sequence[str]:
    lines = []
    for one in plan.coming:
        state = "disabled" if one.brought.disabled else found[one.name].state if one.name in found else "imported"
        lines.append(f"{one.name}: {state}")
        lines += [f"  {note}" for note in one.notes]
    lines += [f"{name}: {row.state}, is in the series" for name, row in found.items() if not _is_new(plan, name)]
    for skipped in plan.skipped:
        what = skipped.brought.name or skipped.patch.subject
        lines.append(f"{what}: the same is there already ({skipped.same_as})")
    if not found and plan.coming:
        lines.append(f"{plan.draft.listing}: {len(plan.coming)} more")
    return lines


def _is_new(plan: Import, name: str) -> bool:
    return any(one.name == name for one in plan.coming)


def _complain(found: dict[str, PatchStatus]) -> None:
    for row in found.values():
        if row.state not in GOOD:
            sys.stderr.write(f"error: {row.message or f'{row.name}: {row.state}'}\n")


def _target(text: str) -> tuple[str, str, str]:
    """Take apart what `--to` says: the form, the place, the branch."""
    if text == layouts.STANDARD_INPUT:
        return "mbox", text, ""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in KINDS or not rest:
        fix = "git:REPOSITORY#BRANCH, mbox:FILE, quilt:DIR, dep3:DIR, or - for standard output"
        near = suggestion(kind, KINDS)
        raise InputError(f"{text!r} is no target", why=near if near.startswith("did") else "", fix=fix)
    place_, mark, branch = rest.rpartition("#")
    if kind != "git":
        return kind, rest, ""
    if not mark or not branch or not place_:
        raise InputError(f"{text!r} names no branch", fix=f"{text.rstrip('#')}#BRANCH")
    return kind, place_, branch
