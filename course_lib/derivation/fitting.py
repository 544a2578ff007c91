"""Which shapes fit: the shape rule of each operation, which makes a typed tree of a tree or says what does not fit.

A rule gets the typer, which knows the names and the lengths decided so far, and the node. The table in `operations`
says which rule is whose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .dimensions import (
    SCALAR,
    Core,
    MisfitError,
    dim,
    is_scalar,
    is_vector,
    resolve,
    shape_phrase,
    spoken_dim,
    spoken_shape,
    transposed,
)
from .tree import Node, num

if TYPE_CHECKING:
    from .dimensions import Shape
    from .shapes import Typer

ShapeRule = Callable[["Typer", Node], Core]


def same_shape(op: str) -> ShapeRule:
    """The result has the shape of the operand, whatever that is."""

    def rule(t: Typer, node: Node) -> Core:
        a = t.typed(node.args[0])
        return Core(op, [a], a.shape)

    return rule


def entry_by_entry(t: Typer, node: Node) -> Core:
    """A function of one number, or one of its derivatives, on each entry."""
    a = t.typed(node.args[0])
    if node.val[1] > 2:
        raise MisfitError("derivatives above the second are not read", node)
    return Core("fn", [a], a.shape, node.val)


def any_to_number(op: str, data: object = None) -> ShapeRule:
    """A number, for an array of any shape."""

    def rule(t: Typer, node: Node) -> Core:
        return Core(op, [t.typed(node.args[0])], SCALAR, data)

    return rule


def square_to_number(op: str, what: str, of_a_number: bool = True) -> ShapeRule:
    """A number, for a square matrix; of a number it is that number itself where `of_a_number` says so."""

    def rule(t: Typer, node: Node) -> Core:
        a = t.typed(node.args[0])
        if of_a_number and is_scalar(a.shape):
            return a
        must_be_square(t, a, node.args[0], what)
        return Core(op, [a])

    return rule


def must_be_square(t: Typer, core: Core, node: Node, what: str) -> None:
    """MisfitError where the matrix is not square; `what` needs it to be."""
    if not t.scope.same(core.shape, (core.shape[1], core.shape[0])):
        raise MisfitError(
            f"{what} needs a square matrix; {t.say(node)} is {shape_phrase(core.shape)}",
            node,
            "square",
        )


# -- sums


def add(t: Typer, node: Node) -> Core:
    """Terms of one shape, or numbers and rows beside a matrix as NumPy adds them; o(.) leaves a first-order claim."""
    terms = [a for a in node.args if not _is_small(t, a)]
    if len(terms) < len(node.args):
        t.scope.first_order = True
    if not terms:
        return Core("num", (), SCALAR, 0.0)
    typed = [t.typed(term) for term in terms]
    total, first = typed[0], terms[0]
    for core, term in zip(typed[1:], terms[1:], strict=True):
        total = _sum_of_two(t, total, core, first, term, node)
    return total


def _is_small(t: Typer, node: Node) -> bool:
    if node.op == "neg":
        return _is_small(t, node.args[0])
    if node.op == "small":
        t.typed(node)
        return True
    return False


def _sum_of_two(t: Typer, a: Core, b: Core, node_a: Node, node_b: Node, whole: Node) -> Core:
    a, b = t.stretched(a, b)
    if t.scope.same(a.shape, b.shape):
        return Core("add", [a, b], a.shape)
    for x, y in ((a, b), (b, a)):
        if is_scalar(x.shape):
            return Core("add", [a, b], y.shape)
    for x, y, ny in ((a, b, node_b), (b, a, node_a)):
        if resolve(y.shape[0]) == () and resolve(x.shape[0]) != () and t.scope.unify(x.shape[1], y.shape[1]):
            return Core("add", [a, b], x.shape)
        one = ny.op == "sym" and ny.val in t.names.symbols and t.names.symbols[ny.val].one_dimensional
        if one and resolve(x.shape[0]) != () != resolve(x.shape[1]) and t.scope.unify(x.shape[1], y.shape[0]):
            return Core("add", [a, transposed(y)] if y is b else [transposed(y), b], x.shape)
    raise MisfitError(
        f"{t.say(node_a)} is {shape_phrase(a.shape)} and {t.say(node_b)} is "
        f"{shape_phrase(b.shape)}: they cannot be added",
        whole,
    )


# -- products


def product(t: Typer, node: Node) -> Core:
    """A chain of factors from the left; in another order of brackets where that does not fit."""
    typed = [t.typed(a) for a in node.args]
    mark = len(t.scope.trail)
    total = typed[0]
    for k, core in enumerate(typed[1:], 1):
        made = _of_two(t, total, core)
        if made is None:
            t.scope.undo(mark)
            regrouped = (_regrouped(t, typed) if len(typed) > 2 else None) or _logistic(t, node, typed)
            if regrouped is None:
                raise _bad_product(t, node, typed, k)
            return regrouped
        total = made
    return total


def _of_two(t: Typer, a: Core, b: Core) -> Core | None:
    if is_scalar(a.shape) or is_scalar(b.shape):
        return Core("scale", [a, b], b.shape if is_scalar(a.shape) else a.shape)
    if a.op == "eye" and resolve(b.shape[0]) == () or b.op == "eye" and resolve(a.shape[1]) == ():
        return None  # I beside a row or a column keeps its own size: a number stands between them
    if t.scope.unify(a.shape[1], b.shape[0]):
        return Core("matmul", [a, b], (a.shape[0], b.shape[1]))
    return None


def _regrouped(t: Typer, typed: list[Core]) -> Core | None:
    """The product in another order of brackets, for `x^T A y z`-like chains in which an inner product is a number."""
    if len(typed) > 8:
        return None
    for cut in range(1, len(typed)):
        mark = len(t.scope.trail)
        left, right = _any_order(t, typed[:cut]), _any_order(t, typed[cut:])
        made = _of_two(t, left, right) if left is not None and right is not None else None
        if made is not None:
            return made
        t.scope.undo(mark)
    return None


def _any_order(t: Typer, typed: list[Core]) -> Core | None:
    total = typed[0]
    mark = len(t.scope.trail)
    for core in typed[1:]:
        made = _of_two(t, total, core)
        if made is None:
            t.scope.undo(mark)
            return _regrouped(t, typed) if len(typed) > 2 else None
        total = made
    return total


def _logistic(t: Typer, node: Node, typed: list[Core]) -> Core | None:
    """`a(1-a)` for a vector or matrix a, the usual shorthand for entry by entry."""
    if len(typed) != 2 or not t.scope.same(typed[0].shape, typed[1].shape):
        return None
    for one, other in (node.args, node.args[::-1]):
        if other.op == "add" and other.args == (num(1), Node("neg", [one])):
            return Core("had", typed, typed[0].shape)
    return None


def _bad_product(t: Typer, node: Node, typed: list[Core], k: int) -> MisfitError:
    left = typed[0]
    for core in typed[1:k]:
        left = _of_two(t, left, core) or core
    before = t.say(node.args[0]) if k == 1 else t.say(Node("mul", node.args[:k]))
    a, b = left.shape, typed[k].shape
    one, two = node.args[k - 1], node.args[k]
    span = (one.span[0], two.span[1]) if one.span and two.span else None
    return MisfitError(
        f"the product of {before} ({spoken_shape(a)}) and {t.say(node.args[k])} "
        f"({spoken_shape(b)}) is not defined: "
        f"the inner lengths {spoken_dim(a[1])} and {spoken_dim(b[0])} differ",
        Node("mul", node.args[max(k - 1, 0) : k + 1], None, span),
    )


def numpy_product(t: Typer, node: Node) -> Core:
    """NumPy's @: a vector before a matrix counts as a row."""
    a, b = (t.typed(x) for x in node.args)
    if is_scalar(a.shape) or is_scalar(b.shape):
        raise MisfitError("@ does not multiply by a number; write *", node)
    made = _of_two(t, a, b)
    if made is not None:
        return made
    if resolve(a.shape[1]) == () and t.scope.unify(a.shape[0], b.shape[0]):
        row = Core("matmul", [transposed(a), b], ((), b.shape[1]))
        return row if is_scalar(row.shape) else transposed(row)
    raise _bad_product(t, node, [a, b], 1)


