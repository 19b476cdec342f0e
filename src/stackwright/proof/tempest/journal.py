"""The runs of tempest on a cloud: what each was to do and what came of it, kept so that one that is cut off goes on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where
from stackwright.proof.tempest.sets import Selection
from stackwright.proof.tempest.stream import Finished, expanded, read, remaining
from stackwright.proof.upstream.model import Outcome, Status
from stackwright.site.state import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.proof.tempest.failures import Failure

LOOKED_AT = 3  # earlier runs that tell how long tests take
OUTCOMES = "outcomes.json"


@dataclass(frozen=True)
class Run:
    """A run.

    :param folder: of its own, with everything about it
    :param scope: the name of the test set, or the expression that its tests fit
    """

    folder: Path
    scope: str
    selection: Selection

    @property
    def streams(self) -> tuple[Path, ...]:
        """What tempest has said, a file each time that it was begun or gone on with."""
        return tuple(sorted(self.folder.glob("*.subunit")))

    @property
    def next_stream(self) -> Path:
        """The file for what tempest says now."""
        return self.folder / f"{len(self.streams) + 1:02}.subunit"

    def finished(self) -> tuple[Finished, ...]:
        """Give what came of the tests so far."""
        return read(self.streams)

    def remaining(self) -> tuple[str, ...]:
        """Give the tests of which nothing is known yet."""
        return remaining(self.selection.tests, self.finished())

    def end(self, finished: tuple[Finished, ...]) -> tuple[Outcome, ...]:
        """Keep what came of all tests, without all that tempest logged, and give it."""
        outcomes = _outcomes(self.selection, finished)
        write_private(self.folder / OUTCOMES, json.dumps([asdict(one) for one in outcomes]))
        return outcomes

    def outcomes(self) -> tuple[Outcome, ...]:
        """Give what came of each test so far, also of those that were left out."""
        kept = self.folder / OUTCOMES
        if not kept.exists():
            return _outcomes(self.selection, self.finished())
        return tuple(Outcome(**{**one, "status": Status(one["status"])}) for one in json.loads(kept.read_text()))


@dataclass(frozen=True)
class Report:
    """What came of a run.

    :param cloud: the name of the cloud
    :param environment: key of the environment that tempest ran in
    :param failures: what there is to see of those that failed
    """

    cloud: str
    run: Run
    environment: str
    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]

    @cached_property
    def skips(self) -> dict[str, int]:
        """How many tests were skipped, by the reason, the most frequent first."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            if outcome.status is Status.SKIPPED:
                counts[outcome.said] = counts.get(outcome.said, 0) + 1
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def count(self, status: Status) -> int:
        """Give how many tests ended so."""
        return sum(outcome.status is status for outcome in self.outcomes)


class Journal:
    """The runs on one cloud.

    :param folder: where they are kept; made on first use
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Runs ------------------------------------------------------------------------------------------------------

    def begin(self, scope: str) -> Path:
        """Give the folder of a new run, which only its owner can read."""
        runs = self.folder / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        last = max((int(folder.name) for folder in runs.iterdir() if folder.name.isdigit()), default=0)
        folder = runs / f"{last + 1:04}"
        folder.mkdir(mode=0o700)
        (folder / "scope").write_text(scope)
        return folder

    def keep(self, folder: Path, selection: Selection) -> Run:
        """Note down what a run is to do."""
        write_private(folder / "run.json", json.dumps(asdict(selection)))
        return Run(folder, (folder / "scope").read_text(), selection)

    def runs(self) -> Iterator[Run]:
        """Give the runs, the newest first; one that came to no selection is none."""
        folders = sorted((self.folder / "runs").glob("[0-9]*"), reverse=True) if self.folder.exists() else []
        for folder in folders:
            if (folder / "run.json").exists():
                kept = json.loads((folder / "run.json").read_text())
                selection = Selection(tuple(kept["tests"]), kept["left_out"])
                yield Run(folder, (folder / "scope").read_text(), selection)

    def cut_off(self) -> Run | None:
        """Give the last run, if it was cut off."""
        last = next(self.runs(), None)
        return last if last is not None and last.remaining() else None

    def to_resume(self) -> Run:
        """Give the run that was cut off.

        :raises InputError: there is none
        """
        run = self.cut_off()
        if run is None:
            raise InputError(
                "there is no run that was cut off",
                where=Where(file=self.folder),
                why="the last one came to its end" if any(self.runs()) else "there has been none on this cloud",
                fix="stackwright tempest without --resume begins one",
            )
        return run

    def seconds(self) -> dict[str, float]:
        """Give how long tests took at last."""
        known: dict[str, float] = {}
        for number, run in enumerate(self.runs()):
            if number == LOOKED_AT:
                break
            for outcome in run.outcomes():
                known.setdefault(outcome.test, outcome.seconds)
        return known

    # What runs made ----------------------------------------------------------------------------------------------

    def promise(self, prefix: str) -> None:
        """Note down that something with this prefix is about to be made."""
        folder = self.folder / "made"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / prefix).touch()

    def promised(self) -> tuple[str, ...]:
        """Give the prefixes of what may still be there."""
        folder = self.folder / "made"
        return tuple(sorted(file.name for file in folder.iterdir())) if folder.exists() else ()

    def forget(self, prefix: str) -> None:
        """Note down that nothing with this prefix is there any more."""
        (self.folder / "made" / prefix).unlink(missing_ok=True)


def _outcomes(selection: Selection, finished: tuple[Finished, ...]) -> tuple[Outcome, ...]:
    left_out = [Outcome(test, Status.SKIPPED, 0.0, 0.0, why) for test, why in selection.left_out.items()]
    return (*(one.outcome for one in expanded(selection.tests, finished)), *left_out)
