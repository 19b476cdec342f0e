"""The report of a proof: a row a check, whatever comes of it."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from keystoneauth1.exceptions import ClientException
from openstack.exceptions import SDKException

from stackwright.errors import CheckFailedError, StackwrightError
from stackwright.events import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.events import Events

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """What came of a check.

    :param check: its name
    :param seconds: how long it took; of what a server does, from the request for the server on
    :param detail: what was found, or why it failed
    :param service: whose logs tell more
    """

    check: str
    ok: bool
    seconds: float
    detail: str
    service: str


@dataclass(frozen=True)
class SmokeReport:
    """The rows of a proof in the order in which they ended.

    :param evidence: of a failure: the server's fault, its console's last lines
    """

    rows: tuple[Row, ...]
    evidence: str = ""

    @property
    def failed(self) -> tuple[Row, ...]:
        """The checks that failed."""
        return tuple(row for row in self.rows if not row.ok)

    def seconds(self, check: str) -> float | None:
        """Give the time of a check that passed; none if it did not, or did not come to its turn."""
        return next((row.seconds for row in self.rows if row.check == check and row.ok), None)

    def demand(self) -> None:
        """Insist that all checks passed.

        :raises CheckFailedError: one did not
        """
        if not self.failed:
            return
        first, *others = self.failed
        besides = f" (and {', '.join(row.check for row in others)})" if others else ""
        raise CheckFailedError(
            f"the proof failed at {first.check}{besides}",
            why=first.detail,
            details="\n".join(f"    {line}" for line in self.evidence.splitlines()),
            fix=f"stackwright logs {first.service} tells more; stackwright smoke proves it again",
        )


class Check:
    """A check under way; ``detail`` is what will be reported of it."""

    def __init__(self) -> None:
        self.detail = ""


class Recorder:
    """Makes the rows of a report, of checks in several threads.

    :param subject: what is proved, for the events
    """

    def __init__(self, events: Events, subject: str) -> None:
        self._events, self._subject = events, subject
        self._rows: list[Row] = []
        self._lock = threading.Lock()

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows so far."""
        with self._lock:
            return tuple(self._rows)

    @contextmanager
    def check(self, name: str, service: str, *, since: float | None = None) -> Iterator[Check]:
        """Carry a check out in the block, and make a row of it.

        :param since: the time.monotonic() from which on it is timed
        :raises CheckFailedError: it failed, be it that the cloud's API or a console did not answer as it should
        """
        started = since or time.monotonic()
        check = Check()
        try:
            yield check
        except (StackwrightError, SDKException, ClientException, OSError) as error:
            why = error.what if isinstance(error, StackwrightError) else _brief(error)
            self._add(Row(name, False, time.monotonic() - started, why, service))
            raise CheckFailedError(why) from error
        self._add(Row(name, True, time.monotonic() - started, check.detail, service))

    def _add(self, row: Row) -> None:
        with self._lock:
            self._rows.append(row)
        self._events.emit(Kind.DONE if row.ok else Kind.FAILED, f"{self._subject}/{row.check}", row.detail, row.seconds)


def _brief(error: Exception) -> str:
    """Give an error of the SDK once with its name, and without the inner workings of its HTTP library."""
    name = f"{type(error).__name__}: "
    return name + str(error).removeprefix(name).partition(": HTTPConnectionPool")[0]


def wait_for(look: Callable[[], T | None], what: str, seconds: float, interval: float = 0.15) -> T:
    """Look again and again until there is something, and give it.

    :param what: what is the matter if it does not come
    :raises CheckFailedError: the time is up
    """
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() >= until:
            raise CheckFailedError(f"{what} within {seconds:.0f} s")
        time.sleep(interval)
    return found
