"""Databases: the steps that make them, and how they are filled for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.plan.step import Context, Step, Verdict, done, needed, unseen
from stackwright.tools.mariadb import DatabaseUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.build.cache import ArtifactCache
    from stackwright.catalogue.model import Task
    from stackwright.targets.local.cloud import Cloud
    from stackwright.tools.mariadb import Server

SEEDS, SEED = "seeds", "seed.sql"


def databases_step(cloud: Cloud, service: str, after: tuple[str, ...]) -> Step:
    """Make the step ``<service>/databases``: its databases and the user it reaches them as."""
    names = cloud.selection.services[service].databases
    password = cloud.state.secrets[f"{service}-database"]

    def check() -> Verdict:
        if not cloud.database.socket.exists():
            return unseen("the database server does not run yet")
        try:
            lacking = [name for name in names if not cloud.database.lets_in(service, password, name)]
        except DatabaseUnreachableError as error:  # a server that was killed leaves its socket behind
            return unseen(error.what)
        return needed(f"{service} cannot use {', '.join(lacking)}") if lacking else done()

    def do(_: Context) -> None:
        for name in names:
            cloud.database.create(name, service, password)

    return Step(f"{service}/databases", f"make {', '.join(names)} and their user", check, do, after, seconds=0.1)


def fill(database: Server, task: Task, identity: str, artifacts: ArtifactCache, carry_out: Callable[[], None]) -> None:
    """Make a task's databases anew and fill them.

    What a service's migrations make of empty databases depends on the migrations alone, so it is kept as an artifact,
    a seed, and other sites' databases are made from that, in a tenth of the time.

    :param identity: what the migrations are made of
    :param carry_out: runs the task's own command
    """
    assert task.command is not None
    inputs = {
        "migrations": identity,
        "command": task.command,
        "databases": task.fills,
        "server": database.version(),
    }
    key = key_of("seed", *inputs.values())
    for name in task.fills:
        database.recreate(name)
    kept = artifacts.find(SEEDS, key)
    if kept is not None:
        database.load(kept / SEED)
        return
    carry_out()

    def dump(directory: Path) -> Provenance:
        database.dump(task.fills, directory / SEED)
        return Provenance(inputs, {}, {SEED: sha256_of(directory / SEED)})

    artifacts.make(SEEDS, key, dump)
