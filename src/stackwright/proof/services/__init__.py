"""What services prove of themselves in the smoke test, beyond servers: a module a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.proof.services import barbican, cinder, designate, heat, horizon, swift

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.proof.services.proof import ServiceProof

# Service of the catalogue -> its proof.
PROOFS: Mapping[str, ServiceProof] = {
    "barbican": barbican.PROOF,
    "cinder": cinder.PROOF,
    "designate": designate.PROOF,
    "heat": heat.PROOF,
    "horizon": horizon.PROOF,
    "swift": swift.PROOF,
}
