"""Collisions of numbers: microversions, service and RPC versions, and the versions of objects and clients."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import order, shown
from stackwright.hazards.hazard import Rule, Side
from stackwright.hazards.model import Kind
from stackwright.hazards.wording import SAME, alike, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.collisions_base import Change, Ours, Tree
    from stackwright.hazards.hazard import Hazard
    from stackwright.hazards.model import Claim

# The parts of a meaning that are told in words; all else means the same if it says the same.
TOLD = ("title", "text", "brought")
NOT_METHODS = frozenset({"version", "server", "brought"})
SILENT = {
    Kind.MICROVERSION: "A client that asks {tree} for {name} gets {theirs!r} and not {ours!r}; one that was written"
    " for the other side's {name} is misunderstood here. Neither sees an error.",
    Kind.SERVICE_VERSION: "During the upgrade a service that says {name} is taken for one that has {theirs!r}, and"
    " ours has {ours!r} instead: others call what it does not have.",
}
AHEAD = {
    Kind.MICROVERSION: "Clients that ask for {name} are refused by {tree} (406 Not Acceptable), or fall back to"
    " {theirs} and lose the feature.",
    Kind.SERVICE_VERSION: "The database has rows of services at {name}; those of {tree} know {theirs} at most, and"
    " start as older than what was there.",
    Kind.OBJECT: "What was stored or sent at {ours} cannot be read by {tree}, which knows {name} {theirs} at most"
    " (IncompatibleObjectVersion).",
    Kind.NEWEST: "Whoever asks {tree} for {ours} is refused: it has {theirs} at most.",
    Kind.RPC: "Services that were not yet upgraded call {tree} at {ours}; it speaks {theirs} at most and refuses the"
    " call (UnsupportedVersion).",
    Kind.CLIENT_VERSION: "Scripts that ask this client for {ours} are refused by the one of {tree}, which speaks"
    " {theirs} at most.",
}


def untold(claim: Claim) -> bool:
    """Tell whether a number has no meaning that its tree tells: two of them may be two things."""
    return claim.kind is Kind.MICROVERSION and not claim.meaning


def same(ours: Claim, theirs: Claim) -> bool:
    """Tell whether two claims of one name mean the same."""
    if _is_told(ours) and _is_told(theirs):
        return alike(_told(ours), _told(theirs)) >= SAME
    return ours.meaning == theirs.meaning


def number(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a number that means something else there, and a meaning that has another number there."""
    new = change.new
    if change.old and same(change.old, new):
        return  # only worded otherwise
    theirs = tree.of(new.kind).get(new.name)
    if theirs and untold(new) and untold(theirs):
        yield _nobody_tells(ours, new, new.kind, new.name, tree.side(theirs), tree)
    elif theirs:
        yield ours.hazard(
            Rule.TAKEN,
            new,
            tree.side(theirs),
            what=f"{new.kind} {new.name} means something else in {tree.name}",
            happens=SILENT[new.kind].format(
                tree=tree.name, name=new.name, ours=_title(new), theirs=_title(theirs)
            ),
            fix=f"renumber it: `stackwright hazard reserve {ours.component} {_word(new.kind)}` gives a number that"
            " upstream has not reached; change it in code, samples, documentation and clients; or drop the patch",
            identity=(_key(new), _key(theirs)),
        )  # fmt: skip
    moved = _moved(ours, new, tree)
    if moved:
        yield ours.hazard(
            Rule.MOVED,
            new,
            tree.side(moved),
            what=f"{new.kind} {new.name} is {moved.name} in {tree.name}",
            happens=f"The same thing has two numbers. Whoever asks for {new.name} today gets something else, or is"
            f" refused, after the upgrade; whoever asks for {moved.name} is refused today.",
            fix=f"tell the users of {new.name} before the upgrade, teach clients both numbers, and drop the patch"
            f" where {moved.name} has it",
            identity=(_key(new), moved.name),
        )


