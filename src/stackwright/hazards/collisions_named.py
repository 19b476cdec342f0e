"""Collisions of names: policies, options, extra specs, extension aliases, samples and release notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import Change
from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.collisions_base import Ours, Tree
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Claim

NUMBER = re.compile(r"-([0-9a-f]{16})$")
DIFFERENT = {
    Kind.POLICY: "After the upgrade {tree} decides by its own default who may do it: users may lose what they could do,"
    " or may do what they could not.",
    Kind.OPTION: "A configuration file that is right for ours is read by {tree} with its own type and default: the"
    " service refuses to start, or does something else.",
    Kind.EXTRA_SPEC: "Flavors that have it with our values are refused by {tree}, or mean something else there.",
    Kind.EXTENSION: "Clients that look for the alias find it in {tree}, and get another API.",
}
GONE = {
    Kind.POLICY: "What the patch says about it has no effect in {tree}, and a policy file that has it is warned about:"
    " who may do this is decided by another rule there.",
    Kind.OPTION: "What the patch says about it has no effect in {tree}: a value that is set is not read, and the"
    " service does not say so.",
    Kind.EXTRA_SPEC: "Flavors that have it are refused by {tree} where extra specs are checked.",
}


def definition(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a name that is defined otherwise there.

    Where the patch changes what upstream has, and upstream has left it as it was, there is none.
    """
    new, old = change.new, change.old
    theirs = tree.of(new.kind).get(new.name)
    if theirs is None or (old and theirs.meaning == old.meaning):
        return
    differing = [word for word in _words(new, theirs) if new.says(word) != theirs.says(word)]
    both = "ours and upstream both change it" if old else "ours adds it, and so does upstream"
    yield ours.hazard(
        Rule.OTHER_DEFINITION,
        new,
        tree.side(theirs, _pairs(theirs, differing)),
        says=_pairs(new, differing),
        what=f"the {new.kind} {new.name} has another {' and '.join(differing)} in {tree.name}: {both}",
        happens=DIFFERENT[new.kind].format(tree=tree.name),
        fix="take upstream's definition and drop ours, or give ours another name and go on reading the old one",
        identity=(*map(new.says, differing), *map(theirs.says, differing)),
    )


def gone(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a name of upstream's that the patch changes, and that the target has removed or renamed."""
    old, new = change.old, change.new
    there = tree.of(new.kind)
    if old is None or new.name in there or not there:
        return
    renamed = _renamed(new.name, there)
    if renamed:
        yield ours.hazard(
            Rule.RENAMED,
            new,
            tree.side(renamed),
            what=f"the {new.kind} {new.name} is {renamed.name} in {tree.name}",
            happens=f"The patch no longer changes what is read there: {renamed.name} has upstream's definition.",
            fix=f"change {renamed.name} instead, and {renamed.name} in what the site sets",
            identity=(renamed.name,),
        )
    else:
        yield ours.hazard(
            Rule.REMOVED,
            new,
            tree.lacks("it has none of this name"),
            what=f"{tree.name} has no {new.kind} {new.name} any more",
            happens=GONE[new.kind].format(tree=tree.name),
            fix="find out what took its place in upstream's release notes, and drop or move the change",
        )


def note(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a release note whose slug, or number at the end of it, is another note's there."""
    new = change.new
    if change.old is None:
        for theirs in tree.of(Kind.NOTE).values():
            if _note_key(theirs) == _note_key(new) and theirs.meaning != new.meaning:
                yield _note_twice(ours, new, tree.side(theirs, theirs.name), f"in {tree.name}")
                return


def notes_twice(ours: Ours, own: Sequence[Change]) -> Iterator[Hazard]:
    """Find release notes that reno takes for one, one of which the patch adds."""
    known = ours.before.of(Kind.NOTE)
    mine = {change.new for change in own if change.old is None}
    notes = [claim for claim in ours.after.claims if claim.kind is Kind.NOTE]
    first: dict[str, Claim] = {}
    for claim in sorted(notes, key=lambda claim: (claim.name not in known, claim.path)):
        other = first.setdefault(_note_key(claim), claim)
        if other is not claim and claim in mine:
            tree = f"{ours.component} {ours.release}"
            yield _note_twice(ours, claim, Side(tree, other.name, other.path, other.line), "beside it")


def _note_twice(ours: Ours, claim: Claim, theirs: Side, where: str) -> Hazard:
    return ours.hazard(
        Rule.NOTE_TWICE,
        claim,
        theirs,
        says=claim.name,
        what=f"there is another release note of this slug {where}: {theirs.says}",
        happens="Reno takes the two for one note that was renamed or edited, and shows one of them.",
        fix="give ours another slug: `reno new` makes one",
    )


def _note_key(claim: Claim) -> str:
    """Give what reno knows a note by: the number at the end of its name, if it has one."""
    number = NUMBER.search(claim.name)
    return number[1] if number else claim.name


def sample(ours: Ours, change: Change) -> Iterator[Hazard]:
    """Find an API sample without its template, or a template without its sample."""
    new, old = change.new, change.old
    has, lacks = ("sample", "template") if new.says("template") != "yes" else ("template", "sample")
    if new.says(lacks) == "yes" or (old and old.meaning == new.meaning):
        return
    yield ours.hazard(
        Rule.SAMPLE_ALONE,
        new,
        Side(f"{ours.component} {ours.release}", f"it has no {lacks} of this name"),
        what=f"the API {has} {new.name} has no {lacks}",
        happens="The sample's functional test fails as soon as somebody runs it, and nobody checks what the"
        " documentation shows.",
        fix=f"add the {lacks} to the patch",
        identity=(has,),
    )


def _renamed(name: str, there: Mapping[str, Claim]) -> Claim | None:
    """Give what names an old name among its deprecated ones: ``DEFAULT/host``, or without the group."""
    short = name.rpartition("/")[2]
    for claim in there.values():
        old = set(re.findall(r"[\w:./-]+", claim.says("deprecated")))
        same_group = claim.name.rpartition("/")[0] == name.rpartition("/")[0]
        if name in old or (same_group and short in old):
            return claim
    return None


def _words(one: Claim, other: Claim) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word, _ in (*one.meaning, *other.meaning)))


def _pairs(claim: Claim, words: list[str]) -> str:
    return f"{claim.name}: " + ", ".join(f"{word} {claim.says(word) or '(none)'}" for word in words)
