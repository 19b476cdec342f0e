"""What a patch says of itself: why it is carried, by whom, where it stands upstream, and until when.

The fields are git's trailers and DEP-3's; `Upstream-Status` has the words of OpenEmbedded. Where it is missing, DEP-3's
`Applied-Upstream`, `Origin` and `Forwarded` say where a patch stands, in this order. The intent is the field `Intent`
only: a description says what a patch does, not why it is carried.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from stackwright.patches.header import BUG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.patches.header import Field, Header

DAY = re.compile(r"\d{4}-\d\d-\d\d")
STATUS = re.compile(r"([A-Za-z-]+)\s*(?:\[(.*)\]|(.*))", re.DOTALL)
URL = re.compile(r"https?://[^\s\[\]<>(),]+")
PICKED = re.compile(r"\(cherry picked from commit ([0-9a-f]{7,64})\)")
# The user and password of an address. ssh needs a user; http shows a token where it has one.
SECRET = re.compile(
    r"(?P<before>https?://)[^/\s@]+@|(?P<other>\b[a-z][a-z0-9+.-]*://)[^/\s@:]*:[^/\s@]*@", re.IGNORECASE
)


class UpstreamState(StrEnum):
    """Where a patch stands upstream, in OpenEmbedded's words."""

    PENDING = "Pending"
    SUBMITTED = "Submitted"
    BACKPORT = "Backport"
    DENIED = "Denied"
    INAPPROPRIATE = "Inappropriate"
    INACTIVE = "Inactive-Upstream"


@dataclass(frozen=True)
class UpstreamStatus:
    """Where a patch stands upstream.

    :param detail: what else is said of it: where it was sent, the commit, the reason
    :param field: what says it
    """

    state: UpstreamState
    detail: str
    field: Field


@dataclass(frozen=True)
class Metadata:
    """What a patch says of itself. A field that may be there once counts as it is written last.

    Users and passwords in addresses are left out of all but the fields.

    :param reviews: the addresses where it is, or was, under review
    :param bugs: what it is about, as written: an address, or `#` and a number
    :param expires: the last day on which it is to be carried
    :param set_name: the set that it is one of: patches, of several components, that go together
    :param change_id: Gerrit's, from the trailers
    :param cherry_picked_from: the commits that it was taken from, in git's own words
    :param fields: everything it is read from, and what else is written beside it, in the order of the file
    """

    intent: str = ""
    owner: str = ""
    reviews: tuple[str, ...] = ()
    bugs: tuple[str, ...] = ()
    upstream: UpstreamStatus | None = None
    expires: date | None = None
    set_name: str = ""
    change_id: str = ""
    cherry_picked_from: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()

    def all_of(self, name: str) -> tuple[Field, ...]:
        """Give the fields of a name, which is not case-sensitive."""
        return tuple(field for field in self.fields if counts_as(field) == name.lower())

    def last_of(self, name: str) -> Field | None:
        """Give the field of a name that counts."""
        found = self.all_of(name)
        return found[-1] if found else None


def metadata_of(header: Header) -> Metadata:
    """Read what a patch says of itself; what cannot be read is left out (and found by lint)."""
    raw = Metadata(fields=header.fields)

    def value(name: str) -> str:
        field = raw.last_of(name)
        return field.value if field else ""

    upstream = _upstream(raw)
    return Metadata(
        intent=value("intent"),
        owner=value("owner"),
        reviews=tuple(dict.fromkeys(_reviews(raw, upstream))),
        bugs=tuple(
            dict.fromkeys(
                without_secrets(field.value)
                for field in header.fields
                if BUG.fullmatch(field.name.lower()) and field.value
            )
        ),
        upstream=upstream,
        expires=day(value("expires")),
        set_name=value("set"),
        change_id=value("change-id"),
        cherry_picked_from=tuple(match[1] for line in header.lines if (match := PICKED.fullmatch(line.text.strip()))),
        fields=header.fields,
    )


def summary(metadata: Metadata, today: date | None = None) -> str:
    """Give what a list has room for: `Submitted, expires 2026-12-01, set flavors`.

    :param today: to tell whether it has expired
    """
    expired = metadata.expires is not None and today is not None and metadata.expires < today
    parts = [
        str(metadata.upstream.state) if metadata.upstream else "",
        f"{'expired' if expired else 'expires'} {metadata.expires}" if metadata.expires else "",
        f"set {metadata.set_name}" if metadata.set_name else "",
    ]
    return ", ".join(filter(None, parts))


def without_secrets(text: str) -> str:
    """Give a text whose addresses have no user and no password in them."""
    return SECRET.sub(lambda match: match["before"] or match["other"], text)


def day(text: str) -> date | None:
    """Read a day such as 2026-12-01; None if it is none."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def status_of(text: str) -> tuple[UpstreamState | None, str]:
    """Read the value of `Upstream-Status`: the state, None if there is none of this name, and what is said of it."""
    match = STATUS.match(text)
    if match is None:
        return None, ""
    states = {state.lower(): state for state in UpstreamState}
    return states.get(match[1].lower()), without_secrets((match[2] or match[3] or "").strip())


def state_by_forwarded(text: str) -> UpstreamState:
    """Give what DEP-3's `Forwarded` means: anything but `no` and `not-needed` says that the patch was sent."""
    word = text.lower()
    if word == "no":
        return UpstreamState.PENDING
    return UpstreamState.INAPPROPRIATE if word == "not-needed" else UpstreamState.SUBMITTED


def is_from_upstream(origin: str) -> bool:
    """Tell whether DEP-3's `Origin` says that a patch was made upstream."""
    return re.match(r"(upstream|backport)\b", origin.lower()) is not None


def counts_as(field: Field) -> str:
    """Give the name that a field is read by; none for a Change-Id outside the trailers, as Gerrit has it."""
    name = field.name.lower()
    if name == "change-id":
        return name if field.trailer else ""
    return "review" if name == "reviewed-on" else name


def _upstream(raw: Metadata) -> UpstreamStatus | None:
    written = raw.last_of("upstream-status")
    if written:
        state, detail = status_of(written.value)
        return UpstreamStatus(state, detail, written) if state else None
    applied, origin, forwarded = map(raw.last_of, ("applied-upstream", "origin", "forwarded"))
    if applied:
        return UpstreamStatus(UpstreamState.BACKPORT, without_secrets(applied.value), applied)
    if origin and is_from_upstream(origin.value):
        detail = without_secrets(origin.value.partition(",")[2].strip())
        return UpstreamStatus(UpstreamState.BACKPORT, detail, origin)
    if forwarded and forwarded.value:
        state = state_by_forwarded(forwarded.value)
        detail = without_secrets(forwarded.value) if state is UpstreamState.SUBMITTED else ""
        return UpstreamStatus(state, detail, forwarded)
    return None


def _reviews(raw: Metadata, upstream: UpstreamStatus | None) -> Iterator[str]:
    texts = [field.value for field in raw.all_of("review")]
    texts += [upstream.detail] if upstream and upstream.state is UpstreamState.SUBMITTED else []
    texts += [field.value for field in raw.all_of("forwarded")]
    for text in texts:
        yield from URL.findall(without_secrets(text))