def number_above(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a number that the target does not reach."""
    new = change.new
    there = {name: claim for name, claim in tree.of(new.kind).items() if _series(name) == _series(new.name)}
    if change.old or new.name in there or not there or _moved(ours, new, tree):
        return
    newest = max(there, key=order)
    if order(new.name) > order(newest):
        yield ours.hazard(
            Rule.ABOVE,
            new,
            tree.side(there[newest]),
            what=f"{new.kind} {new.name} is above what {tree.name} has, {newest}",
            happens=AHEAD[new.kind].format(tree=tree.name, name=new.name, ours=new.name, theirs=newest),
            fix="carry the patch there too, or tell its users that it ends",
            identity=(_key(new),),
        )


def object_version(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a version with another fingerprint there, and one that upstream has passed with a content of its own."""
    new, theirs = change.new, tree.of(Kind.OBJECT).get(change.new.name)
    if theirs is None or theirs.meaning == (change.old.meaning if change.old else ()):
        return
    mine, other = new.says("version"), theirs.says("version")
    if mine == other:
        yield ours.hazard(
            Rule.OTHER_FINGERPRINT,
            new,
            tree.side(theirs),
            what=f"{new.name} {mine} has another content in {tree.name}",
            happens=f"Both sides call it {mine} and take it without a conversion: during the upgrade, fields that only"
            " one side knows are lost or fail to load.",
            fix=f"give it a version of its own, above upstream's, and teach obj_make_compatible the way back to {mine}",
            identity=(*_meaning(new), *_meaning(theirs)),
        )
    elif order(mine) < order(other) and (change.old is None or mine != change.old.says("version")):
        yield ours.hazard(
            Rule.PASSED,
            new,
            tree.side(theirs),
            what=f"{tree.name} has {new.name} {other}, and so a {mine} of its own",
            happens=f"{tree.name} takes what was stored or sent at {mine} for upstream's own; ours has other fields.",
            fix=f"renumber it, or convert what is stored at {mine} before the upgrade",
            identity=_meaning(new),
        )


def object_unchanged(ours: Ours, change: Change) -> Iterator[Hazard]:
    """Find an object that a patch changes, and whose version it leaves."""
    old, new = change.old, change.new
    if old and old.says("version") == new.says("version") and old.says("fingerprint") != new.says("fingerprint"):
        tree = f"{ours.component} {ours.release}"
        yield ours.hazard(
            Rule.OTHER_FINGERPRINT,
            new,
            Side(tree, shown(old), old.path, old.line),
            what=f"{new.name} {new.says('version')} has another content than without the patch",
            happens="A service with the patch and one without call it the same and take it without a conversion: fields"
            " that only one side knows are lost or fail to load.",
            fix="raise its version, and teach obj_make_compatible the way back",
            identity=(*_meaning(old), *_meaning(new)),
        )


def newest(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a newest number that the patch raises without saying what it brings."""
    new, kind = change.new, Kind(change.new.name)
    version = new.says("version")
    if (change.old and not _raised(change, version)) or version in ours.after.of(kind):
        return  # what is told is judged by what it tells
    theirs = tree.of(kind).get(version)
    if theirs:
        yield ours.hazard(
            Rule.TAKEN,
            new,
            tree.side(theirs),
            says=f"{version}: nothing is told of it",
            what=f"{kind} {version} has a meaning in {tree.name}, and none is told here",
            happens=SILENT[kind].format(tree=tree.name, name=version, ours="nothing told", theirs=_title(theirs)),
            fix="tell what it brings where the component has its history; if that is not upstream's, renumber it",
            name=version,
            identity=(_key(theirs),),
        )
        return
    yield from version_above(ours, change, tree)


def newest_untold(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a newest number that the patch raises, and that the target has too, where no history tells of either."""
    new, kind, last = change.new, Kind(change.new.name), tree.of(Kind.NEWEST).get(change.new.name)
    version = new.says("version")
    told = version in ours.after.of(kind) or version in tree.of(kind)
    if last and _raised(change, version) and not told and order(version) <= order(last.says("version")):
        yield _nobody_tells(ours, new, kind, version, tree.side(last), tree)


def _nobody_tells(ours: Ours, new: Claim, kind: Kind, number: str, theirs: Side, tree: Tree) -> Hazard:
    """Say that both have a number, and neither what it stands for."""
    return ours.hazard(
        Rule.UNSEEN,
        new,
        theirs,
        what=f"{tree.name} has the {kind} {number} too, and it cannot be seen what either side means by it",
        happens="nobody knows whether it collides: if it is not upstream's own, clients of one side misunderstand the"
        " other, and neither sees an error",
        fix=f"look by hand: if it is upstream's, accept this; if not, renumber it: `stackwright hazard reserve"
        f" {ours.component} {_word(kind)}` gives a number that upstream has not reached",
        name=number,
        identity=(number,),
    )


def rpc_version(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find a version under which each side has brought other methods, or nobody tells what it has brought."""
    new, there = change.new, tree.of(Kind.RPC)
    theirs = there.get(new.name)
    if theirs is None:
        return
    if new.says("brought"):
        if not same(new, theirs) and not (change.old and same(change.old, new)):
            yield _other_method(ours, new, theirs, tree, _title(new), _title(theirs), new.name)
        return
    before = dict(change.old.meaning) if change.old else {}
    told = ours.after.of(Kind.RPC).keys() & there.keys()
    brought: dict[str, set[str]] = {}
    if _raised(change, new.says("version")):
        brought[new.says("version")] = set()
    for word, value in new.meaning:
        if word not in NOT_METHODS and before.get(word) != value:
            brought.setdefault(value, set()).add(word)
    for version, methods in sorted(brought.items()):
        others = {word for word, value in theirs.meaning if word not in NOT_METHODS and value == version}
        others -= {word for word, value in before.items() if value == version}
        name = f"{new.name} {version}"
        if name in told:
            continue
        if methods and others:
            if not methods <= others:
                yield _other_method(ours, new, theirs, tree, _listed(methods), _listed(others), name)
        elif _raised(change, version) and order(version) <= order(theirs.says("version")):
            yield _nobody_tells(ours, new, Kind.RPC, name, tree.side(theirs), tree)


def _raised(change: Change, version: str) -> bool:
    """Tell whether a version is above what was there without the patch."""
    return change.old is not None and order(version) > order(change.old.says("version"))


def _other_method(ours: Ours, new: Claim, theirs: Claim, tree: Tree, mine: str, others: str, name: str) -> Hazard:
    return ours.hazard(
        Rule.OTHER_METHOD,
        new,
        tree.side(theirs, f"{name}: {others}"),
        says=f"{name}: {mine}",
        what=f"RPC version {name} brought something else in {tree.name}",
        happens=f"During the upgrade each side sends at this version what the other does not have: {tree.name} refuses"
        f" or misreads {mine!r}, ours {others!r}.",
        fix="renumber it above upstream's, and pin RPC during the upgrade to what both had before",
        name=name,
        identity=(mine, others),
    )  # fmt: skip


def version_above(ours: Ours, change: Change, tree: Tree) -> Iterator[Hazard]:
    """Find something whose version the target does not reach."""
    new, theirs = change.new, tree.of(change.new.kind).get(change.new.name)
    mine = new.says("version")
    if theirs and (change.old is None or _raised(change, mine)) and order(mine) > order(theirs.says("version")):
        yield ours.hazard(
            Rule.ABOVE,
            new,
            tree.side(theirs),
            what=f"{new.kind} {new.name} {mine} is above what {tree.name} has, {theirs.says('version')}",
            happens=AHEAD[new.kind].format(
                tree=tree.name, name=new.name, ours=mine, theirs=theirs.says("version")
            ),
            fix="carry the patch there too, or see before the upgrade that nothing at this version is left",
            identity=(mine,),
        )  # fmt: skip


def _moved(ours: Ours, new: Claim, tree: Tree) -> Claim | None:
    """Give the claim that has the same meaning under another number, among those that upstream did not have before."""
    if not words(_told(new)):
        return None
    known = ours.before.of(new.kind)
    others = [claim for name, claim in tree.of(new.kind).items() if name not in known and name != new.name]
    best = max(others, key=lambda claim: alike(_told(new), _told(claim)), default=None)
    return best if best and same(new, best) else None


def _is_told(claim: Claim) -> bool:
    return any(claim.says(word) for word in TOLD)


def _told(claim: Claim) -> str:
    return " ".join(claim.says(word) for word in TOLD)


def _series(name: str) -> str:
    """Give what is the same in names that are numbered together: ``objects`` of ``objects 1.39``."""
    return re.sub(r"[\d.]+", "", name)


def _key(claim: Claim) -> str:
    """Give the words of a meaning, so that a hazard stays itself where only their order or the markup changes."""
    return " ".join(sorted(words(_told(claim)))) or " ".join(_meaning(claim))


def _meaning(claim: Claim) -> tuple[str, ...]:
    return tuple(value for _, value in claim.meaning)


def _title(claim: Claim) -> str:
    return shown(claim).removeprefix(f"{claim.name}: ")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _word(kind: Kind) -> str:
    return kind.name.lower().replace("_", "-")
