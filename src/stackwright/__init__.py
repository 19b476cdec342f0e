"""Stackwright: carry patches on OpenStack, build what they make, run it and prove that it works."""

__version__ = "0.1.0"
