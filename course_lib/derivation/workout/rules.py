"""The rules of differentials, one row each, and the moves by which what stands around a differential goes across.

A differential is a tree whose leaves `d(name)` are those of the variable and of the names that depend on it. What acts
linearly is written out at once; d f(u) of anything else becomes f'(u) and a d(u) that waits for the next line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..operations import ELEMENTWISE
from ..tree import Node, names_in, num, sym, walk
from ..writer import plain_text
from .algebra import ONE, Algebra, apply, exact, num_of, ones, product, turned
from .arrays import NoRuleError


@dataclass(frozen=True)
class Rule:
    """A rule of differentials.

    name     in the words of the course, as it stands beside a line.
    formula  the rule as LaTeX.
    gives    (calculus, node, pending) -> the differential of the node, or None where it is constant.
    linear   whether what is inside is written out in the same line.
    """

    name: str
    formula: str
    gives: Callable[[Calculus, Node], Node | None]
    linear: bool = False


class Calculus:
    """Differentials of the trees of one text. `varying` holds the names whose differential is not 0."""

    def __init__(self, algebra: Algebra, varying: set[str]):
        self.algebra, self.varying = algebra, varying
        self.used: list[str] = []
        self.depth = 0

    def depends(self, node: Node) -> bool:
        return bool(names_in(node) & self.varying)

    def of(self, node: Node, depth: int = 1) -> Node:
        """d(node), through `depth` rules that are not linear; what is further inside is left as d(...)."""
        self.depth = depth
        made = self._d(node)
        return num(0) if made is None else self.algebra.simplified(made)

    def further(self, node: Node, depth: int = 1) -> Node:
        """A differential in which every d(...) that waits is taken one step further."""
        if node.op == "d" and node.args[0].op != "sym":
            return self.of(node.args[0], depth)
        return node.with_args(self.further(a, depth) for a in node.args) if node.args else node

    def inner(self, node: Node) -> Node:
        """The differential of what is known to vary."""
        made = self._d(node)
        assert made is not None
        return made

    def _d(self, node: Node) -> Node | None:
        if not self.depends(node):
            return None
        if node.op == "sym":
            return Node("d", [node])
        rule = rule_for(node)
        if rule.linear:
            self._use(rule.name)
            return rule.gives(self, node)
        if not self.depth:
            return Node("d", [node])
        self._use(rule.name)
        self.depth -= 1
        try:
            return rule.gives(self, node)
        finally:
            self.depth += 1

    def _use(self, name: str) -> None:
        if name not in self.used:
            self.used.append(name)

    def take_used(self) -> list[str]:
        """The names of the rules used since the last call."""
        used, self.used = self.used, []
        return used

    # -- moving

    def pulled(self, weight: Node, node: Node) -> dict[str, list[Node]]:
        """{name: [G, ...]} with ⟨weight, node⟩ = Σ ⟨G, d(name)⟩."""
        out: dict[str, list[Node]] = {}
        self._pull(weight, node, out)
        return out

    def _pull(self, g: Node, node: Node, out: dict[str, list[Node]]) -> None:
        if not any(n.op == "d" for n in walk(node)):
            return
        if node.op == "d":
            out.setdefault(node.args[0].val, []).append(self.algebra.simplified(g))
            return
        move = MOVES.get(node.op if node.op != "fn" else node.val[0])
        if move is None:
            raise NoRuleError(f"no rule moves a factor out of {plain_text(node)}", node)
        for weight, inner in move(self.algebra, g, node):
            self._pull(self.algebra.simplified(weight), inner, out)


def holds_d(node: Node) -> bool:
    return any(n.op == "d" for n in walk(node))


def _sum(terms: list[Node | None]) -> Node | None:
    kept = [t for t in terms if t is not None]
    return Node("add", kept) if len(kept) > 1 else kept[0] if kept else None


# -- the rules


def _d_add(c: Calculus, node: Node) -> Node | None:
    shape, terms = c.algebra.shape(node), []
    for a in node.args:
        inner = c._d(a)
        if inner is not None and c.algebra.shape(a) != shape:  # a number that is added to every entry
            inner = product(inner, *_all_ones(shape))
        terms.append(inner)
    return _sum(terms)


def _all_ones(shape: tuple) -> list[Node]:
    return [x for x in (ones(shape[0]), turned(ones(shape[1])) if shape[1] else ONE) if x != ONE]


def _d_all(c: Calculus, node: Node) -> Node | None:
    """Each factor in its turn: for products, entry-wise products, Kronecker and inner products."""
    terms: list[Node | None] = []
    for k, a in enumerate(node.args):
        inner = c._d(a)
        if inner is not None:
            terms.append(node.with_args([*node.args[:k], inner, *node.args[k + 1 :]]))
    return _sum(terms)


def _d_inside(c: Calculus, node: Node) -> Node | None:
    return node.with_args([c.inner(node.args[0]), *node.args[1:]])


def _d_div(c: Calculus, node: Node) -> Node | None:
    a, b = node.args
    du, dv = c._d(a), c._d(b)
    entrywise = not c.algebra.is_number(b)
    first = None if du is None else Node("div", [du, b])
    if dv is None:
        return first
    square = Node("epow" if entrywise else "pow", [b, num(2)])
    wide = entrywise and c.algebra.is_number(a)
    second = Node("div", [Node("had" if entrywise and not wide else "mul", [a, dv]), square])
    return _sum([first, Node("neg", [second])])


def _d_power(c: Calculus, node: Node) -> Node | None:
    base, power = node.args
    e = exact(power)
    if c.depends(power):
        raise NoRuleError("no rule for a power whose exponent varies", node)
    less = num_of(e - 1) if e is not None else Node("add", [power, num(-1)])
    return _times(c, product(power, Node(node.op, [base, less])), base)


def _times(c: Calculus, slope: Node, base: Node) -> Node | None:
    """slope ∘ d(base), or a product where both are numbers."""
    inner = c._d(base)
    if inner is None:
        return None
    return product(slope, inner) if c.algebra.is_number(base) else Node("had", [slope, inner])


def _d_function(c: Calculus, node: Node) -> Node | None:
    return _times(c, slope(c.algebra, node), node.args[0])


def slope(algebra: Algebra, node: Node) -> Node:
    """f'(u) for f(u)."""
    (name, primes), u = node.val, node.args[0]
    had = product if algebra.is_number(u) else lambda a, b: Node("had", [a, b])
    if primes:
        return Node("fn", [u], (name, primes + 1))
    if name == "sigmoid":
        return had(node, Node("add", [ONE, Node("neg", [node])]))
    if name == "tanh":
        return Node("add", [ONE, Node("neg", [had(node, node)])])
    known = {
        "exp": lambda: node,
        "log": lambda: Node("div", [ONE, u]),
        "sin": lambda: apply("cos", u),
        "cos": lambda: Node("neg", [apply("sin", u)]),
        "sinh": lambda: apply("cosh", u),
        "cosh": lambda: apply("sinh", u),
        "sqrt": lambda: Node("div", [ONE, product(num(2), node)]),
        "softplus": lambda: apply("sigmoid", u),
        "abs": lambda: apply("sign", u),
    }
    return known[name]() if name in known else Node("fn", [u], (name, primes + 1))


