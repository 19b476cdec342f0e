"""The guest image: made from two of Debian's packages and the files in ``root/``, once."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import ArtifactCache, Provenance, key_of, sha256_of
from stackwright.build.scratch import scratch_directory
from stackwright.errors import EnvironmentLacksError
from stackwright.events import Kind
from stackwright.proof.guest import archive
from stackwright.tools import apt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from stackwright.events import Events

SUBJECT = "guest image"
NEWEST_KERNEL = "linux-image-cloud-amd64"  # a package of nothing but the requirement of the newest
BUSYBOX = "busybox-static"
# With both, what programs write goes to the last, and the kernel's own words to both: the console log and the picture.
COMMAND_LINE = "console=tty1 console=ttyS0 quiet"
DIRECTORIES = ("dev", "mnt", "modules", "proc", "root", "run", "sys", "tmp")
# Folder of the guest -> what is loaded from it, in this order: first what the lease needs, then, while the guest waits
# for that, disk, config drive (a CD) and power button.
MODULES = {
    "modules/network": (
        "drivers/virtio/virtio_ring",
        "drivers/virtio/virtio",
        "drivers/virtio/virtio_pci_modern_dev",
        "drivers/virtio/virtio_pci_legacy_dev",
        "drivers/virtio/virtio_pci",
        "net/core/failover",
        "drivers/net/net_failover",
        "drivers/net/virtio_net",
    ),
    "modules/others": (
        "drivers/block/virtio_blk",
        "drivers/scsi/scsi_common",
        "drivers/scsi/scsi_mod",
        "drivers/scsi/virtio_scsi",
        "drivers/cdrom/cdrom",
        "drivers/scsi/sr_mod",
        "fs/isofs/isofs",
        "drivers/input/evdev",
        "drivers/acpi/button",
    ),
}


@dataclass(frozen=True)
class GuestImage:
    """A kernel and the archive it boots into.

    :param key: of everything that they are made from
    """

    kernel: Path
    initrd: Path
    key: str


def make_guest(cache: Path, events: Events) -> GuestImage:
    """Give the guest image, made first if it is not in the cache.

    :param cache: the directory of all artifacts
    :raises EnvironmentLacksError: apt does not know or cannot download a package, or no space
    """
    sources = _sources(cache)
    try:
        return _make(cache, sources, events)
    except apt.DownloadFailedError:
        # It has renewed the package lists: the mirror may have a newer kernel, and that one only.
        renewed = _sources(cache)
        if renewed == sources:
            raise
        return _make(cache, renewed, events)


@dataclass(frozen=True)
class _Sources:
    """The packages that a guest image is made of.

    :param wanted: the package that requires the newest kernel, and busybox's
    :param kernel: the kernel's package as apt takes it: ``name=version``
    """

    wanted: tuple[apt.Candidate, ...]
    kernel: str


def _log(cache: Path) -> Path:
    return cache / "guests.log"


def _sources(cache: Path) -> _Sources:
    wanted = apt.candidates((NEWEST_KERNEL, BUSYBOX), _log(cache))
    kernel = re.search(r"(linux-image-\S+) \(= (\S+)\)", wanted[0].depends)
    if kernel is None:
        raise EnvironmentLacksError(f"the package {NEWEST_KERNEL} names no kernel", why=wanted[0].depends)
    return _Sources(wanted, f"{kernel[1]}={kernel[2]}")


def _make(cache: Path, sources: _Sources, events: Events) -> GuestImage:
    root = tuple(_below(resources.files("stackwright.proof.guest") / "root"))
    contents = [(entry.path, entry.mode, sha256(entry.data).hexdigest()) for entry in root]
    # The kernel's own hash is not needed: its version is in the package that requires it.
    key = key_of("guest", [package.sha256 for package in sources.wanted], MODULES, DIRECTORIES, contents)

    def maker(directory: Path) -> Provenance:
        started = time.monotonic()
        events.emit(Kind.STARTED, SUBJECT, f"make it from {sources.kernel} and {BUSYBOX}")
        with scratch_directory(cache / "unfinished") as scratch:
            kernel, busybox = scratch / "kernel", scratch / "busybox"
            apt.unpack(sources.kernel, kernel, _log(cache))
            apt.unpack(f"{BUSYBOX}={sources.wanted[1].version}", busybox, _log(cache))
            shutil.copyfile(_only(kernel, "boot/vmlinuz-*"), directory / "kernel")
            entries = [*_system(), *root, *_modules(kernel), *_busybox(busybox)]
        (directory / "initrd").write_bytes(archive.pack(entries))
        events.emit(Kind.DONE, SUBJECT, "kernel and initrd", time.monotonic() - started)
        return Provenance(
            inputs={package.name: {"version": package.version, "sha256": package.sha256} for package in sources.wanted},
            tools={},
            outputs={name: sha256_of(directory / name) for name in ("kernel", "initrd")},
        )

    made = ArtifactCache(cache).make("guests", key, maker)
    return GuestImage(made / "kernel", made / "initrd", key)


def _system() -> Iterator[archive.Entry]:
    """Give what the first program finds before it has mounted anything."""
    yield from map(archive.directory, DIRECTORIES)
    yield archive.character_device("dev/console", 5, 1)
    yield archive.character_device("dev/null", 1, 3)


def _below(folder: Traversable, path: str = "") -> Iterator[archive.Entry]:
    """Give the files below a folder of the package; scripts become programs."""
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.is_dir():
            yield archive.directory(path + item.name)
            yield from _below(item, f"{path}{item.name}/")
        else:
            data = item.read_bytes()
            yield archive.file(path + item.name, data, executable=data.startswith(b"#!"))


def _modules(package: Path) -> Iterator[archive.Entry]:
    """Give the kernel's modules, named so that their names' order is the one to load them in."""
    for folder, modules in MODULES.items():
        yield archive.directory(folder)
        for number, module in enumerate(modules):
            source = _only(package, f"lib/modules/*/kernel/{module}.ko")
            yield archive.file(f"{folder}/{number:02}-{source.name}", source.read_bytes())


def _busybox(package: Path) -> Iterator[archive.Entry]:
    yield archive.file("bin/busybox", _only(package, "bin/busybox").read_bytes(), executable=True)


def _only(package: Path, pattern: str) -> Path:
    """Give the one file of an unpacked package that fits a pattern."""
    found = list(package.glob(pattern))
    if len(found) != 1:
        raise EnvironmentLacksError(
            f"the package {package.name} has {len(found)} files like {pattern}, and the guest needs one",
            why="it is laid out as no package was when this was written (Debian 12)",
        )
    return found[0]
