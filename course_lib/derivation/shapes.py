"""From the tree to a typed tree: every node gets its shape in dimension names, every index the axis it runs
over.

A dimension is a sorted tuple of names and numbers, multiplied: `()` is one, `("n",)` is n, `("d", "k")` is
d·k. What the
text leaves open (the length of a vector of ones, the size of I) is an `Open` that the shapes around it
decide.
"""

from __future__ import annotations

import math

from .names import Names, dependencies, spoken_name, stem
from .tree import Node, bound_indices, free_indices, map_tree, names_in, num, rename_index, sym, walk

ELEMENTWISE = frozenset(
    ["exp", "log", "tanh", "sigmoid", "relu", "sin", "cos", "sinh", "cosh", "sqrt", "softplus", "abs", "sign"]
)
SCALAR = ((), ())


class Open:
    """A length that is not known yet."""

    __slots__ = ("bound", "number", "long")
    count = 0

    def __init__(self, long=False):
        Open.count += 1
        self.bound, self.number, self.long = None, Open.count, long  # long: an array's length, never 1

    def __lt__(self, other):
        return isinstance(other, Open) and self.number < other.number


Atom = str | int | Open
Dim = tuple[Atom, ...]
Shape = tuple[Dim, Dim]


class MisfitError(Exception):
    """Shapes that do not fit together: the sentence, the place, and what kind of misfit it is."""

    def __init__(self, message: str, node: Node | None = None, kind: str = "shapes"):
        super().__init__(message)
        self.message, self.kind = message, kind
        self.span = node.span if node is not None else None


class Core:
    """A node of the typed tree: operation, operands, shape and whatever evaluation needs to know."""

    __slots__ = ("op", "args", "shape", "data")

    def __init__(self, op, args=(), shape=SCALAR, data=None):
        self.op, self.args, self.shape, self.data = op, args, shape, data


def dim(*atoms) -> tuple:
    """A dimension as the sorted product of its atoms; numbers are one number, ones vanish."""
    numbers = [a for a in atoms if isinstance(a, int)]
    if len(numbers) > 1:
        atoms = (*(a for a in atoms if not isinstance(a, int)), math.prod(numbers))
    return tuple(sorted((a for a in atoms if a != 1), key=_atom_key))


def _atom_key(atom):
    return (2, atom.number) if isinstance(atom, Open) else (1, atom) if isinstance(atom, int) else (0, atom)


def resolve(d: tuple) -> tuple:
    """The dimension with what has become known put in."""
    if not any(isinstance(a, Open) for a in d):
        return d
    atoms = []
    for a in d:
        if isinstance(a, Open) and a.bound is not None:
            atoms.extend(resolve(a.bound))
        else:
            atoms.append(a)
    return dim(*atoms)


def spoken_dim(d: tuple) -> str:
    """A dimension as text: `n`, `1`, `dk`, `?`."""
    d = resolve(d)
    return "·".join("?" if isinstance(a, Open) else str(a) for a in d) or "1"


def spoken_shape(shape) -> str:
    """A shape as text: `n×d`, or `number` for 1×1."""
    rows, columns = (resolve(x) for x in shape)
    return "number" if rows == () == columns else f"{spoken_dim(rows)}×{spoken_dim(columns)}"


def shape_phrase(shape) -> str:
    """A shape in a sentence: "a number", "an n×d matrix", "a column of length n" are all said as sizes."""
    said = spoken_shape(shape)
    return "a number" if said == "number" else said


class Scope:
    """What is shared by the members of one relation: open lengths, index axes, and whether o(.) occurs."""

    def __init__(self, names: Names):
        self.names = names
        self.slots: dict[str, int] = {}
        self.free: dict[str, tuple] = {}
        self.trail: list[Open] = []
        self.direction_shapes: dict[str, tuple] = {}
        self.first_order = False
        self.order: int | None = None  # up to which power of a small step o(.) and O(.) leave a claim
        self.clashes: list[tuple[Node, str]] = []
        self.used_by: dict[str, str] = {}
        self.notes: list[str] = []

    # -- open lengths
    # -------------------------------------------------------------------------------------------

    def unify(self, a: tuple, b: tuple) -> bool:
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

    def _bind(self, open_, value):
        if open_.long and value == ():
            return False
        if open_.long and len(value) == 1 and isinstance(value[0], Open) and not value[0].long:
            open_, value = value[0], (open_,)
        open_.bound = value
        self.trail.append(open_)
        return True

    def same(self, s, t) -> bool:
        """Whether two shapes can be the same; nothing is decided when they cannot."""
        mark = len(self.trail)
        if self.unify(s[0], t[0]) and self.unify(s[1], t[1]):
            return True
        self.undo(mark)
        return False

    def undo(self, mark: int):
        """Forget every length decided since `mark`."""
        while len(self.trail) > mark:
            self.trail.pop().bound = None

    def slot(self, index: str) -> int:
        """The axis on which the index with this name lies."""
        return self.slots.setdefault(index, len(self.slots))


def is_scalar(shape) -> bool:
    return resolve(shape[0]) == () and resolve(shape[1]) == ()


def is_vector(shape) -> bool:
    return (resolve(shape[0]) == ()) != (resolve(shape[1]) == ())


