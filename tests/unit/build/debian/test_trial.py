from __future__ import annotations

from stackwright.build.debian.trial import together
from stackwright.sources.deb822 import Paragraph


def package(name: str, **fields: str) -> Paragraph:
    return Paragraph({"Package": name, "Version": "1.0-1", **fields})


def test_of_packages_that_conflict_the_first_is_chosen() -> None:
    kvm = package("nova-compute-kvm", Conflicts="nova-compute-hypervisor", Provides="nova-compute-hypervisor")
    lxc = package("nova-compute-lxc", Conflicts="nova-compute-hypervisor", Provides="nova-compute-hypervisor")
    common = package("nova-common")
    assert together([lxc, kvm, common]) == (common, kvm)


def test_a_conflict_with_other_versions_is_none() -> None:
    old = package("pear", Breaks="apple (<< 0.9)")
    assert together([old, package("apple")]) == (package("apple"), old)


def test_a_package_does_not_conflict_with_itself() -> None:
    alone = package("a", Provides="fruit", Conflicts="fruit")
    assert together([alone]) == (alone,)
