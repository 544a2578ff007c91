r"""What a tree means once shapes are asked: `a \cdot b` of columns, norms of matrices, derivatives in an expression."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

from .charity import shape_of
from .dimensions import MisfitError, Scope, is_scalar, is_vector, resolve
from .names import Definition, Names
from .products import span_of
from .shapes import Typer
from .tree import Node, Span, mul, num, walk


def with_inner_products(node: Node, names: Names) -> Node:
    r"""Each `a \cdot b` as the inner product of two columns or two rows, else as an ordinary product."""
    args = [with_inner_products(a, names) for a in node.args]
    if node.op == "dot" and node.val == "STAR":
        shapes = [shape_of(a, names) for a in args]
        alike = shapes[0] is not None and shapes[0] == shapes[1] and shapes[0][0] != shapes[0][1]
        return Node("had", args, None, node.span) if alike else mul(*args, span=node.span)
    if node.op == "dot":
        return _inner_or_product(args[0], args[1], names, node.span)
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "xent":
        truth, guess = args if not _is_guess(args[0], names) else args[::-1]
        return Node("neg", [Node("frob", [truth, Node("fn", [guess], ("log", 0), node.span)], None, node.span)])
    if node.op == "pow" and args[0].op == "norm" and args[0].val == "spectral":
        # The square of a matrix's norm with a 2 is written for the sum of squares; alone it is the spectral norm.
        return Node("pow", [Node("norm", args[0].args, "2", args[0].span), args[1]], None, node.span)
    if node.op == "fn" and node.val == ("e", 0):
        shape = shape_of(args[0], names)
        square = shape is not None and shape[0] == shape[1] != ()
        return Node("fn", args, ("expm" if square else "exp", 0), node.span)
    if node.op == "norm" and node.val == "two":
        return Node("norm", args, "spectral" if _is_matrix(args[0], names) else "2", node.span)
    return node.with_args(args) if args else node


def in_an_expression(node: Node, names: Names) -> Node:
    r"""Derivatives in an expression, `\frac{\partial f}{\partial (x - \mu)}`, as derivatives in a name for it."""
    args = [in_an_expression(a, names) for a in node.args]
    node = node.with_args(args) if args else node
    if node.op == "grad" and len(args) > 1 and args[1].op == "T":
        plain = Node("grad", [args[0], args[1].args[0]], node.val, node.span)
        return Node("T", [plain], None, node.span) if _is_number(args[0], names) else plain
    entry = args[0] if node.op == "grad" and args[0].op == "idx" and args[0].args[0].op == "app" else None
    if entry is not None and names.shape(entry.args[0].val) == ((), ()):
        return Node("idx", [Node("grad", [entry.args[0], *args[1:]], node.val, node.span)], entry.val, node.span)
    if node.op == "grad" and len(args) > 1 and args[1].op == "pow":
        plain = Node("grad", [args[0], args[1].args[0]], node.val, node.span)
        return Node("div", [plain, mul(num(2), args[1].args[0])], None, node.span)
    formula = names.definitions.get(args[0].val) if args and args[0].op == "app" else None
    alone = node.op in ("grad", "hess") and len(args) == 1 and formula is not None and formula.core is None
    if alone and len(args[0].args) == 1 and args[0].args[0].op != "sym":
        u = named(args[0].args[0], names)
        return Node(node.op, [args[0].with_args([u]), *[u] * (1 if node.op == "grad" else 2)], node.val, node.span)
    if node.op != "grad" or len(args) < 2 or args[1].op not in ("add", "mul", "paren"):
        return node
    return Node("grad", [args[0], named(args[1], names)], None, node.span)


def named(node: Node, names: Names, options: Sequence[str] = ("u", "v", "s", "q")) -> Node:
    """A name for an expression, so that it can be differentiated, or something else in it."""
    numbered = (f"{options[0]}{k}" for k in count(1))
    name = next(u for u in chain(options, numbered) if not names.known(u))
    relation = Scope(names)
    core = Typer(relation).typed(node)
    shape = resolve(core.shape[0]), resolve(core.shape[1])
    names.definitions[name] = Definition(name, node, (), shape, core, len(relation.slots))
    return Node("sym", (), name, node.span)


def _is_guess(node: Node, names: Names) -> bool:
    """Whether a name stands for predicted shares: with a hat, or defined by a softmax."""
    definition = names.definitions.get(node.val) if node.op == "sym" else None
    softmax = definition is not None and any(n.op == "fn" and n.val[0] == "softmax" for n in walk(definition.body))
    return softmax or node.op == "sym" and node.val.startswith("hat ")


def _is_number(node: Node, names: Names) -> bool:
    return is_scalar(Typer(Scope(names)).typed(node).shape)


def _is_matrix(node: Node, names: Names) -> bool:
    try:
        shape = Typer(Scope(names)).typed(node).shape
    except MisfitError:
        return False
    return not is_vector(shape) and not is_scalar(shape)


def _inner_or_product(left: Node, right: Node, names: Names, span: Span | None) -> Node:
    r"""Neighbours first, c w \cdot x v, then whole sides, x \cdot Ax; what is not parallel is multiplied."""
    if () == (shape_of(left, names) or ((1,),))[0] == (shape_of(left, names) or ((1,), (1,)))[1]:
        return mul(left, right, span=span)  # a number times what follows
    before, after = (list(n.args) if n.op == "mul" else [n] for n in (left, right))
    for one, other in ((before[-1], after[0]), (after[0], before[-1])):
        # w \cdot x in a function of x, whose x is a vector wherever w is one.
        if other.op == "sym" and other.val in names.placeholders and is_vector(shape_of(one, names) or ((), ())):
            inner = Node("frob", [before[-1], after[0]], None, span_of([before[-1], after[0]]) or span)
            return mul(*before[:-1], inner, *after[1:], span=span)
    for i in dict.fromkeys((len(before) - 1, 0)):
        for j in dict.fromkeys((1, len(after))):
            a, b = mul(*before[i:]), mul(*after[:j])
            if _parallel(a, b, names):
                inner = Node("frob", [a, b], None, span_of([a, b]) or span)
                return mul(*before[:i], inner, *after[j:], span=span)
    return mul(left, right, span=span)


def _parallel(a: Node, b: Node, names: Names) -> bool:
    scope = Scope(names)
    try:
        shapes = [Typer(scope).typed(x).shape for x in (a, b)]
    except MisfitError:
        return False
    return all(is_vector(s) for s in shapes) and scope.same(*shapes)
