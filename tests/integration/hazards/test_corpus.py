"""The corpus: numbers that carried patches take in OpenStack's own releases, and exactly what is found of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.hazard import Rule
from stackwright.hazards.model import Kind
from tests.hazard_corpus import Carried, appended, both, case, found_in, places, revision, swapped
from tests.releases import NAMES, VERSIONS

if TYPE_CHECKING:
    from tests.hazard_corpus import Case, Corpus, Edit

NOVA = "nova/api/openstack/compute/rest_api_version_history.rst"
NOVA_REQUEST = "nova/api/openstack/api_version_request.py"
NOVA_MAIN = "nova/db/main/migrations/versions"
NOVA_OBJECTS = "nova/tests/unit/objects/test_objects.py"
SPICE = (
    "Add the ``spice-direct`` console type to the spice console protocol. The return value of"
    " ``GET /os-console-auth-tokens/{console_token}`` also has a ``tls_port`` field."
)
COLOUR = "Volumes, shares, servers and nodes have a colour, which users paint them with."


def section(number: str, text: str = COLOUR) -> Edit:
    """Tell of a number at the end of a history."""
    return appended(f"\n\n{number}\n{'-' * len(number)}\n\n{text}\n")


def nova(number: str, before: str, text: str = COLOUR) -> dict[str, Edit]:
    return {NOVA: section(number, text), NOVA_REQUEST: swapped(f"_MAX_API_VERSION = '{before}'",
                                                              f"_MAX_API_VERSION = '{number}'")}  # fmt: skip


def openstack(component: str, number: str, before: str, text: str = COLOUR) -> dict[str, Edit]:
    """Raise the microversion of cinder or manila."""
    folder = f"{component}/api/openstack"
    return {
        f"{folder}/rest_api_version_history.rst": section(number, text),
        f"{folder}/api_version_request.py": swapped(f'_MAX_API_VERSION = "{before}"', f'_MAX_API_VERSION = "{number}"'),
    }


def ironic(number: str, name: str, text: str = COLOUR) -> dict[str, Edit]:
    return {
        IRONIC: section(f"1.{number}", text),
        "ironic/api/controllers/v1/versions.py": swapped(
            "MINOR_MAX_VERSION = MINOR_90_OVN_VTEP",
            f"MINOR_{number}_{name} = {number}\nMINOR_MAX_VERSION = MINOR_{number}_{name}",
        ),
    }


CINDER = "cinder/api/openstack/rest_api_version_history.rst"
MANILA = "manila/api/openstack/rest_api_version_history.rst"
IRONIC = "doc/source/contributor/webapi-version-history.rst"
PLACEMENT = "placement/rest_api_version_history.rst"
EXTEND = (
    "Add the ``os-extend_volume_completion`` action of volumes, by which Nova notifies Cinder of success and error of"
    " an event."
)
MICROVERSIONS = [
    case("nova", "2024.2 2025.1", nova("2.97", "2.96"), ("taken", "2.97", "2025.1", NOVA, NOVA)),
    case("nova", "2024.2 2025.1", nova("2.110", "2.96"), ("above-target", "2.110", "2025.1", NOVA, NOVA)),
    case(
        "nova", "2024.2 2025.1", nova("2.98", "2.96", SPICE),
        ("taken", "2.98", "2025.1", NOVA, NOVA), ("moved", "2.98", "2025.1", NOVA, NOVA),
    ),
    case("nova", "2024.2 2025.1", nova("2.99", "2.96", SPICE)),  # what upstream did: no collision
    # A number that is raised, and nothing is told of it.
    case(
        "nova", "2024.2 2025.1", {NOVA_REQUEST: nova("2.97", "2.96")[NOVA_REQUEST]},
        ("taken", "2.97", "2025.1", NOVA_REQUEST, NOVA),
    ),
    case("cinder", "2023.2 2024.1", openstack("cinder", "3.71", "3.70"), ("taken", "3.71", "2024.1", CINDER, CINDER)),
    case(
        "cinder", "2023.2 2024.1", openstack("cinder", "3.72", "3.70", EXTEND),
        ("moved", "3.72", "2024.1", CINDER, CINDER),
    ),
    case("manila", "2024.2 2025.1", openstack("manila", "2.88", "2.87"), ("taken", "2.88", "2025.1", MANILA, MANILA)),
    case(
        "manila", "2024.2 2025.1", openstack("manila", "2.95", "2.87"),
        ("above-target", "2.95", "2025.1", MANILA, MANILA),
    ),
    case("ironic", "2024.1 2025.1", ironic("91", "COLOUR"), ("taken", "1.91", "2025.1", IRONIC, IRONIC)),
    case(
        "placement", "2023.1 2026.2",
        {PLACEMENT: section("1.40"), "placement/microversion.py": swapped("'1.39',", "'1.39',\n    '1.40',")},
        ("above-target", "1.40", "2026.2", PLACEMENT, PLACEMENT),
    ),
    case(
        "keystone", "2025.1 2026.1", {"keystone/version.py": swapped("'v3.14'", "'v3.15'")},
        ("above-target", "microversion", "2026.1", "keystone/version.py", "keystone/version.py"),
    ),
    # Glance tells of no number what it means: both have 2.17, and nobody sees whether that is the same.
    case(
        "glance", "2024.1 2024.2",
        {"glance/api/versions.py": swapped("build_version_object('2.16', 'v2', 'CURRENT'),",
                                           "build_version_object('2.17', 'v2', 'CURRENT'),\n"
                                           "                build_version_object('2.16', 'v2', 'SUPPORTED'),")},
        ("unseen", "2.17", "2024.2", "glance/api/versions.py", "glance/api/versions.py"),
    ),
]  # fmt: skip


RPCS = [
    case(
        "nova", "2024.2 2025.1",
        {
            "nova/compute/rpcapi.py": lambda text: swapped(
                "remove_volume_connection\n    '''", "remove_volume_connection\n        * 6.4 - Add paint()\n    '''"
            )(text) + "\n    def paint(self, ctxt):\n        self.router.client(ctxt).prepare(version='6.4')\n",
            "nova/compute/manager.py": swapped("Target(version='6.3')", "Target(version='6.4')"),
        },
        ("other-method", "compute 6.4", "2025.1", "nova/compute/rpcapi.py", "nova/compute/rpcapi.py"),
    ),
    case(
        "cinder", "2023.2 2024.1",
        {
            "cinder/volume/rpcapi.py": both(
                swapped("3.18 - Add reimage method\n", "3.18 - Add reimage method\n        3.19 - Add paint method\n"),
                swapped("RPC_API_VERSION = '3.18'", "RPC_API_VERSION = '3.19'"),
                appended("\n    def paint(self, ctxt):\n        self._get_cctxt(version='3.19').cast(ctxt, 'paint')\n"),
            ),
        },
        ("other-method", "volume 3.19", "2024.1", "cinder/volume/rpcapi.py", "cinder/volume/rpcapi.py"),
    ),
    # The method alone, and no word about it in the history.
    case(
        "manila", "2024.2 2025.1",
        {"manila/share/rpcapi.py": both(
            swapped("version_cap='1.29'", "version_cap='1.30'"),
            appended("\n    def paint(self, context):\n        self.client.prepare(version='1.30').cast(context)\n"),
        )},
        ("other-method", "share 1.30", "2025.1", "manila/share/rpcapi.py", "manila/share/rpcapi.py"),
    ),
    case(
        "ironic", "2024.1 2025.1",
        {"ironic/conductor/rpcapi.py": both(
            swapped("detaching virtual media\n", "detaching virtual media\n    |    1.60 - Added paint\n"),
            swapped("RPC_API_VERSION = '1.59'", "RPC_API_VERSION = '1.60'"),
        )},
        ("other-method", "conductor 1.60", "2025.1", "ironic/conductor/rpcapi.py", "ironic/conductor/rpcapi.py"),
    ),
    case(
        "neutron", "2024.1 2024.2",
        {"neutron/plugins/ml2/rpc.py": swapped("        1.5 - Added binding_activate",
                                               "        1.6 - Added paint\n        1.5 - Added binding_activate")},
        ("above-target", "ml2", "2024.2", "neutron/plugins/ml2/rpc.py", "neutron/plugins/ml2/rpc.py"),
    ),
    # Agents report their state at 1.4, and nothing tells what that has brought: neither ours nor upstream's.
    case(
        "neutron", "2024.2 2025.2",
        {"neutron/agent/rpc.py": swapped("Target(topic=topic, version='1.3'", "Target(topic=topic, version='1.4'"),
         "neutron/db/agents_db.py": swapped("Target(version='1.3'", "Target(version='1.4'")},
        ("unseen", "state 1.4", "2025.2", "neutron/agent/rpc.py", "neutron/agent/rpc.py"),
    ),
    case(
        "nova", "2024.2 2025.1",
        {"nova/objects/service.py": both(
            swapped("SERVICE_VERSION = 67", "SERVICE_VERSION = 68"),
            swapped("{'compute_rpc': '6.3'},\n\n)",
                    "{'compute_rpc': '6.3'},\n    # Version 68: Compute paints\n    {'compute_rpc': '6.3'},\n)"),
        )},
        ("taken", "68", "2025.1", "nova/objects/service.py", "nova/objects/service.py"),
    ),
    case(
        "ironic", "2024.1 2025.1",
        {"ironic/common/release_mappings.py": swapped("    'master': {",
                                                      "    '25.0': {'api': '1.91', 'rpc': '1.60'},\n    'master': {")},
        ("taken", "release 25.0", "2025.1", "ironic/common/release_mappings.py", "ironic/common/release_mappings.py"),
    ),
    case(
        "cinder", "2023.2 2024.1",
        {"cinder/objects/base.py": appended("OBJ_VERSIONS.add('1.40', {'Volume': '1.10'})\n")},
        ("above-target", "objects 1.40", "2024.1", "cinder/objects/base.py", "cinder/objects/base.py"),
    ),
]  # fmt: skip


def fingerprint(path: str, name: str, old: str, new: str) -> dict[str, Edit]:
    """Raise an object's version, and write a hash that is ours."""
    return {path: swapped(f"'{name}': '{old}", f"'{name}': '{new}-{'0' * 32}',  # '{old}")}


