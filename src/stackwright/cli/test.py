"""`test`: upstream's own tests on a component with its patches."""

from __future__ import annotations

import re
import sys
from functools import partial
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister
from stackwright.errors import CheckFailedError, InputError
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from stackwright.proof.evidence import Evidence
    from stackwright.proof.upstream.proving import Ask, Proof

SHOWN = 25  # lines of what a failing test said
HEAD = "Traceback (most recent call last):"  # says nothing


class Test(WorkspaceLister):
    """Run upstream's tests or style checks on a component with its patches; exit status 1 at a regression.

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
        kinds = parser.add_mutually_exclusive_group()
        kinds.add_argument("--functional", action="store_true", help="upstream's functional tests, not its unit tests")
        kinds.add_argument("--pep8", action="store_true", help="upstream's style checks, on files in place of tests")
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

        workspace = self.workspace
        release = workspace.release(parsed_args.release)
        component = release.component(parsed_args.component)
        ask = _ask(parsed_args)
        with workspace.events() as events:
            self._proof = _prover(parsed_args)(
                workspace.distribution,
                release,
                component,
                ask,
                store=Store(workspace.state / "store.git"),
                memo=Memo(workspace.cache),
                cache=workspace.cache,
                logs=workspace.state / "builds",
                events=events,
            )
        self._summary = _summary(self._proof, skipped=parsed_args.skip)
        scope = "" if parsed_args.pep8 else _scope(ask)
        if scope and self._proof.patches:
            Proofs(workspace.state / "proofs").record(_evidence(self._proof, scope))
        self._report(parsed_args)
        rows = [
            (one.kind, one.outcome.test, one.outcome.status, one.patch, f"{one.outcome.seconds:.1f}")
            for one in self._proof.failures
        ]
        return ("Kind", "Test", "Status", "Patch", "Seconds"), rows

    def _report(self, parsed_args: argparse.Namespace) -> None:
        """Write the files that were asked for."""
        from stackwright.proof.upstream import reports

        if parsed_args.junit:
            parsed_args.junit.write_bytes(reports.junit(self._proof))
        if parsed_args.subunit:
            parsed_args.subunit.write_bytes(reports.subunit_stream(self._proof))
        if parsed_args.html:
            parsed_args.html.write_text(self._page())

    def _page(self) -> str:
        from stackwright.proof.upstream.page import page
        from stackwright.proof.upstream.proving import FOLDER
        from stackwright.proof.upstream.records import Records
        from stackwright.proof.upstream.style.page import style_page
        from stackwright.proof.upstream.style.proving import RECORDS, StyleProof

        cache = self.workspace.cache
        if isinstance(self._proof, StyleProof):
            return style_page(self._proof, Records(cache / RECORDS), self._summary)
        return page(self._proof, Records(cache / FOLDER), self._summary)

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what the regressions said, and the summary."""
        super().run(parsed_args)
        for one in self._proof.regressions:
            by = f" (since {one.patch})" if one.patch else ""
            lines = [line for line in one.outcome.said.splitlines() if line != HEAD]
            cut = [f"[{len(lines) - SHOWN} lines more: --junit]"] if len(lines) > SHOWN else []
            said = "".join(f"    {line}\n" for line in (*cut, *lines[-SHOWN:]))
            sys.stderr.write(f"regression: {one.outcome.test}{by}: {one.outcome.status}\n{said}")
        sys.stderr.write(f"{self._summary}\n")
        return CheckFailedError.status if self._proof.regressions else 0


def _prover(parsed_args: argparse.Namespace) -> Callable[..., Proof]:
    """Give what is to be called: style checks are no tests."""
    if parsed_args.pep8:
        from stackwright.proof.upstream.style.proving import prove_style

        return prove_style
    from stackwright.proof.upstream.proving import prove

    return partial(prove, scheduler=parsed_args.scheduler)


def _ask(parsed_args: argparse.Namespace) -> Ask:
    from stackwright.proof.upstream.model import Level
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
    if parsed_args.pep8 and (parsed_args.tests is not None or parsed_args.scheduler):
        option = "--scheduler" if parsed_args.scheduler else "--tests"
        raise InputError(f"{option} is for tests, not for style checks", fix=f"leave out {option}, or --pep8")
    tests = Level.FUNCTIONAL if parsed_args.functional else Level.UNIT
    return Ask(trees, parsed_args.all, matching, parsed_args.timeout, tests)


def _scope(ask: Ask) -> str:
    """Give what a run proves of the tree with all patches; nothing if it looks at less than they reach."""
    from stackwright.proof.upstream.model import Level
    from stackwright.proof.upstream.proving import Trees

    if ask.matching is not None or ask.trees is Trees.NONE or ask.tests is not Level.UNIT:
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
    """Say in one line what came of it, and in another what was left out."""
    from stackwright.proof.upstream.blame import Kind
    from stackwright.proof.upstream.style.proving import StyleProof

    head = f"{proof.component} {proof.release}: {_count(len(proof.patches), 'patch', 'patches')}"
    why = f" (all of them: {proof.why})" if proof.why else ""
    style = proof if isinstance(proof, StyleProof) else None
    left = f"\nnot run of its style checks: {', '.join(style.not_run)}" if style and style.not_run else ""
    if skipped:
        unit = ("file", "files") if style else ("test or module of tests", "tests or modules of tests")
        counts = ", ".join(_count(len(names), *unit) for names in proof.chosen.values())
        return f"{head}; {counts} would be {'checked' if style else 'run'}{why}{left}"
    kinds = [one.kind for one in proof.failures]
    words = {Kind.REGRESSION: ("regression", "regressions"), Kind.FLAKY: ("flaky test", "flaky tests")}
    words[Kind.KNOWN] = ("known finding", "known findings") if style else ("known failure", "known failures")
    failed = ", ".join(_count(kinds.count(kind), *words[kind]) for kind in dict.fromkeys(kinds))
    if style:
        files = _count(len(frozenset().union(*proof.chosen.values())), "file", "files")
        ran = f"{_count(proof.ran, 'check of a file', 'checks of files')} now by {', '.join(style.linters)}"
        return f"{head}; {files}{why}, {ran}; {failed or 'nothing found'}{left}"
    ran = _count(proof.ran, "run of a test", "runs of tests")
    return f"{head}; {_count(len(proof.outcomes), 'test', 'tests')}{why}, {ran} now; {failed or 'none failed'}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
