"""The policies of services: who may do what, what the site changes, and whether that is as it is to be."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from .conftest import EXAMPLE, STATE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CORE = ("keystone", "glance", "placement", "nova", "neutron")
OURS = ("keystone", "glance", "nova", "neutron", "cinder", "horizon")
PERSONAS = {"admin", "manager", "member", "reader", "service", "nobody", "project_admin", "project_readonly"}
TARGETS = {"self", "own-project", "other-project", "domain", "system"}
VALUES = "values/openstack.yaml"


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """One state directory for all tests here: the sources are the same."""
    STATE.mkdir(parents=True, exist_ok=True)
    directory = Path(tempfile.mkdtemp(dir=STATE))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def changed(stackwright: Stackwright) -> Callable[[str, str], Stackwright]:
    """Give what changes the policy of a service in the values, and nothing else of it."""

    def change(service: str, policy: str) -> Stackwright:
        lines = "\n".join(f"      {line}" for line in policy.strip().splitlines())
        (stackwright.distribution / VALUES).write_text(f"{service}:\n  conf:\n    policy:\n{lines}\n")
        return stackwright

    return change


@pytest.fixture(scope="module")
def answers(state: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All answers of the five services of the site."""
    distribution = Path(shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("policy") / "minicloud"))
    rows: list[dict[str, Any]] = Stackwright(distribution, state).json("policy", "matrix", *CORE)
    return rows


def test_the_matrix_answers_for_every_rule_persona_and_target_with_the_rule_that_decided(
    answers: list[dict[str, Any]],
) -> None:
    assert {row["Service"] for row in answers} == set(CORE)
    rules = {(row["Service"], row["Rule"]) for row in answers}
    assert len(rules) > 850
    asked = {(row["Service"], row["Rule"], row["Persona"], row["Target"]) for row in answers}
    assert asked == {(*rule, persona, target) for rule in rules for persona in PERSONAS for target in TARGETS}
    assert {row["Answer"] for row in answers} == {"allow", "deny"}
    assert all(row["Decided by"] and row["Check"] for row in answers)


@pytest.mark.parametrize(
    ("rule", "persona", "target", "answer", "decided"),
    [
        ("os_compute_api:servers:create", "member", "own-project", "allow", "project_member_api"),
        ("os_compute_api:servers:create", "member", "other-project", "deny", "project_member_or_admin"),
        ("os_compute_api:servers:create", "reader", "own-project", "deny", "project_member_or_admin"),
        ("os_compute_api:servers:create", "admin", "other-project", "allow", "context_is_admin"),
        ("os_compute_api:servers:create", "admin", "system", "deny", "os_compute_api:servers:create"),
        ("os_compute_api:os-server-diagnostics", "project_admin", "own-project", "allow", "admin_of_the_project"),
        ("identity:list_users", "reader", "system", "allow", "identity:list_users"),
        ("identity:create_user", "manager", "domain", "allow", "identity:create_user"),
        ("get_network", "reader", "own-project", "allow", "get_network"),
        ("placement:resource_providers:list", "service", "own-project", "allow", "admin_or_service_api"),
    ],
)  # fmt: skip
def test_the_answers_are_those_of_upstreams_defaults_and_of_our_changes(
    rule: str, persona: str, target: str, answer: str, decided: str, answers: list[dict[str, Any]]
) -> None:
    (row,) = (one for one in answers if (one["Rule"], one["Persona"], one["Target"]) == (rule, persona, target))
    assert (row["Answer"], row["Decided by"]) == (answer, decided)


def test_for_people_there_is_a_row_for_each_rule_with_the_personas_side_by_side(stackwright: Stackwright) -> None:
    shown = stackwright("policy", "matrix", "nova", "--rule", "keypairs:create", "--target", "self").stdout
    row = next(line for line in shown.splitlines() if "keypairs:create" in line)
    header = next(line for line in shown.splitlines() if "project_readonly" in line)
    told = dict(
        zip((word.strip() for word in header.split("|")), (word.strip() for word in row.split("|")), strict=True)
    )
    assert (told["member"], told["project_readonly"]) == ("allow", "deny")
    counts = stackwright("policy", "matrix").stdout
    assert all(f"| {service} " in counts for service in CORE)


def test_the_examples_policies_are_sound(stackwright: Stackwright) -> None:
    found = stackwright.json("policy", "validate")
    assert [row for row in found if row["Severity"] != "note"] == []


def test_the_example_expects_more_than_sixty_answers_and_gets_them(stackwright: Stackwright) -> None:
    rows = stackwright.json("policy", "test", "--all")
    assert {row["Service"] for row in rows} == set(OURS)
    assert len(rows) > 60
    assert all(row["Answer"] == row["Expected"] for row in rows)
    for role in ("project_admin", "project_readonly"):
        assert {row["Service"] for row in rows if row["Persona"] == role} == set(OURS)


def test_without_our_changes_the_expectations_are_not_met(stackwright: Stackwright) -> None:
    (stackwright.distribution / VALUES).unlink()
    message = stackwright("policy", "test", "nova", status=1).stderr
    file = stackwright.distribution / "policies/tests.yaml"
    lines = file.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("    allow: {project_admin: [self"))
    (failure,) = (
        part for part in message.split("error: ") if "may not os_compute_api:os-server-diagnostics (self)" in part
    )
    assert failure.startswith(f"{file}:{line}:13: nova: project_admin may not")
    assert "denied by context_is_admin: role:admin; expected otherwise: who looks after a project" in failure
    assert "fix: change the rule" in failure


