"""The truth is a multiple of the line: −1, a constant, a length such as 1/n, or a declared number."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from fractions import Fraction

import numpy as np

from .. import wording
from ..edits.draft import Draft
from ..edits.form import signs
from ..names import Names, spoken_name
from ..tree import Node, mul, neg, num, sym
from .tester import NUMBERS, Finding, Tester


def ratio(tester: Tester, names: Names, member: Node, exclude: set[str], factors: Collection[str]) -> Finding | None:
    """Truth a multiple of the member: −1, a constant, a dimension, or a number among the names in `factors`."""
    values = tester.values(member)
    if values is None:
        return None
    ratios = []
    for number, value in zip(NUMBERS, values, strict=True):
        with np.errstate(over="ignore"):
            below = float((value * value).sum())
        truth = tester.truth_on(number)[0]
        try:
            ratio = float((value * truth).sum()) / below if below > 1e-20 else None
            if (
                ratio is None
                or abs(ratio) < 1e-9
                or not tester.near(np.broadcast_to(ratio * value, truth.shape), number)
            ):
                return None
        except ValueError:
            return None
        ratios.append(ratio)
    return _named_ratio(tester, names, member, ratios, [f for f in factors if f not in exclude])


def _named_ratio(tester: Tester, names: Names, member: Node, ratios: list[float], factors: list[str]) -> Finding | None:
    c = constant(ratios)
    if c == 1:
        return None  # the same numbers, but not an array of the same shape
    if c == -1:
        return _minus_one(tester, member)
    if c is not None:
        return Finding("factor", wording.factor(c), scaled(member, c), member.span)
    sized = power_ratio(tester, names, ratios)
    if sized is not None:
        powers, c = sized
        mended = by_dimension(scaled(member, c), powers)
        return Finding("mean", wording.mean(powers, c), mended if tester.right(mended) else None, member.span)
    sizes = _sizes(tester)
    for d in names.dims:
        for power in (-0.5, 0.5):
            if constant([r / s[d] ** power for r, s in zip(ratios, sizes, strict=True)]) == 1:
                root = Node("fn", [sym(d)], ("sqrt", 0))
                mended = mul(root if power > 0 else Node("div", [num(1), root]), member)
                return Finding("mean", wording.root_of_dimension(d, power > 0), mended, member.span)
    return _by_number(tester, names, member, ratios, factors)


def _by_number(tester: Tester, names: Names, member: Node, ratios: list[float], factors: list[str]) -> Finding | None:
    """The ratio is a declared number (λ is missing, or stands there once too often)."""
    for name in factors:
        if names.shape(name) != ((), ()):
            continue
        values = [tester.bench.env(k, tester.truth_on(k)[1], tester.active).value(name).item() for k in NUMBERS]
        for power in (1, -1):
            c = constant([r / v**power for r, v in zip(ratios, values, strict=True)])
            if c == 1:
                mended = mul(sym(name), member) if power == 1 else Node("div", [member, sym(name)])
                words = f"the factor {spoken_name(name)} is {'missing' if power == 1 else 'one too many'}"
                return Finding("chain-factor", words, mended, member.span)
    return None


def _sizes(tester: Tester) -> list[dict[str, int]]:
    """The lengths on the draws on which findings are confirmed."""
    return [tester.bench.env(k, tester.truth_on(k)[1], tester.active).draw.dims for k in NUMBERS]


def power_ratio(tester: Tester, names: Names, ratios: list[float]) -> tuple[dict[str, int], Fraction | float] | None:
    """({length: power}, c) where the ratio is c times that product of lengths on all draws, such as 1/n."""
    sizes = _sizes(tester)
    for powers in power_products(names.dims):
        products = [math.prod(float(s[d]) ** e for d, e in powers.items()) for s in sizes]
        c = constant([r / p for r, p in zip(ratios, products, strict=True)])
        if c is not None:
            return powers, c
    return None


def constant(ratios: list[float]) -> Fraction | float | None:
    """The ratio when it is the same on all draws, as a simple fraction where it is one."""
    first = ratios[0]
    if not np.isfinite(ratios).all():  # a definition the line does not use may not exist on one of the draws
        return None
    if any(abs(r - first) > 1e-7 * abs(first) for r in ratios):
        return None
    simple = Fraction(first).limit_denominator(48)
    return simple if abs(float(simple) - first) <= 1e-7 * abs(first) else first


def power_products(dims: list[str]) -> Iterator[dict[str, int]]:
    """n, 1/n, n², d/n, ... in the order in which they are likely."""
    for d in dims:
        yield {d: -1}
        yield {d: 1}
    for a in dims:
        for b in dims:
            if a != b:
                yield {a: -1, b: 1}
    for d in dims:
        yield {d: -2}
        yield {d: 2}
    for k, a in enumerate(dims):
        for b in dims[k + 1 :]:
            yield {a: -1, b: -1}
            yield {a: 1, b: 1}


def _minus_one(tester: Tester, member: Node) -> Finding:
    """−1 times the truth: point at the difference that is the wrong way round or the minus that is one too
    many.
    """
    for edit in sorted(signs(Draft(tester.names, member, tester.truth)), key=lambda e: (e.place.op == "neg", e.cost)):
        if (
            edit.cost <= 1.0
            and (edit.place.op == "add" and len(edit.place.args) == 2 or edit.place.op == "neg")
            and tester.right(edit.tree)
        ):
            return Finding("sign", wording.minus_one(edit.words), edit.tree, edit.place.span, 0.9)
    return Finding("sign", wording.minus_one(None), neg(member), member.span, 0.9)


# -- numbers put into a tree


def scaled(node: Node, c: Fraction | float) -> Node:
    """c times the tree, worked into the leading number where there is one."""
    if c == 1:
        return node
    if not isinstance(c, Fraction):
        return mul(num(float(c)), node)
    if c < 0:
        return neg(scaled(node, -c))
    if node.op == "neg":
        return neg(scaled(node.args[0], c))
    head, rest = (
        (node.args[0], node.args[1:])
        if node.op == "mul"
        else (node, ())
        if node.op in ("num", "div")
        else (None, (node,))
    )
    if head is not None and head.op == "num" and isinstance(head.val, int):
        value = c * head.val
        lead = [] if value == 1 and rest else [_fraction_node(value)]
        return mul(*lead, *rest)
    if head is not None and head.op == "div" and head.args[0].op == "num" and isinstance(head.args[0].val, int):
        bottom, value = head.args[1], c * head.args[0].val
        factors = list(bottom.args) if bottom.op == "mul" else [bottom]
        if factors[0].op == "num" and isinstance(factors[0].val, int):
            value /= factors[0].val
            factors = factors[1:]
        if value.denominator != 1:
            factors = [num(value.denominator), *factors]
        new = Node("div", [num(value.numerator), mul(*factors)]) if factors else num(value.numerator)
        return mul(new, *rest) if rest else new
    return mul(_fraction_node(c), *((head,) if head is not None else ()), *rest)


def _fraction_node(value: Fraction) -> Node:
    return (
        num(value.numerator) if value.denominator == 1 else Node("div", [num(value.numerator), num(value.denominator)])
    )


def by_dimension(node: Node, powers: dict[str, int]) -> Node:
    """The tree times powers of lengths, {d: e}, worked into a leading fraction where there is one."""
    for d, e in powers.items():
        for _ in range(abs(e)):
            node = _once(node, d, e > 0)
    return node


def _once(node: Node, d: str, up: bool) -> Node:
    if node.op == "neg":
        return neg(_once(node.args[0], d, up))
    head, rest = (node.args[0], node.args[1:]) if node.op == "mul" else (node, ())
    if head.op == "div":
        top, bottom = head.args
        factors = list(bottom.args) if bottom.op == "mul" else [bottom]
        if up and sym(d) in factors:
            factors.remove(sym(d))
            new = Node("div", [top, mul(*factors)]) if factors else top
            return mul(*([] if new == num(1) and rest else [new]), *rest)
        if not up:
            return mul(Node("div", [top, mul(*factors, sym(d))]), *rest)
    if up:
        return mul(sym(d), node)
    if head.op == "num" and rest:
        return mul(Node("div", [head, sym(d)]), *rest)
    return mul(Node("div", [num(1), sym(d)]), node)
