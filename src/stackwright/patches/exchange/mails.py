"""Several patches in one file: a mailbox, as git-mailsplit(1) takes it apart, or what git-show(1) prints of several."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

# What git-mailsplit(1) takes for the first line of a mail. In a patch it stands in the message at most: the lines of
# a diff begin with other characters.
FROM = re.compile(rb"^From [^\n]*\d.\d\d:\d\d[^\n:]*\d\d[^\n:]*\n", re.MULTILINE)
FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:")
# How git-format-patch(1) begins a mail, and how it ends one.
MAGIC = re.compile(rb"From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\n")
SIGNATURE = re.compile(rb"\n-- \n[^\n]*\n\n\Z")
COVER = re.compile(rb"^Subject: [^\n]*\[[^]\n]*\b0+/\d+[^]\n]*\]", re.MULTILINE)
DIFF = re.compile(rb"^(?:diff -|Index: |--- \S)", re.MULTILINE)
SHOWN = re.compile(rb"^commit [0-9a-f]{40}(?: \([^\n]*\))?\n(?=(?:Merge|Author): )", re.MULTILINE)
SUBJECT_LENGTH = 57  # what git-format-patch(1) leaves for the number and the subject


@dataclass(frozen=True)
class Part:
    """One of several patches in a file.

    :param line: where it begins, from 1
    """

    content: bytes
    line: int

    @property
    def has_diff(self) -> bool:
        """Whether it can be a patch: a cover letter and an answer to a mail are none."""
        return DIFF.search(self.content) is not None


def split(data: bytes) -> list[Part]:
    """Take a file apart into its patches; together they are the file, to the byte, but for empty lines before them.

    A line ``From ...`` in a message is no border, unless a mail's header follows it. Git takes any that has a time.
    """
    start = len(data) - len(data.lstrip())
    if SHOWN.match(data, start):
        borders = [match.start() for match in SHOWN.finditer(data)]
    elif FROM.match(data, start):
        borders = _mail_borders(data, start)
    else:
        borders = [start]
    return [Part(data[begin:end], data.count(b"\n", 0, begin) + 1) for begin, end in pairwise([*borders, len(data)])]


def foreign_borders(data: bytes) -> list[int]:
    """Give the lines, from 1, at which git-mailsplit(1) would cut a single mail in two."""
    return [data.count(b"\n", 0, match.start()) + 1 for match in FROM.finditer(data, 1)]


def sanitized(subject: str) -> str:
    """Give a subject in the form that git-format-patch(1) names its files by."""
    name = re.sub(r"[^A-Za-z0-9._]+", "-", subject).lstrip("-")
    return re.sub(r"\.{2,}", ".", name).rstrip(".-")


def file_name(number: int, subject: str) -> str:
    """Give the name that git-format-patch(1) gives a file."""
    return f"{number:04}-{sanitized(subject)}"[:SUBJECT_LENGTH] + ".patch"


def _mail_borders(data: bytes, start: int) -> list[int]:
    borders = [start]
    for match in FROM.finditer(data, start + 1):
        if FIELD.match(data, match.end()) and _is_whole(data[borders[-1] : match.start()]):
            borders.append(match.start())
    return borders


def _is_whole(part: bytes) -> bool:
    """Tell whether a mail may end here. One of git's is a patch: what comes before its diff is its message."""
    return MAGIC.match(part) is None or any(form.search(part) for form in (DIFF, COVER, SIGNATURE))
