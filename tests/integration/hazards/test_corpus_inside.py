"""The corpus: what patches of one distribution take from one another, on OpenStack's own releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.hazards.hazard import Rule
from tests.hazard_corpus import Carried, appended, places, revision, swapped
from tests.releases import NAMES, VERSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.hazard_corpus import Corpus, Edit

HISTORY = "nova/api/openstack/compute/rest_api_version_history.rst"
REQUEST = "nova/api/openstack/api_version_request.py"
CLIENT = "novaclient/__init__.py"
SERVER = "openstack/compute/v2/server.py"
COLOURS = "Servers have a colour, which is shown in the details of servers."
PINS = "Volumes and shares are pinned to the hosts that operators named."


def versions(*wanted: str) -> Mapping[str, Mapping[str, str]]:
    """Give the versions of ``component release``."""
    found: dict[str, dict[str, str]] = {}
    for each in wanted:
        component, release = each.split()
        found.setdefault(component, {})[release] = VERSIONS[component][NAMES.index(release)]
    return found


def microversion(number: str, before: str, text: str) -> dict[str, Edit]:
    return {
        HISTORY: appended(f"\n\n{number}\n{'-' * len(number)}\n\n{text}\n"),
        REQUEST: swapped(f"_MAX_API_VERSION = '{before}'", f"_MAX_API_VERSION = '{number}'"),
    }


def test_two_sets_take_a_number_in_two_releases(corpus: Corpus) -> None:
    carried = [
        Carried("nova", "2024.2", microversion("2.97", "2.96", COLOURS), "colours.patch", "colours"),
        Carried("nova", "2025.1", microversion("2.110", "2.100", PINS), "pins.patch", "pins"),
        Carried("nova", "2024.2", microversion("2.110", "2.97", COLOURS), "more-colours.patch", "colours"),
    ]
    _, report = corpus.check(versions("nova 2024.2", "nova 2025.1"), carried)
    found = {(one.hazard.patch, one.hazard.rule, one.hazard.name, *places(one.hazard)) for one in report.found}
    assert found == {
        ("colours.patch", Rule.TAKEN, "2.97", ("2025.1",), HISTORY, HISTORY),
        # 2.110 is not upstream's: what the team carries in 2025.1 means something else by it.
        ("more-colours.patch", Rule.TAKEN, "2.110", ("2025.1",), HISTORY, HISTORY),
        ("pins.patch", Rule.CLAIMED_TWICE, "2.110", ("2024.2",), HISTORY, HISTORY),
    }
    (twice,) = [one.hazard for one in report.found if one.hazard.rule is Rule.CLAIMED_TWICE]
    assert "two sets take the microversion 2.110 (pins and colours)" in twice.what.replace(
        "(colours and pins)", "(pins and colours)"
    )
    assert twice.theirs.file.startswith("patches/nova/2024.2/more-colours.patch:")


def test_two_patches_take_a_revision_for_two_things(corpus: Corpus) -> None:
    folder = "nova/db/main/migrations/versions"
    carried = [
        Carried("nova", "2024.2", {f"{folder}/aaaa_ours.py": revision("aaaa", "13863f4e1612")}, "one.patch"),
        Carried("nova", "2025.1", {f"{folder}/aaaa_ours.py": revision("aaaa", "2903cd72dc14")}, "other.patch"),
    ]
    _, report = corpus.check(versions("nova 2024.2", "nova 2025.1"), carried)
    found = {(one.hazard.patch, one.hazard.rule) for one in report.found}
    assert found == {
        ("one.patch", Rule.TWO_HEADS),
        ("one.patch", Rule.OTHER_PARENT),
        ("other.patch", Rule.CLAIMED_TWICE),
    }


def test_a_set_whose_clients_do_not_speak_what_its_server_brings(corpus: Corpus) -> None:
    carried = [
        Carried("nova", "2025.1", microversion("2.101", "2.100", COLOURS), "server.patch", "colours"),
        Carried("python-novaclient", "2025.1", {CLIENT: swapped('"2.96"', '"2.97"')}, "client.patch", "colours"),
        Carried("openstacksdk", "2025.1", {SERVER: swapped("'2.96'", "'2.101'")}, "sdk.patch", "colours"),
    ]
    wanted = versions("nova 2025.1", "python-novaclient 2025.1", "openstacksdk 2025.1")
    _, report = corpus.check(wanted, carried)
    (hazard,) = [one.hazard for one in report.found]
    assert hazard.rule is Rule.SET_DISAGREES
    assert hazard.what == "the set colours disagrees: nova says 2.101, python-novaclient says 2.97"
    assert (hazard.ours.path, hazard.theirs.path) == (CLIENT, HISTORY)


def test_the_ledger_holds_patches_on_real_releases(corpus: Corpus) -> None:
    ledger = (
        "strict: true\nclaims:\n  - {component: nova, kind: microversion, name: '2.110', for: other.patch}\n"
        "  - {component: nova, kind: option, name: vnc/colours, for: ours.patch}\n"
    )
    option = "\n\nours = [cfg.StrOpt('colours'), cfg.StrOpt('shades')]\n\n\ndef register_more(conf):\n"
    edits = {
        **microversion("2.110", "2.100", COLOURS),
        "nova/conf/vnc.py": appended(f"{option}    conf.register_opts(ours, group='vnc')\n"),
    }
    _, report = corpus.check(versions("nova 2025.1"), [Carried("nova", "2025.1", edits)], ledger)
    found = {(one.hazard.rule, one.hazard.name, one.hazard.theirs.path) for one in report.found}
    assert found == {
        (Rule.GIVEN_TO_ANOTHER, "2.110", "claims.yaml"),
        (Rule.NOT_RESERVED, "vnc/shades", ""),
    }
