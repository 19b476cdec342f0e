from __future__ import annotations

import pytest

from stackwright.patches.exchange import mails

MAGIC = b"From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
DIFF = b"---\n a | 2 +-\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"


def mail(subject: str, body: bytes = b"", diff: bytes = DIFF) -> bytes:
    return MAGIC + f"From: A <a@b>\nSubject: {subject}\n\n".encode() + body + diff


def test_mails_follow_one_another_with_and_without_a_signature() -> None:
    data = [mail("[PATCH 1/3] x") + b"-- \n2.39.5\n\n", mail("[PATCH 2/3] y"), mail("[PATCH 3/3] z") + b"\n"]
    assert [part.content for part in mails.split(b"".join(data))] == data
    assert [part.line for part in mails.split(b"\n" + b"".join(data))] == [2, 18, 31]


def test_what_a_message_quotes_does_not_cut_it() -> None:
    quoting = mail("x", MAGIC + b"From: B <b@c>\nSubject: quoted\n\n>From the start\nFrom here on\n\n")
    assert [part.content for part in mails.split(quoting + mail("y"))] == [quoting, mail("y")]


def test_a_cover_letter_an_answer_and_an_empty_commit_have_no_diff() -> None:
    cover = mail("[PATCH 0/2] All", b"blurb\n\n a | 2 +-\n\n-- \n2.39.5\n\n", b"")
    answer = b"From a@b Fri Nov 20 13:00:00 2026\nFrom: C <c@d>\nSubject: Re: x\n\n> quoted\nFine.\n\n"
    nothing = mail("[PATCH 1/2] nothing", b"words\n-- \n2.39.5\n\n", b"")
    parts = mails.split(cover + answer + nothing + mail("[PATCH 2/2] x"))
    assert [part.content for part in parts] == [cover, answer, nothing, mail("[PATCH 2/2] x")]
    assert [part.has_diff for part in parts] == [False, False, False, True]


def test_what_git_show_prints_of_several_commits() -> None:
    one = (
        b"commit 0123456789abcdef0123456789abcdef01234567\nAuthor: A <a@b>\nDate:   Mon\n\n    commit it\n\n"
        + DIFF[17:]
    )
    other = one.replace(b"0123456789abcdef0123456789abcdef01234567", b"f" * 40 + b" (HEAD -> ours)")
    assert [part.content for part in mails.split(one + b"\n" + other)] == [one + b"\n", other]


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Say why no host can take a server", "0007-Say-why-no-host-can-take-a-server.patch"),
        ("Run one worker of conductor and scheduler without a fork",
         "0007-Run-one-worker-of-conductor-and-scheduler-without-a-.patch"),
        ("[api] Ünïcode... and (so) on.", "0007-api-n-code.-and-so-on.patch"),
        ("", "0007-.patch"),
    ],
)  # fmt: skip
def test_names_are_those_that_git_gives(subject: str, name: str) -> None:
    assert mails.file_name(7, subject) == name


def test_where_git_would_cut_a_mail_in_two_is_known() -> None:
    assert mails.foreign_borders(mail("x", b"a\nFrom here on\n" + MAGIC)) == [7]
