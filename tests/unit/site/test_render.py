from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Selection
from stackwright.catalogue.model import Environment, Service
from stackwright.errors import InputError
from stackwright.site.render import Renderer, Values

if TYPE_CHECKING:
    from collections.abc import Callable

TWO = Selection(
    {
        "mariadb": Service(
            title="M",
            ports={"server": 3306},
            shared={
                "url": "mysql://{{ service }}:{{ secret(service ~ '-database') }}@[::1]:{{ port('mariadb-server') }}",
                "pool": {"size": "5", "user": "{{ service }}"},
                "circle": "{{ shared.mariadb.circle }}",
            },
        ),
        "nova": Service(title="N", secrets={"database": "password"}, environment=Environment(requirements=("nova",))),
    }
)


@pytest.fixture
def values(make_values: Callable[[Selection], Values]) -> Values:
    return make_values(TWO)


@pytest.fixture
def nova(values: Values) -> Renderer:
    return Renderer(values, "nova")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{{ service }} in {{ region }} on {{ host }}", "nova in RegionOne on host-abc123"),
        ("{{ site_id }} {{ processors }}", "abc123 2"),
        ("{{ subnet }}.1 {{ site_address }} {{ compute_address }}", "172.24.7.1 172.25.7.1 172.25.7.2"),
        ("{{ in_compute_network }} ip a", "nsenter --net=/run/netns/stackwright-abc123 ip a"),
        ("{{ port('mariadb-server') }}", "3306"),
        ("{{ secret('nova-database') }}", "S3cretOfnovadatabase"),
        ("{{ shared.mariadb.url }}/nova", "mysql://nova:S3cretOfnovadatabase@[::1]:3306/nova"),
        ("{scheme}://{username}", "{scheme}://{username}"),
        ("a line\n", "a line\n"),
        ("{{ service }}\n", "nova\n"),
    ],
)
def test_a_template_and_what_becomes_of_it(nova: Renderer, template: str, text: str) -> None:
    assert nova.text(template) == text


def test_folders_are_those_of_the_site_and_the_service(nova: Renderer, values: Values) -> None:
    words = nova.words(["{{ etc }}", "{{ data }}", "{{ run }}", "{{ log }}", "{{ venv }}", "{{ unpacked }}"])
    paths = values.paths
    places = (paths.etc("nova"), paths.data("nova"), paths.run, paths.log, values.environments["nova"], values.unpacked)
    assert words == tuple(map(str, places))


def test_what_is_shared_is_rendered_for_the_one_that_takes_it(nova: Renderer) -> None:
    assert nova.shared("mariadb", "pool") == {"size": "5", "user": "nova"}


@pytest.mark.parametrize(
    ("template", "why", "fix"),
    [
        ("{{ prt('mariadb-server') }}", "there is no 'prt'", "did you mean 'port'?"),
        ("{{ sevice }}", "there is no 'sevice'", "did you mean 'service'?"),
        ("{{ port('mariadb-server' }}", "unexpected '}', expected ')'", ""),
        ("{{ port() }}", "missing 1 required positional argument: 'name'", ""),
        ("{{ 1 / 0 }}", "division by zero", ""),
        ("{{ shared.mariadb.circle }}", "maximum recursion depth exceeded", ""),
        ("{{ service.nothing.at_all }}", "has no attribute 'nothing'", ""),
    ],
)
def test_a_template_that_cannot_be_rendered_is_shown_with_the_reason(
    nova: Renderer, template: str, why: str, fix: str
) -> None:
    with pytest.raises(InputError) as caught:
        nova.text(template)
    assert caught.value.what == f"cannot render {template!r}"
    assert str(caught.value.where) == "service nova"
    assert why in caught.value.why
    assert caught.value.fix == fix


@pytest.mark.parametrize(
    ("template", "what", "fix"),
    [
        ("{{ port('mariadb-sever') }}", "there is no port 'mariadb-sever'", "did you mean 'mariadb-server'?"),
        ("{{ secret('nova-databse') }}", "there is no secret 'nova-databse'", "did you mean 'nova-database'?"),
        ("{{ shared.maridb.url }}", "there is no service 'maridb'", "did you mean 'mariadb'?"),
        ("{{ shared.mariadb.ulr }}", "there is no shared text 'ulr'", "did you mean 'url'?"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(nova: Renderer, template: str, what: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        nova.text(template)
    assert (caught.value.what, caught.value.fix) == (what, fix)


def test_a_service_without_an_environment_has_none_to_name(values: Values) -> None:
    with pytest.raises(InputError, match="there is no 'venv'"):
        Renderer(values, "mariadb").text("{{ venv }}/bin/run")


def test_no_secret_is_in_the_error_of_a_template_that_has_one(nova: Renderer) -> None:
    with pytest.raises(InputError) as caught:
        nova.text("{{ secret('nova-database') }} {{ port('none') }}")
    assert "S3cret" not in str(caught.value)
