"""What there is to see of a test that failed: its own words, the requests it made, what the services logged then."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from stackwright.proof.tempest.sets import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from stackwright.proof.tempest.stream import Finished

# tempest/lib/common/rest_client.py writes: Request (Class:test): 404 GET http://... 0.012s
REQUEST = re.compile(
    r"^(?P<at>[\d-]+ [\d:]+[.,]\d+) .*?(?:\[(?P<id>req-[0-9a-f-]+)[^]]*\] )?"
    r"Request \((?P<test>[^)]*\)?[^)]*)\): (?P<status>\d{3}) (?P<method>[A-Z]+) (?P<url>\S+)",
)
# oslo.log writes: 2026-11-25 12:50:18.061 31205 ERROR nova.compute.manager [...] text
LINE = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{3})\d* \d+ (?P<level>[A-Z]+) (?P<logger>[\w.]+) (?P<text>.*)$"
)
CONTEXT = re.compile(r"\[[^]]*\] ")
GRAVE, SUSPECT = ("ERROR", "CRITICAL"), ("WARNING",)
BEFORE, AFTER = 0.5, 2.0  # seconds: a service may log when tempest has gone on already
SHOWN_REQUESTS, SHOWN_LINES, SHOWN_TRACEBACK, LINE_LENGTH = 12, 12, 12, 300
TAIL = 1 << 26  # bytes of a log that are looked at


@dataclass(frozen=True)
class Failure:
    """A test that failed.

    :param why: the last line of its traceback
    :param traceback: its end
    :param requests: the last requests, those that are alike told once
    :param logged: what the services logged meanwhile
    """

    test: str
    why: str
    traceback: tuple[str, ...]
    requests: tuple[str, ...]
    logged: tuple[str, ...]

    def __str__(self) -> str:
        """Give it as it is shown."""
        parts = [plain(self.test), *(f"  {line}" for line in self.traceback)]
        if self.requests:
            parts += ["  requests:", *(f"    {line}" for line in self.requests)]
        if self.logged:
            parts += ["  the services' logs meanwhile:", *(f"    {line}" for line in self.logged)]
        return "\n".join(parts)


def explain(finished: Finished, requests_log: Path, logs: Path | None) -> Failure:
    """Gather what there is of a test that failed.

    :param requests_log: what tempest itself has logged
    :param logs: a folder with the services' logs
    """
    outcome = finished.outcome
    lines = [line for line in outcome.said.splitlines() if line.strip() and not set(line) <= set(" ^~")]
    began, ended = outcome.began - BEFORE, outcome.began + outcome.seconds + AFTER
    ids = request_ids(_tail(requests_log), _names(outcome.test)) if logs else frozenset()
    return Failure(
        outcome.test,
        why=_why(lines),
        traceback=tuple(line[:LINE_LENGTH] for line in lines[-SHOWN_TRACEBACK:]),
        requests=tuple(requests(finished.log.splitlines()))[-SHOWN_REQUESTS:],
        logged=tuple(_logged(logs, began, ended, ids)) if logs else (),
    )


def _why(lines: Sequence[str]) -> str:
    """Give the line that says what is wrong: the exception's, with what OpenStack's own add behind it."""
    at = next(
        (
            number
            for number, line in reversed(list(enumerate(lines)))
            if re.match(r"\s*[\w.]+: |\s*[\w.]+(Error|Exception)\b", line)
        ),
        None,
    )
    if at is None:
        return lines[-1].strip()[:LINE_LENGTH] if lines else "it says nothing"
    told = [line.strip() for line in lines[max(0, at - 1) : at + 1] if "File " not in line]
    return " ".join(told)[-LINE_LENGTH:]


def _names(test: str) -> str:
    """Give how tempest's log calls a test: ``Class:test_name``."""
    name = plain(test)
    fixture = re.fullmatch(r"(\w+) \((?:[\w.]+\.)?(\w+)\)", name)
    if fixture:
        return f"{fixture[2]}:{fixture[1]}"
    *_, owner, method = name.split(".")
    return f"{owner}:{method}"


def requests(log: Iterable[str]) -> Iterator[str]:
    """Give the requests of a log in short, the same one in a row once. A pure function."""
    last, count = "", 0
    for line in log:
        match = REQUEST.match(line.strip())
        if not match:
            continue
        told = f"{match['status']} {match['method']} {match['url']}"
        if told != last and last:
            yield last if count == 1 else f"{last} ({count} times)"
            count = 0
        last, count = told, count + 1
    if last:
        yield last if count == 1 else f"{last} ({count} times)"


def request_ids(log: Iterable[str], test: str) -> frozenset[str]:
    """Give the ids that services gave to the requests of a test. A pure function."""
    return frozenset(match["id"] for line in log if test in line and (match := REQUEST.match(line)) and match["id"])


def _logged(logs: Path, began: float, ended: float, ids: Collection[str]) -> Iterator[str]:
    found: list[tuple[str, str]] = []
    for file in sorted(logs.glob("*.log")):
        found += [(at, f"{file.stem}: {text}") for at, text in moment(_tail(file), began, ended, ids)]
    # Of lines that are alike but for their request, the first.
    alike = {CONTEXT.sub("", text, count=1): text for _, text in sorted(found, reverse=True)}
    told = list(reversed(alike.values()))
    for text in told[:SHOWN_LINES]:
        yield text[:LINE_LENGTH]
    if len(told) > SHOWN_LINES:
        yield f"... and {len(told) - SHOWN_LINES} more"


def moment(log: Iterable[str], began: float, ended: float, ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """Give the lines of a service's log that belong to a test: time, and text. A pure function.

    Those are the errors and warnings of its requests, and errors that name no request; of a traceback, its beginning.

    :param began: as the next, in seconds since the epoch
    :param ids: of its requests
    """
    first, last = (datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] for at in (began, ended))
    before = ""
    for line in log:
        match = LINE.match(line)
        if not match or not first <= (at := match["at"].replace(",", ".")) <= last:
            continue
        grave = match["level"] in GRAVE
        if not grave and (match["level"] not in SUSPECT or "deprecated" in line):
            continue
        # A traceback is lines of one moment and one logger.
        same, before = before, f"{at} {match['logger']}" if grave else ""
        if same and same == before:
            continue
        if any(one in line for one in ids) or (grave and "req-" not in line):
            yield at, f"{match['level']} {match['text']}"


def _tail(file: Path) -> Iterator[str]:
    if not file.exists():
        return
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - TAIL))
        for line in stream:
            yield line.decode(errors="replace").rstrip("\n")
