"""Commands on sources: what each is now, and mirrors brought up to date."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.errors import tell_all
from stackwright.distribution import GitSource, PathSource
from stackwright.errors import InputError, StackwrightError, suggestion
from stackwright.events import Kind
from stackwright.sources.changes import Became
from stackwright.sources.mirror import mirror_of
from stackwright.sources.refs import places, short
from stackwright.sources.update import update
from stackwright.tools import git

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from stackwright.distribution import Component, Distribution, Release
    from stackwright.sources.changes import Change
    from stackwright.sources.mirror import Mirror, Tip

SHORT = 12  # digits of an id, for a person


class _SourceLister(WorkspaceLister):
    """A command on the sources of some components."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which components are meant."""
        parser = super().get_parser(prog_name)
        parser.add_argument("component", nargs="*", help="some components (all)")
        parser.add_argument(
            "--release", metavar="NAME", action="append", default=[], help="a release, or more of them (all)"
        )
        return parser

    def wanted(self, parsed_args: argparse.Namespace) -> list[tuple[Release, Component]]:
        """Give what is meant.

        :raises InputError: there is no such component or release
        """
        distribution: Distribution = self.workspace.distribution
        names = parsed_args.release or distribution.releases
        every = [(release, one) for release in map(distribution.release, names) for one in release.components.values()]
        known = {component.name for _, component in every}
        for name in parsed_args.component:
            if name not in known:
                raise InputError(f"no release that is meant has a component {name!r}", fix=suggestion(name, known))
        return [
            (release, one) for release, one in every if not parsed_args.component or one.name in parsed_args.component
        ]


class List(_SourceLister):
    """List what each source is now, without the network: the version, or the commit of its mirror."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look into the mirrors that are here."""
        digits = SHORT if parsed_args.formatter == "table" else None
        mirrors: dict[str, Mirror] = {}
        rows = []
        for release, component in self.wanted(parsed_args):
            source = component.source
            kind, _, written = str(source).partition(" ")
            if isinstance(source, GitSource):
                mirror = mirrors.setdefault(source.git, mirror_of(source.git, self.workspace.cache))
                known = _row(mirror, source, digits)
            elif isinstance(source, PathSource):
                note = "" if source.path.is_dir() else "there is no such folder"
                known = (source.version or "", "", "", "", note)
            else:
                known = (source.version, "", "", "", "")
            rows.append((component.name, release.name, kind, written, *known))
        return ("Component", "Release", "Kind", "Source", "Now", "Ref", "Date", "Mirror", "Note"), rows


class Update(_SourceLister):
    """Bring the mirrors of git sources up to date and list what has changed; exit status 3 if one cannot be reached."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Fetch, several at a time, and see that the files of the releases' refs are here."""
        digits = SHORT if parsed_args.formatter == "table" else None
        uses = [
            (release, component, component.source)
            for release, component in self.wanted(parsed_args)
            if isinstance(component.source, GitSource)
        ]
        mirrors = {source.git: mirror_of(source.git, self.workspace.cache) for _, _, source in uses}
        self._errors: list[StackwrightError] = []
        refs: dict[tuple[str, str], list[str]] = {}
        with self.workspace.events() as events:
            outcome = update(mirrors.values(), events)
            self._errors += [found for found in outcome.values() if isinstance(found, StackwrightError)]
            for release, component, source in uses:
                if isinstance(outcome[source.git], StackwrightError):
                    continue
                user = f"{component.name} {release.name}"
                tip = self._tip(mirrors[source.git], release, component, source)
                for ref in {*places(source.ref), *((tip.ref,) if tip else ())}:
                    refs.setdefault((source.git, ref), []).append(user)
                if tip and tip.note:
                    events.emit(Kind.NOTE, f"source/{component.name}", tip.note)
        rows = [
            _changed(mirrors[url], change, refs.get((url, change.ref), ()), digits)
            for url, changes in outcome.items()
            if not isinstance(changes, StackwrightError)
            for change in changes
        ]
        if not rows and not self._errors:
            sys.stderr.write("Nothing has changed.\n" if mirrors else "No source that is meant is a git repository.\n")
        return ("Repository", "Ref", "Change", "From", "To", "Commits", "Used by", "Note"), rows

    def _tip(self, mirror: Mirror, release: Release, component: Component, source: GitSource) -> Tip | None:
        """Find a release's ref, and fetch its files; what is wrong is told at the end."""
        try:
            tip = mirror.tip(source.ref)
            mirror.need_all(tip.tree)
        except InputError as error:
            where = release.where("components", component.name, "source", "ref")
            self._errors.append(InputError(error.what, where=where, why=error.why, fix=error.fix))
        except StackwrightError as error:
            self._errors.append(error)
        else:
            return tip
        return None

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what could not be done."""
        super().run(parsed_args)
        return tell_all(self._errors, self.workspace.log_format)


def _row(mirror: Mirror, source: GitSource, digits: int | None) -> tuple[str, str, str, str, str]:
    """Give what is known of a git source: commit, ref, date, age of the mirror, note."""
    if not mirror.whole:
        return "", "", "", "", "not fetched yet"
    try:
        tip = mirror.known_tip(source.ref)
    except InputError as error:
        return "", "", "", mirror.age, error.what
    if tip is None:
        return "", "", "", mirror.age, "it has no such ref"
    (made,) = git.commit_times(mirror.directory, [tip.commit])
    forced = [f"forced, was {commit[:SHORT]} before" for commit in mirror.before(tip.ref)]
    note = "; ".join(filter(None, (tip.note, *forced)))
    day = time.strftime("%Y-%m-%d", time.gmtime(made))
    return tip.commit[:digits], short(tip.ref), day, mirror.age, note


def _changed(mirror: Mirror, change: Change, users: Sequence[str], digits: int | None) -> tuple[Any, ...]:
    kept = change.became in (Became.FORCED, Became.GONE) and change.old in mirror.before(change.ref)
    ids = ((commit or "")[:digits] for commit in (change.old, change.new))
    note = f"{(change.old or '')[:SHORT]} is kept" if kept else ""
    return mirror.name, short(change.ref), change.became, *ids, change.commits or "", ", ".join(users), note
