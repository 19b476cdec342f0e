"""What descriptors mean in a release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackwright.build.image.described import described
from stackwright.build.image.descriptor import read_descriptor
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.distribution.model import Release
from stackwright.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.build.image.described import Described

COMPONENTS = {
    "placement": {
        "name": "placement",
        "distribution-name": "openstack-placement",
        "source": {"pypi": "openstack-placement", "version": "16.0.0"},
    }
}
RELEASE = Release.model_validate(
    {"name": "2026.2", "python": "3.11", "pins": {"exclude-newer": "2026-10-15"}, "components": COMPONENTS}
)


def meant(tmp_path: Path, *lines: str) -> Described:
    file = tmp_path / "placement.descriptor"
    file.write_text("\n".join(("LABEL=site-placement", "PROJECT=placement", *lines)) + "\n")
    return described(read_descriptor(file), RELEASE, own_catalogue())


def refused(tmp_path: Path, *lines: str) -> InputError:
    with pytest.raises(InputError) as caught:
        meant(tmp_path, *lines)
    return caught.value


def test_a_project_is_the_releases_component_with_further_packages(tmp_path: Path) -> None:
    found = meant(tmp_path, "PIP_PACKAGES='jmespath pyuwsgi'", "DIST_PACKAGES=netbase", "PROJECT_UID=500")
    assert found.recipe.name == "site-placement"
    assert found.recipe.requirements == ("openstack-placement", "jmespath", "pyuwsgi")
    assert (found.recipe.packages, found.recipe.user) == (("netbase",), "placement")
    assert found.recipe.account is not None
    assert (found.recipe.account.uid, found.recipe.account.gid) == (500, 500)
    assert found.release is RELEASE


def test_another_repository_takes_the_place_of_the_releases_source(tmp_path: Path) -> None:
    found = meant(tmp_path, "PROJECT_REPO=https://example.org/placement.git", "PROJECT_REF=stable/2026.2")
    source: Any = found.release.component("placement").source
    assert (source.git, source.ref) == ("https://example.org/placement.git", "stable/2026.2")
    assert found.release.component("placement").distribution_name == "openstack-placement"
    assert RELEASE.component("placement").source != source


def test_a_reference_without_a_repository_has_to_be_the_releases(tmp_path: Path) -> None:
    assert meant(tmp_path, "PROJECT_REF=16.0.0").release is RELEASE
    error = refused(tmp_path, "PROJECT_REF=15.0.0")
    assert "has placement 16.0.0, not 15.0.0" in error.what
    assert error.where.line == 3


def test_profiles_are_services_and_profiles_of_the_catalogue(tmp_path: Path) -> None:
    assert meant(tmp_path, "PROFILES='nova compute'").recipe.packages == ("genisoimage", "libvirt0", "qemu-utils")
    error = refused(tmp_path, "PROFILES=comptue")
    assert (error.fix, error.where.line) == ("did you mean 'compute'?", 3)


def test_repositories_are_endings_of_the_suite(tmp_path: Path) -> None:
    assert meant(tmp_path, "DIST_REPOS='OS updates backports'").recipe.repositories == ("-backports",)
    assert refused(tmp_path, "DIST_REPOS=backport").fix == "did you mean 'backports'?"


def test_distribution_packages_alone_make_no_environment(tmp_path: Path) -> None:
    recipe = meant(tmp_path, "PROJECT_REPO=nil", "DIST_PACKAGES=placement-api").recipe
    assert (recipe.requirements, recipe.packages, recipe.component) == ((), ("placement-api",), None)


def test_a_project_that_the_release_does_not_have_is_told(tmp_path: Path) -> None:
    file = tmp_path / "other.descriptor"
    file.write_text("LABEL=other\nPROJECT=placment\n")
    with pytest.raises(InputError) as caught:
        described(read_descriptor(file), RELEASE, own_catalogue())
    assert (caught.value.fix, caught.value.where.line) == ("did you mean 'placement'?", 2)
