r"""Steps of gradient descent: `w \leftarrow w - \eta\nabla L`, `w_{t+1} = w_t - \eta\,…`.

Such a line sets a name anew and is no equality. What it claims is that its step goes against the gradient.
"""

from __future__ import annotations

import numpy as np

from .judgement import Bench, Relation, is_zero
from .names import Names, dependencies
from .tex import Tex, flat
from .tree import Node, add, names_in, neg, sym
from .values import TooLargeError, UndefinedError

LOSSES = ("L", "J", "E", "C", "ell", "loss", "RSS", "MSE", "SSE", "NLL", "Loss", "S", "Q", "R")
NEXT = (["t", "+", "1"], ["k", "+", "1"], ["n", "+", "1"], ["new"], ["n", "e", "w"], ["i", "+", "1"])
NOW = (["t"], ["k"], ["n"], ["old"], ["o", "l", "d"], ["i"])


def without_time(members: list[list[Tex]]) -> list[list[Tex]] | None:
    """The members of `w_{t+1} = w_t - …` without the marks of time; None where the left side bears none."""
    left = [n for n in members[0] if n.kind != "space"]
    if len(left) != 1 or len(members) < 2:
        return None
    marks = [_items(inside) for _, inside, *_ in left[0].scripts]
    at = next((NEXT.index(m) for m in marks if m in NEXT), None)
    if at is None:
        return None
    gone = (NEXT[at], NOW[at])
    return [[_timeless(n, gone) for n in nodes] for nodes in members]


def _items(inside: list[Tex]) -> list[str]:
    return [s for s in flat(inside) if s not in ("(", ")", "[", "]")]


def _timeless(node: Tex, gone: tuple[list[str], list[str]]) -> Tex:
    args = tuple([_timeless(n, gone) for n in inside] if isinstance(inside, list) else inside for inside in node.args)
    new = Tex(node.kind, node.value, node.start, node.end, args, node.side)
    new.scripts = tuple(
        (mark, [_timeless(n, gone) for n in inside], start, end)
        for mark, inside, start, end in node.scripts
        if _items(inside) not in gone
    )
    return new


def is_update(name: str, body: Node) -> bool:
    """Whether a right side is the name itself and a step: w - ηg."""
    return body.op == "add" and sym(name) in body.args and len(body.args) > 1


def goes(names: Names, bench: Bench, name: str, body: Node) -> tuple[str, str] | None:
    """("down" or "up", the number whose gradient the step follows); None where it follows no gradient.

    Asked on draws of positive numbers, so that a learning rate is one.
    """
    rest = list(body.args)
    rest.remove(sym(name))
    step = add(*rest)
    for loss in reversed([n for n, d in names.definitions.items() if d.shape == ((), ())]):
        if name not in dependencies(sym(loss), names) or name in names_in(sym(loss)):
            continue
        way = ratio(names, bench, step, Node("grad", [sym(loss), sym(name)]))
        if way:
            return ("down" if way < 0 else "up"), loss
    return None


def ratio(names: Names, bench: Bench, step: Node, slope: Node) -> float:
    """The sign of the ratio of two arrays that are parallel on every draw, or 0."""
    relation = Relation(names, [slope, neg(step)])
    if any(is_zero(n) for n in (slope, step)):
        return 0.0
    if any(relation.misfits):
        return 0.0
    signs = set()
    for number in range(3):
        try:
            g, s = (np.real(relation.on_draw(bench, number, 2, k)).ravel() for k in (0, 1))
        except (UndefinedError, TooLargeError, np.linalg.LinAlgError):
            return 0.0
        if g.shape != s.shape:
            return 0.0
        factor = float(g @ s) / max(float(g @ g), 1e-300)
        if not np.allclose(s, factor * g, rtol=1e-8, atol=1e-12) or abs(factor) < 1e-12:
            return 0.0
        signs.add(-np.sign(factor))
    return float(signs.pop()) if len(signs) == 1 else 0.0
