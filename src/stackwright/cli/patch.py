"""`patch status`: how every patch stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackwright.cli.base import Listing, WorkspaceLister, add_columns
from stackwright.errors import CheckFailedError
from stackwright.patches.matrix import matrix_json
from stackwright.patches.matrix.cells import GOOD
from stackwright.patches.matrix.stamp import stamp
from stackwright.store import Memo, Store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from stackwright.patches.matrix.cells import Cell, Matrix, PatchStatus


class Status(WorkspaceLister):
    """Tell of each patch how it stands with each release, and with further refs; exit status 1 if one needs a hand."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Add what to look at, and how to show it."""
        parser = super().get_parser(prog_name)
        add_columns(parser, "a further branch, tag, commit, version or release to try the series on")
        parser.add_argument("--grid", action="store_true", help="a row a component and a column a release")
        parser.add_argument("--html", metavar="FILE", type=Path, help="write a page with everything that was found")
        parser.add_argument("--json", metavar="FILE", type=Path, help="write the same for programs")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Listing:
        """Fill the matrix and list it."""
        self._matrix = self._filled(
            tuple(parsed_args.component), tuple(parsed_args.release), tuple(parsed_args.against)
        )
        if parsed_args.html:
            from stackwright.patches.matrix.page import page

            parsed_args.html.write_text(page(self._matrix), encoding="utf-8")
        if parsed_args.json:
            parsed_args.json.write_text(matrix_json.dump(self._matrix), encoding="utf-8")
        return _grid(self._matrix) if parsed_args.grid else _list(self._matrix, against=bool(parsed_args.against))

    def _filled(self, components: tuple[str, ...], releases: tuple[str, ...], against: tuple[str, ...]) -> Matrix:
        """Give the matrix: the one of the last time if nothing has changed since."""
        workspace = self.workspace
        memo = Memo(workspace.cache)
        key = stamp(workspace.root, workspace.cache, (components, releases, against))
        known = memo.get("matrix", key)
        if known is not None:
            return matrix_json.load(known)
        # Here, as what is needed to fill it takes longer to load than what is remembered takes to be shown.
        from stackwright.patches.matrix.survey import Wanted, lasting, survey
        from stackwright.sources.bases import Bases

        store = Store(workspace.state / "store.git")
        with workspace.events() as events:
            bases = Bases(workspace.distribution, store=store, memo=memo, cache=workspace.cache, events=events)
            matrix = survey(workspace.distribution, Wanted(components, releases, against), bases=bases, memo=memo)
        if lasting(workspace.distribution, matrix):
            # Mirrors may have been made meanwhile.
            key = stamp(workspace.root, workspace.cache, (components, releases, against))
            memo.put("matrix", key, matrix_json.dump(matrix))
        return matrix

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Print the list, then what is wrong."""
        super().run(parsed_args)
        for cell in self._matrix.cells:
            for line in _told(cell):
                sys.stderr.write(f"{line}\n")
        return 0 if self._matrix.good else CheckFailedError.status


def _list(matrix: Matrix, *, against: bool) -> Listing:
    columns = ("Component", "Release", *(["Against"] if against else []), "Patch", "State", "Subject", "About")
    rows = [
        (cell.component, cell.release, *([cell.against] if against else []), *_columns(row))
        for cell in matrix.cells
        for row in cell.patches
    ]
    return columns, rows


def _columns(row: PatchStatus) -> tuple[str, ...]:
    return row.name, row.state, row.subject, row.about


def _grid(matrix: Matrix) -> Listing:
    """Give a row a component and a column a release or further ref, each cell in a word."""
    columns = list(dict.fromkeys(_column(cell) for cell in matrix.cells))
    rows: dict[str, dict[str, str]] = {}
    for cell in matrix.cells:
        rows.setdefault(cell.component, {})[_column(cell)] = _word(cell)
    listed = [(name, *(row.get(column, "") for column in columns)) for name, row in rows.items()]
    return ("Component", *columns), listed


def _column(cell: Cell) -> str:
    return f"{cell.release} on {cell.against}" if cell.against else cell.release


def _word(cell: Cell) -> str:
    if cell.missing:
        return "-"
    bad = [row for row in cell.patches if row.state not in GOOD]
    listed = sum(1 for row in cell.patches if row.line)
    if not bad:
        return f"{listed} ok"
    states = dict.fromkeys(row.state for row in bad)
    counts = [f"{sum(row.state is state for row in bad)} {state}" for state in states]
    return f"{', '.join(counts)} of {listed}"


def _told(cell: Cell) -> Iterable[str]:
    """Say what of a cell a person has to know."""
    where = f"{cell.component} {_column(cell)}"
    if cell.note:
        yield f"note: {where}: {cell.note}"
    if cell.missing:
        yield f"{'note' if cell.against else 'error'}: {where}: {cell.missing}"
    for row in cell.patches:
        if row.state not in GOOD:
            yield f"error: {_what(row)}" + (f"\n  on:  {where}: {cell.target}" if cell.against else "")


def _what(row: PatchStatus) -> str:
    if row.message:
        return row.message + (f"\n  fuzz: {row.fuzz} lines of context are not there" if row.fuzz else "")
    fix = "\n  fix: name it in the series, or remove it" if not row.line else ""
    return f"{row.file}: {row.state}{fix}"
