"""Random draws: a size for each dimension, a value for each declared name, a direction for each differential."""

from __future__ import annotations

import zlib

import numpy as np

from .dimensions import Atom, Dim, Open, Total, resolve
from .names import Names
from .values import Array, UndefinedError

SIZES = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)


class Draw:
    """One random assignment of sizes, values and directions.

    Everything is a function of the seed, the draw's number and the name, so a report is the same every time.
    `mode` is "signed" (entries in ±[0.5, 1.5]), "positive" ([0.5, 1.5]) or "unit" ([0.1, 0.9]).
    """

    def __init__(
        self,
        names: Names,
        number: int,
        seed: int = 0,
        mode: str = "signed",
        promise: tuple[str, str] | None = None,
    ):
        self.names, self.mode, self.seed, self.number, self.promise = names, mode, seed, number, promise
        self.dims = _sizes(names.dims, number, seed, names.least)
        self.values: dict[str, Array] = {}

    def _rng(self, what: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.number, zlib.crc32(what.encode())])

    def size(self, d: Dim) -> int:
        """A dimension as a number on this draw; one that nothing decides gets a size of its own."""
        total = 1
        for atom in resolve(d):
            total *= self._length(atom)
        return total

    def _length(self, atom: Atom) -> int:
        if isinstance(atom, Open):
            return self.dims.setdefault(f"?{atom.number}", 2 + (self.number % 2))
        if isinstance(atom, Total):
            return sum(map(self.size, atom.parts))
        return atom if isinstance(atom, int) else self.dims[atom]

    def base(self, name: str) -> Array:
        """The value of a declared name, shape (1, rows, columns)."""
        if name not in self.values:
            s = self.names.symbols[name]
            rows, columns = self._length(s.rows), self._length(s.columns)
            promises = s.promises
            if self.promise and self.promise[0] == name:
                promises = (*promises, self.promise[1])
            self.values[name] = self._keep(promises, rows, columns, self._rng(name))[None]
        return self.values[name]

    def _entries(self, rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        if self.mode == "unit":
            return rng.uniform(0.1, 0.9, shape)
        if self.mode == "apart":  # some names small beside others, as log(b - Ax) asks for
            return rng.uniform(0.5, 1.5, shape) * rng.choice([0.03, 1.0])
        size = rng.uniform(0.5, 1.5, shape)
        return size if self.mode == "positive" else size * rng.choice([-1.0, 1.0], shape)

    def _keep(self, promises: tuple[str, ...], rows: int, columns: int, rng: np.random.Generator) -> Array:
        """A matrix that keeps its promises."""
        a = self._entries(rng, (rows, columns))
        if "positive" in promises:
            a = rng.uniform(0.5, 1.5, (rows, columns))
        if "onehot" in promises or "simplex" in promises:
            a = _shares(a.T if columns == 1 else a, "onehot" in promises, rng)
            a = a.T if columns == 1 else a
        if "unitsum" in promises:
            a = a / a.sum(0 if columns == 1 else 1, keepdims=True)
        if "unitnorm" in promises:
            a = a / np.sqrt((a * a).sum())
        if "orthonormal" in promises and rows < columns:
            # More columns than a space of that size can hold at right angles: other sizes are drawn.
            raise UndefinedError
        if "orthogonal" in promises or "orthonormal" in promises:
            a = np.linalg.qr(a)[0]
        if "spd" in promises:
            return a @ a.T + np.eye(rows)
        return (a + a.T) / 2 if "symmetric" in promises else a

    def direction(self, name: str, rows: int, columns: int) -> Array:
        """A random direction for a differential or a small δ, shape (1, rows, columns)."""
        key = f"d:{name}"
        if key not in self.values:
            rng = self._rng(key)
            a = rng.uniform(0.5, 1.5, (rows, columns)) * rng.choice([-1.0, 1.0], (rows, columns))
            self.values[key] = a[None]
        return self.values[key]


def _shares(a: Array, onehot: bool, rng: np.random.Generator) -> Array:
    """Rows that are unit vectors, or shares of one."""
    if onehot:
        return np.eye(a.shape[1])[rng.integers(0, a.shape[1], a.shape[0])]
    shares: Array = np.abs(a) / np.abs(a).sum(1, keepdims=True)
    return shares


def _sizes(dims: list[str], number: int, seed: int, least: int = 3) -> dict[str, int]:
    """Distinct sizes from 3 up, another assignment in each draw; single letters keep their relative order free."""
    rng = np.random.default_rng([seed, number, 77])
    sizes = tuple(range(least, least + len(SIZES)))
    pool = (
        np.array(sizes[: max(len(dims), 1) + 2])
        if len(dims) + 2 <= len(SIZES)
        else np.arange(least, len(dims) + least + 3)
    )
    order = rng.permutation(pool)[: len(dims)]
    # Rotating the draw's number in makes sure that no dimension keeps its size throughout.
    order = pool[(np.searchsorted(pool, order) + number) % len(pool)]
    return {name: int(size) for name, size in zip(dims, order, strict=True)}
