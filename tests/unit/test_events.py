"""What no event shows: the values of secrets, in any shape in which they could be read."""

from __future__ import annotations

import base64
import json
import random
from urllib.parse import quote

import pytest

from stackwright.events import CONCEALED, ConcealedStream, Event, Events, Kind, conceal, concealed

PASSWORD = "Zk3vQm8RtY2wLx9PbN5cHd7JfG4sAu6E"
SPECIAL = 'p@ss/w"rd\\with&odd=ones'
KEY = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACDzJ7Q0vX6m2sKpRk3JrB1dWcUu9tYhFgEoLxNqZaTbVg==\n"
    "-----END OPENSSH PRIVATE KEY-----\n"
)


@pytest.fixture(scope="module", autouse=True)
def _known() -> None:
    conceal([PASSWORD, SPECIAL, KEY])


@pytest.mark.parametrize(
    "text",
    [
        f"cannot log in with {PASSWORD}",
        f"mysql+pymysql://nova:{PASSWORD}@127.0.0.1/nova",
        f"a password with odd characters: {SPECIAL}",
        f"the same in a URL: https://u:{quote(SPECIAL, safe='')}@host/",
        f"the same in JSON: {json.dumps({'password': SPECIAL})}",
        f"the key {KEY}",
        f"a line of it: {KEY.splitlines()[2]}",
        f"all of it in JSON: {json.dumps(KEY)}",
    ],
)
def test_no_shape_of_a_secret_is_shown(text: str) -> None:
    shown = concealed(text)
    assert CONCEALED in shown
    for secret in (PASSWORD, SPECIAL, quote(SPECIAL, safe=""), *KEY.splitlines()[1:3]):
        assert secret not in shown


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_shows_no_secret_wherever_it_begins(before: int, encode: object) -> None:
    assert callable(encode)
    text = encode(b"u" * before + b":" + PASSWORD.encode() + b"\nand more").decode()
    shown = concealed(f"Authorization: Basic {text}")
    assert CONCEALED in shown
    left = shown.split()[-1].split(CONCEALED)
    assert all(PASSWORD[3:-3].encode() not in base64.b64decode(part[: len(part) // 4 * 4]) for part in left)


def test_what_is_no_secret_stays_as_it_is() -> None:
    text = "make nova known: user, service, endpoints (there is no service of the type compute) -----BEGIN"
    assert concealed(text) == text


def test_a_short_word_does_not_blot_out_others() -> None:
    conceal(["nova", "1234567", ""])
    assert concealed("nova 1234567") == "nova 1234567"


def test_no_listener_is_told_a_secret() -> None:
    told: list[Event] = []
    events = Events()
    events.subscribe(told.append)
    events.emit(Kind.FAILED, f"step {PASSWORD}", f"it said {PASSWORD}")
    assert (told[0].subject, told[0].message) == (f"step {CONCEALED}", f"it said {CONCEALED}")


@pytest.mark.parametrize("seed", range(20))
def test_a_secret_that_comes_in_pieces_is_not_shown(seed: int) -> None:
    source = random.Random(seed)
    text = "".join(source.choice([f"a {PASSWORD} b\n", "x" * 50, "\n", PASSWORD, "ü"]) for _ in range(60))
    assert streamed(text, source) == concealed(text)
    assert PASSWORD not in concealed(text)


def streamed(text: str, source: random.Random) -> str:
    """Give what is shown of a text that comes in pieces."""
    stream, shown, data = ConcealedStream(), b"", text.encode()
    while data:
        length = source.randrange(1, 40)
        shown += stream.feed(data[:length])
        data = data[length:]
    return (shown + stream.end()).decode()


def test_a_key_that_comes_in_pieces_is_not_shown() -> None:
    shown = streamed(f"before\n{KEY}behind\n", random.Random(1))
    assert not [line for line in KEY.splitlines()[1:3] if line in shown]
    assert shown.startswith("before\n")
    assert shown.endswith("behind\n")


def test_a_line_without_an_end_is_not_held_back_for_ever() -> None:
    stream = ConcealedStream()
    begun = f"{'x' * (stream.LONGEST_LINE + 5000)}{PASSWORD[:20]}".encode()
    shown = stream.feed(begun)
    assert len(shown) > stream.LONGEST_LINE
    assert PASSWORD[:20].encode() not in shown
    assert (
        stream.feed(PASSWORD[20:].encode()) + stream.end() == f"{begun[len(shown) : -20].decode()}{CONCEALED}".encode()
    )


def test_what_is_whole_in_a_stream_is_shown_at_once() -> None:
    stream = ConcealedStream()
    assert stream.feed(b"one\ntw") == b"one\n"
    assert stream.feed(b"o\n") == b"two\n"
