"""Upstream's style checks on a component with its patches: flake8 with hacking, and ruff."""
