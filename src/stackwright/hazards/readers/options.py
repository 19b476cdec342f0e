"""Configuration options (oslo.config): in which group each is, its type, its default and what it deprecates.

An option is made in one place and gets its group in another: where it is registered, or where it is listed for the
sample file. Both are looked for, in all files of the rule; the first kind counts where there are both.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stackwright.hazards.model import Kind
from stackwright.hazards.readers.look import claim, dotted
from stackwright.hazards.readers.python import Point, UnknownError, called, chain, keyword, source
from stackwright.hazards.readers.values import find, text_of, told, value, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackwright.hazards.model import Claim
    from stackwright.hazards.readers.look import Look
    from stackwright.hazards.readers.python import Module

MAKES = re.compile(r"([A-Z]\w*)?Opt")
NO_OPTIONS = ("DeprecatedOpt", "SubCommandOpt")
# A file without any of these has nothing to do with options.
TELLS = re.compile(rb"Opt\(|\bregister_\w*opts?\(|\bdef list_\w*opts|^_?\w*opts = \[\n *\(", re.MULTILINE)
LISTS = re.compile(r"_?(list|get)_\w*opts|list_opts")
REGISTERS = ("register_opts", "register_opt", "register_cli_opts", "register_cli_opt")
DEFAULT = "DEFAULT"
UNKNOWN = "?"
LIMITS = ("min", "max", "max_length", "key_value_separator")
FLAGS = ("required", "secret", "ignore_case", "quotes", "bounds")
NO_GROUP = "the group of options is not to be seen"


@dataclass
class _Found:
    """The options of a tree.

    :param made: each call that makes one, by its place
    :param groups: of each, the groups it is registered in; ``listed``: those it is listed in
    """

    made: dict[tuple[str, int, int], Point] = field(default_factory=dict)
    groups: dict[tuple[str, int, int], dict[str, None]] = field(default_factory=dict)
    listed: dict[tuple[str, int, int], dict[str, None]] = field(default_factory=dict)


def read(look: Look) -> Iterator[Claim]:
    """Give the options of the role ``options``; those whose group is not to be seen are in the group ``?``."""
    found = _Found()
    modules = [
        module for path in look.paths("options") if TELLS.search(look.contents[path]) and (module := look.module(path))
    ]
    for module in modules:
        for made in module.calls:
            if makes_option(made):
                found.made[_place(module, made)] = Point(module, made)
    helpers = _helpers(modules)
    for module in modules:
        _registered(look, module, found)
        _registered_by(look, module, helpers, found)
        _listed(look, module, found)
    lost: dict[str, int] = {}
    for place, point in found.made.items():
        call = point.node
        assert isinstance(call, ast.Call)
        name = text_of(look, point.module, keyword(call, "name", 0))
        if name is None:
            look.miss("an option's name is computed", f"{point.module.path}:{call.lineno}")
            continue
        groups = found.groups.get(place) or found.listed.get(place)
        if not groups:
            lost.setdefault(point.module.path, call.lineno)
        for group in groups or {UNKNOWN: None}:
            short = told(look, point.module, keyword(call, "dest")) or name.replace("-", "_")
            meaning = _meaning(look, point.module, call, group, short)
            yield claim(Kind.OPTION, f"{group}/{short}", point.module.path, call.lineno, meaning)
    if lost:
        look.miss(NO_GROUP, *(f"{path}:{line}" for path, line in lost.items()))


def makes_option(node: ast.AST) -> bool:
    """Tell whether a call makes an option."""
    if not isinstance(node, ast.Call) or not (node.args or keyword(node, "name")):
        return False
    name = called(node)
    return bool(MAKES.fullmatch(name)) and name not in NO_OPTIONS


def _place(module: Module, node: ast.expr) -> tuple[str, int, int]:
    return module.path, node.lineno, node.col_offset


def _meaning(look: Look, module: Module, call: ast.Call, group: str, name: str) -> list[tuple[str, str]]:
    kind = called(call)
    shape = keyword(call, "type", 1) if kind == "Opt" else None
    return [
        ("type", source(shape) if shape else kind.removesuffix("Opt")),
        ("default", written(look, module, keyword(call, "default"))),
        ("deprecated", "; ".join(_deprecated(look, module, call, group, name))),
        ("choices", _choices(look, module, keyword(call, "choices"))),
        *((word, told(look, module, keyword(call, word))) for word in LIMITS),
        *((word, "True") for word in FLAGS if told(look, module, keyword(call, word)) == "True"),
    ]


def _choices(look: Look, module: Module, node: ast.expr | None) -> str:
    """Give the values that an option may have, without what is said of each; empty where only running would tell."""
    try:
        found = value(look, Point(module, node)) if node is not None else None
    except UnknownError:
        return ""
    return repr([one[0] if isinstance(one, list) else one for one in found]) if isinstance(found, list) else ""


def _deprecated(look: Look, module: Module, call: ast.Call, group: str, name: str) -> Iterator[str]:
    """Say that an option goes, and which names it had: each with its group, where that is known.

    A name or a group that is not given is that of the option (oslo_config.cfg.DeprecatedOpt).
    """
    if told(look, module, keyword(call, "deprecated_for_removal")) == "True":
        since = told(look, module, keyword(call, "deprecated_since"))
        yield f"for removal since {since}" if since else "for removal"

    def was(old_group: str, old_name: str) -> str:
        full = f"{old_group or group}/{(old_name or name).replace('-', '_')}"
        return f"was {full.removeprefix(f'{UNKNOWN}/')}"

    old_name = _said(look, module, keyword(call, "deprecated_name"))
    old_group = _said(look, module, keyword(call, "deprecated_group"))
    if old_name or old_group:
        yield was(old_group, old_name)
    others = keyword(call, "deprecated_opts")
    for point in _expanded(look, Point(module, others), "DeprecatedOpt") if others is not None else ():
        other = point.node
        assert isinstance(other, ast.Call)
        arguments = (keyword(other, "group", 1), keyword(other, "name", 0))
        yield was(*(_said(look, point.module, each) for each in arguments))


def _said(look: Look, module: Module, node: ast.expr | None) -> str:
    """Give a text that is said; empty if there is none, or None."""
    said = told(look, module, node)
    return "" if said == "None" else said


# Where options get their groups -------------------------------------------------------------------------------------


def _registered(look: Look, module: Module, found: _Found) -> None:
    for call in module.calls:
        if called(call) not in REGISTERS or not call.args:
            continue
        group = keyword(call, "group", 1)
        name = DEFAULT if group is None else _group(look, Point(module, group))
        if name is not None:
            _put(look, Point(module, call.args[0]), name, found.groups)


@dataclass(frozen=True)
class _Helper:
    """A function that registers the options that it is given: ``def register_x_opts(opts, conf=CONF, group=None)``.

    :param options: the place of its parameter that has the options
    :param group: what it registers them in: a parameter, or an expression of its own
    """

    module: Module
    function: ast.FunctionDef
    options: int
    group: ast.expr | None


def _helpers(modules: list[Module]) -> dict[str, list[_Helper]]:
    """Find such functions, by the full names that they are imported by."""
    found: dict[str, list[_Helper]] = {}
    for module in modules:
        calls = [call for call in module.calls if called(call) in REGISTERS and call.args]
        for function in module.functions.values() if calls else ():
            names = [each.arg for each in function.args.args]
            for call in calls:
                options = call.args[0]
                inside = function.lineno <= call.lineno <= (function.end_lineno or function.lineno)
                if inside and isinstance(options, ast.Name) and options.id in names:
                    helper = _Helper(module, function, names.index(options.id), keyword(call, "group", 1))
                    found.setdefault(f"{dotted(module.path)}.{function.name}", []).append(helper)
    return found


def _registered_by(look: Look, module: Module, helpers: dict[str, list[_Helper]], found: _Found) -> None:
    for call in module.calls if helpers else ():
        first, *rest = chain(call.func) or [""]
        own = f"{dotted(module.path)}.{first}"
        for helper in helpers.get(".".join([module.imports.get(first, own), *rest]), ()):
            parameters = [each.arg for each in helper.function.args.args]
            options = keyword(call, parameters[helper.options], helper.options)
            group: Point | None = Point(helper.module, helper.group) if helper.group is not None else None
            if isinstance(helper.group, ast.Name) and helper.group.id in parameters:
                given = keyword(call, helper.group.id, parameters.index(helper.group.id))
                group = Point(module, given) if given is not None else None
            name = DEFAULT if group is None else _group(look, group)
            if options is not None and name is not None:
                _put(look, Point(module, options), name, found.groups)


def _listed(look: Look, module: Module, found: _Found) -> None:
    """Find pairs of a group and its options, as the lists for the sample file have them."""
    for node in _lists(module):
        if isinstance(node, ast.Tuple):
            pairs = [(node.elts[0], node.elts[1])] if len(node.elts) == 2 else []
        else:
            pairs = [(key, part) for key, part in zip(node.keys, node.values, strict=True) if key is not None]
        for key, part in pairs:
            if isinstance(part, ast.Constant | ast.Dict | ast.JoinedStr):
                continue
            name = _group(look, Point(module, key))
            if name is not None:
                _put(look, Point(module, part), name, found.listed)


def _lists(module: Module) -> Iterator[ast.Tuple | ast.Dict]:
    """Give what may be such pairs: in functions that list options, and anywhere in a file that is there for it."""
    whole = module.path.endswith("/opts.py")
    for holder in [module.tree] if whole else module.functions.values():
        if isinstance(holder, ast.FunctionDef) and not LISTS.fullmatch(holder.name):
            continue
        for node in ast.walk(holder):
            if isinstance(node, ast.Tuple | ast.Dict):
                yield node


def _put(look: Look, options: Point, group: str, into: dict[tuple[str, int, int], dict[str, None]]) -> None:
    for point in _expanded(look, options):
        into.setdefault(_place(point.module, point.node), {})[group] = None


def _group(look: Look, point: Point) -> str | None:
    """Give the name of a group: a text, None for DEFAULT, or an OptGroup, which may be named by a constant."""
    found = find(look, point)
    if found is None:
        return None
    node = found.node
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return _group(look, Point(found.module, node.value))
    if isinstance(node, ast.Call):
        return text_of(look, found.module, keyword(node, "name", 0)) if called(node) == "OptGroup" else None
    try:
        name = value(look, found)
    except UnknownError:
        return None
    return DEFAULT if name is None else name if isinstance(name, str) else None


def _expanded(look: Look, point: Point, wanted: str = "", seen: set[int] | None = None) -> Iterator[Point]:
    """Give the calls that make the options an expression means: lists, sums, chains, names of other files.

    :param wanted: other calls that are looked for
    :param seen: what has been looked at: a name may well be given something that has itself in it
    """
    node = point.node
    seen = set() if seen is None else seen
    if id(node) in seen:
        return
    seen.add(id(node))
    parts: list[ast.expr] = []
    if isinstance(node, ast.Call):
        if called(node) == wanted if wanted else makes_option(node):
            yield point
            return
        parts = [*node.args]
        function = point.module.functions.get(called(node))
        if function is not None:
            parts = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value]
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        parts = node.elts
    elif isinstance(node, ast.Starred):
        parts = [node.value]
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Dict):
        parts = node.values
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        parts = [node.generators[0].iter]
    elif isinstance(node, ast.Name):
        parts = point.module.given.get(node.id, [])
    for part in parts:
        yield from _expanded(look, Point(point.module, part), wanted, seen)
    if not parts and chain(node):
        known = find(look, point)
        if known is not None and known.node is not node:
            yield from _expanded(look, known, wanted, seen)
            for part in known.module.given.get((chain(node) or [""])[-1], [])[1:]:
                yield from _expanded(look, Point(known.module, part), wanted, seen)
