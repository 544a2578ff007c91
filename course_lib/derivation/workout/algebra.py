"""Rewriting that keeps the value: like terms collected, factors in front, transposes inside, what cancels gone.

`Algebra.simplified` is what a lecturer does between two lines without saying so. It works on trees whose products are
told apart: numbers stand in front, and a product of vectors that is a number is one factor of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ..dimensions import SCALAR, Scope, resolve
from ..names import Names
from ..shapes import Typer
from ..tree import Node, map_tree, num, sym, walk

Shape = tuple[tuple, tuple]


@dataclass
class Product:
    """number · powers of numbers · factors, in their order, that are no numbers."""

    number: Fraction = Fraction(1)
    powers: dict[Node, Fraction] = field(default_factory=dict)
    factors: list[Node] = field(default_factory=list)

    def times(self, node: Node, exponent: Fraction) -> None:
        """Multiply by a number's power; what cancels is left out."""
        total = self.powers.pop(node, Fraction(0)) + exponent
        if total:
            self.powers[node] = total

    def include(self, other: Product) -> None:
        """Multiply by another product."""
        self.number *= other.number
        for base, e in other.powers.items():
            self.times(base, e)
        self.factors += other.factors


def size(node: Node) -> int:
    """How much there is to write."""
    return sum(1 for _ in walk(node))


def transposes(node: Node) -> int:
    return sum(n.op == "T" for n in walk(node))


def holds_d(node: Node) -> bool:
    """Whether a differential stands in the tree."""
    return any(n.op == "d" for n in walk(node))


def _looks(node: Node) -> tuple:
    """Which of two ways to write a number comes first: few transposes, a differential last, simple letters turned."""
    first, last = node.args[0], node.args[-1]
    return transposes(node), last.op != "d", first.op == "T" and first.args[0].op != "sym", repr(node)


def apply(name: str, node: Node, primes: int = 0) -> Node:
    return Node("fn", [node], (name, primes))


def ones(length: tuple) -> Node:
    return num(1) if length == () else Node("ones", (), "".join(map(str, length)))


def unit(k: int, length: tuple) -> Node:
    """The unit vector e_k."""
    return Node("idx", [Node("eye", (), "".join(map(str, length)))], (None, k))


def d_of(name: str) -> Node:
    """The differential of a name."""
    return Node("d", [sym(name)])


def all_ones(shape: Shape) -> list[Node]:
    """The factors of an array of ones."""
    return [x for x in (ones(shape[0]), turned(ones(shape[1])) if shape[1] else ONE) if x != ONE]


def turned(node: Node) -> Node:
    return Node("T", [node])


def product(*factors: Node) -> Node:
    """A product that is not made flat: a factor that is a number stays one factor."""
    return factors[0] if len(factors) == 1 else Node("mul", factors)


ZERO, ONE = num(0), num(1)


