"""What went wrong in a line, confirmed on fresh draws.

tester (the truth, and whether a candidate agrees with it) -> multiples, parts (cheap tests) -> search (their order,
then the edits)
"""

from __future__ import annotations

from .search import diagnose, diagnose_definition
from .tester import Finding

__all__ = ["Finding", "diagnose", "diagnose_definition"]