def entrywise_product(t: Typer, node: Node) -> Core:
    a, b = t.stretched(*(t.typed(x) for x in node.args))
    if is_scalar(a.shape) or is_scalar(b.shape):
        return Core("scale", [a, b], b.shape if is_scalar(a.shape) else a.shape)
    _must_agree(t, a, b, node, "the entrywise product")
    return Core("had", [a, b], a.shape)


def _must_agree(t: Typer, a: Core, b: Core, node: Node, what: str) -> None:
    if not t.scope.same(a.shape, b.shape):
        raise MisfitError(
            f"{what} needs two arrays of one shape; {t.say(node.args[0])} is "
            f"{spoken_shape(a.shape)}, {t.say(node.args[1])} is {spoken_shape(b.shape)}",
            node,
        )


def inner_product(t: Typer, node: Node) -> Core:
    a, b = (t.typed(x) for x in node.args)
    for one, y in ((node.args[0], b), (node.args[1], a)):
        if one == num(1) and not is_scalar(y.shape):  # 1 : A is the sum of all entries
            return Core("total", [y], SCALAR, "sum")
    _must_agree(t, a, b, node, "the inner product")
    return Core("frob", [a, b])


def outer_product(t: Typer, node: Node) -> Core:
    a, b = (t.typed(x) for x in node.args)
    for core, piece in zip((a, b), node.args, strict=True):
        if not is_vector(core.shape):
            raise MisfitError(
                f"an outer product needs two vectors; {t.say(piece)} is {shape_phrase(core.shape)}",
                piece,
            )
    rows, columns = (c.shape[0] if resolve(c.shape[1]) == () else c.shape[1] for c in (a, b))
    return Core("outer", [a, b], (rows, columns))


