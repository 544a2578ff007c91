"""Random inputs with traps: all dimensions differ, none is 1 or 2, and they change from draw to draw.

A forgotten transpose cannot pass because two dimensions happen to agree, and 1/n cannot pass for 1/4.
"""

from zlib import crc32

import numpy as np

DRAWS = 4
# What one term is multiplied by where it is to outweigh all others. The last bit of the square of 1e10 is 16384, so
# from a loss that holds it no step gets back a slope near 1; a formula does, where the term has no part in the slope.
HUGE = 1e10
SEED = 20
# About as many parameters as a small layer has: what is computed once for each of them does not come to an end.
WIDE = 50_000
SIZES = (3, 4, 5, 6, 7, 8)


class Draw:
    """Number `index` of the draws for one exercise: a source of sizes and arrays.

    seed   whole number; the same seed and exercise give the same draws for ever.
    """

    def __init__(self, exercise: str, index: int, seed: int = SEED):
        key = crc32(exercise.encode())
        self.index = index
        self.rng = np.random.default_rng([seed, key, index])
        # One order of the sizes for the exercise, turned by one place each draw: every size changes every time.
        order = np.random.default_rng([seed, key]).permutation(SIZES)
        self._sizes = np.roll(order, -index)

    @property
    def drowns(self) -> bool:
        """Whether one term shall outweigh all others here, so that a difference quotient drowns in its rounding.

        One draw is enough, because an answer must be right on all. The others stay moderate and strict.
        """
        return self.index == DRAWS - 1

    def sizes(self, count: int) -> tuple[int, ...]:
        """`count` different whole numbers between 3 and 8."""
        if count > len(SIZES):
            raise ValueError(f"{count} sizes asked for, at most {len(SIZES)} are different")
        return tuple(int(size) for size in self._sizes[:count])

    def array(self, *shape: int) -> np.ndarray:
        """Entries of random sign with absolute value in [0.5, 1.5]: none is near 0, so none hides a factor."""
        return self.positive(*shape) * self.rng.choice([-1.0, 1.0], size=shape)

    def positive(self, *shape: int) -> np.ndarray:
        """Entries in [0.5, 1.5]."""
        return self.rng.uniform(0.5, 1.5, size=shape)

    def number(self, low: float = 0.5, high: float = 1.5) -> float:
        """One Python float in [low, high]."""
        return float(self.rng.uniform(low, high))


def draws(exercise: str, seed: int = SEED) -> list[Draw]:
    """The seeded draws of one exercise, by its name."""
    return [Draw(exercise, index, seed) for index in range(DRAWS)]
