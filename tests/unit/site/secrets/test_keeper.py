from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from stackwright.errors import EnvironmentLacksError, InputError, RunFailedError
from stackwright.site.secrets import age, identity
from stackwright.site.secrets.forms import FORMS, Making
from stackwright.site.secrets.keeper import Keeper

if TYPE_CHECKING:
    from pathlib import Path

VALUES = {"nova-database": ("password", "the-password-of-nova"), "web-key": ("hex", "ab" * 32)}


@pytest.fixture
def keeper(tmp_path: Path) -> Keeper:
    """Give a file of two secrets."""
    (tmp_path / "ours").mkdir()
    keeper = Keeper(tmp_path / "ours/secrets/local.yaml")
    keeper.put(VALUES, None)
    return keeper


def opened(keeper: Keeper) -> dict[str, str]:
    kept = keeper.read()
    assert kept is not None
    return keeper.open(kept, kept.secrets)


def another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Become somebody else, and give the public key of theirs."""
    monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(tmp_path / "other.txt"))
    return identity.own(make=True).public[0]


def test_what_is_kept_is_there_again_and_cannot_be_read_in_the_file(keeper: Keeper) -> None:
    assert opened(keeper) == {name: value for name, (_, value) in VALUES.items()}
    text = keeper.file.read_text()
    assert not [value for _, value in VALUES.values() if value in text]
    kept = keeper.read()
    assert kept is not None
    assert {name: (one.form, one.made) for name, one in kept.secrets.items()} == {
        name: (form, datetime.now(UTC).date()) for name, (form, _) in VALUES.items()
    }


def test_nothing_but_the_file_lies_there_and_it_can_be_committed(keeper: Keeper) -> None:
    assert [file.name for file in keeper.file.parent.iterdir()] == ["local.yaml"]
    assert keeper.file.stat().st_mode & 0o777 == 0o644


def test_a_new_value_of_one_changes_no_line_of_another(keeper: Keeper) -> None:
    before = keeper.file.read_text().partition("  web-key:")
    keeper.put({"nova-database": ("password", "another-one")}, keeper.read())
    after = keeper.file.read_text().partition("  web-key:")
    assert after[0] != before[0]
    assert after[2] == before[2]
    assert opened(keeper) == {"nova-database": "another-one", "web-key": "ab" * 32}


def test_one_that_somebody_else_has_changed_meanwhile_is_not_overwritten(keeper: Keeper) -> None:
    known = keeper.read()
    keeper.put({"nova-database": ("password", "of-the-other-run")}, known)
    with pytest.raises(RunFailedError, match="nova-database has been changed meanwhile"):
        keeper.put({"nova-database": ("password", "of-this-run")}, known)
    keeper.put({"new-one": ("password", "nobody-minds")}, known)
    assert opened(keeper)["nova-database"] == "of-the-other-run"


def test_who_is_no_recipient_is_told_whose_they_are_and_what_to_type(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    public = another(monkeypatch, tmp_path)
    with pytest.raises(EnvironmentLacksError) as caught:
        opened(keeper)
    told = caught.value
    assert "none of the keys of their 1 recipient" in told.what
    assert str(tmp_path / "other.txt") in told.what
    assert (told.where.file, told.where.line) == (keeper.file, 2)
    assert public in told.why
    assert told.fix.endswith(f" {public}")
    assert "stackwright secret recipients add" in told.fix


def test_a_recipient_that_is_added_can_decrypt_and_one_that_is_removed_cannot(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, identity_file: Path
) -> None:
    public = another(monkeypatch, tmp_path)
    monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(identity_file))
    keeper.add_recipient("tess", public)
    for file in (identity_file, tmp_path / "other.txt"):
        monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(file))
        assert opened(keeper)["nova-database"] == "the-password-of-nova"
    keeper.remove_recipient("tess")  # one may remove oneself
    with pytest.raises(EnvironmentLacksError, match="not encrypted for you"):
        opened(keeper)
    monkeypatch.setenv("STACKWRIGHT_IDENTITY", str(identity_file))
    assert opened(keeper)["nova-database"] == "the-password-of-nova"


def test_an_ssh_key_may_be_a_recipient(keeper: Keeper, identity_file: Path) -> None:
    private = FORMS["ssh-key"].make(Making("x", "y"))
    keeper.add_recipient("tess", " ".join(FORMS["ssh-key"].public(private, "").split()[:2]))
    identity_file.write_text(private)
    assert opened(keeper)["nova-database"] == "the-password-of-nova"


def test_recipients_that_cannot_be_are_refused(keeper: Keeper) -> None:
    kept = keeper.read()
    assert kept is not None
    ((name, key),) = kept.recipients.items()
    with pytest.raises(InputError, match=f"{name} is a recipient already"):
        keeper.add_recipient("twice", key)
    with pytest.raises(InputError, match="'age1nonsense' is not a public key"):
        keeper.add_recipient("tess", "age1nonsense")
    with pytest.raises(InputError, match=f"{name} is the only recipient"):
        keeper.remove_recipient(name)
    with pytest.raises(InputError, match="there is no recipient 'tess'"):
        keeper.remove_recipient("tess")


def test_a_text_that_is_damaged_is_told_with_its_line(keeper: Keeper) -> None:
    lines = keeper.file.read_text().splitlines()
    place = lines.index("  nova-database:") + 6
    lines[place] = lines[place][::-1].strip().rjust(len(lines[place]))
    keeper.file.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="the secret nova-database is damaged") as caught:
        opened(keeper)
    assert caught.value.where.file == keeper.file
    assert caught.value.where.line == lines.index("  nova-database:") + 4
    assert "git" in caught.value.fix


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("form: password", "form: pasword", "there is no form 'pasword'"),
        ("\nrecipients:", "\nrecipient:", "the key 'recipient' is unknown"),
        ("age1", "age2", "this is not a recipient's public key"),
        ("made: 2", "made: x", "is not a date"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_with_its_place(keeper: Keeper, old: str, new: str, what: str) -> None:
    text = keeper.file.read_text()
    keeper.file.write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        keeper.read()
    assert what in str(caught.value)
    line = text[: text.index(old) + 1].count("\n") + 1
    assert f"local.yaml:{line}" in str(caught.value)


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        keeper.put({"nova-database": ("password", "another-one")}, keeper.read())
    assert opened(keeper)["nova-database"] == "the-password-of-nova"
    assert [file.name for file in keeper.file.parent.iterdir()] == ["local.yaml"]


def test_text_for_others_is_not_ours_and_nonsense_is_damaged() -> None:
    ours, theirs = age.new_private_key(), age.new_private_key()
    armour = age.encrypt("text", [age.public_key(theirs[1])])
    with pytest.raises(age.NotForUsError):
        age.decrypt(armour, [age.private_key(ours[0])[0]])
    with pytest.raises(age.DamagedError):
        age.decrypt("nonsense", [age.private_key(ours[0])[0]])
