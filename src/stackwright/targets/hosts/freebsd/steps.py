"""What is done on a host once its files are there, in the order of what needs what: as lines that sh(1) reads.

A line calls a function of the installer, which looks whether it is done already.
"""

from __future__ import annotations

import shlex
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from stackwright.targets.hosts.freebsd.folder import PRIVATE, Member, member
from stackwright.targets.hosts.freebsd.host import ROOT, SHELL, line, mark, rc_name
from stackwright.targets.hosts.freebsd.rc import SCRIPTS, SETTINGS, environment_file
from stackwright.targets.naming import qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackwright.catalogue.model import Health, Process, RowHealth, Service, Task
    from stackwright.targets.hosts.freebsd.host import Host

DATABASES, IDENTITY, ADMINISTRATOR = "databases", "identity", "administrator"
DOMAIN = "default"


def steps(host: Host) -> str:
    """Give all steps, those that others wait for first."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for service, entry in host.services.items():
        for name, after, text in _of_service(host, service, entry):
            found[name] = (tuple(dict.fromkeys(after)), text)
    order = TopologicalSorter({name: [one for one in after if one in found] for name, (after, _) in found.items()})
    return SHELL + "".join(found[name][1] for name in order.static_order())


def _of_service(host: Host, service: str, entry: Service) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Give name, what it waits for and line of each step."""
    ground: tuple[str, ...] = ()
    if entry.databases:
        provider = _database(host)
        yield f"{service}/{DATABASES}", (provider,), line("database", service, *entry.databases)
        ground = (f"{service}/{DATABASES}",)
    before: tuple[str, ...] = ()
    for task in entry.tasks:
        after = before if task.after is None else qualified(service, task.after)
        yield f"{service}/{task.name}", (*ground, *after), _task(host, service, task)
        before = (f"{service}/{task.name}",)
    tasks = tuple(f"{service}/{task.name}" for task in entry.tasks)
    for name, wish in entry.processes.items():
        if name in host.platform.of(service).off:
            continue
        after = tasks if wish.after is None else qualified(service, wish.after)
        yield f"{service}/{name}", (*ground, *after), _start(host, service, name, wish)
    provides = entry.provides.identity
    if provides is not None:
        text = line(ADMINISTRATOR, f"{service}/{provides.administrator}", host.user(service))
        yield f"{service}/{ADMINISTRATOR}", (f"{service}/{provides.process}", *tasks), text
    if entry.identity is not None:
        yield f"{service}/{IDENTITY}", (_administrator(host),), _identity(host, service)


def _task(host: Host, service: str, task: Task) -> str:
    until, renderer = task.until, host.renderers[service]
    name = f"{service}/{task.name}"
    reached: tuple[str, ...]
    if until.path is not None:
        reached = ("path", renderer.text(until.path))
    elif until.row is not None:
        reached = _row(host, service, until.row)
    elif until.output is not None:
        reached = ("output", renderer.text(until.output.contains), *renderer.words(until.output.command))
    else:
        reached = ("record", name, host.migrations.get(name, ""))
    seconds = round(task.wait) if task.wait else 0
    return line("task", name, host.user(service), str(seconds), *reached)


def _row(host: Host, service: str, row: RowHealth) -> tuple[str, ...]:
    renderer = host.renderers[service]
    return "row", renderer.text(row.database), renderer.text(row.query)


def _start(host: Host, service: str, name: str, wish: Process) -> str:
    script = host.script(service, name)
    reads = [str(file.path) for file in host.reads(service, wish)]
    if script is not None:
        made_of = [f"{SETTINGS}/{script.name}", *reads]
        rc = script.script
    else:
        rc = rc_name(service, name)
        made_of = [f"{SCRIPTS}/{rc}", environment_file(host, service, name), *reads]
    if service in host.values.environments:
        made_of.append(str(host.values.environments[service]))
    health = _health(host, service, wish.health)
    return line("start", rc, str(round(wish.health.seconds)), str(len(health)), *health, *made_of)


def _health(host: Host, service: str, health: Health) -> tuple[str, ...]:
    listening = health.http or health.tcp
    if listening is not None:
        return "port", str(host.values.state.ports[listening.port])
    if health.unix is not None:
        return "socket", host.renderers[service].text(health.unix)
    return _row(host, service, health.row) if health.row is not None else ("alive",)


