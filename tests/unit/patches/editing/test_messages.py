from __future__ import annotations

from stackwright.patches import parse
from stackwright.patches.editing import messages

FIRST = "Do one thing\n\nWhy.\n\nChange-Id: I1\nSigned-off-by: Ada <a@b>\n"
SECOND = "Do another\n\nMore.\n\nChange-Id: I2\nSigned-off-by: Ada <a@b>\n"


def test_two_messages_become_one_and_each_trailer_is_there_once() -> None:
    assert messages.joined(FIRST, SECOND) == (
        "Do one thing\n\nWhy.\n\nDo another\n\nMore.\n\nChange-Id: I1\nSigned-off-by: Ada <a@b>\nChange-Id: I2\n"
    )


def test_messages_of_one_line() -> None:
    assert messages.joined("One\n", "Two") == "One\n\nTwo\n"
    assert messages.with_subject("One\n", "(part 1 of 2)") == "One (part 1 of 2)\n"


def test_what_is_no_trailer_stays_in_the_body() -> None:
    assert messages.with_subject("One\n\nSee: the list\nof things.\n", "x") == "One x\n\nSee: the list\nof things.\n"


def test_fields_of_a_header_become_trailers_but_not_twice() -> None:
    patch = parse(
        b"Description: one\n Because.\nAuthor: Ada <a@b>\nForwarded: no\nBug: https://b/1\nLast-Update: 2026-01-01\n\n"
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    )
    said = messages.with_fields("one\n\nBecause.\n\nBug: https://b/2\n", patch.header.fields)
    assert said == "one\n\nBecause.\n\nForwarded: no\nBug: https://b/2\n"
    assert messages.with_fields(said, patch.header.fields) == said


def test_blanks_that_git_takes_away_make_no_other_message() -> None:
    assert messages.tidy("\nOne  \n\n\n\nTwo\t\n\n") == "One\n\nTwo\n"
