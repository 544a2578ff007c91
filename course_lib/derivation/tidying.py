"""The finished tree: brackets dropped, sums and products flat, dots as the sums and matrices that they abbreviate."""

from __future__ import annotations

from collections.abc import Sequence

from .class_labels import derived_at, is_pick
from .tokens import UnreadableError
from .tree import Node, Span, add, mul, neg, walk


def tidy(node: Node) -> Node:
    """Brackets dropped, sums and products flat, left-over signs refused."""
    if node.op == "paren":
        inner = tidy(node.args[0])
        return Node(inner.op, inner.args, inner.val, node.span or inner.span)
    if node.op == "head":
        raise UnreadableError("this sign has nothing to act on", node.start)
    if node.op == "d" and node.val[0] == "partial":
        node = Node("d", node.args, ("d", node.val[1]), node.span)  # \partial X as others write dX
    if node.op == "d" and node.val[1] == 2:
        # d²L is the differential of dL, with dw held fixed.
        node = Node("d", [Node("d", node.args, (node.val[0], 1), node.span)], (node.val[0], 1), node.span)
    if node.op == "add":
        return _with_dots(add(*(tidy(a) for a in _operands(node)), span=node.span))
    args = [tidy(a) for a in node.args]
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "neg":
        return _signed(args[0], node.span)
    if node.op == "grad" and len(args) == 2 and is_pick(args[1]):
        return derived_at(node.with_args(args))
    if node.op == "grad" and len(args) == 2 or node.op == "hess":
        for wrt in args[1:]:
            wrt = wrt.args[0] if wrt.op in ("T", "pow") else wrt
            base = wrt.args[0] if wrt.op == "idx" or wrt.op == "fn" and wrt.val == ("vec", 0) else wrt
            if base.op != "sym" and not (node.op == "grad" and base.op in ("add", "mul", "paren")):
                raise UnreadableError("a derivative is taken in a name or an entry of one", wrt.start)
    if node.op == "mat" and any(a.op == "dots" for a in args):
        return _matrix_with_dots(node.with_args(args))
    return Node(node.op, args, None if node.op == "d" else node.val, node.span)


def _operands(node: Node) -> list[Node]:
    """The operands of a sum as written, one after the other (a sum in brackets is a `paren`, no `add`)."""
    first, second = node.args
    return [*(_operands(first) if first.op == "add" else [first]), second]


def _signed(inner: Node, span: Span | None) -> Node:
    return neg(inner, span) if inner.op != "neg" else Node("neg", [inner], None, span)


# -- dots


def _dotted(first: Node, last: Node, letter: str) -> tuple[Node, str] | None:
    """The general term between two, with `letter` where the first says 1 and the last its limit; (term,
    limit).
    """
    limits = set()

    def merge(a: Node, b: Node) -> Node | None:
        if a.op != b.op or len(a.args) != len(b.args):
            return None
        val = a.val
        if a.op == "idx":
            if len(a.val) != len(b.val):
                return None
            items = []
            for x, y in zip(a.val, b.val, strict=True):
                if x == y:
                    items.append(x)
                elif x == 1 and isinstance(y, (str, int)):
                    limits.add(y)
                    items.append(letter)
                else:
                    return None
            val = tuple(items)
        elif a.val != b.val:
            return None
        args = [merge(x, y) for x, y in zip(a.args, b.args, strict=True)]
        found = [x for x in args if x is not None]
        return Node(a.op, found, val, a.span) if len(found) == len(args) else None

    term = merge(first, last)
    return (term, str(limits.pop())) if term is not None and len(limits) == 1 else None


def _with_dots(node: Node) -> Node:
    """a_1 + a_2 + ... + a_n as the sum it abbreviates."""
    at = (
        [k for k, a in enumerate(node.args) if a.op == "dots" or a.op == "neg" and a.args[0].op == "dots"]
        if node.op == "add"
        else []
    )
    if not at:
        return node
    if len(at) > 1 or at[0] in (0, len(node.args) - 1):
        raise UnreadableError("the dots must stand between the first terms and the last one", node.start)
    k = at[0]
    letter = _unused(node)[0] + "'"  # with a prime: the letter itself may stand outside of what is seen here
    found = _dotted(node.args[0], node.args[k + 1], letter)
    if found is None:
        raise UnreadableError(
            "what the dots stand for is not clear: first and last term must differ in one subscript",
            node.args[k].start,
        )
    body = Node("sum", [found[0]], (letter, found[1], None), node.span)
    return add(body, *node.args[k + 2 :], span=node.span)


def _unused(node: Node) -> list[str]:
    """Two index letters that the expression does not use yet."""
    used = {i for n in walk(node) if n.op in ("idx", "kdelta") for i in n.val}
    used |= {n.val[0] for n in walk(node) if n.op == "sum"}
    return [c for c in "ijklmpqrstuv" if c not in used][:2]


def _matrix_with_dots(node: Node) -> Node:
    """A matrix with \\cdots, \\vdots, \\ddots as the entries i, j that it abbreviates."""
    rows, columns = node.val
    entry = [node.args[r * columns : (r + 1) * columns] for r in range(rows)]
    corner = entry[0][0]
    i, j = _unused(node)
    problem = UnreadableError(
        "what the dots in this matrix stand for is not clear: its corners must differ in one subscript",
        node.start,
    )
    across = _dotted(corner, entry[0][-1], j) if columns > 1 else (corner, None)
    if across is None:
        raise problem
    if rows == 1:
        return Node("table", [across[0]], (None, None, j, across[1]), node.span)
    down = _dotted(corner, entry[-1][0], i)
    if down is None:
        raise problem
    if columns == 1:
        return Node("table", [down[0]], (i, down[1], None, None), node.span)
    merged = _dotted(across[0], _dotted_last(entry[-1], j), i)
    if merged is None:
        raise problem
    return Node("table", [merged[0]], (i, down[1], j, across[1]), node.span)


def _dotted_last(row: Sequence[Node], letter: str) -> Node:
    found = _dotted(row[0], row[-1], letter)
    if found is None:
        raise UnreadableError(
            "what the dots in this matrix stand for is not clear: its corners must differ in one subscript",
            row[0].start,
        )
    return found[0]
