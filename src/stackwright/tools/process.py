"""Run a program: the only place that does."""

from __future__ import annotations

import os
import re
import selectors
import shlex
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, RunFailedError, Where
from stackwright.events import ConcealedStream, concealed, conceals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import IO, Any

TAIL_LINES = 15
SHOWN_LENGTH = 160
# What a program has left in its pipe is there at once; one that it has left behind may keep the pipe open (seconds).
LAST_WORDS = 0.2
# In the environment of every program that a run starts, with the run's site: what a killed run left behind is
# found by it (see end_orphans()).
RUN_MARK = "STACKWRIGHT_RUN"


@dataclass(frozen=True)
class Completed:
    """What a program that ended left behind."""

    status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")


class ProgramFailedError(RunFailedError):
    """A program ended with a status other than 0."""

    def __init__(self, argv: Sequence[str], status: int, output: str, log: Path | None = None) -> None:
        self.argv = tuple(argv)
        self.program_status = status
        self.output = output
        tail = "\n".join(f"    {line}" for line in concealed(output).strip().splitlines()[-TAIL_LINES:])
        cause = f"signal {-status}" if status < 0 else f"status {status}"
        super().__init__(
            f"{_shown(self.argv)} ended with {cause}",
            where=Where(file=log) if log else None,
            details=tail,
        )


class StillRunningError(ProgramFailedError):
    """A program did not end in time, and was killed."""


def _shown(argv: Sequence[str]) -> str:
    """Give a command for one line of a message: without the rest of a script, of which a person reads the beginning."""
    text = shlex.join(argv)
    shown = text.partition("\n")[0][:SHOWN_LENGTH]
    return text if shown == text else f"{shown} ..."


def find(program: str, *, package: str = "") -> str:
    """Give the path of a program, or raise EnvironmentLacksError naming the Debian package that has it."""
    path = shutil.which(program)
    if path is None:
        raise EnvironmentLacksError(
            f"the program {program} is not installed",
            fix=f"apt-get install {package or program}",
        )
    return path


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    stdin: bytes | Iterable[bytes] | None = None,
    timeout: float | None = None,
    check: bool = True,
    log: Path | None = None,
    watch: Callable[[str], None] | None = None,
) -> Completed:
    """Run a program to its end and give what it wrote.

    :param argv: the program and its arguments; never a secret, as every user of the machine can read them
    :param env: variables added to this process's environment, or taken out of it (None)
    :param stdin: what the program reads (nothing: it reads an end of file); an iterable is
        gone through in another thread while the program reads, and what it raises is raised here
    :param timeout: seconds after which it is killed
    :param check: raise ProgramFailedError if it ends with a status other than 0
    :param watch: is told each line of standard error as it comes, also those that overwrite one another
    :param log: a file of mode 0600 that both output streams are appended to, instead of the result, without the
        secrets that this process knows
    :raises EnvironmentLacksError: the program is not installed
    :raises ProgramFailedError: it failed; StillRunningError if it did not end in time
    """
    environment = {name: value for name, value in {**os.environ, **(env or {})}.items() if value is not None}
    before = log.stat().st_size if log and log.exists() else 0
    try:
        with _sink(log) as sink, _source(stdin) as source, _watched(watch) as watched:
            completed = subprocess.run(
                list(argv),
                env=environment,
                cwd=cwd,
                **source,
                stdout=sink or subprocess.PIPE,
                stderr=subprocess.STDOUT if sink else watched.writer if watched else subprocess.PIPE,
                timeout=timeout,
                check=False,
            )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise
        raise EnvironmentLacksError(
            f"the program {argv[0]} is not installed", fix="./run setup installs what is missing"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise StillRunningError(argv, -9, f"it was still running after {timeout:g} s", log) from error
    stdout, stderr = completed.stdout or b"", (watched.seen if watched else completed.stderr) or b""
    if check and completed.returncode != 0:
        output = tail(log, since=before) if log else (stderr or stdout).decode(errors="replace")
        raise ProgramFailedError(argv, completed.returncode, output, log)
    return Completed(completed.returncode, stdout, stderr)


@contextmanager
def running(argv: Sequence[str], *, log: Path) -> Iterator[Callable[[], bool]]:
    """Let a program run while the block does, and tell by a call whether it still runs; afterwards it is killed.

    It is in no terminal's foreground, so that an interrupt ends it in its turn; and the kernel kills it when the thread
    that began it is gone, however that ended (setpriv(1), PR_SET_PDEATHSIG).

    :param argv: the program and its arguments; never a secret
    :param log: a file of mode 0600 that both output streams are appended to
    """
    with _sink(log) as sink:
        started = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", find(argv[0]), *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield lambda: started.poll() is None
    finally:
        started.kill()
        started.wait()


@contextmanager
def streaming(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str | None], log: Path) -> Iterator[IO[bytes]]:
    """Let a program run while the block reads what it writes to standard output; what it started ends with the block.

    As in `running`, it is in no terminal's foreground, and the kernel kills it when the thread that began it is gone;
    what it started itself is then ended by the next write to a pipe that nobody reads, or by end_orphans().

    :param argv: the program and its arguments; never a secret
    :param env: variables added to this process's environment, or taken out of it (None)
    :param log: a file of mode 0600 that its standard error is appended to
    """
    environment = {name: value for name, value in {**os.environ, **env}.items() if value is not None}
    with _sink(log) as sink:
        started = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", find(argv[0]), *argv[1:]],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            start_new_session=True,
        )
    assert started.stdout is not None
    try:
        yield started.stdout
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.stdout.close()
        started.wait()


