"""A dry run of an upgrade's database migrations, on a database server of its own."""

from stackwright.proof.migrations.dry_run import dry_run
from stackwright.proof.migrations.model import Compared, DryRun, Ran, findings, with_dry_runs
from stackwright.proof.migrations.schema import Difference

__all__ = ["Compared", "Difference", "DryRun", "Ran", "dry_run", "findings", "with_dry_runs"]
