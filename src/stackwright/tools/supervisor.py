"""supervisord: the processes of a site, under one supervisor with a private socket.

Configuration and RPC: supervisord.org/configuration.html and supervisord.org/api.html.
"""

from __future__ import annotations

import http.client
import os
import shlex
import sys
import time
import xmlrpc.client
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from supervisor.xmlrpc import SupervisorTransport

from stackwright.errors import RunFailedError
from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Mapping

START_SECONDS = 15
# Of supervisor.xmlrpc.Faults.
BAD_NAME, SPAWN_ERROR, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 10, 50, 60, 70, 90
RUNNING_STATES = frozenset({"STARTING", "RUNNING"})
MADE_OF = "# made of "
DEAD_STATES = frozenset({"BACKOFF", "FATAL", "EXITED"})


class SupervisorUnreachableError(RunFailedError):
    """supervisord does not answer."""


@dataclass(frozen=True)
class Program:
    """A process as supervisord is told of it.

    :param made_of: names what it is started from: command, environment, configuration, code
    :param user: its group has the same name
    :param stop_seconds: seconds it is given to end before it is killed
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)  # may hold secrets
    made_of: str
    user: str
    directory: Path
    log: Path
    stop_signal: str
    stop_seconds: int


@dataclass(frozen=True)
class Running:
    """What supervisord says of a process: its state, PID (0: none) and start in seconds since the epoch."""

    name: str
    state: str
    pid: int
    started: int
    message: str


class Supervisor:
    """One supervisord: its folder of definitions, its socket, its log."""

    def __init__(self, programs: Path, run: Path, log: Path) -> None:
        self.programs, self.run, self.log = programs, run, log
        self._changing = Lock()

    @cached_property
    def socket(self) -> Path:
        """The private socket."""
        return self.run / "supervisor.sock"

    def alive(self) -> bool:
        """Tell whether it answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except SupervisorUnreachableError:
            return False

    def start(self) -> None:
        """Start it, unless it runs; it goes on when this process ends.

        :raises RunFailedError: it does not answer in time
        """
        self._wait_for_a_dying_one()
        if self.alive():
            return
        self.programs.mkdir(parents=True, exist_ok=True)
        configuration = self.run / "supervisord.ini"
        configuration.write_text(_daemon_configuration(self))
        argv = [sys.executable, "-m", "stackwright.tools.supervisord", "-c", str(configuration)]
        # Processes find what their definitions say, and nothing of the shell that happened to start the first of them:
        # no proxy, no OS_* variable, and not the mark of a run, whose leftover they are not.
        process.run(argv, env={**dict.fromkeys(os.environ), "PATH": os.environ.get("PATH", os.defpath)})
        until = time.monotonic() + START_SECONDS
        while not self.alive():
            if time.monotonic() > until:
                raise RunFailedError("supervisord does not answer", details=process.tail(self.log / "supervisord.log"))
            time.sleep(0.05)

    def shutdown(self) -> None:
        """Stop it and all of its processes; returns when it has gone."""
        pid = self.pid()
        with suppress(SupervisorUnreachableError):
            self._call("shutdown")
        while pid and self._is_mine(pid):
            time.sleep(0.05)

    def pid(self) -> int:
        """Give its PID; 0 if it does not run."""
        try:
            pid = int((self.run / "supervisord.pid").read_text())
        except (OSError, ValueError):
            return 0
        return pid if self._is_mine(pid) else 0

    def processes(self) -> dict[str, Running]:
        """Give what it says of its processes; nothing if it does not run."""
        try:
            rows = self._call("getAllProcessInfo")
        except SupervisorUnreachableError:
            return {}
        return {
            row["name"]: Running(row["name"], row["statename"], row["pid"], row["start"], row["spawnerr"] or "")
            for row in rows
        }

    def replace(self, program: Program) -> None:
        """Define a process, or define it anew, and start it; one of the name that runs is stopped first.

        :raises RunFailedError: supervisord does not run, or refuses
        """
        script = self._script(program.name)
        definition = self.programs / f"{program.name}.ini"
        temporary = self.programs / f".{program.name}"
        temporary.write_text(_program_configuration(program, script))
        self.stop(program.name)
        script.write_text(_program_script(program))
        with self._changing:  # reloadConfig reads all definitions into the one state that addProcessGroup takes from
            temporary.replace(definition)
            self._call("removeProcessGroup", program.name, forgive=(BAD_NAME,))
            self._call("reloadConfig")
            self._call("addProcessGroup", program.name, forgive=(ALREADY_ADDED,))
        self._start_process(program.name)

    def restart(self, name: str) -> None:
        """Stop a process and start it again as it is defined.

        :raises RunFailedError: it is not defined, or supervisord does not run
        """
        self.stop(name)
        self._start_process(name)

    def defined(self) -> tuple[str, ...]:
        """Give the names of all processes that are defined, whether it runs or not."""
        return tuple(sorted(file.stem for file in self.programs.glob("*.ini")))

    def remove(self, name: str) -> None:
        """Stop a process, wait until it has ended, and forget it; nothing if it is not defined.

        :raises RunFailedError: supervisord does not run, or refuses
        """
        self.stop(name)
        with self._changing:
            # The definition goes last, so that one of which something is left is still known.
            self._call("removeProcessGroup", name, forgive=(BAD_NAME,))
            self._script(name).unlink(missing_ok=True)
            (self.programs / f"{name}.ini").unlink(missing_ok=True)

    def started_from(self, name: str) -> str:
        """Give the name of what the process that runs was started from.

        Kept in the script that became the process, which is written when the one before has been stopped and before
        it is started: so it speaks of the process that runs, however a change was cut off. (The process's own
        environment does not tell: programs overwrite it to set their title.)
        """
        try:
            with self._script(name).open() as script:
                return script.readline().removeprefix(MADE_OF).strip()
        except FileNotFoundError:
            return ""

    def stop(self, name: str) -> None:
        """Stop a process and wait until it has ended; nothing if it does not run."""
        try:
            self._call("stopProcess", name, True, forgive=(BAD_NAME, NOT_RUNNING))
            # One that a run which was cut off has begun to stop counts as not running, but has not ended yet.
            while (info := self._call("getProcessInfo", name, forgive=(BAD_NAME,))) and info["statename"] == "STOPPING":
                time.sleep(0.05)
        except SupervisorUnreachableError:
            return

    def _start_process(self, name: str) -> None:
        # One that has ended before supervisord answers is a matter for who looks at its state and its log.
        self._call("startProcess", name, False, forgive=(ALREADY_STARTED, SPAWN_ERROR))

    def _script(self, name: str) -> Path:
        return self.programs / f"{name}.sh"

    def _is_mine(self, pid: int) -> bool:
        """Tell whether a process is this supervisord; one that has ended and awaits its parent has no command."""
        try:
            command = Path("/proc", str(pid), "cmdline").read_bytes()
        except OSError:
            return False
        return b"supervisord" in command and os.fsencode(self.run) in command

    def _call(self, method: str, *arguments: object, forgive: tuple[int, ...] = ()) -> Any:
        """Call a method of supervisord's.

        :param forgive: faults that mean "it is so already": nothing is given then
        :raises SupervisorUnreachableError: it does not answer
        :raises RunFailedError: it refuses
        """
        # One connection a call: the transport is not for several threads.
        rpc = xmlrpc.client.ServerProxy(
            "http://127.0.0.1", transport=SupervisorTransport("", "", f"unix://{self.socket}")
        )
        try:
            return getattr(rpc.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in forgive:
                return None
            called = " ".join([method, *map(str, arguments)])
            raise RunFailedError(
                f"the process supervisor refuses {called}", why=fault.faultString, fix="stackwright up"
            ) from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorUnreachableError(
                "the process supervisor does not answer",
                why=f"{self.socket}: {getattr(error, 'strerror', None) or error!r}",
                fix="start it, and what it runs: stackwright up",
            ) from error

    def _wait_for_a_dying_one(self) -> None:
        """Wait for a supervisord that is shutting down, or that has just been started and does not answer yet."""
        until = time.monotonic() + START_SECONDS
        while self.pid() and not self.alive() and time.monotonic() < until:
            time.sleep(0.05)


def _daemon_configuration(supervisor: Supervisor) -> str:
    return f"""\
[unix_http_server]
file = {supervisor.socket}
chmod = 0700

[supervisord]
logfile = {supervisor.log}/supervisord.log
logfile_maxbytes = 5MB
logfile_backups = 1
loglevel = info
pidfile = {supervisor.run}/supervisord.pid
childlogdir = {supervisor.log}
minfds = 1024

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = {supervisor.programs}/*.ini
"""


def _program_script(program: Program) -> str:
    """Give the script that becomes the process: no quoting rules but the shell's, and a person can read and run it."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in sorted(program.environment.items())]
    drop = ["setpriv", f"--reuid={program.user}", f"--regid={program.user}", "--init-groups"]
    argv = [*(drop if program.user != "root" else []), *program.command]
    return "\n".join([f"{MADE_OF}{program.made_of}", *exports, f"exec {shlex.join(argv)}", ""])


def _program_configuration(program: Program, script: Path) -> str:
    # A process that has to be killed takes its workers along: they would keep its port from the next.
    return f"""\
[program:{program.name}]
command = /bin/sh {script}
directory = {program.directory}
autostart = false
autorestart = true
startsecs = 1
startretries = 2
stopsignal = {program.stop_signal}
stopwaitsecs = {program.stop_seconds}
killasgroup = true
stdout_logfile = {program.log}
stdout_logfile_maxbytes = 20MB
stdout_logfile_backups = 1
redirect_stderr = true
"""
