"""Steps that rotate the keys which services keep on the site themselves, by the services' own programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.plan.graph import Graph
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.targets.local.cloud import Cloud


def with_rotations(graph: Graph, cloud: Cloud, names: Iterable[tuple[str, str]]) -> Graph:
    """Give a graph that brings a cloud up with the steps, behind all others of a service, that rotate keys of it.

    :param names: the keys: service and name
    """
    return Graph((*graph.steps, *(_step(cloud, service, name, _steps_of(graph, service)) for service, name in names)))


def _steps_of(graph: Graph, service: str) -> tuple[str, ...]:
    return tuple(step.name for step in graph.steps if step.name.startswith(f"{service}/"))


def _step(cloud: Cloud, service: str, name: str, after: tuple[str, ...]) -> Step:
    """Make the step ``<service>/rotate-<name>``: done once, as reality does not tell that it was asked for."""
    keys = cloud.selection.services[service].keys[name]
    renderer = cloud.renderer(service)
    rotated: list[bool] = []

    def check() -> Verdict:
        return done() if rotated else needed("asked for")

    def do(context: Context) -> None:
        for command in keys.rotate:
            process.run(renderer.words(command), cwd=cloud.paths.root, log=context.log)
        rotated.append(True)

    place = Path(renderer.text(keys.path))
    return Step(f"{service}/rotate-{name}", f"rotate the keys in {place}", check, do, after, seconds=2)
