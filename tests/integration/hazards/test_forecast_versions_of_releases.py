"""Numbers on the way between upstream's own releases: what is told of them, and of what is carried on them."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.claims import claims_of
from stackwright.hazards.forecast.model import Finding, Hop, Subject, Weight
from stackwright.hazards.forecast.versions import repeats, versions
from stackwright.hazards.hazard import Rule
from stackwright.hazards.model import Kind
from stackwright.hazards.rulebook import rules_of
from tests.hazard_corpus import Carried, both, swapped
from tests.releases import NAMES, VERSIONS

from .test_corpus import MANILA, NOVA, NOVA_OBJECTS, NOVA_REQUEST, section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackwright.hazards.check import Found
    from stackwright.hazards.model import Claims
    from tests.hazard_corpus import Corpus, Edit
    from tests.releases import Releases

# The first release of a year can be left for the first of the next one.
SLURP = [name for name in NAMES if name.endswith(".1")]
DOCUMENTED = "    '''\n\n    VERSION_ALIASES"  # the end of what nova tells of its RPC
SUPPORTED = [*pairwise(NAMES), *pairwise(SLURP)]


def read(releases: Releases, component: str, release: str) -> Claims:
    return claims_of(releases.store, releases.of(component, release), rules_of(component), releases.memo)


def told(
    component: str, start: str, end: str, before: Claims, after: Claims, found: Sequence[Found] = ()
) -> tuple[Finding, ...]:
    rolling = rules_of(component).rolling
    return versions(component, before, after, Hop(start, end), skip_level=True, rolling=rolling, found=found)


def of(releases: Releases, component: str, start: str, end: str) -> tuple[Finding, ...]:
    return told(component, start, end, read(releases, component, start), read(releases, component, end))


@pytest.mark.parametrize("component", VERSIONS)
def test_no_way_that_upstream_supports_is_stopped_and_no_user_loses_anything(
    releases: Releases, component: str
) -> None:
    for start, end in SUPPORTED:
        found = of(releases, component, start, end)
        assert [one for one in found if one.weight is Weight.STOP] == [], (start, end)
        steps = [one.name for one in found if one.weight is Weight.STEP]
        # Ironic has to be pinned wherever its objects or its RPC have another version, which is everywhere.
        assert steps == (["DEFAULT/pin_release_version"] if component == "ironic" else []), (start, end)


def test_nova_itself_refuses_every_way_that_leaves_too_much_out(releases: Releases) -> None:
    stopped = {
        (start, end)
        for start, end in combinations(NAMES, 2)
        for one in of(releases, "nova", start, end)
        if one.weight is Weight.STOP
    }
    wanted = set(combinations(NAMES, 2)) - set(SUPPORTED)
    # Caracal counts as of 66, as Antelope: what 2024.2 and 2025.1 work with has not moved in between.
    late = {(start, end) for start in ("2023.1", "2023.2") for end in ("2024.2", "2025.1")}
    assert stopped == wanted - late


def test_two_at_once_are_stopped_by_the_oldest_service_that_nova_works_with(releases: Releases) -> None:
    (stop,) = [one for one in of(releases, "nova", "2023.1", "2026.1") if one.weight is Weight.STOP]
    assert (stop.subject, stop.name) == (Subject.RPC, "service version")
    assert "services of 2023.1 are at 66, and nova 2026.1 works with 68 and later" in stop.what
    assert "TooOldComputeService" in stop.what
    assert "`[workarounds] disable_compute_service_check_for_ffu = true`" in stop.step
    path, _, rest = stop.where.partition(":")
    text = (releases.store.read(releases.of("nova", "2026.1"), path) or b"").decode()
    assert text.splitlines()[int(rest.split()[0]) - 1] == "SERVICE_VERSION = 72"


def test_what_holds_rpc_is_noted_where_nova_has_an_option_for_it(releases: Releases) -> None:
    (note,) = of(releases, "nova", "2025.2", "2026.1")  # its compute_task goes from 1.25 to 1.26 and has none
    assert (note.subject, note.weight, note.name) == (Subject.RPC, Weight.NOTE, "compute")
    assert note.what.startswith("compute goes from 6.4 to 6.5: services of 2025.2 refuse what is sent at 6.5")
    assert "`[upgrade_levels] compute = auto`" in note.step


def test_ironic_is_pinned_to_the_release_that_is_left(releases: Releases) -> None:
    (step,) = of(releases, "ironic", "2024.1", "2024.2")
    assert (step.subject, step.weight) == (Subject.OBJECT, Weight.STEP)
    assert step.what.startswith("RPC conductor 1.59 to 1.61, Conductor 1.3 to 1.4")
    assert "`[DEFAULT] pin_release_version = 2024.1`" in step.step
    assert "`ironic-dbsync online_data_migrations`" in step.step


def test_a_release_that_ironic_does_not_name_is_found_by_its_objects(releases: Releases) -> None:
    before, after = read(releases, "ironic", "2025.1"), read(releases, "ironic", "2025.2")
    (step,) = told("ironic", "ours", "2025.2", before, after)
    assert "`[DEFAULT] pin_release_version = 29.0`" in step.step
    # 2026.2 is no release yet to its own tree: nothing there says what it has.
    (stop,) = told("ironic", "ours", "2026.2", read(releases, "ironic", "2026.2"), after)[-1:]
    assert stop.weight is Weight.STOP


def test_the_way_back_loses_all_that_is_new(releases: Releases) -> None:
    found = {one.name: one for one in of(releases, "nova", "2025.1", "2024.2")}
    lost = found["2.97, 2.98, 2.99, 2.100"]
    assert lost.weight is Weight.STEP
    assert "2.99 (Add the spice-direct console type to the spice console protocol)" in lost.what
    assert "nova 2024.2 ends at 2.96" in lost.what
    assert {name for name, one in found.items() if one.weight is Weight.STOP and one.subject is Subject.RPC} == {
        "service version", "compute",
    }  # fmt: skip


# What is carried ----------------------------------------------------------------------------------------------------


def carried(
    corpus: Corpus, component: str, start: str, end: str, edits: Mapping[str, Edit]
) -> tuple[tuple[Finding, ...], Sequence[Found], Claims, Claims]:
    """Carry an edit on a release; give what is told of the hop, the hazards, and what both trees claim."""
    releases, both_names = corpus.releases, (start, end)
    wanted = {component: {name: VERSIONS[component][NAMES.index(name)] for name in both_names}}
    _, report = corpus.check(wanted, [Carried(component, start, edits)])
    tree = corpus.edited(releases.of(component, start), edits)
    before = claims_of(releases.store, tree, rules_of(component), releases.memo)
    after = read(releases, component, end)
    return told(component, start, end, before, after, report.found), report.found, before, after


@pytest.mark.parametrize(
    ("component", "start", "end", "edits", "lost"),
    [
        (
            "nova", "2024.2", "2025.1",
            {NOVA: both(section("2.110"), section("2.111")),
             NOVA_REQUEST: swapped("_MAX_API_VERSION = '2.96'", "_MAX_API_VERSION = '2.111'")},
            "2.110, 2.111",
        ),
        (
            "manila", "2024.2", "2025.1",
            {MANILA: section("2.95"),
             "manila/api/openstack/api_version_request.py": swapped(
                 '_MAX_API_VERSION = "2.87"', '_MAX_API_VERSION = "2.95"')},
            "2.95",
        ),
        ("keystone", "2025.1", "2026.1", {"keystone/version.py": swapped("'v3.14'", "'v3.15'")}, "3.15"),
        (
            "python-novaclient", "2024.2", "2025.1",
            {"novaclient/__init__.py": swapped('API_MAX_VERSION = api_versions.APIVersion("2.96")',
                                               'API_MAX_VERSION = api_versions.APIVersion("2.110")')},
            "compute",
        ),
    ],
)  # fmt: skip
def test_what_a_patch_gives_users_and_the_next_release_does_not_is_one_step_and_its_hazards_are_known(
    corpus: Corpus, component: str, start: str, end: str, edits: Mapping[str, Edit], lost: str
) -> None:
    found, hazards, before, after = carried(corpus, component, start, end, edits)
    (step,) = [one for one in found if one.weight is not Weight.NOTE]
    assert (step.subject, step.weight, step.name) == (Subject.MICROVERSION, Weight.STEP, lost)
    assert hazards
    assert all(repeats(one.hazard, before, after) for one in hazards)


@pytest.mark.parametrize(
    ("edits", "name", "kind"),
    [
        (
            {
                "nova/compute/rpcapi.py": swapped(DOCUMENTED, f"        * 6.9 - Paint\n{DOCUMENTED}"),
                "nova/compute/manager.py": swapped("Target(version='6.3')", "Target(version='6.9')"),
            },
            "compute",
            Kind.RPC,
        ),
        ({NOVA_OBJECTS: swapped("'Aggregate': '1.3-", "'Aggregate': '1.9-")}, "Aggregate", Kind.OBJECT),
        (
            {"nova/objects/service.py": both(
                swapped("SERVICE_VERSION = 67", "SERVICE_VERSION = 69"),
                swapped("{'compute_rpc': '6.3'},\n", "{'compute_rpc': '6.3'},\n    {'compute_rpc': '6.3'},\n" * 2),
            )},
            "service version",
            Kind.NEWEST,
        ),
    ],
)  # fmt: skip
def test_what_a_hazard_stops_is_not_said_again(
    corpus: Corpus, edits: Mapping[str, Edit], name: str, kind: Kind
) -> None:
    found, hazards, before, after = carried(corpus, "nova", "2024.2", "2025.1", edits)
    above = [one.hazard for one in hazards if one.hazard.rule is Rule.ABOVE]
    assert above
    assert not any(repeats(one, before, after) for one in above)
    assert [one for one in found if one.weight is Weight.STOP] == []
    # Without the hazard it would be: there is something to say.
    assert name in {one.name for one in told("nova", "2024.2", "2025.1", before, after) if one.weight is Weight.STOP}
    assert before.of(kind)[name] != after.of(kind)[name]
