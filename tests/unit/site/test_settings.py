"""What a site sets, by component, and who says so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue
from stackwright.catalogue.model import File, Service
from stackwright.distribution import load
from stackwright.errors import InputError
from stackwright.site.settings import settings
from stackwright.site.values.values import site_values

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
values:
  nova:
    conf:
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
    distribution = load(root)
    site = distribution.site("local")
    selection = catalogue.select(site.services, site.where("services"))
    return settings(site_values(distribution, site, catalogue, selection), selection, root)


def told(some: tuple[Setting, ...]) -> dict[str, tuple[str, str]]:
    return {f"{one.file} {one.section}/{one.option}": (one.value, one.where) for one in some}


def test_the_sites_own_options_are_told_with_their_line_and_take_the_place_of_the_catalogues(root: Path) -> None:
    found = told(of(root)["nova"])
    assert found["nova.conf DEFAULT/workers"] == ("4", "sites/local.yaml:10")
    assert found["nova.conf libvirt/virt_type"] == ("kvm", "sites/local.yaml:11")
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


def test_what_is_set_in_a_file_that_the_service_does_not_have_is_told_with_its_line(root: Path) -> None:
    with pytest.raises(InputError, match=r"nova has no configuration file 'policy\.yaml'") as caught:
        of(root, SITE.replace("nova.conf", "policy.yaml"))
    assert (caught.value.where.file, caught.value.where.line) == (root / "sites/local.yaml", 8)


def test_a_section_cannot_take_in_a_text(root: Path) -> None:
    files = {"nova.conf": File(ini={"cache": {"include": "memory.text"}})}
    wrong = Service(title="N", groups=("core",), component="nova", requires=("memory",), files=files)
    with pytest.raises(InputError, match="memory shares 'text' as a text"):
        of(root, catalogue=Catalogue({**CATALOGUE.services, "nova": wrong}))


def test_the_example_site_sets_what_its_file_and_the_catalogue_say() -> None:
    distribution = load(MINICLOUD)
    site, catalogue = distribution.site(), own_catalogue()
    selection = catalogue.select(site.services)
    found = settings(site_values(distribution, site, catalogue, selection), selection, distribution.root)
    assert set(found) == {"nova", "neutron", "keystone", "glance", "placement"}
    keystone = told(found["keystone"])
    value, where = keystone["keystone.conf identity/password_hash_rounds"]
    assert value == "6"
    file, line = where.split(":")
    assert "password_hash_rounds" in (MINICLOUD / file).read_text().splitlines()[int(line) - 1]
    assert told(found["nova"])["nova.conf neutron/auth_type"] == ("password", "the catalogue (nova.yaml)")
