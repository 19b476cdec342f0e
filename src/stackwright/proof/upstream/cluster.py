"""Shards run by Dask workers, wherever they are (https://distributed.dask.org).

A worker needs Stackwright of the same version, git, and the Python of the release: trees and environments are sent to
it, each once, and are kept in its own cache. What a worker had not finished when it went away is given to another.
"""

from __future__ import annotations

import atexit
import logging
import re
from collections import OrderedDict
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

from distributed import Client
from distributed.scheduler import KilledWorker

from stackwright import __version__
from stackwright.build.cache import ArtifactCache
from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError, Where
from stackwright.proof.upstream.parcels import pack_environment, pack_tree, unpack_environment, unpack_tree
from stackwright.proof.upstream.place import Place
from stackwright.proof.upstream.shard import list_tests, run_shard
from stackwright.site.paths import default_cache_directory, default_state_directory
from stackwright.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Future

    from stackwright.proof.upstream.model import Outcome, Shard, ShardResult
    from stackwright.proof.upstream.parcels import Parcel

ADDRESS = re.compile(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d+")
PATIENCE = 20  # seconds to reach the scheduler, and for a first worker to be there
ATTEMPTS = 4  # at a shard whose workers go away
LAID_OUT = 3  # trees that a worker keeps as files
# What becomes of a shard whose worker went away for good, with what had been sent to it.
LOST = (KilledWorker, CancelledError)


class Cluster:
    """Runs shards on the workers of a Dask scheduler.

    :param address: of the scheduler: ``tcp://HOST:8786``, ``tls://HOST:8786``
    :param store: has the trees
    :param artifacts: has the environments
    :raises InputError: that is no address
    :raises EnvironmentLacksError: there is no scheduler, it has no workers, or they have another Stackwright
    """

    def __init__(self, address: str, store: Store, artifacts: ArtifactCache) -> None:
        if not ADDRESS.fullmatch(address):
            raise InputError(
                f"{address!r} is no address of a Dask scheduler", fix="write tcp://HOST:8786, or tls://HOST:8786"
            )
        self._address, self._store, self._artifacts = address, store, artifacts
        self._parcels: dict[str, Future] = {}
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # it tells of what is told here in other words
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except OSError as error:
            raise EnvironmentLacksError(
                f"no Dask scheduler answers at {address}",
                why=str(error) or type(error).__name__,
                fix="start one: `dask scheduler`; its first lines tell its address",
            ) from error
        try:
            self._require_workers()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Cluster:
        """Give itself; at the end nothing of it is left with the scheduler."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the scheduler forget what is not done, and leave it."""
        self._parcels.clear()
        self._client.close(timeout=PATIENCE)

    @property
    def width(self) -> int:
        """How many shards run at once."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def run(self, shards: Iterable[Shard], tell: Callable[[Outcome], None]) -> Iterator[ShardResult]:
        """Run shards, and give each result as it comes.

        :raises RunFailedError: workers went away with a shard again and again
        """
        left = list(shards)
        for _ in range(ATTEMPTS):
            lost: list[Shard] = []
            for shard, result in self._results(left):
                if isinstance(result, LOST):
                    lost.append(shard)
                    continue
                if isinstance(result, BaseException):
                    raise result
                for outcome in result.outcomes:
                    tell(outcome)
                yield result
            if not lost:
                return
            left = lost
            self._parcels.clear()  # they may have been lost with the worker
            self._require_workers()
        raise RunFailedError(
            f"workers went away with {len(left)} parts of the tests, {ATTEMPTS} times",
            where=Where(subject=self._address),
            why="what a test does may end its worker: too little memory, for one",
            fix="look at the workers' logs, and run it again: what has been run is not run again",
        )

    def list(self, shard: Shard) -> tuple[str, ...]:
        """Find the tests of a shard's tree."""
        found: tuple[str, ...] = self._submit(_list, shard).result()
        return found

    def _results(self, shards: Iterable[Shard]) -> Iterator[tuple[Shard, ShardResult | BaseException]]:
        waiting = {self._submit(_run, shard): shard for shard in shards}
        ended: SimpleQueue[Future] = SimpleQueue()
        for future in waiting:
            future.add_done_callback(ended.put)
        while waiting:
            try:
                future = ended.get(timeout=PATIENCE)
            except Empty:
                self._require_workers()  # where the last one went away, no shard ever comes back
                continue
            shard = waiting.pop(future)
            if future.cancelled():
                yield shard, CancelledError()
            else:
                error: BaseException | None = future.exception()
                yield shard, future.result() if error is None else error
            future.release()

    def _submit(self, work: Callable[..., Any], shard: Shard) -> Future:
        environment = self._sent(shard.environment, lambda: pack_environment(self._artifacts, shard.environment))
        tree = self._sent(shard.tree, lambda: pack_tree(self._store, shard.tree))
        return self._client.submit(work, shard, tree, environment, pure=False, retries=0)

    def _sent(self, id_: str, pack: Callable[[], Parcel]) -> Future:
        """Give a parcel that a worker has; the others fetch it from there when they need it."""
        if id_ not in self._parcels:
            parcel = pack()
            try:
                self._parcels[id_] = self._client.scatter(parcel, hash=False, timeout=PATIENCE)
            except (TimeoutError, OSError):  # the worker that was to have it has just gone away
                self._require_workers()
                self._parcels[id_] = self._client.scatter(parcel, hash=False, timeout=PATIENCE)
        return self._parcels[id_]

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise EnvironmentLacksError(
                f"the Dask scheduler at {self._address} has no workers",
                fix=f"start one on each machine: `dask worker {self._address} --nthreads 1 --nworkers auto`",
            ) from error
        for worker, found in self._client.run(_version, on_error="return").items():
            if isinstance(found, OSError):
                continue  # it has just gone away
            if found != __version__:
                has = found if isinstance(found, str) else "none"
                raise EnvironmentLacksError(
                    f"a worker has another Stackwright: {has}, and not {__version__}",
                    where=Where(subject=worker),
                    fix=f"install Stackwright {__version__} beside its `dask`, and start it again",
                )


# On a worker --------------------------------------------------------------------------------------------------------


def _version() -> str:
    return __version__


def _run(shard: Shard, tree: Parcel, environment: Parcel) -> ShardResult:
    with _desk().place(tree, environment) as place:
        return run_shard(shard, place)


def _list(shard: Shard, tree: Parcel, environment: Parcel) -> tuple[str, ...]:
    with _desk().place(tree, environment) as place:
        return list_tests(shard, place)


class _Desk:
    """What a worker has: a store, a cache of environments, and some trees as files."""

    def __init__(self) -> None:
        directory = default_cache_directory(default_state_directory()) / "worker"
        directory.mkdir(parents=True, exist_ok=True)
        self._store, self._artifacts = Store(directory / "store.git"), ArtifactCache(directory)
        self._compiled = directory / "compiled"
        self._places: OrderedDict[str, Place] = OrderedDict()
        self._used: dict[str, int] = {}
        self._lock = Lock()
        atexit.register(self._clear, 0)

    @contextmanager
    def place(self, tree: Parcel, environment: Parcel) -> Iterator[Place]:
        """Give a place that has a tree and an environment."""
        with self._lock:
            unpack_tree(tree, self._store)
            unpack_environment(environment, self._artifacts)
            place = self._places.setdefault(tree.id, Place(self._store, self._artifacts, self._compiled))
            self._places.move_to_end(tree.id)
            self._used[tree.id] = self._used.get(tree.id, 0) + 1
        try:
            yield place
        finally:
            with self._lock:
                self._used[tree.id] -= 1
                self._clear(LAID_OUT)

    def _clear(self, keep: int) -> None:
        """Remove the trees that have not been used for longest; none that is used now."""
        for name in list(self._places)[: max(0, len(self._places) - keep)]:
            if not self._used.get(name):
                self._places.pop(name).__exit__()


@cache
def _desk() -> _Desk:
    return _Desk()
