"""The opposite plans: stop a cloud so that it can come back, and remove it so that nothing of it is left."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from stackwright.plan.graph import Graph
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.targets.local.machine import NETWORK, SUPERVISOR
from stackwright.targets.local.processes import program_name
from stackwright.targets.naming import qualified
from stackwright.tools import namespaces, process
from stackwright.tools.supervisor import RUNNING_STATES

if TYPE_CHECKING:
    from stackwright.targets.local.cloud import Cloud


def down_graph(cloud: Cloud) -> Graph:
    """Make the graph that stops a cloud: each process before those it was started after."""
    followers: dict[str, list[str]] = {}
    processes = [(service, name) for service, entry in cloud.selection.services.items() for name in entry.processes]
    for service, before in _started_after(cloud).items():
        for name in before:
            followers.setdefault(name, []).append(service)
    steps = [
        _stop_step(cloud, service, name, tuple(sorted(set(followers.get(f"{service}/{name}", ())))))
        for service, name in processes
    ]
    steps.append(_stop_supervisor_step(cloud, tuple(step.name for step in steps)))
    steps.append(_remove_network_step(cloud))
    return Graph(tuple(steps))


def remove(cloud: Cloud) -> None:
    """Remove everything that a stopped cloud has left in the state directory; what it is known by goes last."""
    paths = cloud.paths
    for entry in paths.root.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry not in (paths.state, paths.lock):
            entry.unlink()
    shutil.rmtree(paths.root)


def _started_after(cloud: Cloud) -> dict[str, tuple[str, ...]]:
    """Give for each process those that a stopping cloud must keep until it has ended: by order and by requirement."""
    after: dict[str, tuple[str, ...]] = {}
    services = cloud.selection.services
    for service, entry in services.items():
        required = tuple(f"{other}/{name}" for other in entry.requires for name in services[other].processes)
        for name, wish in entry.processes.items():
            named = [step for step in qualified(service, wish.after or ()) if _is_process(cloud, step)]
            after[f"{service}/{name}"] = (*required, *named)
    return after


def _is_process(cloud: Cloud, step: str) -> bool:
    service, _, name = step.partition("/")
    return name in cloud.selection.services[service].processes


def _stop_step(cloud: Cloud, service: str, name: str, after: tuple[str, ...]) -> Step:
    wish = cloud.selection.services[service].processes[name]
    program = program_name(service, name)

    def check() -> Verdict:
        running = cloud.watch.process(program)
        if running is None or running.state not in RUNNING_STATES | {"STOPPING", "BACKOFF"}:
            return done()
        return needed("it runs")

    def do(context: Context) -> None:
        for command in wish.stop.before:
            process.run(cloud.renderer(service).words(command), check=False, log=context.log)
        cloud.supervisor.stop(program)
        cloud.watch.look_again()

    return Step(f"{service}/{name}", f"stop {service}'s {name}", check, do, after, seconds=1)


def _stop_supervisor_step(cloud: Cloud, after: tuple[str, ...]) -> Step:
    def check() -> Verdict:
        return needed("it runs") if cloud.supervisor.pid() else done()

    def do(_: Context) -> None:
        cloud.supervisor.shutdown()
        cloud.watch.look_again()

    return Step(SUPERVISOR, "stop the process supervisor", check, do, after, seconds=0.5)


def _remove_network_step(cloud: Cloud) -> Step:
    namespace = cloud.state.namespace

    def check() -> Verdict:
        return needed("it is there") if (namespaces.NAMESPACES / namespace).exists() else done()

    def do(_: Context) -> None:
        namespaces.remove([namespace])

    return Step(NETWORK, f"remove the network namespace {namespace}", check, do, (SUPERVISOR,), seconds=0.1)