def _d_square(c: Calculus, node: Node) -> Node | None:
    u = node.args[0].args[0]
    return product(num(2), Node("frob", [u, c.inner(u)]))


def _d_norm(c: Calculus, node: Node) -> Node | None:
    u = node.args[0]
    if node.val == "1":
        return Node("frob", [apply("sign", u), c.inner(u)])
    return Node("div", [Node("frob", [u, c.inner(u)]), node])


def _d_inverse(c: Calculus, node: Node) -> Node | None:
    return Node("neg", [product(node, c.inner(node.args[0]), node)])


def _d_logdet(c: Calculus, node: Node) -> Node | None:
    a = node.args[0] if node.val[0] != "log" else node.args[0].args[0]
    inner = product(Node("inv", [a]), c.inner(a))
    return product(node, apply("tr", inner)) if node.val[0] == "det" else apply("tr", inner)


def _d_softmax(c: Calculus, node: Node) -> Node | None:
    u = node.args[0]
    du, (rows, columns) = c.inner(u), c.algebra.shape(u)
    if rows == () or columns == ():
        return Node("had", [node, Node("add", [du, Node("neg", [Node("frob", [node, du])])])])
    mean = product(Node("had", [node, du]), ones(columns), turned(ones(columns)))
    return Node("had", [node, Node("add", [du, Node("neg", [mean])])])


