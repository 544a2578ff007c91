"""A derivation index by index: every sum written out, δ for the derivative of an entry, and sums that it empties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from ..tree import Node, bound_indices, free_indices, map_tree, names_in, num, rename_index, sym, walk
from .algebra import ONE, Product, apply, product
from .arrays import NoRuleError
from .rules import slope

if TYPE_CHECKING:
    from .working import Derivation, Step

LETTERS, OF_THE_VARIABLE = "ijlkmrstuvabch", "pqjguv"


@dataclass
class Term:
    """number · powers of numbers with indices · δ's, summed over the bound letters."""

    value: Product
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
        inside = [self.algebra.built(t.value) for _, terms in self.slopes.values() for t in terms]
        self.taken = {*self.target, *(b for node in inside for b in bound_indices(node))}
        if given is not None:
            self.taken |= {*bound_indices(given), *free_indices(given)}

    def axes(self, node: Node) -> int:
        return sum(d != () for d in self.algebra.shape(node))

    # -- entries

    def entry(self, node: Node, at: list[str]) -> Node:
        """The entry of an array at the letters, sums written out; a vector takes one letter."""
        a, op = self.algebra, node.op
        if a.is_number(node):
            return self.number(node)
        if op == "sym":
            return Node("idx", [node], tuple(at))
        if op in ("add", "neg", "had", "div", "epow") or op == "fn" and node.val[0] not in ("softmax", "diag", "vec"):
            args = [x if exact_number(x) else self.entry(x, at) for x in node.args]
            renamed = {"had": "mul", "epow": "pow"}.get(op, op)
            return Node(renamed, args, node.val if renamed == op else None)
        if op == "T":
            return self.entry(node.args[0], at[::-1] if len(at) == 2 else at)
        if op == "ones":
            return ONE
        if op == "eye":
            return Node("kdelta", (), tuple(at))
        if op == "mul":
            return self._product(node, at)
        if op == "fn" and node.val[0] == "softmax":
            return self._share(node, at)
        raise NoRuleError(f"no rule writes the entries of {op}", node)

    def _share(self, node: Node, at: list[str]) -> Node:
        u = node.args[0]
        (j,) = self.fresh()
        top, bottom = (apply("exp", self.entry(u, [*at[:-1], x])) for x in (at[-1], j))
        return Node("div", [top, Node("sum", [bottom], (j, None, None))])

    def _product(self, node: Node, at: list[str]) -> Node:
        """A product of arrays as sums over what stands between neighbours."""
        a = self.algebra
        numbers = [self.number(x) for x in node.args if a.is_number(x)]
        arrays = [x for x in node.args if not a.is_number(x)]
        ends = list(at)
        last: list[str] = []
        parts: list[Node] = []
        bound: list[str] = []
        for k, f in enumerate(arrays):
            rows, columns = a.shape(f)
            first = last if k else ([ends.pop(0)] if rows != () and ends else [])
            if columns == ():
                last = []
            elif k == len(arrays) - 1:
                last = [ends.pop(0)] if ends else []
            else:
                last = self.fresh()
                bound += last
            own = [*(first if rows != () else []), *last]
            parts.append(self.entry(f, own))
        made = product(*numbers, *(p for p in parts if p != ONE)) if [*numbers, *parts] != [] else ONE
        for letter in reversed(bound):
            made = Node("sum", [made], (letter, None, None))
        return made

    def number(self, node: Node) -> Node:
        """A number with everything in it written as sums of entries."""
        a, op = self.algebra, node.op
        if not any(not a.is_number(n) for n in walk(node) if n.op not in ("sum", "idx", "kdelta")):
            return node
        if op == "pow" and node.args[0].op == "norm" and node.args[0].val == "2" and node.args[1] == num(2):
            u = node.args[0].args[0]
            letters = self.fresh(self.axes(u))
            return self._sums(Node("pow", [self.entry(u, letters), num(2)]), letters)
        if op == "norm" and node.val == "2":
            return apply("sqrt", self.number(Node("pow", [node, num(2)])))
        if op == "frob":
            letters = self.fresh(self.axes(node.args[0]))
            return self._sums(product(*(self.entry(x, letters) for x in node.args)), letters)
        if op == "fn" and node.val[0] == "tr":
            (i,) = self.fresh()
            return self._sums(self.entry(node.args[0], [i, i]), [i])
        if op == "mul":
            arrays = [x for x in node.args if not a.is_number(x)]
            numbers = [self.number(x) for x in node.args if a.is_number(x)]
            return product(*numbers, *([self._product(product(*arrays), [])] if arrays else []))
        if op in ("add", "neg", "div", "pow") or op == "fn" and a.is_number(node.args[0]):
            return node.with_args(self.number(x) for x in node.args)
        raise NoRuleError(f"no rule writes {op} as a sum of entries", node)

    def _sums(self, body: Node, letters: Iterable[str]) -> Node:
        for letter in reversed(list(letters)):
            body = Node("sum", [body], (letter, None, None))
        return body

    # -- derivatives

    def partial(self, node: Node) -> list[Term]:
        """The derivative of a number with indices in the entry of the variable at the target letters."""
        if not names_in(node) & {self.work.variable, *self.slopes}:
            return []
        if node.op == "idx" and node.args[0].op == "sym":
            return self._of_entry(node)
        if node.op == "sym":
            return self._of_entry(Node("idx", [node], ()))
        if node.op == "add":
            return [t for x in node.args for t in self.partial(x)]
        if node.op == "sum":
            (letter,) = self.fresh()
            inner = rename_index(node.args[0], node.val[0], letter)
            found = self.partial(inner)
            for t in found:
                t.bound.insert(0, letter)
            return found
        if node.op == "fn" and self.algebra.is_number(node.args[0]):
            return self._times(self.partial(node.args[0]), self.algebra.simplified(slope(self.algebra, node)))
        p = self.algebra.parts(node)
        if p.powers == {node: Fraction(1)}:
            raise NoRuleError(f"no rule for the derivative of {node.op} index by index", node)
        out = []
        for base, e in p.powers.items():
            rest = Product(p.number * e, dict(p.powers))
            rest.times(base, Fraction(-1))
            out += self._times(self.partial(base), self.algebra.built(rest))
        return out

    def _of_entry(self, node: Node) -> list[Term]:
        name, at = node.args[0].val, list(node.val)
        if name == self.work.variable:
            return [Term(Product(), list(zip(at, self.target, strict=True)))]
        if name not in self.slopes:
            return []
        letters, terms = self.slopes[name]
        out = []
        for t in terms:
            swap = dict(zip(letters, at, strict=True))
            new = dict(zip(t.bound, self.fresh(len(t.bound)), strict=True))
            out.append(self._renamed(t, {**swap, **new}))
        return out

    def _renamed(self, t: Term, swap: dict[str, str]) -> Term:
        made = self.algebra.built(t.value)
        for k, old in enumerate(swap):
            made = rename_index(made, old, f"@{k}")
        for k, old in enumerate(swap):
            made = rename_index(made, f"@{k}", swap[old])
        deltas = [(swap.get(i, i), swap.get(j, j)) for i, j in t.deltas]
        return Term(self.algebra.parts(made), deltas, [swap.get(b, b) for b in t.bound])

    def _times(self, terms: list[Term], factor: Node) -> list[Term]:
        for t in terms:
            t.value = self.algebra.parts(self.algebra.simplified(product(self.algebra.built(t.value), factor)))
        return terms

    def collapsed(self, t: Term) -> Term:
        """A term without the sums that a δ leaves one summand of."""
        made, deltas, bound = self.algebra.built(t.value), list(t.deltas), list(t.bound)
        while True:
            found = next(((i, j) for i, j in deltas if i in bound or j in bound), None)
            if found is None:
                return Term(self.algebra.parts(self.algebra.simplified(made)), deltas, bound)
            deltas.remove(found)
            gone, kept = found if found[0] in bound else found[::-1]
            bound.remove(gone)
            made = rename_index(made, gone, kept)
            deltas = [(kept if i == gone else i, kept if j == gone else j) for i, j in deltas]

    def written(self, terms: list[Term]) -> Node:
        """The sum of terms as a tree: what does not depend on a bound letter stands before the sums."""
        made = [self._written(t) for t in terms]
        return self.algebra.simplified(Node("add", made)) if len(made) > 1 else made[0]

    def _written(self, t: Term) -> Node:
        a = self.algebra
        inside = {b: e for b, e in t.value.powers.items() if set(free_indices(b)) & {*t.bound}}
        front = Product(t.value.number, {b: e for b, e in t.value.powers.items() if b not in inside})
        deltas = [Node("kdelta", (), pair) for pair in t.deltas]
        out = [d for d in deltas if not {*d.val} & {*t.bound}]
        within = [d for d in deltas if d not in out]
        if not t.bound:
            return _with_deltas(a.built(t.value), deltas)
        body = _with_deltas(a.built(Product(powers=inside)), within)
        front.factors = [*out, self._sums(body, t.bound)]
        return a.built(front)


