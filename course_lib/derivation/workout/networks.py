"""Products of arrays whose axes carry labels, summed over some of the labels, and how they are written as whole arrays.

`x_i^T w` is X with the labels (i, k) and w with the label k, summed over k. A differential is linear in its dX, so what
is left of its network without dX is the gradient, or the Jacobian, whatever stood around dX and however.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import count

from ..dimensions import Core, Dim, resolve
from ..tree import Node, sym
from .algebra import ONE, all_ones, apply, joined, ones, product, turned


class NoRuleError(Exception):
    """A part of a loss that no rule reaches; it says what is missing."""


@dataclass(frozen=True)
class Axis:
    """What the rows or columns of a piece run over: "r" and "c" are its own, anything else is an index."""

    name: int | str
    length: Dim = field(compare=False)


Labels = tuple[Axis | None, Axis | None]
_fresh = count()


@dataclass
class Piece:
    """An array and what its rows and columns stand for."""

    node: Node
    labels: Labels = (None, None)

    def has(self) -> set[Axis]:
        return {x for x in self.labels if x is not None}

    def renamed(self, names: Mapping[int | str, int | str]) -> Piece:
        """The same array with other names for its axes; its diagonal where both get one name."""
        rows, columns = (Axis(names.get(x.name, x.name), x.length) if x else None for x in self.labels)
        if rows is not None and rows == columns:
            return Piece(apply("diag", self.node), (rows, None))
        return Piece(self.node, (rows, columns))


@dataclass
class Network:
    """A product of pieces, entry by entry, summed over axes, the innermost first."""

    pieces: list[Piece]
    over: list[Axis] = field(default_factory=list)

    def renamed(self, names: Mapping[int | str, int | str]) -> Network:
        return Network([p.renamed(names) for p in self.pieces], self.over)

    def times(self, other: Network | Piece, over: Iterable[Axis] = ()) -> Network:
        """The product with another network or piece, summed over more axes."""
        other = Network([other]) if isinstance(other, Piece) else other
        return Network([*self.pieces, *other.pieces], [*self.over, *other.over, *over])

    def chained(self, other: Network, length: Dim) -> Network:
        """The matrix product; `length` is that of the columns of this one, () where there is nothing to sum."""
        if resolve(length) == ():
            return self.times(other)
        axis = fresh(length)
        return self.renamed({"c": axis.name}).times(other.renamed({"r": axis.name}), over=[axis])

    def inner(self, other: Network, labels: Labels) -> Network:
        """The sum of the products of entries of two arrays of one shape, whose own axes are given."""
        over = {x.name: fresh(x.length) for x in labels if x is not None}
        names = {old: x.name for old, x in over.items()}
        return self.renamed(names).times(other.renamed(names), over.values())

    def collapsed(self) -> Network:
        """The network without the sums of which a δ leaves one term."""
        pieces, over = self.pieces, []
        for axis in self.over:
            having = [p for p in pieces if axis in p.has()]
            delta = next((p for p in having if p.node.op == "eye"), None)
            if delta is None or len(having) == 1 or any(p.node.op == "d" and p.has() == delta.has() for p in having):
                over.append(axis)
            else:
                (other,) = delta.has() - {axis}
                pieces = [p.renamed({axis.name: other.name}) for p in pieces if p is not delta]
        return Network(pieces, over)

    def contracted(self) -> list[Piece]:
        """What is left of the pieces when the sums are taken."""
        short = self.collapsed()
        return reduce(contracted, short.over, short.pieces)

    def written(self) -> Piece:
        """The network as one array."""
        return multiplied(self.contracted())

    def without_d(self, rows: str, columns: str) -> tuple[str, Network, Labels]:
        """The name under the d of the network, what is left with δ's in the place of its entries, and its axes."""
        d = next((p for p in self.pieces if p.node.op == "d"), None)
        if d is None:
            raise NoRuleError("no rule leads to the differential of the variable")
        axes = tuple(Axis(k, x.length) if x else None for k, x in zip((rows, columns), d.labels, strict=True))
        deltas = [Piece(eye(x.length), (x, y)) for x, y in zip(d.labels, axes, strict=True) if x is not None]
        rest = [p for p in self.pieces if p is not d]
        return d.node.args[0].val, Network([*rest, *deltas], self.over), (axes[0], axes[1])


def fresh(length: Dim) -> Axis:
    """An axis with a label that nothing else has."""
    return Axis(f"k{next(_fresh)}", length)


def own(core: Core) -> Labels:
    """The axes of a typed tree itself."""
    rows, columns = (Axis(x, d) if resolve(d) != () else None for d, x in zip(core.shape, "rc", strict=True))
    return rows, columns


def fixed(d: Dim) -> Dim:
    """A length that something decides; NoRuleError for any other."""
    length = resolve(d)
    if len(length) != 1 or not isinstance(length[0], str | int):
        raise NoRuleError("a length that nothing decides")
    return length


def eye(length: Dim) -> Node:
    return Node("eye", (), str(fixed(length)[0]))


