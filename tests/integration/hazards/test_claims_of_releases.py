"""The claims of upstream's own releases, held against what was counted in their files by other means (grep, ls)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.claims import changes, claims_of
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of

if TYPE_CHECKING:
    from stackwright.hazards.model import Claims
    from tests.releases import Releases

# Newest microversion, revisions, objects, policies, release notes.
COUNTED = {
    ("nova", "27.0.0"): ("2.95", 6, 168, 201, 995),
    ("nova", "34.0.0"): ("2.104", 13, 174, 214, 1185),
    ("cinder", "22.0.0"): ("3.70", 3, 37, 170, 1157),
    ("cinder", "29.0.0"): ("3.71", 8, 37, 171, 1451),
    ("manila", "16.0.0"): ("2.78", 64, 0, 186, 545),
    ("manila", "23.0.0"): ("2.99", 76, 0, 230, 828),
    ("ironic", "21.4.0"): ("1.82", 59, 44, 109, 1149),
    ("ironic", "36.0.0"): ("1.112", 78, 54, 133, 1556),
    ("placement", "9.0.0"): ("1.39", 4, 0, 38, 30),
    ("placement", "16.0.0"): ("1.39", 5, 0, 38, 40),
    ("keystone", "23.0.0"): ("3.14", 3, 0, 200, 343),
    ("keystone", "30.0.0"): ("3.14", 10, 0, 204, 384),
    ("neutron", "22.0.0"): ("", 127, 103, 262, 424),
    ("neutron", "29.0.0"): ("", 133, 111, 372, 663),
    ("glance", "26.0.0"): ("2.16", 27, 0, 60, 143),
    ("glance", "33.0.0"): ("2.18", 29, 0, 67, 209),
    ("barbican", "23.0.0"): ("", 3, 0, 82, 73),
    ("heat", "27.0.0"): ("", 4, 0, 100, 251),
    ("designate", "23.0.0"): ("", 22, 0, 91, 138),
    ("swift", "2.38.2"): ("", 0, 0, 0, 37),
}


def read(releases: Releases, component: str, version: str) -> Claims:
    return claims_of(releases.store, releases.tree(component, version), rules_of(component), releases.memo)


@pytest.mark.parametrize(("component", "version"), COUNTED)
def test_a_release_claims_what_was_counted_in_it(releases: Releases, component: str, version: str) -> None:
    claims = read(releases, component, version)
    newest = claims.of(Kind.NEWEST).get("microversion")
    counts = Counter(claim.kind for claim in claims.claims)
    kinds = (Kind.REVISION, Kind.OBJECT, Kind.POLICY, Kind.NOTE)
    found = (newest.says("version") if newest else "", *(counts[kind] for kind in kinds))
    assert found == COUNTED[component, version]
    # What is not to be seen is what only the running code knows: names made in loops, groups named by the site.
    gone = [each for each in claims.unseen if "no such file" in each.why or "does not parse" in each.why]
    assert not gone
    # A test that looks at a tree's text would see it too.
    for claim in claims.claims[:: len(claims.claims) // 40 or 1]:
        text = (releases.store.read(releases.tree(component, version), claim.path) or b"").decode()
        assert 1 <= claim.line <= len(text.splitlines()) or claim.kind in (Kind.NOTE, Kind.SAMPLE), claim


def test_what_nova_says_of_itself(releases: Releases) -> None:
    claims = read(releases, "nova", "34.0.0")
    spice = claims.of(Kind.MICROVERSION)["2.99"]
    assert spice.says("title") == "Add the spice-direct console type to the spice console protocol."
    assert "spice-direct" in spice.says("text")
    assert claims.of(Kind.MICROVERSION)["2.103"].path.endswith("rest_api_version_history.rst")
    assert claims.of(Kind.REVISION)["2903cd72dc14"].says("down") == "d60bddf7a903"
    assert claims.of(Kind.REVISION)["2903cd72dc14"].says("branch") == "main"
    assert claims.of(Kind.REVISION)["b30f573d3377"].says("branch") == "api"
    assert claims.of(Kind.OBJECT)["Aggregate"].meaning == (
        ("fingerprint", "f315cb68906307ca2d1cca84d4753585"),
        ("version", "1.3"),
    )
    services = claims.of(Kind.NEWEST)["service version"]
    assert (services.says("version"), services.says("oldest")) == ("74", "72")  # Gazpacho's
    assert claims.of(Kind.SERVICE_VERSION)["74"].says("compute_rpc") == "6.5"
    compute = claims.of(Kind.RPC)["compute"]
    assert (compute.says("version"), compute.says("server"), compute.says("allow_share")) == ("6.5", "6.5", "6.4")
    assert claims.of(Kind.RPC)["compute 6.4"].says("brought") == "Add allow_share() and deny_share()"
    assert claims.of(Kind.RPC)["compute_task"].says("server") == "1.26"
    index = claims.of(Kind.POLICY)["os_compute_api:servers:index"]
    assert index.says("default") == "rule:project_reader_or_admin"
    assert index.says("scopes") == "['project']"
    vnc = claims.of(Kind.OPTION)["vnc/enabled"]
    assert dict(vnc.meaning) == {"type": "Bool", "default": "True", "deprecated": "was DEFAULT/vnc_enabled"}
    assert "shared" in claims.of(Kind.EXTRA_SPEC)["hw:cpu_policy"].says("choices")
    assert claims.of(Kind.EXTRA_SPEC)["quota:disk_read_bytes_sec"].says("type") == "int"
    sample = claims.of(Kind.SAMPLE)["servers/v2.96/server-get-resp"]
    assert dict(sample.meaning) == {"sample": "yes", "template": "yes"}


def test_heads_and_branches(releases: Releases) -> None:
    keystone = read(releases, "keystone", "30.0.0")
    neutron = read(releases, "neutron", "29.0.0")
    glance = read(releases, "glance", "33.0.0")
    assert keystone.of(Kind.HEAD)["EXPAND_HEAD"].says("revision") == "742c857f1dfb"
    assert keystone.of(Kind.REVISION)["c88cdce8f248"].says("branch") == "contract"
    assert neutron.of(Kind.REVISION)["c7f8d9e0f1a2"].says("down") == "a1b2c3d4e5f6"
    assert {"expand", "contract"} <= {claim.says("branch") for claim in neutron.of(Kind.REVISION).values()}
    assert glance.of(Kind.HEAD)["CURRENT_RELEASE"].says("revision") == "2026_2"
    assert glance.of(Kind.REVISION)["zed_expand01"].says("branch") == "expand"


def test_options_that_are_made_in_one_file_and_get_their_group_in_another(releases: Releases) -> None:
    neutron = read(releases, "neutron", "29.0.0").of(Kind.OPTION)
    assert neutron["AGENT/root_helper"].path == "neutron/conf/agent/common.py"
    assert neutron["quotas/quota_network"].says("type") == "Int"
    glance = read(releases, "glance", "33.0.0").of(Kind.OPTION)
    assert "image_format/container_formats" in glance
    keystone = read(releases, "keystone", "30.0.0").of(Kind.OPTION)
    assert keystone["auth/additional_primary_auth_methods"].says("default") == "[]"


def test_extensions_clients_and_sdk(releases: Releases) -> None:
    library = read(releases, "neutron-lib", "4.0.0")
    assert not library.unseen
    assert library.of(Kind.EXTENSION)["address-group"].says("title") == "Address group"
    assert "dvr" in library.of(Kind.EXTENSION)
    for name, version, service, newest in (
        ("python-novaclient", "18.3.0", "compute", "2.95"),
        ("python-novaclient", "18.11.0", "compute", "2.96"),
        ("python-cinderclient", "9.6.0", "volume", "3.71"),
        ("python-ironicclient", "5.10.0", "baremetal", "1.95"),
        ("openstacksdk", "4.22.0", "compute.v2.server.Server", "2.100"),
    ):
        assert read(releases, name, version).of(Kind.CLIENT_VERSION)[service].says("version") == newest, name


def test_from_one_release_to_another(releases: Releases) -> None:
    made = changes(read(releases, "nova", "27.0.0"), read(releases, "nova", "34.0.0"))
    added = [claim.name for claim in made.added if claim.kind is Kind.MICROVERSION]
    assert added == [f"2.{number}" for number in range(96, 105)]
    assert not [claim for claim in made.removed if claim.kind in (Kind.MICROVERSION, Kind.REVISION)]
    raised = {before.name: (before.says("version"), after.says("version")) for before, after in made.changed}
    assert raised["service version"] == ("66", "74")


def test_a_tree_is_read_once(releases: Releases, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(releases, "placement", "16.0.0")
    tree = releases.tree("placement", "16.0.0")

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(type(releases.store), "entries", refuse)
    assert claims_of(releases.store, tree, rules_of("openstack-placement"), releases.memo) == first
