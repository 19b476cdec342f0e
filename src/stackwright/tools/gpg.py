"""gpg: OpenPGP signatures (gpg(1)). A key is only ever read by gpg: it is in no variable, no log, no command line."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = "gpg"
# What apt of today takes (apt-secure(8)); SHA-1 it does not.
DIGEST = "SHA512"


@dataclass(frozen=True)
class SigningKey:
    """A key that can sign.

    :param fingerprint: of the primary key
    :param home: GnuPG's folder that it is in; the user's own if none
    """

    fingerprint: str
    home: Path | None

    def clear_signed(self, text: bytes) -> bytes:
        """Give a text with its signature around it (RFC 9580, 7)."""
        return self._run("--clearsign", text)

    def detached(self, text: bytes) -> bytes:
        """Give the signature of a text, armoured."""
        return self._run("--detach-sign", text)

    def public(self) -> bytes:
        """Give the public key as a keyring that apt and gpgv read: binary."""
        argv = [*_argv(self.home), "--export", self.fingerprint]
        return process.run(argv, env={"LC_ALL": "C"}).stdout

    def _run(self, action: str, text: bytes) -> bytes:
        options = ["--armor", "--digest-algo", DIGEST, "--local-user", self.fingerprint, "--output", "-", action]
        completed = process.run([*_argv(self.home), *options], stdin=text, env={"LC_ALL": "C"}, check=False)
        if completed.status == 0:
            return completed.stdout
        raise EnvironmentLacksError(
            "the key cannot sign",
            where=Where(subject=self.fingerprint),
            why=_said(completed.stderr),
            fix="if it has a passphrase, let gpg-agent know it by signing something first:"
            f" echo | gpg --local-user {self.fingerprint} --clearsign",
        )


@contextmanager
def signing_key(named: str) -> Iterator[SigningKey]:
    """Give the key that is named while the block runs.

    :param named: a file with a secret key in it, or what GnuPG finds one by: a fingerprint, a mail address
    :raises InputError: there is no such key, or it is not a secret one; others may read the file
    :raises EnvironmentLacksError: gpg is not installed
    """
    process.find(PROGRAM)
    file = Path(named)
    if file.is_file():
        with _opened(file) as key:
            yield key
    else:
        yield SigningKey(_fingerprint(named, None), None)


@contextmanager
def _opened(file: Path) -> Iterator[SigningKey]:
    """Let gpg have the key of a file in a folder of its own, which is gone afterwards, with the agent that it started.

    The folder lies in memory where that is to be had.
    """
    mode = file.stat().st_mode & 0o777
    if mode & 0o077:
        raise InputError(
            "others may read the key that signs",
            where=Where(file),
            why=f"its mode is {mode:04o}",
            fix=f"chmod 600 {file}; if others have read it, make another",
        )
    memory = Path("/dev/shm")
    base = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="gpg-", dir=base) as folder:
        home = Path(folder)
        try:
            imported = process.run([*_argv(home), "--import", str(file)], env={"LC_ALL": "C"}, check=False)
            if imported.status != 0:
                raise _no_key(str(file), _said(imported.stderr))
            yield SigningKey(_fingerprint(str(file), home), home)
        finally:
            process.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


def _fingerprint(named: str, home: Path | None) -> str:
    wanted = [] if home else ["--", named]
    argv = [*_argv(home), "--with-colons", "--list-secret-keys", *wanted]
    listed = process.run(argv, env={"LC_ALL": "C"}, check=False)
    # The record of a secret key is followed by that of its fingerprint (doc/DETAILS of GnuPG).
    found = re.findall(r"^sec:.*\n(?:(?!sec:).*\n)*?fpr:(?:[^:]*:){8}([0-9A-F]+):", listed.text, re.MULTILINE)
    if len(found) != 1:
        why = _said(listed.stderr) if not found else f"{len(found)} secret keys are meant: {', '.join(found)}"
        raise _no_key(named, why or "it holds no secret key")
    return str(found[0])


def _argv(home: Path | None) -> list[str]:
    # Where there is no terminal, nobody can be asked for a passphrase.
    asked = sys.stdin is not None and sys.stdin.isatty()
    alone = [] if asked else ["--pinentry-mode", "error"]
    return [
        PROGRAM,
        "--batch",
        "--quiet",
        "--no-auto-check-trustdb",
        *alone,
        *(["--homedir", str(home)] if home else []),
    ]


def _no_key(named: str, why: str) -> InputError:
    return InputError(
        f"{named} is not a secret key that gpg can sign with",
        why=why,
        fix="name a file that `gpg --export-secret-keys` has written (mode 600), or a key of your own by its"
        " fingerprint: gpg --list-secret-keys; `gpg --quick-generate-key NAME` makes one",
    )


def _said(stderr: bytes) -> str:
    lines = (line.removeprefix("gpg: ").strip() for line in stderr.decode(errors="replace").splitlines())
    return "; ".join(line for line in lines if line)
