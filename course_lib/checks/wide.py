"""One call so wide that a gradient comes out of one pass, or not at all.

The complex step gives all digits of a gradient, with one evaluation of the loss for every parameter. No comparison of
values tells it from the formula. On a draw with some 50,000 parameters it does not come to an end, while the formula,
even in loops, takes a second. The judge itself never computes the whole gradient there: ⟨g, v⟩ is the derivative along
v, and one complex evaluation of the loss gives that.
"""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.checks import calling
from course_lib.checks.comparing import is_array, is_number
from course_lib.checks.drawing import Draw
from course_lib.checks.specification import Exercise
from course_lib.checks.trials import copied

DIRECTIONS = 3
STEP = 1e-30
# How far the sum ⟨g, v⟩ may be off, beside the sum of the sizes of its terms.
TOLERANCE = 1e-7
# The index of the wide draw: none of the others has it.
INDEX = 99
# In the sandbox: seconds for the one wide call.
SECONDS = 4.0
# In a notebook: at least and at most so much processor time, and between them a tenth of what one evaluation for every
# parameter takes.
LEAST, MOST, MARGIN = 1.0, 5.0, 10


@dataclass(frozen=True)
class WideQuestion:
    """The arguments of the wide call, directions v in all parameters, and the derivative of the loss along each.

    seconds  processor time of one complex evaluation of the loss.
    """

    args: tuple
    directions: tuple[tuple[np.ndarray, ...], ...]
    along: tuple[float, ...]
    seconds: float

    @property
    def count(self) -> int:
        return sum(int(np.size(part)) for part in self.directions[0])

    @property
    def patience(self) -> float:
        """Seconds of processor time after which one evaluation for every parameter has not come to an end."""
        return min(MOST, max(LEAST, self.count * self.seconds / MARGIN))


@lru_cache(maxsize=64)
def wide_question(exercise: Exercise, seed: int) -> WideQuestion:
    """The wide call of an exercise: the same for everybody, so it is made once."""
    assert exercise.widest is not None and exercise.slopes_of is not None
    draw = Draw(exercise.name, INDEX, seed)
    args = exercise.widest(draw)
    loss, places = exercise.slopes_of(*copied(args))
    places = tuple(np.asarray(place, dtype=float) for place in places)
    directions = tuple(tuple(draw.rng.uniform(-1, 1, size=np.shape(p)) for p in places) for _ in range(DIRECTIONS))
    along, seconds = [], []
    for direction in directions:
        start = time.process_time()
        value = loss(*(p + 1j * STEP * v for p, v in zip(places, direction, strict=True)))
        seconds.append(time.process_time() - start)
        along.append(float(np.imag(value)) / STEP)
    return WideQuestion(args, directions, tuple(along), min(seconds))


@dataclass(frozen=True)
class WideAnswer:
    """What the wide call tells: a status of the ladder and a sentence, or "" and a remark, or neither."""

    status: str = ""
    message: str = ""
    seconds: float = 0.0


def wide_answer(exercise: Exercise, caller: Any, seed: int) -> WideAnswer:
    """Ask the wide question, after all others were answered rightly."""
    question = wide_question(exercise, seed)
    many = f"{question.count:,} parameters"
    limited = hasattr(caller, "call_within")
    if limited:
        timed = caller.call_within(exercise.name, copied(question.args), question.patience)
        outcome, per_weight = (timed.outcome, timed.complex_inside) if timed else (None, False)
    else:
        outcome, per_weight = caller.call(exercise.name, copied(question.args), SECONDS), False
    cannot_tell = (
        f" Whether it takes one pass or one for every parameter could not be told here: with {many} it did not come to "
        "an end in time."
    )
    if limited and timed is None:
        untold = " Whether it takes one pass or one for every parameter cannot be told here: no call can be stopped."
        return WideAnswer("", untold)
    if outcome is None and not per_weight:
        return WideAnswer("", cannot_tell)
    if outcome is None or outcome.kind == "stopped":
        return WideAnswer("costly", _too_slow(many))
    return _judged(exercise, question, outcome)


def _too_slow(many: str) -> str:
    return (
        f"The values are right, but with {many} your function did not come to an end: it computes the loss once for "
        "every parameter. One pass for all of them, instead of one for each, is the point of a derived gradient and of "
        "backpropagation. Differentiate by hand, and compute what comes out."
    )


def _judged(exercise: Exercise, question: WideQuestion, outcome: calling.Outcome) -> WideAnswer:
    many = f"{question.count:,} parameters"
    if outcome.kind == "raised" and outcome.error.startswith(("MemoryError", "RecursionError", "numpy._core")):
        return WideAnswer("", f" With {many} it ran out of room, so that could not be judged.", outcome.seconds)
    if outcome.kind != "value":
        where = f" in line {outcome.line_number}, `{outcome.line}`" if outcome.line else ""
        return WideAnswer("raised", f"With {many} it raised {outcome.error}{where}.", outcome.seconds)
    parts: Any = outcome.value if exercise.returns else (outcome.value,)
    fits = isinstance(parts, tuple) and len(parts) == len(question.directions[0])
    if not fits or any(
        not (is_array(g) or is_number(g)) or np.shape(g) != np.shape(v)
        for g, v in zip(parts, question.directions[0], strict=True)
    ):
        return WideAnswer("shape", f"With {many} your function returns other shapes than before.", outcome.seconds)
    for direction, right in zip(question.directions, question.along, strict=True):
        products = [np.asarray(g) * v for g, v in zip(parts, direction, strict=True)]
        total = float(sum(np.sum(p) for p in products))
        sizes = float(sum(np.sum(np.abs(p)) for p in products))
        if not abs(total - right) <= TOLERANCE * max(sizes, abs(right)):
            message = (
                f"Right on small draws, wrong on one with {many}: along a random direction v the loss changes by "
                f"{right:.6g}, and the sum of gradient times v is {total:.6g}."
            )
            return WideAnswer("wrong", message, outcome.seconds)
    return WideAnswer(seconds=outcome.seconds)
