"""The one family of errors that a user may see.

Each says what happened, where, why, and what to type next; each knows the exit status it leads to.
Anything else that reaches the command line is a defect of Stackwright.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Where:
    """The place an error speaks of: a point in a file, or a component, release or step."""

    file: Path | None = None
    line: int | None = None
    column: int | None = None
    subject: str = ""

    def __str__(self) -> str:
        """Give ``file:line:column`` and the subject, as far as they are known (counting from 1)."""
        point = ""
        if self.file is not None:
            point = str(self.file)
            for number in (self.line, self.column):
                if number is None:
                    break
                point += f":{number}"
        return ", ".join(part for part in (point, self.subject) if part)


class StackwrightError(Exception):
    """Base of the family.

    :param what: what happened, one sentence without a full stop
    :param where: the place
    :param why: the cause, where it is known
    :param fix: what to type or change next
    :param details: further lines (hunks, log lines), printed as they are
    """

    status: ClassVar[int] = 4

    def __init__(
        self, what: str, *, where: Where | None = None, why: str = "", fix: str = "", details: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where or Where()
        self.why = why
        self.fix = fix
        self.details = details

    def __str__(self) -> str:
        """Give the whole message as it is printed behind ``error: ``."""
        place = str(self.where)
        lines = [f"{place}: {self.what}" if place else self.what]
        if self.details:
            lines += ["", self.details.rstrip("\n"), ""]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


class CheckFailedError(StackwrightError):
    """The check found something: a patch does not apply, a hazard, a failed proof (exit status 1)."""

    status = 1


class InputError(StackwrightError):
    """What the user gave is wrong (exit status 2)."""

    status = 2


class EnvironmentLacksError(StackwrightError):
    """The machine lacks something: root, a package, disk space, the network (exit status 3)."""

    status = 3


class RunFailedError(StackwrightError):
    """A run failed and can be resumed by running it again (exit status 4)."""

    status = 4


class ManyInputsError(InputError):
    """Several errors of one reading, reported together: nobody likes to mend one to be shown the next."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(self.errors)} errors")

    def __str__(self) -> str:
        """Give every message, one after another."""
        return "\n".join(str(error) for error in self.errors)


def of_os_error(error: OSError) -> EnvironmentLacksError:
    """Give what the operating system refused as an error of the family: a full disk, a permission, a name too long."""
    fixes = {
        errno.ENOSPC: "make room and run the same command again: it goes on from here",
        errno.EACCES: "type the same behind sudo",
        errno.EPERM: "type the same behind sudo",
    }
    what = error.strerror or str(error) or type(error).__name__
    place = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    return EnvironmentLacksError(f"{what}{place}", fix=fixes.get(error.errno or 0, ""))


def suggestion(word: str, known: Iterable[str]) -> str:
    """Give a hint that names the known word nearest to a mistyped one, else the list of those that exist."""
    words = sorted(known)
    near = get_close_matches(word, words, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(words)}" if words else "there is none"
