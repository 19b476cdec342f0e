"""How an explanation is told to a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stackwright.patches import trailers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.patches.history.explain import Cause, Explanation
    from stackwright.tools.git_commits import Commit

SHORT = 12


def told(one: Explanation) -> str:
    """Give the lines on one patch."""
    return "\n".join(_lines(one))


def trailers_of(commit: Commit) -> Mapping[str, str]:
    """Give the trailers of a commit by their names in small letters; of several, the last."""
    return {found.name.lower(): found.value for found in trailers.of_message(commit.message)}


def day_of(commit: Commit) -> str:
    """Give the day on which a commit was made."""
    seconds = int(commit.date.split()[0] or 0) if commit.date else 0
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _lines(one: Explanation) -> Iterator[str]:
    cause, name = one.cause, one.patch.name
    if cause is None:
        yield f"{name}: {one.state}; it applied nowhere that was looked at"
        count = f"{one.tried} {'commit changes' if one.tried == 1 else 'commits change'}"
        yield f"  back to {_named(one.oldest)} ({day_of(one.oldest)}), {count} the files that it touches"
        return
    yield f"{name}: {one.state}, since {_named(cause.commit)}"
    yield from _about(cause)
    for problem in cause.problems:
        yield ""
        yield from (f"  {line}" for line in str(problem).splitlines())
    if cause.diff:
        yield ""
        yield "  what the commit does there:"
        yield from (f"    {line}".rstrip() for line in cause.diff.splitlines())
    yield ""
    yield f"  {_outcome(one, cause)}"


def _about(cause: Cause) -> Iterator[str]:
    said = trailers_of(cause.commit)
    rows = [
        ("author", cause.commit.author),
        ("date", day_of(cause.commit)),
        ("Change-Id", said.get("change-id", "")),
        ("review", said.get("reviewed-on", "")),
        ("merged by", _named(cause.merge) if cause.merge else ""),
        ("applied on", cause.before[:SHORT] if cause.before else "nothing: it is the first commit"),
    ]
    for key, value in rows:
        if value:
            yield f"  {key + ':':<12}{value}"
    for old, new in cause.moved:
        yield f"  it moves {old} to {new}"
    if cause.merged:
        yield "  it brings what the patch makes, as it is or changed: upstream has it"
    if cause.not_first:
        yield "  it was not the first: the patch had stopped applying before, and applied again"
    if not cause.sure:
        yield "  not every commit after it was tried: the patch may have applied again in between"


def _outcome(one: Explanation, cause: Cause) -> str:
    if cause.merged:
        return "what is left of the patch merges" if one.solved else "what is left of the patch is in conflict with it"
    if one.in_conflict is None:
        return "a three-way merge was not tried"
    if one.solved:
        return "a three-way merge solves it"
    return f"a three-way merge leaves {', '.join(one.in_conflict)} in conflict"


def _named(commit: Commit) -> str:
    return f"{commit.commit[:SHORT]} {commit.subject}"
