"""From the typed tree to whole arrays: sums over indices become products, repeated rows become products with ones.

A piece of an index form is an array two of whose axes carry labels: "r" and "c" for the rows and columns of the piece
itself, a number for an index. `x_i` is X with the labels (index i, "c"); a sum over i contracts the label away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from ..dimensions import SCALAR, Core, Dim, is_scalar, resolve
from ..names import Names
from ..operations import OPERATIONS
from ..tree import Node, num, sym
from .algebra import Algebra, apply, d_of, ones, product, turned, unit


class NoRuleError(Exception):
    """A part of a loss that no rule reaches: `part` is the tree, where there is one, `what` says what is missing."""

    def __init__(self, what: str, part: Node | None = None):
        super().__init__(what)
        self.what, self.part = what, part


def _peeled(core: Core) -> tuple[list[Core], Core]:
    """The numbers that an array is multiplied by, and the array."""
    if core.op == "neg":
        numbers, inner = _peeled(core.args[0])
        return [Core("num", (), SCALAR, -1.0), *numbers], inner
    if core.op == "scale":
        for number, inner in (core.args, core.args[::-1]):
            if is_scalar(number.shape) and not is_scalar(inner.shape):
                more, inner = _peeled(inner)
                return [number, *more], inner
    return [], core


@dataclass(frozen=True)
class Axis:
    """What the rows or columns of a piece run over: "r" and "c" are its own, a number is an index."""

    name: int | str
    length: Dim = field(compare=False)


Labels = tuple[Axis | None, Axis | None]


@dataclass
class Piece:
    """An array and what its rows and columns stand for."""

    node: Node
    labels: Labels = (None, None)

    def has(self) -> set[Axis]:
        return {x for x in self.labels if x is not None}

    def renamed(self, names: Mapping[int | str, int | str]) -> Piece:
        """The same array with other names for its axes."""
        rows, columns = (Axis(names.get(x.name, x.name), x.length) if x else None for x in self.labels)
        return Piece(self.node, (rows, columns))


def own(core: Core) -> Labels:
    """The axes of a typed tree itself."""
    rows, columns = (Axis(x, d) if resolve(d) != () else None for d, x in zip(core.shape, "rc", strict=True))
    return rows, columns


def is_own(axes: Iterable[Axis]) -> bool:
    return all(x.name in ("r", "c") for x in axes)


def fixed(d: Dim) -> Dim:
    """A length that something decides; NoRuleError for any other."""
    length = resolve(d)
    if len(length) != 1 or not isinstance(length[0], str | int):
        raise NoRuleError("a length that nothing decides")
    return length


def aligned(piece: Piece, labels: Labels) -> Node:
    """The array with its axes as `labels` says, repeated along those that it does not have."""
    if not piece.has():
        return piece.node
    straight = all(h is None or h == w for h, w in zip(piece.labels, labels, strict=True))
    have, node = (piece.labels, piece.node) if straight else (piece.labels[::-1], turned(piece.node))
    for k, (mine, wanted) in enumerate(zip(have, labels, strict=True)):
        if mine is None and wanted is not None:
            one = ones(fixed(wanted.length))
            node = product(one, node) if k == 0 else product(node, turned(one))
    return node


def two(op: str, a: Piece, b: Piece) -> Piece:
    """Two pieces entry by entry, both repeated to the labels of both."""
    union = a.has() | b.has()
    if len(union) > 2:
        raise NoRuleError("an array with three indices", Node(op, [a.node, b.node]))
    if not b.has() or not a.has():
        node = product(*((b.node, a.node) if not b.has() else (a.node, b.node)))
        return Piece(node if op == "had" else Node(op, [a.node, b.node]), a.labels if a.has() else b.labels)
    wide = a if len(a.has()) >= len(b.has()) else b
    labels = wide.labels
    if len(union) > len(wide.has()):  # i and j: the first makes the rows
        (i,), (j,) = a.has(), b.has()
        labels = (i, j) if j.name != "r" and i.name != "c" else (j, i)
        if op == "had":
            first, second = (a, b) if labels[0] == i else (b, a)
            return Piece(product(aligned(first, (labels[0], None)), aligned(second, (None, labels[1]))), labels)
    return Piece(Node(op, [aligned(a, labels), aligned(b, labels)]), labels)


def multiplied(pieces: Iterable[Piece]) -> Piece:
    """Pieces entry by entry."""
    return reduce(lambda a, b: two("had", a, b), pieces)


def contracted(pieces: list[Piece], axis: Axis) -> list[Piece]:
    """The factors of a product, summed over one axis."""
    having = [p for p in pieces if axis in p.has()]
    others = [p for p in pieces if axis not in p.has()]
    if not having:
        return [Piece(sym(str(fixed(axis.length)[0]))), *others]
    groups: dict[frozenset, Piece] = {}
    for p in having:
        key = frozenset(p.has())
        groups[key] = two("had", groups[key], p) if key in groups else p
    left = sorted(groups.values(), key=lambda p: len(p.has()))
    while len(left) > 2 or len(left) == 2 and all(p.has() > {axis} for p in left):
        if len(left) == 2 and len(left[0].has() | left[1].has()) == 3:
            break
        left = [two("had", left[0], left[1]), *left[2:]]
    return [*others, summed(left[0], axis) if len(left) == 1 else chained(left, axis)]


def chained(factors: list[Piece], axis: Axis) -> Piece:
    """Two factors as a matrix product over the axis that they share."""
    a, b = sorted(factors, key=lambda p: any(x.name == "c" for x in p.has()))
    (x,), (y,) = ((*(p.has() - {axis}),) or (None,) for p in (a, b))
    if x is None and y is not None and y.name != "c":
        a, b, x, y = b, a, y, x
    return Piece(product(aligned(a, (x, axis)), aligned(b, (axis, y))), (x, y))


def summed(p: Piece, axis: Axis) -> Piece:
    """A piece summed over one of its axes: a product with ones."""
    (other,) = (*(p.has() - {axis}),) or (None,)
    one = ones(fixed(axis.length))
    if other is None:
        return Piece(product(turned(one), aligned(p, (axis, None))))
    if p.labels[1] == axis:
        return Piece(product(p.node, one), (other, None))
    return Piece(product(turned(one), p.node), (None, other))


def inner(a: Piece, b: Piece, core: Core) -> Piece:
    """The sum of the products of entries, over the axes of the typed tree."""
    pieces = [a, b]
    for axis in own(core):
        if axis is not None:
            pieces = contracted(pieces, axis)
    return multiplied(pieces)


class Lowering:
    """Typed trees of one text as trees of whole arrays."""

    def __init__(self, names: Names, algebra: Algebra):
        self.names, self.algebra = names, algebra

    def lowered(self, core: Core) -> Node:
        """The tree of a typed tree; NoRuleError where it has none."""
        piece, labels = self.piece(core), own(core)
        if not piece.has() <= {*labels}:
            raise NoRuleError("an index that is not summed", piece.node)
        return aligned(piece, labels)

    def piece(self, core: Core) -> Piece:
        """The array of a typed tree, with its labels."""
        make = getattr(self, "_" + core.op, self._whole if core.op in OPERATIONS.kernels else None)
        if make is None:
            raise NoRuleError(f"no rule for {core.op.replace('_', ' ')}")
        return make(core)

    # -- leaves

    def _num(self, core: Core) -> Piece:
        value = float(core.data)
        return Piece(num(int(value) if value == int(value) else value))

    def _size(self, core: Core) -> Piece:
        return Piece(sym(core.data))

    def _sym(self, core: Core) -> Piece:
        return Piece(sym(core.data), own(core))

    def _ones(self, core: Core) -> Piece:
        return Piece(ones(fixed(core.shape[0])), own(core))

    def _eye(self, core: Core) -> Piece:
        return Piece(Node("eye", (), str(fixed(core.shape[0])[0])), own(core))

    def _dbase(self, core: Core) -> Piece:
        return Piece(d_of(core.data), own(core))

    def _diff(self, core: Core) -> Piece:
        return Piece(Node("d", [self.lowered(core.args[0])]), own(core))

    def _kdelta(self, core: Core) -> Piece:
        i, j, d = core.data
        return Piece(Node("eye", (), str(fixed(d)[0])), (Axis(i, d), Axis(j, d)))

    def _entry(self, core: Core) -> Piece:
        base, shape = self.piece(core.args[0]), core.args[0].shape
        if not is_own(base.has()):
            raise NoRuleError("an entry of something that has indices of its own", base.node)
        numbers = [p for p, d in zip(core.data, shape, strict=True) if resolve(d) != ()]
        if all(isinstance(p, int) for p in numbers):
            return Piece(Node("idx", [base.node], tuple(numbers)))
        node = base.node
        names: dict[int | str, int | str] = {}
        for position, axis, d in zip(core.data, "rc", shape, strict=True):
            if isinstance(position, tuple):
                names[axis] = position[1]
            elif position is not None and resolve(d) != ():
                one = unit(position, fixed(d))
                node = product(turned(one), node) if axis == "r" else product(node, one)
                names[axis] = ""
        rows, columns = (None if x is None or x.name == "" else x for x in base.renamed(names).labels)
        return Piece(node, (rows, columns))

    def _table(self, core: Core) -> Piece:
        return self.piece(core.args[0]).renamed(dict(zip(core.data, "rc", strict=True)))

    # -- arithmetic

    def _neg(self, core: Core) -> Piece:
        made = self.piece(core.args[0])
        return Piece(Node("neg", [made.node]), made.labels)

    def _add(self, core: Core) -> Piece:
        return two("add", *map(self.piece, core.args))

    def _scale(self, core: Core) -> Piece:
        return two("had", *map(self.piece, core.args))

    _had = _scale

    def _quotient(self, core: Core) -> Piece:
        return two("div", *map(self.piece, core.args))

    def _matmul(self, core: Core) -> Piece:
        (numbers, left), (more, right) = map(_peeled, core.args)
        a, b, length = self.piece(left), self.piece(right), left.shape[1]
        if resolve(length) == ():
            made = two("had", a, b)
        else:
            axis = Axis(f"k{id(core)}", length)
            made = multiplied(contracted([a.renamed({"c": axis.name}), b.renamed({"r": axis.name})], axis))
        return multiplied([*(self.piece(x) for x in (*numbers, *more)), made])

    def _sum(self, core: Core) -> Piece:
        slot, length, unequal = core.data
        if unequal is not None:
            raise NoRuleError("a sum that leaves an index out")
        return self._sum_of(core.args[0], Axis(slot, length))

    def _sum_of(self, body: Core, axis: Axis) -> Piece:
        if body.op == "add":
            return two("add", *(self._sum_of(a, axis) for a in body.args))
        if body.op == "neg":
            made = self._sum_of(body.args[0], axis)
            return Piece(Node("neg", [made.node]), made.labels)
        above, below = self._fraction(body)
        above += [Piece(Node("div", [num(1), p.node]), p.labels) for p in below if axis in p.has()]
        made = multiplied(contracted(above, axis))
        for p in below:
            made = made if axis in p.has() else two("div", made, p)
        return made

    def _fraction(self, core: Core) -> tuple[list[Piece], list[Piece]]:
        """The factors of a product of numbers, above and below the line."""
        if core.op == "scale":
            parts = [self._fraction(a) for a in core.args]
            return [p for above, _ in parts for p in above], [p for _, below in parts for p in below]
        if core.op == "quotient":
            above, below = self._fraction(core.args[0])
            return above, [*below, self.piece(core.args[1])]
        return [self.piece(core)], []

    def _frob(self, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        if is_own(a.has() | b.has()):
            return Piece(Node("frob", [aligned(p, own(core.args[0])) for p in (a, b)]))
        return inner(a, b, core.args[0])

    # -- functions

    def _power(self, core: Core) -> Piece:
        of = core.args[0]
        if of.op == "norm" and of.data == "2" and core.data == 2:
            squared = self.piece(of.args[0])
            if not is_own(squared.has()):
                return inner(squared, squared, of.args[0])
        base, exponent = map(self.piece, core.args)
        if exponent.has():
            raise NoRuleError("a power whose exponent is an array", exponent.node)
        return Piece(Node("epow" if base.has() else "pow", [base.node, exponent.node]), base.labels)

    def _outer(self, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        (x,), (y,) = a.has(), b.has()
        return Piece(product(aligned(a, (x, None)), aligned(b, (None, y))), own(core))

    def _matpower(self, core: Core) -> Piece:
        node = self.lowered(core.args[0])
        return Piece(product(*[node] * core.data) if core.data else node, own(core))

    def _T(self, core: Core) -> Piece:
        return self.piece(core.args[0]).renamed({"r": "c", "c": "r"})

    def _stretch(self, core: Core) -> Piece:
        return self.piece(core.args[0])

    def _whole(self, core: Core) -> Piece:
        """A function of a whole array; softmax and log-sum-exp also row by row."""
        made = self.piece(core.args[0])
        rows, columns = made.labels
        if not is_own(made.has()):
            if core.op not in ("softmax", "logsumexp") or rows is None or columns is None or not is_own([columns]):
                raise NoRuleError(f"{core.op} of each of several arrays", made.node)
            return Piece(apply(core.op, made.node), (rows, columns if core.op == "softmax" else None))
        node = self.lowered(core.args[0])
        if core.op == "inv":
            return Piece(Node("inv", [node]), own(core))
        return Piece(apply("diag" if core.op == "diagonal" else core.op, node), own(core))

    def _norm(self, core: Core) -> Piece:
        made = self.piece(core.args[0])
        if (row := OPERATIONS.rows[f"norm {core.data}"]).reason:
            raise NoRuleError(f"no rule for this norm: {row.reason}")
        if core.data == "1" and not is_own(made.has()):
            raise NoRuleError("no rule for the norm of each of several arrays")
        if is_own(made.has()):
            return Piece(Node("norm", [self.lowered(core.args[0])], core.data))
        squares = inner(made, made, core.args[0])
        return Piece(apply("sqrt", squares.node), squares.labels)

    def _fn(self, core: Core) -> Piece:
        made = self.piece(core.args[0])
        return Piece(Node("fn", [made.node], core.data), made.labels)

    def _total(self, core: Core) -> Piece:
        lengths = [resolve(d) for d in core.args[0].shape]
        rows, columns = map(ones, lengths)
        whole = product(turned(rows) if lengths[0] else rows, self.lowered(core.args[0]), columns)
        count = [sym(str(d[0])) for d in lengths if d]
        return Piece(whole if core.data == "sum" else Node("div", [whole, product(*count)]))

    def _along(self, core: Core) -> Piece:
        what, axis = core.data
        node, length = self.lowered(core.args[0]), core.args[0].shape[axis]
        whole = product(node if axis else turned(node), ones(resolve(length)))
        mean = Node("div", [whole, sym(str(resolve(length)[0]))])
        return Piece(whole if what == "sum" else mean, (Axis("r", core.args[0].shape[1 - axis]), None))

    def _kron(self, core: Core) -> Piece:
        return Piece(Node("kron", [self.lowered(a) for a in core.args]), own(core))

    def _at(self, core: Core) -> Piece:
        given = {sym(name): self.lowered(a) for name, a in zip(core.data, core.args[1:], strict=True)}
        return Piece(self.algebra.filled(self.lowered(core.args[0]), given), own(core))

    def _formula(self, core: Core) -> Piece:
        name, primes = core.data
        definition, made = self.names.definitions[name], self.piece(core.args[0])
        if primes or definition.core is None:
            raise NoRuleError("no rule for the derivative of a function by formula")
        given = {sym(definition.params[0]): made.node}
        return Piece(self.algebra.filled(self.lowered(definition.core), given, entrywise=True), made.labels)
