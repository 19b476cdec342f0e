"""Where options come from that the list of an environment's options does not say: a table, with the reasons."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stackwright.distribution.reading import parse, read_yaml
from stackwright.site.config.definitions import Definition


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=lambda name: name.replace("_", "-"))

    why: str = Field(description="whence it comes, and where upstream's code says so")


class SectionRule(_Rule):
    """Sections that have options which the list has under other names, or not at all.

    In ``called``, ``like`` and the names of ``options`` stand ``{item}``, an item of the list (or the key of an entry
    of the dictionary) that names the sections, and ``{value}``, the value of that entry.
    """

    component: str
    named_by: str = Field("", description="the option, GROUP/NAME, whose value is a list or a dictionary of sections")
    called: str = Field("{item}", description="the name of a section")
    sections: tuple[str, ...] = Field((), description="the sections, if their names are fixed")
    like: tuple[str, ...] = Field((), description="the groups of the list whose options they have: patterns")
    only: tuple[str, ...] = Field((), description="of these, the ones that they have; without it, all")
    options: tuple[Definition, ...] = Field((), description="options that they have besides")
    examples: tuple[str, ...] = Field((), description="groups of the list that are no sections themselves: patterns")

    @model_validator(mode="after")
    def _one_way_to_the_names(self) -> SectionRule:
        if bool(self.named_by) == bool(self.sections):
            raise ValueError("a rule has either `named-by` or `sections`")
        return self


class FileRule(_Rule):
    """A file of the same form that is none of oslo.config's."""

    name: str


class Rules(BaseModel):
    """The table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sections: tuple[SectionRule, ...]
    files: tuple[FileRule, ...]

    def of(self, component: str) -> tuple[SectionRule, ...]:
        """Give the rules of a component."""
        return tuple(rule for rule in self.sections if rule.component == component)

    def read_by_another(self, file: str) -> str:
        """Say what reads a file, if oslo.config does not; empty if it does."""
        return next((rule.why for rule in self.files if fnmatchcase(file, rule.name)), "")


@cache
def own_rules() -> Rules:
    """Read the table that comes with Stackwright."""
    with resources.as_file(resources.files("stackwright.site.config") / "rules.yaml") as file:
        return parse(Rules, read_yaml(file))
