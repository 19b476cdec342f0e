from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.site.paths import SitePaths
from stackwright.site.render import Values
from stackwright.site.state import SiteState
from stackwright.site.things import with_things
from stackwright.site.values.values import default_values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection


@pytest.fixture
def make_values(tmp_path: Path) -> Callable[[Selection], Values]:
    """Give what makes the values of a made-up site that runs some services."""

    def make(selection: Selection) -> Values:
        said = default_values(own_catalogue(), selection)
        selection = with_things(selection, said)
        state = SiteState(
            id="abc123",
            ports=selection.ports(),
            number=7,
            secrets={name: f"S3cretOf{name.replace('-', '')}" for name in selection.secrets()},
        )
        return Values(
            selection=selection,
            said=said,
            state=state,
            paths=SitePaths(tmp_path / "site"),
            region="RegionOne",
            host="host-abc123",
            environments={
                name: tmp_path / "environments" / name
                for name, entry in selection.services.items()
                if entry.environment
            },
            cache=tmp_path,
            processors=2,
        )

    return make


@pytest.fixture
def core(make_values: Callable[[Selection], Values]) -> Values:
    """Give the values of a made-up site that runs the services of the group core."""
    values = make_values(own_catalogue().select(["core"]))
    return replace(values, state=replace(values.state, ports={**values.state.ports, "nova-api": 10774}))


@pytest.fixture
def everything(make_values: Callable[[Selection], Values]) -> Values:
    """Give the values of a made-up site that runs every service of the catalogue."""
    return make_values(own_catalogue().select(own_catalogue().services))
