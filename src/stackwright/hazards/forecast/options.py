"""Options over an upgrade: what becomes of those that a site sets, and of the defaults of the others.

What oslo.config does is that of https://docs.openstack.org/oslo.config/latest/reference/: an option of a file that no
code asks for is not told of at all; an old name is read as long as the option names it, and warned about; a value is
looked at when the service reads it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from stackwright.hazards.forecast.model import Finding, Subject, Weight
from stackwright.hazards.forecast.typed import default_written, refusal, same_default
from stackwright.hazards.forecast.unseen import gone, hidden
from stackwright.hazards.hazard import Rule
from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import UNPARSED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackwright.hazards.check import Found
    from stackwright.hazards.forecast.model import Setting
    from stackwright.hazards.model import Claim, Claims

    # The group and the name of an option, as oslo.config compares them.
    Key: TypeAlias = tuple[str, str]

WAS = re.compile(r"was ([^;\s]+)/([^;\s/]+)")
FOR_REMOVAL = "for removal"
UNKNOWN = "?"
# What is registered only where somebody uses it.
IN_DRIVER = re.compile(r"/(drivers?|plugins?)/")


def options(
    component: str,
    before: Claims,
    after: Claims,
    settings: Sequence[Setting],
    end: str,
    found: Sequence[Found] = (),
) -> tuple[Finding, ...]:
    """Give what becomes of the options of a component on a hop.

    An option that neither tree has is a library's (messages, tokens, logs): nothing is said of it.

    :param before: what the patched tree of the release that is left claims
    :param after: the same of the release that is entered
    :param settings: what the site sets for the component
    :param end: the release that is entered
    :param found: the hazards of the component that the hop triggers: a default that they tell of is not told again
    """
    if gone(Kind.OPTION, before, after):
        return (hidden(Kind.OPTION, Subject.OPTION, f"{component} {end}", after),)
    hop = _Hop(component, _Options.of(before), _Options.of(after), tuple(settings), end, tuple(found))
    return (*hop.of_settings(), *hop.needed(), *hop.defaults())


def key_of(group: str, name: str) -> Key:
    """Give what oslo.config finds an option by: all groups but DEFAULT are the same in capitals and small letters."""
    return group if group == "DEFAULT" else group.lower(), name


@dataclass(frozen=True)
class _Options:
    """The options of a tree.

    :param named: by their own names; several where services of the component have one each
    :param formerly: by names that they had and are read by
    :param groupless: the names of those whose group is not to be seen
    :param unread: the files that do not parse
    """

    named: Mapping[Key, tuple[Claim, ...]]
    formerly: Mapping[Key, tuple[Claim, ...]]
    groupless: frozenset[str]
    unread: frozenset[str]

    @classmethod
    def of(cls, claims: Claims) -> _Options:
        named: defaultdict[Key, list[Claim]] = defaultdict(list)
        formerly: defaultdict[Key, list[Claim]] = defaultdict(list)
        groupless = set()
        for claim in claims.claims:
            if claim.kind is not Kind.OPTION:
                continue
            group, _, name = claim.name.rpartition("/")
            if group == UNKNOWN:
                groupless.add(name)
                continue
            named[key_of(group, name)].append(claim)
            for old_group, old_name in WAS.findall(claim.says("deprecated")):
                formerly[key_of(old_group, old_name)].append(claim)
        return cls(
            {key: tuple(some) for key, some in named.items()},
            {key: tuple(some) for key, some in formerly.items()},
            frozenset(groupless),
            frozenset(
                place.partition(":")[0]
                for each in claims.unseen
                if each.kind is Kind.OPTION and each.why.startswith(UNPARSED)
                for place in each.looked
            ),
        )

    def get(self, key: Key) -> tuple[Claim, ...]:
        """Give what reads an option that is set by a name: those of the name, else those that had it."""
        return self.named.get(key) or self.formerly.get(key, ())


@dataclass(frozen=True)
class _Hop:
    component: str
    before: _Options
    after: _Options
    settings: tuple[Setting, ...]
    end: str
    found: tuple[Found, ...]

    @property
    def entered(self) -> str:
        return f"{self.component} {self.end}"

    @cached_property
    def set(self) -> Mapping[Key, tuple[Setting, ...]]:
        """The settings by what oslo.config finds them by: files of several services may set the same."""
        some: defaultdict[Key, list[Setting]] = defaultdict(list)
        for setting in self.settings:
            some[key_of(setting.section, setting.option)].append(setting)
        return {key: tuple(each) for key, each in some.items()}

    @cached_property
    def read(self) -> frozenset[Claim]:
        """The options of the release that is entered that are set, by whatever name."""
        return frozenset(claim for key in self.set for claim in self.after.get(key))

    def of_settings(self) -> Iterator[Finding]:
        """Say what becomes of what is set."""
        for key, some in self.set.items():
            here, there = self.before.get(key), self.after.get(key)
            if there:
                yield from self._refused(some, here, there)
                yield from self._renamed(key, some, there)
                yield from self._going(some, here, there)
            elif here and key[1] not in self.after.groupless:
                yield self._gone(key, some, here)

    def _gone(self, key: Key, some: Sequence[Setting], here: Sequence[Claim]) -> Finding:
        unread = next((claim.path for claim in here if claim.path in self.after.unread), "")
        if unread:
            what = f"it cannot be seen whether {self.entered} has it: {unread} does not parse"
            return self._of(some, Weight.STEP, what, f"look by hand at {unread} of {self.entered}")
        ignored = "what is set is ignored, and no log says so"
        now = next((each.name for each in here if key_of(*_parts(each.name)) in self.after.named), "")
        if now and key not in self.before.named:
            return self._of(
                some,
                Weight.STEP,
                f"{self.entered} reads {now} and not by this old name any more: {ignored}",
                f"write it as {_written(now)} in {_places(some)}",
            )
        elsewhere = sorted({one.name for name, each in self.after.named.items() if name[1] == key[1] for one in each})
        hint = f"; {' and '.join(elsewhere)} there may be what took its place" if elsewhere else ""
        warned = " (it was deprecated)" if all(FOR_REMOVAL in each.says("deprecated") for each in here) else ""
        return self._of(
            some,
            Weight.STEP,
            f"{self.component}'s own code does not have it any more in {self.end}{warned}: unless a library or a plugin"
            f" of yours has it now, {ignored}{hint}",
            f"find out in upstream's release notes what took its place, and remove it from {_places(some)}",
        )

    def _renamed(self, key: Key, some: Sequence[Setting], there: Sequence[Claim]) -> Iterator[Finding]:
        if key in self.after.named:
            return
        now = " and ".join(dict.fromkeys(claim.name for claim in there))
        known = key not in self.before.named and key in self.before.formerly
        claim = there[0]
        yield self._of(
            some,
            Weight.NOTE if known else Weight.STEP,
            f"it is called {now}{' by now' if known else f' in {self.end}'}: the old name is still read, and warned"
            " about, until upstream drops it",
            f"write it as {' and '.join(_written(each.name) for each in there[:1])} in {_places(some)}, as soon as no"
            " release that you run knows the old name only",
            claim,
        )

    def _going(self, some: Sequence[Setting], here: Sequence[Claim], there: Sequence[Claim]) -> Iterator[Finding]:
        def deprecated(claims: Sequence[Claim]) -> bool:
            return all(FOR_REMOVAL in claim.says("deprecated") for claim in claims)

        if here and deprecated(there) and not deprecated(here):
            said = re.search(f"{FOR_REMOVAL}[^;]*", there[0].says("deprecated"))
            yield self._of(
                some,
                Weight.NOTE,
                f"it is deprecated {said[0] if said else FOR_REMOVAL}: it is still read, and a later release will"
                " ignore it",
                claim=there[0],
            )

    def _refused(self, some: Sequence[Setting], here: Sequence[Claim], there: Sequence[Claim]) -> Iterator[Finding]:
        """Find values that no option of the name takes any more."""
        for setting in some:
            reasons = [refusal(claim, setting.value) for claim in there]
            if not all(reasons) or (here and all(refusal(claim, setting.value) for claim in here)):
                continue
            secret = any(claim.says("secret") for claim in (*here, *there))
            value = "that is set" if secret else repr(setting.value)
            yield self._of(
                [setting],
                Weight.STOP,
                f"{self.entered} does not take the value {value}: {reasons[0]}; what reads it ends with"
                " ConfigFileValueError, most services when they start",
                f"change it in {setting.where}",
                there[0],
            )

    def needed(self) -> Iterator[Finding]:
        """Find options that have to be set, and are not."""
        used = {claim.path for key in self.set for claim in self.after.named.get(key, ())}
        for key, there in self.after.named.items():
            claim = there[0]
            if claim in self.read or not all(_has_to_be_set(each) for each in there):
                continue
            if any(_has_to_be_set(each) for each in self._counterparts(key, claim)):
                continue
            certain = claim.path in used or not IN_DRIVER.search(claim.path)
            where = "" if certain else f" that uses {claim.path}"
            yield Finding(
                Subject.OPTION,
                claim.name,
                Weight.STEP if certain else Weight.NOTE,
                f"it has to be set in {self.end}, and has no default: a service{where} ends with RequiredOptError when"
                " it starts",
                f"set {_written(claim.name)} in the site",
                self._place(claim),
            )

    def defaults(self) -> Iterator[Finding]:
        """Say which options that nobody sets have another default."""
        told = {
            one.hazard.name
            for one in self.found
            if one.hazard.kind is Kind.OPTION and one.hazard.rule is Rule.OTHER_DEFINITION
        }
        for key, there in self.after.named.items():
            claim = there[0]
            here = self._counterparts(key, claim)
            if not here or claim in self.read or claim.name in told:
                continue
            if any(same_default(old, new) for old in here for new in there):
                continue
            old, new = (each.says("default") or "None" for each in (here[0], claim))
            written = default_written(here[0])
            yield Finding(
                Subject.OPTION,
                claim.name,
                Weight.NOTE,
                f"nothing sets it, and its default is {new} in {self.end}; it was {old}",
                f"where it shall be as it was, write {_written(claim.name)} = {written}" if written else "",
                self._place(claim),
            )

    def _counterparts(self, key: Key, claim: Claim) -> tuple[Claim, ...]:
        """Give what an option of the release that is entered was before, by its own name or one that it had."""
        names = [key, *(key_of(*old) for old in WAS.findall(claim.says("deprecated")))]
        return next((self.before.named[name] for name in names if name in self.before.named), ())

    def _of(
        self, some: Sequence[Setting], weight: Weight, what: str, step: str = "", claim: Claim | None = None
    ) -> Finding:
        """Make a finding of what is set; where a tree says so, its place is told too."""
        where = _places(some) + (f"; {self._place(claim)}" if claim else "")
        return Finding(Subject.OPTION, f"{some[0].section}/{some[0].option}", weight, what, step, where)

    def _place(self, claim: Claim) -> str:
        return f"{claim.path}:{claim.line} in {self.entered}"


def _has_to_be_set(claim: Claim) -> bool:
    return claim.says("required") == "True" and claim.says("default") in ("", "None")


def _parts(name: str) -> tuple[str, str]:
    group, _, short = name.rpartition("/")
    return group, short


def _written(name: str) -> str:
    """Name an option as a configuration file does."""
    group, short = _parts(name)
    return f"[{group}] {short}"


def _places(some: Sequence[Setting]) -> str:
    return " and ".join(dict.fromkeys(setting.where for setting in some))
