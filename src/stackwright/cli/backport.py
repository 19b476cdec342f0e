"""`backport status|build|impact`: newer source packages, rebuilt for an older suite."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.cli.errors import tell_all, told
from stackwright.errors import CheckFailedError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from stackwright.build.apt_repository.record import Build
    from stackwright.build.apt_repository.repository import Repository
    from stackwright.build.backports.building import Outcome, Workshop
    from stackwright.build.backports.model import BackportList
    from stackwright.build.backports.suites import Suites
    from stackwright.build.backports.survey import Survey
    from stackwright.errors import StackwrightError
    from stackwright.events import Events


class _BackportLister(WorkspaceLister):
    """A command on a list of backports."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add which list is meant, and what it does not say itself."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--list", metavar="NAME", help="a file of `backports/` (the only one)")
        parser.add_argument("--for", metavar="SUITE", dest="target", help="suite to build for (as the list says)")
        parser.add_argument(
            "--from",
            metavar="SUITE",
            dest="origin",
            help="suite to take packages from, where the list names none (sid)",
        )
        parser.add_argument("--update", action="store_true", help="fetch the indexes of the suites anew first")
        return parser

    def read(self, parsed_args: argparse.Namespace) -> tuple[BackportList, Repository]:
        """Give the list that is meant, and the repository of what is built for its suite."""
        from stackwright.build.apt_repository.repository import Repository
        from stackwright.build.backports.package_list import find_list, read_list

        root = self.workspace.root
        file = find_list(root, parsed_args.list)
        backports = read_list(file, root, suite=parsed_args.target, from_=parsed_args.origin)
        return backports, Repository(self.workspace.state, backports.suite)

    def look(
        self, backports: BackportList, repository: Repository, events: Events, *, update: bool
    ) -> tuple[Suites, Survey, Mapping[str, Build]]:
        """Tell how everything in a list stands."""
        from stackwright.build.backports.suites import Suites
        from stackwright.build.backports.survey import survey
        from stackwright.store import Memo

        suites = Suites(backports, self.workspace.cache, Memo(self.workspace.cache), events)
        builds = repository.record.newest()
        return suites, survey(backports, suites, builds, update=update), builds

    def workshop(
        self, backports: BackportList, repository: Repository, suites: Suites, events: Events, *, tests: bool
    ) -> Workshop:
        """Give where backports of a list are built."""
        from stackwright.build.backports.building import Workshop
        from stackwright.build.backports.rebuild import Maker
        from stackwright.build.cache import ArtifactCache
        from stackwright.tools import dpkg

        distribution, workspace = self.workspace.distribution, self.workspace
        maintainer = distribution.maintainer or f"{distribution.name} <{distribution.name}@localhost>"
        return Workshop(
            suites,
            repository,
            Maker(maintainer, backports.suite),
            dpkg.architecture(),
            tests,
            ArtifactCache(workspace.cache),
            workspace.state / "builds",
            events,
        )


