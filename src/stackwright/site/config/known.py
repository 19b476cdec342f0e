"""The options that a service has with a certain configuration: the environment's, and those that it brings about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.hazards.forecast.options import key_of
from stackwright.site.config.definitions import by_key
from stackwright.site.config.reading import Reading
from stackwright.site.config.typed import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackwright.site.config.definitions import Definition, Definitions, Key
    from stackwright.site.config.rules import SectionRule
    from stackwright.site.files import IniFile

# keystoneauth's options of a section that services authenticate by
# (https://docs.openstack.org/keystoneauth/latest/plugin-options.html).
AUTH_TYPE = "auth_type"
AUTH_SECTION = "auth_section"
PRIVSEP = "privsep"


@dataclass(frozen=True)
class Known:
    """What options there are for a service.

    :param definitions: those of its environment
    :param added: further ones, which its configuration brings about
    :param examples: groups of the environment's list that are no sections
    """

    definitions: Definitions
    added: tuple[Definition, ...] = ()
    examples: frozenset[str] = frozenset()

    @cached_property
    def _added(self) -> Mapping[Key, tuple[Definition, ...]]:
        return by_key((one.key, one) for one in self.added)

    @cached_property
    def _added_formerly(self) -> Mapping[Key, tuple[Definition, ...]]:
        return by_key((key_of(group or one.group, name), one) for one in self.added for group, name in one.former)

    def named(self, key: Key) -> tuple[Definition, ...]:
        """Give the options of a name."""
        own = () if key[0] in self.examples else self.definitions.named.get(key, ())
        return own or self._added.get(key, ())

    def formerly(self, key: Key) -> tuple[Definition, ...]:
        """Give the options that had a name and are read by it."""
        found = (*self.definitions.formerly.get(key, ()), *self._added_formerly.get(key, ()))
        return tuple(one for one in found if one.group not in self.examples)

    def get(self, key: Key) -> tuple[Definition, ...]:
        """Give what reads an option that is set by a name: those of the name, else those that had it."""
        return self.named(key) or self.formerly(key)

    @cached_property
    def groups(self) -> Mapping[str, tuple[Definition, ...]]:
        """All options by their sections."""
        found: defaultdict[str, list[Definition]] = defaultdict(list)
        for one in self.definitions.options:
            if one.group not in self.examples:
                found[one.group].append(one)
        for one in self.added:
            found[one.group].append(one)
        return {group: tuple(some) for group, some in found.items()}


def known_to(definitions: Definitions, rules: Sequence[SectionRule], files: Sequence[IniFile]) -> Known:
    """Give the options that a service has with these files.

    :param rules: those of its component
    """
    examples = frozenset(
        group
        for group in definitions.groups
        for pattern in (
            *(pattern for rule in rules for pattern in rule.examples),
            *(driven.group for driven in definitions.drivers),
        )
        if fnmatchcase(group, pattern)
    )
    plain = Known(definitions)
    added = [*_contexts(definitions)]
    for rule in rules:
        added += _of_rule(rule, plain, files)
    for driven in definitions.drivers:
        for item, _ in _items(plain, files, ("DEFAULT", driven.owner)):
            added += _like(definitions.groups.get(driven.group, ()), item)
    with_sections = Known(definitions, tuple(added), examples)
    return Known(definitions, (*added, *_of_plugins(with_sections, files)), examples)


def _contexts(definitions: Definitions) -> Iterator[Definition]:
    """Give the options of the sections that oslo.privsep's contexts have; the list has them once."""
    for section in dict.fromkeys(context.section for context in definitions.contexts):
        if section != PRIVSEP:
            yield from _like(definitions.groups.get(PRIVSEP, ()), section)


def _like(options: Iterable[Definition], section: str) -> Iterator[Definition]:
    for one in options:
        yield one.model_copy(update={"group": key_of(section, "")[0]})


# Rules --------------------------------------------------------------------------------------------------------------


def _of_rule(rule: SectionRule, known: Known, files: Sequence[IniFile]) -> Iterator[Definition]:
    """Give the options of the sections that a rule speaks of."""
    group, _, name = rule.named_by.rpartition("/")
    items = _items(known, files, (group, name)) if rule.named_by else [(section, "") for section in rule.sections]
    for item, value in items:
        names = {"item": item, "value": value}
        section = rule.called.format(**names)
        patterns = [pattern.format(**names) for pattern in rule.like]
        for kind, options in known.definitions.groups.items():
            if any(fnmatchcase(kind, pattern.lower()) for pattern in patterns):
                yield from _like((one for one in options if not rule.only or one.name in rule.only), section)
        for one in rule.options:
            former = tuple((old.format(**names), old_name) for old, old_name in one.former)
            yield from _like([one.model_copy(update={"name": one.name.format(**names), "former": former})], section)


def _items(known: Known, files: Sequence[IniFile], key: Key) -> list[tuple[str, str]]:
    """Give the items of a list, or the entries of a dictionary, that an option holds in any of the files."""
    found: dict[tuple[str, str], None] = {}
    for file in files:
        for one in known.named(key):
            text = Reading(known, files).text(file.name, one)
            made = type_of(one.type)
            try:
                value = made(text) if made is not None and text is not None else None
            except ValueError:  # told where values are looked at
                continue
            if isinstance(value, dict):
                found |= dict.fromkeys((str(item), str(kind)) for item, kind in value.items())
            elif isinstance(value, list):
                found |= dict.fromkeys((str(item), "") for item in value)
            elif isinstance(value, str):  # some services take such a text apart themselves
                found |= dict.fromkeys((item.strip(), "") for item in value.split(",") if item.strip())
    return list(found)


# keystoneauth's plugins ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Login:
    """A section that a service authenticates by.

    :param plugin: the way that it names
    """

    file: str
    section: str
    plugin: str


def logins(known: Known, files: Sequence[IniFile]) -> Iterator[Login]:
    """Find the sections that name a way to authenticate."""
    reading = Reading(known, files)
    for file in files:
        for section in file.sections:
            for one in known.named(key_of(section, AUTH_TYPE)):
                plugin = reading.text(file.name, one)
                if plugin:
                    yield Login(file.name, section, plugin)
                    break


def _of_plugins(known: Known, files: Sequence[IniFile]) -> Iterator[Definition]:
    """Give the options that plugins read in the sections that name them, or that others lead to."""
    reading = Reading(known, files)
    plugins = {plugin.name: plugin for plugin in known.definitions.plugins}
    led: list[Definition] = []
    for file in files:
        for section in file.sections:
            for one in known.named(key_of(section, AUTH_SECTION)):
                target = reading.text(file.name, one)
                kinds = known.named(key_of(section, AUTH_TYPE))
                if target and kinds and not known.named(key_of(target, AUTH_TYPE)):
                    led += _like(kinds[:1], target)
    yield from led
    more = Known(known.definitions, (*known.added, *led), known.examples)
    for login in logins(more, files):
        plugin = plugins.get(login.plugin)
        # Where the name is wrong, that alone is to be told: whatever any of them reads is let pass.
        for each in plugins.values() if plugin is None or plugin.why else [plugin]:
            yield from _like(each.options, login.section)
