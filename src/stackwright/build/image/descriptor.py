"""LOCI's descriptors of images: lines ``KEY=value`` as a shell reads them, read here without one.

What a shell would work out (variables, commands, patterns) is an error: a descriptor is data. CUSTOMIZATION alone is a
script; it is run in the image (`stackwright.build.image.customization`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KEYS = (
    "BUILDER", "LABEL", "PROJECT", "PROJECT_REPO", "PROJECT_REF", "PROJECT_UID", "PROJECT_GID", "DIST_REPOS",
    "DIST_PACKAGES", "PIP_PACKAGES", "PROFILES", "CUSTOMIZATION", "NON_UNIQUE_SYSTEM_ACCOUNT", "UPDATE_SYSTEM_ACCOUNT",
)  # fmt: skip
BUILDER = "loci"
NO_REPOSITORY = "nil"
ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
# The name of a repository in a registry (OCI distribution-spec: Pulling manifests), of one part.
LABEL = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
ANSWERS = {"yes": True, "true": True, "no": False, "false": False, "": False}
# What a shell works out in words without quotes, and in double ones (POSIX.1-2017, XCU 2.2).
EVALUATED = frozenset("$`")
SPECIAL = EVALUATED | frozenset("|&;<>()*?[]~{}!")
ESCAPED = frozenset('$`"\\\n')


@dataclass(frozen=True)
class Descriptor:
    """An image as a descriptor has it.

    :param repository: the address of the project's repository; empty if it is the release's; None for an image of
        distribution packages only
    :param reference: what of the repository; empty if it does not say
    :param shared_id: the numbers of its user may be another's already
    :param moved_id: a user that there is already gets these numbers
    :param lines: where each key stands
    """

    file: Path
    label: str
    project: str
    repository: str | None
    reference: str
    uid: int | None
    gid: int | None
    dist_repos: tuple[str, ...]
    dist_packages: tuple[str, ...]
    pip_packages: tuple[str, ...]
    profiles: tuple[str, ...]
    customization: str
    shared_id: bool
    moved_id: bool
    lines: Mapping[str, int]

    def where(self, key: str) -> Where:
        """Give where a key stands; the file, if it does not."""
        return Where(self.file, self.lines.get(key))


def read_descriptor(file: Path) -> Descriptor:
    """Read a descriptor.

    :raises InputError: it cannot be read, something would be evaluated, a key is unknown, missing or wrong
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InputError(
            "the descriptor cannot be read", where=Where(file), why=why, fix="name a file of lines KEY=value"
        ) from error
    return _descriptor(_Reader(text, file).assignments(), file)


def _descriptor(found: Mapping[str, tuple[str, int]], file: Path) -> Descriptor:
    lines = {key: line for key, (_, line) in found.items()}

    def wrong(key: str, why: str, fix: str) -> InputError:
        return InputError(f"{key}: {why}", where=Where(file, lines.get(key)), fix=fix)

    def value(key: str) -> str:
        return found[key][0].strip() if key in found else ""

    def words(key: str) -> tuple[str, ...]:
        return tuple(value(key).replace(",", " ").split())

    for key in found:
        if key not in KEYS:
            raise InputError(f"there is no key {key!r}", where=Where(file, lines[key]), fix=suggestion(key, KEYS))
    for key in ("LABEL", "PROJECT"):
        if not value(key):
            raise wrong(key, "it is missing", f"add a line, such as: {key}=nova")
    if value("BUILDER") not in ("", BUILDER):
        raise wrong("BUILDER", f"there is no builder {value('BUILDER')!r}", f"write BUILDER={BUILDER}")
    if not LABEL.fullmatch(value("LABEL")):
        raise wrong("LABEL", f"{value('LABEL')!r} cannot be the name of an image", "small letters, digits, - _ .")
    repository = None if value("PROJECT_REPO") == NO_REPOSITORY else value("PROJECT_REPO")
    if repository is None:
        for key in ("PROJECT_REF", "PIP_PACKAGES"):
            if value(key):
                raise wrong(
                    key,
                    f"PROJECT_REPO is {NO_REPOSITORY}: the image has distribution packages only",
                    f"remove {key}, or PROJECT_REPO",
                )
    if repository and not value("PROJECT_REF"):
        raise wrong("PROJECT_REF", "it is missing", "name a branch, tag or commit of PROJECT_REPO")
    return Descriptor(
        file,
        value("LABEL"),
        value("PROJECT"),
        repository,
        value("PROJECT_REF"),
        _number(value("PROJECT_UID"), "PROJECT_UID", wrong),
        _number(value("PROJECT_GID"), "PROJECT_GID", wrong),
        words("DIST_REPOS"),
        words("DIST_PACKAGES"),
        words("PIP_PACKAGES"),
        words("PROFILES"),
        value("CUSTOMIZATION"),
        _answer(value("NON_UNIQUE_SYSTEM_ACCOUNT"), "NON_UNIQUE_SYSTEM_ACCOUNT", wrong),
        _answer(value("UPDATE_SYSTEM_ACCOUNT"), "UPDATE_SYSTEM_ACCOUNT", wrong),
        lines,
    )


