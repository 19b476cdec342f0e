"""Let the environment's oslo.policy decide: JSON in, JSON out.

    python -I evaluate.py <QUESTION

The question: ``rules`` as `rules.py` tells them; ``module``, to be imported first, as it registers checks; ``file``,
the text of the policy file; ``options`` of [oslo_policy]; ``tokens``, what is known of those who ask; and ``targets``,
what they ask about: each with its own tokens, by index. The answer: ``unreadable``, rule of the file -> why its check
cannot be read, and nothing else if there are any; ``checks``, rule -> its check in force; ``decisions``, a list for
each different check, of [allowed, rule that decided (empty: the one that was asked for), its check] by target and then
by token; and ``of``, rule -> which of those lists.
"""

from __future__ import annotations

import importlib
import inspect
import json
import logging
import os
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from oslo_config import cfg
from oslo_policy import _checks, policy


def default(rule: dict[str, Any]) -> policy.RuleDefault:
    """Make a rule of what was told of it."""
    old = rule["replaces"]
    return policy.RuleDefault(
        rule["name"],
        rule["check"],
        scope_types=rule["scopes"] or None,
        deprecated_rule=old
        and policy.DeprecatedRule(
            old["name"], old["check"], deprecated_reason=old["reason"], deprecated_since=old["since"]
        ),
    )


def unreadable(file: str) -> dict[str, str]:
    """Give the rules of a policy file that a check of the service's own does not take."""
    found = {}
    for name, check in (yaml.safe_load(file) or {}).items():
        try:
            policy.RuleDefault(name, check)
        except Exception as error:  # a service's own check may raise anything
            found[name] = " ".join(str(error).split()) or type(error).__name__
    return found


def make_enforcer(question: dict[str, Any], file: Path) -> policy.Enforcer:
    """Make the enforcer as services do: their rules, and the policy file over them."""
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    enforcer = policy.Enforcer(conf, policy_file=str(file))
    options = {"policy_dirs": [], **question["options"]}
    for name, value in options.items():
        if name in conf.oslo_policy:  # enforce_scope is none any more
            conf.set_override(name, value, "oslo_policy")
    enforcer.suppress_deprecation_warnings = True
    enforcer.register_defaults([default(rule) for rule in question["rules"]])
    enforcer.load_rules(True)
    return enforcer


class Judge:
    """Asks the enforcer, and finds out which check it was that decided."""

    def __init__(self, enforcer: policy.Enforcer) -> None:
        self._enforcer = enforcer

    def decide(self, name: str, target: dict[str, Any], token: dict[str, Any]) -> tuple[bool, str, str]:
        """Give whether it is allowed, the rule that decided (empty: the one that was asked for), and its check."""
        rule = self._enforcer.registered_rules.get(name)
        try:
            allowed = bool(self._enforcer.enforce(name, target, token))
        except Exception as error:  # a service's own check may raise anything: the request would fail
            return False, "", f"{self._enforcer.rules[name]} cannot be asked: {' '.join(str(error).split())}"
        if not allowed and rule is not None and rule.scope_types and scope_of(token) not in rule.scope_types:
            return allowed, "", f"the token's scope is {scope_of(token)}, not {' or '.join(rule.scope_types)}"
        return allowed, *self._decided("", self._enforcer.rules[name], target, token, allowed)

    def _decided(
        self, name: str, check: Any, target: dict[str, Any], token: dict[str, Any], allowed: bool
    ) -> tuple[str, str]:
        """Go down to the rule whose check let the request in, or did not."""
        if isinstance(check, policy.RuleCheck) and check.match in self._enforcer.rules:
            return self._decided(check.match, self._enforcer.rules[check.match], target, token, allowed)
        if isinstance(check, policy.OrCheck if allowed else policy.AndCheck):
            # Of alternatives the first that lets in decides, of conditions the first that does not.
            for part in check.rules:
                if bool(self._enforcer.enforce(part, target, token)) is allowed:
                    return self._decided(name, part, target, token, allowed)
        return name, str(check)


def scope_of(token: dict[str, Any]) -> str:
    """Give the scope of a token as oslo.policy sees it."""
    return "system" if token.get("system_scope") else "domain" if token.get("domain_id") else "project"


def hurry() -> None:
    """Let oslo.policy remember what it finds out of a check's function: it looks again each time that one is asked.

    That is five sixths of the time that all takes, and the answer is always the same.
    """
    known: dict[Any, inspect.FullArgSpec] = {}

    def remembered(method: Any) -> inspect.FullArgSpec:
        function = getattr(method, "__func__", method)
        if function not in known:
            known[function] = inspect.getfullargspec(method)
        return known[function]

    if hasattr(_checks, "inspect"):
        _checks.inspect = SimpleNamespace(**{**vars(inspect), "getfullargspec": remembered})


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Answer the question."""
    hurry()
    # Nothing is asked of other machines: what a check of the kind http would find out counts as a no.
    _checks.extension_checks = {}
    if question["module"]:
        importlib.import_module(question["module"])
    wrong = unreadable(question["file"])
    if wrong:
        return {"unreadable": wrong}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "policy.yaml")
        file.write_text(question["file"])
        enforcer = make_enforcer(question, file)
    # From here on the rules stay as they are: the file is gone, and is not looked for again.
    enforcer.use_conf = False
    judge = Judge(enforcer)
    asked = [
        (
            target["attributes"],
            [seen(enforcer, target["attributes"], question["tokens"][at]) for at in target["tokens"]],
        )
        for target in question["targets"]
    ]
    decisions: list[list[list[tuple[bool, str, str]]]] = []
    known: dict[tuple[str, str], int] = {}
    of = {}
    for name, check in enforcer.rules.items():
        rule = enforcer.registered_rules.get(name)
        # Most rules of a service have one of a few checks.
        key = str(check), json.dumps(rule.scope_types if rule else None)
        if key not in known:
            known[key] = len(decisions)
            decisions.append([[judge.decide(name, target, token) for token in tokens] for target, tokens in asked])
        of[name] = known[key]
    checks = {name: str(check) for name, check in enforcer.rules.items()}
    return {"unreadable": {}, "checks": checks, "decisions": decisions, "of": of}


def seen(enforcer: policy.Enforcer, target: dict[str, Any], token: dict[str, Any]) -> dict[str, Any]:
    """Give a token as services see it: those that know administrators ask this rule who is one."""
    admin = "context_is_admin" in enforcer.rules and enforcer.enforce("context_is_admin", target, dict(token))
    return {**token, "is_admin": bool(admin)}


def main() -> None:
    """Keep standard output for the answer: what is imported may print."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        logging.disable(logging.CRITICAL)
        json.dump(answer(json.load(sys.stdin)), out)


if __name__ == "__main__":
    main()
