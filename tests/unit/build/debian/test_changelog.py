from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from stackwright.build.debian.changelog import Entry, newest, written
from stackwright.errors import InputError

FILE = Path("/d/changelog")
ENTRY = Entry(
    "pear",
    "2:1.0-3+carried1",
    "unstable",
    ("Carry 2 patches:\nfirst\nsecond", "More."),
    "Ada Ours <ada@example.org>",
    datetime(2025, 4, 2, 10, 0, 1, tzinfo=timezone(timedelta(hours=2))),
)
TEXT = """\
pear (2:1.0-3+carried1) unstable; urgency=medium

  * Carry 2 patches:
    first
    second
  * More.

 -- Ada Ours <ada@example.org>  Wed, 02 Apr 2025 10:00:01 +0200

"""


def test_an_entry_is_written_as_debian_has_it() -> None:
    assert written(ENTRY) == TEXT


def test_the_newest_entry_is_read_and_no_other() -> None:
    read = newest(f"\n{TEXT}older (1) broken\n", FILE)
    assert (read.source, read.version, read.suites, read.maintainer, read.date) == (
        *(ENTRY.source, ENTRY.version, ENTRY.suites, ENTRY.maintainer, ENTRY.date),
    )


def test_a_day_of_one_digit_and_several_suites_are_read() -> None:
    text = "pear (1-1) unstable experimental; urgency=low\n\n  * x\n\n -- A <a@b>  Thu,  1 Jan 1970 00:00:07 +0000\n"
    read = newest(text, FILE)
    assert (read.suites, read.date) == ("unstable experimental", datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("pear 1.0\n", 1),
        ("pear (1.0) unstable; urgency=low\n\n  * x\n", 1),
        ("pear (1.0) unstable; urgency=low\n\n  * x\n\n -- A <a@b>  yesterday\n", 5),
        ("pear (1.0) unstable; urgency=low\n\n  * x\n\n -- nobody\n", 5),
    ],
)
def test_a_damaged_one_is_told_with_its_place(text: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        newest(text, FILE)
    assert (caught.value.where.file, caught.value.where.line) == (FILE, line)
