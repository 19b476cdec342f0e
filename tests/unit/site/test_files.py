from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Selection
from stackwright.catalogue.model import File, Service
from stackwright.errors import InputError, Where
from stackwright.site.files import RenderedFile, ini_files, render_files, shared_file
from stackwright.site.render import Renderer
from stackwright.site.values.merge import Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stackwright.site.render import Values

KEYSTONE = Service(
    title="K",
    ports={"api": 5000},
    shared={
        "auth": {"url": "http://127.0.0.1:{{ port('keystone-api') }}", "username": "{{ service }}"},
        "token": {"url": "later", "cache": "yes"},
        "text": "only a text",
    },
)


class Site:
    """Renders the files of a made-up nova; the user's settings stand in line 1 of the site's file."""

    def __init__(self, make_values: Callable[[Selection], Values]) -> None:
        self.make_values = make_values

    def nova(self, files: Mapping[str, File]) -> tuple[Service, Renderer]:
        nova = Service(title="N", files=files)
        return nova, Renderer(self.make_values(Selection({"keystone": KEYSTONE, "nova": nova})), "nova")

    def render(
        self, files: Mapping[str, File], overrides: Mapping[str, Mapping[str, Mapping[str, str]]] | None = None
    ) -> dict[str, RenderedFile]:
        return render_files(*self.nova(files), placed(overrides or {}))

    def options(
        self, ini: Mapping[str, Mapping[str, str]], overrides: Mapping[str, Mapping[str, str]] | None = None
    ) -> dict[str, dict[str, str]]:
        """Give the options of a rendered file, as a parser reads them."""
        text = self.render({"nova.conf": File(ini=ini)}, {"nova.conf": overrides or {}})["nova.conf"].text
        parser = configparser.RawConfigParser(default_section="none", strict=True)
        parser.read_string(text)
        return {section: dict(parser[section]) for section in parser.sections()}


