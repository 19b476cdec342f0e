"""What the documentation tells to type works, and prints what it shows: whatever needs no cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documented import PROJECT, SHELLS, blocks, is_as_documented, pages, run_documented

NEEDS_NO_CLOUD = {
    page: wanted
    for page in pages()
    if (
        wanted := [
            block for block in blocks(page) if block.language in SHELLS and not {"cloud", "by-hand"} & {*block.words}
        ]
    )
}


@pytest.mark.parametrize("page", NEEDS_NO_CLOUD, ids=lambda page: str(page.relative_to(PROJECT)))
def test_a_page_from_its_first_block_to_its_last(page: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    environment = {"STACKWRIGHT_STATE": str(state)}
    (tmp_path / "stackwright").symlink_to(PROJECT)
    made = run_documented("stackwright init ourcloud", directory=tmp_path, environment=environment)
    assert made.returncode == 0, made.stdout
    for block in NEEDS_NO_CLOUD[page]:
        for command in block.commands:
            done = run_documented(command.text, directory=tmp_path / "ourcloud", environment=environment)
            printed = done.stdout.replace(str(state), "/var/lib/stackwright").replace(str(tmp_path), "/srv")
            shown = f"{block}: {command.text}\nexit status {done.returncode}\n{printed}"
            assert done.returncode == command.status, shown
            assert block.language == "sh" or is_as_documented(printed, command.output), shown
