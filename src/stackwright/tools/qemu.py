"""QEMU: virtual machines, their disks, and folders of this machine in them (qemu(1), qemu-img(1), virtiofsd)."""

from __future__ import annotations

import base64
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYSTEM, SYSTEM_PACKAGE = "qemu-system-x86_64", "qemu-system-x86"
IMG, IMG_PACKAGE = "qemu-img", "qemu-utils"
# Debian 12 has it beside QEMU, off the path.
VIRTIOFSD = Path("/usr/lib/qemu/virtiofsd")
KVM = Path("/dev/kvm")
TAG = "shared"
SOCKET_PATIENCE = 10.0  # seconds; QEMU says what is wrong, if it does not come
# What systemd reads credentials from: systemd.system-credentials(7).
KEYS = "io.systemd.credential.binary:ssh.authorized_keys.root"


@dataclass(frozen=True)
class VirtualMachine:
    """A virtual machine to be.

    :param disk: its disk, of the format qcow2; what is in it is lost if this machine stops
    :param kernel: booted directly, with the initrd
    :param command_line: of the kernel
    :param memory: in MiB
    :param port: TCP port of 127.0.0.1 that leads to its port 22
    :param key: an SSH public key, with which root may log in
    :param shared: a folder of this machine that it may mount (virtiofs, TAG)
    :param place: a folder for its sockets and its console's log
    """

    disk: Path
    kernel: Path
    initrd: Path
    command_line: str
    processors: int
    memory: int
    port: int
    key: str
    shared: Path
    place: Path

    @property
    def console(self) -> Path:
        """What it writes to its console."""
        return self.place / "console.log"

    @property
    def socket(self) -> Path:
        """Between QEMU and the daemon of the shared folder."""
        return self.place / "shared.sock"


def argv(machine: VirtualMachine, *, accelerator: str) -> list[str]:
    """Give the command line.

    :param accelerator: ``kvm``, or ``tcg``, which emulates a processor and works everywhere
    """
    size = f"{machine.memory}M"
    credential = base64.b64encode(f"{machine.key.strip()}\n".encode()).decode()
    return [
        *(SYSTEM, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"),
        *("-machine", "q35,memory-backend=ram", "-cpu", "max"),
        *("-accel", "tcg,thread=multi" if accelerator == "tcg" else accelerator),
        *("-smp", str(machine.processors), "-m", size),
        *("-object", f"memory-backend-memfd,id=ram,size={size},share=on"),
        *("-kernel", str(machine.kernel), "-initrd", str(machine.initrd), "-append", machine.command_line),
        *("-drive", f"file={machine.disk},format=qcow2,if=virtio,cache=unsafe"),
        *("-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{machine.port}-:22"),
        *("-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"),
        *("-chardev", f"socket,id=shared,path={machine.socket}"),
        *("-device", f"vhost-user-fs-pci,chardev=shared,tag={TAG}"),
        *("-smbios", f"type=11,value={KEYS}={credential}"),
        *("-serial", f"file:{machine.console}"),
    ]


def layer(disk: Path, base: Path, log: Path) -> None:
    """Make a disk that has a raw one's content and takes what is written itself."""
    process.run([IMG, "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base), str(disk)], log=log)


@contextmanager
def running(machine: VirtualMachine, *, accelerator: str, log: Path) -> Iterator[Callable[[], bool]]:
    """Let a virtual machine run while the block does, and tell by a call whether it still does.

    :param log: a file of mode 0600 for what QEMU says
    """
    share = [str(VIRTIOFSD), f"--socket-path={machine.socket}", "-o", f"source={machine.shared},cache=always"]
    machine.socket.unlink(missing_ok=True)
    with ExitStack() as stack:
        stack.enter_context(process.running(share, log=log))
        until = time.monotonic() + SOCKET_PATIENCE
        while not machine.socket.exists() and time.monotonic() < until:
            time.sleep(0.02)
        yield stack.enter_context(process.running(argv(machine, accelerator=accelerator), log=log))
