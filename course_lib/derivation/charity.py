"""Readings that every mathematician shares: how far a sum reaches, sums that are not written, ones written as 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import pairwise

from .class_labels import Condition, Label
from .dimensions import MisfitError, Scope, resolve
from .names import Names
from .shapes import Typer
from .tree import Node, add, free_indices, map_tree, mul, neg, num, walk


def sums_reaching(node: Node, letters: set[str]) -> Node:
    r"""`\frac1n\sum_i a_i + b_i` with b_i under the sum too, where i means nothing outside of it."""
    if node.op != "add":
        return node
    terms = list(node.args)
    for k, term in enumerate(terms):
        bound = _last_sum(term)
        later = [j for j in range(k + 1, len(terms)) if bound and bound.val[0] in free_indices(terms[j])]
        if bound is not None and later and bound.val[0] not in letters:
            rest = [t for j, t in enumerate(terms) if j not in later and j != k]
            body = sums_reaching(add(bound.args[0], *(terms[j] for j in later)), letters | {bound.val[0]})
            inside = Node("sum", [body], bound.val, bound.span)
            whole = _with_last_sum(term, inside)
            return sums_reaching(add(*rest[:k], whole, *rest[k:], span=node.span), letters)
    return node


def _last_sum(term: Node) -> Node | None:
    """The sum that ends a term, if one does."""
    if term.op == "sum":
        return term
    if term.op == "neg":
        return _last_sum(term.args[0])
    return _last_sum(term.args[-1]) if term.op == "mul" else None


def _with_last_sum(term: Node, new: Node) -> Node:
    if term.op == "sum":
        return new
    if term.op == "neg":
        return Node("neg", [_with_last_sum(term.args[0], new)], None, term.span)
    return mul(*term.args[:-1], _with_last_sum(term.args[-1], new), span=term.span)


def summed(node: Node, letters: set[str]) -> Node | None:
    """A member with Einstein's sums written out: each letter that stands twice in every term, and not on the left.

    None unless two letters or more are so: a single one is rather a sum that was forgotten.
    """
    extra = [i for i in free_indices(node) if i not in letters]
    if len(extra) < 2 or any(n.op == "sum" for n in walk(node)):
        return None
    terms = node.args if node.op == "add" else (node,)
    out = []
    for whole in terms:
        term = whole.args[0] if whole.op == "neg" else whole
        counts = Counter(i for n in walk(term) if n.op in ("idx", "kdelta") for i in n.val)
        repeated = _twice(term, extra, counts)
        if repeated is None:
            return None
        for letter in repeated:
            term = Node("sum", [term], (letter, None, None), term.span)
        out.append(neg(term) if whole.op == "neg" else term)
    return add(*out, span=node.span)


def contracted(nodes: list[Node], fewest: int = 2) -> list[Node] | None:
    """A relation with Einstein's sums written out on both sides: every letter that stands twice in a term.

    None unless some term has two such letters, and all sides are left with the same ones: x_iy_i alone is no sum, but
    in a text that has the convention already (fewest=1).
    """
    if any(n.op == "sum" for node in nodes for n in walk(node)):
        return None
    most, out = 0, []
    for node in nodes:
        terms = []
        for whole in multiplied_out(node):
            term = whole.args[0] if whole.op == "neg" else whole
            held = Counter(i for n in walk(term) if n.op in ("idx", "kdelta") for i in n.val if isinstance(i, str))
            repeated = [i for i in free_indices(term) if held[i] == 2]
            if any(times > 2 for times in held.values()):
                return None
            most = max(most, len(repeated))
            for letter in repeated:
                term = Node("sum", [term], (letter, None, None), term.span)
            terms.append(neg(term) if whole.op == "neg" else term)
        out.append(add(*terms, span=node.span))
    letters = [set(free_indices(n)) for n in out]
    return out if most >= fewest and all(x == letters[0] for x in letters if x) else None


def multiplied_out(node: Node) -> list[Node]:
    """The terms of a sum of products, products of brackets multiplied out, each with its sign before it."""
    if node.op == "add":
        return [t for a in node.args for t in multiplied_out(a)]
    if node.op == "neg":
        return [neg(t) for t in multiplied_out(node.args[0])]
    if node.op == "paren":
        return multiplied_out(node.args[0])
    at = next((k for k, a in enumerate(node.args) if len(multiplied_out(a)) > 1), None) if node.op == "mul" else None
    if at is None:
        return [node]
    out = []
    for inner in multiplied_out(node.args[at]):
        bare = inner.args[0] if inner.op == "neg" else inner
        made = multiplied_out(mul(*node.args[:at], bare, *node.args[at + 1 :], span=node.span))
        out += [neg(t) for t in made] if inner.op == "neg" else made
    return out


def logs_reaching(node: Node) -> Node:
    r"""`\log\frac1c\exp(a)` as the logarithm of the whole product."""
    args = [logs_reaching(a) for a in node.args]
    at = next((k for k, a in enumerate(args[:-1]) if a.op == "fn" and a.val == ("log", 0)), None)
    if node.op != "mul" or at is None or args[at + 1].op != "fn":
        return node.with_args(args) if args else node
    inside = mul(args[at].args[0], *args[at + 1 :])
    return mul(*args[:at], Node("fn", [inside], ("log", 0), node.span), span=node.span)


def _twice(term: Node, extra: list[str], counts: Counter[str]) -> list[str] | None:
    """The letters of a term, where each stands in two factors."""
    factors = term.args if term.op == "mul" else (term,)
    holds = Counter(i for f in factors for i in set(free_indices(f)))
    here = [i for i in extra if i in counts]
    return here if all(holds[i] == 2 for i in here) else None


def diagonals(node: Node, letters: set[str]) -> Node:
    r"""`\operatorname{diag}(p_i(1-p_i))` with the array of all entries, where i means nothing outside of it."""
    outside = set(free_indices(node)) - letters

    def change(n: Node) -> Node | None:
        free = [i for i in free_indices(n.args[0]) if i in outside] if n.op == "fn" and n.val == ("diag", 0) else []
        if len(free) != 1 or n.args[0].op == "mat":
            return None
        return Node("fn", [Node("table", n.args, (free[0], None, None, None), n.args[0].span)], n.val, n.span)

    return map_tree(node, change)


def products_last(node: Node) -> Node:
    r"""`(a - y) \odot a \, h^T` as the product of an entrywise product, where the tighter reading does not fit."""
    args = [products_last(a) for a in node.args]
    if node.op != "had" or args[1].op != "mul":
        return node.with_args(args) if args else node
    return mul(Node("had", [args[0], args[1].args[0]], None, node.span), *args[1].args[1:], span=node.span)


def traces_reaching(node: Node, names: Names) -> Node:
    r"""`\operatorname{tr} (dX)'A` as the trace of the whole product, where the bracket alone is not square."""
    args = [traces_reaching(a, names) for a in node.args]
    if node.op != "mul":
        return node.with_args(args) if args else node
    for k, a in enumerate(args[:-1]):
        turned = a.op == "T"
        trace = a.args[0] if turned else a
        shape = shape_of(trace.args[0], names) if trace.op == "fn" and trace.val == ("tr", 0) else None
        if shape is not None and shape[0] != shape[1]:
            first = Node("T", trace.args, None, a.span) if turned else trace.args[0]
            return mul(*args[:k], Node("fn", [mul(first, *args[k + 1 :])], ("tr", 0), node.span), span=node.span)
    return node.with_args(args)


def repeated(node: Node, names: Names) -> Node:
    """`WX + b` with the column b added to every column of WX, where sums do not fit without."""
    args = [repeated(a, names) for a in node.args]
    node = node.with_args(args) if args else node
    if node.op != "add":
        return node
    shapes = [shape_of(a.args[0] if a.op == "neg" else a, names) for a in args]
    whole = next((s for s in shapes if s is not None and () not in s), None)
    if whole is None:
        return node

    def spread(term: Node, shape: tuple | None) -> Node:
        axis = None if shape is None else 1 if shape == (whole[0], ()) else 0 if shape == ((), whole[1]) else None
        return term if axis is None else Node("stretch", [term], axis, term.span)

    return add(*map(spread, args, shapes), span=node.span)


def inner_products(node: Node, names: Names) -> Node:
    r"""`\theta x` for two columns of one length as \theta^T x, as it is written where nobody minds."""

    def column(n: Node) -> bool:
        shape = shape_of(n, names)
        return shape is not None and shape[0] != () == shape[1]

    def change(n: Node) -> Node | None:
        for k, (a, b) in enumerate(pairwise(n.args if n.op == "mul" else ())):
            if column(a) and column(b) and shape_of(a, names) == shape_of(b, names):
                inner = Node("frob", [a, b], None, n.span)
                return mul(*n.args[:k], inner, *n.args[k + 2 :], span=n.span)
        return None

    return map_tree(node, change)


def shape_of(node: Node, names: Names) -> tuple | None:
    """The two lengths of an expression, None where it does not fit together."""
    try:
        return tuple(resolve(d) for d in Typer(Scope(names)).typed(node).shape)
    except MisfitError:
        return None


def matched(pattern: Node, tree: Node, name: str) -> Node | None:
    """What a name must stand for to make a pattern the same as a tree; None where nothing does."""
    found: list[Node] = []

    def same(a: Node, b: Node) -> bool:
        if a.op == "sym" and a.val == name:
            found.append(b)
            return True
        alike = a.op == b.op and a.val == b.val and len(a.args) == len(b.args)
        return alike and all(same(x, y) for x, y in zip(a.args, b.args, strict=True))

    return found[0] if same(pattern, tree) and found and all(f == found[0] for f in found) else None


def with_ones(node: Node, names: Names) -> Node:
    """The tree with a vector of ones where a 1 is transposed, or stands as a factor beside a vector."""

    def change(n: Node) -> Node | None:
        if n.op == "T" and n.args[0] == num(1):
            return Node("T", [Node("ones", (), None, n.args[0].span)], None, n.span)
        if n.op == "mul" and num(1) in n.args and not _beside_numbers(n, names):
            args = [Node("ones", (), None, a.span) if a == num(1) else map_tree(a, change) for a in n.args]
            return Node("mul", args, None, n.span)
        return None

    return map_tree(node, change)


def as_columns(node: Node) -> Node:
    r"""The tree with `(a_1, \dots, a_n)` as a column, which is a vector to many who write it."""

    def change(n: Node) -> Node | None:
        if n.op == "T" and _is_row_of_entries(n.args[0]):
            return n
        return Node("T", [n], None, n.span) if _is_row_of_entries(n) else None

    return map_tree(node, change)


def _is_row_of_entries(node: Node) -> bool:
    return node.op == "table" and node.val[0] is None


def gradients_as_rows(nodes: list[Node], names: Names) -> list[Node] | None:
    r"""Members with gradients of numbers as rows; None unless one is a chain of derivatives that asks for it.

    \frac{\partial c}{\partial a}\frac{\partial a}{\partial x} multiplies Jacobians, and that of a number is a row.
    """

    def number(n: Node) -> bool:
        return n.op == "grad" and len(n.args) > 1 and n.args[0].op == "sym" and names.shape(n.args[0].val) == ((), ())

    def turned(n: Node) -> Node | None:
        plain = number(n) and n.args[1].op == "sym" and () in (names.shape(n.args[1].val) or ((1,), (1,)))
        return n if n.op == "T" and number(n.args[0]) else Node("T", [n], None, n.span) if plain else None

    chains = [n for node in nodes for n in walk(node) if n.op == "mul"]
    asked = any(
        number(a) and b.op == "grad" and len(b.args) > 1 and b.args[0] == a.args[1]
        for chain in chains
        for a, b in pairwise(chain.args)
    )
    return [map_tree(node, turned) for node in nodes] if asked else None


def _beside_numbers(node: Node, names: Names) -> bool:
    others = [a for a in node.args if a != num(1)]
    return not any(n.op == "sym" and names.shape(n.val) not in (None, ((), ())) for a in others for n in walk(a))


def with_condition(node: Node, conditions: list[Condition], fixed: Collection[str] = ()) -> Node:
    """A member that counts only where its indices fulfil the conditions: times δ, or times 1 − δ."""
    factors = []
    for kind, i, j in conditions:
        j = Label(j) if isinstance(j, str) and j in fixed else j
        delta = j.entry(i) if isinstance(j, Label) else Node("kdelta", (), (i, j))
        factors.append(delta if kind == "eq" else add(num(1), Node("neg", [delta])))
    return mul(*factors, node, span=node.span) if factors else node
