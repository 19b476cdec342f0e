"""Whether two texts say the same: upstream rewords what it takes from us, and what it has had for years."""

from __future__ import annotations

import re

WORD = re.compile(r"[a-z][a-z0-9]+")
# What a text about an API version has whatever it is about.
COMMON = frozenset(
    re.findall(
        r"\w+",
        """a all also an and any api are as at be been by can for from had has have if in into is it its microversion
        new no not now of on or request requests response than that the this to version was were when
        which will with""",
    )
)
# From this share of common words on, two texts say the same. Measured on the version histories of nova, cinder and
# manila, 2023.1 to 2026.2: of 12,962 pairs of different versions 30 share more (they are about the same resource); of
# some 1,700 versions followed from one release to the next, two share less (they were written anew).
SAME = 0.5


def words(text: str) -> frozenset[str]:
    """Give the words of a text that tell it from others, without the plural's s."""
    found = WORD.findall(text.lower().replace("_", " "))
    return frozenset(_singular(word) for word in found if word not in COMMON)


def alike(one: str, other: str) -> float:
    """Give the share of words that two texts have in common, 0 to 1; texts without words are alike if both are."""
    left, right = words(one), words(other)
    return len(left & right) / len(left | right) if left | right else 1.0


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