def _identity(host: Host, service: str) -> str:
    entry, renderer = host.services[service], host.renderers[service]
    known = entry.identity
    assert known is not None
    url = f"http://127.0.0.1:{host.values.state.ports[known.port]}{renderer.text(known.path)}"
    lines = [line(IDENTITY, known.type, known.name, known.user or "-", url, entry.title)]
    lines += [line("role", role) for role in known.roles]
    for name, domain in known.domains.items():
        lines.append(line("domain", name, domain.description))
        lines += [
            line("domain_user", name, user, f"{service}-{own.secret}", *own.roles) for user, own in domain.users.items()
        ]
    return "".join(lines)


def _database(host: Host) -> str:
    return next(
        f"{name}/{entry.provides.database.process}"
        for name, entry in host.services.items()
        if entry.provides.database is not None
    )


def _administrator(host: Host) -> str:
    return next(
        f"{name}/{ADMINISTRATOR}" for name, entry in host.services.items() if entry.provides.identity is not None
    )


def task_scripts(host: Host) -> Iterator[Member]:
    """Give the commands of tasks, a script each; the installer puts the secrets in."""
    for service, entry in host.services.items():
        for task in entry.tasks:
            if task.command is None:
                continue
            renderer = host.renderers[service]
            home = str(host.paths.data(service))
            variables = {"HOME": home, **host.platform.environment, **renderer.map(task.environment)}
            exports = "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
            names = " ".join(sorted(variables))
            command = line(*renderer.words(task.command))
            text = f"#!/bin/sh\n# {service}: {task.summary}.\n{exports}export {names}\ncd /\nexec {command}"
            yield member(f"tasks/{service}-{task.name}.sh", text)


def database_scripts(host: Host) -> Iterator[Member]:
    """Give what makes the databases and their users, and how a user reaches them: read by mysql(1), never its words.

    The statements are those of MySQL 8 (dev.mysql.com/doc/refman: CREATE USER, GRANT).
    """
    for service, entry in host.services.items():
        if entry.provides.database is not None:
            password = mark(f"{service}-{ROOT}")
            yield member(f"databases/{ROOT}.sql", f"alter user root@localhost identified by '{password}';\n")
        if not entry.databases:
            continue
        password = mark(f"{service}-database")
        lines = [f"create database if not exists `{name}` character set utf8mb3;\n" for name in entry.databases]
        for account in (f"'{service}'@'127.0.0.1'", f"'{service}'@localhost"):
            lines.append(f"create user if not exists {account} identified by '{password}';\n")
            lines.append(f"alter user {account} identified by '{password}';\n")
            lines += [f"grant all on `{name}`.* to {account};\n" for name in entry.databases]
        yield member(f"databases/{service}.sql", "".join(lines))
        provider = _database(host).partition("/")[0]
        port = host.values.state.ports[f"{provider}-{next(iter(host.services[provider].ports))}"]
        options = f"[client]\nuser = {service}\npassword = {password}\nhost = 127.0.0.1\nport = {port}\n"
        yield member(f"databases/{service}.cnf", options)


def clouds(host: Host) -> Iterator[Member]:
    """Give the file by which the client is the administrator, or a service (docs.openstack.org/openstacksdk)."""
    for name, entry in host.services.items():
        provider = entry.provides.identity
        if provider is None:
            continue
        url = host.renderers[name].text(provider.url)
        text = "clouds:\n" + _cloud(host, "admin", "admin", mark(f"{name}-{provider.password}"), url)
        for service, other in host.services.items():
            if other.identity is not None and other.identity.user:
                text += _cloud(host, other.identity.user, "service", mark(f"{service}-identity"), url)
            for domain, about in other.identity.domains.items() if other.identity is not None else ():
                for user, own in about.users.items():
                    text += _cloud_of_domain(host, user, domain, mark(f"{service}-{own.secret}"), url)
        yield member(f"{IDENTITY}/clouds.yaml", text)


def _cloud(host: Host, user: str, project: str, password: str, url: str) -> str:
    scope = {"project_name": project, "user_domain_id": DOMAIN, "project_domain_id": DOMAIN}
    return _login(host, user, password, url, scope)


def _cloud_of_domain(host: Host, user: str, domain: str, password: str, url: str) -> str:
    return _login(host, user, password, url, {"domain_name": domain, "user_domain_name": domain})


def _login(host: Host, user: str, password: str, url: str, scope: Mapping[str, str]) -> str:
    about = {"auth_url": url, "username": user, "password": f'"{password}"', **scope}
    auth = "".join(f"      {name}: {value}\n" for name, value in about.items())
    return f"  {user}:\n    auth:\n{auth}    region_name: {host.values.region}\n    identity_api_version: 3\n"


def secrets(values: Mapping[str, str]) -> Iterator[Member]:
    """Give the secrets, a file each that its owner alone can read."""
    for name, value in values.items():
        yield member(f"secrets/{name}", f"{value}\n", PRIVATE)
