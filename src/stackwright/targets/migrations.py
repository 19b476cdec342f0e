"""What the migrations of a site's databases are made of, whatever the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.distribution.sources import PypiSource
from stackwright.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackwright.build.patched import PatchedComponent
    from stackwright.catalogue.catalogue import Selection
    from stackwright.distribution import Release
    from stackwright.store import Store


def migrations_of(
    selection: Selection, release: Release, patched: Mapping[str, PatchedComponent], store: Store
) -> dict[str, str]:
    """Give what each task's migrations are made of: the ids of their subtrees, or the version where there is no tree.

    :raises InputError: the catalogue names a path that the component's tree does not have
    """
    made_of = {}
    for name, service in selection.services.items():
        for task in service.tasks:
            if task.until.trees is None or service.component is None:
                continue
            component = patched.get(service.component)
            if component is None:
                source = release.component(service.component).source
                assert isinstance(source, PypiSource)  # all others are built here
                made_of[f"{name}/{task.name}"] = f"{source.pypi} {source.version}"
                continue
            subtrees = {path: store.subtree(component.applied.tree, path) for path in task.until.trees}
            for path, subtree in subtrees.items():
                if subtree is None:
                    raise InputError(
                        f"the tree of {service.component} has no {path}, where the catalogue looks for migrations",
                        fix="add it, or correct the catalogue's entry",
                    )
            made_of[f"{name}/{task.name}"] = " ".join(f"{path}={subtree}" for path, subtree in subtrees.items())
    return made_of
