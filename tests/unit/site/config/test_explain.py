"""All that is known of an option."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stackwright.errors import InputError
from stackwright.events import conceal
from stackwright.site.config.explain import Named, explain, named
from stackwright.site.config.known import Known
from stackwright.site.config.validate import Validated
from tests.configured import INTEGER, definitions, file, of_catalogue, option

conceal(["S3cretS3cret"])


def validated(service: str, *options: object, sections: dict[str, dict[str, str]], name: str = "") -> Validated:
    files = (file(sections, name or f"{service}.conf"),)
    return Validated(service, Known(definitions(*options)), files, ())  # type: ignore[arg-type]


NOVA = validated(
    "nova",
    option("DEFAULT", "workers", INTEGER), option("libvirt", "virt_type", former=[("DEFAULT", "virt")]),
    option("database", "connection", secret=True),
    sections={"libvirt": {"virt_type": "qemu"}, "database": {"connection": "mysql://nova:S3cretS3cret@h/d"}},
)  # fmt: skip
GLANCE = validated("glance", option("database", "connection", secret=True), sections={"database": {"connection": "s"}})


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nova.conf:libvirt.virt_type", Named("nova.conf", "libvirt", "virt_type")),
        ("[libvirt]virt_type", Named("", "libvirt", "virt_type")),
        ("[libvirt] virt_type", Named("", "libvirt", "virt_type")),
        ("nova.conf:[libvirt]virt_type", Named("nova.conf", "libvirt", "virt_type")),
        ("glance.store.rbd.store.rbd_store_pool", Named("", "glance.store.rbd.store", "rbd_store_pool")),
        ("virt_type", Named("", "", "virt_type")),
    ],
)
def test_an_option_may_be_named_in_several_ways(word: str, meant: Named) -> None:
    assert named(word) == meant


@pytest.mark.parametrize("word", ["", "a b", "[libvirt]", "nova.conf:", "[a"])
def test_what_names_no_option_is_told(word: str) -> None:
    with pytest.raises(InputError, match="does not name an option"):
        named(word)


def test_an_option_of_several_services_is_told_once_with_what_each_sets() -> None:
    (one,) = explain("connection", [NOVA, GLANCE])
    assert one.services == ("nova", "glance")
    assert [(each.service, each.value) for each in one.settings] == [
        ("nova", "mysql://nova:***@h/d"),
        ("glance", "***"),
    ]


def test_all_who_say_it_are_told_and_who_wins() -> None:
    (ours,), (theirs,) = (each.options for each in (of_catalogue({"a": {"x": "1"}}), file({"a": {"x": "2"}})))
    both = replace(file({"a": {}}), options=(replace(theirs, said=(*ours.said, *theirs.said)),))
    service = Validated("nova", Known(definitions(option("a", "x"))), (both,), ())
    (one,) = explain("[a]x", [service])
    assert [(each.value, each.layer, each.wins) for each in one.settings] == [
        ("1", "catalogue", False), ("2", "site local", True),
    ]  # fmt: skip


def test_an_option_is_found_by_a_name_that_it_had() -> None:
    for word in ("virt", "[DEFAULT]virt"):
        (one,) = explain(word, [NOVA])
        assert one.definition.written == "[libvirt] virt_type"
        assert [each.value for each in one.settings] == ["qemu"]


def test_the_file_says_which_services_are_meant() -> None:
    (one,) = explain("glance.conf:database.connection", [NOVA, GLANCE])
    assert one.services == ("glance",)


@pytest.mark.parametrize(
    ("word", "what", "fix"),
    [
        (
            "[libvirt]virt_typ",
            "none of nova, glance has an option 'virt_typ' in [libvirt]",
            "did you mean 'virt_type'?",
        ),
        ("nova.conf:libvrt.virt_type", "nova has no section [libvrt]", "did you mean 'libvirt'?"),
        ("nova.cnf:libvirt.virt_type", "no service has a configuration file 'nova.cnf'", "did you mean 'nova.conf'?"),
        ("zzz", "none of nova, glance has an option 'zzz'", "stackwright config sample SERVICE lists what there is"),
    ],
)
def test_what_is_not_there_is_told_with_the_nearest(word: str, what: str, fix: str) -> None:
    with pytest.raises(InputError) as caught:
        explain(word, [NOVA, GLANCE])
    assert (caught.value.what, caught.value.fix) == (what, fix)
