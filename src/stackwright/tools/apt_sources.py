"""apt's indexes of source packages, as private lists: made from the machine's own sources, which stay as they are.

Formats: sources.list(5).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.tools import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LIST = "machine.sources"
ENDINGS = ("updates", "security")  # of the suites that come with a release of Debian
# Of a line's options those that mean something else, or nothing, for sources.
LEFT_OUT = {"arch", "lang", "target"}


@dataclass(frozen=True)
class Indexed:
    """A file of a source package, as an index has it; the URL may hold credentials.

    :param sha256: empty, if the index is too old to know it
    """

    name: str
    url: str
    size: int
    sha256: str


def machine_entries() -> tuple[Mapping[str, str], ...]:
    """Give the entries of the machine's own sources that are in use, each as its fields (names in small letters)."""
    program = process.find("apt-config", package="apt")
    shown = process.run([program, "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"]).text
    places = dict(word.split("=", 1) for word in shlex.split(shown))
    parts = Path(places["PARTS"])
    files = [Path(places["LIST"]), *sorted((*parts.glob("*.list"), *parts.glob("*.sources")))]
    found: list[Mapping[str, str]] = []
    for file in files:
        if file.is_file():
            text = file.read_text(errors="replace")
            found += deb822_entries(text) if file.suffix == ".sources" else line_entries(text)
    return tuple(found)


def line_entries(text: str) -> Iterator[Mapping[str, str]]:
    """Give the entries of a file of the one-line form."""
    for line in text.splitlines():
        form = re.fullmatch(r"\s*deb(?:-src)?\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<rest>[^#]*)(#.*)?", line)
        if form is None or len(form["rest"].split()) < 2 or form["rest"].startswith("cdrom:"):
            continue
        uri, suite, *components = form["rest"].split()
        options = dict(option.split("=", 1) for option in (form["options"] or "").split() if "=" in option)
        fields = {name.lower(): value.replace(",", " ") for name, value in options.items() if name not in LEFT_OUT}
        yield {"uris": uri, "suites": suite, "components": " ".join(components), **fields}


def deb822_entries(text: str) -> Iterator[Mapping[str, str]]:
    """Give the entries of a file of the form of paragraphs."""
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        found = re.findall(r"^([!-9;-~]+):((?:.*)(?:\n[ \t].*)*)", paragraph, re.MULTILINE)
        fields = {name.lower(): value.strip() for name, value in found}
        if {"uris", "suites"} <= fields.keys() and fields.get("enabled", "yes").lower() not in {"no", "false", "0"}:
            yield {name: value for name, value in fields.items() if name not in {"types", "enabled", "architectures"}}


def of_suite(entries: Iterable[Mapping[str, str]], suite: str) -> tuple[Mapping[str, str], ...]:
    """Give the entries for another suite, from the entries of those that the machine has.

    Where they have it, it is taken as it is. Else it is looked for where the machine has a suite with the same ending
    (``bookworm-security`` for ``trixie-security``), else where it has one without an ending.
    """
    known = [(entry, set(entry["suites"].split())) for entry in entries]

    def having(fits: Sequence[bool]) -> list[Mapping[str, str]]:
        return [entry for (entry, _), fit in zip(known, fits, strict=True) if fit]

    ending = suite.partition("-")[2]
    chosen = (
        having([suite in suites for _, suites in known])
        or having([any(one.partition("-")[2] == ending for one in suites) for _, suites in known])
        or having([any("-" not in one for one in suites) for _, suites in known])
    )
    return tuple({**entry, "suites": suite} for entry in chosen)


def written(entries: Iterable[Mapping[str, str]]) -> str:
    """Give the text of a list of sources, in which each entry is there once."""
    paragraphs = ["".join(f"{name}: {value}\n" for name, value in entry.items() if value) for entry in entries]
    return "\n".join(f"types: deb-src\n{paragraph}" for paragraph in dict.fromkeys(paragraphs))


def prepare(directory: Path, sources: str) -> None:
    """Let a folder hold the lists of these sources; they are empty until `update`."""
    for part in ("lists/partial", "cache/archives/partial"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    (directory / LIST).write_text(sources)


def update(directory: Path) -> str:
    """Fetch the indexes; what went wrong is given, a line each."""
    completed = process.run(["apt-get", *_options(directory), "update"], env={"LC_ALL": "C"}, check=False)
    return "\n".join(
        re.findall(r"^(?:E: |W: Failed to fetch ).*", completed.stderr.decode(errors="replace"), re.MULTILINE)
    )


def versions(directory: Path, package: str) -> tuple[str, ...]:
    """Give the versions that the indexes have of a source package."""
    argv = ["apt-cache", *_options(directory), "showsrc", "--only-source", package]
    shown = process.run(argv, env={"LC_ALL": "C"}, check=False).text
    return tuple(dict.fromkeys(re.findall(r"^Version: (.+)$", shown, re.MULTILINE)))


def files(directory: Path, package: str, version: str) -> tuple[Indexed, ...]:
    """Give the files of a source package; none if the indexes do not have this version."""
    argv = ["apt-get", *_options(directory), "source", "--print-uris", "-qq", "--only-source", f"{package}={version}"]
    shown = process.run(argv, env={"LC_ALL": "C"}, check=False)
    if shown.status != 0:
        return ()
    lines = re.findall(r"^'(.*)' (\S+) (\d+) (\S*)$", shown.text, re.MULTILINE)
    return tuple(
        Indexed(name, url, int(size), hashed.removeprefix("SHA256:") if hashed.startswith("SHA256:") else "")
        for url, name, size, hashed in lines
    )


def _options(directory: Path) -> list[str]:
    settings = {
        "Dir::Etc::sourcelist": directory / LIST,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": directory / "lists",
        "Dir::Cache": directory / "cache",
        "Acquire::Languages": "none",
    }
    return [part for name, value in settings.items() for part in ("--option", f"{name}={value}")]
