"""A machine that is virtual: a copy-on-write disk over the base's, a kernel of its own, reached by ssh."""

from __future__ import annotations

import os
import shutil
import socket
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, Where
from stackwright.proof.machine.copies import CopyMaker
from stackwright.proof.machine.model import STATE, Machine, in_variables
from stackwright.tools import mkfs, process, qemu, ssh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stackwright.plan.step import Context

PACKAGES = ("dbus", "kmod", "linux-image-cloud-amd64", "openssh-server", "systemd-sysv", "udev")
PROGRAMS = {
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    qemu.SYSTEM: qemu.SYSTEM_PACKAGE,
    qemu.IMG: qemu.IMG_PACKAGE,
    str(qemu.VIRTIOFSD): "qemu-system-common",
    "ssh": ssh.PACKAGE,
}
DISK, KERNEL, INITRD, HOST_KEY = "disk.raw", "vmlinuz", "initrd.img", "host-key.pub"
GIBIBYTES = 40
MEMORY = 8192  # MiB that a whole cloud with a guest needs; no more than half of this machine's
PATIENCE = 300.0  # seconds until it can be logged in to, under emulation on a busy machine
EMULATED_TRIES = 4
TARGET = "stackwright.target"
# The services of packages that the site is made with are the site's business, not systemd's.
UNIT = """\
[Unit]
Description=A disposable machine
Requires=basic.target
Wants=ssh.service systemd-networkd.service
After=basic.target
AllowIsolate=yes
"""
NETWORK = "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n"
RECIPE = f"{UNIT}{NETWORK}{GIBIBYTES}"
# The cache here is the lower layer of the one there: what is there need not be made, and what is made stays there.
SHARE = """
mkdir -p /mnt/shared /var/tmp/layer/upper /var/tmp/layer/work "$1"
mount -t virtiofs -o ro {tag} /mnt/shared
mount -t overlay overlay -o lowerdir=/mnt/shared,upperdir=/var/tmp/layer/upper,workdir=/var/tmp/layer/work "$1"
"""


@dataclass(frozen=True)
class VirtualMaker(CopyMaker):
    """Makes virtual machines."""

    kind = "vm"
    programs = PROGRAMS

    @contextmanager
    def running(self, place: Path, context: Context) -> Iterator[Machine]:
        """Let a virtual machine run while the block does."""
        base, program = self.parts()
        login = ssh.Login(_free_port(), place / "key", place / "known_hosts")
        key = ssh.make_key(login.key)
        login.known.write_text(ssh.known_hosts(login.port, (base / HOST_KEY).read_text()))
        machine = qemu.VirtualMachine(
            disk=place / "disk.qcow2",
            kernel=base / KERNEL,
            initrd=base / INITRD,
            command_line=f"root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 systemd.unit={TARGET}",
            processors=os.cpu_count() or 1,
            memory=min(MEMORY, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**21),
            port=login.port,
            key=key,
            shared=self.cache.directory,
            place=place,
        )
        with ExitStack() as stack:
            accelerator = stack.enter_context(_begun(machine, base / DISK, login, context))

            def enter(words: Sequence[str]) -> list[str]:
                return login.argv(in_variables(words))

            made = Machine(
                enter,
                (str(program / "bin/stackwright"),),
                self.distribution,
                STATE,
                self.site,
                tries=EMULATED_TRIES if accelerator == "tcg" else 1,
            )
            share = SHARE.format(tag=qemu.TAG)
            made.run("sh", "-ec", share, "sh", str(self.cache.directory), log=context.log)
            self.introduce(made, place, {"STACKWRIGHT_CACHE": str(self.cache.directory)}, context.log)
            yield made


def finish(directory: Path, root: Path, log: Path) -> None:
    """Make a base of a system in a folder: its disk, and beside that what it boots from."""
    files = {
        f"etc/systemd/system/{TARGET}": UNIT,
        "etc/systemd/network/10-machine.network": NETWORK,
        "etc/fstab": "",
        "etc/machine-id": "",  # each machine gets its own: machine-id(5)
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for kind in ("sockets", "timers"):
        shutil.rmtree(root / f"etc/systemd/system/{kind}.target.wants", ignore_errors=True)
    for name, found in ((KERNEL, "vmlinuz-*"), (INITRD, "initrd.img-*")):
        newest = max((root / "boot").glob(found), key=lambda path: path.stat().st_mtime)
        shutil.copyfile(newest, directory / name)
    shutil.copyfile(root / "etc/ssh/ssh_host_ed25519_key.pub", directory / HOST_KEY)
    mkfs.ext4_of(root, directory / DISK, gibibytes=GIBIBYTES, log=log)
    shutil.rmtree(root)


@contextmanager
def _begun(machine: qemu.VirtualMachine, base: Path, login: ssh.Login, context: Context) -> Iterator[str]:
    """Let a virtual machine run while the block does, and give its accelerator; it can be logged in to.

    KVM that is there need not work, as on a machine that is virtual itself: then the processor is emulated.
    """
    accelerators = ("kvm", "tcg") if qemu.KVM.exists() else ("tcg",)
    for accelerator in accelerators:
        machine.disk.unlink(missing_ok=True)
        qemu.layer(machine.disk, base, context.log)
        context.progress(f"it boots, by {accelerator}")
        with qemu.running(machine, accelerator=accelerator, log=context.log) as runs:
            if _answers(login, runs):
                yield accelerator
                return
        context.progress(f"it does not boot by {accelerator}")
    raise EnvironmentLacksError(
        f"the virtual machine cannot be logged in to after {PATIENCE:.0f} s",
        where=Where(file=context.log),
        details="\n".join((process.tail(context.log), process.tail(machine.console))),
        fix="see what QEMU and its console say; `--in container` needs no virtual machine",
    )


def _answers(login: ssh.Login, runs: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while runs() and time.monotonic() < until:
        if login.answers():
            return True
        time.sleep(0.5)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
