"""A derivation index by index: every sum written out, δ for the derivative of an entry, and sums that it empties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..tree import Node, bound_indices, free_indices, map_tree, num, rename_index, sym, walk
from .algebra import ONE, Product, apply, product
from .arrays import NoRuleError
from .rules import DEEP, READ_OFF, Calculus, Step, holds_d

if TYPE_CHECKING:
    from .working import Derivation

LETTERS, OF_THE_VARIABLE = "ijlkmrstuvabch", "pqjguv"
ENTRYWISE = {"add": "add", "neg": "neg", "had": "mul", "div": "div", "epow": "pow", "fn": "fn"}


@dataclass
class Term:
    """A number with indices · δ's, summed over the bound letters."""

    value: Node
    deltas: list[tuple[str, str]] = field(default_factory=list)
    bound: list[str] = field(default_factory=list)


class Indices:
    """Entries of arrays and their derivatives, with letters that stand for nothing else in the text."""

    def __init__(self, work: Derivation):
        self.work, self.algebra = work, work.algebra
        names = work.names
        used = {*names.symbols, *names.dims, *names.definitions}
        self.letters = [c for c in LETTERS if c not in used]
        self.others = [c for c in OF_THE_VARIABLE if c not in used]
        self.taken: set[str] = set()
        self.slopes: dict[str, tuple[list[str], list[Term]]] = {}
        self.target: list[str] = []

    def fresh(self, count: int = 1) -> list[str]:
        """Letters that were not used before."""
        found = [c for c in self.letters if c not in self.taken][:count]
        if len(found) < count:
            raise NoRuleError("there are not enough letters for the indices")
        self.taken |= set(found)
        return found

    def begin(self, given: Node | None) -> None:
        """Make letters free again, but for those of the variable, of the given tree and of sums inside slopes."""
        inside = [t.value for _, terms in self.slopes.values() for t in terms]
        self.taken = {*self.target, *(b for node in inside for b in bound_indices(node))}
        if given is not None:
            self.taken |= {*bound_indices(given), *free_indices(given)}

    def axes(self, node: Node) -> int:
        """How many letters an entry of an array takes."""
        return sum(d != () for d in self.algebra.shape(node))

    # -- entries

    def entry(self, node: Node, at: list[str]) -> Node:
        """The entry of an array at the letters, sums written out; a vector takes one letter."""
        op = node.op
        if self.algebra.is_number(node):
            return self.number(node)
        if op == "sym":
            return Node("idx", [node], tuple(at))
        if op == "fn" and node.val[0] == "softmax":
            return self._share(node.args[0], at)
        if op in ENTRYWISE and not (op == "fn" and node.val[0] in ("diag", "vec")):
            args = [x if x.op == "num" else self.entry(x, at) for x in node.args]
            return Node(ENTRYWISE[op], args, node.val)
        if op == "T":
            return self.entry(node.args[0], at[::-1] if len(at) == 2 else at)
        if op in ("ones", "eye"):
            return ONE if op == "ones" else Node("kdelta", (), tuple(at))
        if op == "mul":
            return self._product(node.args, at)
        raise NoRuleError(f"no rule writes the entries of {op}", node)

    def _share(self, u: Node, at: list[str]) -> Node:
        (j,) = self.fresh()
        top, bottom = (apply("exp", self.entry(u, [*at[:-1], x])) for x in (at[-1], j))
        return Node("div", [top, _sums(bottom, [j])])

    def _product(self, factors: Iterable[Node], at: list[str]) -> Node:
        """A product of arrays as sums over what stands between neighbours."""
        a, ends = self.algebra, list(at)
        parts = [self.number(x) for x in factors if a.is_number(x)]
        arrays = [x for x in factors if not a.is_number(x)]
        last: list[str] = []
        bound: list[str] = []
        for k, f in enumerate(arrays):
            rows, columns = a.shape(f)
            first = [] if rows == () else last if k else [ends.pop(0)] if ends else []
            if columns == ():
                last = []
            elif k == len(arrays) - 1:
                last = [ends.pop(0)] if ends else []
            else:
                last = self.fresh()
                bound += last
            parts.append(self.entry(f, [*first, *last]))
        left = [p for p in parts if p != ONE]
        return _sums(product(*left) if left else ONE, bound)

    def number(self, node: Node) -> Node:
        """A number with everything in it written as sums of entries."""
        a, op = self.algebra, node.op
        if all(a.is_number(n) for n in walk(node) if n.op not in ("sum", "idx", "kdelta")):
            return node
        if op == "pow" and node.args[0].op == "norm" and node.args[0].val == "2" and node.args[1] == num(2):
            u = node.args[0].args[0]
            letters = self.fresh(self.axes(u))
            return _sums(Node("pow", [self.entry(u, letters), num(2)]), letters)
        if op == "norm" and node.val == "2":
            return apply("sqrt", self.number(Node("pow", [node, num(2)])))
        if op == "frob":
            letters = self.fresh(self.axes(node.args[0]))
            return _sums(product(*(self.entry(x, letters) for x in node.args)), letters)
        if op == "fn" and node.val[0] == "tr":
            (i,) = self.fresh()
            return _sums(self.entry(node.args[0], [i, i]), [i])
        if op == "mul":
            return self._product(node.args, [])
        if op in ("add", "neg", "div", "pow") or op == "fn" and a.is_number(node.args[0]):
            return node.with_args(self.number(x) for x in node.args)
        raise NoRuleError(f"no rule writes {op} as a sum of entries", node)

    # -- derivatives

    def d(self, node: Node) -> Node:
        """The differential of a number with indices, by the rules for all differentials."""
        calculus = Calculus(self.algebra, {self.work.variable, *self.slopes})
        calculus.depth = DEEP
        return calculus.d(node)

    def terms(self, node: Node, factor: Node = ONE) -> list[Term]:
        """A factor times a differential as terms, each with the derivative of one entry for its d."""
        if not holds_d(node):
            return []
        if node.op == "d" or node.op == "idx" and node.args[0].op == "d":
            leaf, at = (node, ()) if node.op == "d" else (node.args[0], node.val)
            return self._of_entry(leaf.args[0].val, list(at), factor)
        if node.op == "add":
            return [t for x in node.args for t in self.terms(x, factor)]
        if node.op == "neg":
            return self.terms(node.args[0], Node("neg", [factor]))
        if node.op == "div":
            return self.terms(node.args[0], Node("div", [factor, node.args[1]]))
        if node.op == "mul":
            k = next(k for k, x in enumerate(node.args) if holds_d(x))
            return self.terms(node.args[k], product(factor, *node.args[:k], *node.args[k + 1 :]))
        if node.op == "sum":
            (letter,) = self.fresh()
            found = self.terms(rename_index(node.args[0], node.val[0], letter), factor)
            return [Term(t.value, t.deltas, [letter, *t.bound]) for t in found]
        raise NoRuleError(f"no rule for the derivative of {node.op} index by index", node)

    def _of_entry(self, name: str, at: list[str], factor: Node) -> list[Term]:
        if name == self.work.variable:
            return [Term(self.algebra.simplified(factor), list(zip(at, self.target, strict=True)))]
        letters, terms = self.slopes[name]
        out = []
        for t in terms:
            swap = dict(zip([*letters, *t.bound], [*at, *self.fresh(len(t.bound))], strict=True))
            value = self.algebra.simplified(product(_renamed(t.value, swap), factor))
            deltas = [(swap.get(i, i), swap.get(j, j)) for i, j in t.deltas]
            out.append(Term(value, deltas, [swap[b] for b in t.bound]))
        return out

    def collapsed(self, t: Term) -> Term:
        """A term without the sums that a δ leaves one summand of."""
        made, deltas, bound = t.value, list(t.deltas), list(t.bound)
        while found := next(((i, j) for i, j in deltas if i in bound or j in bound), None):
            deltas.remove(found)
            gone, kept = found if found[0] in bound else found[::-1]
            bound.remove(gone)
            made = rename_index(made, gone, kept)
            deltas = [(kept if i == gone else i, kept if j == gone else j) for i, j in deltas]
        return Term(self.algebra.simplified(made), deltas, bound)

    def written(self, terms: list[Term]) -> Node:
        """The sum of terms as a tree: what does not depend on a bound letter stands before the sums."""
        return self.algebra.gathered([self._written(t) for t in terms]) if len(terms) > 1 else self._written(terms[0])

    def _written(self, t: Term) -> Node:
        a, value = self.algebra, self.algebra.parts(t.value)
        deltas = [Node("kdelta", (), pair) for pair in t.deltas]
        if not t.bound:
            return _with_deltas(t.value, deltas)
        inside = {b: e for b, e in value.powers.items() if {*free_indices(b)} & {*t.bound}}
        front = Product(value.number, {b: e for b, e in value.powers.items() if b not in inside})
        out = [d for d in deltas if not {*d.val} & {*t.bound}]
        body = _with_deltas(a.built(Product(powers=inside)), [d for d in deltas if d not in out])
        front.factors = [*out, _sums(body, t.bound)]
        return a.built(front)


