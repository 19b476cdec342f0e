"""`tempest`: upstream's tests of a running cloud, ours or any other."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError, RunFailedError
from stackwright.events import Kind
from stackwright.plan.lock import exclusive

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from stackwright.build.environment import Environment
    from stackwright.events import Events
    from stackwright.proof.guest import GuestImage
    from stackwright.proof.tempest.journal import Journal, Report
    from stackwright.proof.tempest.run import Ask
    from stackwright.proof.tempest.under_test import CloudUnderTest
    from stackwright.store import Memo, Store

SMALLEST = "smoke"
FAILURES_SHOWN = 5


class Tempest(WorkspaceLister):
    """Run tempest on the site, or on a cloud of clouds.yaml; exit status 1 if a test fails.

    Tempest is configured from what the cloud says of itself. Its accounts, and all that it makes, are removed again.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the cloud, the tests, and what to do with them."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "set",
            nargs="?",
            metavar="SET",
            help="the test set: smoke (if none is named), compute, network, identity, image, volume, object-storage, "
            "scenario, interop, all",
        )
        parser.add_argument("--tests", metavar="REGEX", help="the tests whose ids this is found in, instead of a set")
        parser.add_argument("--cloud", metavar="NAME", help="a cloud of clouds.yaml, as its administrator (the site)")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--resume", action="store_true", help="go on with the last run, which was cut off")
        what.add_argument("--list", action="store_true", help="list the tests, and run none")
        what.add_argument(
            "--clean", action="store_true", help="remove what all runs on this cloud have left, and run none"
        )
        parser.add_argument("--guideline", metavar="FILE", type=Path, help="the guideline whose tests interop means")
        parser.add_argument(
            "--concurrency", metavar="N", type=int, help="how many classes of tests at once (the processors, up to 4)"
        )
        parser.add_argument("--internet", action="store_true", help="the cloud reaches the internet: leave no test out")
        parser.add_argument(
            "--image", metavar="NAME", help="with --cloud: what servers boot from (the smallest public one)"
        )
        parser.add_argument("--ssh-user", metavar="USER", help="with --cloud: also log in to servers, as this user")
        parser.add_argument("--junit", metavar="FILE", type=Path, help="write the results as JUnit XML")
        parser.add_argument("--subunit", metavar="FILE", type=Path, help="write the results as a subunit stream (v2)")
        parser.add_argument("--html", metavar="FILE", type=Path, help="write a page: failures, history, what is slow")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Run, list or clean."""
        from stackwright.proof.tempest.journal import Journal
        from stackwright.store import Memo, Store

        _check(parsed_args)
        ask = _ask(parsed_args)
        workspace = self.workspace
        self._report: Report | None = None
        folder = (
            workspace.state / "tempest" / parsed_args.cloud if parsed_args.cloud else workspace.paths.root / "tempest"
        )
        journal = Journal(folder)
        store, memo = Store(workspace.state / "store.git"), Memo(workspace.cache)
        with workspace.events() as events:
            if parsed_args.list:
                return self._listed(parsed_args.cloud, ask, journal, store, memo, events)
            cloud = self._cloud(parsed_args.cloud)
            with exclusive(folder / "lock", "stackwright tempest"):
                if parsed_args.clean:
                    return self._cleaned(cloud, journal, events)
                self._report = self._run(parsed_args, ask, cloud, journal, store, memo, events)
        self._write(parsed_args, journal)
        return _rows(self._report)

    def _write(self, parsed_args: argparse.Namespace, journal: Journal) -> None:
        """Write the files that are asked for."""
        from stackwright.proof.tempest.page import page
        from stackwright.proof.upstream.reports import Results, junit, subunit_stream

        assert self._report is not None
        results = Results("tempest", self._report.cloud, self._report.outcomes)
        if parsed_args.junit:
            parsed_args.junit.write_bytes(junit(results))
        if parsed_args.subunit:
            parsed_args.subunit.write_bytes(subunit_stream(results))
        if parsed_args.html:
            parsed_args.html.write_text(page(self._report, journal, _summary(self._report)))

    def _cloud(self, name: str | None) -> CloudUnderTest:
        from stackwright.proof.tempest.under_test import other_cloud, our_site
        from stackwright.targets.local.wish import known_cloud

        if name:
            return other_cloud(name)
        return our_site(self.workspace.site.name, known_cloud(self.workspace.site, state=self.workspace.state))

    def _environment(self, cloud: str | None, store: Store, memo: Memo, events: Events) -> Environment:
        """Give tempest's environment: by the site's release, or by none where there is no distribution."""
        from stackwright.build.cache import ArtifactCache
        from stackwright.build.workshop import Workshop
        from stackwright.proof.tempest.environment import tempest_environment

        workspace = self.workspace
        workshop = Workshop(store, memo, ArtifactCache(workspace.cache), events, workspace.state / "builds")
        try:
            workspace.root  # noqa: B018
        except InputError:
            if cloud is None:
                raise
            return tempest_environment(None, None, workshop)
        return tempest_environment(workspace.distribution, workspace.release(), workshop)

    def _listed(
        self, cloud: str | None, ask: Ask, journal: Journal, store: Store, memo: Memo, events: Events
    ) -> Listing:
        from stackwright.proof.tempest.run import all_tests
        from stackwright.proof.tempest.sets import select

        environment = self._environment(cloud, store, memo, events)
        tests = select(all_tests(environment, journal, memo), ask.expression)
        return ("Test",), [(test,) for test in tests]

    def _cleaned(self, cloud: CloudUnderTest, journal: Journal, events: Events) -> Listing:
        from stackwright.proof.tempest.run import clean

        return ("Removed",), [(thing,) for thing in clean(cloud, journal, events, everybodys=True)]

    def _run(
        self,
        parsed_args: argparse.Namespace,
        ask: Ask,
        cloud: CloudUnderTest,
        journal: Journal,
        store: Store,
        memo: Memo,
        events: Events,
    ) -> Report:
        from stackwright.proof.tempest.features import discover
        from stackwright.proof.tempest.run import all_tests, begin, clean, run_tempest

        before = journal.to_resume() if parsed_args.resume else journal.cut_off()
        environment = self._environment(parsed_args.cloud, store, memo, events)
        features = discover(cloud)
        events.emit(Kind.DONE, "tempest/features", str(features))
        clean(cloud, journal, events)
        if before is not None and parsed_args.resume:
            run = before
        else:
            run = begin(journal, ask, all_tests(environment, journal, memo), features)
            if before is not None:
                left = len(before.remaining())
                told = f"the last run ({before.scope}) was cut off before {left} tests: --resume would have gone on"
                events.emit(Kind.NOTE, "tempest", told)
        try:
            report = run_tempest(cloud, features, run, ask, environment, journal, self._guest(events), events)
        except KeyboardInterrupt:
            left = len(run.remaining())
            raise RunFailedError(
                f"interrupted: {left} of {len(run.selection.tests)} tests have not been run",
                fix=f"{self.workspace.again} tempest --resume",
            ) from None
        if cloud.ours:
            self._record(report, events)
        return report

    def _guest(self, events: Events) -> Callable[[], GuestImage]:
        from stackwright.proof.guest import make_guest

        return lambda: make_guest(self.workspace.cache, events)

    def _record(self, report: Report, events: Events) -> None:
        """Keep it as evidence for the artifacts that the site runs, if that is what the distribution says now."""
        from stackwright.plan.plan import make_plan
        from stackwright.proof.artifacts import artifacts_of, short
        from stackwright.proof.evidence import Evidence, Proofs, What
        from stackwright.proof.tempest.sets import known_sets
        from stackwright.proof.upstream.model import Status
        from stackwright.targets.local.wish import make_wish

        workspace = self.workspace
        if report.run.scope not in known_sets().sets:
            return
        wish = make_wish(
            workspace.distribution, workspace.site, state=workspace.state, cache=workspace.cache, events=events
        )
        if lacking := make_plan(wish.graph).lacking:
            told = f"it is no evidence for promotion: the site is not as it is wished ({lacking[0].step.name})"
            events.emit(Kind.NOTE, "tempest", told)
            return
        subject = artifacts_of(wish, workspace.cache).id
        evidence = Evidence.of_now(
            What.TEMPEST,
            subject,
            report.run.scope,
            passed=report.count(Status.OK),
            failed=report.count(Status.FAILED),
            skipped=report.count(Status.SKIPPED),
            environment=report.environment,
        )
        Proofs(workspace.state / "proofs").record(evidence)
        events.emit(Kind.NOTE, "tempest", f"kept as evidence for the artifacts {short(subject)}")

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print what came of it, then what failed."""
        super().run(parsed_args)
        sys.stdout.flush()
        if self._report is not None:
            _demand(self._report)
        return 0


