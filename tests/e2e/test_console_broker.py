"""Promise 3 of FreeBSD: a broker of guests' serial consoles, tested with real terminals, socat and nova's own proxy."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import stackwright.consoled
from stackwright.consoled.client import BrokerDownError
from stackwright.consoled.daemon import SOCKET
from stackwright.consoled.protocol import RequestError, State
from tests.consoles import Broker, broker, connected, free_ports, received, until

from .conftest import COMMAND

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("socat") is None, reason="needs socat: apt-get install socat")
MANY = 200
DOMAIN = """\
<domain type='{kind}'><name>{name}</name><memory>8192</memory><os><type>hvm</type></os><devices>
<serial type='nmdm'><source master='{device}A' slave='{device}B'/><target port='0'/></serial></devices></domain>
"""


@pytest.fixture
def its(tmp_path: Path) -> Iterator[Broker]:
    """A broker with ten ports, which runs."""
    with broker(tmp_path, free_ports(10)) as made:
        made.start()
        yield made


def told(its: Broker, *words: str, status: int = 0) -> str:
    done = subprocess.run(its.command(*words), capture_output=True, text=True, check=False)
    assert done.returncode == status, done
    return done.stdout + done.stderr


def hooked(its: Broker, *words: str, xml: str = "") -> str:
    """Call it as libvirt does; gives what it logs."""
    done = subprocess.run(its.command("hook", *words), input=xml, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    return done.stderr


# What it does -------------------------------------------------------------------------------------------------------


def test_what_is_typed_in_reaches_the_guest_and_what_it_says_comes_back(its: Broker) -> None:
    guest, standing = its.offered("guest")
    with connected(standing.console.port) as client:
        client.sendall(b"root\r\x03\x00\xff")  # a line, and what a terminal would take for itself
        assert guest.hears(8) == b"root\r\x03\x00\xff"
        guest.says(b"Password: \r\n")
        assert received(client, 12) == b"Password: \r\n"


def test_its_command_line_adds_shows_lists_and_deletes(its: Broker) -> None:
    guest = its.guest("guest")
    added = told(its, "add", "guest", str(guest.device))
    assert added == f"console guest {its.ports[0]} listening 0 {guest.device}\n"
    assert told(its, "show", "guest") == told(its, "list") == added
    assert "consoles=1 starting=0 listening=1 waiting=0 restarts=0 ports-left=9" in told(its, "health")
    assert told(its, "delete", "guest") == ""
    assert told(its, "list") == ""
    assert its.sockets() == []


def test_novas_own_proxy_reaches_the_guest(its: Broker, tmp_path: Path) -> None:
    """nova-serialproxy is a WebSocketProxy of websockify's; so is the client that types here."""
    guest, standing = its.offered("guest")
    venv = tmp_path / "venv"
    uv = str(COMMAND.with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True)
    wanted = ["websockify==0.13.0", "websocket-client==1.8.0"]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", str(venv / "bin/python"), *wanted], check=True)
    (port,) = free_ports(1)
    proxy = [str(venv / "bin/websockify"), f"127.0.0.1:{port}", f"127.0.0.1:{standing.console.port}"]
    typing = (
        "import sys, websocket\n"
        f"web = websocket.create_connection('ws://127.0.0.1:{port}/', subprotocols=['binary'], timeout=15)\n"
        "web.send_binary(b'uname\\r')\n"
        "heard = b''\n"
        "while len(heard) < 9: heard += web.recv()\n"
        "print(heard.decode(), end='')\n"
    )
    with subprocess.Popen(proxy, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as proxying:
        try:
            until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
            with subprocess.Popen([str(venv / "bin/python"), "-c", typing], stdout=subprocess.PIPE) as client:
                assert guest.hears(6) == b"uname\r"
                guest.says(b"FreeBSD\r\n")
                heard, _ = client.communicate(timeout=15)
        finally:
            proxying.terminate()
    assert heard == b"FreeBSD\r\n"


def test_a_guest_asks_again_and_keeps_its_port(its: Broker) -> None:
    guest, standing = its.offered("guest")
    assert its.ask("add", "guest", str(guest.device)).standings == (standing,)
    other = its.guest("other")
    (moved,) = its.ask("add", "guest", str(other.device)).standings
    assert moved.console.port == standing.console.port
    with connected(moved.console.port) as client:
        client.sendall(b"x")
        assert other.hears(1) == b"x"


def test_one_client_is_served_at_a_time_and_the_next_when_it_has_gone(its: Broker) -> None:
    guest, standing = its.offered("guest")
    with connected(standing.console.port) as second:
        with connected(standing.console.port):
            pass
        second.sendall(b"second")
        assert guest.hears(6) == b"second"


# libvirt ------------------------------------------------------------------------------------------------------------


def test_libvirts_hook_offers_a_guest_that_starts_until_it_ends(its: Broker) -> None:
    guest = its.guest("guest")
    xml = DOMAIN.format(kind="bhyve", name="guest", device=str(guest.device)[:-1])
    for operation in ("prepare", "start", "started"):
        hooked(its, "guest", operation, "begin", "-", xml=xml)
    assert its.listens("guest")
    # Twice, out of order, of a guest that nobody knows, without XML, with another operation.
    hooked(its, "guest", "started", "begin", "-", xml=xml)
    hooked(its, "nobody", "stopped", "end", "-", xml="")
    assert "cannot be read" in hooked(its, "nobody", "started", "begin", "-", xml="")
    assert "cannot be the name" in hooked(its, "no body", "started", "begin", "-", xml=xml)
    hooked(its, "guest", "migrate", "begin", "-", xml=xml)
    hooked(its)
    assert [one.console.name for one in its.ask("list").standings] == ["guest"]
    hooked(its, "guest", "stopped", "end", "-", xml=xml)
    hooked(its, "guest", "release", "end", "-", xml=xml)
    assert its.ask("list").standings == ()


def test_the_hook_lets_a_guest_start_while_the_broker_is_down(its: Broker) -> None:
    guest = its.guest("guest")
    xml = DOMAIN.format(kind="bhyve", name="guest", device=str(guest.device)[:-1])
    its.stop()
    assert "does not answer" in hooked(its, "guest", "started", "begin", "-", xml=xml)
    assert "does not answer" in hooked(its, "--log", "/nowhere/log", "guest", "started", "begin", "-", xml=xml)
    # A broker that hangs: its socket is there, and nobody reads.
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(its.run / SOCKET))
        deaf.listen()
        begun = time.monotonic()
        assert "does not answer" in hooked(its, "guest", "started", "begin", "-", xml=xml)
        assert time.monotonic() - begun < 10


