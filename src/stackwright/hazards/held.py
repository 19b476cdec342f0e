"""Patches held to the ledger: claims that are not reserved, those given to another, and hazards that are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.ledger import LEDGER, Reserved, name_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from stackwright.hazards.inside import Taken
    from stackwright.hazards.ledger import Ledger
    from stackwright.hazards.model import Claim
    from stackwright.patches.metadata import Metadata

KINDS = {reserved.kind: reserved for reserved in Reserved}


def held(ledger: Ledger, one: Taken, metadata: Metadata, new: Sequence[Claim]) -> Iterator[Hazard]:
    """Find what a patch claims against the ledger.

    :param metadata: of the patch, which may say whose it is
    :param new: what it adds; without what upstream takes the same way: that is upstream's number
    """
    if not ledger.there:
        return
    for claim in new:
        if claim.kind not in KINDS or claim.says("brought"):
            continue
        name, entry = name_of(claim), ledger.reserved(one.component, claim)
        word = KINDS[claim.kind]
        if entry is None and ledger.records(one.component, claim.kind):
            yield Hazard(
                Rule.NOT_RESERVED, one.component, one.release, one.patch, claim.kind, name, (), one.side(claim),
                Side(LEDGER, "nothing is reserved by this name"),
                what=f"the {claim.kind} {name} is not in the ledger",
                happens="Nobody else in the team can see that it is taken, and the next patch may take it too.",
                fix=f"add `{{component: {one.component}, kind: {word}, name: '{name}', for: {one.patch}}}` to {LEDGER},"
                f" or take one that `stackwright hazard reserve {one.component} {word}` gives",
                identity=(one.subject,),
            )  # fmt: skip
        elif entry is not None and entry.for_ and entry.for_ not in names(one, metadata):
            place = ledger.where(entry)
            yield Hazard(
                Rule.GIVEN_TO_ANOTHER, one.component, one.release, one.patch, claim.kind, name, (), one.side(claim),
                Side(LEDGER, f"{name} is reserved for {entry.for_}", LEDGER, place.line or 0),
                what=f"the {claim.kind} {name} is reserved for {entry.for_}",
                happens="Two pieces of work take the same for different things, and only one of them can have it.",
                fix=f"take another (`stackwright hazard reserve {one.component} {word}`), or say in {LEDGER} that it is"
                f" for {one.patch}",
                identity=(one.subject, entry.for_),
            )  # fmt: skip


def names(one: Taken, metadata: Metadata) -> Collection[str]:
    """Give what the ledger may call a patch, or who it is for, by."""
    file = one.patch.rpartition("/")[2]
    owner, _, mail = metadata.owner.partition(" <")
    return {one.patch, file, file.rpartition(".")[0], one.subject, one.set_name, metadata.owner, owner,
            mail.rstrip(">")} - {""}  # fmt: skip
