"""What Debian's descriptions of packages hold: paragraphs read and written, and relations between packages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.build.debian.version import compare
from stackwright.sources.deb822 import Paragraph, paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Alternative", "Paragraph", "paragraphs", "relations", "written"]

# deb-control(5): name, architecture that it has to have, version, architectures, build profiles.
_RELATION = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)(?::(?P<qualifier>[a-z0-9-]+))?"
    r"(?:\s*\(\s*(?P<sign><<|<=|=|>=|>>|<|>)\s*(?P<version>[^\s)]+)\s*\))?"
    r"(?:\s*\[(?P<architectures>[^]]*)\])?"
    r"(?P<profiles>(?:\s*<[^>]*>)*)"
)
_SIGNS = {"<": "<=", ">": ">="}  # of old, these had the other meaning


@dataclass(frozen=True)
class Alternative:
    """One of the packages that satisfy a relation.

    :param sign: ``<<``, ``<=``, ``=``, ``>=`` or ``>>``; empty if any version does
    :param architectures: for which it counts; ``!`` before each for which it does not
    :param profiles: build profiles: one of the groups has to hold, with all that is in it
    """

    name: str
    sign: str = ""
    version: str = ""
    architectures: tuple[str, ...] = ()
    profiles: tuple[tuple[str, ...], ...] = ()

    def takes(self, version: str) -> bool:
        """Tell whether a version of the package satisfies it."""
        if not self.sign:
            return True
        order = compare(version, self.version)
        return {"<<": order < 0, "<=": order <= 0, "=": order == 0, ">=": order >= 0, ">>": order > 0}[self.sign]

    def counts(self, architecture: str, profiles: Iterable[str] = ()) -> bool:
        """Tell whether it counts in a build for an architecture with some build profiles."""
        named = {name.removeprefix("!") for name in self.architectures}
        if named:
            here = bool(named & {architecture, "any", "linux-any", f"any-{architecture}"})
            if here is self.architectures[0].startswith("!"):
                return False
        active = set(profiles)
        return not self.profiles or any(
            all((word.removeprefix("!") in active) is not word.startswith("!") for word in group)
            for group in self.profiles
        )


def relations(value: str) -> tuple[tuple[Alternative, ...], ...]:
    """Read a field such as Depends or Build-Depends: all of what it gives have to be, each by one of its alternatives.

    :raises ValueError: it is not of the form of deb-control(5)
    """
    found = []
    for relation in value.split(","):
        if relation.strip():
            found.append(tuple(_alternative(text.strip()) for text in relation.split("|")))
    return tuple(found)


def written(entries: Iterable[Mapping[str, str]]) -> str:
    """Give the text of paragraphs; an empty line of a value becomes the dot that stands for one."""
    return "\n".join("".join(_field(name, value) for name, value in fields.items()) for fields in entries)


def _field(name: str, value: str) -> str:
    first, *rest = value.split("\n")
    return f"{name}:{f' {first}' if first else ''}\n" + "".join(f" {line or '.'}\n" for line in rest)


def _alternative(text: str) -> Alternative:
    form = _RELATION.fullmatch(text)
    if form is None:
        raise ValueError(f"{text!r} is not a relation to a package")
    sign = _SIGNS.get(form["sign"] or "", form["sign"] or "")
    groups = tuple(tuple(group.split()) for group in re.findall(r"<([^>]*)>", form["profiles"]))
    architectures = tuple((form["architectures"] or "").split())
    return Alternative(form["name"], sign, form["version"] or "", architectures, groups)