class Typer:
    """Types the members of one relation in one scope. `typed(node)` returns a Core or raises MisfitError."""

    def __init__(self, scope: Scope):
        self.scope, self.names = scope, scope.names
        self.indices: dict[str, tuple] = {}

    def typed(self, node: Node) -> Core:
        """The typed tree of a node."""
        handler = getattr(self, "_" + node.op, None)
        if handler is None:
            raise MisfitError("this construct is not understood here", node)
        return handler(node)

    def say(self, node: Node) -> str:
        """A piece of the expression as a reader recognises it."""
        from .writer import plain_text

        return plain_text(node)

    # -- leaves
    # -------------------------------------------------------------------------------------------------

    def _num(self, node):
        return Core("num", (), SCALAR, float(min(node.val, 1e300)))

    def _sym(self, node):
        name = node.val
        shape = self.shape_of(name)
        if shape is None:
            if name == "pi":
                return Core("num", (), SCALAR, 3.141592653589793)
            raise MisfitError(f"{spoken_name(name)} is not declared", node)
        if name in self.names.dims:
            return Core("size", (), SCALAR, name)
        return Core("direction" if name in self.names.directions else "sym", (), shape, name)

    def shape_of(self, name):
        """The shape of a name in dimension tuples, or None."""
        known = self.names.shape(name)
        if known is not None:
            return known
        if name in self.names.dims:
            return SCALAR
        if name in self.names.directions:
            if name not in self.scope.direction_shapes:
                base = self.names.directions[name]
                known = self.shape_of(base) if base and base != name else None
                self.scope.direction_shapes[name] = known or ((Open(),), (Open(),))
            return self.scope.direction_shapes[name]
        return None

    def _length(self, written, long=False):
        if written is None:
            return (Open(long),)
        if written.isdigit():
            return dim(int(written))
        return dim(written) if written in self.names.dims else (Open(),)

    def _ones(self, node):
        return Core("ones", (), (self._length(node.val, long=True), ()))

    def _eye(self, node):
        size = self._length(node.val)
        return Core("eye", (), (size, size))

    def _kdelta(self, node):
        i, j = node.val
        a, b = self._index(i, node), self._index(j, node)
        if not self.scope.unify(a[1], b[1]):
            raise MisfitError(
                f"δ_{{{i}{j}}} compares {i}, which runs over {spoken_dim(a[1])}, with {j}, which runs "
                f"over {spoken_dim(b[1])}",
                node,
                "index",
            )
        return Core("kdelta", (), SCALAR, (a[0], b[0], a[1]))

    # -- arithmetic
    # ---------------------------------------------------------------------------------------------

    def _neg(self, node):
        inner = self.typed(node.args[0])
        return Core("neg", [inner], inner.shape)

    def _add(self, node):
        terms = [a for a in node.args if not self._is_small(a)]
        if len(terms) < len(node.args):
            self.scope.first_order = True
        if not terms:
            return Core("num", (), SCALAR, 0.0)
        typed = [self.typed(t) for t in terms]
        total, first = typed[0], terms[0]
        for core, term in zip(typed[1:], terms[1:], strict=True):
            total = self._sum_of_two(total, core, first, term, node)
        return total

    def _is_small(self, node):
        if node.op == "neg":
            return self._is_small(node.args[0])
        if node.op == "small":
            self._small(node)
            return True
        return False

    def _small(self, node):
        """o(|h|^k) leaves a claim about the powers of h up to k, O(|h|^k) one about those below k."""
        power = node.args[0]
        exponent = power.args[1].val if power.op == "pow" and power.args[1].op == "num" else 1
        order = exponent if node.val == "o" else exponent - 1
        if order not in (1, 2):
            raise MisfitError("a step is followed to first and second order only", node)
        self.scope.first_order = True
        self.scope.order = min(order, self.scope.order or order)
        return Core("num", (), SCALAR, 0.0)

    def _sum_of_two(self, a, b, node_a, node_b, whole):
        a, b = self._stretched(a, b)
        if self.scope.same(a.shape, b.shape):
            return Core("add", [a, b], a.shape)
        for x, y in ((a, b), (b, a)):
            if is_scalar(x.shape):
                return Core("add", [a, b], y.shape)
        for x, y, ny in ((a, b, node_b), (b, a, node_a)):
            if resolve(y.shape[0]) == () and resolve(x.shape[0]) != () and self.scope.unify(x.shape[1], y.shape[1]):
                return Core("add", [a, b], x.shape)
            one = ny.op == "sym" and ny.val in self.names.symbols and self.names.symbols[ny.val].one_dimensional
            if one and resolve(x.shape[0]) != () != resolve(x.shape[1]) and self.scope.unify(x.shape[1], y.shape[0]):
                row = Core("T", [y], (y.shape[1], y.shape[0]))
                return Core("add", [a, row] if y is b else [row, b], x.shape)
        raise MisfitError(
            f"{self.say(node_a)} is {shape_phrase(a.shape)} and {self.say(node_b)} is "
            f"{shape_phrase(b.shape)}: they cannot be added",
            whole,
        )

    def _mul(self, node):
        typed = [self.typed(a) for a in node.args]
        mark = len(self.scope.trail)
        total = typed[0]
        for k, core in enumerate(typed[1:], 1):
            made = self._product(total, core)
            if made is None:
                self.scope.undo(mark)
                total = self._regrouped(typed) if len(typed) > 2 else None
                if total is None:
                    total = self._logistic(node, typed)
                if total is None:
                    raise self._bad_product(node, typed, k)
                return total
            total = made
        return total

    def _product(self, a, b):
        if is_scalar(a.shape) or is_scalar(b.shape):
            return Core("scale", [a, b], b.shape if is_scalar(a.shape) else a.shape)
        if a.op == "eye" and resolve(b.shape[0]) == () or b.op == "eye" and resolve(a.shape[1]) == ():
            return None  # I beside a row or a column keeps its own size: a number stands between them
        if self.scope.unify(a.shape[1], b.shape[0]):
            return Core("matmul", [a, b], (a.shape[0], b.shape[1]))
        return None

    def _regrouped(self, typed):
        """The product in another order of brackets, for `x^T A y z`-like chains in which an inner product is
        a number.
        """
        if len(typed) > 8:
            return None
        for cut in range(1, len(typed)):
            mark = len(self.scope.trail)
            left, right = self._any_order(typed[:cut]), self._any_order(typed[cut:])
            made = self._product(left, right) if left is not None and right is not None else None
            if made is not None:
                return made
            self.scope.undo(mark)
        return None

    def _any_order(self, typed):
        total = typed[0]
        mark = len(self.scope.trail)
        for core in typed[1:]:
            total = self._product(total, core)
            if total is None:
                self.scope.undo(mark)
                return self._regrouped(typed) if len(typed) > 2 else None
        return total

    def _logistic(self, node, typed):
        """`a(1-a)` for a vector or matrix a, the usual shorthand for entry by entry."""
        if len(typed) != 2 or not self.scope.same(typed[0].shape, typed[1].shape):
            return None
        for one, other in (node.args, node.args[::-1]):
            if (
                other.op == "add"
                and len(other.args) == 2
                and other.args[0] == num(1)
                and other.args[1] == Node("neg", [one])
            ):
                return Core("had", typed, typed[0].shape)
        return None

    def _bad_product(self, node, typed, k):
        left = typed[0]
        for core in typed[1:k]:
            left = self._product(left, core) or core
        before = self.say(node.args[0]) if k == 1 else self.say(Node("mul", node.args[:k]))
        a, b = left.shape, typed[k].shape
        return MisfitError(
            f"the product of {before} ({spoken_shape(a)}) and {self.say(node.args[k])} "
            f"({spoken_shape(b)}) is not defined: "
            f"the inner lengths {spoken_dim(a[1])} and {spoken_dim(b[0])} differ",
            Node("mul", node.args[max(k - 1, 0) : k + 1], None, _cover(node.args[k - 1], node.args[k])),
        )

    def _at(self, node):
        a, b = (self.typed(x) for x in node.args)
        if is_scalar(a.shape) or is_scalar(b.shape):
            raise MisfitError("@ does not multiply by a number; write *", node)
        made = self._product(a, b)
        if made is not None:
            return made
        if resolve(a.shape[1]) == () and self.scope.unify(a.shape[0], b.shape[0]):
            product = Core("matmul", [_turned(a), b], ((), b.shape[1]))
            return product if is_scalar(product.shape) else _turned(product)
        raise self._bad_product(node, [a, b], 1)

    def _entrywise(self, node, word):
        a, b = self._stretched(*(self.typed(x) for x in node.args))
        if is_scalar(a.shape) or is_scalar(b.shape):
            return Core("scale", [a, b], b.shape if is_scalar(a.shape) else a.shape)
        if not self.scope.same(a.shape, b.shape):
            raise MisfitError(
                f"{word} needs two arrays of one shape; {self.say(node.args[0])} is "
                f"{spoken_shape(a.shape)}, {self.say(node.args[1])} is {spoken_shape(b.shape)}",
                node,
            )
        return Core("had", [a, b], a.shape)

    def _stretch(self, node):
        """A column or row that NumPy repeats: `r[:, None]`, `Z.sum(axis=1, keepdims=True)`; val 1 for a column."""
        a = self.typed(node.args[0])
        if not is_vector(a.shape):
            raise MisfitError(f"{self.say(node.args[0])} is {shape_phrase(a.shape)}, not a vector", node)
        if (resolve(a.shape[1]) == ()) != bool(node.val):
            a = _turned(a)
        return Core("stretch", [a], a.shape, node.val)

    def _stretched(self, *cores):
        """The two operands of an entrywise operation, one repeated to the shape of the other as NumPy does it."""
        out = list(cores)
        for k, (own, other) in enumerate((cores, cores[::-1])):
            column = self._repeats(own)
            if column is None or is_vector(other.shape) or is_scalar(other.shape):
                continue
            if self.scope.unify(own.shape[1 - column], other.shape[1 - column]):
                ones = Core("ones", (), (other.shape[column], ()))
                out[k] = Core("matmul", [own, _turned(ones)] if column else [ones, own], other.shape)
        return out

    def _repeats(self, core):
        """1 for a column and 0 for a row that NumPy repeats, None for anything else."""
        if core.op == "stretch":
            return core.data
        if core.op == "sym" and core.data in self.names.definitions:
            return self._repeats(self.names.definitions[core.data].core)
        if core.op in ("neg", "fn", "power", "add", "scale", "had", "quotient"):
            found = {self._repeats(a) for a in core.args if not is_scalar(a.shape)}
            return found.pop() if len(found) == 1 else None
        return None

    def _had(self, node):
        return self._entrywise(node, "the entrywise product")

    def _outer(self, node):
        a, b = (self.typed(x) for x in node.args)
        for core, piece in zip((a, b), node.args, strict=True):
            if not is_vector(core.shape):
                raise MisfitError(
                    f"an outer product needs two vectors; {self.say(piece)} is {shape_phrase(core.shape)}",
                    piece,
                )
        lengths = [c.shape[0] if resolve(c.shape[1]) == () else c.shape[1] for c in (a, b)]
        return Core("outer", [a, b], tuple(lengths))

    def _kron(self, node):
        a, b = (self.typed(x) for x in node.args)
        return Core("kron", [a, b], (dim(*a.shape[0], *b.shape[0]), dim(*a.shape[1], *b.shape[1])))

    def _frob(self, node):
        a, b = (self.typed(x) for x in node.args)
        for x, y, one in ((a, b, node.args[0]), (b, a, node.args[1])):
            if one == num(1) and not is_scalar(y.shape):  # 1 : A is the sum of all entries
                return Core("total", [y if x is a else a], SCALAR, "sum")
        if not self.scope.same(a.shape, b.shape):
            raise MisfitError(
                f"the inner product needs two arrays of one shape; {self.say(node.args[0])} is "
                f"{spoken_shape(a.shape)}, {self.say(node.args[1])} is {spoken_shape(b.shape)}",
                node,
            )
        return Core("frob", [a, b])

    def _div(self, node):
        a, b = self._stretched(*(self.typed(x) for x in node.args))
        if is_scalar(b.shape):
            return Core("quotient", [a, b], a.shape)
        if is_scalar(a.shape) or self.scope.same(a.shape, b.shape):
            return Core("quotient", [a, b], b.shape)
        raise MisfitError(
            f"{self.say(node.args[0])} ({spoken_shape(a.shape)}) cannot be divided by "
            f"{self.say(node.args[1])} ({spoken_shape(b.shape)})",
            node,
        )

    def _pow(self, node):
        base, exponent = self.typed(node.args[0]), self.typed(node.args[1])
        if not is_scalar(exponent.shape):
            raise MisfitError(f"the exponent {self.say(node.args[1])} is not a number", node.args[1])
        power = node.args[1].args[0] if node.args[1].op == "neg" else node.args[1]
        whole = power.val if power.op == "num" else None
        negative = power is not node.args[1] or isinstance(whole, int) and whole < 0
        square = (
            not is_scalar(base.shape) and not is_vector(base.shape) and self.scope.same(base.shape, base.shape[::-1])
        )
        if square:
            if not isinstance(whole, int) or abs(whole) > 20:
                raise MisfitError("a matrix can be raised to a whole number from -20 to 20 only", node)
            base = Core("inv", [base], base.shape) if negative else base
            return Core("matpower", [base], base.shape, abs(whole))
        return Core("power", [base, exponent], base.shape, None if negative else whole)

    def _epow(self, node):
        base, exponent = self.typed(node.args[0]), self.typed(node.args[1])
        if not is_scalar(exponent.shape):
            raise MisfitError("the exponent is not a number", node.args[1])
        return Core("power", [base, exponent], base.shape, node.args[1].val if node.args[1].op == "num" else None)

    def _T(self, node):
        return _turned(self.typed(node.args[0]))

    def _square(self, core, node, what):
        if not self.scope.same(core.shape, core.shape[::-1]):
            raise MisfitError(
                f"{what} needs a square matrix; {self.say(node)} is {shape_phrase(core.shape)}",
                node,
                "square",
            )

    def _inv(self, node):
        a = self.typed(node.args[0])
        if is_scalar(a.shape):
            return Core("quotient", [Core("num", (), SCALAR, 1.0), a])
        self._square(a, node.args[0], "an inverse")
        return Core("inv", [a], a.shape)

    def _norm(self, node):
        return Core("norm", [self.typed(node.args[0])], SCALAR, node.val)

    def _bars(self, node):
        a = self.typed(node.args[0])
        if is_scalar(a.shape):
            return Core("fn", [a], SCALAR, ("abs", 0))
        if is_vector(a.shape):
            return Core("norm", [a], SCALAR, "2")
        self._square(a, node.args[0], "a determinant |.|")
        return Core("det", [a])

    def _fn(self, node):
        name, primes = node.val
        a = self.typed(node.args[0])
        shape = a.shape
        if name.startswith("def:"):
            return Core("formula", [a], shape, (name[4:], primes))
        if name in ELEMENTWISE or name.startswith("any:"):
            if primes > 2:
                raise MisfitError("derivatives above the second are not read", node)
            return Core("fn", [a], shape, node.val)
        if primes:
            raise MisfitError(f"{name} does not act entry by entry, so {name}' has no meaning", node)
        return self._array_function(name, a, node)

    def _array_function(self, name, a, node):
        """Functions of a whole array: trace, vec, diag, determinant, softmax and numpy's sums."""
        shape, inner = a.shape, node.args[0]
        if name in ("tr", "det", "logdet", "inv"):
            if is_scalar(shape) and name in ("tr", "det"):
                return a
            self._square(a, inner, {"tr": "a trace", "inv": "an inverse"}.get(name, "a determinant"))
            return Core(name, [a], shape if name == "inv" else SCALAR)
        if name == "vec":
            return Core("vec", [a], (dim(*shape[0], *shape[1]), ()))
        if name == "diag":
            if is_vector(shape) or is_scalar(shape):
                length = shape[0] if resolve(shape[1]) == () else shape[1]
                return Core("diag", [a], (length, length))
            self._square(a, inner, "diag of a matrix")
            return Core("diagonal", [a], (shape[0], ()))
        if name == "softmax":
            return Core("softmax", [a], shape)
        if name == "logsumexp":
            whole = is_vector(shape) or is_scalar(shape)
            return Core("logsumexp", [a], SCALAR if whole else (shape[0], ()))
        if name in ("sum", "mean"):
            return Core("total", [a], SCALAR, name)
        if name in ("sum0", "mean0", "sum1", "mean1"):
            axis = int(name[-1])
            return Core("along", [a], (shape[1 - axis], ()), (name[:-1], axis))
        raise MisfitError(f"{name} is not known here", node)

    # -- indices
    # ------------------------------------------------------------------------------------------------

    def _index(self, letter, node):
        """Slot and dimension of an index letter: bound, or free in the whole relation."""
        if letter in self.indices:
            return self.indices[letter]
        if letter not in self.scope.free:
            self.scope.free[letter] = (self.scope.slot(letter), (Open(),))
        return self.scope.free[letter]

    def _run_over(self, item, axis, node):
        """Note that an index runs over an axis; returns its slot, or the fixed position."""
        if item is None or isinstance(item, int):
            return item
        slot, length = self._index(item, node)
        if not self.scope.unify(length, axis):
            where = self.scope.used_by.get(item)
            seen = f" in {where}" if where else ""
            raise MisfitError(
                f"the index {item} runs over {spoken_dim(length)}{seen}, but over {spoken_dim(axis)} in "
                f"{self.say(node)}",
                node,
                "index",
            )
        self.scope.used_by.setdefault(item, self.say(node))
        return ("slot", slot)

    def _idx(self, node):
        base = self.typed(node.args[0])
        items = node.val
        rows, columns = base.shape
        if is_scalar(base.shape):
            raise MisfitError(f"{self.say(node.args[0])} is a number and has no entries", node, "index")
        if len(items) == 1:
            if is_vector(base.shape):
                items = (items[0], 0) if resolve(columns) == () else (0, items[0])
                fixed = 1 if resolve(columns) == () else 0
                position = self._run_over(items[1 - fixed], rows if fixed else columns, node)
                return Core("entry", [base], SCALAR, (position, 1) if fixed else (1, position))
            items = (items[0], None)
            if self._picks_column(items[0], rows, columns):
                b = self._run_over(items[0], columns, node)
                return Core("entry", [base], (rows, ()), (None, b))
            if self.names.columns:
                position = self._run_over(items[0], rows, node)
                return _turned(Core("entry", [base], ((), columns), (position, None)))
        elif is_vector(base.shape):
            raise MisfitError(
                f"{self.say(node.args[0])} is {spoken_shape(base.shape)}: one subscript is enough",
                node,
                "index",
            )
        a, b = self._run_over(items[0], rows, node), self._run_over(items[1], columns, node)
        return Core("entry", [base], (rows if a is None else (), columns if b is None else ()), (a, b))

    def _picks_column(self, letter, rows, columns):
        """Whether one subscript picks a column: its letter runs over the columns' length and not over the rows'."""
        if not isinstance(letter, str):
            return False
        known = self.indices.get(letter) or self.scope.free.get(letter)
        length = resolve(known[1]) if known is not None else None
        if length is None or any(isinstance(a, Open) for a in length):
            return self.names.samples_stand
        return length == resolve(columns) != resolve(rows)

    def _sum(self, node):
        letter, limit, unequal = node.val
        if letter in self.indices:
            self.scope.clashes.append((node, letter))
        length = (Open(),) if limit is None else self._length(limit)
        outer = self.indices
        # A letter bound twice, one inside the other, gets an axis of its own: the inner sum hides the outer
        # one.
        slot = self.scope.slot(f"{letter}@{len(outer)}" if letter in outer else letter + "@")
        self.indices = {**outer, letter: (slot, length)}
        seen = self.scope.used_by.pop(letter, None)
        if limit is not None:
            self.scope.used_by[letter] = f"the sum up to {limit}"
        try:
            body = self.typed(node.args[0])
            except_for = self._index(unequal, node) if unequal else None
            if except_for is not None and not self.scope.unify(except_for[1], length):
                raise MisfitError(f"{letter} and {unequal} run over different lengths", node, "index")
        finally:
            self.indices = outer
            self.scope.used_by.pop(letter, None)
            if seen:
                self.scope.used_by[letter] = seen
        used = letter in free_indices(node.args[0]) or unequal
        if not used and limit is None:
            raise MisfitError(
                f"the sum runs over {letter}, but nothing in it carries the index {letter}", node, "index"
            )
        if not used and not is_scalar(body.shape):
            raise MisfitError(
                f"the sum runs over {letter}, but nothing in {self.say(node.args[0])} carries the index {letter}",
                node,
                "index",
            )
        return Core("sum", [body], body.shape, (slot, length, except_for))

    def _table(self, node):
        i, rows, j, columns = node.val
        outer = self.indices
        self.indices = dict(outer)
        made = []
        for letter, limit in ((i, rows), (j, columns)):
            if letter is not None:
                length = self._length(limit)
                self.indices[letter] = (self.scope.slot(letter + "@"), length)
            made.append(self.indices[letter] if letter else None)
        try:
            body = self.typed(node.args[0])
        finally:
            self.indices = outer
        if not is_scalar(body.shape):
            raise MisfitError("the entries of this matrix are not numbers", node)
        shape = tuple(m[1] if m else () for m in made)
        return Core("table", [body], shape, tuple(m[0] if m else None for m in made))

    def _mat(self, node):
        typed = [self.typed(a) for a in node.args]
        for core, entry in zip(typed, node.args, strict=True):
            if not is_scalar(core.shape):
                raise MisfitError(
                    f"the entry {self.say(entry)} of this matrix is {shape_phrase(core.shape)}, not a number",
                    entry,
                )
        return Core("mat", typed, (dim(node.val[0]), dim(node.val[1])), node.val)

    def _cases(self, node):
        total = None
        delta = next((Node("kdelta", (), tuple(rest)) for kind, *rest in node.val if kind in ("eq", "ne")), None)
        if delta is None or len(node.args) != 2:
            raise MisfitError("cases are read with two rows: i = j and i ≠ j", node)
        parts = []
        for value, (kind, *_) in zip(node.args, node.val, strict=True):
            equal = kind == "eq" or kind == "else" and node.val[0][0] == "ne"
            weight = delta if equal else Node("add", [num(1), Node("neg", [delta])])
            parts.append(Node("mul", [weight, value]))
        total = Node("add", parts, None, node.span)
        return self.typed(total)

    # -- derivatives
    # --------------------------------------------------------------------------------------------

    def _d(self, node):
        inner = node.args[0]
        if inner.op == "sym" and inner.val in self.names.symbols and inner.val not in self.names.definitions:
            return Core("dbase", (), self.typed(inner).shape, inner.val)
        body = self.typed(inner)
        return Core("diff", [body], body.shape)

    def variable(self, node):
        """Name and subscripts of the variable a derivative is taken in."""
        if len(node.args) == 1:
            return self.only_variable(node.args[0], node), None
        wrt = node.args[1]
        if wrt.op == "fn":
            return wrt.args[0].val, None
        return (wrt.args[0].val, wrt) if wrt.op == "idx" else (wrt.val, None)

    def only_variable(self, body, node):
        """The variable of a gradient that names none: the one the function was defined in, or the only one
        there is.
        """
        if body.op == "app":
            inside = [a for a in body.args if a.op == "sym"]
            if len(inside) == 1:
                return inside[0].val
        definition = self.names.definitions.get(body.val) if body.op in ("sym", "app") else None
        if definition is not None and definition.params:
            return definition.params[0]
        candidates = [v for v in self.scope.names.varied if v in dependencies(body, self.names)]
        if len(candidates) == 1:
            return candidates[0]
        raise MisfitError("∇ names no variable here, and there is more than one: write \\nabla_w", node)

    def _of_numbers(self, node, order):
        """The gradient (a column) or the Hessian of a function that was defined in several numbers, else None."""
        body = node.args[0]
        formula = self.names.definitions.get(body.val) if body.op in ("sym", "app") and len(node.args) == 1 else None
        if formula is None or len(formula.params) < 2 or not is_scalar(formula.shape):
            return None
        names = [p for p in formula.params if self.shape_of(p) == SCALAR and p not in self.names.dims]
        if len(names) != len(formula.params):
            return None
        f = sym(body.val)
        firsts = [Node("grad", [f, sym(p)]) for p in names]
        entries = firsts if order == 1 else [Node("grad", [g, sym(p)]) for g in firsts for p in names]
        return self._mat(Node("mat", entries, (len(names), 1 if order == 1 else len(names)), node.span))

    def _grad(self, node):
        body_node = node.args[0]
        several = self._of_numbers(node, 1)
        if several is not None:
            return several
        name, entry = self.variable(node)
        shape = self.shape_of(name)
        if shape is None or name in self.names.dims:
            raise MisfitError(f"{spoken_name(name)} is no variable to differentiate in", node)
        body_node = as_function_of(body_node, name, self.names)
        if name not in dependencies(body_node, self.names) and body_node.op != "app":
            self.scope.notes.append(f"{self.say(node.args[0])} as defined does not contain {spoken_name(name)}")
        slope = self._entry_by_entry(body_node, 1) if entry is None and node.op == "grad" else None
        if slope is not None and name == self.names.definitions[body_node.val].params[0]:
            return slope
        outside = self._evaluated_elsewhere(body_node, name)
        body = self.typed(sym(body_node.val, body_node.span) if outside else body_node)
        core = self._derivative_core(body, name, shape, entry, node)
        if len(node.args) > 1 and node.args[1].op == "fn" and core.op == "grad":
            core = Core("vec", [core], (dim(*core.shape[0], *core.shape[1]), ()))
        if outside:
            params, args = outside
            return Core("at", [core, *args], core.shape, params)
        return core

    def _derivative_core(self, body, name, shape, entry, node):
        if entry is not None:
            items = entry.val
            if len(items) == 1 and is_vector(shape):
                items = (items[0], 1) if resolve(shape[1]) == () else (1, items[0])
                along = [self._run_over(i, ax, entry) if i != 1 else 1 for i, ax in zip(items, shape, strict=True)]
            else:
                items = (*items, None)[:2]
                if is_vector(shape) and items[1] is not None:
                    raise MisfitError(f"{spoken_name(name)} is a vector: one subscript is enough", entry, "index")
                along = [self._run_over(i, ax, entry) for i, ax in zip(items, shape, strict=True)]
                if None in along:
                    if not is_scalar(body.shape):
                        raise MisfitError("a derivative of an array in a row is not read", node)
                    rest = tuple(() if a is not None else s for a, s in zip(along, shape, strict=True))
                    picked = Core("entry", [Core("grad", [body], shape, (name, None))], rest, tuple(along))
                    sample = len(entry.val) == 1 and self.names.columns and resolve(rest[0]) == ()
                    return _turned(picked) if sample else picked
            return Core("grad", [body], body.shape, (name, tuple(along)))
        if is_scalar(body.shape):
            return Core("grad", [body], shape, (name, None))
        if is_scalar(shape):
            return Core("grad", [body], body.shape, (name, (1, 1)))
        return Core(
            "jacobian",
            [body],
            (dim(*resolve(body.shape[0]), *resolve(body.shape[1])), dim(*shape[0], *shape[1])),
            (name, None),
        )

    def _along(self, node):
        """The derivative of a defined f along directions (one for each order), or its Jacobian without one."""
        variable, order = node.val
        f = node.args[0]
        name = variable or self.only_variable(f, node)
        if order == 0:
            first = self._grad(Node("grad", [f, sym(name)], None, node.span))
            return first if first.op == "jacobian" else _turned(first)
        body, shape = self.typed(f), self.shape_of(name)
        moves = [self.typed(a) for a in node.args[1:]]
        if len(moves) != order or shape is None:
            raise MisfitError(f"a derivative of order {order} needs {order} direction{'s' * (order > 1)}", node)
        for move, arg in zip(moves, node.args[1:], strict=True):
            if not self.scope.same(move.shape, shape):
                raise MisfitError(
                    f"{self.say(arg)} is {shape_phrase(move.shape)}; a direction for {spoken_name(name)} is "
                    f"{shape_phrase(shape)}",
                    arg,
                )
        return Core("along_moves", [body, *moves], body.shape, name)

    def _frozen(self, node):
        inner = self.typed(node.args[0])
        return Core("frozen", [inner], inner.shape)

    def _hess(self, node):
        several = self._of_numbers(node, 2)
        if several is not None:
            return several
        if len(node.args) == 1:
            x = sym(self.only_variable(node.args[0], node))
            node = Node("hess", [node.args[0], x, x], None, node.span)
        bend = self._entry_by_entry(node.args[0], 2)
        if bend is not None and node.args[1] == sym(self.names.definitions[node.args[0].val].params[0]):
            return bend
        first = Node("grad", [node.args[0], node.args[1]], None, node.span)
        return self._grad(Node("grad", [first, node.args[2]], None, node.span))

    def _evaluated_elsewhere(self, body, name):
        """(parameters, arguments) when `L(\\hat w)` is differentiated in w, which is not in the argument."""
        if body.op != "app" or any(name in names_in(a) for a in body.args):
            return None
        params, args = self._bindings(body)
        return (params, args) if name in params else None

    def _called_formula(self, formula, node):
        """The formula with its arguments put in; a sample that is read as a row stands as a column where that fits."""
        mark = len(self.scope.trail)
        try:
            return self.typed(put_in(formula, node))
        except MisfitError:
            self.scope.undo(mark)
            turned = [Node("T", [a]) if a.op == "idx" and len(a.val) == 1 else a for a in node.args]
            if tuple(turned) == node.args:
                raise
            return self.typed(put_in(formula, node.with_args(turned)))

    def _entry_by_entry(self, node, primes):
        """A function of one number, applied to an array; None where the call is an ordinary one."""
        formula = self.names.definitions.get(node.val) if node.op == "app" else None
        if formula is None or len(node.args) != 1 or len(formula.params) != 1 or not is_entrywise(formula.core):
            return None
        if self.shape_of(formula.params[0]) not in (None, SCALAR) or not is_scalar(formula.shape):
            return None
        arg = self.typed(node.args[0])
        if node.args[0] == sym(formula.params[0]):
            return None
        return Core("formula", [arg], arg.shape, (node.val, primes))

    def _bindings(self, node):
        """Which parameter of the definition each argument of a call replaces."""
        definition = self.names.definitions[node.val]
        params, args = [], []
        needed = dependencies(sym(node.val), self.names)
        for k, arg in enumerate(node.args):
            inside = [n.val for n in walk(arg) if n.op == "sym" and n.val in needed]
            if k < len(definition.params):
                param = definition.params[k]
            elif inside:
                param = inside[0]
            elif arg.op == "sym":
                param = next(
                    (
                        p
                        for p in needed
                        if p != arg.val and self.shape_of(p) == self.shape_of(arg.val) and stem(arg.val) == stem(p)
                    ),
                    None,
                )
            else:
                param = None
            if param is None:
                if arg.op == "sym":
                    continue  # L(U; N) where N only names a constant
                raise MisfitError(f"it is not clear which variable {self.say(arg)} replaces", node)
            core = self.typed(arg)
            shape = self.shape_of(param)
            if shape is None or param in self.names.dims:
                continue
            if not self.scope.same(core.shape, shape):
                raise MisfitError(
                    f"{spoken_name(param)} is {spoken_shape(shape)}, but {self.say(arg)} is {spoken_shape(core.shape)}",
                    arg,
                )
            if arg != sym(param):
                params.append(param)
                args.append(core)
        return tuple(params), args

    def _app(self, node):
        if node.val not in self.names.definitions:
            raise MisfitError(f"{spoken_name(node.val)} is not a defined function", node)
        formula = self.names.definitions[node.val]
        if formula.core is None:
            return self._called_formula(formula, node)
        entrywise = self._entry_by_entry(node, 0)
        if entrywise is not None:
            return entrywise
        body = self._sym(node)
        params, args = self._bindings(node)
        if not params:
            return body
        if any(n.op == "d" or n.op == "sym" and n.val in self.names.directions for n in walk(node)):
            self.scope.first_order = True
        return Core("at", [body, *args], body.shape, params)


