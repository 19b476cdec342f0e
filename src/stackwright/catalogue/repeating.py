"""What a service has once for each of several things, written out: afterwards every entry is a plain one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from stackwright.catalogue.model import Directory, File, Process, Service, Task

if TYPE_CHECKING:
    from stackwright.catalogue.catalogue import Selection
    from stackwright.catalogue.model import Each

Later = TypeVar("Later", Process, Task)
# Service -> key below `each` -> the names of the things.
Things = Mapping[str, Mapping[str, tuple[str, ...]]]


def written_out(selection: Selection, things: Things) -> Selection:
    """Give the services of a site without `each`.

    :param things: of every service that has several of something
    """
    services = {
        name: _service(name, entry, things.get(name, {})) if entry.each else entry
        for name, entry in selection.services.items()
    }
    return replace(selection, services=services, things=things)


def naming(**names: str) -> str:
    """Give what lets a template that comes behind it use names.

    :param names: name -> what it means, without quotes in it
    """
    return "".join(f"{{% set {name} = '{meaning}' %}}" for name, meaning in names.items())


def _service(name: str, service: Service, things: Mapping[str, tuple[str, ...]]) -> Service:
    ports, directories = dict(service.ports), dict(service.directories)
    files, processes = dict(service.files), dict(service.processes)
    for kind, each in service.each.items():
        for thing in things.get(kind, ()):
            prefix = naming(**{kind: thing})
            ports |= {f"{port}-{thing}": number for port, number in each.ports.items()}
            directories |= {
                _named(path, prefix): Directory.model_validate(_data(one, prefix))
                for path, one in each.directories.items()
            }
            files |= {
                f"{thing}/{file}": File.model_validate({**_data(one, prefix), "said_as": one.said_as or file})
                for file, one in each.files.items()
            }
            processes |= {
                f"{process}-{thing}": _process(name, one, each, thing, prefix)
                for process, one in each.processes.items()
            }
    several = {
        process: tuple(f"{process}-{thing}" for thing in things.get(kind, ()))
        for kind, each in service.each.items()
        for process in each.processes
    }
    change = {
        "ports": ports,
        "directories": directories,
        "files": files,
        "each": {},
        "processes": {process: _behind_all(one, several) for process, one in processes.items()},
        "tasks": tuple(_behind_all(task, several) for task in service.tasks),
    }
    return service.model_copy(update=change)


def _behind_all(entry: Later, several: Mapping[str, tuple[str, ...]]) -> Later:
    """Let what comes after a process of each thing come after those of all things."""
    if entry.after is None or several.keys().isdisjoint(entry.after):
        return entry
    return entry.model_copy(
        update={"after": tuple(step for name in entry.after for step in several.get(name, (name,)))}
    )


def _process(service: str, process: Process, each: Each, thing: str, prefix: str) -> Process:
    data = _data(process, prefix)
    for holder in (data.get("wsgi"), *(data.get("health", {}).get(form) for form in ("http", "tcp"))):
        if holder and holder["port"].removeprefix(f"{service}-") in each.ports:
            holder["port"] += f"-{thing}"
    if process.after is not None:
        data["after"] = tuple(f"{step}-{thing}" if step in each.processes else step for step in process.after)
    if process.reads is not None:
        data["reads"] = tuple(f"{thing}/{file}" if file in each.files else file for file in process.reads)
    return Process.model_validate(data)


def _data(entry: Directory | File | Process, prefix: str) -> dict[str, Any]:
    data: dict[str, Any] = _named(entry.model_dump(exclude_unset=True), prefix)
    return data


def _named(value: Any, prefix: str) -> Any:
    """Let every template in a value know the thing."""
    if isinstance(value, Mapping):
        return {key: _named(child, prefix) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_named(child, prefix) for child in value)
    return prefix + value if isinstance(value, str) and ("{{" in value or "{%" in value) else value
