"""Points where a gradient vanishes, found numerically on each draw, for claims that hold only there."""

from __future__ import annotations

import numpy as np

from .evaluation import Env
from .judgement import Bench, Relation
from .names import Names
from .tree import Node
from .values import TooLargeError, UndefinedError

STEPS = 40


class AtPoint(Bench):
    """Draws on which a declared name has a value where the gradient of a number in it is 0.

    Newton's steps from the draw's own value, the Hessian by differences of the gradient; a draw on which they do not
    arrive is undefined, so nothing is ever judged beside the point.
    """

    def __init__(self, names: Names, bench: Bench, slope: Node, variable: str) -> None:
        super().__init__(names, bench.seed, bench.deadline)
        self.slope, self.variable = slope, variable
        self.found: set[tuple[int, int]] = set()

    def env(self, number: int, attempt: int = 0, active: tuple[str, ...] = (), scale: complex = 1.0) -> Env:
        made = super().env(number, attempt, active, scale)
        if (number, attempt) not in self.found:
            self.found.add((number, attempt))
            self._arrive(number, attempt)
            made = super().env(number, attempt, active, scale)
        return made

    def _gradient(self, relation: Relation, number: int, attempt: int, value: np.ndarray) -> np.ndarray:
        self.draws[number, attempt].values[self.variable] = value[None]
        self.envs.clear()
        return np.real(relation.on_draw(self, number, attempt, 0)).ravel()

    def _arrive(self, number: int, attempt: int) -> None:
        draw = self.draws[number, attempt]
        value = draw.base(self.variable)[0].copy()
        relation = Relation(self.names, [self.slope])
        if relation.misfits[0]:
            raise UndefinedError
        slope = self._gradient(relation, number, attempt, value)
        first = max(np.abs(slope).max(), 1.0)
        for _ in range(STEPS):
            step = self._newton(relation, number, attempt, value, slope).reshape(value.shape)
            value = value - step
            slope = self._gradient(relation, number, attempt, value)
            # A slope that only fades while the steps stay long, as that of e^x, is 0 nowhere.
            if np.abs(slope).max() <= 1e-10 * first and np.abs(step).max() <= 1e-6 * (1 + np.abs(value).max()):
                break
        else:
            draw.values[self.variable] = np.full_like(value, np.nan)[None]
        self.envs.clear()

    @property
    def exists(self) -> bool:
        """Whether there is such a point on the first draw."""
        try:
            return bool(np.isfinite(self.env(0).value(self.variable)).all())
        except (UndefinedError, TooLargeError, np.linalg.LinAlgError):
            return False

    @property
    def trivial(self) -> bool:
        """Whether the point is 0 on the first draw, where any two multiples of the variable agree."""
        return float(np.abs(self.env(0).value(self.variable)).max(initial=0)) < 1e-6

    def _newton(
        self, relation: Relation, number: int, attempt: int, value: np.ndarray, slope: np.ndarray
    ) -> np.ndarray:
        size, h = value.size, 1e-5
        if size > 60:
            raise TooLargeError("the point where this gradient is 0 has too many entries to be found")
        hessian = np.empty((size, size))
        for k in range(size):
            step = np.zeros(size)
            step[k] = h
            up = self._gradient(relation, number, attempt, value + step.reshape(value.shape))
            down = self._gradient(relation, number, attempt, value - step.reshape(value.shape))
            hessian[:, k] = (up - down) / (2 * h)
        self._gradient(relation, number, attempt, value)
        return np.linalg.lstsq(hessian, slope, rcond=1e-9)[0]
