"""Run a shard: one process after another, until each of its tests has come to an end of some kind."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.errors import RunFailedError, Where
from stackwright.proof.upstream.model import STATUSES, Outcome, Reached, ShardResult, Status
from stackwright.proof.upstream.modules import module_with
from stackwright.tools import stestr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stackwright.proof.upstream.model import Shard
    from stackwright.proof.upstream.place import Place

SCRIPT = Path(__file__).with_name("inside") / "run.py"
TOO_LONG = re.compile(r"^Timeout \(\d+:\d\d:\d\d(?:\.\d+)?\)!$", re.MULTILINE)
STACK_LINES = 60


def run_shard(shard: Shard, place: Place, tell: Callable[[Outcome], None] = lambda _: None) -> ShardResult:
    """Run all tests of a shard. One that hangs or ends its process costs no other its turn.

    :param tell: is given each outcome as it comes
    :raises RunFailedError: the environment is not here
    """
    outcomes: list[Outcome] = []
    reached: list[Reached] = []
    while True:
        one = _Process(shard, tell)
        one.run(place, done=[outcome.test for outcome in outcomes])
        outcomes += one.outcomes
        if one.ended:
            reached.append(one.reached)
            break
        if one.guilty is None and len(shard.modules) > 1:
            done = frozenset(outcome.test for outcome in outcomes)
            for part in _by_module(shard, done):
                result = run_shard(part, place, tell)
                outcomes += result.outcomes
                reached += result.reached
            break
        outcome = one.cut_off(one.guilty or "".join(shard.modules))
        tell(outcome)
        outcomes.append(outcome)
        if one.guilty is None:
            break
    return ShardResult(shard, tuple(outcomes), tuple(reached))


def list_tests(shard: Shard, place: Place) -> tuple[str, ...]:
    """Find all tests of a shard's tree, as stestr does; a module that cannot be imported is listed by its name.

    :raises RunFailedError: they cannot be listed
    """
    one = _Process(replace(shard, tests=(), modules=()), lambda _: None)
    one.run(place, listing=True)
    if not one.ended:
        raise RunFailedError(
            f"the tests of {shard.component} cannot be listed",
            where=Where(subject=f"{shard.component} {shard.release}"),
            details="\n".join(f"    {line}" for line in one.cut_off("").said.splitlines()),
        )
    return one.listed


class _Process:
    """One process, and what it tells."""

    def __init__(self, shard: Shard, tell: Callable[[Outcome], None]) -> None:
        self.shard, self._tell = shard, tell
        self.outcomes: list[Outcome] = []
        self.listed: tuple[str, ...] = ()
        self.ended = False
        # The test that is under way, which is to blame if the process ends.
        self.guilty: str | None = None
        self._status, self._log = 0, ""
        self._places: tuple[Path, ...] = ()
        self._units: list[str] = []
        self._tests: dict[str, bytes] = {}
        self._shared = b""

    @property
    def reached(self) -> Reached:
        """What its tests reached."""
        return Reached(tuple(self._units), self._tests, self._shared)

    def run(self, place: Place, *, done: Sequence[str] = (), listing: bool = False) -> None:
        """Run it to its end."""
        shard, project = self.shard, self.shard.project
        tree = place.tree(shard.tree, project)
        request = {
            "list": listing,
            "tests": shard.tests,
            "modules": shard.modules,
            "done": done,
            "packages": project.packages,
            "cache": str(place.compiled),
            "top": f"./{project.top}",
            "path": f"./{project.test_path}",
            "timeout": shard.timeout,
        }
        env = {"PBR_VERSION": project.version, **dict(project.variables)}
        with place.scratch() as scratch:
            python = place.python(shard.environment)
            self._places = (tree, *python.parent.parent.glob("lib/python*/site-packages"))
            self._status = stestr.work(python, SCRIPT, request, tree=tree, scratch=scratch, env=env, tell=self._hear)
            if not self.ended:
                self._log = self._placeless((scratch / "log").read_text(errors="replace"))

    def _hear(self, row: dict[str, Any]) -> None:
        if "begin" in row:
            self.guilty = row["begin"]
        elif "test" in row:
            self.guilty = None
            self._tests[row["test"]] = _unpacked(row["reach"])
            if row["status"] in STATUSES:
                said = self._placeless(row.get("said", ""))
                self._add(Outcome(row["test"], STATUSES[row["status"]], row["seconds"], row["began"], said))
        elif "units" in row:
            self._units += row["units"]
        elif "shared" in row:
            self._shared = _unpacked(row["shared"])
        elif "listed" in row:
            self.listed = tuple(row["listed"])
        elif "end" in row:
            self.ended = True

    def _add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self._tell(outcome)

    def _placeless(self, text: str) -> str:
        """Leave out of a text where the tree and its environment lie for the moment."""
        for place in self._places:
            text = text.replace(f"{place}/", "")
        return text

    def cut_off(self, test: str) -> Outcome:
        """Say what ended the process, of the test that was under way."""
        match = TOO_LONG.search(self._log)
        if match:
            said = f"it was still running after {self.shard.timeout:g} s, here (most recent call first):\n"
            said += "\n".join(self._log[match.end() :].strip("\n").splitlines()[:STACK_LINES])
            return Outcome(test, Status.HUNG, self.shard.timeout, 0.0, said)
        cause = f"signal {-self._status}" if self._status < 0 else f"status {self._status}"
        said = f"its process ended with {cause}; its last lines:\n"
        said += "\n".join(self._log.splitlines()[-STACK_LINES:])
        return Outcome(test, Status.CRASHED, 0.0, 0.0, said)


def _by_module(shard: Shard, done: frozenset[str]) -> Iterator[Shard]:
    """Give a shard for each module of one that something outside of any test ended."""
    for module in shard.modules:
        tests = tuple(test for test in shard.tests if module_with(test, shard.modules) == module and test not in done)
        if tests:
            yield replace(shard, tests=tests, modules=(module,))


def _unpacked(text: str) -> bytes:
    return base64.b85decode(text)
