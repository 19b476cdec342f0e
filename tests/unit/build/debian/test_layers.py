from __future__ import annotations

from stackwright.build.debian.chroot import Base
from stackwright.build.debian.layers import Layer, relations_of
from stackwright.sources.deb822 import Paragraph

DSC = Paragraph(
    {
        "Source": "pear",
        "Build-Depends": "python3-all <!nocheck>,\n debhelper-compat (= 13), gcc [arm64],",
        "Build-Conflicts-Indep": "apple",
        "Build-Depends-Arch": "",
    }
)


def needs(*profiles: str) -> dict[str, str]:
    return relations_of(DSC, "amd64", profiles)


def test_what_a_build_needs_is_on_one_line_each() -> None:
    assert needs() == {
        "Build-Depends": "debhelper-compat (= 13), python3-all <!nocheck>",
        "Build-Conflicts-Indep": "apple",
    }


def test_what_does_not_count_here_is_no_part_of_it() -> None:
    assert needs("nocheck")["Build-Depends"] == "debhelper-compat (= 13)"


def test_a_layer_is_known_by_what_is_in_it_and_not_by_whom_it_is_for() -> None:
    base = Base("bookworm")
    base.__dict__["key"] = "base"  # which asks this machine's apt
    one = Layer(base, "pear 1.0", relations=needs(), more={"/a/x.deb": "1"})
    assert one.key == Layer(base, "pear 2.0", relations=needs(), more={"/b/x.deb": "1"}).key
    assert one.key != Layer(base, "pear 1.0", relations=needs(), more={"/a/x.deb": "2"}).key
    assert one.key != Layer(base, "pear 1.0", relations=needs(), profiles=("nocheck",)).key
