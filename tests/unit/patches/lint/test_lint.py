"""Each rule on patches: what it finds, where, and what it leaves alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stackwright.distribution import Component, GitSource, PatchRules, PypiSource
from stackwright.patches import parse
from stackwright.patches.lint.carried import Carried
from stackwright.patches.lint.rules import RULES, Finding, Severity, lint

TODAY = date(2026, 11, 25)
DIFF = "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
GOOD = "Owner: Compute team\nIntent: Customers ask for it.\nUpstream-Status: Pending\n"
PYPI = PypiSource(pypi="nova", version="34.0.0")
OPENSTACK = GitSource(git="https://opendev.org/openstack/nova", ref="stable/2026.2")
REVIEW = "https://review.opendev.org/c/openstack/nova/+/912345"


def mail(fields: str = GOOD, *, subject: str = "Do it", words: str = "Words.", author: str = "Ada <a@b.org>") -> str:
    return (
        f"From: {author}\nDate: Fri, 20 Nov 2026 13:00:00 +0100\nSubject: [PATCH] {subject}\n\n{words}\n\n{fields}---\n"
    )


def carry(
    text: str,
    *,
    component: str = "nova",
    releases: tuple[str, ...] = ("2026.2",),
    source: object = PYPI,
    diff: str = DIFF,
) -> Carried:
    made = Component.model_validate({"name": component, "source": source, "distribution-name": "nova"})
    patch = parse((text + diff).encode(), name="a.patch")
    file = Path(f"patches/{component}/{releases[0]}/{abs(hash(text))}.patch")
    object.__setattr__(patch, "file", file)
    return Carried(made, releases, patch)


def findings(*carried: Carried, rules: PatchRules | None = None, today: date = TODAY) -> list[Finding]:
    return lint(carried, rules or PatchRules(), today)


def found(text: str, **options: object) -> list[tuple[str, int | None, int | None]]:
    """Give the rules that find something, and where."""
    all_of_them = findings(carry(text, **options))  # type: ignore[arg-type]
    return [(one.rule, one.where.line, one.where.column) for one in all_of_them]


def test_a_patch_that_says_everything_is_left_alone() -> None:
    assert found(mail()) == []
    assert found(mail(f"{GOOD}Signed-off-by: A <a@b.org>\nDepends-On: I1\nX-Ours: y\nBug-Suse: 1\n")) == []


@pytest.mark.parametrize(
    "text",
    [
        "Description: Do it\nAuthor: Ada <a@b.org>\nOwner: us\nIntent: so\nForwarded: not-needed\n\n",
        "commit 0123456\nAuthor: Ada <a@b.org>\nDate:   Fri\n\n    Do it\n\n    Owner: us\n    Intent: so\n"
        "    Upstream-Status: Pending\n\n",
        "Subject: Do it\nFrom: Ada <a@b.org>\nOrigin: upstream, commit:0123456789\n\nWords.\n\n"
        "Owner: us\nIntent: so\n\n",
    ],
    ids=["dep3", "git show", "two sets of fields"],
)
def test_so_are_the_other_forms(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("extra", "rule", "line", "column"),
    [
        ("Expire: 2026-12-01\n", "mistyped-field", 10, 1),
        ("Colour: red\n", "unknown-field", 10, 1),
        ("Expires: next week\n", "bad-date", 10, 10),
        ("Expires: 2026-02-30\n", "bad-date", 10, 10),
        ("Expires: 2026-11-24\n", "expired", 10, 10),
        ("Expires: 2026-11-25\n", "expires-soon", 10, 10),
        ("Expires: 2026-12-25\n", "expires-soon", 10, 10),
        ("Review: 912345\n", "bad-review", 10, 9),
        ("Reviewed-on: see https://example.org\n", "bad-review", 10, 14),
        ("Set: two words\n", "bad-set", 10, 6),
        ("Bug: https://ada:secret@example.org/1\n", "credentials", 10, 6),
        ("Owner: somebody else\n", "disagreement", 10, 1),
        ("Forwarded: not-needed\n", "disagreement", 10, 1),
        ("Applied-Upstream: 35.0.0, commit:0123456\n", "disagreement", 10, 1),
        ("Origin: upstream, commit:0123456\n", "disagreement", 10, 1),
        ("Upstream-Status: Pending\nOwner: Compute team\n", "", 0, 0),
        ("Expires: 2026-12-26\n", "", 0, 0),
        ("Forwarded: no\nOrigin: vendor\n", "", 0, 0),
        (f"Review: {REVIEW} https://example.org/2\n", "", 0, 0),
    ],
)
def test_fields(extra: str, rule: str, line: int, column: int) -> None:
    rules = found(mail(GOOD + extra))
    assert [one for one in rules if one[0] != "set-of-one"] == ([(rule, line, column)] if rule else [])


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        ("Upstream-Status: Submited [https://x.org]", "bad-status"),
        ("Upstream-Status:", "bad-status"),
        ("Upstream-Status: Submitted", "incomplete-status"),
        ("Upstream-Status: Submitted [to the list]", "incomplete-status"),
        ("Upstream-Status: Submitted [https://x.org/1]", ""),
        ("Upstream-Status: Submitted\nReview: https://x.org/1", ""),
        ("Upstream-Status: Submitted\nForwarded: https://x.org/1", ""),
        ("Forwarded: yes", "incomplete-status"),
        ("Upstream-Status: Submitted [https://x.org/1]\nForwarded: no", "disagreement"),
        ("Upstream-Status: Pending\nForwarded: https://x.org/1", "disagreement"),
        ("Upstream-Status: Backport", "incomplete-status"),
        ("Upstream-Status: Backport [2.1]", "incomplete-status"),
        ("Upstream-Status: Backport [https://x.org/1]", ""),
        ("Upstream-Status: Backport [0123456789]", ""),
        ("Upstream-Status: Backport\nForwarded: no\n(cherry picked from commit 0123456789)\nSigned-off-by: a", ""),
        ("Origin: upstream", "incomplete-status"),
        ("Applied-Upstream: 35.0.0", "incomplete-status"),
        ("Applied-Upstream: 35.0.0\nOrigin: https://x.org/commit/1", ""),
        ("Upstream-Status: Inappropriate", "incomplete-status"),
        ("Upstream-Status: Inappropriate [ours]", ""),
        ("Forwarded: not-needed", ""),
        ("Upstream-Status: Denied", ""),
    ],
)
def test_the_state_upstream(status: str, rule: str) -> None:
    assert [one for one, _, _ in found(mail(f"Owner: a\nIntent: b\n{status}\n"))] == ([rule] if rule else [])


def test_a_mistyped_word_is_answered_with_the_right_one() -> None:
    fixes = [one.fix for one in findings(carry(mail("Onwer: a\nIntend: b\nUpstream-Status: Backprot [0123456789]\n")))]
    assert "did you mean 'Owner'?" in fixes
    assert "did you mean 'Intent'?" in fixes
    assert "did you mean 'Backport'?" in fixes


def test_what_is_missing_is_a_warning_and_an_error_where_it_is_required() -> None:
    plain = {one.rule: one.severity for one in findings(carry(mail("Signed-off-by: A <a@b.org>\n")))}
    assert plain == dict.fromkeys(("no-owner", "no-intent", "no-upstream-status"), Severity.WARNING)
    rules = PatchRules(require=("owner", "bug"))
    strict = findings(carry(mail("Intent: so\nUpstream-Status: Pending\n")), rules=rules)
    assert [(one.rule, one.severity) for one in strict] == [("missing", Severity.ERROR)] * 2
    assert "Owner: Name <mail>" in strict[0].fix
    assert "distribution.yaml" in strict[0].why


def test_how_long_before_its_end_a_patch_is_told_can_be_said() -> None:
    soon = carry(mail(f"{GOOD}Expires: 2026-12-20\n"))
    assert [one.rule for one in findings(soon)] == ["expires-soon"]
    assert findings(soon, rules=PatchRules(expires_within=7)) == []


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ("Owner: Ada, who is on holiday\nuntil December", "misplaced-field"),
        ("Upstream Status: Pending", "mistyped-field"),
        ("Change-Id: I0123456789\nwas abandoned", "misplaced-field"),
        ("Change-Id: I0123456789", "misplaced-field"),
        ("Owners: we all\nof us", ""),
        ("The following fails:\n    Owner: Ada", ""),
    ],
)
def test_fields_that_do_not_count_where_they_are(words: str, rule: str) -> None:
    rules = [(one, line) for one, line, _ in found(mail(words=words)) if one != "unknown-field"]
    assert rules == ([(rule, 5)] if rule else [])


def test_a_change_id_among_dep3_fields_does_not_count() -> None:
    text = "Description: Do it\nAuthor: Ada <a@b.org>\nOwner: us\nIntent: so\nForwarded: no\nChange-Id: I0123456789\n\n"
    assert found(text) == [("misplaced-field", 6, 1)]


@pytest.mark.parametrize(
    ("author", "rule"),
    [
        ("root <root@build.example.org>", "no-author"),
        ("Ada <ada@localhost>", "no-author"),
        ("Ada <ada@laptop.(none)>", "no-author"),
        ("Ada <ada@laptop>", "no-author"),
        ("Ada <ada@localhost.localdomain>", "no-author"),
        ("Ada", "no-author"),
        ("Ada <ada@example.org>", ""),
        ("ada@example.org", ""),
    ],
)
def test_authors(author: str, rule: str) -> None:
    assert found(mail(author=author)) == ([(rule, 1, None)] if rule else [])


def test_subjects() -> None:
    assert found(mail(subject="x" * 72)) == []
    assert found(mail(subject="x" * 73)) == [("long-subject", 3, None)]
    assert found(mail(subject="")) == [("no-subject", 1, None)]


def test_a_plain_diff_is_told_everything_that_it_lacks() -> None:
    assert {rule for rule, _, _ in found("")} == {
        *("no-subject", "no-author", "no-owner", "no-intent", "no-upstream-status")
    }


def test_a_change_id_is_missed_where_the_patch_was_in_openstacks_review() -> None:
    sent = f"Owner: a\nIntent: b\nUpstream-Status: Submitted [{REVIEW}]\n"
    backport = "Owner: a\nIntent: b\nUpstream-Status: Backport [0123456789]\n"
    assert found(mail(sent)) == [("no-change-id", 3, None)]
    assert found(mail(f"{sent}Change-Id: I0123456789\n")) == []
    assert found(mail(backport)) == []
    assert found(mail(backport), source=OPENSTACK) == [("no-change-id", 3, None)]
    assert found(mail(GOOD), source=OPENSTACK) == []


def test_secrets_are_found_and_not_repeated() -> None:
    words = "See https://ada:s3cret@example.org/ and https://t0ken@example.org/, not ssh://git@example.org/."
    text = mail(f"{GOOD}Review: nothttps://ada:s3cret@example.org/\nOwner: https://t0ken@x.org\n", words=words)
    all_of_them = findings(carry(text))
    assert [(one.where.line, one.where.column) for one in all_of_them if one.rule == "credentials"][:2] == [
        (5, 5),
        (5, 41),
    ]
    assert not any("s3cret" in str(one) or "t0ken" in str(one) for one in all_of_them)


WORSE = """\
diff --git a/x b/x
--- a/x
+++ b/x
@@ -1,2 +1,5 @@
 a