@pytest.mark.skipif(shutil.which("virsh") is None, reason="needs virsh: apt-get install libvirt-clients")
def test_what_was_started_while_it_was_down_it_learns_of_libvirt(tmp_path: Path) -> None:
    """libvirt's own test driver plays the hypervisor; its guests have the serial lines that bhyve's have."""
    with broker(tmp_path, free_ports(10)) as made:
        guest, stranger = made.guest("guest"), made.guest("stranger")
        domain = DOMAIN.format(kind="test", name="guest", device=str(guest.device)[:-1])
        node = tmp_path / "node.xml"
        node.write_text(f"<node>{domain}<cpu><mhz>1</mhz><model>x</model></cpu></node>")
        made.start()
        made.ask("add", "stranger", str(stranger.device))
        made.stop()
        made.start("--libvirt", f"test://{node}")
        assert [one.console.name for one in made.ask("list").standings] == ["guest"]
        until(lambda: made.listens("guest"))
        made.stop()
        # One that cannot be asked changes nothing.
        made.start("--libvirt", f"test://{tmp_path}/nothing.xml")
        assert [one.console.name for one in made.ask("list").standings] == ["guest"]


# What goes wrong ----------------------------------------------------------------------------------------------------


def test_a_device_that_is_gone_is_waited_for(its: Broker) -> None:
    guest, _ = its.offered("guest")
    target = guest.device.readlink()
    guest.device.unlink()
    subprocess.run(["pkill", "-KILL", "-f", f"FILE:{guest.device}"], check=True)
    until(lambda: its.standing("guest").why == "there is no such device")
    assert its.standing("guest").state is State.WAITING
    guest.device.symlink_to(target)
    until(lambda: its.listens("guest"))


def test_ports_can_be_used_up_and_come_back(its: Broker) -> None:
    for number in range(10):
        its.offered(f"guest-{number}")
    more = its.guest("more")
    refused = told(its, "add", "more", str(more.device), status=4)
    assert f"all ports from {its.ports[0]} to {its.ports[-1]} are taken" in refused
    its.ask("delete", "guest-4")
    (standing,) = its.ask("add", "more", str(more.device)).standings
    assert (standing.console.port, standing.state) == (its.ports[4], State.LISTENING)


def test_a_port_that_somebody_else_has_is_passed_over(its: Broker) -> None:
    with socket.create_server(("127.0.0.1", its.ports[0])):
        _, standing = its.offered("guest")
    assert standing.console.port == its.ports[1]


def test_killed_with_a_client_connected_it_takes_the_console_over(its: Broker) -> None:
    guest, standing = its.offered("guest")
    with connected(standing.console.port) as client:
        client.sendall(b"before")
        assert guest.hears(6) == b"before"
        its.kill()
        client.sendall(b"meanwhile")
        assert guest.hears(9) == b"meanwhile"
        its.start()  # its socket and its PID file were left over
        assert its.standing("guest") == standing
        client.sendall(b"after")
        assert guest.hears(5) == b"after"
    its.ask("delete", "guest")
    until(lambda: its.sockets() == [])


def test_a_socat_that_dies_is_started_again_and_counted(its: Broker) -> None:
    guest, standing = its.offered("guest")
    subprocess.run(["pkill", "-KILL", "-f", f"FILE:{guest.device}"], check=True)
    until(lambda: its.standing("guest").restarts == 1 and its.listens("guest"))
    with connected(standing.console.port) as client:
        client.sendall(b"again")
        assert guest.hears(5) == b"again"


