"""The rules on the fields of a patch."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

from stackwright.distribution.texts import NAME_RULE, is_name
from stackwright.errors import suggestion
from stackwright.patches.header import BUG, DEP3, OURS
from stackwright.patches.metadata import (
    URL,
    UpstreamState,
    counts_as,
    day,
    is_from_upstream,
    state_by_forwarded,
    status_of,
    without_secrets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from stackwright.distribution import PatchRules
    from stackwright.patches.header import Field
    from stackwright.patches.metadata import Metadata
    from stackwright.patches.model import Patch

# Trailers in use that are nobody's mistake: git's, Gerrit's and OpenStack's.
USUAL = frozenset(
    {
        *(
            "acked-by",
            "assisted-by",
            "cc",
            "closes",
            "co-authored-by",
            "co-developed-by",
            "date",
            "fixes",
            "generated-by",
        ),
        *("helped-by", "link", "reported-by", "signed-off-by", "suggested-by", "tested-by"),
        *("apiimpact", "blueprint", "depends-on", "docimpact", "implements", "needed-by", "partially-implements"),
        *("related", "securityimpact", "story", "task", "topic", "upgradeimpact"),
    }
)
READ = (
    DEP3 | OURS | {"bug-debian", "bug-ubuntu", "change-id", "closes-bug", "partial-bug", "related-bug", "reviewed-on"}
)
# What is likely meant as a field wherever it stands in a message.
MEANT = OURS - {"review"} | {"change-id", "forwarded", "applied-upstream"}
LIKE_A_FIELD = re.compile(r"([A-Za-z]+(?:[-_ ][A-Za-z]+)*)[ \t]*:[ \t]+\S")
# What there can be one of.
SINGLE = (
    "intent",
    "owner",
    "upstream-status",
    "expires",
    "set",
    "change-id",
    "forwarded",
    "origin",
    "applied-upstream",
)
COMMIT = re.compile(r"\b[0-9a-f]{7,64}\b")
# What patches are asked for without having to ask for it.
USUALLY = ("owner", "intent", "upstream-status")
EXAMPLES = {
    "owner": "Owner: Name <mail>",
    "intent": "Intent: why the patch is carried",
    "upstream-status": "Upstream-Status: Pending",
    "review": "Review: https://...",
    "bug": "Bug: https://...",
    "expires": "Expires: 2026-12-01",
    "change-id": "Change-Id: I...",
}


class Issue(NamedTuple):
    """What a rule has found, in a line of a patch file."""

    rule: str
    line: int
    column: int | None
    what: str
    why: str = ""
    fix: str = ""


def issues(patch: Patch, rules: PatchRules, today: date) -> Iterator[Issue]:
    """Give what is wrong with the fields of a patch."""
    metadata = patch.metadata
    yield from _names(metadata)
    yield from _misplaced(patch)
    yield from _missing(patch, rules)
    yield from _status(metadata)
    yield from _values(metadata)
    yield from _expiry(metadata, rules, today)
    yield from _disagreements(metadata)


def _names(metadata: Metadata) -> Iterator[Issue]:
    for field in metadata.fields:
        name = field.name.lower()
        if name in READ | USUAL or BUG.fullmatch(name) or name.startswith("x-"):
            continue
        if get_close_matches(name, READ, n=1, cutoff=0.8):
            yield Issue(
                "mistyped-field",
                field.line,
                field.column,
                f"the field {field.name!r} is unknown, and not read",
                fix=suggestion(name.title(), map(str.title, READ)),
            )
        else:
            yield Issue(
                "unknown-field",
                field.line,
                field.column,
                f"the field {field.name!r} is unknown, and not read",
                fix="nothing, if another program reads it",
            )


def _misplaced(patch: Patch) -> Iterator[Issue]:
    """Find what is meant as a field, and is none by its place or its form."""
    read = {field.line for field in patch.metadata.fields if counts_as(field)}
    for line in patch.header.lines:
        match = LIKE_A_FIELD.match(line.text)
        meant = re.sub("[ _]", "-", match[1].lower()) if match else ""
        if match is None or line.number in read or meant not in MEANT:
            continue
        if meant != match[1].lower():
            yield Issue(
                "mistyped-field",
                line.number,
                line.column,
                f"the field {match[1]!r} is unknown, and not read",
                fix=f"did you mean {meant.title()!r}?",
            )
        else:
            yield _misplaced_field(match[1], line.number, line.column)
    for field in patch.metadata.fields:
        if not counts_as(field) and field.line not in {line.number for line in patch.header.lines}:
            yield _misplaced_field(field.name, field.line, field.column)


def _misplaced_field(name: str, line: int, column: int) -> Issue:
    if name.lower() == "change-id":
        why = "a Change-Id counts in the trailers only, as Gerrit has it: the last paragraph of the message"
    else:
        why = "fields are trailers, in the last paragraph of the message, or a paragraph with nothing but fields in it"
    return Issue(
        "misplaced-field",
        line,
        column,
        f"{name!r} is not read here",
        why,
        "move it to the last paragraph of the message",
    )


def _missing(patch: Patch, rules: PatchRules) -> Iterator[Issue]:
    metadata = patch.metadata
    there = {
        "owner": metadata.owner,
        "intent": metadata.intent,
        # One that cannot be read is told as such.
        "upstream-status": metadata.upstream or metadata.last_of("upstream-status"),
        "review": metadata.reviews,
        "bug": metadata.bugs,
        "expires": metadata.last_of("expires"),
        "change-id": metadata.change_id,
    }
    for name, value in there.items():
        required = name in rules.require
        if value or not (required or name in USUALLY):
            continue
        yield Issue(
            "missing" if required else f"no-{name}",
            patch.header.titled or 1,
            None,
            f"the patch does not say its {name.replace('-', ' ')}",
            "distribution.yaml requires it" if required else "",
            f"add the line `{EXAMPLES[name]}` to the last paragraph of its message, or to its other fields",
        )


def _status(metadata: Metadata) -> Iterator[Issue]:
    written, upstream = metadata.last_of("upstream-status"), metadata.upstream
    if written and upstream is None:
        word = written.value.partition(" ")[0].partition("[")[0]
        states = [state.value for state in UpstreamState]
        yield Issue(
            "bad-status",
            written.line,
            written.at,
            f"{word!r} is no state of a patch upstream" if word else "Upstream-Status has no value",
            fix=suggestion(word.capitalize(), states) if word else f"one of: {', '.join(states)}",
        )
    if upstream is None:
        return
    lacks = ""
    if upstream.state is UpstreamState.SUBMITTED and not metadata.reviews:
        lacks, example = "the address where", "Upstream-Status: Submitted [https://...]"
    elif upstream.state is UpstreamState.BACKPORT and not _names_commit(metadata, upstream.detail):
        lacks, example = "the commit", "Upstream-Status: Backport [https://... or the commit]"
    elif upstream.state is UpstreamState.INAPPROPRIATE and upstream.field.name.lower() == "upstream-status":
        lacks, example = "" if upstream.detail else "the reason", "Upstream-Status: Inappropriate [the reason]"
    if lacks:
        yield Issue(
            "incomplete-status",
            upstream.field.line,
            upstream.field.at,
            f"{upstream.state} does not say {lacks}",
            fix=f"write `{example}`",
        )


def _names_commit(metadata: Metadata, detail: str) -> bool:
    texts = [detail, *(field.value for field in metadata.all_of("origin"))]
    return bool(metadata.cherry_picked_from) or any(URL.search(text) or COMMIT.search(text) for text in texts)


def _values(metadata: Metadata) -> Iterator[Issue]:
    for field in metadata.all_of("review"):
        if not all(map(URL.fullmatch, re.split(r"[\s,]+", field.value))):
            yield Issue(
                "bad-review",
                field.line,
                field.at,
                f"{without_secrets(field.value)!r} is not an address" if field.value else f"{field.name} has no value",
                fix="write it like https://review.opendev.org/c/openstack/nova/+/912345",
            )
    for field in metadata.all_of("set"):
        if not is_name(field.value):
            yield Issue("bad-set", field.line, field.at, f"{field.value!r} cannot be the name of a set", fix=NAME_RULE)


def _expiry(metadata: Metadata, rules: PatchRules, today: date) -> Iterator[Issue]:
    field = metadata.last_of("expires")
    for bad in metadata.all_of("expires"):
        if day(bad.value) is None:
            yield Issue("bad-date", bad.line, bad.at, f"{bad.value!r} is not a date", fix="write it like 2026-12-01")
    if field is None or metadata.expires is None:
        return
    left = (metadata.expires - today).days
    if left < 0:
        owner = f" with {metadata.owner}" if metadata.owner else ""
        yield Issue(
            "expired",
            field.line,
            field.at,
            f"the patch expired on {metadata.expires}",
            fix=f"take it out of the series, or agree on another day{owner}",
        )
    elif left <= rules.expires_within:
        when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days, on {metadata.expires}")
        yield Issue("expires-soon", field.line, field.at, f"the patch expires {when}", fix="see whether it can go")


def _disagreements(metadata: Metadata) -> Iterator[Issue]:
    for name in SINGLE:
        found = metadata.all_of(name)
        for before, field in pairwise(found):
            if field.value != before.value:
                yield _disagreement(before, field)
    says = [(field, state) for field in metadata.fields if (state := _said_by(field)) is not None]
    for (one, first), (other, second) in combinations(says, 2):
        if one.name.lower() != other.name.lower() and not first & second:
            yield _disagreement(one, other)


def _said_by(field: Field) -> frozenset[UpstreamState] | None:
    """Give the states that a field can go with; None if it says nothing about that."""
    state = UpstreamState
    match field.name.lower():
        case "upstream-status":
            status, _ = status_of(field.value)
            return frozenset({status}) if status else None
        case "applied-upstream":
            return frozenset({state.BACKPORT})
        case "origin":
            if is_from_upstream(field.value):
                return frozenset({state.BACKPORT})
            return frozenset(state) - {state.BACKPORT} if field.value.lower().startswith("vendor") else None
        case "forwarded":
            # What came from upstream need not be sent there: what it says then does not matter (DEP-3).
            return {
                state.PENDING: frozenset(state) - {state.SUBMITTED, state.DENIED},
                state.INAPPROPRIATE: frozenset(state) - {state.SUBMITTED, state.PENDING},
                state.SUBMITTED: frozenset(state) - {state.PENDING, state.INAPPROPRIATE},
            }[state_by_forwarded(field.value)]
    return None


def _disagreement(one: Field, other: Field) -> Issue:
    said = [f"`{field.name}: {without_secrets(field.value)}`" for field in (one, other)]
    return Issue(
        "disagreement",
        other.line,
        other.column,
        f"{said[1]} disagrees with {said[0]}",
        why=f"that is in line {one.line}",
        fix="correct one of them, or remove it",
    )
