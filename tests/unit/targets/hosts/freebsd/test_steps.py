"""The steps of a host, in the order of what needs what; and the scripts that they run."""

from __future__ import annotations

import shlex

from stackwright.targets.hosts.freebsd.host import Marks, line, quoted
from stackwright.targets.hosts.freebsd.steps import clouds, database_scripts, secrets, steps, task_scripts
from stackwright.targets.hosts.freebsd.system import lists, loader, packages
from tests.freebsd_host.made import made_host

HOST = made_host()
LINES = [shlex.split(text) for text in steps(HOST).splitlines()[1:]]
NAMES = [" ".join(words[:2]) for words in LINES]


def test_what_others_wait_for_comes_first() -> None:
    def place(name: str) -> int:
        return NAMES.index(name)

    assert place("start mysql-server") < place("database nova") < place("task nova/db-sync") < place("start nova_api")
    assert place("start keystone_api") < place("administrator keystone/bootstrap") < place("identity compute")
    assert place("identity placement") < place("start nova_scheduler") < place("start nova_compute")
    assert NAMES[-1] == "task nova/compute-mapped"
    assert len(NAMES) == len(set(NAMES))


def test_a_start_names_what_the_process_is_made_of() -> None:
    words = next(words for words in LINES if words[1] == "nova_compute")
    assert words[3:6] == ["3", "row", "nova"]
    assert words[7:] == [
        "/usr/local/etc/rc.d/nova_compute",
        "/usr/local/etc/nova/compute.env",
        "/usr/local/etc/nova/nova.conf",
        "/usr/local/etc/nova/nova-compute.conf",
        "/usr/local/etc/nova/rootwrap.conf",
        "/usr/local/lib/openstack/nova",
    ]


def test_a_site_of_less_has_less() -> None:
    small = made_host("keystone")
    assert "nova" not in steps(small)
    assert not any(lists(small).values())
    assert "libvirt" not in packages(small)


def test_what_a_service_needs_of_the_identity_service_is_made_with_it() -> None:
    host = made_host("heat")
    lines = [shlex.split(text) for text in steps(host).splitlines()[1:]]
    at = next(index for index, words in enumerate(lines) if words[:2] == ["identity", "orchestration"])
    assert lines[at][3:5] == ["heat", "http://127.0.0.1:8004/v1/%(project_id)s"]
    assert lines[at + 1 : at + 5] == [
        ["role", "heat_stack_owner"],
        ["role", "heat_stack_user"],
        ["domain", "heat", "What Heat's stacks make of users and projects"],
        ["domain_user", "heat", "heat_domain_admin", "heat-domain-admin", "admin"],
    ]
    (of_clients,) = [one.content.decode() for one in clouds(host)]
    own = of_clients.partition("  heat_domain_admin:\n")[2]
    assert (
        '      password: "@secret{heat-domain-admin}"\n      domain_name: heat\n      user_domain_name: heat\n' in own
    )


def test_secrets_are_marks_in_all_but_their_own_files() -> None:
    texts = {one.path: one.content.decode() for one in (*task_scripts(HOST), *database_scripts(HOST), *clouds(HOST))}
    assert "OS_BOOTSTRAP_PASSWORD='@secret{keystone-admin}'\n" in texts["tasks/keystone-bootstrap.sh"]
    assert "identified by '@secret{nova-database}';\n" in texts["databases/nova.sql"]
    assert "grant all on `nova_cell0`.* to 'nova'@'127.0.0.1';\n" in texts["databases/nova.sql"]
    assert 'password: "@secret{keystone-admin}"' in texts["identity/clouds.yaml"]
    (kept,) = secrets({"nova-database": "s3cret"})
    assert (kept.path, kept.content, kept.mode) == ("secrets/nova-database", b"s3cret\n", 0o600)


def test_marks_are_of_secrets_that_are_there() -> None:
    marks = Marks({"a": "password"})
    assert marks["a"] == "@secret{a}"
    assert marks.get("b") is None
    assert len(marks) == 1


def test_the_system_gets_what_the_services_want() -> None:
    found = lists(HOST)
    assert found["modules"] == "vmm\nnmdm\nif_bridge\nif_tuntap\n"
    assert "cloned_interfaces+=bridge0\n" in found["rc.conf"]
    assert found["fstab"] == "linprocfs\t/compat/linux/proc\tlinprocfs\trw,late\t0\t0\n"
    assert loader(HOST).text == 'if_bridge_load="YES"\nif_tuntap_load="YES"\n'
    assert packages(HOST).splitlines() == sorted(set(packages(HOST).splitlines()))


def test_words_are_as_sh_reads_them() -> None:
    assert line("a b", "$c") == "'a b' '$c'\n"
    assert quoted('say "`$HOME`" \\') == '"say \\"\\`\\$HOME\\`\\" \\\\"'
