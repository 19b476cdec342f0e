"""tempest: the tests of OpenStack's APIs, run from an environment of its own in a folder of its own."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import IO

CONFIG = "tempest.conf"
REQUESTS = "tempest.log"  # what tempest itself logs: every request, with the id that the service gave it
OUTPUT = "output.log"
LIST = "tests.txt"
# A test that lasts longer is ended by tempest (OS_TEST_TIMEOUT, seconds); it lasts longer than its own waiting.
TIMEOUT = 900
TEST = re.compile(r"[\w.]+\.\w+(\[.*\])?(\(.*\))?")


def list_tests(environment: Path, folder: Path) -> tuple[str, ...]:
    """Give the ids of all tests there are, with what stands in brackets behind them: ``[id-UUID,smoke]``.

    :param folder: has tempest.conf
    :raises RunFailedError: they cannot be listed
    """
    _prepare(environment, folder)
    done = process.run(
        [_program(environment), "run", "--config-file", str(folder / CONFIG), "--list-tests"],
        cwd=folder,
        env=_variables(environment),
        check=False,
    )
    found = tuple(line for line in done.text.splitlines() if TEST.fullmatch(line))
    if done.status or not found:
        raise RunFailedError(
            "tempest cannot list its tests",
            where=Where(file=folder / CONFIG),
            details="\n".join(
                f"    {line}" for line in (done.text + done.stderr.decode(errors="replace")).splitlines()[-20:]
            ),
        )
    return found


@contextmanager
def running(environment: Path, folder: Path, tests: Sequence[str], *, concurrency: int) -> Iterator[IO[bytes]]:
    """Run tests while the block reads the subunit v2 stream of what comes of them; all of it ends with the block.

    Tests of one class stay together and run one after another.

    :param folder: has tempest.conf, and gets the logs
    :param concurrency: how many classes at once
    """
    _prepare(environment, folder)
    (folder / LIST).write_text("".join(f"{test}\n" for test in tests))
    command = [_program(environment), "run", "--subunit", "--config-file", str(folder / CONFIG)]
    command += ["--load-list", str(folder / LIST), "--concurrency", str(concurrency)]
    with process.streaming(command, cwd=folder, env=_variables(environment), log=folder / OUTPUT) as stream:
        yield stream


def _program(environment: Path) -> str:
    return str(environment / "bin" / "tempest")


def _prepare(environment: Path, folder: Path) -> None:
    """Have stestr's configuration and repository in the folder: it runs nothing without."""
    tempest = next(environment.glob("lib/python3*/site-packages/tempest"))
    # The group is the class: its tests share what setUpClass makes (as `tempest init` writes it).
    settings = rf"""[DEFAULT]
test_path={tempest / "test_discover"}
top_dir={tempest.parent}
group_regex=([^\.]*\.)*
"""
    (folder / ".stestr.conf").write_text(settings)
    if not (folder / ".stestr").exists():
        process.run([str(environment / "bin" / "stestr"), "init"], cwd=folder, env=_variables(environment))


def _variables(environment: Path) -> dict[str, str | None]:
    """Give the variables of tempest's processes: none of the user's own say where a cloud is or how to run tests."""
    own: dict[str, str | None] = {name: None for name in os.environ if name.startswith(("OS_", "PYTHON", "TESTR_"))}
    return own | {
        "OS_TEST_TIMEOUT": str(TIMEOUT),
        "PATH": f"{environment / 'bin'}:{os.environ.get('PATH', os.defpath)}",
        "PYTHON": str(environment / "bin" / "python"),
        "LC_ALL": "C.UTF-8",
        "TZ": os.environ.get("TZ"),
    }
