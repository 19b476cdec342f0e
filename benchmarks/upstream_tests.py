"""Measure `stackwright test`: what its choice of tests misses, and what it saves.

    .venv/bin/python benchmarks/upstream_tests.py             nova 2026.2, an hour or two
    .venv/bin/python benchmarks/upstream_tests.py placement   some minutes

Needs no root. It takes two whole runs of the unit tests: one of upstream's tree, which records what each test
reaches, and one of a tree with all faults at once; which fault breaks which test is found by bisection. A test is
missed if it fails since a fault and is not among those that are chosen for the fault alone. A fault that a good part
of all tests is chosen for is left out of the second run: it could break so many that the others were not seen.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from faults import Fault, faults

from stackwright.cli.display import displayed
from stackwright.distribution import load
from stackwright.proof.upstream.proving import FOLDER, Ask, Proof, Trees, prove
from stackwright.sources import resolve
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COMPONENT, RELEASE = (sys.argv[1:] or ["nova"])[0], "2026.2"
ROOT = (
    Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark")) / "upstream-tests" / COMPONENT
)
EXAMPLE = Path(__file__).parents[1] / "examples/minicloud"
COUNT, SEED = int(os.environ.get("STACKWRIGHT_BENCHMARK_FAULTS", "60")), 20261125
WIDE = 0.2  # of all tests: a fault that more are chosen for is left out
TIMED = 8  # faults whose tests are run, to be timed


@dataclass(frozen=True)
class Chosen:
    """What was chosen for a fault.

    :param names: ids of tests and names of modules
    :param seconds: that the choice took
    """

    names: frozenset[str]
    all: bool
    seconds: float

    def has(self, test: str) -> bool:
        parts = test.split(".")
        return any(".".join(parts[:count]) in self.names for count in range(1, len(parts) + 1))

    def part_of(self, tests: Sequence[str]) -> float:
        """Tell which part of some tests is chosen."""
        return sum(map(self.has, tests)) / len(tests)


class Benchmark:
    """The example distribution, with other series for nova."""

    def __init__(self) -> None:
        self.distribution = ROOT / "minicloud"
        shutil.rmtree(self.distribution, ignore_errors=True)
        shutil.copytree(EXAMPLE, self.distribution)
        self.store, self.memo = Store(ROOT / "store.git"), Memo(ROOT / "cache")
        self.records, self.recorded = ROOT / "cache" / FOLDER, ROOT / "recorded"

    def prove(self, series: Sequence[Fault], ask: Ask) -> Proof:
        folder = self.distribution / "patches" / COMPONENT / RELEASE
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        names = [f"{number:04}.patch" for number in range(len(series))]
        for name, fault in zip(names, series, strict=True):
            (folder / name).write_text(fault.patch)
        if names:
            (folder / "series").write_text("".join(f"{name}\n" for name in names))
        distribution = load(self.distribution)
        release = distribution.release(RELEASE)
        with displayed("plain") as events:
            return prove(
                distribution, release, release.component(COMPONENT), ask, store=self.store, memo=self.memo,
                cache=ROOT / "cache", logs=ROOT / "logs", events=events,
            )  # fmt: skip

    def files(self) -> dict[str, str]:
        release = load(self.distribution).release(RELEASE)
        with displayed("plain") as events:
            source = resolve(
                [release.component(COMPONENT)],
                release,
                store=self.store,
                memo=self.memo,
                cache=ROOT / "cache",
                events=events,
            )[COMPONENT]
        paths = [path for path in self.store.entries(source.tree) if path.endswith(".py")]
        return {path: (text or b"").decode() for path, text in self.store.read_all(source.tree, paths).items()}

    def record(self) -> tuple[tuple[str, ...], float]:
        """Run all tests of upstream's tree, once for all times; gives which they are, and the seconds."""
        begun = time.monotonic()
        proof = self.prove([], Ask(all=True))
        took = time.monotonic() - begun
        if not self.recorded.exists():
            shutil.copytree(self.records, self.recorded)
            (ROOT / "seconds").write_text(str(took))
        return tuple(one.test for one in proof.outcomes), float((ROOT / "seconds").read_text())

    def only_recorded(self) -> None:
        """Forget all runs but that one."""
        shutil.rmtree(self.records)
        shutil.copytree(self.recorded, self.records)

    def chosen(self, fault: Fault) -> Chosen:
        begun = time.monotonic()
        proof = self.prove([fault], Ask(Trees.NONE))
        return Chosen(proof.chosen[1], bool(proof.why), time.monotonic() - begun)

    def timed(self, fault: Fault) -> float:
        """Give the seconds that it takes to choose and run the tests of a fault."""
        self.only_recorded()
        begun = time.monotonic()
        self.prove([fault], Ask(Trees.LAST))
        return time.monotonic() - begun


def main() -> None:
    benchmark = Benchmark()
    tests, whole = benchmark.record()
    candidates = faults(benchmark.files(), COMPONENT, COUNT, SEED)
    benchmark.only_recorded()
    looked_at = [(fault, benchmark.chosen(fault)) for fault in candidates]
    narrow = [(fault, one) for fault, one in looked_at if not one.all and one.part_of(tests) <= WIDE]
    seeded, chosen = [fault for fault, _ in narrow], [one for _, one in narrow]
    left_out = len(candidates) - len(seeded)
    print(f"{len(candidates)} faults; {left_out} for which more than {WIDE:.0%} of all tests are chosen are left out")
    proof = benchmark.prove(seeded, Ask(all=True))
    broken: dict[int, list[str]] = {}
    for one in proof.regressions:
        broken.setdefault(int(one.patch.partition(".")[0]), []).append(one.outcome.test)
    missed = [
        (seeded[number], test) for number, tests in broken.items() for test in tests if not chosen[number].has(test)
    ]
    for number, fault in enumerate(seeded):
        size = f"{chosen[number].part_of(tests):.1%}"
        print(f"{len(broken.get(number, ())):5} broken, {size:>6} chosen: {fault.what} at {fault.place}")
    for fault, test in missed:
        print(f"MISSED: {test} fails since {fault.what} at {fault.place}")
    few = list(broken)[:TIMED]
    seconds = [benchmark.timed(seeded[number]) for number in few]
    print(f"{len(tests)} tests of upstream's tree: {whole:.0f} s")
    print(f"{len(broken)} faults break {sum(map(len, broken.values()))} tests, of which {len(missed)} are missed")
    print(f"chosen in (s): {_spread(one.seconds for _, one in looked_at)}")
    print(f"chosen and run in (s), of {len(few)}: {_spread(seconds)}")
    sys.exit(bool(missed))


def _spread(numbers: Iterable[float]) -> str:
    values = sorted(numbers)
    return f"median {statistics.median(values):.1f}, most {values[-1]:.1f}" if values else "none"


if __name__ == "__main__":
    main()
