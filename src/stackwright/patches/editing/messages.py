"""The messages of patches that become one, or two: subjects, paragraphs, and each trailer once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.patches import trailers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stackwright.patches.header import Field

# Fields that are said by the author, the date and the message of a commit.
OF_COMMITS = frozenset({"description", "subject", "author", "from", "date", "last-update"})


def joined(first: str, second: str) -> str:
    """Give the message of two patches in one: the first, then the second as paragraphs, then the trailers of both."""
    subject, body, last = _parts(first)
    other_subject, other_body, other_last = _parts(second)
    return _message([subject, body, other_subject, other_body], [*last, *other_last])


def with_subject(message: str, words: str) -> str:
    """Add words to the subject of a message."""
    subject, body, last = _parts(message)
    return _message([f"{subject} {words}", body], last)


def with_fields(message: str, fields: Iterable[Field]) -> str:
    """Let a message have, as trailers, the fields that a header has beside it, so that none is lost with the header."""
    said = {line.partition(":")[0].lower() for line in message.splitlines()}
    missing = [
        f"{field.name}: {field.value}"
        for field in fields
        if not field.trailer and field.name.lower() not in OF_COMMITS | said
    ]
    subject, body, last = _parts(message)
    return _message([subject, body], [*missing, *last]) if missing else message


def tidy(message: str) -> str:
    """Give a message as git-stripspace(1) would, which git-commit(1) does to what it is given."""
    found: list[str] = []
    for line in message.split("\n"):
        text = line.rstrip()
        if text or (found and found[-1]):
            found.append(text)
    return "\n".join(found).rstrip("\n") + "\n"


def _parts(message: str) -> tuple[str, str, list[str]]:
    subject, _, rest = message.strip("\n").partition("\n\n")
    lines = rest.split("\n")
    where = trailers.block(lines)
    body = "\n".join(lines[: where.start]).strip("\n")
    return subject, body, lines[where.start : where.stop]


def _message(paragraphs: Sequence[str], last: Sequence[str]) -> str:
    once = list(dict.fromkeys(last))
    return "\n\n".join(part for part in (*paragraphs, "\n".join(once)) if part) + "\n"
