"""What services of two releases make of each other while both run: their numbers, RPC, objects, and what to pin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.collisions_base import order
from stackwright.hazards.forecast.change import listed, lowered, names
from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.forecast.change import Change
    from stackwright.hazards.model import Claim, Claims

ALL_AT_ONCE = "stop the services that exchange it, upgrade all, and start them again"


def services(change: Change) -> Iterator[Finding]:
    """Give what is to be said of the services of a component on a hop; what hazards say is passed over."""
    yield from _numbers(change)
    yield from _sets(change)
    yield from _rpc(change)
    yield from _objects(change)
    yield from _pinned(change)


def _numbers(change: Change) -> Iterator[Finding]:
    """Say whether services of the release that is left are too old, or too new, for those of the other."""
    old, new = (claims.of(Kind.NEWEST).get(Kind.SERVICE_VERSION) for claims in (change.before, change.after))
    if old is None or new is None:
        return
    mine, theirs, oldest = old.says("version"), new.says("version"), new.says("oldest")
    if old.says("oldest") and not oldest:
        yield change.hidden(Kind.SERVICE_VERSION, "the oldest services that are not refused")
    if order(mine) < order(oldest):
        yield _too_old(change, mine, oldest, new)
    elif order(mine) > order(theirs) and not _told(change):
        what = (
            f"services of {change.hop.start} are at {mine}, and those of {change.hop.end} at {theirs}: none of these"
            " starts beside newer ones"
        )
        yield _stop(change, what, f"carry in {change.hop.end} what raised it", new)


def _too_old(change: Change, mine: str, oldest: str, claim: Claim) -> Finding:
    hop, rolling = change.hop, change.rolling
    what = f"services of {hop.start} are at {mine}, and {change.entered} works with {oldest} and later"
    if change.skip_level:
        step = f"leave no release out: `stackwright upgrade forecast {hop.start} {hop.end}`"
    else:
        step = f"go through a release between them that works with {mine} and is at {oldest} or later"
    option, _, value = rolling.anyway.partition("=")
    if option in change.after.of(Kind.OPTION):
        step += f"; upstream's way for a cloud of which all is stopped and upgraded at once: {_set(option, value)}"
    return _stop(change, ". ".join(filter(None, (what, rolling.refuses.rstrip(".")))), step, claim)


def _sets(change: Change) -> Iterator[Finding]:
    """Say whether a whole set of objects of the release that is left is unknown in the other."""
    here, there = (_numbers_of_sets(claims) for claims in (change.before, change.after))
    if here and there and order(here[-1]) > order(there[-1]) and not _told(change):
        what = (
            f"services of {change.hop.start} have {here[-1]}, and {change.entered} knows {there[-1]} at most: it"
            " cannot write what they read"
        )
        claim = change.after.of(Kind.SERVICE_VERSION)[there[-1]]
        yield _stop(change, what, f"carry in {change.hop.end} what raised it", claim)


def _told(change: Change) -> bool:
    """Tell whether a hazard says that a number of services is not reached."""
    return bool(change.told(Kind.SERVICE_VERSION) or Kind.SERVICE_VERSION in change.told(Kind.NEWEST))


def _numbers_of_sets(claims: Claims) -> list[str]:
    return sorted((name for name in claims.of(Kind.SERVICE_VERSION) if name.startswith("objects ")), key=order)


def _stop(change: Change, what: str, step: str, claim: Claim) -> Finding:
    return Finding(Subject.RPC, Kind.SERVICE_VERSION, Weight.STOP, what, step, change.place(claim))


# RPC and objects ----------------------------------------------------------------------------------------------------


def _rpc(change: Change) -> Iterator[Finding]:
    """Say of each interface whether services of both releases understand each other, and what holds it."""
    hop, there = change.hop, change.after.of(Kind.RPC)
    for name, old in change.before.of(Kind.RPC).items():
        mine, new = old.says("version"), there.get(name)
        if not mine:
            continue  # it is what one of the versions brought
        if new is None:
            if there:
                yield change.hidden(Kind.RPC, name)
            continue
        theirs = new.says("version")
        if order(mine) > order(theirs):
            if name not in change.told(Kind.RPC):
                what = (
                    f"{name} goes back from {mine} to {theirs}: services of {hop.start} send what those of {hop.end}"
                    " refuse (UnsupportedVersion)"
                )
                step = f"carry in {hop.end} what raised it; or hold it to {theirs} in {hop.start} before the upgrade"
                yield Finding(Subject.RPC, name, Weight.STOP, what, step, change.place(new))
        elif mine != theirs and not _pin(change):
            yield from _raised(change, name, mine, new)


def _raised(change: Change, name: str, mine: str, new: Claim) -> Iterator[Finding]:
    """Say what to do about an interface of which services of the release that is left do not know the newest."""
    hop, theirs = change.hop, new.says("version")
    option, _, value = change.rolling.caps.get(name, "").partition("=")
    hold = ""
    if option in change.after.of(Kind.OPTION):
        hold = f"while both run: {_set(option, value or mine)} where {hop.end} runs"
        hold += "" if value else f", to be taken away when nothing of {hop.start} is left"
    goes = f"{name} goes from {mine} to {theirs}"
    if order(mine)[0] != order(theirs)[0]:
        what = f"{goes}, another major version: services of {hop.start} understand nothing that is sent at it"
        step = f"{hold}; first the services that call, then those that are called" if hold else ALL_AT_ONCE
        yield Finding(Subject.RPC, name, Weight.STEP, what, step, change.place(new))
    elif hold:
        what = f"{goes}: services of {hop.start} refuse what is sent at {theirs} (UnsupportedVersion)"
        yield Finding(Subject.RPC, name, Weight.NOTE, what, hold, change.place(new))


def _objects(change: Change) -> Iterator[Finding]:
    """Say which objects go back to an older version, or get another major one."""
    hop, here, there = change.hop, change.before.of(Kind.OBJECT), change.after.of(Kind.OBJECT)
    both = {name: (one.says("version"), there[name].says("version")) for name, one in here.items() if name in there}
    back = lowered(change.before, change.after, Kind.OBJECT).keys() - change.told(Kind.OBJECT)
    major = {name for name, (old, new) in both.items() if order(old)[:1] < order(new)[:1]}
    for some, weight, what, step in (
        (back, Weight.STOP,
         f"what services of {hop.start} have stored or send cannot be read (IncompatibleObjectVersion)",
         f"carry in {hop.end} what raised it"),
        (major, Weight.STEP, f"services of {hop.start} cannot read what those of {hop.end} send", ALL_AT_ONCE),
    ):  # fmt: skip
        if some:
            told = listed([f"{name} {both[name][0]} to {both[name][1]}" for name in sorted(some)])
            place = change.place(there[min(some)])
            yield Finding(Subject.OBJECT, names(sorted(some)), weight, f"{told}: {what}", step, place)


# The pin of all at once ---------------------------------------------------------------------------------------------


def _pin(change: Change) -> str:
    """Give the option that holds all to a release, if the release that is entered has it."""
    return change.rolling.pin if change.rolling.pin in change.after.of(Kind.OPTION) else ""


def _pinned(change: Change) -> Iterator[Finding]:
    """Say what to pin while both run; or that nothing of the release that is left is known, to be pinned to."""
    hop, pin = change.hop, _pin(change)
    moves = _moves(change) if pin else []
    if not moves:
        return
    release = _release(change)
    what = f"{listed(moves)}: services of {hop.start} do not understand those of {hop.end}"
    if release is None:
        what += f", which cannot be pinned: {change.entered} has no mapping for what {hop.start} has"
        step = f"go through a release between them, or carry a mapping for {hop.start} in {hop.end}"
        yield Finding(Subject.OBJECT, pin, Weight.STOP, what, step)
        return
    step = (
        f"start {change.entered} with {_set(pin, release.name.rpartition(' ')[2])}; when nothing of {hop.start} is"
        " left, take that away and start the services again"
    )
    step += f"; then `{change.rolling.unpinned}`" if change.rolling.unpinned else ""
    yield Finding(Subject.OBJECT, pin, Weight.STEP, f"{what} until these are pinned", step, change.place(release))


def _moves(change: Change) -> list[str]:
    """Give the RPC interfaces and the objects that get a later version."""
    found = []
    for kind, word in ((Kind.RPC, "RPC "), (Kind.OBJECT, "")):
        for name, (new, old) in lowered(change.after, change.before, kind).items():
            found.append(f"{word}{name} {old.says('version')} to {new.says('version')}")
    return found


def _release(change: Change) -> Claim | None:
    """Give what the later tree has for the release that is left: by its name, else the newest that fits it."""
    known = change.after.of(Kind.SERVICE_VERSION)
    named = known.get(f"named release {change.hop.start.lower()}")
    fitting = [name for name in known if name.startswith("release ") and _fits(known[name], change.before)]
    return named or (known[max(fitting, key=order)] if fitting else None)


def _fits(mapping: Claim, claims: Claims) -> bool:
    """Tell whether a mapping has the RPC version and the objects of a tree."""
    objects = {name: one.says("version") for name, one in claims.of(Kind.OBJECT).items()}
    pairs = (part.partition(" ") for part in mapping.says("objects").split(", "))
    return mapping.says("rpc") in {one.says("version") for one in claims.of(Kind.RPC).values()} and all(
        version.split("/")[0] == objects[name] for name, _, version in pairs if name in objects
    )


def _set(option: str, value: str) -> str:
    """Say how an option is set: ``[upgrade_levels] compute = auto``."""
    group, _, name = option.partition("/")
    return f"`[{group}] {name} = {value}`"
