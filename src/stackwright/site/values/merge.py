"""Layers of values become one tree; every value in it knows who said it.

The rules: maps are merged key by key; whatever else is said later takes the place of what was said before. A list that
is declared with ``merge: KEY`` is brought together by that key of its items, and one with the tag ``!append`` is added
to what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from stackwright.errors import InputError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackwright.distribution.document import Document, Loc, Node, Plain
    from stackwright.distribution.values import Layer

# A path -> the key that the items of the list there are merged by, if they are.
MergedBy: TypeAlias = "Callable[[tuple[str, ...]], str]"


@dataclass(frozen=True)
class Placed:
    """A value that is not a map, with who says it.

    :param value: of a list, its items
    :param text: what is written, if it is neither a list nor nothing
    :param layer: which says it; of a list that several do, the last
    """

    value: bool | int | float | str | tuple[Item, ...]
    text: str
    layer: str
    where: Where

    @property
    def plain(self) -> Plain:
        """The value alone."""
        return [item.value for item in self.value] if isinstance(self.value, tuple) else self.value


@dataclass(frozen=True)
class Item:
    """An item of a list, with who says it."""

    value: Plain
    layer: str
    where: Where


Tree: TypeAlias = "Mapping[str, Tree] | Placed"


def merge(layers: Iterable[Layer], merged_by: MergedBy, base: Tree | None = None) -> Mapping[str, Tree]:
    """Merge layers, from the general to the special.

    :param base: what was merged before
    :raises InputError: one layer says a map where another says something else
    """
    tree: Tree = {} if base is None else base
    for layer in layers:
        node = layer.document.node(layer.loc)
        tree = _Merging(layer, merged_by).tree(tree, node, layer.loc, ())
    assert isinstance(tree, Mapping)
    return tree


def said(layers: Iterable[Layer], path: tuple[str, ...]) -> list[tuple[Layer, Node, Where]]:
    """Give what each layer says at a path, from the general to the special."""
    found = []
    for layer in layers:
        loc = (*layer.loc, *path)
        if layer.document.path(loc) == loc:
            found.append((layer, layer.document.node(loc), layer.document.where(loc, key=True)))
    return found


def sayings(layer: Layer) -> Iterator[tuple[tuple[str, ...], Node, Where]]:
    """Give every value that a layer says and that is not a map, with its path and place."""
    waiting = [(layer.loc, layer.document.node(layer.loc))]
    while waiting:
        loc, node = waiting.pop()
        if isinstance(node.content, Mapping):
            waiting += [((*loc, key), child) for key, child in node.content.items()]
        else:
            yield tuple(map(str, loc[len(layer.loc) :])), node, layer.document.where(loc, key=True)


def scalars(layer: Layer) -> Iterator[tuple[tuple[str, ...], str, Where]]:
    """Give every scalar that a layer says as it is written, those in lists too, with its path and place."""
    for loc, node in layer.document.nodes(layer.loc):
        if not isinstance(node.content, Mapping | tuple):
            yield tuple(map(str, loc[len(layer.loc) :])), written(node), layer.document.where(loc, key=True)


def written(node: Node) -> str:
    """Give a scalar as it is written."""
    return node.text if node.text is not None else str(node.content)


@dataclass(frozen=True)
class _Merging:
    """One layer that is merged onto those before it."""

    layer: Layer
    merged_by: MergedBy

    @property
    def _document(self) -> Document:
        return self.layer.document

    def tree(self, below: Tree | None, node: Node, loc: Loc, path: tuple[str, ...]) -> Tree:
        where = self._document.where(loc, key=True)
        if isinstance(node.content, Mapping):
            if isinstance(below, Placed):
                raise _another_kind("a map", where, below)
            merged = dict(below or {})
            for key, child in node.content.items():
                merged[key] = self.tree(merged.get(key), child, (*loc, key), (*path, key))
            return merged
        if below is not None and not isinstance(below, Placed):
            raise InputError(
                f"{'.'.join(path)} is a map in a layer below, and not here",
                where=where,
                why=_who(below),
                fix="write a map here too: maps are merged key by key",
            )
        if isinstance(node.content, tuple):
            return self._list(below, node, loc, path, where)
        assert node.content is not None  # refused when the file was read
        return Placed(node.content, written(node), self.layer.name, where)

    def _list(self, below: Placed | None, node: Node, loc: Loc, path: tuple[str, ...], where: Where) -> Placed:
        plain = self._document.plain_at(loc)
        assert isinstance(plain, list)
        items = tuple(
            Item(value, self.layer.name, self._document.where((*loc, index))) for index, value in enumerate(plain)
        )
        made = Placed(items, "", self.layer.name, where)
        key = self.merged_by(path)
        known = _known(key, items) if key else {}
        if below is None:
            return made
        if not isinstance(below.value, tuple):
            if node.appends:
                raise _another_kind("a list", where, below)
            return made
        if node.appends:
            return replace(made, value=(*below.value, *items))
        return replace(made, value=_by_key(_known(key, below.value), known)) if key else made


def _known(key: str, items: tuple[Item, ...]) -> dict[str, Item]:
    """Give the items of a list by the key that they are known by."""
    known: dict[str, Item] = {}
    for item in items:
        if not isinstance(item.value, dict) or key not in item.value:
            raise InputError(
                f"an item of this list has no {key!r}",
                where=item.where,
                why="the list is declared with `merge:`, so that its items are known by that key",
                fix=f"add `{key}:`",
            )
        name = str(item.value[key])
        if name in known:
            raise InputError(
                f"the item with the {key} {name!r} is here twice",
                where=item.where,
                why=f"and here: {known[name].where}",
                fix="remove one of them",
            )
        known[name] = item
    return known


def _by_key(below: Mapping[str, Item], above: Mapping[str, Item]) -> tuple[Item, ...]:
    """Bring two lists together: items that both have are merged as maps are, those of the later list win."""
    merged = dict(below)
    for name, item in above.items():
        merged[name] = replace(item, value=_merged(below[name].value, item.value)) if name in below else item
    return tuple(merged.values())


def _merged(below: Plain, above: Plain) -> Plain:
    if isinstance(below, dict) and isinstance(above, dict):
        return {**below, **{key: _merged(below.get(key), value) for key, value in above.items()}}
    return above


def _another_kind(kind: str, where: Where, below: Placed) -> InputError:
    return InputError(
        f"this is {kind}, and {'a list' if isinstance(below.value, tuple) else 'no such thing'} in a layer below",
        where=where,
        why=_who(below),
        fix="write the same kind of value in both",
    )


def _who(tree: Tree) -> str:
    """Say who says a value, or the first thing in a map."""
    while not isinstance(tree, Placed):
        if not tree:
            return ""
        tree = next(iter(tree.values()))
    return f"{tree.layer} says it: {tree.where}"
