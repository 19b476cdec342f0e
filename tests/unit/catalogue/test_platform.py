"""The catalogue as it is on a platform: changed by data, and no service written twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from stackwright.catalogue.catalogue import Catalogue, own_catalogue
from stackwright.catalogue.model import Service
from stackwright.catalogue.platform import Platform, adapted, packages_of
from stackwright.errors import InputError

if TYPE_CHECKING:
    from stackwright.catalogue.platform import Change

ABOUT: dict[str, Any] = {
    "name": "plan9",
    "title": "Plan 9",
    "python": {"program": "/bin/python", "packages": ["python"]},
    "folders": {name: f"/{name}/{{name}}" for name in ("etc", "data", "run", "log", "environment")},
    "client": {"name": "client", "requirements": []},
    "packages": {"libc6-dev": [], "memcached": ["cache", "libevent"]},
}
CACHE = {"title": "a cache", "packages": ["memcached", "libc6-dev"], "ports": {"server": 11211, "other": 2}}


def platform(**more: Any) -> Platform:
    return Platform.model_validate({**ABOUT, "services": {}, **more})


def catalogue(**services: dict[str, Any]) -> Catalogue:
    return Catalogue({name: Service.model_validate(entry) for name, entry in services.items()})


def test_what_the_platform_changes_is_merged_and_the_rest_stands() -> None:
    change = {"without": [["ports", "other"]], "change": {"title": "another cache", "ports": {"new": 3}}}
    there = adapted(catalogue(cache=CACHE), platform(services={"cache": change}))
    entry = there.services["cache"]
    assert entry.title == "another cache"
    assert entry.ports == {"server": 11211, "new": 3}
    assert entry.packages == ("memcached", "libc6-dev")


def test_packages_are_the_platform_s_and_an_unknown_one_is_an_error() -> None:
    entry = Service.model_validate(CACHE)
    assert packages_of(entry, platform()) == ("cache", "libevent")
    with pytest.raises(InputError, match="knows no package for Debian's gcc"):
        packages_of(entry.model_copy(update={"packages": ("gcc",)}), platform())


def test_a_service_is_there_or_said_to_be_lacking() -> None:
    with pytest.raises(InputError, match="has to say either what cache is there, or why it lacks it"):
        adapted(catalogue(cache=CACHE), platform())
    lacking = adapted(catalogue(cache=CACHE), platform(lacks={"cache": "it has no memory"}))
    with pytest.raises(InputError, match="plan9 has no service 'cache'") as told:
        lacking.select(["cache"])
    assert told.value.why == "it has no memory"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"without": [["ports", "third"]]}, "leads nowhere: there is no 'third'"),
        ({"change": {"titel": "a cache"}}, "makes of cache is no entry"),
    ],
)
def test_a_change_that_does_not_fit_is_an_error(change: Change, what: str) -> None:
    with pytest.raises(InputError, match=what):
        adapted(catalogue(cache=CACHE), platform(services={"cache": change}))


def test_every_package_and_user_of_freebsd_s_services_is_known() -> None:
    there = own_catalogue("freebsd")
    assert there.platform is not None
    for entry in there.services.values():
        packages_of(entry, there.platform)
    assert own_catalogue().services.keys() == there.platform.services.keys() | there.platform.lacks.keys()


def test_where_something_is_said_is_the_file_that_says_it() -> None:
    there = own_catalogue("freebsd")
    ini = ("files", "nova.conf", "ini")
    assert str(there.where("nova", *ini, "serial_console", "enabled").file).endswith("platforms/freebsd.yaml")
    assert str(there.where("nova", *ini, "DEFAULT", "host").file).endswith("services/nova.yaml")
    assert str(replace(there, platform=None).where("nova", *ini).file).endswith("services/nova.yaml")


def test_what_is_linux_s_is_in_no_entry_of_freebsd() -> None:
    there = own_catalogue("freebsd")
    assert there.platform is not None
    for name, entry in there.services.items():
        run = [wish for process, wish in entry.processes.items() if process not in there.platform.of(name).scripts]
        texts = [*(wish.model_dump_json() for wish in run), entry.model_dump_json(include={"files", "tasks", "shared"})]
        for word in ("ovs", "unshare", "/proc", "/var/lib", "sudo", "ip netns", "geneve"):
            assert word not in " ".join(texts), f"{name}: {word}"
