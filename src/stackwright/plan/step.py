"""A step: one idempotent change with a reason and a check against reality.

The undo of a step is a step of the opposite plan (``down``, ``destroy``), so that it is planned, checked
and resumed like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.errors import StackwrightError


class State(StrEnum):
    """What a check saw of a step's wish."""

    DONE = "done"
    NEEDED = "needed"
    UNSEEN = "unseen"  # cannot be looked at before an earlier step is done


@dataclass(frozen=True)
class Verdict:
    """The answer of a check: the state, and in a few words what was seen or why the step is needed."""

    state: State
    reason: str = ""

    @property
    def done(self) -> bool:
        """Whether reality is as wished."""
        return self.state is State.DONE


def done(seen: str = "") -> Verdict:
    """Reality is as wished."""
    return Verdict(State.DONE, seen)


def needed(reason: str) -> Verdict:
    """Reality lacks the step, for this reason."""
    return Verdict(State.NEEDED, reason)


def unseen(reason: str) -> Verdict:
    """Reality cannot be looked at yet, for this reason; the run looks when the step's turn comes."""
    return Verdict(State.UNSEEN, reason)


class Context(Protocol):
    """What a step is given while it is carried out."""

    @property
    def log(self) -> Path:
        """The file that takes the output of the programs the step runs."""

    def progress(self, message: str) -> None:
        """Tell the user how far the step is."""


@dataclass(frozen=True)
class Step:
    """One idempotent change.

    :param name: unique in its graph, ``<service>/<what>``
    :param summary: what carrying it out does, as an imperative for the plan
    :param check: compares the wish with reality; cheap, changes nothing, raises nothing it can foresee
    :param do: brings reality to the wish; may be cut off at any point and called again
    :param after: names of the steps that must be done before
    :param seconds: a rough duration; orders the steps that are ready, longest way to the end first
    :param heavy: keeps a processor busy, so that only a few such steps run at once
    :param settle: seconds that reality is given, after ``do``, until the check must say done
    """

    name: str
    summary: str
    check: Callable[[], Verdict] = field(compare=False)
    do: Callable[[Context], None] = field(compare=False)
    after: tuple[str, ...] = ()
    seconds: float = 0.1
    heavy: bool = False
    settle: float = 0.0


def name_step(error: StackwrightError, step: Step) -> None:
    """Let an error name the step that it comes from, beside the file that it speaks of."""
    error.where = replace(error.where, subject=f"step {step.name}")
