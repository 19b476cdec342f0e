"""A team's distribution on upstream repositories of its own: real git and real files, for tests of series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Team:
    """A distribution whose components come from git repositories made for a test.

    :param directory: it is made below this folder
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.distribution = directory / "distribution"
        (self.distribution / "releases").mkdir(parents=True)
        (self.distribution / "distribution.yaml").write_text("name: team\n")
        self.upstreams: dict[str, Upstream] = {}

    def component(self, name: str, files: Mapping[str, str | bytes | None]) -> Upstream:
        """Make the upstream repository of a component, with a first commit."""
        upstream = self.upstreams[name] = Upstream(self.directory / "upstream" / name)
        upstream.commit({"PKG-INFO": f"Name: {name}\nVersion: 1.0\n", **files}, "Begin")
        return upstream

    def release(self, name: str, refs: Mapping[str, str]) -> None:
        """Write a release: the ref that each of its components is at."""
        lines = ['python: "3.11"', "pins: {exclude-newer: 2026-10-15}", "components:"]
        lines += [
            f"  {component}: {{source: {{git: '{self.upstreams[component].url}', ref: '{ref}', version: '1.0'}}}}"
            for component, ref in refs.items()
        ]
        (self.distribution / "releases" / f"{name}.yaml").write_text("\n".join(lines) + "\n")

    def folder(self, component: str, release: str) -> Path:
        """Give the folder of a series, made if need be."""
        folder = self.distribution / "patches" / component / release
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def add(self, component: str, release: str, name: str, text: str) -> Path:
        """Write a patch and name it at the end of its series."""
        folder = self.folder(component, release)
        (folder / name).write_text(text)
        with (folder / "series").open("a") as series:
            series.write(f"{name}\n")
        return folder / name

    def carried(
        self, component: str, files: Mapping[str, str | bytes | None], message: str, *, start: str = "master"
    ) -> str:
        """Give the patch of a change that the team makes on top of a ref; upstream does not keep it."""
        upstream = self.upstreams[component]
        here = upstream.git("symbolic-ref", "--short", "HEAD")
        upstream.git("checkout", "--quiet", "--detach", start)
        upstream.commit(files, message)
        text = upstream.patch()
        upstream.switch(here)
        return text
