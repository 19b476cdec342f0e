"""What to look for in the trees of a component: data, a YAML file a component in the folder ``rules``."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.sentences import fault
from stackwright.errors import InputError, Where, suggestion
from stackwright.hazards.readers import READERS

# How a path of a rule is written: * is a part of a name, ** any number of folders; several of them, parted by blanks,
# are looked at together.
Paths = str
OPTION = re.compile(r"[\w.-]+/[\w.-]+(=\S+)?")


class Rule(BaseModel):
    """One thing to look for.

    :param reader: what reads it
    :param files: by the part that they play for the reader, the paths of its files, the newest release's first: the
        first that a tree has counts
    :param options: what else the reader has to know
    :param means: the texts that full names of a library stand for, which the tree does not have
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    reader: str
    files: dict[str, list[Paths]]
    options: dict[str, str] = Field(default_factory=dict)
    means: dict[str, str] = Field(default_factory=dict)

    @field_validator("reader")
    @classmethod
    def _known(cls, reader: str) -> str:
        if reader not in READERS:
            raise fault(f"there is no reader {reader!r}", fix=suggestion(reader, READERS))
        return reader

    @model_validator(mode="after")
    def _words(self) -> Rule:
        reader = READERS[self.reader]
        for field, words, known in (("files", self.files, reader.roles), ("options", self.options, reader.options)):
            for word in words:
                if word not in known:
                    what = f"the reader {self.reader} knows no {word!r}"
                    raise fault(what, fix=suggestion(word, known), at=(field, word), key=True)
        for need in reader.needs:
            if not self.options.keys() & set(need.split("|")):
                what = f"the reader {self.reader} needs the option {' or '.join(need.split('|'))}"
                raise fault(what, fix="add it to `options:`", at=("reader",))
        _check_pattern(self.options.get("pattern", "()"), "options", "pattern")
        return self


def _check_pattern(pattern: str, *at: str) -> None:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise fault("the pattern is no regular expression", why=str(error), at=at) from error
    if groups != 1:
        raise fault("the pattern has to have one group: the version", at=at)


class Repeat(BaseModel):
    """Files that repeat the newest microversion, beside the place that says it.

    :param files: as those of a rule
    :param pattern: an expression whose group is the version
    :param happens: what follows where it is left as it was, a sentence
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: list[Paths]
    pattern: str
    happens: str

    @field_validator("pattern")
    @classmethod
    def _one_group(cls, pattern: str) -> str:
        _check_pattern(pattern, "pattern")
        return pattern


class Lists(BaseModel):
    """Files that list what there is of a kind, and that are kept by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    option: list[Paths] = Field(default_factory=list)
    policy: list[Paths] = Field(default_factory=list)


class Rolling(BaseModel):
    """How services of two releases work beside each other while an upgrade goes on.

    Options are written as claims name them: ``upgrade_levels/compute``.

    :param caps: by RPC interface, the option that holds what is sent to an older version; behind ``=`` the value with
        which the services find that version themselves
    :param pin: the option that holds RPC, objects and API to those of a release
    :param unpinned: the command to run when nothing is pinned any more
    :param refuses: what follows where a service is older than the oldest that a tree works with, a sentence
    :param anyway: the option, and its value, that lets it start nevertheless
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    caps: dict[str, str] = Field(default_factory=dict)
    pin: str = ""
    unpinned: str = ""
    refuses: str = ""
    anyway: str = ""

    @model_validator(mode="after")
    def _options(self) -> Rolling:
        for at, said in (
            (("pin",), self.pin),
            (("anyway",), self.anyway),
            *((("caps", k), v) for k, v in self.caps.items()),
        ):
            if said and not OPTION.fullmatch(said):
                raise fault(f"{said!r} is no option", fix="write its group and its name: upgrade_levels/compute", at=at)
        return self


class Rules(BaseModel):
    """All that is looked for in a component.

    :param packages: other names of it, such as that on the package index
    :param repeats: where its newest version is repeated
    :param lists: what lists its options and policies
    :param rolling: how its services work beside those of another release
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    packages: list[str] = Field(default_factory=list)
    claims: list[Rule]
    repeats: list[Repeat] = Field(default_factory=list)
    lists: Lists = Field(default_factory=Lists)
    rolling: Rolling = Field(default_factory=Rolling)

    @model_validator(mode="after")
    def _interfaces(self) -> Rules:
        known = [rule.options["name"] for rule in self.claims if rule.reader == "rpc"]
        for name in self.rolling.caps:
            if name not in known:
                what = f"no rule reads an RPC interface {name!r}"
                raise fault(what, fix=suggestion(name, known), at=("rolling", "caps", name), key=True)
        return self


def read_rules(directory: Path) -> dict[str, Rules]:
    """Read the rules of a folder, by component and by each other name of it.

    :raises InputError: a file does not fit the model
    """
    found: dict[str, Rules] = {}
    for file in sorted(directory.glob("*.yaml")):
        rules = parse(Rules, read_yaml(file))
        found |= dict.fromkeys([file.stem, *rules.packages], rules)
    return found


@cache
def own_rules() -> dict[str, Rules]:
    """Read the rules that come with Stackwright."""
    with resources.as_file(resources.files("stackwright.hazards") / "rules") as directory:
        return read_rules(directory)


def rules_of(component: str, *packages: str) -> Rules:
    """Give the rules of a component.

    :param packages: what else it is called, such as its name on the package index
    :raises InputError: there are none
    """
    known = own_rules()
    for name in (component, *packages):
        if name in known:
            return known[name]
    raise InputError(
        f"there are no rules for what {component!r} claims",
        where=Where(file=Path(f"hazards/rules/{component}.yaml")),
        why="each component has a file of rules: which reader looks at which of its paths",
        fix=f"{suggestion(component, known)}; or write the file, as docs/hazard-claims.md shows",
    )
