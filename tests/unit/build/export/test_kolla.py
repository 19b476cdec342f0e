from __future__ import annotations

import configparser
from pathlib import Path

import pytest
import yaml

from stackwright.build.export.kolla import KollaSource, config_text, globals_text, has_image, package_info, section_of


@pytest.mark.parametrize(
    ("component", "section"),
    [
        ("nova", "nova-base"),
        ("horizon", "horizon"),
        ("masakari-monitors", "masakari-monitors"),
        ("oslo.messaging", "openstack-base-plugin-oslo.messaging"),
    ],
)
def test_a_component_is_the_source_of_its_image_and_a_library_is_in_the_base_of_all(
    component: str, section: str
) -> None:
    assert section_of(component) == section
    assert has_image(component) == (not section.startswith("openstack-base"))


def test_the_configuration_names_sources_by_their_whole_paths() -> None:
    sources = [KollaSource("nova", "nova-base", "sources/nova-34.0.0.post3.tar.gz")]
    read = configparser.ConfigParser(default_section="")
    read.read_string(config_text(Path("/srv/50%/kolla"), sources, release="2026.2", tag="2026.2-0123"))
    with pytest.raises(configparser.InterpolationSyntaxError):
        read.get("nova-base", "location")  # oslo.config, which reads it, takes a percent sign as it is
    assert read.get("nova-base", "location", raw=True) == "/srv/50%/kolla/sources/nova-34.0.0.post3.tar.gz"
    assert read.get("nova-base", "type") == "local"
    assert read.get("DEFAULT", "tag") == "2026.2-0123"


def test_a_release_stays_a_text_in_yaml() -> None:
    assert yaml.safe_load(globals_text(release="2026.2", tag="2026.2-0123")) == {
        "openstack_release": "2026.2",
        "openstack_tag": "2026.2-0123",
    }


def test_only_the_version_of_a_trees_pkg_info_changes() -> None:
    known = b"Metadata-Version: 2.1\nName: nova\nVersion: 34.0.0\nSummary: x\n\nVersion: 1\n"
    assert package_info("nova", "34.0.0.post3", known) == known.replace(b"34.0.0", b"34.0.0.post3")
    assert b"\nName: ours\nVersion: 1.0\n" in package_info("ours", "1.0", None)
