"""The rules of differentials, one row each, and the moves by which what stands around a differential goes across.

A differential is a tree whose leaves `d(name)` are those of the variable and of the names that depend on it. What acts
linearly is written out at once; d f(u) of anything else becomes f'(u) and a d(u) that waits for the next line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from ..names import Names, read_shapes
from ..operations import OPERATIONS
from ..parser import parse
from ..tree import Node, names_in, sym, walk
from ..writer import plain_text
from .algebra import ONE, ZERO, Algebra, all_ones, apply, d_of, exact, joined, ones, product, turned, unit
from .arrays import NoRuleError

DEFINITION, READ_OFF, PUT_IN, MOVE = "definition", "read off", "put in", "move to the other side"
SUMS = "sums as products"
OF_ENTRIES = ("sum", "idx")  # what has a rule and is no operation on arrays
DEEP = 99  # rules, more than any line needs
LETTERS = {"A": "n n", "B": "n n", "a": "", "b": "", "f": "", "z": "n", "Z": "m n"}


@dataclass
class Step:
    """A line of a derivation before it is written: left side, right side, the rule that gave it."""

    left: Node
    right: Node
    rule: str


@dataclass(frozen=True)
class Rule:
    r"""A rule of differentials, as it stands beside a line and as it is applied.

    name     in the words of the course.
    formula  LaTeX, `d(what) = its differential`; small letters a, b are taken entry by entry where they are arrays.
    by_rows  the formula for a matrix, where that is another one.
    linear   whether the differential goes to each operand in turn.
    at_once  whether what is inside is written out in the same line, as it is for linear rules.
    """

    name: str
    formula: str
    by_rows: str = ""
    linear: bool = False
    at_once: bool = False


RULES = {
    "add": Rule("sum", "d(A + B) = dA + dB", linear=True),
    "neg": Rule("sum", "d(-A) = -dA", linear=True),
    "sum": Rule("sum", r"d\sum_i a_i = \sum_i da_i", linear=True),
    "mul": Rule("product", r"d(AB) = dA\,B + A\,dB", linear=True),
    "had": Rule("entry-wise product", r"d(A \odot B) = dA \odot B + A \odot dB", linear=True),
    "kron": Rule("Kronecker product", r"d(A \otimes B) = dA \otimes B + A \otimes dB", linear=True),
    "frob": Rule("inner product", r"d\langle A, B\rangle = \langle dA, B\rangle + \langle A, dB\rangle", linear=True),
    "T": Rule("transpose", r"d(A^\top) = (dA)^\top", linear=True),
    "idx": Rule("entry", r"d(A_{ij}) = dA_{ij}", linear=True),
    "tr": Rule("trace", r"d\operatorname{tr}(A) = \operatorname{tr}(dA)", linear=True),
    "vec": Rule("vec", r"d\operatorname{vec}(A) = \operatorname{vec}(dA)", linear=True),
    "diag": Rule("diagonal", r"d\operatorname{diag}(z) = \operatorname{diag}(dz)", linear=True),
    "div": Rule("quotient", r"d\frac{a}{b} = \frac{da}{b} - \frac{a\,db}{b^2}"),
    "pow": Rule("power", r"d(a^b) = b\,a^{b-1}\,da"),
    "epow": Rule("power, entry by entry", r"d(a^b) = b\,a^{b-1}\,da"),
    "exponent": Rule("power with a varying exponent", r"d(a^b) = b\,a^{b-1}\,da + a^b\log(a)\,db"),
    "square": Rule("squared norm", r"d\|A\|^2 = 2\langle A, dA\rangle", at_once=True),
    "norm": Rule("norm", r"d\|A\| = \frac{\langle A, dA\rangle}{\|A\|}"),
    "norm1": Rule("norm", r"d\|A\|_1 = \langle\operatorname{sign}(A), dA\rangle"),
    "inv": Rule("inverse", r"d(A^{-1}) = -A^{-1}\,dA\,A^{-1}"),
    "det": Rule("determinant", r"d\det A = \det(A)\operatorname{tr}(A^{-1}dA)"),
    "logdet": Rule("log det", r"d\log\det A = \operatorname{tr}(A^{-1}dA)"),
    "log": Rule("logarithm", r"d\log a = \frac{1}{a}da"),
    "softmax": Rule(
        "softmax",
        r"d\operatorname{softmax}(z)"
        r" = \operatorname{softmax}(z) \odot (dz - \langle\operatorname{softmax}(z), dz\rangle)",
        r"d\operatorname{softmax}(Z)"
        r" = \operatorname{softmax}(Z) \odot (dZ - (\operatorname{softmax}(Z) \odot dZ)\mathbf 1\mathbf 1^\top)",
    ),
    "logsumexp": Rule(
        "log-sum-exp",
        r"d\operatorname{logsumexp}(z) = \langle\operatorname{softmax}(z), dz\rangle",
        r"d\operatorname{logsumexp}(Z) = (\operatorname{softmax}(Z) \odot dZ)\mathbf 1",
    ),
    "function": Rule("chain rule, entry by entry", r"df(a) = f'(a) \odot da"),
}
SLOPES = {
    "exp": "e^a",
    "log": r"\frac{1}{a}",
    "sin": r"\cos(a)",
    "cos": r"-\sin(a)",
    "sinh": r"\cosh(a)",
    "cosh": r"\sinh(a)",
    "tanh": r"1 - \tanh(a)^2",
    "sqrt": r"\frac{1}{2\sqrt{a}}",
    "abs": r"\operatorname{sign}(a)",
    "sigmoid": r"\sigma(a)(1 - \sigma(a))",
    "softplus": r"\sigma(a)",
}


@cache
def tree_of(formula: str) -> Node:
    """A side of a formula of the tables as a tree."""
    return parse(formula, Names(*read_shapes(LETTERS), functions={"sigma": "sigmoid"}))


def key_of(node: Node) -> str:
    """The row of RULES for a tree, which its operation names; NoRuleError where there is none."""
    row, of = OPERATIONS.of(node), node.args[0] if node.args else node
    keys = row.rules if row is not None else (node.op,) if node.op in OF_ENTRIES else ()
    if node.op == "fn" and node.val[0].startswith("any:"):
        keys = ("function",)
    if not keys:
        raise NoRuleError(f"no rule for the differential of {plain_text(node)}", node)
    if "logdet" in keys and of.op == "fn" and of.val[0] == "det":
        return "logdet"
    if "square" in keys and of == Node("norm", of.args, "2") and exact(node.args[1]) == 2:
        return "square"
    return keys[0]


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
        return self.algebra.simplified(self.d(node))

    def further(self, node: Node, depth: int = 1) -> Node:
        """A differential in which every d(...) that waits is taken one step further."""
        if node.op == "d" and node.args[0].op != "sym":
            return self.of(node.args[0], depth)
        return node.with_args(self.further(a, depth) for a in node.args) if node.args else node

    def d(self, node: Node) -> Node:
        """The differential as the rules give it, 0 for what is constant."""
        if not self.depends(node):
            return ZERO
        if node.op == "sym":
            return Node("d", [node])
        key = "exponent" if node.op in ("pow", "epow") and self.depends(node.args[1]) else key_of(node)
        rule = RULES[key]
        further = rule.linear or rule.at_once
        if not self.depth and not further:
            return Node("d", [node])
        self.used += [rule.name] * (rule.name not in self.used)
        if rule.linear:
            return self._in_turn(node)
        self.depth -= not further
        try:
            return self._by_formula(key, node)
        finally:
            self.depth += not further

    def _in_turn(self, node: Node) -> Node:
        """The differential of each operand in its turn."""
        terms = []
        for k, a in enumerate(node.args):
            if self.depends(a):
                inner = self.d(a)
                if node.op != "add":
                    inner = node.with_args([*node.args[:k], inner, *node.args[k + 1 :]])
                elif self.algebra.is_number(a) and not self.algebra.is_number(node):
                    inner = product(inner, *all_ones(self.algebra.shape(node)))  # a number added to every entry
                terms.append(inner)
        return Node("add", terms) if len(terms) > 1 else terms[0]

    def _by_formula(self, key: str, node: Node) -> Node:
        """The right side of a rule with the operands of the node for its letters."""
        rule = RULES[key]
        a = node.args[0]
        operands = a.args if key == "square" or key == "logdet" and node.val[0] == "log" else node.args
        if key == "function":
            return self.algebra.each("mul", self.slope(node), self.d(a))
        matrix = () not in self.algebra.shape(a)
        left, right = (rule.by_rows if matrix and rule.by_rows else rule.formula).split(" = ")
        letters = dict.fromkeys(n.val for n in walk(tree_of(left)) if n.op == "sym")
        trees = {Node("ones"): ones(self.algebra.shape(a)[1])}
        for letter, operand in zip(letters, operands, strict=False):
            trees |= {sym(letter): operand, d_of(letter): self.d(operand)}
        return self.algebra.filled(tree_of(right), trees, entrywise=left.islower())

    def slope(self, node: Node) -> Node:
        """f'(u) for f(u)."""
        (name, primes), u = node.val, node.args[0]
        if primes or name not in SLOPES:
            return Node("fn", [u], (name, primes + 1))
        return self.algebra.filled(tree_of(SLOPES[name]), {sym("a"): u}, entrywise=True)