def kronecker_product(t: Typer, node: Node) -> Core:
    a, b = (t.typed(x) for x in node.args)
    return Core("kron", [a, b], (dim(*a.shape[0], *b.shape[0]), dim(*a.shape[1], *b.shape[1])))


# -- quotients and powers


def quotient(t: Typer, node: Node) -> Core:
    a, b = t.stretched(*(t.typed(x) for x in node.args))
    if is_scalar(b.shape):
        return Core("quotient", [a, b], a.shape)
    if is_scalar(a.shape) or t.scope.same(a.shape, b.shape):
        return Core("quotient", [a, b], b.shape)
    raise MisfitError(
        f"{t.say(node.args[0])} ({spoken_shape(a.shape)}) cannot be divided by "
        f"{t.say(node.args[1])} ({spoken_shape(b.shape)})",
        node,
    )


def power(t: Typer, node: Node) -> Core:
    """A number or a vector to a power, entry by entry; a square matrix to a whole one, as a product with itself."""
    base, exponent = t.typed(node.args[0]), t.typed(node.args[1])
    if not is_scalar(exponent.shape):
        raise MisfitError(f"the exponent {t.say(node.args[1])} is not a number", node.args[1])
    size = node.args[1].args[0] if node.args[1].op == "neg" else node.args[1]
    whole = size.val if size.op == "num" else None
    negative = size is not node.args[1] or isinstance(whole, int) and whole < 0
    array = not is_scalar(base.shape) and not is_vector(base.shape)
    if array and t.scope.same(base.shape, (base.shape[1], base.shape[0])):
        if whole is None and _counts(exponent):
            return Core("matpower", [base, exponent], base.shape, None)
        if not isinstance(whole, int) or abs(whole) > 20:
            raise MisfitError("a matrix can be raised to a whole number from -20 to 20 only", node)
        base = Core("inv", [base], base.shape) if negative else base
        return Core("matpower", [base], base.shape, abs(whole))
    return Core("power", [base, exponent], base.shape, None if negative else whole)