def _number(text: str, key: str, wrong: Callable[[str, str, str], InputError]) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) < 65534:
        raise wrong(key, f"{text!r} is not the number of a user", "write one from 1 to 65533")
    return int(text)


def _answer(text: str, key: str, wrong: Callable[[str, str, str], InputError]) -> bool:
    if text.lower() not in ANSWERS:
        raise wrong(key, f"{text!r} is neither yes nor no", f"write {key}=yes or {key}=no")
    return ANSWERS[text.lower()]


class _Reader:
    """Reads assignments, character by character."""

    def __init__(self, text: str, file: Path) -> None:
        self.text = text
        self.file = file
        self.at = 0

    @property
    def line(self) -> int:
        return self.text.count("\n", 0, self.at) + 1

    def assignments(self) -> dict[str, tuple[str, int]]:
        """Give key -> its value, and its line."""
        found: dict[str, tuple[str, int]] = {}
        while self._skip_blank():
            line = self.line
            form = ASSIGNMENT.match(self.text, self.at)
            if form is None:
                raise self._refused("this is not KEY=value", "a shell would run it as a command")
            if form[1] in found:
                raise self._refused(
                    f"{form[1]} is here twice, first in line {found[form[1]][1]}", "the last would count", "remove one"
                )
            self.at = form.end()
            found[form[1]] = (self._value(), line)
        return found

    def _skip_blank(self) -> bool:
        """Go to the next line that says something; False at the end."""
        while self.at < len(self.text):
            if self.text[self.at] in " \t\r\n":
                self.at += 1
            elif self.text[self.at] == "#":
                self.at = self._end_of_line()
            else:
                return True
        return False

    def _value(self) -> str:
        value = ""
        while self.at < len(self.text) and (character := self.text[self.at]) not in " \t\r\n":
            if character in "'\"":
                value += self._quoted(character)
            elif character == "\\":
                escaped = self.text[self.at + 1 : self.at + 2]
                value += "" if escaped == "\n" else escaped
                self.at += 2
            elif character in SPECIAL:
                raise self._evaluated(character)
            else:
                value += character
                self.at += 1
        rest = self.text[self.at : self._end_of_line()].strip()
        if rest and not rest.startswith("#"):
            raise self._refused(
                f"{rest[:40]!r} stands behind the value",
                "a shell would run it as a command",
                'write the value in quotes: KEY="one two"',
            )
        self.at = self._end_of_line()
        return value

    def _quoted(self, quote: str) -> str:
        start, value = self.at, ""
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == quote:
                self.at += 1
                return value
            if quote == '"' and character in EVALUATED:
                raise self._evaluated(character)
            if quote == '"' and character == "\\" and self.text[self.at + 1 : self.at + 2] in ESCAPED:
                escaped = self.text[self.at + 1 : self.at + 2]
                value += "" if escaped == "\n" else escaped
                self.at += 2
                continue
            value += character
            self.at += 1
        self.at = start
        raise self._refused(f"the quote {quote} is not closed", "", "close it")

    def _end_of_line(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _evaluated(self, character: str) -> InputError:
        return self._refused(
            f"{character!r} would be evaluated by a shell",
            "a descriptor is read without one",
            f"write what it stands for, or \\{character} for the character itself",
        )

    def _refused(self, what: str, why: str, fix: str = "write KEY=value") -> InputError:
        column = self.at - (self.text.rfind("\n", 0, self.at) + 1) + 1
        return InputError(what, where=Where(self.file, self.line, column), why=why, fix=fix)
