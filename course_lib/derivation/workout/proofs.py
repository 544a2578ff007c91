"""The forms in which a derivation can be written: the five proofs of chapter 4, for whatever has the shape for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..tree import Node, map_tree, names_in, num, put, sym
from ..tree import places as places_in
from .algebra import ONE, Algebra, Product, apply, d_of, exact, flat_terms, product, turned
from .entries import by_index
from .networks import NoRuleError, as_matrix, holds_d
from .rules import DEEP, Calculus, Step

if TYPE_CHECKING:
    from .working import Derivation


def by_differentials(work: Derivation) -> list[Step]:
    """The fourth proof: definition, differential, inner product, read off."""
    return work.differential_form()


def by_traces(work: Derivation) -> list[Step]:
    """The second proof: a square as a trace, multiplied out, and a gradient for each term."""
    a = work.algebra
    body = _inlined(work, work.body(work.loss))
    square = _square(work, body)
    if square is None:
        return work.differential_form("trace")
    path, u = square
    trace = apply("tr", product(turned(u), u))
    scale = put(body, path, ONE) if path else ONE
    if names_in(scale) & {work.variable} or body.op not in ("pow", "mul", "div"):
        return work.differential_form("trace")
    terms = list(_collected_traces(a, u))
    flat = Node("add", terms) if len(terms) > 1 else terms[0]
    loss, scale = sym(work.loss), a.simplified(scale)
    slopes = []
    for term in terms:
        if work.variable in names_in(term):
            slopes.append(work.pulled(ONE, Calculus(a, {work.variable}).of(term))[work.variable])
    total = Node("add", slopes) if len(slopes) > 1 else slopes[0]
    result = a.simplified(product(scale, total))
    return [
        Step(loss, _scaled(scale, trace), "square as a trace"),
        Step(loss, _scaled(scale, flat), "multiply out, collect equal traces"),
        Step(work.gradient(), _scaled(scale, total), "gradient of each trace"),
        Step(work.gradient(), result, "read off"),
    ]


def by_expansion(work: Derivation) -> list[Step]:
    """The third proof: a step in the variable, the square of a sum, and what is linear in the step."""
    a, step = work.algebra, sym(work.step_name())
    square = _square(work, work.body(work.loss))
    if square is None:
        raise NoRuleError("the expansion is for the square of what is linear in the variable")
    _, u = square
    v = _along(work, u, step)
    norm = [
        Node("pow", [Node("norm", [x], "2"), num(2)]) for x in (Node("add", [*flat_terms(u), *flat_terms(v)]), u, v)
    ]
    middle = a.simplified(Node("frob", [u, v]))
    slope = work.pulled(u, _along(work, u, d_of(work.variable)))[work.variable]
    inner = map_tree(work.inner({work.variable: slope}), lambda n: step if n.op == "d" else None)
    result = work.differential_form()[-1]
    return [
        Step(norm[0], Node("add", [norm[1], product(num(2), middle), norm[2]]), "square of a sum"),
        Step(middle, inner, "move to the other side"),
        result,
    ]


def by_vec(work: Derivation) -> list[Step]:
    """The fifth proof: the variable as one long column, and a Kronecker product for its Jacobian."""
    a, variable = work.algebra, sym(work.variable)
    if () in a.shape(variable):
        raise NoRuleError("vec is for a variable that is a matrix")
    square = _square(work, work.body(work.loss))
    if square is None:
        raise NoRuleError("vec is worked out for the square of what is linear in the variable")
    path, u = square
    scale = a.simplified(put(work.body(work.loss), path, ONE) if path else ONE)
    meaning = work.body(u.val) if u.op == "sym" else u
    d = _along(work, u, Node("d", [variable]))
    matrix = a.simplified(as_matrix(a, d))
    rest = [t for t in flat_terms(meaning) if work.variable not in names_in(t)]
    columns = [product(matrix, apply("vec", variable)), *(_vec(a, t) for t in rest)]
    moved = work.pulled(u, d)[work.variable]
    factor = a.simplified(product(num(2), scale))
    left = apply("vec", work.gradient())
    across = a.simplified(_transposed(a, matrix))
    return [
        Step(apply("vec", u), Node("add", columns) if rest else columns[0], "vec of a product"),
        Step(left, _scaled(factor, product(turned(matrix), apply("vec", u))), "gradient for a vector"),
        Step(left, _scaled(factor, product(across, apply("vec", u))), "transpose factor by factor"),
        Step(left, _scaled(factor, apply("vec", a.simplified(moved))), "vec of a product"),
        Step(work.gradient(), a.simplified(product(factor, moved)), "read off"),
    ]


FORMS: dict[str, Callable[[Derivation], list[Step]]] = {
    "differential": by_differentials,
    "trace": by_traces,
    "index": by_index,
    "expansion": by_expansion,
    "vec": by_vec,
}


def _inlined(work: Derivation, node: Node) -> Node:
    """The tree with the names between loss and variable written out."""
    for name in reversed(work.chain):
        if name != work.loss:
            body = work.body(name)
            node = map_tree(node, {sym(name): body}.get)
    return work.algebra.simplified(node)


def _square(work: Derivation, body: Node) -> tuple[tuple[int, ...], Node] | None:
    """(where, u) for the one squared norm of something that is linear in the variable, else None."""
    found = []
    for path, n in places_in(body):
        if n.op == "pow" and n.args[0].op == "norm" and n.args[0].val == "2" and exact(n.args[1]) == 2:
            u = n.args[0].args[0]
            if Calculus(work.algebra, {work.variable, *work.chain}).depends(u):
                found.append((path, u))
    if len(found) != 1 or _depends_twice(work, body, found[0]) or not _linear(work, found[0][1]):
        return None
    return found[0]


def _depends_twice(work: Derivation, body: Node, square: tuple[tuple[int, ...], Node]) -> bool:
    outside = put(body, square[0], ONE) if square[0] else ONE
    return bool(names_in(outside) & {work.variable, *work.chain})


def _linear(work: Derivation, u: Node) -> bool:
    """Whether the differential of u holds no more of the variable than its differential."""
    calculus = Calculus(work.algebra, {work.variable})
    try:
        d = calculus.of(_inlined(work, u), DEEP)
    except NoRuleError:
        return False
    bare = map_tree(d, lambda n: ONE if n.op == "d" else None)
    return holds_d(d) and not names_in(bare) & {work.variable}


def _along(work: Derivation, u: Node, step: Node) -> Node:
    """What u gains when the variable gains a step."""
    d = Calculus(work.algebra, {work.variable}).of(_inlined(work, u), DEEP)
    return work.algebra.simplified(map_tree(d, lambda n: step if n.op == "d" else None))


def _vec(a: Algebra, term: Node) -> Node:
    p = a.parts(term)
    p.factors = [apply("vec", product(*p.factors))]
    return a.built(p)


def _scaled(scale: Node, node: Node) -> Node:
    return node if scale == ONE else product(scale, *(node.args if node.op == "mul" else [node]))


def _transposed(a: Algebra, matrix: Node) -> Node:
    """The transpose, of a Kronecker product factor by factor."""
    p = a.parts(matrix)
    turned_ = [Node("kron", [turned(x) for x in f.args]) if f.op == "kron" else turned(f) for f in reversed(p.factors)]
    return a.built(Product(p.number, p.powers, turned_))


def _collected_traces(a: Algebra, u: Node) -> Iterator[Node]:
    """The terms of tr(uᵀu), those of one value collected."""
    terms = [a.parts(t) for t in flat_terms(u)]
    found: dict[tuple[Node, ...], Product] = {}
    for p in terms:
        for q in terms:
            whole = a.parts(a.simplified(product(turned(a.built(p)), a.built(q))))
            key = _circle(a, tuple(whole.factors))
            if key in found:
                found[key].number += whole.number
            else:
                found[key] = whole
    for p in found.values():
        if p.number:
            yield a.built(Product(p.number, p.powers, [apply("tr", product(*p.factors))]))


def _circle(a: Algebra, factors: tuple[Node, ...]) -> tuple[Node, ...]:
    """One way for all products that have the same trace: around the circle and transposed."""
    other = tuple(a.simplified(turned(f)) for f in reversed(factors))
    ways = [way[k:] + way[:k] for way in (factors, other) for k in range(len(way))]
    return min(ways, key=repr)
