"""ssh: commands in another machine, by a key that was made for it alone (ssh(1))."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PACKAGE = "openssh-client"
ALIVE = ("-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=10")


@dataclass(frozen=True)
class Login:
    """The way to root of a machine that is reached through a port of this one.

    :param key: the private key
    :param known: a file that says which key of its own the machine has (sshd(8), SSH_KNOWN_HOSTS)
    """

    port: int
    key: Path
    known: Path

    def argv(self, words: Sequence[str]) -> list[str]:
        """Give the command line that runs a command there; nothing of the user's own configuration counts."""
        options = ("BatchMode=yes", "IdentitiesOnly=yes", f"UserKnownHostsFile={self.known}", "ConnectTimeout=60")
        settings = [part for option in options for part in ("-o", option)]
        place = ["-F", "none", "-i", str(self.key), "-p", str(self.port), "root@127.0.0.1"]
        return ["ssh", "-T", *settings, *ALIVE, *place, shlex.join(words)]

    def answers(self) -> bool:
        """Tell whether one can log in now."""
        return process.run(self.argv(["true"]), check=False).status == 0


def make_key(file: Path) -> str:
    """Make a key without a passphrase, and give its public part."""
    program = process.find("ssh-keygen", package=PACKAGE)
    process.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(file)])
    return file.with_suffix(".pub").read_text()


def known_hosts(port: int, public: str) -> str:
    """Give the text that says which key the machine behind a port of this one has."""
    return f"[127.0.0.1]:{port} {public.strip()}\n"