def _check(parsed_args: argparse.Namespace) -> None:
    """Refuse options that contradict each other.

    :raises InputError: some do
    """
    if parsed_args.set and parsed_args.tests:
        raise InputError("either a set or --tests", fix="leave one of them out")
    if parsed_args.resume and (parsed_args.set or parsed_args.tests):
        raise InputError("a run that is gone on with has its tests already", fix="leave the set or --tests out")
    if parsed_args.concurrency is not None and parsed_args.concurrency < 1:
        raise InputError(f"--concurrency {parsed_args.concurrency} runs nothing", fix="1 or more")
    for option in ("image", "ssh_user"):
        if getattr(parsed_args, option) and not parsed_args.cloud:
            name = option.replace("_", "-")
            raise InputError(
                f"--{name} is for another cloud: a site has its own guest image", fix=f"leave --{name} out"
            )


def _ask(parsed_args: argparse.Namespace) -> Ask:
    from stackwright.proof.tempest.run import Ask
    from stackwright.proof.tempest.sets import expression_of

    scope = parsed_args.tests or parsed_args.set or SMALLEST
    return Ask(
        scope=scope,
        expression=parsed_args.tests or expression_of(scope, parsed_args.guideline),
        concurrency=parsed_args.concurrency or min(4, len(os.sched_getaffinity(0))),
        internet=parsed_args.internet,
        image=parsed_args.image,
        ssh_user=parsed_args.ssh_user,
    )