class BackportStatus(_BackportLister):
    """List how each backport stands: what its suite has, what we have, whether ours is stale, and why.

    The exit status is 1 if a suite does not have one of them, and 2 if some need one another to be built.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the source packages."""
        parser = super().get_parser(prog_name)
        parser.add_argument("source", nargs="*", help="some source packages of the list (all)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Compare versions."""
        from stackwright.build.backports.status import State
        from stackwright.build.backports.survey import order
        from stackwright.tools import dpkg

        backports, repository = self.read(parsed_args)
        with self.workspace.events() as events:
            _, surveyed, builds = self.look(backports, repository, events, update=parsed_args.update)
        only = parsed_args.source
        self._status = 0
        self._error: StackwrightError | None = None
        after: dict[str, str] = {}
        try:
            ordered = order(surveyed, builds, dpkg.architecture(), only=only)
            after = {source: ", ".join(sorted(needed)) for source, needed in ordered.graph.items()}
        except InputError as error:
            self._error = error
        rows = []
        for one in surveyed.standings:
            if only and one.wanted.source not in {*only, *after}:
                continue
            candidate = one.candidate.version if one.candidate else ""
            row = (one.wanted.source, one.wanted.suite, candidate, one.ours or "", one.state.value, one.why)
            rows.append((*row, after.get(one.wanted.source, "")))
            self._status = max(self._status, CheckFailedError.status if one.state is State.MISSING else 0)
        if surveyed.age > _OLD:
            sys.stderr.write(f"The indexes are {surveyed.age / _DAY:.0f} days old: --update fetches them anew.\n")
        return ("Source", "Suite", "Candidate", "Ours", "State", "Why", "After"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what cannot be ordered."""
        super().run(parsed_args)
        if self._error is not None:
            sys.stderr.write(f"{told(self._error, self.workspace.log_format)}\n")
            return self._error.status
        return self._status


class BackportBuild(_BackportLister):
    """Build the backports that are stale, in the order of what they need, into the repository's channel `candidate`.

    One that fails keeps those from being built that need it, and no others; the same command goes on from there.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to build, and how."""
        from stackwright.cli.apt_repository import add_key

        parser = super().get_parser(prog_name)
        parser.add_argument(
            "source", nargs="*", help="some source packages of the list (all), and what these need of it"
        )
        parser.add_argument("--jobs", metavar="N", type=int, default=2, help="how many are built at once (2)")
        parser.add_argument("--no-tests", action="store_true", help="run no tests in the builds")
        add_key(parser, "publishes what was built; without it, `repository publish` does")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Build them."""
        from stackwright.build.backports.building import build_all
        from stackwright.build.backports.survey import order
        from stackwright.cli.apt_repository import key_of_user, publish
        from stackwright.events import Kind
        from stackwright.tools import dpkg

        if parsed_args.jobs < 1:
            raise InputError("nothing can be built by less than one job", fix="--jobs 1")
        backports, repository = self.read(parsed_args)
        named = key_of_user(parsed_args)
        with self.workspace.events() as events:
            suites, surveyed, builds = self.look(backports, repository, events, update=parsed_args.update)
            tests = not parsed_args.no_tests
            ordered = order(surveyed, builds, dpkg.architecture(), tests=tests, only=parsed_args.source)
            for need in ordered.dropped:
                told_ = f"it needs {need.relation} of {need.of}, which needs it: built with {need.elsewhere}"
                events.emit(Kind.NOTE, need.source, told_)
            workshop = self.workshop(backports, repository, suites, events, tests=tests)
            self._outcomes = build_all(ordered, workshop, jobs=parsed_args.jobs)
            self._published = named is not None
            if named is not None:
                publish(repository, named, self.workspace.distribution.name, events)
        rows = [(one.source, one.version, one.result.value, f"{one.seconds:.0f}", one.why) for one in self._outcomes]
        return ("Source", "Version", "Result", "Seconds", "Why"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what went wrong."""
        super().run(parsed_args)
        return self._failed(self._outcomes)

    def _failed(self, outcomes: tuple[Outcome, ...]) -> int:
        from stackwright.build.backports.building import Result

        status = tell_all((one.error for one in outcomes if one.error is not None), self.workspace.log_format)
        if not outcomes:
            sys.stderr.write("Nothing is stale.\n")
        elif not self._published and any(one.result is Result.BUILT for one in outcomes):
            sys.stderr.write("`stackwright repository publish` shows machines what was built.\n")
        return status


class BackportImpact(_BackportLister):
    """List which packages another version of a source package would break; exit status 1 if it would any.

    Relations to its packages come first, of our repository and of the suite; then, if it is built, imports of modules
    that are gone. The version is one of ours, or the one that a backport is to be of.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what is to change."""
        parser = super().get_parser(prog_name)
        parser.add_argument("source", help="the source package")
        parser.add_argument("version", help="the version that it is to have")
        parser.add_argument(
            "--tests", action="store_true", help="build those of ours that need it again, with it and with their tests"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Look through what depends on it."""
        import re

        from stackwright.build.backports.impact import World, broken_tests, impact
        from stackwright.build.backports.suites import Lists, Suites
        from stackwright.build.debian.chroot import packages_of
        from stackwright.build.debian.version import Version, backport, without_backport
        from stackwright.store import Memo

        try:
            Version.parse(parsed_args.version)
        except ValueError as error:
            raise InputError(str(error), fix="write it like 2:31.0.0-6") from error
        backports, repository = self.read(parsed_args)
        workspace, source, version = self.workspace, parsed_args.source, parsed_args.version
        text = packages_of(backports.suite)
        lists = Lists(text, workspace.cache, "*_Packages*")
        with workspace.events() as events:
            suites = Suites(backports, workspace.cache, Memo(workspace.cache), events)
            if parsed_args.update or not lists.there:
                suites.fetch(lists, f"packages of {backports.suite}")
            uris = [uri for line in re.findall(r"(?m)^uris: (.*)$", text) for uri in line.split()]
            world = World(repository, lists, uris, workspace.cache)
            change = world.change(source, version, self._binaries(backports, suites, source))
            if change.build is None and version == without_backport(version):
                change = change.with_version(backport(version, backports.number))
            self._found = list(impact(world, change, events))
            if parsed_args.tests:
                workshop = self.workshop(backports, repository, suites, events, tests=True)
                self._found += broken_tests(change, world, workshop)
        rows = [(one.package, one.version, one.origin, one.what, one.why) for one in self._found]
        return ("Package", "Version", "From", "What", "Why"), rows

    def _binaries(self, backports: BackportList, suites: Suites, source: str) -> tuple[str, ...]:
        """Give the binary packages that the candidate makes, as far as a list speaks of it and its index is here."""
        for wanted in backports.wanted:
            if wanted.source == source:
                found = suites.find(wanted.suite, [source])
                return found[source].binaries if source in found else ()
        return ()

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, and tell by the status whether it is empty."""
        super().run(parsed_args)
        return CheckFailedError.status if self._found else 0


_DAY = 86400
_OLD = 7 * _DAY
