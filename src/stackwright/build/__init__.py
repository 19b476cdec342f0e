"""Artifacts from trees: wheels and environments."""
