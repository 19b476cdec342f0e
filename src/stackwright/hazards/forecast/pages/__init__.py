"""A forecast as pages that need nothing else: a summary, and a page a component.

``view`` works out what they show, ``render`` makes HTML of it, and ``writing`` puts that into a folder.
"""

from stackwright.hazards.forecast.pages.writing import write

__all__ = ["write"]
