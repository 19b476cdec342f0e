from __future__ import annotations

from stackwright.site.policy.comparing import changes
from stackwright.site.policy.model import Decision, Matrix, Situation, Target

OWN, OTHER = Situation(Target.OWN_PROJECT), Situation(Target.OTHER_PROJECT)


def matrix(**rules: tuple[str, bool, bool]) -> Matrix:
    """Make what a service decides: rule -> its check, and whether a member is let in for its own and other projects."""
    decisions = {
        rule: {"member": {OWN: Decision(own, rule, check), OTHER: Decision(other, rule, check)}}
        for rule, (check, own, other) in rules.items()
    }
    return Matrix("widget", ("member",), (OWN, OTHER), {rule: said[0] for rule, said in rules.items()}, decisions)


def test_rules_that_say_and_decide_the_same_are_no_change() -> None:
    assert list(changes(matrix(get=("role:a", True, False)), matrix(get=("role:a", True, False)))) == []


def test_a_change_says_who_gains_and_loses_what() -> None:
    (change,) = changes(matrix(get=("role:a", True, False)), matrix(get=("role:b", False, True)))
    assert (change.rule, change.before, change.after) == ("get", "role:a", "role:b")
    assert change.gained == {"member": (OTHER,)}
    assert change.lost == {"member": (OWN,)}


def test_a_rule_that_another_rule_changes_is_a_change_though_it_says_the_same() -> None:
    before = matrix(base=("role:a", False, False), get=("rule:base", False, False))
    after = matrix(base=("role:b", True, False), get=("rule:base", True, False))
    assert [change.rule for change in changes(before, after)] == ["base", "get"]


def test_rules_that_come_and_go_are_told() -> None:
    before, after = matrix(old=("role:a", True, True)), matrix(new=("role:a", True, True))
    told = {change.rule: (change.before, change.after, change.gained, change.lost) for change in changes(before, after)}
    assert told == {"old": ("role:a", "", {}, {}), "new": ("", "role:a", {}, {})}
