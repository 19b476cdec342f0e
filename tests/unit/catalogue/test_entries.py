"""Every entry of our own catalogue: what its templates and steps name is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackwright.build.cache import ArtifactCache
from stackwright.catalogue.catalogue import own_catalogue
from stackwright.plan.step import Step, done
from stackwright.site.files import render_files
from stackwright.site.paths import LONGEST_RUN_DIRECTORY, SitePaths
from stackwright.site.render import Renderer
from stackwright.targets.local.assemble import cloud_graph
from stackwright.targets.local.cloud import Cloud
from stackwright.targets.local.teardown import down_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Service
    from stackwright.site.files import RenderedFile
    from stackwright.site.render import Values

CIRCLE = "its metadata agent asks nova, which requires neutron: an entry of its own would end the circle"
every_entry = pytest.mark.parametrize("name", sorted(own_catalogue().services))


def rendered(values: Values) -> dict[str, dict[str, RenderedFile]]:
    return {name: render_files(entry, Renderer(values, name)) for name, entry in values.selection.services.items()}


def made_up(values: Values, tmp_path: Path) -> tuple[Cloud, list[Step], dict[str, tuple[str, ...]], ArtifactCache]:
    cloud = Cloud(values=values, files=rendered(values), identities={}, migrations={})
    environments = [Step(f"{name}/environment", "", done, lambda _: None) for name in values.environments]
    needs: dict[str, tuple[str, ...]] = {name: (f"{name}/environment",) for name in values.environments}
    return cloud, environments, needs, ArtifactCache(tmp_path / "cache")


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from texts(key)
            yield from texts(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from texts(below)


@every_entry
def test_every_template_renders(everything: Values, name: str) -> None:
    # What a service shares is rendered for the one that takes it, with that one's files; rings name their own things.
    entry = everything.selection.services[name].model_dump(exclude={"shared", "rings", "alternatives"})
    renderer = Renderer(everything, name)
    for template in texts(entry):
        text = renderer.text(template)
        assert "{{" not in text
        assert "None" not in text.split()


def test_every_file_renders_and_takes_in_what_others_share(everything: Values) -> None:
    files = rendered(everything)
    conf = files["nova"]["nova.conf"].text
    assert "\n[keystone_authtoken]\nauth_type = password\n" in conf
    assert "username = nova\npassword = S3cretOfnovaidentity\n" in conf
    assert "include =" not in "".join(file.text for service in files.values() for file in service.values())


def test_a_port_that_was_chosen_is_the_one_in_every_file(core: Values) -> None:
    access = "".join(file.text for service in rendered(core).values() for file in service.values())
    assert "127.0.0.1:5000/v3" in access
    assert own_catalogue().service("nova").ports["api"] == 8774
    assert core.state.ports["nova-api"] == 10774
    assert "8774" not in access


@every_entry
def test_what_an_entry_names_is_there(everything: Values, name: str) -> None:
    entry = everything.selection.services[name]
    ports, secrets = everything.selection.ports(), everything.selection.secrets()
    assert set(named_ports(entry)) <= set(ports)
    for process in entry.processes.values():
        assert set(process.reads or ()) <= set(entry.files)
    for task in entry.tasks:
        assert set(task.fills) <= set(entry.databases)
        assert entry.component or task.until.trees is None
    assert set(entry.lasting) <= set(entry.secrets)
    if entry.databases:
        assert f"{name}-database" in secrets
    if entry.identity and entry.identity.user:
        assert f"{name}-identity" in secrets
    for domain in entry.identity.domains.values() if entry.identity else ():
        assert {user.secret for user in domain.users.values()} <= set(entry.secrets)
    assert set(entry.lasting) <= set(entry.secrets)
    if entry.provides.identity:
        assert f"{name}-{entry.provides.identity.password}" in secrets
    for provider in (entry.provides.identity, entry.provides.database):
        assert provider is None or provider.process in entry.processes


def test_no_two_services_would_like_the_same_port() -> None:
    ports = own_catalogue().select(own_catalogue().services).ports()
    assert len(set(ports.values())) == len(ports)


def named_ports(entry: Service) -> Iterator[str]:
    if entry.identity:
        yield entry.identity.port
    for process in entry.processes.values():
        yield from (form.port for form in (process.wsgi, process.health.http, process.health.tcp) if form)


@every_entry
def test_what_an_entry_takes_from_another_it_requires(name: str) -> None:
    entry = own_catalogue().service(name)
    brought = set(own_catalogue().select([name]).services)
    waited_for = {
        step.partition("/")[0]
        for after in (*(task.after for task in entry.tasks), *(process.after for process in entry.processes.values()))
        for step in after or ()
        if "/" in step
    }
    assert waited_for <= brought


@pytest.mark.parametrize(
    "name",
    [
        *sorted(own_catalogue().services.keys() - {"neutron"}),
        pytest.param("neutron", marks=pytest.mark.xfail(reason=CIRCLE, strict=True)),
    ],
)
def test_a_site_of_one_service_makes_a_graph(
    name: str, make_values: Callable[[Selection], Values], tmp_path: Path
) -> None:
    selection = own_catalogue().select([name])
    graph = cloud_graph(*made_up(make_values(selection), tmp_path))
    assert {f"{service}/config" for service in selection.services} <= set(graph.by_name)


def test_the_graph_of_a_cloud_has_every_task_process_and_identity_once(everything: Values, tmp_path: Path) -> None:
    graph = cloud_graph(*made_up(everything, tmp_path))
    for name, entry in everything.selection.services.items():
        assert {f"{name}/{task.name}" for task in entry.tasks} <= set(graph.by_name)
        assert {f"{name}/{process}" for process in entry.processes} <= set(graph.by_name)
        assert (f"{name}/identity" in graph.by_name) == (entry.identity is not None)
    order = [step.name for step in graph.ordered()]
    for before, after in [
        ("machine/packages", "mariadb/system-tables"),
        ("mariadb/server", "nova/databases"),
        ("nova/databases", "nova/db-sync"),
        ("nova/environment", "nova/db-sync"),
        ("nova/db-sync", "nova/conductor"),
        ("keystone/bootstrap", "nova/identity"),
        ("nova/compute", "nova/compute-mapped"),
        ("machine/supervisor", "memcached/server"),
    ]:
        assert order.index(before) < order.index(after)


def test_a_cloud_goes_down_in_the_opposite_order(core: Values, tmp_path: Path) -> None:
    cloud, *_ = made_up(core, tmp_path)
    order = [step.name for step in down_graph(cloud).ordered()]
    for first, later in [
        ("nova/compute", "libvirt/daemon"),
        ("nova/api", "keystone/api"),
        ("nova/conductor", "mariadb/server"),
        ("keystone/api", "mariadb/server"),
        ("rabbitmq/server", "rabbitmq/epmd"),
        ("mariadb/server", "machine/supervisor"),
        ("machine/supervisor", "machine/network"),
    ]:
        assert order.index(first) < order.index(later)


def test_no_secret_is_a_word_of_a_command(everything: Values) -> None:
    for name, entry in everything.selection.services.items():
        renderer = Renderer(everything, name)
        commands = [command for process in entry.processes.values() for command in process.stop.before]
        commands += [task.command for task in entry.tasks if task.command]
        commands += [process.command for process in entry.processes.values() if process.command]
        for command in commands:
            assert not any(
                secret in word for word in renderer.words(command) for secret in everything.state.secrets.values()
            )


def test_only_their_owners_read_files_that_hold_secrets(everything: Values) -> None:
    for files in rendered(everything).values():
        for file in files.values():
            if any(secret in file.text for secret in everything.state.secrets.values()):
                assert file.mode & 0o077 == 0


def test_sockets_have_room_below_the_longest_state_directory(everything: Values) -> None:
    longest = SitePaths(Path("/" + "x" * (LONGEST_RUN_DIRECTORY - len("//run"))))
    for name, entry in everything.selection.services.items():
        renderer = Renderer(replace(everything, paths=longest), name)
        for process in entry.processes.values():
            if process.health.unix:
                assert len(renderer.text(process.health.unix)) <= 107  # unix(7)


def test_a_cloud_and_its_files_do_not_tell_their_secrets(everything: Values, tmp_path: Path) -> None:
    cloud, *_ = made_up(everything, tmp_path)
    told = f"{cloud!r} {everything!r} {cloud.access!r} {cloud.supervisor!r}"
    assert not [secret for secret in everything.state.secrets.values() if secret in told]
