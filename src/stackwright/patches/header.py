"""What stands before the diff of a patch: a mail, DEP-3 fields, what ``git show`` prints, or just words."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass

FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]?(.*)")
DEP3 = frozenset(
    {
        "description",
        "subject",
        "author",
        "from",
        "origin",
        "bug",
        "bug-debian",
        "forwarded",
        "last-update",
        "applied-upstream",
    }
)


@dataclass(frozen=True)
class Header:
    """Who made a patch, when, and what they say of it."""

    author: str = ""
    date: str = ""
    message: str = ""
    encoding: str = ""


def parse(text: bytes) -> Header:
    """Read what stands before a diff, in any of the forms in use; what is in none of them is the message."""
    lines = _decoded(text).splitlines()
    while lines and not lines[0].strip():
        lines.pop(0)
    if not lines:
        return Header()
    if lines[0].startswith("commit ") and len(lines) > 1:
        return _shown(lines)
    first = FIELD.match(lines[0])
    if lines[0].startswith("From ") or (first and first[1].lower() in {"from", "date", "message-id", "received"}):
        return _mail(text.lstrip())
    if first and first[1].lower() in DEP3:
        return _dep3(lines)
    return Header(message="\n".join(lines).strip())


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _mail(text: bytes) -> Header:
    """Read a mail as git-format-patch(1) writes it; From: and Date: at the head of its body count more (git-am(1))."""
    head, _, body_bytes = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    if head.startswith(b"From "):
        head = head.partition(b"\n")[2]
    message = email.message_from_bytes(head + b"\n\n", policy=email.policy.default)
    fields = {name: str(message.get(name) or "").strip() for name in ("From", "Date", "Subject")}
    body = _decoded(body_bytes).splitlines()
    while body and (match := FIELD.match(body[0])) and match[1] in fields:
        fields[match[1]] = match[2].strip()
        body.pop(0)
    if "---" in body:
        body = body[: body.index("---")]
    # What git-format-patch(1) has added, and nothing that the author wrote: as git-am(1) does with --keep-non-patch.
    subject = re.sub(r"^(\s*\[[^]]*PATCH[^]]*\])+\s*", "", fields["Subject"])
    return Header(
        author=_plain_address(fields["From"]),
        date=fields["Date"],
        message=_message(subject, body),
        encoding=str(message.get("Content-Transfer-Encoding") or "").strip().lower(),
    )


def _dep3(lines: list[str]) -> Header:
    """Read fields (https://dep-team.pages.debian.net/deps/dep3/), which may be folded, and words after them."""
    fields: dict[str, list[str]] = {}
    words: list[str] = []
    current: list[str] | None = None
    for line in lines:
        match = FIELD.match(line)
        if line.strip() == "---":
            break
        if match:
            current = fields.setdefault(match[1].lower(), [])
            current.append(match[2].strip())
        elif current is not None and line[:1] in (" ", "\t"):
            current.append("" if line.strip() == "." else line[1:])
        else:
            current = None
            words.append(line)
    description = fields.get("description") or fields.get("subject") or [""]
    author = fields.get("author") or fields.get("from") or [""]
    date = fields.get("date") or fields.get("last-update") or [""]
    return Header(author=author[0], date=date[0], message=_message(description[0], [*description[1:], "", *words]))


def _shown(lines: list[str]) -> Header:
    """Read what git-show(1) prints: fields, then the message moved right by four."""
    fields = {match[1]: match[2].strip() for line in lines if (match := FIELD.match(line))}
    words = [line[4:] for line in lines if line.startswith("    ")]
    return Header(
        author=fields.get("Author", ""), date=fields.get("AuthorDate", fields.get("Date", "")), message="\n".join(words)
    )


def _plain_address(address: str) -> str:
    return re.sub(r'^"([^"]*)"', r"\1", address)


def _message(subject: str, body: list[str]) -> str:
    return f"{subject}\n\n{_trimmed(body)}".strip()


def _trimmed(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
