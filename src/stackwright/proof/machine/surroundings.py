"""What a machine needs to know to reach what this one reaches: variables, configuration files, apt's sources."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, Where
from stackwright.tools import apt_config, apt_sources, slirp4netns
from stackwright.tools.uv import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SUITE = "bookworm"
PROXY = re.compile(r"(https?|ftp|all|no)_proxy", re.IGNORECASE)
TRUST = re.compile(r"(SSL_CERT_FILE|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|GIT_SSL_CAINFO)")
PIP = re.compile(r"PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|CERT|PROXY|DEFAULT_TIMEOUT|RETRIES)")
# The authorities that this machine trusts, as Debian's ca-certificates writes them; proxies have one of their own.
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
LOOPBACK = re.compile(r"(?<=://)((?:[^/@]*@)?)(127(?:\.\d+){3}|localhost|\[::1\])(?=[:/]|$)")
ITS_HOME = Path("/root")  # of the machine's only user
APT_SECRETS = (Path("/etc/apt/auth.conf"), Path("/etc/apt/auth.conf.d"))
APT_KEYS = (Path("/etc/apt/trusted.gpg"), Path("/etc/apt/trusted.gpg.d"), Path("/etc/apt/keyrings"))


@dataclass(frozen=True)
class AptSources:
    """Where a machine gets its packages.

    :param name: the file's, whose ending says its form
    :param taken: the user's own file that they are from, if he gave one
    """

    name: str
    text: str
    taken: Path | None = None


@dataclass(frozen=True)
class Surroundings:
    """What goes along.

    :param variables: for every command in the machine; they may hold credentials
    :param files: path in the machine -> the file here
    :param apt: where it gets packages
    :param apt_settings: lines of apt's configuration
    """

    variables: Mapping[str, str]
    files: Mapping[Path, Path]
    apt: AptSources
    apt_settings: str

    def outside(self) -> Surroundings:
        """Give it as it is right for a machine with a network of its own: this one's loopback is elsewhere there."""
        return Surroundings(
            {name: beyond(value) for name, value in self.variables.items()},
            self.files,
            self.apt,
            beyond(self.apt_settings),
        )

    @property
    def needs_loopback(self) -> bool:
        """Whether something that goes along is at an address of this machine's loopback."""
        return any(beyond(value) != value for value in (*self.variables.values(), self.apt_settings))


def beyond(text: str) -> str:
    """Give a text with addresses of this machine's loopback as they are reached from a network behind it."""
    return LOOPBACK.sub(rf"\g<1>{slirp4netns.HOST}", text)


def surroundings(working: Path, environment: Mapping[str, str]) -> Surroundings:
    """Look around.

    :param working: the working directory, whose ``sources.list`` or ``*.sources`` counts instead of this machine's
    :raises InputError: such a file says nothing, or nothing of the machine's suite
    :raises EnvironmentLacksError: there is none, and this machine's own sources have nothing of that suite
    """
    variables = taken_variables(environment)
    settings = apt_config.fetching()
    named = [Path(value) for value in variables.values() if value.startswith("/")]
    named += [Path(value) for value in re.findall(r'"(/[^"]+)"', settings)]
    files = {path: path for path in (BUNDLE, *named) if path.is_file()}
    home = Path(environment.get("HOME", "/root"))
    settled = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    uv = Path("uv") / "uv.toml"
    own = {Path("/etc") / uv: Path("/etc") / uv, ITS_HOME / ".config" / uv: settled / uv}
    own[ITS_HOME / ".netrc"] = home / ".netrc"
    files |= {there: here for there, here in own.items() if here.is_file()}
    apt = own_sources(working) or machine_sources(apt_sources.machine_entries())
    files |= {path: path for place in (*APT_SECRETS, *APT_KEYS, *_keyrings(apt)) for path in _files(place)}
    return Surroundings(variables, files, apt, settings)


def taken_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that say how something is reached or who is trusted."""
    patterns = (PROXY, TRUST, PIP, KEPT)
    return {
        name: value
        for name, value in sorted(environment.items())
        if name != "UV_CACHE_DIR" and any(pattern.fullmatch(name) for pattern in patterns)
    }


def own_sources(working: Path) -> AptSources | None:
    """Give the user's own sources in the working directory, if he has any.

    :raises InputError: there are two such files, or one has nothing of the machine's suite
    """
    found = [path for path in (working / "sources.list", *sorted(working.glob("*.sources"))) if path.is_file()]
    if not found:
        return None
    if len(found) > 1:
        raise InputError(
            f"there are several lists of apt's sources: {', '.join(path.name for path in found)}",
            where=Where(working),
            fix="leave one in the working directory",
        )
    (file,) = found
    text = file.read_text(errors="replace")
    parse = apt_sources.deb822_entries if file.suffix == ".sources" else apt_sources.line_entries
    if not any(_has_suite(entry) for entry in parse(text)):
        raise InputError(
            f"it names no source of the suite {SUITE}",
            where=Where(file),
            why=f"the machine is a Debian system of {SUITE}, and gets its packages from there alone",
            fix=f"add a line, such as: deb http://MIRROR/debian {SUITE} main",
        )
    return AptSources(f"stackwright{file.suffix}", text, file)


def machine_sources(entries: Iterable[Mapping[str, str]]) -> AptSources:
    """Give this machine's own sources, as far as they are of the suite.

    :raises EnvironmentLacksError: none is
    """
    paragraphs = [
        "Types: deb\n" + "".join(f"{name}: {value}\n" for name, value in entry.items() if value)
        for entry in entries
        if _has_suite(entry)
    ]
    if not paragraphs:
        raise EnvironmentLacksError(
            f"apt's sources of this machine have nothing of the suite {SUITE}",
            why=f"the disposable machine is a Debian system of {SUITE}",
            fix="put a sources.list that has it into the working directory",
        )
    return AptSources("stackwright.sources", "\n".join(dict.fromkeys(paragraphs)))


def _has_suite(entry: Mapping[str, str]) -> bool:
    return SUITE in {suite.partition("-")[0] for suite in entry["suites"].split()}


def _keyrings(apt: AptSources) -> tuple[Path, ...]:
    """Give the keyrings that sources name by path."""
    return tuple(Path(path) for path in re.findall(r"(?i)signed-by[:=]\s*(/[^\s,\]]+)", apt.text))


def _files(place: Path) -> Iterable[Path]:
    if place.is_dir():
        return sorted(path for path in place.rglob("*") if path.is_file() and os.access(path, os.R_OK))
    return [place] if place.is_file() else []
