"""What a site sets, by component, and who says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue
from stackwright.catalogue.model import File, Service
from stackwright.distribution import Site, load
from stackwright.errors import InputError
from stackwright.site.settings import settings

if TYPE_CHECKING:
    from stackwright.hazards.forecast.model import Setting

MINICLOUD = Path(__file__).parents[3] / "examples/minicloud"
NOVA = {
    "DEFAULT": {"host": "{{ host }}", "workers": "1"},
    "placement": {"include": "keystone.auth memory.cache", "username": "somebody"},
}
CATALOGUE = Catalogue(
    {
        "keystone": Service(
            title="K", component="keystone", shared={"auth": {"username": "{{ service }}", "auth_type": "password"}}
        ),
        "memory": Service(title="M", shared={"cache": {"servers": "here"}, "text": "only a text"}),
        "nova": Service(
            title="N",
            groups=("core",),
            component="nova",
            requires=("keystone", "memory"),
            files={"nova.conf": File(ini=NOVA), "policy.yaml": File(text="{}")},
        ),
        "ovn": Service(title="O", groups=("core",), files={"ovn.conf": File(ini={"DEFAULT": {"a": "1"}})}),
    }
)
SITE = """\
release: "2026.2"
target: local
region: RegionOne
services: [core]
config:
  nova:
    nova.conf:
      DEFAULT:
        workers: "4"
      libvirt: {virt_type: kvm}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "releases").mkdir()
    (tmp_path / "sites").mkdir()
    (tmp_path / "distribution.yaml").write_text("name: team\n")
    (tmp_path / "releases/2026.2.yaml").write_text(
        'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
        "components: {nova: {source: {pypi: nova, version: 34.0.0}}}\n"
    )
    return tmp_path


def of(root: Path, text: str = SITE, catalogue: Catalogue = CATALOGUE) -> dict[str, tuple[Setting, ...]]:
    (root / "sites/local.yaml").write_text(text)
    return settings(load(root).site("local"), catalogue, root)


def told(some: tuple[Setting, ...]) -> dict[str, tuple[str, str]]:
    return {f"{one.file} {one.section}/{one.option}": (one.value, one.where) for one in some}


def test_the_sites_own_options_are_told_with_their_line_and_take_the_place_of_the_catalogues(root: Path) -> None:
    found = told(of(root)["nova"])
    assert found["nova.conf DEFAULT/workers"] == ("4", "sites/local.yaml:9")
    assert found["nova.conf libvirt/virt_type"] == ("kvm", "sites/local.yaml:10")
    assert found["nova.conf DEFAULT/host"] == ("{{ host }}", "the catalogue (nova.yaml)")


def test_what_the_catalogue_takes_in_is_told_and_what_it_says_itself_goes_before(root: Path) -> None:
    found = told(of(root)["nova"])
    assert {name: value for name, (value, _) in found.items() if "placement" in name} == {
        "nova.conf placement/username": "somebody",
        "nova.conf placement/auth_type": "password",
        "nova.conf placement/servers": "here",
    }


def test_each_option_is_told_once_and_only_of_services_that_have_a_component(root: Path) -> None:
    found = of(root)
    assert list(found) == ["nova"]  # keystone sets nothing, and ovn is no component
    assert len({(one.file, one.section, one.option) for one in found["nova"]}) == len(found["nova"]) == 6
    assert {one.service for one in found["nova"]} == {"nova"}


def test_what_is_set_for_a_service_that_does_not_run_is_left_to_others(root: Path) -> None:
    text = SITE.replace("core", "keystone")
    assert of(root, text) == {}


def test_what_is_set_in_a_file_that_the_service_does_not_have_is_left_to_others(root: Path) -> None:
    text = SITE.replace("nova.conf", "policy.yaml")
    assert {one.where for one in of(root, text)["nova"]} == {"the catalogue (nova.yaml)"}


def test_a_service_that_is_not_there_is_told_where_the_site_names_it(root: Path) -> None:
    with pytest.raises(InputError) as caught:
        of(root, SITE.replace("[core]", "[cores]"))
    assert caught.value.what == "there is no service or group 'cores' in the catalogue"
    assert (caught.value.where.file, caught.value.where.line) == (root / "sites/local.yaml", 4)


def test_a_section_cannot_take_in_a_text(root: Path) -> None:
    files = {"nova.conf": File(ini={"cache": {"include": "memory.text"}})}
    wrong = Service(title="N", groups=("core",), component="nova", requires=("memory",), files=files)
    with pytest.raises(InputError, match="memory shares 'text' as a text"):
        of(root, catalogue=Catalogue({**CATALOGUE.services, "nova": wrong}))


def test_a_site_that_was_made_by_hand_has_no_line() -> None:
    site = Site(
        name="mine", release="2026.2", target="local", region="R", services=("nova",),
        config={"nova": {"nova.conf": {"DEFAULT": {"workers": "4"}}}},
    )  # fmt: skip
    found = told(settings(site, CATALOGUE, Path("/nowhere"))["nova"])
    assert found["nova.conf DEFAULT/workers"] == ("4", "the site mine")


def test_the_example_site_sets_what_its_file_and_the_catalogue_say() -> None:
    distribution = load(MINICLOUD)
    found = settings(distribution.site(), own_catalogue(), distribution.root)
    assert set(found) == {"nova", "neutron", "keystone", "glance", "placement"}
    keystone = told(found["keystone"])
    value, where = keystone["keystone.conf identity/password_hash_rounds"]
    assert value == "6"
    file, line = where.split(":")
    assert "password_hash_rounds" in (MINICLOUD / file).read_text().splitlines()[int(line) - 1]
    assert told(found["nova"])["nova.conf neutron/auth_type"] == ("password", "the catalogue (nova.yaml)")
