"""What becomes of the options that a site sets, and of the defaults of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.hazards.check import Found
from stackwright.hazards.forecast.model import Finding, Setting, Subject, Weight
from stackwright.hazards.forecast.options import options
from stackwright.hazards.forecast.typed import refusal, same_default
from stackwright.hazards.hazard import Hazard, Rule, Side
from stackwright.hazards.model import Claim, Claims, Kind, Unseen

if TYPE_CHECKING:
    from collections.abc import Sequence


def option(name: str, kind: str = "Str", path: str = "nova/conf/base.py", **meaning: str) -> Claim:
    said = tuple(sorted({"type": kind, **meaning}.items()))
    return Claim(Kind.OPTION, name, said, path, 20)


def setting(name: str, value: str = "1", where: str = "sites/local.yaml:14", file: str = "nova.conf") -> Setting:
    section, _, short = name.rpartition("/")
    return Setting("nova", file, section, short, value, where)


def found(
    before: Sequence[Claim],
    after: Sequence[Claim],
    *settings: Setting,
    unseen: Sequence[Unseen] = (),
    hazards: Sequence[Found] = (),
) -> list[Finding]:
    """Give what is found; an option that stays as it is keeps the trees from being empty."""
    same = option("DEFAULT/same")
    here, there = Claims((same, *before)), Claims((same, *after), tuple(unseen))
    return list(options("nova", here, there, settings, "2026.2", hazards))


def only(some: Sequence[Finding], weight: Weight) -> Finding:
    (one,) = some
    assert (one.subject, one.weight) == (Subject.OPTION, weight)
    return one


OLD = option("DEFAULT/old")


def test_an_option_that_is_set_and_gone_has_to_be_removed() -> None:
    one = only(found([OLD], [], setting("DEFAULT/old")), Weight.STEP)
    assert one.name == "DEFAULT/old"
    assert one.what == (
        "nova's own code does not have it any more in 2026.2: unless a library or a plugin of yours has it now, what is"
        " set is ignored, and no log says so"
    )
    assert one.step.endswith("remove it from sites/local.yaml:14")
    assert one.where == "sites/local.yaml:14"


def test_an_option_that_is_gone_and_that_nobody_sets_is_not_told() -> None:
    assert found([OLD], []) == []
    assert found([OLD], [], setting("DEFAULT/other"), setting("keystone_authtoken/auth_url")) == []


def test_that_it_was_deprecated_and_where_its_name_is_now_is_told() -> None:
    old = option("DEFAULT/old", deprecated="for removal since 1.0")
    one = only(found([old], [option("api/old")], setting("DEFAULT/old")), Weight.STEP)
    assert "(it was deprecated)" in one.what
    assert one.what.endswith("; api/old there may be what took its place")


def test_all_places_that_set_it_are_named() -> None:
    some = (setting("DEFAULT/old"), setting("DEFAULT/old", where="the catalogue (nova.yaml)", file="other.conf"))
    one = only(found([OLD], [], *some), Weight.STEP)
    assert one.where == "sites/local.yaml:14 and the catalogue (nova.yaml)"


@pytest.mark.parametrize("set_as", ["VNC/old", "vnc/old"])
def test_groups_are_the_same_in_capitals(set_as: str) -> None:
    assert only(found([option("VNC/old")], [], setting(set_as)), Weight.STEP).name == set_as
    assert found([option("VNC/old")], [option("vnc/old")], setting(set_as)) == []


def test_default_is_a_group_of_its_own_in_capitals_only() -> None:
    assert found([OLD], [], setting("default/old")) == []


def test_what_may_be_in_a_group_that_is_not_to_be_seen_is_not_called_gone() -> None:
    assert found([OLD], [option("?/old")], setting("DEFAULT/old")) == []
    assert found([option("?/old")], [], setting("DEFAULT/old")) == []


def test_a_new_name_has_to_be_written() -> None:
    new = option("api/new", deprecated="was DEFAULT/old")
    one = only(found([OLD], [new], setting("DEFAULT/old")), Weight.STEP)
    assert one.what == (
        "it is called api/new in 2026.2: the old name is still read, and warned about, until upstream drops it"
    )
    assert one.step.startswith("write it as [api] new in sites/local.yaml:14")
    assert one.where == "sites/local.yaml:14; nova/conf/base.py:20 in nova 2026.2"
    assert found([OLD], [new]) == []
    assert found([OLD], [new], setting("api/new")) == []


def test_a_name_that_was_old_before_is_only_noted() -> None:
    new = option("api/new", deprecated="was DEFAULT/old")
    assert only(found([new], [new], setting("DEFAULT/old")), Weight.NOTE).what.startswith("it is called api/new by now")


def test_an_old_name_that_is_no_longer_read_is_told_with_the_new_one() -> None:
    new = option("api/new", deprecated="was DEFAULT/older; was DEFAULT/old")
    one = only(found([new], [option("api/new")], setting("DEFAULT/old")), Weight.STEP)
    assert one.what == (
        "nova 2026.2 reads api/new and not by this old name any more: what is set is ignored, and no log says so"
    )
    assert one.step == "write it as [api] new in sites/local.yaml:14"


def test_what_is_newly_deprecated_is_noted() -> None:
    going = option("DEFAULT/old", deprecated="for removal since 34.0.0; was DEFAULT/older")
    one = only(found([OLD], [going], setting("DEFAULT/old")), Weight.NOTE)
    assert one.what.startswith("it is deprecated for removal since 34.0.0: it is still read")
    assert found([going], [going], setting("DEFAULT/old")) == []
    assert found([OLD], [going]) == []


def test_a_value_that_is_not_taken_any_more_stops_it() -> None:
    before, after = option("DEFAULT/workers", "Int"), option("DEFAULT/workers", "Int", min="1")
    one = only(found([before], [after], setting("DEFAULT/workers", "0")), Weight.STOP)
    assert one.what == (
        "nova 2026.2 does not take the value '0': the least is 1; what reads it ends with ConfigFileValueError, most"
        " services when they start"
    )
    assert one.step == "change it in sites/local.yaml:14"
    assert found([before], [after], setting("DEFAULT/workers", "1")) == []
    assert found([after], [after], setting("DEFAULT/workers", "0")) == []  # it was wrong before


def test_a_secret_is_not_told() -> None:
    before, after = option("api/key", secret="True"), option("api/key", secret="True", max_length="4")
    one = only(found([before], [after], setting("api/key", "tell-nobody")), Weight.STOP)
    assert one.what.startswith("nova 2026.2 does not take the value that is set: it may have 4 characters")
    assert "tell-nobody" not in f"{one}"


def test_a_value_that_one_of_several_options_of_the_name_takes_is_no_stop() -> None:
    some = [option("DEFAULT/mode", choices="['a']"), option("DEFAULT/mode", choices="['b']", path="nova/other.py")]
    assert found([option("DEFAULT/mode")], some, setting("DEFAULT/mode", "b")) == []
    only(found([option("DEFAULT/mode")], some, setting("DEFAULT/mode", "c")), Weight.STOP)


@pytest.mark.parametrize(
    ("claim", "refused", "taken"),
    [
        (option("a/b", "Bool"), ["maybe", ""], ["True", "on", "0"]),
        (option("a/b", "Int"), ["1.5", "many"], ["1", " -3 ", ""]),
        (option("a/b", "Int", choices="[256, 512]"), ["1024"], ["512"]),
        (option("a/b", "Int", max="10", min="some()"), ["11"], ["-5"]),
        (option("a/b", "Float", min="0"), ["-0.1", "x"], ["0", "1e3"]),
        (option("a/b", "Port"), ["65536", "-1"], ["0", "8774"]),
        (option("a/b", "Port", min="1"), ["0"], ["1"]),
        (option("a/b", choices="['on', '']"), ["On", "off"], ["on", ""]),
        (option("a/b", choices="['on']", ignore_case="True"), ["off"], ["On"]),
        (option("a/b", max_length="3"), ["long"], ["yes"]),
        (option("a/b", choices="['on']", quotes="True"), [], ["'on'"]),
        (option("a/b", "Dict"), ["a", "a:b,c"], ["a:b", "", "a:b,c:d"]),
        (option("a/b", "Dict", bounds="True"), [], ["a"]),
        (option("a/b", "IP"), ["here", "010.0.0.1", ""], ["10.0.0.1", "::1", "fe80::1%eth0"]),
        (option("a/b", "List"), [], ["a,b"]),
        (option("a/b", "mine.Type(3)"), [], ["a"]),
    ],
)
def test_what_a_type_takes(claim: Claim, refused: list[str], taken: list[str]) -> None:
    assert [text for text in refused if not refusal(claim, text)] == []
    assert [text for text in taken if refusal(claim, text)] == []


@pytest.mark.parametrize("text", ["{{ host }}", "$state_path", "{% if a %}b{% endif %}"])
def test_a_value_that_is_made_of_others_is_not_judged(text: str) -> None:
    assert refusal(option("a/b", "Int"), text) == ""


def test_another_default_is_noted_where_nobody_sets_it() -> None:
    before, after = option("DEFAULT/size", "Int", default="1000"), option("DEFAULT/size", "Int", default="5")
    one = only(found([before], [after]), Weight.NOTE)
    assert (one.name, one.what) == ("DEFAULT/size", "nothing sets it, and its default is 5 in 2026.2; it was 1000")
    assert one.step == "where it shall be as it was, write [DEFAULT] size = 1000"
    assert one.where == "nova/conf/base.py:20 in nova 2026.2"
    assert found([before], [after], setting("DEFAULT/size", "7")) == []


def test_another_default_is_noted_over_a_new_name() -> None:
    new = option("api/size", "Int", default="5", deprecated="was DEFAULT/size")
    old = option("DEFAULT/size", "Int", default="1000")
    assert only(found([old], [new]), Weight.NOTE).name == "api/size"
    only(found([old], [new], setting("DEFAULT/size", "7")), Weight.STEP)  # the new name, and no default


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        ("Int", "'30'", "30", True),
        ("Int", "30", "31", False),
        ("Float", "1", "1.0", True),
        ("Bool", "'yes'", "True", True),
        ("Bool", "False", "None", False),
        ("Bool", "", "None", True),
        ("List", "'a, b'", "['a', 'b']", True),
        ("List", "('a',)", "['a']", True),
        ("List", "['a']", "['a', 'b']", False),
        ("Dict", "[]", "{}", True),
        ("Dict", "['a:1']", "{'a': '1'}", True),
        ("Dict", "'a:1, b:2'", "{'a': '1', 'b': '2'}", True),
        ("Dict", "['a']", "{'a': '1'}", False),
        ("Str", "'a'", "'b'", False),
        ("Str", "5", "'5'", True),
        ("Str", "'log'", "constants.LOG", True),
        ("Str", "one.NAME", "other.NAME", True),
    ],
)
def test_a_default_that_is_written_otherwise_is_the_same(kind: str, one: str, other: str, *, same: bool) -> None:
    assert same_default(option("a/b", kind, default=one), option("a/b", kind, default=other)) is same


@pytest.mark.parametrize(
    ("default", "step"),
    [
        ("['a', 'b']", "where it shall be as it was, write [a] b = a,b"),
        ("True", "where it shall be as it was, write [a] b = true"),
        ("{'x': 1}", "where it shall be as it was, write [a] b = x:1"),
        ("'plain'", "where it shall be as it was, write [a] b = plain"),
        ("None", ""),
    ],
)
def test_a_default_is_written_as_a_configuration_file_has_it(default: str, step: str) -> None:
    assert (
        only(found([option("a/b", "x", default=default)], [option("a/b", "x", default="7")]), Weight.NOTE).step == step
    )


def test_a_default_that_a_hazard_tells_of_is_not_told_again() -> None:
    before, after = option("DEFAULT/size", default="'a'"), option("DEFAULT/size", default="'b'")
    side = Side("", "")
    hazard = Hazard(
        Rule.OTHER_DEFINITION, "nova", "2026.1", "ours.patch", Kind.OPTION, "DEFAULT/size", ("2026.2",), side, side,
        "", "", "",
    )  # fmt: skip
    assert found([before], [after], hazards=[Found(hazard)]) == []


NEEDED = option("api/url", required="True")


def test_a_new_option_that_has_to_be_set_is_a_step() -> None:
    one = only(found([], [NEEDED]), Weight.STEP)
    assert one.what.startswith("it has to be set in 2026.2, and has no default: a service ends with RequiredOptError")
    assert one.step == "set [api] url in the site"
    assert found([], [NEEDED], setting("api/url", "http://here")) == []
    assert found([NEEDED], [NEEDED]) == []
    assert found([], [option("api/url", required="True", default="'here'")]) == []


def test_what_a_driver_needs_is_noted_and_a_step_where_the_driver_is_used() -> None:
    path = "manila/share/drivers/lustre/driver.py"
    some = [option("DEFAULT/lustre_ip", required="True", path=path), option("DEFAULT/lustre_mount", path=path)]
    assert f"a service that uses {path}" in only(found([], some), Weight.NOTE).what
    only(found([], some, setting("DEFAULT/lustre_mount")), Weight.STEP)


def test_a_tree_that_shows_no_options_is_told_and_nothing_is_called_gone() -> None:
    unseen = Unseen(Kind.OPTION, ("nova/conf/*.py",), "the tree has no such file (options)")
    some = options("nova", Claims((OLD,)), Claims((), (unseen,)), [setting("DEFAULT/old")], "2026.2")
    one = only(some, Weight.STEP)
    assert "cannot be seen" in one.what
    assert one.where == "nova/conf/*.py in nova 2026.2"


def test_an_option_of_a_file_that_does_not_parse_is_not_called_gone() -> None:
    unseen = Unseen(Kind.OPTION, ("nova/conf/base.py:3",), "it does not parse as Python 3.11: invalid syntax")
    one = only(found([OLD], [], setting("DEFAULT/old"), unseen=[unseen]), Weight.STEP)
    assert one.what == "it cannot be seen whether nova 2026.2 has it: nova/conf/base.py does not parse"
