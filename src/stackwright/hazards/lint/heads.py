"""Files that name a head of the migrations which is none any more: `hazard check` finds them, lint mends them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from stackwright.hazards import collisions_revisions, migrations
from stackwright.hazards.hazard import Rule
from stackwright.hazards.lint.model import Edit, Finding, bytes_of, text_of
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.lint.model import Subject


def heads(subject: Subject) -> Iterator[Finding]:
    """Find such files that the patch has left behind."""
    graph = subject.after.claims.of(Kind.REVISION)
    for hazard in collisions_revisions.alone(subject.ours):
        if hazard.rule is not Rule.HEAD_FILE:
            continue
        said = subject.after.claims.of(Kind.HEAD)[hazard.name].says("revision")
        ends = set().union(*migrations.heads(graph).values())
        new = sorted(head for head in ends if said in migrations.ancestors(head, graph))
        if len(new) == 1 and not hazard.ours.path.endswith(".py"):
            yield Finding(hazard, (Edit(hazard.ours.path, partial(_named, said, new[0])),))
        else:
            many = f"{len(new)} heads come after {said}" if new else f"no head comes after {said}"
            yield Finding(hazard, by_hand="the file is Python" if len(new) == 1 else many)


def _named(said: str, head: str, content: bytes | None) -> bytes:
    return bytes_of(text_of(content).replace(said, head))