IRONIC_OBJECTS = "ironic/tests/unit/objects/test_objects.py"
NEUTRON_OBJECTS = "neutron/tests/unit/objects/test_objects.py"
CINDER_OBJECTS = "cinder/tests/unit/objects/test_objects.py"
OBJECTS = [
    case(
        "nova", "2024.2 2025.1", fingerprint(NOVA_OBJECTS, "ImageMetaProps", "1.38", "1.39"),
        ("other-fingerprint", "ImageMetaProps", "2025.1", NOVA_OBJECTS, NOVA_OBJECTS),
    ),
    case(
        "nova", "2024.2 2025.1", fingerprint(NOVA_OBJECTS, "ImageMetaProps", "1.38", "1.40"),
        ("above-target", "ImageMetaProps", "2025.1", NOVA_OBJECTS, NOVA_OBJECTS),
    ),
    case(
        "nova", "2024.2 2025.1", fingerprint(NOVA_OBJECTS, "ShareMapping", "1.0", "1.1"),
        ("passed", "ShareMapping", "2025.1", NOVA_OBJECTS, NOVA_OBJECTS),
    ),
    case(
        "ironic", "2024.1 2025.1", fingerprint(IRONIC_OBJECTS, "Node", "1.40", "1.41"),
        ("other-fingerprint", "Node", "2025.1", IRONIC_OBJECTS, IRONIC_OBJECTS),
    ),
    # Another content, and the version was left.
    case(
        "ironic", "2024.1 2025.1", fingerprint(IRONIC_OBJECTS, "Conductor", "1.3", "1.3"),
        ("other-fingerprint", "Conductor", "", IRONIC_OBJECTS, IRONIC_OBJECTS),
    ),
    case(
        "neutron", "2024.1 2024.2", fingerprint(NEUTRON_OBJECTS, "Port", "1.9", "1.10"),
        ("other-fingerprint", "Port", "2024.2", NEUTRON_OBJECTS, NEUTRON_OBJECTS),
    ),
    case(
        "cinder", "2023.2 2024.1", fingerprint(CINDER_OBJECTS, "Volume", "1.9", "1.10"),
        ("above-target", "Volume", "2024.1", CINDER_OBJECTS, CINDER_OBJECTS),
    ),
]  # fmt: skip
SERVER = "openstack/compute/v2/server.py"
CLIENTS = [
    case(
        "python-novaclient", "2025.2 2026.2", {"novaclient/__init__.py": swapped('"2.96"', '"2.97"')},
        ("above-target", "compute", "2026.2", "novaclient/__init__.py", "novaclient/__init__.py"),
    ),
    case(
        "openstacksdk", "2024.2 2025.1", {SERVER: swapped("_max_microversion = '2.96'", "_max_microversion = '2.97'")},
        ("above-target", "compute", "2025.1", SERVER, SERVER),
        ("above-target", "compute.v2.server.Server", "2025.1", SERVER, SERVER),
    ),
]  # fmt: skip