def holds_d(node: Node) -> bool:
    """Whether a differential stands in the tree."""
    return any(n.op == "d" for n in walk(node))


def _around(a: Algebra, node: Node) -> tuple[Node, list[Node], list[Node], list[Node]]:
    """The factor of a product that holds the differential, the numbers, and the arrays to its left and right."""
    k = next(i for i, f in enumerate(node.args) if holds_d(f))
    numbers = [x for i, x in enumerate(node.args) if i != k and a.is_number(x)]
    left = [x for x in node.args[:k] if not a.is_number(x)]
    right = [x for x in node.args[k + 1 :] if not a.is_number(x)]
    return node.args[k], numbers, left, right


def _other(node: Node) -> tuple[Node, Node]:
    """(the operand without the differential, the one with it) of two."""
    a, b = node.args
    return (b, a) if holds_d(a) else (a, b)


def pulled(a: Algebra, g: Node, node: Node) -> dict[str, list[Node]]:
    """{name: [G, ...]} with ⟨g, node⟩ = Σ ⟨G, d(name)⟩; NoRuleError where no move gets there."""
    if not holds_d(node):
        return {}
    if node.op == "d":
        return {node.args[0].val: [a.simplified(g)]}
    move = MOVES.get(node.op if node.op != "fn" else node.val[0])
    if move is None:
        raise NoRuleError(f"no rule moves a factor out of {plain_text(node)}", node)
    out: dict[str, list[Node]] = {}
    for weight, inner in move(a, g, node):
        for name, found in pulled(a, a.simplified(weight), inner).items():
            out.setdefault(name, []).extend(found)
    return out


