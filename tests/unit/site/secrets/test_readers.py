from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from stackwright.distribution import load
from stackwright.errors import Where
from stackwright.site.files import render_files
from stackwright.site.render import Renderer
from stackwright.site.secrets import age
from stackwright.site.secrets.audit import SOON, Audited, Entry, audit
from stackwright.site.secrets.forms import wanted
from stackwright.site.secrets.keeper import Kept, KeptFile
from stackwright.site.secrets.readers import Reader, readers
from stackwright.site.secrets.vault import Referred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.distribution import Site
    from stackwright.site.render import Values

EXAMPLE = Path(__file__).parents[4] / "examples/minicloud"
TODAY = datetime.now(UTC).date()
PUBLIC = age.new_private_key()[1]


class Sealed(dict[str, str]):
    """Secrets that nobody may open."""

    def __getitem__(self, name: str) -> NoReturn:
        raise AssertionError(f"{name} has been opened")


@pytest.fixture
def site() -> Site:
    return load(EXAMPLE).site()


@pytest.fixture
def sealed(core: Values) -> Values:
    """Give the values of a site with sealed secrets."""
    return replace(core, state=replace(core.state, secrets=Sealed(dict.fromkeys(core.state.secrets, ""))))


def test_each_file_and_nobody_else_is_told_as_a_reader(site: Site, core: Values, sealed: Values) -> None:
    told = {
        (one.secret, one.service, one.file) for one in readers(site, sealed) if one.file and "etc" in one.file.parts
    }
    seen = {
        (secret, name, file.path)
        for name, entry in core.selection.services.items()
        for file in render_files(entry, Renderer(core, name)).values()
        for secret, value in core.state.secrets.items()
        if value in file.text
    }
    assert told == seen
    assert ("nova-metadata", "neutron", core.paths.etc("neutron") / "metadata_agent.ini") in told


def test_a_secret_is_rendered_only_into_files_of_services_that_share_it(site: Site, sealed: Values) -> None:
    holders: dict[str, set[str]] = {}
    for one in readers(site, sealed):
        if one.file is not None:
            holders.setdefault(one.secret, set()).add(one.service)
    shared = {"nova-metadata": {"nova", "neutron"}, "rabbitmq-password": {"rabbitmq", "nova", "neutron"}}
    for secret, services in holders.items():
        assert services == shared.get(secret, {secret.partition("-")[0]}), secret
    assert set(holders) == set(wanted(sealed.selection))


def test_tasks_the_administrators_files_and_the_targets_own_are_told(site: Site, sealed: Values) -> None:
    told = {(one.secret, one.service, one.what or str(one.file)) for one in readers(site, sealed)}
    assert {
        ("keystone-admin", "keystone", "environment of the task bootstrap"),
        ("keystone-admin", "keystone", str(sealed.paths.root / "openrc")),
        ("nova-database", "mariadb", "the user nova of the database"),
        ("nova-identity", "keystone", "the user nova"),
    } <= told


@pytest.fixture
def file() -> Iterator[Path]:
    """Give a file that holds a secret, in folders that everybody can pass."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        file = Path(folder, "nova.conf")
        file.write_text("a secret")
        file.chmod(0o600)
        yield file


def audited(
    *read: Reader, kept: dict[str, Kept] | None = None, referred: dict[str, Referred] | None = None
) -> tuple[Entry, ...]:
    there = KeptFile(recipients={"ada": PUBLIC, "bob": PUBLIC}, secrets=kept or {})
    forms = {"nova-database": "password", "web-tls": "certificate"}
    return audit(Audited(forms, there, "secrets/local.yaml", referred or {}, read), TODAY)


def reader(file: Path, user: str = "root") -> Reader:
    return Reader("nova-database", "nova", "host-1", user, file)


def made(form: str = "password", *, days: int = 3, until: date | None = None) -> Kept:
    return Kept(form=form, made=TODAY - timedelta(days=days), until=until, age="-")


def test_each_secret_is_told_with_recipients_then_with_readers(file: Path) -> None:
    entries = audited(reader(file), kept={"nova-database": made()})
    assert entries[0] == Entry("nova-database", "password", 3, "ada, bob", "", "", "secrets/local.yaml")
    assert entries[1] == Entry("nova-database", "password", 3, "nova", "host-1", "root", str(file), "0600")
    assert entries[2] == Entry("web-tls", "certificate", None, "", "", "", "not made yet")


@pytest.mark.parametrize(("mode", "who"), [(0o644, "everybody"), (0o604, "everybody"), (0o640, "its group")])
def test_a_file_that_is_too_open_is_found(file: Path, mode: int, who: str) -> None:
    file.chmod(mode)
    entry = audited(reader(file))[1]
    assert (entry.mode, entry.finding) == (f"{mode:04o}", f"{who} can read it: chmod 600 {file}")


def test_an_open_file_in_a_closed_folder_is_no_finding(file: Path) -> None:
    file.chmod(0o644)
    file.parent.chmod(0o700)
    assert audited(reader(file))[1].finding == ""


def test_a_file_of_another_user_is_found(file: Path) -> None:
    entry = audited(reader(file, "nobody"))[1]
    assert (entry.user, entry.finding) == ("root", "it belongs to root: stackwright up")


def test_a_file_that_is_not_there_is_told_without_a_mode(tmp_path: Path) -> None:
    assert (audited(reader(tmp_path / "none"))[1].mode, audited(reader(tmp_path / "none"))[1].finding) == ("", "")


@pytest.mark.parametrize(
    ("kept", "finding"),
    [
        ({"nova-database": made()}, "no file, process or task reads it"),
        ({"nova-database": made("hex")}, "it is kept as hex"),
        ({"gone-database": made()}, "no service of the site wants it"),
        ({"web-tls": made("certificate", until=TODAY + timedelta(days=SOON - 1))}, "stackwright secret rotate web-tls"),
    ],
)
def test_what_is_wrong_with_a_kept_secret_is_found(kept: dict[str, Kept], finding: str) -> None:
    (entry,) = [one for one in audited(kept=kept) if one.secret in kept]
    assert finding in entry.finding


def test_one_in_a_vault_is_told_with_its_reference(file: Path) -> None:
    one = Referred.read("vault+kv2://kv/nova#database", Where())
    entry = audited(reader(file), referred={"nova-database": one})[0]
    assert (entry.place, entry.finding) == ("vault+kv2://kv/nova#database", "")
    twice = audited(reader(file), kept={"nova-database": made()}, referred={"nova-database": one})[0]
    assert twice.finding == "it is kept here as well, where nobody uses it"
