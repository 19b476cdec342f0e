from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from stackwright.errors import InputError
from stackwright.patches import parse

MAIL = b"""\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?J=C3=BCrgen=20M?= <jm@example.org>
Date: Fri, 20 Nov 2026 13:00:00 +0100
Subject: [PATCH 2/7] Say what the
 server does

Because it matters.

Change-Id: I123
---
 nova/api.py | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/nova/api.py b/nova/api.py
index 1111111..2222222 100644
--- a/nova/api.py
+++ b/nova/api.py
@@ -10,3 +10,3 @@ def show():
 one
-two
+Two
\x20three
--\x20
2.39.5

"""


def test_a_mail_of_git_format_patch() -> None:
    patch = parse(MAIL, name="0001.patch")
    assert patch.author == "Jürgen M <jm@example.org>"
    assert patch.date == "Fri, 20 Nov 2026 13:00:00 +0100"
    assert patch.subject == "Say what the server does"
    assert patch.message == "Say what the server does\n\nBecause it matters.\n\nChange-Id: I123"
    (change,) = patch.changes
    assert (change.old, change.new, change.line) == ("nova/api.py", "nova/api.py", 14)
    (hunk,) = change.hunks
    assert hunk.old == (b"one\n", b"two\n", b"three\n")
    assert hunk.new == (b"one\n", b"Two\n", b"three\n")
    assert (hunk.line, hunk.old_start, hunk.leading, hunk.trailing) == (18, 10, 1, 1)
    assert hunk.header == "@@ -10,3 +10,3 @@ def show():"
    assert patch.diff.endswith(b" three\n")


def test_an_author_in_the_body_counts_more_than_the_sender() -> None:
    patch = parse(MAIL.replace(b"\n\nBecause", b"\n\nFrom: Real Author <r@example.org>\n\nBecause"))
    assert patch.author == "Real Author <r@example.org>"
    assert patch.message.splitlines()[2] == "Because it matters."


def test_a_quilt_patch_with_dep3_fields_and_times() -> None:
    patch = parse(
        b"Description: Make it fast\n This is why.\n .\n And how.\nAuthor: A <a@b>\nLast-Update: 2026-01-02\n---\n"
        b"Index: nova/setup.py\n===================================================================\n"
        b"--- nova.orig/setup.py\t2026-01-01 10:00:00.000000000 +0000\n"
        b"+++ nova/setup.py\t2026-01-02 10:00:00.000000000 +0000\n"
        b"@@ -1 +1 @@\n-a\n+b\n"
    )
    assert (patch.author, patch.date) == ("A <a@b>", "2026-01-02")
    assert patch.message == "Make it fast\n\nThis is why.\n\nAnd how."
    assert [change.new for change in patch.changes] == ["setup.py"]


def test_what_git_show_prints() -> None:
    patch = parse(
        b"commit 123abc\nAuthor: A <a@b>\nDate:   Mon\n\n    Subject\n    \n    Body\n\n" + MAIL[MAIL.index(b"diff") :]
    )
    assert (patch.author, patch.date, patch.message) == ("A <a@b>", "Mon", "Subject\n\nBody")


def test_a_plain_diff_of_two_directories() -> None:
    patch = parse(
        b"diff -ruN old/new.txt new/new.txt\n"
        b"--- old/new.txt\t1970-01-01 01:00:00.000000000 +0100\n"
        b"+++ new/new.txt\t2026-01-02 10:00:00.000000000 +0000\n"
        b"@@ -0,0 +1 @@\n+a\n"
        b"diff -ruN old/x.py new/x.py\n--- old/x.py.orig\n+++ new/x.py\n@@ -1 +1 @@\n-a\n+b\n"
        b"--- old/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"
    )
    assert [(change.old, change.new) for change in patch.changes] == [
        (None, "new.txt"),
        ("x.py", "x.py"),
        ("gone", None),
    ]
    assert patch.message == ""


