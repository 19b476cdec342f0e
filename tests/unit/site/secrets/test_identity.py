from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.events import Event, Events
from stackwright.site.secrets import age, identity
from stackwright.site.secrets.forms import FORMS, Making


def test_one_is_made_when_it_is_first_needed_for_its_owner_alone_and_that_is_said(identity_file: Path) -> None:
    told: list[Event] = []
    events = Events()
    events.subscribe(told.append)
    own = identity.own(events, make=True)
    assert identity_file.stat().st_mode & 0o777 == 0o600
    assert identity_file.parent.stat().st_mode & 0o777 == 0o700
    assert [event.message for event in told] == [
        f"made an identity that opens secrets, {identity_file}: keep a copy of it"
    ]
    assert identity.own(events, make=True).public == own.public
    assert len(told) == 1


def test_without_one_it_is_said_how_to_get_one(identity_file: Path) -> None:
    with pytest.raises(EnvironmentLacksError, match="there is no identity to open secrets with") as caught:
        identity.own()
    assert str(caught.value.where) == str(identity_file)
    assert "stackwright secret identity" in caught.value.fix
    assert not identity_file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_one_that_others_may_read_is_refused_with_what_to_type(identity_file: Path, mode: int) -> None:
    identity.own(make=True)
    identity_file.chmod(mode)
    with pytest.raises(EnvironmentLacksError, match="others may read the identity") as caught:
        identity.own()
    assert caught.value.why == f"its mode is {mode:04o}"
    assert caught.value.fix.startswith(f"chmod 600 {identity_file}")


def test_without_the_variable_it_is_in_the_users_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STACKWRIGHT_IDENTITY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert identity.place() == tmp_path / "config/stackwright/identity.txt"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert identity.place() == tmp_path / ".config/stackwright/identity.txt"


def test_a_file_as_age_keygen_writes_it_is_taken_with_all_its_keys(identity_file: Path) -> None:
    keys = [age.new_private_key() for _ in range(2)]
    identity_file.parent.mkdir()
    identity_file.write_text(
        "".join(f"# created: 2026-11-01T10:00:00Z\n# public key: {public}\n{private}\n\n" for private, public in keys)
    )
    identity_file.chmod(0o600)
    own = identity.own()
    assert own.public == tuple(public for _, public in keys)
    for _, public in keys:
        assert age.decrypt(age.encrypt("text", [age.public_key(public)]), own.private) == "text"


def test_an_ssh_key_is_taken(identity_file: Path) -> None:
    identity_file.parent.mkdir()
    identity_file.write_text(FORMS["ssh-key"].make(Making("x", "y")) + "\n")
    identity_file.chmod(0o600)
    own = identity.own()
    assert own.public[0].startswith("ssh-ed25519 ")
    assert age.decrypt(age.encrypt("text", [age.public_key(own.public[0])]), own.private) == "text"


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("", None, "there is no key in it"),
        ("# only a comment\n", None, "there is no key in it"),
        ("# a comment\nAGE-SECRET-KEY-1QQQ\n", 2, "it is not a private key of age"),
        ("age162pcl4uq5k95thkul9m6raecama92z3dvlpahzzf27a6uujl6cfshdas3r\n", 1, "it is not a private key of age"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", None, "not an OpenSSH"),
        ("-----BEGIN AGE ENCRYPTED FILE-----\n", 1, "it is not a private key of age"),
    ],
)
def test_what_is_no_identity_is_told_with_its_line_and_without_its_text(
    identity_file: Path, text: str, line: int | None, why: str
) -> None:
    identity_file.parent.mkdir()
    identity_file.write_text(text)
    identity_file.chmod(0o600)
    with pytest.raises(InputError, match="not an identity that opens secrets") as caught:
        identity.own()
    assert (caught.value.where.file, caught.value.where.line) == (identity_file, line)
    assert why in caught.value.why
    assert "AGE-SECRET-KEY-1QQQ" not in str(caught.value)
    assert "STACKWRIGHT_IDENTITY=FILE" in caught.value.fix


def test_an_identity_does_not_show_its_keys() -> None:
    assert "SECRET" not in f"{identity.own(make=True)!r}"
