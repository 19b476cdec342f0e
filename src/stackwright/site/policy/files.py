"""Policy files as oslo.policy reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping


def policy_file_text(overrides: Mapping[str, str]) -> str:
    """Give the text of a policy file with some rules: YAML, sorted, every check quoted where YAML would misread it.

    :param overrides: rule -> check
    """
    if not overrides:
        return "{}\n"
    return yaml.safe_dump(dict(overrides), sort_keys=True, default_flow_style=False, allow_unicode=True, width=10_000)
