"""Measure values: a site of 30 services and 200 hosts, read, merged, linted, and every file of every host rendered.

    .venv/bin/python benchmarks/site_render.py

Needs no root and no network: it is one process, and nothing is cached from one round to the next. The services are
those of the catalogue, the largest of them several times under other names.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path

from stackwright.catalogue.catalogue import Catalogue, read_catalogue
from stackwright.distribution import Distribution, load
from stackwright.site.hosts import render_hosts
from stackwright.site.paths import SitePaths
from stackwright.site.render import Values
from stackwright.site.state import SiteState
from stackwright.site.values import references
from stackwright.site.values.lint import lint
from stackwright.site.values.values import SiteValues, site_values

SERVICES, HOSTS, GROUPS = 30, 200, 8
COPIED = ("nova", "neutron", "glance", "keystone")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
GOAL = 2.0  # seconds, of each


def make_catalogue(folder: Path) -> None:
    """Write a catalogue of so many services."""
    with resources.as_file(resources.files("stackwright.catalogue")) as own:
        (folder / "values.yaml").write_text((own / "values.yaml").read_text())
        (folder / "services").mkdir()
        for file in (own / "services").glob("*.yaml"):
            (folder / "services" / file.name).write_text(file.read_text())
        count = 0
        while len(list((folder / "services").iterdir())) < SERVICES:
            copied = COPIED[count % len(COPIED)]
            text = (own / f"services/{copied}.yaml").read_text().replace(copied, f"other{count}")
            text = text.replace("other" + str(count) + ".auth", "keystone.auth")
            (folder / f"services/other{count}.yaml").write_text(text)
            count += 1


def make_distribution(folder: Path, services: list[str]) -> None:
    """Write a distribution with every layer of values, and a site of these services."""
    for name in ("releases", "sites", "values"):
        (folder / name).mkdir()
    (folder / "distribution.yaml").write_text("name: large\n")
    (folder / "releases/2026.2.yaml").write_text(
        'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
        "components: {nova: {source: {pypi: nova, version: 34.0.0}}}\n"
    )
    (folder / "values/schema.yaml").write_text(
        "global:\n" + "".join(f"  v{n}: {{type: text, description: value {n}, default: d}}\n" for n in range(40))
    )
    conf = "".join(f"        option_{n}: \"{{{{ value('global.v{n}') }}}}\"\n" for n in range(40))
    (folder / "values/openstack.yaml").write_text(
        "global:\n"
        + "".join(f"  v{n}: said {n}\n" for n in range(40))
        + f"nova:\n  workers: 4\n  conf:\n    nova.conf:\n      DEFAULT:\n{conf}"
    )
    lines = ['release: "2026.2"', "target: local", "region: R", f"services: [{', '.join(services)}]", "groups:"]
    for group in range(GROUPS):
        lines.append(
            f"  g{group}: {{values: {{nova: {{conf: {{nova.conf: {{libvirt: {{cpu_models: m{group}}}}}}}}}}}}}"
        )
    lines.append("hosts:")
    for host in range(HOSTS):
        address = f"{{nova: {{conf: {{nova.conf: {{DEFAULT: {{my_ip: 10.0.0.{host}}}}}}}}}}}"
        own = "" if host % 10 else f", values: {address}"
        lines.append(f"  c{host}: {{groups: [g{host % GROUPS}]{own}}}")
    (folder / "sites/large.yaml").write_text("\n".join(lines) + "\n")


def read(folder: Path) -> tuple[Distribution, Catalogue]:
    """Read the distribution and the catalogue; values are cached by nothing."""
    references.reads.cache_clear()
    references.takes.cache_clear()
    return load(folder / "distribution"), read_catalogue(folder / "services", folder / "values.yaml")


def merged(distribution: Distribution, catalogue: Catalogue) -> SiteValues:
    """Merge the values of the site."""
    site = distribution.site("large")
    return site_values(distribution, site, catalogue, catalogue.select(site.services))


def render(folder: Path) -> int:
    """Read everything and render every file; gives how many."""
    distribution, catalogue = read(folder)
    site = distribution.site("large")
    selection = catalogue.select(site.services)
    values = Values(
        selection=selection,
        said=merged(distribution, catalogue),
        state=SiteState("000000", selection.ports(), 1, dict.fromkeys(selection.secrets(), "S3cret")),
        paths=SitePaths(Path("/site")),
        region=site.region,
        host="",
        environments={name: Path("/environment") for name in selection.services},
        cache=Path("/cache"),
        processors=2,
    )
    return sum(len(files) for _, by_service in render_hosts(site, values) for files in by_service.values())


def main() -> None:
    """Measure, and fail above the goal."""
    rendering, linting = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_catalogue(folder)
        (folder / "distribution").mkdir()
        make_distribution(folder / "distribution", sorted(file.stem for file in (folder / "services").iterdir()))
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            count = render(folder)
            rendering.append(time.perf_counter() - begun)
            begun = time.perf_counter()
            distribution, catalogue = read(folder)
            values = merged(distribution, catalogue)
            found = lint(values, catalogue.select(distribution.site("large").services), distribution)
            linting.append(time.perf_counter() - begun)
    print(f"{SERVICES} services on {HOSTS} hosts, {count} files; median of {ROUNDS} rounds, goal {GOAL:.0f} s each")
    print(f"read, merge and render: {statistics.median(rendering):.2f} s")
    print(f"read, merge and lint:   {statistics.median(linting):.2f} s ({len(found)} findings)")
    sys.exit(max(statistics.median(rendering), statistics.median(linting)) > GOAL)


if __name__ == "__main__":
    main()
