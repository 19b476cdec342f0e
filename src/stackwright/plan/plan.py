"""The plan: what reality lacks, with the reason for each step, made before anything changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import StackwrightError
from stackwright.plan.step import name_step

if TYPE_CHECKING:
    from stackwright.plan.graph import Graph
    from stackwright.plan.step import Step, Verdict

# Checks wait for sockets and disks rather than for a processor.
CHECKERS = 16


@dataclass(frozen=True)
class PlannedStep:
    """A step and what its check saw."""

    step: Step
    verdict: Verdict


@dataclass(frozen=True)
class Plan:
    """Every step of a graph with the verdict of its check, in an order in which they can be carried out."""

    graph: Graph
    items: tuple[PlannedStep, ...]

    @property
    def lacking(self) -> tuple[PlannedStep, ...]:
        """The steps that reality lacks or that cannot be looked at yet."""
        return tuple(item for item in self.items if not item.verdict.done)


def make_plan(graph: Graph) -> Plan:
    """Check every step of a graph against reality; changes nothing.

    :raises StackwrightError: what a check raised, with the name of its step
    """
    ordered = graph.ordered()
    with ThreadPoolExecutor(CHECKERS, thread_name_prefix="check") as pool:
        verdicts = list(pool.map(_checked, ordered))
    return Plan(graph, tuple(map(PlannedStep, ordered, verdicts)))


def _checked(step: Step) -> Verdict:
    try:
        return step.check()
    except StackwrightError as error:
        name_step(error, step)
        raise
