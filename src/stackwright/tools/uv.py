"""uv: locks, wheels and environments of Python packages, for an interpreter that is there already.

Of the user's own settings those count that say how to reach an index and where uv's cache is, and none that would
change what comes out.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.tools import process
from stackwright.tools.process import ProgramFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

# https://docs.astral.sh/uv/reference/environment/
KEPT = re.compile(
    r"UV_(CACHE_DIR|OFFLINE|CONFIG_FILE|NO_CONFIG|INDEX.*|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS|NO_INDEX|INSECURE_HOST"
    r"|KEYRING_PROVIDER|CREDENTIALS_DIR|LINK_MODE|SYSTEM_CERTS|NATIVE_TLS|HTTP_.*|REQUEST_TIMEOUT|CONCURRENT_.*)"
)
UNREACHED = (
    "error sending request", "Failed to fetch", "Request failed after", "dns error",
    "the network was disabled", "Network connectivity is disabled",
)  # fmt: skip
# A package that has no wheel for a platform: uv has built its sdist here, for this machine, or could not.
NO_WHEEL = re.compile(r"Failed to (?:download and )?build `([^`]+)`|wheel `([^`]+)` is not compatible with the target")


class IndexUnreachedError(EnvironmentLacksError):
    """Something is not in uv's cache, and the package index cannot be asked for it."""


def uv_path() -> str:
    """Give uv's path: the one installed beside this Python, else the first on PATH is meant."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def compile_lock(
    requirements: Iterable[str],
    *,
    python: Path,
    exclude_newer: date | None = None,
    constraints: Iterable[str] = (),
    alone: Iterable[str] = (),
    platform: str = "",
) -> str:
    """Resolve requirements for an interpreter, and this machine or another platform.

    The lock is a requirements file with the hashes of all files of each version. (From a pylock.toml uv installs, too,
    but finds what its cache has of the index only if the index calls its files immutable.)

    :param requirements: as in a requirements file (PEP 508)
    :param exclude_newer: take only what was on the index before this day began (UTC)
    :param constraints: requirements that hold if the package is wanted by something else
    :param alone: packages (``NAME==VERSION``) that are known to require nothing, so that one which has only an sdist
        needs no compiler to tell
    :param platform: another than this machine's, such as ``aarch64-manylinux_2_36`` (uv-pip-compile(1))
    :raises InputError: there is no set of versions that fits (uv says why)
    :raises EnvironmentLacksError: no network, no space
    """
    options = ["--generate-hashes", *_python(python), *_newest(exclude_newer), *_platform(platform)]
    return _compile(requirements, constraints, options, alone)


def locate(requirements: Iterable[str], *, python: Path, exclude_newer: date | None = None) -> str:
    """Find the files that the index has of these packages alone, with their URLs and hashes.

    :return: a pylock.toml (PEP 751)
    :raises InputError: the index has no such version (uv says why)
    :raises EnvironmentLacksError: no network, no space
    """
    options = ["--format", "pylock.toml", "--no-deps", *_python(python), *_newest(exclude_newer)]
    return _compile(requirements, (), options)


def _compile(
    requirements: Iterable[str], constraints: Iterable[str], options: Sequence[str], alone: Iterable[str] = ()
) -> str:
    # https://docs.astral.sh/uv/reference/settings/#dependency-metadata
    known = [
        f'{{name = "{name}", version = "{version}", requires-dist = []}}'
        for name, _, version in (package.partition("==") for package in alone)
    ]
    with tempfile.TemporaryDirectory(prefix="stackwright-lock-") as scratch:
        limits = Path(scratch, "constraints.txt")
        limits.write_text(_lines(constraints))
        Path(scratch, "uv.toml").write_text(f"dependency-metadata = [{', '.join(known)}]\n")
        arguments = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", *options]
        arguments += ["--constraints", limits.name, "-"]
        return _uv(arguments, cwd=Path(scratch), stdin=_lines(requirements).encode())


def build_wheel(
    project: Path,
    into: Path,
    *,
    python: Path,
    exclude_newer: date | None,
    build_constraints: Iterable[str],
    env: Mapping[str, str],
    log: Path,
) -> Path:
    """Build the wheel of a project in isolation, and give its file.

    :param project: the project's directory; the build leaves files in it
    :param into: the directory to put the wheel into
    :param exclude_newer: take only build requirements that were on the index before this day began (UTC)
    :param build_constraints: versions of the build requirements
    :param env: variables for the build backend
    :param log: a file that uv's and the backend's output is appended to
    :raises ProgramFailedError: the build failed; its last lines are in the error
    """
    with tempfile.TemporaryDirectory(prefix="stackwright-build-") as scratch:
        limits = Path(scratch, "build-constraints.txt")
        limits.write_text(_lines(build_constraints))
        arguments = ["build", "--wheel", "--no-create-gitignore", *_python(python), *_newest(exclude_newer)]
        arguments += ["--build-constraints", str(limits), "--out-dir", str(into), str(project)]
        _uv_cached_first(arguments, cwd=project, env=env, log=log)
    (wheel,) = into.glob("*.whl")
    return wheel


def create_environment(directory: Path, *, python: Path) -> None:
    """Make an empty virtual environment that works wherever it is moved to."""
    _uv(["venv", "--quiet", "--relocatable", "--no-project", *_python(python), str(directory)], cwd=directory.parent)


def install(environment: Path, lock: str, *, exclude_newer: date | None, log: Path, platform: str = "") -> None:
    """Install exactly what a lock file names; a package that has only an sdist is built once, in uv's cache.

    What is built here for another platform has to be pure Python: uv looks at the wheel's tags.

    :param lock: a requirements file with hashes, see `compile_lock`
    :param exclude_newer: take only build requirements of sdists that were on the index before this day began (UTC)
    :param log: a file that the output is appended to
    :param platform: as of `compile_lock`
    :raises ProgramFailedError: a package cannot be built
    :raises EnvironmentLacksError: no network, no space; a package has no wheel for the platform
    """
    with tempfile.TemporaryDirectory(prefix="stackwright-install-") as scratch:
        file = Path(scratch, "requirements.txt")
        file.write_text(lock)
        arguments = ["pip", "sync", "--require-hashes", *_newest(exclude_newer), *_platform(platform)]
        arguments += ["--python", str(environment / "bin" / "python"), file.name]
        try:
            _uv_cached_first(arguments, cwd=Path(scratch), log=log)
        except ProgramFailedError as error:
            lacking = NO_WHEEL.search(error.output) if platform else None
            if lacking is None:
                raise
            name = lacking[1] or lacking[2]
            raise EnvironmentLacksError(
                f"{name} has no wheel for {platform}",
                where=Where(log),
                details=error.details,
                why="what has C in it cannot be built here for another architecture",
                fix="take a version that has one, or build this on a machine of that architecture",
            ) from error


def cache_directory() -> Path:
    """Give uv's cache of packages."""
    return Path(_uv(["cache", "dir"], cwd=Path.cwd()).strip())


