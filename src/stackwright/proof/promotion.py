"""Promotion: whether a set of artifacts is proved, and how a channel's record changes. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError
from stackwright.proof.artifacts import ArtifactSet, short
from stackwright.proof.channels import ChannelFile, Move, RecordedSet
from stackwright.proof.evidence import Evidence, Proofs, What, newest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.distribution.model import ProofRules
    from stackwright.proof.artifacts import Artifact

AFFECTED, ALL = "affected", "all"
# What says as much as a scope of tests, or more.
ENOUGH = {AFFECTED: (AFFECTED, ALL), ALL: (ALL,)}
NOT_RUN = {AFFECTED: "the tests that its patches reach have not been run", ALL: "not all of its tests have been run"}
# How many sets a record tells of; git has those before.
KEPT = 50


@dataclass(frozen=True)
class Lack:
    """A proof that a set of artifacts lacks.

    :param command: what to type for it
    """

    what: str
    command: str


@dataclass(frozen=True)
class Judgement:
    """Whether a set of artifacts is proved.

    :param lacking: nothing if it is
    :param proofs: what counted for it
    """

    lacking: tuple[Lack, ...]
    proofs: tuple[Evidence, ...]


def known_of(artifacts: ArtifactSet, proofs: Proofs) -> tuple[Evidence, ...]:
    """Give all that proofs on this machine have shown of a set and of its patched trees.

    :raises InputError: a file of it is damaged
    """
    of_trees = [one for artifact in artifacts.patched for one in proofs.of(What.TESTS, artifact.tree)]
    return (*of_trees, *proofs.of(What.TEMPEST, artifacts.id))


def judge(artifacts: ArtifactSet, known: Sequence[Evidence], rules: ProofRules) -> Judgement:
    """Hold what proofs have shown to the rules.

    The newest of each scope counts, and what is newer and says as much puts it aside: when all tests of a tree pass,
    an earlier failure of its affected tests counts no more. A failure that is not put aside always counts.
    """
    lacking: list[Lack] = []
    proofs: list[Evidence] = []
    for artifact in artifacts.patched:
        counted = _counted([one for one in known if (one.what, one.subject) == (What.TESTS, artifact.tree)])
        lacking += _lacking_tests(artifact, counted, rules.tests, artifacts.release)
        proofs += counted
    for scope in rules.tempest:
        wanted = What.TEMPEST, artifacts.id, scope
        found = next((one for one in newest(tuple(known)) if (one.what, one.subject, one.scope) == wanted), None)
        if found is not None:
            proofs.append(found)
        why = "has not been run on a cloud made of this set" if found is None else _failing(found)
        if why:
            lacking.append(Lack(f"tempest {scope}: {why}", f"stackwright tempest {scope}"))
    return Judgement(tuple(lacking), tuple(proofs))


def require_proved(artifacts: ArtifactSet, judgement: Judgement) -> None:
    """Refuse a set that is not proved.

    :raises CheckFailedError: naming each proof that it lacks, and the command for it
    """
    if judgement.lacking:
        lines = [line for lack in judgement.lacking for line in (f"    {lack.what}", f"        {lack.command}")]
        raise CheckFailedError(
            f"the set {short(artifacts.id)} of the site {artifacts.site} is not proved",
            details="\n".join(lines),
            why="`proof:` in distribution.yaml asks for it",
            fix="type these commands, and then the same again",
        )


def recorded(artifacts: ArtifactSet, proofs: Sequence[Evidence]) -> RecordedSet:
    """Give a set as a channel's record has it."""
    return RecordedSet(
        set_=artifacts.id,
        release=artifacts.release,
        site=artifacts.site,
        artifacts=artifacts.artifacts,
        proofs=tuple(proofs),
    )


def moved(
    before: ChannelFile | None, entry: RecordedSet, move: Move, *, channel: str, distribution: str
) -> ChannelFile:
    """Give a channel's record, still without its signature, after a move to a set.

    :param before: the record that there is
    """
    others = tuple(one for one in before.sets if one.set_ != entry.set_) if before else ()
    sets = (entry, *others)[:KEPT]
    kept = {one.set_ for one in sets}
    moves = tuple(one for one in (move, *(before.moves if before else ())) if one.set_ in kept)
    return ChannelFile(
        channel=channel, distribution=distribution, set_=entry.set_, moves=moves, sets=sets, signature=""
    )


def former(record: ChannelFile) -> str | None:
    """Give the set that a channel was at before the one it is at; what it went back from does not count any more."""
    way: list[str] = []
    for move in reversed(record.moves):
        if move.back_from is None:
            way.append(move.set_)
            continue
        way = way[:-1]
        if way[-1:] != [move.set_]:  # its beginning is older than what the record tells of
            way = [move.set_]
    return way[-2] if len(way) > 1 else None


def _counted(known: Sequence[Evidence]) -> list[Evidence]:
    """Give what of a tree's tests is not put aside by something newer that says as much."""
    counted: list[Evidence] = []
    for one in newest(tuple(known)):
        if one.scope in ENOUGH and not any(later.scope in ENOUGH[one.scope] for later in counted):
            counted.append(one)
    return counted


def _lacking_tests(artifact: Artifact, counted: Sequence[Evidence], rule: str, release: str) -> Iterator[Lack]:
    name = f"{artifact.name} {artifact.version}"
    for one in counted:
        if why := _failing(one):
            yield Lack(f"{name}: {why}", f"stackwright test {artifact.name} {release} --{one.scope}")
    if not any(one.scope in ENOUGH[rule] for one in counted):
        yield Lack(f"{name}: {NOT_RUN[rule]}", f"stackwright test {artifact.name} {release} --{rule}")


def _failing(one: Evidence) -> str:
    """Say why evidence counts against what it is of; nothing if it does not."""
    day = f"{one.when:%Y-%m-%d}"
    if one.failed:
        return f"{one.failed} of {one.passed + one.failed} tests failed on {day} ({one.scope})"
    nothing_to_run = one.what is What.TESTS and one.scope == AFFECTED and not one.skipped
    if not one.passed and not nothing_to_run:
        return f"no test passed on {day} ({one.scope}; {one.skipped} skipped)"
    return ""