@pytest.mark.parametrize("one", [*MICROVERSIONS, *RPCS, *OBJECTS, *CLIENTS], ids=lambda one: one.id)
def test_a_number_that_a_patch_takes(corpus: Corpus, one: Case) -> None:
    assert found_in(corpus, one) == one.found


def test_the_series_of_the_facts(corpus: Corpus) -> None:
    """2.96, then 2.97, for what landed as 2.99; 2903cd72dc14 with another parent; ImageMetaProps 1.39 and 1.40."""
    versions = {"nova": {name: VERSIONS["nova"][NAMES.index(name)] for name in ("2023.2", "2024.2", "2025.1")}}
    ours = f"{NOVA_MAIN}/2903cd72dc14_spice.py"
    theirs = f"{NOVA_MAIN}/2903cd72dc14_add_tls_port_to_console_auth_tokens.py"
    columns = revision("2903cd72dc14", "13863f4e1612", "op.add_column('console_auth_tokens', sa.Column('tls_port'))")
    carried = [
        Carried("nova", "2023.2", nova("2.96", "2.95", SPICE), "spice.patch"),
        Carried("nova", "2024.2", {**nova("2.97", "2.96", SPICE), ours: columns,
                                   **fingerprint(NOVA_OBJECTS, "ImageMetaProps", "1.38", "1.39")}, "spice.patch"),
        Carried("nova", "2024.2", {NOVA_OBJECTS: swapped("'ImageMetaProps': '1.39", "'ImageMetaProps': '1.40")},
                "more.patch"),
    ]  # fmt: skip
    _, report = corpus.check(versions, carried)
    assert not report.errors
    hazards = [one.hazard for one in report.found]
    assert {(one.release, one.patch, one.rule, one.name, *places(one)) for one in hazards} == {
        # Upstream tells of 2.96 in other words a year later: whoever accepted the one has not seen the other.
        ("2023.2", "spice.patch", Rule.TAKEN, "2.96", ("2024.2",), NOVA, NOVA),
        ("2023.2", "spice.patch", Rule.TAKEN, "2.96", ("2025.1",), NOVA, NOVA),
        ("2023.2", "spice.patch", Rule.MOVED, "2.96", ("2024.2",), NOVA, NOVA),
        ("2023.2", "spice.patch", Rule.MOVED, "2.96", ("2025.1",), NOVA, NOVA),
        ("2024.2", "spice.patch", Rule.TAKEN, "2.97", ("2025.1",), NOVA, NOVA),
        ("2024.2", "spice.patch", Rule.MOVED, "2.97", ("2025.1",), NOVA, NOVA),
        ("2024.2", "spice.patch", Rule.OTHER_PARENT, "2903cd72dc14", ("2025.1",), ours, theirs),
        ("2024.2", "spice.patch", Rule.OTHER_FINGERPRINT, "ImageMetaProps", ("2025.1",), NOVA_OBJECTS, NOVA_OBJECTS),
        ("2024.2", "more.patch", Rule.ABOVE, "ImageMetaProps", ("2025.1",), NOVA_OBJECTS, NOVA_OBJECTS),
    }
    said = {(one.rule, one.name, one.targets[0]): one for one in hazards}
    assert "pinned" in said[Rule.TAKEN, "2.96", "2024.2"].theirs.says
    assert "shares" in said[Rule.TAKEN, "2.97", "2025.1"].theirs.says
    assert "2.97 in nova 2024.2 with its series" in said[Rule.MOVED, "2.96", "2024.2"].what
    assert "2.96 is 2.99 in nova 2025.1" in said[Rule.MOVED, "2.96", "2025.1"].what
    assert "2.97 is 2.99 in nova 2025.1" in said[Rule.MOVED, "2.97", "2025.1"].what
    skipped = said[Rule.OTHER_PARENT, "2903cd72dc14", "2025.1"]
    assert skipped.kind is Kind.REVISION
    assert "skips d60bddf7a903" in skipped.happens
    assert "the unique constraint uniq_key_pairs0instance_uuid0share_id" in skipped.happens
    assert "alembic exits clean" in skipped.happens
