"""Catalogue, site and artifacts turned into the steps of a plan."""
