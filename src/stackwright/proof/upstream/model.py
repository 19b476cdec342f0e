"""The unit of work of upstream's tests, and what comes of it. All of it can be pickled: it may be done elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from stackwright.store import TreeId

TIMEOUT = 200.0  # seconds: longer than OpenStack's own limits (OS_TEST_TIMEOUT, mostly 60 to 160), which come first


class Status(StrEnum):
    """What came of a test."""

    OK = "ok"
    SKIPPED = "skipped"
    FAILED = "failed"
    HUNG = "hung"
    CRASHED = "crashed"

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self in {Status.OK, Status.SKIPPED}


# What testtools calls them: https://testtools.readthedocs.io/en/latest/api.html (StreamResult.status).
STATUSES = {
    "success": Status.OK,
    "xfail": Status.OK,
    "skip": Status.SKIPPED,
    "fail": Status.FAILED,
    "uxsuccess": Status.FAILED,
}


@dataclass(frozen=True)
class Outcome:
    """What came of one test.

    :param test: its id; the name of a module that could not be imported, or of a class whose fixture failed
    :param began: in seconds since the epoch
    :param said: the traceback, the reason, the stack of one that hung
    :param flaky: it failed, and passed when it was run again alone
    """

    test: str
    status: Status
    seconds: float
    began: float
    said: str = ""
    flaky: bool = False

    @property
    def bad(self) -> bool:
        """Whether the test fails each time."""
        return not self.status.good and not self.flaky


@dataclass(frozen=True)
class Reached:
    """What the tests of one process reached: functions (``path:Class.method``) and files (``path``) of the tree.

    :param units: the names that the numbers stand for
    :param tests: test -> the numbers, packed as `stackwright.proof.upstream.inside.run` does
    :param shared: the numbers of what belongs to no test alone: it ran while a module was imported, or left something
        for the tests behind
    """

    units: tuple[str, ...] = ()
    tests: Mapping[str, bytes] = field(default_factory=dict)
    shared: bytes = b""


class Level(StrEnum):
    """The level of a project's tests, by the names that tox has for them."""

    UNIT = "unit"
    FUNCTIONAL = "functional"


@dataclass(frozen=True)
class Project:
    """What the process of a tree's tests has to know, by the tree itself.

    :param version: what the tree says its version is
    :param entry_points: the text of ``entry_points.txt``: the project is not installed, and yet others have to find it
    :param top: folder that modules are imported from, from the tree's top
    :param test_path: folder that tests are looked for in, from the tree's top
    :param group: tests for which this expression matches the same text stay together
    :param variables: what is added to the environment of the process
    :param packages: the tree's own, whose functions are watched
    :param tests: which of its tests
    """

    distribution_name: str
    version: str
    entry_points: str
    top: str
    test_path: str
    group: str
    variables: tuple[tuple[str, str], ...]
    packages: tuple[str, ...]
    tests: Level = Level.UNIT


@dataclass(frozen=True)
class Shard:
    """Some tests of one tree, which one process runs one after another. It names all that it needs by content.

    :param environment: key of the environment in the artifact cache
    :param tests: ids; the name of a module or class means all of its tests
    :param modules: the modules that these tests are in
    :param timeout: seconds that one test may take
    """

    component: str
    release: str
    tree: TreeId
    environment: str
    project: Project
    tests: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    timeout: float = TIMEOUT


@dataclass(frozen=True)
class ShardResult:
    """What came of a shard's tests.

    :param reached: of each process that it took
    """

    shard: Shard
    outcomes: tuple[Outcome, ...]
    reached: tuple[Reached, ...] = ()
