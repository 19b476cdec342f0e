"""Lines between the broker and those who ask it."""

from __future__ import annotations

import pytest

from stackwright.consoled.protocol import (
    Console,
    Request,
    RequestError,
    Standing,
    State,
    read_request,
    read_told,
    refused,
    told,
)


@pytest.mark.parametrize(
    ("line", "request_"),
    [
        (b"list\n", Request("list")),
        (b"health\r\n", Request("health")),
        (b"show  guest-1\n", Request("show", "guest-1")),
        (b"delete guest-1", Request("delete", "guest-1")),
        (b"add guest-1 /dev/nmdm0B\n", Request("add", "guest-1", "/dev/nmdm0B")),
        (b"add guest-1 /dev/nmdm0B 10007\n", Request("add", "guest-1", "/dev/nmdm0B", 10007)),
    ],
)
def test_a_request_is_a_line_of_words(line: bytes, request_: Request) -> None:
    assert read_request(line) == request_


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"remove guest-1\n",
        b"add guest-1\n",
        b"add guest-1 /dev/nmdm0B 0\n",
        b"add guest-1 /dev/nmdm0B 65536\n",
        b"add guest-1 /dev/nmdm0B ten\n",
        b"add guest-1 /dev/nmdm0B 10007 now\n",
        b"add guest-1 /dev/nmdm0B,exec=sh\n",
        b"add guest-1 EXEC:sh\n",
        b"add ../../etc/passwd /dev/nmdm0B\n",
        b"show %s\n" % (b"x" * 129),
        b"show gu\xc3\xa4st\n",
        b"\x00\xff\n",
    ],
)
def test_what_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        read_request(line)
    assert refused(caught.value).startswith("error bad-request ")


@pytest.mark.parametrize(
    "standing",
    [
        Standing(Console("guest-1", "/dev/nmdm0B", 10000), State.LISTENING, 3),
        Standing(Console("guest-1", "/dev/nmdm0B", 10000), State.WAITING, 0, "there is no such device"),
    ],
)
def test_what_is_told_of_a_console_can_be_read(standing: Standing) -> None:
    assert read_told(told(standing)) == standing


def test_what_is_refused_is_one_line_whatever_the_reason_says() -> None:
    assert refused(RequestError("failed", "first\nsecond")) == "error failed first second"
