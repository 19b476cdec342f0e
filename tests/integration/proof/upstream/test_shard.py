"""A shard runs in a process of the tests' own environment, whatever its tests do to that process."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

from stackwright.proof.upstream.inside.reach import ELSEWHERE
from stackwright.proof.upstream.model import Outcome, Status
from stackwright.proof.upstream.place import Place
from stackwright.proof.upstream.records import Records, Suite
from stackwright.proof.upstream.shard import list_tests
from tests.widget import FILES

from .conftest import Floor, statuses

if TYPE_CHECKING:
    from pathlib import Path

DYING = "import os\nimport unittest\n\n\nclass TestDying(unittest.TestCase):\n"
TESTS = "widget/tests/test_sums.py"


def test_a_module_means_its_tests_and_a_test_means_itself(floor: Floor) -> None:
    module = "widget.tests.test_sums"
    assert len(statuses(floor.run(floor.shard({}, module)))) == 5
    one = f"{module}.TestSums.test_twice"
    assert statuses(floor.run(floor.shard({}, one, modules=(module,)))) == {"test_twice": Status.OK}


def test_a_shard_can_travel(floor: Floor) -> None:
    result = floor.run(floor.shard({}, "widget.tests.test_sums"))
    assert pickle.loads(pickle.dumps(result)) == result
    assert str(floor.scratch) not in str(result.shard)


def test_all_tests_are_found_as_stestr_finds_them(floor: Floor) -> None:
    with Place(floor.store, floor.artifacts, floor.scratch / "compiled") as place:
        listed = list_tests(floor.shard({"widget/tests/test_bad.py": "import nothing_of_this_name\n"}), place)
    assert len(listed) == 16
    assert "widget.tests.test_bad" in listed


def test_a_module_that_ends_its_process_while_it_is_imported_takes_no_other_with_it(floor: Floor) -> None:
    result = floor.run(
        floor.shard(
            {"widget/tests/test_dying.py": "import os\n\nos._exit(3)\n"},
            "widget.tests.test_dying",
            "widget.tests.test_sums",
        )
    )
    assert statuses(result)["test_dying"] is Status.CRASHED
    assert statuses(result)["test_twice"] is Status.OK
    (dying,) = (outcome for outcome in result.outcomes if outcome.test.endswith("test_dying"))
    assert "status 3" in dying.said


def test_a_module_that_hangs_while_it_is_imported_shows_where(floor: Floor) -> None:
    text = "import time\n\n\ndef for_ever():\n    time.sleep(600)\n\n\nfor_ever()\n"
    result = floor.run(floor.shard({"widget/tests/test_slow.py": text}, "widget.tests.test_slow", timeout=2))
    (outcome,) = result.outcomes
    assert (outcome.test, outcome.status) == ("widget.tests.test_slow", Status.HUNG)
    assert "widget/tests/test_slow.py" in outcome.said
    assert "in for_ever" in outcome.said


def test_one_test_of_a_module_that_cannot_be_imported_shows_the_module(floor: Floor) -> None:
    module = "widget.tests.test_sums"
    broken = {TESTS: "import nothing_of_this_name\n" + FILES[TESTS]}
    result = floor.run(floor.shard(broken, f"{module}.TestSums.test_twice", modules=(module,)))
    (outcome,) = result.outcomes
    assert (outcome.test, outcome.status) == (module, Status.FAILED)
    assert "nothing_of_this_name" in outcome.said


def test_a_test_that_is_not_there_any_more_is_no_failure(floor: Floor) -> None:
    module = "widget.tests.test_sums"
    assert floor.run(floor.shard({}, f"{module}.TestSums.test_gone", modules=(module,))).outcomes == ()


def test_a_class_whose_fixture_fails_is_told_by_its_name(floor: Floor) -> None:
    text = DYING + "    @classmethod\n    def setUpClass(cls):\n        1 / 0\n\n    def test_a(self):\n        pass\n"
    result = floor.run(floor.shard({"widget/tests/test_dying.py": text}, "widget.tests.test_dying"))
    (outcome,) = result.outcomes
    assert (outcome.test, outcome.status) == ("widget.tests.test_dying.TestDying", Status.FAILED)
    assert "ZeroDivisionError" in outcome.said


def test_what_a_test_says_names_no_place_of_this_machine(floor: Floor) -> None:
    text = FILES[TESTS].replace("self.assertEqual(4, ", "self.assertEqual(5, ")
    result = floor.run(floor.shard({TESTS: text}, "widget.tests.test_sums"))
    (failed,) = (outcome for outcome in result.outcomes if outcome.bad)
    assert 'File "widget/tests/test_sums.py", line' in failed.said
    assert 'File "testtools/' in failed.said


def test_what_each_test_reaches_is_recorded(floor: Floor, tmp_path: Path) -> None:
    result = floor.run(floor.shard({}, "widget.tests.test_sums", "widget.tests.test_registry"))
    records, suite = Records(tmp_path), Suite("widget", floor.environment)
    records.keep_reach(suite, result)
    names = {number: unit for unit, number in records.units("widget").items()}

    def units(bits: int) -> set[str]:
        return {unit for number, unit in names.items() if bits >> number & 1}

    reached = {one.test.rpartition(".")[2]: one.units for one in records.reach(suite)}
    twice, words, modules = (units(reached[name] or 0) for name in ("test_twice", "test_words", "test_modules"))
    assert {unit for unit in twice if unit.startswith("widget/sums.py")} == {"widget/sums.py:twice"}
    assert "widget/tests/base.py:Base.setUp" in twice
    assert "widget/drivers" in modules
    assert "widget/registry.py:words" in words
    # What a cached function runs, it runs for all; what is done in another process, nobody saw.
    assert {"widget/registry.py:parse", "widget/data/words.txt", "widget/sums.py:counted"} <= units(
        records.shared(suite)
    )
    assert reached["test_hello"] is None
    assert ELSEWHERE in result.reached[0].units


def test_results_are_kept_and_a_damaged_file_is_begun_anew(floor: Floor, tmp_path: Path) -> None:
    records, suite, tree = Records(tmp_path), Suite("widget", floor.environment), floor.tree({})
    outcome = Outcome("a.b", Status.FAILED, 1.5, 7.0, "why", flaky=True)
    records.keep(suite, tree, ["a"], [outcome])
    assert Records(tmp_path).results(suite, tree) == {"a.b": outcome}
    assert records.asked(suite, tree) == {"a"}
    assert records.seconds(suite) == {"a.b": 1.5}
    (file,) = (path for path in tmp_path.iterdir() if path.suffix == ".sqlite")
    for left in tmp_path.iterdir():
        left.unlink()
    file.write_bytes(b"no table" * 1000)
    assert Records(tmp_path).results(suite, tree) == {}
