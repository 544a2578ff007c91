"""Fresh problems: a loss of a kind, with letters, factors and shapes that are drawn; a check and a next line for it.

The kinds are rows of `problems.toml`, which says how they are written.
"""

from __future__ import annotations

import html
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..goal import Problem, progress_of
from ..report import _mathematics
from .next_line import Next, next_line
from .working import Work, work_out

LEVELS = (1, 2, 3)
ROLE = re.compile(r"<(\w+)>")
KINDS: dict[str, dict] = tomllib.loads((Path(__file__).parent / "problems.toml").read_text(encoding="utf-8"))


@dataclass
class Drawing:
    """One problem while its roles are filled in."""

    kind: dict
    rng: np.random.Generator
    found: dict[str, str] = field(default_factory=dict)

    def one(self, choices: list) -> str:
        return choices[int(self.rng.integers(len(choices)))]

    def filled(self, text: str) -> str:
        """The text with what stands for its roles."""
        return ROLE.sub(lambda match: self.of(match[1]), text)

    def of(self, role: str) -> str:
        """What stands for a role: a letter that no other role has, or one of its texts."""
        if role not in self.found:
            pool = self.kind["letters"].get(role)
            free = [c for c in pool.split() if c not in self.found.values()] if pool else self.kind[role]
            self.found[role] = self.filled(self.one(free))
        return self.found[role]

    def problem(self, level: int) -> Problem:
        """A problem of the level."""
        row = self.one(self.kind[str(level)])
        text, at = (row["text"], row["at"]) if isinstance(row, dict) else (row, "<at>")
        given = self.filled(text).replace("; ", "\n")
        self.found["at"] = self.filled(at)
        goal = self.filled(self.kind.get("goal", r"\nabla_{<at>} <f>"))
        rows = {role: shape for role, shape in self.kind["shapes"].items() if role in self.found}
        shapes = {self.of(role).lstrip("\\"): self.filled(shape).strip() for role, shape in rows.items()}
        functions = ("sigma",) if r"\sigma" in given else ()
        return Problem(shapes, given, goal, functions, steps=min(2, 1 + given.count("\n")))


class Sentence(str):
    """A sentence that a notebook shows as it is, without quotes."""

    def __repr__(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Practice:
    """A problem to derive. `problem` says what; `check` judges a text, `next` tells what comes after it."""

    kind: str
    level: int
    number: int
    problem: Problem
    function: str
    variable: str

    def check(self, text: str) -> Sentence:
        """How far a derivation gets, in one sentence; the given lines need not be repeated."""
        return Sentence(self._checked(text))

    def _checked(self, text: str) -> str:
        if not text.strip():
            return f"Nothing is written yet: the last line must say what {self.problem.goal} is."
        found = progress_of(text, self.problem)
        if found.first_bad:
            k, line = found.first_bad
            return f"Line {k}, {line.text.strip()}: {line.message}"
        return "Right: it gets where it should." if found.reached else "No line is wrong; it does not end yet."

    def next(self, text: str = "", tier: int = 1) -> Next:
        """What comes after a text: 1 the rule, 2 the line with a gap, 3 the line."""
        p = self.problem
        return next_line(text, p.shapes, p.functions, tier, p.goal, p.given)

    def solution(self) -> Work:
        """The whole derivation, worked out now."""
        p = self.problem
        return work_out(p.given, self.variable, p.shapes, p.functions, of=self.function)

    def __repr__(self) -> str:
        sizes = "; ".join(f"{name} = {shape or 'number'}" for name, shape in self.problem.shapes.items())
        return f"{self.problem.given}\nDerive {self.problem.goal}. Shapes: {sizes}."

    def _repr_html_(self) -> str:
        lines = "".join(f"<p style='margin:.2em 0'>{_mathematics(x)}</p>" for x in self.problem.given.splitlines())
        sizes = "; ".join(f"{name} is {shape or 'a number'}" for name, shape in self.problem.shapes.items())
        return (
            f'<div class="course-practice" style="border-left:4px solid #1b7fb8;padding:.2em .8em">'
            f"<strong>{html.escape(self.kind)}, level {self.level}, number {self.number}</strong>{lines}"
            f"<p style='margin:.2em 0'>Derive {_mathematics(self.problem.goal)}. {html.escape(sizes)}.</p></div>"
        )


def practice(kind: str, level: int = 1, number: int | None = None) -> Practice:
    """A fresh problem of a kind.

    kind    one of KINDS, such as "matrix least squares"; level 1, 2 or 3; the same number gives the same problem.
    Errors: ValueError for another kind, level or number.
    """
    if kind not in KINDS:
        raise ValueError(f"the kind must be one of {', '.join(KINDS)}; got {kind!r}")
    if level not in LEVELS:
        raise ValueError(f"the level must be 1, 2 or 3; got {level!r}")
    if number is not None and (not isinstance(number, int) or number < 0):
        raise ValueError(f"the number must be a whole number, 0 or more; got {number!r}")
    drawn = int(np.random.default_rng().integers(10_000)) if number is None else number
    drawing = Drawing(KINDS[kind], np.random.default_rng([drawn, level, list(KINDS).index(kind)]))
    problem = drawing.problem(level)
    return Practice(kind, level, drawn, problem, drawing.of("f"), drawing.of("at"))
