"""Linters by the commands that run them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from stackwright.proof.upstream.style.model import Chosen, Linter, Tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

NAMES = {Tool.FLAKE8: ("*.py",), Tool.RUFF: ("*.py", "*.pyi"), Tool.RUFF_FORMAT: ("*.py", "*.pyi")}
# tools/flake8wrap.sh of older trees hands its arguments to flake8.
PROGRAMS = {
    ("flake8",): Tool.FLAKE8,
    ("flake8wrap.sh",): Tool.FLAKE8,
    ("ruff", "check"): Tool.RUFF,
    ("ruff", "format"): Tool.RUFF_FORMAT,
}
# What stands before the program's own name.
RUNNERS = re.compile(r"(?:bash|sh|env|python[\d.]*|\{envpython\}|-.*|\w+=.*|!)")
# Arguments that change files, or what is told and how.
LEFT_OUT = re.compile(
    r"-q|--quiet|-v|--verbose|--diff|-HEAD|--fix|--unsafe-fixes|--fix-only|--no-fix|--show-fixes|--exit-zero"
    r"|--exit-non-zero-on-fix|--check|--watch|--no-cache|--force-exclude|--(output-)?format=.*"
)
FORMATS = {"--format", "--output-format"}  # with the next word
BRINGING = {"flake8": ("hacking", "flake8"), "ruff": ("ruff",)}  # the distributions that say a linter's version
NAME = re.compile(r"[\w.-]+")


def program_of(words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Give the name of the program that a command runs, without its folder and interpreter, and its arguments."""
    for place, word in enumerate(words):
        if " " in word:  # a script of the shell
            return program_of(word.split())
        if not RUNNERS.fullmatch(word):
            return word.rpartition("/")[2], tuple(words[place + 1 :])
    return "", ()


def linter_of(words: Sequence[str]) -> tuple[Tool, tuple[str, ...]] | None:
    """Give the linter that a command runs, with its arguments; None if it runs none."""
    name, arguments = program_of(words)
    for program, tool in PROGRAMS.items():
        if (name, *arguments)[: len(program)] == program:
            return tool, arguments[len(program) - 1 :]
    return None


def linter(tool: Tool, requirements: Iterable[str], chosen: Chosen, arguments: Iterable[str]) -> Linter:
    """Give a linter that only looks, in an environment with these requirements.

    :param arguments: as its project gives them
    """
    required = [(name, one) for one in requirements if (name := _name(one)) != "pre-commit"]
    declared = next((one for brings in BRINGING[tool.package] for name, one in required if name == brings), "")
    requirements = tuple(sorted({tool.package, *(one for _, one in required)}))
    return Linter(tool, requirements, declared, chosen, tuple(_looking(arguments)))


def _looking(arguments: Iterable[str]) -> Iterator[str]:
    words = iter(arguments)
    for word in words:
        if word in FORMATS:
            next(words, "")
        elif not LEFT_OUT.fullmatch(word):
            yield word


def _name(requirement: str) -> str:
    match = NAME.match(requirement)
    return canonicalize_name(match[0]) if match else requirement