def version() -> str:
    """Give uv's version."""
    return process.run([uv_path(), "--version"]).text.split()[1]


def _lines(requirements: Iterable[str]) -> str:
    return "".join(f"{requirement}\n" for requirement in requirements)


def _python(interpreter: Path) -> list[str]:
    return ["--python", str(interpreter), "--no-python-downloads"]


def _platform(platform: str) -> list[str]:
    return ["--python-platform", platform] if platform else []


def _newest(day: date | None) -> list[str]:
    # uv would take a bare date to be one of the machine's time zone.
    return ["--exclude-newer", f"{day:%Y-%m-%d}T00:00:00Z"] if day else []


def _uv_cached_first(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, log: Path | None = None
) -> None:
    """Run uv on what its cache has, which is faster and needs no network; where that is not all, run it again."""
    try:
        _uv([*arguments, "--offline"], cwd=cwd, env=env, log=log)
    except IndexUnreachedError:
        _uv(arguments, cwd=cwd, env=env, log=log)


def _uv(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    log: Path | None = None,
) -> str:
    environment: dict[str, str | None] = {
        name: None for name in os.environ if name.startswith("UV_") and not KEPT.fullmatch(name)
    }
    environment |= {"VIRTUAL_ENV": None, "PYTHONPATH": None, "PYTHONHOME": None, "CONDA_PREFIX": None}
    environment |= {"NO_COLOR": "1", "UV_NO_PROGRESS": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC", **(env or {})}
    try:
        return process.run([uv_path(), *arguments], cwd=cwd, env=environment, stdin=stdin, log=log).text
    except ProgramFailedError as error:
        raise _explained(error, log) from error


def _explained(error: ProgramFailedError, log: Path | None) -> Exception:
    """Give the error that says whose fault it was: the disk's, the network's, the input's, or still the same one."""
    output, where = error.output, Where(file=log) if log else None
    if "No space left on device" in output:
        return EnvironmentLacksError(
            "the disk is full",
            where=where,
            details=error.details,
            fix="make room there (`uv cache prune` is one way) and run the command again: nothing is lost",
        )
    if any(sign in output for sign in UNREACHED):
        return IndexUnreachedError(
            "the package index cannot be reached",
            where=where,
            details=error.details,
            fix="see to the network (the proxy, UV_OFFLINE, UV_DEFAULT_INDEX) and run the command again",
        )
    if "No solution found when resolving dependencies" in output or "Couldn't parse requirement" in output:
        return InputError(
            "no set of versions fits the requirements",
            where=where,
            details=error.details,
            fix="correct the requirement, the component's version or the release's pins that uv names",
        )
    return error
