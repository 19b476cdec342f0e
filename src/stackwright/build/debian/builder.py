"""Packages built of a source package: in a clean system, without a network, the same to the last bit each time."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.build.cache import Provenance, key_of, sha256_of
from stackwright.build.debian.chroot import BUILDER, BUILDER_ID, Base, entered
from stackwright.build.debian.deb822 import paragraphs
from stackwright.build.debian.failures import build_failed
from stackwright.build.debian.layers import Layer, relations_of
from stackwright.errors import CheckFailedError, InputError, Where
from stackwright.events import Kind
from stackwright.sources.dsc import parse_dsc, signed_text
from stackwright.tools import chroot, dpkg, process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackwright.build.cache import ArtifactCache
    from stackwright.events import Events
    from stackwright.sources.dsc import Dsc

DEBS = "debs"
WORK = "/build"
# Of the names of what a build makes.
MADE = (".deb", ".udeb", ".ddeb", ".changes", ".buildinfo")


def debs_below(folders: Iterable[Path]) -> Mapping[str, str]:
    """Give the .deb files in or below some folders: file -> SHA-256."""
    files = sorted({file for folder in folders for file in folder.rglob("*.deb")})
    return {str(file): sha256_of(file) for file in files}


@dataclass(frozen=True)
class SourcePackage:
    """A source package.

    :param dsc: its .dsc; its other files are beside it
    """

    name: str
    version: str
    dsc: Path

    @classmethod
    def read(cls, dsc: Path) -> SourcePackage:
        """Give the one that a .dsc describes; neither hashes nor signature are looked at.

        :raises InputError: it is no .dsc
        """
        read = parse_dsc(signed_text(dsc.read_bytes(), dsc), dsc)
        return cls(read.source, read.version, dsc)

    @cached_property
    def description(self) -> Dsc:
        """What the .dsc says."""
        return parse_dsc(signed_text(self.dsc.read_bytes(), self.dsc), self.dsc)


@dataclass(frozen=True)
class DebPlan:
    """Everything that the packages of a source package are a function of.

    :param suite: of Debian, which they are built in and for
    :param architecture: as dpkg names it
    :param tests: whether the package's own tests are run
    :param repositories: folders with .deb files in or below them, which the build may take besides the suite's
    :param docs: whether its documentation is built
    """

    source: SourcePackage
    suite: str
    architecture: str
    tests: bool
    repositories: tuple[Path, ...] = ()
    docs: bool = True

    @property
    def profiles(self) -> tuple[str, ...]:
        """The build profiles that leave out what is not wished; they are build options, too (Debian Policy 4.9.1)."""
        return (*(() if self.tests else ("nocheck",)), *(() if self.docs else ("nodoc",)))

    @cached_property
    def more(self) -> Mapping[str, str]:
        """The packages of the repositories: file -> SHA-256."""
        return debs_below(self.repositories)

    @cached_property
    def key(self) -> str:
        """Their place in the artifact cache."""
        files = sorted((one.name, one.sha256) for one in self.source.description.files)
        more = sorted((Path(file).name, sha256) for file, sha256 in self.more.items())
        dsc = hashlib.sha256(signed_text(self.source.dsc.read_bytes(), self.source.dsc)).hexdigest()
        return key_of("deb", dsc, files, self.suite, self.architecture, self.profiles, more)


@dataclass(frozen=True)
class BuiltDebs:
    """Packages that have been built.

    :param directory: where they all are
    :param changes: what an upload would be told
    :param buildinfo: what they were built with (deb-buildinfo(5))
    """

    directory: Path
    changes: Path
    buildinfo: Path
    debs: tuple[Path, ...]
    key: str
    hashes: Mapping[str, str] = field(default_factory=dict)


def find_debs(plan: DebPlan, cache: ArtifactCache) -> BuiltDebs | None:
    """Give the packages if they have been built."""
    directory = cache.find(DEBS, plan.key)
    if directory is None:
        return None
    files = sorted(path for path in directory.iterdir() if path.suffix in MADE)
    (changes,) = (path for path in files if path.suffix == ".changes")
    (buildinfo,) = (path for path in files if path.suffix == ".buildinfo")
    debs = tuple(path for path in files if path not in (changes, buildinfo))
    return BuiltDebs(directory, changes, buildinfo, debs, plan.key, cache.provenance(DEBS, plan.key).outputs)


def build_debs(plan: DebPlan, *, cache: ArtifactCache, log: Path, events: Events) -> BuiltDebs:
    """Build the packages, or give those that are there.

    :param log: a file that the build's output is appended to
    :param events: is told of it as ``NAME/deb``
    :raises InputError: a build dependency cannot be had, the source package is damaged
    :raises RunFailedError: the build fails; its last lines and the log are in the error
    :raises EnvironmentLacksError: not root, no network for what the build needs, no space
    """
    subject = f"{plan.source.name}/deb"
    found = find_debs(plan, cache)
    if found is not None:
        events.emit(Kind.SKIPPED, subject, f"{plan.source.version} for {plan.suite} is there")
        return found
    start = time.monotonic()
    events.emit(Kind.STARTED, subject, f"build {plan.source.name} {plan.source.version} for {plan.suite}")
    try:
        cache.make(DEBS, plan.key, lambda directory: _build(plan, directory, cache, log, events))
    except Exception as error:
        events.emit(Kind.FAILED, subject, str(getattr(error, "what", error)), time.monotonic() - start)
        raise
    built = find_debs(plan, cache)
    assert built is not None
    events.emit(Kind.DONE, subject, f"{len(built.debs)} packages", time.monotonic() - start)
    return built


def build_again(
    plan: DebPlan, built: BuiltDebs, directory: Path, *, cache: ArtifactCache, log: Path, events: Events
) -> tuple[str, ...]:
    """Build the packages once more, and name those of them that came out different to the bit.

    The .buildinfo, and so the .changes, tell when they were written; they are not compared.

    :param directory: an empty folder, which the second ones are left in
    :raises StackwrightError: as `build_debs`
    """
    again = _build(plan, directory, cache, log, events).outputs
    compared = {name for name in {*built.hashes, *again} if Path(name).suffix in (".deb", ".udeb", ".ddeb")}
    return tuple(sorted(name for name in compared if built.hashes.get(name) != again.get(name)))


def _build(plan: DebPlan, directory: Path, cache: ArtifactCache, log: Path, events: Events) -> Provenance:
    _check_files(plan.source)
    subject = f"{plan.source.name}/deb"
    base = Base(plan.suite)
    root = base.make(cache, log)
    events.emit(Kind.PROGRESS, subject, "its build dependencies")
    layers = _environment(plan, base).make(cache, log)
    events.emit(Kind.PROGRESS, subject, "dpkg-buildpackage")
    with entered(cache, *layers) as system:
        _lay(plan.source, system.upper / WORK.lstrip("/"))
        options = [f"parallel={len(os.sched_getaffinity(0))}", *plan.profiles]
        env = {"DEB_BUILD_OPTIONS": " ".join(options), "HOME": f"{WORK}/home", "LC_ALL": "C.UTF-8"}
        if plan.profiles:
            env["DEB_BUILD_PROFILES"] = " ".join(plan.profiles)
        tree = f"{WORK}/{plan.source.name}"
        try:
            unpack = ["dpkg-source", "--no-check", "--extract", plan.source.dsc.name, tree]
            chroot.run(system, unpack, user=f"{BUILDER}:{BUILDER}", directory=WORK, env=env, log=log)
            build = ["dpkg-buildpackage", "--no-sign", "--build=binary"]
            chroot.run(system, build, user=f"{BUILDER}:{BUILDER}", directory=tree, env=env, log=log)
        except process.ProgramFailedError as error:
            raise build_failed(plan.source, error, log, tests=plan.tests) from error
        outputs = {}
        for file in sorted((system.upper / WORK.lstrip("/")).iterdir()):
            if file.suffix in MADE and file.is_file():
                made = Path(shutil.copyfile(file, directory / file.name))
                outputs[made.name] = sha256_of(made)
    inputs = {
        "source": plan.source.name,
        "version": plan.source.version,
        "dsc": sha256_of(plan.source.dsc),
        "files": {one.name: one.sha256 for one in plan.source.description.files},
        "suite": plan.suite,
        "architecture": plan.architecture,
        "profiles": list(plan.profiles),
        "packages": dict(plan.more),
    }
    return Provenance(inputs, {"chroot": base.key, "dpkg": dpkg.installed(root)["dpkg"]}, outputs)


def _environment(plan: DebPlan, base: Base) -> Layer:
    """Give what a build needs: the suite's and the repositories' packages that its source package asks for."""
    text = signed_text(plan.source.dsc.read_bytes(), plan.source.dsc)
    (about,) = paragraphs(text, plan.source.dsc)
    try:
        needed = relations_of(about, plan.architecture, plan.profiles)
    except ValueError as error:
        raise InputError(
            "the build dependencies cannot be read",
            where=Where(plan.source.dsc),
            why=str(error),
            fix="see deb-control(5)",
        ) from error
    return Layer(
        base,
        f"{plan.source.name} {plan.source.version}",
        relations=needed,
        profiles=plan.profiles,
        more=plan.more,
    )


def _check_files(source: SourcePackage) -> None:
    """See that the files of a source package are those that its .dsc names."""
    for one in source.description.files:
        file = source.dsc.parent / one.name
        if not file.is_file():
            raise InputError(
                f"the source package lacks its file {one.name}",
                where=Where(source.dsc),
                fix="lay it beside the .dsc",
            )
        if sha256_of(file) != one.sha256:
            raise CheckFailedError(
                f"{one.name} is not the file that the .dsc names",
                where=Where(file),
                details=f"    expected SHA-256 {one.sha256}\n    found    SHA-256 {sha256_of(file)}",
                fix="fetch the source package again",
            )


def _lay(source: SourcePackage, folder: Path) -> None:
    """Lay a source package into the folder that the builder works in."""
    (folder / "home").mkdir(parents=True)
    for name in (source.dsc.name, *(one.name for one in source.description.files)):
        shutil.copyfile(source.dsc.parent / name, folder / name)
    for path in (folder, *folder.iterdir()):
        shutil.chown(path, BUILDER_ID, BUILDER_ID)
        path.chmod(0o755 if path.is_dir() else 0o644)
