"""Mirrors of git repositories: fetched once, usable without a network, and brought up to date when asked."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING

from stackwright.errors import EnvironmentLacksError, InputError, suggestion
from stackwright.events import Kind
from stackwright.sources import refs as names
from stackwright.sources.changes import Became, compare
from stackwright.store import CommitId, Store, TreeId
from stackwright.store.healing import aside, held
from stackwright.tools import git, git_remote
from stackwright.tools.process import ProgramFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from stackwright.events import Events
    from stackwright.sources.changes import Change
    from stackwright.tools.process import Completed

PROGRESS_INTERVAL = 2.0  # seconds
OUTPUT_LINES = 6
MOST_PACKS = 50  # each fetch brings one, and git looks into all of them for what is not there
UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Tip:
    """What a ref of a mirror leads to.

    :param ref: where it was found in the end, in full: ``refs/heads/unmaintained/2024.1``; a commit's own id
    :param note: what a person should know of the way there; empty where there is nothing to say
    """

    ref: str
    commit: CommitId
    tree: TreeId
    note: str = ""


@dataclass(frozen=True)
class Survey:
    """What a mirror's refs led to when it was last brought up to date.

    It is read instead of the refs themselves, which takes git some milliseconds; written last, it makes a mirror whole.

    :param at: when that was, in seconds since the epoch
    :param tips: commit and tree by full ref
    """

    at: float
    tips: Mapping[str, tuple[CommitId, TreeId]]

    @classmethod
    def read(cls, repository: Path) -> Survey | None:
        """Read it; None if there is none. One that is damaged is taken anew."""
        file = repository / "survey.json"
        try:
            data = json.loads(file.read_bytes())
            return cls(data["at"], {ref: (CommitId(c), TreeId(t)) for ref, (c, t) in data["tips"].items()})
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls.take(repository, file.stat().st_mtime)

    @classmethod
    def take(cls, repository: Path, at: float) -> Survey:
        """Ask git, and write down what it says."""
        tips = {ref: (CommitId(c), TreeId(t)) for ref, (c, t) in git.commits_of_refs(repository).items()}
        part = repository / "survey.json.part"
        part.write_text(json.dumps({"at": at, "tips": tips}))
        part.replace(repository / "survey.json")
        return cls(at, tips)

    @property
    def commits(self) -> Mapping[str, CommitId]:
        """The commits by full ref."""
        return {ref: commit for ref, (commit, _) in self.tips.items()}


class Mirror(Store):
    """A mirror is a store: its commits and trees are all there, its blobs those that were needed so far.

    :param directory: its repository, which need not be there yet: `bring` fetches it
    :param url: anything git takes, without secrets in it
    """

    def __init__(self, directory: Path, url: str) -> None:
        self.directory = directory
        self.url = url

    @property
    def whole(self) -> bool:
        """Whether it has been fetched to the end once."""
        return Survey.read(self.directory) is not None

    @cached_property
    def survey(self) -> Survey:
        """What its refs lead to, as of when that was first asked of this object."""
        survey = Survey.read(self.directory)
        assert survey is not None, "a mirror is brought before it is asked"
        return survey

    @property
    def age(self) -> str:
        """How long ago it was brought up to date, for a person: ``3 days ago``."""
        return _ago(time.time() - self.survey.at)

    def tip(self, ref: str) -> Tip:
        """Find a branch, a tag or a commit id; a stable branch that has been renamed or ended is followed.

        A full id of a commit that no branch has, and a full ref that is neither branch nor tag, are fetched once.

        :raises InputError: it is not there (with the nearest that is)
        :raises EnvironmentLacksError: it has to be fetched, and the repository cannot be reached
        """
        if tip := self.known_tip(ref):
            return tip
        if names.other(ref):
            return self._fetched(ref, f"{names.OTHERS}{ref}")
        if len(ref) == names.COMMIT_LENGTH and names.COMMIT.fullmatch(ref):
            return self._fetched(ref, f"{names.COMMITS}{ref}")
        raise self._unknown(ref)

    def known_tip(self, ref: str) -> Tip | None:
        """Find a ref as `tip` does, without the network; None if it is not here.

        :raises InputError: several commits begin so
        """
        tips = self.survey.tips
        for place in names.places(ref):
            if place in tips:
                return Tip(place, *tips[place])
        for place in names.successors(ref):
            if place in tips:
                return Tip(place, *tips[place], names.became(ref, place))
        return self._commit(ref) if names.COMMIT.fullmatch(ref) else None

    def before(self, ref: str) -> tuple[CommitId, ...]:
        """Give what a ref, in full, led to before it was forced elsewhere or removed."""
        start = names.before(ref, "")
        return tuple(commit for name, commit in self.survey.commits.items() if name.startswith(start))

    def refs(self) -> Mapping[str, CommitId]:
        """Give every branch and tag by its full name, and the commit it leads to."""
        kept = (names.BRANCHES, names.TAGS)
        return {ref: commit for ref, commit in self.survey.commits.items() if ref.startswith(kept)}

    def need(self, blobs: Iterable[str]) -> None:
        """Fetch, at once, those of these blobs that are not here yet.

        :raises EnvironmentLacksError: some are missing, and the repository cannot be reached or does not have them
        """
        missing = self._missing(blobs)
        if not missing:
            return
        with self._fetching():
            missing = self._missing(missing)  # another process may have brought them
            if not missing:
                return
            completed = git_remote.fetch_objects(self.directory, self.url, missing)
            if completed.status != 0 or (missing := self._missing(missing)):
                raise self._unreachable(completed, f"{len(missing)} files of {self.url} are not here, and")

    def bring(self, events: Events) -> tuple[Change, ...]:
        """Fetch it, or bring it up to date; gives what has changed since it was last brought up to date.

        What a branch or a tag led to before it was forced elsewhere or removed is kept. A mirror that is found to be
        damaged is fetched anew. If it is cut off, the mirror is as it was, or not whole, and the next goes on.

        :raises EnvironmentLacksError: the repository cannot be reached
        """
        subject, begun, asked = f"mirror/{self.name}", time.monotonic(), time.time()
        events.emit(Kind.STARTED, subject, f"git fetch {self.url}")
        try:
            with self._fetching():
                now = Survey.read(self.directory)
                if now is not None and now.at > asked:  # another process has just done it
                    events.emit(Kind.DONE, subject, "another process has fetched it", time.monotonic() - begun)
                    return ()
                changes = self._bring(events, subject)
        except EnvironmentLacksError as error:
            events.emit(Kind.FAILED, subject, error.what, time.monotonic() - begun)
            raise
        finally:
            self.__dict__.pop("survey", None)
        events.emit(Kind.DONE, subject, _summary(self, changes), time.monotonic() - begun)
        return changes

    @property
    def name(self) -> str:
        """What it is called for a person: the end of its address."""
        return "/".join(re.split(r"[/:]+", self.url.removesuffix("/").removesuffix(".git"))[-2:])

    def _bring(self, events: Events, subject: str) -> tuple[Change, ...]:
        progress = _seldom(lambda message: events.emit(Kind.PROGRESS, subject, message))
        before: Survey | None = None
        try:
            before = Survey.read(self.directory)
            after = self._fetch_all(before, progress)
        except git.DamagedError as damaged:
            events.emit(Kind.WARNING, subject, f"the mirror is damaged, and fetched anew ({damaged.why})")
            self._put_aside()
            after = self._fetch_all(before, progress)
        before = before or Survey.read(aside(self.directory))
        changes = compare(self.directory, before.commits, after) if before else ()
        if before is not None:
            kept = {ref: commit for ref, commit in before.commits.items() if ref.startswith(names.BEFORE)}
            for change in changes:
                if change.old is not None and change.became in (Became.FORCED, Became.GONE):
                    kept[names.before(change.ref, change.old)] = change.old
            self._keep_before({ref: commit for ref, commit in kept.items() if ref not in after}, events, subject)
        git.pack_refs(self.directory)
        git.write_commit_graph(self.directory)
        if len(list(self.directory.glob("objects/pack/*.pack"))) > MOST_PACKS:
            events.emit(Kind.PROGRESS, subject, "git repack")
            git_remote.repack(self.directory)
        Survey.take(self.directory, time.time())
        shutil.rmtree(aside(self.directory), ignore_errors=True)
        return changes

    def _put_aside(self) -> None:
        """Move it out of the way, until there is a whole one again: what only it has may still be read from it."""
        place = aside(self.directory)
        if place.exists() and not (self.directory / "survey.json").exists():  # it never became whole
            shutil.rmtree(self.directory)
            return
        shutil.rmtree(place, ignore_errors=True)
        self.directory.rename(place)

    def _fetch_all(self, before: Survey | None, progress: Callable[[str], None]) -> Mapping[str, CommitId]:
        if not self.directory.exists():
            Store(self.directory)
        completed = git_remote.fetch_all(self.directory, self.url, progress)
        if completed.status != 0:
            git.commits_of_refs(self.directory)  # is it us?
            raise self._unreachable(completed, self.url)
        for ref in before.tips if before else ():
            if ref.startswith(names.OTHERS):  # one that is gone stays as it was
                git_remote.fetch_ref(self.directory, self.url, names.short(ref), ref)
        return {ref: CommitId(commit) for ref, (commit, _) in git.commits_of_refs(self.directory).items()}

    def _keep_before(self, kept: Mapping[str, CommitId], events: Events, subject: str) -> None:
        """Let refs name what nobody else has any more; of a mirror that was damaged, as far as it can be read."""
        place = aside(self.directory)
        lost = sorted(set(kept.values()) - self._commits(kept.values()))
        if lost and place.exists():
            try:
                git.only_objects(place)
                git.copy_objects(place, self.directory, *lost, blobs=False)
            except (git.DamagedError, ProgramFailedError):
                left = place.with_suffix(".lost")
                shutil.rmtree(left, ignore_errors=True)
                place.rename(left)
                events.emit(
                    Kind.WARNING, subject,
                    f"{len(lost)} commits from before branches were forced are in no other place, and could not be"
                    f" read from the damaged mirror: it is left in {left}",
                )  # fmt: skip
        here = self._commits(kept.values())
        git.update_refs(self.directory, {ref: commit for ref, commit in kept.items() if commit in here})

    def _commits(self, commits: Iterable[CommitId]) -> set[CommitId]:
        """Give those of some commits that are here."""
        wanted = list(commits)
        kinds = git.object_types(self.directory, wanted)
        return {commit for commit, kind in zip(wanted, kinds, strict=True) if kind == "commit"}

    def _missing(self, blobs: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(blobs))
        kinds = git.object_types(self.directory, wanted) if wanted else []
        return [blob for blob, kind in zip(wanted, kinds, strict=True) if kind is None]

    def _commit(self, prefix: str) -> Tip | None:
        """Give a commit by its id or the beginning of it, if it is here."""
        ids = [prefix] if len(prefix) == names.COMMIT_LENGTH else git.disambiguate(self.directory, prefix)
        found = [
            name for name, kind in zip(ids, git.object_types(self.directory, ids), strict=True) if kind == "commit"
        ]
        if len(found) > 1:
            raise InputError(
                f"{prefix!r} is the beginning of {len(found)} commits of {self.url}",
                fix=f"write more of it: {' or '.join(found)}",
            )
        tree = git.rev_parse(self.directory, f"{found[0]}^{{tree}}") if found else None
        return Tip(found[0], CommitId(found[0]), TreeId(tree)) if tree else None

    def _fetched(self, ref: str, place: str) -> Tip:
        """Fetch a ref or a commit that is not among the branches and tags, and keep it."""
        with self._fetching():
            completed = git_remote.fetch_ref(self.directory, self.url, ref, place)
            if completed.status != 0:
                if git_remote.NOT_THERE.search(completed.stderr):
                    raise self._unknown(ref)
                raise self._unreachable(completed, self.url)
            survey = Survey.take(self.directory, self.survey.at)
        self.survey = survey
        if place not in survey.tips:
            raise InputError(f"{ref!r} of {self.url} is not a commit", fix="give a branch, a tag or a commit id")
        return Tip(place if names.other(ref) else ref, *survey.tips[place])

    @contextmanager
    def _fetching(self) -> Iterator[None]:
        """Let one process write refs and packs at a time, and take away what killed ones left."""
        with held(self.directory):
            for kind in (names.BRANCHES, names.TAGS, names.OTHERS, names.COMMITS, names.BEFORE):
                for lock in (self.directory / kind).rglob("*.lock"):
                    lock.unlink(missing_ok=True)
            (self.directory / "packed-refs.lock").unlink(missing_ok=True)
            if self.directory.exists():
                with self._writing_packs():
                    yield
            else:
                yield

    def _unknown(self, ref: str) -> InputError:
        branches = [names.short(name) for name in self.refs() if name.startswith(names.BRANCHES)]
        known = [names.short(name) for name in self.refs()]
        near = suggestion(ref, known if get_close_matches(ref, known, n=1) else branches)
        return InputError(
            f"{self.url} has no ref {ref!r}",
            why=f"it is neither a branch nor a tag nor a commit of the mirror, which is as of {self.age}",
            fix=f"{near} (or, if it is newer than the mirror: stackwright source update)",
        )

    def _unreachable(self, completed: Completed, what: str) -> EnvironmentLacksError:
        output = completed.stderr.decode(errors="replace")
        lines = [line for line in re.split(r"[\r\n]+", output) if line.strip() and not git_remote.PROGRESS.match(line)]
        return EnvironmentLacksError(
            f"{what} cannot be fetched",
            details="\n".join(f"    {line}" for line in lines[-OUTPUT_LINES:]),
            fix=f"try `git ls-remote {self.url}`: the network, the address or your credentials for it are not right",
        )


def mirror_of(url: str, cache: Path) -> Mirror:
    """Give the mirror of a repository, whether it has been fetched or not."""
    return Mirror(cache / "mirrors" / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.git", url)


def open_mirror(url: str, cache: Path, events: Events) -> Mirror:
    """Give the mirror of a repository, fetched if it has not been yet; else it is as it was last brought up to date.

    :raises EnvironmentLacksError: it has not been, and the repository cannot be reached
    """
    mirror = mirror_of(url, cache)
    survey = Survey.read(mirror.directory)
    if survey is None:
        mirror.bring(events)
    else:
        mirror.survey = survey
    return mirror


def _summary(mirror: Mirror, changes: tuple[Change, ...]) -> str:
    if changes:
        return f"changed refs: {len(changes)}"
    count = {kind: sum(ref.startswith(kind) for ref in mirror.refs()) for kind in (names.BRANCHES, names.TAGS)}
    return f"branches: {count[names.BRANCHES]}, tags: {count[names.TAGS]}"


def _ago(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in UNITS if seconds >= size), UNITS[-1])
    number = max(0, int(seconds // size))
    return f"{number} {unit}{'' if number == 1 else 's'} ago"


def _seldom(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Tell only what comes some time after what was told before."""
    last = time.monotonic()

    def told(message: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_INTERVAL:
            last = time.monotonic()
            tell(message)

    return told
