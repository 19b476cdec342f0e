"""Signatures by the real ssh-keygen: what is good, and what each that is not is said to be."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError
from stackwright.tools import ssh_keygen
from tests.signing import allow, line, make_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = b"channel: stable\n"
NAMESPACE = "channel@stackwright"
ADA = "ada@example.org"
NOW = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path / "key")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An agent of the test's own, and a key with a passphrase that it has."""
    started = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    for name in ("SSH_AUTH_SOCK", "SSH_AGENT_PID"):
        monkeypatch.setenv(name, started.partition(f"{name}=")[2].partition(";")[0])
    key = make_key(tmp_path / "locked", passphrase="opensesame")
    asked = tmp_path / "ask"
    asked.write_text("#!/bin/sh\necho opensesame\n")
    asked.chmod(0o755)
    answers = {**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", str(key)], env=answers, check=True, stdin=subprocess.DEVNULL)
    yield key
    subprocess.run(["ssh-agent", "-k"], check=True, capture_output=True)


def why(allowed: Path, signature: str, *, text: bytes = TEXT, who: str = ADA, when: datetime = NOW) -> str:
    return ssh_keygen.verify(text, signature, allowed=allowed, principal=who, namespace=NAMESPACE, when=when)


def test_what_a_key_signs_is_good_for_its_principal_alone(key: Path, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    allowed = allow(tmp_path, line(key), line(other, "bob@example.org"))
    signature = ssh_keygen.sign(TEXT, key, NAMESPACE)
    assert signature.startswith("-----BEGIN SSH SIGNATURE-----\n")
    assert why(allowed, signature) == ""
    assert why(allowed, signature, who="bob@example.org") == (
        "no line of allowed_signers gives its key to bob@example.org"
    )


def test_each_reason_is_said(key: Path, tmp_path: Path) -> None:
    allowed = allow(tmp_path, line(key))
    signature = ssh_keygen.sign(TEXT, key, NAMESPACE)
    assert why(allowed, signature, text=TEXT + b" ") == "the text is not what was signed"
    assert why(allowed, ssh_keygen.sign(TEXT, key, "file")) == "it was signed for another purpose"
    assert why(allowed, ssh_keygen.sign(TEXT, make_key(tmp_path / "stranger"), NAMESPACE)).startswith("no line")
    assert why(tmp_path / "nowhere", signature) == "nobody is allowed to sign: there is no nowhere"
    assert why(allowed, signature.replace("U1NIU0lH", "U1NIU0lX"))
    assert why(allowed, "no signature") != ""
    other = allow(tmp_path, line(key, options='namespaces="git"'))
    assert why(other, signature).startswith("its key may not sign this")


def test_a_key_counts_for_the_time_it_was_allowed_for(key: Path, tmp_path: Path) -> None:
    allowed = allow(tmp_path, line(key, options='valid-before="20261101120000Z"'))
    signature = ssh_keygen.sign(TEXT, key, NAMESPACE)
    assert why(allowed, signature, when=NOW.replace(hour=11)) == ""
    assert why(allowed, signature, when=NOW.replace(hour=13)) == "its key was no longer valid when it was signed"


def test_a_fingerprint_needs_no_passphrase(key: Path, tmp_path: Path) -> None:
    locked = make_key(tmp_path / "locked", passphrase="opensesame")
    known = ssh_keygen.fingerprint(locked)
    locked.with_name("locked.pub").unlink()
    assert ssh_keygen.fingerprint(locked) == known != ssh_keygen.fingerprint(key)


def test_a_key_with_a_passphrase_signs_by_an_agent(agent: Path, tmp_path: Path) -> None:
    allowed = allow(tmp_path, line(agent))
    assert why(allowed, ssh_keygen.sign(TEXT, agent, NAMESPACE)) == ""
    # The private part may be elsewhere.
    agent.unlink()
    assert why(allowed, ssh_keygen.sign(TEXT, agent.with_name("locked.pub"), NAMESPACE)) == ""


def test_without_an_agent_and_a_terminal_a_passphrase_is_not_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = make_key(tmp_path / "locked", passphrase="opensesame")
    asked = tmp_path / "ask"
    asked.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\necho opensesame\n")
    asked.chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(asked))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(EnvironmentLacksError) as refused:
        ssh_keygen.sign(TEXT, key, NAMESPACE)
    assert "passphrase" in refused.value.why
    assert refused.value.fix.endswith(f"ssh-add {key}")
    assert not (tmp_path / "asked").exists()


def test_a_key_that_others_can_read_is_ssh_keygens_own_refusal(key: Path) -> None:
    key.chmod(0o644)
    with pytest.raises(EnvironmentLacksError) as refused:
        ssh_keygen.sign(TEXT, key, NAMESPACE)
    assert "too open" in refused.value.why
    assert "@@@" not in refused.value.why
    assert refused.value.fix == f"chmod 600 {key}"


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such key"):
        ssh_keygen.fingerprint(tmp_path / "nothing")
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(InputError, match="not an SSH key") as refused:
        ssh_keygen.fingerprint(tmp_path / "text")
    assert "hello" not in str(refused.value)


def test_who_a_key_signs_for(key: Path, tmp_path: Path) -> None:
    print_ = ssh_keygen.fingerprint(key)
    lines = [
        "# " + line(key, "nobody@example.org"),
        line(make_key(tmp_path / "other"), "bob@example.org"),
        line(key, "*@example.org,ada@example.org"),
        line(key, '"ops@example.org"', options='namespaces="a b",valid-after="20200101"'),
        line(key, "ca@example.org", options="cert-authority"),
        line(key, "plain@example.org", options=""),
        "rubbish\n",
    ]
    assert ssh_keygen.signers("".join(lines), print_) == (ADA, "ops@example.org", "plain@example.org")
    assert ssh_keygen.signers("", print_) == ()
