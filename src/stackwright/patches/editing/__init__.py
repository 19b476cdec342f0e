"""A series changed: as commits in a work tree, or by one command."""
