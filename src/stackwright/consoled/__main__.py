"""The broker's command line: ``serve`` runs it, ``hook`` is what libvirt calls, the others ask it."""

from __future__ import annotations

import argparse
import grp
import pwd
import re
import sys
from pathlib import Path

from stackwright.consoled.broker import Settings
from stackwright.consoled.client import BrokerDownError, ask
from stackwright.consoled.daemon import SOCKET, AlreadyRunningError, log_to, serve
from stackwright.consoled.hook import hook
from stackwright.consoled.protocol import RequestError, told

FREEBSD = sys.platform.startswith("freebsd")
DIRECTORY = Path("/var/run/stackwright-consoled" if FREEBSD else "/run/stackwright-consoled")
STATE = Path("/var/db/stackwright-consoled.json" if FREEBSD else "/var/lib/stackwright-consoled/consoles.json")
DEVICES = r"/dev/nmdm[A-Za-z0-9._-]+[AB]" if FREEBSD else r"/dev/pts/[0-9]+"
PORTS = "10000-10999"
FAILED, DOWN, REFUSED = 1, 3, 4


def parser() -> argparse.ArgumentParser:
    """Give what reads the command line."""
    whole = argparse.ArgumentParser(prog="stackwright-consoled", description="Serial consoles of guests on TCP ports.")
    whole.add_argument("--directory", type=Path, default=DIRECTORY, help=f"with the socket ({DIRECTORY})")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="run the broker")
    serving.add_argument("--state", type=Path, default=STATE, help=f"file that consoles are remembered by ({STATE})")
    serving.add_argument("--ports", type=_ports, default=_ports(PORTS), help=f"from and to ({PORTS})")
    serving.add_argument("--address", default="127.0.0.1", help="that consoles are offered on (127.0.0.1)")
    serving.add_argument("--devices", type=_pattern, default=_pattern(DEVICES), help=f"which are offered ({DEVICES})")
    serving.add_argument("--allow", metavar="USER", type=_user, action="append", default=[], help="who may ask (root)")
    serving.add_argument("--group", type=_group, help="who may connect (root's)")
    serving.add_argument("--libvirt", metavar="URI", help="libvirt that knows the guests, such as bhyve:///system")
    serving.add_argument("--log", type=Path, metavar="FILE", help="log to it (standard error)")
    hooking = commands.add_parser("hook", help="what libvirt calls: GUEST OPERATION SUB-OPERATION ..., XML as input")
    hooking.add_argument("arguments", nargs=argparse.REMAINDER)
    hooking.add_argument("--log", type=Path, metavar="FILE", help="log to it (standard error)")
    adding = commands.add_parser("add", help="offer a console")
    adding.add_argument("name")
    adding.add_argument("device")
    adding.add_argument("port", nargs="?", default="")
    for verb, help_ in (("delete", "offer a console no more"), ("show", "tell how a console stands")):
        commands.add_parser(verb, help=help_).add_argument("name")
    commands.add_parser("list", help="tell how all consoles stand")
    commands.add_parser("health", help="tell how the broker is")
    return whole


def main(words: list[str] | None = None) -> int:
    """Run it; gives the exit status: 1 failed, 2 wrong words, 3 nobody answers, 4 refused."""
    said = parser().parse_args(words)
    try:
        if said.command == "serve":
            log_to(said.log)
            settings = Settings(
                said.directory, said.state, said.ports, said.address, said.devices, frozenset(said.allow)
            )
            serve(settings, libvirt=said.libvirt, group=said.group)
        elif said.command == "hook":
            try:
                log_to(said.log)
            except OSError:
                log_to(None)
            hook(said.directory / SOCKET, said.arguments, sys.stdin)
        else:
            given = (getattr(said, key, "") for key in ("name", "device", "port"))
            reply = ask(said.directory / SOCKET, said.command, *filter(None, given))
            sys.stdout.writelines(f"{line}\n" for line in (*map(told, reply.standings), reply.text) if line)
    except BrokerDownError as error:
        sys.stderr.write(f"error: {error}\n  fix: service stackwright_consoled start\n")
        return DOWN
    except RequestError as error:
        sys.stderr.write(f"error: {error.text}\n")
        return REFUSED
    except (AlreadyRunningError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return FAILED
    return 0


def _ports(text: str) -> range:
    form = re.fullmatch(r"([0-9]{1,5})-([0-9]{1,5})", text)
    if form is None or not 0 < int(form[1]) <= int(form[2]) < 1 << 16:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of ports: write it like {PORTS}")
    return range(int(form[1]), int(form[2]) + 1)


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from error


def _user(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"there is no user {name!r}") from error


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"there is no group {name!r}") from error


if __name__ == "__main__":
    sys.exit(main())