def test_renames_copies_modes_and_odd_names() -> None:
    patch = parse(
        b"diff --git a/a b.py b/a b.py\nold mode 100644\nnew mode 100755\n"
        b"diff --git a/old.py b/new.py\nsimilarity index 100%\nrename from old.py\nrename to new.py\n"
        b"diff --git a/old.py b/copy.py\nsimilarity index 100%\ncopy from old.py\ncopy to copy.py\n"
        b'diff --git "a/\\303\\274 \\"x\\"" "b/\\303\\274 \\"x\\""\nnew file mode 100644\nindex 0000000..e69de29\n'
        b'diff --git a/plain "b/t\\tab"\nsimilarity index 100%\nrename from plain\nrename to "t\\tab"\n'
        b"diff --git a/gone b/gone\ndeleted file mode 100644\nindex e69de29..0000000\n"
        b"diff --git a/link b/link\nindex 1234567..89abcde 120000\n--- a/link\n+++ b/link\n@@ -1 +1 @@\n-a\n"
        b"\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    )
    assert [(change.old, change.new, change.mode, change.copied) for change in patch.changes] == [
        ("a b.py", "a b.py", "100755", False),
        ("old.py", "new.py", None, False),
        ("old.py", "copy.py", None, True),
        (None, 'ü "x"', "100644", False),
        ("plain", "t\tab", None, False),
        ("gone", None, None, False),
        ("link", "link", "120000", False),
    ]
    assert patch.changes[-1].hunks[0].old == (b"a",)
    assert patch.changes[-1].hunks[0].new == (b"b",)


def test_a_binary_change_is_taken_whole() -> None:
    text = (
        b"diff --git a/x.png b/x.png\nindex 1111111..2222222 100644\nGIT binary patch\n"
        b"literal 3\nKcmV+b0RR6000031\n\nliteral 3\nKcmV+b0RR6000031\n\n"
    )
    for data in (text, text.removesuffix(b"\n")):
        patch = parse(data + b"diff --git a/y b/y\nold mode 100644\nnew mode 100755\n" if data == text else data)
        assert patch.changes[0].binary
        assert patch.changes[0].text == text


def test_the_last_line_end_may_be_missing() -> None:
    cut = MAIL[: MAIL.index(b" three\n") + len(b" three")]
    assert parse(cut).changes == parse(MAIL).changes


def test_an_empty_context_line_may_have_lost_its_blank() -> None:
    patch = parse(b"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n")
    assert patch.changes[0].hunks[0].old == (b"a\n", b"\n", b"b\n")


@pytest.mark.parametrize(
    ("message", "subject"),
    [(b"Subject: gr\xfcn", "grün"), ("Subject: grün".encode(), "grün"), (b"Subject: [PATCH v2 1/3] [a] x", "[a] x")],
)
def test_bytes_that_are_not_utf8_do_no_harm(message: bytes, subject: str) -> None:
    diff = b"--- a/\xfc.txt\n+++ b/\xfc.txt\n@@ -1 +1 @@\n-\xff\n+\xfe\n"
    patch = parse(b"From: a <a@b>\n" + message + b"\n\n" + diff)
    if b"\xfc" not in message:
        assert patch.subject == subject
    assert patch.changes[0].new == "\udcfc.txt"
    assert patch.changes[0].hunks[0].new == (b"\xfe\n",)


DIFF = MAIL[MAIL.index(b"diff") : MAIL.index(b"-- \n")]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty"),
        (b"  \n\n", "it is empty"),
        (b"<!DOCTYPE html><p>Not found", "it is a web page"),
        (gzip.compress(MAIL, mtime=0), "it is compressed"),
        (base64.b64encode(MAIL), "it is base64"),
        (b"\x7fELF\0\0", "it is binary data"),
        (b"Dear all,\nplease merge\n", "begins with 'Dear all,'"),
        (MAIL[: MAIL.index(b"diff --git")], "there is no diff in it"),
        (MAIL.replace(b"\n", b"\r\n"), "line ends of Windows"),
        (DIFF.replace(b"diff --git", b"diff --cc"), "difference of a merge"),
        (DIFF.replace(b" three\n", b""), "hunk is damaged"),
        (DIFF.replace(b" three\n", b" three\n+four\n"), "more lines than its header says, at line 10"),
        (DIFF.replace(b"+10,3 @@", b"+10,1 @@"), "more lines than its header says"),
        (DIFF.replace(b"@@ -10,3", b"@@ -ten,3"), "its header is not"),
        (DIFF.replace(b" three", b"*three"), "ends early, before line 9"),
        (b"--- x\n+++ x\n@@ -1 +1 @@\n-a\n+b\n", "too few parts to take 1 away"),
        (b"diff --git a/x b/x\nBinary files a/x and b/x differ\n", "binary file differs, but not how"),
        (b"diff --git one two\nold mode 100644\nnew mode 100755\n", "names of the file cannot be read"),
        (MAIL.replace(b"Subject", b"Content-Transfer-Encoding: base64\nSubject"), "encoded as base64"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "bad.patch"
    file.write_bytes(data)
    with pytest.raises(InputError) as caught:
        parse(file)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{file}:")
    assert caught.value.fix


@pytest.mark.parametrize(("strip", "path"), [(0, "a/nova/x"), (1, "nova/x"), (2, "x")])
def test_leading_parts_of_paths_are_taken_away(strip: int, path: str) -> None:
    diff = b"--- a/nova/x\n+++ b/nova/x\n@@ -1 +1 @@\n-a\n+b\n".replace(b"b/nova", b"a/nova")
    assert parse(diff, strip=strip).changes[0].new == path
