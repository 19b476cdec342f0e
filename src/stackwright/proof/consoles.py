"""The consoles that show a server's screen: enough of each protocol to know that it is spoken."""

from __future__ import annotations

import base64
import os
import socket
import struct
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from stackwright.errors import CheckFailedError

if TYPE_CHECKING:
    from typing import BinaryIO

PATIENCE = 10.0  # seconds
FINAL_BINARY_FRAME = 0x82


def token_of(url: str) -> str:
    """Give the token in a console's URL: a parameter of its own, or one inside the path that noVNC is to use.

    :raises CheckFailedError: there is none
    """
    query = parse_qs(urlsplit(url).query)
    for path in query.get("path", []):
        query |= parse_qs(urlsplit(path).query)
    if "token" not in query:
        raise CheckFailedError("the console's URL has no token")
    return query["token"][0]


def vnc_greeting(host: str, port: int, token: str) -> str:
    """Open a server's screen as a browser does, through nova's proxy, and give the greeting of its VNC server.

    By hand: a WebSocket's handshake (RFC 6455, section 4), then its first frame, with RFB's version (RFC 6143, 7.1.1).

    :raises CheckFailedError: the proxy refuses the token, or no VNC server is behind it
    :raises OSError: nobody answers
    """
    request = (
        f"GET /?token={token} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: binary\r\n\r\n"
    )
    with socket.create_connection((host, port), PATIENCE) as connection, connection.makefile("rb") as stream:
        connection.sendall(request.encode())
        status = stream.readline().decode(errors="replace").strip()
        if " 101 " not in f"{status} ":
            raise CheckFailedError(f"the proxy answers the WebSocket's handshake: {status or 'nothing'}")
        while stream.readline().strip():
            pass
        greeting = _first_frame(stream).decode(errors="replace").strip()
    if not greeting.startswith("RFB "):
        raise CheckFailedError(f"no VNC server is behind the proxy: it says {greeting!r}")
    return greeting


def _first_frame(stream: BinaryIO) -> bytes:
    """Read a short frame of a WebSocket's server, which does not mask it (RFC 6455, section 5.2)."""
    head = stream.read(2)
    if len(head) < 2 or head[0] != FINAL_BINARY_FRAME or head[1] > 125:
        raise CheckFailedError(f"the proxy closed the WebSocket, or sends something else: {head.hex() or 'nothing'}")
    return stream.read(head[1])


def spice_greeting(host: str, port: int) -> str:
    """Greet a SPICE server as a client does, and give its version.

    The protocol's link messages: https://www.spice-space.org/spice-protocol.html, "Link".

    :raises CheckFailedError: it is not one, or refuses
    :raises OSError: nobody answers
    """
    session, main_channel, channel_number, no_capabilities, message_size = 0, 1, 0, 0, 18
    message = struct.pack(
        "<IBBIII", session, main_channel, channel_number, no_capabilities, no_capabilities, message_size
    )
    with socket.create_connection((host, port), PATIENCE) as connection, connection.makefile("rb") as stream:
        connection.sendall(b"REDQ" + struct.pack("<III", 2, 2, len(message)) + message)
        reply = stream.read(20)
    if len(reply) < 20 or reply[:4] != b"REDQ":
        raise CheckFailedError(f"no SPICE server is at port {port}: it says {reply[:20]!r}")
    major, minor, _, error = struct.unpack("<IIII", reply[4:])
    if error:
        raise CheckFailedError(f"the SPICE server refuses: error {error}")
    return f"SPICE {major}.{minor}"
