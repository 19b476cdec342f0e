"""Load a distribution: every file of it, and all that is wrong with them at once."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stackwright.distribution.model import (
    Component,
    Distribution,
    DistributionFile,
    Pins,
    Release,
    ReleaseFile,
    Site,
    SiteFile,
)
from stackwright.distribution.place import HEAD, SHARED, has_head, no_distribution
from stackwright.distribution.reading import Collector, parse, read_yaml
from stackwright.distribution.sources import DebianSource, PathSource, Source
from stackwright.distribution.texts import NAME_RULE, is_name
from stackwright.distribution.values import Layer, ValueSchema, ValuesFile
from stackwright.distribution.written import FromFile
from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stackwright.distribution.document import Document, Loc

VALUES, SCHEMA = "values", "schema.yaml"

F = TypeVar("F", bound=FromFile)


def load(root: Path) -> Distribution:
    """Read and check every file of a distribution.

    :raises InputError: something is wrong with one; ManyInputsError if more than one thing is
    """
    root = root.absolute()
    if not has_head(root):
        raise no_distribution(root, f"it has no {HEAD} that can be read")
    collector = Collector()
    head = None
    with collector.collecting():
        head, head_document = _read(DistributionFile, root / HEAD)
    value_schema, layers = read_values(root / VALUES, collector)
    release_files = _yaml_files(root / "releases", collector)
    site_files = _yaml_files(root / "sites", collector)
    releases: dict[str, Release] = {}
    sites: dict[str, Site] = {}
    for file in release_files:
        with collector.collecting():
            releases[file.stem] = _release(root, file)
    for file in site_files:
        with collector.collecting():
            sites[file.stem] = _site(file, [release.stem for release in release_files])
    if not release_files:
        collector.errors.append(
            InputError("there is no release", where=Where(root / "releases"), fix="write releases/NAME.yaml")
        )
    if len(releases) == len(release_files):
        with collector.collecting():
            collector.errors += _misnamed_series(root / "patches", releases)
    if head is not None:
        with collector.collecting():
            _check_default_site(head, [site.stem for site in site_files])
    collector.raise_errors()
    assert head is not None
    default = head.default_site or (next(iter(sites)) if len(sites) == 1 else "local")
    made = Distribution(
        **{**dict(head), "default_site": default},
        root=root,
        releases=releases,
        sites=sites,
        value_schema=value_schema,
    )
    return made.placed(head_document).layered(layers)


def read_values(folder: Path, collector: Collector) -> tuple[ValueSchema, dict[str, Layer]]:
    """Read the folder `values` of a distribution: what there is to say, and what its files say, by their names."""
    schema = ValueSchema()
    layers: dict[str, Layer] = {}
    if not folder.is_dir():
        return schema, layers
    names = {SCHEMA: "", "distribution.yaml": "distribution", "openstack.yaml": "region openstack"}
    names |= {f"releases/{file.name}": f"release {file.stem}" for file in _yaml_files(folder / "releases", collector)}
    for file in _entries(folder):
        if file.name not in names and file.name != "releases":
            collector.errors.append(
                InputError(
                    "this file is not read",
                    where=Where(file),
                    why="here are schema.yaml, distribution.yaml, releases/RELEASE.yaml and openstack.yaml",
                    fix=suggestion(file.name, [*names, "releases"]),
                )
            )
    with collector.collecting():
        if (folder / SCHEMA).exists():
            schema, _ = _read(ValueSchema, folder / SCHEMA)
    for name, layer in names.items():
        with collector.collecting():
            if layer and (folder / name).exists():
                _, document = _read(ValuesFile, folder / name, appends=lambda _: True)
                layers[name] = Layer(layer, document)
    return schema, layers


def _read(model: type[F], file: Path, appends: Callable[[Loc], bool] = lambda _: False) -> tuple[F, Document]:
    document = read_yaml(file, appends=appends)
    return parse(model, document).placed(document), document


def _in_values(loc: Loc) -> bool:
    """Say whether a place of a site's file is among values."""
    return loc[:1] == ("values",) or (loc[:1] in {("groups",), ("hosts",)} and loc[2:3] == ("values",))


def _yaml_files(folder: Path, collector: Collector) -> list[Path]:
    """Give the files of a folder that are read; other kinds are not ours."""
    files = []
    with collector.collecting():
        files = [file for file in _entries(folder) if file.suffix in {".yaml", ".yml"}]
    for file in files:
        with collector.collecting():
            _check_file_name(file)
    return [file for file in files if file.suffix == ".yaml" and is_name(file.stem)]


