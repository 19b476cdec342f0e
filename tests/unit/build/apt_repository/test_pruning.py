from __future__ import annotations

from stackwright.build.apt_repository.pruning import DAY, Rule, outlived, pruned
from stackwright.build.apt_repository.record import Build, Package, PoolFile, Record

NOW = 100 * DAY


def build(source: str, version: str, day: int) -> Build:
    file = PoolFile(path=f"pool/{source}_{version}.deb", size=1, sha256="0" * 64)
    package = Package(name=source, version=version, architecture="all", files=(file,), paragraph="")
    return Build(source=source, version=version, added=day * DAY, packages=(package,))


def record(*builds: Build) -> Record:
    made = Record()
    for one in builds:
        made = made.with_build("candidate", one)
    return made


def gone(rule: Rule, *builds: Build) -> list[str]:
    return [one.id for one in outlived(record(*builds).of("candidate"), rule, NOW)]


def test_the_newest_versions_of_each_source_package_stay() -> None:
    builds = [build("nova", version, 1) for version in ("1.9-1", "1.10-1", "1.10-1~bpo12+1")]
    assert gone(Rule(1, 0), *builds, build("glance", "1-1", 1)) == ["nova 1.9-1", "nova 1.10-1~bpo12+1"]
    assert gone(Rule(2, 0), *builds) == ["nova 1.9-1"]


def test_an_old_version_stays_for_some_days_after_it_was_replaced() -> None:
    builds = [build("nova", "1-1", 1), build("nova", "2-1", 90)]
    assert gone(Rule(1, 11), *builds) == []
    assert gone(Rule(1, 10), *builds) == ["nova 1-1"]


def test_the_time_counts_from_the_last_of_as_many_newer_ones() -> None:
    builds = [build("nova", "1-1", 1), build("nova", "2-1", 2), build("nova", "3-1", 95)]
    assert gone(Rule(2, 10), *builds) == []
    assert gone(Rule(1, 10), *builds) == ["nova 1-1"]


def test_a_build_that_no_channel_has_is_forgotten_and_one_of_another_channel_is_not() -> None:
    old, new = build("nova", "1-1", 1), build("nova", "2-1", 2)
    made = record(old, new).with_build("stable", old)
    left = pruned(made, "candidate", [old])
    assert left.channels["candidate"].builds == (new.id,)
    assert set(left.builds) == {old.id, new.id}
    assert set(pruned(left, "stable", [old]).builds) == {new.id}
