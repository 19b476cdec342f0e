"""References to a Vault, resolved over HTTP: what is there comes, and what is not is told without the token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError, StackwrightError, Where
from stackwright.site.secrets.vault import Referred, resolve
from tests import vault
from tests.vault import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = Where(Path("sites/local.yaml"), 7, 9)


def reference(text: str) -> Referred:
    return Referred.read(text, PLACE)


DATABASE = reference("vault+kv2://kv/region/nova#database")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[vault.Vault]:
    """Give a Vault that the environment names, as a user whose home is empty."""
    for name in ("TOKEN", "NAMESPACE", "CACERT", "ADDR"):
        monkeypatch.delenv(f"VAULT_{name}", raising=False)
        monkeypatch.delenv(f"BAO_{name}", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with vault.running() as running:
        running.paths["kv/data/region/nova"] = {"database": "from-the-vault", "identity": "also-from-there", "port": 7}
        monkeypatch.setenv("VAULT_ADDR", f"{running.address}/")
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        yield running


def refused(kind: type[StackwrightError], one: Referred = DATABASE) -> StackwrightError:
    """Give the error of a reference that cannot be resolved; it has its place, and not the token."""
    with pytest.raises(kind) as caught:
        resolve({"nova-database": one})
    assert TOKEN not in str(caught.value)
    return caught.value


def test_a_path_is_asked_for_once_for_all_of_its_keys(there: vault.Vault) -> None:
    there.paths["team/data/a b"] = {"k": "of another mount"}
    found = resolve(
        {
            "nova-database": DATABASE,
            "nova-identity": reference("vault+kv2://kv/region/nova#identity"),
            "x": Referred("team", "a b", "k", PLACE),
        }
    )
    assert found == {"nova-database": "from-the-vault", "nova-identity": "also-from-there", "x": "of another mount"}
    assert sorted(there.asked) == [("kv/data/region/nova", ""), ("team/data/a b", "")]


def test_nobody_is_asked_where_nothing_is_referred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    assert resolve({}) == {}


def test_an_openbao_is_named_by_its_own_variables(there: vault.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAO_ADDR", there.address)
    monkeypatch.setenv("BAO_TOKEN", TOKEN)
    monkeypatch.setenv("BAO_NAMESPACE", "team")
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    assert resolve({"nova-database": DATABASE}) == {"nova-database": "from-the-vault"}
    assert there.asked == [("kv/data/region/nova", "team")]


def test_the_token_may_be_in_the_file_that_a_login_writes(
    there: vault.Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VAULT_TOKEN")
    assert "there is no token" in refused(EnvironmentLacksError).what
    file = tmp_path / ".vault-token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o644)
    told = refused(EnvironmentLacksError)
    assert (told.what, told.fix) == ("others may read the Vault's token", f"chmod 600 {file}")
    file.chmod(0o600)
    assert resolve({"nova-database": DATABASE})
    assert there.asked


@pytest.mark.usefixtures("there")
def test_one_that_is_down_is_told_with_the_place_of_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "http://127.0.0.1:1")
    told = refused(EnvironmentLacksError)
    assert str(told).startswith("sites/local.yaml:7:9: the Vault at http://127.0.0.1:1 does not answer")
    assert "Connection refused" in told.why
    assert "VAULT_ADDR" in told.fix


def test_one_that_is_sealed_is_told(there: vault.Vault) -> None:
    there.sealed = True
    told = refused(EnvironmentLacksError)
    assert "is sealed" in told.what
    assert told.why == "it answers 503: Vault is sealed"
    assert "unseal" in told.fix


@pytest.mark.usefixtures("there")
def test_a_token_that_is_refused_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "hvs.of-somebody-else")
    told = refused(EnvironmentLacksError)
    assert "does not let us read kv/region/nova" in told.what
    assert "permission denied" in told.why
    assert "kv/data/region/nova" in told.fix
    assert "of-somebody-else" not in str(told)


@pytest.mark.parametrize("token", ["two words", "with\nlines", "ü" * 9])
def test_a_token_that_no_header_can_hold_is_refused_and_not_shown(
    there: vault.Vault, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", token)
    assert token not in str(refused(EnvironmentLacksError))
    assert not there.asked


def test_a_path_that_is_not_there_or_was_deleted_is_told(there: vault.Vault) -> None:
    told = refused(InputError, reference("vault+kv2://kv/region/nowa#database"))
    assert told.what == f"the Vault at {there.address} has nothing at kv/region/nowa"
    assert "vault kv put -mount=kv region/nowa" in told.fix
    there.paths["kv/data/region/nova"] = None
    assert refused(InputError).why == "its newest version has been deleted"


@pytest.mark.usefixtures("there")
def test_a_key_that_is_not_there_or_no_text_is_told_with_those_that_are() -> None:
    told = refused(InputError, reference("vault+kv2://kv/region/nova#databse"))
    assert told.what == "kv/region/nova in the Vault has no key 'databse' that is a text"
    assert told.why == "it has database, identity, port"
    refused(InputError, reference("vault+kv2://kv/region/nova#port"))


@pytest.mark.parametrize("odd", [b"<html>", b"{}", b'{"data": {"password": "of version 1"}}', b'{"data": {"data": 7}}'])
def test_an_answer_of_something_else_is_told_and_not_shown(there: vault.Vault, odd: bytes) -> None:
    there.odd = odd
    told = refused(InputError)
    assert "no secret of the key/value store, version 2" in told.what
    assert "of version 1" not in str(told)


def test_nobody_else_is_given_the_token(there: vault.Vault) -> None:
    with vault.running() as other:
        there.redirects = other.address
        assert "sends us elsewhere" in refused(EnvironmentLacksError).what
        assert not other.asked


def test_a_netrc_adds_nothing_to_a_request(there: vault.Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password of-a-netrc\n")
    seen: list[str] = []
    answer = there.answer

    def watched(*asked: str) -> tuple[int, object]:
        seen.extend(asked)
        return answer(*asked)

    monkeypatch.setattr(there, "answer", watched)
    assert resolve({"nova-database": DATABASE})
    assert seen
    assert "netrc" not in "".join(seen)


@pytest.mark.parametrize(
    "address", ["vault.example.org:8200", "ftp://host", "https://user:secretword@host", "https://", "https://h/?a=b"]
)
@pytest.mark.usefixtures("there")
def test_an_address_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("VAULT_ADDR", address)
    with pytest.raises(InputError, match="VAULT_ADDR is not the address of a Vault") as caught:
        resolve({"nova-database": DATABASE})
    assert "secretword" not in str(caught.value)


def test_a_file_of_authorities_that_is_not_there_is_told(there: vault.Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", there.address.replace("http:", "https:"))
    monkeypatch.setenv("VAULT_CACERT", "/nowhere/ca.pem")
    told = refused(EnvironmentLacksError)
    assert "/nowhere/ca.pem" in told.why
    assert "VAULT_CACERT" in told.fix


@pytest.mark.parametrize(
    "text",
    [
        "hunter2-the-password",
        "vault+kv2://kv/nova",
        "vault+kv2://kv#key",
        "vault+kv2:///nova#key",
        "vault+kv2://kv/nova/#key",
        "vault+kv2://kv/nova#a#b",
        "vault://kv/nova#key",
        "",
    ],
)
def test_what_is_no_reference_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InputError, match="this is not a reference to a secret") as caught:
        reference(text)
    assert caught.value.where == PLACE
    assert "hunter2" not in str(caught.value)


def test_a_reference_is_shown_as_it_is_written() -> None:
    for text in ("vault+kv2://kv/region/nova#database", "vault+kv2://secret/a#b"):
        assert str(reference(text)) == text
