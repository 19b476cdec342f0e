"""Steps from the catalogue's tasks: a command, and what is seen in reality when it has done its work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError
from stackwright.plan.step import Context, Step, Verdict, done, needed, unseen
from stackwright.targets.local.databases import fill
from stackwright.targets.local.health import PATIENCE, row_lacks
from stackwright.tools import process
from stackwright.tools.mariadb import DatabaseUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackwright.build.cache import ArtifactCache
    from stackwright.catalogue.model import Network, Output, Task
    from stackwright.targets.local.cloud import Cloud
    from stackwright.tools.mariadb import Server


def task_step(cloud: Cloud, service: str, task: Task, after: tuple[str, ...], artifacts: ArtifactCache) -> Step:
    """Make the step ``<service>/<task>``.

    :param artifacts: keeps the databases that a task once filled, for the next site
    """
    name = f"{service}/{task.name}"
    renderer = cloud.renderer(service)
    identity = cloud.migrations.get(name, "")
    begun = f"{name} begun"

    def check() -> Verdict:
        until = task.until
        if until.path is not None:
            path = Path(renderer.text(until.path))
            return done() if path.exists() else needed(f"there is no {path.name} yet")
        if until.output is not None:
            return _output(cloud, service, task.network, until.output)
        if until.row is not None:
            lacks = row_lacks(cloud, service, until.row)
            if not lacks:
                return done()
            return needed(lacks) if cloud.database.socket.exists() else unseen("the database server does not run yet")
        return _recorded(cloud, name, identity)

    def do(context: Context) -> None:
        if task.command is None:
            return  # the step only waits

        def carry_out() -> None:
            run_task(cloud, service, task, context.log)

        if task.fills and cloud.database.record(name) is None and _are_nobodys(cloud.database, task.fills, begun):
            cloud.database.set_record(begun, identity)
            fill(cloud.database, task, identity, artifacts, carry_out)
        else:
            carry_out()
        if task.until.trees is not None:
            cloud.database.set_record(name, identity)

    heavy = task.command is not None and task.seconds >= 1
    return Step(name, task.summary, check, do, after, task.seconds, heavy, settle=task.wait)


def run_task(cloud: Cloud, service: str, task: Task, log: Path) -> None:
    """Run the command of a task, whatever reality has of it already."""
    assert task.command is not None
    renderer = cloud.renderer(service)
    argv = cloud.within(task.network, renderer.words(task.command))
    process.run(argv, env=renderer.map(task.environment), cwd=cloud.paths.root, log=log)


def _are_nobodys(database: Server, names: Iterable[str], begun: str) -> bool:
    """Tell whether databases may be made anew: they are empty, or a run that was cut off has left them half filled.

    That nothing is recorded is not enough: the record may be lost, or a task have got another name, and the data is
    the user's.
    """
    return database.record(begun) is not None or all(database.is_empty(name) for name in names)


def _output(cloud: Cloud, service: str, network: Network, output: Output) -> Verdict:
    renderer = cloud.renderer(service)
    wanted = renderer.text(output.contains)
    try:
        completed = process.run(cloud.within(network, renderer.words(output.command)), timeout=PATIENCE)
    except EnvironmentLacksError as error:
        return unseen(error.what)
    except process.ProgramFailedError:
        return needed(f"{output.command[0]} cannot tell of {wanted} yet")
    return done() if wanted in completed.text else needed(f"{output.command[0]} does not tell of {wanted} yet")


def _recorded(cloud: Cloud, name: str, identity: str) -> Verdict:
    if not cloud.database.socket.exists():
        return unseen("the database server does not run yet")
    try:
        recorded = cloud.database.record(name)
    except DatabaseUnreachableError as error:
        return unseen(error.what)
    if recorded is None:
        return needed("it has never been done to its end")
    return done() if recorded == identity else needed("the migrations in the component's tree changed")
