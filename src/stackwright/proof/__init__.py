"""Proof that a cloud works."""
