"""gpgv: signatures, checked against a keyring whose keys are all trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from pathlib import Path

# What of gpgv's status lines (doc/DETAILS of GnuPG) says why a signature does not count.
REASONS = {
    "NODATA": "it is not signed",
    "BADSIG": "the text is not what was signed, by the key",
    "NO_PUBKEY": "the keyring does not have the key",
    "ERRSIG": "the signature cannot be checked: of the key",
}


@dataclass(frozen=True)
class Verdict:
    """What gpgv says of a signed file.

    :param text: the text that is signed
    :param signer: fingerprint of the key that signed it; None if the signature does not count
    :param why: why it does not count
    """

    text: bytes
    signer: str | None
    why: str


def verify(file: Path, keyring: Path) -> Verdict:
    """Check a file with its signature in it (clearsigned).

    :param keyring: an absolute path, of a binary keyring
    :raises EnvironmentLacksError: gpgv is not installed
    """
    program = process.find("gpgv")
    # As apt and dpkg do: what is signed over SHA-1 is not.
    weak = ["--weak-digest", "SHA1", "--weak-digest", "RIPEMD160"]
    options = ["--quiet", *weak, "--keyring", str(keyring), "--status-fd", "2", "--output", "-"]
    completed = process.run([program, *options, str(file)], env={"LC_ALL": "C"}, check=False)
    told = dict(re.findall(r"^\[GNUPG:\] (\w+) ?(.*)$", completed.stderr.decode(errors="replace"), re.MULTILINE))
    if completed.status == 0 and "VALIDSIG" in told:
        return Verdict(completed.stdout, told["VALIDSIG"].split()[0], "")
    reason = next((word for word in REASONS if word in told), None)
    if reason is None:
        return Verdict(completed.stdout, None, completed.stderr.decode(errors="replace").strip())
    key = "" if reason == "NODATA" else f" {told[reason].split()[0]}"
    return Verdict(completed.stdout, None, REASONS[reason] + key)
