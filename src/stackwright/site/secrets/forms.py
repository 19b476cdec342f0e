"""The forms of secrets: how one is made, whether a text is of the form, and what of it anybody may know."""

from __future__ import annotations

import base64
import re
import secrets
import string
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from stackwright.site.secrets import certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from stackwright.catalogue.catalogue import Selection

# The site's own certificate authority: no service's, so that its form is not one of the catalogue's.
AUTHORITY, AUTHORITY_FORM = "site-authority", "authority"

PASSWORD_LENGTH, SHORTEST_PASSWORD = 32, 8
# Letters and digits only: passwords stand in URLs, ini files and shell-like files, none of which then needs quoting.
PASSWORD_ALPHABET = string.ascii_letters + string.digits
# One that others made may also have the other characters that stand for themselves in a URL (RFC 3986 section 2.3).
PASSWORD = re.compile(r"[A-Za-z0-9._~-]+")
# Of keys of 256 bits: in bytes, as hexadecimal digits, as so many letters and digits that are bytes, and in base64.
KEY_BYTES = 32
HEX = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")
TEXT_KEY = re.compile(rf"[A-Za-z0-9]{{{KEY_BYTES}}}")
# What stands before the bytes of a key of Ceph's (CryptoKey::encode of src/auth/Crypto.h there).
CEPHX_HEADER, CEPHX_BYTES = struct.Struct("<HIIH"), 16
FERNET = re.compile(r"[A-Za-z0-9_-]{43}=")


@dataclass(frozen=True)
class Making:
    """What making a secret needs to know besides its form.

    :param name: the secret's
    :param site: whose it is
    :param hosts: names and addresses that a certificate is for
    :param authority: the value of the site's authority, for a certificate
    """

    name: str
    site: str
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    authority: str = ""


@dataclass(frozen=True)
class Form:
    """One form of secrets.

    :param what: it in a few words
    :param make: makes a new value
    :param fault: says what keeps a text from being of the form; nothing if it is
    :param public: gives what of a value anybody may know, with a name for it; empty if nothing
    :param private: gives what nobody may know
    :param until: gives the day on which a value ends to be good; None if it does not
    """

    what: str
    make: Callable[[Making], str]
    fault: Callable[[str], str]
    public: Callable[[str, str], str] = lambda *_: ""
    private: Callable[[str], str] = lambda value: value
    until: Callable[[str], date | None] = lambda _: None


def password() -> str:
    """Make a password of 190 bits."""
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))


def _password_fault(text: str) -> str:
    if len(text) < SHORTEST_PASSWORD:
        return f"it has less than {SHORTEST_PASSWORD} characters"
    # None of its characters is told: what is wrong with it is a part of it.
    return "" if PASSWORD.fullmatch(text) else "it has other characters than letters, digits and . _ ~ -"


def _hex_fault(text: str) -> str:
    return "" if HEX.fullmatch(text) else f"it is not {2 * KEY_BYTES} of 0-9 and a-f"


def _text_key(_: Making) -> str:
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(KEY_BYTES))


def _text_key_fault(text: str) -> str:
    return "" if TEXT_KEY.fullmatch(text) else f"it is not {KEY_BYTES} letters and digits"


def _cephx_key(_: Making) -> str:
    """Make a key as Ceph's CryptoKey has it: type, seconds and nanoseconds, length, and an AES key of 128 bits."""
    return base64.b64encode(
        CEPHX_HEADER.pack(1, int(time.time()), 0, CEPHX_BYTES) + secrets.token_bytes(CEPHX_BYTES)
    ).decode()


def _cephx_fault(text: str) -> str:
    try:
        key = base64.b64decode(text, validate=True)
        kind, _, _, length = CEPHX_HEADER.unpack_from(key)
    except (ValueError, struct.error):
        return "it is not a key in base64, as the protocol cephx has them"
    fits = kind == 1 and length == CEPHX_BYTES and len(key) == CEPHX_HEADER.size + length
    return "" if fits else "it is not an AES key of 128 bits, as the protocol cephx has them"


def _fernet_key(_: Making) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _fernet_fault(text: str) -> str:
    """Tell what is wrong with a key as github.com/fernet/spec has it: 256 bits in base64 for URLs."""
    return "" if FERNET.fullmatch(text) else f"it is not {KEY_BYTES} bytes in base64 for URLs"


def _ssh_key(_: Making) -> str:
    return (
        Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode().strip()
    )


def _ssh_fault(text: str) -> str:
    try:
        load_ssh_private_key(text.encode(), password=None)
    except Exception as error:  # the library's own errors are many, and none of them tells of the key
        return f"it is not an OpenSSH private key without a passphrase ({type(error).__name__})"
    return ""


def ssh_public(private: str, comment: str) -> str:
    """Give the public part of an OpenSSH private key, as a line of ``authorized_keys`` (sshd(8))."""
    key = load_ssh_private_key(private.encode(), password=None).public_key()
    return f"{key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()} {comment}"


FORMS: Mapping[str, Form] = {
    "password": Form("a password", lambda _: password(), _password_fault),
    "hex": Form("a key in hexadecimal digits", lambda _: secrets.token_hex(KEY_BYTES), _hex_fault),
    "text-key": Form("a key of letters and digits", _text_key, _text_key_fault),
    "cephx-key": Form("a key of the protocol cephx", _cephx_key, _cephx_fault),
    "fernet-key": Form("a Fernet key", _fernet_key, _fernet_fault),
    "ssh-key": Form("an SSH key pair (Ed25519)", _ssh_key, _ssh_fault, ssh_public),
    AUTHORITY_FORM: Form(
        "a certificate authority",
        lambda making: certificates.make_authority(making.site),
        certificates.fault,
        lambda value, _: certificates.chain(value),
        certificates.private,
        certificates.until,
    ),
    "certificate": Form(
        "a certificate of the site's authority, and its key",
        lambda making: certificates.make_certificate(making.name, making.hosts, making.authority),
        certificates.fault,
        lambda value, _: certificates.chain(value),
        certificates.private,
        certificates.until,
    ),
}


def wanted(selection: Selection) -> dict[str, str]:
    """Give the forms of all secrets that services need, ``<service>-<secret>``; an authority, where one signs.

    The authority comes first, as the certificates are made with it.
    """
    forms: dict[str, str] = {
        f"{name}-{secret}": form
        for name, service in selection.services.items()
        for secret, form in service.secrets.items()
    }
    return {AUTHORITY: AUTHORITY_FORM, **forms} if "certificate" in forms.values() else forms
