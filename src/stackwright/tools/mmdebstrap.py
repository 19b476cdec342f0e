"""mmdebstrap: the files of a Debian system, made from nothing but packages (mmdebstrap(1))."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def argv(directory: Path, *, suite: str, packages: Iterable[str], sources: Path, settings: Path) -> list[str]:
    """Give the command line.

    In a mount namespace of its own, what is mounted in the new system meanwhile is gone with the program, however that
    ends. The package lists stay in the system: who works in it can install more at once.
    """
    return [
        *("unshare", "--mount", "--propagation", "private"),
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--skip=cleanup/apt/lists"),
        f"--include={','.join(packages)}",
        f"--aptopt={settings}",
        *(suite, str(directory), str(sources)),
    ]


def make(
    directory: Path, *, suite: str, packages: Sequence[str], sources: Path, settings: Path, log: Path, seconds: float
) -> None:
    """Make a system in a folder that is empty, without the packages that others merely recommend.

    :param sources: a list of apt's sources, ``NAME.list`` or ``NAME.sources``
    :param settings: a file of apt's configuration, for the packages' way here and in the system
    :param seconds: how long it may take
    :raises EnvironmentLacksError: not root, it is not installed, a package cannot be had, no space
    """
    process.find("mmdebstrap")
    if os.geteuid() != 0:
        raise EnvironmentLacksError("the files of a Debian system are made by root", fix="type the same behind sudo")
    command = argv(directory, suite=suite, packages=packages, sources=sources, settings=settings)
    try:
        process.run(command, env={"LC_ALL": "C.UTF-8"}, log=log, timeout=seconds)
    except process.ProgramFailedError as error:
        raise EnvironmentLacksError(
            f"a Debian system of the suite {suite} cannot be made",
            details=error.details,
            fix=f"mend apt's sources or the network ({log} tells more), then run the same command again",
        ) from error
