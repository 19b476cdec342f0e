"""Pages of a forecast put into a folder, in which other files may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.distribution.writing import put
from stackwright.errors import InputError, Where
from stackwright.hazards.forecast.pages.render import GENERATOR, render
from stackwright.hazards.forecast.pages.view import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stackwright.hazards.forecast.model import Forecast

# Within so many bytes, pages of ours say that they are.
HEAD = 1024


def write(forecast: Forecast, directory: Path) -> Path:
    """Write the summary and a page a component, and remove the pages of earlier forecasts that are no more.

    :param directory: made if need be; only files that earlier forecasts wrote are replaced or removed
    :return: the summary
    :raises InputError: the folder is a file or inside one, or has somebody else's file under the name of a page
    """
    pages = render(forecast)
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            "it cannot be a folder for pages",
            where=Where(directory),
            why="it, or what it would be in, is a file",
            fix="name a folder; it need not be there",
        ) from None
    _refuse_foreign(directory, set(pages))
    for name, text in pages.items():  # the summary is the last, so that its links never lead to nothing
        put(directory / name, text)
    for file in _ours(directory):
        if file.name not in pages:
            file.unlink()
    return directory / INDEX


def _refuse_foreign(directory: Path, names: set[str]) -> None:
    ours = {file.name for file in _ours(directory)}
    foreign = sorted(file.name for file in directory.iterdir() if file.name in names - ours)
    if foreign:
        raise InputError(
            "this is where a page goes, and no forecast wrote it",
            where=Where(directory / foreign[0]),
            why="it would be overwritten",
            fix="name another folder",
        )


def _ours(directory: Path) -> Iterator[Path]:
    """Give the pages that forecasts wrote."""
    for file in sorted(directory.glob("*.html")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                if GENERATOR.encode() in stream.read(HEAD):
                    yield file
