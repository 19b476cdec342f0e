"""`test`: upstream's own tests on a component with its patches."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse

    from stackwright.proof.evidence import Evidence
    from stackwright.proof.upstream.proving import Ask, Proof

SHOWN = 25  # lines of what a failing test said
HEAD = "Traceback (most recent call last):"  # says nothing


class Test(WorkspaceLister):
    """Run upstream's unit tests on a component with its patches; exit status 1 at a regression.

    By default the tests that the patches can reach run once, on the tree with all patches; for what fails there and
    not without patches, the first patch with which it fails is looked for. What has run on a tree is not run again.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to run."""
        from pathlib import Path

        parser = super().get_parser(prog_name)
        parser.add_argument("component", help="a component")
        parser.add_argument("release", nargs="?", help="a release (that of the site)")
        trees = parser.add_mutually_exclusive_group()
        trees.add_argument("--each", action="store_true", help="run them after every patch of the series")
        trees.add_argument("--last", action="store_true", help="run them at the end alone: look for no first bad patch")
        trees.add_argument("--skip", action="store_true", help="run none: tell how many would be")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--affected", action="store_true", help="the tests that the patches can reach (default)")
        which.add_argument("--all", action="store_true", help="all tests")
        which.add_argument("--tests", metavar="REGEX", help="the tests in whose id this is found, as stestr has it")
        parser.add_argument("--functional", action="store_true", help="upstream's functional tests, not its unit tests")
        parser.add_argument(
            "--timeout", metavar="SECONDS", type=float, help="how long one test may take (200)", default=200.0
        )
        parser.add_argument(
            "--scheduler", metavar="ADDRESS", default="", help="run them on the workers of this Dask scheduler"
        )
        parser.add_argument("--junit", metavar="FILE", type=Path, help="write the results as JUnit XML")
        parser.add_argument("--subunit", metavar="FILE", type=Path, help="write the results as a subunit stream (v2)")
        parser.add_argument("--html", metavar="FILE", type=Path, help="write a page: failures, history, what is slow")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Run them, and list what failed."""
        from stackwright.proof.evidence import Proofs
        from stackwright.proof.upstream import reports
        from stackwright.proof.upstream.proving import prove

        workspace = self.workspace
        release = workspace.release(parsed_args.release)
        component = release.component(parsed_args.component)
        ask = _ask(parsed_args)
        with workspace.events() as events:
            self._proof = prove(
                workspace.distribution,
                release,
                component,
                ask,
                scheduler=parsed_args.scheduler,
                store=Store(workspace.state / "store.git"),
                memo=Memo(workspace.cache),
                cache=workspace.cache,
                logs=workspace.state / "builds",
                events=events,
            )
        scope = _scope(ask)
        if scope and self._proof.patches:
            Proofs(workspace.state / "proofs").record(_evidence(self._proof, scope))
        if parsed_args.junit:
            parsed_args.junit.write_bytes(reports.junit(self._proof))
        if parsed_args.html:
            from stackwright.proof.upstream.page import page
            from stackwright.proof.upstream.proving import FOLDER
            from stackwright.proof.upstream.records import Records

            summary = _summary(self._proof, skipped=parsed_args.skip)
            parsed_args.html.write_text(page(self._proof, Records(workspace.cache / FOLDER), summary))
        if parsed_args.subunit:
            parsed_args.subunit.write_bytes(reports.subunit_stream(self._proof))
        rows = [
            (one.kind, one.outcome.test, one.outcome.status, one.patch, f"{one.outcome.seconds:.1f}")
            for one in self._proof.failures
        ]
        return ("Kind", "Test", "Status", "Patch", "Seconds"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what the regressions said, and the summary."""
        super().run(parsed_args)
        for one in self._proof.regressions:
            by = f" (since {one.patch})" if one.patch else ""
            lines = [line for line in one.outcome.said.splitlines() if line != HEAD]
            cut = [f"[{len(lines) - SHOWN} lines more: --junit]"] if len(lines) > SHOWN else []
            said = "".join(f"    {line}\n" for line in (*cut, *lines[-SHOWN:]))
            sys.stderr.write(f"regression: {one.outcome.test}{by}: {one.outcome.status}\n{said}")
        sys.stderr.write(f"{_summary(self._proof, skipped=parsed_args.skip)}\n")
        return CheckFailedError.status if self._proof.regressions else 0


def _ask(parsed_args: argparse.Namespace) -> Ask:
    from stackwright.proof.upstream.model import Tests
    from stackwright.proof.upstream.proving import Ask, Trees

    if parsed_args.timeout <= 0:
        raise InputError("a test cannot end before it begins", fix="give a --timeout of seconds above 0")
    chosen = {Trees.EACH: parsed_args.each, Trees.LAST: parsed_args.last, Trees.NONE: parsed_args.skip}
    trees = next((one for one, wanted in chosen.items() if wanted), Trees.FIND)
    try:
        matching = re.compile(parsed_args.tests) if parsed_args.tests is not None else None
    except re.error as error:
        raise InputError(
            f"{parsed_args.tests!r} is no regular expression",
            why=str(error),
            fix="put a backslash before what is meant",
        ) from error
    tests = Tests.FUNCTIONAL if parsed_args.functional else Tests.UNIT
    return Ask(trees, parsed_args.all, matching, parsed_args.timeout, tests)


def _scope(ask: Ask) -> str:
    """Give what a run proves of the tree with all patches; nothing if it looks at less than they reach."""
    from stackwright.proof.upstream.model import Tests
    from stackwright.proof.upstream.proving import Trees

    if ask.matching is not None or ask.trees is Trees.NONE or ask.tests is not Tests.UNIT:
        return ""
    if ask.all:
        return "all"
    return "" if ask.trees is Trees.EACH else "affected"  # after each patch, what that one reaches


def _evidence(proof: Proof, scope: str) -> Evidence:
    from stackwright.proof.evidence import Evidence, What
    from stackwright.proof.upstream.model import Status

    statuses = [outcome.status for outcome in proof.outcomes if not outcome.bad]
    skipped = statuses.count(Status.SKIPPED)
    return Evidence.of_now(
        What.TESTS,
        proof.tree,
        scope,
        component=proof.component,
        passed=len(statuses) - skipped,
        failed=len(proof.regressions),
        skipped=skipped,
        environment=proof.environment,
    )


def _summary(proof: Proof, *, skipped: bool) -> str:
    """Say in one line what came of it."""
    from stackwright.proof.upstream.blame import Kind

    head = f"{proof.component} {proof.release}: {_count(len(proof.patches), 'patch', 'patches')}"
    why = f" (all of them: {proof.why})" if proof.why else ""
    if skipped:
        counts = ", ".join(
            _count(len(names), "test or module of tests", "tests or modules of tests")
            for names in proof.chosen.values()
        )
        return f"{head}; {counts} would be run{why}"
    kinds = [one.kind for one in proof.failures]
    words = {Kind.REGRESSION: ("regression", "regressions"), Kind.KNOWN: ("known failure", "known failures")}
    words[Kind.FLAKY] = ("flaky test", "flaky tests")
    failed = ", ".join(_count(kinds.count(kind), *words[kind]) for kind in dict.fromkeys(kinds))
    ran = _count(proof.ran, "run of a test", "runs of tests")
    return f"{head}; {_count(len(proof.outcomes), 'test', 'tests')}{why}, {ran} now; {failed or 'none failed'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
