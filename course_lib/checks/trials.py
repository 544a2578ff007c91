"""What was asked and what came back, as the judge keeps it and as the second layer of naming looks at it."""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.checks import calling
from course_lib.checks.comparing import is_array, is_number
from course_lib.checks.specification import Exercise, Mistake

# Entries of the largest array that the second layer looks at.
LARGEST = 1_000_000


def copied(value: Any) -> Any:
    """The same arguments in memory of their own: a learner may change what he is given, or draw from a generator."""
    if isinstance(value, tuple):
        return tuple(copied(item) for item in value)
    if isinstance(value, np.random.Generator):
        return deepcopy(value)
    return np.array(value) if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Trial:
    """One draw: the inputs as the judge keeps them, what is right, what came back, and the watched calls.

    shows   whether what is said of it may show numbers: those that were drawn, and what is right for them.
    """

    args: tuple
    truth: Any
    outcome: calling.Outcome
    watched: tuple = ()
    shows: bool = True


def answer_of(mistake: Mistake, args: tuple) -> calling.Outcome:
    """The Outcome of somebody who makes this mistake."""
    assert callable(mistake.answer)
    return calling.call(mistake.answer, copied(args), {"all": "ignore"})


@dataclass(frozen=True)
class Output:
    """One returned value over all draws: what came and what is right. `name` is "" where only one is asked for."""

    name: str
    got: tuple
    right: tuple

    @property
    def subject(self) -> str:
        return f"`{self.name}`" if self.name else "your answer"


@dataclass(frozen=True)
class Case:
    """A wrong answer and all its trials, as the findings look at it.

    outputs  the returned values one by one, or () where they cannot be set beside the right ones: a call raised, the
             number of values is wrong, or several answers are right.
    """

    exercise: Exercise
    trials: tuple[Trial, ...]
    _answers: dict = field(default_factory=dict, compare=False)

    @property
    def rtol(self) -> float:
        return self.exercise.rtol

    @cached_property
    def values(self) -> tuple:
        """The returned values, or () unless every call returned one."""
        outcomes = [trial.outcome for trial in self.trials]
        returned = all(outcome.kind == "value" and outcome.value is not None for outcome in outcomes)
        return tuple(outcome.value for outcome in outcomes) if returned else ()

    @cached_property
    def outputs(self) -> tuple[Output, ...]:
        rights = tuple(trial.truth for trial in self.trials)
        if not self.values or self.exercise.acceptance or self.exercise.definition is None:
            return ()
        return outputs_of(self.exercise, self.values, rights)

    @cached_property
    def sizes(self) -> dict[str, np.ndarray]:
        """What a factor may hold, as a learner writes it: lengths of the arrays, and arguments that are numbers."""
        found: dict[str, np.ndarray] = {}
        arguments = zip(*(trial.args for trial in self.trials), strict=True)
        for name, values in zip(self.exercise.parameters, arguments, strict=True):
            if all(type(value) is np.ndarray for value in values):
                for axis in range(values[0].ndim):
                    written = f"{name}.shape[{axis}]" if values[0].ndim > 1 else f"len({name})"
                    if all(value.ndim == values[0].ndim for value in values):
                        found[written] = np.array([float(value.shape[axis]) for value in values])
            elif all(is_number(value) and not isinstance(value, np.ndarray) for value in values):
                found[name] = np.array([float(value) for value in values])
        return found

    def mistaken(self, mistake: Mistake) -> tuple:
        """What this mistake returns on every draw, or () where it raises on one."""
        if mistake.id not in self._answers:
            outcomes = [answer_of(mistake, trial.args) for trial in self.trials]
            whole = all(outcome.kind == "value" and outcome.value is not None for outcome in outcomes)
            self._answers[mistake.id] = tuple(outcome.value for outcome in outcomes) if whole else ()
        return self._answers[mistake.id]


def outputs_of(exercise: Exercise, got: Sequence, right: Sequence) -> tuple[Output, ...]:
    """The values one by one, for an exercise with several; () where their number is wrong or one cannot be compared."""
    if not got:
        return ()
    if not exercise.returns:
        found = [Output("", tuple(got), tuple(right))]
    else:
        count = len(exercise.returns)
        if any(not isinstance(value, tuple) or len(value) != count for value in (*got, *right)):
            return ()
        columns = zip(exercise.returns, zip(*got, strict=True), zip(*right, strict=True), strict=True)
        found = [Output(name, mine, theirs) for name, mine, theirs in columns]
    values = (value for output in found for value in (*output.got, *output.right))
    return tuple(found) if all(is_number(value) or _of_some_size(value) for value in values) else ()


def _of_some_size(value: Any) -> bool:
    """Whether this is an array that sums and transposes can be tried on.

    No exercise asks for more. An array of no entries counts by its other lengths: a sum over the length that is 0 would
    be as large as they are, and they cost who wrote them nothing.
    """
    return is_array(value) and math.prod(max(length, 1) for length in np.shape(value)) <= LARGEST


def everywhere(test: Callable[..., bool], *columns: Sequence) -> bool:
    """Whether a test holds on every draw; what a comparison of strange values raises counts as no."""
    try:
        with np.errstate(all="ignore"):
            return all(bool(test(*row)) for row in zip(*columns, strict=True))
    except (TypeError, ValueError, IndexError):
        return False
