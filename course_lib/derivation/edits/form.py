"""Edits of form: signs, transposes, orders, layouts, matrix or entrywise products, squared norms, traces."""

from __future__ import annotations

from collections.abc import Iterator

from ..operations import ELEMENTWISE
from ..tree import Node, Path, add, mul, neg, num, walk
from ..writer import plain_text
from .draft import Draft, Edit, span_from

# What is transposed by a mark on one letter, and what needs brackets: (a + b)^T.
LETTERS = ("sym", "grad", "d", "idx", "app")
EXPRESSIONS = ("fn", "add", "mul", "inv", "had", "mat", "table", "kron", "ones")

# -- signs


def signs(draft: Draft) -> Iterator[Edit]:
    """A minus put in or taken out, a difference turned round, a term dropped."""
    for path, n in draft.places:
        if n.op == "neg":
            words = f"the minus sign before {plain_text(n.args[0])} does not belong there"
            yield draft.edit(1.0, "sign", path, n.args[0], n, words)
        if n.op == "fn" and n.val[0] in ELEMENTWISE:
            words = f"the argument {plain_text(n.args[0])} has the wrong sign"
            yield draft.edit(1.2, "sign", path, n.with_args([neg(n.args[0])]), n, words)
        if n.op == "add":
            yield _whole_sum(draft, path, n)
            yield from _single_terms(draft, path, n)


def _whole_sum(draft: Draft, path: Path, n: Node) -> Edit:
    """A sum with the signs of all its terms changed: y − ŷ where ŷ − y is meant."""
    flipped = [neg(t) for t in n.args]
    words = (
        f"the difference {plain_text(n)} is the wrong way round"
        if len(n.args) == 2 and any(t.op == "neg" for t in n.args)
        else f"all of {plain_text(n)} has the wrong sign"
    )
    if len(n.args) == 2 and flipped[0].op == "neg" and flipped[1].op != "neg":
        flipped.reverse()
    return draft.edit(0.95, "sign", path, add(*flipped), n, words)


