"""The ledger: `claims.yaml` in the distribution, which says what the team has reserved, for whom, and what it accepts.

The file is the team's own: it is read with the places of all it says, and written by adding lines. A comment that has a
line for itself silences one hazard::

    # stackwright: accept nova-taken-2.96-1f3a9c2e the clients are pinned to 2.95 until 2027-01-31
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import yaml
from pydantic import AfterValidator, ConfigDict, Field, model_validator

from stackwright.distribution.document import compose
from stackwright.distribution.reading import Collector, parse, read_yaml
from stackwright.distribution.sentences import fault
from stackwright.distribution.texts import Day, Name
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import InputError, Where
from stackwright.hazards.model import Kind

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.hazards.model import Claim

LEDGER = "claims.yaml"
COMMENT = re.compile(r"[ \t]*#[ \t]*stackwright:[ \t]*(?P<rest>.*?)[ \t]*")
ACCEPT = re.compile(r"accept[ \t]+(?P<id>\S+)[ \t]+(?P<reason>\S.*?)[ \t]+until[ \t]+(?P<day>\S+)")
FORM = "# stackwright: accept HAZARD-ID reason until 2027-01-31"
HEAD = """\
# What this distribution claims for itself, and for whom: `stackwright hazard reserve` adds to it, and
# `stackwright hazard check` holds patches to it.
claims:
"""


class Reserved(StrEnum):
    """A kind of claim that can be reserved, as it is written."""

    MICROVERSION = "microversion"
    REVISION = "revision"
    OBJECT = "object"
    RPC = "rpc"
    SERVICE_VERSION = "service-version"
    POLICY = "policy"
    OPTION = "option"
    EXTRA_SPEC = "extra-spec"
    EXTENSION = "extension"

    @property
    def kind(self) -> Kind:
        """The kind of claim."""
        return Kind[self.name]


# Kinds of which several claims have one name: it is reserved together with its version.
VERSIONED = frozenset({Kind.OBJECT, Kind.RPC})


def _said(text: str) -> str:
    if not text.strip() or "\n" in text:
        raise fault(f"{text!r} names nothing", fix="write what is reserved, such as 2.97, on one line")
    return text


_Text = Annotated[str, AfterValidator(_said)]


class ReservedClaim(Written):
    """One number or name that is reserved."""

    component: Name = Field(description="the component that it belongs to")
    kind: Reserved = Field(description="what is claimed")
    name: _Text = Field(description='what is reserved: 2.97, 2903cd72dc14, "Instance 2.9", os_compute_api:colour')
    for_: _Text | None = Field(
        None,
        alias="for",
        description="who may use it: a patch (file or subject), a set, or an owner, as patches say it; else anybody",
    )
    since: Day | None = Field(None, description="when it was reserved")


class LedgerFile(FromFile):
    """The file `claims.yaml` beside `distribution.yaml`: what the team has reserved, and for whom."""

    model_config = ConfigDict(title="Stackwright claims")

    strict: bool = Field(False, description="every claim that a patch makes has to be here, whatever its kind")
    claims: tuple[ReservedClaim, ...] = Field((), description="what is reserved")

    @model_validator(mode="after")
    def _nothing_twice(self) -> LedgerFile:
        seen: dict[tuple[str, Reserved, str], int] = {}
        for index, claim in enumerate(self.claims):
            key = claim.component, claim.kind, claim.name
            if key in seen:
                first = self.claims[seen[key]].for_
                raise fault(
                    f"{claim.kind} {claim.name!r} of {claim.component} is reserved twice",
                    why=f"the first time {f'for {first!r}' if first else 'for anybody'}, entry {seen[key] + 1}",
                    fix="remove one, or reserve another: `stackwright hazard reserve` gives one that is free",
                    at=("claims", index, "name"),
                )
            seen[key] = index
        return self


@dataclass(frozen=True)
class Acceptance:
    """A hazard that the team knows of, and lives with for a time.

    :param until: the last day
    """

    hazard: str
    reason: str
    until: date
    where: Where

    def expired(self, today: date) -> bool:
        """Tell whether it counts no more."""
        return self.until < today


@dataclass(frozen=True)
class Ledger:
    """What `claims.yaml` says.

    :param there: whether there is one
    """

    file: Path
    there: bool
    read: LedgerFile
    accepted: tuple[Acceptance, ...]

    def reserved(self, component: str, claim: Claim) -> ReservedClaim | None:
        """Give the entry of a claim."""
        key = component, claim.kind, name_of(claim)
        return next((one for one in self.read.claims if (one.component, one.kind.kind, one.name) == key), None)

    def records(self, component: str, kind: Kind) -> bool:
        """Tell whether claims of a kind have to be in it: it says so of all, or has some already."""
        return self.read.strict or any(one.component == component and one.kind.kind is kind for one in self.read.claims)

    def where(self, entry: ReservedClaim) -> Where:
        """Give the place of an entry."""
        return self.read.where("claims", self.read.claims.index(entry), "name")


def name_of(claim: Claim) -> str:
    """Give what a claim is reserved by: its name, and its version where others have the same name."""
    return f"{claim.name} {claim.says('version')}" if claim.kind in VERSIONED else claim.name


def read_ledger(root: Path) -> Ledger:
    """Read the ledger of a distribution; an empty one if there is none.

    :raises InputError: it does not fit the model, has something twice, or a comment that cannot be read
    """
    file = root / LEDGER
    if not file.exists():
        return Ledger(file, False, LedgerFile(), ())
    collector = Collector()
    ledger = LedgerFile()
    accepted: tuple[Acceptance, ...] = ()
    with collector.collecting():
        document = read_yaml(file)
        ledger = parse(LedgerFile, document).placed(document)
    if file.is_file():
        with collector.collecting():
            accepted = _accepted(file.read_text("utf-8", "replace"), file)
    collector.raise_errors()
    return Ledger(file, True, ledger, accepted)


def with_claim(ledger: Ledger, claim: ReservedClaim) -> str:
    """Give the text of the ledger with one more entry behind the others; all else of it, comments too, stays.

    :raises InputError: what comes out is no ledger: the claim is there already, or `claims` is not a list of lines
    """
    text = ledger.file.read_text("utf-8") if ledger.there else HEAD
    fields = claim.model_dump(by_alias=True, exclude_none=True, mode="json")
    entry = yaml.safe_dump(fields, default_flow_style=True, sort_keys=False, width=10_000).strip()
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    entries = root.value if isinstance(root, yaml.MappingNode) else []
    node = next((value for key, value in entries if key.value == "claims"), None)
    lines = text.splitlines(keepends=True)
    if node is None:
        lines = [*_ended(lines), "claims:\n", f"  - {entry}\n"]
    elif isinstance(node, yaml.SequenceNode) and node.flow_style:
        inside = ", " if node.value else ""
        at = node.end_mark.index - 1
        lines = [f"{text[:at]}{inside}{entry}{text[at:]}"]
    else:
        # Behind the last entry's own last line, and before comments that follow: they may belong to something else.
        last = _last_line(node) if node.value else node.start_mark.line
        indent = " " * node.start_mark.column if node.value else "  "
        head = _ended(lines[: last + 1])
        lines = [*head, f"{indent}- {entry}\n", *lines[last + 1 :]]
    changed = "".join(lines)
    document, errors = compose(changed, ledger.file)
    if errors or document is None:
        raise errors[0]
    parse(LedgerFile, document)
    return changed


def _last_line(node: yaml.Node) -> int:
    """Give the line that a value ends on, counting from 0; that of a block is its last value's."""
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1])
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _last_line(node.value[-1][1])
    block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    return int(node.end_mark.line) - (1 if block else 0)


