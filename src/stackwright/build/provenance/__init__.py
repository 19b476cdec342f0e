"""The way from an artifact back to upstream's source, each step of it verified."""
