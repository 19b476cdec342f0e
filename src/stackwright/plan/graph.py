"""Steps as a graph, on the standard library's graphlib."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from stackwright.errors import InputError, suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.plan.step import Step


@dataclass(frozen=True)
class Graph:
    """Steps and what must come before each.

    :raises InputError: a name is taken twice, a step waits for one that is not there, or for itself
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        """Refuse a graph that cannot be carried out."""
        names = [step.name for step in self.steps]
        if len(self.by_name) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise InputError(f"steps of the same name: {', '.join(twice)}")
        for step in self.steps:
            for name in step.after:
                if name not in self.by_name:
                    raise InputError(
                        f"the step {step.name} waits for {name}, which is not in the plan",
                        fix=suggestion(name, names),
                    )
        try:
            self.sorter().prepare()
        except CycleError as error:
            raise InputError(f"steps wait for each other: {' -> '.join(error.args[1])}") from error

    @cached_property
    def by_name(self) -> Mapping[str, Step]:
        """The steps by their names."""
        return {step.name: step for step in self.steps}

    def sorter(self) -> TopologicalSorter[str]:
        """Give a fresh sorter of the steps' names."""
        return TopologicalSorter({step.name: step.after for step in self.steps})

    def ordered(self) -> tuple[Step, ...]:
        """Give the steps so that each comes behind those it waits for."""
        return tuple(self.by_name[name] for name in self.sorter().static_order())

    @cached_property
    def seconds_to_end(self) -> Mapping[str, float]:
        """For each step, the seconds of the longest way from its start to the end of the graph."""
        followers: dict[str, list[str]] = {step.name: [] for step in self.steps}
        for step in self.steps:
            for name in step.after:
                followers[name].append(step.name)
        lengths: dict[str, float] = {}
        for step in reversed(self.ordered()):
            behind = max((lengths[name] for name in followers[step.name]), default=0.0)
            lengths[step.name] = step.seconds + behind
        return lengths