def _check_file_name(file: Path) -> None:
    if file.suffix == ".yml":
        right = shlex.join(["mv", str(file), str(file.with_suffix(".yaml"))])
        raise InputError("this file is not read", where=Where(file), why="its name ends in .yml", fix=right)
    if not is_name(file.stem):
        raise InputError(
            f"{file.stem!r} cannot be a name", where=Where(file), why="the file is named so", fix=NAME_RULE
        )


def _release(root: Path, file: Path) -> Release:
    read, document = _read(ReleaseFile, file)
    collector = Collector()
    if read.name not in (None, file.stem):
        collector.errors.append(
            InputError(
                f"the release is named {read.name!r} here and {file.stem!r} by its file",
                where=read.where("name"),
                fix="remove the line, or rename the file",
            )
        )
    pins = read.pins
    if pins.constraints is not None:
        with collector.collecting():
            pins = Pins(constraints=_constraints(root, pins.constraints, read.where("pins", "constraints")))
    collector.raise_errors()
    components = {
        name: Component(
            name=name,
            source=_source(root, component.source),
            distribution_name=component.name_of_distribution(name),
            packaging=component.packaging and component.packaging.below(root),
        )
        for name, component in read.components.items()
    }
    return Release(name=file.stem, python=read.python, pins=pins, components=components).placed(document)


def _source(root: Path, source: Source) -> Source:
    """Give a source whose paths begin at the distribution, wherever the command is typed."""
    return source.below(root) if isinstance(source, DebianSource | PathSource) else source


def _constraints(root: Path, written: Path, where: Where) -> Path:
    """Give the constraints file, seen to be one of the distribution's own: it is part of what others clone."""
    why = "a constraints file is part of the distribution, so that a clone has it"
    if written.is_absolute():
        raise InputError("the constraints file has an absolute path", where=where, why=why, fix="copy it here")
    try:
        real = Path(os.path.realpath(root / written, strict=True))
    except OSError as error:
        raise InputError(f"the constraints file {str(written)!r}: {error.strerror}", where=where) from error
    if not real.is_relative_to(os.path.realpath(root)):
        raise InputError(
            f"the constraints file leads out of the distribution, to {str(real)!r}",
            where=where,
            why=why,
            fix="copy it here",
        )
    if not real.is_file():
        raise InputError(f"the constraints file {str(written)!r} is not a file", where=where)
    return root / written


def _site(file: Path, releases: Sequence[str]) -> Site:
    read, document = _read(SiteFile, file, appends=_in_values)
    if read.release not in releases:
        raise InputError(
            f"there is no release {read.release!r}", where=read.where("release"), fix=suggestion(read.release, releases)
        )
    return Site(**dict(read), name=file.stem).placed(document)


def _check_default_site(head: DistributionFile, sites: Sequence[str]) -> None:
    if head.default_site is not None and head.default_site not in sites:
        raise InputError(
            f"there is no site {head.default_site!r}",
            where=head.where("default-site"),
            fix=suggestion(head.default_site, sites),
        )


def _misnamed_series(patches: Path, releases: Mapping[str, Release]) -> Iterator[InputError]:
    """Find folders of patches that no release would ever look at."""
    components = {name for release in releases.values() for name in release.components}
    for folder in _folders(patches):
        if folder.name not in components:
            yield InputError(
                f"no release has a component {folder.name!r}",
                where=Where(folder),
                fix=suggestion(folder.name, components),
            )
            continue
        having = [name for name, release in releases.items() if folder.name in release.components]
        for series in _folders(folder):
            if series.name == SHARED:
                continue
            if series.name not in releases:
                yield InputError(
                    f"there is no release {series.name!r}", where=Where(series), fix=suggestion(series.name, having)
                )
            elif series.name not in having:
                yield InputError(
                    f"release {series.name} has no component {folder.name!r}",
                    where=Where(series),
                    fix=suggestion(folder.name, releases[series.name].components),
                )


def _folders(folder: Path) -> list[Path]:
    return [path for path in _entries(folder) if path.is_dir()]


def _entries(folder: Path) -> list[Path]:
    """Give what is in a folder, if it is there, without hidden files: those are editors' and git's."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=Where(folder)) from error
