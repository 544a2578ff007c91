"""Does a derivation get where it should? For exercises whose answer is a derivation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .dimensions import is_scalar
from .engine import BAD, Line, Session
from .names import dependencies
from .steps import telling_steps
from .tree import Node, sym

SECONDS = 4.0


@dataclass(frozen=True)
class Problem:
    r"""What is to be derived.

    shapes, functions   as `derive` takes them.
    given               the defining lines, such as r"L = \frac{1}{2n}\|Xw - y\|^2"; the learner may repeat them.
    goal                the left side of the last line, such as r"\nabla_w L".
    steps               how many right lines that say something are asked for before the last one.
    """

    shapes: Mapping[str, str]
    given: str
    goal: str
    functions: tuple[str, ...] = ()
    steps: int = 2


@dataclass(frozen=True)
class Progress:
    """How far a derivation gets: its judged lines, which of them count as steps, and whether it ends at the goal.

    reached  the last claim is right without a condition, is about the goal or each of its entries, and holds no
             derivative that is still to be taken.
    """

    lines: tuple[Line, ...]
    steps: tuple[int, ...]
    reached: bool

    @property
    def right(self) -> int:
        """How many lines count as steps."""
        return len(self.steps)

    @property
    def first_bad(self) -> tuple[int, Line] | None:
        """(number from 1, line) of the first line that is wrong, misfit or unreadable, or None."""
        return next(((k, line) for k, line in enumerate(self.lines, 1) if line.verdict in (*BAD, "follows")), None)


def progress_of(text: str, problem: Problem) -> Progress:
    """Judge a learner's text as a continuation of the given lines; nothing in it is executed."""
    session = Session(problem.shapes, problem.functions, SECONDS)
    given = len(session.read(problem.given))
    known = set(session.names.definitions)
    goal = session.parse(problem.goal)
    lines = tuple(session.read(text)[given:])
    claims = [line for line in lines if line.verdict != "definition" or len(line.sides) > 2]
    last = next((line for line in reversed(lines) if line.verdict != "definition"), None)
    reached = bool(last and _is_right(last) and last.explicit and last.claimed and _says(last.claimed, goal))
    counted = [line for line in claims if _is_right(line) and not (reached and line is last)]
    telling = {id(line) for line in telling_steps(session, counted)}
    telling |= {id(line) for line in lines if reached and last and _names_slope(session, line, last, goal, known)}
    return Progress(lines, tuple(k for k, line in enumerate(lines, 1) if id(line) in telling), reached)


def _is_right(line: Line) -> bool:
    return line.verdict in ("right", "definition") and not line.partial and not line.assumption


def _says(claimed: Node, goal: Node) -> bool:
    """Whether a claim is about the goal, or about each entry of it: ∂L/∂z_i for ∇_z L, ∂f_i/∂x_j for ∂f/∂x."""
    if claimed == goal:
        return True
    if claimed.op != "grad" or goal.op != "grad" or len(claimed.args) != 2 or len(goal.args) != 2:
        return False
    letters: list[object] = []
    for mine, wanted in zip(claimed.args, goal.args, strict=True):
        if mine != wanted and (mine.op != "idx" or mine.args[0] != wanted):
            return False
        letters += mine.val if mine != wanted else ()
    return all(isinstance(i, str) for i in letters) and len(set(letters)) == len(letters)


def _names_slope(session: Session, line: Line, last: Line, goal: Node, known: set[str]) -> bool:
    """Whether a line names the gradient in a quantity on the way, δ¹ = …, and the last line makes use of it."""
    name = line.defines
    if line.verdict != "definition" or name is None or name in known or len(line.sides) != 2 or goal.op != "grad":
        return False
    if not any(name in dependencies(side, session.names) for side in last.sides[1:]):
        return False
    shape = session.names.shape(name)
    if shape is None or is_scalar(shape):
        return False
    between = [u for u in known if session.names.shape(u) == shape and sym(u) != goal.args[0]]
    return any(session.agree([Node("grad", [goal.args[0], sym(u)]), sym(name)]) for u in between)
