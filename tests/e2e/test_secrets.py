"""The secrets of a site by the real command: made, listed, rotated, shared, audited; and what is wrong with them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import vault
from tests.opened import opened

from .conftest import COMMAND, Stackwright

if TYPE_CHECKING:
    from collections.abc import Iterator

SITE = 'release: "2026.2"\ntarget: local\nregion: RegionOne\nservices: [rabbitmq]\n'
REFERRED = """\
values:
  rabbitmq:
    secrets: {password: "vault+kv2://kv/region/rabbitmq#password"}
"""


@pytest.fixture
def small(tmp_path: Path) -> Stackwright:
    """A distribution of one service with one secret, in git, and the identity of somebody of the team."""
    distribution = tmp_path / "ours"
    subprocess.run([COMMAND, "init", distribution], check=True, capture_output=True)
    (distribution / "sites/local.yaml").write_text(SITE)
    subprocess.run(["git", "init", "-q", distribution], check=True)
    commit(distribution, "Begin")
    identity = {"STACKWRIGHT_IDENTITY": str(tmp_path / "ada/identity.txt")}
    return Stackwright(distribution, tmp_path / "state", identity)


@pytest.fixture
def tess(small: Stackwright, tmp_path: Path) -> Stackwright:
    """Give the same for somebody else."""
    return replace(small, environment={"STACKWRIGHT_IDENTITY": str(tmp_path / "tess/identity.txt")})


def commit(distribution: Path, subject: str) -> None:
    subprocess.run(["git", "-C", distribution, "add", "--all"], check=True)
    subprocess.run(["git", "-C", distribution, "commit", "-qm", subject], check=True)


def changed(distribution: Path) -> str:
    return subprocess.run(
        ["git", "-C", distribution, "diff", "-U0"], check=True, capture_output=True, text=True
    ).stdout  # fmt: skip


def values(stackwright: Stackwright, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    for name, value in stackwright.environment.items():
        monkeypatch.setenv(name, value)
    return opened(stackwright.distribution)


def test_secrets_are_listed_before_and_after_they_are_made(small: Stackwright) -> None:
    (row,) = small.json("secret", "list")
    assert (row["Secret"], row["Form"], row["Kept in"]) == ("rabbitmq-password", "password", "not made yet")
    assert row["Read by"] == "rabbitmq"
    small("secret", "rotate", "--all")
    (row,) = small.json("secret", "list")
    assert row["Kept in"].endswith("secrets/local.yaml")
    assert row["Made"]


def test_what_is_made_is_in_the_distribution_encrypted_and_said_by_no_command(
    small: Stackwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = small("secret", "rotate", "--all")
    (value,) = values(small, monkeypatch).values()
    identity = Path(small.environment["STACKWRIGHT_IDENTITY"])
    assert identity.stat().st_mode & 0o777 == 0o600
    assert f"made an identity that opens secrets, {identity}" in said.stderr
    told = [said, small("secret", "list"), small("secret", "audit"), small("secret", "recipients", "list")]
    told += [small("plan", "--all"), small("plan", "--all", "--log-format", "json")]
    assert value not in "".join(one.stdout + one.stderr for one in told)
    for file in (*small.distribution.rglob("*"), *small.state.rglob("*")):
        assert not file.is_file() or value.encode() not in file.read_bytes(), file
    assert "AGE-SECRET-KEY" not in "".join(one.stdout + one.stderr for one in told)


def test_one_that_is_rotated_is_another_and_a_plan_of_it_changes_nothing(
    small: Stackwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    small("secret", "rotate", "--all")
    commit(small.distribution, "Make the secrets")
    before = values(small, monkeypatch)
    small("secret", "rotate", "rabbitmq-password", "--plan")
    assert changed(small.distribution) == ""
    said = small("secret", "rotate", "rabbitmq-password")
    assert "takes them up with the next `up`" in said.stdout
    assert values(small, monkeypatch)["rabbitmq-password"] != before["rabbitmq-password"]
    removed = [line for line in changed(small.distribution).splitlines() if line.startswith("-  ")]
    assert all(line.startswith("-      ") for line in removed)  # its text, and nothing else


def test_what_is_asked_for_wrongly_is_told(small: Stackwright) -> None:
    assert "did you mean 'rabbitmq-password'?" in small("secret", "rotate", "rabbitmq-pasword", status=2).stderr
    assert "name them, or write --all" in small("secret", "rotate", status=2).stderr
    assert "did you mean 'rabbitmq'?" in small("secret", "rotate", "--service", "rabitmq", status=2).stderr
    assert "no secret 'rabbitmq-password' is kept" in small("secret", "public", "rabbitmq-password", status=2).stderr
    small("secret", "rotate", "--service", "rabbitmq")
    assert "nothing of a password is public" in small("secret", "public", "rabbitmq-password", status=2).stderr


def test_keys_that_a_service_keeps_itself_are_rotated_where_it_runs(small: Stackwright) -> None:
    (small.distribution / "sites/local.yaml").write_text(SITE.replace("rabbitmq", "keystone"))
    kinds = {row["Secret"]: row["Form"] for row in small.json("secret", "list")}
    assert kinds["keystone-fernet"] == kinds["keystone-credential"] == "keys"
    assert "the site does not run" in small("secret", "rotate", "keystone-fernet", status=2).stderr
    small("secret", "rotate", "--all")
    assert "nova-database" not in (small.distribution / "secrets/local.yaml").read_text()


def test_who_is_no_recipient_cannot_plan_until_added_and_no_longer_once_removed(
    small: Stackwright, tess: Stackwright, monkeypatch: pytest.MonkeyPatch
) -> None:
    small("secret", "rotate", "--all")
    none = tess("plan", status=3)
    assert "there is no identity to open secrets with" in none.stderr
    key = tess("secret", "identity").stdout.strip()
    refused = tess("plan", status=3)
    assert "the secrets are not encrypted for you" in refused.stderr
    assert "none of the keys of their 1 recipient" in refused.stderr
    assert "local.yaml:2:" in refused.stderr
    assert f"stackwright secret recipients add {os.environ.get('USER') or 'root'}" in refused.stderr
    small("secret", "recipients", "add", "tess", key)
    assert {row["Recipient"] for row in small.json("secret", "recipients", "list")} > {"tess"}
    tess("plan")
    assert values(tess, monkeypatch) == values(small, monkeypatch)
    said = small("secret", "recipients", "remove", "tess")
    assert "secret rotate --all" in said.stdout
    assert "not encrypted for you" in tess("plan", status=3).stderr


def test_an_ssh_key_opens_secrets_with_and_without_its_comment(small: Stackwright, tmp_path: Path) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tess at work", "-f", tmp_path / "key"], check=True
    )
    small("secret", "rotate", "--all")
    small("secret", "recipients", "add", "tess", *(tmp_path / "key.pub").read_text().split())
    replace(small, environment={"STACKWRIGHT_IDENTITY": str(tmp_path / "key")})("plan")


def test_an_identity_that_others_may_read_is_refused_with_what_to_type(small: Stackwright) -> None:
    small("secret", "rotate", "--all")
    identity = Path(small.environment["STACKWRIGHT_IDENTITY"])
    identity.chmod(0o640)
    refused = small("plan", status=3).stderr
    assert f"fix: chmod 600 {identity}" in refused
    identity.chmod(0o600)
    small("plan")


def test_a_file_that_is_damaged_is_told_with_its_line(small: Stackwright) -> None:
    small("secret", "rotate", "--all")
    file = small.distribution / "secrets/local.yaml"
    text = file.read_text()
    file.write_text(text.replace("form: password", "form: pasword"))
    assert "local.yaml:6:11: there is no form 'pasword'" in small("plan", status=2).stderr
    file.write_text(text.replace("      YWdl", "      YWdm"))
    refused = small("plan", status=2).stderr
    assert "local.yaml:8:" in refused
    assert "the secret rabbitmq-password is damaged" in refused
    small("secret", "rotate", "rabbitmq-password")
    small("plan")


def test_what_is_wrong_is_found_by_an_audit(small: Stackwright) -> None:
    small("secret", "rotate", "--all")
    assert [row["Finding"] for row in small.json("secret", "audit")] == ["", ""]
    (small.distribution / "sites/local.yaml").write_text(SITE.replace("rabbitmq", "memcached"))
    (row,) = small.json("secret", "audit", status=1)
    assert row["Finding"].startswith("no service of the site wants it: remove its lines from ")


@pytest.fixture
def referred(small: Stackwright) -> Iterator[tuple[Stackwright, vault.Vault]]:
    """The distribution with its secret in a Vault, and that."""
    (small.distribution / "sites/local.yaml").write_text(SITE + REFERRED)
    with vault.running() as there:
        there.paths["kv/data/region/rabbitmq"] = {"password": "the-one-of-the-vault"}
        named = {"VAULT_ADDR": there.address, "VAULT_TOKEN": vault.TOKEN, "BAO_ADDR": ""}
        yield replace(small, environment={**small.environment, **named}), there


def test_a_secret_in_a_vault_is_asked_for_and_kept_nowhere(referred: tuple[Stackwright, vault.Vault]) -> None:
    stackwright, there = referred
    assert stackwright.json("secret", "list")[0]["Kept in"] == "vault+kv2://kv/region/rabbitmq#password"
    assert stackwright.json("secret", "audit")[0]["Read by"] == "whom the Vault lets in"
    assert not there.asked
    said = stackwright("plan", "--all")
    assert there.asked
    for secret in ("the-one-of-the-vault", vault.TOKEN):
        assert secret not in said.stdout + said.stderr
        for file in (*stackwright.distribution.rglob("*"), *stackwright.state.rglob("*")):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file
    assert not (stackwright.distribution / "secrets").exists()
    refused = stackwright("secret", "rotate", "rabbitmq-password", status=2).stderr
    assert "local.yaml:7:" in refused
    assert "change it there" in refused


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"VAULT_ADDR": "http://127.0.0.1:1"}, 3, "the Vault at http://127.0.0.1:1 does not answer"),
        ({"VAULT_ADDR": ""}, 3, "the site has secrets in a Vault, and nobody says where it is"),
        ({"VAULT_TOKEN": "hvs.another-token"}, 3, "does not let us read kv/region/rabbitmq"),
    ],
)
def test_a_vault_that_does_not_help_is_told_without_the_token(
    referred: tuple[Stackwright, vault.Vault], change: dict[str, str], status: int, said: str
) -> None:
    stackwright, _ = referred
    asking = replace(stackwright, environment={**stackwright.environment, **change})
    refused = asking("plan", status=status).stderr
    assert said in refused
    assert vault.TOKEN not in refused
    assert "another-token" not in refused


def test_a_sealed_vault_and_what_it_does_not_have_are_told_with_the_place(
    referred: tuple[Stackwright, vault.Vault],
) -> None:
    stackwright, there = referred
    there.sealed = True
    refused = stackwright("plan", status=3).stderr
    assert "sites/local.yaml:7:" in refused
    assert "is sealed" in refused
    there.sealed = False
    there.paths["kv/data/region/rabbitmq"] = {"passwort": "x"}
    refused = stackwright("plan", status=2).stderr
    assert "sites/local.yaml:7:" in refused
    assert "has no key 'password' that is a text" in refused
    there.paths["kv/data/region/rabbitmq"] = {"password": "with/a slash"}
    refused = stackwright("plan", status=2).stderr
    assert "the secret rabbitmq-password in the Vault is not a password" in refused
    assert "with/a slash" not in refused


def test_a_secret_in_a_site_is_refused_and_not_shown(small: Stackwright) -> None:
    plain = REFERRED.replace("vault+kv2://kv/region/rabbitmq#password", "hunter2-the-password")
    (small.distribution / "sites/local.yaml").write_text(SITE + plain)
    refused = small("plan", status=2).stderr
    assert "local.yaml:7:" in refused
    assert "this is not a reference to a secret" in refused
    assert "hunter2" not in refused
