"""The rules on the message of a patch, its author, and the lines it adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.patches.lint import whitespace
from stackwright.patches.lint.lint_fields import Issue
from stackwright.patches.metadata import SECRET, UpstreamState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.patches.model import Patch

SUBJECT_LENGTH = 72
ADDRESS = re.compile(r"([^<>\s@]+)@([^<>\s@]+)")
# What a machine calls itself when nobody has told git who works on it.
NOWHERE = re.compile(r"[^.]*|(.*\.)?(localhost|localdomain|local|\(none\))")
OPENSTACK = re.compile(r"\bopendev\.org[/:]|\bgithub\.com[/:]openstack/")
# A patch in one of these states has been in upstream's review.
SENT = (UpstreamState.SUBMITTED, UpstreamState.BACKPORT, UpstreamState.DENIED)
SHOWN = 5


def issues(patch: Patch, source: str) -> Iterator[Issue]:
    """Give what is wrong with the message of a patch, its author, and the lines it adds.

    :param source: where the component comes from, as it is told to a person
    """
    yield from _subject(patch)
    yield from _author(patch)
    yield from _credentials(patch)
    yield from _change_id(patch, source)
    yield from _added(patch)


def _subject(patch: Patch) -> Iterator[Issue]:
    line = patch.header.titled
    if line is None:
        yield Issue(
            "no-subject",
            1,
            None,
            "the patch has no subject",
            fix="begin the file with a line that says what it does",
        )
    elif len(patch.subject) > SUBJECT_LENGTH:
        yield Issue(
            "long-subject",
            line,
            None,
            f"the subject has {len(patch.subject)} characters",
            why=f"lists of commits have room for {SUBJECT_LENGTH}",
            fix="say the rest in the message",
        )


def _author(patch: Patch) -> Iterator[Issue]:
    line = patch.header.signed or patch.header.titled or 1
    address = ADDRESS.search(patch.author)
    fix = "add `From: Name <mail>` (`Author:` beside DEP-3's fields), or make the patch of a commit that has its author"
    if not patch.author:
        yield Issue("no-author", line, None, "the patch has no author", fix=fix)
    elif address is None:
        yield Issue("no-author", line, None, f"the author {patch.author!r} has no mail address", fix=fix)
    elif address[1].lower() == "root" or NOWHERE.fullmatch(address[2].lower()):
        yield Issue(
            "no-author",
            line,
            None,
            f"{address[1]}@{address[2]} is nobody's mail address",
            why="git was not told who works on the machine that the patch was made on",
            fix="git config user.email MAIL, then git commit --amend --reset-author, and make the patch anew",
        )


def _credentials(patch: Patch) -> Iterator[Issue]:
    for number, line in enumerate(patch.head.decode("utf-8", "replace").split("\n"), start=1):
        for match in SECRET.finditer(line):
            yield Issue(
                "credentials",
                number,
                match.start() + 1,
                f"a user or password in the address {match['before'] or match['other']}...",
                why="whoever has the distribution has it",
                fix="remove it here and from the history, and change the password",
            )


def _change_id(patch: Patch, source: str) -> Iterator[Issue]:
    metadata = patch.metadata
    if metadata.change_id or metadata.upstream is None or metadata.upstream.state not in SENT:
        return
    if OPENSTACK.search(" ".join([source, *metadata.reviews, metadata.upstream.detail])):
        yield Issue(
            "no-change-id",
            patch.header.titled or 1,
            None,
            "the patch has been in OpenStack's review, and has no Change-Id",
            why="by it the patch is found in upstream's history, however it was changed on the way",
            fix="copy the trailer `Change-Id: I...` from the review",
        )


def _added(patch: Patch) -> Iterator[Issue]:
    for fault in whitespace.faults(patch):
        count = len(fault.lines)
        lines = ", ".join(map(str, fault.lines[:SHOWN])) + (", ..." if count > SHOWN else "")
        yield Issue(
            "conflict-marker" if fault.what == whitespace.MARKER else "whitespace",
            fault.lines[0],
            fault.column,
            f"{count} of the lines it adds to {fault.path} {fault.what}",
            why=f"lines {lines} of the patch" if count > 1 else "",
            fix="correct the commit, and make the patch anew",
        )