def test_horizon_is_told_what_the_services_enforce(stackwright: Stackwright) -> None:
    found = stackwright.json("policy", "validate", "horizon", "--long")
    told = {(row["Severity"], row["Rule"]) for row in found}
    # Its copy is older than neutron: what is written for it has the rule of neutron's own.
    assert ("note", "neutron/delete_port") in told
    # A token's domain, by its project, is the one thing of all rules that horizon cannot know.
    assert {rule for severity, rule in told if severity != "note"} == {"keystone/identity:get_domain"}
    assert not any("shows what is refused" in row["What"] for row in found)
    (row,) = stackwright.json(
        "policy", "matrix", "horizon", "--rule", "nova/.*keypairs:create", "--persona", "project_readonly",
        "--target", "self",
    )  # fmt: skip
    assert row["Answer"] == "deny"


@pytest.mark.parametrize(
    ("policy", "line", "what", "fix"),
    [
        ("placement:usage: role:admin", 4, "placement has no rule 'placement:usage'",
         "did you mean 'placement:usages'?"),
        ("placement:usages: rule:admin_ap", 4, "it refers to the rule 'admin_ap'", "did you mean 'admin_api'?"),
        ("placement:usages: rule:a\na: rule:b or role:admin\nb: not rule:a", 5,
         "rules refer to each other in a circle: a -> b -> a", "write one of them out"),
        ("placement:usages: role:admin or", 4, "oslo.policy does not understand this check", "write KIND:VALUE checks"),
        ("placement:usages: admin", 4, "oslo.policy does not understand this check", "write role:admin"),
    ],
)  # fmt: skip
def test_a_rule_that_is_wrong_is_told_with_its_place_and_the_mend(
    policy: str, line: int, what: str, fix: str, changed: Callable[[str, str], Stackwright]
) -> None:
    stackwright = changed("placement", policy)
    place = f"error: {stackwright.distribution / VALUES}:{line}:7: "
    message = stackwright("policy", "validate", "placement", status=1).stderr
    assert place in message
    assert what in message
    assert f"fix: {fix}" in message
    refused = stackwright("policy", "matrix", "placement", status=2).stderr
    assert place in refused
    assert what in refused


def test_what_a_change_comes_to_is_told_for_each_persona(changed: Callable[[str, str], Stackwright]) -> None:
    policy = "placement:usages: role:project_readonly\nadmin_or_service_api: role:admin or role:manager"
    told = {row["Rule"]: row for row in changed("placement", policy).json("policy", "diff", "placement")}
    usages = told["placement:usages"]
    assert usages["After"] == "role:project_readonly"
    assert usages["Lost"]["reader"] == ["self", "own-project"]
    assert usages["Gained"] == {"project_readonly": ["other-project"]}
    # A rule that says the same, and refers to one that does not.
    traits = told["placement:traits:list"]
    assert traits["Before"] == traits["After"] == "rule:admin_or_service_api"
    assert "other-project" in traits["Gained"]["manager"]
    assert "own-project" in traits["Lost"]["service"]


def test_policies_are_compared_with_another_releases(stackwright: Stackwright) -> None:
    (stackwright.distribution / "releases/2022.2.yaml").write_text(
        'python: "3.11"\npins: {exclude-newer: 2026-10-15}\n'
        "components: {placement: {source: {pypi: openstack-placement, version: 8.0.0}}}\n"
    )
    told = {row["Rule"]: row for row in stackwright.json("policy", "diff", "placement", "--release", "2022.2")}
    # Until 2023.1 placement asked for tokens of the system.
    providers = told["placement:resource_providers:list"]
    assert (providers["Before"], providers["After"]) == ("rule:admin_or_service_api", "rule:system_reader_api")
    assert providers["Gained"]["reader"] == ["system"]
    assert providers["Lost"]["service"] == ["self", "own-project", "other-project"]
    assert told["admin_or_service_api"]["After"] == ""
    assert told["system_reader_api"]["Before"] == ""


def test_the_sample_file_is_that_of_upstreams_generator_and_has_every_rule(
    stackwright: Stackwright, answers: list[dict[str, Any]]
) -> None:
    sample = stackwright("policy", "sample", "placement").stdout
    active = "\n".join(line.removeprefix("#") for line in sample.splitlines() if line.startswith('#"'))
    assert set(yaml.safe_load(active)) == {row["Rule"] for row in answers if row["Service"] == "placement"}


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (("policy", "matrix", "novva"), "there is no service 'novva'", "did you mean 'nova'?"),
        (("policy", "matrix", "mariadb"), "mariadb has no policies", ""),
        (("policy", "matrix", "placement", "--persona", "membr"), "there is no persona 'membr'",
         "did you mean 'member'?"),
        (("policy", "matrix", "placement", "--rule", "nosuch"), "no rule has 'nosuch' in its name", ""),
        (("policy", "test", "placement"), "nothing is expected of placement", "one of: nova, keystone"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_the_nearest(
    words: tuple[str, ...], what: str, fix: str, stackwright: Stackwright
) -> None:
    message = stackwright(*words, status=2).stderr
    assert what in message
    assert fix in message


def test_components_that_no_service_is_made_of_cost_a_cloud_nothing(stackwright: Stackwright) -> None:
    steps = stackwright("plan").stdout
    assert "nova/" in steps
    assert "cinder" not in steps
    assert "horizon" not in steps


def test_the_files_have_schemas(stackwright: Stackwright) -> None:
    for kind, file in (("policy-tests", "tests"), ("personas", "personas")):
        schema = json.loads(stackwright("schema", kind).stdout)
        written = yaml.safe_load((stackwright.distribution / f"policies/{file}.yaml").read_text())
        assert set(written) <= set(schema["properties"])
