"""What libvirt calls when a guest starts and ends (libvirt.org/hooks.html): it tells the broker.

It is in nobody's way: whatever happens, the exit status is 0: with another, libvirt would not start the guest.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TextIO

from stackwright.consoled.client import BrokerDownError, ask
from stackwright.consoled.guests import console_of
from stackwright.consoled.protocol import NAME, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# `reconnect` comes for each guest that runs when libvirt itself is started again.
OFFERED, GONE = ("started", "reconnect"), ("stopped", "release")
SECONDS = 5.0  # that a guest's start waits at most
log = logging.getLogger("consoled.hook")


def hook(socket: Path, arguments: Sequence[str], xml: TextIO) -> None:
    """Do what a call of libvirt's asks for.

    :param socket: the broker's
    :param arguments: guest, operation, and what else libvirt says
    :param xml: the guest's, as libvirt gives it
    """
    guest, operation = (*arguments, "", "")[:2]
    if operation not in OFFERED + GONE:
        return
    try:
        if not NAME.fullmatch(guest):
            raise ValueError(f"{guest!r} cannot be the name of a guest")
        if operation in GONE:
            ask(socket, "delete", guest, seconds=SECONDS)
            return
        console = console_of(xml.read())
        if console is None:
            log.info("%s has no console that is a device", guest)
            return
        reply = ask(socket, "add", guest, console[1], seconds=SECONDS)
        for standing in reply.standings:
            log.info("%s is %s on port %d %s", guest, standing.state, standing.console.port, standing.why)
    except (BrokerDownError, RequestError, ValueError) as error:
        # The broker asks libvirt for the guests that run when it starts.
        log.error("%s %s: %s", guest, operation, error)
    except Exception:  # also a defect of ours keeps no guest from starting
        log.exception("%s %s", guest, operation)
