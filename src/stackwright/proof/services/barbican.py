"""The proof of the key manager: a secret is stored, read back, and gone when it was deleted."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stackwright.errors import CheckFailedError
from stackwright.proof.services.proof import ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.connection import Connection

    from stackwright.proof.services.proof import Ground

SERVICE = "barbican"
NOT_FOUND = 404


def _prove(ground: Ground) -> None:
    manager, payload = ground.connection.key_manager, secrets.token_hex(16)
    with ground.recorder.check("secret", SERVICE) as check:
        stored = manager.create_secret(name=ground.name, payload=payload, payload_content_type="text/plain")
        read = manager.get_secret(stored.secret_id).payload
        if read != payload:
            raise CheckFailedError("the secret that was read is not the one that was stored")
        check.detail = "stored, and read back as it was"
    with ground.recorder.check("secret-delete", SERVICE) as check:
        manager.delete_secret(stored.secret_id)
        # Asked for plainly: the SDK gives an empty secret for one that is not there.
        status = manager.get(f"/secrets/{stored.secret_id}").status_code
        if status != NOT_FOUND:
            raise CheckFailedError(f"the secret was deleted, and barbican answers {status} to who asks for it")
        check.detail = "it is gone"


def _remove(connection: Connection, is_ours: Callable[[str], bool]) -> Iterator[str]:
    for secret in connection.key_manager.secrets():
        if is_ours(secret.name or ""):
            connection.key_manager.delete_secret(secret.secret_id)
            yield f"secret {secret.name}"


PROOF = ServiceProof(_prove, _remove)
