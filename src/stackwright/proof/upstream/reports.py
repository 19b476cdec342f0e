"""A proof as other programs read it: JUnit XML, and subunit v2 (https://github.com/testing-cabal/subunit)."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from subunit.v2 import StreamResultToBytes

from stackwright.proof.upstream.model import Status

if TYPE_CHECKING:
    from stackwright.proof.upstream.blame import Failure
    from stackwright.proof.upstream.model import Outcome
    from stackwright.proof.upstream.proving import Proof

# What XML 1.0 has no place for: https://www.w3.org/TR/xml/#charsets.
UNTOLD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

OF_FILE = re.compile(r"(?P<file>[^:(\[]+): ?(?P<said>.+)")  # as `style.findings.told` gives it


@dataclass(frozen=True)
class Results:
    """What came of tests that are of no series: of tempest's.

    :param component: whose tests they are
    :param release: what they were run on
    """

    component: str
    release: str
    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...] = ()


def junit(proof: Proof | Results) -> bytes:
    """Give the outcomes on the last tree, and what the failing ones mean as a property of each."""
    meant = {one.outcome.test: one for one in proof.failures}
    suite = ElementTree.Element(
        "testsuite",
        name=f"{proof.component} {proof.release}",
        tests=str(len(proof.outcomes)),
        failures=str(sum(outcome.bad for outcome in proof.outcomes)),
        errors="0",
        skipped=str(sum(outcome.status is Status.SKIPPED for outcome in proof.outcomes)),
        time=f"{sum(outcome.seconds for outcome in proof.outcomes):.3f}",
    )
    for outcome in proof.outcomes:
        owner, name = _owner_and_name(outcome.test)
        case = ElementTree.SubElement(suite, "testcase", classname=owner, name=name, time=f"{outcome.seconds:.3f}")
        failure = meant.get(outcome.test)
        if failure:
            properties = ElementTree.SubElement(case, "properties")
            told = {"kind": str(failure.kind), "patch": failure.patch}
            for key, value in told.items():
                if value:
                    ElementTree.SubElement(properties, "property", name=key, value=value)
        if outcome.status is Status.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_told(outcome.said))
        elif outcome.bad:
            ElementTree.SubElement(case, "failure", type=str(outcome.status)).text = _told(outcome.said)
    return bytes(ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)) + b"\n"


def subunit_stream(proof: Proof | Results) -> bytes:
    """Give the outcomes on the last tree; what a failing test means is a tag of it."""
    meant = {one.outcome.test: str(one.kind) for one in proof.failures}
    stream = io.BytesIO()
    result = StreamResultToBytes(stream)
    for outcome in proof.outcomes:
        tags = {meant[outcome.test]} if outcome.test in meant else None
        result.status(outcome.test, "inprogress", timestamp=_at(outcome.began))
        if outcome.said:
            name = "reason" if outcome.status is Status.SKIPPED else "traceback"
            result.status(
                outcome.test, file_name=name, file_bytes=outcome.said.encode(), eof=True,
                mime_type='text/plain; charset="utf8"',
            )  # fmt: skip
        result.status(outcome.test, _status(outcome), test_tags=tags, timestamp=_at(outcome.began + outcome.seconds))
    return stream.getvalue()


def _owner_and_name(test: str) -> tuple[str, str]:
    """Cut a test's id before its last part, and what a linter says of a file behind the file."""
    finding = OF_FILE.fullmatch(test)
    if finding:
        return finding["file"], finding["said"]
    owner, _, name = test.partition("(")[0].rpartition(".")
    return owner, name + test[len(test.partition("(")[0]) :]


def _status(outcome: Outcome) -> str:
    if outcome.status is Status.SKIPPED:
        return "skip"
    return "fail" if outcome.bad else "success"


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _told(text: str) -> str:
    return UNTOLD.sub("?", text)
