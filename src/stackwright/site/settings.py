"""What a site sets: its own options and those of the catalogue, each with who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.forecast.model import Setting
from stackwright.site.files import CATALOGUE, templates
from stackwright.site.places import place

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.catalogue.catalogue import Selection
    from stackwright.site.files import Option
    from stackwright.site.values.values import SiteValues


def settings(values: SiteValues, selection: Selection, root: Path) -> dict[str, tuple[Setting, ...]]:
    """Give the options that are set for the services of a site, by component, as they are written.

    What the site's layers say stands in the place of the catalogue's.

    :param root: of the distribution: places are told from there
    :raises InputError: a value sets an option in a file that the service does not have
    """
    found: dict[str, list[Setting]] = {}
    for name, service in selection.services.items():
        if service.component is not None:
            found.setdefault(service.component, []).extend(
                Setting(name, option.file, option.section, option.name, option.value, _place(option, name, root))
                for file in templates(name, service, selection, values.known.catalogue, values.conf(name))
                if not service.files[file.name].reader
                for option in file.options
            )
    return {component: tuple(some) for component, some in found.items() if some}


def _place(option: Option, service: str, root: Path) -> str:
    """Give ``sites/local.yaml:14``."""
    if option.layer == CATALOGUE:
        return f"the catalogue ({service}.yaml)"
    return place(option.where, root)
