"""Rings: what device holds which part of a service's data."""
