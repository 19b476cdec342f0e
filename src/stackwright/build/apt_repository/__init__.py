"""A signed apt repository of what was built, with channels (the format: https://wiki.debian.org/DebianRepository/Format)."""
