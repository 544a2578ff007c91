"""From the typed tree to whole arrays: sums over indices become products, repeated rows become products with ones.

A piece of an index form is an array two of whose axes carry labels: "r" and "c" for the rows and columns of the piece
itself, a number for an index. `x_i` is X with the labels (index i, "c"); a sum over i contracts the label away.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dimensions import Core, resolve
from ..names import Names
from ..operations import OPERATIONS
from ..tree import Node, num, sym
from .algebra import ONE, Algebra, apply, d_of, ones, product, turned, unit
from .networks import Axis, Labels, Network, NoRuleError, Piece, aligned, contraction, fixed, fresh, multiplied, two
from .networks import own as own_axes


def own(core: Core) -> Labels:
    """The axes of a typed tree itself."""
    return own_axes(*core.shape)


def is_own(axes: Iterable[Axis]) -> bool:
    return all(x.name in ("r", "c") for x in axes)


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
        return multiplied(contraction(self.network(core)))

    def network(self, core: Core) -> Network:
        """A typed tree as a product that is summed over what its sums and matrix products run over."""
        make = getattr(self, "_" + core.op, self._whole if core.op in OPERATIONS.kernels else None)
        if make is None:
            raise NoRuleError(f"no rule for {core.op.replace('_', ' ')}")
        made = make(core)
        return Network([made]) if isinstance(made, Piece) else made

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

    def _entry(self, core: Core) -> Network | Piece:
        base, of = self.network(core.args[0]), core.args[0]
        places = [(p, x) for p, x in zip(core.data, own(of), strict=True) if x is not None]
        if all(isinstance(p, int) for p, _ in places):
            return Piece(Node("idx", [self.lowered(of)], tuple(p for p, _ in places)))
        for position, axis in places:
            if isinstance(position, tuple):
                base = base.renamed({axis.name: position[1]})
            elif position is not None:
                along = fresh(axis.length)
                one = Piece(unit(position, fixed(axis.length)), (along, None))
                base = base.renamed({axis.name: along.name}).times(one, over=[along])
        return base

    def _table(self, core: Core) -> Network:
        return self.network(core.args[0]).renamed(dict(zip(core.data, "rc", strict=True)))

    # -- arithmetic

    def _neg(self, core: Core) -> Network:
        return Network([Piece(num(-1))]).times(self.network(core.args[0]))

    def _add(self, core: Core) -> Piece:
        return two("add", *map(self.piece, core.args))

    def _scale(self, core: Core) -> Network:
        a, b = map(self.network, core.args)
        return a.times(b)

    _had = _scale

    def _quotient(self, core: Core) -> Network:
        above, below = self.network(core.args[0]), self.piece(core.args[1])
        return above.times(Piece(Node("div", [ONE, below.node]), below.labels))

    def _matmul(self, core: Core) -> Network:
        a, b = map(self.network, core.args)
        return a.chained(b, core.args[0].shape[1])

    def _sum(self, core: Core) -> Network:
        slot, length, unequal = core.data
        if unequal is not None:
            raise NoRuleError("a sum that leaves an index out")
        return self._sum_of(core.args[0], slot, fresh(length))

    def _sum_of(self, body: Core, slot: int, axis: Axis) -> Network:
        """The sum over an index, term by term."""
        if body.op == "neg":
            return Network([Piece(num(-1))]).times(self._sum_of(body.args[0], slot, axis))
        if body.op != "add":
            return self.network(body).renamed({slot: axis.name}).times(Network([]), over=[axis])
        terms = (multiplied(contraction(self._sum_of(a, slot, axis))) for a in body.args)
        return Network([two("add", *terms)])

    def _frob(self, core: Core) -> Network | Piece:
        a, b = map(self.piece, core.args)
        if is_own(a.has() | b.has()):
            return Piece(Node("frob", [aligned(p, own(core.args[0])) for p in (a, b)]))
        return Network([a]).inner(Network([b]), own(core.args[0]))

    # -- functions

    def _power(self, core: Core) -> Network | Piece:
        of = core.args[0]
        if of.op == "norm" and of.data == "2" and core.data == 2:
            squared = self.piece(of.args[0])
            if not is_own(squared.has()):
                return Network([squared]).inner(Network([squared]), own(of.args[0]))
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
        squares = multiplied(contraction(Network([made]).inner(Network([made]), own(core.args[0]))))
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
