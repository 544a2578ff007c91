"""Typed trees read as networks: sums over indices become products of whole arrays, repeated rows products with ones.

A piece of an index form is an array two of whose axes carry labels: "r" and "c" for the rows and columns of the piece
itself, anything else for an index. `x_i` is X with the labels (index i, "c"); a sum over i contracts the label away.
A differential is the sum of networks that each hold one d: what is left without it is the gradient or the Jacobian.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..dimensions import Core, Scope, is_scalar, resolve
from ..names import Names
from ..operations import OPERATIONS
from ..shapes import Typer
from ..tree import Node, num, sym
from ..writer import plain_text
from .algebra import ONE, Algebra, apply, d_of, ones, product, turned, unit
from .networks import Axis, Network, NoRuleError, Piece, aligned, eye, fixed, fresh, matrix, own, two
from .rules import is_logistic


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
            raise NoRuleError("an index that is not summed")
        return aligned(piece, labels)

    def piece(self, core: Core) -> Piece:
        """The array of a typed tree, with its labels."""
        (network,) = self.networks(core)
        return network.written()

    def networks(self, core: Core) -> list[Network]:
        """A typed tree as a product that is summed over what its sums and matrix products run over."""
        return self.read(core)

    def read(self, core: Core) -> list[Network]:
        """What the operation on top of a typed tree makes of the networks of its operands."""
        make = getattr(self, "_" + core.op, self._whole if core.op in OPERATIONS.kernels else None)
        if make is None:
            raise NoRuleError(f"no rule for {core.op.replace('_', ' ')}")
        made = make(core)
        return [Network([made])] if isinstance(made, Piece) else made

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

    def _grad(self, core: Core) -> Piece:
        name, entry = core.data
        if entry is not None:
            raise NoRuleError("a derivative in an entry")
        return Piece(Node("grad", [self.lowered(core.args[0]), sym(name)]), own(core))

    def _diff(self, core: Core) -> Piece:
        return Piece(Node("d", [self.lowered(core.args[0])]), own(core))

    def _kdelta(self, core: Core) -> Piece:
        i, j, d = core.data
        return Piece(Node("eye", (), str(fixed(d)[0])), (Axis(i, d), Axis(j, d)))

    def _entry(self, core: Core) -> list[Network] | Piece:
        of = core.args[0]
        places = [(p, x) for p, x in zip(core.data, own(of), strict=True) if x is not None]
        if all(isinstance(p, int) for p, _ in places) and not holds_d(of):
            return Piece(Node("idx", [self.lowered(of)], tuple(p for p, _ in places)))
        made = self.networks(of)
        for position, axis in places:
            if isinstance(position, tuple):
                made = [n.renamed({axis.name: position[1]}) for n in made]
            elif position is not None:
                along = fresh(axis.length)
                one = Piece(unit(position, fixed(axis.length)), (along, None))
                made = [n.renamed({axis.name: along.name}).times(one, over=[along]) for n in made]
        return made

    def _table(self, core: Core) -> list[Network]:
        names = dict(zip(core.data, "rc", strict=True))
        return [n.renamed(names) for n in self.networks(core.args[0])]

    def _mat(self, core: Core) -> Piece:
        """A matrix by its entries: each of them times the unit vectors of its place."""
        terms = []
        for k, entry in enumerate(core.args):
            places = zip(divmod(k, core.data[1]), core.shape, (unit, lambda j, d: turned(unit(j, d))), strict=True)
            terms.append(product(self.lowered(entry), *(e(i + 1, fixed(d)) for i, d, e in places if resolve(d) != ())))
        return Piece(Node("add", terms), own(core))

    # -- arithmetic

    def _neg(self, core: Core) -> list[Network]:
        return [Network([Piece(num(-1))]).times(n) for n in self.networks(core.args[0])]

    def _add(self, core: Core) -> list[Network] | Piece:
        return two("add", *map(self.piece, core.args))

    def _scale(self, core: Core) -> list[Network]:
        a, b = map(self.networks, core.args)
        return [x.times(y) for x in a for y in b]

    _had = _scale

    def _quotient(self, core: Core) -> list[Network]:
        below = self.piece(core.args[1])
        over = Piece(Node("div", [ONE, below.node]), below.labels)
        return [n.times(over) for n in self.networks(core.args[0])]

    def _matmul(self, core: Core) -> list[Network]:
        a, b = map(self.networks, core.args)
        return [x.chained(y, core.args[0].shape[1]) for x in a for y in b]

    def _sum(self, core: Core) -> list[Network]:
        slot, length, unequal = core.data
        if unequal is not None:
            raise NoRuleError("a sum that leaves an index out")
        return [self._sum_of(core.args[0], slot, fresh(length))]

    def _sum_of(self, body: Core, slot: int, axis: Axis) -> Network:
        """The sum over an index, term by term."""
        if body.op == "neg":
            return Network([Piece(num(-1))]).times(self._sum_of(body.args[0], slot, axis))
        if body.op != "add":
            (network,) = self.networks(body)
            return network.renamed({slot: axis.name}).times(Network([]), over=[axis])
        terms = (self._sum_of(a, slot, axis).written() for a in body.args)
        return Network([two("add", *terms)])

    def _frob(self, core: Core) -> list[Network] | Piece:
        a, b = map(self.piece, core.args)
        if is_own(a.has() | b.has()):
            return Piece(Node("frob", [aligned(p, own(core.args[0])) for p in (a, b)]))
        return [Network([a]).inner(Network([b]), own(core.args[0]))]

    # -- functions

    def _power(self, core: Core) -> list[Network] | Piece:
        of = core.args[0]
        if of.op == "norm" and of.data == "2" and core.data == 2:
            squared = self.piece(of.args[0])
            if not is_own(squared.has()):
                return [Network([squared]).inner(Network([squared]), own(of.args[0]))]
        base, exponent = map(self.piece, core.args)
        if exponent.has():
            raise NoRuleError("a power whose exponent is an array")
        return Piece(Node("epow" if base.has() else "pow", [base.node, exponent.node]), base.labels)

    def _outer(self, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        (x,), (y,) = a.has(), b.has()
        return Piece(product(aligned(a, (x, None)), aligned(b, (None, y))), own(core))

    def _matpower(self, core: Core) -> Piece:
        node = self.lowered(core.args[0])
        return Piece(product(*[node] * core.data) if core.data else node, own(core))

    def _T(self, core: Core) -> list[Network]:
        return [n.renamed({"r": "c", "c": "r"}) for n in self.networks(core.args[0])]

    def _stretch(self, core: Core) -> list[Network]:
        return self.networks(core.args[0])

    def _whole(self, core: Core) -> Piece:
        """A function of a whole array; softmax and log-sum-exp also row by row."""
        made = self.piece(core.args[0])
        rows, columns = made.labels
        if not is_own(made.has()):
            if core.op not in ("softmax", "logsumexp") or rows is None or columns is None or not is_own([columns]):
                raise NoRuleError(f"{core.op} of each of several arrays")
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
        squares = Network([made]).inner(Network([made]), own(core.args[0])).written()
        return Piece(apply("sqrt", squares.node), squares.labels)

    def _fn(self, core: Core) -> Piece:
        made = self.piece(core.args[0])
        return Piece(Node("fn", [made.node], core.data), made.labels)

    def _total(self, core: Core) -> Piece:
        if core.data == "max":
            raise NoRuleError("no rule for a maximum")
        lengths = [resolve(d) for d in core.args[0].shape]
        rows, columns = map(ones, lengths)
        whole = product(turned(rows) if lengths[0] else rows, self.lowered(core.args[0]), columns)
        count = [sym(str(d[0])) for d in lengths if d]
        return Piece(whole if core.data == "sum" else Node("div", [whole, product(*count)]))

    def _along(self, core: Core) -> Piece:
        what, axis = core.data
        if what == "max":
            raise NoRuleError("no rule for a maximum")
        node, length = self.lowered(core.args[0]), core.args[0].shape[axis]
        whole = product(node if axis else turned(node), ones(resolve(length)))
        mean = Node("div", [whole, sym(str(resolve(length)[0]))])
        return Piece(whole if what == "sum" else mean, (Axis("r", core.args[0].shape[1 - axis]), None))

    def _kron(self, core: Core) -> Piece:
        return Piece(Node("kron", [self.lowered(a) for a in core.args]), own(core))

    def _at(self, core: Core) -> Piece:
        given = {sym(name): self.lowered(a) for name, a in zip(core.data, core.args[1:], strict=True)}
        function = core.args[0]
        if function.op == "sym" and function.data in self.names.definitions:
            function = self.names.definitions[function.data].typed
        return Piece(self.algebra.filled(self.lowered(function), given), own(core))

    def _formula(self, core: Core) -> Piece:
        name, primes = core.data
        definition, made = self.names.definitions[name], self.piece(core.args[0])
        if primes or definition.core is None:
            raise NoRuleError("no rule for the derivative of a function by formula")
        if is_logistic(definition):
            return Piece(Node("fn", [made.node], ("sigmoid", 0)), made.labels)
        given = {sym(definition.params[0]): made.node}
        return Piece(self.algebra.filled(self.lowered(definition.core), given, entrywise=True), made.labels)


# What is linear, so that a differential may stand in it.
LINEAR = ("add", "neg", "scale", "had", "quotient", "matmul", "frob", "T", "tr", "diag", "entry", "stretch")


def holds_d(core: Core) -> bool:
    """Whether a differential stands in the typed tree."""
    return core.op in ("dbase", "diff") or any(map(holds_d, core.args))


class Differentials(Lowering):
    """Differentials of one text as sums of networks, in each of which one piece is a d; what is constant is one."""

    def __init__(self, names: Names, algebra: Algebra):
        super().__init__(names, algebra)
        self.constants = Lowering(names, algebra)

    def core(self, node: Node) -> Core:
        return Typer(Scope(self.names)).typed(node)

    def networks(self, core: Core) -> list[Network]:
        if not holds_d(core):
            if is_scalar(core.shape):
                return [Network([Piece(self.algebra.simplified(self.constants.lowered(core)))])]
            return self.constants.networks(core)
        if core.op not in (*LINEAR, "dbase", "diff"):
            said = plain_text(self.constants.lowered(core))
            raise NoRuleError(f"no rule moves a factor out of {said}")
        return self.read(core)

    def _add(self, core: Core) -> list[Network] | Piece:
        return [n for a in core.args for n in self.networks(a)] if holds_d(core) else super()._add(core)

    def _frob(self, core: Core) -> list[Network]:
        a, b = map(self.networks, core.args)
        return [x.inner(y, own(core.args[0])) for x in a for y in b]

    def _tr(self, core: Core) -> list[Network]:
        labels = own(core.args[0])
        one = Network([Piece(eye(core.args[0].shape[0]), labels)])
        return [one.inner(n, labels) for n in self.networks(core.args[0])]

    def _diag(self, core: Core) -> list[Network]:
        """z_r δ_rc."""
        delta = Piece(eye(core.shape[0]), own(core))
        return [n.renamed({"c": "r"}).times(delta) for n in self.networks(core.args[0])]

    def pulled(self, weight: Node, node: Node) -> dict[str, list[Node]]:
        """{name: [G, ...]} with ⟨weight, node⟩ = Σ ⟨G, d(name)⟩; NoRuleError where no rule gets there."""
        out: dict[str, list[Node]] = {}
        for network in self.networks(self.core(Node("frob", [weight, node]))):
            name, rest, axes = network.without_d("r", "c")
            made = aligned(rest.written(), axes)
            out.setdefault(name, []).append(self.algebra.simplified(made))
        return out

    def jacobian(self, node: Node) -> Node:
        """K with vec(node) = K vec(dX), for a differential with one d(X) in each term."""
        core = self.core(node)
        terms = [matrix(own(core), *n.without_d("p", "q")[1:]) for n in self.networks(core)]
        return Node("add", terms) if len(terms) > 1 else terms[0]
