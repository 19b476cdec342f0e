"""Tell which options the packages of this environment have, as JSON; or what their own types say of values.

    python -I options.py list
    python -I options.py judge          reads questions (JSON) from standard input

The entry points `oslo.config.opts`, and those beside it, are oslo.config's documented way to find options
(https://docs.openstack.org/oslo.config/latest/cli/generator.html). What cannot be imported is told under ``unseen``,
and does not keep the rest from being told.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.metadata
import json
import logging
import os
import sys
import types
import warnings
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

OPTIONS = "oslo.config.opts"
UPDATERS = "oslo.config.opts.defaults"
PLUGINS = "keystoneauth1.plugin"
TYPES = "oslo_config.types"
PRIVSEP = "oslo-privsep"
CONTEXT = "PrivContext"
PLAIN = (str, int, float, bool, type(None))
# What makes a type of oslo.config, besides those of other types that it is made of.
LIMITS = (
    "ignore_case",
    "quotes",
    "max_length",
    "min",
    "max",
    "bounds",
    "key_value_separator",
    "min_length",
    "inclusive",
)


def main(words: list[str], out: IO[str]) -> None:
    """Do what is asked for."""
    if words == ["list"]:
        told = listed()
        json.dump({"files": read(told), "told": told}, out)
    elif words == ["judge"]:
        json.dump([judged(question) for question in json.load(sys.stdin)], out)
    else:
        sys.exit(__doc__)


def listed() -> dict[str, Any]:
    """Give all options of the environment."""
    unseen: dict[str, str] = {}
    absent = Absent()
    sys.meta_path.append(absent)
    points = {point.name: point for point in _points(OPTIONS) if ".tests." not in f".{point.value}"}
    # All modules first: applications give the options of libraries other defaults, and these have to be there for it.
    loaded = {name: _attempt(name, unseen, partial(absent.tolerated, point.load)) for name, point in points.items()}
    for point in _points(UPDATERS):
        _attempt(f"{point.name} (defaults)", unseen, partial(_called, point))
    found: dict[str, dict[str, Any]] = {}
    drivers: list[dict[str, str]] = []
    for name, lister in loaded.items():
        for group, options in _attempt(name, unseen, partial(absent.tolerated, partial(_groups, lister))) or ():
            group_name = _name(group)
            driver = str(getattr(group, "driver_option", "") or "")
            if driver:
                owner = str(getattr(group, "dynamic_group_owner", "") or "")
                drivers.append({"group": group_name, "owner": owner, "driver": driver})
                options += _attempt(f"{name} {driver}", unseen, partial(_of_drivers, driver)) or ()
            for option in options:
                _put(found, group_name, option, name)
    return {
        "version": importlib.metadata.version("oslo.config"),
        "options": list(found.values()),
        "drivers": drivers,
        "plugins": _attempt("keystoneauth1", unseen, _plugins) or [],
        "contexts": _contexts(unseen),
        "unseen": [{"name": name, "why": why} for name, why in unseen.items()],
        "absent": sorted(absent.names),
    }


def read(told: dict[str, Any]) -> list[str]:
    """Give the files of the environment that the answer comes from, as paths from its folder."""
    home = Path(sys.prefix)
    packages = Path(str(importlib.metadata.distribution("oslo.config").locate_file("")))
    loaded = [Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    loaded += [packages / one["place"].rpartition(":")[0] for one in told["contexts"]]
    return sorted({str(file.relative_to(home)) for file in loaded if file.is_relative_to(home)})


def judged(question: dict[str, str]) -> str | None:
    """Say why the type of an option refuses a value; empty if it takes it, None if that cannot be found out."""
    absent = Absent()
    sys.meta_path.append(absent)
    found: dict[str, Any] = {}
    for point in _points(OPTIONS):
        if point.name == question["namespace"]:
            lister = _attempt(point.name, {}, partial(absent.tolerated, point.load))
            for group, options in _attempt(point.name, {}, partial(absent.tolerated, partial(_groups, lister))) or ():
                found |= {_name(group): option for option in options if option.dest == question["name"]}
    # In a section that the configuration names, the option is the one that the list has in another.
    option = found.get(question["group"]) or next(iter(found.values()), None)
    if option is None:
        return None
    try:
        option.type(question["value"])
    except ValueError as error:
        return str(error) or "it is not of its type"
    except Exception as error:  # what else it raises ends the service, too
        return f"{type(error).__name__}: {error}"
    return ""


class Absent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets modules be imported that packages need only for some of their drivers, and that are not installed.

    cinder's list of options, for one, imports all of its drivers. Nothing that such a module gives is of any use.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()

    def tolerated(self, make: Callable[[], Any]) -> Any:
        """Give what is made; each package that is found missing in the course of it is stood in for."""
        while True:
            try:
                return make()
            except ModuleNotFoundError as error:
                package = (error.name or "").partition(".")[0]
                if not package or package in self.names or package in sys.modules:
                    raise
                self.names.add(package)

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that is stood in for; others are looked for before."""
        known = name.partition(".")[0] in self.names
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """Make it."""
        return NoModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run nothing: there is nothing in it."""


class Nothing:
    """Something of a module that is not there: it can be called, asked for more, and be the base of a class."""

    def __getattr__(self, name: str) -> Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()

    def __call__(self, *given: Any, **more: Any) -> Any:
        """Give the function that is decorated, else nothing again."""
        return given[0] if len(given) == 1 and not more and callable(given[0]) else Nothing()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return ()


class NoModule(types.ModuleType):
    """A module that is not there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


