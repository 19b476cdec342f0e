"""Who opens the secrets: the file with the user's private key, of age's own form or an SSH key."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where, of_os_error
from stackwright.events import Events, Kind
from stackwright.site.secrets import age, forms
from stackwright.site.state import write_private

if TYPE_CHECKING:
    from stackwright.site.secrets.age import PrivateKey

VARIABLE = "STACKWRIGHT_IDENTITY"
OTHERS = 0o077
SSH_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----"


@dataclass(frozen=True)
class Identity:
    """A user's private keys.

    :param public: their public parts; what is encrypted for the user is encrypted to the first
    """

    file: Path
    public: tuple[str, ...]
    private: tuple[PrivateKey, ...] = field(repr=False)


def place() -> Path:
    """Give the file: STACKWRIGHT_IDENTITY, else below the user's configuration (XDG base directories)."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "stackwright/identity.txt"


def own(events: Events | None = None, *, make: bool = False) -> Identity:
    """Read the user's identity.

    :param make: make one if there is none, and say so
    :raises EnvironmentLacksError: there is none, or others may read it
    :raises InputError: it is not one
    """
    file = place()
    if not file.exists():
        if not make:
            raise EnvironmentLacksError(
                "there is no identity to open secrets with",
                where=Where(file),
                fix=f"name the file of yours: {VARIABLE}=FILE; or make one, and have it added to the recipients:"
                " stackwright secret identity",
            )
        _make(file)
        if events is not None:
            events.emit(Kind.NOTE, "secrets", f"made an identity that opens secrets, {file}: keep a copy of it")
    return read(file)


def read(file: Path) -> Identity:
    """Read a file of private keys: as age-keygen(1) writes it, or an OpenSSH private key.

    :raises EnvironmentLacksError: others may read it, or it cannot be read
    :raises InputError: it is not such a file
    """
    try:
        mode = file.stat().st_mode
        text = file.read_text()
    except OSError as error:
        raise of_os_error(error) from error
    except UnicodeDecodeError as error:
        raise _not_one(file, "it is not a text", 1) from error
    if mode & OTHERS:
        raise EnvironmentLacksError(
            "others may read the identity that opens secrets",
            where=Where(file),
            why=f"its mode is {mode & 0o7777:04o}",
            fix=f"chmod 600 {file}; if others have read it, make another, and rotate all secrets",
        )
    if text.lstrip().startswith(SSH_KEY):
        return _ssh(file, text)
    return _age(file, text)


def _age(file: Path, text: str) -> Identity:
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            keys.append(age.private_key(line.strip()))
        except ValueError as error:
            raise _not_one(file, str(error), number) from error
    if not keys:
        raise _not_one(file, "there is no key in it", None)
    return Identity(file, tuple(public for _, public in keys), tuple(private for private, _ in keys))


def _ssh(file: Path, text: str) -> Identity:
    fault = forms.FORMS["ssh-key"].fault(text)
    if fault:
        raise _not_one(file, fault, None)
    try:
        private = age.ssh_private_key(text)
    except ValueError as error:
        raise _not_one(file, f"age takes keys of the kinds ed25519 and rsa only: {error}", None) from error
    kind, key, *_ = forms.ssh_public(text, "").split()
    return Identity(file, (f"{kind} {key}",), (private,))


def _not_one(file: Path, why: str, line: int | None) -> InputError:
    return InputError(
        "this is not an identity that opens secrets",
        where=Where(file, line),
        why=why,
        fix=f"name another file: {VARIABLE}=FILE; one that `age-keygen` made, or an SSH key",
    )


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    private, public = age.new_private_key()
    write_private(file, f"# opens the secrets of Stackwright's sites\n# public key: {public}\n{private}\n")
