from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import read_catalogue
from stackwright.distribution import load
from stackwright.errors import InputError, ManyInputsError
from stackwright.site.values.explain import explain, steps_anywhere
from stackwright.site.values.lint import lint
from stackwright.site.values.merge import Placed
from stackwright.site.values.values import at, site_values

if TYPE_CHECKING:
    from pathlib import Path

    from stackwright.catalogue.catalogue import Catalogue, Selection
    from stackwright.distribution.document import Plain
    from stackwright.site.values.lint import Finding
    from stackwright.site.values.merge import Tree
    from stackwright.site.values.values import SiteValues

COMMON = """\
global:
  debug: {type: boolean, default: false, description: whether services log every detail}
"""
COMPUTE = """\
title: Compute
groups: [core]
component: nova
secrets: {database: password, metadata: password}
values:
  workers: {type: integer, default: 1, minimum: 1, maximum: 64, description: processes of the conductor}
  kind: {type: text, default: qemu, choices: [qemu, kvm], description: how guests run}
files:
  nova.conf:
    ini:
      DEFAULT: {debug: "{{ value('global.debug') }}", host: here}
      conductor: {workers: "{{ value('workers') }}"}
      libvirt: {virt_type: "{{ value('kind') }}"}
  policy.yaml: {policy: true}
"""
NETWORK = """\
title: Network
groups: [core]
component: neutron
files:
  neutron.conf: {ini: {DEFAULT: {debug: "{{ value('global.debug') }}"}}}
"""
OTHER = """\
title: Another, which no site here runs
values:
  size: {type: integer, default: 3, description: how large}
files:
  other.conf: {ini: {DEFAULT: {size: "{{ value('size') }}"}}}
"""
RELEASE = """\
python: "3.11"
pins: {exclude-newer: 2026-10-15}
components: {nova: {source: {pypi: nova, version: 34.0.0}}, neutron: {source: {pypi: neutron, version: 28.0.0}}}
"""
SITE = """\
release: "2026.2"
target: local
region: RegionOne
services: [core]
"""


@dataclass(frozen=True)
class Team:
    """A distribution and a small catalogue on disk, for a test to say values in."""

    root: Path

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))

    def site(self, text: str = "", name: str = "local") -> None:
        """Add to the file of a site, which has four lines."""
        self.write(f"sites/{name}.yaml", SITE + dedent(text))

    def schema(self, text: str) -> None:
        self.write("values/schema.yaml", text)

    def distribution(self, text: str) -> None:
        self.write("values/distribution.yaml", text)

    def release(self, text: str) -> None:
        self.write("values/releases/2026.2.yaml", text)

    def region(self, text: str) -> None:
        self.write("values/openstack.yaml", text)

    @property
    def catalogue(self) -> Catalogue:
        return read_catalogue(self.root.parent / "catalogue/services", self.root.parent / "catalogue/values.yaml")

    @property
    def selection(self) -> Selection:
        return self.catalogue.select(load(self.root).site("local").services)

    def values(self, host: str | None = None) -> SiteValues:
        distribution = load(self.root)
        found = site_values(distribution, distribution.site("local"), self.catalogue, self.selection)
        return found if host is None else found.of_host(host)

    def get(self, path: str, host: str | None = None) -> Plain:
        """Give what holds at a path, as plain values."""
        values = self.values(host)
        return plain(at(values.tree, values.steps(path)))

    def explain(self, path: str, host: str | None = None) -> list[str]:
        """Give ``fate layer text file:line`` of everything that is said at a path."""
        values = self.values(host)
        return [
            f"{one.fate} | {one.layer} | {one.text} | {self.place(f'{one.where.file}:{one.where.line}')}"
            for one in explain(values, self.selection, steps_anywhere(values, self.selection, path))
        ]

    def findings(self) -> list[Finding]:
        return lint(self.values(), self.selection, load(self.root))

    def lint(self, rule: str = "") -> list[str]:
        """Give ``rule path file:line`` of everything that lint finds, or of a rule."""
        return [
            f"{one.rule} {one.path} {self.place(f'{one.where.file}:{one.where.line}')}"
            for one in self.findings()
            if rule in {"", one.rule}
        ]

    def errors(self, host: str | None = None) -> list[str]:
        """Give the messages that the values lead to, without the folders in front."""
        with pytest.raises(InputError) as caught:
            self.values(host)
        errors = caught.value.errors if isinstance(caught.value, ManyInputsError) else [caught.value]
        return [self.place(str(error)) for error in errors]

    def place(self, text: str) -> str:
        return text.replace(f"{self.root}/", "").replace(f"{self.root.parent}/", "")


def plain(tree: Tree) -> Plain:
    return tree.plain if isinstance(tree, Placed) else {key: plain(child) for key, child in tree.items()}


@pytest.fixture
def team(tmp_path: Path) -> Team:
    made = Team(tmp_path / "team")
    made.write("../catalogue/values.yaml", COMMON)
    made.write("../catalogue/services/compute.yaml", COMPUTE)
    made.write("../catalogue/services/network.yaml", NETWORK)
    made.write("../catalogue/services/other.yaml", OTHER)
    made.write("distribution.yaml", "name: team\n")
    made.write("releases/2026.2.yaml", RELEASE)
    made.site()
    return made
