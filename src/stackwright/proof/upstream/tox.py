"""What ``tox.ini`` says of an environment, as far as tests need it (https://tox.wiki/en/stable/config.html)."""

from __future__ import annotations

import configparser
import itertools
import re
from dataclasses import dataclass

from stackwright.errors import InputError, Where

REFERENCE = re.compile(r"\{\[(?P<section>[^\]]+)\](?P<key>[^}]+)\}")
VARIABLE = re.compile(r"\{env:[^:}]+:?(?P<default>[^{}]*)\}")
ARGUMENTS = re.compile(r"\{posargs(?::(?P<default>[^{}]*))?\}")
CONDITION = re.compile(r"(?P<factors>!?[\w.]+(?:-!?[\w.]+)*(?:,!?[\w.]+(?:-!?[\w.]+)*)*):\s+(?P<rest>.*)")
MOST_DEEP = 5


@dataclass(frozen=True)
class ToxEnvironment:
    """One environment of tox.

    :param there: whether a section is for it
    :param variables: what it sets
    :param deps: its requirements, line by line, as they are written
    :param extras: extras of the project itself
    :param skip_install: whether it is without the project itself
    """

    there: bool
    variables: tuple[tuple[str, str], ...]
    deps: tuple[str, ...]
    extras: tuple[str, ...]
    commands: tuple[str, ...]
    skip_install: bool = False


def read_tox(text: str, names: tuple[str, ...], component: str) -> ToxEnvironment:
    """Read what ``tox.ini`` says of the first of these environments that it has; of any other, what it says of all.

    :raises InputError: it cannot be read
    """
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise InputError(
            "the patched tree's tox.ini cannot be read",
            where=Where(subject=component),
            why=str(error).replace("\n", " "),
            fix="mend the patch that changes it",
        ) from error
    own = next((section for name in names for section in parser.sections() if name in _names(section)), None)
    factors = frozenset(names[0].split("-"))

    def lines(key: str) -> tuple[str, ...]:
        for section in (own, "testenv"):
            if section and parser.has_option(section, key):
                return tuple(_lines(parser, section, key, factors))
        return ()

    pairs = [line.partition("=") for line in lines("setenv") or lines("set_env")]
    return ToxEnvironment(
        own is not None,
        tuple({name.strip(): value.strip() for name, _, value in pairs if name.strip() and value}.items()),
        lines("deps"),
        lines("extras"),
        lines("commands"),
        "true" in (line.lower() for line in lines("skip_install")),
    )


def _names(section: str) -> frozenset[str]:
    """Give the environments that a section is for: ``testenv:functional{,-py311}`` is for two."""
    if not section.startswith("testenv:"):
        return frozenset()
    parts = re.split(r"(\{[^{}]*\})", section.removeprefix("testenv:"))
    choices = [part[1:-1].split(",") if part.startswith("{") else [part] for part in parts]
    return frozenset("".join(word.strip() for word in words) for words in itertools.product(*choices))


def _lines(
    parser: configparser.RawConfigParser, section: str, key: str, factors: frozenset[str], depth: int = 0
) -> list[str]:
    found: list[str] = []
    value = parser.get(section, key, fallback="") if parser.has_section(section) else ""
    for raw in value.replace("\\\n", " ").splitlines():
        line = re.sub(r"(?:^|\s)#.*", "", raw).strip()
        condition = CONDITION.fullmatch(line)
        if condition and "://" not in line.partition(" ")[0]:
            if not any(_holds(one, factors) for one in condition["factors"].split(",")):
                continue
            line = condition["rest"].strip()
        whole = REFERENCE.fullmatch(line)
        if whole and depth < MOST_DEEP:
            found += _lines(parser, whole["section"], whole["key"], factors, depth + 1)
        elif line:
            found.append(_plain(parser, line, factors, depth))
    return found


def _holds(condition: str, factors: frozenset[str]) -> bool:
    return all((one.lstrip("!") in factors) != one.startswith("!") for one in condition.split("-"))


def _plain(parser: configparser.RawConfigParser, line: str, factors: frozenset[str], depth: int) -> str:
    def referred(match: re.Match[str]) -> str:
        if depth >= MOST_DEEP:
            return ""
        return " ".join(_lines(parser, match["section"], match["key"], factors, depth + 1))

    line = REFERENCE.sub(referred, line)
    line = line.replace("{toxinidir}/", "").replace("{toxinidir}", ".")
    line = ARGUMENTS.sub(lambda match: match["default"] or "", line)
    return VARIABLE.sub(lambda match: match["default"], line)
