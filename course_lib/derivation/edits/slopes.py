"""Edits of slopes: the derivative f'(z) of an activation put in, taken out, or taken where it belongs."""

from __future__ import annotations

from collections.abc import Iterator

from ..names import spoken_name
from ..operations import ELEMENTWISE
from ..substitution import inlined
from ..tree import Node, Path, free_indices, map_tree, mul, sym, walk
from ..writer import plain_text, spoken_function
from .draft import Draft, Edit, span_from

MISTAKE = "activation-derivative"
MOST_SLOPES = 6


def activations(draft: Draft) -> Iterator[Edit]:
    """Whatever can be wrong with the derivative of a function that is applied entry by entry."""
    slopes = _slopes(draft)
    for path, n in draft.places:
        parent = draft.parents.get(path)
        if _is_elementwise(n):
            yield from _primes(draft, path, n)
        if parent is not None and parent.op in ("idx", "grad", "hess", "d"):
            continue
        for s in slopes:
            yield from _missing_slope(draft, path, n, s)
        if n.op == "mul" and len(n.args) > 2:
            yield from _inside_product(draft, path, n, slopes)
        if n.op == "had":
            yield from _slope_too_many(draft, path, n)
    if slopes:
        yield from _wrong_arguments(draft)


def _is_elementwise(node: Node) -> bool:
    return node.op == "fn" and (node.val[0] in ELEMENTWISE or node.val[0].startswith("any:"))


def _slopes(draft: Draft) -> list[Node]:
    """Derivatives f'(z) of the functions that the definitions and the line apply, at the arguments they have
    there.
    """
    found: dict[Node, None] = {}
    trees = [d.body for d in draft.names.definitions.values()] + [inlined(draft.truth, draft.names)]
    for n in (n for tree in trees for n in walk(tree)):
        if not _is_elementwise(n) or n.val[0] in ("log", "abs", "sqrt"):
            continue
        if n.val[0] == "exp" and not free_indices(n) and draft.is_typed_number(n.args[0]):
            continue  # exp of a number is its own derivative: what is missing then is a factor, not a slope
        if n.args[0].op == "idx":
            found[Node("fn", [n.args[0].args[0]], (n.val[0], 1))] = None
        elif not free_indices(n):
            found[Node("fn", n.args, (n.val[0], 1))] = None
    return list(found)[:MOST_SLOPES]


