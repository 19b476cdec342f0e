"""What stands before the diff of a patch: a mail, DEP-3 fields, what ``git show`` prints, or just words.

Fields are read where the two customs have them: git's trailers (git-interpret-trailers(1)), and sets of DEP-3 fields
(https://dep-team.pages.debian.net/deps/dep3/), of which the first begins the header and others are paragraphs of
their own. Nothing behind a line ``---`` is read.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stackwright.patches import trailers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):[ \t]?(.*)")
BUG = re.compile(r"bug(-[a-z0-9-]+)?|(closes|partial|related)-bug")
DEP3 = frozenset(
    {
        "description",
        "subject",
        "author",
        "from",
        "origin",
        "bug",
        "forwarded",
        "reviewed-by",
        "acked-by",
        "last-update",
        "applied-upstream",
    }
)
OURS = frozenset({"intent", "owner", "review", "expires", "set", "upstream-status"})
# What programs write between a message and a plain diff.
DIFF_LINE = re.compile(r"(diff -|Index: |Only in .*: )")
SEPARATOR = re.compile(r"---\s*")
SUMMARY = re.compile(r" \d+ files? changed(, .*)?")
MBOX = re.compile(r"From \S+\s.*\d\d:\d\d")
OF_MAILS = frozenset({"from", "date", "subject"})
# RFC 2047: what mails have for words that are not ASCII.
ENCODED = re.compile(r"=\?([^?\s]+)\?([qQbB])\?([^?\s]*)\?=")


class HeadLine(NamedTuple):
    """A line of what stands before the diff.

    :param number: its number in the patch file, from 1
    :param column: where its text begins, from 1
    """

    number: int
    column: int
    text: str


@dataclass(frozen=True)
class Field:
    """A field as it is written.

    :param value: its lines in one
    :param line: the line of the patch file it begins in
    :param column: where its name does
    :param at: where its value does
    :param trailer: it is one of git's trailers
    """

    name: str
    value: str
    line: int
    column: int
    at: int
    trailer: bool = False


@dataclass(frozen=True)
class Header:
    """Who made a patch, when, and what they say of it.

    :param fields: in the order of the file, without those that every mail has
    :param lines: those that the message is in
    :param attached: the mail has parts, and the message and the diff are two of them
    :param titled: the line of the subject; None if it has none
    :param signed: the line of the author; None if it has none
    """

    author: str = ""
    date: str = ""
    message: str = ""
    encoding: str = ""
    attached: bool = False
    fields: tuple[Field, ...] = ()
    lines: tuple[HeadLine, ...] = ()
    titled: int | None = None
    signed: int | None = None


def parse(text: bytes) -> Header:
    """Read what stands before a diff, in any of the forms in use; what is in none of them is the message."""
    lines = _relevant(text)
    if not lines:
        return Header()
    first = lines[0].text
    field = FIELD.match(first)
    if first.startswith("commit ") and len(lines) > 1:
        return _shown(lines)
    if MBOX.match(first) or (field and field[1].lower() in {"from", "date", "message-id", "received"}):
        return _mail(lines)
    if field and _is_known(field[1]):
        return _dep3(lines)
    return Header(
        message="\n".join(line.text for line in lines).strip(),
        fields=tuple(_fields(_behind_title(lines))),
        lines=tuple(lines),
        titled=lines[0].number,
    )


def _relevant(text: bytes) -> list[HeadLine]:
    """Give the lines up to what programs add for other programs, without empty ones at the beginning."""
    lines = _decoded(text).split("\n")
    end = _end_of_message(lines)
    found: list[HeadLine] = []
    for number, line in enumerate(lines[:end], start=1):
        if found or line.strip():
            found.append(HeadLine(number, 1, line.removesuffix("\r")))
    if end is not None:
        return found
    # Without a line `---`, these belong to the diff.
    return found[: next((at for at, line in enumerate(found) if DIFF_LINE.match(line.text)), len(found))]


def _end_of_message(lines: Sequence[str]) -> int | None:
    """Give the index of the line ``---`` that ends the message; None if there is none.

    It is the first, unless git's summary stands behind the last, and nothing else: then those before it are the
    author's own.
    """
    dashes = [at for at, line in enumerate(lines) if SEPARATOR.fullmatch(line)]
    if not dashes:
        return None
    behind = [line for line in lines[dashes[-1] + 1 :] if line.strip()]
    summed = any(map(SUMMARY.fullmatch, behind)) and all(line.startswith(" ") for line in behind)
    return dashes[-1] if summed else dashes[0]


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _mail(lines: list[HeadLine]) -> Header:
    """Read a mail as git-format-patch(1) writes it; From: and Date: at the head of its body count more (git-am(1))."""
    if MBOX.match(lines[0].text):
        lines = lines[1:]
    head, body = _split(lines)
    fields = list(_set_of_fields(head))
    said = {field.name.lower(): field for field in reversed(fields)}
    while body and (match := FIELD.match(body[0].text)) and match[1] in {"From", "Date", "Subject"}:
        said[match[1].lower()] = _field(body.pop(0), match)
    values = {name: _without_encoded_words(field.value) for name, field in said.items()}
    # What git-format-patch(1) has added, and nothing that the author wrote: as git-am(1) does with --keep-non-patch.
    subject = re.sub(r"^(\s*\[[^]]*PATCH[^]]*\])+\s*", "", values.get("subject") or values.get("description", ""))
    title, maker = said.get("subject") or said.get("description"), said.get("from")
    return Header(
        author=_plain_address(values.get("from", "")),
        date=values.get("date", ""),
        message=_message(subject, [line.text for line in body]),
        encoding=values.get("content-transfer-encoding", "").lower(),
        attached=values.get("content-type", "").lower().startswith("multipart/"),
        fields=(
            *(field for field in fields if _is_known(field.name) and field.name.lower() not in OF_MAILS),
            *_fields(body),
        ),
        lines=tuple(body),
        titled=title.line if title and subject else None,
        signed=maker.line if maker else None,
    )


def _dep3(lines: list[HeadLine]) -> Header:
    """Read fields, which may be folded, and words after them. What is folded into the description is message, too."""
    head, body = _split(lines)
    fields = list(_set_of_fields(head))
    parts: dict[str, list[HeadLine]] = {}
    words: list[HeadLine] = []
    current: list[HeadLine] | None = None
    for line in head:
        match = FIELD.match(line.text)
        if match:
            current = parts.setdefault(match[1].lower(), [])
            current.append(HeadLine(line.number, match.start(2) + 1, match[2].strip()))
        elif current is not None and line.text[:1] in (" ", "\t"):
            current.append(HeadLine(line.number, 2, "" if line.text.strip() == "." else line.text[1:]))
        else:
            current = None
            words.append(line)
    nothing = [HeadLine(lines[0].number, 1, "")]
    description = parts.get("description") or parts.get("subject") or nothing
    author = parts.get("author") or parts.get("from") or nothing
    date = parts.get("date") or parts.get("last-update") or nothing
    said = _joined(description[1:], words, body)
    return Header(
        author=author[0].text,
        date=date[0].text,
        message=_message(description[0].text, [line.text for line in said]),
        fields=tuple(sorted((*fields, *_fields(said)), key=lambda field: field.line)),
        lines=tuple(said),
        titled=description[0].number if description[0].text else None,
        signed=author[0].number if author[0].text else None,
    )


def _joined(*paragraphs: list[HeadLine]) -> list[HeadLine]:
    """Put paragraphs behind one another, with an empty line between any two."""
    found: list[HeadLine] = []
    for paragraph in filter(None, paragraphs):
        found += [HeadLine(paragraph[0].number, 1, ""), *paragraph] if found else paragraph
    return found


def _shown(lines: list[HeadLine]) -> Header:
    """Read what git-show(1) prints: fields, then the message moved right by four, then perhaps notes."""
    head, rest = _split(lines)
    body: list[HeadLine] = []
    for line in rest:
        if line.text.strip() and not line.text.startswith("    "):
            break
        body.append(HeadLine(line.number, 5, line.text[4:]))
    said = {match[1]: (match[2].strip(), line.number) for line in head if (match := FIELD.match(line.text))}
    while body and not body[0].text.strip():
        body.pop(0)
    return Header(
        author=said.get("Author", ("",))[0],
        date=said.get("AuthorDate", said.get("Date", ("",)))[0],
        message="\n".join(line.text for line in body).rstrip("\n"),
        fields=tuple(_fields(_behind_title(body))),
        lines=tuple(body),
        titled=body[0].number if body else None,
        signed=said["Author"][1] if "Author" in said else None,
    )


def _fields(lines: Sequence[HeadLine]) -> Iterator[Field]:
    """Find the fields of a message: git's trailers, and paragraphs that are sets of DEP-3 fields.

    :param lines: what follows the subject and an empty line
    """
    texts = [line.text for line in lines]
    last = trailers.block(texts)
    for paragraph in _paragraphs(lines[: last.start]):
        if _is_set_of_fields(paragraph):
            yield from _set_of_fields(paragraph)
    for found in trailers.read(texts, last):
        line = lines[found.row]
        yield Field(found.name, found.value, line.number, line.column, line.column + found.at, trailer=True)


def _is_set_of_fields(lines: Sequence[HeadLine]) -> bool:
    matches = [FIELD.match(line.text) for line in lines]
    folded = all(match or line.text[:1] in (" ", "\t") for match, line in zip(matches, lines, strict=True))
    return folded and matches[0] is not None and any(match and _is_known(match[1]) for match in matches)


def _set_of_fields(lines: Iterable[HeadLine]) -> Iterator[Field]:
    current: Field | None = None
    for line in lines:
        match = FIELD.match(line.text)
        if match is None and current and line.text[:1] in (" ", "\t"):
            folded = f"{current.value} {line.text.strip()}".strip()
            current = Field(current.name, folded, current.line, current.column, current.at)
            continue
        if current:
            yield current
        current = _field(line, match) if match else None
    if current:
        yield current


def _field(line: HeadLine, match: re.Match[str]) -> Field:
    at = match.start(2) + len(match[2]) - len(match[2].lstrip())
    return Field(match[1], match[2].strip(), line.number, line.column, line.column + at)


def _is_known(name: str) -> bool:
    return name.lower() in DEP3 | OURS or BUG.fullmatch(name.lower()) is not None


def _split(lines: list[HeadLine]) -> tuple[list[HeadLine], list[HeadLine]]:
    """Take the lines up to the first empty one from those after it."""
    end = next((at for at, line in enumerate(lines) if not line.text.strip()), len(lines))
    return lines[:end], lines[end + 1 :]


def _behind_title(lines: list[HeadLine]) -> list[HeadLine]:
    return _split(lines)[1]


def _paragraphs(lines: Sequence[HeadLine]) -> Iterator[list[HeadLine]]:
    rest = list(lines)
    while rest:
        paragraph, rest = _split(rest)
        if paragraph:
            yield paragraph


def _without_encoded_words(value: str) -> str:
    joined = re.sub(rf"({ENCODED.pattern})\s+(?={ENCODED.pattern})", r"\1", value)
    return ENCODED.sub(_plain_word, joined)


def _plain_word(word: re.Match[str]) -> str:
    charset, way, text = word.groups()
    try:
        coded = text.encode("ascii")
        plain = binascii.a2b_base64(coded) if way in "bB" else binascii.a2b_qp(coded, header=True)
        return plain.decode(charset)
    except (ValueError, LookupError):
        return word[0]


def _plain_address(address: str) -> str:
    quoted = re.match(r'"((?:[^"\\]|\\.)*)"', address)
    return re.sub(r"\\(.)", r"\1", quoted[1]) + address[quoted.end() :] if quoted else address


def _message(subject: str, body: list[str]) -> str:
    return f"{subject}\n\n{_trimmed(body)}".strip()


def _trimmed(lines: list[str]) -> str:
    return "\n".join(lines).strip("\n")