class Algebra:
    """The rules of rewriting, for the names of one text.

    `varying` are names that are not held to their promises: what is still to be differentiated in a symmetric S must
    not be rewritten with S = Sᵀ, for dS is not symmetric.
    """

    def __init__(self, names: Names, varying: Iterable[str] = ()):
        self.names, self.varying = names, {*varying}
        self._shapes: dict[Node, Shape] = {}
        self._done: dict[Node, Node] = {}

    # -- shapes

    def shape(self, node: Node) -> Shape:
        """Rows and columns of a tree; MisfitError where it does not fit together."""
        if node not in self._shapes:
            rows, columns = Typer(Scope(self.names)).typed(node).shape
            self._shapes[node] = (resolve(rows), resolve(columns))
        return self._shapes[node]

    def is_number(self, node: Node) -> bool:
        return self.shape(node) == SCALAR

    def key(self, node: Node) -> object:
        """What a tree has in common with every other that differs in the order of terms and of commuting factors."""
        keys = [self.key(a) for a in node.args]
        if node.op in ("add", "had", "frob"):
            return node.op, frozenset(Counter(keys).items())
        if node.op == "mul":
            numbers = [k for k, a in zip(keys, node.args, strict=True) if self.is_number(a)]
            arrays = [k for k, a in zip(keys, node.args, strict=True) if not self.is_number(a)]
            if numbers and arrays and self.is_number(node):  # x^T y is a number too
                numbers, arrays = [*numbers, (node.op, frozenset(), tuple(arrays))], []
            return node.op, frozenset(Counter(numbers).items()), tuple(arrays)
        return node.op, node.val, tuple(keys)

    def each(self, op: str, *args: Node) -> Node:
        """A product or power of numbers, or the same entry by entry where an array is in it."""
        if op == "pow":
            return Node("pow" if self.is_number(args[0]) else "epow", args)
        made = args[0]
        for a in args[1:]:
            numbers = self.is_number(made) or self.is_number(a)
            made = product(made, a) if numbers else Node("had", [made, a])
        return made

    def filled(self, formula: Node, trees: Mapping[Node, Node], entrywise: bool = False) -> Node:
        """A formula with trees in the places of others; products and powers entry by entry if that is asked for."""
        if formula in trees:
            return trees[formula]
        args = [self.filled(a, trees, entrywise) for a in formula.args]
        if entrywise and formula.op in ("mul", "pow"):
            return self.each(formula.op, *args)
        return formula.with_args(args) if args else formula

    def promises(self, node: Node, *wanted: str) -> bool:
        """Whether a name was declared with one of the promises."""
        declared = self.names.symbols.get(node.val) if node.op == "sym" else None
        if declared is None or node.val in self.names.definitions or node.val in self.varying:
            return False
        return bool({*wanted} & {*declared.promises})

    # -- simplification

    def simplified(self, node: Node) -> Node:
        """The tree written shorter, with the same value."""
        if node not in self._done:
            inside = node.args and node.op != "d"
            whole = node.with_args(self.simplified(a) for a in node.args) if inside else node
            change: Callable[[Node], Node] | None = getattr(self, "_" + node.op, None)
            made = change(whole) if change else whole
            self._done[node] = made
            self._done.setdefault(made, made)
        return self._done[node]

    def gathered(self, terms: list[Node]) -> Node:
        """The sum of one or more terms, simplified."""
        return self.simplified(Node("add", terms) if len(terms) > 1 else terms[0])

    def parts(self, node: Node) -> Product:
        """A simplified tree as number, powers and factors."""
        out = Product()
        self._take(node, Fraction(1), out)
        return out

    def _take(self, node: Node, e: Fraction, out: Product, entries: bool = False) -> None:
        """Multiply `out` by a power of a tree; an array is a factor, or each of its entries is meant."""
        op, args, number = node.op, node.args, self.is_number(node)
        if e.denominator != 1 and not (op == "pow" and args[0].op == "norm"):
            out.times(node, e)  # the root of a square is no more than its size
        elif op == "num":
            value = Fraction(str(node.val))
            out.number *= Fraction(value ** int(e)) if value or e > 0 else 1
        elif op == "neg":
            out.number *= -1 if e.numerator % 2 else 1
            self._take(args[0], e, out, entries)
        elif op == "mul":
            arrays = [a for a in args if not self.is_number(a)]
            for a in args:
                if self.is_number(a):
                    self._take(a, e, out)
            if arrays and number:
                out.times(product(*arrays), e)
            elif arrays and entries and len(arrays) < len(args):
                self._take(product(*arrays), e, out, entries)
            elif arrays and entries and not self._all_ones(node):
                out.times(node, e)
            elif not entries:
                out.factors += arrays
        elif op == "div" and (entries or self.is_number(args[1])):
            self._take(args[0], e, out, entries)
            self._take(args[1], -e, out, entries)
        elif op == "had" and entries:
            for a in args:
                self._take(a, e, out, entries)
        elif op in ("pow", "epow") and (number or entries and op == "epow") and (power := exact(args[1])) is not None:
            self._take(args[0], e * power, out, entries)
        elif number and op == "fn" and node.val == ("sqrt", 0):
            self._take(args[0], e / 2, out)
        elif number or entries and not self._all_ones(node):
            out.times(node, e)
        elif not entries:
            out.factors.append(node)

    def built(self, p: Product) -> Node:
        """The tree of a product: sign, fraction of numbers, factors."""
        if not p.number:
            return ZERO
        over = [raised(base, -e) for base, e in p.powers.items() if e < 0]
        short = all(b.op in ("sym", "num") for b, e in p.powers.items() if e < 0) or p.factors
        inside = [raised(b, e) for b, e in p.powers.items() if e > 0 and (b.op == "sym" or not short)]
        behind = [raised(b, e) for b, e in p.powers.items() if e > 0 and b.op != "sym" and short]
        above = ([] if abs(p.number.numerator) == 1 else [num(abs(p.number.numerator))]) + inside
        below = ([] if p.number.denominator == 1 else [num(p.number.denominator)]) + over
        front = product(*above) if above else ONE
        if below:
            front = Node("div", [front, product(*below)])
        elif len(above) > 1:
            behind, front = [*above[1:], *behind], above[0]
        if not p.factors and behind and behind[-1].op == "mul":  # nothing after it from which it must be told apart
            behind[-1:] = behind[-1].args
        rest = [*behind, *p.factors]
        made = product(*([] if front == ONE and rest else [front]), *rest)
        return Node("neg", [made]) if p.number < 0 else made

    def _mul(self, node: Node) -> Node:
        whole = Product()
        for a in node.args if node.op == "mul" else [node]:
            self._take(a, Fraction(1), whole)
        factors = self._reduced(whole.factors, whole)
        if whole.number == 0 or ZERO in factors:
            return ZERO
        whole.factors = []
        for segment in self._segments(factors):
            rows, columns = self.shape(segment[0])[0], self.shape(segment[-1])[1]
            if rows == () == columns:
                self._take(self._as_number(segment), Fraction(1), whole)
            else:
                whole.factors += segment
        self._shares(whole)
        return self.built(whole)

    def _shares(self, p: Product) -> None:
        """e^u over the sum of its entries as softmax(u)."""
        for k, f in enumerate(p.factors):
            inner = f.args[0] if f.op == "T" else f
            inside = self._exponent(inner)
            if inside is not None and p.powers:
                total = self.simplified(self._total(inner))
                if p.powers.get(total) == -1:
                    del p.powers[total]
                    p.factors[k] = turned(apply("softmax", inside)) if f.op == "T" else apply("softmax", inside)
                    return

    def _exponent(self, node: Node) -> Node | None:
        """u for e^u, also where the text has a name for it; None for anything else."""
        if node.op == "sym" and node.val in self.names.definitions:
            node = self.meaning(node)
        return node.args[0] if node.op == "fn" and node.val == ("exp", 0) else None

    def _segments(self, factors: list[Node]) -> Iterable[list[Node]]:
        """The factors cut where a column meets a row."""
        segment: list[Node] = []
        for f in factors:
            if segment and self.shape(segment[-1])[1] == ():
                yield segment
                segment = []
            segment.append(f)
        if segment:
            yield segment

    def _as_number(self, segment: list[Node]) -> Node:
        """A product that is a number, in the one of its ways to be written that has the fewest transposes."""
        first, *middle, last = segment
        for e, x in ((last, first), (self._transposed(first), last)):
            if not middle and is_unit(e):
                x = x.args[0] if x.op == "T" else x
                return ONE if x.op == "ones" else Node("idx", [x], (e.val[1],))
        inside = segment[self._transposed(first).op == "ones" : len(segment) - (last.op == "ones")]
        if len(inside) == 1:
            return self._total(inside[0])
        if not middle and self._transposed(last) == first:
            return Node("pow", [Node("norm", [last], "2"), num(2)]) if first.op != "T" else product(first, last)
        other = [self._transposed(f) for f in reversed(segment)]
        ways = [product(*segment), product(*other)]
        return min(ways, key=_looks)

    def _total(self, array: Node) -> Node:
        """The sum of all entries."""
        array = array.args[0] if array.op == "T" else array
        rows, columns = self.shape(array)
        p = self._entries(array)
        above = [b for b, e in p.powers.items() if e > 0]
        if [*p.powers.values()] == [2]:
            return product(num_of(p.number), Node("pow", [Node("norm", above, "2"), num(2)]))
        if len(above) > 1 or above and p.powers[above[0]] == 2 or array.op == "had" and above:
            one = next(filter(holds_d, above), above[0])
            rest = {b: e - (b == one) for b, e in p.powers.items() if b != one or e != 1}
            sides = [one, self._of_entries(Product(powers=rest))]
            return self.simplified(product(num_of(p.number), Node("frob", sides[::-1] if holds_d(one) else sides)))
        if rows == () or columns == ():
            one = ones(rows or columns)
            return product(turned(one), array if columns == () else self._transposed(array))
        return product(turned(ones(rows)), array, ones(columns))

    def _reduced(self, factors: list[Node], whole: Product) -> list[Node]:
        """The factors without neighbours that cancel; numbers that come out go into `whole`."""
        out: list[Node] = []
        for f in factors:
            out.append(f)
            while len(out) > 1:
                made = self._neighbours(out[-2], out[-1])
                if made is None:
                    break
                del out[-2:]
                inside = self.parts(made)
                out += inside.factors
                inside.factors = []
                whole.include(inside)
        return out

    def _neighbours(self, a: Node, b: Node) -> Node | None:
        """The product of two neighbours where it is shorter than both, else None."""
        if is_eye(a) and self.shape(b)[0] != ():
            return b
        if is_eye(b) and self.shape(a)[1] != ():
            return a
        if a == Node("inv", [b]) or b == Node("inv", [a]):
            return Node("eye", (), "".join(map(str, self.shape(a)[0])))
        if b.op == "ones" and a.op == "T" and a.args[0] == b:
            return sym(b.val)
        if b.op == "ones" and self.sums_to_one(a):
            return ones(self.shape(a)[0])
        if a.op == "T" and a.args[0].op == "ones" and self.sums_to_one(self._transposed(b)):
            return self._transposed(ones(self.shape(b)[1]))
        if a.op == "T" and a.args[0] == b and self.promises(b, "orthogonal", "orthonormal"):
            return Node("eye", (), "".join(map(str, self.shape(b)[1])))
        if b.op == "T" and b.args[0] == a and self.promises(a, "orthogonal"):
            return Node("eye", (), "".join(map(str, self.shape(a)[0])))
        if a.op == "fn" and a.val[0] == "diag" and self.shape(b)[1] == () != self.shape(b)[0]:
            return self.simplified(Node("had", [a.args[0], b]))
        return None

    def sums_to_one(self, a: Node) -> bool:
        """Whether every row of `a` sums to 1."""
        upright = self.shape(a)[0] == ()
        inner = a.args[0] if a.op == "T" and upright else a
        if inner.op == "sym" and inner.val in self.names.definitions:
            inner = self.meaning(inner)
        if a.op == "T" and not upright:
            return False
        return self.promises(inner, "onehot", "simplex") or inner.op == "fn" and inner.val == ("softmax", 0)

    def _transposed(self, node: Node) -> Node:
        return self.simplified(turned(node))

    def _T(self, node: Node) -> Node:
        a = node.args[0]
        if self.is_number(a) or a.op in ("eye", "num"):
            return a
        if a.op == "T":
            return a.args[0]
        if self.promises(a, "symmetric", "spd") or a.op == "fn" and a.val[0] == "diag":
            return a
        if a.op == "kron":
            return a.with_args(map(self._transposed, a.args))
        if a.op == "mul":
            numbers = [f for f in a.args if self.is_number(f)]
            arrays = [self._transposed(f) for f in reversed(a.args) if not self.is_number(f)]
            return self.simplified(product(*numbers, *arrays))
        if a.op in ("add", "had", "neg") or a.op == "div" and self.is_number(a.args[1]):
            made = self.simplified(a.with_args(self._transposed(x) for x in a.args))
            return made if a.op in ("neg", "div") or transposes(made) <= transposes(a) else node
        if a.op == "pow" and a.args[1].op == "num" or a.op == "inv":
            inside, base = self._transposed(a.args[0]), a.args[0]
            alike = inside == base or inside.op == base.op == "add" and {*inside.args} == {*base.args}
            return a if alike else node
        return node

    def _inv(self, node: Node) -> Node:
        a = node.args[0]
        return a.args[0] if a.op == "inv" else a if a.op == "eye" else node

    def _neg(self, node: Node) -> Node:
        return self._mul(product(num(-1), node.args[0])) if node.args[0].op != "add" else self._signed(node.args[0])

    def _signed(self, total: Node) -> Node:
        return self.simplified(Node("add", [Node("neg", [t]) for t in total.args]))

    def _div(self, node: Node) -> Node:
        a, b = node.args
        return self._mul(node) if self.is_number(b) else self._had(node)

    def _pow(self, node: Node) -> Node:
        return self._mul(node) if self.is_number(node.args[0]) else node

    def _epow(self, node: Node) -> Node:
        return self._mul(node) if self.is_number(node.args[0]) else self._had(node)

    def _frob(self, node: Node) -> Node:
        a, b = node.args
        if ZERO in (a, b):
            return ZERO
        if self.is_number(a):
            return self.simplified(product(a, b))
        rows, columns = self.shape(a)
        if columns == ():
            return self.simplified(product(turned(a), b))
        if rows == ():
            return self.simplified(product(a, turned(b)))
        whole, other = self.parts(a), self.parts(b)
        a, b = (self.built(Product(factors=p.factors)) for p in (whole, other))
        whole.include(other)
        whole.factors = []
        if a == b:
            whole.times(Node("norm", [a], "2"), Fraction(2))
        elif a.op == b.op == "kron":
            for x, y in zip(a.args, b.args, strict=True):
                self._take(self.simplified(Node("frob", [x, y])), Fraction(1), whole)
        else:
            whole.times(Node("frob", [a, b]), Fraction(1))
        return self.built(whole)

    def _fn(self, node: Node) -> Node:
        a = node.args[0]
        if node.val[0] == "tr" and a.op in ("mul", "neg", "div", "add"):
            return self._trace(a)
        return node

    def _trace(self, a: Node) -> Node:
        if a.op == "add":
            return self.simplified(Node("add", [apply("tr", t) for t in a.args]))
        p = self.parts(a)
        inside = self.built(Product(factors=p.factors))
        if inside.op == "mul" and self.shape(inside.args[0])[1] == ():
            whole = self.simplified(product(*inside.args[1:], inside.args[0]))
            return self.simplified(product(self.built(Product(p.number, p.powers)), whole))
        p.factors = []
        p.times(apply("tr", inside), Fraction(1))
        return self.built(p)

    # -- entry by entry

    def _entries(self, node: Node) -> Product:
        """An array as number · powers of arrays, entry by entry; factors hold the numbers that are no constants."""
        p = Product()
        self._take(node, Fraction(1), p, entries=True)
        p.factors = [raised(b, e) for b, e in p.powers.items() if self.is_number(b)]
        p.powers = {b: e for b, e in p.powers.items() if not self.is_number(b)}
        return p

    def _all_ones(self, node: Node) -> bool:
        inner = node.args[0] if node.op == "T" else node
        flat = inner.op == "mul" and len(inner.args) == 2 and inner.args[0].op == "ones"
        return inner.op == "ones" or flat and self._transposed(inner.args[1]).op == "ones"

    def _had(self, node: Node) -> Node:
        """The entry-wise product, numbers in front, what cancels gone; written out where that is shorter."""
        if ZERO in node.args[: 2 if node.op == "had" else 1]:
            return ZERO
        p = self._entries(node)
        if not p.powers:
            return self.simplified(product(num_of(p.number), *p.factors, *all_ones(self.shape(node))))
        for base in filter(is_unit, p.powers):
            k = (base.val[1],)
            entries = [raised(Node("idx", [b], k), e) for b, e in p.powers.items() if b != base]
            return self.simplified(product(num_of(p.number), *p.factors, *entries, base))
        for base, e in list(p.powers.items()):
            spread = product(base, ones(self.shape(base)[1]), turned(ones(self.shape(base)[1])))
            if e == 1 and p.powers.get(spread) == -1 and (inside := self._exponent(base)) is not None:
                del p.powers[base], p.powers[spread]
                p.times(apply("softmax", inside), Fraction(1))
        sums = _sums_in(p)
        parts = [self._entries(t).powers for b in sums for t in b.args if not self.is_number(t)]
        if any(e < 0 or is_unit(b) for q in (p.powers, *parts) for b, e in q.items()):  # something may cancel
            return min([self._of_entries(p), *(self.gathered(self._over(p, b)) for b in sums)], key=size)
        return self._of_entries(p)

    def _over(self, p: Product, total: Node) -> list[Node]:
        """The terms of an entry-wise product that is multiplied out over one of its factors, a sum."""
        rest = self._of_entries(Product(p.number, {b: e for b, e in p.powers.items() if b != total}, p.factors))
        return [self.each("mul", t, rest) for t in total.args]

    def _multiplied_out(self, node: Node) -> Iterable[Node]:
        """The terms of a product of sums, entry by entry, none of which is a fraction; else the node itself."""
        p = self._entries(node)
        if not _sums_in(p) or min(p.powers.values()) < 0:
            yield node
        else:
            for t in self._over(p, _sums_in(p)[0]):
                yield from self._multiplied_out(self.simplified(t))

    def meaning(self, node: Node) -> Node:
        """The right side of the definition of a name."""
        body = self.names.definitions[node.val].body
        assert isinstance(body, Node)
        return body

    def _of_entries(self, p: Product) -> Node:
        above: list[Node] = []
        below: list[Node] = []
        for base, e in p.powers.items():
            put, e = (above, e) if e > 0 else (below, -e)
            put += [base] * int(e) if e in (1, 2) and put is above else [base if e == 1 else power(base, e)]
        upper = joined("had", above) if above else ONE
        whole = Node("div", [upper, joined("had", below)]) if below else upper
        scale = self.parts(self.simplified(product(num_of(p.number), *p.factors)))
        scale.factors = [whole]
        return self.built(scale)

    # -- sums

    def _add(self, node: Node) -> Node:
        """Like terms collected, what is common to all of them in front."""
        terms: dict[object, Product] = {}
        for t in flat_terms(node):
            p = self.parts(t)
            key = frozenset(p.powers.items()), tuple(map(self.key, p.factors))
            if key in terms:
                terms[key].number += p.number
            else:
                terms[key] = p
        left = [p for p in terms.values() if p.number]
        if len(left) < 2:
            return self.built(left[0]) if left else ZERO
        arrays = [bool(p.factors) for p in left]
        if any(f.op == "had" for p in left for f in p.factors):
            open_ = [t for p in left for t in self._multiplied_out(self.built(p))]
            if len(open_) > len(left):
                shorter = self.simplified(Node("add", open_))
                if size(shorter) < size(Node("add", [self.built(p) for p in left])):
                    return shorter
        return self._with_common(left) if all(arrays) or not any(arrays) else self._sum_of(left)

    def _sum_of(self, terms: list[Product]) -> Node:
        """A sum that begins with a term without a minus, if there is one."""
        first = next((k for k, p in enumerate(terms) if p.number > 0), None)
        if first is None:
            return Node("neg", [Node("add", [self.built(Product(-p.number, p.powers, p.factors)) for p in terms])])
        return Node("add", [self.built(p) for p in [terms[first], *terms[:first], *terms[first + 1 :]]])

    def _with_common(self, terms: list[Product]) -> Node:
        """Terms of one shape, with their common number and their common first or last factor in front of the sum."""
        front = Product()
        if len({abs(p.number) for p in terms}) == 1:
            front.number = abs(terms[0].number)
        for base in terms[0].powers:
            exponents = [p.powers.get(base, Fraction(0)) for p in terms]
            if len(set(exponents)) == 1 or max(exponents) < 0:
                front.powers[base] = max(exponents)
        rest = [Product(p.number / front.number, dict(p.powers), p.factors) for p in terms]
        for p in rest:
            for base, e in front.powers.items():
                p.times(base, -e)
        shared = self._shared(rest) or self._shared_entries(rest)
        if shared is not None:
            left, inner, right = shared
            return self.simplified(product(self.built(front), *left, inner, *right))
        total = self._sum_of(rest)
        if front.number == 1 and not front.powers:
            return total
        if total.op == "neg":
            front.number, total = -front.number, total.args[0]
        if self.is_number(total):
            front.times(total, Fraction(1))
        else:
            front.factors = [total]
        return self.built(front)

    def _shared(self, terms: list[Product]) -> tuple[list[Node], Node, list[Node]] | None:
        """(common first factors, the sum of the rest, common last factors), or None where nothing is common."""
        lists = [p.factors for p in terms]
        if not all(lists):
            return None
        shortest = min(map(len, lists)) - 1
        k = 0
        while k < shortest and len({f[k] for f in lists}) == 1:
            k += 1
        m = 0
        alike = len({frozenset(p.powers.items()) for p in terms}) == 1
        while m < shortest - k and len({f[-1 - m] for f in lists}) == 1:
            if self.shape(lists[0][-1 - m])[1] == () and not alike:
                break
            m += 1
        if not k and not m:
            return None
        left, right = lists[0][:k], lists[0][len(lists[0]) - m :]
        inner = [Product(p.number, p.powers, p.factors[k : len(p.factors) - m]) for p in terms]
        return left, self.simplified(Node("add", [self.built(p) for p in inner])), right

    def _shared_entries(self, terms: list[Product]) -> tuple[list[Node], Node, list[Node]] | None:
        """p ∘ a − p ∘ b as p ∘ (a − b), and p ∘ a − c p as p ∘ (a − c) for a number c."""
        if any(len(p.factors) != 1 or p.factors[0].op not in ("had", "sym") for p in terms):
            return None
        entries = [self._entries(p.factors[0]).powers for p in terms]
        common = [b for b in entries[0] if all(e.get(b) == 1 for e in entries)]
        if not common or not any(len(e) > 1 for e in entries):
            return None
        inner = []
        for p, e in zip(terms, entries, strict=True):
            left = {b: x for b, x in e.items() if b != common[0]}
            factors = [self._of_entries(Product(powers=left))] if left else []
            inner.append(self.built(Product(p.number, p.powers, factors)))
        return [], Node("had", [common[0], self.simplified(Node("add", inner))]), []

    # -- names

    def abbreviated(self, node: Node, meanings: dict[Node, str]) -> Node:
        """The tree with a defined name wherever what it stands for is written out, quotients among numbers too."""
        quotients = {name: self.parts(m).powers for m, name in meanings.items() if m.op == "div" and self.is_number(m)}

        def change(n: Node) -> Node | None:
            if n in meanings:
                return sym(meanings[n])
            if n.op not in ("mul", "div") or not quotients:
                return None
            p = self.parts(n)
            for name, powers in quotients.items():
                if len(powers) > 1 and powers.items() <= p.powers.items():
                    for base, e in powers.items():
                        p.times(base, -e)
                    p.times(sym(name), Fraction(1))
                    return self.abbreviated(self.built(p), {})
            return None

        return map_tree(node, change)


