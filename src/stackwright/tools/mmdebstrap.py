"""mmdebstrap: the files of a Debian system, made from nothing but packages (mmdebstrap(1))."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.tools import process, qemu_user

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def argv(
    directory: Path,
    *,
    suite: str,
    packages: Iterable[str],
    sources: Path,
    settings: Path,
    architecture: str = "",
    machine: str = "",
) -> list[str]:
    """Give the command line; the parameters are those of `make`.

    In a mount namespace of its own, what is mounted in the new system meanwhile is gone with the program, however that
    ends. The package lists stay in the system: who works in it can install more at once.
    """
    command = [
        *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--skip=cleanup/apt/lists"),
        *([f"--architectures={architecture}"] if architecture else []),
        f"--include={','.join(packages)}",
        f"--aptopt={settings}",
        *(suite, str(directory), str(sources)),
    ]
    if machine:
        return qemu_user.argv(machine, command)
    return ["unshare", "--mount", "--propagation", "private", *command]


def make(
    directory: Path,
    *,
    suite: str,
    packages: Sequence[str],
    sources: Path,
    settings: Path,
    log: Path,
    seconds: float,
    architecture: str = "",
    machine: str = "",
) -> None:
    """Make a system in a folder that is empty, without the packages that others merely recommend.

    :param sources: a list of apt's sources, ``NAME.list`` or ``NAME.sources``
    :param settings: a file of apt's configuration, for the packages' way here and in the system
    :param seconds: how long it may take
    :param architecture: as dpkg names it; empty for this machine's
    :param machine: the kernel's name for that of the architecture, if its programs do not run here by themselves
    :raises EnvironmentLacksError: not root, it is not installed, a package cannot be had, no space; programs of the
        machine cannot be run
    """
    process.find("mmdebstrap")
    if os.geteuid() != 0:
        raise EnvironmentLacksError("the files of a Debian system are made by root", fix="type the same behind sudo")
    if machine:
        qemu_user.require(machine)
    command = argv(
        directory,
        suite=suite,
        packages=packages,
        sources=sources,
        settings=settings,
        architecture=architecture,
        machine=machine,
    )
    try:
        process.run(command, env={"LC_ALL": "C.UTF-8"}, log=log, timeout=seconds)
    except process.ProgramFailedError as error:
        raise EnvironmentLacksError(
            f"a Debian system of the suite {suite}{f' for {architecture}' if architecture else ''} cannot be made",
            details=error.details,
            fix=f"mend apt's sources or the network ({log} tells more), then run the same command again",
        ) from error
