"""Horizon's policies: it shows what its copies of other services' policies let one do, so they have to be the same.

The copies of upstream's defaults come with horizon's source and are as old as that; beside them horizon reads a file
for each service, as the service does. What is written there are all rules of the service as they are in force, so that
nothing depends on the age of the copies. See openstack_auth/policy.py and openstack_dashboard/defaults.py of horizon.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from stackwright.errors import InputError, Where
from stackwright.site.policy.files import policy_file_text
from stackwright.site.policy.model import Decision, Deprecated, Finding, Matrix, Rule, Rules, Severity, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackwright.site.policy.model import Situation
    from stackwright.store import Memo, Store, TreeId

DASHBOARD, MEMO = "horizon", "horizon policies"
SETTINGS, CONF = "openstack_dashboard/defaults.py", "openstack_dashboard/conf"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What horizon tells of whoever is logged in (openstack_auth.policy._user_to_credentials).
TOLD = frozenset({"user_id", "project_id", "tenant_id", "roles"})
# It asks with the token of a project. That is of no domain, which horizon does not know: it has to be told so.
NO_DOMAIN = re.compile(r"(?<![\w.%(])domain_id:None(?!\w)")
ASKS_WITH = frozenset({Target.SELF, Target.OWN_PROJECT, Target.OTHER_PROJECT})


class Copy(BaseModel):
    """Horizon's copy of a service's policies.

    :param file: the one that horizon reads beside it
    :param path: of the copy in horizon's tree
    """

    model_config = ConfigDict(frozen=True)

    service: str
    file: str
    path: str
    rules: Rules


_COPIES = TypeAdapter(dict[str, Copy])


def copies(store: Store, tree: TreeId, memo: Memo) -> Mapping[str, Copy]:
    """Give the copies that a tree of horizon has, by the services whose they are.

    :raises InputError: the tree does not say where they are
    """
    told = memo.get(MEMO, tree)
    if told is not None:
        return _COPIES.validate_json(told)
    found = {copy.service: copy for copy in _read(store, tree)}
    memo.put(MEMO, tree, _COPIES.dump_json(found).decode())
    return found


def told_to_dashboard(rules: Rules, overrides: Mapping[str, str]) -> dict[str, str]:
    """Give all rules of a service as they are in force, in words that mean the same to horizon: rule -> check."""
    in_force = {name: rule.check for name, rule in rules.rules.items()} | dict(overrides)
    return {name: NO_DOMAIN.sub("@", check) for name, check in in_force.items()}


def dashboard_file(rules: Rules, overrides: Mapping[str, str]) -> str:
    """Give the text of the file that horizon reads for a service, ``POLICY_FILES`` of its settings."""
    return policy_file_text(told_to_dashboard(rules, overrides))


def differences(copy: Copy, rules: Rules) -> Iterator[Finding]:
    """Tell what horizon would be told otherwise than the service enforces, were its copy all that it has."""
    for name, rule in rules.rules.items():
        copied = copy.rules.rules.get(name)
        if copied is None:
            yield _note(copy, name, f"horizon's copy lacks it; {copy.service} has {rule.check!r}")
        elif copied.check != rule.check:
            yield _note(copy, name, f"horizon's copy has {copied.check!r}; {copy.service} has {rule.check!r}")
    for name in copy.rules.rules.keys() - rules.rules.keys():
        yield _note(copy, name, f"horizon's copy has it; {copy.service} has no such rule")


def disagreements(copy: Copy, told: Matrix, enforced: Matrix) -> Iterator[Finding]:
    """Find rules by which horizon shows otherwise than the service decides, for tokens of projects."""
    why = "horizon knows less of a token than the service, and no checks of the service's own"
    for rule, decisions in enforced.decisions.items():
        found: dict[str, list[str]] = {}
        for persona, answers in decisions.items():
            for situation, answer in answers.items():
                shown = told.decisions[rule][persona][situation]
                if situation.target in ASKS_WITH and shown.allowed is not answer.allowed:
                    does = "horizon shows what is refused" if shown.allowed else "horizon hides what is allowed"
                    found.setdefault(f"{does} ({copy.service}: {answer})", []).append(persona)
        for what, whose in found.items():
            told_whose = f"{what}: {', '.join(dict.fromkeys(whose))}"
            where = Where(subject=f"{DASHBOARD}, {copy.file}")
            yield Finding(Severity.WARNING, DASHBOARD, f"{copy.service}/{rule}", told_whose, where, why)


def together(told: Iterable[Matrix]) -> Matrix:
    """Make one matrix of what horizon is told of several services: its rules are named ``SERVICE/RULE``."""
    some = list(told)
    checks = {f"{one.service}/{rule}": check for one in some for rule, check in one.checks.items()}
    decisions = {
        f"{one.service}/{rule}": {
            persona: {situation: _asked(situation, answer) for situation, answer in answers.items()}
            for persona, answers in by_persona.items()
        }
        for one in some
        for rule, by_persona in one.decisions.items()
    }
    return Matrix(DASHBOARD, some[0].personas, some[0].situations, checks, decisions)


def _read(store: Store, tree: TreeId) -> Iterator[Copy]:
    settings = store.read(tree, SETTINGS)
    named = _dictionaries(settings.decode() if settings else "")
    try:
        defaults, files = named["DEFAULT_POLICY_FILES"], named["POLICY_FILES"]
    except KeyError as error:
        raise InputError(
            f"horizon's tree does not say where its policies are: there is no {error.args[0]}",
            where=Where(subject=f"{DASHBOARD}, {SETTINGS}"),
        ) from error
    for kind, file in defaults.items():
        path = f"{CONF}/{file}"
        content = store.read(tree, path)
        if content is None:
            raise InputError(f"horizon's tree has no {path}", where=Where(subject=DASHBOARD))
        rules = [_rule(each) for each in yaml.load(content, Loader=_LOADER)]
        service = file.rpartition("/")[2].removesuffix(".yaml")
        yield Copy(service=service, file=files[kind], path=path, rules=Rules(rules={rule.name: rule for rule in rules}))


def _asked(situation: Situation, answer: Decision) -> Decision:
    if situation.target in ASKS_WITH:
        return answer
    return Decision(False, answer.rule, "horizon asks with the token of a project")


def _note(copy: Copy, rule: str, what: str) -> Finding:
    where = Where(subject=f"{DASHBOARD}, {copy.path}")
    fix = "none is needed: what is written for horizon has all rules"
    return Finding(Severity.NOTE, DASHBOARD, f"{copy.service}/{rule}", what, where, fix=fix)


def _rule(told: Mapping[str, Any]) -> Rule:
    """Read a rule as horizon's command dump_default_policies writes it."""
    old = told.get("deprecated_rule")
    return Rule(
        name=told["name"],
        check=told["check_str"],
        scopes=tuple(told.get("scope_types") or ()),
        replaces=Deprecated(name=old["name"], check=old["check_str"]) if old else None,
    )


def _dictionaries(source: str) -> dict[str, dict[str, str]]:
    """Give the dictionaries of text that a module assigns to names."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:  # made of something else
                continue
    return found
