from __future__ import annotations

import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.tools import network

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def listening(address: str, family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    with socket.socket(family) as listener:
        listener.bind((address, 0))
        listener.listen()
        yield listener.getsockname()[1]


def me() -> str:
    return f"process {os.getpid()} ({Path('/proc/self/comm').read_text().strip()})"


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken_names_who_listens(address: str) -> None:
    with listening(address) as port:
        assert not network.is_free(port)
        assert network.listener(port) == me()
    assert network.is_free(port)
    assert network.listener(port) == ""


def test_a_listener_on_every_address_of_both_families_takes_it_too() -> None:
    with listening("::", socket.AF_INET6) as port:
        assert not network.is_free(port)
        assert network.listener(port) == me()


def test_a_listener_on_another_address_does_not_take_it() -> None:
    with listening("127.0.0.2") as port:
        assert network.is_free(port)
        assert network.listener(port) == ""


def test_a_port_that_is_connected_to_is_not_listened_on() -> None:
    with listening("127.0.0.1") as port, socket.create_connection(("127.0.0.1", port)) as client:
        assert network.listener(client.getsockname()[1]) == ""


def test_processes_that_come_and_go_meanwhile_do_not_matter() -> None:
    def come_and_go() -> None:
        while not done.is_set():
            subprocess.run(["true"], check=True)

    done = threading.Event()
    others = [threading.Thread(target=come_and_go) for _ in range(4)]
    with listening("127.0.0.1") as port:
        for other in others:
            other.start()
        try:
            assert {network.listener(port) for _ in range(20)} == {me()}
        finally:
            done.set()
            for other in others:
                other.join()
