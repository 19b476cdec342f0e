"""Policies of services: what a site changes in them, whether that is sound, and who may do what."""
