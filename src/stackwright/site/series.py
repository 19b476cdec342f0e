"""Whether a release has what a site's services are made of, all of one series of OpenStack's."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stackwright.distribution.sources import PypiSource
from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Upstream
    from stackwright.distribution import Release

IN_A_YEAR = 2


def check_series(selection: Selection, release: Release) -> None:
    """See that the components of a site's services come from one series, as far as their versions tell it.

    Upstream's services have a major version a series (docs.openstack.org/project-team-guide: release management). What
    comes from elsewhere than a package index has none that is known beforehand.

    :raises InputError: one is of another series than most are
    """
    versions = dict(_versions(selection, release))
    found = {name: series_of(upstream, version) for name, (upstream, version) in versions.items()}
    known = list(found.values())
    for name, (upstream, version) in versions.items():
        most = max(known, key=known.count)
        if found[name] == most:
            continue
        component = selection.services[name].component or name
        raise InputError(
            f"{name} {version} is of {found[name]}, and the site's other services are of {most}",
            where=release.where("components", component),
            why=f"of {most}: {', '.join(other for other, series in found.items() if series == most)}",
            fix=f"take a version {major_of(upstream, most)}.* of {component}",
        )


def check_components(selection: Selection, release: Release) -> None:
    """See that a release has the components of a site's services.

    :raises InputError: it lacks one
    """
    most = Counter(series_of(upstream, version) for _, (upstream, version) in _versions(selection, release))
    for name, service in selection.services.items():
        if service.component is None or service.component in release.components:
            continue
        written = ""
        if service.upstream is not None and service.environment is not None and most:
            version = f"{major_of(service.upstream, most.most_common(1)[0][0])}.0.0"
            source = f"{{source: {{pypi: {service.environment.requirements[0]}, version: {version}}}}}"
            written = f"write `{service.component}: {source}` there; or remove {name} from the site"
        raise InputError(
            f"release {release.name} has no component {service.component!r}",
            where=release.where("components", key=True),
            why=f"the site has the service {name}: {selection.why(name)}",
            fix=written or f"add it, or remove {name} from the site",
        )


def _versions(selection: Selection, release: Release) -> Iterator[tuple[str, tuple[Upstream, str]]]:
    """Give the services whose version tells its series."""
    for name, service in selection.services.items():
        component = release.components.get(service.component or "")
        if service.upstream is not None and component is not None and isinstance(component.source, PypiSource):
            yield name, (service.upstream, component.source.version)


def series_of(upstream: Upstream, version: str) -> str:
    """Give the series that a version belongs to: ``2026.2``."""
    year, half = divmod(_number(upstream.series) + int(version.partition(".")[0]) - upstream.major, IN_A_YEAR)
    return f"{year}.{half + 1}"


def major_of(upstream: Upstream, series: str) -> int:
    """Give the major version that belongs to a series."""
    return upstream.major + _number(series) - _number(upstream.series)


def _number(series: str) -> int:
    year, half = series.split(".")
    return int(year) * IN_A_YEAR + int(half) - 1
