"""`patch explain`: the upstream commit that broke a series; `patch upstreamed`: what upstream has already."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.distribution import GitSource, PathSource
from stackwright.errors import CheckFailedError, InputError, StackwrightError
from stackwright.events import Kind
from stackwright.patches import read_series
from stackwright.patches.history.explain import common_base, explain
from stackwright.patches.history.interdiff import differing
from stackwright.patches.history.told import day_of, told, trailers_of
from stackwright.patches.history.upstreamed import Upstreamed
from stackwright.sources.mirror import open_mirror
from stackwright.store import Memo

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.cli.workspace import Workspace
    from stackwright.distribution import Component, Release
    from stackwright.events import Events
    from stackwright.patches.history.explain import Explanation
    from stackwright.patches.matrix.cells import Evidence
    from stackwright.sources.mirror import Mirror
    from stackwright.store import CommitId
    from stackwright.tools.git_commits import Commit

SHORT = 12
FOR_PEOPLE = ("table", "value")


@dataclass(frozen=True)
class History:
    """A history, and the commit of it that a series is held against.

    :param ref: as the user or the release names it
    :param note: what a person should know of the way to it
    """

    mirror: Mirror
    tip: CommitId
    ref: str
    note: str = ""


class Explain(WorkspaceCommand):
    """Name the first upstream commit after which a series stops applying, and its part of the conflict."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to explain, and how far to look."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component")
        parser.add_argument("release")
        parser.add_argument("patch", nargs="?", help="one patch of the series (each that does not apply)")
        _add_history(parser)
        parser.add_argument("--since", metavar="REF", help="do not look at what this commit has already")
        parser.add_argument("-f", "--format", choices=("text", "json"), default="text", help="how to tell it (text)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Explain; exit status 1 if there is something to."""
        workspace = self.workspace
        release = workspace.distribution.release(parsed_args.release)
        component = release.component(parsed_args.component)
        series = read_series(workspace.distribution.series_directory(component.name, release.name))
        with workspace.events() as events:
            history = _history(workspace, release, component, parsed_args, events)
        since = history.mirror.tip(parsed_args.since).commit if parsed_args.since else None
        memo = Memo(workspace.cache)
        found = explain(history.mirror, history.tip, series, name=parsed_args.patch, since=since, memo=memo)
        if parsed_args.format == "json":
            rows = [_as_json(one) for one in found]
            self.say(json.dumps({"ref": history.ref, "tip": history.tip, "note": history.note, "patches": rows}))
            return CheckFailedError.status if found else 0
        if history.note:
            sys.stderr.write(f"note: {history.note}\n")
        where = f"{history.ref} (commit {history.tip[:SHORT]})"
        count = 1 if parsed_args.patch else len(series.patches)
        if not found:
            what = f"{parsed_args.patch} applies" if parsed_args.patch else f"all of {count} patches apply"
            self.say(f"{component.name} {release.name} on {where}: {what}")
            return 0
        self.say(f"{component.name} {release.name} on {where}: {len(found)} of {count} patches need a hand")
        for one in found:
            self.say(f"\n{told(one)}")
        for line in self._next(found, history, release, component, parsed_args):
            self.say(line)
        return CheckFailedError.status

    def _next(
        self,
        found: tuple[Explanation, ...],
        history: History,
        release: Release,
        component: Component,
        parsed_args: argparse.Namespace,
    ) -> Iterator[str]:
        """Say what to type next."""
        again, beside = self.workspace.again, ""
        if parsed_args.repository:
            beside += f" --repository {parsed_args.repository}"
        if parsed_args.against:
            beside += f" --against {parsed_args.against}"
        yield ""
        if any(one.cause and one.cause.merged for one in found):
            yield "To see how what was merged differs from what is carried:"
            yield f"  {again} patch upstreamed {component.name} --release {release.name}{beside} --diff"
        left = [one for one in found if one.cause and not one.cause.merged]
        base = common_base(history.mirror, left)
        if base and isinstance(component.source, GitSource) and not parsed_args.repository:
            yield "To bring the series to it:"
            rebase = f"patch rebase {component.name} {release.name} {release.name}"
            yield f"  {again} {rebase} --base {base[:SHORT]} --onto {history.ref}"
        elif left:
            yield "To bring the series to it from a release that it applies to:"
            yield f"  {again} patch rebase {component.name} RELEASE {release.name}"


class ListUpstreamed(WorkspaceLister):
    """List the patches that upstream has already, and by what that is known; exit status 1 if there are any."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="?", help="one component (all that have patches)")
        parser.add_argument("--release", metavar="NAME", action="append", help="a release (all)")
        _add_history(parser)
        parser.add_argument("--diff", action="store_true", help="print how what was merged differs from the patch")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look through the histories and list what is found."""
        if parsed_args.repository and not parsed_args.component:
            raise InputError("a repository is one component's", fix="name the component")
        self._found: list[tuple[str, str, str, Evidence]] = []
        known: dict[Path, Upstreamed] = {}
        with self.workspace.events() as events:
            for release, component in self._wanted(parsed_args):
                directory = self.workspace.distribution.series_directory(component.name, release.name)
                series = read_series(directory)
                history = self._history(release, component, parsed_args, events) if series.patches else None
                if history is None:
                    continue
                where = history.mirror.directory
                if where not in known:
                    known[where] = Upstreamed(history.mirror, self.workspace.cache)
                name = f"{component.name} {release.name}"
                events.emit(Kind.STARTED, name, f"looking through the history of {history.ref}")
                begun = time.monotonic()
                for patch in series.patches:
                    evidence = known[where].evidence(history.tip, patch)
                    if evidence:
                        self._found.append((component.name, release.name, patch.name, evidence))
                events.emit(Kind.DONE, name, f"{len(series.patches)} patches", time.monotonic() - begun)
        for_people = parsed_args.formatter in FOR_PEOPLE
        columns = ["Component", "Release", "Patch", "Known by", "Commit", "Date", "Subject", "Merged"]
        rows: list[list[str]] = []
        for component_name, release_name, patch_name, one in self._found:
            commit = one.commit[:SHORT] if for_people else one.commit
            rows.append(
                [component_name, release_name, patch_name, one.trust, commit, one.date, one.subject, _sameness(one)]
            )
            if parsed_args.diff and not for_people:
                rows[-1].append(one.difference)
        return [*columns, *(["Difference"] if parsed_args.diff and not for_people else [])], rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then the differences where they are wanted."""
        super().run(parsed_args)
        if parsed_args.diff and parsed_args.formatter in FOR_PEOPLE:
            for component, release, patch, evidence in self._found:
                if evidence.difference:
                    about = f"{component} {release} {patch}, {evidence.commit[:SHORT]}"
                    self.say(f"\n{about}:\n{evidence.difference}".rstrip("\n"))
        return CheckFailedError.status if self._found else 0

    def _wanted(self, parsed_args: argparse.Namespace) -> Iterator[tuple[Release, Component]]:
        """Give what is to be looked at; a component that is named has to be in one of the releases."""
        distribution, name = self.workspace.distribution, parsed_args.component
        releases = [distribution.release(word) for word in parsed_args.release or distribution.releases]
        if name:
            having = [release for release in releases if name in release.components]
            yield from ((release, release.component(name)) for release in having or releases)
            return
        yield from ((release, component) for release in releases for component in release.components.values())

    def _history(
        self, release: Release, component: Component, parsed_args: argparse.Namespace, events: Events
    ) -> History | None:
        """Give the history of a component; among many, one that cannot be had is told of and left out."""
        try:
            history = _history(self.workspace, release, component, parsed_args, events)
        except StackwrightError as error:
            if parsed_args.component:
                raise
            events.emit(Kind.WARNING, f"{component.name} {release.name}", f"not looked at: {error.what}")
            return None
        if history.note:
            events.emit(Kind.NOTE, f"{component.name} {release.name}", history.note)
        return history


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--against", metavar="REF", default="", help="a branch, tag, commit or release to look at (the source's own)"
    )
    parser.add_argument(
        "--repository",
        metavar="URL|PATH",
        help="the git repository with the history, where the source has none; a tag there is the source's version",
    )


def _history(
    workspace: Workspace, release: Release, component: Component, parsed_args: argparse.Namespace, events: Events
) -> History:
    """Open the history that a series is held against.

    :raises InputError: the source has none and no repository is named, or it lacks the ref
    """
    against = parsed_args.against
    if against in workspace.distribution.releases:
        component = workspace.distribution.release(against).component(component.name)
        against = ""
    source = component.source
    url = parsed_args.repository or (source.git if isinstance(source, GitSource) else None)
    if url is None:
        raise InputError(
            f"the source of {component.name} has no history: {source}",
            where=release.where("components", component.name, "source"),
            why="only a git repository has the commits between two versions",
            fix="name one that has: --repository URL, or the path of a clone",
        )
    if Path(url).is_dir():
        url = Path(url).absolute().as_uri()
    mirror = open_mirror(url, workspace.cache, events)
    if against or isinstance(source, GitSource):
        ref = against or source.ref if isinstance(source, GitSource) else against
    elif isinstance(source, PathSource) and source.version is None:
        raise InputError(
            f"nothing says which commit of the repository the folder of {component.name} is",
            where=release.where("components", component.name, "source"),
            fix="name one: --against REF",
        )
    else:
        ref = _tag(mirror, str(source.version))
    tip = mirror.tip(ref)
    return History(mirror, tip.commit, ref, tip.note)


def _tag(mirror: Mirror, version: str) -> str:
    """Give the tag of a version; Debian's has an epoch, a revision and other signs for what comes before it."""
    plain = version.partition(":")[2] or version
    upstream = plain.rpartition("-")[0] or plain
    names = [version, upstream, upstream.replace("~", ""), f"v{upstream}"]
    return next((name for name in names if f"refs/tags/{name}" in mirror.refs()), version)


def _sameness(evidence: Evidence) -> str:
    count = differing(evidence.difference)
    if not evidence.difference:
        return "same"
    return f"after changes ({count} {'line differs' if count == 1 else 'lines differ'})" if count else "not known"


def _as_json(one: Explanation) -> dict[str, Any]:
    cause = one.cause
    row: dict[str, Any] = {
        "patch": one.patch.name,
        "state": one.state,
        "tried": one.tried,
        "oldest": one.oldest.commit,
        "solved": one.solved,
        "in_conflict": None if one.in_conflict is None else list(one.in_conflict),
        "cause": None,
    }
    if cause:
        row["cause"] = {
            **_commit(cause.commit),
            "merge": _commit(cause.merge) if cause.merge else None,
            "before": cause.before,
            "problems": [
                {"path": problem.path, "hunk": problem.hunk, "line": problem.line, "what": problem.what}
                for problem in cause.problems
            ],
            "diff": cause.diff,
            "moved": dict(cause.moved),
            "merged": cause.merged,
            "not_first": cause.not_first,
            "sure": cause.sure,
        }
    return row


def _commit(commit: Commit) -> dict[str, Any]:
    said = trailers_of(commit)
    return {
        "commit": commit.commit,
        "subject": commit.subject,
        "author": commit.author,
        "date": day_of(commit),
        "change_id": said.get("change-id", ""),
        "review": said.get("reviewed-on", ""),
    }