_ENTRYWISE = frozenset(["num", "sym", "size", "neg", "add", "scale", "quotient", "power", "fn", "formula", "had"])


def is_entrywise(core) -> bool:
    """Whether a typed tree does the same to every entry of an array put in for its number."""
    stack = [core]
    while stack:
        c = stack.pop()
        if c is None or c.op not in _ENTRYWISE or not is_scalar(c.shape):
            return False
        stack.extend(c.args)
    return True


def put_in(formula, call: Node) -> Node:
    """The right side of a function's formula with the arguments of a call in place of its parameters."""
    if len(call.args) > len(formula.params):
        raise MisfitError(f"{spoken_name(formula.name)} is called with {len(call.args)} arguments", call)
    given = dict(zip(formula.params, call.args, strict=False))
    taken = {i for a in call.args for i in free_indices(a)}
    body = formula.body
    for letter in set(bound_indices(body)) & taken:
        body = _with_other_letter(body, letter, taken | set(bound_indices(body)))
    return map_tree(body, lambda n: given.get(n.val) if n.op == "sym" else None)


def _with_other_letter(body, letter, taken):
    free = next(c for c in "abcefghjklmnopqrstuv" if c not in taken)

    def change(n):
        if n.op == "sum" and n.val[0] == letter:
            return Node("sum", [rename_index(n.args[0], letter, free)], (free, *n.val[1:]), n.span)
        return None

    return map_tree(body, change)


