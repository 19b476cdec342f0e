"""The picture in the README, made of the text of a real run.

    script --quiet --return --command "stty cols 200 && ./run demo" demo.typescript
    python docs/picture.py demo.typescript

The first records a run on a terminal, the second keeps its text in docs/demo.txt and draws docs/demo.svg of it. Without
a recording it draws the text that is there.
"""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

TEXT, PICTURE = (Path(__file__).with_name(name) for name in ("demo.txt", "demo.svg"))
WIDTH = 100
FIRST, LAST = "==> its cloud", "==> where the time went"  # the part of the demo that is shown, the last line left out
KEPT = 4  # lines of progress at the beginning and the end of each stretch of them
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
UNDER_WAY = re.compile(r"[⠀-⣿] |\d+ steps done, ")
ENDED = re.compile(r"[✓✗·!] ")
STYLES = {
    r"^\$ .*": "bold",
    r"^==> .*": "bold cyan",
    r"^✓.{9}": "green",
    r"^·": "dim",
    r"^\.\.\.$": "dim",
    r"\b(ok|applies)\b(?= +\|)": "green",
    r"^\S+ is up: .*": "bold green",
}
# Rich's own form with the fonts of the reader's machine: a picture in a repository fetches nothing.
FORM = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g></g></svg>
"""


def cleaned(recording: str) -> str:
    """Give what a run of the demo leaves on the screen from FIRST to LAST, with stretches of progress cut short."""
    lines = [line.rstrip() for line in CONTROL.sub("", recording).split("\n")]
    lines = [line for line in lines if line and not UNDER_WAY.match(line)]
    first, last = (next(at for at, line in enumerate(lines) if line.startswith(mark)) for mark in (FIRST, LAST))
    lines = lines[first:last]
    kept = ["$ ./run demo"]
    stretch: list[str] = []
    for line in [*lines, ""]:
        if ENDED.match(line):
            stretch.append(line)
            continue
        kept += stretch if len(stretch) <= 2 * KEPT + 1 else [*stretch[:KEPT], "...", *stretch[-KEPT:]]
        stretch = []
        kept.append(line)
    return "\n".join(kept).strip() + "\n"


def drawn(text: str) -> str:
    """Draw a text as a terminal shows it."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in text.splitlines():
        shown = Text(line[:WIDTH])
        for form, style in STYLES.items():
            shown.highlight_regex(form, style)
        console.print(shown, no_wrap=True, crop=False)
    return console.export_svg(title="", theme=MONOKAI, code_format=FORM, unique_id="run")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        TEXT.write_text(cleaned(Path(sys.argv[1]).read_text(errors="replace")), encoding="utf-8")
    PICTURE.write_text(drawn(TEXT.read_text(encoding="utf-8")), encoding="utf-8")
