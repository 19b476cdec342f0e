"""Who runs shards: here, some processes at a time. Another executor has the same two methods."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Protocol

from stackwright.proof.upstream.shard import list_tests, run_shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stackwright.proof.upstream.model import Outcome, Shard, ShardResult
    from stackwright.proof.upstream.place import Place


class Executor(Protocol):
    """Runs shards somewhere."""

    @property
    def width(self) -> int:
        """How many shards run at once."""

    def run(self, shards: Iterable[Shard], tell: Callable[[Outcome], None]) -> Iterator[ShardResult]:
        """Run shards, and give each result as it comes, in any order.

        :param tell: is given each outcome as it comes, from any thread
        """

    def list(self, shard: Shard) -> tuple[str, ...]:
        """Find the tests of a shard's tree."""


class Here:
    """Runs shards on this machine, a process each.

    :param width: how many at once (as many as there are processors)
    """

    def __init__(self, place: Place, width: int | None = None) -> None:
        self._place = place
        self.width = width or len(os.sched_getaffinity(0))

    def run(self, shards: Iterable[Shard], tell: Callable[[Outcome], None]) -> Iterator[ShardResult]:
        """Run shards, and give each result as it comes."""
        with ThreadPoolExecutor(self.width, thread_name_prefix="shard") as pool:
            futures = [pool.submit(run_shard, shard, self._place, tell) for shard in shards]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()

    def list(self, shard: Shard) -> tuple[str, ...]:
        """Find the tests of a shard's tree."""
        return list_tests(shard, self._place)
