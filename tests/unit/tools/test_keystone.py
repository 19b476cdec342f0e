from __future__ import annotations

import socket

import pytest

from stackwright.errors import RunFailedError
from stackwright.tools import network
from stackwright.tools.keystone import Identity, Registration

WISH = Registration("image", "glance", "Glance", "http://127.0.0.1:9292", "glance", "s3cret")


def test_a_registration_does_not_tell_its_password() -> None:
    assert "s3cret" not in repr(WISH)


def test_a_service_that_does_not_answer_is_told_without_the_password() -> None:
    assert network.is_free(5999)
    identity = Identity("http://127.0.0.1:5999/v3", "adm1n-s3cret", "RegionOne")
    with pytest.raises(RunFailedError, match="does not let us in") as caught:
        identity.lacks(WISH)
    assert "s3cret" not in str(caught.value)


def test_it_is_spoken_to_straight_though_the_shell_names_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as proxy:
        proxy.bind(("127.0.0.1", 0))
        proxy.listen()
        proxy.settimeout(0.1)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with pytest.raises(RunFailedError, match="does not let us in"):
            Identity("http://127.0.0.1:5999/v3", "s3cret", "RegionOne").lacks(WISH)
        with pytest.raises(TimeoutError):
            proxy.accept()
