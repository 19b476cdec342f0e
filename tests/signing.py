"""SSH keys made for a test by the real ssh-keygen, and a distribution's file of those that may sign."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from stackwright.proof.channels import FOLDER, NAMESPACE, SIGNERS

if TYPE_CHECKING:
    from pathlib import Path


def make_key(file: Path, *, passphrase: str = "") -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "", "-f", str(file)], check=True, text=True
    )
    return file


def line(key: Path, who: str = "ada@example.org", *, options: str = f'namespaces="{NAMESPACE}"') -> str:
    """Give the line of allowed signers that lets a key sign."""
    return f"{who} {options} {key.with_name(key.name + '.pub').read_text()}"


def allow(root: Path, *lines: str) -> Path:
    """Write the allowed signers of a distribution."""
    file = root / FOLDER / SIGNERS
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(lines))
    return file