def _d_logsumexp(c: Calculus, node: Node) -> Node | None:
    u = node.args[0]
    share, (rows, columns) = apply("softmax", u), c.algebra.shape(u)
    if rows == () or columns == ():
        return Node("frob", [share, c.inner(u)])
    return product(Node("had", [share, c.inner(u)]), ones(columns))


RULES = {
    "add": Rule("sum", r"d(A + B) = dA + dB", _d_add, True),
    "neg": Rule("sum", r"d(-A) = -dA", _d_inside, True),
    "mul": Rule("product", r"d(AB) = dA\,B + A\,dB", _d_all, True),
    "had": Rule("entry-wise product", r"d(A \odot B) = dA \odot B + A \odot dB", _d_all, True),
    "kron": Rule("Kronecker product", r"d(A \otimes B) = dA \otimes B + A \otimes dB", _d_all, True),
    "frob": Rule("inner product", r"d\langle A, B\rangle = \langle dA, B\rangle + \langle A, dB\rangle", _d_all, True),
    "T": Rule("transpose", r"d(A^\top) = (dA)^\top", _d_inside, True),
    "tr": Rule("trace", r"d\operatorname{tr}(A) = \operatorname{tr}(dA)", _d_inside, True),
    "vec": Rule("vec", r"d\operatorname{vec}(A) = \operatorname{vec}(dA)", _d_inside, True),
    "diag": Rule("diagonal", r"d\operatorname{diag}(a) = \operatorname{diag}(da)", _d_inside, True),
    "div": Rule("quotient", r"d\frac{a}{b} = \frac{da}{b} - \frac{a\,db}{b^2}", _d_div),
    "pow": Rule("power", r"d(a^k) = k\,a^{k-1}\,da", _d_power),
    "epow": Rule("power, entry by entry", r"d(a^{\circ k}) = k\,a^{\circ(k-1)} \odot da", _d_power),
    "square": Rule("squared norm", r"d\|A\|^2 = 2\langle A, dA\rangle", _d_square, True),
    "norm": Rule("norm", r"d\|A\| = \frac{\langle A, dA\rangle}{\|A\|}", _d_norm),
    "inv": Rule("inverse", r"d(A^{-1}) = -A^{-1}\,dA\,A^{-1}", _d_inverse),
    "det": Rule("determinant", r"d\det A = \det A\,\operatorname{tr}(A^{-1}dA)", _d_logdet),
    "logdet": Rule("log det", r"d\log\det A = \operatorname{tr}(A^{-1}dA)", _d_logdet),
    "log": Rule("logarithm", r"d\log a = \frac{da}{a}", _d_function),
    "softmax": Rule("softmax", r"dp = (\operatorname{diag}(p) - pp^\top)\,dz", _d_softmax),
    "logsumexp": Rule("log-sum-exp", r"d\log\sum_j e^{z_j} = \operatorname{softmax}(z)^\top dz", _d_logsumexp),
    "function": Rule("chain rule, entry by entry", r"df(a) = f'(a) \odot da", _d_function),
}


