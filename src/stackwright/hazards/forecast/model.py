"""The forecast of an upgrade: a page a component and hop, each with what happens and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Whether to upgrade, the best first."""

    GO = "go"
    STEPS = "go with these steps"
    NO_GO = "no-go"


class Weight(StrEnum):
    """How much a finding counts, the worst first."""

    STOP = "stop"  # the upgrade fails, or damages something: no-go
    STEP = "step"  # somebody has to do something, or to tell users
    NOTE = "note"  # good to know


class Subject(StrEnum):
    """What a finding is about, in the order of a page."""

    SOURCE = "source"
    PATCH = "patch"
    HAZARD = "hazard"
    DATABASE = "database"
    OPTION = "option"
    POLICY = "policy"
    MICROVERSION = "microversion"
    RPC = "RPC"
    OBJECT = "object"


@dataclass(frozen=True)
class Finding:
    """Something that happens on the way.

    :param name: of the thing: a patch, an option ``DEFAULT/host``, a hazard's id
    :param what: what happens, a plain sentence without its full stop
    :param step: what to do; of a note it may be empty
    :param where: the place that says so: ``sites/local.yaml:14`` or ``nova/conf/base.py:20 in nova 2026.1``
    """

    subject: Subject
    name: str
    weight: Weight
    what: str
    step: str = ""
    where: str = ""


class Fate(StrEnum):
    """What becomes of a patch."""

    KEPT = "kept"  # the later release carries it too, with the same change
    REBASED = "rebased"  # the later release carries it too, with another change
    UPSTREAM = "upstream"  # the later release has it without a patch
    DROPPED = "dropped"  # nothing carries it, and upstream does not have it
    NEW = "new"  # only the later release carries it


@dataclass(frozen=True)
class PatchFate:
    """What becomes of a patch.

    :param earlier: its file in the distribution for the release that is left; empty if it is new
    :param later: its file for the release that is entered; empty if nothing carries it
    :param why: how that is known
    """

    subject: str
    fate: Fate
    earlier: str
    later: str
    why: str = ""


@dataclass(frozen=True)
class Move:
    """One revision that a database goes through.

    :param operations: what it does, in plain words
    :param path: its file in the tree of the later release
    :param ours: whether a patch brings it
    """

    revision: str
    operations: tuple[str, ...]
    path: str
    ours: bool = False


@dataclass(frozen=True)
class MigrationPath:
    """The way of one database, or of one branch of it, computed on alembic's own graph.

    :param branch: ``main``, ``api``, ``expand``; as the claims of revisions name it
    :param start: the heads of the release that is left, as a database is stamped
    :param end: the heads of the release that is entered
    :param moves: in the order in which alembic runs them
    """

    branch: str
    start: tuple[str, ...]
    end: tuple[str, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class Setting:
    """An option that a site sets.

    :param service: of the catalogue
    :param file: the configuration file: ``nova.conf``
    :param value: as it is written; of the catalogue, it may be a template
    :param where: who sets it: ``sites/local.yaml:14``, or ``the catalogue``
    """

    service: str
    file: str
    section: str
    option: str
    value: str
    where: str


@dataclass(frozen=True)
class Hop:
    """One step from a release to another that services and databases really take."""

    start: str
    end: str


@dataclass(frozen=True)
class ComponentPage:
    """What happens to a component on a hop.

    :param before: its tree with its series, for a person: ``nova 33.0.0 + 4 patches``; empty if it was not there
    :param after: the same of the release that is entered
    :param looked: the subjects that could be looked at: without rules, only sources and patches
    """

    component: str
    hop: Hop
    before: str
    after: str
    findings: tuple[Finding, ...] = ()
    fates: tuple[PatchFate, ...] = ()
    migrations: tuple[MigrationPath, ...] = ()
    looked: tuple[Subject, ...] = tuple(Subject)

    @property
    def verdict(self) -> Verdict:
        """What its findings come to."""
        return verdict(self.findings)


@dataclass(frozen=True)
class Forecast:
    """What happens to a distribution on the way from one release to another.

    :param site: whose options were looked at; empty if none
    :param findings: what is about the way as a whole, and no component
    :param notes: what a person should know of the forecast itself
    """

    distribution: str
    start: str
    end: str
    skip_level: bool
    site: str
    hops: tuple[Hop, ...]
    pages: tuple[ComponentPage, ...]
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    made: str = ""

    @property
    def verdict(self) -> Verdict:
        """What all findings come to."""
        return verdict([*self.findings, *(one for page in self.pages for one in page.findings)])


def verdict(findings: tuple[Finding, ...] | list[Finding]) -> Verdict:
    """Give what findings come to."""
    weights = {finding.weight for finding in findings}
    if Weight.STOP in weights:
        return Verdict.NO_GO
    return Verdict.STEPS if Weight.STEP in weights else Verdict.GO


def rank(finding: Finding) -> tuple[int, int, str]:
    """Give where a finding comes in a list: the worst first, then by subject and name."""
    return list(Weight).index(finding.weight), list(Subject).index(finding.subject), finding.name
