"""A machine: where commands are run, files are put and fetched; what it is made of does not show."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from stackwright.errors import (
    CheckFailedError,
    EnvironmentLacksError,
    InputError,
    RunFailedError,
    StackwrightError,
    Where,
)
from stackwright.tools import process
from stackwright.tools.process import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from stackwright.plan.step import Context, Step

# Of a machine of its own.
STATE = Path("/var/lib/stackwright")
VARIABLES = Path("/root/stackwright.variables")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CHUNK = 1 << 20
ERRORS: dict[int, type[StackwrightError]] = {
    error.status: error for error in (CheckFailedError, InputError, EnvironmentLacksError)
}


@dataclass(frozen=True)
class Answer:
    """What came of a command of Stackwright.

    :param text: what it wrote to standard output, also where it failed
    :param error: why it failed, of the kind that its exit status tells
    """

    text: str
    error: StackwrightError | None = None

    def demand(self) -> str:
        """Give the text.

        :raises StackwrightError: it failed
        """
        if self.error:
            raise self.error
        return self.text


@dataclass(frozen=True)
class Machine:
    """A machine that runs.

    :param enter: makes a command line here from one there
    :param program: what Stackwright is called by there
    :param distribution: where the distribution is there
    :param state: its state directory
    :param site: the site that is brought up
    :param tries: how often a run on a site may be begun: more than once where processors are too slow for its patience
    :param variables: added to Stackwright's environment here, if the machine is this one
    """

    enter: Callable[[Sequence[str]], list[str]]
    program: tuple[str, ...]
    distribution: Path
    state: Path
    site: str
    tries: int = 1
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str, log: Path | None = None, seconds: float | None = None, check: bool = True) -> Completed:
        """Run a command to its end.

        :param log: takes its output, instead of the result
        :raises ProgramFailedError: it failed
        """
        return process.run(self.enter(words), log=log, timeout=seconds, check=check)

    def put(self, archive: Path, log: Path) -> None:
        """Unpack an archive over the machine's files."""
        unpack = ("tar", "--extract", "--no-overwrite-dir", "--directory=/")
        process.run(self.enter(unpack), stdin=_chunks(archive), log=log)

    def stackwright(self, *words: str, context: Context, logs: Path) -> Answer:
        """Run a command of Stackwright, tell how far it is, and give what came of it.

        :param logs: the folder of the logs, for people
        """
        head = [*self.program, "-C", str(self.distribution), "--state", str(self.state), "--site", self.site]
        with _Told(context) as told:
            completed = process.run(
                self.enter([*head, "--log-format", "json", *words]),
                env=dict(self.variables),
                watch=told.line,
                check=False,
            )
            told.write(completed.text)
        if completed.status == 0:
            return Answer(completed.text)
        kind, error = ERRORS.get(completed.status, RunFailedError), told.error
        return Answer(
            completed.text,
            kind(
                error.get("message", f"stackwright {' '.join(words)} ended with status {completed.status}"),
                where=Where(subject=", ".join(part for part in ("in the machine", error.get("subject", "")) if part)),
                why=error.get("why", ""),
                details=error.get("details", "") if error else process.tail(context.log),
                fix=f"{logs} has the logs",
            ),
        )


class Maker(Protocol):
    """Makes machines of one kind."""

    @property
    def kind(self) -> str:
        """Its word on the command line."""

    @property
    def programs(self) -> Mapping[str, str]:
        """What it drives: program, on the path or absolute -> Debian package that has it."""

    def preparing(self) -> tuple[Step, ...]:
        """Give the steps that come before there can be a machine, and whose work outlives it."""

    def running(self, place: Path, context: Context) -> AbstractContextManager[Machine]:
        """Let a machine run while the block does; afterwards nothing of it runs.

        :param place: an empty folder for what is its own
        """


def require(maker: Maker) -> None:
    """See that everything is installed that a kind of machine needs, before the first is made.

    :raises EnvironmentLacksError: something is not; all of it is named
    """
    missing = {program: package for program, package in maker.programs.items() if shutil.which(program) is None}
    if missing:
        raise EnvironmentLacksError(
            f"not installed: {', '.join(missing)}",
            why=f"`--in {maker.kind}` needs it",
            fix=f"apt-get install {' '.join(sorted(set(missing.values())))}",
        )


def in_variables(words: Sequence[str]) -> list[str]:
    """Give a command that runs with the machine's variables, and no others."""
    script = f'set -a; [ ! -e {VARIABLES} ] || . {VARIABLES}; exec "$@"'
    return ["env", "-i", "HOME=/root", "LANG=C.UTF-8", f"PATH={PATH}", "sh", "-c", script, "sh", *words]


def written_variables(variables: Mapping[str, str]) -> str:
    """Give the file that a shell reads variables from."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def safe(name: str) -> PurePosixPath | None:
    """Give the path of an archive's member, if it stays below the folder that the archive is unpacked in."""
    path = PurePosixPath(name)
    return None if path.is_absolute() or ".." in path.parts or not path.parts else path


class _Told:
    """What a command in the machine tells of itself as JSON lines: into the step's log as text, and to the user."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.error: dict[str, str] = {}

    def __enter__(self) -> _Told:
        self._stream = self._context.log.open("a")
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def line(self, text: str) -> None:
        try:
            event = json.loads(text)
            kind, subject, message = event["kind"], event["subject"], event["message"]
        except (ValueError, KeyError, TypeError):
            self.write(f"{text}\n")
            return
        if kind == "error":
            self.error = {key: value for key, value in event.items() if isinstance(value, str)}
            more = "".join(f"{event[key]}\n" for key in ("details", "why", "fix") if key in event)
            self.write(f"error: {subject}: {message}\n{more}")
            return
        took = f" ({event['seconds']:.1f} s)" if "seconds" in event else ""
        self.write(f"{kind:<8}  {subject:<28} {message}{took}\n")
        if kind in {"started", "done"}:
            self._context.progress(f"{subject}: {message}" if message else subject)

    def write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
