"""Steps that keep a process of the catalogue running under supervision, as it is wished and healthy."""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import TYPE_CHECKING

from stackwright.catalogue.serving import uwsgi
from stackwright.errors import EnvironmentLacksError, RunFailedError, Where
from stackwright.plan.step import Context, Step, Verdict, done, needed
from stackwright.targets.local.health import ailment
from stackwright.tools import network, process
from stackwright.tools.supervisor import DEAD_STATES, RUNNING_STATES, Program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stackwright.catalogue.model import Process
    from stackwright.targets.local.cloud import Cloud

LOG_LINES = 25
POLL = 0.05
PORT_SECONDS = 3.0  # that a port may be taken for after its process has ended
# A process that takes longer to come up than this keeps a processor busy meanwhile (seconds).
HEAVY = 2
REMOVED = "machine/removed"


def process_step(cloud: Cloud, service: str, name: str, after: tuple[str, ...]) -> Step:
    """Make the step ``<service>/<process>``."""
    wish = cloud.selection.services[service].processes[name]
    program = _program(cloud, service, name, wish)

    def check() -> Verdict:
        return _verdict(cloud, service, wish, program)

    def do(_: Context) -> None:
        if (patience := _still_starting(cloud, wish, program)) > 0:
            # A run that was cut off has started it. To stop a broker or a database in its first start would harm it.
            _wait_until_healthy(cloud, program.name, program.log, patience, check)
            return
        cloud.supervisor.stop(program.name)
        _refuse_taken_ports(cloud, service, wish)
        cloud.supervisor.replace(program)
        cloud.watch.look_again()
        _wait_until_healthy(cloud, program.name, program.log, wish.health.seconds, check)

    summary = f"run {service}'s {name}" + (f": {wish.summary}" if wish.summary else "")
    return Step(f"{service}/{name}", summary, check, do, after, wish.seconds, heavy=wish.seconds >= HEAVY)


def removed_step(cloud: Cloud, after: tuple[str, ...]) -> Step:
    """Make the step that stops the processes of services which the site has had, and has no more."""
    wanted = {
        program_name(service, name) for service, entry in cloud.selection.services.items() for name in entry.processes
    }

    def unwanted() -> list[str]:
        return [name for name in cloud.supervisor.defined() if name not in wanted]

    def check() -> Verdict:
        names = unwanted()
        return needed(f"no service of the site has {', '.join(names)}") if names else done()

    def do(_: Context) -> None:
        for name in unwanted():
            cloud.supervisor.remove(name)
        cloud.watch.look_again()

    return Step(REMOVED, "stop what the site has no more; its data stays", check, do, after, seconds=0.1)


def restart_process(cloud: Cloud, service: str, name: str) -> None:
    """Restart a process from what it was started from, and wait until it is healthy.

    :raises RunFailedError: it does not come up
    """
    wish, program = cloud.selection.services[service].processes[name], program_name(service, name)
    cloud.supervisor.restart(program)
    cloud.watch.look_again()

    def verdict() -> Verdict:
        running = cloud.watch.process(program)
        if running is None or running.state not in RUNNING_STATES:
            return needed("it does not run")
        lacks = ailment(cloud, service, wish.health, running.started)
        return needed(lacks) if lacks else done()

    _wait_until_healthy(cloud, program, cloud.log(service, name), wish.health.seconds, verdict)


def program_name(service: str, name: str) -> str:
    """Give the name of a process under the supervisor."""
    return f"{service}-{name}"


