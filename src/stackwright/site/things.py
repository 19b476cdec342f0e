"""What the services of a site have several of: named by the site's values, and kept for when those are not read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.catalogue.repeating import written_out
from stackwright.errors import InputError, Where
from stackwright.site.paths import SitePaths
from stackwright.site.render import Renderer, Values
from stackwright.site.state import SiteState

if TYPE_CHECKING:
    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.repeating import Things
    from stackwright.site.values.values import SiteValues

# They become parts of the names of processes, ports and folders; only folders take the slash.
NAME = re.compile(r"[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)?")


def things_of(selection: Selection, said: SiteValues) -> Things:
    """Give the names of what the services of a site have several of, in the order in which the values name them.

    :raises InputError: a name cannot be part of the names of processes and folders
    """
    several = {name: entry.each for name, entry in selection.services.items() if entry.each}
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for service, parts in several.items():
        renderer = values_alone(selection, said, service)
        found[service] = {kind: tuple(dict.fromkeys(renderer.text(each.of).split())) for kind, each in parts.items()}
        for kind, names in found[service].items():
            for name in names:
                if not NAME.fullmatch(name):
                    raise InputError(
                        f"{name!r} cannot be the name of a {kind}",
                        where=Where(subject=f"service {service}"),
                        why="it becomes part of the names of processes, ports and folders",
                        fix="use small letters, digits and dashes",
                    )
    return found


def with_things(selection: Selection, said: SiteValues) -> Selection:
    """Give the services of a site with all that they have several of written out.

    :raises InputError: as of `things_of`
    """
    return written_out(selection, things_of(selection, said))


def values_alone(selection: Selection, said: SiteValues, service: str) -> Renderer:
    """Give what renders templates that name nothing but the site's values."""
    return Renderer(
        Values(
            selection=selection,
            said=said,
            state=SiteState("000000", {}, 0),
            paths=SitePaths(Path("/nowhere")),
            region="",
            host="",
            environments={},
            cache=Path("/nowhere"),
            processors=1,
        ),
        service,
    )
