"""A derivation index by index: networks written with a letter for each label, every sum and every δ in sight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..tree import Node, bound_indices, free_indices, num, sym, walk
from .algebra import ONE, Product, apply, product
from .networks import Network, NoRuleError
from .rules import READ_OFF, Step

if TYPE_CHECKING:
    from .working import Derivation

LETTERS, OF_THE_VARIABLE = "ijlkmrstuvabch", "pqjguv"
ENTRYWISE = {"add": "add", "neg": "neg", "had": "mul", "div": "div", "epow": "pow", "fn": "fn"}
Letters = Mapping[int | str, str]  # of labels


class Indices:
    """Entries of arrays and their derivatives, with letters that stand for nothing else in the text."""

    def __init__(self, work: Derivation):
        self.work, self.algebra = work, work.algebra
        names = work.names
        used = {*names.symbols, *names.dims, *names.definitions}
        self.letters = [c for c in LETTERS if c not in used]
        self.others = [c for c in OF_THE_VARIABLE if c not in used]
        self.taken: set[str] = set()
        self.slopes: dict[str, list[Network]] = {}  # of an entry (r, c) of a name in the entry (p, q) of the variable
        self.target: list[str] = []

    def fresh(self, count: int = 1) -> list[str]:
        """Letters that were not used before."""
        found = [c for c in self.letters if c not in self.taken][:count]
        if len(found) < count:
            raise NoRuleError("there are not enough letters for the indices")
        self.taken |= set(found)
        return found

    def labelled(self, node: Node, at: Iterable[str], names: str = "rc") -> dict[int | str, str]:
        """Letters for the axes that an array has; a vector takes one."""
        there = [name for name, d in zip(names, self.algebra.shape(node), strict=True) if d != ()]
        return dict(zip(there, at, strict=True))

    def axes(self, node: Node) -> int:
        """How many letters an entry of an array takes."""
        return sum(d != () for d in self.algebra.shape(node))

    # -- entries

    def beside(self, nodes: Iterable[Node], ats: Iterable[list[str]]) -> list[Node]:
        """Entries that stand beside one another: the sums in them may share their letters."""
        taken, made = self.taken, []
        for node, at in zip(nodes, ats, strict=True):
            self.taken = {*taken}
            made.append(self.entry(node, at))
        return made

    def entry(self, node: Node, at: list[str]) -> Node:
        """The entry of an array at the letters, or a number, with its sums written out."""
        op, name = node.op, node.val[0] if node.op == "fn" else ""
        if self.algebra.is_number(node):
            return self.number(node)
        if op == "sym":
            return Node("idx", [node], tuple(at))
        if op in ("ones", "eye"):
            return ONE if op == "ones" else Node("kdelta", (), tuple(at))
        if name == "softmax":
            (j,) = self.fresh()
            top, bottom = (apply("exp", self.entry(node.args[0], [*at[:-1], x])) for x in (at[-1], j))
            return Node("div", [top, _sums(bottom, [j])])
        if name == "diag" and len(at) == 1:
            return self.entry(node.args[0], at * 2)
        if op in ENTRYWISE and name not in ("diag", "vec"):
            return Node(ENTRYWISE[op], self.beside(node.args, [at] * len(node.args)), node.val)
        return self._summed(node, at)

    def _summed(self, node: Node, at: list[str]) -> Node:
        """A product of arrays as a sum over what stands between neighbours."""
        reading = self.work.differentials
        (network,) = (n.collapsed() for n in reading.read(reading.core(node)))
        if [p.node for p in network.pieces] == [node]:
            raise NoRuleError(f"no rule writes the entries of {node.val[0] if node.op == 'fn' else node.op}")
        return self.term(network, self.labelled(node, at))

    def _product(self, network: Network, labels: Letters) -> Node:
        ats = [[labels[x.name] for x in p.labels if x is not None] for p in network.pieces]
        parts = self.beside([p.node for p in network.pieces], ats)
        left = [p for p in parts if p != ONE]
        return product(*left) if left else ONE

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
        if op == "norm" and node.val == "1" or op == "fn" and node.val[0] == "logsumexp":
            letters = self.fresh(self.axes(node.args[0]))
            inside = _sums(apply("abs" if op == "norm" else "exp", self.entry(node.args[0], letters)), letters)
            return inside if op == "norm" else apply("log", inside)
        if op in ("add", "neg", "div", "pow") or op == "fn" and a.is_number(node.args[0]):
            return node.with_args(self.beside(node.args, [[]] * len(node.args)))
        return self._summed(node, [])

    # -- derivatives

    def derivative(self, name: str) -> tuple[list[Network], list[str]]:
        """The derivative of an entry of a name in one of the variable, and the rules for it."""
        work, found = self.work, []
        d, used = work.d(work.bodies[name], name)
        for network in (n.collapsed() for n in work.differentials.networks(work.differentials.core(d))):
            under, rest, _ = network.without_d("p", "q")
            piece = next(p for p in network.pieces if p.node.op == "d")
            if under == work.variable:
                found.append(rest)
                continue
            rest = Network([p for p in network.pieces if p is not piece], network.over)
            at: dict[int | str, int | str] = {
                k: x.name for k, x in zip("rc", piece.labels, strict=True) if x is not None
            }
            found += [rest.times(slope.renamed(at)) for slope in self.slopes[under]]
        return found, used

    def written(self, terms: list[Network], labels: Letters) -> Node:
        """The sum of terms as a tree."""
        taken, made = self.taken, []
        for t in terms:
            self.taken = {*taken}
            made.append(self.term(t, labels))
        self.taken = taken
        return self.algebra.gathered(made) if len(made) > 1 else made[0]

    def term(self, network: Network, labels: Letters) -> Node:
        """A term: what does not depend on the letter of a sum stands before the sums."""
        a, bound = self.algebra, self.fresh(len(network.over))
        over = dict.fromkeys(x.name for p in network.pieces for x in p.labels if x in network.over)
        labels = {**labels, **dict(zip(over, bound, strict=True))}
        deltas = [
            self.entry(p.node, [labels[x.name] for x in p.labels if x]) for p in network.pieces if _is_delta(p.node)
        ]
        rest = Network([p for p in network.pieces if not _is_delta(p.node)])
        value = a.simplified(self._product(rest, labels))
        if not bound:
            return _with_deltas(value, deltas)
        parts = a.parts(value)
        inside = {b: e for b, e in parts.powers.items() if {*free_indices(b)} & {*bound}}
        front = Product(parts.number, {b: e for b, e in parts.powers.items() if b not in inside})
        out = [d for d in deltas if not {*d.val} & {*bound}]
        body = _with_deltas(a.built(Product(powers=inside)), [d for d in deltas if d not in out])
        front.factors = [*out, _sums(body, bound)]
        return a.built(front)


def _is_delta(node: Node) -> bool:
    return node.op == "eye"


def _sums(body: Node, letters: Iterable[str]) -> Node:
    for letter in reversed(list(letters)):
        body = Node("sum", [body], (letter, None, None))
    return body


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
    work, steps, variable = ix.work, [], sym(ix.work.variable)
    ix.taken = {*ix.target}
    letters = ix.fresh(ix.axes(sym(name)))
    before = {*ix.taken}
    left = Node("idx", [sym(name)], tuple(letters)) if letters else sym(name)
    slope = Node("grad", [left, at])
    terms, used = ix.derivative(name)
    if given is None and "softmax" not in used:
        steps.append(Step(left, work.algebra.simplified(ix.entry(work.bodies[name], letters)), "entry by entry"))
    ix.taken = before
    if not terms:
        return []
    labels = {**ix.labelled(sym(name), letters), **ix.labelled(variable, ix.target, "pq")}
    ix.slopes[name] = short = [t.collapsed() for t in terms]
    made = ix.written(short, labels)
    if "softmax" in used:
        return [*steps, Step(slope, made, "softmax")]
    if all(len(s.over) == len(t.over) for s, t in zip(short, terms, strict=True)):
        return [*steps, Step(slope, made, "derivative of an entry")]
    raw = Step(slope, ix.written(terms, labels), "chain rule, term by term")
    return [*steps, raw, Step(slope, made, "of each sum with δ one term is left")]
