"""Feed the parser of patches with bytes that atheris thinks of.

By hand: ``python -m tests.fuzz.fuzz_parse -max_total_time=600 CORPUS``, from the clone's root.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["stackwright.patches"]):
    from tests.fuzz.reading import read

if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