def _rows(report: Report) -> Listing:
    from stackwright.proof.tempest.sets import plain
    from stackwright.proof.upstream.model import Status

    rows: list[tuple[str, int, str]] = [("failed", 1, f"{plain(one.test)}: {one.why}") for one in report.failures]
    rows += [("skipped", count, why) for why, count in report.skips.items()]
    rows.append(("passed", report.count(Status.OK), ""))
    return ("Result", "Tests", "What"), rows


def _summary(report: Report) -> str:
    """Say in one line what came of it."""
    from stackwright.proof.upstream.model import Status

    counts = ", ".join(
        f"{report.count(status)} {word}"
        for status, word in ((Status.OK, "passed"), (Status.FAILED, "failed"), (Status.SKIPPED, "skipped"))
    )
    return f"{report.cloud}, {report.run.scope}: {len(report.outcomes)} tests, {counts}"


def _demand(report: Report) -> None:
    """Insist that no test failed.

    :raises CheckFailedError: one did
    """
    if not report.failures:
        return
    file = report.run.folder / "failures.txt"
    file.write_text("\n\n".join(map(str, report.failures)) + "\n")
    shown = "\n\n".join(map(str, report.failures[:FAILURES_SHOWN]))
    more = len(report.failures) - FAILURES_SHOWN
    raise CheckFailedError(
        f"{len(report.failures)} of {len(report.outcomes)} tests failed",
        details=shown + (f"\n\n... and {more} more" if more > 0 else ""),
        fix=f"{file} has all of it, the folder beside it what tempest logged",
    )