def _program(cloud: Cloud, service: str, name: str, wish: Process) -> Program:
    renderer = cloud.renderer(service)
    environment = {
        # Services write their logs to their output; without this they would arrive late.
        "PYTHONUNBUFFERED": "1",
        # glibc gives each thread a heap of its own, up to eight a processor (mallopt(3)).
        "MALLOC_ARENA_MAX": "2",
        "PATH": os.defpath + ":/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin",
        "LC_ALL": "C.UTF-8",
        **renderer.map(wish.environment),
    }
    command = renderer.words(wish.command) if wish.command is not None else _uwsgi(cloud, service, wish)
    command = cloud.within(wish.network, command)
    reads = wish.reads if wish.reads is not None else tuple(cloud.files[service])
    made_of = [
        *(command, sorted(environment.items()), wish.user, cloud.identities.get(service, "")),
        *(cloud.files[service][file].text for file in reads),
    ]
    return Program(
        name=program_name(service, name),
        command=command,
        environment=environment,
        made_of=hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:32],
        user=wish.user,
        directory=cloud.paths.root,
        log=cloud.log(service, name),
        stop_signal=wish.stop.signal,
        stop_seconds=wish.stop.seconds,
    )


def _uwsgi(cloud: Cloud, service: str, wish: Process) -> tuple[str, ...]:
    """Give the command that serves a WSGI application."""
    assert wish.wsgi is not None
    addresses = ["127.0.0.1", *([cloud.state.site_address] if wish.wsgi.compute else [])]
    static = cloud.renderer(service).map(wish.wsgi.static)
    venv, port = cloud.values.environments[service], cloud.state.ports[wish.wsgi.port]
    return uwsgi(venv, wish.wsgi, addresses, port, static=static)


def _verdict(cloud: Cloud, service: str, wish: Process, program: Program) -> Verdict:
    running = cloud.watch.process(program.name)
    if running is None or running.state not in RUNNING_STATES:
        return needed("it does not run" + (f" ({running.state.lower()})" if running else ""))
    if cloud.supervisor.started_from(program.name) != program.made_of:
        return needed("it runs from what it was before: restart")
    lacks = ailment(cloud, service, wish.health, running.started)
    return needed(f"it runs, but {lacks}") if lacks else done()


def _still_starting(cloud: Cloud, wish: Process, program: Program) -> float:
    """Give the seconds that a process which runs as it is wished still has to become healthy; 0 if it does not run."""
    running = cloud.watch.process(program.name)
    if running is None or running.state not in RUNNING_STATES:
        return 0
    if cloud.supervisor.started_from(program.name) != program.made_of:
        return 0
    return max(running.started + wish.health.seconds - time.time(), 0)


def _refuse_taken_ports(cloud: Cloud, service: str, wish: Process) -> None:
    """Say who has the port that a process is about to want, rather than let it die of it.

    Children of one that had to be killed take a moment to go after it, and its port with them.
    """
    until = time.monotonic() + PORT_SECONDS
    wanted = [health.port for health in (wish.health.http, wish.health.tcp) if health is not None]
    for name in wanted:
        port = cloud.state.ports[name]
        while (holder := network.listener(port)) and time.monotonic() < until:
            time.sleep(POLL)
        if holder:
            raise EnvironmentLacksError(
                f"port {port} of 127.0.0.1, which {service} is to listen on, is taken by {holder}",
                fix=f"end that process, or give another number in the site's file: `ports: {{{name}: NUMBER}}`",
            )


def _wait_until_healthy(cloud: Cloud, program: str, log: Path, patience: float, look: Callable[[], Verdict]) -> None:
    """Wait until a look at a process finds it healthy.

    :raises RunFailedError: it ended, or is not healthy after so many seconds; with the last lines of its log
    """
    until = time.monotonic() + patience
    verdict = needed("it has not started")
    while time.monotonic() < until:
        running = cloud.watch.process(program)
        if running is not None and running.state in DEAD_STATES:
            cloud.supervisor.stop(program)
            raise _died(program, log, running.message or "it ended by itself right after its start")
        verdict = look()
        if verdict.done:
            return
        time.sleep(POLL)
    raise _died(program, log, f"after {patience:g} s: {verdict.reason}")


def _died(program: str, log: Path, why: str) -> RunFailedError:
    lines = process.tail(log, LOG_LINES).splitlines()
    return RunFailedError(
        f"{program} does not come up",
        where=Where(file=log),
        why=why,
        details="\n".join(f"    {line}" for line in lines),
    )
