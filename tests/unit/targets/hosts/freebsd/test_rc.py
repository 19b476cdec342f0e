"""Scripts of rc.d, their settings and the rotation of logs."""

from __future__ import annotations

from graphlib import TopologicalSorter

from stackwright.targets.hosts.freebsd.rc import rc_files
from tests.freebsd_host.made import made_host

FILES = {file.path.removeprefix("/usr/local/etc/"): file for file in rc_files(made_host())}
SCRIPTS = {path.removeprefix("rc.d/"): file.text for path, file in FILES.items() if path.startswith("rc.d/")}


def header(text: str, word: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(f"# {word}: ")).split()[2:]


def test_every_process_of_ours_has_a_script_and_a_package_s_own_has_settings() -> None:
    assert {"keystone_api", "nova_compute", "nova_serialproxy", "stackwright_consoled"} <= SCRIPTS.keys()
    assert not {"mysql", "mysql_server", "rabbitmq_server", "libvirtd"} & SCRIPTS.keys()
    assert 'mysql_optfile="/usr/local/etc/mysql/stackwright.cnf"\n' in FILES["rc.conf.d/mysql"].text
    assert FILES["rc.conf.d/memcached"].text.endswith(
        'memcached_flags="-l 127.0.0.1 -p 11211 -U 0 -m 32 -t 1 -c 512"\n'
    )
    assert all(file.mode == 0o755 for path, file in FILES.items() if path.startswith("rc.d/"))


def test_what_a_script_waits_for_is_provided_and_in_no_circle() -> None:
    waits = {name: header(text, "REQUIRE") for name, text in SCRIPTS.items()}
    provided = {*SCRIPTS, "LOGIN", "mysql", "rabbitmq", "memcached", "libvirtd"}
    assert {one for some in waits.values() for one in some} <= provided
    order = list(TopologicalSorter(waits).static_order())
    assert order.index("mysql") < order.index("keystone_api") < order.index("nova_api")
    assert [header(text, "PROVIDE") for text in SCRIPTS.values()] == [[name] for name in SCRIPTS]


def test_processes_run_as_their_service_but_those_that_need_root() -> None:
    users = {name: text.partition(" -u ")[2].split()[0] for name, text in SCRIPTS.items()}
    assert users["nova_api"] == users["nova_serialproxy"] == "nova"
    assert {name for name, user in users.items() if user == "root"} == {"nova_compute", "stackwright_consoled"}


def test_environments_have_the_platform_s_and_the_entry_s_variables() -> None:
    text = FILES["nova/api.env"].text
    assert "EVENTLET_HUB=poll\n" in text
    assert (
        "OS_NOVA_CONFIG_FILES='/usr/local/lib/openstack/nova/etc/nova/api-paste.ini;nova.conf;database.conf'\n" in text
    )


def test_a_process_that_is_off_says_why() -> None:
    first, second = FILES["rc.conf.d/nova_novncproxy"].text.splitlines()
    assert first.startswith("# a guest's screen needs a frame buffer")
    assert second == 'nova_novncproxy_enable="NO"'


def test_every_log_is_rotated_by_a_signal_to_daemon() -> None:
    lines = FILES["newsyslog.conf.d/stackwright.conf"].text.splitlines()[1:]
    assert len(lines) == len(SCRIPTS)
    for line in lines:
        log, mode, *_, pid_file, signal = line.split("\t")
        assert f"-o {log} -P {pid_file} " in "".join(SCRIPTS.values())
        assert (mode, signal) == ("600", "1")