# -- a network as one array


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
        raise NoRuleError("an array with three indices")
    if not b.has() or not a.has():
        node = product(*((b.node, a.node) if a.has() else (a.node, b.node)))
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
    """Pieces entry by entry, those with the same labels first."""
    groups: dict[frozenset, Piece] = {}
    for p in pieces:
        key = frozenset(p.has())
        groups[key] = two("had", groups[key], p) if key in groups else p
    columns = [key for key in groups if len(key) == 1]
    if len(columns) == 2 < len(groups):  # u vᵀ before it is multiplied by a matrix
        groups[columns[0]] = two("had", *(groups.pop(key) if k else groups[key] for k, key in enumerate(columns)))
    return reduce(lambda a, b: two("had", a, b), groups.values()) if groups else Piece(ONE)


def contracted(pieces: list[Piece], axis: Axis) -> list[Piece]:
    """The factors of a product, summed over one axis."""
    having = [p for p in pieces if axis in p.has()]
    others = [p for p in pieces if axis not in p.has()]
    if not having:
        return [Piece(sym(str(fixed(axis.length)[0]))), *others]
    groups: dict[Axis | None, list[Piece]] = {}
    for p in having:
        (other,) = (*(p.has() - {axis}),) or (None,)
        groups.setdefault(other, []).append(p)
    weights = groups.pop(None, [])
    left, one = [multiplied(g) for g in groups.values()], Piece(ones(fixed(axis.length)), (axis, None))
    if len(left) > 2:
        raise NoRuleError("an array with three indices")
    if not left:
        left = [one, multiplied(weights)]
    elif len(left) == 1:
        left = [multiplied(weights or [one]), *left]
    elif weights:
        (other,) = left[1].has() - {axis}
        weight, labels = multiplied(weights).node, (axis, other)
        left[1] = Piece(product(apply("diag", weight), aligned(left[1], labels)), labels)
    others.insert(pieces.index(having[0]), chained(left, axis))
    return others


def chained(factors: list[Piece], axis: Axis) -> Piece:
    """Two factors as a matrix product over the axis that they share."""
    a, b = sorted(factors, key=lambda p: any(x.name == "c" for x in p.has()))
    (x,), (y,) = ((*(p.has() - {axis}),) or (None,) for p in (a, b))
    if x is None and y is not None and y.name != "c":
        a, b, x, y = b, a, y, x
    return Piece(product(aligned(a, (x, axis)), aligned(b, (axis, y))), (x, y))


# -- what stands before a differential


def matrix(out: Labels, network: Network, at: Labels) -> Node:
    """A term's K: diag(vec W) (M₂ ⊗ M₁) diag(vec V), where M₁ goes from rows to rows and M₂ between columns."""
    pieces = network.contracted()
    pairs = list(zip(out, at, strict=True))
    if sum(x is not None for x in out) == sum(x is not None for x in at) == 1:
        pairs = [(next(filter(None, out)), next(filter(None, at)))]
    for o, i in pairs:  # with δ between them, an axis of the result is one of dX
        if o is not None and i is not None and any(p.node.op == "eye" and p.has() == {o, i} for p in pieces):
            pieces = [p.renamed({o.name: i.name}) if p.has() & {*at} - {i} else p for p in pieces]
    numbers = [p.node for p in pieces if not p.has()]
    if not any(p.has() & {*out} and p.has() & {*at} for p in pieces):
        column, row = (_column([p for p in pieces if p.has() and p.has() <= {*x}], x) for x in (out, at))
        return product(*numbers, column, turned(row))
    around = [[p for p in pieces if None not in x and p.has() == {*x}] for x in (out, at)]
    between = [[p for p in pieces if p.has() and p.has() <= {*pair}] for pair in pairs]
    if len(numbers) + sum(map(len, [*around, *between])) < len(pieces):
        raise NoRuleError("no rule for this Jacobian")
    before, behind = ([apply("diag", _column(p, x))] if p else [] for p, x in zip(around, (out, at), strict=True))
    factors = [_between(p, pair) for p, pair in zip(between, pairs, strict=True) if any(pair)]
    return product(*numbers, *before, joined("kron", factors[::-1]), *behind)


def _between(pieces: list[Piece], pair: Labels) -> Node:
    """The matrix from an axis of dX to an axis of the result: diag(v) M diag(w)."""
    links = [p for p in pieces if p.has() == {*pair}]
    if not links:
        rows, columns = (fixed(x.length) if x is not None else () for x in pair)
        return aligned(multiplied(pieces), pair) if pieces else product(*all_ones((rows, columns)))
    before, behind = ([p for p in pieces if p.has() == {x}] for x in pair)
    left, right = ([apply("diag", multiplied(x).node)] if x else [] for x in (before, behind))
    return product(*left, aligned(multiplied(links), pair), *right)


def _column(pieces: list[Piece], labels: Labels) -> Node:
    """The product of pieces in one column."""
    made = aligned(multiplied(pieces), labels)
    return made if labels[1] is None else turned(made) if labels[0] is None else apply("vec", made)