# -- the moves: ⟨G, E(dX)⟩ as a list of (G', inner) with ⟨G, E⟩ = Σ ⟨G', inner⟩

Moved = list[tuple[Node, Node]]


def _move_mul(a: Algebra, g: Node, node: Node) -> Moved:
    """⟨G, A dX B⟩ = ⟨AᵀGBᵀ, dX⟩; what is a number beside it goes in front."""
    f, numbers, left, right = _around(a, node)
    if a.is_number(f):
        rest = [*left, *right]
        return [(product(Node("frob", [g, product(*rest)]) if rest else g, *numbers), f)]
    before, after = [turned(x) for x in reversed(left)], [turned(x) for x in reversed(right)]
    if a.is_number(g):
        return [(product(*numbers, g, product(*before, *after) if before or after else ONE), f)]
    return [(product(*numbers, *before, g, *after), f)]


def _move_had(a: Algebra, g: Node, node: Node) -> Moved:
    other, inner = _other(node)
    return [(a.each("mul", g, other), inner)]


def _move_frob(a: Algebra, g: Node, node: Node) -> Moved:
    other, inner = _other(node)
    return [(product(g, other), inner)]


def _move_trace(a: Algebra, g: Node, node: Node) -> Moved:
    return [(product(g, Node("eye", (), "".join(map(str, a.shape(node.args[0])[0])))), node.args[0])]


def _move_add(a: Algebra, g: Node, node: Node) -> Moved:
    out = []
    for t in node.args:
        wide = a.is_number(t) and not a.is_number(node)
        out.append((Node("frob", [g, product(*all_ones(a.shape(node)))]) if wide else g, t))
    return out


def _move_entry(a: Algebra, g: Node, node: Node) -> Moved:
    """⟨g, x_k⟩ = ⟨g e_k, x⟩, ⟨g, X_{kl}⟩ = ⟨g e_k e_lᵀ, X⟩."""
    return [(product(g, *units(a, node)), node.args[0])]


