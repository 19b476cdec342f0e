"""The signature of a Debian source package: made by the real gpg, verified by the real gpgv."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError, InputError
from tests.debian import Packager, sha256

from .desk import PATCHES, DebianDesk

if TYPE_CHECKING:
    from collections.abc import Iterator


class Signer:
    """A key of GnuPG's, in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        self.gpg("--passphrase", "", "--quick-generate-key", "Ada <ada@example.org>", "ed25519", "sign", "never")
        listed = self.gpg("--list-keys", "--with-colons").decode()
        (self.fingerprint,) = re.findall(r"^fpr:+([0-9A-F]{40}):", listed, re.MULTILINE)
        self.keyring = home / "keys.gpg"
        self.keyring.write_bytes(self.gpg("--export"))

    def gpg(self, *words: str, stdin: bytes = b"") -> bytes:
        argv = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", *words]
        return subprocess.run(argv, input=stdin, capture_output=True, check=True).stdout

    def sign(self, dsc: Path) -> None:
        dsc.write_bytes(self.gpg("--clearsign", stdin=dsc.read_bytes()))


@pytest.fixture
def signer(tmp_path: Path) -> Iterator[Signer]:
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed: it signs what gpgv is to verify")
    signer = Signer(tmp_path / "gpg")
    yield signer
    subprocess.run(["gpgconf", "--homedir", str(signer.home), "--kill", "all"], check=True)


def test_a_signature_is_verified_with_the_keyring(debian: DebianDesk, packager: Packager, signer: Signer) -> None:
    dsc = packager.build(patches=PATCHES)
    signer.sign(dsc)
    unverified = debian.resolve(dsc=dsc.as_uri())
    assert "signature not verified" in unverified.origin
    tree = debian.resolve(dsc=dsc.as_uri(), keyring=str(signer.keyring))
    assert tree.origin == f"pear 2:1.0-3 (dsc sha256 {sha256(dsc)}, signed by {signer.fingerprint})"
    assert tree.tree == unverified.tree
    assert debian.resolve(dsc=dsc.as_uri(), keyring=str(signer.keyring)) == tree


def test_signatures_that_do_not_count(debian: DebianDesk, packager: Packager, signer: Signer, tmp_path: Path) -> None:
    dsc = packager.build()
    debian.resolve(dsc=dsc.as_uri())  # the tree is known: the signature has to count all the same
    with pytest.raises(CheckFailedError, match="does not count") as unsigned:
        debian.resolve(dsc=dsc.as_uri(), keyring=str(signer.keyring))
    assert unsigned.value.why == "it is not signed"
    signer.sign(dsc)
    stranger = tmp_path / "stranger.gpg"
    stranger.write_bytes(b"")
    with pytest.raises(CheckFailedError) as unknown:
        debian.resolve(dsc=dsc.as_uri(), keyring=str(stranger))
    assert unknown.value.why.startswith("the keyring does not have the key")
    dsc.write_text(dsc.read_text().replace("Ada Debian", "Eve Debian"))
    with pytest.raises(CheckFailedError) as changed:
        debian.resolve(dsc=dsc.as_uri(), keyring=str(signer.keyring))
    assert changed.value.why.startswith("the text is not what was signed")


def test_keyrings_that_cannot_be_used(debian: DebianDesk, packager: Packager, tmp_path: Path) -> None:
    dsc = packager.build()
    with pytest.raises(InputError, match="cannot be read"):
        debian.resolve(dsc=dsc.as_uri(), keyring=str(tmp_path / "none.gpg"))
    text = tmp_path / "keys.asc"
    text.write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    with pytest.raises(InputError, match="in the form of text") as caught:
        debian.resolve(dsc=dsc.as_uri(), keyring=str(text))
    assert caught.value.fix.startswith("gpg --dearmor")
