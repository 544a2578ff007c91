"""Edits of indices: sums put in, taken out or widened, and subscripts replaced or exchanged."""

from __future__ import annotations

from collections.abc import Iterator

from ..class_labels import is_pick
from ..tree import Node, Path, add, free_indices, mul, neg, num, rename_index, walk
from ..writer import plain_text
from .draft import Draft, Edit

# -- sums


def sums(draft: Draft) -> Iterator[Edit]:
    """A sum put in, taken out, or made to reach over the terms behind it; an entry where the whole is meant."""
    letters = free_indices(draft.member)
    if not draft.left and 1 <= len(letters) <= 2:
        i, j = (*letters, None)[:2]
        whole = Node("table", [draft.member], (i, None, j, None), draft.member.span)
        left = plain_text(draft.truth)
        place = f"entry {i}" if j is None else f"entry ({i}, {j})"
        words = f"this is {place} of it, while {left} is the whole array: write that entry on the left"
        yield draft.edit(0.5, "index", (), whole, draft.member, words)
    for path, n in draft.places:
        if n.op in ("num", "sym", "dots"):
            continue
        yield from _missing_sums(draft, path, n)
        if n.op == "mul" and len(n.args) == 2 and all(a.op == "grad" and len(a.args) == 2 for a in n.args):
            yield from _chain_sum(draft, path, n)
        if n.op == "sum" and not is_pick(n):
            yield draft.edit(1.4, "sum", path, n.args[0], n, f"the sum over {n.val[0]} does not belong here")
        if n.op == "add":
            yield from _wider_sums(draft, path, n)


def _missing_sums(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A sum over each letter that is free here; over one of its own where the letter is taken."""
    parent = draft.parents.get(path)
    if parent is not None and parent.op == "idx":
        return
    above = draft.bound_above(path)
    for letter in free_indices(n):
        if letter not in draft.left and letter not in above:
            body = Node("sum", [n], (letter, None, None), n.span)
            yield draft.edit(1.0, "sum", path, body, n, f"the sum over {letter} is missing before {plain_text(n)}")
        elif n.op in ("mul", "idx", "pow") and _count(n, letter) > 1:
            fresh = draft.fresh_letter()
            body = Node("sum", [rename_index(n, letter, fresh)], (fresh, None, None), n.span)
            words = f"{plain_text(n)} must be summed, over an index of its own ({fresh})"
            yield draft.edit(1.25, "sum", path, body, n, words)


def _count(node: Node, letter: str) -> int:
    return sum(n.val.count(letter) for n in walk(node) if n.op in ("idx", "kdelta"))


def _chain_sum(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """∂L/∂p_i ∂p_i/∂z_i where every p_k moves with z_i: the chain rule sums over k."""
    outer, inner = n.args
    through, moved = outer.args[1], inner.args[0]
    if through != moved or through.op != "idx" or len(through.val) != 1:
        return
    fresh = draft.fresh_letter()
    between = Node("idx", through.args, (fresh,))
    body = mul(outer.with_args([outer.args[0], between]), inner.with_args([between, inner.args[1]]))
    words = f"the chain rule sums over all entries of {plain_text(through.args[0])}, not over one"
    yield draft.edit(1.0, "sum", path, Node("sum", [body], (fresh, None, None)), n, words)


def _wider_sums(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A sum that ends before the terms it should reach over, for want of brackets."""
    for k, t in enumerate(n.args):
        minus, s = t.op == "neg", t.args[0] if t.op == "neg" else t
        if s.op != "sum" or k + 1 >= len(n.args):
            continue
        inner = neg(s.args[0]) if minus else s.args[0]
        body = Node("sum", [add(inner, *n.args[k + 1 :])], s.val, n.span)
        new = add(*n.args[:k], body) if k else body
        words = f"the sum over {s.val[0]} must reach over all of {plain_text(n)}: brackets are missing"
        yield draft.edit(1.2, "sum", path, new, n, words)


# -- subscripts


def subscripts(draft: Draft) -> Iterator[Edit]:
    """A subscript replaced, two of them exchanged, a summed index renamed, or a δ in the place of a 1."""
    summed = [n.val[0] for _, n in draft.places if n.op == "sum"]
    letters = list(dict.fromkeys([*draft.left, *free_indices(draft.member), *summed]))
    for path, n in draft.everywhere:
        if n.op == "idx" and len(n.val) == 2 and n.val[0] != n.val[1]:
            new = Node("idx", n.args, n.val[::-1], n.span)
            yield draft.edit(1.0, "index", path, new, n, f"the subscripts of {plain_text(n)} must be swapped")
        if n.op in ("idx", "kdelta"):
            yield from _other_letters(draft, path, n, letters)
        if n.op == "sum":
            yield from _limits(draft, path, n)
        if n == num(1) and len(draft.left) == 2:
            delta = Node("kdelta", (), tuple(draft.left), n.span)
            words = f"the 1 must be δ_{{{''.join(draft.left)}}}: it counts only where both indices agree"
            yield draft.edit(1.5, "index", path, delta, n, words)
    yield from _exchanged_letters(draft)


def _other_letters(draft: Draft, path: Path, n: Node, letters: list[str]) -> Iterator[Edit]:
    for k, old in enumerate(n.val):
        for letter in letters:
            if letter != old and old is not None:
                new = Node(n.op, n.args, (*n.val[:k], letter, *n.val[k + 1 :]), n.span)
                yield draft.edit(1.2, "index", path, new, n, f"the index {old} of {plain_text(n)} must be {letter}")


def _limits(draft: Draft, path: Path, n: Node) -> Iterator[Edit]:
    """A sum without its upper limit, and one over a letter of its own."""
    index, limit, unequal = n.val
    if limit is not None:
        new = Node("sum", n.args, (index, None, unequal), n.span)
        yield draft.edit(0.9, "index", path, new, n, f"the sum over {index} must not end at {limit}")
    if index in draft.left or index in draft.bound_above(path):
        fresh = draft.fresh_letter()
        renamed = Node("sum", [rename_index(n.args[0], index, fresh)], (fresh, limit, unequal), n.span)
        words = f"the summed index {index} must have another name, such as {fresh}"
        yield draft.edit(0.9, "index", path, renamed, n, words)


def _exchanged_letters(draft: Draft) -> Iterator[Edit]:
    """Two index letters exchanged throughout."""
    letters = free_indices(draft.member)
    for k, a in enumerate(letters):
        for b in letters[k + 1 :]:
            tree = rename_index(rename_index(rename_index(draft.member, a, "\0"), b, a), "\0", b)
            yield Edit(1.3, "index", tree, draft.member, f"the indices {a} and {b} are exchanged")
