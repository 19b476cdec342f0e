"""The services of a site are of one series, as far as versions tell it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.catalogue.model import Upstream
from stackwright.distribution import Release, load
from stackwright.distribution.sources import PypiSource
from stackwright.errors import InputError
from stackwright.site.series import check_components, check_series, major_of, series_of

EXAMPLES = Path(__file__).parents[3] / "examples"
NOVA = Upstream(series="2026.2", major=34)


@pytest.fixture
def release() -> Release:
    return load(EXAMPLES / "minicloud").release("2026.2")


def with_version(release: Release, component: str, version: str) -> Release:
    old = release.components[component]
    assert isinstance(old.source, PypiSource)
    new = old.model_copy(update={"source": old.source.model_copy(update={"version": version})})
    return release.model_copy(update={"components": {**release.components, component: new}})


def test_a_major_version_tells_the_series_and_the_other_way_round() -> None:
    assert [series_of(NOVA, version) for version in ("34.0.1", "33.0.0", "32.0.0", "27.5.0")] == [
        "2026.2", "2026.1", "2025.2", "2023.1"
    ]  # fmt: skip
    assert [major_of(NOVA, series) for series in ("2026.2", "2026.1", "2023.1", "2027.1")] == [34, 33, 27, 35]


def test_releases_of_ours_are_of_one_series(release: Release) -> None:
    check_series(own_catalogue().select(["core", "heat", "barbican"]), release)
    for one in load(EXAMPLES / "freebsd").releases.values():
        check_series(own_catalogue("freebsd").select(["core"]), one)


def test_a_service_of_another_series_is_told_with_what_to_take(release: Release) -> None:
    with pytest.raises(InputError) as told:
        check_series(own_catalogue().select(["core", "heat"]), with_version(release, "heat", "26.0.2"))
    assert told.value.what == "heat 26.0.2 is of 2026.1, and the site's other services are of 2026.2"
    assert told.value.fix == "take a version 27.* of heat"
    assert told.value.where is not None
    assert told.value.where.line


def test_a_component_that_the_release_lacks_is_told_with_what_to_write(release: Release) -> None:
    without = {name: component for name, component in release.components.items() if name != "heat"}
    with pytest.raises(InputError, match=r"release 2026\.2 has no component 'heat'") as told:
        check_components(own_catalogue().select(["core", "heat"]), release.model_copy(update={"components": without}))
    assert told.value.why == "the site has the service heat: the site names it"
    assert "`heat: {source: {pypi: openstack-heat, version: 27.0.0}}`" in told.value.fix
    check_components(own_catalogue().select(["core"]), release.model_copy(update={"components": without}))


def test_one_that_the_site_does_not_run_may_be_of_any(release: Release) -> None:
    check_series(own_catalogue().select(["core"]), with_version(release, "heat", "26.0.2"))
