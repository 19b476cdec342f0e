"""List or run tests as stestr's workers do, and tell what comes of each as it comes: a JSON object a line.

    python run.py REQUEST

The request is a file (JSON): see `stackwright.proof.upstream.shard`. Lines go where standard error was; what tests
print goes into the log. A test that takes too long ends the process, its stack in the log; whoever started it starts
the rest anew.
"""

from __future__ import annotations

import base64
import faulthandler
import importlib
import json
import os
import re
import sys
import unittest
import zlib
from array import array
from time import time
from typing import IO, TYPE_CHECKING, Any

from testtools import ExtendedToStreamDecorator, StreamResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from stackwright.proof.upstream.inside.reach import Reach

# A module that cannot be imported, and a class or module whose fixture fails, stand for all tests in them.
WHOLE = re.compile(
    r"(?:unittest\.loader\.(?:_FailedTest|ModuleImportFailure)\.|(?:setUp|tearDown)(?:Class|Module) \()(?P<name>.*?)\)?"
)
MOST = 200_000  # characters of what a test says


class Channel:
    """Where lines are told."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def tell(self, **row: object) -> None:
        """Tell a line."""
        self._stream.write(json.dumps(row, separators=(",", ":")) + "\n")
        self._stream.flush()


class Telling(StreamResult):
    """Tells a test's beginning and end, with all that was said of it.

    :param limit: seconds that a test may take
    """

    def __init__(self, channel: Channel, limit: float, log: IO[Any], reach: Reach) -> None:
        super().__init__()
        self.channel, self.limit, self.log, self.reach = channel, limit, log, reach
        self._began = 0.0
        self._details: dict[str, list[bytes]] = {}
        self._told_units = 0

    def status(
        self,
        test_id: str | None = None,
        test_status: str | None = None,
        test_tags: set[str] | None = None,
        runnable: bool = True,
        file_name: str | None = None,
        file_bytes: bytes | None = None,
        eof: bool = False,
        mime_type: str | None = None,
        route_code: str | None = None,
        timestamp: datetime | None = None,
    ) -> None:
        """Take what testtools says."""
        del test_tags, runnable, eof, mime_type, route_code, timestamp
        if file_name is not None and file_bytes:
            self._details.setdefault(file_name, []).append(file_bytes)
        if test_id is None or test_status is None:
            return
        name = plain(test_id)
        faulthandler.dump_traceback_later(self.limit, exit=True, file=self.log)
        if test_status == "inprogress":
            self._began, self._details = time(), {}
            self.channel.tell(begin=name)
            self.reach.shared.update(self.reach.take())
            return
        took = time() - self._began if self._began else 0.0
        row: dict[str, object] = {"test": name, "status": test_status, "began": self._began, "seconds": round(took, 4)}
        if test_status not in {"success", "exists"}:
            row["said"] = self._said()
        self._began = 0.0
        self.channel.tell(**row, reach=packed(self.reach.take()))
        self._tell_units()

    def finish(self) -> None:
        """Tell what belongs to no test."""
        self.reach.shared.update(self.reach.take())
        self._tell_units()
        self.channel.tell(shared=packed(sorted(self.reach.shared)))

    def _tell_units(self) -> None:
        if len(self.reach.units) > self._told_units:
            self.channel.tell(units=self.reach.units[self._told_units :])
            self._told_units = len(self.reach.units)

    def _said(self) -> str:
        """Give the traceback or reason first, then the rest, each under its name; no more than a person reads."""
        order = sorted(self._details, key=lambda name: (name not in {"traceback", "reason"}, name))
        parts = []
        for name in order:
            text = b"".join(self._details[name]).decode(errors="replace").strip("\n")
            if text:
                parts.append(text if name in {"traceback", "reason"} else f"{name}:\n{text}")
        said = "\n\n".join(parts)
        return said if len(said) <= MOST else f"{said[: MOST // 2]}\n[...]\n{said[-MOST // 2 :]}"


def packed(numbers: Iterable[int]) -> str:
    """Give numbers as a text that a line may have."""
    return base64.b85encode(zlib.compress(array("I", numbers).tobytes(), 1)).decode()


def plain(test: str) -> str:
    """Give a test's id; of what stands for a whole module or class, its name."""
    match = WHOLE.fullmatch(test)
    return match["name"] if match else test


