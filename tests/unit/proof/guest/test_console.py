from __future__ import annotations

from stackwright.proof.guest.console import Answer, VolumeSeen, plain, read_console

# As nova gives it: SeaBIOS clears the screen before, getty asks the terminal for its size behind.
LOG = (
    "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\n"
    "Booting from ROM..\x1bc\x1b[?7l\x1b[2Jlease: 10.0.0.223/24 from 10.0.0.1\r\n"
    "config-drive: ok 221b2e2c-64bf-4f8f-bec4-a58a64419e21\r\n"
    "metadata: ok 221b2e2c-64bf-4f8f-bec4-a58a64419e21\r\n"
    "up: 2.64 s\r\n\r\n"
    "A guest of Stackwright. Log in as root: there is no password.\r\n"
    "demo login: "
)


def test_a_complete_log() -> None:
    console = read_console(LOG)
    assert console.lease == Answer(True, "10.0.0.223")
    assert console.config_drive == console.metadata == Answer(True, "221b2e2c-64bf-4f8f-bec4-a58a64419e21")
    assert console.login


def test_what_the_guest_has_not_said_yet_is_not_known() -> None:
    console = read_console(LOG[: LOG.index("metadata")])
    assert console.lease is not None
    assert console.config_drive is not None
    assert console.metadata is None
    assert not console.login


def test_a_line_counts_when_it_has_ended() -> None:
    cut = LOG[: LOG.index("config-drive") + len("config-drive: ok 221b2e2c-64")]
    assert read_console(cut).config_drive is None


def test_the_guest_says_why_it_failed() -> None:
    log = "lease: failed no server answered in 20 s\r\nmetadata: failed no answer in 3 s (tried 10 times)\r\n"
    console = read_console(log)
    assert console.lease == Answer(False, "no server answered in 20 s")
    assert console.metadata == Answer(False, "no answer in 3 s (tried 10 times)")


def test_what_the_line_has_garbled_is_said_once_more() -> None:
    garbled = LOG.replace("metadata: ok 221b2e2c", "metadata: ok 22121b2e2c").replace("10.0.0.223", "10.0.0.2223")
    console = read_console(garbled)
    assert console.metadata == Answer(True, "22121b2e2c-64bf-4f8f-bec4-a58a64419e21")
    assert not console.again
    again = read_console(garbled.partition("A guest of")[0] + LOG)
    assert again.metadata == Answer(True, "221b2e2c-64bf-4f8f-bec4-a58a64419e21")
    assert again.lease == Answer(True, "10.0.0.223")
    assert again.again


def test_the_invitation_to_log_in_is_no_prompt() -> None:
    assert not read_console(LOG[: LOG.index("demo login")]).login


def test_an_empty_log_says_nothing() -> None:
    assert read_console("") == read_console("\x1b[2J\r\n")


def test_a_log_reads_as_lines_without_control_sequences() -> None:
    assert plain(LOG).splitlines()[1] == "Booting from ROM..lease: 10.0.0.223/24 from 10.0.0.1"


def test_what_a_guest_says_of_volumes_counts_once_its_line_has_ended() -> None:
    said = (
        "volume: 0cf1f0b6-7f4c-4f6e-b wrote 5eed in 8b9d2f11, 1 times\r\n"
        "guest login: volume: 0cf1f0b6-7f4c-4f6e-b wrote 5eed in 8b9d2f11, 2 times\r\n"
        "volume: 0cf1f0b6-7f4c-4f6e-b has 5eed in 41c0aa52, 12 times\r\n"
        "volume: 0cf1f0b6-7f4c-4f6e-b has 5eed in 41c0"
    )
    serial = "0cf1f0b6-7f4c-4f6e-b"
    assert read_console(said).volumes == (
        VolumeSeen(serial, "wrote", "5eed", "8b9d2f11", 1),
        VolumeSeen(serial, "has", "5eed", "41c0aa52", 12),
    )
