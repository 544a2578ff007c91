"""Dimensions, shapes and typed trees: what every node of an expression gets before it has a value.

A dimension is a sorted tuple of names and numbers, multiplied: `()` is one, `("n",)` is n, `("d", "k")` is d·k. What
the text leaves open (the length of a vector of ones, the size of I) is an `Open` that the shapes around it decide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .tree import Node

if TYPE_CHECKING:
    from .names import Names


class Open:
    """A length that is not known yet; `long` says that it is an array's, never 1."""

    __slots__ = ("bound", "number", "long")
    count = 0

    def __init__(self, long: bool = False):
        Open.count += 1
        self.bound: Dim | None = None
        self.number, self.long = Open.count, long

    def __lt__(self, other: object) -> bool:
        return isinstance(other, Open) and self.number < other.number


class Total(str):
    """The length of blocks that stand one below or beside another, "m+n", with the lengths that it is made of."""

    parts: tuple[Dim, ...]

    def __new__(cls, parts: Sequence[Dim]) -> Total:
        made = super().__new__(cls, "+".join(map(spoken_dim, parts)))
        made.parts = tuple(parts)
        return made


Atom = str | int | Open
Dim = tuple[Atom, ...]
Shape = tuple[Dim, Dim]
SCALAR: Shape = ((), ())


class MisfitError(Exception):
    """Shapes that do not fit together: the sentence, the place, and what kind of misfit it is."""

    def __init__(self, message: str, node: Node | None = None, kind: str = "shapes"):
        super().__init__(message)
        self.message, self.kind = message, kind
        self.span = node.span if node is not None else None


class Core:
    """A node of the typed tree: operation, operands, shape and whatever evaluation needs to know."""

    __slots__ = ("op", "args", "shape", "data")

    def __init__(self, op: str, args: Sequence[Core] = (), shape: Shape = SCALAR, data: Any = None):
        self.op, self.args, self.shape, self.data = op, args, shape, data


def transposed(core: Core) -> Core:
    return Core("T", [core], (core.shape[1], core.shape[0]))


def dim(*atoms: Atom) -> Dim:
    """A dimension as the sorted product of its atoms; numbers are one number, ones vanish."""
    numbers = [a for a in atoms if isinstance(a, int)]
    if len(numbers) > 1:
        atoms = (*(a for a in atoms if not isinstance(a, int)), math.prod(numbers))
    return tuple(sorted((a for a in atoms if a != 1), key=_atom_key))


def _atom_key(atom: Atom) -> tuple[int, Any]:
    return (2, atom.number) if isinstance(atom, Open) else (1, atom) if isinstance(atom, int) else (0, atom)


def resolve(d: Dim) -> Dim:
    """The dimension with what has become known put in."""
    if not any(isinstance(a, Open) for a in d):
        return d
    atoms: list[Atom] = []
    for a in d:
        if isinstance(a, Open) and a.bound is not None:
            atoms.extend(resolve(a.bound))
        else:
            atoms.append(a)
    return dim(*atoms)


def is_scalar(shape: Shape) -> bool:
    return resolve(shape[0]) == () and resolve(shape[1]) == ()


def is_vector(shape: Shape) -> bool:
    return (resolve(shape[0]) == ()) != (resolve(shape[1]) == ())


def spoken_dim(d: Dim) -> str:
    """A dimension as text: `n`, `1`, `dk`, `?`."""
    d = resolve(d)
    return "·".join("?" if isinstance(a, Open) else str(a) for a in d) or "1"


def spoken_shape(shape: Shape) -> str:
    """A shape as text: `n×d`, or `number` for 1×1."""
    rows, columns = (resolve(x) for x in shape)
    return "number" if rows == () == columns else f"{spoken_dim(rows)}×{spoken_dim(columns)}"


def shape_phrase(shape: Shape) -> str:
    """A shape in a sentence: "a number", "an n×d matrix", "a column of length n" are all said as sizes."""
    said = spoken_shape(shape)
    return "a number" if said == "number" else said


class Scope:
    """What is shared by the members of one relation: open lengths, index axes, and whether o(.) occurs."""

    def __init__(self, names: Names):
        self.names = names
        self.slots: dict[str, int] = {}
        self.free: dict[str, tuple[int, Dim]] = {}
        self.trail: list[Open] = []
        self.direction_shapes: dict[str, Shape] = {}
        self.first_order = False
        self.order: int | None = None  # up to which power of a small step o(.) and O(.) leave a claim
        self.clashes: list[tuple[Node, str]] = []
        self.used_by: dict[str, str] = {}
        self.notes: list[str] = []
        self.absent: list[str] = []  # those notes that say of a derivative that it must be 0

    # -- open lengths

    def unify(self, a: Dim, b: Dim) -> bool:
        """Whether two dimensions can be the same; open lengths are decided on the way."""
        if a == b:
            return True
        a, b = resolve(a), resolve(b)
        if a == b:
            return True
        left, right = list(a), list(b)
        for atom in a:
            if atom in right:
                left.remove(atom)
                right.remove(atom)
        if len(left) == 1 and isinstance(left[0], Open) and left[0] not in right:
            return self._bind(left[0], dim(*right))
        if len(right) == 1 and isinstance(right[0], Open) and right[0] not in left:
            return self._bind(right[0], dim(*left))
        return not left and not right

    def _bind(self, length: Open, value: Dim) -> bool:
        if length.long and value == ():
            return False
        if length.long and len(value) == 1 and isinstance(value[0], Open) and not value[0].long:
            length, value = value[0], (length,)
        length.bound = value
        self.trail.append(length)
        return True

    def same(self, s: Shape, t: Shape) -> bool:
        """Whether two shapes can be the same; nothing is decided when they cannot."""
        mark = len(self.trail)
        if self.unify(s[0], t[0]) and self.unify(s[1], t[1]):
            return True
        self.undo(mark)
        return False

    def undo(self, mark: int) -> None:
        """Forget every length decided since `mark`."""
        while len(self.trail) > mark:
            self.trail.pop().bound = None

    def slot(self, index: str) -> int:
        """The axis on which the index with this name lies."""
        return self.slots.setdefault(index, len(self.slots))
