"""What the check cells of the sheets for nbgrader call: a verdict to read, and its points as nbgrader takes them.

nbgrader looks at what such a cell puts out. An error or anything on stderr, be it a warning, is 0 points; the value of
the last line is the points if it reads as a plain number, and full marks if it does not. So the answer's warnings and
its stderr go nowhere here, and the value is a Python float.
"""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

from course_lib.checks.seat import check
from course_lib.checks.verdict import Verdict


def score(name: str, points: float) -> float:
    """Judge the answer of that name, show the verdict, and return its share of `points`.

    name     of an exercise; its function or derivation is looked up in the notebook.
    points   what a right answer counts.
    """
    with _silence():
        verdict = check(name)
    _show(verdict)
    share = verdict.points / verdict.max_points if verdict.max_points else float(verdict.ok)
    return float(min(points, share * points))


def _show(verdict: Verdict) -> None:
    """The verdict as HTML in a notebook, as text elsewhere; never as the value of the cell."""
    if "IPython" in sys.modules:
        from IPython.display import display

        display(verdict)
    else:
        print(verdict)


@contextmanager
def _silence() -> Iterator[None]:
    """No warning and nothing on stderr, also not past Python: a kernel forwards what is written to the descriptor."""
    with warnings.catch_warnings(), redirect_stderr(StringIO()), open(os.devnull, "w") as nowhere:
        warnings.simplefilter("ignore")
        kept = os.dup(2)
        try:
            os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
