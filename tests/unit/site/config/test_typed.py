"""oslo.config's types, made again from what an environment tells of them."""

from __future__ import annotations

import pytest
from oslo_config import types

from stackwright.site.config.definitions import TypeForm
from stackwright.site.config.typed import default_told, is_default, refusal, type_of, type_told
from tests.configured import BOOLEAN, DICT, INTEGER, LIST, STRING, option

PORT = TypeForm(kind="Port", shown="port", max=65535)


@pytest.mark.parametrize(
    ("form", "taken", "refused"),
    [
        (STRING, "anything", None),
        (TypeForm(kind="String", choices=(("a", ""), ("B", "")), ignore_case=True), "b", "c"),
        (TypeForm(kind="String", regex="^[a-z]+$"), "abc", "a1"),
        (TypeForm(kind="String", max_length=3), "abc", "abcd"),
        (TypeForm(kind="String", quotes=True), "'a'", "'a"),
        (BOOLEAN, "ON", "perhaps"),
        (INTEGER, "-3", "3.0"),
        (TypeForm(kind="Integer", min=1, max=4), "4", "5"),
        (TypeForm(kind="Integer", min=0), "0", "-1"),
        (TypeForm(kind="Integer", choices=((1, ""), (4, ""))), "4", "2"),
        (TypeForm(kind="Float", min=0.5), "1e3", "0.4"),
        (PORT, "65535", "65536"),
        (TypeForm(kind="List", item=INTEGER), "1, 2,3", "1,a"),
        (TypeForm(kind="List", item=STRING, bounds=True), "[a,b]", "a,b"),
        (TypeForm(kind="List", item=STRING, min_length=2), "a,b", "a"),
        (DICT, "a:1,b:2", "a"),
        (TypeForm(kind="Dict", item=STRING, key_value_separator="="), "a=1", "a:1"),
        (TypeForm(kind="Range", min=1, max=9), "1-9", "1-10"),
        (TypeForm(kind="IPAddress"), "::1", "nowhere"),
        (TypeForm(kind="IPAddress", version=4), "10.0.0.1", "::1"),
        (TypeForm(kind="Hostname"), "a.example.org", "-a"),
        (TypeForm(kind="HostAddress"), "10.0.0.1", "a b"),
        (TypeForm(kind="HostDomain"), "a_b.example.org", "a b"),
        (TypeForm(kind="URI", schemes=("http",)), "http://a/", "ftp://a/"),
        (TypeForm(kind="str"), "anything", None),
        (TypeForm(kind="int"), "3", "x"),
        (TypeForm(kind="Any"), "anything", None),
    ],
)
def test_a_type_takes_and_refuses_what_oslo_configs_does(form: TypeForm, taken: str, refused: str | None) -> None:
    assert refusal(form, taken) == ""
    if refused is not None:
        assert refusal(form, refused)


@pytest.mark.parametrize(
    "form",
    [TypeForm(foreign="nova.Own"), TypeForm(kind="List", item=TypeForm(foreign="nova.Own")), TypeForm(kind="Newer")],
)
def test_what_only_the_environment_can_judge_is_not_judged(form: TypeForm) -> None:
    assert type_of(form) is None
    assert refusal(form, "x") is None


def test_there_is_no_type_of_oslo_config_that_is_not_made_again() -> None:
    known = {name for name, one in vars(types).items() if isinstance(one, type) and issubclass(one, types.ConfigType)}
    abstract = {"ConfigType", "Number"}
    forms = {name: TypeForm(kind=name, item=STRING) for name in known - abstract}
    assert {name for name, form in forms.items() if type_of(form) is None} == set()


def test_what_oslo_config_says_is_told_as_part_of_a_sentence() -> None:
    assert (
        refusal(TypeForm(kind="List", item=STRING, min_length=2), "a") == "Length should be greater than or equal to 2"
    )
    assert refusal(TypeForm(kind="URI"), "x") == "host, scheme were required but missing"


@pytest.mark.parametrize(
    ("form", "default", "text", "told"),
    [
        (BOOLEAN, True, "yes", "true"),
        (INTEGER, 4, "04", "4"),
        (LIST, ["a", "b"], "a, b", "a,b"),
        (LIST, [], "", ""),
        (TypeForm(kind="List", item=STRING, bounds=True), ["a"], "[a]", "[a]"),
        (DICT, {"a": "1"}, "a: 1", "a:1"),
        (STRING, "", "", ""),
        (LIST, "a,b", "a,b", "a,b"),
    ],
)
def test_a_text_that_makes_the_default_is_the_default(form: TypeForm, default: object, text: str, told: str) -> None:
    one = option("a", "x", form, default=default)
    assert is_default(one, text)
    assert default_told(one) == told
    assert not is_default(one, "9")


def test_a_default_that_refers_to_another_is_the_same_only_as_it_is_written() -> None:
    one = option("a", "x", default="$state_path/keys")
    assert is_default(one, "$state_path/keys")
    assert not is_default(one, "/var/lib/keys")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (TypeForm(kind="String", shown="string value", choices=(("a", ""), (None, ""))), "string value: a | (nothing)"),
        (TypeForm(kind="Integer", shown="integer value", min=1, max=4), "integer value, 1 to 4"),
        (TypeForm(kind="Integer", shown="integer value", min=0), "integer value, from 0"),
        (TypeForm(kind="List", shown="list value", item=PORT), "list value of port, up to 65535"),
        (TypeForm(foreign="nova.Own"), "of the type nova.Own"),
        (TypeForm(kind="str"), "string value"),
    ],
)
def test_a_type_is_told_for_a_person(form: TypeForm, told: str) -> None:
    assert type_told(form) == told
