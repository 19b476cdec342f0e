"""Upstream's own tests on a patched tree: which, in what environment, on which trees, and what came of them."""