def _single_terms(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """Each term of a sum dropped, and each with the other sign."""
    for k, t in enumerate(n.args):
        before, after = n.args[:k], n.args[k + 1 :]
        said = plain_text(t.args[0] if t.op == "neg" else t)
        yield draft.edit(1.25, "term", path, add(*before, *after), t, f"the term {said} does not belong here")
        yield draft.edit(1.0, "sign", path, add(*before, neg(t), *after), t, f"the term {said} has the wrong sign")


# -- transposes, order, layout


def transposes(draft: Draft) -> Iterator[Edit]:
    """A transpose put in or taken out, then two neighbouring factors turned."""
    for path, n in draft.places:
        parent = draft.parents.get(path)
        if n.op == "T":
            inner = n.args[0]
            yield draft.edit(1.0, "transpose", path, inner, n, f"{plain_text(inner)} must not be transposed here")
        elif parent is not None and parent.op in ("T", "idx", "grad", "hess", "d", "norm") or draft.is_number(n):
            continue
        elif n.op in LETTERS or n.op in EXPRESSIONS:
            cost = 1.0 if n.op in LETTERS else 1.05
            yield draft.edit(cost, "transpose", path, _turned(n), n, f"{plain_text(n)} must be transposed")
    yield from _turned_pairs(draft)


def _turned_pairs(draft: Draft) -> Iterator[Edit]:
    """Two neighbouring factors turned: ba^T where ab^T is meant, a^Tb where ab^T is meant."""
    for path, n in draft.places:
        if n.op != "mul":
            continue
        for k in range(len(n.args) - 1):
            a, b = n.args[k : k + 2]
            if draft.is_number(a) or draft.is_number(b):
                continue
            place = mul(a, b, span=span_from(a, b))
            for pair in ((_turned(b), _turned(a)), (_turned(a), _turned(b))):
                words = f"here {plain_text(mul(*pair))} is needed, not {plain_text(place)}"
                new = mul(*n.args[:k], *pair, *n.args[k + 2 :])
                yield draft.edit(1.12, "transpose", path, new, place, words)


def _turned(node: Node) -> Node:
    return node.args[0] if node.op == "T" else Node("T", [node], None, node.span)


def orders(draft: Draft) -> Iterator[Edit]:
    """Two factors exchanged, or one moved past all the others."""
    for path, n in draft.places:
        if n.op in ("kron", "at"):
            # r @ X is right too for a vector r, but X.T @ r is what a reader expects.
            cost = 1.1 if n.op == "at" and draft.is_typed_vector(n.args[1]) else 0.98
            words = f"the factors of {plain_text(n)} stand in the wrong order"
            yield draft.edit(cost, "order", path, Node(n.op, n.args[::-1], None, n.span), n, words)
        if n.op == "mul":
            yield from _swapped_neighbours(draft, path, n)
            yield from _moved_factors(draft, path, n)


def _swapped_neighbours(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    for k in range(len(n.args) - 1):
        a, b = n.args[k], n.args[k + 1]
        if draft.is_number(a) or draft.is_number(b):
            continue
        swapped = mul(*n.args[:k], b, a, *n.args[k + 2 :])
        words = f"{plain_text(a)} and {plain_text(b)} stand in the wrong order"
        yield draft.edit(1.1, "order", path, swapped, mul(a, b, span=span_from(a, b)), words)


def _moved_factors(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """The last of three or more arrays in front of the others, or the first behind them."""
    arrays = [k for k, a in enumerate(n.args) if not draft.is_number(a)]
    if len(arrays) < 3:
        return
    first, last = n.args[arrays[0]], n.args[arrays[-1]]
    lead, middle, rest = n.args[: arrays[0]], n.args[arrays[0] + 1 : arrays[-1]], n.args[arrays[-1] + 1 :]
    for moved, others in ((last, (last, first, *middle)), (first, (*middle, last, first))):
        where = "in front of" if moved is last else "behind"
        words = f"{plain_text(moved)} belongs {where} the other factors"
        yield draft.edit(1.15, "order", path, mul(*lead, *others, *rest), moved, words)


def layouts(draft: Draft) -> Iterator[Edit]:
    """A chain rule written the other way round: g J where the gradient is a column and Jᵀ g is meant."""
    for path, n in draft.places:
        if n.op == "mul" and len(n.args) == 2 and all(_is_derivative(a) for a in n.args):
            g, j = n.args
            words = "with gradients as columns the chain rule reads Jᵀ times the gradient"
            yield draft.edit(1.02, "layout", path, mul(Node("T", [j]), g), n, words)


def _is_derivative(node: Node) -> bool:
    return node.op == "grad" or node.op == "T" and node.args[0].op == "grad"


# -- products, norms, traces


def hadamards(draft: Draft) -> Iterator[Edit]:
    """A matrix product in the place of an entrywise one, or the other way round."""
    for path, n in draft.places:
        if n.op == "had":
            words = "a matrix product is needed here, not the entrywise one"
            yield draft.edit(1.15, "hadamard", path, mul(*n.args), n, words)
        if n.op == "mul":
            yield from _entrywise_products(draft, path, n)
        if n.op == "at":
            words = "the entrywise product * is needed here, not @"
            yield draft.edit(1.15, "hadamard", path, Node("had", n.args), n, words)


def _entrywise_products(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A product with ⊙ between two neighbours alone, or between all that stands left and right."""
    words = "the entrywise product ⊙ is needed here, not the matrix product"
    for k in range(1, len(n.args)):
        left, right = mul(*n.args[:k]), mul(*n.args[k:])
        pair = (n.args[k - 1], n.args[k])
        place = mul(*pair, span=span_from(*pair))
        if len(n.args) > 2 and not any(draft.is_number(a) for a in pair):
            new = mul(*n.args[: k - 1], Node("had", pair), *n.args[k + 1 :])
            yield draft.edit(1.16, "hadamard", path, new, place, words)
        if not draft.is_number(left) and not draft.is_number(right):
            yield draft.edit(1.15, "hadamard", path, Node("had", [left, right]), place, words)


def norms(draft: Draft) -> Iterator[Edit]:
    """The square of a norm, or of a sum over entries, put in or taken out."""
    for path, n in draft.places:
        parent = draft.parents.get(path)
        squared = parent is not None and parent.op in ("pow", "epow") and parent.args[1] == num(2)
        square = Node("pow", [n, num(2)], None, n.span)
        if n.op == "norm" and not squared:
            yield draft.edit(1.0, "norm-square", path, square, n, f"the norm {plain_text(n)} must be squared")
        if n.op in ("pow", "epow") and n.args[0].op == "norm" and n.args[1] == num(2):
            words = f"the norm {plain_text(n.args[0])} must not be squared here"
            yield draft.edit(1.0, "norm-square", path, n.args[0], n, words)
        if n.op == "add" and not squared and any(m.op == "idx" for m in walk(n)):
            yield draft.edit(1.3, "norm-square", path, square, n, f"{plain_text(n)} must be squared")


def traces(draft: Draft) -> Iterator[Edit]:
    """The trace of a matrix that stands where a number is needed."""
    for path, n in draft.places:
        if n.op in ("mul", "T", "add", "sym", "had", "inv", "at") and not draft.is_number(n):
            words = f"{plain_text(n)} is a matrix where a number is needed: its trace is meant"
            yield draft.edit(1.01, "trace", path, Node("fn", [n], ("tr", 0), n.span), n, words)
