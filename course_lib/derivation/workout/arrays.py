"""From the typed tree to whole arrays: sums over indices become products, repeated rows become products with ones.

A piece of an index form is an array two of whose axes carry labels: "r" and "c" for the rows and columns of the piece
itself, a number for an index. `x_i` is X with the labels (index i, "c"); a sum over i contracts the label away.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..dimensions import SCALAR, Core, is_scalar, resolve
from ..names import Names
from ..tree import Node, map_tree, num, sym
from .algebra import Algebra, apply, ones, product, turned

Label = int | str | None
WHOLE = {"inv", "det", "logdet", "vec", "diag", "diagonal", "tr", "softmax", "logsumexp"}


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


@dataclass
class Piece:
    """An array and what its rows and columns stand for."""

    node: Node
    labels: tuple[Label, Label] = (None, None)

    def has(self) -> set[Label]:
        return {x for x in self.labels if x is not None}


class Lowering:
    """Typed trees of one text as trees of whole arrays."""

    def __init__(self, names: Names, algebra: Algebra):
        self.names, self.algebra = names, algebra
        self.lengths: dict[Label, tuple] = {}

    def lowered(self, core: Core) -> Node:
        """The tree of a typed tree; NoRuleError where it has none."""
        piece = self.piece(core)
        labels = tuple(None if resolve(d) == () else x for d, x in zip(core.shape, "rc", strict=True))
        if not piece.has() <= {*labels}:
            raise NoRuleError("an index that is not summed", piece.node)
        return self.aligned(piece, labels, core.shape)

    def aligned(self, piece: Piece, labels: tuple, shape: tuple = SCALAR) -> Node:
        """The array with its axes as `labels` says, repeated along those that it does not have."""
        if not piece.has():
            return piece.node
        have = piece.labels if self._in_order(piece.labels, labels) else piece.labels[::-1]
        node = piece.node if have == piece.labels else turned(piece.node)
        for k, (own, wanted) in enumerate(zip(have, labels, strict=True)):
            if own is None and wanted is not None:
                one = ones(self._length(wanted, resolve(shape[k]) if shape != SCALAR else None))
                node = product(one, node) if k == 0 else product(node, turned(one))
        return node

    def _in_order(self, have: tuple, wanted: tuple) -> bool:
        return all(h is None or h == w for h, w in zip(have, wanted, strict=True))

    def _length(self, label: Label, known: tuple | None = None) -> tuple:
        length = resolve(self.lengths.get(label, known or ()))
        if len(length) != 1 or not isinstance(length[0], str | int):
            raise NoRuleError("a length that nothing decides")
        return length

    def piece(self, core: Core) -> Piece:
        """The array of a typed tree, with its labels."""
        if core.op in WHOLE:
            return self._whole(core)
        make = getattr(self, "_" + core.op, None)
        if make is None:
            raise NoRuleError(f"no rule for {core.op.replace('_', ' ')}")
        return make(core)

    def _note(self, core: Core) -> None:
        """Remember how long the rows and columns of a piece are."""
        for label, d in zip("rc", core.shape, strict=True):
            if resolve(d) != ():
                self.lengths[label] = d

    def _pair(self, op: str, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        self._note(core)
        return self._two(op, a, b)

    def _own(self, core: Core) -> tuple:
        return tuple(None if resolve(d) == () else x for d, x in zip(core.shape, "rc", strict=True))

    # -- leaves

    def _num(self, core: Core) -> Piece:
        value = float(core.data)
        return Piece(num(int(value) if value == int(value) else value))

    def _size(self, core: Core) -> Piece:
        return Piece(sym(core.data))

    def _sym(self, core: Core) -> Piece:
        return Piece(sym(core.data), self._own(core))

    def _ones(self, core: Core) -> Piece:
        return Piece(ones(self._fixed(core.shape[0])), ("r", None))

    def _eye(self, core: Core) -> Piece:
        return Piece(Node("eye", (), str(self._fixed(core.shape[0])[0])), ("r", "c"))

    def _dbase(self, core: Core) -> Piece:
        return Piece(Node("d", [sym(core.data)]), self._own(core))

    def _diff(self, core: Core) -> Piece:
        return Piece(Node("d", [self.lowered(core.args[0])]), self._own(core))

    def _fixed(self, d: tuple) -> tuple:
        self.lengths["?"] = d
        return self._length("?")

    def _kdelta(self, core: Core) -> Piece:
        i, j, d = core.data
        self.lengths[i] = self.lengths[j] = d
        return Piece(Node("eye", (), str(self._fixed(d)[0])), (i, j))

    def _entry(self, core: Core) -> Piece:
        base = self.piece(core.args[0])
        if base.has() - {"r", "c"}:
            raise NoRuleError("an entry of something that has indices of its own", base.node)
        labels = list(base.labels)
        for position, axis, d in zip(core.data, "rc", core.args[0].shape, strict=True):
            if isinstance(position, tuple):
                self.lengths[position[1]] = d
                labels = [position[1] if x == axis else x for x in labels]
            elif position is not None and resolve(d) != ():
                raise NoRuleError("an entry with a number", base.node)
        return Piece(base.node, (labels[0], labels[1]))

    def _table(self, core: Core) -> Piece:
        inner = self.piece(core.args[0])
        new = {slot: axis for slot, axis in zip(core.data, "rc", strict=True) if slot is not None}
        return Piece(inner.node, tuple(new.get(x, x) for x in inner.labels))  # type: ignore[arg-type]

    # -- arithmetic

    def _neg(self, core: Core) -> Piece:
        inner = self.piece(core.args[0])
        return Piece(Node("neg", [inner.node]), inner.labels)

    def _add(self, core: Core) -> Piece:
        return self._pair("add", core)

    def _scale(self, core: Core) -> Piece:
        return self._pair("had", core)

    _had = _scale

    def _quotient(self, core: Core) -> Piece:
        return self._pair("div", core)

    def _two(self, op: str, a: Piece, b: Piece) -> Piece:
        """Two pieces entry by entry, both repeated to the labels of both."""
        union = a.has() | b.has()
        if len(union) > 2:
            raise NoRuleError("an array with three indices", Node(op, [a.node, b.node]))
        if not b.has() or not a.has():
            node = product(*((b.node, a.node) if not b.has() else (a.node, b.node)))
            return Piece(node if op == "had" else Node(op, [a.node, b.node]), a.labels if a.has() else b.labels)
        wide = a if len(a.has()) >= len(b.has()) else b
        labels: tuple = wide.labels
        if len(union) > len(wide.has()):  # i and j: the first makes the rows
            (i,), (j,) = a.has(), b.has()
            labels = (i, j) if j != "r" and i != "c" else (j, i)
            if op == "had":
                order = (a, b) if labels[0] == i else (b, a)
                return Piece(
                    product(self.aligned(order[0], (labels[0], None)), self.aligned(order[1], (None, labels[1]))),
                    labels,
                )
        return Piece(Node(op, [self.aligned(a, labels), self.aligned(b, labels)]), labels)

    def _matmul(self, core: Core) -> Piece:
        (numbers, left), (more, right) = map(_peeled, core.args)
        if not numbers and not more:
            return self._multiplied(core)
        made = self._multiplied(Core("matmul", [left, right], core.shape))
        return self._all([*(self.piece(x) for x in (*numbers, *more)), made])

    def _multiplied(self, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        inner = core.args[0].shape[1]
        if resolve(inner) == ():
            return self._two("had", a, b)
        key: Label = f"k{id(core)}"
        self.lengths[key] = inner
        a = Piece(a.node, tuple(key if x == "c" else x for x in a.labels))  # type: ignore[arg-type]
        b = Piece(b.node, tuple(key if x == "r" else x for x in b.labels))  # type: ignore[arg-type]
        self._note(core)
        return self._all(self._contracted([a, b], key))

    def _all(self, pieces: list[Piece]) -> Piece:
        made = pieces[0]
        for p in pieces[1:]:
            made = self._two("had", made, p)
        return made

    def _contracted(self, pieces: list[Piece], label: Label) -> list[Piece]:
        """Factors with one label summed over."""
        having = [p for p in pieces if label in p.has()]
        others = [p for p in pieces if label not in p.has()]
        if not having:
            return [Piece(sym(str(self._length(label)[0]))), *others]
        groups: dict[frozenset, Piece] = {}
        for p in having:
            key = frozenset(p.has())
            groups[key] = self._two("had", groups[key], p) if key in groups else p
        left = sorted(groups.values(), key=lambda p: len(p.has()))
        while len(left) > 2 or len(left) == 2 and left[0].has() > {label} and left[1].has() > {label}:
            if len(left) == 2 and len(left[0].has() | left[1].has()) == 3:
                break
            left = [self._two("had", left[0], left[1]), *left[2:]]
        if len(left) == 1:
            return [*others, self._summed(left[0], label)]
        a, b = sorted(left, key=lambda p: "c" in p.has())
        (x,), (y,) = ((*(p.has() - {label}),) or (None,) for p in (a, b))
        if x is None and y not in (None, "c"):
            a, b, x, y = b, a, y, x
        return [*others, Piece(product(self.aligned(a, (x, label)), self.aligned(b, (label, y))), (x, y))]

    def _summed(self, p: Piece, label: Label) -> Piece:
        (other,) = (*(p.has() - {label}),) or (None,)
        one = ones(self._length(label))
        if other is None:
            return Piece(product(turned(one), self.aligned(p, (label, None))), (None, None))
        if p.labels[1] == label:
            return Piece(product(p.node, one), (other, None))
        return Piece(product(turned(one), p.node), (None, other))

    def _sum(self, core: Core) -> Piece:
        slot, length, unequal = core.data
        if unequal is not None:
            raise NoRuleError("a sum that leaves an index out")
        self.lengths[slot] = length
        return self._sum_of(core.args[0], slot, length)

    def _sum_of(self, body: Core, slot: int, length: tuple) -> Piece:
        if body.op == "add":
            terms = [self._sum_of(a, slot, length) for a in body.args]
            self._note(body)
            return self._two("add", *terms)
        if body.op == "neg":
            inner = self._sum_of(body.args[0], slot, length)
            return Piece(Node("neg", [inner.node]), inner.labels)
        pieces: list[Piece] = []
        below: list[Piece] = []
        for p in self._factors(body):
            under = Piece(p.node.args[0], p.labels) if p.node.op == "below" else None
            if under is None:
                pieces.append(p)
            elif slot in under.has():
                pieces.append(Piece(Node("div", [num(1), under.node]), under.labels))
            else:
                below.append(under)
        self._note(body)
        made = self._all(self._contracted(pieces, slot))
        for p in below:
            made = self._two("div", made, p)
        return made

    def _factors(self, core: Core) -> list[Piece]:
        """The factors of a product of numbers; a denominator is marked."""
        if core.op == "scale":
            return [p for a in core.args for p in self._factors(a)]
        if core.op == "sum" and core.data[2] is None:
            return [self.piece(core)]
        if core.op == "quotient":
            under = self.piece(core.args[1])
            return [*self._factors(core.args[0]), Piece(Node("below", [under.node]), under.labels)]
        return [self.piece(core)]

    def _frob(self, core: Core) -> Piece:
        a, b = map(self.piece, core.args)
        if (a.has() | b.has()) <= {"r", "c"}:
            return Piece(Node("frob", [self.aligned(p, self._own(core.args[0])) for p in (a, b)]))
        return self._inner(a, b, core.args[0])

    def _inner(self, a: Piece, b: Piece, core: Core) -> Piece:
        pieces = [a, b]
        for label in self._own(core):
            if label is not None:
                pieces = self._contracted(pieces, label)
        return self._all(pieces)

    # -- functions

    def _power(self, core: Core) -> Piece:
        base = self.piece(core.args[0])
        if core.args[0].op == "norm" and core.args[0].data == "2" and core.data == 2:
            inner = self.piece(core.args[0].args[0])
            if inner.has() - {"r", "c"}:
                return self._inner(inner, inner, core.args[0].args[0])
        exponent = self.piece(core.args[1])
        if exponent.has():
            raise NoRuleError("a power whose exponent is an array", exponent.node)
        return Piece(Node("epow" if base.has() else "pow", [base.node, exponent.node]), base.labels)

    def _outer(self, core: Core) -> Piece:
        a, b = (self.piece(x) for x in core.args)
        (x,), (y,) = a.has(), b.has()
        return Piece(product(self.aligned(a, (x, None)), self.aligned(b, (None, y))), ("r", "c"))

    def _matpower(self, core: Core) -> Piece:
        node = self.lowered(core.args[0])
        return Piece(product(*[node] * core.data) if core.data else node, ("r", "c"))

    def _T(self, core: Core) -> Piece:
        inner = self.piece(core.args[0])
        swap: dict[Label, Label] = {"r": "c", "c": "r"}
        return Piece(inner.node, tuple(swap.get(x, x) for x in inner.labels))  # type: ignore[arg-type]

    def _stretch(self, core: Core) -> Piece:
        return self.piece(core.args[0])

    def _whole(self, core: Core) -> Piece:
        """A function of a whole array; softmax and log-sum-exp also row by row."""
        inner = self.piece(core.args[0])
        rows = core.op in ("softmax", "logsumexp") and inner.labels[1] in ("c", "r") and inner.labels[0] is not None
        if inner.has() - {"r", "c"}:
            if not rows:
                raise NoRuleError(f"{core.op} of each of several arrays", inner.node)
            labels = inner.labels if core.op == "softmax" else (inner.labels[0], None)
            return Piece(apply(core.op, inner.node), labels)
        node = self.lowered(core.args[0])
        if core.op == "inv":
            return Piece(Node("inv", [node]), ("r", "c"))
        return Piece(apply("diag" if core.op == "diagonal" else core.op, node), self._own(core))

    def _norm(self, core: Core) -> Piece:
        if core.data not in ("1", "2"):
            raise NoRuleError("no rule for this norm")
        inner = self.piece(core.args[0])
        if not inner.has() - {"r", "c"}:
            return Piece(Node("norm", [self.lowered(core.args[0])], core.data))
        if core.data == "1":
            raise NoRuleError("no rule for this norm")
        squares = self._inner(inner, inner, core.args[0])
        return Piece(apply("sqrt", squares.node), squares.labels)

    def _fn(self, core: Core) -> Piece:
        inner = self.piece(core.args[0])
        return Piece(Node("fn", [inner.node], core.data), inner.labels)

    def _total(self, core: Core) -> Piece:
        node, (rows, columns) = self.lowered(core.args[0]), core.args[0].shape
        one = [ones(resolve(d)) for d in (rows, columns)]
        whole = product(turned(one[0]) if resolve(rows) else num(1), node, one[1])
        lengths = [sym(str(resolve(d)[0])) for d in (rows, columns) if resolve(d)]
        return Piece(whole if core.data == "sum" else Node("div", [whole, product(*lengths)]))

    def _along(self, core: Core) -> Piece:
        what, axis = core.data
        node, length = self.lowered(core.args[0]), resolve(core.args[0].shape[axis])
        whole = product(node if axis else turned(node), ones(length))
        return Piece(whole if what == "sum" else Node("div", [whole, sym(str(length[0]))]), ("r", None))

    def _kron(self, core: Core) -> Piece:
        return Piece(Node("kron", [self.lowered(a) for a in core.args]), ("r", "c"))

    def _at(self, core: Core) -> Piece:
        body = self.lowered(core.args[0])
        given = {name: self.lowered(a) for name, a in zip(core.data, core.args[1:], strict=True)}
        return Piece(map_tree(body, lambda n: given.get(n.val) if n.op == "sym" else None), self._own(core))

    def _formula(self, core: Core) -> Piece:
        name, primes = core.data
        definition = self.names.definitions[name]
        arg = self.piece(core.args[0])
        if primes or definition.core is None:
            raise NoRuleError("no rule for the derivative of a function by formula")
        body, param = self.lowered(definition.core), definition.params[0]
        return Piece(self._over(body, param, arg.node), arg.labels)

    def _over(self, body: Node, param: str, arg: Node) -> Node:
        """A formula in one number with an array in its place, entry by entry."""
        if body == sym(param):
            return arg
        args = [self._over(a, param, arg) for a in body.args]
        array = any(a != b for a, b in zip(args, body.args, strict=True)) and not self.algebra.is_number(arg)
        entrywise = {"mul": "had", "pow": "epow"} if array else {}
        if entrywise.get(body.op) == "had":
            made = args[0]
            for a in args[1:]:
                made = Node("had", [made, a])
            return made
        return Node(entrywise.get(body.op, body.op), args, body.val)
