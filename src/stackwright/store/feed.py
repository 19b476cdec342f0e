"""Commands of git-fast-import(1) that make a tree and print its id."""

from __future__ import annotations

HEAD = b"""\
feature done
commit refs/import
committer Stackwright <> 0 +0000
data 0

"""
# Print the tree, then forget the commit before it becomes a ref: the tree is what is wanted.
TAIL = b"""\
ls ""
reset refs/import

done
"""


def put(mode: bytes, path: str, content: bytes) -> bytes:
    """Give the command that puts a file into the tree (bytes of the path that are not UTF-8 as surrogate escapes)."""
    return b"M %s inline %s\ndata %d\n%s\n" % (mode, quoted(path), len(content), content)


def quoted(path: str) -> bytes:
    """Give a path as a command may name it."""
    escaped = encoded(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'


def encoded(text: str) -> bytes:
    """Give the bytes of a path."""
    return text.encode("utf-8", "surrogateescape")
