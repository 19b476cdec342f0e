"""The header that Debian has for patches (https://dep-team.pages.debian.net/deps/dep3/), made of what a patch says.

Nothing is lost: the whole message, with its trailers, is the description; the exact date is the field ``Date``, which
programs that do not know it leave alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from stackwright.patches.header import BUG, DEP3
from stackwright.patches.metadata import UpstreamState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.patches.metadata import Metadata
    from stackwright.patches.model import Patch

# Made of the message, the author and the date, or written by the patch in a way that is read as these.
OWN = frozenset({"description", "subject", "author", "from", "last-update", "date"})


def is_dep3(patch: Patch) -> bool:
    """Tell whether a patch begins with such a header already."""
    first = patch.head.lstrip().partition(b":")[0].decode("latin-1").lower()
    return first in {"description", "subject", "origin"} and not patch.header.encoding


def header_of(patch: Patch, *, author: str, date: str, message: str) -> bytes:
    """Give the header of a patch, up to and with the line ``---``.

    :param author: ``Name <address>``
    :param date: as git keeps it: ``1700000000 +0100``
    :param message: the whole
    """
    seconds, _, zone = date.partition(" ")
    moment = parsedate_to_datetime(f"Thu, 01 Jan 1970 00:00:00 {zone}")
    moment = datetime.fromtimestamp(int(seconds), moment.tzinfo or UTC)
    fields = [
        *_description(message),
        f"Author: {author}",
        *_fields(patch.metadata),
        f"Last-Update: {moment:%Y-%m-%d}",
        f"Date: {format_datetime(moment)}",
        "---",
    ]
    return "".join(f"{line}\n" for line in fields).encode("utf-8", "surrogateescape")


def _description(message: str) -> Iterator[str]:
    subject, _, body = message.rstrip("\n").partition("\n")
    yield f"Description: {subject}"
    for line in body.removeprefix("\n").split("\n") if body.strip() else ():
        yield f" {line}" if line.strip() else " ."


def _fields(metadata: Metadata) -> Iterator[str]:
    """Give the fields that DEP-3 knows: as they are written, else as the others say."""
    written = {field.name.lower() for field in metadata.fields}
    for field in metadata.fields:
        name = field.name.lower()
        if name in OWN or not (name in DEP3 or BUG.fullmatch(name)) or not field.value:
            continue
        yield f"{field.name}: {field.value}" if name in DEP3 or name.startswith("bug") else f"Bug: {field.value}"
    if "origin" not in written:
        yield from _origin(metadata)
    if "forwarded" not in written:
        yield from _forwarded(metadata)


def _origin(metadata: Metadata) -> Iterator[str]:
    upstream = metadata.upstream
    if metadata.cherry_picked_from:
        yield f"Origin: backport, commit:{metadata.cherry_picked_from[-1]}"
    elif upstream and upstream.state is UpstreamState.BACKPORT and upstream.field.name.lower() == "upstream-status":
        yield f"Origin: backport, {upstream.detail}" if upstream.detail else "Origin: backport"


def _forwarded(metadata: Metadata) -> Iterator[str]:
    if metadata.upstream is None or metadata.upstream.field.name.lower() != "upstream-status":
        if metadata.reviews:
            yield f"Forwarded: {metadata.reviews[0]}"
        return
    state = metadata.upstream.state
    if state is UpstreamState.INAPPROPRIATE:
        yield "Forwarded: not-needed"
    elif state is UpstreamState.PENDING:
        yield "Forwarded: no"
    elif state in (UpstreamState.SUBMITTED, UpstreamState.DENIED, UpstreamState.INACTIVE):
        yield f"Forwarded: {metadata.reviews[0] if metadata.reviews else 'yes'}"
