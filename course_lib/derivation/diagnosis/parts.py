"""A part of the line is wrong: a term, an assumption, a rule that was not carried through."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import combinations

import numpy as np

from .. import wording
from ..dimensions import Core, MisfitError
from ..judgement import Bench, is_number
from ..names import Declared, Names, dependencies, differentiates, spoken_name
from ..shapes import Typer
from ..substitution import inlined
from ..tree import Node, Path, add, free_indices, map_tree, neg, places, put, sym, walk
from ..values import TooLargeError, UndefinedError
from ..writer import plain_text
from .multiples import by_dimension, constant, power_ratio, scaled
from .tester import NUMBERS, Finding, Tester


def layout(tester: Tester, truth: Node, member: Node) -> Finding | None:
    """The whole is the transpose of the truth, which is a derivative: the other layout convention."""
    turned = member.args[0] if member.op == "T" else Node("T", [member], None, member.span)
    if not differentiates(truth, tester.names) or not tester.right(turned):
        return None
    of_number = truth.op == "grad" and is_number(truth.args[0], tester.names)
    return Finding("layout", wording.layout(tester.shape, of_number), turned, member.span)


def one_term(tester: Tester, names: Names, member: Node) -> Finding | None:
    """One term of a sum with the wrong coefficient: what mends it is the same on all draws."""
    whole = tester.values(member)
    if whole is None:
        return None
    for path, n in places(member):
        if n.op != "add":
            continue
        for k in range(len(n.args)):
            without = add(*n.args[:k], *n.args[k + 1 :])
            rest = tester.values(put(member, path, without))
            found = _coefficient(tester, whole, rest) if rest else None
            # Any one term of a number can make up for another on a single draw; only the same coefficient on
            # all draws is a finding, so the search goes on past the others.
            finding = _term_finding(tester, names, member, path, k, found) if found is not None else None
            if finding is not None:
                return finding
    return None


def _coefficient(tester: Tester, whole: list[np.ndarray], rest: list[np.ndarray]) -> list[float] | None:
    """Per draw the c with truth = rest + c (whole − rest), or None when there is none."""
    out = []
    for number, w, r in zip(NUMBERS, whole, rest, strict=True):
        truth = tester.truth_on(number)[0]
        try:
            gap = np.broadcast_to(w - r, truth.shape)
            below = float((gap * gap).sum())
            if below < 1e-20:
                return None
            c = float(((truth - r) * gap).sum()) / below
            if not tester.near(r + c * gap, number):
                return None
        except ValueError:
            return None
        out.append(c)
    return out


def _term_finding(
    tester: Tester, names: Names, member: Node, path: Path, k: int, coefficients: list[float]
) -> Finding | None:
    """What is wrong with term k of the sum at a path, given the coefficient that would mend it on each draw."""
    terms = _at(member, path).args
    before, term, after = terms[:k], terms[k], terms[k + 1 :]
    bare = term.args[0] if term.op == "neg" else term
    said = plain_text(bare)
    if max(abs(c) for c in coefficients) < 1e-7:
        return Finding("term", wording.extra_term(said), put(member, path, add(*before, *after)), term.span)
    c = constant(coefficients)
    if c is not None:
        changed = scaled(bare, -c if c < 0 else c)
        flips = (c < 0) != (term.op == "neg")
        mended = put(member, path, add(*before, neg(changed) if flips else changed, *after))
        return Finding("sign" if c == -1 else "term", wording.coefficient(said, c), mended, term.span)
    sized = power_ratio(tester, names, coefficients)
    if sized is None:
        return None
    powers, c = sized
    changed = by_dimension(scaled(bare, c), powers)
    mended = put(member, path, add(*before, neg(changed) if term.op == "neg" else changed, *after))
    return Finding("term", wording.coefficient_of_dimension(said, powers, c), mended, term.span)


def only_diagonal(tester: Tester, member: Node) -> Finding | None:
    """A Jacobian whose diagonal alone is given, as if each output depended on its own input only."""
    mine = tester.values(member)
    if mine is None or tester.truth.op != "grad":
        return None
    for number, value in zip(NUMBERS, mine, strict=True):
        truth, value = (np.squeeze(x) for x in (tester.truth_on(number)[0], value))
        if truth.ndim != 2 or truth.shape != value.shape or truth.shape[0] != truth.shape[1]:
            return None
        off = ~np.eye(len(truth), dtype=bool)
        if np.abs(value[off]).max() > 1e-13 or not np.allclose(np.diag(truth), np.diag(value), rtol=1e-8):
            return None
    return Finding("term", wording.ONLY_DIAGONAL, None, member.span)


# -- what is assumed


ASSUMED = {
    "symmetric": "is symmetric",
    "orthogonal": "is orthogonal",
    "unitsum": "sums to 1",
    "unitnorm": "has norm 1",
    "positive": "is positive",
}


def assumption(tester: Tester, names: Names, bench: Bench, truth: Node, member: Node) -> Finding | None:
    """Right only when a declared array keeps a promise it has not made."""
    involved = dependencies(truth, names) | dependencies(member, names)
    for name, s in names.symbols.items():
        if name not in involved:
            continue
        for promise in _possible(s):
            try:
                if Tester(names, bench, truth, member, (name, promise)).right(member):
                    rows = promise == "unitsum" and s.rows != 1 and s.columns != 1
                    words = wording.assumption(
                        spoken_name(name), "has rows that sum to 1" if rows else ASSUMED[promise]
                    )
                    return Finding("assumption", words, None, member.span)
            except (MisfitError, UndefinedError, TooLargeError):
                continue
    return None


def _possible(s: Declared) -> list[str]:
    """The promises an array could still make."""
    if s.rows == 1 == s.columns:
        return [] if "positive" in s.promises else ["positive"]
    if s.rows == s.columns:
        return [p for p in ("symmetric", "orthogonal") if not {p, "spd"} & set(s.promises)]
    kept = set(s.promises)
    out = [] if kept & {"onehot", "simplex"} else ["unitsum"]
    if s.rows == 1 or s.columns == 1:
        out += ["unitnorm"] if "onehot" not in kept else []
    return out + ([] if kept & {"onehot", "simplex", "positive"} else ["positive"])


# -- rules that were not carried through


MOST_TERMS = 5


PRODUCTS = ("mul", "had", "frob", "kron", "at", "div")


def left_out(tester: Tester, names: Names, member: Node) -> Finding | None:
    """Terms that the differential of a sum of products has and the line lacks: dA W where dA W + A dW is meant."""
    truth = tester.truth
    if truth.op != "d" or truth.args[0].op != "sym" or truth.args[0].val not in names.definitions:
        return None
    terms = _differential_terms(names.definitions[truth.args[0].val].body)
    if len(terms) > MOST_TERMS:
        return None
    for count in range(1, len(terms)):
        for missing in combinations(terms, count):
            tree = add(member, *missing)
            if tester.right(tree):
                rule = "product-rule" if any(term.op in PRODUCTS for term in missing) else "term"
                return Finding(rule, wording.left_out([plain_text(term) for term in missing]), tree, member.span)
    return None


def _differential_terms(body: Node) -> list[Node]:
    """The terms of d(body): for each term of a sum, one for each name in its product."""
    terms = []
    for term in body.args if body.op == "add" else [body]:
        minus, bare = term.op == "neg", term.args[0] if term.op == "neg" else term
        for path, n in places(bare):
            above = [_at(bare, path[:k]).op for k in range(len(path))]
            if n.op == "sym" and all(op in (*PRODUCTS, "T") and op != "div" for op in above):
                changed = put(bare, path, Node("d", [n]))
                terms.append(neg(changed) if minus else changed)
    return terms


def _at(tree: Node, path: tuple[int, ...]) -> Node:
    for k in path:
        tree = tree.args[k]
    return tree


def other_variable(names: Names, bench: Bench, truth: Node, member: Node) -> Finding | None:
    """The right derivative in another variable than the one asked for."""
    if truth.op != "grad" or len(truth.args) < 2 or truth.args[1].op != "sym":
        return None
    for name in names.symbols:
        if name == truth.args[1].val or name not in dependencies(truth.args[0], names):
            continue
        try:
            if Tester(names, bench, truth.with_args([truth.args[0], sym(name)]), member).right(member):
                words = wording.other_variable(spoken_name(name), spoken_name(truth.args[1].val))
                return Finding("symbol", words, None, member.span)
        except (MisfitError, UndefinedError, TooLargeError):
            continue
    return None


def dropped_occurrence(tester: Tester, names: Names, bench: Bench, truth: Node, member: Node) -> Finding | None:
    """The product rule with a term left out: the truth with one occurrence of the variable held fixed."""
    found = _single_derivative(truth)
    if found is None:
        return None
    if len(found.args) < 2 and found.op == "grad":
        return None
    name = None
    if found.op == "grad":
        wrt = found.args[1].args[0] if found.args[1].op == "idx" else found.args[1]
        name = wrt.val if wrt.op == "sym" else None
    body = inlined(found.args[0], names, keep=name)
    if free_indices(body):
        return None
    together: list[tuple[str, ...]] = [(name,)] if name else [*((v,) for v in tester.active), tester.active]
    for group in together:
        for fixed in _one_factor_held(body, group):
            candidate = Node(found.op, [fixed, *found.args[1:]], found.val)
            if _equal(tester, names, _put_derivative(truth, candidate), member):
                words = wording.product_rule([spoken_name(v) for v in group])
                return Finding("product-rule", words, None, member.span)
    return None


def _one_factor_held(body: Node, group: Collection[str]) -> Iterator[Node]:
    """The tree with the names of a group held fixed in one factor of a product while other factors still vary."""
    for path, n in places(body):
        if n.op not in PRODUCTS:
            continue
        varying = [k for k, a in enumerate(n.args) if any(m.op == "sym" and m.val in group for m in walk(a))]
        if len(varying) < 2:
            continue
        for k in varying:
            yield put(
                body,
                path + (k,),
                map_tree(n.args[k], lambda m: Node("frozen", [m]) if m.op == "sym" and m.val in group else None),
            )


def _single_derivative(truth: Node) -> Node | None:
    inner = [n for n in walk(truth) if n.op in ("grad", "d") and n.args[0].op not in ("idx",)]
    return inner[0] if len(inner) == 1 and (inner[0].op == "grad" or inner[0].args[0].op == "sym") else None


def _put_derivative(truth: Node, candidate: Node) -> Node:
    path = next(p for p, n in places(truth) if n.op in ("grad", "d"))
    return put(truth, path, candidate)


def _equal(tester: Tester, names: Names, a: Node, b: Node) -> bool:
    """Whether two trees agree on all draws, in the tester's own setting."""
    values_a, values_b = (tester.values(x) for x in (a, b))
    if values_a is None or values_b is None:
        return False
    return all(
        np.allclose(x, y, rtol=1e-8, atol=1e-12) if x.shape == y.shape else False
        for x, y in zip(values_a, values_b, strict=True)
    )


