"""Scripts for rc(8), their settings, and the rotation of their logs: rc.subr(8), daemon(8), newsyslog.conf(5)."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stackwright.catalogue.serving import uwsgi
from stackwright.site.platform import LOOPBACK
from stackwright.targets.hosts.freebsd.host import filled_text, quoted, rc_name
from stackwright.targets.hosts.freebsd.placing import HostFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.catalogue.model import Process
    from stackwright.targets.hosts.freebsd.host import Host

SCRIPTS = "/usr/local/etc/rc.d"
SETTINGS = "/usr/local/etc/rc.conf.d"
ROTATION = "/usr/local/etc/newsyslog.conf.d/stackwright.conf"
KEPT, KILOBYTES = 7, 10240  # logs that were rotated, and how long one grows


def rc_files(host: Host) -> Iterator[HostFile]:
    """Give the scripts and the settings of all processes, and one file of newsyslog(8)'s for all logs."""
    logs = []
    for service, entry in host.services.items():
        for process, wish in entry.processes.items():
            if host.script(service, process) is not None:
                yield _settings_of_package(host, service, process, wish)
                continue
            name = rc_name(service, process)
            yield HostFile(f"{SCRIPTS}/{name}", _script(host, service, process, wish), mode=0o755)
            yield HostFile(f"{SETTINGS}/{name}", _settings(host, service, process))
            yield HostFile(environment_file(host, service, process), _environment(host, service, wish))
            logs.append(f"{log_of(host, service, process)}\t600\t{KEPT}\t{KILOBYTES}\t*\tJC\t{_pid_file(name)}\t1\n")
    heading = "# logfile\tmode\tcount\tsize\twhen\tflags\tpid_file\tsignal: daemon(8) opens its log anew at SIGHUP\n"
    yield HostFile(ROTATION, heading + "".join(logs))


def environment_file(host: Host, service: str, process: str) -> str:
    """Give the place of a process's environment: rc.subr(8) reads it as ``NAME_env_file``."""
    return f"{host.paths.etc(service)}/{process}.env"


def log_of(host: Host, service: str, process: str) -> str:
    """Give the place of a process's log."""
    return f"{host.paths.log_of(service)}/{process}.log"


def _pid_file(name: str) -> str:
    return f"/var/run/{name}.pid"


def _script(host: Host, service: str, process: str, wish: Process) -> str:
    name, renderer = rc_name(service, process), host.renderers[service]
    if wish.wsgi is not None:
        port = host.values.state.ports[wish.wsgi.port]
        command = uwsgi(host.values.environments[service], wish.wsgi, [LOOPBACK], port)
    else:
        assert wish.command is not None  # the model has one of both
        command = renderer.words(wish.command)
    user = host.user_of_process(service, process)
    words = [
        *("-H", "-o", log_of(host, service, process)),
        *("-P", _pid_file(name), "-p", f"/var/run/{name}.child.pid"),
        *("-R", "5", "-t", name, "-u", user, "--"),
        *command,
    ]
    return filled_text(
        "rc.d",
        name=name,
        title=quoted(f"{host.services[service].title}: {process}" + (f", {wish.summary}" if wish.summary else "")),
        requires=" ".join(_requires(host, service, process, wish)),
        program=command[0],
        environment_file=environment_file(host, service, process),
        required=" ".join(shlex.quote(str(file.path)) for file in host.reads(service, wish)),
        pid_file=_pid_file(name),
        arguments=quoted(shlex.join(words)),
    )


def _requires(host: Host, service: str, process: str, wish: Process) -> Iterator[str]:
    """Give what comes before a process at the start: what the entry says, and what it requires."""
    entry = host.services[service]
    found = {"LOGIN": None}
    for other in entry.requires:
        for one in host.services[other].processes:
            found[host.provides(other, one)] = None
    for step in wish.after or ():
        owner, _, one = step.rpartition("/")
        owner = owner or service
        if owner in host.services and one in host.services[owner].processes and (owner, one) != (service, process):
            found[host.provides(owner, one)] = None
    return iter(found)


def _settings(host: Host, service: str, process: str) -> str:
    why = host.platform.of(service).off.get(process)
    note = f"# {why}\n" if why else ""
    return f'{note}{rc_name(service, process)}_enable="{"NO" if why else "YES"}"\n'


def _settings_of_package(host: Host, service: str, process: str, wish: Process) -> HostFile:
    script, renderer = host.script(service, process), host.renderers[service]
    assert script is not None
    settings = renderer.map(script.settings)
    if script.arguments and wish.command is not None:
        settings[script.arguments] = shlex.join(renderer.words(wish.command)[1:])
    lines = [f"{name}={quoted(value)}\n" for name, value in settings.items()]
    return HostFile(f"{SETTINGS}/{script.name}", "".join(lines))


def _environment(host: Host, service: str, wish: Process) -> str:
    variables = {**host.platform.environment, **host.renderers[service].map(wish.environment)}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables.items()))
