"""The proof of block storage: what a guest writes to a volume is there after a snapshot, a restore and a reboot."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, TypeVar

from openstack.exceptions import NotFoundException

from stackwright.errors import CheckFailedError
from stackwright.proof import scene
from stackwright.proof.guest.console import SERIAL, read_console
from stackwright.proof.report import wait_for
from stackwright.proof.services.proof import ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.block_storage.v3.snapshot import Snapshot
    from openstack.block_storage.v3.volume import Volume
    from openstack.compute.v2.server import Server
    from openstack.connection import Connection

    from stackwright.proof.guest.console import VolumeSeen
    from stackwright.proof.services.proof import Ground, ServerParts

SERVICE = "cinder"
SIZE = 1  # GiB, of which only what is written takes room
Thing = TypeVar("Thing", bound="Volume | Snapshot")
PATIENCE, GUEST_PATIENCE = 90.0, 180.0  # seconds: for the service; for a guest under emulation on a busy machine


class _Volumes:
    def __init__(self, ground: Ground) -> None:
        self.connection, self.recorder = ground.connection, ground.recorder
        self.name, self.mark = f"{ground.name}-volume", secrets.token_hex(8)

    @property
    def storage(self) -> Any:
        return self.connection.block_storage

    def prove(self, parts: ServerParts | None) -> None:
        self._back_ends()
        with self.recorder.check("volume", SERVICE) as check:
            volume = self._available(self.storage.create_volume(name=self.name, size=SIZE))
            check.detail = f"{SIZE} GiB in {volume.host or 'the back end'}"
        server = self._written(volume, parts) if parts else None
        with self.recorder.check("volume-snapshot", SERVICE) as check:
            snapshot = self._snapshot(volume)
            restored = self._available(
                self.storage.create_volume(name=f"{self.name}-restored", size=SIZE, snapshot_id=snapshot.id)
            )
            check.detail = "made, and restored into another volume"
        if server is not None:
            self._read(server, restored)
        with self.recorder.check("volume-delete", SERVICE) as check:
            if server is not None:
                scene.delete_server(self.connection, server)
            _delete(self.connection, [restored.id], [snapshot.id])
            _delete(self.connection, [volume.id], [])
            check.detail = "volumes and snapshot are gone"

    def _back_ends(self) -> None:
        with self.recorder.check("back-ends", SERVICE) as check:
            services = [one for one in self.storage.services() if one.binary == "cinder-volume"]
            down = [one.host for one in services if one.state != "up" and one.status == "enabled"]
            if down or not services:
                raise CheckFailedError(
                    f"back ends of cinder do not work, or are no longer named: {', '.join(down) or 'there is none'};"
                    " `cinder-manage service remove cinder-volume HOST@BACKEND` forgets one that is gone for good"
                )
            check.detail = f"up: {', '.join(one.host for one in services)}"

    def _written(self, volume: Volume, parts: ServerParts) -> Server:
        with self.recorder.check("volume-written", SERVICE) as check:
            server = self.connection.compute.create_server(
                name=self.name,
                image_id=parts.image,
                flavor_id=parts.flavor,
                networks=[{"uuid": parts.network}],
                metadata={"mark": self.mark},
            )
            server = scene.wait_active(self.connection, server)
            self._attach(server, volume)
            self._said(server, volume, "wrote")
            check.detail = "attached to a server, and its guest has written to it"
            self._detach(server, volume)
        return server

    def _read(self, server: Server, restored: Volume) -> None:
        with self.recorder.check("volume-restored", SERVICE) as check:
            self._attach(server, restored)
            seen = self._said(server, restored, "has")
            check.detail = "the guest reads from it what it had written"
        with self.recorder.check("volume-reboot", SERVICE) as check:
            self.connection.compute.reboot_server(server, "HARD")
            self._said(server, restored, "has", since=seen)
            check.detail = "after a reboot too"
            self._detach(server, restored)

    def _said(self, server: Server, volume: Volume, did: str, since: VolumeSeen | None = None) -> VolumeSeen:
        """Wait until the guest says what it is to say of a volume, in a later start than an earlier time."""

        def look() -> VolumeSeen | None:
            try:
                output = self.connection.compute.get_server_console_output(server)["output"]
            except NotFoundException:  # it is being started again
                return None
            told = [one for one in read_console(output).volumes if one.serial == volume.id[:SERIAL]]
            now = [one for one in told if since is None or one.boot != since.boot]
            return next((one for one in now if (one.did, one.mark) == (did, self.mark)), None)

        return wait_for(look, f"the guest does not say that the volume {did} what was written", GUEST_PATIENCE, 0.5)

    def _snapshot(self, volume: Volume) -> Snapshot:
        snapshot = self.storage.create_snapshot(name=self.name, volume_id=volume.id)

        def look() -> Snapshot | None:
            return _settled(self.storage.get_snapshot(snapshot.id), "available")

        return wait_for(look, f"the snapshot {self.name} did not become available", PATIENCE)

    def _available(self, volume: Volume) -> Volume:
        def look() -> Volume | None:
            return _settled(self.storage.get_volume(volume.id), "available")

        return wait_for(look, f"the volume {volume.name} did not become available", PATIENCE)

    def _attach(self, server: Server, volume: Volume) -> None:
        self.connection.compute.create_volume_attachment(server, volume_id=volume.id)
        wait_for(
            lambda: _settled(self.storage.get_volume(volume.id), "in-use"),
            f"the volume {volume.name} was not attached",
            PATIENCE,
        )

    def _detach(self, server: Server, volume: Volume) -> None:
        self.connection.compute.delete_volume_attachment(server, volume.id)
        self._available(volume)


def _settled(thing: Thing, status: str) -> Thing | None:
    """Give a volume or snapshot in a state; nothing as long as it is in another."""
    if thing.status.startswith("error"):
        raise CheckFailedError(f"cinder says of {thing.name}: {thing.status}")
    return thing if thing.status == status else None


def _prove(ground: Ground) -> None:
    _Volumes(ground).prove(ground.parts)


def _delete(connection: Connection, volumes: list[str], snapshots: list[str]) -> None:
    storage: Any = connection.block_storage

    def are_gone(get: Callable[[str], Any], ids: list[str]) -> bool:
        for one in ids:
            try:
                now = get(one)
            except NotFoundException:
                continue
            if now.status.startswith("error"):
                raise CheckFailedError(f"cinder says of {now.name}: {now.status}")
            return False
        return True

    for one in volumes:
        storage.delete_volume(one)
    wait_for(lambda: are_gone(storage.get_volume, volumes), "the volumes were not deleted", PATIENCE)
    for one in snapshots:
        storage.delete_snapshot(one)
    wait_for(lambda: are_gone(storage.get_snapshot, snapshots), "the snapshots were not deleted", PATIENCE)


def _remove(connection: Connection, is_ours: Callable[[str], bool]) -> Iterator[str]:
    storage: Any = connection.block_storage
    volumes = [one for one in storage.volumes() if is_ours(one.name or "")]
    for volume in volumes:
        for attachment in volume.attachments:
            server = connection.compute.find_server(attachment["server_id"], ignore_missing=True)
            if server is not None:
                scene.delete_server(connection, server)
    for snapshot in [one for one in storage.snapshots() if is_ours(one.name or "")]:
        restored = [one for one in volumes if one.snapshot_id == snapshot.id]
        _delete(connection, [one.id for one in restored], [snapshot.id])
        volumes = [one for one in volumes if one not in restored]
        yield f"snapshot {snapshot.name}"
    for volume in volumes:
        _delete(connection, [volume.id], [])
        yield f"volume {volume.name}"


PROOF = ServiceProof(_prove, _remove)
