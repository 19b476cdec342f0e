"""Every command that the documentation names exists, with the options it is given."""

from __future__ import annotations

import re
import shlex
from importlib.metadata import entry_points

import pytest

from stackwright.cli.main import Stackwright
from stackwright.consoled import __main__ as consoled
from tests.documented import PROJECT, SHELLS, Block, blocks, pages, shell_blocks

WORDS = re.compile(
    r"(?:^|[|;&(]|sudo)\s*(?P<command>(?:stackwright(?:-consoled)?|openstack|\./run)(?=\s|$)[^|;&()<>]*)", re.MULTILINE
)
KNOWN_WORDS = re.compile(r"cloud|by-hand|status=\d")


def documented(program: str) -> list[list[str]]:
    """Give the calls of a program in all blocks, each as its words, but for those that are shown to be wrong."""
    texts = (command.text for block in shell_blocks() for command in block.commands if command.status != 2)
    found = [
        shlex.split(match["command"].rstrip('" '), comments=True) for text in texts for match in WORDS.finditer(text)
    ]
    return [words for words in found if words[0] == program]


def test_there_are_commands_to_look_at() -> None:
    assert len(documented("stackwright")) > 30
    assert len(documented("openstack")) > 3
    assert ["./run", "demo"] in documented("./run")


@pytest.mark.parametrize("words", documented("stackwright"), ids=" ".join)
def test_a_command_of_ours_takes_what_the_documentation_gives_it(words: list[str]) -> None:
    application = Stackwright()
    _, rest = application.parser.parse_known_args(words[1:])
    if rest in ([], ["--help"]) or rest[0] == "help":
        return
    factory, name, arguments = application.command_manager.find_command(rest)
    factory(application, None, cmd_name=name).get_parser(f"stackwright {name}").parse_args(arguments)


@pytest.mark.parametrize("words", documented("stackwright-consoled"), ids=" ".join)
def test_the_console_broker_takes_what_the_documentation_gives_it(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consoled, "_user", lambda _: 42)  # of a compute, not of this machine
    monkeypatch.setattr(consoled, "_group", lambda _: 42)
    assert consoled.parser().parse_args(words[1:]).command == words[1]


@pytest.mark.parametrize("words", documented("openstack"), ids=" ".join)
def test_a_command_of_the_openstack_client_exists(words: list[str]) -> None:
    groups = {group for group in entry_points().groups if group.startswith("openstack.")}
    known = {entry.name for group in groups for entry in entry_points(group=group)}
    plain = [word for word in words[1:] if not word.startswith("-")]
    assert any("_".join(plain[:count]) in known for count in range(1, len(plain) + 1)), plain


@pytest.mark.parametrize("words", documented("./run"), ids=" ".join)
def test_what_run_is_asked_for_it_does(words: list[str]) -> None:
    assert re.search(rf"^{words[1]}\)", (PROJECT / "run").read_text(), re.MULTILINE), words


@pytest.mark.parametrize("block", [block for page in pages() for block in blocks(page)], ids=str)
def test_a_block_says_what_it_is(block: Block) -> None:
    assert block.language in {*SHELLS, "yaml", "text", "diff", "json", "ini", "python"}
    assert block.language == "yaml" or all(KNOWN_WORDS.fullmatch(word) for word in block.words)
