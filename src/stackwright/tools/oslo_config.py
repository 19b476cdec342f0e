"""oslo.config's own sample generator, in a service's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackwright.errors import RunFailedError, Where
from stackwright.tools import process
from stackwright.tools.python import LONGEST, plain_variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def sample(environment: Path, namespaces: Sequence[str], options: Sequence[str] = ()) -> str:
    """Give the sample file that the environment's oslo-config-generator makes of some namespaces.

    :param options: further options of the generator, such as ``--wrap-width``
    :raises RunFailedError: the environment has no generator, or it fails
    """
    program = environment / "bin" / "oslo-config-generator"
    if not program.exists():
        raise RunFailedError("this environment has no oslo-config-generator", where=Where(file=environment))
    words = [word for namespace in namespaces for word in ("--namespace", namespace)]
    return process.run([str(program), *words, *options], env=plain_variables(), timeout=LONGEST).text
