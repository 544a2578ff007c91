"""The rules of differentials, one row each, and the differential that they give.

A differential is a tree whose leaves `d(name)` are those of the variable and of the names that depend on it. What acts
linearly is written out at once; d f(u) of anything else becomes f'(u) and a d(u) that waits for the next line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..names import Definition, Names, read_shapes
from ..operations import OPERATIONS
from ..parser import parse
from ..tree import Node, map_tree, names_in, sym, walk
from ..writer import plain_text
from .algebra import ZERO, Algebra, all_ones, d_of, exact, ones, product
from .networks import NoRuleError

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
LOGISTIC = (r"\frac{1}{1 + e^{-b}}", "(1 + e^{-b})^{-1}", r"\frac{e^b}{1 + e^b}", r"\frac{e^b}{e^b + 1}")


@cache
def tree_of(formula: str) -> Node:
    """A side of a formula of the tables as a tree."""
    return parse(formula, Names(*read_shapes(LETTERS), functions={"sigma": "sigmoid"}))


def is_logistic(definition: Definition) -> bool:
    """Whether a text defines the logistic function under a name of its own, g(z) = 1/(1 + e^{-z})."""
    if len(definition.params) != 1:
        return False
    body = map_tree(definition.body, {sym(definition.params[0]): sym("b")}.get)
    return body in map(tree_of, LOGISTIC)


def key_of(node: Node) -> str:
    """The row of RULES for a tree, which its operation names; NoRuleError where there is none."""
    row, of = OPERATIONS.of(node), node.args[0] if node.args else node
    keys = row.rules if row is not None else (node.op,) if node.op in OF_ENTRIES else ()
    if node.op == "fn" and node.val[0].startswith("any:"):
        keys = ("function",)
    if not keys:
        raise NoRuleError(f"no rule for the differential of {plain_text(node)}")
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