def dropped_term(tester: Tester, names: Names, bench: Bench, truth: Node, member: Node) -> Finding | None:
    """One term of the definition not differentiated: the truth without it, or with it scaled."""
    found = _single_derivative(truth)
    if found is None:
        return None
    body = inlined(found.args[0], names)
    for path, n in places(body):
        if n.op != "add" or not _linear_above(body, path):
            continue
        for k, term in enumerate(n.args):
            rest = put(body, path, add(*n.args[:k], *n.args[k + 1 :]))
            reduced = _put_derivative(truth, Node(found.op, [rest, *found.args[1:]], found.val))
            if _equal(tester, names, reduced, member):
                return Finding(
                    "term",
                    wording.missing_term(plain_text(term.args[0] if term.op == "neg" else term)),
                    None,
                    member.span,
                )
    return None


def without_a_name(tester: Tester, names: Names, member: Node) -> Finding | None:
    """The terms of the truth that hold a declared name left out: the truth with that name put to zero."""
    present = dependencies(member, names)
    for name in names.symbols:
        shape = Typer(tester.scope).shape_of(name)
        if shape is None or name in present or name not in dependencies(tester.truth, names):
            continue
        nothing = Core("scale", [Core("num", (), ((), ()), 0.0), Core("sym", (), shape, name)], shape)
        reduced = Core("at", [tester.core, nothing], tester.core.shape, (name,))
        mine = tester.values(member)
        theirs = [tester.on_draw(reduced, tester.scope, k) for k in NUMBERS]
        if mine and all(
            t is not None and np.allclose(m, t, rtol=1e-8, atol=1e-12) for m, t in zip(mine, theirs, strict=True)
        ):
            return Finding("term", wording.missing_name(spoken_name(name)), None, member.span)
    return None


def _linear_above(body: Node, path: Path) -> bool:
    node = body
    for step in path:
        if node.op not in ("add", "neg", "mul", "div", "sum") and not (node.op == "fn" and node.val[0] == "tr"):
            return False
        if node.op == "div" and step == 1:
            return False
        node = node.args[step]
    return True
