"""A distribution of the size of a real one: 7 components, 4 releases, 78 patches.

The trees are those of real sdists. The history of each component is made here: upstream commits that change lines of
its files, a stable branch a release, and master. Most of the patches apply everywhere, some have moved, some break.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tomllib
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

RELEASES = ("2024.1", "2024.2", "2025.1", "2025.2")
# Components, and how many patches each carries for a release: 78 for 4 releases.
SDISTS = {
    "nova": ("nova", "34.0.0", 7),
    "neutron": ("neutron", "29.0.0", 4),
    "keystone": ("keystone", "30.0.0", 3),
    "glance": ("glance", "33.0.0", 2),
    "placement": ("openstack-placement", "16.0.0", 1),
    "oslo.middleware": ("oslo.middleware", "8.2.0", 1),
    "oslo.privsep": ("oslo.privsep", "3.12.0", 1),
}
EXTRA = 2  # patches more, in the first release of nova: 4 x 19 + 2 = 78
COMMITS = 40  # of upstream between two releases
AUTHOR = {"NAME": "Ada Upstream", "EMAIL": "ada@example.org"}


@dataclass
class Corpus:
    """The distribution and the upstream repositories it names."""

    directory: Path
    components: tuple[str, ...] = tuple(SDISTS)
    commits: int = COMMITS
    times: int = 1  # as many patches
    seconds: int = 1_700_000_000
    dice: random.Random = field(default_factory=lambda: random.Random(20261120))

    @property
    def distribution(self) -> Path:
        """The distribution."""
        return self.directory / "distribution"

    def upstream(self, component: str) -> Path:
        """The repository of a component."""
        return self.directory / "upstream" / component

    def git(self, repository: Path, *arguments: str, stdin: str | None = None) -> str:
        """Run git in a repository, at a time of its own."""
        self.seconds += 60
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in AUTHOR.items()}
        when = {f"GIT_{role}_DATE": f"{self.seconds} +0000" for role in ("AUTHOR", "COMMITTER")}
        environment = {
            "PATH": "/usr/bin:/bin",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            **who,
            **when,
        }
        return subprocess.run(
            ["git", "-C", str(repository), *arguments],
            check=True, capture_output=True, text=True, input=stdin, env=environment,
        ).stdout.strip()  # fmt: skip

    def make(self) -> Corpus:
        """Make everything, unless it is there."""
        if (self.distribution / "distribution.yaml").exists():
            return self
        shutil.rmtree(self.directory, ignore_errors=True)
        for component in self.components:
            name, version, patches = SDISTS[component]
            self._component(component, _sdist(name, version, self.directory / "sdists"), patches * self.times)
        releases = self.distribution / "releases"
        releases.mkdir(parents=True)
        for release in RELEASES:
            lines = ['python: "3.11"', "pins: {exclude-newer: 2026-10-15}", "components:"]
            lines += [
                f"  {component}: {{source: {{git: '{self.upstream(component).as_uri()}', ref: stable/{release},"
                f" version: '{version}'}}, distribution-name: {name}}}"
                for component in self.components
                for name, version, _ in [SDISTS[component]]
            ]
            (releases / f"{release}.yaml").write_text("\n".join(lines) + "\n")
        (self.distribution / "distribution.yaml").write_text("name: corpus\n")
        return self

    def _component(self, component: str, archive: Path, patches: int) -> None:
        repository = self.upstream(component)
        repository.mkdir(parents=True)
        subprocess.run(["tar", "-xzf", archive, "-C", repository, "--strip-components=1"], check=True)
        self.git(repository, "init", "-q", "-b", "master")
        self.git(repository, "add", "-A", "-f")
        self.git(repository, "commit", "-q", "-m", "Begin")
        files = sorted(
            path
            for path in repository.rglob("*.py")
            if ".git" not in path.parts and 40 < len(path.read_bytes().splitlines()) < 2000
        )
        carried = self.dice.sample(files, min(patches + EXTRA, len(files)))
        for number, release in enumerate(RELEASES):
            for commit in range(self.commits):
                if commit == self.commits // 2:
                    self.git(repository, "tag", f"{release}-rc1")
                self._upstream_commit(repository, files, carried)
            self.git(repository, "branch", f"stable/{release}")
            count = patches + (EXTRA if component == "nova" and number == 0 else 0)
            self._series(component, release, repository, carried[:count])
        for _ in range(self.commits):
            self._upstream_commit(repository, files, carried)

    def _upstream_commit(self, repository: Path, files: list[Path], carried: list[Path]) -> None:
        """Change a few lines; one commit in ten touches a file that a patch touches."""
        path = self.dice.choice(carried if self.dice.random() < 0.1 else files)
        lines = path.read_text().splitlines(keepends=True)
        at = self.dice.randrange(len(lines))
        lines.insert(at, f"# upstream {self.seconds}\n")
        path.write_text("".join(lines))
        self.git(
            repository,
            "commit",
            "-q",
            "-a",
            "-m",
            f"Change {path.name} {self.seconds}\n\nChange-Id: I{self.seconds:040x}",
        )

    def _series(self, component: str, release: str, repository: Path, files: list[Path]) -> None:
        folder = self.distribution / "patches" / component / release
        folder.mkdir(parents=True)
        names = []
        self.git(repository, "checkout", "-q", "-b", "ours")
        for number, path in enumerate(files, start=1):
            lines = path.read_text().splitlines(keepends=True)
            lines.insert(len(lines) // 2, f"# ours {component} {number}\n")
            path.write_text("".join(lines))
            self.git(repository, "commit", "-q", "-a", "-m", f"Say so in {path.name}\n\nWhy it is so.")
            name = f"{number:04d}-say-so.patch"
            (folder / name).write_text(self.git(repository, "format-patch", "--stdout", "-1") + "\n")
            names.append(name)
        self.git(repository, "checkout", "-q", "master")
        self.git(repository, "branch", "-q", "-D", "ours")
        (folder / "series").write_text("\n".join(names) + "\n")


def _sdist(name: str, version: str, directory: Path) -> Path:
    """Fetch an sdist from the package index."""
    directory.mkdir(parents=True, exist_ok=True)
    uv = Path(__file__).parents[1] / ".venv/bin/uv"
    lock = subprocess.run(
        [uv, "pip", "compile", "--quiet", "--no-deps", "--format", "pylock.toml", "-"],
        input=f"{name}=={version}\n", check=True, capture_output=True, text=True, cwd=directory,
    ).stdout  # fmt: skip
    (package,) = tomllib.loads(lock)["packages"]
    file = directory / f"{name}-{version}.tar.gz"
    with urllib.request.urlopen(package["sdist"]["url"]) as response:
        file.write_bytes(response.read())
    return file


def sizes(corpus: Corpus) -> str:
    """Say how large it is."""
    patches = len(list(corpus.distribution.glob("patches/*/*/*.patch")))
    series = len(list(corpus.distribution.glob("patches/*/*/series")))
    return json.dumps({"series": series, "patches": patches})