def _sums(body: Node, letters: Iterable[str]) -> Node:
    for letter in reversed(list(letters)):
        body = Node("sum", [body], (letter, None, None))
    return body


def _renamed(node: Node, swap: dict[str, str]) -> Node:
    """The tree with letters for letters, all at once."""
    for k, old in enumerate(swap):
        node = rename_index(node, old, f"@{k}")
    for k, old in enumerate(swap):
        node = rename_index(node, f"@{k}", swap[old])
    return node


def _with_deltas(body: Node, deltas: list[Node]) -> Node:
    if not deltas:
        return body
    inner = body.args[0] if body.op == "neg" else body
    made = product(*([] if inner == ONE else inner.args if inner.op == "mul" else [inner]), *deltas)
    return Node("neg", [made]) if body.op == "neg" else made


def by_index(work: Derivation) -> list[Step]:
    """The first proof: the loss as a sum of entries, its derivative in one entry, and the sums that are left."""
    for name in work.chain:
        work.body(name)
    ix = Indices(work)
    variable, loss = sym(work.variable), sym(work.loss)
    if not work.algebra.is_number(loss):
        raise NoRuleError("the derivation index by index is for a number")
    written = {name: work.as_entries(name) for name in work.chain}
    there = {x for node in written.values() if node is not None for x in (*bound_indices(node), *free_indices(node))}
    ix.target = work.target or [c for c in ix.others if c not in there][: ix.axes(variable)]
    if len(ix.target) < ix.axes(variable):
        raise NoRuleError("there are not enough letters for the indices")
    at = Node("idx", [variable], tuple(ix.target)) if ix.target else variable
    steps = [step for name in work.chain for step in _of_name(ix, name, at, written[name])]
    return [*steps, Step(work.gradient(), work.differential_form()[-1].right, READ_OFF)]