def placed(
    overrides: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> dict[str, dict[str, dict[str, Placed]]]:
    where = Where(Path("sites/local.yaml"), 1)
    return {
        file: {
            section: {name: Placed(text, text, "site local", where) for name, text in options.items()}
            for section, options in sections.items()
        }
        for file, sections in overrides.items()
    }


@pytest.fixture
def site(make_values: Callable[[Selection], Values]) -> Site:
    return Site(make_values)


def test_sections_and_options_are_rendered(site: Site) -> None:
    assert site.options({"DEFAULT": {"host": "{{ host }}"}, "vnc": {"enabled": "true"}}) == {
        "DEFAULT": {"host": "host-abc123"},
        "vnc": {"enabled": "true"},
    }


def test_a_section_takes_in_what_others_share(site: Site) -> None:
    assert site.options({"authtoken": {"include": "keystone.auth keystone.token", "own": "1"}}) == {
        "authtoken": {"url": "later", "username": "nova", "cache": "yes", "own": "1"}
    }


@pytest.mark.parametrize("order", [("include", "username"), ("username", "include")])
def test_what_a_service_says_itself_goes_before_what_it_takes_in(site: Site, order: tuple[str, str]) -> None:
    said = {"include": "keystone.auth", "username": "somebody"}
    assert site.options({"a": {name: said[name] for name in order}})["a"]["username"] == "somebody"


def test_what_the_user_sets_wins_and_may_be_new(site: Site) -> None:
    read = site.options(
        {"DEFAULT": {"workers": "1", "host": "here"}, "auth": {"include": "keystone.auth"}},
        {"DEFAULT": {"workers": "4"}, "auth": {"username": "me"}, "new": {"option": "{{ host }}"}},
    )
    assert read["DEFAULT"] == {"workers": "4", "host": "here"}
    assert read["auth"]["username"] == "me"
    assert read["new"] == {"option": "host-abc123"}


@pytest.mark.parametrize("value", ["a\nb", "a\r\n[DEFAULT]\r\ndebug = true", "a\n", "a\rb", "a\0b"])
def test_a_value_of_several_lines_cannot_slip_in_an_option(site: Site, value: str) -> None:
    with pytest.raises(InputError) as caught:
        site.options({"DEFAULT": {}}, {"DEFAULT": {"motto": value}})
    assert str(caught.value).splitlines() == [
        "sites/local.yaml:1: the value of 'motto' is of several lines",
        "  why: in the configuration file the second would be an option or a section of its own",
        "  fix: write it on one line",
    ]


def test_nor_can_a_value_of_the_catalogue(site: Site) -> None:
    with pytest.raises(InputError, match=r"nova.*: the value of 'motto' is of several lines"):
        site.options({"DEFAULT": {"motto": "a\nb"}})


def test_a_file_that_the_service_does_not_have_is_told_with_its_place(site: Site) -> None:
    files = {"nova.conf": File(ini={}), "policy.yaml": File(text="")}
    with pytest.raises(InputError) as caught:
        site.render(files, {"nova.cnf": {"DEFAULT": {"debug": "true"}}})
    assert str(caught.value).splitlines() == [
        "sites/local.yaml:1: nova has no configuration file 'nova.cnf'",
        "  fix: did you mean 'nova.conf'?",
    ]
    with pytest.raises(InputError, match=r"no configuration file 'policy\.yaml'"):
        site.render(files, {"policy.yaml": {}})


def test_an_option_knows_all_who_say_it_and_the_last_wins(site: Site) -> None:
    ini = {"a": {"include": "keystone.auth", "username": "somebody"}}
    (file,) = ini_files(*site.nova({"nova.conf": File(ini=ini)}), placed({"nova.conf": {"a": {"username": "me"}}}))
    username = next(option for option in file.options if option.name == "username")
    assert [(said.value, said.layer) for said in username.said] == [
        ("{{ service }}", "catalogue"),
        ("somebody", "catalogue"),
        ("me", "site local"),
    ]
    assert (username.value, str(username.where), username.layer) == ("me", "sites/local.yaml:1", "site local")


def test_what_the_catalogue_says_has_its_line_there(core: Values) -> None:
    nova = core.selection.services["nova"]
    for name, of in {"compute_driver": "nova.yaml", "connection": "nova.yaml", "auth_url": "keystone.yaml"}.items():
        files = ini_files(nova, Renderer(core, "nova"))
        where = next(option.where for file in files for option in file.options if option.name == name)
        assert where.file is not None
        assert where.line is not None
        assert where.file.name == of
        assert name in where.file.read_text().splitlines()[where.line - 1]


def test_what_was_worked_out_for_one_host_serves_another_with_the_same_values(core: Values) -> None:
    nova = core.selection.services["nova"]
    other = Renderer(replace(core, host="host-two"), "nova")
    first = Renderer(core, "nova")
    known = tuple(shared_file(file, first) for file in ini_files(nova, first))
    assert render_files(nova, other, files=known) == render_files(nova, other)
    assert "host = host-two" in render_files(nova, other, files=known)["nova.conf"].text


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("keyston.auth", "there is no service 'keyston'"),
        ("keystone.aut", "there is no shared text 'aut'"),
        ("keystone", "there is no shared text ''"),
        ("keystone.text", "keystone shares 'text' as a text, not as a map"),
    ],
)
def test_an_include_that_is_not_there_is_told(site: Site, reference: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        site.options({"a": {"include": reference}})


def test_a_text_and_its_place_owner_and_mode(site: Site, tmp_path: Path) -> None:
    files = site.render(
        {
            "motd": File(text="welcome to {{ region }}\n", owner="nova", mode=0o640),
            "elsewhere": File(text="", path="{{ data }}/elsewhere"),
        }
    )
    assert files["motd"] == RenderedFile(tmp_path / "site/etc/nova/motd", "welcome to RegionOne\n", "nova", 0o640)
    assert files["elsewhere"].path == tmp_path / "site/data/nova/elsewhere"
    assert files["elsewhere"].mode == 0o600


def test_a_file_does_not_tell_its_text() -> None:
    assert "s3cret" not in repr(RenderedFile(Path("/a"), "password = s3cret", "root", 0o600))