def rule_for(node: Node) -> Rule:
    """The row of the table for a tree; NoRuleError where there is none."""
    key = node.op
    if node.op == "fn":
        name = node.val[0]
        key = name if name in RULES else "function" if name in ELEMENTWISE or name.startswith("any:") else name
        if name == "log" and node.args[0].op == "fn" and node.args[0].val[0] == "det":
            key = "logdet"
    elif node.op == "pow" and node.args[0] == Node("norm", node.args[0].args, "2") and exact(node.args[1]) == 2:
        key = "square"
    if key not in RULES:
        raise NoRuleError(f"no rule for the differential of {plain_text(node)}", node)
    return RULES[key]


# -- the moves: ⟨G, E(dX)⟩ as a list of (G', inner) with ⟨G, E⟩ = Σ ⟨G', inner⟩

Moved = list[tuple[Node, Node]]


def _move_mul(a: Algebra, g: Node, node: Node) -> Moved:
    """⟨G, A dX B⟩ = ⟨AᵀGBᵀ, dX⟩; what is a number beside it goes in front."""
    k = next(i for i, f in enumerate(node.args) if holds_d(f))
    f = node.args[k]
    others = [x for i, x in enumerate(node.args) if i != k]
    numbers = [x for x in others if a.is_number(x)]
    if a.is_number(f):
        rest = [x for x in others if not a.is_number(x)]
        return [(product(Node("frob", [g, product(*rest)]) if rest else g, *numbers), f)]
    left = [turned(x) for x in reversed(node.args[:k]) if not a.is_number(x)]
    right = [turned(x) for x in reversed(node.args[k + 1 :]) if not a.is_number(x)]
    if a.is_number(g):
        return [(product(*numbers, g, product(*left, *right) if left or right else ONE), f)]
    return [(product(*numbers, *left, g, *right), f)]


def _move_had(a: Algebra, g: Node, node: Node) -> Moved:
    k = 0 if holds_d(node.args[0]) else 1
    other = node.args[1 - k]
    return [(product(other, g) if a.is_number(other) else Node("had", [g, other]), node.args[k])]


def _move_div(a: Algebra, g: Node, node: Node) -> Moved:
    return [(Node("div", [g, node.args[1]]), node.args[0])]


def _move_frob(a: Algebra, g: Node, node: Node) -> Moved:
    k = 0 if holds_d(node.args[0]) else 1
    return [(product(g, node.args[1 - k]), node.args[k])]


def _move_trace(a: Algebra, g: Node, node: Node) -> Moved:
    inner = node.args[0]
    return [(product(g, Node("eye", (), "".join(map(str, a.shape(inner)[0])))), inner)]


def _move_diag(a: Algebra, g: Node, node: Node) -> Moved:
    return [(apply("diag", g), node.args[0])]


def _move_add(a: Algebra, g: Node, node: Node) -> Moved:
    out = []
    for t in node.args:
        wide = a.is_number(t) and not a.is_number(node)
        out.append((Node("frob", [g, product(*_all_ones(a.shape(node)))]) if wide else g, t))
    return out


MOVES: dict[str, Callable[[Algebra, Node, Node], Moved]] = {
    "add": _move_add,
    "neg": lambda a, g, n: [(Node("neg", [g]), n.args[0])],
    "mul": _move_mul,
    "T": lambda a, g, n: [(turned(g), n.args[0])],
    "had": _move_had,
    "div": _move_div,
    "frob": _move_frob,
    "tr": _move_trace,
    "diag": _move_diag,
}


