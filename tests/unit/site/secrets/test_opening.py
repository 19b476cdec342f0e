from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.errors import EnvironmentLacksError, InputError, ManyInputsError, Where
from stackwright.events import concealed
from stackwright.site.secrets.forms import AUTHORITY, FORMS
from stackwright.site.secrets.keeper import Keeper
from stackwright.site.secrets.opening import Secrets
from stackwright.site.secrets.vault import Referred

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    Opening: TypeAlias = Callable[..., Secrets]

FORMS_OF_TWO = {"nova-database": "password", "web-key": "hex"}


@pytest.fixture
def former(tmp_path: Path) -> Path:
    """Give the file in which an older version kept passwords; it is not there."""
    return tmp_path / "secrets.json"


@pytest.fixture
def opening(tmp_path: Path, former: Path) -> Opening:
    """Give what opens the secrets of a site."""

    def secrets(forms: dict[str, str] = FORMS_OF_TWO, **more: Any) -> Secrets:
        return Secrets(Keeper(tmp_path / "secrets/local.yaml"), "local", forms, former=former, **more)

    return secrets


def test_what_is_kept_is_the_same_for_every_state_directory(opening: Opening) -> None:
    first = opening()
    first.keep()
    assert dict(opening()) == dict(first)


def test_a_plan_makes_values_that_nobody_keeps(opening: Opening, identity_file: Path) -> None:
    secrets = opening()
    assert FORMS["password"].fault(secrets["nova-database"]) == ""
    assert not secrets.keeper.file.exists()
    assert not identity_file.exists()
    assert opening()["nova-database"] != secrets["nova-database"]


def test_what_is_kept_stays_and_what_a_new_service_wants_is_added(opening: Opening) -> None:
    first = opening({"nova-database": "password"})
    first.keep()
    both = opening()
    both.keep()
    assert both["nova-database"] == first["nova-database"]
    assert opening()["web-key"] == both["web-key"]


def test_one_is_made_anew_and_the_others_stay(opening: Opening) -> None:
    before = opening()
    before.keep()
    after = opening(anew=frozenset({"web-key"}))
    assert after["web-key"] != before["web-key"]
    assert opening()["web-key"] == before["web-key"]  # until it is kept
    after.keep()
    assert dict(opening()) == {**before, "web-key": after["web-key"]}


def test_names_are_known_and_nobody_opens_anything_for_them(opening: Opening, identity_file: Path) -> None:
    opening().keep()
    identity_file.unlink()
    secrets = opening()
    assert list(secrets) == list(FORMS_OF_TWO)
    assert "nova-datbase" not in list(secrets)
    with pytest.raises(KeyError):
        secrets["nova-datbase"]
    with pytest.raises(EnvironmentLacksError, match="there is no identity"):
        secrets["nova-database"]


def test_passwords_of_an_older_version_are_taken_over_once_and_their_file_goes(opening: Opening, former: Path) -> None:
    former.write_text(json.dumps({"nova-database": "of-an-older-version", "other-thing": "of-a-service-that-is-off"}))
    secrets = opening()
    assert secrets["nova-database"] == "of-an-older-version"
    assert former.exists()
    secrets.keep()
    assert not former.exists()
    assert opening()["nova-database"] == "of-an-older-version"
    assert opening({"other-thing": "password"})["other-thing"] == "of-a-service-that-is-off"


def test_what_the_distribution_keeps_wins_over_an_older_versions(opening: Opening, former: Path) -> None:
    kept = opening()
    kept.keep()
    former.write_text(json.dumps({"nova-database": "of-an-older-version"}))
    secrets = opening()
    assert secrets["nova-database"] == kept["nova-database"]
    secrets.keep()
    assert not former.exists()


@pytest.mark.parametrize("damaged", ["", "{", "[1]", "7"])
def test_a_damaged_file_of_an_older_version_is_told(opening: Opening, former: Path, damaged: str) -> None:
    former.write_text(damaged)
    with pytest.raises(InputError, match=r"the passwords of the site cannot be read") as caught:
        opening()["nova-database"]
    assert caught.value.where.file == former
    assert former.read_text() == damaged


def test_what_is_kept_in_another_form_is_told_with_its_line_all_at_once(opening: Opening) -> None:
    opening({"nova-database": "hex", "web-key": "password"}).keep()
    with pytest.raises(ManyInputsError) as caught:
        opening()["nova-database"]
    told = str(caught.value)
    assert "the secret nova-database is not a password" in told
    assert "it is kept as a key in hexadecimal digits" in told
    assert "stackwright secret rotate web-key" in told
    anew = opening(anew=frozenset(FORMS_OF_TWO))
    anew.keep()
    assert dict(opening()) == dict(anew)


def test_a_certificate_is_signed_by_the_authority_that_is_kept(opening: Opening) -> None:
    forms = {AUTHORITY: "authority", "web-tls": "certificate"}
    first = opening(forms)
    first.keep()
    again = opening(forms, anew=frozenset({"web-tls"}))
    issuer = FORMS["authority"].public(first[AUTHORITY], "")
    assert FORMS["certificate"].public(again["web-tls"], "").endswith(issuer)
    assert again["web-tls"] != first["web-tls"]


def test_an_authority_that_is_made_anew_signs_all_its_certificates_anew(opening: Opening) -> None:
    forms = {AUTHORITY: "authority", "web-tls": "certificate", "web-key": "hex"}
    first = opening(forms)
    first.keep()
    again = opening(forms, anew=frozenset({AUTHORITY}))
    assert FORMS["certificate"].public(again["web-tls"], "").endswith(FORMS["authority"].public(again[AUTHORITY], ""))
    assert again["web-tls"] != first["web-tls"]
    assert again["web-key"] == first["web-key"]


def test_one_that_is_left_to_a_vault_is_neither_made_nor_kept(
    opening: Opening, former: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    monkeypatch.delenv("BAO_ADDR", raising=False)
    former.write_text(json.dumps({"nova-database": "of-an-older-version"}))
    secrets = opening(referred={"nova-database": Referred.read("vault+kv2://kv/nova#password", Where())})
    with pytest.raises(EnvironmentLacksError, match="nobody says where it is"):
        secrets["web-key"]


def test_whatever_is_opened_is_shown_nowhere(opening: Opening) -> None:
    secrets = opening()
    value = secrets["nova-database"]
    assert value not in repr(secrets)
    assert value not in concealed(f"it said {value}")
