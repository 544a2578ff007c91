"""Does a derivation get where it should? For exercises whose answer is a derivation."""

from dataclasses import dataclass

from .engine import Line, Session
from .steps import telling_steps

SECONDS = 4.0


@dataclass(frozen=True)
class Problem:
    r"""What is to be derived.

    shapes, functions   as `derive` takes them.
    given               the defining lines, such as r"L = \frac{1}{2n}\|Xw - y\|^2"; the learner may repeat them.
    goal                the left side of the last line, such as r"\nabla_w L".
    steps               how many right lines that say something are asked for before the last one.
    """

    shapes: dict
    given: str
    goal: str
    functions: tuple = ()
    steps: int = 2


@dataclass(frozen=True)
class Progress:
    """How far a derivation gets: its judged lines, how many right steps say something, and whether it ends at the goal.

    reached  the last claim is right, has the goal on its left, and holds no derivative that is still to be taken.
    """

    lines: tuple[Line, ...]
    right: int
    reached: bool

    @property
    def first_bad(self):
        """(number from 1, line) of the first line that is wrong, misfit or unreadable, or None."""
        bad = ("wrong", "shapes", "unreadable", "follows")
        return next(((k, line) for k, line in enumerate(self.lines, 1) if line.verdict in bad), None)


def progress_of(text, problem):
    """Judge a learner's text as a continuation of the given lines; nothing in it is executed."""
    session = Session(problem.shapes, problem.functions, SECONDS)
    given = len(session.read(problem.given))
    goal = session.parse(problem.goal)
    lines = tuple(session.read(text)[given:])
    claims = [line for line in lines if line.verdict != "definition"]
    last = claims[-1] if claims else None
    reached = bool(last and last.verdict == "right" and last.explicit and last.claimed == goal)
    steps = claims[:-1] if reached else claims
    return Progress(lines, len(telling_steps(session, steps)), reached)