def _of_name(ix: Indices, name: str, at: Node, given: Node | None) -> list[Step]:
    """The lines about one name: its entries where the text does not give them, its derivative, without empty sums."""
    work, steps, body = ix.work, [], given
    ix.begin(given)
    letters = ix.fresh(ix.axes(sym(name)))
    left = Node("idx", [sym(name)], tuple(letters)) if letters else sym(name)
    slope = Node("grad", [left, at])
    if body is None:
        node = work.bodies[name]
        if node.op == "fn" and node.val[0] == "softmax":
            return _of_softmax(ix, name, letters, left, slope)
        body = ix.entry(node, letters) if letters else ix.number(node)
        steps.append(Step(left, body, "entry by entry"))
    elif letters:
        body = _renamed(body, dict(zip(free_indices(body), letters, strict=False)))
    whole = ix.algebra.simplified(body)
    terms = ix.terms(ix.d(whole))
    if not terms:
        return []
    if whole.op in ("fn", "div") and letters:  # p for what it was defined as
        for t in terms:
            t.value = map_tree(t.value, lambda n: left if n == whole else None)
    short = [ix.collapsed(t) for t in terms]
    raw, made = ix.written(terms), ix.written(short)
    if raw != made:
        steps.append(Step(slope, raw, "chain rule, term by term"))
    steps.append(Step(slope, made, "of each sum with δ one term is left" if raw != made else "derivative of an entry"))
    ix.slopes[name] = (letters, short)
    return steps


def _of_softmax(ix: Indices, name: str, letters: list[str], left: Node, slope: Node) -> list[Step]:
    """dp_j = p_j (dz_j − Σ_m p_m dz_m)."""
    *row, j = letters
    (m,) = ix.fresh()
    other, u = Node("idx", [sym(name)], (*row, m)), ix.work.bodies[name].args[0]
    mean = _sums(product(other, ix.d(ix.entry(u, [*row, m]))), [m])
    whole = product(left, Node("add", [ix.d(ix.entry(u, [*row, j])), Node("neg", [mean])]))
    terms = [ix.collapsed(t) for t in ix.terms(whole)]
    ix.slopes[name] = (letters, terms)
    return [Step(slope, ix.written(terms), "softmax")]
