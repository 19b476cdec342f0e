"""What is chosen once for a site and kept: its names, ports and addresses."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, of_os_error
from stackwright.tools import network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.repeating import Things
    from stackwright.site.paths import SitePaths

# The one port above 10000 that browsers speak to nobody at (https://fetch.spec.whatwg.org, "bad port"): a console would
# have no picture there.
REFUSED = 10080


@dataclass(frozen=True)
class SiteState:
    """The choices of a site, and its secrets, which are kept elsewhere.

    :param id: six hexadecimal digits, in the names of what is the host's and not the site's own (bridges)
    :param ports: number of each port, ``<service>-<port>``
    :param number: its networks are 172.24.<number>.0/24, which stands for the outside world, and 172.25.<number>.0/30,
        between this machine and the site's compute host
    :param secrets: their values, ``<service>-<secret>``; never shown
    :param things: what its services have several of, as it was when they were last started
    """

    id: str
    ports: Mapping[str, int]
    number: int
    secrets: Mapping[str, str] = field(default_factory=dict)
    things: Things = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The network namespace that is the site's compute host."""
        return f"stackwright-{self.id}"

    @property
    def outside(self) -> str:
        """First three numbers of the outside network."""
        return f"172.24.{self.number}"

    @property
    def site_address(self) -> str:
        """Where the compute host reaches the site's services."""
        return f"172.25.{self.number}.1"

    @property
    def compute_address(self) -> str:
        """Where the site's services reach the compute host."""
        return f"172.25.{self.number}.2"

    def __repr__(self) -> str:
        """Leave the secrets out."""
        return f"SiteState(id={self.id!r})"


def load(paths: SitePaths) -> SiteState | None:
    """Read the choices of a site; nothing if none were kept yet.

    :raises InputError: the file of them is damaged
    :raises EnvironmentLacksError: it is another user's
    """
    if not paths.state.exists():
        return None
    try:
        kept = json.loads(paths.state.read_text())
        things = {
            str(service): {str(kind): tuple(map(str, names)) for kind, names in parts.items()}
            for service, parts in kept.get("things", {}).items()
        }
        return SiteState(str(kept["id"]), dict(kept["ports"]), int(kept["number"]), things=things)
    except PermissionError as error:
        raise of_os_error(error) from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"the state of the site cannot be read: {paths.root}",
            why=f"{type(error).__name__}: {error}",
            fix=f"bring back {paths.state.name} from a backup",
        ) from error


def save(paths: SitePaths, state: SiteState) -> None:
    """Keep the choices of a site: the file is there whole or not at all."""
    paths.root.mkdir(parents=True, exist_ok=True)
    write_private(
        paths.state,
        json.dumps(
            {"id": state.id, "ports": dict(state.ports), "number": state.number, "things": dict(state.things)}, indent=1
        ),
    )


def choose(selection: Selection, kept: SiteState | None, wished: Mapping[str, int]) -> SiteState:
    """Complete the choices of a site: what is kept stays, what the services need besides is chosen now.

    :param selection: the services of the site
    :param wished: ports that the user set
    :raises InputError: a port that the user set is another's already
    :raises EnvironmentLacksError: no port or network is free
    """
    state = kept or SiteState(secrets.token_hex(3), {}, network.free_number())
    ports = dict(state.ports)
    for name, preferred in selection.ports().items():
        if name in wished:
            ports[name] = wished[name]
        elif name not in ports:
            ports[name] = _free_port(preferred, set(ports.values()) | set(wished.values()))
    refuse_shared({name: ports[name] for name in selection.ports()}, wished)
    return replace(state, ports=ports, things=selection.things)


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # of mode 0600
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def refuse_shared(ports: Mapping[str, int], wished: Mapping[str, int]) -> None:
    """See that each port is one service's.

    :param wished: ports that the user set
    :raises InputError: two have one
    """
    holders: dict[int, str] = {}
    for name, port in ports.items():
        other = holders.setdefault(port, name)
        if other != name:
            wanting, holding = (name, other) if name in wished else (other, name)
            raise InputError(
                f"the port {port}, which is to be {wanting}'s, is {holding}'s already",
                fix=f"give {wanting} another number under `ports:` in the site's file, or {holding} too",
            )


def _free_port(preferred: int, taken: set[int]) -> int:
    """Give the preferred port, or the nearest free one some hundreds above.

    Below 32768 throughout: above, the kernel takes ports for outgoing connections (ip_local_port_range).
    """
    candidates: tuple[int, ...] = (preferred, *range(preferred % 1000 + 10000, 32768, 100))
    for port in candidates:
        if port not in taken and port != REFUSED and network.is_free(port):
            return port
    raise EnvironmentLacksError(
        f"no port like {preferred} is free on 127.0.0.1", fix="set one under `ports:` in the site's file"
    )
