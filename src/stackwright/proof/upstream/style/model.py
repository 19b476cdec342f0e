"""What a tree says of its style: the linters that look at it, at which of its files, and what is not run of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tool(StrEnum):
    """A linter that is run."""

    FLAKE8 = "flake8"
    RUFF = "ruff check"
    RUFF_FORMAT = "ruff format"

    @property
    def package(self) -> str:
        """The distribution that has it."""
        return self.value.partition(" ")[0]


@dataclass(frozen=True)
class Chosen:
    """The files of a tree that a linter looks at: all that is said here holds for them.

    :param names: globs, one of which matches the path behind ``./``
    :param scripts: also programs without such a name that Python runs
    :param wanted: regular expressions that are found in the path
    :param unwanted: regular expressions of which none is found in it
    :param excluded: globs as flake8 has them: with a slash they match a path, else the name of a file or of a folder,
        with all that is in it
    """

    names: tuple[str, ...] = ("*.py",)
    scripts: bool = False
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True)
class Linter:
    """A linter as a project wants it.

    :param requirements: of its environment
    :param declared: the one that says its version, for a person; empty if none does
    :param before: what stands before a file's path: ``./`` where the linter would find the files by itself, as plugins
        see it
    """

    tool: Tool
    requirements: tuple[str, ...]
    declared: str
    chosen: Chosen
    arguments: tuple[str, ...] = ()
    before: str = ""

    def __str__(self) -> str:
        """Give what it is, for a person."""
        return f"{self.tool} ({self.declared})" if self.declared else str(self.tool)


@dataclass(frozen=True)
class Style:
    """What a tree says of its style.

    :param not_run: names of the project's other style checks
    :param settings: what linters' settings are in (a file, a folder) -> what they are: equal if they are
    """

    linters: tuple[Linter, ...]
    not_run: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
