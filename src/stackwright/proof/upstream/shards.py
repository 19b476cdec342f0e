"""Cut tests into shards that take about as long."""

from __future__ import annotations

import itertools
import math
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.proof.upstream.modules import module_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from stackwright.proof.upstream.model import Shard

SECONDS = 90.0  # that a shard is to take: what is lost when a run is cut off, and 10 times a big project's imports
USUAL, USUAL_MODULE = 0.2, 5.0  # seconds that an unknown test takes, and an unknown module


def cut(
    names: Collection[str], shard: Shard, modules: Collection[str], seconds: Mapping[str, float], width: int
) -> list[Shard]:
    """Cut what is to be run into shards: neighbours stay together, as they share their modules.

    :param names: ids of tests, and names of modules or classes
    :param shard: says everything else
    :param modules: that tests can be in
    :param seconds: how long tests took
    :param width: how many run at once
    """
    weights = _weights(names, modules, seconds)
    groups = list(_groups(sorted(names), shard.project.group))
    count = min(len(groups), max(width, math.ceil(sum(weights.values()) / SECONDS)))
    parts: list[list[str]] = [[] for _ in range(count)]
    total, done = sum(weights.values()), 0.0
    for group in groups:
        weight = sum(weights[name] for name in group)
        parts[min(count - 1, int((done + weight / 2) / total * count))] += group
        done += weight
    return [
        replace(shard, tests=tuple(part), modules=tuple(sorted({module_with(name, modules) for name in part} - {""})))
        for part in parts
        if part
    ]


def _groups(names: Sequence[str], expression: str) -> Iterator[list[str]]:
    """Give what has to stay together (stestr's group_regex), in order."""
    if not expression:
        yield from ([name] for name in names)
        return
    pattern = re.compile(expression)

    def key(name: str) -> str:
        match = pattern.match(name)
        return match[0] if match else name

    for _, group in itertools.groupby(sorted(names, key=lambda name: (key(name), name)), key):
        yield list(group)


def _weights(names: Collection[str], modules: Collection[str], seconds: Mapping[str, float]) -> dict[str, float]:
    inside: dict[str, float] = defaultdict(float)
    for test, took in seconds.items():
        inside[module_with(test, modules)] += took
    return {
        name: (inside.get(name, USUAL_MODULE) if name in modules else seconds.get(name, USUAL)) + 0.001
        for name in names
    }