def _ended(lines: list[str]) -> list[str]:
    """Give lines the last of which has its end."""
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else f"{lines[-1]}\n"] if lines else []


def _accepted(text: str, file: Path) -> tuple[Acceptance, ...]:
    collector = Collector()
    found: dict[str, Acceptance] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        comment = COMMENT.fullmatch(line)
        if comment is None:
            continue
        where = Where(file, number, comment.start("rest") + 1)
        with collector.collecting():
            one = _acceptance(comment["rest"], where)
            before = found.setdefault(one.hazard, one)
            if before is not one:
                raise InputError(
                    f"{one.hazard} is accepted twice",
                    where=where,
                    why=f"first on line {before.where.line}",
                    fix="remove one of the lines",
                )
    collector.raise_errors()
    return tuple(found.values())


def _acceptance(rest: str, where: Where) -> Acceptance:
    match = ACCEPT.fullmatch(rest)
    if match is None:
        raise InputError(
            f"{rest!r} cannot be read",
            where=where,
            why="a comment for Stackwright accepts a hazard, with a reason and the last day",
            fix=f"write it like `{FORM}`",
        )
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", match["day"]):
            raise ValueError
        until = date.fromisoformat(match["day"])
    except ValueError:
        assert where.column is not None
        place = Where(where.file, where.line, where.column + match.start("day"))
        raise InputError(f"{match['day']!r} is not a date", where=place, fix="write it like 2027-01-31") from None
    return Acceptance(match["id"], match["reason"], until, where)
