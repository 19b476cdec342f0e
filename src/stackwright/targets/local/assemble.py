"""The graph of a cloud: every step, and what each waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.plan.graph import Graph
from stackwright.targets.local import machine
from stackwright.targets.local.databases import databases_step
from stackwright.targets.local.files import config_step
from stackwright.targets.local.identities import administrator, administrator_step, identity_step
from stackwright.targets.local.processes import process_step, removed_step
from stackwright.targets.local.rings import rings_step
from stackwright.targets.local.tasks import task_step
from stackwright.targets.naming import qualified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.cache import ArtifactCache
    from stackwright.catalogue.model import Service
    from stackwright.plan.step import Step
    from stackwright.targets.local.cloud import Cloud


def cloud_graph(
    cloud: Cloud,
    artifact_steps: Iterable[Step],
    artifacts_of: Mapping[str, tuple[str, ...]],
    artifacts: ArtifactCache,
) -> Graph:
    """Make the graph that brings a cloud up.

    :param artifact_steps: the steps that make wheels and environments
    :param artifacts_of: service -> those of them that its programs need
    :param artifacts: the cache that they are in
    """
    steps = [machine.packages_step(cloud), machine.users_step(cloud), machine.network_step(cloud)]
    steps += [machine.supervisor_step(cloud), removed_step(cloud, (machine.SUPERVISOR,)), *artifact_steps]
    packages = sorted({package for service in cloud.selection.services.values() for package in service.unpack})
    steps += [machine.unpack_step(package, cloud.values.unpacked) for package in packages]
    for name, service in cloud.selection.services.items():
        steps += _service_steps(cloud, name, service, artifacts_of.get(name, ()), artifacts)
    return Graph(tuple(steps))


def _service_steps(
    cloud: Cloud, name: str, service: Service, made_of: tuple[str, ...], artifacts: ArtifactCache
) -> list[Step]:
    config = f"{name}/config"
    steps = [config_step(cloud, name, (machine.USERS,))]
    ground = (
        machine.PACKAGES,
        machine.NETWORK,
        config,
        *made_of,
        *(f"machine/{package}" for package in service.unpack),
    )
    if service.databases:
        provider, process = _database_process(cloud)
        steps.append(databases_step(cloud, name, (f"{provider}/{process}",)))
        ground += (f"{name}/databases",)
    if service.rings is not None:
        steps.append(rings_step(cloud, name, (config, *made_of)))
    before: tuple[str, ...] = ()
    for task in service.tasks:
        after = before if task.after is None else qualified(name, task.after)
        steps.append(task_step(cloud, name, task, (*ground, *after), artifacts))
        before = (f"{name}/{task.name}",)
    all_tasks = tuple(f"{name}/{task.name}" for task in service.tasks)
    for process, wish in service.processes.items():
        after = all_tasks if wish.after is None else qualified(name, wish.after)
        steps.append(process_step(cloud, name, process, (*ground, machine.SUPERVISOR, *after)))
    if service.provides.identity is not None:
        steps.append(administrator_step(cloud, _identity_there(cloud)))
    if service.identity is not None:
        steps.append(identity_step(cloud, name, (administrator(cloud.identity_provider[0]),)))
    return steps


def _database_process(cloud: Cloud) -> tuple[str, str]:
    service, provider = cloud.database_provider
    return service, provider.process


def _identity_there(cloud: Cloud) -> tuple[str, ...]:
    """Give the steps after which the identity service answers and knows its administrator."""
    service, provider = cloud.identity_provider
    tasks = cloud.selection.services[service].tasks
    return (f"{service}/{provider.process}", *(f"{service}/{task.name}" for task in tasks))
