"""What the broker remembers when it is not running: its consoles, and which socat each has."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from stackwright.consoled.protocol import NAME, Console

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1


def save(file: Path, consoles: Mapping[Console, int | None]) -> None:
    """Write it: all of it, or nothing.

    :param consoles: each with the PID of its socat
    """
    rows = [
        {"name": console.name, "device": console.device, "port": console.port, "pid": pid}
        for console, pid in consoles.items()
    ]
    part = file.with_name(f".{file.name}.part")
    with part.open("w") as stream:
        json.dump({"version": VERSION, "consoles": rows}, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


def load(file: Path) -> tuple[dict[Console, int | None], str]:
    """Read it, and say what was wrong with it; what cannot be read is kept under another name.

    :return: nothing and no complaint where there is no file
    """
    try:
        written = json.loads(file.read_text())
        if written["version"] != VERSION:
            raise ValueError(f"its version is {written['version']}")
        consoles = {Console(row["name"], row["device"], int(row["port"])): row["pid"] for row in written["consoles"]}
        if not all(NAME.fullmatch(console.name) for console in consoles):
            raise ValueError("a name is none")
    except FileNotFoundError:
        return {}, ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        aside = file.with_name(f"{file.name}.damaged-{int(time.time())}")
        try:
            file.replace(aside)
        except OSError:
            return {}, f"{file} cannot be read: {error}"
        return {}, f"{file} could not be read ({error}); it is {aside} now"
    return consoles, ""