def _sums_in(p: Product) -> list[Node]:
    """The sums among several factors of an entry-wise product."""
    return [b for b, e in p.powers.items() if b.op == "add" and e == 1 and len(p.powers) > 1]


def exact(node: Node) -> Fraction | None:
    """The value of a number that is written out, or None."""
    if node.op == "neg":
        inner = exact(node.args[0])
        return None if inner is None else -inner
    if node.op == "div":
        a, b = map(exact, node.args)
        return None if a is None or not b else a / b
    return Fraction(str(node.val)) if node.op == "num" else None


def is_unit(node: Node) -> bool:
    """Whether a tree is a unit vector e_k."""
    return node.op == "idx" and node.args[0].op == "eye" and node.val[0] is None


def is_eye(node: Node) -> bool:
    """Whether a tree is the identity, or a Kronecker product of identities."""
    return node.op == "eye" or node.op == "kron" and all(map(is_eye, node.args))


def num_of(value: Fraction) -> Node:
    """A fraction as a tree."""
    top = num(abs(value.numerator))
    made = top if value.denominator == 1 else Node("div", [top, num(value.denominator)])
    return Node("neg", [made]) if value < 0 else made


def raised(base: Node, e: Fraction) -> Node:
    """A number's power."""
    if e == Fraction(1, 2):
        return apply("sqrt", base)
    return base if e == 1 else Node("pow", [base, num_of(e)])


def power(base: Node, e: Fraction) -> Node:
    return apply("sqrt", base) if e == Fraction(1, 2) else Node("epow", [base, num_of(e)])


def joined(op: str, parts: list[Node]) -> Node:
    """Operands put together two by two."""
    made = parts[0]
    for part in parts[1:]:
        made = Node(op, [made, part])
    return made


def flat_terms(node: Node, sign: int = 1) -> Iterable[Node]:
    """The terms of a sum of sums, each with its sign."""
    if node.op == "add":
        for a in node.args:
            yield from flat_terms(a, sign)
    elif node.op == "neg" and node.args[0].op == "add":
        yield from flat_terms(node.args[0], -sign)
    else:
        yield node if sign == 1 else Node("neg", [node])
