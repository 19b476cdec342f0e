"""How an error that ends a command is told: as text, or as a JSON line for programs."""

from __future__ import annotations

import json
import sys
import time
import traceback
from typing import TYPE_CHECKING

from stackwright.errors import InputError, ManyInputsError, StackwrightError, of_os_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class DefectError(StackwrightError):
    """Something else than an error of the family reached the command line (exit status 70, EX_SOFTWARE of sysexits)."""

    status = 70


def of_the_family(error: BaseException) -> StackwrightError:
    """Give an error of the family for any that ended a command."""
    if isinstance(error, StackwrightError):
        return error
    if isinstance(error, OSError):
        return of_os_error(error)
    if _raised_in(error).startswith("cliff."):  # an option that cliff reads itself, such as a column's name
        return InputError(str(error))
    return DefectError(
        f"this is a defect of Stackwright: {type(error).__name__}: {error}",
        fix="type the same with --debug behind it, and report what it prints",
    )


def told(error: StackwrightError, format_: str) -> str:
    """Give the text of an error.

    :param format_: one of the formats of progress; ``json`` gives a JSON line
    """
    if format_ != "json":
        return f"error: {error}"
    return "\n".join(json.dumps(_row(one)) for one in _each(error))


def tell_all(errors: Iterable[StackwrightError], format_: str) -> int:
    """Write errors that did not end a command to standard error, and give the exit status: the highest of theirs."""
    status = 0
    for error in errors:
        sys.stderr.write(f"{told(error, format_)}\n")
        status = max(status, error.status)
    return status


def _each(error: StackwrightError) -> Sequence[StackwrightError]:
    return error.errors if isinstance(error, ManyInputsError) else (error,)


def _row(error: StackwrightError) -> dict[str, object]:
    row = {"kind": "error", "subject": str(error.where), "message": error.what}
    more = {"why": error.why, "fix": error.fix, "details": error.details}
    return {"at": round(time.time(), 3), **row, **{name: text for name, text in more.items() if text}}


def _raised_in(error: BaseException) -> str:
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(frames[-1].f_globals.get("__name__", "")) if frames else ""
