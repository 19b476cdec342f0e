"""The key that signs."""

from __future__ import annotations

import os
from pathlib import Path

from stackwright.errors import InputError

KEY = "STACKWRIGHT_SIGNING_KEY"


def signing_key(given: Path | None, why: str) -> Path:
    """Give the SSH key that is named, else that of the environment.

    :param why: what is signed, for the error
    :raises InputError: none is named
    """
    named = given or (Path(os.environ[KEY]) if os.environ.get(KEY) else None)
    if named is None:
        raise InputError("there is no key to sign with", why=why, fix=f"name an SSH key: --key FILE, or {KEY}")
    return named.absolute()
