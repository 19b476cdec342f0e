"""The lists of backports in a distribution: the `packages-list` form of Debian's OpenStack team, and YAML.

A line of a `packages-list` is ``SOURCE [-d SUITE] [--no-run-package-tests] [--download-from-SUITE-backports]``; a ``#``
begins a comment. What the line does not say holds as Debian's script has it: the suite is ``sid``, and tests run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackwright.build.backports.model import FOLDER, UNSTABLE, Archive, BackportList, BackportsFile, Wanted
from stackwright.build.debian.version import release_number
from stackwright.distribution.reading import Collector, parse, read_yaml
from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NO_TESTS = "--no-run-package-tests"
DOWNLOAD_FROM = "--download-from-"
OPTIONS = ("-d", NO_TESTS, "--download-from-SUITE-backports")
SOURCE = re.compile(r"[a-z0-9][a-z0-9+.-]+")  # Debian Policy 5.6.1
SUITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
FROM_BACKPORTS = re.compile(rf"{DOWNLOAD_FROM}([A-Za-z0-9][A-Za-z0-9.+_-]*-backports(?:-sloppy)?)")
YAML = ".yaml"


def lists(root: Path) -> dict[str, Path]:
    """Give the files of a distribution's lists by name: that of the file, of a YAML file without its ending.

    :raises InputError: two files have the same name
    """
    folder = root / FOLDER
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.name.startswith(".") or file.name.endswith("~") or not file.is_file():
            continue
        name = file.name.removesuffix(YAML)
        if name in found:
            raise InputError(f"there are two lists {name!r}", where=Where(file), fix=f"rename it, or {found[name]}")
        found[name] = file
    return found


def find_list(root: Path, name: str | None) -> Path:
    """Give the file of a list: the one named, else the only one.

    :raises InputError: there is none of the name, or none is named and there is not exactly one
    """
    known = lists(root)
    if name is not None:
        if name not in known:
            raise InputError(
                f"there is no list of backports {name!r}", where=Where(root / FOLDER), fix=suggestion(name, known)
            )
        return known[name]
    if len(known) != 1:
        raise InputError(
            "several lists of backports could be meant" if known else "there is no list of backports",
            where=Where(root / FOLDER),
            fix=f"name one: --list {' or '.join(known)}" if known else f"write {FOLDER}/bookworm.yaml (or bookworm)",
        )
    return next(iter(known.values()))


def read_list(file: Path, root: Path, *, suite: str | None = None, from_: str | None = None) -> BackportList:
    """Read a list.

    :param root: the distribution, below which keyrings are named
    :param suite: what is built for, if not what the file says or is called
    :param from_: where packages are taken from, if neither a package nor the file says so
    :raises InputError: something is wrong with it; ManyInputsError, if in several places
    """
    if file.suffix == YAML:
        return _of_yaml(file, root, suite, from_)
    target = suite or file.name
    return BackportList(
        name=file.name,
        file=file,
        suite=target,
        number=_number(target, None, Where(file)),
        beside=(target,),
        archives={},
        wanted=read_packages_list(_text(file), file, from_ or UNSTABLE),
    )


def read_packages_list(text: str, file: Path, suite: str = UNSTABLE) -> tuple[Wanted, ...]:
    """Read the text of a `packages-list`. Pure.

    :param suite: that of lines that say none
    :raises InputError: a line is wrong; ManyInputsError, if several are
    """
    collector = Collector()
    found: dict[str, Wanted] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = [(match[0], match.start() + 1) for match in re.finditer(r"\S+", line.partition("#")[0])]
        if not words:
            continue
        with collector.collecting():
            wanted = _wanted(words, Where(file, number, words[0][1]), suite)
            if wanted.source in found:
                raise InputError(
                    f"{wanted.source} is here twice",
                    where=wanted.where,
                    why=f"first at {found[wanted.source].where}",
                    fix="remove one of the lines",
                )
            found[wanted.source] = wanted
    if not found and not collector.errors:
        raise InputError(
            "the list is empty", where=Where(file), fix="write a source package a line: python-oslo.config"
        )
    collector.raise_errors()
    return tuple(found.values())


def _wanted(words: list[tuple[str, int]], where: Where, suite: str) -> Wanted:
    (source, column), options = words[0], iter(words[1:])
    if not SOURCE.fullmatch(source):
        raise InputError(
            f"{source!r} is not the name of a Debian source package",
            where=Where(where.file, where.line, column),
            fix="a line begins with it, and options follow" if source.startswith("-") else "write it like python-pbr",
        )
    chosen: str | None = None
    tests = True
    for option, at in options:
        here = Where(where.file, where.line, at)
        named = _suite_of(option, here, options)
        if named is not None and chosen is not None:
            raise InputError(f"{source} is taken from both {chosen} and {named}", where=here, fix="remove one")
        chosen = named or chosen
        tests = tests and option != NO_TESTS
    return Wanted(source, chosen or suite, tests=tests, where=where)


def _suite_of(option: str, here: Where, rest: Iterator[tuple[str, int]]) -> str | None:
    """Give the suite that an option names, nothing if it is another."""
    if option == "-d":
        value, _ = next(rest, ("", 0))
        if not SUITE.fullmatch(value):
            raise InputError("-d names no suite", where=here, fix="write it like `-d trixie`")
        return value
    if matched := FROM_BACKPORTS.fullmatch(option):
        return matched[1]
    if option != NO_TESTS:
        fix = suggestion(option, OPTIONS)
        if option.startswith(DOWNLOAD_FROM):
            fix = "write it like --download-from-bookworm-backports"
        raise InputError(f"the option {option!r} is unknown", where=here, fix=fix)
    return None


def _of_yaml(file: Path, root: Path, suite: str | None, from_: str | None) -> BackportList:
    document = read_yaml(file)
    read = parse(BackportsFile, document).placed(document)
    target = suite or read.suite or file.stem
    collector = Collector()
    for name, said in read.suites.items():
        with collector.collecting():
            if not (root / said.keyring).is_file():
                raise InputError(
                    f"there is no keyring {said.keyring}",
                    where=read.where("suites", name, "keyring"),
                    why="what nobody has signed is not built",
                    fix="gpg --export KEY > FILE writes one",
                )
    number = 0
    with collector.collecting():
        number = _number(target, read.number, read.where())
    collector.raise_errors()
    default = read.from_ if "from_" in read.model_fields_set else from_ or read.from_
    return BackportList(
        name=file.stem,
        file=file,
        suite=target,
        number=number,
        beside=(target,) if read.beside is None else read.beside,
        archives={
            name: Archive(said.uri, said.components, (root / said.keyring).absolute())
            for name, said in read.suites.items()
        },
        wanted=tuple(
            Wanted(
                source,
                said.suite or default,
                tests=said.tests,
                revision=said.revision,
                where=read.where("packages", source, key=True),
            )
            for source, said in read.packages.items()
        ),
    )


def _number(suite: str, said: int | None, where: Where) -> int:
    try:
        return said or release_number(suite)
    except ValueError as error:
        raise InputError(
            f"the number of the release {suite!r} is not known",
            where=where,
            why=f"it is the N in the versions of backports, ~bpoN+M; {error}",
            fix="correct the suite, or say `number:` in a list of the YAML form",
        ) from error


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=Where(file)) from error
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8", where=Where(file), fix="save the file in UTF-8") from error