def _turned(core):
    return Core("T", [core], (core.shape[1], core.shape[0]))


def _cover(a, b):
    return (a.span[0], b.span[1]) if a.span and b.span else None


# -- what depends on what
# ------------------------------------------------------------------------------------------


def as_function_of(node: Node, name: str, names: Names) -> Node:
    """The tree so written that `name` occurs in it: where it depends on a definition's right side only in
    disguise, the name is put in.

    `L = \\|Xw-y\\|^2` does not mention ŷ, but with `ŷ = Xw` it is a function of ŷ.
    """
    if name not in names.definitions or name in dependencies(node, names):
        return node
    meaning = names.definitions[name].body
    expanded = inlined(node, names)
    if meaning.op == "table" and meaning.val[2] is None:
        return _with_entries(expanded, meaning, name)
    found = replaced(expanded, meaning, sym(name))
    return found if found != expanded else node


def _with_entries(node: Node, table: Node, name: str) -> Node:
    """The tree with o_k in place of what the definition o_i = … says with k for i."""
    letter = table.val[0]
    letters = {i for n in walk(node) if n.op == "idx" for i in n.val if isinstance(i, str)}
    for other in sorted(letters):
        node = replaced(node, rename_index(table.args[0], letter, other), Node("idx", [sym(name)], (other,)))
    return node


