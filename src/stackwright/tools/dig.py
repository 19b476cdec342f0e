"""dig: what a name server answers (BIND's, dig(1))."""

from __future__ import annotations

from stackwright.tools import process

PATIENCE = 5  # seconds for an answer


def answers(name: str, kind: str, server: str, port: int) -> tuple[str, ...]:
    """Ask a name server for the records of a name; gives what they say.

    :param name: fully qualified
    :param kind: of the records: ``A``, ``SOA``
    :raises ProgramFailedError: nobody answers there
    :raises EnvironmentLacksError: there is no dig
    """
    words = ["dig", f"@{server}", "-p", str(port), "+short", "+tries=1", f"+time={PATIENCE}", name, kind]
    return tuple(process.run(words, timeout=2 * PATIENCE).text.split())
