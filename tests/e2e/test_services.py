"""The whole catalogue: services beyond the core are added to a running cloud, prove themselves, and go again."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from .conftest import COMMAND, EXAMPLE, SECRETS, STATE, Stackwright, need_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CORE, WIDER = "services: [core]", "services: [core, heat, barbican]"
ADDED = {"heat", "barbican"}
STACK = """\
heat_template_version: 2018-08-31
parameters: {image: {type: string}, flavor: {type: string}, network: {type: string}}
resources:
  word: {type: OS::Heat::RandomString, properties: {length: 12}}
  server:
    type: OS::Nova::Server
    properties:
      image: {get_param: image}
      flavor: {get_param: flavor}
      networks: [{network: {get_param: network}}]
      metadata: {word: {get_attr: [word, value]}}
outputs:
  word: {value: {get_attr: [word, value]}}
  server: {value: {get_resource: server}}
  address: {value: {get_attr: [server, first_address]}}
"""


def says(stackwright: Stackwright, before: str, after: str) -> None:
    """Change what the site's file says."""
    file = stackwright.distribution / "sites/local.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


# A running cloud --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stackwright]:
    """A cloud of the core, of a copy of the example."""
    need_root()
    distribution = tmp_path_factory.mktemp("distribution") / "minicloud"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    cloud = Stackwright(distribution, STATE / "services").fresh()
    cloud("up")
    yield cloud
    cloud("destroy", "--yes")


@pytest.fixture(scope="module")
def core(growing: Stackwright) -> dict[str, int]:
    """The processes of the core, before anything is added."""
    return processes(growing)


@pytest.fixture(scope="module")
def planned(growing: Stackwright, core: dict[str, int]) -> list[dict[str, str]]:
    """The steps that the cloud lacks when services are added."""
    assert core
    says(growing, CORE, WIDER)
    rows: list[dict[str, str]] = growing.json("plan")
    return rows


@pytest.fixture(scope="module")
def wider(growing: Stackwright, planned: list[dict[str, str]]) -> Stackwright:
    """The cloud with heat and barbican added to it while it runs."""
    assert planned
    growing("up")
    return growing


def processes(cloud: Stackwright) -> dict[str, int]:
    return {row["Process"]: row["PID"] for row in cloud.json("status")}


def asked(cloud: Stackwright, *words: str) -> Any:
    """Ask the stock client."""
    return json.loads(cloud.openstack(*words, "-f", "json"))


@pytest.mark.cloud
def test_a_plan_with_further_services_has_their_steps_and_no_others(planned: list[dict[str, str]]) -> None:
    steps = {row["Step"] for row in planned}
    assert {step.partition("/")[0] for step in steps} == ADDED
    assert steps >= {"heat/databases", "heat/db-sync", "heat/engine", "heat/identity", "barbican/api"}


@pytest.mark.cloud
def test_they_run_and_nothing_of_the_core_was_restarted(wider: Stackwright, core: dict[str, int]) -> None:
    now = processes(wider)
    assert {name: now[name] for name in core} == core
    rows = {row["Process"]: row["Health"] for row in wider.json("status")}
    assert {name: rows[name] for name in ("heat-api", "heat-engine", "barbican-api")} == {
        "heat-api": "healthy",
        "heat-engine": "healthy",
        "barbican-api": "healthy",
    }
    assert wider.json("plan") == []


@pytest.mark.cloud
def test_their_configuration_is_right_by_their_own_definitions(wider: Stackwright) -> None:
    rows = wider.json("config", "validate")
    assert [row for row in rows if row["Service"] in ADDED and row["Severity"] in {"error", "warning"}] == []


@pytest.mark.cloud
def test_a_wrong_option_of_theirs_is_refused_with_the_nearest(wider: Stackwright) -> None:
    wrong = "values:\n  heat: {conf: {heat.conf: {DEFAULT: {max_stacks_per_tenat: '9'}}}}\n"
    says(wider, "values:\n", wrong)
    try:
        told = wider("up", status=2).stderr
    finally:
        says(wider, wrong, "values:\n")
    assert "max_stacks_per_tenat" in told
    assert "did you mean 'max_stacks_per_tenant'?" in told


