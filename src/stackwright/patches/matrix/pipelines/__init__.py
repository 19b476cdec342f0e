"""Definitions of CI that check the merge result, and each day what upstream has done."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import yaml

from stackwright import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackwright.patches.matrix.check_keys import Check

KINDS = ("github", "gitlab")
PYTHON = "3.11"


def definition(kind: str) -> str:
    """Give the definition for one of `KINDS` (docs.github.com: workflow syntax; docs.gitlab.com: CI/CD YAML)."""
    text = resources.files(__name__).joinpath(f"{kind}.yaml").read_text(encoding="utf-8")
    return text.replace("@VERSION@", __version__).replace("@PYTHON@", PYTHON)


def github_checks(checks: Sequence[Check]) -> str:
    """Give checks as the matrix of a job, in one line of JSON."""
    return json.dumps([{"component": one.component, "release": one.release, "key": one.key} for one in checks])


def gitlab_checks(checks: Sequence[Check]) -> str:
    """Give checks as the jobs of a child pipeline: a job a check, each with a cache that says whether it is green."""
    jobs: dict[str, Any] = {
        f"{one.component} {one.release}": {
            "image": f"python:{PYTHON}-bookworm",
            "cache": [
                {"key": f"stackwright-green-{one.key}", "paths": ["check.json"]},
                {"key": "stackwright-sources", "paths": [".stackwright"], "policy": "pull"},
            ],
            "variables": {
                "STACKWRIGHT_STATE": "$CI_PROJECT_DIR/.stackwright",
                "STACKWRIGHT_CACHE": "$CI_PROJECT_DIR/.stackwright/cache",
            },
            "script": [
                "if [ -e check.json ]; then echo 'green already'; exit 0; fi",
                f'pip install --quiet "stackwright=={__version__}"',
                f"stackwright --log-format plain patch status {one.component} --release {one.release}"
                " --json check.json.new",
                "mv check.json.new check.json",
            ],
        }
        for one in checks
    }
    nothing = {"nothing to check": {"script": ["true"]}}
    return yaml.safe_dump(jobs or nothing, sort_keys=False, width=120)
