"""Who asks: upstream's personas (``personas.yaml``), and those of a distribution (``policies/personas.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated

from pydantic import ConfigDict, Field

from stackwright.distribution.reading import parse, read_yaml
from stackwright.distribution.texts import Name
from stackwright.distribution.written import FromFile, Written
from stackwright.errors import InputError, suggestion
from stackwright.site.policy.model import Persona

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PERSONAS = "policies/personas.yaml"


class PersonaFile(Written):
    """Somebody who asks services for something."""

    roles: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(
        description="roles that are assigned to it; those that they imply come with them"
    )
    service_roles: tuple[Name, ...] = Field((), description="roles of the service token that comes with its requests")


class PersonasFile(FromFile):
    """The file `policies/personas.yaml`: the distribution's own roles, and who has them."""

    model_config = ConfigDict(title="Stackwright personas")

    implies: Mapping[Name, tuple[Name, ...]] = Field(
        {}, description="role -> the roles that the identity service gives to whoever has it"
    )
    personas: Mapping[Name, PersonaFile] = Field({}, description="name -> who asks")


class Personas:
    """All personas of a distribution, and the roles that there are.

    :param files: later ones add to earlier ones, and win
    """

    def __init__(self, *files: PersonasFile) -> None:
        self._implies = {role: implied for file in files for role, implied in file.implies.items()}
        named = {name: one for file in files for name, one in file.personas.items()}
        self.known: Mapping[str, Persona] = {
            name: Persona(name, tuple(dict.fromkeys(self._all(one.roles))), one.service_roles)
            for name, one in named.items()
        }
        implied = {role for roles in self._implies.values() for role in roles}
        self.roles = frozenset({*self._implies, *implied, *(role for one in named.values() for role in one.roles)})

    def chosen(self, names: Iterable[str] = ()) -> tuple[Persona, ...]:
        """Give those of some names, or all.

        :raises InputError: there is none of a name
        """
        wanted = tuple(dict.fromkeys(names)) or tuple(self.known)
        for name in wanted:
            if name not in self.known:
                raise InputError(
                    f"there is no persona {name!r}", fix=f"{suggestion(name, self.known)} or write it into {PERSONAS}"
                )
        return tuple(self.known[name] for name in wanted)

    def _all(self, roles: Iterable[str], seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Give roles with all that they imply; keystone, too, goes round a circle once."""
        for role in roles:
            if role not in seen:
                yield role
                yield from self._all(self._implies.get(role, ()), seen | {role})


def read_personas(root: Path) -> Personas:
    """Give the personas of a distribution.

    :raises InputError: something is wrong with its file
    """
    file = root / PERSONAS
    if not file.exists():
        return Personas(_upstream())
    document = read_yaml(file)
    own = parse(PersonasFile, document).placed(document)
    for name in own.personas.keys() & _upstream().personas.keys():
        raise InputError(
            f"the persona {name!r} is upstream's",
            where=own.where("personas", name, key=True),
            why="what it may do is what others mean by that name",
            fix="take another name",
        )
    return Personas(_upstream(), own)


@cache
def _upstream() -> PersonasFile:
    with resources.as_file(resources.files("stackwright.site.policy") / "personas.yaml") as file:
        return parse(PersonasFile, read_yaml(file))
