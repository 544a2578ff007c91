"""Edits of names and terms: another symbol, a missing term, and the term that the product rule adds."""

from __future__ import annotations

from collections.abc import Iterator

from ..names import differentiates, spoken_name
from ..tree import Node, Path, add, mul, neg, num, sym
from ..writer import plain_text
from .draft import NUMBER, Draft, Edit

LONE_TERM = 2.2
PRODUCT_TERM = 2.4


def symbols(draft: Draft) -> Iterator[Edit]:
    """Another name of the same shape, another length, or the number 1 for a column of ones."""
    for path, n in draft.places:
        parent = draft.parents.get(path)
        if n.op == "ones" and parent is not None and parent.op == "add":
            words = "the number 1 is needed here, for every entry; the bold 1 is a column of ones"
            yield draft.edit(0.97, "symbol", path, num(1, n.span), n, words)
        if n.op != "sym" or parent is not None and parent.op in ("grad", "hess"):
            continue
        if n.val in draft.names.dims:
            for other in draft.names.dims:
                if other != n.val:
                    words = f"{other} is needed here, not {n.val}"
                    yield draft.edit(1.9, "mean", path, sym(other, n.span), n, words)
            continue
        for other in draft.available:
            if other != n.val and draft.shape_of(other) == draft.shape_of(n.val):
                words = f"{spoken_name(other)} is needed here, not {spoken_name(n.val)}"
                yield draft.edit(1.85, "symbol", path, sym(other, n.span), n, words)


def product_rules(draft: Draft) -> Iterator[Edit]:
    """A + A^T where A stands: the variable occurs twice in what is differentiated."""
    if not differentiates(draft.truth, draft.names):
        return
    for path, n in draft.places:
        parent = draft.parents.get(path)
        if draft.is_number(n) or parent is not None and parent.op in ("idx", "grad", "hess", "d", "T"):
            continue
        if draft.is_typed_number(n):
            continue
        if n.op in ("sym", "T", "mul", "fn", "inv", "at"):
            both = add(n, Node("T", [n]) if n.op != "T" else n.args[0])
            words = f"where {plain_text(n)} stands, {plain_text(both)} is needed: both factors vary"
            yield draft.edit(1.35, "product-rule", path, both, n, words)


def terms(draft: Draft) -> Iterator[Edit]:
    """A term put in: a declared name, or an outer or scaled product of two."""
    pool = _pool(draft)
    for path, n in draft.places:
        if not _may_lack_a_term(draft, path, n):
            continue
        for t, cost in pool:
            if t == n:
                continue  # X + X is a factor 2, and said as one
            for signed in (t, neg(t)):
                words = f"the term {plain_text(signed)} is missing after {plain_text(n)}"
                yield draft.edit(cost, "term", path, add(n, signed), n, words)


def _pool(draft: Draft) -> list[tuple[Node, float]]:
    """Terms that may be missing, each with its cost: a, then ab^T (a^Tb of rows), then sa."""
    arrays = draft.arrays()
    vectors = [a for a, shape in arrays.items() if () in shape]
    numbers = [s for s in draft.available if draft.shape_of(s) == NUMBER]
    pool = [(sym(a), LONE_TERM) for a in arrays]
    for a in vectors:
        for b in vectors:
            row = arrays[a][0] == ()
            outer = mul(Node("T", [sym(a)]), sym(b)) if row else mul(sym(a), Node("T", [sym(b)]))
            pool.append((outer, PRODUCT_TERM))
    scaled = [a for a in arrays if a in draft.names.symbols]
    return pool + [(mul(sym(s), sym(a)), PRODUCT_TERM) for s in numbers for a in scaled]


def _may_lack_a_term(draft: Draft, path: Path, n: Node) -> bool:
    """Whether a term may be added here, and not to the whole sum that this place is part of."""
    parent = draft.parents.get(path)
    if parent is not None and parent.op in ("T", "idx", "grad", "hess", "d", "add", "neg"):
        return False
    if draft.is_number(n) and n.op not in ("mul", "neg"):
        return False
    return n.op in ("add", "mul", "sym", "fn", "T", "at", "neg", "had", "div", "kron")
