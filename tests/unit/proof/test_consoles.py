"""The other side of each protocol is played by a socket: what is sent there is what real servers send."""

from __future__ import annotations

import socket
import struct
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import CheckFailedError
from stackwright.proof.consoles import spice_greeting, token_of, vnc_greeting

if TYPE_CHECKING:
    from collections.abc import Iterator

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: binary\r\n\r\n"


@contextmanager
def server(answer: bytes, heard: list[bytes]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:6080/vnc_lite.html?path=%3Ftoken%3Dc0ffee-11",
        "http://127.0.0.1:6080/vnc_auto.html?token=c0ffee-11",
        "http://127.0.0.1:6082/spice_auto.html?a=b&token=c0ffee-11",
    ],
)
def test_the_token_is_found_wherever_nova_puts_it(url: str) -> None:
    assert token_of(url) == "c0ffee-11"


def test_a_url_without_a_token_is_refused() -> None:
    with pytest.raises(CheckFailedError, match="no token"):
        token_of("http://127.0.0.1:6080/vnc_lite.html")


def test_a_vnc_server_greets_through_the_web_socket() -> None:
    heard: list[bytes] = []
    with server(SWITCHING + b"\x82\x0cRFB 003.008\n", heard) as port:
        assert vnc_greeting("127.0.0.1", port, "c0ffee") == "RFB 003.008"
    assert heard[0].startswith(b"GET /?token=c0ffee HTTP/1.1\r\n")
    assert b"\r\nUpgrade: websocket\r\n" in heard[0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden"),
        (b"", "nothing"),
        (SWITCHING + b"\x88\x02\x03\xe8", "closed the WebSocket"),  # a token that is not known
        (SWITCHING, "closed the WebSocket"),
        (SWITCHING + b"\x82\x05hello", "no VNC server"),
    ],
)
def test_a_proxy_without_a_screen_is_told_from_one_with(answer: bytes, why: str) -> None:
    with server(answer, []) as port, pytest.raises(CheckFailedError, match=why):
        vnc_greeting("127.0.0.1", port, "c0ffee")


def test_a_spice_server_greets() -> None:
    heard: list[bytes] = []
    with server(b"REDQ" + struct.pack("<IIII", 2, 2, 186, 0) + bytes(182), heard) as port:
        assert spice_greeting("127.0.0.1", port) == "SPICE 2.2"
    magic, major, minor, size = struct.unpack("<4sIII", heard[0][:16])
    assert (magic, major, minor, size) == (b"REDQ", 2, 2, len(heard[0]) - 16)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"REDQ" + struct.pack("<IIII", 2, 2, 186, 5) + bytes(182), "error 5"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no SPICE server"),
        (b"", "no SPICE server"),
    ],
)
def test_what_is_no_spice_server_or_refuses_is_told(answer: bytes, why: str) -> None:
    with server(answer, []) as port, pytest.raises(CheckFailedError, match=why):
        spice_greeting("127.0.0.1", port)


def test_nobody_there_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        vnc_greeting("127.0.0.1", port, "c0ffee")
