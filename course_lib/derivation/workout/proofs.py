"""The forms in which a derivation can be written: the five proofs of chapter 4, for whatever has the shape for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..tree import Node, map_tree, names_in, num, places, put, sym
from .algebra import ONE, Algebra, Product, apply, d_of, exact, flat_terms, product, turned
from .entries import by_index
from .networks import NoRuleError
from .rules import Step

if TYPE_CHECKING:
    from .working import Derivation


def by_differentials(work: Derivation) -> list[Step]:
    """The fourth proof: definition, differential, inner product, read off."""
    return work.differential_form()


def by_traces(work: Derivation) -> list[Step]:
    """The second proof: a square as a trace, multiplied out, and a gradient for each term."""
    a, loss = work.algebra, sym(work.loss)
    try:
        scale, u = _square(work, _inlined(work, work.body(work.loss)))
    except NoRuleError:
        return work.differential_form("trace")
    if () in a.shape(u):
        return work.differential_form("trace")
    terms = list(_collected_traces(a, u))
    slopes = [work.pulled(ONE, work.d(t)[0])[work.variable] for t in terms if work.variable in names_in(t)]
    flat, total = (Node("add", x) if len(x) > 1 else x[0] for x in (terms, slopes))
    return [
        Step(loss, _scaled(scale, apply("tr", product(turned(u), u))), "square as a trace"),
        Step(loss, _scaled(scale, flat), "multiply out, collect equal traces"),
        Step(work.gradient(), _scaled(scale, total), "gradient of each trace"),
        Step(work.gradient(), a.simplified(product(scale, total)), "read off"),
    ]


def by_expansion(work: Derivation) -> list[Step]:
    """The third proof: a step in the variable, the square of a sum, and what is linear in the step."""
    a, (_, u) = work.algebra, _square(work, work.body(work.loss))
    step = sym(work.step_name())
    v = _along(work, u, step)
    whole = Node("add", [*flat_terms(u), *flat_terms(v)])
    norm = [Node("pow", [Node("norm", [x], "2"), num(2)]) for x in (whole, u, v)]
    middle = a.simplified(Node("frob", [u, v]))
    slope = work.pulled(u, _along(work, u, d_of(work.variable)))[work.variable]
    inner = map_tree(work.inner({work.variable: slope}), lambda n: step if n.op == "d" else None)
    return [
        Step(norm[0], Node("add", [norm[1], product(num(2), middle), norm[2]]), "square of a sum"),
        *([Step(middle, inner, "move to the other side")] if inner != middle else []),
        work.differential_form()[-1],
    ]


def by_vec(work: Derivation) -> list[Step]:
    """The fifth proof: the variable as one long column, and a Kronecker product for its Jacobian."""
    a, variable = work.algebra, sym(work.variable)
    if () in a.shape(variable):
        raise NoRuleError("vec is for a variable that is a matrix")
    scale, u = _square(work, work.body(work.loss))
    d = _along(work, u, d_of(work.variable))
    matrix = a.simplified(work.differentials.jacobian(d))
    rest = [t for t in flat_terms(work.body(u.val) if u.op == "sym" else u) if work.variable not in names_in(t)]
    columns = [product(matrix, apply("vec", variable)), *(_vec(a, t) for t in rest)]
    moved = work.pulled(u, d)[work.variable]
    factor = a.simplified(product(num(2), scale))
    left = apply("vec", work.gradient())
    across = a.simplified(turned(matrix))
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
            node = map_tree(node, {sym(name): work.body(name)}.get)
    return work.algebra.simplified(node)


def _square(work: Derivation, body: Node) -> tuple[Node, Node]:
    """(c, u) for c‖u‖² with u linear in the variable; NoRuleError for any other body."""
    moving = {work.variable, *work.chain}
    found = [
        (path, n.args[0].args[0])
        for path, n in places(body)
        if n.op == "pow" and n.args[0] == Node("norm", n.args[0].args, "2") and exact(n.args[1]) == 2
        if names_in(n) & moving
    ]
    if len(found) == 1:
        path, u = found[0]
        once, twice = (work.algebra.simplified(put(body, path, x) if path else x) for x in (ONE, num(2)))
        slope = map_tree(work.d(_inlined(work, u))[0], lambda n: ONE if n.op == "d" else None)
        fixed = not (names_in(once) | names_in(slope)) & moving
        if fixed and twice == work.algebra.simplified(product(num(2), once)):
            return once, u
    raise NoRuleError("this form is for the square of what is linear in the variable")


def _along(work: Derivation, u: Node, step: Node) -> Node:
    """What u gains when the variable gains a step."""
    d = work.d(_inlined(work, u))[0]
    return work.algebra.simplified(map_tree(d, lambda n: step if n.op == "d" else None))


def _vec(a: Algebra, term: Node) -> Node:
    p = a.parts(term)
    p.factors = [apply("vec", product(*p.factors))]
    return a.built(p)


def _scaled(scale: Node, node: Node) -> Node:
    return node if scale == ONE else product(scale, *(node.args if node.op == "mul" else [node]))


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
