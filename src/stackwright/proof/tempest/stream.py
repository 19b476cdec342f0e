"""What tempest says while it runs: a subunit v2 stream, kept as it comes (https://github.com/testing-cabal/subunit)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from subunit import ByteStreamToStreamResult
from testtools import StreamResult

from stackwright.proof.upstream.model import STATUSES, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import IO

# What is of a whole class: its tests have no outcomes of their own.
FIXTURE = re.compile(r"(?:setUp|tearDown)Class \((?P<class>[\w.]+)\)")
LONGEST_ATTACHMENT = 1 << 22  # bytes; tempest attaches the whole log of a test


@dataclass(frozen=True)
class Finished:
    """A test that has come to its end.

    :param log: what tempest logged meanwhile
    """

    outcome: Outcome
    log: str = ""


@dataclass
class _UnderWay:
    began: datetime | None = None
    attached: dict[str, bytearray] = field(default_factory=dict)


class _Reader(StreamResult):
    """Puts a test's events together.

    :param tell: is given each test as it ends
    """

    def __init__(self, tell: Callable[[Finished], None]) -> None:
        super().__init__()
        self._tell = tell
        self._under_way: dict[str, _UnderWay] = {}

    def status(
        self,
        test_id: str | None = None,
        test_status: str | None = None,
        test_tags: Any = None,  # noqa: ARG002
        runnable: bool = True,  # noqa: ARG002
        file_name: str | None = None,
        file_bytes: bytes | None = None,
        eof: bool = False,  # noqa: ARG002
        mime_type: str | None = None,  # noqa: ARG002
        route_code: str | None = None,  # noqa: ARG002
        timestamp: datetime | None = None,
    ) -> None:
        """Take an event."""
        if test_id is None or test_id == "subunit.parser":  # the latter: the stream is cut off within an event
            return
        test = self._under_way.setdefault(test_id, _UnderWay())
        test.began = test.began or timestamp
        if file_name is not None and file_bytes:
            attached = test.attached.setdefault(file_name, bytearray())
            attached += bytes(file_bytes)[: LONGEST_ATTACHMENT - len(attached)]
        if test_status in STATUSES:
            del self._under_way[test_id]
            self._tell(_finished(test_id, STATUSES[test_status], test, timestamp))


def _finished(test_id: str, status: Status, test: _UnderWay, ended: datetime | None) -> Finished:
    texts = {name.partition(":")[0]: data.decode(errors="replace") for name, data in test.attached.items()}
    said = texts.get("reason") if status is Status.SKIPPED else texts.get("traceback")
    began = test.began.timestamp() if test.began else 0.0
    seconds = ended.timestamp() - began if ended and test.began else 0.0
    return Finished(Outcome(test_id, status, seconds, began, (said or "").strip()), texts.get("pythonlogging", ""))


def follow(stream: IO[bytes], file: Path, tell: Callable[[Finished], None]) -> None:
    """Read a stream to its end, keep it in a file as it comes, and tell of each test as it ends."""
    with file.open("wb", buffering=0) as kept:
        ByteStreamToStreamResult(_Tee(stream, kept), non_subunit_name="").run(_Reader(tell))


def read(files: Iterable[Path]) -> tuple[Finished, ...]:
    """Give the tests that had ended when the streams did; of one that was run again, the last."""
    found: dict[str, Finished] = {}

    def tell(test: Finished) -> None:
        found.pop(test.outcome.test, None)
        found[test.outcome.test] = test

    for file in files:
        with file.open("rb") as stream:
            ByteStreamToStreamResult(stream, non_subunit_name="").run(_Reader(tell))
    return tuple(found.values())


class _Tee:
    """A stream that is written to a file as it is read."""

    def __init__(self, stream: IO[bytes], kept: IO[bytes]) -> None:
        self._stream, self._kept = stream, kept

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._kept.write(data)
        return data


def expanded(tests: Sequence[str], finished: Iterable[Finished]) -> tuple[Finished, ...]:
    """Give outcomes with those of a skipped class put in the place of its tests'. A pure function.

    A class whose fixture failed is one failure, and so it stays.

    :param tests: the ids of all tests of the run
    """
    result = []
    for one in finished:
        whole = FIXTURE.fullmatch(one.outcome.test)
        if whole is None or one.outcome.status is not Status.SKIPPED:
            result.append(one)
            continue
        members = [test for test in tests if test.startswith(f"{whole['class']}.")]
        result += [replace(one, outcome=replace(one.outcome, test=test, seconds=0.0)) for test in members]
    return tuple(result)


def remaining(tests: Sequence[str], finished: Iterable[Finished]) -> tuple[str, ...]:
    """Give the tests of which nothing is known yet. A pure function."""
    names = {one.outcome.test for one in finished}
    classes = tuple(f"{whole['class']}." for name in names if (whole := FIXTURE.fullmatch(name)))
    return tuple(test for test in tests if test not in names and not test.startswith(classes))


def seconds_left(tests: Sequence[str], known: Mapping[str, float], mean: float, concurrency: int) -> float:
    """Estimate how long tests will take. A pure function.

    :param known: test -> seconds it took at last
    :param mean: seconds of one that is not known
    """
    return sum(known.get(test, mean) for test in tests) / max(1, concurrency)