def _counts(core: Core) -> bool:
    """Whether an exponent is a whole number on every draw: made of lengths and numbers that stand there."""
    whole = core.op == "size" or core.op == "num" and core.data == int(core.data)
    return whole or core.op in ("add", "neg") and all(_counts(a) for a in core.args)


def matrix_exponential(t: Typer, node: Node) -> Core:
    a = t.typed(node.args[0])
    must_be_square(t, a, node.args[0], "the exponential of a matrix")
    return Core("expm", [a], a.shape)


def entrywise_power(t: Typer, node: Node) -> Core:
    base, exponent = t.typed(node.args[0]), t.typed(node.args[1])
    if not is_scalar(exponent.shape):
        raise MisfitError("the exponent is not a number", node.args[1])
    return Core("power", [base, exponent], base.shape, node.args[1].val if node.args[1].op == "num" else None)


def inverse(t: Typer, node: Node) -> Core:
    a = t.typed(node.args[0])
    if is_scalar(a.shape):
        return Core("quotient", [Core("num", (), SCALAR, 1.0), a])
    must_be_square(t, a, node.args[0], "an inverse")
    return Core("inv", [a], a.shape)


def bars(t: Typer, node: Node) -> Core:
    """|.|: the modulus of a number, the length of a vector, the determinant of a matrix."""
    a = t.typed(node.args[0])
    if is_scalar(a.shape):
        return Core("fn", [a], SCALAR, ("abs", 0))
    if is_vector(a.shape):
        return Core("norm", [a], SCALAR, "2")
    must_be_square(t, a, node.args[0], "a determinant |.|")
    return Core("det", [a])


# -- rearranged


def transpose(t: Typer, node: Node) -> Core:
    return transposed(t.typed(node.args[0]))


def stretch(t: Typer, node: Node) -> Core:
    """A column or row that NumPy repeats: `r[:, None]`, `Z.sum(axis=1, keepdims=True)`; val 1 for a column."""
    a = t.typed(node.args[0])
    if is_scalar(a.shape):
        return a
    if not is_vector(a.shape):
        raise MisfitError(f"{t.say(node.args[0])} is {shape_phrase(a.shape)}, not a vector", node)
    if (resolve(a.shape[1]) == ()) != bool(node.val):
        a = transposed(a)
    return Core("stretch", [a], a.shape, node.val)


def vec(t: Typer, node: Node) -> Core:
    return stacked(t.typed(node.args[0]))


def stacked(core: Core) -> Core:
    """The columns of a matrix below one another."""
    return Core("vec", [core], (dim(*core.shape[0], *core.shape[1]), ()))


def diag(t: Typer, node: Node) -> Core:
    """The diagonal matrix of a vector, and the diagonal of a matrix as a column."""
    a = t.typed(node.args[0])
    if is_vector(a.shape) or is_scalar(a.shape):
        length = a.shape[0] if resolve(a.shape[1]) == () else a.shape[1]
        return Core("diag", [a], (length, length))
    must_be_square(t, a, node.args[0], "diag of a matrix")
    return Core("diagonal", [a], (a.shape[0], ()))


def logsumexp(t: Typer, node: Node) -> Core:
    """A number for a vector, a column for a matrix: one number for each row."""
    a = t.typed(node.args[0])
    whole = is_vector(a.shape) or is_scalar(a.shape)
    return Core("logsumexp", [a], SCALAR if whole else (a.shape[0], ()))


def along(what: str, axis: int) -> ShapeRule:
    """NumPy's sum or mean along an axis, a vector; -1 is the axis of a vector and the second of a matrix."""

    def rule(t: Typer, node: Node) -> Core:
        a = t.typed(node.args[0])
        over = axis if axis >= 0 else 0 if resolve(a.shape[1]) == () else 1
        shape: Shape = (a.shape[1 - over], ())
        return Core("along", [a], shape, (what, over))

    return rule
