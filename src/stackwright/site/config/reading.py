"""What a service reads of its files: values as oslo.config's parser gives them, with what they refer to put in.

https://docs.openstack.org/oslo.config/latest/configuration/format.html
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from oslo_config.iniparser import BaseParser

from stackwright.hazards.forecast.options import key_of
from stackwright.site.config.typed import default_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.site.config.definitions import Definition, Key
    from stackwright.site.config.known import Known
    from stackwright.site.files import IniFile, Option

DEEPEST = 20  # references that lead to others


class UnknownError(Exception):
    """What a value refers to cannot be known before the service runs."""


class _Line(BaseParser):
    """Reads one line."""

    value = ""

    def assignment(self, key: str, value: list[str]) -> None:  # noqa: ARG002
        """Take it."""
        self.value = "\n".join(value)


def as_read(value: str) -> str:
    """Give a value as a service reads it: without the quotes around it."""
    line = _Line()
    line.parse([f"option = {value}"])
    return line.value


class _Template(string.Template):
    idpattern = r"[_a-z][\._a-z0-9]*"  # as in oslo_config.cfg.ConfigOpts.Template


@dataclass(frozen=True)
class Reading:
    """The files of a service, as it reads them.

    :param known: the options that it has
    """

    known: Known
    files: Sequence[IniFile]

    def text(self, file: str, one: Definition) -> str | None:
        """Give the text that an option has for what reads a file: what is set, else its default; None if unknown."""
        try:
            return self._text(file, one, 0)
        except UnknownError:
            return None

    def put_in(self, file: str, section: str, value: str) -> str | None:
        """Give a value with what it refers to put in; None if that cannot be known.

        :param section: in which it stands
        """
        try:
            return self._put_in(file, section, as_read(value), 0)
        except UnknownError:
            return None

    def setting(self, file: str, one: Definition) -> Option | None:
        """Give what sets an option, by its name or one that it had: in this file, else in another of the service."""
        names = [one.key, *(key_of(group or one.group, name) for group, name in one.former)]
        for name in [file, *(each for each in self._set if each != file)]:
            for key in names:
                if key in self._set[name]:
                    return self._set[name][key]
        return None

    @cached_property
    def _set(self) -> dict[str, dict[Key, Option]]:
        return {
            file.name: {key_of(option.section, option.name): option for option in file.options} for file in self.files
        }

    def _text(self, file: str, one: Definition, depth: int) -> str:
        option = self.setting(file, one)
        if option is not None:
            return self._put_in(option.file, option.section, as_read(option.value), depth)
        if one.computed or one.sample is not None:
            raise UnknownError
        return "" if one.default is None else self._put_in(file, one.group, default_told(one), depth)

    def _put_in(self, file: str, section: str, text: str, depth: int) -> str:
        if "$" not in text:
            return text
        if depth > DEEPEST:
            raise UnknownError
        return _Template(text.replace(r"\$", "$$")).safe_substitute(_References(self, file, section, depth + 1))


@dataclass(frozen=True)
class _References(Mapping[str, str]):
    """What the names in a template stand for; a name that is none of an option stays as it is written."""

    reading: Reading
    file: str
    section: str
    depth: int

    def __getitem__(self, name: str) -> str:
        group, dot, option = name.partition(".")
        keys = [key_of(group, option)] if dot else [key_of(self.section, name)]
        for key in (*keys, ("DEFAULT", name)):
            for one in self.reading.known.named(key):
                return self.reading._text(self.file, one, self.depth)
        raise KeyError(name)

    def __iter__(self) -> None:  # type: ignore[override]
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError
