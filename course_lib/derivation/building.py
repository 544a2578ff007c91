"""From the rules of the grammar to nodes: one method for each rule of latex.lark."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .class_labels import Label, picked
from .products import Head, Item, begin, called, fraction, is_determinant, span_of, unrolled
from .tokens import UnreadableError
from .tree import Node, Span, free_indices, mul, num

if TYPE_CHECKING:
    from lark import Transformer

# What the symbols of a rule became: trees, tokens, lists of them. The grammar says which stands where.
Children = list[Any]
Nodes = list[Node]
Items = list[Item]
Row = list[Any]  # of a matrix: trees, None for an empty cell, the token of a condition
Rows = list[Row]


def _binary(op: str) -> Callable[[object, Children], Node]:
    """The method of a rule whose middle symbol is a sign."""
    return lambda _self, c: Node(op, [c[0], c[2]], None, span_of(c))


class _Rules:
    """What each rule of latex.lark makes of its symbols; the methods bear the rules' names."""

    def start(self, c: Children) -> Node:
        return c[0]

    def plus(self, c: Children) -> Node:
        return Node("add", [c[0], c[2]], "raw", span_of(c))

    def minus(self, c: Children) -> Node:
        return Node("add", [c[0], Node("neg", [c[2]], None, span_of(c[1:]))], "raw", span_of(c))

    def minus_sign(self, c: Children) -> Node:
        return Node("neg", [c[1]], None, span_of(c))

    def plus_sign(self, c: Children) -> Node:
        return c[1]

    hadamard, kronecker, frobenius = _binary("had"), _binary("kron"), _binary("frob")

    def product(self, c: Children) -> Node:
        items: Items = []
        for x in c:
            if isinstance(x, Node):
                items.append(x)
            elif x.type == "SLASH":
                items.append("SLASH")
            elif x.value.value == "*":
                items.append("STAR")
            elif x.value.value == "cdot" or any(is_determinant(i) for i in items):
                items.append("DOT")
        first = items[0]
        if isinstance(first, Node) and len(items) == 1 and (first.op != "head" or first.val.type == "DOP"):
            return first
        return unrolled(items, span_of(c))

    def subscript(self, c: Children) -> Node:
        if c[0] == num(0):
            return c[0]  # 0_d is zero, whatever its length
        return _indexed(c[0], c[1].value.value, span_of(c))

    def transpose(self, c: Children) -> Node:
        return Node("T", [c[0]], None, span_of(c))

    def inverse(self, c: Children) -> Node:
        return _under_d(c[0], lambda a: Node("inv", [a], None, span_of(c)), "sym")

    def inverse_transpose(self, c: Children) -> Node:
        return Node("T", [self.inverse(c)], None, span_of(c))

    def power(self, c: Children) -> Node:
        return _under_d(c[0], lambda a: Node("pow", [a, c[3]], None, span_of(c)), "norm")

    def entry_power(self, c: Children) -> Node:
        return Node("epow", [c[0], c[3]], None, span_of(c))

    def differential(self, c: Children) -> Node:
        kind, order = c[0].value.value
        return Node("d", [c[1]], (kind, order), span_of(c))

    def number(self, c: Children) -> Node:
        return num(c[0].value.value, span_of(c))

    def name(self, c: Children) -> Node:
        return Node("sym", (), c[0].value.value, span_of(c))

    def identity(self, c: Children) -> Node:
        return Node("eye", (), c[0].value.value, span_of(c))

    def ones(self, c: Children) -> Node:
        return Node("ones", (), c[0].value.value, span_of(c))

    def kronecker_delta(self, c: Children) -> Node:
        return Node("kdelta", (), c[0].value.value, span_of(c))

    def dots(self, c: Children) -> Node:
        return Node("dots", (), None, span_of(c))

    def head(self, c: Children) -> Node:
        return Node("head", (), Head(c[0].type, c[0].value.value), span_of(c))

    def list(self, c: Children) -> Nodes:
        return [x for x in c if isinstance(x, Node)]

    def bracket(self, c: Children) -> Node:
        items = c[1]
        if len(items) == 1:
            inner = items[0]
            kind = "sum" if inner.op == "add" else None
            return Node("paren", [inner], kind, span_of(c))
        return Node("mat", items, (1, len(items)), span_of(c))

    def brace(self, c: Children) -> Node:
        return Node("paren", [c[1]], None, span_of(c)) if c[1].op in ("add", "neg") else c[1]

    def over(self, c: Children) -> Node:
        return fraction(c[1], c[3], span_of(c))

    def fraction(self, c: Children) -> Node:
        return fraction(c[2], c[5], span_of(c))

    def root(self, c: Children) -> Node:
        return Node("fn", [c[2]], ("sqrt", 0), span_of(c))

    def exponential(self, c: Children) -> Node:
        return Node("fn", [c[2]], ("e", 0), span_of(c))

    def norm(self, c: Children) -> Node:
        label = c[2].value.value
        if isinstance(label, str):
            return Node("norm", [c[1]], label, span_of(c))
        from .parser import parse_tokens  # which is built of this

        inner = Node("frob", [c[1], mul(parse_tokens(label), c[1])], None, span_of(c))
        return Node("fn", [inner], ("sqrt", 0), span_of(c))

    def bars(self, c: Children) -> Node:
        return Node("bars", [c[1]], None, span_of(c))

    def inner(self, c: Children) -> Node:
        return Node("frob", [c[1], c[3]], None, span_of(c))

    def covector(self, c: Children) -> Node:
        return Node("T", [c[1]], None, span_of(c))

    def along(self, c: Children) -> Node:
        return Node("along", [Node("sym", (), c[1].value.value, span_of(c[1:2])), *c[3]], c[0].value.value, span_of(c))

    def function(self, c: Children) -> Node:
        name, primes = c[0].value.value
        if name in ("diag", "logsumexp", "softmax") and len(c[2]) > 1:
            c[2] = [Node("mat", c[2], (len(c[2]), 1), span_of(c[2]))]
        return called(name, primes, c[2], span_of(c), c[0].start_pos)

    def call(self, c: Children) -> Node:
        return Node("app", c[2], c[0].value.value, span_of(c))

    def little_o(self, c: Children) -> Node:
        return Node("small", c[2][:1], c[0].value.value, span_of(c))

    def cell(self, c: Children) -> Node | None:
        return c[0] if c else None

    def row(self, c: Children) -> Row:
        return [x for x in c if x is None or isinstance(x, Node) or x.type == "COND"]

    def rows(self, c: Children) -> Rows:
        return [x for x in c if isinstance(x, list)]

    def matrix(self, c: Children) -> Node:
        return _matrix(c[1], c[0].value.value, span_of(c))


def builder() -> Transformer[Any, Any]:
    """The transformer that builds nodes; lark is imported with it."""
    from lark import Transformer

    class Build(_Rules, Transformer):
        pass

    return Build()


def _under_d(base: Node, apply: Callable[[Node], Node], kind: str) -> Node:
    """dA^{-1} is the differential of the inverse and d||x||^2 that of the square; nothing else is ever meant."""
    if base.op == "d" and base.args[0].op == kind:
        return Node("d", [apply(base.args[0])], base.val, base.span)
    return apply(base)


def _indexed(node: Node, items: tuple[str | int | Label, ...], span: Span | None) -> Node:
    """Subscripts on an expression: one or two, letters, numbers or None for a whole axis."""
    base = node.args[0] if node.op == "paren" else node
    pick = picked(base, items, span)
    if pick is not None:
        return pick
    if base.op == "idx" and len(base.val) == 1 == len(items):
        return Node("idx", base.args, (base.val[0], items[0]), span)
    if base.op == "mat" and base.val == (1, 1):
        base = base.args[0]
    if len(set(items)) == len(items) and set(items) <= set(free_indices(base)):
        return Node("table", [base], (items[0], None, (*items, None)[1], None), span)  # [∂y_i/∂x_j]_{ij}
    return Node("idx", [base], items, span)


def _matrix(rows: Rows, kind: str, span: Span | None) -> Node:
    if kind == "cases":
        flat = rows[0]
        if any(x is None for x in flat) or len(flat) % 2:
            raise UnreadableError("each row of cases needs a value and a condition", begin(span))
        return Node("cases", flat[::2], tuple(c.value.value for c in flat[1::2]), span)
    if any(not isinstance(x, Node) and x is not None for row in rows for x in row):
        raise UnreadableError("a condition stands outside of cases", begin(span))
    while rows and all(x is None for x in rows[-1]):
        rows.pop()
    if any(isinstance(x, Node) and x.op == "dots" for r in rows for x in r):
        wide = max(len(r) for r in rows)
        blank = Node("dots", (), None, span)
        rows = [[x or blank for x in r] + [blank] * (wide - len(r)) for r in rows]
    widths = {len(r) for r in rows}
    if len(widths) != 1 or any(x is None for r in rows for x in r):
        raise UnreadableError("the rows of this matrix do not have the same number of entries", begin(span))
    node = Node("mat", [x for r in rows for x in r], (len(rows), widths.pop()), span)
    return Node("bars", [node], None, span) if kind == "vmatrix" else node
