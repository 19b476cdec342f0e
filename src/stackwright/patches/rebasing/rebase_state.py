"""What a rebase has to remember while it waits for a person, or after it was cut off."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackwright.errors import RunFailedError, Where
from stackwright.patches.rebasing.rebase import Choice, Sides
from stackwright.patches.rebasing.rebase_files import Write, put
from stackwright.store import CommitId, TreeId

if TYPE_CHECKING:
    from collections.abc import Mapping

STATE = "rebase.json"
ENDING = "ending.json"


@dataclass(frozen=True)
class Request:
    """What was asked for.

    :param source: the release whose series it is
    :param target: the release that it is brought to
    :param base: a ref or version that the series is for, where it is not what its release says now
    :param onto: a ref or version to bring it to, where it is not what its release says
    :param share: move what serves both releases as it is into the shared folder
    :param replace: the target may have a series, and loses it
    :param directory: where conflicts are laid out; None for the state directory
    """

    component: str
    source: str
    target: str
    base: str = ""
    onto: str = ""
    share: bool = False
    replace: bool = False
    directory: str | None = None

    def __str__(self) -> str:
        """Give the command's words for it."""
        options = [f"--base {self.base}"] if self.base else []
        options += [f"--onto {self.onto}"] if self.onto else []
        options += [f"--{name}" for name in ("share", "replace") if getattr(self, name)]
        options += [f"--directory {self.directory}"] if self.directory else []
        return " ".join([self.component, self.source, self.target, *options])


@dataclass(frozen=True)
class Waiting:
    """A conflict that is laid out.

    :param head: the commit that the work tree begins with
    """

    patch: str
    sides: Sides
    head: CommitId


@dataclass(frozen=True)
class State:
    """How far a rebase has come: all else follows from the series and these trees.

    :param distribution: the head of the distribution
    :param base: the tree that the series is for
    :param onto: the tree that it is brought to
    """

    request: Request
    distribution: Path
    base: TreeId
    onto: TreeId
    choices: Mapping[Sides, Choice] = field(default_factory=dict)
    waiting: Waiting | None = None

    @property
    def source_directory(self) -> Path:
        """The folder of the series."""
        return self.distribution / "patches" / self.request.component / self.request.source

    @property
    def target_directory(self) -> Path:
        """The folder of the new series."""
        return self.distribution / "patches" / self.request.component / self.request.target

    def resolved(self, sides: Sides, choice: Choice) -> State:
        """Give it with a conflict resolved."""
        return replace(self, choices={**self.choices, sides: choice}, waiting=None)


def save(state: State, home: Path) -> None:
    """Keep the state of a rebase in its directory."""
    choices = [
        {**asdict(sides), "tree_after": choice.tree, "message": choice.message}
        for sides, choice in state.choices.items()
    ]
    waiting = asdict(state.waiting) if state.waiting else None
    known = {
        "request": asdict(state.request), "distribution": str(state.distribution),
        "base": state.base, "onto": state.onto, "choices": choices, "waiting": waiting,
    }  # fmt: skip
    put(home / STATE, json.dumps(known, indent=2).encode())


def load(home: Path) -> State | None:
    """Give the state of the rebase in a directory; None if there is none.

    :raises RunFailedError: it is damaged
    """
    try:
        known = json.loads((home / STATE).read_bytes())
        return State(
            Request(**known["request"]), Path(known["distribution"]), TreeId(known["base"]), TreeId(known["onto"]),
            {_sides(each): Choice(TreeId(each["tree_after"]), each["message"]) for each in known["choices"]},
            _waiting(known["waiting"]),
        )  # fmt: skip
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RunFailedError(
            "the state of the rebase is damaged",
            where=Where(file=home / STATE),
            fix="`stackwright patch rebase --abort COMPONENT FROM TO`; the distribution is as it was",
        ) from error


@dataclass(frozen=True)
class Ending:
    """The end of a rebase: what is about to be written, and what has become of each patch.

    :param rows: patch, outcome, detail
    """

    writes: tuple[Write, ...]
    rows: tuple[tuple[str, str, str], ...]


def save_ending(ending: Ending, root: Path, home: Path) -> None:
    """Keep what is about to be written: as it was below ``before``, as it is to be below ``after``.

    The list is written last: with it, the rebase is past its merges.

    :param root: the head of the distribution
    """
    names = [str(write.file.relative_to(root)) for write in ending.writes]
    for name, write in zip(names, ending.writes, strict=True):
        put(home / "before" / name, write.old)
        put(home / "after" / name, write.new)
    put(home / ENDING, json.dumps({"root": str(root), "files": names, "rows": ending.rows}, indent=2).encode())


def load_ending(home: Path) -> Ending | None:
    """Give the end of a rebase; None if it is not so far."""
    if not (home / ENDING).exists():
        return None
    known = json.loads((home / ENDING).read_bytes())
    root = Path(known["root"])
    writes = [
        Write(root / name, _read(home / "before" / name), _read(home / "after" / name)) for name in known["files"]
    ]
    return Ending(tuple(writes), tuple((patch, outcome, detail) for patch, outcome, detail in known["rows"]))


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def _sides(known: Mapping[str, Any]) -> Sides:
    return Sides(*(TreeId(known[name]) for name in ("before", "patch", "upstream")))


def _waiting(known: Mapping[str, Any] | None) -> Waiting | None:
    return Waiting(known["patch"], _sides(known["sides"]), CommitId(known["head"])) if known else None
