"""apt-config: how this machine's apt fetches files (apt.conf(5))."""

from __future__ import annotations

import re

from stackwright.tools import process

# How files are fetched, not which, nor where they are put.
_SETTING = re.compile(r"Acquire::(?:(?:https?|ftp)::|Retries|Check-|ForceIP|Allow)\S* \"(.+)\";")


def fetching() -> str:
    """Give the lines of apt's configuration that say how files are fetched: proxies, certificates, retries."""
    shown = process.run([process.find("apt-config", package="apt"), "dump"]).text
    return "".join(f"{line}\n" for line in shown.splitlines() if _SETTING.fullmatch(line))
