"""A MariaDB server of one's own for a while: on a Unix socket in a folder, without a network."""

from __future__ import annotations

import os
import pwd
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, Where
from stackwright.tools import process
from stackwright.tools.mariadb import DatabaseUnreachableError, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER, PACKAGE = "mariadbd", "mariadb-server-core"
START_SECONDS = 60
# As the catalogue's service: the same character set and engine. Nothing of it outlives the block, so nothing need be
# written through to a disk.
OPTIONS = (
    "--skip-networking",
    "--skip-name-resolve",
    "--character-set-server=utf8mb3",
    "--collation-server=utf8mb3_general_ci",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=32M",
    "--performance-schema=OFF",
)


def version() -> str:
    """Give what the server of this machine says of itself.

    :raises EnvironmentLacksError: it is not installed
    """
    return process.run([process.find(SERVER, package=PACKAGE), "--version"]).text.partition("Ver ")[2].strip()


@contextmanager
def scratch_server(folder: Path, log: Path) -> Iterator[Server]:
    """Give a new server that runs while the block does, as the user who calls.

    :param folder: an empty one that nobody else can enter: whoever reaches the socket is let in as root
    :param log: what the server writes
    :raises EnvironmentLacksError: it is not installed
    :raises RunFailedError: it does not come up; the last lines of its log are in the error
    """
    folder.chmod(0o700)
    user = pwd.getpwuid(os.geteuid()).pw_name
    data, socket = folder / "mysql", folder / "s"
    common = ["--no-defaults", f"--user={user}", f"--datadir={data}"]
    process.find(SERVER, package=PACKAGE)
    process.run(
        [
            process.find("mariadb-install-db", package=PACKAGE),
            *common,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ],
        log=log,
    )
    pid_file = f"--pid-file={folder / 'pid'}"
    with process.running([SERVER, *common, f"--socket={socket}", pid_file, *OPTIONS], log=log) as runs:
        server = Server(socket)
        until = time.monotonic() + START_SECONDS
        while not _answers(server):
            if not runs() or time.monotonic() > until:
                raise RunFailedError(
                    "the scratch database server does not come up",
                    where=Where(file=log),
                    details="\n".join(f"    {line}" for line in process.tail(log).splitlines()),
                )
            time.sleep(0.05)
        yield server


def _answers(server: Server) -> bool:
    try:
        return bool(server.query("select 1"))
    except DatabaseUnreachableError:
        return False
