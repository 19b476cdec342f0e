"""What a guest says on its console (see ``guest/root/init``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

LEASE = re.compile(r"lease: ([\d.]+)/\d+ from")
UP = re.compile(r"^up: [\d.]+ s$", re.MULTILINE)
LOGIN = re.compile(r"^[\w.-]+ login:", re.MULTILINE)
VOLUME = re.compile(
    r"^volume: (?P<serial>\S+) (?P<did>wrote|has) (?P<mark>\S+) in (?P<boot>[0-9a-f]{8}), (?P<times>\d+) times$",
    re.MULTILINE,
)
SERIAL = 20  # characters of a volume's id that a virtio disk has as its serial number
# Control sequences of terminals (ECMA-48): firmware and getty clear the screen.
CONTROL = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|[A-Za-z])|[\x00-\x08\x0b-\x1f]")


@dataclass(frozen=True)
class Answer:
    """What a guest found out about one thing: that it is all right, or why not."""

    ok: bool
    text: str


@dataclass(frozen=True)
class VolumeSeen:
    """What a guest says of a volume (see ``guest/root/bin/volumes``).

    :param serial: the beginning of the volume's id
    :param did: ``wrote``: it was blank, and has the mark now; ``has``: it had it
    :param boot: which start of the guest says so
    :param times: how often it has written to it since
    """

    serial: str
    did: str
    mark: str
    boot: str
    times: int


@dataclass(frozen=True)
class Console:
    """A console log, read.

    :param lease: the address that DHCP gave; or why it gave none
    :param config_drive: the server's UUID, from there
    :param metadata: the server's UUID, from there
    :param login: whether one can log in
    :param again: whether all of it has been said twice
    :param volumes: what was said of volumes, in order
    """

    lease: Answer | None
    config_drive: Answer | None
    metadata: Answer | None
    login: bool
    again: bool
    volumes: tuple[VolumeSeen, ...] = ()


def read_console(log: str) -> Console:
    """Read a console log as far as it goes; what the guest has not said yet is None, and what it says last counts."""
    text = plain(log)
    addresses = LEASE.findall(text)
    return Console(
        lease=Answer(True, addresses[-1]) if addresses else _answer("lease", text),
        config_drive=_answer("config-drive", text),
        metadata=_answer("metadata", text),
        login=LOGIN.search(text) is not None,
        again=len(UP.findall(text)) > 1,
        volumes=tuple(
            VolumeSeen(match["serial"], match["did"], match["mark"], match["boot"], int(match["times"]))
            for match in VOLUME.finditer(text)
        ),
    )


def plain(log: str) -> str:
    """Give a console log as lines of text, without the control sequences of terminals."""
    return CONTROL.sub("", log.replace("\r\n", "\n"))


def _answer(subject: str, text: str) -> Answer | None:
    # A line counts once it has ended: the log may be read while the guest writes.
    found = re.findall(rf"{subject}: (ok|failed) (.*)\n", text)
    return Answer(found[-1][0] == "ok", found[-1][1].strip()) if found else None
