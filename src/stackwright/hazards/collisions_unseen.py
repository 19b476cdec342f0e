"""What a tree does not show, and a patch claims: told, and never taken for "there is none"."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.model import Claim, Kind
from stackwright.hazards.readers.look import UNPARSED
from stackwright.hazards.readers.options import NO_GROUP, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.hazards.collisions_base import Change, Ours, Tree
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Unseen

LINE = re.compile(r":(\d+)$")
FIX = "add the path to the component's rules, or look by hand and accept this"
FIX_HERE = "write it so that it can be read without running it, or look by hand and accept this"


def unseen(ours: Ours, made: Sequence[Change], tree: Tree, target: str) -> Iterator[Hazard]:
    """Tell of each kind that the patch claims, and that can be seen in its own tree and not in the target.

    :param target: the name of the release or ref
    """
    new = [change.new for change in made if change.new.name not in tree.of(change.new.kind)]
    known = {_looked(each) for each in ours.after.unseen}
    for each in tree.claims.unseen:
        claim = next((claim for claim in new if claim.kind is each.kind), None)
        # Of options whose groups are not seen the names are: they are held against those of the patch, below.
        if claim and each.why != NO_GROUP and _looked(each) not in known:
            yield _hazard(
                ours,
                claim,
                _side(tree.name, each),
                what=f"it cannot be seen what {tree.name} has of the kind {each.kind}",
                happens=f"nobody knows whether it collides: {each.why}",
                fix=FIX,
                identity=(target,),
            )
    for claim in new:
        if claim.kind is Kind.OPTION and _ungrouped(claim) in tree.of(Kind.OPTION):
            theirs = tree.of(Kind.OPTION)[_ungrouped(claim)]
            yield _hazard(
                ours,
                claim,
                tree.side(theirs),
                what=f"it cannot be seen which group {tree.name} has the option {claim.name.partition('/')[2]} in",
                happens="nobody knows whether it is the one that the patch means, and collides",
                fix="look by hand, and accept this if it is another",
                identity=(target, claim.name),
            )


def unseen_here(ours: Ours, made: Sequence[Change]) -> Iterator[Hazard]:
    """Tell of what the patch itself hides: what it claims there is held against nothing."""
    tree = f"{ours.component} {ours.release}"
    known = Counter(map(_looked, ours.before.unseen))
    for each in ours.after.unseen:
        if each.why == NO_GROUP:
            continue
        known[_looked(each)] -= 1
        if known[_looked(each)] >= 0 and not _touched(ours, each):
            continue
        path, line = _place(each)
        yield _hazard(
            ours,
            Claim(each.kind, each.kind, (), path, line),
            _side(tree, each),
            what=f"it cannot be seen what the patch claims of the kind {each.kind}: {each.why}",
            happens="nobody knows whether it collides with anything",
            fix=FIX_HERE,
            identity=("here", *_paths(each)[:1]),
            says=each.why,
        )
    for change in made:
        if change.new.kind is Kind.OPTION and change.new.name.startswith(f"{UNKNOWN}/"):
            yield _hazard(
                ours,
                change.new,
                Side(tree, NO_GROUP, change.new.path, change.new.line),
                what=f"it cannot be seen which group the option {change.new.name.partition('/')[2]} is in",
                happens="nobody knows whether it collides with anything",
                fix=FIX_HERE,
                identity=("here", change.new.name),
            )


def hides(tree: Tree, claim: Claim) -> bool:
    """Tell whether a tree may have a claim where it cannot be seen: in the same file, or in a group that is not."""
    same_file = any(each.kind is claim.kind and claim.path in _paths(each) and each.why != NO_GROUP
                    for each in tree.claims.unseen)  # fmt: skip
    return same_file or (claim.kind is Kind.OPTION and _ungrouped(claim) in tree.of(Kind.OPTION))


def _hazard(
    ours: Ours,
    claim: Claim,
    theirs: Side,
    *,
    what: str,
    happens: str,
    fix: str,
    identity: tuple[str, ...],
    says: str = "",
) -> Hazard:
    return ours.hazard(
        Rule.UNSEEN, claim, theirs, what=what, happens=happens, fix=fix, name=claim.kind, says=says, identity=identity
    )


def _ungrouped(claim: Claim) -> str:
    """Give the name of an option as it has it where its group is not to be seen."""
    return f"{UNKNOWN}/{claim.name.partition('/')[2]}"


def _touched(ours: Ours, each: Unseen) -> bool:
    """Tell whether the patch changes a file of which nothing can be seen."""
    return each.why.startswith(UNPARSED) and any(ours.read(path) != ours.read_before(path) for path in _paths(each))


def _paths(each: Unseen) -> list[str]:
    return [LINE.sub("", path) for path in each.looked]


def _side(tree: str, each: Unseen) -> Side:
    """Give the side of what is not to be seen: the first place that was looked at, and how many there are besides."""
    more = f" (here, and in {len(each.looked) - 1} more places)" if len(each.looked) > 1 else ""
    return Side(tree, f"{each.why}{more}", *_place(each))


def _place(each: Unseen) -> tuple[str, int]:
    line = LINE.search(each.looked[0])
    return LINE.sub("", each.looked[0]), int(line[1]) if line else 0


def _looked(each: Unseen) -> tuple[object, ...]:
    """Give what was not seen, without the line, which moves."""
    return each.kind, each.why, *_paths(each)
