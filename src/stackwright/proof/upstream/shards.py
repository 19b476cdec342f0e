"""Cut tests into shards, so that all who run them are busy to the end, and a run that is cut off loses little."""

from __future__ import annotations

import itertools
import math
import re
from bisect import bisect
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from stackwright.proof.upstream.modules import module_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from stackwright.proof.upstream.model import Shard

SECONDS = 90.0  # that a shard takes at most: what is lost when a run is cut off, and 10 times a big project's imports
# What the last shards take at least: for so long may all but one be idle in the end. They are shorter where nobody
# knows how long the tests take.
SHORTEST, SHORTEST_UNKNOWN = 45.0, 10.0
KNOWN = 0.8  # of the time that all take is that of tests that have run before: then it is known
USUAL, USUAL_MODULE = 0.2, 5.0  # seconds that an unknown test takes, and an unknown module


def cut(
    names: Collection[str], shard: Shard, modules: Collection[str], seconds: Mapping[str, float], width: int
) -> list[Shard]:
    """Cut what is to be run into shards: neighbours stay together, as they share their modules. The longest come first.

    :param names: ids of tests, and names of modules or classes
    :param shard: says everything else
    :param modules: that tests can be in
    :param seconds: how long tests took
    :param width: how many run at once
    """
    known = _known(names, modules, seconds)
    weights = {name: known.get(name, USUAL_MODULE if name in modules else USUAL) + 0.001 for name in names}
    total, done = sum(weights.values()), 0.0
    shortest = SHORTEST if sum(known.values()) >= KNOWN * total else SHORTEST_UNKNOWN
    ends = list(itertools.accumulate(_lengths(total, width, shortest)))
    parts: list[list[str]] = [[] for _ in ends]
    for group in _groups(sorted(names), shard.project.group):
        weight = sum(weights[name] for name in group)
        parts[min(len(parts) - 1, bisect(ends, done + weight / 2))] += group
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


def _lengths(total: float, width: int, shortest: float) -> list[float]:
    """Give how long shards are to take, in seconds.

    Each time, all who run them get half of what is left, until that is too short: whoever has had more to do than was
    thought then gets fewer of the last ones (S. F. Hummel, E. Schonberg, L. E. Flynn: Factoring, CACM 35, 1992).
    """
    if width == 1:  # nobody waits for anybody
        count = math.ceil(total / SECONDS)
        return [total / count] * count
    lengths: list[float] = []
    left = total
    while (each := min(SECONDS, left / 2 / width)) >= shortest:
        lengths += [each] * width
        left -= each * width
    return lengths + [left / width] * width


def _known(names: Collection[str], modules: Collection[str], seconds: Mapping[str, float]) -> dict[str, float]:
    """Give how long those of some names took that have run before."""
    inside: dict[str, float] = defaultdict(float)
    for test, took in seconds.items():
        inside[module_with(test, modules)] += took
    took_at_last = {name: (inside if name in modules else seconds).get(name) for name in names}
    return {name: took for name, took in took_at_last.items() if took is not None}
