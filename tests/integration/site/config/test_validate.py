"""Files held against an environment's options, its own types and the release that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.catalogue.catalogue import Selection, own_catalogue
from stackwright.catalogue.model import File, Service
from stackwright.distribution import load
from stackwright.events import Events
from stackwright.site.config.ahead import ahead, next_release
from stackwright.site.config.model import Rule, Severity
from stackwright.site.config.validate import Validated, rendered, validate_site
from stackwright.site.paths import SitePaths
from stackwright.site.render import Values
from stackwright.site.state import SiteState
from stackwright.site.values.values import default_values, site_values
from stackwright.sources.bases import Bases
from stackwright.store import Memo, Store
from tests.releases import CACHE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackwright.distribution import Distribution

    from .conftest import Packages

SITE = """\
release: "2026.1"
target: local
region: RegionOne
services: [nova]
values:
  nova:
    conf:
      nova.conf:
        DEFAULT: {instances_path: /srv/instances}
        libvirt:
          num_memory_encrypted_guests: "8"
"""


def made_up(selection: Selection, root: Path) -> Values:
    state = SiteState("abc123", selection.ports(), 7, {name: f"S3cretOf{name}" for name in selection.secrets()})
    said = default_values(own_catalogue(), selection)
    return Values(selection, said, state, SitePaths(root / "site"), "RegionOne", "host", {}, root, 2)


def validated(
    widget: Packages, memo: Memo, root: Path, files: Mapping[str, Mapping[str, Mapping[str, str]]]
) -> Validated:
    service = Service(title="Widget", files={name: File(ini=ini) for name, ini in files.items()})
    values = made_up(Selection({"widget": service}), root)
    (one,) = validate_site(values, {"widget": widget.environment}, memo=memo)
    return one


def test_a_type_of_the_services_own_judges_in_its_environment_and_once(widget: Packages, tmp_path: Path) -> None:
    memo = Memo(tmp_path / "memo")
    files = {"widget.conf": {"paint": {"colour": "blue", "colours": "red, green", "kind": "matt"}}}
    first = validated(widget, memo, tmp_path, files)
    (found,) = first.findings
    assert (found.rule, found.option) == (Rule.REFUSED, "colour")
    assert "blue is no colour" in found.what
    (widget.environment.path / "bin/python").unlink()  # with everything remembered nothing is asked
    assert validated(widget, memo, tmp_path, files).findings == first.findings


def test_a_service_without_an_environment_and_files_of_others_are_told_as_not_checked(
    widget: Packages, tmp_path: Path
) -> None:
    files = {"widget.conf": {"DEFAULT": {"workers": "2"}}, "api-paste.ini": {"filter:x": {"anything": "1"}}}
    one = validated(widget, Memo(tmp_path / "memo"), tmp_path, files)
    assert [(each.file, each.rule) for each in one.findings] == [("api-paste.ini", Rule.UNCHECKED)]
    assert one.checked == 1
    service = Service(title="Other", files={"other.conf": File(ini={"a": {"b": "c"}})})
    (other,) = validate_site(made_up(Selection({"other": service}), tmp_path), {}, memo=Memo(tmp_path / "memo"))
    assert [each.severity for each in other.findings] == [Severity.NOTE]
    assert "no environment of Python" in other.findings[0].what


@pytest.fixture
def distribution(tmp_path: Path) -> Distribution:
    root = tmp_path / "distribution"
    (root / "releases").mkdir(parents=True)
    (root / "sites").mkdir()
    (root / "distribution.yaml").write_text("name: team\n")
    (root / "sites/local.yaml").write_text(SITE)
    for release, nova in {"2026.1": "33.0.0", "2026.2": "34.0.0"}.items():
        (root / f"releases/{release}.yaml").write_text(
            f'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\n'
            f"components: {{nova: {{source: {{pypi: nova, version: {nova}}}}}}}\n"
        )
    return load(root)


def test_what_the_next_release_ignores_is_told_with_the_line_that_sets_it(
    distribution: Distribution, tmp_path: Path
) -> None:
    site, catalogue = distribution.site("local"), own_catalogue()
    selection = catalogue.select(["nova"])
    state = SiteState("abc123", selection.ports(), 7, dict.fromkeys(selection.secrets(), "s"))
    said = site_values(distribution, site, catalogue, selection)
    environments = {name: tmp_path for name, entry in selection.services.items() if entry.environment}
    values = Values(selection, said, state, SitePaths(tmp_path), "RegionOne", "host", environments, tmp_path, 2)
    nova = Validated("nova", None, rendered("nova", values), ())
    memo = Memo(tmp_path / "memo")
    bases = Bases(distribution, store=Store(tmp_path / "store.git"), memo=memo, cache=CACHE, events=Events())
    found, notes = ahead(distribution, "2026.1", values, [nova], bases=bases, memo=memo)
    assert notes == ()
    ours = {one.option: one for one in found if one.layer == "site local"}
    assert set(ours) == {"num_memory_encrypted_guests"}
    one = ours["num_memory_encrypted_guests"]
    assert (one.severity, one.rule, one.where.line) == (Severity.WARNING, Rule.GOING, 11)
    assert one.what.startswith("in 2026.2: nova's own code does not have it any more")
    # The release that is the last has none after it.
    assert next_release(distribution, "2026.2") == ""
    assert ahead(distribution, "2026.2", values, [nova], bases=bases, memo=memo) == ((), ())


def test_what_cannot_be_looked_at_in_the_next_release_is_told_and_stops_nothing(
    distribution: Distribution, tmp_path: Path
) -> None:
    release = distribution.root / "releases/2026.2.yaml"
    release.write_text(release.read_text().replace("34.0.0", "34.99.0"))
    again = load(distribution.root)
    selection = own_catalogue().select(["nova"])
    said = site_values(again, again.site("local"), own_catalogue(), selection)
    state = SiteState("abc123", selection.ports(), 7, {})
    values = Values(selection, said, state, SitePaths(tmp_path), "RegionOne", "host", {}, tmp_path, 2)
    memo = Memo(tmp_path / "memo")
    bases = Bases(again, store=Store(tmp_path / "store.git"), memo=memo, cache=CACHE, events=Events())
    found, notes = ahead(again, "2026.1", values, [Validated("nova", None, (), ())], bases=bases, memo=memo)
    assert found == ()
    assert len(notes) == 1
    assert notes[0].startswith("nova: what 2026.2 makes of it is not looked at:")
