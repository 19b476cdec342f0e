"""Who is at the other end of a socket."""

from __future__ import annotations

import os
import socket
import struct

import pytest

from stackwright.consoled.peers import XUCRED, is_allowed, peer, uid_of_xucred


def test_the_kernel_says_who_it_is() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert peer(ours) == os.getuid()


def test_root_may_ask_and_those_who_are_named() -> None:
    assert is_allowed(0, ())
    assert is_allowed(42, (42,))
    assert not is_allowed(43, (42,))


def test_what_freebsd_says_is_read() -> None:
    """The sizes are those of its sys/ucred.h for machines of 64 bits: 4 + 4 + 2 (+ 2) + 16 * 4 + 4 (+ 8)."""
    told = struct.pack(XUCRED, 0, 1001, 1, *[0] * 16, 4711)
    assert len(told) >= 80
    assert uid_of_xucred(told) == 1001
    with pytest.raises(OSError, match="version 7"):
        uid_of_xucred(struct.pack(XUCRED, 7, 0, 0, *[0] * 16, 0))
