"""Measure images against a Dockerfile each that installs from scratch, in one run on one machine.

    sudo .venv/bin/python benchmarks/images.py [changed] [all] [nothing]

The Dockerfiles are built by `buildah bud --isolation chroot`, and given what favours them: a base image, the wheels
that Stackwright has built of the patched trees, the versions of a finished resolution, and pip's own cache, filled by a
first build that does not count. Needs root, mmdebstrap and buildah, and some ten minutes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROOT = Path(os.environ.get("STACKWRIGHT_BENCHMARK_STATE", "/var/lib/stackwright/benchmark-images"))
COMMAND = Path(sys.executable).with_name("stackwright")
ROUNDS = int(os.environ.get("STACKWRIGHT_BENCHMARK_ROUNDS", "3"))
# The images of Python services: those of Debian packages alone have no environment to install.
IMAGES = os.environ.get("STACKWRIGHT_BENCHMARK_IMAGES", "keystone-* glance-* placement-* neutron-* nova-*").split()
CHANGED = "nova-api"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
PIP = Path("/etc/pip.conf")
DOWNLOADS = Path("/var/cache/pip")  # of pip, in the image while it is built
COMPILERS = "gcc libc6-dev python3-dev pkg-config libvirt-dev"
DOCKERFILE = """FROM localhost/benchmark-base
ENV PIP_CACHE_DIR={downloads}
COPY wheels constraints.txt /src/
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv {packages} {compilers} && \\
    python3 -m venv /var/lib/openstack && \\
    /var/lib/openstack/bin/pip install --quiet --constraint /src/constraints.txt /src/*.whl {requirements} && \\
    apt-get purge --yes --auto-remove {compilers} && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /src
RUN useradd --system --uid 42424 --user-group {service} && mkdir -p /etc/{service} /var/lib/{service}
USER {service}
"""


@dataclass(frozen=True)
class Measured:
    """One row of the table."""

    what: str
    ours: float
    goal: str
    dockerfile: float | None = None

    def row(self) -> str:
        """Give it as a row of a Markdown table."""
        other = f"{self.dockerfile:.1f}" if self.dockerfile is not None else ""
        ratio = f"{self.dockerfile / self.ours:.1f}" if self.dockerfile is not None else ""
        return f"| {self.what} | {self.ours:.1f} | {self.goal} | {other} | {ratio} |"


class Stackwright:
    """The command on a copy of the example, with a cache of the benchmark's own."""

    def __init__(self) -> None:
        self.distribution, self.state, self.cache = ROOT / "minicloud", ROOT / "state", ROOT / "cache"
        shutil.rmtree(self.distribution, ignore_errors=True)
        shutil.copytree(PROJECT / "examples/minicloud", self.distribution)

    def __call__(self, *words: str) -> list[dict[str, str]]:
        argv = [str(COMMAND), "-C", str(self.distribution), "--state", str(self.state), *words, "-f", "json"]
        done = run(argv, env={**os.environ, "STACKWRIGHT_CACHE": str(self.cache)})
        rows: list[dict[str, str]] = json.loads(done)
        return rows

    def images(self, *patterns: str) -> list[dict[str, str]]:
        """Build images."""
        return self("build", "image", *(word for pattern in patterns for word in ("--image", pattern)))

    def forget(self) -> None:
        """Forget everything but what has been downloaded: sources, and uv's cache, which is elsewhere."""
        shutil.rmtree(self.state, ignore_errors=True)
        for place in self.cache.iterdir() if self.cache.exists() else ():
            if place.name != "downloads":
                shutil.rmtree(place) if place.is_dir() else place.unlink()

    def edit(self, number: int) -> None:
        """Change a patch on nova as one does while working on it."""
        patch = sorted((self.distribution / "patches/nova/2026.2").glob("*.patch"))[0]
        lines = patch.read_text().splitlines(keepends=True)
        at = next(index for index, line in enumerate(lines) if line.startswith("+") and line.count("#") == 1)
        lines[at] = f"{lines[at].rstrip()} {number}\n"
        patch.write_text("".join(lines))

    def made_of(self, digest: str) -> dict[str, object]:
        """Give what an image was made of: the provenance of the artifact."""
        for file in (self.cache / "images").glob("*/provenance.json"):
            provenance: dict[str, dict[str, object]] = json.loads(file.read_text())
            if provenance["outputs"]["manifest.json"] == digest.removeprefix("sha256:"):
                return provenance["inputs"]
        raise LookupError(digest)


