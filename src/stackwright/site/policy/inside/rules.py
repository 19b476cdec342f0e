"""Tell the rules of a service as its policies register them: as JSON.

    python -I rules.py NAMESPACE

The namespace is one of the entry points ``oslo.policy.policies``. The answer: ``rules``, none if nobody registers that
namespace; ``checks``, the kinds of check beyond oslo.policy's own, and ``module``, which registers them.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

OWN_CHECKS = {None, "rule", "role"}


def told(rule: Any) -> dict[str, Any]:
    """Tell a rule."""
    old = rule.deprecated_rule
    since = rule.deprecated_since or ""
    return {
        "name": rule.name,
        "check": rule.check_str,
        "scopes": list(rule.scope_types or ()),
        "operations": [
            f"{one['method'] if isinstance(one['method'], str) else ', '.join(one['method'])} {one['path']}"
            for one in getattr(rule, "operations", ())
        ],
        "description": rule.description or "",
        "replaces": old
        and {
            "name": old.name,
            "check": old.check_str,
            "reason": old.deprecated_reason or rule.deprecated_reason or "",
            "since": old.deprecated_since or since,
        },
        "removal": f"{' '.join(rule.deprecated_reason.split())} (since {since})" if rule.deprecated_for_removal else "",
    }


def one_of(group: str, name: str) -> Any:
    """Give the entry point of a name, or None."""
    return next(iter(entry_points(group=group, name=name)), None)


def rules_of(namespace: str) -> dict[str, Any]:
    """Give all that there is to tell."""
    policies = one_of("oslo.policy.policies", namespace)
    if policies is None:
        return {"rules": {}}
    rules = {rule.name: told(rule) for rule in policies.load()()}
    # Checks of a service's own are registered where its enforcer is, when that is imported.
    enforcer = one_of("oslo.policy.enforcer", namespace)
    if enforcer is not None:
        enforcer.load()
    from oslo_policy import _checks

    kinds = sorted(str(kind) for kind in _checks.registered_checks if kind not in OWN_CHECKS)
    return {"rules": rules, "checks": kinds, "module": enforcer.module if enforcer is not None and kinds else ""}


def read() -> list[str]:
    """Give the files of the environment that have been imported, as paths from its folder."""
    home = Path(sys.prefix)
    loaded = [Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    return sorted({str(file.relative_to(home)) for file in loaded if file.is_relative_to(home)})


def main() -> None:
    """Keep standard output for what is told: what is imported may print."""
    with os.fdopen(os.dup(1), "w") as out:
        os.dup2(2, 1)
        told = rules_of(sys.argv[1])
        json.dump({"files": read(), "told": told}, out)


if __name__ == "__main__":
    main()
