"""Where the things of a site lie below the state directory."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from stackwright.errors import EnvironmentLacksError, InputError

# sockaddr_un.sun_path holds 108 bytes, the last of them 0 (unix(7)); the longest socket name we make is 40 long.
LONGEST_RUN_DIRECTORY = 108 - 1 - 40
PLAIN = re.compile(r"[A-Za-z0-9/_.+~@-]")


def default_state_directory() -> Path:
    """Give the state directory: STACKWRIGHT_STATE, else the system's for root, else the user's (XDG)."""
    if named := os.environ.get("STACKWRIGHT_STATE"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        # Not below root's home: the database and the message broker run as users of their own.
        return Path("/var/lib/stackwright")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "stackwright"


def default_cache_directory(state: Path) -> Path:
    """Give the cache of downloads and artifacts: STACKWRIGHT_CACHE, else below the state directory."""
    named = os.environ.get("STACKWRIGHT_CACHE")
    return Path(named).absolute() if named else state / "cache"


@dataclass(frozen=True)
class SitePaths:
    """The folders of one site; ``root`` is ``<state>/sites/<site>``."""

    root: Path

    @property
    def lock(self) -> Path:
        """The lock that a run holds."""
        return self.root / "lock"

    @property
    def state(self) -> Path:
        """What was chosen once for the site: ports, names, addresses."""
        return self.root / "site.json"

    @property
    def passwords(self) -> Path:
        """Where versions before the encrypted secrets kept the site's passwords; see `stackwright.site.secrets`."""
        return self.root / "secrets.json"

    @property
    def journal(self) -> Path:
        """The journal of the runs."""
        return self.root / "journal.sqlite"

    @property
    def steps(self) -> Path:
        """The logs of the steps."""
        return self.root / "steps"

    @property
    def programs(self) -> Path:
        """The process supervisor's definitions, one a process."""
        return self.root / "programs"

    @property
    def run(self) -> Path:
        """Sockets and PID files."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """The logs of the processes, ``<service>-<process>.log``."""
        return self.root / "log"

    def etc(self, service: str) -> Path:
        """Give the folder of a service's configuration."""
        return self.root / "etc" / service

    def data(self, service: str) -> Path:
        """Give the folder of a service's data."""
        return self.root / "data" / service

    def check(self) -> None:
        """Refuse a place where the site's processes could not work.

        :raises InputError: the path is too long for the sockets below it, or has characters that need quoting
        :raises EnvironmentLacksError: other users cannot pass a folder above it
        """
        if odd := sorted(set(PLAIN.sub("", str(self.root)))):
            raise InputError(
                f"the path of the state directory has {' and '.join(map(repr, odd))} in it: {self.root}",
                why="it stands in commands, addresses and configuration files, each with other rules of quoting",
                fix="choose one of letters, digits and - _ . + ~ @: --state DIR or STACKWRIGHT_STATE",
            )
        if len(os.fsencode(self.run)) > LONGEST_RUN_DIRECTORY:
            raise InputError(
                f"the path of the state directory is too long: {self.run}",
                why=f"sockets lie below it, and the kernel takes their paths up to 107 bytes, "
                f"so this one may have {LONGEST_RUN_DIRECTORY}",
                fix="choose a shorter one: --state DIR or STACKWRIGHT_STATE",
            )
        for folder in reversed(self.root.parents):
            if folder.exists() and not folder.stat().st_mode & 0o001:
                raise EnvironmentLacksError(
                    f"other users cannot pass the folder {folder}",
                    why="the database and the message broker run as users of their own and keep their data below it",
                    fix=f"chmod o+x {folder}, or choose another state directory: --state DIR",
                )