def _primes(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """f' in the place of f, f in the place of f', and f' at another name."""
    name, primes = n.val
    said = spoken_function(name)
    if not primes:
        slope = Node("fn", n.args, (name, 1), n.span)
        yield draft.edit(1.0, MISTAKE, path, slope, n, f"the derivative {said}′ is needed here, not {said}")
        return
    lower = Node("fn", n.args, (name, primes - 1), n.span)
    yield draft.edit(1.0, MISTAKE, path, lower, n, f"{said} itself is needed here, not its derivative")
    for other in draft.available:
        if n.args[0].op == "sym" and other != n.args[0].val:
            elsewhere = Node("fn", [sym(other)], n.val, n.span)
            words = f"{said}′ must be taken at {spoken_name(other)}, not at {plain_text(n.args[0])}"
            yield draft.edit(1.05, MISTAKE, path, elsewhere, n, words)


def _missing_slope(draft: Draft, path: Path, n: Node, s: Node) -> Iterator[Edit]:
    """One slope in the place of what stands here, or beside it."""
    if n.op == "idx" and n.args[0].op == "sym":
        words = f"{plain_text(s)} is needed where {plain_text(n)} stands"
        yield draft.edit(1.32, MISTAKE, path, Node("idx", [s], n.val), n, words)
    if draft.is_number(n):
        yield from _slope_beside_number(draft, path, n, s)
    else:
        yield from _slope_beside_array(draft, path, n, s)


def _slope_beside_number(draft: Draft, path: Path, n: Node, s: Node) -> Iterator[Edit]:
    """The slope as a factor of a number: whole where no index is in sight, else each of its entries."""
    parent = draft.parents.get(path)
    letters = list(dict.fromkeys([*draft.left, *free_indices(n)]))
    words = f"the factor {plain_text(s)} is missing"
    if not letters and not path:
        yield draft.edit(1.75, MISTAKE, path, mul(n, s), n, words)
    elif n.op in ("idx", "mul", "sum", "grad", "pow", "add") and (
        parent is None or parent.op in ("sum", "add", "neg", "mul")
    ):
        for val in [(i,) for i in letters] + [(i, j) for i in letters for j in letters if i != j]:
            yield draft.edit(1.75, MISTAKE, path, mul(n, Node("idx", [s], val)), n, words)


def _slope_beside_array(draft: Draft, path: Path, n: Node, s: Node) -> Iterator[Edit]:
    """The slope in the place of an array, as an entrywise factor of it, or as a diagonal matrix behind it."""
    parent = draft.parents.get(path)
    said = plain_text(s)
    operand = parent is None or parent.op in ("had", "mul", "fn", "sum", "neg", "at", "T", "add")
    if operand and n.op in ("sym", "fn", "add", "mul", "had", "epow", "pow"):
        yield draft.edit(1.35, MISTAKE, path, s, n, f"{said} is needed where {plain_text(n)} stands")
    words = f"the factor {said} is missing: {plain_text(n)} ⊙ {said}"
    yield draft.edit(1.33, MISTAKE, path, Node("had", [n, s]), n, words)
    diagonal = Node("fn", [s], ("diag", 0))
    yield draft.edit(1.34, MISTAKE, path, mul(n, diagonal), n, f"the factor diag({said}) is missing")


def _inside_product(draft: Draft, path: Path, n: Node, slopes: list[Node]) -> Iterator[Edit]:
    """The slope missing in the middle of a product: W^T R X^T where (W^T R ⊙ f'(Z)) X^T is meant."""
    for i in range(len(n.args) - 1):
        for j in range(i + 2, len(n.args) + 1):
            if draft.is_number(n.args[i]) or (i, j) == (0, len(n.args)):
                continue
            piece = mul(*n.args[i:j], span=span_from(n.args[i], n.args[j - 1]))
            for s in slopes:
                new = mul(*n.args[:i], Node("had", [piece, s]), *n.args[j:])
                words = f"the factor {plain_text(s)} is missing: {plain_text(piece)} ⊙ {plain_text(s)}"
                yield draft.edit(1.36, MISTAKE, path, new, piece, words)


def _slope_too_many(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """An entrywise product without the factor that holds a slope."""
    for keep, drop in (n.args, n.args[::-1]):
        if any(m.op == "fn" and m.val[1] for m in walk(drop)):
            yield draft.edit(1.4, MISTAKE, path, keep, drop, f"the factor {plain_text(drop)} is one too many")


def _wrong_arguments(draft: Draft) -> Iterator[Edit]:
    """z(1−z) where a(1−a) is meant: one name replaced throughout a factor."""
    for path, n in draft.places:
        if n.op not in ("had", "mul", "add"):
            continue
        inside = [m.val for m in walk(n) if m.op == "sym"]
        # In the order of the text: the order of a set varies from run to run, and with it the repair that is shown.
        for old in dict.fromkeys(v for v in inside if inside.count(v) > 1 and v not in draft.names.dims):
            for new in draft.available:
                if new != old and draft.shape_of(new) == draft.shape_of(old):
                    words = f"the derivative must be taken at {spoken_name(new)}, not at {spoken_name(old)}"
                    yield draft.edit(1.3, MISTAKE, path, _exchanged(n, old, new), n, words)


def _exchanged(node: Node, old: str, new: str) -> Node:
    return map_tree(node, lambda n: sym(new, n.span) if n.op == "sym" and n.val == old else None)
