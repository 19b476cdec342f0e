"""Which functions and files of a tree each test reaches.

A module of the tree is compiled with a probe in front of each function's body: one call of a built-in function, and
nothing for the calls of what is installed. (Measured on nova: a tracer costs the tests two and a half to three times
their time, be it coverage.py's or one that sees calls alone.) What was compiled is kept by the hash of its source.
"""

from __future__ import annotations

import _imp
import _io
import _posixsubprocess
import ast
import builtins
import functools
import hashlib
import importlib.machinery
import inspect
import io
import marshal
import os
import subprocess  # noqa: TID251 - to see who uses it
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType

FORM = b"2"  # of what is compiled: part of the key in the cache
PROBE, BASE = "__stackwright_reached__", "__stackwright_base__"
BEGIN, END, CACHED = "__stackwright_keeps__", "__stackwright_kept__", "__stackwright_cached__"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Decorators whose functions run once and are then remembered.
CACHES = frozenset({"cache", "lru_cache", "cached_property", "memoize", "cached", "memoized", "once", "run_once"})
CHANGING = frozenset({"append", "add", "update", "setdefault", "extend", "insert", "register"})
# In place of a unit: the test started another process, in which nothing is seen.
ELSEWHERE = "(another process)"


def keeps(function: ast.FunctionDef | ast.AsyncFunctionDef, globals_: frozenset[str]) -> bool:
    """Tell whether a function may leave something for later that is not its own: in globals, in classes.

    What runs below it the first time may not run the second time, and yet its effect is there.

    :param globals_: the names that its module binds
    """
    if function.name.startswith("test"):
        return False
    mine = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)} - {"cls"}
    mine |= {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    others = (globals_ | {"cls"}) - mine
    for node in ast.walk(function):
        if isinstance(node, ast.Global):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            if _root(node) in others:
                return True
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in others and owner.id.strip("_").isupper():
                return True
    return False


def bound(module: ast.Module) -> frozenset[str]:
    """Give the names that a module binds."""
    names: set[str] = set()
    for statement in module.body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(statement.name)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in statement.names)
        else:
            stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
            names.update(node.id for node in stored if isinstance(node.ctx, ast.Store))
    return frozenset(names)


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _last(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Probes(ast.NodeTransformer):
    """Puts probes into functions, numbered in the order of the names that it collects."""

    def __init__(self, globals_: frozenset[str]) -> None:
        self.names: list[str] = []
        self._globals = globals_
        self._path: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._path.append(node.name)
        self.generic_visit(node)
        self._path.pop()
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        cached = any(_last(decorator) in CACHES for decorator in node.decorator_list)
        keeping = cached or keeps(node, self._globals)
        self._path.append(node.name)
        number = len(self.names)
        self.names.append(".".join(self._path))
        self.generic_visit(node)
        self._path.pop()
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        body = node.body[start:]
        if keeping and body:
            kept = ast.Try(body, [], [], [_call(CACHED if cached else END, number, body[-1])])
            body = [_call(BEGIN, number, body[0]), ast.copy_location(kept, body[0])]
        node.body = [*node.body[:start], _call(PROBE, number, node.body[0]), *body]
        return node


def _call(name: str, number: int, at: ast.stmt) -> ast.stmt:
    # The number in the file is made one of the process by the module's own `BASE`.
    sum_ = ast.BinOp(ast.Name(BASE, ast.Load()), ast.Add(), ast.Constant(number))
    call = ast.Expr(ast.Call(ast.Name(name, ast.Load()), [sum_], []))
    for node in ast.walk(call):
        ast.copy_location(node, at)
    return call


def compiled(source: bytes, path: str, cache: str) -> tuple[list[str], CodeType]:
    """Give the names of a module's functions, and its code with the probes in it.

    :param cache: a directory for what has been compiled before
    :raises SyntaxError: it is no Python
    """
    key = hashlib.sha256(b"\0".join([FORM, sys.version.encode(), source])).hexdigest()
    file = os.path.join(cache, key)  # noqa: PTH118
    try:
        with io.FileIO(file) as stream:
            names, code = marshal.loads(stream.readall())
    except (OSError, ValueError, EOFError, TypeError):
        tree = ast.parse(source, path)
        probes = _Probes(bound(tree))
        code = compile(probes.visit(tree), path, "exec", dont_inherit=True)
        names = probes.names
        scratch = f"{file}.{os.getpid()}"
        with io.FileIO(scratch, "w") as stream:
            stream.write(marshal.dumps((names, code)))
        os.replace(scratch, file)  # noqa: PTH105
    else:
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
    return names, code


class Reach:
    """What has been reached since it was last asked.

    :param top: the tree's directory
    :param packages: the top-level packages of the tree
    :param cache: a directory for compiled modules
    """

    def __init__(self, top: str, packages: Sequence[str], cache: str) -> None:
        self.top = os.path.join(os.path.realpath(top), "")  # noqa: PTH118
        self.packages = frozenset(packages)
        self.cache = cache
        self.units: list[str] = []
        self.now: set[int] = set()
        self.shared: set[int] = set()
        self._outer: list[tuple[int, set[int]]] = []
        # Of each function that keeps something: what ran below it at any time, and what each time.
        self._kept: dict[int, tuple[set[int], set[int]]] = {}
        self._files: dict[str, int] = {}

    def install(self) -> None:
        """Let modules that are imported from now on have probes, and files that are opened be seen."""
        builtins.__dict__.update({PROBE: self.now.add, BEGIN: self._begin, END: self._end, CACHED: self._cached})
        reach, base = self, importlib.machinery.SourceFileLoader

        class Loader(base):  # type: ignore[misc, valid-type]
            def exec_module(self, module: Any) -> None:
                path = self.get_filename(module.__name__)
                with io.FileIO(path) as stream:
                    names, code = compiled(stream.readall(), path, reach.cache)
                module.__dict__[BASE] = len(reach.units)
                inside = os.path.relpath(path, reach.top)
                reach.units += [f"{inside}:{name}" for name in names]
                reach.apart(exec, code, module.__dict__)

        class Finder(importlib.machinery.PathFinder):
            @classmethod
            def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
                if fullname.partition(".")[0] not in reach.packages:
                    return None
                spec = super().find_spec(fullname, path, target)
                if spec and spec.origin and os.path.realpath(spec.origin).startswith(reach.top):
                    loader = spec.loader
                    if type(loader) is base:
                        spec.loader = Loader(loader.name, loader.path)
                return spec

        sys.meta_path.insert(0, Finder)
        # By `open_code` modules are read that something else than this finder has found.
        opening = ((builtins, "open"), (io, "open"), (io, "open_code"), (_io, "open_code"), (os, "open"))
        for owner, name in (*opening, (os, "listdir"), (os, "scandir")):
            self._watch(owner, name, self._read)
        self._watch(inspect, "findsource", lambda thing: self._read(inspect.getsourcefile(thing)))
        for owner, name in ((os, "fork"), (os, "posix_spawn"), (_posixsubprocess, "fork_exec")):
            self._watch(owner, name, lambda _: self.now.add(self._number(ELSEWHERE)))
        subprocess._fork_exec = _posixsubprocess.fork_exec  # type: ignore[attr-defined]

    def apart(self, do: Callable[..., object], *arguments: object) -> None:
        """Do something that belongs to no test, so that what it reaches is shared."""
        outer = set(self.now)
        self.now.clear()
        try:
            do(*arguments)
        finally:
            self.shared |= self.now
            self.now.clear()
            self.now |= outer

    def take(self) -> list[int]:
        """Give what was reached, and begin anew."""
        for _, outer in self._outer:
            self.now |= outer
        self._outer.clear()
        reached = sorted(self.now)
        self.now.clear()
        return reached

    def _begin(self, number: int) -> None:
        self._outer.append((number, set(self.now)))
        self.now.clear()

    def _end(self, number: int) -> None:
        at_any_time, each_time = self._kept.setdefault(number, (set(), set(self.now)))
        at_any_time |= self.now
        each_time &= self.now
        # What did not run again is what was kept.
        self.shared |= at_any_time - each_time
        self._over(number)

    def _cached(self, number: int) -> None:
        # That it is called again nobody sees.
        self.shared |= self.now | {number}
        self._over(number)

    def _over(self, number: int) -> None:
        while self._outer:
            keeper, outer = self._outer.pop()
            self.now |= outer
            if keeper == number:
                break
        self.now.add(number)

    def _watch(self, owner: Any, name: str, see: Callable[[Any], None]) -> None:
        """See what a function is given."""
        # An audit hook sees more, and is called for each logged line as well.
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*arguments: Any, **named: Any) -> Any:
            see(arguments[0] if arguments else ".")
            return original(*arguments, **named)

        setattr(owner, name, watched)

    def _read(self, place: Any) -> None:
        try:
            path = os.fspath(place)
        except TypeError:  # a descriptor
            return
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not path.startswith("/"):
            path = os.path.join(os.getcwd(), path)  # noqa: PTH109, PTH118
        path = os.path.normpath(path)
        if path.startswith(self.top) and not path.endswith(".pyc"):
            self.now.add(self._number(path[len(self.top) :]))

    def _number(self, unit: str) -> int:
        number = self._files.get(unit)
        if number is None:
            number = self._files[unit] = len(self.units)
            self.units.append(unit)
        return number
