"""Backports: newer source packages, rebuilt for an older suite; which of them are stale, and in what order."""