def as_matrix(a: Algebra, node: Node) -> Node:
    """K with vec(node) = K vec(dX), for a differential with one d(X) in each term."""
    if node.op == "d":
        rows, columns = a.shape(node)
        return Node("eye", (), str((rows or columns)[0])) if () in (rows, columns) else _square_eye(rows, columns)
    if node.op == "neg":
        return Node("neg", [as_matrix(a, node.args[0])])
    if node.op == "add":
        rows, columns = a.shape(node)
        wide = [ones(rows or columns)]
        numbers = [a.is_number(t) != a.is_number(node) for t in node.args]
        terms = [product(*wide * k, as_matrix(a, t)) for k, t in zip(numbers, node.args, strict=True) if holds_d(t)]
        return Node("add", terms)
    if node.op == "mul":
        return _matrix_of_product(a, node)
    if node.op == "had" or node.op == "div" and not a.is_number(node.args[1]):
        return _matrix_of_entries(a, node)
    if node.op == "div" and a.is_number(node.args[1]):
        return Node("div", [as_matrix(a, node.args[0]), node.args[1]])
    if node.op == "T" and () in a.shape(node):
        return as_matrix(a, node.args[0])
    raise NoRuleError(f"no rule for the Jacobian of {plain_text(node)}", node)


def _matrix_of_entries(a: Algebra, node: Node) -> Node:
    """diag(w) K for an entry-wise product of w with a differential, term by term where that is a sum."""
    weight, inner = _weighted(a, node)
    if () not in a.shape(inner):
        raise NoRuleError("no rule for the Jacobian of an entry-wise product of matrices", node)
    if inner.op == "add":
        parts = [product(t, weight) if a.is_number(t) else Node("had", [weight, t]) for t in inner.args]
        return Node("add", [as_matrix(a, t) for t in parts])
    return product(apply("diag", a.simplified(weight)), as_matrix(a, inner))


def _weighted(a: Algebra, node: Node) -> tuple[Node, Node]:
    """(w, E) with node = w ∘ E, where E holds the differential."""
    if node.op == "div":
        weight, inner = Node("div", [ONE, node.args[1]]), node.args[0]
    elif node.op == "neg":
        weight, inner = num(-1), node.args[0]
    else:
        k = 0 if holds_d(node.args[0]) else 1
        weight, inner = node.args[1 - k], node.args[k]
    if inner.op in ("had", "neg") or inner.op == "div" and not a.is_number(inner.args[1]):
        more, inner = _weighted(a, inner)
        number = a.is_number(more) or a.is_number(weight)
        weight = product(more, weight) if number else Node("had", [weight, more])
    return weight, inner


def _square_eye(rows: tuple, columns: tuple) -> Node:
    return Node("kron", [Node("eye", (), str(columns[0])), Node("eye", (), str(rows[0]))])


def _matrix_of_product(a: Algebra, node: Node) -> Node:
    k = next(i for i, f in enumerate(node.args) if holds_d(f))
    f = node.args[k]
    numbers = [x for i, x in enumerate(node.args) if i != k and a.is_number(x)]
    left = [x for x in node.args[:k] if not a.is_number(x)]
    right = [x for x in node.args[k + 1 :] if not a.is_number(x)]
    if a.is_number(f):
        rest = product(*left, *right) if left or right else ONE
        if not left and not right:
            return product(*numbers, as_matrix(a, f))
        column = rest if a.shape(rest)[1] == () else turned(rest) if a.shape(rest)[0] == () else apply("vec", rest)
        return product(*numbers, column, as_matrix(a, f))
    inner = as_matrix(a, f)
    rows, columns = a.shape(f)
    if columns == () and not right:
        return product(*numbers, *left, inner)
    if rows == () and not left:
        return product(*numbers, *(turned(x) for x in reversed(right)), inner)
    one = [Node("eye", (), str(d[0])) if d else ONE for d in (rows, columns)]
    sides = (turned(product(*right)) if right else one[1], product(*left) if left else one[0])
    outer = product(*sides) if ONE in sides else Node("kron", list(sides))
    return product(*numbers, outer) if f.op == "d" else product(*numbers, outer, inner)


def gathered(a: Algebra, terms: list[Node]) -> Node:
    return a.simplified(Node("add", terms)) if len(terms) > 1 else a.simplified(terms[0])


def named(name: str) -> Node:
    return Node("d", [sym(name)])