def each(suite: Any) -> Iterator[Any]:
    """Give the tests of a suite."""
    try:
        inside = iter(suite)
    except TypeError:
        yield suite
        return
    for one in inside:
        yield from each(one)


def only(suite: Any, wanted: set[str]) -> Any:
    """Leave out of a suite what is not wanted, and keep its structure: it may have fixtures of its own."""
    if hasattr(suite, "filter_by_ids"):
        return suite.filter_by_ids(wanted)
    if hasattr(suite, "id"):
        return suite if suite.id() in wanted else unittest.TestSuite()
    if isinstance(suite, unittest.TestSuite):
        suite._tests[:] = [only(one, wanted) for one in suite]
    return suite


def discover(request: dict[str, Any]) -> Any:
    """Find all tests, as stestr does."""
    return unittest.TestLoader().discover(request["path"], top_level_dir=request["top"])


def chosen(request: dict[str, Any]) -> Any:
    """Load the modules that have the tests that are wanted, and leave out the others.

    What is in none of them (a package's `load_tests` may make tests of any name) is looked for everywhere.
    """
    tests = set(request["tests"])
    loader, suite = unittest.TestLoader(), unittest.TestSuite()
    for module in request["modules"]:
        suite.addTest(_loaded(loader, module))
    wanted, lost = _wanted(suite, tests)
    inside = tuple(f"{module}." for module in request["modules"])
    if any(not f"{name}.".startswith(inside) for name in lost):
        suite = discover(request)
        wanted, _ = _wanted(suite, tests)
    done = set(request["done"])
    return only(suite, {name for name in wanted if plain(name) not in done})


def _wanted(suite: Any, tests: set[str]) -> tuple[set[str], set[str]]:
    """Give the ids in a suite that are meant, as a name means all below it; and the names that mean nothing.

    What stands for a module that cannot be imported is meant by every name in it.
    """
    wanted, lost = set(), set(tests)
    for test in each(suite):
        name = plain(test.id())
        parts = name.split(".")
        meant = tests.intersection(".".join(parts[:count]) for count in range(1, len(parts) + 1))
        if isinstance(test, _Broken) or name != test.id():
            meant |= {one for one in tests if one.startswith(f"{name}.")}
        if meant:
            wanted.add(test.id())
            lost -= meant
    return wanted, lost


class _Broken(unittest.TestCase):
    """Fails as the import of a module did."""

    def __init__(self, module: str, error: BaseException) -> None:
        super().__init__("fails")
        self.module, self.error = module, error

    def id(self) -> str:
        return self.module

    def fails(self) -> None:
        raise self.error


def _loaded(loader: unittest.TestLoader, module: str) -> Any:
    try:
        return loader.loadTestsFromModule(importlib.import_module(module))
    except unittest.SkipTest:
        return unittest.TestSuite()
    except (Exception, SystemExit) as error:
        return unittest.TestSuite([_Broken(module, error)])


def main(file: str) -> None:
    """Do what a request says."""
    with open(file, encoding="utf-8") as stream:  # noqa: PTH123
        request = json.load(stream)
    channel = Channel(os.fdopen(os.dup(2), "w", encoding="utf-8"))
    log = open(request["log"], "ab", buffering=0)  # noqa: PTH123, SIM115
    for number in (1, 2):
        os.dup2(log.fileno(), number)
    sys.argv = ["stestr"]
    beside = importlib.import_module("reach")
    here = os.getcwd()  # noqa: PTH109
    sys.path[0] = os.path.normpath(os.path.join(here, request["top"]))  # noqa: PTH118
    faulthandler.enable(file=log)
    faulthandler.dump_traceback_later(request["timeout"], exit=True, file=log)
    reach: Reach = beside.Reach(here, request["packages"], request["cache"])
    reach.install()
    if request["list"]:
        channel.tell(listed=[plain(test.id()) for test in each(discover(request))])
    else:
        suite = chosen(request)
        telling = Telling(channel, request["timeout"], log, reach)
        result = ExtendedToStreamDecorator(telling)
        result.startTestRun()
        try:
            suite(result)
        finally:
            result.stopTestRun()
        telling.finish()
    channel.tell(end=True)
    # What tests have left running (threads, loops) is not waited for.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
