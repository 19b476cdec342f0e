"""The proof of an object store: a large object goes in by segments, and the same comes out."""

from __future__ import annotations

import hashlib
import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from openstack.exceptions import SDKException

from stackwright.errors import CheckFailedError
from stackwright.proof.services.proof import ServiceProof

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openstack.connection import Connection

    from stackwright.proof.services.proof import Ground

SERVICE = "swift"
MEGABYTES, SEGMENTS = 200, 4
CHUNK = 2**20
OBJECT = "object"


def _prove(ground: Ground) -> None:
    try:
        with ground.recorder.check("object", SERVICE) as check:
            wanted = _store(ground.connection, ground.name, MEGABYTES * 10**6 // SEGMENTS)
            check.detail = f"{MEGABYTES} MB in {SEGMENTS} segments"
        with ground.recorder.check("object-read", SERVICE) as check:
            found = _read(ground.connection, ground.name)
            if found != wanted:
                raise CheckFailedError(f"another object came back: its SHA-256 is {found}, and was {wanted}")
            check.detail = "the same came back"
    finally:
        with suppress(SDKException):
            list(_remove(ground.connection, ground.name.__eq__))


def _store(connection: Connection, container: str, size: int) -> str:
    """Store an object in segments, as a static large object; gives its SHA-256.

    :param size: of a segment, in bytes
    :raises CheckFailedError: the object store does not take it (https://docs.openstack.org/api-ref/object-store/)
    """
    _ask(connection, "PUT", f"/{container}")
    whole, segments = hashlib.sha256(), []
    for number in range(SEGMENTS):
        data = random.Random(f"{container} {number}").randbytes(size)
        whole.update(data)
        path, etag = f"/{container}/segments/{number}", hashlib.md5(data, usedforsecurity=False).hexdigest()
        _ask(connection, "PUT", path, data=data, headers={"ETag": etag})
        segments.append({"path": path, "etag": etag, "size_bytes": len(data)})
    manifest = f"/{container}/{OBJECT}?multipart-manifest=put"
    _ask(connection, "PUT", manifest, data=json.dumps(segments).encode())
    return whole.hexdigest()


def _read(connection: Connection, container: str) -> str:
    """Read that object, and give the SHA-256 of what comes."""
    response = _ask(connection, "GET", f"/{container}/{OBJECT}", stream=True)
    whole = hashlib.sha256()
    for chunk in response.iter_content(CHUNK):
        whole.update(chunk)
    return whole.hexdigest()


def _remove(connection: Connection, is_ours: Callable[[str], bool]) -> Iterator[str]:
    """Remove the containers of some names with all that is in them, and give what that was."""
    store = connection.object_store
    for container in list(store.containers()):
        if is_ours(container.name):
            for one in list(store.objects(container.name)):
                store.delete_object(one, container=container.name, ignore_missing=True)
            store.delete_container(container.name, ignore_missing=True)
            yield f"container {container.name}"


def _ask(connection: Connection, method: str, path: str, **more: Any) -> Any:
    """Ask the object store for something.

    :raises CheckFailedError: it does not do it
    """
    response = connection.object_store.request(path, method, **more)
    if response.status_code >= 400:
        raise CheckFailedError(f"the object store answers {response.status_code} to {method} {path}")
    return response


PROOF = ServiceProof(_prove, _remove)