@pytest.fixture(scope="module")
def proof(wider: Stackwright) -> list[dict[str, str]]:
    """The report of the smoke test, which has left the server `demo`, its image, its flavor and its network."""
    rows: list[dict[str, str]] = wider.json("smoke", "--keep")
    return rows


@pytest.mark.cloud
def test_each_proves_itself(proof: list[dict[str, str]]) -> None:
    rows = {row["Check"]: row for row in proof}
    assert {row["Result"] for row in rows.values()} == {"ok"}
    assert rows.keys() >= {"secret", "secret-delete", "stack", "stack-delete"}
    assert "with the server" in rows["stack"]["What was seen"]


@pytest.mark.cloud
def test_a_secret_is_stored_and_read_back(wider: Stackwright) -> None:
    url = asked(wider, "secret", "store", "--name", "bell", "--payload", "ding dong")["Secret href"]
    assert asked(wider, "secret", "get", url, "--payload")["Payload"] == "ding dong"
    wider.openstack("secret", "delete", url)
    assert asked(wider, "secret", "list") == []


@pytest.mark.cloud
@pytest.mark.usefixtures("proof")
def test_a_stack_with_a_server_is_created_and_leaves_nothing(wider: Stackwright, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(STACK)
    words = [word for part in ("image", "flavor", "network") for word in ("--parameter", f"{part}=demo")]
    wider.openstack("stack", "create", "--wait", "-t", str(tmp_path / "stack.yaml"), *words, "tower")
    try:
        outputs = {row["output_key"]: row["output_value"] for row in asked(wider, "stack", "show", "tower")["outputs"]}
        server = asked(wider, "server", "show", outputs["server"])
        assert (server["status"], server["properties"]) == ("ACTIVE", {"word": outputs["word"]})
        assert outputs["address"] in str(server["addresses"])
    finally:
        wider.openstack("stack", "delete", "--yes", "--wait", "tower")
    assert [row["Name"] for row in asked(wider, "server", "list")] == ["demo"]


@pytest.mark.cloud
def test_the_users_of_stacks_are_in_a_domain_that_heat_manages(wider: Stackwright) -> None:
    (grant,) = asked(wider, "role", "assignment", "list", "--domain", "heat", "--names")
    assert (grant["Role"], grant["User"]) == ("admin", "heat_domain_admin@heat")


@pytest.mark.cloud
def test_what_data_is_encrypted_with_is_not_made_anew(wider: Stackwright) -> None:
    told = wider("secret", "rotate", "barbican-kek", status=2).stderr
    assert "what barbican keeps depends on it" in told
    planned = wider("secret", "rotate", "--service", "heat", "--plan").stdout
    assert "heat/identity" in planned
    assert wider.json("plan") == []


@pytest.mark.cloud
def test_a_domain_s_user_with_another_password_is_given_the_site_s(wider: Stackwright) -> None:
    wider.openstack("user", "set", "--domain", "heat", "--password", "changed-by-hand", "heat_domain_admin")
    rows = wider.json("plan")
    assert [(row["Step"], row["Why"]) for row in rows] == [
        ("heat/identity", "the user heat_domain_admin is not let in with his password")
    ]
    wider("up")
    assert wider.json("plan") == []


@pytest.mark.cloud
def test_what_the_site_has_no_more_is_stopped(wider: Stackwright) -> None:
    says(wider, WIDER, CORE)
    try:
        (row,) = wider.json("plan")
        assert row["Step"] == "machine/removed"
        assert row["Why"] == "no service of the site has barbican-api, heat-api, heat-engine"
        wider("up")
        assert not {name for name in processes(wider) if name.startswith(("heat", "barbican"))}
        assert wider.json("plan") == []
    finally:
        says(wider, CORE, WIDER)
        wider("up")
    assert {"heat-api", "heat-engine", "barbican-api"} <= processes(wider).keys()


# Without a cloud --------------------------------------------------------------------------------------------------


def test_a_site_is_told_why_each_of_its_services_is_there(stackwright: Stackwright) -> None:
    says(stackwright, CORE, "services: [heat]")
    why = {row["Service"]: row["Why"] for row in stackwright.json("catalogue", "list", "--chosen")}
    assert why == {
        "heat": "the site names it",
        "keystone": "required by heat",
        "rabbitmq": "required by heat",
        "mariadb": "required by keystone, heat",
        "memcached": "required by keystone, heat",
    }


def test_the_graph_is_text_and_a_picture(stackwright: Stackwright, tmp_path: Path) -> None:
    file = tmp_path / "services.svg"
    says(stackwright, CORE, "services: [barbican]")
    text = stackwright("catalogue", "graph", "--chosen", "--svg", str(file)).stdout
    assert text.splitlines() == [
        *("barbican", "├── keystone", "│   ├── mariadb", "│   └── memcached", "├── mariadb", "└── memcached")
    ]
    named = {text.text for text in ElementTree.parse(file).iter("{http://www.w3.org/2000/svg}text")}
    assert named == {"barbican", "keystone", "mariadb", "memcached"}
    whole = subprocess.run([COMMAND, "catalogue", "graph"], check=True, capture_output=True, text=True).stdout
    assert {"heat", "nova"} <= set(whole.split())


@pytest.mark.parametrize(
    ("site", "what", "fix"),
    [
        ("services: [core, senlin]", "senlin is retired: upstream ended it in 2024", "remove it"),
        ("services: [core, panko]", "panko is retired: upstream ended it in 2021", "remove it"),
        ("services: [core, haet]", "there is no service or group 'haet'", "did you mean 'heat'?"),
        ("services: [core]\nwithout: [placement]", "placement cannot be left out", "leave out nova as well"),
        ("services: [heat]\nwithout: [rabbitmq]", "rabbitmq cannot be left out", "leave out heat as well"),
        ("services: [core, heat]\nports: {heat-api: 8774, nova-api: 8774}", "has the port 8774 already", "another"),
    ],
)
def test_what_cannot_be_is_told_with_its_place(stackwright: Stackwright, site: str, what: str, fix: str) -> None:
    says(stackwright, CORE, site)
    told = stackwright("check", status=2).stderr
    assert what in told
    assert fix in told
    assert "sites/local.yaml:" in told


def test_a_service_of_another_series_than_the_core_is_told(stackwright: Stackwright) -> None:
    says(stackwright, CORE, WIDER)
    release = stackwright.distribution / "releases/2026.2.yaml"
    release.write_text(
        release.read_text().replace("openstack-heat, version: 27.0.0", "openstack-heat, version: 26.0.2")
    )
    told = stackwright("check", status=2).stderr
    assert "heat 26.0.2 is of 2026.1, and the site's other services are of 2026.2" in told
    assert "take a version 27.* of heat" in told
    assert "releases/2026.2.yaml:" in told


def test_services_can_be_left_out_of_a_group(stackwright: Stackwright) -> None:
    says(stackwright, CORE, "services: [core]\nwithout: [nova, neutron]")
    chosen = {row["Service"] for row in stackwright.json("catalogue", "list", "--chosen")}
    assert {"glance", "ovn", "placement"} < chosen
    assert not {"nova", "neutron"} & chosen


def test_barbican_with_a_vault_has_the_vault_s_plugin_and_its_secret(stackwright: Stackwright) -> None:
    says(stackwright, CORE, "services: [core, barbican]")
    vault = "store: vault, vault-url: 'https://vault.example.org:8200', vault-role: r-1"
    says(stackwright, "values:\n", f"values:\n  barbican: {{{vault}}}\n")
    lines = stackwright("config", "render", "barbican").stdout.splitlines()
    assert {
        "enabled_secretstore_plugins = vault_plugin",
        "vault_url = https://vault.example.org:8200",
        "approle_role_id = r-1",
    } <= set(lines)
    assert next(line for line in lines if line.startswith("approle_secret_id")) != "approle_secret_id = "