def _with_deltas(body: Node, deltas: list[Node]) -> Node:
    if not deltas:
        return body
    sign = body.op == "neg"
    inner = body.args[0] if sign else body
    factors = [] if inner == ONE else inner.args if inner.op == "mul" else [inner]
    made = product(*factors, *deltas)
    return Node("neg", [made]) if sign else made


def exact_number(node: Node) -> bool:
    return node.op == "num"


def by_index(work: Derivation) -> list[Step]:
    """The first proof: the loss as a sum of entries, its derivative in one entry, and the sums that are left."""
    from .working import Step

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
    steps: list[Step] = []
    at = Node("idx", [variable], tuple(ix.target)) if ix.target else variable
    for name in work.chain:
        steps += _of_name(ix, name, at, written[name])
    whole = work.differential_form()[-1]
    steps.append(Step(whole.left, whole.right, "read off"))
    return steps


def _of_name(ix: Indices, name: str, at: Node, given: Node | None) -> list[Step]:
    """The lines about one name: its entries where the text does not give them, its derivative, without empty sums."""
    from .working import Step

    work, steps = ix.work, []
    ix.begin(given)
    letters = ix.fresh(ix.axes(sym(name)))
    body = given
    left = Node("idx", [sym(name)], tuple(letters)) if letters else sym(name)
    if body is None:
        node = work.bodies[name]
        share = node.op == "fn" and node.val[0] == "softmax"
        if share:
            return _of_softmax(ix, name, letters, left, at, node.args[0])
        body = ix.entry(node, letters) if letters else ix.number(node)
        steps.append(Step(left, body, "entry by entry"))
    elif letters:
        for old, new in zip(free_indices(body), letters, strict=False):
            body = rename_index(body, old, new)
    terms = ix.partial(ix.algebra.simplified(body))
    whole = ix.algebra.simplified(body)
    if whole.op in ("fn", "div") and letters:  # p for what it was defined as
        for t in terms:
            t.value = ix.algebra.parts(map_tree(ix.algebra.built(t.value), lambda n: left if n == whole else None))
    if not terms:
        return []
    short = [ix.collapsed(t) for t in terms]
    slope_ = Node("grad", [left, at])
    raw, made = ix.written(terms), ix.written(short)
    if raw != made:
        steps.append(Step(slope_, raw, "chain rule, term by term"))
    steps.append(Step(slope_, made, "of each sum with δ one term is left" if raw != made else "derivative of an entry"))
    ix.slopes[name] = (letters, short)
    return steps


def _of_softmax(ix: Indices, name: str, letters: list[str], left: Node, at: Node, u: Node) -> list[Step]:
    """∂p_j/∂z_i = p_j (δ_ij − p_i), put into the chain rule."""
    from .working import Step

    (m,) = ix.fresh()
    other = Node("idx", [sym(name)], (*letters[:-1], m))
    inner = ix.partial(ix.algebra.simplified(ix.entry(u, [*letters[:-1], m])))
    out = []
    for t in inner:
        copy = ix._renamed(t, {})
        straight = ix._times([copy], left)[0]
        straight.deltas.append((letters[-1], m))
        straight.bound.insert(0, m)
        twice = ix._times([ix._renamed(t, {})], Node("neg", [product(left, other)]))[0]
        twice.bound.insert(0, m)
        out += [ix.collapsed(straight), ix.collapsed(twice)]
    ix.slopes[name] = (letters, out)
    return [Step(Node("grad", [left, at]), ix.written(out), "softmax")]
