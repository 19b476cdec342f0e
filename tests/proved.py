"""Sets of artifacts and evidence made up for a test: numbers and names instead of hashes and builds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stackwright.proof.artifacts import Artifact, ArtifactSet, ordered
from stackwright.proof.evidence import Evidence, What

BEGIN = datetime(2026, 11, 1, 8, tzinfo=UTC)
TREE = "a" * 40


def digest(number: int) -> str:
    return f"{number:064x}"


def set_of(number: int = 1) -> ArtifactSet:
    """Give a set that differs from those of other numbers."""
    wheels = [
        Artifact(kind="wheel", name="nova", version="34.0.0.post2", patches=2, tree=TREE, digest=digest(number)),
        Artifact(kind="wheel", name="glance", version="33.0.0", tree="b" * 40, digest=digest(2)),
    ]
    environment = Artifact(kind="environment", name="nova", version="3.11", key="c" * 32, digest=digest(3))
    return ArtifactSet("2026.2", "local", ordered([*wheels, environment]))


def of_tests(
    scope: str = "affected", *, hour: int = 0, passed: int = 10, failed: int = 0, skipped: int = 0
) -> Evidence:
    """Give evidence of the set's one patched tree."""
    return _evidence(What.TESTS, TREE, scope, "nova", hour, (passed, failed, skipped))


def of_tempest(
    artifacts: ArtifactSet, scope: str = "smoke", *, hour: int = 0, passed: int = 10, failed: int = 0, skipped: int = 0
) -> Evidence:
    return _evidence(What.TEMPEST, artifacts.id, scope, "", hour, (passed, failed, skipped))


def _evidence(
    what: What, subject: str, scope: str, component: str, hour: int, counts: tuple[int, int, int]
) -> Evidence:
    passed, failed, skipped = counts
    return Evidence(
        what=what,
        component=component,
        subject=subject,
        scope=scope,
        passed=passed,
        failed=failed,
        skipped=skipped,
        when=BEGIN + timedelta(hours=hour),
        stackwright="1.0",
        environment="e" * 32,
    )
