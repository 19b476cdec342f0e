"""All that is known of an option: what it does, which services have it, who sets it to what, and who wins."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from stackwright.errors import InputError, suggestion
from stackwright.hazards.forecast.options import key_of
from stackwright.site.config.masking import masked_value
from stackwright.site.values.secrecy import names_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.errors import Where
    from stackwright.site.config.definitions import Definition
    from stackwright.site.config.validate import Validated

# `nova.conf:libvirt.virt_type`, `[libvirt]virt_type`, `libvirt.virt_type`, `virt_type`; a section may have dots in it.
WORD = re.compile(
    r"(?:(?P<file>[^:\[\]]+):)?\s*(?:\[(?P<bracketed>[^\]]+)\]\s*|(?P<dotted>[^\[\]]+)\.)?(?P<name>[^.\[\]:\s]+)"
)


@dataclass(frozen=True)
class Named:
    """An option as a person names it; what is left out is empty."""

    file: str
    section: str
    name: str


@dataclass(frozen=True)
class Setting:
    """What one layer says of an option.

    :param value: as it may be shown
    :param wins: whether it is what stands in the file
    """

    service: str
    file: str
    value: str
    layer: str
    where: Where
    wins: bool


@dataclass(frozen=True)
class Explained:
    """An option, and what is set.

    :param services: those that have it
    """

    definition: Definition
    services: tuple[str, ...]
    settings: tuple[Setting, ...]


def named(word: str) -> Named:
    """Read how a person names an option.

    :raises InputError: it is none of the ways to
    """
    found = WORD.fullmatch(word.strip())
    if found is None:
        raise InputError(
            f"{word!r} does not name an option",
            fix="write it like FILE:SECTION.OPTION, [SECTION]OPTION or OPTION",
        )
    return Named(found["file"] or "", found["bracketed"] or found["dotted"] or "", found["name"])


def explain(word: str, validated: Sequence[Validated]) -> tuple[Explained, ...]:
    """Explain an option: one explanation for each that is meant and defined otherwise than the others.

    :param validated: the services that are looked in
    :raises InputError: there is no such option
    """
    one = named(word)
    services = [each for each in validated if each.known is not None]
    if one.file:
        having = [each for each in services if any(file.name == one.file for file in each.files)]
        if not having:
            known = {file.name for each in services for file in each.files}
            raise InputError(f"no service has a configuration file {one.file!r}", fix=suggestion(one.file, known))
        services = having
    found: dict[str, tuple[Definition, list[Validated]]] = {}
    for service in services:
        for definition in _meant(one, service):
            # The same option of several services is told once.
            alike = definition.model_dump_json(exclude={"namespaces"})
            having = found.setdefault(alike, (definition, []))[1]
            if not any(each is service for each in having):
                having.append(service)
    if not found:
        raise _none(one, services)
    return tuple(
        Explained(
            definition,
            tuple(each.service for each in some),
            tuple(setting for each in some for setting in _set(definition, each, one.file)),
        )
        for definition, some in found.values()
    )


def _meant(one: Named, service: Validated) -> list[Definition]:
    assert service.known is not None
    known = service.known
    if one.section:
        return list(known.get(key_of(one.section, one.name)))
    own = [each for some in known.groups.values() for each in some if each.name == one.name]
    return own or [
        each for some in known.groups.values() for each in some if any(old == one.name for _, old in each.former)
    ]


def _set(definition: Definition, service: Validated, file: str) -> list[Setting]:
    """Give what is said of an option, by its name or one that it had, the winner of each file last."""
    names = [definition.key, *(key_of(group or definition.group, name) for group, name in definition.former)]
    secret = definition.secret or names_secret(definition.name)
    return [
        Setting(
            service.service, option.file, masked_value(said.value, secret=secret), said.layer, said.where,
            said is option.said[-1],
        )
        for each in service.files
        if not file or each.name == file
        for option in each.options
        if key_of(option.section, option.name) in names
        for said in option.said
    ]  # fmt: skip


def _none(one: Named, services: Sequence[Validated]) -> InputError:
    """Say that there is no such option, and which is the nearest."""
    groups = {group for each in services if each.known for group in each.known.groups}
    names = {
        option.name
        for each in services
        if each.known
        for group, some in each.known.groups.items()
        if not one.section or group == key_of(one.section, "")[0]
        for option in some
    }
    looked = [each.service for each in services]
    who = f"{looked[0]} has" if len(looked) == 1 else f"none of {', '.join(looked)} has"
    article = "no" if len(looked) == 1 else "a"
    if one.section and not names:
        return InputError(f"{who} {article} section [{one.section}]", fix=_nearest(one.section, groups))
    place = f" in [{one.section}]" if one.section else ""
    article = "no" if len(looked) == 1 else "an"
    return InputError(f"{who} {article} option {one.name!r}{place}", fix=_nearest(one.name, names))


def _nearest(word: str, known: set[str]) -> str:
    """Name the nearest of words that are too many to be listed."""
    near = get_close_matches(word, sorted(known), n=1) or [one for one in sorted(known) if word in one]
    return f"did you mean {near[0]!r}?" if near else "stackwright config sample SERVICE lists what there is"
