"""ssh-keygen: signatures with SSH keys, made and checked (OpenSSH's PROTOCOL.sshsig)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import sys
import tempfile
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.tools import process

if TYPE_CHECKING:
    from datetime import datetime

PACKAGE = "openssh-client"
# What ssh-keygen says of a signature that does not count -> what that means here.
REASONS = {
    "incorrect signature": "the text is not what was signed",
    "namespace does not match": "it was signed for another purpose",
    "key is not permitted for use in signature namespace": "its key may not sign this: see `namespaces=` of its line",
    "key has expired": "its key was no longer valid when it was signed",
    "key is not yet valid": "its key was not yet valid when it was signed",
}
# ssh-keygen(1), ALLOWED SIGNERS: principals, options, the key's type, the key, a comment.
SIGNER = re.compile(
    r'(?P<principals>"[^"]*"|\S+)\s+(?P<options>(?:.*\s)?)'
    r"(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+\s+(?P<blob>[A-Za-z0-9+/]+={0,2})(?:\s.*)?"
)


def fingerprint(key: Path) -> str:
    """Give the fingerprint of a key, such as ``SHA256:KW1N...``: of its public part, so that no passphrase is needed.

    :param key: a private key, or a public one whose private part an agent has
    :raises InputError: it is not there, or is no key
    :raises EnvironmentLacksError: ssh-keygen is not installed
    """
    program = process.find("ssh-keygen", package=PACKAGE)
    if not any(Path(f"{key}{ending}").is_file() for ending in ("", ".pub")):
        raise InputError(
            "there is no such key",
            where=Where(key),
            fix="name the file of an SSH key, or make one: ssh-keygen -t ed25519",
        )
    completed = process.run([program, "-l", "-E", "sha256", "-f", str(key)], env={"LC_ALL": "C"}, check=False)
    words = completed.text.split()
    if completed.status != 0 or len(words) < 2:
        raise InputError(
            "this is not an SSH key, or its public part is not to be had without its passphrase",
            where=Where(key),
            why=_said(completed),
            fix=f"of an old PEM key, write the public part beside it: ssh-keygen -y -f {key} > {key}.pub",
        )
    return words[1]


def signers(allowed: str, fingerprint_: str) -> tuple[str, ...]:
    """Give the principals that a file of allowed signers has a key for, patterns left out. A pure function.

    :param allowed: the file's text
    :param fingerprint_: the key's
    """
    found: list[str] = []
    for line in allowed.splitlines():
        match = SIGNER.fullmatch(line.strip())
        if match is None or line.lstrip().startswith("#") or "cert-authority" in match["options"]:
            continue
        if _fingerprint(match["blob"]) == fingerprint_:
            found += [one for one in match["principals"].strip('"').split(",") if one and not set(one) & set("*?!")]
    return tuple(dict.fromkeys(found))


def sign(text: bytes, key: Path, namespace: str) -> str:
    """Give the signature of a text, armoured.

    Where the key has a passphrase, an agent that has the key is asked, else the user at the terminal; without a
    terminal, nobody (but the program that SSH_ASKPASS names, if SSH_ASKPASS_REQUIRE says `force`).

    :raises EnvironmentLacksError: the key cannot be used: its passphrase, its mode; or ssh-keygen is not installed
    """
    program = process.find("ssh-keygen", package=PACKAGE)
    with tempfile.TemporaryDirectory() as scratch:
        # A file: what is on standard input would be read as the passphrase where there is no terminal.
        file = Path(scratch, "text")
        file.write_bytes(text)
        asking = sys.stdin is not None and sys.stdin.isatty()
        alone: list[str] = [] if asking else [process.find("setsid", package="util-linux"), "--wait"]
        # Its standard input is no terminal, so it would look for a window to ask in; unless the user wants just that.
        variables = {"LC_ALL": "C", "SSH_ASKPASS_REQUIRE": os.environ.get("SSH_ASKPASS_REQUIRE", "never")}
        completed = process.run(
            [*alone, program, "-Y", "sign", "-q", "-n", namespace, "-f", str(key), str(file)],
            env=variables,
            check=False,
        )
        if completed.status == 0:
            return file.with_name("text.sig").read_text("ascii")
    said = _said(completed)
    fix = f"give it to an agent and type the same again: ssh-add {key}"
    if "too open" in said:
        fix = f"chmod 600 {key}"
    raise EnvironmentLacksError("the key cannot sign", where=Where(key), why=said, fix=fix)


def verify(text: bytes, signature: str, *, allowed: Path, principal: str, namespace: str, when: datetime) -> str:
    """Say why a signature does not count; nothing if it is good.

    :param allowed: the file of allowed signers
    :param principal: who is to have signed
    :param when: when: keys may have been allowed for a time only
    :raises EnvironmentLacksError: ssh-keygen is not installed
    """
    program = process.find("ssh-keygen", package=PACKAGE)
    if not allowed.is_file():
        return f"nobody is allowed to sign: there is no {allowed.name}"
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "signature")
        file.write_text(signature, "ascii")
        time = f"verify-time={when.astimezone(UTC):%Y%m%d%H%M%SZ}"
        files = ["-f", str(allowed), "-s", str(file)]
        completed = process.run(
            [program, "-Y", "verify", *files, "-I", principal, "-n", namespace, "-O", time],
            stdin=text,
            env={"LC_ALL": "C"},
            check=False,
        )
    if completed.status == 0:
        return ""
    said = completed.stderr.decode(errors="replace")
    known = next((meaning for words, meaning in REASONS.items() if words in said), None)
    return known or said.strip().replace("\n", "; ") or f"no line of {allowed.name} gives its key to {principal}"


def _fingerprint(blob: str) -> str:
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except binascii.Error:
        return ""
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _said(completed: process.Completed) -> str:
    """Give what ssh-keygen said in one line, without its rows of @ and its prompts."""
    lines = completed.stderr.decode(errors="replace").replace("Enter passphrase: ", "").splitlines()
    return "; ".join(line.strip().rstrip(".") for line in lines if line.strip("@ \r"))
