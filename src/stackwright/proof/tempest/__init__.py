"""Tempest on a cloud, ours or any other: configured from what the cloud says of itself, with accounts of its own."""
