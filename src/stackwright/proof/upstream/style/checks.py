"""Where the style of a component's trees is checked: each linter looks at each file of each tree once."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import lru_cache
from typing import TYPE_CHECKING

from stackwright.build.cache import key_of
from stackwright.errors import RunFailedError, Where
from stackwright.events import Kind
from stackwright.proof.upstream.records import Suite
from stackwright.proof.upstream.style.declared import read_style
from stackwright.proof.upstream.style.files import files_of
from stackwright.proof.upstream.style.findings import chunks, outcomes_of, path_of, unfinished
from stackwright.proof.upstream.style.model import Tool
from stackwright.tools import flake8, ruff
from stackwright.tools.process import TAIL_LINES, ProgramFailedError, StillRunningError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from stackwright.events import Events
    from stackwright.proof.upstream.model import Outcome
    from stackwright.proof.upstream.place import Place
    from stackwright.proof.upstream.records import Records
    from stackwright.proof.upstream.style.model import Linter, Style
    from stackwright.store import TreeId
    from stackwright.tools.findings import Finding

EMPTY = "stackwright_empty.py"  # a file beside those of a tree
RUN = {Tool.FLAKE8: flake8.check, Tool.RUFF: ruff.check, Tool.RUFF_FORMAT: ruff.differences}


class Checks:
    """The style checks of one component of one release.

    :param environment: gives the key of the environment of a linter, which is there
    :param timeout: seconds that a linter may take for a share of the files
    """

    def __init__(
        self,
        component: str,
        release: str,
        environment: Callable[[Linter], str],
        *,
        place: Place,
        records: Records,
        events: Events,
        timeout: float,
    ) -> None:
        self.component, self.release = component, release
        self._environment, self._place, self._records = environment, place, records
        self._events, self._timeout = events, timeout
        self._styles: dict[TreeId, Style] = {}
        self.ran = 0

    def style(self, tree: TreeId) -> Style:
        """Give what a tree says of its style."""
        if tree not in self._styles:
            self._styles[tree] = read_style(self._place.store, tree, self.component)
        return self._styles[tree]

    def files(self, tree: TreeId, paths: Collection[str] | None) -> frozenset[str]:
        """Give those of some files that a linter looks at; of None, all."""
        store = self._place.store
        return frozenset(
            path for linter in self.style(tree).linters for path in files_of(store, tree, paths, linter.chosen)
        )

    def run(self, tree: TreeId, paths: Collection[str], what: str) -> Mapping[str, Outcome]:
        """Check what has not been checked of some files; gives what came of all of them, by names that stay the same.

        :param what: the tree, for a person
        :raises RunFailedError: a linter cannot do its work
        """
        store = self._place.store
        found: dict[str, Outcome] = {}
        for linter in self.style(tree).linters:
            files = set(files_of(store, tree, paths, linter.chosen))
            if not files:
                continue
            environment = self._environment(linter)
            suite = Suite(self.component, f"{linter.tool} {key_of(linter.arguments, environment)}")
            missing = sorted(files - self._records.asked(suite, tree))
            if missing:
                self._run(tree, linter, self._place.python(environment), suite, missing, what)
            results = self._records.results(suite, tree)
            found |= {name: outcome for name, outcome in results.items() if path_of(name) in files}
        return found

    def _run(self, tree: TreeId, linter: Linter, python: Path, suite: Suite, missing: Sequence[str], what: str) -> None:
        """Let a linter look at files, a share of them at a time on each processor, and remember each share."""
        subject, begun, width = f"{self.component}/style", time.monotonic(), len(os.sched_getaffinity(0))
        files = f"{len(missing)} {'file' if len(missing) == 1 else 'files'}"
        self._events.emit(Kind.STARTED, subject, f"{linter} on {files} of {what}")
        with self._place.scratch() as scratch, ThreadPoolExecutor(width, thread_name_prefix="style") as pool:
            directory = scratch / "tree"
            self._place.store.export(tree, directory)
            futures = {
                pool.submit(self._check, linter, python, share, directory, what): share
                for share in chunks(missing, width)
            }
            done = 0
            try:
                for future in as_completed(futures):
                    share = futures[future]
                    self._records.keep(suite, tree, share, future.result())
                    done += len(share)
                    if done < len(missing):
                        self._events.emit(Kind.PROGRESS, subject, f"{linter} on {done} of {files} of {what}")
            finally:
                for future in futures:
                    future.cancel()
        self.ran += len(missing)
        self._events.emit(Kind.DONE, subject, f"{linter} on {files} of {what}", time.monotonic() - begun)

    def _check(self, linter: Linter, python: Path, files: Sequence[str], tree: Path, what: str) -> list[Outcome]:
        """Let a linter look at files; of those that end it, that is what is found."""
        began, begun = time.time(), time.monotonic()

        @lru_cache(maxsize=1)
        def lines(path: str) -> list[str]:
            return (tree / path).read_bytes().decode("utf-8", "replace").split("\n")

        def line(path: str, row: int) -> str:
            return lines(path)[row - 1].rstrip("\r") if 0 < row <= len(lines(path)) else ""

        try:
            found = self._look(linter, python, files, tree)
        except StillRunningError as error:
            raise self._cannot(linter, error, what, fix="give a longer --timeout") from error
        except ProgramFailedError as error:
            self._need_to_work(linter, python, tree, what)
            if len(files) == 1:
                return [unfinished(linter.tool, files[0], _placeless(error.output, tree, python), began=began)]
            middle = len(files) // 2
            halves = (files[:middle], files[middle:])
            return [outcome for half in halves for outcome in self._check(linter, python, half, tree, what)]
        seconds = time.monotonic() - begun
        return outcomes_of(linter.tool, files, found, line, seconds=seconds, began=began)

    def _look(self, linter: Linter, python: Path, files: Sequence[str], tree: Path) -> list[Finding]:
        paths = [f"{linter.before}{path}" for path in files]
        with self._place.scratch() as scratch:
            return RUN[linter.tool](python, paths, linter.arguments, tree=tree, scratch=scratch, timeout=self._timeout)

    def _need_to_work(self, linter: Linter, python: Path, tree: Path, what: str) -> None:
        """See that it is not the tree's settings or plugins for which a linter cannot look at any file."""
        (tree / EMPTY).touch()
        try:
            self._look(linter, python, [EMPTY], tree)
        except ProgramFailedError as error:
            fix = "mend the patch that changes its settings or its plugins"
            raise self._cannot(linter, error, what, fix) from error

    def _cannot(self, linter: Linter, error: ProgramFailedError, what: str, fix: str) -> RunFailedError:
        return RunFailedError(
            f"{linter} cannot check {self.component}",
            where=Where(subject=f"{self.component} {self.release}, {what}"),
            details=error.details,
            fix=fix,
        )


def _placeless(text: str, tree: Path, python: Path) -> str:
    """Give the last lines of a text, without where the tree and the environment lie for the moment."""
    for place in (tree, *python.parent.parent.glob("lib/python*/site-packages")):
        text = text.replace(f"{place}/", "")
    return "\n".join(text.strip().splitlines()[-TAIL_LINES:])
