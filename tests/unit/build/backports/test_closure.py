from __future__ import annotations

from pathlib import Path

from stackwright.build.apt_repository.record import Build, Package, PoolFile
from stackwright.build.backports.closure import usable


def build(name: str, fields: str = "") -> Build:
    packages = tuple(
        Package(
            name=name,
            version="1-1",
            architecture=architecture,
            files=(PoolFile(path=f"pool/{name}.{architecture}", size=1, sha256="0" * 64),),
            paragraph=f"Package: {name}\nVersion: 1-1\n{fields}",
        )
        for architecture in ("all", "source")
    )
    return Build(source=name, version="1-1", added=0, packages=packages)


def names(wished: str, *builds: Build) -> list[str]:
    return [package.name for package in usable(wished, builds, Path("repository.json"))]


def test_what_is_needed_is_taken_with_all_that_it_needs_itself_and_nothing_else() -> None:
    builds = [build("a1", "Depends: b1 (>= 1), libc6\n"), build("b1", "Pre-Depends: c1\n"), build("c1"), build("d1")]
    assert names("debhelper, a1 (>= 1) [amd64] <!nocheck>", *builds) == ["a1", "b1", "c1"]


def test_every_alternative_is_taken_and_whoever_provides_a_name() -> None:
    builds = [build("a1"), build("b1", "Provides: virtual (= 2), more\n"), build("c1", "Depends: c1 | more\n")]
    assert names("a1 | virtual", *builds) == ["a1", "b1"]
    assert names("c1", *builds) == ["b1", "c1"]
