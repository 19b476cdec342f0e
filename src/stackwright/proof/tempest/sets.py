"""The test sets, and what is left out of them where a cloud lacks what it needs: data (``sets.yaml``), read once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import yaml

from stackwright.distribution.written import Written
from stackwright.errors import InputError, Where, suggestion

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

TAGS = re.compile(r"\[(.*)\]")
Need = Literal["internet", "several stores", "login"]


class TestSet(Written):
    """Tests that belong together.

    :param tests: expression that is searched for in their ids
    :param guideline: the ids are those that a guideline of the Interop Working Group requires
    """

    __test__ = False  # pytest would take it for one of its own
    title: str
    tests: str = ""
    guideline: bool = False


class Needed(Written):
    """Something that some tests need and that tempest does not look for."""

    need: Need
    tests: str
    why: str


class Sets(Written):
    """All of ``sets.yaml``."""

    sets: Mapping[str, TestSet]
    servers: str
    needs: tuple[Needed, ...]


@cache
def known_sets() -> Sets:
    """Give what is in ``sets.yaml``."""
    text = (resources.files("stackwright.proof.tempest") / "sets.yaml").read_text(encoding="utf-8")
    return Sets.model_validate(yaml.safe_load(text))


@dataclass(frozen=True)
class Selection:
    """The tests of a run.

    :param tests: their ids, in tempest's order
    :param left_out: id -> why it is not run
    """

    tests: tuple[str, ...]
    left_out: Mapping[str, str]

    @property
    def needs_servers(self) -> bool:
        """Whether some of the tests start servers."""
        return any(re.search(known_sets().servers, test) for test in self.tests)


def expression_of(name: str, guideline: Path | None) -> str:
    """Give the expression of a set's tests.

    :param guideline: the file with a guideline, for the set that is one
    :raises InputError: there is no such set; it is a guideline's and there is none
    """
    found = known_sets().sets.get(name)
    if found is None:
        raise InputError(f"there is no test set {name!r}", fix=suggestion(name, known_sets().sets))
    if not found.guideline:
        return found.tests
    if guideline is None:
        raise InputError(
            f"the set {name} needs the guideline whose tests are meant",
            why="tempest does not come with the guidelines, and neither does Stackwright",
            fix="take the newest YYYY.MM.json of https://opendev.org/openinfra/interop, folder guidelines:"
            f" stackwright tempest {name} --guideline FILE",
        )
    return "|".join(re.escape(id_) for id_ in sorted(required_tests(guideline)))


def required_tests(guideline: Path) -> frozenset[str]:
    """Give the ids (``id-UUID``) of the tests that a guideline requires and does not flag.

    The format is that of opendev.org/openinfra/interop, schema 1.3 to 2.0.

    :raises InputError: it is no guideline
    """
    try:
        content = json.loads(guideline.read_text(encoding="utf-8"))
        required: set[str] = set()
        for component in content["components"].values():
            listed = component.get("capabilities", component)  # schema 2.0 has a level more
            required.update(_name(capability) for capability in listed["required"])
        tests = [
            test
            for name in required
            for test in content["capabilities"][name]["tests"].values()
            if not test.get("flagged") and test.get("flagged_action") is None
        ]
        found = frozenset(str(test["idempotent_id"]) for test in tests)
    except FileNotFoundError as error:
        raise InputError("there is no such guideline", where=Where(file=guideline), fix="correct its path") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "this is not a guideline of the Interop Working Group",
            where=Where(file=guideline),
            why=f"{type(error).__name__}: {error}",
            fix="take a file YYYY.MM.json of https://opendev.org/openinfra/interop, folder guidelines",
        ) from error
    if not found:
        raise InputError("this guideline requires no test", where=Where(file=guideline))
    return found


def _name(capability: str | Mapping[str, str]) -> str:
    return capability if isinstance(capability, str) else capability["name"]


def select(known: Sequence[str], expression: str) -> tuple[str, ...]:
    """Give the tests whose ids an expression is found in.

    :param known: all tests there are
    :raises InputError: it is none, or is found in no id
    """
    try:
        wanted = re.compile(expression)
    except re.error as error:
        raise InputError(f"{expression!r} is no regular expression", why=str(error)) from error
    tests = tuple(test for test in known if wanted.search(test))
    if not tests:
        raise InputError(
            f"no test of tempest's {len(known)} fits {expression[:200]!r}",
            fix="stackwright tempest --list all shows their ids",
        )
    return tests


def leave_out(tests: Sequence[str], there: Collection[str]) -> Selection:
    """Leave out the tests that need what is not there. A pure function.

    :param there: what is there of all that tests may need
    """
    lacking = [needed for needed in known_sets().needs if needed.need not in there]
    left_out = {
        test: f"needs {needed.need}: {needed.why}"
        for test in tests
        for needed in reversed(lacking)
        if re.search(needed.tests, test)
    }
    return Selection(tuple(test for test in tests if test not in left_out), left_out)


def plain(test: str) -> str:
    """Give a test's id without what stands in brackets."""
    return TAGS.sub("", test)
