"""Makes and changes rings by swift's RingBuilder: runs in an environment that has swift, and imports nothing of ours.

What it reads from standard input and prints is told in ``stackwright.tools.ring_builder``.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from swift.common.ring import RingBuilder, RingData  # type: ignore[import-not-found]

LAYING_OUT = {"create", "replicas", "add", "move", "weight", "remove", "rebalance"}
# A rebalance moves one replica of a partition at most; of partitions that may be moved again at once, all in so many.
ROUNDS = 100
BALANCED = 1.0  # percent that a device may have more or less than its share


def main() -> None:
    """Do what is asked for, ring by ring."""
    json.dump({one["builder"]: work(**one) for one in json.load(sys.stdin)}, sys.stdout)


def work(builder: str, ring: str, changes: list[dict[str, Any]], seed: str) -> dict[str, Any] | None:
    """Change one ring; without a change, tell how it is."""
    made = RingBuilder.load(builder) if Path(builder).exists() else None
    of_ring = RingData.load(ring, metadata_only=True).version if Path(ring).exists() else None
    newer = of_ring is not None and (made is None or of_ring > made.version)
    if newer:
        return {"older": True, "version": made.version if made else 0, "ring_version": of_ring}
    for change in changes:
        made = apply(made, change)
    if made is None:
        return None
    still = False
    if any(change["action"] in LAYING_OUT for change in changes):
        still = lay_out(made, seed)
    if changes:
        made.validate()
        # First what the ring is made from: cut off in between, the ring is the older one, and is written again.
        made.save(builder + ".new")
        Path(builder + ".new").replace(builder)
    made.get_ring().save(ring + ".new")
    Path(ring + ".new").replace(ring)
    return {**told(made), "settled": still or made.get_balance() <= BALANCED}


def lay_out(made: Any, seed: str) -> bool:
    """Lay the partitions out anew, and tell whether nothing is left to be moved, now or later."""
    for _ in range(ROUNDS):
        free = made.min_part_seconds_left == 0
        moved, _, _ = made.rebalance(seed=seed)
        if moved == 0 or made.min_part_seconds_left > 0:
            return bool(free and moved == 0)
    return True


def apply(made: Any, change: dict[str, Any]) -> Any:
    """Apply a change."""
    action, device = change["action"], change["device"]
    if action == "create":
        return RingBuilder(change["part_power"], change["replicas"], change["min_part_hours"])
    if action == "replicas":
        made.set_replicas(change["replicas"])
    elif action == "min-part-hours":
        made.change_min_part_hours(change["min_part_hours"])
    elif action == "rebalance":
        pass
    elif action == "add":
        own = {"ip": change["ip"], "port": change["port"]}
        own.update(replication_ip=change["ip"], replication_port=change["port"], device=device.partition("/")[2])
        own.update({key: change[key] for key in ("region", "zone", "weight", "meta")})
        made.add_dev(own)
    else:
        found = next(one for one in made.devs if one is not None and name_of(one) == device)
        if action == "move":
            made.set_dev_region(found["id"], change["region"])
            made.set_dev_zone(found["id"], change["zone"])
        elif action == "weight":
            made.set_dev_weight(found["id"], change["weight"])
        elif action == "remove":
            made.remove_dev(found["id"])
        elif action == "info":
            found.update(ip=change["ip"], port=change["port"], meta=change["meta"])
            found.update(replication_ip=change["ip"], replication_port=change["port"])
            made.version += 1
    return made


def name_of(device: dict[str, Any]) -> str:
    """Give the name of a device: what is kept of it besides ends in that of its node."""
    return f"{device['meta'].rpartition('/')[2]}/{device['device']}"


def told(made: Any) -> dict[str, Any]:
    """Tell how a ring is."""
    devices = [
        {
            "name": name_of(one),
            "partitions": one["parts"],
            **{key: one[key] for key in ("region", "zone", "weight", "ip", "port", "meta")},
        }
        for one in made.devs
        if one is not None
    ]
    return {
        "version": made.version,
        "part_power": made.part_power,
        "replicas": made.replicas,
        "min_part_hours": made.min_part_hours,
        "devices": devices,
        "moves_at": time.time() + made.min_part_seconds_left,
    }


main()
