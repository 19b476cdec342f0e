"""What is wrong with what stands in the files of one service, held against the options that it has.

What oslo.config does is that of https://docs.openstack.org/oslo.config/latest/reference/: an option that no code asks
for is not told of at all; an old name is read as long as the option names it; a value is looked at when the service
reads it, and one that its type refuses ends the service.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from stackwright.errors import Where, suggestion
from stackwright.hazards.forecast.options import key_of
from stackwright.site.config.known import AUTH_TYPE, logins
from stackwright.site.config.masking import masked
from stackwright.site.config.model import Finding, Rule, Severity
from stackwright.site.config.reading import Reading
from stackwright.site.config.typed import default_told, is_default, refusal, type_told
from stackwright.site.files import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackwright.site.config.definitions import Definition, Key
    from stackwright.site.config.known import Known
    from stackwright.site.files import IniFile, Option

    # Asks the environment what a type of its own says of a value: empty if it takes it, None if it cannot tell.
    Ask: TypeAlias = Callable[[Definition, str], str | None]

MOST = 4  # sections that are named for an option
NEAR = 0.75  # how alike two names have to be


@dataclass(frozen=True)
class Checked:
    """The files of a service that oslo.config reads.

    :param service: its name
    :param files: rendered
    :param known: the options that it has with them
    :param ask: asks the environment
    """

    service: str
    files: Sequence[IniFile]
    known: Known
    ask: Ask

    @cached_property
    def _reading(self) -> Reading:
        return Reading(self.known, self.files)

    def findings(self) -> Iterator[Finding]:
        """Give all that is to be said."""
        for file in self.files:
            for option in file.options:
                yield from self._of(option)
        yield from self._logins()
        yield from self._missing()

    def _of(self, option: Option) -> Iterator[Finding]:
        key = key_of(option.section, option.name)
        there = self.known.named(key)
        if not there:
            there = self.known.formerly(key)
            if not there:
                yield self._unknown(option, key)
                return
            yield self._renamed(option, there)
        if all(one.removal for one in there):
            yield self._going(option, there[0])
        yield from self._valued(option, there)

    # What nobody reads ------------------------------------------------------------------------------------------------

    def _unknown(self, option: Option, key: Key) -> Finding:
        group, name = key
        elsewhere = sorted(
            one for one, some in self.known.groups.items() if any(each.name == name for each in some) and one != group
        )
        own = [one.name for one in self.known.groups.get(group, ())]
        near = get_close_matches(name, own, n=1, cutoff=NEAR)
        unseen = self.known.definitions.unseen
        # What Stackwright's catalogue sets serves many releases, and who reads this cannot mend it.
        ours = option.layer == CATALOGUE
        severity = Severity.WARNING if unseen or ours else Severity.ERROR
        ignored = "what is set is ignored, and no log says so"
        if 0 < len(elsewhere) <= MOST:
            places = " or ".join(f"[{one}]" for one in elsewhere)
            has = "has" if len(elsewhere) == 1 else "have"
            what = f"it is set in the wrong section: {places} {has} it, and [{option.section}] does not; {ignored}"
            fix = f"write it below {places}" + (f"; or did you mean {near[0]!r}?" if near else "")
            return self._finding(severity, Rule.SECTION, option, what, fix)
        if group not in self.known.groups:
            what = f"{self.service} has no section [{option.section}]; {ignored}"
            sections = get_close_matches(group, self.known.groups, n=1, cutoff=NEAR)
            fix = f"did you mean [{sections[0]}]?" if sections else "remove it"
        else:
            what = f"{self.service} has no option {option.name!r} in [{option.section}]; {ignored}"
            fix = f"did you mean {near[0]!r}?" if near else "remove it"
        if unseen:
            what += f"; but {', '.join(each.name for each in unseen)} cannot be asked for options: {unseen[0].why}"
        return self._finding(severity, Rule.UNKNOWN, option, what, fix)

    # What will not be read for long -----------------------------------------------------------------------------------

    def _renamed(self, option: Option, there: Sequence[Definition]) -> Finding:
        names = " and ".join(dict.fromkeys(one.written for one in there))
        return self._finding(
            Severity.WARNING,
            Rule.DEPRECATED,
            option,
            f"this name is deprecated: it is called {names} now, and the old name is read until upstream drops it",
            f"write it as {there[0].written}",
        )

    def _going(self, option: Option, one: Definition) -> Finding:
        since = f" since {one.since}" if one.since else ""
        reason = " ".join(one.reason.split()).rstrip(".")
        return self._finding(
            Severity.WARNING,
            Rule.REMOVAL,
            option,
            f"it is deprecated for removal{since}{f': {reason}' if reason else ''}",
            "find out in upstream's release notes what takes its place",
        )

    # Values -----------------------------------------------------------------------------------------------------------

    def _valued(self, option: Option, there: Sequence[Definition]) -> Iterator[Finding]:
        """Look at a value: no option of the name takes it, or all have it anyway, or nobody can tell."""
        text = self._reading.put_in(option.file, option.section, option.value)
        if text is None:
            return
        reasons = [self._refusal(one, text) for one in there]
        if all(reasons):
            yield self._refused(option, there, text, reasons[0] or "")
        elif None in reasons and "" not in reasons:
            own = next(one for one, reason in zip(there, reasons, strict=True) if reason is None)
            what = f"its type is {self._own_type(own)}, and nobody could be asked whether it takes the value"
            yield self._finding(Severity.NOTE, Rule.UNCHECKED, option, what, "")
        elif all(is_default(one, text) for one in there):
            what = "it is set to its default" + ("" if _secret(there) else f", {default_told(there[0])}")
            fix = "" if option.layer == CATALOGUE else "remove it, unless it is to stay when upstream's default changes"
            yield self._finding(Severity.NOTE, Rule.DEFAULT, option, what, fix)

    def _refusal(self, one: Definition, text: str) -> str | None:
        reason = refusal(one.type, text)
        return self.ask(one, text) if reason is None and not one.secret else reason

    def _refused(self, option: Option, there: Sequence[Definition], text: str, reason: str) -> Finding:
        secret = _secret(there)
        shown = "that is set" if secret else repr(masked(text))
        told = "" if secret and text and text in reason else f": {masked(reason)}"
        return self._finding(
            Severity.ERROR,
            Rule.REFUSED,
            option,
            f"the value {shown} is refused{told}; what reads it ends with ConfigFileValueError",
            f"write what its type takes: {type_told(there[0].type)}",
        )

    @staticmethod
    def _own_type(one: Definition) -> str:
        return one.type.foreign or (one.type.item.foreign if one.type.item else "") or one.type.kind

    # What has to be set -----------------------------------------------------------------------------------------------

    def _logins(self) -> Iterator[Finding]:
        """See that the ways to authenticate are there, and have what they need."""
        plugins = {plugin.name: plugin for plugin in self.known.definitions.plugins}
        for login in logins(self.known, self.files) if plugins else ():
            section = key_of(login.section, "")[0]
            file = next(each for each in self.files if each.name == login.file)
            option = next(
                (each for each in file.options if key_of(each.section, each.name) == (section, AUTH_TYPE)), None
            )
            plugin = plugins.get(login.plugin)
            if plugin is None or plugin.why:
                usable = [name for name, one in plugins.items() if not one.why]
                what = f"there is no way to authenticate {login.plugin!r}" + (f" here: {plugin.why}" if plugin else "")
                if option is not None:
                    yield self._finding(Severity.ERROR, Rule.REFUSED, option, what, suggestion(login.plugin, usable))
                continue
            for one in plugin.options:
                if one.required and not self._is_set(login.file, one.model_copy(update={"group": section})):
                    yield self._lacking(
                        login.file, login.section, one, f"[{login.section}] authenticates by {login.plugin}"
                    )

    def _missing(self) -> Iterator[Finding]:
        """Find options that have to be set and are not, of sections that something is set in."""
        used = {key_of(option.section, "")[0]: option for file in self.files for option in reversed(file.options)}
        for group, first in used.items():
            # What is required there depends on the way to authenticate.
            if self.known.named((group, AUTH_TYPE)):
                continue
            for one in self.known.groups.get(group, ()):
                if one.required and one.default is None and not one.computed and not self._is_set(first.file, one):
                    yield self._lacking(first.file, first.section, one, f"[{first.section}] is used")

    def _is_set(self, file: str, one: Definition) -> bool:
        return self._reading.setting(file, one) is not None

    def _lacking(self, file: str, section: str, one: Definition, why: str) -> Finding:
        first = next(
            option for each in self.files if each.name == file for option in each.options if option.section == section
        )
        return Finding(
            Severity.ERROR,
            Rule.MISSING,
            self.service,
            file,
            section,
            one.name,
            f"it has to be set: {why}, and it has no default",
            f"set [{section}] {one.name}: {type_told(one.type)}",
            first.where,
            first.layer,
        )

    def _finding(self, severity: Severity, rule: Rule, option: Option, what: str, fix: str) -> Finding:
        return Finding(
            severity,
            rule,
            self.service,
            option.file,
            option.section,
            option.name,
            what,
            fix,
            option.where,
            option.layer,
        )


def of_file(service: str, file: IniFile, what: str) -> Finding:
    """Say why a file is not looked at."""
    where = file.options[0].where if file.options else Where(subject=f"service {service}")
    return Finding(Severity.NOTE, Rule.UNCHECKED, service, file.name, "", "", what, "", where)


def _secret(there: Sequence[Definition]) -> bool:
    return any(one.secret for one in there)
