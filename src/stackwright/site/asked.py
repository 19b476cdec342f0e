"""What an environment tells a script of ours, asked again only if a file that the script came to read is another one.

An environment with one changed patch is a new one, with a key of its own; but what it tells of its options comes from
some of its files, most of which are those of the environment before it. A script prints ``{"files": [...], "told":
...}``: the files it has imported or read, from the environment's folder, and the answer. Environments of the same
packages, whatever their versions, are one family: the files that were read in one are compared with those of the next.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from stackwright.build.cache import key_of, sha256_of
from stackwright.tools import python

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from stackwright.build.environment import Environment
    from stackwright.store import Memo

FILES, ANSWER = "files read", "told by files"

M = TypeVar("M", bound=BaseModel)


def asked(model: type[M], kind: str, environment: Environment, script: Path, words: Sequence[str], memo: Memo) -> M:
    """Give the answer of a script in an environment.

    :param kind: of answer; the memo has it under this name
    :raises RunFailedError: the script fails, or does not end in time
    """
    try:
        return model.model_validate_json(_asked(kind, environment, script, words, memo))
    except ValidationError:  # what was remembered is damaged
        return model.model_validate_json(_asked(kind, environment, script, words, memo, anew=True))


def _asked(
    kind: str, environment: Environment, script: Path, words: Sequence[str], memo: Memo, *, anew: bool = False
) -> str:
    question = key_of(kind, sha256_of(script), list(words))
    key = f"{environment.key} {question}"
    known = None if anew else memo.get(kind, key)
    if known is not None:
        return known
    family = key_of(question, sorted(_packages(environment.path)))
    read = memo.get(FILES, family)
    if read is not None and not anew:
        known = memo.get(ANSWER, f"{question} {_digest(environment.path, json.loads(read))}")
    if known is None:
        answer = json.loads(python.ask(environment.path, script, words))
        known = json.dumps(answer["told"])
        memo.put(FILES, family, json.dumps(answer["files"]))
        memo.put(ANSWER, f"{question} {_digest(environment.path, answer['files'])}", known)
    memo.put(kind, key, known)
    return known


def _packages(environment: Path) -> Iterable[str]:
    """Give the names of the installed packages, without their versions."""
    return (folder.name.partition("-")[0] for folder in environment.glob("lib/python*/site-packages/*.dist-info"))


def _digest(environment: Path, files: Iterable[str]) -> str:
    """Give what tells states of some files apart, and of everything that packages offer under a name."""
    digest = hashlib.sha256()
    points = sorted(environment.glob("lib/python*/site-packages/*.dist-info/entry_points.txt"))
    for file in (*points, *(environment / name for name in files)):
        content = file.read_bytes() if file.is_file() else b""
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()
