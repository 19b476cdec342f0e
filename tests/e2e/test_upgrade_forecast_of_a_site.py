"""What a site sets, what policies allow and what users ask for is told before an upgrade of real releases."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from tests.releases import Releases
from tests.upstream import Upstream

from .conftest import Stackwright
from .test_hazard_claims import swapped

if TYPE_CHECKING:
    from pathlib import Path

SITE = """\
release: "2026.1"
target: local
region: RegionOne
services: [core]
values:
  nova:
    conf:
      nova.conf:
        DEFAULT:
          instances_path: /srv/instances
        libvirt:
          num_memory_encrypted_guests: "8"
"""
RELEASES = {"2026.1": ("33.0.0", "29.0.0"), "2026.2": ("34.0.0", "30.0.0")}
REQUEST = "nova/api/openstack/api_version_request.py"


@pytest.fixture
def stackwright(tmp_path: Path) -> Stackwright:
    root = tmp_path / "distribution"
    (root / "releases").mkdir(parents=True)
    (root / "sites").mkdir()
    (root / "distribution.yaml").write_text("name: team\n")
    (root / "sites/local.yaml").write_text(SITE)
    for release, (nova, keystone) in RELEASES.items():
        (root / f"releases/{release}.yaml").write_text(
            f'python: "3.11"\npins: {{exclude-newer: 2026-10-15}}\ncomponents:\n'
            f"  nova: {{source: {{pypi: nova, version: {nova}}}}}\n"
            f"  keystone: {{source: {{pypi: keystone, version: {keystone}}}}}\n"
        )
    return Stackwright(root, tmp_path / "state")


def findings(stackwright: Stackwright, *words: str, status: int = 0) -> dict[tuple[str, str], dict[str, Any]]:
    file = stackwright.state.parent / "forecast.json"
    stackwright("upgrade", "forecast", "2026.1", "2026.2", "--json", str(file), *words, status=status)
    pages = json.loads(file.read_text())["pages"]
    return {(one["subject"], one["name"]): one for page in pages for one in page["findings"]}


def test_an_option_that_the_site_sets_and_that_is_gone_is_told_with_the_line_that_sets_it(
    stackwright: Stackwright,
) -> None:
    found = findings(stackwright)
    gone = found["option", "libvirt/num_memory_encrypted_guests"]
    assert gone["weight"] == "step"
    assert "sites/local.yaml:12" in gone["where"]
    assert ("option", "DEFAULT/instances_path") not in found


def test_without_a_site_it_says_that_options_are_not_looked_at(stackwright: Stackwright) -> None:
    (stackwright.distribution / "sites/local.yaml").unlink()
    done = stackwright("upgrade", "forecast", "2026.1", "2026.2")
    assert "note: the distribution has no site: what a site sets is not looked at" in done.stderr
    assert "num_memory_encrypted_guests" not in done.stderr


def test_a_site_that_is_not_there_is_refused(stackwright: Stackwright) -> None:
    done = stackwright("--site", "locl", "upgrade", "forecast", "2026.1", "2026.2", status=2)
    assert "did you mean 'local'?" in done.stderr


def test_whom_a_policy_no_longer_lets_in_is_told(stackwright: Stackwright) -> None:
    one = findings(stackwright)["policy", "identity:ec2_delete_credential"]
    assert one["weight"] == "step"
    assert "no longer lets in everyone who has user_id:%(target.credential.user_id)s" in one["what"]


def test_a_microversion_that_users_lose_is_told(stackwright: Stackwright, tmp_path: Path) -> None:
    carry_microversion(stackwright, tmp_path)
    one = findings(stackwright)["microversion", "2.105"]
    assert one["weight"] == "step"
    assert "users lose 2.105" in one["what"]
    assert "406" in one["what"]


def test_what_to_pin_while_both_releases_run_is_a_note(stackwright: Stackwright) -> None:
    found = findings(stackwright)
    rpc = [one for (subject, _), one in found.items() if subject == "RPC"]
    assert {one["weight"] for one in rpc} <= {"note"}


def test_there_is_a_page_a_component_and_a_summary(stackwright: Stackwright, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    found = findings(stackwright, "--html", str(pages))
    assert sorted(file.name for file in pages.iterdir()) == ["index.html", "keystone.html", "nova.html"]
    index, nova = (text_of(pages / name) for name in ("index.html", "nova.html"))
    assert "Go with these steps" in index
    assert "sites/local.yaml:12" in nova
    assert found["option", "libvirt/num_memory_encrypted_guests"]["what"][1:] in nova


def carry_microversion(stackwright: Stackwright, tmp_path: Path) -> None:
    """Let the release that is left have a microversion of the team's."""
    releases = Releases(tmp_path / "releases")
    tree = releases.tree("nova", RELEASES["2026.1"][0])
    text = (releases.store.read(tree, REQUEST) or b"").decode()
    newest = re.search(r"_MAX_API_VERSION = '(.*)'", text)
    assert newest
    upstream = Upstream(tmp_path / "nova")
    upstream.commit({REQUEST: text}, "As released")
    upstream.commit({REQUEST: swapped(newest[0], "_MAX_API_VERSION = '2.105'")(text)}, "Show colours")
    folder = stackwright.distribution / "patches/nova/2026.1"
    folder.mkdir(parents=True)
    (folder / "colours.patch").write_text(upstream.patch())
    (folder / "series").write_text("colours.patch\n")


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(page: Path) -> str:
    """Give what a person reads on a page."""
    parser = _Text()
    parser.feed(page.read_text())
    return " ".join("".join(parser.parts).split())
