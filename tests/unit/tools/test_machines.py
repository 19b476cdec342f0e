"""The command lines that make systems and machines."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path

from stackwright.tools import mmdebstrap, nspawn, qemu, slirp4netns, ssh

PLACE = Path("/var/lib/stackwright/proof/abc")


def line(*, systemd: bool = False) -> str:
    container = nspawn.Container("stackwright-abc", Path("/cache/base"), PLACE, shared=(Path("/cache"),))
    return nspawn.argv(container, systemd=systemd, devices=("/dev/net/tun",))[-1]


def test_a_container_writes_beside_its_base() -> None:
    mount, _, begin = line().partition("\n")
    assert f"lowerdir=/cache/base,upperdir={PLACE}/upper,workdir={PLACE}/work" in mount
    assert " exec systemd-nspawn --" in begin
    assert "--bind=/cache" in begin
    assert "--private-network" in begin


def test_a_container_can_be_found_by_its_mark() -> None:
    assert f"--setenv=STACKWRIGHT_RUN={PLACE}" in line()


def test_systemd_is_asked_for_a_scope_where_it_runs() -> None:
    assert "--keep-unit" in line(systemd=False)
    assert "--keep-unit" not in line(systemd=True)


def test_mounts_are_private_to_the_programs() -> None:
    head = ["unshare", "--mount", "--propagation", "private"]
    container = nspawn.Container("stackwright-abc", Path("/cache/base"), PLACE)
    assert nspawn.argv(container, systemd=False, devices=())[:4] == head
    made = mmdebstrap.argv(Path("/t"), suite="bookworm", packages=["git"], sources=Path("/s.list"), settings=Path("/c"))
    assert made[:4] == head
    assert made[-3:] == ["bookworm", "/t", "/s.list"]


def test_the_hosts_loopback_is_closed_unless_it_is_needed() -> None:
    assert "--disable-host-loopback" in slirp4netns.argv(1, host=False)
    assert "--disable-host-loopback" not in slirp4netns.argv(1, host=True)


def virtual(accelerator: str) -> list[str]:
    machine = qemu.VirtualMachine(
        disk=PLACE / "disk.qcow2",
        kernel=Path("/k"),
        initrd=Path("/i"),
        command_line="root=/dev/vda",
        processors=2,
        memory=4096,
        port=2222,
        key="ssh-ed25519 AAAA\n",
        shared=Path("/cache"),
        place=PLACE,
    )
    return qemu.argv(machine, accelerator=accelerator)


def test_a_virtual_machine_shares_a_folder_and_is_reached_on_this_machine_only() -> None:
    line = " ".join(virtual("kvm"))
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in line
    assert f"socket,id=shared,path={PLACE}/shared.sock" in line
    assert "-accel kvm" in line


def test_without_kvm_all_processors_are_emulated_at_once() -> None:
    assert "tcg,thread=multi" in virtual("tcg")


def test_the_public_key_reaches_it_as_systemds_credential() -> None:
    (told,) = (word for word in virtual("tcg") if "ssh.authorized_keys.root=" in word)
    assert base64.b64decode(told.rpartition("root=")[2]) == b"ssh-ed25519 AAAA\n"


def test_a_command_for_another_machine_is_quoted_for_its_shell() -> None:
    login = ssh.Login(2222, Path("/key"), Path("/known"))
    argv = login.argv(["sh", "-c", "echo it's"])
    assert shlex.split(argv[-1]) == ["sh", "-c", "echo it's"]
    assert "UserKnownHostsFile=/known" in argv
    assert tuple(argv[argv.index("-F") : argv.index("-F") + 2]) == ("-F", "none")


def test_a_key_is_made_and_the_machines_own_is_known(tmp_path: Path) -> None:
    public = ssh.make_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert ssh.known_hosts(2222, public) == f"[127.0.0.1]:2222 {public.strip()}\n"