MOVES: dict[str, Callable[[Algebra, Node, Node], Moved]] = {
    "add": _move_add,
    "neg": lambda a, g, n: [(Node("neg", [g]), n.args[0])],
    "mul": _move_mul,
    "T": lambda a, g, n: [(turned(g), n.args[0])],
    "had": _move_had,
    "div": lambda a, g, n: [(Node("div", [g, n.args[1]]), n.args[0])],
    "frob": _move_frob,
    "tr": _move_trace,
    "diag": lambda a, g, n: [(apply("diag", g), n.args[0])],
    "idx": _move_entry,
}


def units(a: Algebra, node: Node) -> list[Node]:
    """The unit vectors whose product has its one at the place of a numbered entry."""
    lengths = a.shape(node.args[0])
    places = node.val if len(node.val) == 2 else [node.val[0] if d else None for d in lengths]
    found = [unit(k, d) for k, d in zip(places, lengths, strict=True) if d]
    return [found[0], turned(found[1])] if len(found) == 2 else found if lengths[0] else [turned(found[0])]


# -- the matrix before a differential


def as_matrix(a: Algebra, node: Node) -> Node:
    """K with vec(node) = K vec(dX), for a differential with one d(X) in each term."""
    op = node.op
    if op == "d":
        return joined("kron", [Node("eye", (), str(x[0])) for x in reversed(a.shape(node)) if x])
    if op == "neg" or op == "T" and () in a.shape(node) or op == "div" and a.is_number(node.args[1]):
        inner = as_matrix(a, node.args[0])
        return inner if op == "T" else node.with_args([inner, *node.args[1:]])
    if op == "add":
        return Node("add", [_of_term(a, t, node) for t in node.args if holds_d(t)])
    if op == "mul":
        return _of_product(a, node)
    if op in ("had", "div"):
        return _of_entries(a, node)
    if op == "frob":
        other, inner = _other(node)
        return product(turned(_column(a, other)), as_matrix(a, inner))
    if op == "idx":
        return turned(joined("kron", [x.args[0] if x.op == "T" else x for x in reversed(units(a, node))]))
    raise NoRuleError(f"no rule for the Jacobian of {plain_text(node)}", node)


def _column(a: Algebra, node: Node) -> Node:
    """All entries of an array in one column."""
    rows, columns = a.shape(node)
    return node if columns == () else turned(node) if rows == () else apply("vec", node)


def _of_term(a: Algebra, term: Node, whole: Node) -> Node:
    """The matrix of a term of a sum; a number there is added to every entry."""
    inner = as_matrix(a, term)
    wide = a.is_number(term) and not a.is_number(whole)
    return product(_column(a, product(*all_ones(a.shape(whole)))), inner) if wide else inner


def _of_entries(a: Algebra, node: Node) -> Node:
    """diag(w) K for an entry-wise product of w with a differential, term by term where that is a sum."""
    other, inner = (Node("div", [ONE, node.args[1]]), node.args[0]) if node.op == "div" else _other(node)
    if inner.op == "add":
        return Node("add", [as_matrix(a, a.each("mul", other, t)) for t in inner.args if holds_d(t)])
    if a.is_number(inner):
        return product(_column(a, other), as_matrix(a, inner))
    return product(apply("diag", _column(a, a.simplified(other))), as_matrix(a, inner))


def _of_product(a: Algebra, node: Node) -> Node:
    """(Bᵀ ⊗ A) K for A E B."""
    f, numbers, left, right = _around(a, node)
    inner = as_matrix(a, f)
    if not left and not right:
        return product(*numbers, inner)
    if a.is_number(f):
        return product(*numbers, _column(a, product(*left, *right)), inner)
    rows, columns = a.shape(f)
    if columns == () and not right:
        return product(*numbers, *left, inner)
    if rows == () and not left:
        return product(*numbers, *(turned(x) for x in reversed(right)), inner)
    one = [Node("eye", (), str(d[0])) if d else ONE for d in (rows, columns)]
    sides = [turned(product(*right)) if right else one[1], product(*left) if left else one[0]]
    outer = product(*sides) if ONE in sides else Node("kron", sides)
    return product(*numbers, outer) if f.op == "d" else product(*numbers, outer, inner)
