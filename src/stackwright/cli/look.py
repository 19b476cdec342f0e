"""Commands that look at a running site, and restart a part of it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceCommand, WorkspaceLister
from stackwright.errors import InputError, suggestion
from stackwright.plan.journal import Journal
from stackwright.plan.lock import exclusive
from stackwright.proof.console import console_url
from stackwright.site.access import clouds_yaml, openrc
from stackwright.targets.local.health import ailment
from stackwright.targets.local.processes import program_name, restart_process
from stackwright.targets.local.wish import known_cloud
from stackwright.tools.supervisor import RUNNING_STATES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from stackwright.targets.local.cloud import Cloud

FOLLOW_INTERVAL = 0.3


class Status(WorkspaceLister):
    """List the site's processes; exit status 1 if one is not healthy."""

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:  # noqa: ARG002
        """Ask the supervisor and each process."""
        cloud = known_cloud(self.workspace.site, state=self.workspace.state)
        rows = [_row(cloud, service, name) for service, name in _processes(cloud)]
        self._unhealthy = [row for row in rows if row[1] != "healthy"]
        return ("Process", "Health", "PID", "Memory (MiB)", "Since", "Log"), rows

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list."""
        super().run(parsed_args)
        return 1 if self._unhealthy else 0


class Logs(WorkspaceCommand):
    """Print the log of a service's processes."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the process and how to print."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service", help="a service (nova) or one of its processes (nova-api)")
        parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
        parser.add_argument("-n", "--lines", type=int, default=50, help="how many of the last lines (%(default)s)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print the last lines, and follow."""
        cloud = known_cloud(self.workspace.site, state=self.workspace.state)
        logs = {
            program_name(service, name): cloud.log(service, name)
            for service, name in _named(cloud, parsed_args.service)
        }
        places = {name: self._last(name, log, parsed_args.lines, many=len(logs) > 1) for name, log in logs.items()}
        while parsed_args.follow:
            for name, log in logs.items():
                with log.open(errors="replace") as stream:
                    if log.stat().st_size < places[name]:  # it was rotated
                        places[name] = 0
                    stream.seek(places[name])
                    for line in stream:
                        self.say(f"{name}: {line.rstrip()}" if len(logs) > 1 else line.rstrip())
                    places[name] = stream.tell()
            self.app.stdout.flush()
            time.sleep(FOLLOW_INTERVAL)

    def _last(self, name: str, log: Path, lines: int, *, many: bool) -> int:
        if not log.exists():
            return 0
        with log.open(errors="replace") as stream:
            for line in stream.readlines()[-lines:]:
                self.say(f"{name}: {line.rstrip()}" if many else line.rstrip())
            return stream.tell()


class Restart(WorkspaceCommand):
    """Restart a service's processes as they are; `up` restarts what has changed by itself."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the process."""
        parser = super().get_parser(prog_name)
        parser.add_argument("service", help="a service (nova) or one of its processes (nova-api)")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Restart each and wait until it is healthy."""
        workspace = self.workspace
        cloud = known_cloud(workspace.site, state=workspace.state)
        with exclusive(workspace.paths.lock, "stackwright restart"):
            for service, name in _named(cloud, parsed_args.service):
                begun = time.monotonic()
                restart_process(cloud, service, name)
                self.say(f"{program_name(service, name)} restarted ({time.monotonic() - begun:.1f} s)")


class Env(WorkspaceCommand):
    """Print what the stock openstack client needs; for a shell: eval "$(stackwright env)"."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the form."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--files", action="store_true", help="print the places of openrc and clouds.yaml instead")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print variables that name the files; the password stays in them."""
        workspace = self.workspace
        known_cloud(workspace.site, state=workspace.state)
        if parsed_args.files:
            self.say(str(openrc(workspace.paths)))
            self.say(str(clouds_yaml(workspace.paths)))
            return
        self.say(f"export OS_CLIENT_CONFIG_FILE={clouds_yaml(workspace.paths)}")
        self.say(f"export OS_CLOUD={workspace.site.name}")


class Console(WorkspaceCommand):
    """Print the address of a server's console, for a browser; or the end of what it has printed."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the server and the kind."""
        parser = super().get_parser(prog_name)
        parser.add_argument("server", help="name or id")
        parser.add_argument(
            "--type", choices=("novnc", "spice-direct", "log"), default="novnc", help="kind of console (%(default)s)"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask nova."""
        cloud = known_cloud(self.workspace.site, state=self.workspace.state)
        self.say(console_url(cloud.access, parsed_args.server, parsed_args.type))


class Runs(WorkspaceLister):
    """List the runs of the site, or the steps of one with their reasons and times."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add the run."""
        parser = super().get_parser(prog_name)
        parser.add_argument("run", nargs="?", help="a number, or `last`: list its steps, the longest first")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Read the journal."""
        workspace = self.workspace
        known_cloud(workspace.site, state=workspace.state)
        journal = Journal(workspace.paths.journal)
        runs = journal.runs()
        if parsed_args.run is None:
            rows = [
                (
                    run.number,
                    run.command,
                    _clock(run.started),
                    _seconds(run.started, run.ended),
                    run.outcome or "cut off",
                )
                for run in runs
            ]
            return ("Run", "Command", "Started", "Seconds", "Outcome"), rows
        numbers = {str(run.number): run.number for run in runs}
        wanted = str(runs[-1].number) if parsed_args.run == "last" and runs else parsed_args.run
        if wanted not in numbers:
            raise InputError(
                f"there is no run {parsed_args.run!r}", fix=suggestion(parsed_args.run, [*numbers, "last"])
            )
        steps = journal.steps(numbers[wanted])
        steps_by_length = sorted(steps, key=lambda step: step.started - (step.ended or step.started))
        return ("Step", "Seconds", "Outcome", "Why", "Log"), [
            (step.name, _seconds(step.started, step.ended), step.outcome or "cut off", step.reason, step.log)
            for step in steps_by_length
        ]


def _processes(cloud: Cloud) -> Iterator[tuple[str, str]]:
    for service, entry in cloud.selection.services.items():
        for name in entry.processes:
            yield service, name


def _named(cloud: Cloud, word: str) -> list[tuple[str, str]]:
    """Give the processes that a word means: those of a service, or one."""
    found = [pair for pair in _processes(cloud) if word in (pair[0], program_name(*pair))]
    if not found:
        known = {word for pair in _processes(cloud) for word in (pair[0], program_name(*pair))}
        raise InputError(f"the site has no service or process {word!r}", fix=suggestion(word, known))
    return found


def _row(cloud: Cloud, service: str, name: str) -> tuple[str, str, int, int, str, str]:
    program, log = program_name(service, name), str(cloud.log(service, name))
    running = cloud.watch.process(program)
    if running is None or running.state not in RUNNING_STATES:
        return program, (running.state.lower() if running else "not running"), 0, 0, "", log
    health = cloud.selection.services[service].processes[name].health
    lacks = ailment(cloud, service, health, running.started)
    return program, lacks or "healthy", running.pid, _memory(running.pid), _clock(running.started), log


def _memory(pid: int) -> int:
    """Give the resident memory of a process and its children in MiB (proc_pid_statm(5))."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20 + sum(_memory(int(child)) for child in children)


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _seconds(started: float, ended: float | None) -> str:
    return f"{ended - started:.1f}" if ended is not None else ""