def test_there_is_one_of_a_directory_and_it_leaves_nothing_behind(its: Broker) -> None:
    its.offered("guest")
    assert f"a console broker runs already: process {its.pidfile.read_text().strip()}" in told(its, "serve", status=1)
    assert its.stop() == 0
    assert its.sockets() == []
    assert list(its.run.iterdir()) == []
    assert "does not answer" in told(its, "list", status=3)
    its.start()
    until(lambda: its.listens("guest"))


def test_what_it_remembers_may_be_damaged(its: Broker, tmp_path: Path) -> None:
    its.offered("guest")
    its.stop()
    (tmp_path / "consoles.json").write_text("{")
    its.start()
    assert its.ask("list").standings == ()
    assert [file.name for file in tmp_path.glob("consoles.json.damaged-*")]
    assert "could not be read" in (tmp_path / "log").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: others ask here")
def test_who_may_not_ask_is_refused_by_the_kernels_word(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    for folder in (tmp_path, *tmp_path.parents):  # pytest's are root's alone
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    asking = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'health\\n');"
        " print(s.recv(99).decode())"
    )

    def asked(made: Broker, group: int) -> str:
        done = subprocess.run(
            ["/usr/bin/python3", "-c", asking, str(made.run / SOCKET)],
            user=nobody.pw_uid, group=group, extra_groups=[], capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    with broker(tmp_path, free_ports(10)) as made:
        made.start("--group", "games")
        assert (made.run.stat().st_mode & 0o777, (made.run / SOCKET).stat().st_mode & 0o777) == (0o750, 0o660)
        assert "Permission denied" in asked(made, nobody.pw_gid)
        assert asked(made, 60).startswith(f"error denied the user {nobody.pw_uid} may not ask here")
        made.stop()
        made.start("--group", "games", "--allow", "nobody")
        assert asked(made, 60).startswith("ok consoles=0")


def test_it_is_carried_to_a_host_as_one_file(tmp_path: Path) -> None:
    package = tmp_path / "carried/stackwright"
    shutil.copytree(Path(stackwright.consoled.__file__).parent, package / "consoled")
    file = tmp_path / "stackwright-consoled.pyz"
    words = ["-m", "zipapp", "--main", "stackwright.consoled.__main__:main", "--output", str(file)]
    subprocess.run([sys.executable, *words, str(tmp_path / "carried")], check=True)
    with broker(tmp_path, free_ports(10)) as made:
        made.start(program=["/usr/bin/python3", "-I", str(file)])
        _, standing = made.offered("guest")
        assert standing.state is State.LISTENING


# Load ---------------------------------------------------------------------------------------------------------------


def test_two_hundred_consoles_live_through_kills_and_floods(tmp_path: Path) -> None:
    with broker(tmp_path, free_ports(MANY)) as made, ThreadPoolExecutor(32) as pool:
        made.start()
        guests = [made.guest(f"guest-{number}") for number in range(MANY)]
        replies = list(pool.map(lambda guest: made.ask("add", guest.name, str(guest.device)), guests))
        assert {standing.state for reply in replies for standing in reply.standings} == {State.LISTENING}
        # Half of their programs die, while clients send what is no request, or nothing, or one that never ends.
        for line in made.sockets()[::2]:
            subprocess.run(["pkill", "-KILL", "-f", line.split(" TCP-LISTEN")[0].split()[-1]], check=True)
        floods = [pool.submit(_flood, made.run / SOCKET, number) for number in range(300)]
        for flood in floods:
            flood.result()
        until(lambda: sum(one.state is State.LISTENING for one in made.ask("list").standings) == MANY, 60)
        assert list(pool.map(lambda guest: _echoed(made, guest.name), guests)) == [True] * MANY
        # Killed with all of them offered, it takes all of them over; and it ends them all.
        made.kill()
        made.start()
        assert {one.state for one in made.ask("list").standings} == {State.LISTENING}
        assert json.loads((tmp_path / "consoles.json").read_text())["consoles"][0]["pid"]
        assert made.stop() == 0
        assert made.sockets() == []


def _flood(path: Path, number: int) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        try:
            connection.connect(str(path))
            connection.sendall((b"x" * 4096, b"\xff\x00\n" * 300, b"add\n" * 300, b"list\n" * 20, b"")[number % 5])
            connection.recv(1 << 16)
        except OSError:
            pass  # it is refused while too many ask


def _echoed(made: Broker, name: str) -> bool:
    guest = next(guest for guest in made.guests if guest.name == name)
    for _ in range(10):
        try:
            standing = made.standing(name)
            break
        except (BrokerDownError, RequestError):
            time.sleep(0.2)  # too many ask
    with connected(standing.console.port) as client:
        client.sendall(name.encode())
        return guest.hears(len(name)) == name.encode()
