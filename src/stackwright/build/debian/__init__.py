"""Debian packages: versions, source packages made of trees, and what is built of them in a clean system."""
