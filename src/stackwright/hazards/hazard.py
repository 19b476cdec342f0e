"""Hazards: what a patch claims, and what that collides with."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from stackwright.hazards.model import Kind

DIGITS = 8  # of the digest at the end of an id


class Severity(StrEnum):
    """How bad a hazard is, worst first."""

    CRITICAL = "critical"  # nothing fails, and data or answers are wrong
    HIGH = "high"  # an upgrade, a service or a client fails
    MEDIUM = "medium"  # something behaves otherwise than one side expects
    LOW = "low"  # a test or a text is wrong, or will be


class Rule(StrEnum):
    """What is wrong."""

    TAKEN = "taken"  # same number, other meaning
    MOVED = "moved"  # same meaning, other number
    ABOVE = "above-target"  # a number that the target does not reach
    PASSED = "passed"  # a number that the target has left behind, with a content of its own
    OTHER_PARENT = "other-parent"  # same revision, other place in the graph, or other content
    TWO_HEADS = "two-heads"
    HEAD_FILE = "head-file"  # a file that names a head, and the graph, disagree
    REVISION_MISSING = "revision-missing"  # the database is ahead of the target
    OTHER_FINGERPRINT = "other-fingerprint"
    OTHER_METHOD = "other-method"
    OTHER_DEFINITION = "other-definition"
    REMOVED = "removed"
    RENAMED = "renamed"
    SAMPLE_ALONE = "sample-alone"
    NOTE_TWICE = "note-twice"
    CLAIMED_TWICE = "claimed-twice"  # by two patches of the distribution
    SET_DISAGREES = "set-disagrees"
    NOT_RESERVED = "not-reserved"
    GIVEN_TO_ANOTHER = "given-to-another"
    UNSEEN = "unseen"  # the target does not show what would tell
    # What a patch leaves undone in its own tree: `hazard lint` alone tells it.
    MAXIMUM_BEHIND = "maximum-behind"  # a new microversion, and the code's newest is an older one
    VERSION_STALE = "version-stale"  # a file that repeats the newest version has the old one
    HISTORY_MISSING = "history-missing"
    HASH_STALE = "hash-stale"
    NOTE_MISSING = "note-missing"
    NO_HELP = "no-help"
    UNLISTED = "unlisted"  # in none of the lists that the tree keeps by hand


SEVERITIES = {
    Rule.TAKEN: Severity.CRITICAL,
    Rule.OTHER_PARENT: Severity.CRITICAL,
    Rule.OTHER_FINGERPRINT: Severity.CRITICAL,
    Rule.MOVED: Severity.HIGH,
    Rule.ABOVE: Severity.HIGH,
    Rule.PASSED: Severity.HIGH,
    Rule.TWO_HEADS: Severity.HIGH,
    Rule.REVISION_MISSING: Severity.HIGH,
    Rule.OTHER_METHOD: Severity.HIGH,
    Rule.CLAIMED_TWICE: Severity.HIGH,
    Rule.SET_DISAGREES: Severity.HIGH,
    Rule.GIVEN_TO_ANOTHER: Severity.HIGH,
    Rule.HEAD_FILE: Severity.MEDIUM,
    Rule.OTHER_DEFINITION: Severity.MEDIUM,
    Rule.REMOVED: Severity.MEDIUM,
    Rule.RENAMED: Severity.MEDIUM,
    Rule.NOT_RESERVED: Severity.MEDIUM,
    Rule.UNSEEN: Severity.MEDIUM,
    Rule.SAMPLE_ALONE: Severity.LOW,
    Rule.NOTE_TWICE: Severity.LOW,
    Rule.MAXIMUM_BEHIND: Severity.MEDIUM,
    Rule.HASH_STALE: Severity.MEDIUM,
    Rule.VERSION_STALE: Severity.LOW,
    Rule.HISTORY_MISSING: Severity.LOW,
    Rule.NOTE_MISSING: Severity.LOW,
    Rule.NO_HELP: Severity.LOW,
    Rule.UNLISTED: Severity.LOW,
}
OF_LINT = frozenset(list(Rule)[list(Rule).index(Rule.MAXIMUM_BEHIND) :])
# A name that two sides define differently is worse where it says who may do something, or what an API is.
WORSE = {
    (Rule.OTHER_DEFINITION, Kind.POLICY): Severity.HIGH,
    (Rule.OTHER_DEFINITION, Kind.EXTENSION): Severity.HIGH,
    (Rule.UNLISTED, Kind.POLICY): Severity.HIGH,
}


@dataclass(frozen=True)
class Side:
    """One side of a collision.

    :param who: a patch, or a tree: ``0001-x.patch``, ``nova 2026.1``
    :param says: what it claims, in a few words
    :param path: the file of the tree that says so; empty where nothing does
    :param line: of it
    :param file: the line of the patch that writes it, from the distribution: ``patches/nova/2025.1/x.patch:31``
    :param commit: of upstream's history, which brought it
    """

    who: str
    says: str
    path: str = ""
    line: int = 0
    file: str = ""
    commit: str = ""

    @property
    def place(self) -> str:
        """Where it says so, for a person."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return ", ".join(filter(None, (place, self.file, f"commit {self.commit[:12]}" if self.commit else "")))


@dataclass(frozen=True)
class Hazard:
    """Something that a patch claims, and that collides.

    :param release: whose series the patch is in
    :param patch: as the series names it
    :param name: what is claimed
    :param targets: the releases and refs it collides with, the nearest first; empty for what is wrong by itself
    :param ours: what the patch says
    :param theirs: what the first of the targets, or the other patch, says
    :param happens: what follows, in plain words
    :param fix: what to do
    :param identity: what makes it the same hazard at another time and place, besides rule, component, kind and name
    """

    rule: Rule
    component: str
    release: str
    patch: str
    kind: Kind
    name: str
    targets: tuple[str, ...]
    ours: Side
    theirs: Side
    what: str
    happens: str
    fix: str
    identity: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Its name: the same in every run, on every machine, and for every target that it shows up with."""
        words = [self.component, self.rule, self.kind, self.name, *self.identity]
        digest = hashlib.sha256(json.dumps(words).encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.name).strip("-")
        return f"{self.component}-{self.rule}-{name}-{digest}"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return WORSE.get((self.rule, self.kind), SEVERITIES[self.rule])

    @property
    def rank(self) -> tuple[object, ...]:
        """What to order hazards by: the worst first."""
        return list(Severity).index(self.severity), self.component, self.release, self.patch, self.rule, self.name


def is_of_lint(hazard: str) -> bool:
    """Tell by its id whether a hazard is one that only `hazard lint` tells."""
    return any(f"-{rule}-" in hazard for rule in OF_LINT)


def as_plain(hazard: Hazard) -> dict[str, Any]:
    """Give a hazard as plain values, for programs and to be remembered."""
    return {"id": hazard.id, "severity": hazard.severity, **asdict(hazard)}


def of_plain(value: dict[str, Any]) -> Hazard:
    """Read what `as_plain` has given.

    :raises ValueError, TypeError, KeyError: it is not that
    """
    fields = {key: value[key] for key in Hazard.__dataclass_fields__}
    sides = {key: Side(**value[key]) for key in ("ours", "theirs")}
    tuples = {key: tuple(value[key]) for key in ("targets", "identity")}
    return Hazard(**{**fields, **sides, **tuples, "rule": Rule(value["rule"]), "kind": Kind(value["kind"])})