def _points(group: str) -> list[importlib.metadata.EntryPoint]:
    return sorted(importlib.metadata.entry_points(group=group), key=lambda point: (point.name, point.value))


def _attempt(name: str, unseen: dict[str, str], make: Callable[[], Any]) -> Any:
    """Give what is made; of what cannot be, remember why."""
    try:
        return make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may even end the process
        unseen[name] = " ".join(f"{type(error).__name__}: {error}".split())
        return None


def _called(point: importlib.metadata.EntryPoint) -> Any:
    return point.load()()


def _groups(lister: Callable[[], Iterable[tuple[Any, Iterable[Any]]]] | None) -> list[tuple[Any, list[Any]]]:
    """Give what a namespace lists; nothing if it could not be loaded."""
    return [(group, list(options)) for group, options in lister()] if lister is not None else []


def _of_drivers(driver: str) -> list[Any]:
    return [option for point in _points(f"{OPTIONS}.{driver}") for some in point.load()().values() for option in some]


def _name(group: Any) -> str:
    """Give the name of a group: a text, nothing for DEFAULT, or an OptGroup."""
    return _normal(group if isinstance(group, str) else getattr(group, "name", None) or "DEFAULT")


def _normal(name: str) -> str:
    """Give the name of a group as oslo.config compares it."""
    return "DEFAULT" if name.upper() == "DEFAULT" else name.lower()


def _put(found: dict[str, dict[str, Any]], group: str, option: Any, namespace: str) -> None:
    """Add an option; one that several namespaces have alike is one."""
    told = _told(option)
    key = json.dumps([group, told])
    found.setdefault(key, {"group": group, **told, "namespaces": []})["namespaces"].append(namespace)


def _told(option: Any) -> dict[str, Any]:
    """Tell an option; what is as usual is left out."""
    default, plain = _plain(option.default)
    sample = getattr(option, "sample_default", None)
    told = {
        "name": option.dest,
        "type": _type(option.type),
        "default": default,
        "computed": not plain,
        "sample": None if sample is None else str(sample),
        "multi": bool(getattr(option, "multi", False)),
        "required": bool(getattr(option, "required", False)),
        "secret": bool(getattr(option, "secret", False)),
        "mutable": bool(getattr(option, "mutable", False)),
        "advanced": bool(getattr(option, "advanced", False)),
        "former": [[each.group or "", each.name or option.dest] for each in getattr(option, "deprecated_opts", ())],
        "removal": bool(getattr(option, "deprecated_for_removal", False)),
        "reason": str(getattr(option, "deprecated_reason", None) or ""),
        "since": str(getattr(option, "deprecated_since", None) or ""),
        "help": str(option.help or ""),
    }
    return {name: value for name, value in told.items() if value or (name == "default" and value is not None)}


def _plain(value: Any) -> tuple[Any, bool]:
    """Give a default as JSON has it, and whether that is all there is to it."""
    if type(value) in PLAIN:
        return value, True
    if isinstance(value, str):  # one that is translated when it is shown
        return str(value), True
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
        return [item for item, _ in items], all(plain for _, plain in items)
    if isinstance(value, dict):
        pairs = [(str(key), _plain(item)) for key, item in value.items()]
        return {key: item for key, (item, _) in pairs}, all(plain for _, (_, plain) in pairs)
    return str(value), False


