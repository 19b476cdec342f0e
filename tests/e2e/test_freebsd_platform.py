"""Issue 8, promises 2 and 4: the platform freebsd, rendered by the real command, and applied in a chroot of stubs."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.freebsd_host import FreeBSDHost

from .conftest import PROJECT, SECRETS, STATE, Stackwright

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = PROJECT / "examples/freebsd"
RENDER = ("site", "render", "--platform", "freebsd", "bsd")
# What uv writes beside a package.
OF_UV = {".lock", "direct_url.json", "uv_cache.json"}
root = pytest.mark.skipif(os.geteuid() != 0, reason="not root: the host is a chroot")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): (file.stat().st_mode & 0o777, file.read_bytes()) for file in files}


def scripts(folder: Path) -> list[Path]:
    return [
        file
        for file in folder.rglob("*")
        if file.is_file() and file.read_bytes().startswith((b"#!/bin/sh", b"# shellcheck"))
    ]


def said(distribution: Path, service: str, **values: object) -> None:
    """Let the site say something of a service."""
    site = distribution / "sites/bsd.yaml"
    whole = yaml.safe_load(site.read_text())
    whole["values"].setdefault(service, {}).update(values)
    site.write_text(yaml.safe_dump(whole, sort_keys=False))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Stackwright:
    """The example distribution, whose environments are built once."""
    distribution = tmp_path_factory.mktemp("distribution") / "freebsd"
    shutil.copytree(EXAMPLE, distribution, ignore=SECRETS)
    return Stackwright(distribution, STATE / "freebsd")


@pytest.fixture(scope="module")
def rendered(base: Stackwright, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered") / "bsd"
    base(*RENDER, str(folder))
    return folder


@pytest.fixture
def bsd(base: Stackwright, rendered: Path, tmp_path: Path) -> Stackwright:  # noqa: ARG001
    """A copy of the distribution to do things to, with the same secrets."""
    copy = Path(shutil.copytree(base.distribution, tmp_path / "freebsd"))
    return Stackwright(copy, base.state)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[FreeBSDHost]:
    made = FreeBSDHost.make(tmp_path / "host")
    yield made
    made.end()


@pytest.fixture
def installed(host: FreeBSDHost, rendered: Path) -> FreeBSDHost:
    shutil.copytree(rendered, host.root / "folder", dirs_exist_ok=True)
    host.run("sh", "/folder/install.sh")
    return host


def test_one_folder_has_everything_and_its_page_says_what(rendered: Path) -> None:
    page = (rendered / "README.md").read_text()
    top = {file.name for file in rendered.iterdir()} - {"README.md", "about.sh", "environments.sh"}
    assert {name for name in top if f"`{name}" not in page} == {"install.sh"}
    named = re.findall(r"`([a-z_]+(?:/|\.txt|\.sh))[a-z./]*`", page.partition("## What is in it")[2])
    assert {name.strip("/") for name in named} <= {*top, "python3.11"}
    assert "sh install.sh" in page
    packages = (rendered / "packages.txt").read_text().split()
    assert {"python311", "rust", "gcc", "libvirt", "mysql84-server", "rabbitmq", "memcached", "socat"} <= set(packages)


def test_rendering_twice_gives_the_same_bytes(base: Stackwright, rendered: Path, tmp_path: Path) -> None:
    base(*RENDER, str(tmp_path / "again"))
    assert contents(tmp_path / "again") == contents(rendered)
    for line in (rendered / "MANIFEST").read_text().splitlines():
        digest, mode, path = line.split(" ", 2)
        file = rendered / path
        assert (digest, int(mode, 8)) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mode & 0o777)


def test_secrets_are_for_their_owner_and_nowhere_else(rendered: Path) -> None:
    secrets = {file.name: file.read_text().strip() for file in (rendered / "secrets").iterdir()}
    assert {"nova-database", "nova-identity", "keystone-admin", "rabbitmq-password", "mariadb-root"} <= secrets.keys()
    assert {stat.S_IMODE(file.stat().st_mode) for file in (rendered / "secrets").iterdir()} == {0o600}
    assert stat.S_IMODE((rendered / "secrets").stat().st_mode) == 0o700
    for path, (_, content) in contents(rendered).items():
        if not path.startswith("secrets/"):
            assert not [name for name, value in secrets.items() if value.encode() in content], path


def test_requirements_are_locked_and_patched_wheels_are_ours(rendered: Path) -> None:
    for file in (rendered / "environments").iterdir():
        entries = [line for line in file.read_text().splitlines() if line[0] not in "# "]
        assert all(entry.endswith("\\") for entry in entries), file.name
        assert all(re.match(r"[a-z0-9-]+==|\./wheels/", entry) for entry in entries), file.name
    nova = (rendered / "environments/nova.txt").read_text()
    wheels = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (rendered / "wheels").iterdir()}
    assert {name.split("-")[0] for name in wheels} == {
        "neutron",
        "nova",
        "oslo_messaging",
        "oslo_privsep",
        "oslo_rootwrap",
    }
    for name, digest in wheels.items():
        assert name.endswith("-py3-none-any.whl")
        assert f"./wheels/{name} \\\n    --hash=sha256:{digest}\n" in nova or not name.startswith(("nova", "oslo"))
    # As the host's libvirt is.
    assert "libvirt-python" not in nova
    assert "libvirt-python=libvirt" in (rendered / "environments.sh").read_text()


def test_configuration_is_the_platform_s(rendered: Path) -> None:
    etc = rendered / "root/usr/local/etc"
    nova, compute = (etc / "nova/nova.conf").read_text(), (etc / "nova/nova-compute.conf").read_text()
    assert "virt_type = bhyve\n" in compute
    assert "connection_uri = bhyve:///system\n" in compute
    assert "[serial_console]\nenabled = true\n" in nova
    assert not re.search(r"ovs|kvm|qemu|sudo|/var/lib", nova + compute)
    assert "mysql" not in nova + compute
    assert "max_connections = 500\n" in (etc / "mysql/stackwright.cnf").read_text()
    assert "bridge_mappings = public:bridge0\n" in (etc / "neutron/ml2_conf.ini").read_text()
    assert "exec_dirs = /sbin," in (etc / "nova/rootwrap.conf").read_text()


def test_every_script_is_one_that_sh_reads(rendered: Path) -> None:
    found = scripts(rendered)
    assert len([file for file in found if "rc.d" in str(file)]) == 12
    for file in found:
        subprocess.run(["sh", "-n", file], check=True)
        subprocess.run(["busybox", "sh", "-n", file], check=True)
    done = subprocess.run(["shellcheck", "--shell=sh", *found], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@root
def test_the_installer_makes_the_host_and_then_nothing(installed: FreeBSDHost, rendered: Path) -> None:
    calls = installed.calls()
    assert [call for call in calls if call.startswith("pkg install")] == [
        f"pkg install {' '.join((rendered / 'packages.txt').read_text().split())}"
    ]
    assert "kldload -n vmm" in calls
    assert "sysctl net.link.tap.up_on_open=1" in calls
    assert "linprocfs\t/compat/linux/proc\tlinprocfs\trw,late\t0\t0" in (installed.root / "etc/fstab").read_text()
    assert 'kld_list="vmm nmdm if_bridge if_tuntap"' in (installed.root / "etc/rc.conf").read_text()
    starts = [call.split()[1] for call in calls if call.startswith("service ") and call.endswith(" start")]
    assert starts.index("mysql-server") < starts.index("keystone_api") < starts.index("nova_conductor")
    assert starts.index("libvirtd") < starts.index("stackwright_consoled") < starts.index("nova_compute")
    assert "nova_novncproxy" not in starts
    assert [call.split()[2] for call in calls if call.startswith("su ")].count("keystone") == 4
    password = (rendered / "secrets/nova-database").read_text().strip()
    conf = installed.root / "usr/local/etc/nova/database.conf"
    assert f"nova:{password}@127.0.0.1" in conf.read_text()
    assert stat.S_IMODE(conf.stat().st_mode) == 0o640
    assert (installed.root / "usr/local/etc/libvirt/hooks/bhyve").stat().st_mode & 0o111
    assert not list((installed.root / "var/tmp").iterdir())
    before = installed.standing()
    installed.forget()
    assert "Nothing to do" in installed.run("sh", "/folder/install.sh")
    assert installed.standing() == before
    changing = "|".join(
        [
            *(
                "pkg install",
                "pw (user|group)add",
                "sysrc [^-]",
                r"service \S+ (re)?start",
                "kldload",
                "su ",
                "python3",
            ),
            *("pip", "mount /", "openstack .* (create|set)"),
        ]
    )
    assert not [call for call in installed.calls() if re.match(changing, call)]


@root
def test_no_secret_is_on_a_command_line(installed: FreeBSDHost, rendered: Path) -> None:
    said_of_all = "\n".join(installed.calls())
    for file in (rendered / "secrets").iterdir():
        assert file.read_text().strip() not in said_of_all, file.name


@root
def test_what_changed_is_done_and_no_more(installed: FreeBSDHost, bsd: Stackwright, tmp_path: Path) -> None:
    said(bsd.distribution, "neutron", **{"physical-network": "outside"})
    bsd(*RENDER, str(tmp_path / "out"))
    shutil.rmtree(installed.root / "folder")
    shutil.copytree(tmp_path / "out", installed.root / "folder")
    told = installed.run("sh", "/folder/install.sh")
    assert re.findall(r"^(?:write|start|restart|do|make|set) .*", told, re.MULTILINE) == [
        "write /usr/local/etc/neutron/ml2_conf.ini",
        "restart neutron_api: what it is made of is new",
    ]


@root
def test_an_installer_that_was_cut_off_goes_on(host: FreeBSDHost, rendered: Path) -> None:
    shutil.copytree(rendered, host.root / "folder", dirs_exist_ok=True)
    broken = host.root / "bin/nc"
    working = broken.read_text()
    broken.write_text("#!/bin/sh\nexit 1\n")
    steps = host.root / "folder/steps.sh"
    whole = steps.read_text()
    steps.write_text(whole.replace(" 60 ", " 0 "))
    told = host.run("sh", "/folder/install.sh", status=4)
    assert "error: memcached runs, and is of no use after 0 s" in told
    assert "fix: look into its log" in told
    broken.write_text(working)
    steps.write_text(whole)
    assert "restart memcached" in host.run("sh", "/folder/install.sh")
    assert "Nothing to do" in host.run("sh", "/folder/install.sh")


@root
def test_scripts_of_rc_start_tell_reload_and_stop(installed: FreeBSDHost) -> None:
    for file in sorted((installed.root / "usr/local/etc/rc.d").iterdir()):
        script, off = f"/usr/local/etc/rc.d/{file.name}", file.name == "nova_novncproxy"
        if off:
            assert "set nova_novncproxy_enable to YES" in installed.run(script, "start", status=1)
            continue
        assert "is running as pid" in installed.run(script, "status")
        installed.run(script, "reload")
        installed.run("sleep", "0.5")
        assert f"hup {file.name}" in installed.calls("hup")
        installed.run(script, "stop")
        assert "is not running" in installed.run(script, "status", status=1)
        installed.run(script, "start")
        variables = (installed.root / f"calls/env-{file.name}").read_text().splitlines()
        assert "EVENTLET_HUB=poll" in variables
        assert f"/var/run/{file.name}.pid 1" not in variables
    (daemon,) = {call for call in installed.calls("daemon") if "-t nova_conductor" in call}
    assert "-u nova -- /usr/local/lib/openstack/nova/bin/nova-conductor --config-file" in daemon
    assert "-o /var/log/nova/conductor.log" in daemon
    rotation = (installed.root / "usr/local/etc/newsyslog.conf.d/stackwright.conf").read_text()
    assert "/var/log/nova/conductor.log\t600\t7\t10240\t*\tJC\t/var/run/nova_conductor.pid\t1\n" in rotation


@root
def test_the_installer_says_what_it_needs(host: FreeBSDHost, rendered: Path) -> None:
    shutil.copytree(rendered, host.root / "folder", dirs_exist_ok=True)
    loading = host.root / "bin/kldload"
    loads = loading.read_text()
    loading.write_text("#!/bin/sh\nexit 1\n")
    told = host.run("sh", "/folder/install.sh", status=4)
    assert "error: the kernel module vmm cannot be loaded" in told
    assert "vmm needs a processor with VT-x" in told
    loading.write_text(loads)
    secret = host.root / "folder/secrets/nova-metadata"
    secret.unlink()
    assert "error: there is no secret nova-metadata" in host.run("sh", "/folder/install.sh", status=1)
    shutil.rmtree(secret.parent)
    assert "there is no folder secrets/" in host.run("sh", "/folder/install.sh", status=4)
    (host.root / "bin/uname").write_text("#!/bin/sh\necho Linux\n")
    assert "this is for FreeBSD, and here is Linux" in host.run("sh", "/folder/install.sh", status=4)


def test_an_option_that_the_service_does_not_know_is_refused_with_its_line(bsd: Stackwright, tmp_path: Path) -> None:
    site = bsd.distribution / "sites/bsd.yaml"
    said(bsd.distribution, "nova", conf={"nova-compute.conf": {"libvirt": {"image_type": "raw"}}})
    line = next(number for number, text in enumerate(site.read_text().splitlines(), 1) if "image_type" in text)
    told = bsd(*RENDER, str(tmp_path / "out"), status=2).stderr
    assert f"sites/bsd.yaml:{line}:" in told
    assert "nova has no option 'image_type' in [libvirt]" in told
    assert "did you mean 'images_type'?" in told
    assert not (tmp_path / "out").exists()


LINUX_ONLY = {
    "virt-type": "kvm",
    "cpu-mode": "host-passthrough",
    "conf": {
        "nova-compute.conf": {
            "libvirt": {"hw_machine_type": "x86_64=q35", "cpu_mode": "host-model", "virt_type": "kvm"}
        },
        "nova.conf": {
            "vif_plug_ovs_privileged": {"user": "root"},
            "nova_sys_admin": {"helper_command": "sudo nova-rootwrap /etc/nova/rootwrap.conf privsep-helper"},
        },
    },
}


def test_what_only_linux_has_is_refused(bsd: Stackwright, tmp_path: Path) -> None:
    said(bsd.distribution, "nova", **LINUX_ONLY)
    found = [one for one in bsd.json("--site", "bsd", "value", "lint", status=1) if one["Rule"] == "platform"]
    assert {one["Path"] for one in found} == {
        "nova.virt-type",
        "nova.cpu-mode",
        "nova.conf.nova-compute.conf.libvirt.hw_machine_type",
        "nova.conf.nova-compute.conf.libvirt.cpu_mode",
        "nova.conf.nova-compute.conf.libvirt.virt_type",
        "nova.conf.nova.conf.vif_plug_ovs_privileged.user",
        "nova.conf.nova.conf.nova_sys_admin.helper_command",
    }
    assert all(one["Fix"].startswith("remove") and one["Where"].startswith("sites/bsd.yaml:") for one in found)
    told = bsd(*RENDER, str(tmp_path / "out"), status=2).stderr
    assert "nova.virt-type is 'kvm', which freebsd lacks" in told
    assert "why: FreeBSD's kernel has vmm" in told


def test_a_service_that_the_platform_lacks_is_refused(bsd: Stackwright, tmp_path: Path) -> None:
    site = bsd.distribution / "sites/bsd.yaml"
    site.write_text(site.read_text().replace("services: [core]", "services: [core, ovn]"))
    for words in (("check",), (*RENDER, str(tmp_path / "out"))):
        told = bsd(*words, status=2).stderr
        assert "sites/bsd.yaml:" in told
        assert "the platform freebsd has no service 'ovn'" in told
        assert "fix: remove it" in told


def test_a_site_of_another_target_is_refused(bsd: Stackwright, tmp_path: Path) -> None:
    site = bsd.distribution / "sites/bsd.yaml"
    assert "runs on hosts of its own" in bsd("--site", "bsd", "plan", status=2).stderr
    text = site.read_text()
    site.write_text(text.replace("target: hosts", "target: local"))
    assert "the target local is this machine, which is no freebsd" in bsd("check", status=2).stderr
    site.write_text(text.replace("target: hosts", "target: local").replace("platform: freebsd\n", ""))
    told = bsd("site", "render", "--platform", "freebsd", "bsd", str(tmp_path / "out"), status=2).stderr
    assert "the site bsd is of the target local and the platform linux" in told
    site.write_text(text + "hosts: {one: {}, two: {}}\n")
    assert "the platform freebsd has one host" in bsd(*RENDER, str(tmp_path / "out"), status=2).stderr


def test_other_commands_on_sites_see_the_platform(bsd: Stackwright) -> None:
    said_by = {one["Secret"] for one in bsd.json("secret", "list")}
    assert {"mariadb-root", "nova-metadata"} <= said_by
    told = bsd("secret", "rotate", "nova-metadata").stdout
    assert "bsd takes them up with its next `site render`, when that is installed" in told
    assert "virt_type" in bsd("config", "explain", "virt_type").stdout
    bsd("policy", "validate", "placement")
    for command in ("status", "smoke", "up"):
        assert "fix: stackwright site render bsd OUT" in bsd(command, status=2).stderr


def test_the_port_lists_what_pip_installs(rendered: Path, tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", "/usr/bin/python3.11", tmp_path / "venv"], check=True)
    names = re.findall(r"^SHA256 \((.+)\)", (rendered / "port/distinfo").read_text(), re.MULTILINE)
    wheels = [rendered / "wheels" / name for name in names]
    command: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        tmp_path / "venv/bin/python",
    ]
    before = set(contents(tmp_path / "venv"))
    subprocess.run([*command, *wheels], check=True)
    installed = set(contents(tmp_path / "venv")) - before
    own = {path for path in installed if path.rpartition("/")[2] not in {"RECORD", "INSTALLER", "REQUESTED", *OF_UV}}
    listed = (rendered / "port/pkg-plist").read_text().splitlines()
    assert {path.removeprefix("lib/openstack/nova/") for path in listed} == own


def test_a_folder_that_is_not_ours_is_left_alone(base: Stackwright, rendered: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    assert "the folder has something else in it" in base(*RENDER, str(out), status=2).stderr
    assert (out / "thesis.txt").read_text() == "mine"
    shutil.rmtree(out)
    shutil.copytree(rendered, out)
    base(*RENDER, str(out))
    (out / "packages.txt").write_text("vim\n")
    told = base(*RENDER, str(out), status=2).stderr
    assert "not as we left it: packages.txt" in told
    file = tmp_path / "file"
    file.touch()
    assert f"{file} is not a folder" in base(*RENDER, str(file), status=2).stderr
