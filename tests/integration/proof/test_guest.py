"""The guest image, made from Debian's packages and booted in QEMU."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.events import Event, Events
from stackwright.proof.guest import COMMAND_LINE, GuestImage, archive, make_guest
from stackwright.proof.guest.console import Answer, plain, read_console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UUID = "0f1c2b8e-5b0a-4d53-9a3c-6a2b7d1e9f00"
# A metadata service for one request, started by QEMU for each connection of the guest.
METADATA = f"""
import sys
request = sys.stdin.buffer.readline()
while sys.stdin.buffer.readline().strip():
    pass
body = {json.dumps({"uuid": UUID})!r} if b"meta_data.json" in request else "proof.novalocal"
sys.stdout.write("HTTP/1.0 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
"""
needs_a_machine = pytest.mark.skipif(
    not all(map(shutil.which, ("qemu-system-x86_64", "genisoimage"))),
    reason="needs QEMU and genisoimage: apt-get install qemu-system-x86 genisoimage",
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def guest(cache: Path) -> GuestImage:
    return make_guest(cache, Events())


def test_it_is_made_once(guest: GuestImage, cache: Path) -> None:
    heard: list[Event] = []
    events = Events()
    events.subscribe(heard.append)
    assert make_guest(cache, events) == guest
    assert heard == []


def test_made_anew_elsewhere_it_is_the_same_to_the_byte(guest: GuestImage, tmp_path: Path) -> None:
    again = make_guest(tmp_path, Events())
    assert again.key == guest.key
    assert again.kernel.read_bytes() == guest.kernel.read_bytes()
    assert again.initrd.read_bytes() == guest.initrd.read_bytes()


def test_the_archive_holds_what_the_first_program_needs(guest: GuestImage) -> None:
    entries = {entry.path: entry for entry in archive.unpack(guest.initrd.read_bytes())}
    for program in ("init", "bin/busybox", "bin/lease", "etc/acpi/PWRF/00000080"):
        assert entries[program].mode == stat.S_IFREG | 0o755, program
    assert entries["etc/passwd"].mode == stat.S_IFREG | 0o644
    assert entries["dev/console"].device == (5, 1)
    modules = [path for path in entries if path.endswith(".ko")]
    assert modules == sorted(modules)
    assert all(Path(path).parent.as_posix() in entries for path in entries if "/" in path)


def test_another_implementation_reads_the_archive(guest: GuestImage, tmp_path: Path) -> None:
    initrd = guest.initrd.read_bytes()
    extracting = ["busybox", "cpio", "-i", "-d", "etc/*", "bin/*"]
    subprocess.run(extracting, input=initrd, cwd=tmp_path, check=True, capture_output=True)
    for entry in archive.unpack(initrd):
        if entry.path.startswith(("etc/", "bin/")) and stat.S_ISREG(entry.mode):
            assert (tmp_path / entry.path).read_bytes() == entry.data
            assert os.access(tmp_path / entry.path, os.X_OK) == bool(entry.mode & 0o100)


class Machine:
    """A guest in QEMU: its console is a file, its buttons are pressed by the monitor."""

    def __init__(self, guest: GuestImage, folder: Path, *options: str) -> None:
        self.console, self.monitor = folder / "console", folder / "monitor"
        argv = ["qemu-system-x86_64", "-accel", "tcg,tb-size=32", "-m", "128", "-display", "none", "-no-reboot"]
        argv += ["-serial", "stdio", "-monitor", f"unix:{self.monitor},server=on,wait=off", "-append", COMMAND_LINE]
        argv += ["-kernel", str(guest.kernel), "-initrd", str(guest.initrd), *options]
        with self.console.open("wb") as console:
            self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=console)

    def wait(self, seen: Callable[[str], bool], seconds: float = 90) -> str:
        until = time.monotonic() + seconds
        while not seen(log := self.log()):
            assert time.monotonic() < until, f"waited in vain; the console says:\n{plain(log)}"
            time.sleep(0.1)
        return log

    def log(self) -> str:
        return self.console.read_text(errors="replace")

    def type(self, *lines: str) -> None:
        """Type lines at the prompts, each when the one before has had its effect."""
        assert self.process.stdin is not None
        for line in lines:
            before = len(self.log())
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
            self.wait(lambda log, before=before: "# " in plain(log[before:]))  # type: ignore[misc]

    def press_power_button(self) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.monitor))
            connection.sendall(b"system_powerdown\n")
            connection.recv(4096)
            self.process.wait(30)


@pytest.fixture
def boot(guest: GuestImage, tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    machines: list[Machine] = []

    def start(*options: str) -> Machine:
        machines.append(Machine(guest, tmp_path, *options))
        return machines[-1]

    yield start
    for machine in machines:
        machine.process.kill()
        machine.process.wait()


@needs_a_machine
def test_it_boots_to_a_lease_and_a_prompt_and_finds_what_a_cloud_gives(
    boot: Callable[..., Machine], tmp_path: Path
) -> None:
    service = tmp_path / "metadata.py"
    service.write_text(METADATA)
    latest = tmp_path / "drive/openstack/latest"
    latest.mkdir(parents=True)
    (latest / "meta_data.json").write_text(json.dumps({"uuid": UUID, "name": "proof"}))
    drive = tmp_path / "drive.iso"
    making = ["genisoimage", "-quiet", "-volid", "config-2", "-joliet", "-rock", "-output", str(drive)]
    subprocess.run([*making, str(tmp_path / "drive")], check=True)

    forward = f"guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {service}"
    machine = boot(
        *("-nic", f"user,model=virtio,net=169.254.169.0/24,{forward}"),
        *("-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=drive"),
        *("-drive", f"if=none,id=drive,format=raw,readonly=on,file={drive}"),
    )
    console = read_console(machine.wait(lambda log: read_console(log).login))
    assert console.lease == Answer(True, "169.254.169.15")
    assert console.config_drive == Answer(True, UUID)
    assert console.metadata == Answer(True, UUID)

    machine.type("root", "echo I am $(hostname), $(cat /run/hostname)")
    assert "I am proof, proof.novalocal" in plain(machine.log())
    machine.press_power_button()
    assert machine.process.returncode == 0


@needs_a_machine
def test_without_a_cloud_it_says_what_is_missing_and_still_lets_one_in(boot: Callable[..., Machine]) -> None:
    machine = boot("-nic", "user,model=virtio,restrict=on")
    console = read_console(machine.wait(lambda log: read_console(log).login, 150))
    assert console.lease == Answer(True, "10.0.2.15")
    assert console.config_drive == Answer(False, "no disk is labelled config-2")
    assert console.metadata is not None
    assert not console.metadata.ok
    assert "tried 10 times" in console.metadata.text


@needs_a_machine
def test_without_a_network_the_guest_says_so(boot: Callable[..., Machine]) -> None:
    machine = boot("-nic", "none")
    log = machine.wait(lambda log: read_console(log).lease is not None)
    lease = read_console(log).lease
    assert lease is not None
    assert not lease.ok
