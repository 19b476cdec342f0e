"""What patches say of themselves, in each form in use."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackwright.patches import header, parse
from stackwright.patches.metadata import Metadata, UpstreamState, metadata_of, summary

DIFF = "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = """\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: Ada <ada@example.org>
Date: Fri, 20 Nov 2026 13:00:00 +0100
Subject: [PATCH] Give flavors a colour

Owner: not in the last paragraph, and not alone in
its own.

Intent: Customers tell them apart
 by the colour.
Owner: Compute team <compute@example.org>
Review: https://review.opendev.org/c/openstack/nova/+/912345
Closes-Bug: #2012345
Upstream-Status: Submitted [https://review.opendev.org/c/openstack/nova/+/912345]
Expires: 2026-12-01
Set: flavors
Change-Id: I0123456789abcdef0123456789abcdef01234567
(cherry picked from commit 00112233445566778899aabbccddeeff00112233)
---
 x | 2 +-

Owner: behind the message

"""
REVIEW = "https://review.opendev.org/c/openstack/nova/+/912345"


def metadata(text: str) -> Metadata:
    return parse((text + DIFF).encode()).metadata


def test_a_mail_with_trailers() -> None:
    found = metadata(MAIL)
    assert found.intent == "Customers tell them apart by the colour."
    assert found.owner == "Compute team <compute@example.org>"
    assert found.reviews == (REVIEW,)
    assert found.bugs == ("#2012345",)
    assert found.upstream
    assert (found.upstream.state, found.upstream.detail) == (UpstreamState.SUBMITTED, REVIEW)
    assert found.expires == date(2026, 12, 1)
    assert found.set_name == "flavors"
    assert found.change_id == "I0123456789abcdef0123456789abcdef01234567"
    assert found.cherry_picked_from == ("00112233445566778899aabbccddeeff00112233",)
    assert len(found.all_of("owner")) == 1


def test_each_field_knows_its_place() -> None:
    lines = MAIL.split("\n")
    for field in metadata(MAIL).fields:
        line = lines[field.line - 1]
        assert line[field.column - 1 :].startswith(f"{field.name}:")
        assert field.value.startswith(line[field.at - 1 :])


def test_what_git_show_prints_is_read_alike_with_its_own_places() -> None:
    message = MAIL.split("\n\n", 1)[1].partition("\n---")[0]
    body = "".join(f"    {line}\n" for line in ["Give flavors a colour", "", *message.split("\n")])
    shown = f"commit 0123\nAuthor: Ada <ada@example.org>\nDate:   Fri\n\n{body}\nNotes:\n    Owner: nobody\n\n"
    patch = parse((shown + DIFF).encode())
    of_mail = metadata(MAIL)
    assert patch.author == "Ada <ada@example.org>"
    assert patch.subject == "Give flavors a colour"
    assert "Notes" not in patch.message
    assert [(field.name, field.value) for field in patch.metadata.fields] == [
        (field.name, field.value) for field in of_mail.fields
    ]
    owner = patch.metadata.last_of("owner")
    assert owner
    assert shown.split("\n")[owner.line - 1][owner.column - 1 :] == "Owner: Compute team <compute@example.org>"
    assert (owner.column, owner.at) == (5, 12)


def test_dep3_with_a_second_set_of_fields_and_nothing_behind_the_dashes() -> None:
    found = metadata(
        "Description: Give flavors a colour\n Longer.\n .\n  Still it.\n"
        "Author: Ada <ada@example.org>\n"
        "Bug: https://launchpad.net/bugs/1\n"
        "Bug-Debian: https://bugs.debian.org/2\n"
        "Bug-Ubuntu: https://launchpad.net/bugs/3\n"
        "Forwarded: not-needed\n"
        "Last-Update: 2026-11-01\n"
        "\n"
        "Free words.\n"
        "\n"
        "Owner: Compute team\n"
        "Expires: 2027-01-31\n"
        "\n"
        "And more words\n"
        "---\n"
        "The information above should follow the guidelines\n"
        "Owner: (the template's)\n"
        "Forwarded: no\n\n"
    )
    assert found.bugs == ("https://launchpad.net/bugs/1", "https://bugs.debian.org/2", "https://launchpad.net/bugs/3")
    assert found.upstream
    assert found.upstream.state == UpstreamState.INAPPROPRIATE
    assert (found.owner, found.expires) == ("Compute team", date(2027, 1, 31))
    assert found.intent == ""


def test_trailers_in_a_description_are_trailers() -> None:
    text = (
        "Description: Give flavors a colour\n Longer.\n .\n Owner: Compute team\n Change-Id: I0123456789\n"
        "Author: Ada <ada@example.org>\nBug: https://bugs.example.org/1\n\n"
    )
    found = metadata(text)
    assert (found.owner, found.change_id) == ("Compute team", "I0123456789")
    assert [(field.name, field.line, field.column) for field in found.fields] == [
        *(("Description", 1, 1), ("Owner", 4, 2), ("Change-Id", 5, 2), ("Author", 6, 1), ("Bug", 7, 1)),
    ]
    assert metadata(f"{text}Free words.\n\n").change_id == ""
    patch = parse((f"{text}Free words.\n\n" + DIFF).encode())
    assert patch.message.endswith("Change-Id: I0123456789\n\nFree words.")


def test_dep3_fields_among_those_of_a_mail() -> None:
    found = metadata(
        "From: Ada <ada@example.org>\nSubject: Colours\nBug-Debian: https://bugs.debian.org/2\n"
        f"Forwarded: {REVIEW}\nMessage-Id: <1@x>\n\nWords.\n---\n"
    )
    assert [field.name for field in found.fields] == ["Bug-Debian", "Forwarded"]
    assert found.upstream
    assert (found.upstream.state, found.upstream.detail, found.reviews) == (UpstreamState.SUBMITTED, REVIEW, (REVIEW,))


def test_a_quilt_patch_of_words_and_trailers_before_the_marks_of_a_plain_diff() -> None:
    patch = parse(
        b"Give flavors a colour\n\nTitle\n=====\n\nOwner: Ada\n\nIndex: x\n======\n"
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    )
    assert patch.metadata.owner == "Ada"
    assert patch.message == "Give flavors a colour\n\nTitle\n=====\n\nOwner: Ada"


def test_openembeddeds_status_in_a_paragraph_of_its_own() -> None:
    found = metadata(
        "Subject line\n\nWords.\n\nUpstream-Status: Inappropriate[oe specific]\n\nSigned-off-by: A <a@b.org>\n"
    )
    assert found.upstream
    assert (found.upstream.state, found.upstream.detail) == (UpstreamState.INAPPROPRIATE, "oe specific")


@pytest.mark.parametrize(
    ("fields", "state", "detail"),
    [
        ("Upstream-Status: Pending", UpstreamState.PENDING, ""),
        ("Upstream-Status: pending", UpstreamState.PENDING, ""),
        ("Upstream-Status: Backport [https://x.org/1]", UpstreamState.BACKPORT, "https://x.org/1"),
        ("Upstream-Status: Backport 0123456", UpstreamState.BACKPORT, "0123456"),
        ("Upstream-Status: Denied [too special]", UpstreamState.DENIED, "too special"),
        ("Upstream-Status: Inactive-Upstream [2019]", UpstreamState.INACTIVE, "2019"),
        ("Forwarded: no", UpstreamState.PENDING, ""),
        ("Forwarded: yes", UpstreamState.SUBMITTED, "yes"),
        ("Origin: upstream, https://x.org/1", UpstreamState.BACKPORT, "https://x.org/1"),
        ("Origin: backport, commit:0123456\nForwarded: no", UpstreamState.BACKPORT, "commit:0123456"),
        ("Origin: vendor\nForwarded: no", UpstreamState.PENDING, ""),
        ("Applied-Upstream: 35.0.0, https://x.org/2", UpstreamState.BACKPORT, "35.0.0, https://x.org/2"),
        ("Upstream-Status: Denied\nForwarded: no", UpstreamState.DENIED, ""),
    ],
)
def test_where_it_stands_upstream(fields: str, state: UpstreamState, detail: str) -> None:
    upstream = metadata(f"Subject line\n\n{fields}\n").upstream
    assert upstream
    assert (upstream.state, upstream.detail) == (state, detail)


@pytest.mark.parametrize("fields", ["Upstream-Status: Great", "Upstream-Status:", "Origin: vendor", "Bug: 1"])
def test_where_it_stands_upstream_is_not_made_up(fields: str) -> None:
    assert metadata(f"Subject line\n\n{fields}\n").upstream is None


def test_a_change_id_counts_in_the_trailers_only() -> None:
    assert metadata("Description: x\nAuthor: Ada\nChange-Id: I0123456789\n").change_id == ""
    assert metadata("Subject line\n\nOwner: a\nChange-Id: I0123456789\n\nWords.\n").change_id == ""
    assert metadata("Subject line\n\nWords.\n\nChange-Id: I0123456789\n").change_id == "I0123456789"
    assert metadata("Description: x\nAuthor: Ada\n\nChange-Id: I0123456789\n").change_id == "I0123456789"


def test_the_last_of_several_counts() -> None:
    assert metadata("Subject line\n\nOwner: Ada\n\nOwner: Bob\n").owner == "Bob"


@pytest.mark.parametrize("expires", ["soon", "2026-13-01", "20261201", "2026-12-01T00:00", "\uff12026-12-01"])
def test_what_is_no_day_is_no_day(expires: str) -> None:
    assert metadata(f"Subject line\n\nExpires: {expires}\n").expires is None


def test_line_ends_of_windows_in_the_words_do_no_harm() -> None:
    found = metadata("Subject line\r\n\r\nOwner: Ada\r\nExpires: 2026-12-01\r\n")
    assert (found.owner, found.expires) == ("Ada", date(2026, 12, 1))


def test_secrets_stay_in_the_fields() -> None:
    found = metadata(
        "Subject line\n\nReview: https://ada:secret@review.example.org/1\nBug: https://token@example.org/2\n"
        "Upstream-Status: Submitted [ssh://ada:secret@example.org/3]\n"
    )
    assert found.reviews == ("https://review.example.org/1",)
    assert found.bugs == ("https://example.org/2",)
    assert found.upstream
    assert found.upstream.detail == "ssh://example.org/3"


def test_summary() -> None:
    found = metadata("Subject line\n\nUpstream-Status: Submitted [x]\nExpires: 2026-12-01\nSet: flavors\n")
    assert summary(found) == "Submitted, expires 2026-12-01, set flavors"
    assert summary(found, date(2026, 12, 1)) == "Submitted, expires 2026-12-01, set flavors"
    assert summary(found, date(2026, 12, 2)) == "Submitted, expired 2026-12-01, set flavors"
    assert summary(Metadata()) == ""


def test_encoded_words_of_mails() -> None:
    patch = parse(
        b'From: "Ada \\"A.\\" L." <ada@example.org>\n'
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9F?=\n =?utf-8?b?ZQ==?= and =?no?q?x?=\n\n" + DIFF.encode()
    )
    assert (patch.author, patch.subject) == ('Ada "A." L. <ada@example.org>', "Grüße and =?no?q?x?=")


PIECES = [
    *["From ", "From: ", "Subject: ", "commit ", "Description: ", "Owner: ", "Upstream-Status: ", "Expires: "],
    *["Change-Id: ", "Origin: upstream, ", "Forwarded: ", "Applied-Upstream: ", "Set: ", "Signed-off-by: ", "Bug: "],
    *[
        "2026-12-01",
        "Submitted [",
        "]",
        "https://a:b@c/",
        "no",
        "=?utf-8?q?=?=",
        "=?x?b?a?=",
        "(cherry picked from commit ",
    ],
    *["\n", "\n", "\n\n", "\n ", "\n    ", "\r\n", "---\n", "# ", "Conflicts:\n\t", "ü", "\x0c", "\u2028", "Index: "],
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map(
    lambda parts: "".join(parts).encode("utf-8", "surrogatepass")
) | st.binary(max_size=80)


@given(texts)
def test_nothing_is_raised_and_nothing_is_invented(text: bytes) -> None:
    read = header.parse(text)
    found = metadata_of(read)
    try:
        lines = text.decode().split("\n")
    except UnicodeDecodeError:
        lines = text.decode("latin-1").split("\n")
    for field in read.fields:
        line = lines[field.line - 1]
        assert line[field.column - 1 :].startswith(field.name)
        assert field.value.split()[:1] == line[field.at - 1 :].split()[:1] or not line[field.at - 1 :].strip()
        following = " ".join(lines[field.line - 1 :])
        assert all(word in following for word in field.value.split())
    for value in (found.intent, found.owner, found.set_name, found.change_id, *found.cherry_picked_from):
        assert all(word in " ".join(lines) for word in value.split())
    if found.expires:
        assert str(found.expires) in " ".join(lines)