-c \n\
+c \n\
+ \td
+d\t
+ e
\\ No newline at end of file
diff --git a/y b/y
--- a/y
+++ b/y
@@ -1 +1,6 @@
-a
+<<<<<<< ours
+a
+=======
+b
+>>>>>>> theirs
+Title
@@ -9 +14,2 @@
 a
+=======
"""


def test_blanks_and_conflicts_in_what_is_added() -> None:
    start = mail().count("\n")
    assert found(mail(), diff=WORSE) == [
        ("whitespace", start + 7, 3),
        ("whitespace", start + 8, 2),
        ("conflict-marker", start + 17, 2),
    ]
    title = "diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1,3 @@\n a\n+Title!!\n+=======\n"
    assert found(mail(), diff=title) == []
    windows = "diff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -1 +1,2 @@\n a\r\n+b\r\n"
    assert found(mail(), diff=windows) == []


def test_a_set_of_one_patch() -> None:
    (one,) = findings(carry(mail(f"{GOOD}Set: flavors\n")))
    assert (one.rule, one.where.line, one.where.column) == ("set-of-one", 10, 6)
    two_releases = [carry(mail(f"{GOOD}Set: flavors\n", words=word), releases=(word,)) for word in ("2026.1", "2026.2")]
    assert {one.rule for one in findings(*two_releases)} == {"set-of-one"}
    good = [carry(mail(f"{GOOD}Set: flavors\n"), component=name) for name in ("nova", "python-novaclient")]
    assert findings(*good) == []
    (typo,) = findings(*good, carry(mail(f"{GOOD}Set: flavours\n"), component="openstacksdk"))
    assert typo.fix.startswith("did you mean 'flavors'?")


def test_a_set_whose_patches_never_meet() -> None:
    apart = [
        carry(mail(f"{GOOD}Set: flavors\n"), component=name, releases=(release,))
        for name, release in (("nova", "2026.1"), ("python-novaclient", "2026.2"))
    ]
    assert [one.rule for one in findings(*apart)] == ["set-apart"] * 2
    assert findings(*apart, carry(mail(f"{GOOD}Set: flavors\n"), component="nova", releases=("2026.2",))) == []


def test_a_file_that_serves_two_releases_is_told_once() -> None:
    (one,) = findings(carry(mail(f"{GOOD}Colour: red\n"), releases=("2026.1", "2026.2")))
    assert one.releases == ("2026.1", "2026.2")


def test_every_rule_is_documented() -> None:
    page = (Path(__file__).parents[4] / "docs/patch-metadata.md").read_text()
    for rule, severity in RULES.items():
        assert f"| `{rule}` | {severity} |" in page
