"""The tree that every reader builds: one small immutable node type, and the walks over it.

Operations and what `val` holds:

    num     value                          add, neg, mul, had, kron, frob, div, T, inv      arithmetic
    sym     canonical name                 pow      base, exponent
    ones    length or None                 fn       (function name, number of primes)
    eye     size or None                   norm     "2" (Frobenius), "1" or "inf"
    kdelta  (i, j)                         bars     |.|: determinant of a matrix, modulus of a number
    idx     (i, j): letter, number, None   sum      (index, upper limit or None, index it must differ from or
    None)
    d       differential of args[0]        grad     args[0] differentiated in args[1] (None in val: "the"
    variable)
    hess    second derivative              app      definition called with arguments
    mat     (rows, columns)                cases    conditions, one per argument
    table   (index, limit, index, limit)   dots     an ellipsis, gone once the tree is built
    small   o(.) or O(.)
    at      numpy's @                      epow     numpy's **
    outer   outer product of two vectors   frozen   a value that derivatives hold fixed
    stretch a vector NumPy repeats: 1 as a column, 0 as a row               dot      a \\cdot b, gone once read
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

Span = tuple[int, int]  # from where to where in the text
Path = tuple[int, ...]  # which argument of which argument of … a root


class Node:
    """A node of an expression: operation, operands, a value, and where in the text it stood.

    Two nodes are equal when they say the same; where they stood does not count. What `val` holds depends on the
    operation, as the list above says.
    """

    __slots__ = ("op", "args", "val", "span", "_hash")

    def __init__(self, op: str, args: Iterable[Node] = (), val: Any = None, span: Span | None = None) -> None:
        self.op, self.val, self.span = op, val, span
        self.args: tuple[Node, ...] = tuple(args)
        self._hash = hash((op, self.args, val))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Node)
            and self._hash == other._hash
            and self.op == other.op
            and self.val == other.val
            and self.args == other.args
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        inside = ", ".join([repr(a) for a in self.args] + ([repr(self.val)] if self.val is not None else []))
        return f"{self.op}({inside})"

    @property
    def start(self) -> int:
        """Where in the text the node begins; 0 where nothing says it."""
        return self.span[0] if self.span else 0

    @property
    def end(self) -> int:
        """Where in the text the node ends."""
        return self.span[1] if self.span else 0

    def with_args(self, args: Iterable[Node]) -> Node:
        """The same operation on other operands."""
        return Node(self.op, args, self.val, self.span)


def num(value: float, span: Span | None = None) -> Node:
    return Node("num", (), value, span)


def sym(name: str, span: Span | None = None) -> Node:
    return Node("sym", (), name, span)


def mul(*factors: Node, span: Span | None = None) -> Node:
    """A product, flat: the factors of a factor that is itself a product are taken in."""
    flat: list[Node] = []
    for factor in factors:
        flat.extend(factor.args if factor.op == "mul" else [factor])
    return flat[0] if len(flat) == 1 else Node("mul", flat, None, span)


def add(*terms: Node, span: Span | None = None) -> Node:
    """A sum, flat; a negated term is a `neg` node."""
    flat: list[Node] = []
    for term in terms:
        flat.extend(term.args if term.op == "add" else [term])
    return flat[0] if len(flat) == 1 else Node("add", flat, None, span)


def neg(a: Node, span: Span | None = None) -> Node:
    """Minus a; two signs cancel, and a minus before a product goes to the front of it."""
    return a.args[0] if a.op == "neg" else Node("neg", [a], None, span or a.span)


def walk(node: Node) -> Iterator[Node]:
    """Every node below and including this one, parents first."""
    stack = [node]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(reversed(here.args))


def places(node: Node) -> Iterator[tuple[Path, Node]]:
    """Every node with the path of argument positions that leads to it, parents first."""
    stack: list[tuple[Path, Node]] = [((), node)]
    while stack:
        path, here = stack.pop()
        yield path, here
        stack.extend((path + (k,), here.args[k]) for k in reversed(range(len(here.args))))


def put(node: Node, path: Path, new: Node) -> Node:
    """A copy of the tree with the node at `path` replaced; flat products and sums stay flat."""
    if not path:
        return new
    args = list(node.args)
    args[path[0]] = put(args[path[0]], path[1:], new)
    if node.op == "mul":
        return mul(*args, span=node.span)
    if node.op == "add":
        return add(*args, span=node.span)
    return node.with_args(args)


def map_tree(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """A copy in which `change(node)` replaces every node for which it returns one (children are not visited
    then).
    """
    new = change(node)
    if new is not None:
        return new
    args = [map_tree(a, change) for a in node.args]
    if all(a is b for a, b in zip(args, node.args, strict=True)):
        return node
    return node.with_args(args)


def names_in(node: Node) -> set[str]:
    """The names of symbols that stand in the tree."""
    return {n.val for n in walk(node) if n.op == "sym"} | {n.val for n in walk(node) if n.op == "app"}


def rename_index(node: Node, old: str, new: str) -> Node:
    """The tree with the free index `old` called `new`; a sum that binds `old` again is left alone."""

    def change(n: Node) -> Node | None:
        if n.op == "idx" and old in n.val:
            return Node(
                "idx",
                [rename_index(n.args[0], old, new)],
                tuple(new if i == old else i for i in n.val),
                n.span,
            )
        if n.op == "kdelta" and old in n.val:
            return Node("kdelta", (), tuple(new if i == old else i for i in n.val), n.span)
        if n.op == "sum" and n.val[0] == old or n.op == "table" and old in (n.val[0], n.val[2]):
            return n
        if n.op == "sum" and n.val[2] == old:
            return Node("sum", [rename_index(n.args[0], old, new)], (n.val[0], n.val[1], new), n.span)
        if n.op == "cases":
            val = tuple((k, *(new if i == old else i for i in rest)) for k, *rest in n.val)
            return Node("cases", [rename_index(a, old, new) for a in n.args], val, n.span)
        return None

    return map_tree(node, change)


def free_indices(node: Node) -> list[str]:
    """Index letters used in the tree and not bound by a sum in it, in order of appearance."""
    found: dict[str, None] = {}

    def look(n: Node, bound: frozenset[str | None]) -> None:
        if n.op == "sum":
            if n.val[2] and n.val[2] not in bound:
                found.setdefault(n.val[2], None)
            look(n.args[0], bound | {n.val[0]})
            return
        if n.op == "table":
            look(n.args[0], bound | {n.val[0], n.val[2]})
            return
        for a in n.args:
            look(a, bound)
        letters = n.val if n.op in ("idx", "kdelta") else ()
        if n.op == "cases":
            letters = [i for _, *rest in n.val for i in rest]
        for i in letters:
            if isinstance(i, str) and i not in bound:
                found.setdefault(i, None)

    look(node, frozenset())
    return list(found)


def bound_indices(node: Node) -> list[str]:
    """Index letters bound by a sum somewhere in the tree."""
    return [n.val[0] for n in walk(node) if n.op == "sum"]
