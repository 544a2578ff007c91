"""Edits of factors: one that the chain rule brings along put in or taken out."""

from __future__ import annotations

from collections.abc import Iterator

from ..names import Names, spoken_name
from ..substitution import inlined
from ..tree import Node, Path, free_indices, mul, sym, walk
from ..writer import plain_text
from .draft import Draft, Edit

MISTAKE = "chain-factor"
MOST_INVERSES = 3
MOST_LETTERS = 4


def factors(draft: Draft) -> Iterator[Edit]:
    """A declared factor put in on the left or right, or taken out."""
    pool = _pool(draft)
    for path, n in draft.places:
        parent = draft.parents.get(path)
        alone = parent is None or parent.op not in ("mul", "T", "idx", "grad", "hess", "d", "neg")
        if n.op == "mul":
            yield from _too_many_in_product(draft, path, n)
            yield from _missing_in_product(draft, path, n, pool)
        elif alone and n.op in ("sym", "T", "add", "d", "grad", "had", "fn", "inv", "app"):
            yield from _missing_beside(draft, path, n, pool)
        if n.op == "neg" and alone or n.op == "T" and parent is not None and parent.op == "mul":
            continue
        yield from _missing_entrywise(draft, path, n)
        yield from _missing_with_indices(draft, path, n)
        yield from _missing_ones(draft, path, n)
        if n.op == "had":
            yield from _too_many_entrywise(draft, path, n)


# -- what may be missing


def _pool(draft: Draft) -> list[tuple[Node, float]]:
    """Factors that may be missing, each with its cost: ones, declared names, inverses."""
    pool = [(Node("ones"), 2.0), (Node("T", [Node("ones")]), 2.0)]
    for name in draft.available:
        if draft.is_array(name):
            cost = 2.0 if name in draft.names.symbols else 2.05
            pool += [(sym(name), cost), (Node("T", [sym(name)]), cost)]
        elif draft.shape_of(name):
            pool.append((sym(name), 2.1))
    return pool + [(f, 2.08) for f in _inverses(draft)]


def _inverses(draft: Draft) -> list[Node]:
    """The inverses that the truth takes, as factors that may have been forgotten."""
    found: dict[Node, None] = {}
    for tree in (inlined(draft.truth, draft.names), *(d.body for d in draft.names.definitions.values())):
        for n in walk(tree):
            if n.op == "inv" and n.args[0].op == "sym" and not draft.is_number(n.args[0]):
                found[n] = None
    return [m for n in list(found)[:MOST_INVERSES] for m in (n, Node("T", [n]))]


# -- matrix products


def _too_many_in_product(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    for k, f in enumerate(n.args):
        if f.op != "num" and not (f.op == "div" and _is_fixed(f, draft.names)):
            rest = mul(*n.args[:k], *n.args[k + 1 :])
            yield draft.edit(1.7, MISTAKE, path, rest, f, f"the factor {plain_text(f)} is one too many")


def _is_fixed(node: Node, names: Names) -> bool:
    """Whether a number is made of numbers and lengths alone: a wrong one shows as a constant ratio."""
    return all(m.op in ("num", "div", "mul", "neg", "pow") or m.val in names.dims for m in walk(node))


def _missing_in_product(draft: Draft, path: Path, n: Node, pool: list[tuple[Node, float]]) -> Iterator[Edit]:
    for k in range(len(n.args) + 1):
        where = f"before {plain_text(n.args[k])}" if k < len(n.args) else f"after {plain_text(n.args[-1])}"
        for f, cost in pool:
            new = mul(*n.args[:k], f, *n.args[k:])
            yield draft.edit(cost, MISTAKE, path, new, n, f"the factor {plain_text(f)} is missing {where}")


def _missing_beside(draft: Draft, path: Path, n: Node, pool: list[tuple[Node, float]]) -> Iterator[Edit]:
    for f, cost in pool:
        for side, new in (("left", mul(f, n)), ("right", mul(n, f))):
            words = f"the factor {plain_text(f)} is missing to the {side} of {plain_text(n)}"
            yield draft.edit(cost, MISTAKE, path, new, n, words)


def _missing_ones(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A column of ones behind the transpose: what is added up over the samples."""
    parent = draft.parents.get(path)
    if not draft.is_number(n) and (parent is None or parent.op in ("mul", "neg", "add")):
        added = mul(Node("T", [n]) if n.op != "T" else n.args[0], Node("ones"))
        words = f"the columns of {plain_text(n)} must be added up: {plain_text(added)}"
        yield draft.edit(2.04, "sum", path, added, n, words)


# -- entrywise and Kronecker products


def _missing_entrywise(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A declared array missing as an entrywise factor, or an I missing in a Kronecker product."""
    parent = draft.parents.get(path)
    if n.op in ("num", "add", "neg") or draft.is_number(n):
        return
    if parent is not None and parent.op not in ("mul", "add", "neg", "fn", "T", "div"):
        return
    for name in draft.available:
        if draft.is_array(name):
            words = f"the factor {spoken_name(name)} ⊙ is missing before {plain_text(n)}"
            yield draft.edit(2.03, MISTAKE, path, Node("had", [sym(name), n]), n, words)
    if not path:
        for pair in ((Node("eye"), n), (n, Node("eye"))):
            new = Node("kron", pair)
            words = f"the factor I of the Kronecker product is missing: {plain_text(new)}"
            yield draft.edit(2.02, MISTAKE, path, new, n, words)


def _too_many_entrywise(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    for keep, drop in (n.args, n.args[::-1]):
        yield draft.edit(1.8, MISTAKE, path, keep, drop, f"the factor {plain_text(drop)} is one too many")


# -- factors with indices


def _missing_with_indices(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """An entry of a function's value or of a declared array missing in what stands in a sum or alone."""
    parent = draft.parents.get(path)
    if n.op not in ("mul", "idx", "sum", "pow", "fn", "div", "norm"):
        return
    if parent is not None and parent.op not in ("sum", "add", "neg"):
        return
    if not draft.is_number(n) and (parent is None or parent.op != "sum"):
        return
    letters = list(dict.fromkeys([*draft.left, *free_indices(n), *draft.bound_above(path)]))
    if not letters or len(letters) > MOST_LETTERS:
        return
    for f in _applied_to_entries(draft, letters):
        yield draft.edit(2.12, MISTAKE, path, mul(f, n), n, f"the factor {plain_text(f)} is missing")
    for f in _entries(draft, letters):
        yield draft.edit(2.15, MISTAKE, path, mul(n, f), n, f"the factor {plain_text(f)} is missing")


def _applied_to_entries(draft: Draft, letters: list[str]) -> Iterator[Node]:
    """f(z_i) for each f(z_k) of the line and of the definitions, at every letter."""
    for tree in (draft.member, *(d.body for d in draft.names.definitions.values())):
        for m in walk(tree):
            if m.op == "fn" and m.args[0].op == "idx" and m.args[0].args[0].op == "sym" and len(m.args[0].val) == 1:
                for letter in letters:
                    yield m.with_args([Node("idx", m.args[0].args, (letter,))])


def _entries(draft: Draft, letters: list[str]) -> Iterator[Node]:
    """x_i of each declared vector and A_ij of each declared matrix, at every letter or pair of two."""
    for name, shape in draft.arrays().items():
        pairs: list[tuple[str, ...]] = [(i, j) for i in letters for j in letters if i != j]
        for val in [(i,) for i in letters] if () in shape else pairs:
            yield Node("idx", [sym(name)], val)