def tail(file: Path, lines: int = TAIL_LINES, *, since: int = 0) -> str:
    """Give the last lines of a text file; empty if it is not there.

    :param since: passes over what is before that byte
    """
    try:
        with file.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(since, stream.tell() - 400 * lines))
            return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


@contextmanager
def _source(stdin: bytes | Iterable[bytes] | None) -> Iterator[dict[str, Any]]:
    """Give the argument of subprocess.run that lets the program read these bytes."""
    if stdin is None or isinstance(stdin, bytes):
        yield {"input": stdin or b""}
        return
    chunks: Iterable[bytes] = stdin
    failure: list[BaseException] = []
    reader, writer = os.pipe()

    def feed() -> None:
        # A program that ends before it has read everything says why by its status.
        with suppress(BrokenPipeError), os.fdopen(writer, "wb") as stream:
            try:
                for chunk in chunks:
                    stream.write(chunk)
            except BrokenPipeError:
                raise
            except BaseException as error:
                failure.append(error)

    feeder = threading.Thread(target=feed, name="feed", daemon=True)
    feeder.start()
    try:
        yield {"stdin": reader}
    finally:
        os.close(reader)
        feeder.join()
    if failure:
        raise failure[0]


class _Watched:
    """Standard error of a program, given on line by line while it runs."""

    def __init__(self, watch: Callable[[str], None]) -> None:
        self.watch = watch
        self.seen = b""
        self.reader, self.writer = os.pipe()

    def follow(self) -> None:
        rest = b""
        with os.fdopen(self.reader, "rb", buffering=0) as stream:
            while chunk := stream.read(1 << 16):
                self.seen += chunk
                *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
                for line in lines:
                    self.watch(line.decode(errors="replace"))


@contextmanager
def _watched(watch: Callable[[str], None] | None) -> Iterator[_Watched | None]:
    if watch is None:
        yield None
        return
    watched = _Watched(watch)
    follower = threading.Thread(target=watched.follow, name="watch", daemon=True)
    follower.start()
    try:
        yield watched
    finally:
        os.close(watched.writer)
        follower.join()


def mark_run(site: Path) -> None:
    """Mark this process and those it starts from now on as a run on a site."""
    os.environ[RUN_MARK] = str(site)


def end_orphans(site: Path) -> tuple[str, ...]:
    """End the programs that an earlier run on a site started and that outlived it; gives their names.

    To be called by the one who holds the site's lock, before it marks itself.
    """
    mark = f"{RUN_MARK}={site}".encode()
    orphans: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                orphans[int(entry.name)] = (entry / "comm").read_text().strip()
        except OSError:  # it has ended, or is not ours to look at
            continue
    for pid in orphans:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(_is_alive(pid) for pid in orphans):
        time.sleep(0.01)
    return tuple(sorted(set(orphans.values())))


def _is_alive(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def _sink(log: Path | None) -> Iterator[IO[bytes] | None]:
    if log is None:
        yield None
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "ab") as stream:
        if not conceals():
            yield stream
            return
        with _filtered(stream) as writer:
            yield writer


@contextmanager
def _filtered(log: IO[bytes]) -> Iterator[IO[bytes]]:
    """Give a pipe, of which everything but the secrets goes on into a log while the block runs."""
    reader, writer = os.pipe()
    ended = threading.Event()
    failure: list[BaseException] = []

    def follow() -> None:
        stream = ConcealedStream()
        with os.fdopen(reader, "rb", buffering=0) as pipe, selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            try:
                while (ready := selector.select(LAST_WORDS)) or not ended.is_set():
                    if not ready:
                        continue
                    piece = pipe.read(1 << 16)
                    log.write(stream.feed(piece) if piece else stream.end())
                    log.flush()
                    if not piece:
                        return
                log.write(stream.end())
            except OSError as error:  # a full disk: the program finds nobody who reads
                failure.append(error)

    follower = threading.Thread(target=follow, name="log", daemon=True)
    follower.start()
    try:
        with os.fdopen(writer, "wb", buffering=0) as stream:
            yield stream
    finally:
        ended.set()
        follower.join()
    if failure:
        raise failure[0]