def inlined(node: Node, names: Names, depth: int = 6, keep: str | None = None) -> Node:
    """The tree with every definition but that of `keep` put in (index-form definitions stay names)."""
    if depth == 0:
        return node

    def change(n):
        if n.op == "idx" and n.args[0].op == "sym" and n.args[0].val in names.definitions and n.args[0].val != keep:
            body = names.definitions[n.args[0].val].body
            if body.op == "table" and body.val[2] is None and len(n.val) == 1 and isinstance(n.val[0], str):
                entry = rename_index(body.args[0], body.val[0], n.val[0])
                return inlined(entry, names, depth - 1, keep) if n.val[0] not in bound_indices(entry) else n
        if n.op == "sym" and n.val in names.definitions and n.val != keep:
            body = names.definitions[n.val].body
            if not free_indices(body) and body.op != "table":
                return inlined(body, names, depth - 1, keep)
        return n if n.op == "app" else None

    out = map_tree(node, change)
    if out == node:
        return out
    return flattened(out)


def flattened(node: Node) -> Node:
    """Nested sums and products made flat again."""
    from .tree import add, mul

    args = [flattened(a) for a in node.args]
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "add":
        return add(*args, span=node.span)
    return node.with_args(args) if args else node


def replaced(node: Node, old: Node, new: Node) -> Node:
    """The tree with every occurrence of `old` replaced, runs inside longer products and sums included."""

    def change(n):
        if n == old:
            return new
        if n.op == old.op == "mul" and len(n.args) > len(old.args):
            width = len(old.args)
            for k in range(len(n.args) - width + 1):
                if n.args[k : k + width] == old.args:
                    rest = [*n.args[:k], new, *n.args[k + width :]]
                    return (
                        map_tree(Node("mul", rest, None, n.span), change)
                        if width > 1
                        else Node("mul", rest, None, n.span)
                    )
        if n.op == old.op == "add" and all(t in n.args for t in old.args):
            rest = [t for t in n.args if t not in old.args]
            return Node("add", [new, *rest], None, n.span) if rest else new
        if n.op == old.op == "add" and len(n.args) == len(old.args):
            flipped = {Node("neg", [t]) if t.op != "neg" else t.args[0] for t in old.args}
            if flipped == set(n.args):
                return Node("neg", [new], None, n.span)
        return None

    return map_tree(node, change)
