"""What a site sets: its own options and those of the catalogue, each with who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Setting
from stackwright.site.files import with_included

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.catalogue.catalogue import Catalogue, Selection
    from stackwright.distribution import Site


def settings(site: Site, catalogue: Catalogue, root: Path) -> dict[str, tuple[Setting, ...]]:
    """Give the options that are set for the services of a site, by component.

    The site's own value stands in the place of the catalogue's. What the site sets for a service that it does not run,
    or in a file that the service does not have, is refused when it is brought up, and left out here.

    :param root: of the distribution: places are told from there
    :raises InputError: the site names a service that the catalogue does not have
    """
    selection = catalogue.select(site.services, site.where("services"))
    found: dict[str, list[Setting]] = {}
    for name, service in selection.services.items():
        if service.component is not None:
            found.setdefault(service.component, []).extend(_of_service(name, site, selection, root))
    return {component: tuple(some) for component, some in found.items() if some}


def _of_service(name: str, site: Site, selection: Selection, root: Path) -> Iterator[Setting]:
    own = site.config.get(name, {})
    for file, entry in selection.services[name].files.items():
        if entry.ini is None:
            continue
        for section in dict.fromkeys((*entry.ini, *own.get(file, {}))):
            ours = own.get(file, {}).get(section, {})
            for option, value in with_included(entry.ini.get(section, {}), selection, name).items():
                if option not in ours:
                    yield Setting(name, file, section, option, value, f"the catalogue ({name}.yaml)")
            for option, value in ours.items():
                place = _place(site, root, "config", name, file, section, option)
                yield Setting(name, file, section, option, value, place)


def _place(site: Site, root: Path, *loc: str) -> str:
    """Give ``sites/local.yaml:14``; of a site that was made by hand, only which one it is."""
    where = site.where(*loc, key=True)
    if where.file is None:
        return f"the site {site.name}"
    file = where.file.relative_to(root) if where.file.is_relative_to(root) else where.file
    return f"{file}:{where.line}"
