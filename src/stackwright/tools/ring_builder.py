"""swift's ring builder, in a service's environment (https://docs.openstack.org/swift/latest/overview_ring.html)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.tools import python

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = Path(__file__).with_name("ring_builder_inside.py")


def work(environment: Path, asked: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any] | None]:
    """Make and change rings.

    :param asked: of each ring ``builder`` and ``ring``, the paths of its two files; ``changes``, in their order;
        ``seed``, a text that the laying out depends on
    :return: path of the builder -> how its ring is; or ``older``, ``version`` and ``ring_version``, where the ring's
        file was made of a later version of the builder, and nothing was done; nothing where there is no ring
    :raises RunFailedError: the builder refuses
    """
    told: dict[str, dict[str, Any] | None] = json.loads(
        python.ask(environment, SCRIPT, [], json.dumps(list(asked)).encode())
    )
    return told