class Dockerfiles:
    """The same images by Dockerfiles, in a storage of the benchmark's own."""

    def __init__(self, ours: Stackwright) -> None:
        self.ours = ours
        self.directory = ROOT / "dockerfiles"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.pip = ROOT / "pip"
        self.pip.mkdir(parents=True, exist_ok=True)
        self.base()

    def buildah(self, *words: str) -> str:
        """Run buildah."""
        options = ["--root", str(self.directory / "root"), "--runroot", str(self.directory / "run")]
        return run(["buildah", *options, *words])

    def base(self) -> None:
        """Make the image that they are based on: a Debian that can install more."""
        root = ROOT / "base.tar"
        if not root.exists():
            run(["mmdebstrap", "--variant=minbase", "--include=ca-certificates,python3", "bookworm", str(root)])
        container = self.buildah("from", "scratch").strip()
        self.buildah("add", "--quiet", container, str(root), "/")
        self.buildah("commit", "--quiet", container, "localhost/benchmark-base")
        self.buildah("rm", container)

    def build(self, name: str, digest: str) -> tuple[float, int]:
        """Build one; gives the seconds, and its size, compressed as in a registry, in MiB."""
        made_of = self.ours.made_of(digest)
        recipe = made_of["recipe"]
        assert isinstance(recipe, dict)
        context = self.directory / name
        shutil.rmtree(context, ignore_errors=True)
        (context / "wheels").mkdir(parents=True)
        environment = self.ours.cache / "environments" / str(made_of["environment"])
        pins = json.loads((environment / "provenance.json").read_text())["inputs"]["pins"]
        built = made_of["built"]
        assert isinstance(built, dict)
        for wheel in built.values():
            for file in (self.ours.cache / "wheels" / wheel["wheel"]).glob("*.whl"):
                shutil.copy(file, context / "wheels")
        own = {file.name.split("-")[0].replace("_", "-").lower() for file in (context / "wheels").iterdir()}
        limits = [f"{package}=={version}\n" for package, version in pins.items() if version and package not in own]
        (context / "constraints.txt").write_text("".join(limits))
        wanted = [*recipe["requirements"], *recipe["alone"]]
        text = DOCKERFILE.format(
            downloads=DOWNLOADS,
            packages=" ".join(recipe["packages"]),
            compilers=COMPILERS,
            requirements=" ".join(one for one in wanted if one.lower() not in own),
            service=name.partition("-")[0],
        )
        (context / "Dockerfile").write_text(text)
        mounts = {PIP: PIP, CERTIFICATES: CERTIFICATES, self.pip: DOWNLOADS}
        volumes = [f"--volume={here}:{there}" for here, there in mounts.items() if here.exists()]
        began = time.monotonic()
        self.buildah("bud", "--quiet", "--isolation=chroot", "--layers=false", *volumes, "--tag", name, str(context))
        seconds = time.monotonic() - began
        return seconds, self.size(name)

    def size(self, name: str) -> int:
        """Give the size of an image in a registry, in MiB; its base counts, as it does for ours."""
        there = self.directory / "pushed"
        shutil.rmtree(there, ignore_errors=True)
        self.buildah("push", "--quiet", name, f"oci:{there}")
        return sum(file.stat().st_size for file in (there / "blobs/sha256").iterdir()) >> 20


def run(argv: list[str], env: dict[str, str] | None = None) -> str:
    """Run a program, and give what it prints."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=env)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def timed(ours: Stackwright, *patterns: str) -> tuple[float, list[dict[str, str]]]:
    """Build images, and give how long that took, and the rows."""
    began = time.monotonic()
    rows = ours.images(*patterns)
    return time.monotonic() - began, rows


def changed(ours: Stackwright) -> list[Measured]:
    """Measure one changed patch."""
    (row,) = ours.images(CHANGED)
    dockerfiles = Dockerfiles(ours)
    dockerfiles.build(CHANGED, row["Digest"])
    seconds = []
    for _ in range(ROUNDS):
        ours.edit(time.time_ns())  # another one than any before, whose image is there
        took, (row,) = timed(ours, CHANGED)
        assert row["New"] == "yes"
        seconds.append(took)
    other, _ = dockerfiles.build(CHANGED, row["Digest"])
    return [Measured(f"a changed patch on nova to a new {CHANGED} (s)", min(seconds), "15; 5 times", other)]


def everything(ours: Stackwright) -> list[Measured]:
    """Measure all images, with nothing there but downloads."""
    ours.images(*IMAGES)
    ours.forget()
    seconds, rows = timed(ours, *IMAGES)
    dockerfiles = Dockerfiles(ours)
    services = {row["Image"].partition("-")[0]: row for row in rows}
    for row in services.values():  # fill pip's cache
        dockerfiles.build(row["Image"], row["Digest"])
    built = [dockerfiles.build(row["Image"], row["Digest"]) for row in rows]
    blobs = sum(file.stat().st_size for file in (ours.state / "images/blobs/sha256").iterdir()) >> 20
    return [
        Measured(
            f"all {len(rows)} images, nothing there but downloads (s)", seconds, "2 times", sum(s for s, _ in built)
        ),
        Measured("their size together (MiB)", blobs, "60 %", sum(size for _, size in built)),
    ]


def nothing(ours: Stackwright) -> list[Measured]:
    """Measure a build with nothing to do."""
    ours.images(*IMAGES)
    return [Measured("nothing changed, all of them (s)", min(timed(ours, *IMAGES)[0] for _ in range(ROUNDS)), "1")]


def main() -> None:
    """Measure what is asked for, or all."""
    parts = {"all": everything, "nothing": nothing, "changed": changed}
    ours = Stackwright()
    rows = [row for name in sys.argv[1:] or parts for row in parts[name](ours)]
    print("| what | ours | goal | Dockerfile | ratio |\n|---|---|---|---|---|")
    for row in rows:
        print(row.row())


if __name__ == "__main__":
    main()
