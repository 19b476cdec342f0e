"""What is told of the files of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackwright.events import conceal
from stackwright.site.config.definitions import Context, Plugin, TypeForm, Unseen
from stackwright.site.config.model import Rule, Severity
from tests.configured import BOOLEAN, INTEGER, LIST, definitions, file, findings, of_catalogue, option

if TYPE_CHECKING:
    from stackwright.site.config.definitions import Definition
    from stackwright.site.config.model import Finding

VIRT = TypeForm(kind="String", shown="string value", choices=(("kvm", ""), ("qemu", "")))
NOVA = definitions(
    option("DEFAULT", "my_ip", default="10.0.0.1"),
    option("DEFAULT", "workers", INTEGER, default=4),
    option("libvirt", "virt_type", VIRT, default="kvm"),
    option("vnc", "enabled", BOOLEAN, default=True),
)


def one(found: list[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def test_what_is_right_is_not_told_of() -> None:
    assert findings(NOVA, file({"DEFAULT": {"workers": "2"}, "libvirt": {"virt_type": "qemu"}})) == []


def test_a_mistyped_option_is_told_with_its_line_and_the_nearest() -> None:
    found = one(findings(NOVA, file({"DEFAULT": {"workers": "2"}, "libvirt": {"virt_typ": "qemu"}})))
    assert (found.severity, found.rule, str(found.where)) == (Severity.ERROR, Rule.UNKNOWN, "sites/local.yaml:2")
    assert found.what.startswith("nova has no option 'virt_typ' in [libvirt]")
    assert found.fix == "did you mean 'virt_type'?"


def test_an_option_in_the_wrong_section_is_told_with_the_right_one() -> None:
    found = one(findings(NOVA, file({"DEFAULT": {"virt_type": "qemu"}})))
    assert (found.severity, found.rule) == (Severity.ERROR, Rule.SECTION)
    assert "[libvirt] has it, and [DEFAULT] does not" in found.what
    assert found.fix == "write it below [libvirt]"


def test_a_name_that_many_sections_have_is_not_told_as_one_in_the_wrong_section() -> None:
    there = definitions(option("DEFAULT", "host"), *(option(f"s{number}", "region_name") for number in range(5)))
    assert one(findings(there, file({"DEFAULT": {"region_name": "x"}}))).rule is Rule.UNKNOWN


def test_a_section_that_is_not_there_is_told_with_the_nearest() -> None:
    found = one(findings(NOVA, file({"libvrt": {"nothing": "x"}})))
    assert found.what.startswith("nova has no section [libvrt]")
    assert found.fix == "did you mean [libvirt]?"


def test_sections_but_default_are_the_same_in_capitals() -> None:
    assert findings(NOVA, file({"LIBVIRT": {"virt_type": "qemu"}})) == []
    assert one(findings(NOVA, file({"default": {"workers": "2"}}))).rule is Rule.SECTION


def test_what_cannot_be_asked_for_its_options_makes_an_unknown_one_uncertain() -> None:
    unseen = (Unseen(name="plugin", why="ImportError: no module"),)
    found = one(findings(definitions(*NOVA.options, unseen=unseen), file({"libvirt": {"mine": "x"}})))
    assert found.severity is Severity.WARNING
    assert "plugin cannot be asked for options: ImportError: no module" in found.what


def test_what_the_catalogue_sets_and_nobody_reads_is_a_warning_since_no_user_can_mend_it() -> None:
    assert one(findings(NOVA, of_catalogue({"libvirt": {"mine": "x"}}))).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("section", "name", "value", "told"),
    [
        ("DEFAULT", "workers", "many", "the value 'many' is refused: invalid literal for int()"),
        ("libvirt", "virt_type", "xen", "Valid values are [kvm, qemu], but found 'xen'"),
        ("vnc", "enabled", "maybe", "Unexpected boolean value 'maybe'"),
        ("vnc", "enabled", "", "Unexpected boolean value ''"),
    ],
)
def test_a_value_that_its_type_refuses_is_told_as_oslo_config_says_it(
    section: str, name: str, value: str, told: str
) -> None:
    found = one(findings(NOVA, file({section: {name: value}})))
    assert (found.severity, found.rule) == (Severity.ERROR, Rule.REFUSED)
    assert told in found.what


def test_quotes_are_read_as_oslo_config_reads_them() -> None:
    assert findings(NOVA, file({"libvirt": {"virt_type": '"qemu"'}})) == []


def test_a_value_that_one_of_two_definitions_takes_is_taken() -> None:
    there = definitions(option("a", "x", INTEGER), option("a", "x"))
    assert findings(there, file({"a": {"x": "many"}})) == []


def test_a_secret_value_that_is_refused_is_not_told() -> None:
    there = definitions(option("a", "key", TypeForm(kind="String", regex="^[0-9]+$"), secret=True))
    found = one(findings(there, file({"a": {"key": "S3cretS3cret"}})))
    assert "S3cret" not in found.what
    there = definitions(option("a", "url", TypeForm(kind="URI"), default=""))
    conceal(["S3cretS3cret"])
    found = one(findings(there, file({"a": {"url": "no url S3cretS3cret"}})))
    assert "***" in found.what
    assert "S3cret" not in found.what


def test_a_deprecated_name_is_told_with_the_new_one_and_its_section() -> None:
    there = definitions(option("new", "name", INTEGER, former=[("old", "nam")]))
    found = findings(there, file({"old": {"nam": "many"}}))
    assert [each.rule for each in found] == [Rule.DEPRECATED, Rule.REFUSED]
    assert found[0].severity is Severity.WARNING
    assert "it is called [new] name now" in found[0].what


def test_what_is_deprecated_for_removal_is_told_with_since_and_why() -> None:
    there = definitions(option("a", "x", removal=True, since="2026.1", reason="Nobody\nuses it."))
    found = one(findings(there, file({"a": {"x": "1"}})))
    assert (found.severity, found.rule) == (Severity.WARNING, Rule.REMOVAL)
    assert found.what == "it is deprecated for removal since 2026.1: Nobody uses it"


@pytest.mark.parametrize(
    ("name", "value", "is_default"),
    [("workers", "4", True), ("workers", "5", False), ("my_ip", "10.0.0.1", True), ("my_ip", "$my_ip", False)],
)
def test_what_is_set_to_its_default_is_a_note(name: str, value: str, is_default: bool) -> None:
    found = [each.rule for each in findings(NOVA, file({"DEFAULT": {name: value}}))]
    assert found == ([Rule.DEFAULT] if is_default else [])


def test_a_default_that_is_another_on_each_machine_is_none_to_be_set_to() -> None:
    there = definitions(option("DEFAULT", "host", default="this-machine", sample="<hostname>"))
    assert findings(there, file({"DEFAULT": {"host": "this-machine"}})) == []


def test_references_are_put_in_before_a_value_is_looked_at() -> None:
    there = definitions(option("DEFAULT", "size", INTEGER, default=3), option("a", "x", INTEGER), option("a", "y"))
    assert findings(there, file({"a": {"x": "$size"}})) == []
    assert findings(there, file({"a": {"x": "$y", "y": "4"}})) == []
    assert findings(there, file({"a": {"x": "${DEFAULT.size}0"}})) == []
    assert one(findings(there, file({"a": {"x": "$y", "y": "four"}}))).rule is Rule.REFUSED
    # What is no option stays as it is written.
    assert "'$z'" in one(findings(there, file({"a": {"x": "$z"}}))).what


@pytest.mark.parametrize("value", ["$x", "$y"])
def test_a_value_that_cannot_be_known_is_not_judged(value: str) -> None:
    there = definitions(option("a", "x", INTEGER), option("a", "y", default="host", sample="<hostname>"))
    assert findings(there, file({"a": {"x": value}})) == []


def test_what_has_to_be_set_is_told_of_sections_that_are_used() -> None:
    there = definitions(option("a", "x", required=True), option("a", "y"), option("b", "z", required=True))
    found = one(findings(there, file({"a": {"y": "1"}})))
    assert (found.severity, found.rule, found.option) == (Severity.ERROR, Rule.MISSING, "x")
    assert str(found.where) == "sites/local.yaml:1"
    assert findings(there, file({"a": {"y": "1", "x": "1"}})) == []


def test_what_is_set_in_another_file_of_the_service_is_set() -> None:
    there = definitions(option("a", "x", required=True), option("a", "y"))
    assert findings(there, file({"a": {"y": "1"}}), file({"a": {"x": "1"}}, "other.conf")) == []


# Ways to authenticate -------------------------------------------------------------------------------------------------

AUTH = definitions(option("auth", "auth_type"), option("auth", "auth_section"), option("other", "x"))


def test_what_a_way_to_authenticate_reads_is_known_where_it_is_named() -> None:
    login = {"auth_type": "password", "auth_url": "http://x", "username": "nova", "password": "p"}
    assert findings(AUTH, file({"auth": login})) == []
    assert one(findings(AUTH, file({"auth": {**login, "token": "x"}}))).what.startswith("nova has no option 'token'")
    assert {each.option for each in findings(AUTH, file({"other": login}))} == set(login)


def test_what_a_way_to_authenticate_needs_has_to_be_set() -> None:
    found = one(findings(AUTH, file({"auth": {"auth_type": "password", "username": "nova"}})))
    assert (found.rule, found.option) == (Rule.MISSING, "auth_url")
    assert found.what == "it has to be set: [auth] authenticates by password, and it has no default"


@pytest.mark.parametrize(
    ("name", "what", "fix"),
    [
        ("pasword", "there is no way to authenticate 'pasword'", "did you mean 'password'?"),
        ("kerberos", "there is no way to authenticate 'kerberos' here: it needs requests_kerberos", "one of: password"),
    ],
)
def test_a_way_to_authenticate_that_is_not_there_is_told_and_nothing_that_follows_from_it(
    name: str, what: str, fix: str
) -> None:
    found = one(findings(AUTH, file({"auth": {"auth_type": name, "username": "nova"}})))
    assert (found.severity, found.what, found.fix) == (Severity.ERROR, what, fix)


def test_another_section_may_say_how_to_authenticate() -> None:
    login = {"auth_type": "password", "auth_url": "http://x", "username": "nova"}
    assert findings(AUTH, file({"auth": {"auth_section": "keystone"}, "keystone": login})) == []
    found = findings(AUTH, file({"auth": {}, "keystone": login}))
    assert {each.rule for each in found} == {Rule.UNKNOWN, Rule.SECTION}


def test_a_section_that_no_plugin_can_be_asked_for_is_not_judged_by_plugins() -> None:
    there = definitions(*AUTH.options, plugins=())
    assert findings(there, file({"auth": {"auth_type": "anything"}})) == []


# Types of a component's own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "told"),
    [(None, [Rule.UNCHECKED]), ("", []), ("it is too long", [Rule.REFUSED])],
)
def test_a_type_of_the_components_own_is_judged_by_the_environment(answer: str | None, told: list[Rule]) -> None:
    asked: list[tuple[str, str]] = []

    def ask(one: Definition, value: str) -> str | None:
        asked.append((one.written, value))
        return answer

    there = definitions(option("a", "x", TypeForm(kind="List", item=TypeForm(foreign="nova.Capability"))))
    found = findings(there, file({"a": {"x": "CAP_SYS"}}), ask=ask)
    assert [each.rule for each in found] == told
    assert asked == [("[a] x", "CAP_SYS")]
    assert all("nova.Capability" in each.what for each in found if each.rule is Rule.UNCHECKED)


def test_nobody_is_asked_about_a_secret() -> None:
    def ask(one: Definition, value: str) -> str | None:
        raise AssertionError(one.written + value)

    there = definitions(option("a", "x", TypeForm(foreign="nova.Key"), secret=True))
    assert one(findings(there, file({"a": {"x": "s"}}), ask=ask)).rule is Rule.UNCHECKED


def test_a_context_of_privsep_has_its_options_in_a_section_of_its_own() -> None:
    there = definitions(
        option("privsep", "user"), option("privsep", "capabilities", LIST),
        contexts=(Context(section="vif_plug", place="plug.py:1"), Context(section="privsep", place="own.py:1")),
    )  # fmt: skip
    assert findings(there, file({"vif_plug": {"user": "nova"}, "privsep": {"user": "nova"}})) == []
    assert one(findings(there, file({"vif_plg": {"user": "nova"}}))).severity is Severity.ERROR


def test_a_plugin_that_is_listed_with_nothing_reads_nothing() -> None:
    there = definitions(*AUTH.options, plugins=(Plugin(name="none"),))
    assert one(findings(there, file({"auth": {"auth_type": "none", "username": "x"}}))).option == "username"
