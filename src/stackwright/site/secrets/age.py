"""age: texts that only the holders of some keys can read (age-encryption.org/v1), by pyrage."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pyrage
from pyrage import ssh, x25519

if TYPE_CHECKING:
    from collections.abc import Iterable

PublicKey: TypeAlias = "x25519.Recipient | ssh.Recipient"
PrivateKey: TypeAlias = "x25519.Identity | ssh.Identity"

_NO_KEY = "No matching keys found"


class NotForUsError(Exception):
    """A text is encrypted to other keys."""


class DamagedError(Exception):
    """A text is not one that age made, or no longer."""


def public_key(text: str) -> PublicKey:
    """Read a public key: ``age1...``, or a line of an OpenSSH one.

    :raises ValueError: it is none
    """
    try:
        return ssh.Recipient.from_str(text) if text.startswith("ssh-") else x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise ValueError(
            f"it is neither a public key of age (age1...) nor of SSH (ssh-ed25519, ssh-rsa): {error}"
        ) from error


def new_private_key() -> tuple[str, str]:
    """Make a key; gives it and its public part as text."""
    key = x25519.Identity.generate()
    return str(key), str(key.to_public())


def private_key(text: str) -> tuple[PrivateKey, str]:
    """Read a private key of age; gives it, and its public part as text.

    :raises ValueError: it is none
    """
    try:
        key = x25519.Identity.from_str(text)
    except pyrage.IdentityError as error:
        raise ValueError("it is not a private key of age (AGE-SECRET-KEY-1...)") from error
    return key, str(key.to_public())


def ssh_private_key(text: str) -> PrivateKey:
    """Read an OpenSSH private key.

    :raises ValueError: it is none that age can use
    """
    try:
        return ssh.Identity.from_buffer(text.encode())
    except pyrage.IdentityError as error:
        raise ValueError(str(error)) from error


def encrypt(text: str, keys: Iterable[PublicKey]) -> str:
    """Encrypt a text to some public keys; gives ASCII armour."""
    return str(pyrage.encrypt(text.encode(), list(keys), armored=True), "ascii")


def decrypt(armour: str, keys: Iterable[PrivateKey]) -> str:
    """Decrypt a text with one of some private keys.

    :raises NotForUsError: none of them fits
    :raises DamagedError: the text is damaged
    """
    try:
        return str(pyrage.decrypt(armour.encode(), list(keys)), "utf-8")
    except pyrage.DecryptError as error:
        if str(error) == _NO_KEY:
            raise NotForUsError from error
        raise DamagedError(str(error)) from error
    except UnicodeDecodeError as error:
        raise DamagedError("not a text") from error
