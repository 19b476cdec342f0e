"""One bare git repository that holds every tree, and a memo of what has been worked out."""

from stackwright.store.memo import Memo
from stackwright.store.store import CommitId, Entry, Store, TreeId

__all__ = ["CommitId", "Entry", "Memo", "Store", "TreeId"]