def _type(kind: Any) -> dict[str, Any]:
    """Tell a type: of oslo.config's own all that makes it, of Python's its name, of others only whose it is."""
    if isinstance(kind, type):
        own = kind.__module__ == "builtins"
        return {"kind": kind.__name__} if own else {"kind": "", "foreign": f"{kind.__module__}.{kind.__qualname__}"}
    made = type(kind)
    if made.__module__ != TYPES:
        module, name = getattr(kind, "__module__", made.__module__), getattr(kind, "__qualname__", made.__qualname__)
        if module == "oslo_config.cfg":  # takes whatever it is given
            return {"kind": "Any"}
        shown = getattr(kind, "type_name", "")
        return {"kind": "", "foreign": f"{module}.{name}", "shown": shown if isinstance(shown, str) else ""}
    told: dict[str, Any] = {"kind": made.__name__, "shown": kind.type_name}
    told |= {limit: value for limit in LIMITS if type(value := getattr(kind, limit, None)) in PLAIN and value}
    told |= {limit: 0 for limit in ("min", "max") if getattr(kind, limit, None) == 0}
    if getattr(kind, "choices", None) is not None:
        told["choices"] = [[_plain(value)[0], str(said or "")] for value, said in kind.choices.items()]
    if getattr(kind, "regex", None) is not None:
        told["regex"], told["flags"] = kind.regex.pattern, kind.regex.flags
    if getattr(kind, "schemes", None):
        told["schemes"] = list(kind.schemes)
    checker = getattr(getattr(kind, "ip_address", kind), "version_checker", None)
    told |= {"_check_ipv4": {"version": 4}, "_check_ipv6": {"version": 6}}.get(getattr(checker, "__name__", ""), {})
    for item in ("item_type", "value_type"):
        if hasattr(kind, item):
            told["item"] = _type(getattr(kind, item))
    return told


def _plugins() -> list[dict[str, Any]]:
    """Give the options of each way to authenticate (keystoneauth1), or why it cannot be used here."""
    from keystoneauth1.loading import get_auth_plugin_conf_options

    found = []
    for point in _points(PLUGINS):
        why: dict[str, str] = {}
        loader = _attempt(point.name, why, partial(_called, point))
        if loader is not None and not loader.available:
            why[point.name] = "a package that it needs is not there"
        options = [] if why else _attempt(point.name, why, partial(get_auth_plugin_conf_options, loader))
        told = [_told(option) for option in options or ()]
        found.append({"name": point.name, "options": told, "why": why.get(point.name, "")})
    return found


def _contexts(unseen: dict[str, str]) -> list[dict[str, str]]:
    """Find the sections that contexts of oslo.privsep make for themselves when their modules are imported."""
    found = []
    for file, tree in _modules(unseen):
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call) or getattr(call.func, "attr", getattr(call.func, "id", "")) != CONTEXT:
                continue
            given = [word.value for word in call.keywords if word.arg == "cfg_section"] or call.args[1:2]
            section = given[0].value if given and isinstance(given[0], ast.Constant) else None if given else "privsep"
            if isinstance(section, str):
                found.append({"section": _normal(section), "place": f"{file}:{call.lineno}"})
            else:
                unseen[f"oslo.privsep, {file}:{call.lineno}"] = "the section of the context is computed"
    return found


def _modules(unseen: dict[str, str]) -> Iterator[tuple[str, ast.Module]]:
    """Give the modules that may make such contexts: those of packages that require oslo.privsep."""
    for package in importlib.metadata.distributions():
        if not any(_requires(line, PRIVSEP) for line in package.requires or ()):
            continue
        for path in _sources(package.files or ()):
            try:
                content = Path(str(package.locate_file(path))).read_bytes()
                if CONTEXT.encode() in content:
                    yield path, ast.parse(content)
            except (OSError, SyntaxError, ValueError) as error:
                unseen[f"oslo.privsep, {path}"] = f"{type(error).__name__}: {error}"


def _sources(files: Iterable[Any]) -> list[str]:
    return sorted(str(file) for file in files if str(file).endswith(".py") and "/tests/" not in str(file))


def _requires(line: str, name: str) -> bool:
    """Tell whether a requirement (PEP 508) is one of a package."""
    written = line.replace("_", "-").replace(".", "-").lower()
    return written.startswith(name) and not written[len(name) : len(name) + 1].isalnum()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    # What modules print while they are imported goes where nobody reads it as the result.
    with os.fdopen(os.dup(1), "w") as stream:
        os.dup2(2, 1)
        main(sys.argv[1:], stream)
