"""Single edits of an expression, each with the mistake it would mend, what it costs, and where it is.

Cost orders what a teacher would say first: a sign or a transpose before a lost factor, a lost factor before
another symbol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .names import Names, spoken_name
from .shapes import ELEMENTWISE, MisfitError, Scope, Typer, inlined, is_scalar, is_vector
from .tree import (
    Node,
    add,
    free_indices,
    map_tree,
    mul,
    names_in,
    neg,
    num,
    places,
    put,
    rename_index,
    sym,
    walk,
)
from .writer import plain_text, spoken_function

LONE_TERM = 2.2


@dataclass
class Edit:
    """A candidate: the whole tree after the edit, the mistake it mends, its cost, the place, its sentence."""

    cost: float
    mistake: str
    tree: Node
    place: Node
    words: str


class Editor:
    """All single edits of one member, given the names that may be used and the index letters on the left."""

    def __init__(self, names: Names, member: Node, truth: Node, exclude=()):
        self.names, self.member, self.truth = names, member, truth
        self.left = free_indices(truth)
        self.available = [n for n in (*names.symbols, *names.definitions) if n not in exclude]
        self.available = list(dict.fromkeys(self.available))
        self.everywhere = list(places(member))
        variables = [p + (k,) for p, n in self.everywhere if n.op in ("grad", "hess") for k in range(1, len(n.args))]
        self.places = [(p, n) for p, n in self.everywhere if not any(p[: len(v)] == v for v in variables)]
        self.parents = {path + (k,): node for path, node in self.everywhere for k in range(len(node.args))}

    def all(self) -> list[Edit]:
        """Every edit, cheapest first."""
        makers = (
            self.signs,
            self.transposes,
            self.orders,
            self.hadamards,
            self.norms,
            self.sums,
            self.indices,
            self.product_rules,
            self.activations,
            self.factors,
            self.symbols,
            self.traces,
            self.terms,
            self.layouts,
        )
        found: dict[Node, Edit] = {}
        for make in makers:
            for edit in make():
                if edit.tree != self.member and (edit.tree not in found or edit.cost < found[edit.tree].cost):
                    found[edit.tree] = edit
        return sorted(found.values(), key=lambda e: e.cost)

    def _edit(self, cost, mistake, path, new, place, words):
        return Edit(cost, mistake, put(self.member, path, new), place, words)

    def _shape(self, node):
        """The declared shape of a name or a simple piece of one, else None."""
        if node.op == "sym":
            return self._name_shape(node.val)
        return None

    def _name_shape(self, name):
        return ((), ()) if name in self.names.dims else self.names.shape(name)

    def _number(self, node):
        """Whether a node is a number by its form."""
        if (
            node.op in ("num", "norm", "frob", "kdelta")
            or node.op == "idx"
            and None not in node.val
            and not self._row(node)
        ):
            return True
        if node.op == "fn" and node.val[0] in ("tr", "det", "logdet", "sum", "mean"):
            return True
        if node.op == "sym":
            return self._name_shape(node.val) in (None, ((), ()))
        if node.op in ("div", "pow", "neg", "mul", "add", "sum", "had"):
            return all(self._number(a) for a in node.args)
        if node.op == "fn" and node.val[0] in ELEMENTWISE:
            return self._number(node.args[0])
        return False

    def _typed_number(self, node):
        """Whether a node is a number by its shapes."""
        try:
            return is_scalar(Typer(Scope(self.names)).typed(node).shape)
        except MisfitError:
            return False

    def _typed_vector(self, node):
        """Whether a node is a vector by its shapes."""
        try:
            return is_vector(Typer(Scope(self.names)).typed(node).shape)
        except MisfitError:
            return False

    def _row(self, node):
        shape = self._shape(node.args[0])
        return len(node.val) == 1 and shape is not None and () not in shape

    # -- signs
    # --------------------------------------------------------------------------------------------------

    def signs(self) -> Iterator[Edit]:
        for path, n in self.places:
            if n.op == "neg":
                yield self._edit(
                    1.0,
                    "sign",
                    path,
                    n.args[0],
                    n,
                    f"the minus sign before {plain_text(n.args[0])} does not belong there",
                )
            if n.op == "fn" and n.val[0] in ELEMENTWISE:
                yield self._edit(
                    1.2,
                    "sign",
                    path,
                    n.with_args([neg(n.args[0])]),
                    n,
                    f"the argument {plain_text(n.args[0])} has the wrong sign",
                )
            if n.op != "add":
                continue
            flipped = [neg(t) for t in n.args]
            words = (
                f"the difference {plain_text(n)} is the wrong way round"
                if len(n.args) == 2 and any(t.op == "neg" for t in n.args)
                else f"all of {plain_text(n)} has the wrong sign"
            )
            if len(n.args) == 2 and flipped[0].op == "neg" and flipped[1].op != "neg":
                flipped.reverse()
            yield self._edit(0.95, "sign", path, add(*flipped), n, words)
            for k, t in enumerate(n.args):
                rest = add(*n.args[:k], *n.args[k + 1 :])
                yield self._edit(
                    1.25,
                    "term",
                    path,
                    rest,
                    t,
                    f"the term {plain_text(t.args[0] if t.op == 'neg' else t)} does not belong here",
                )
                changed = [*n.args[:k], neg(t), *n.args[k + 1 :]]
                bare = t.args[0] if t.op == "neg" else t
                yield self._edit(1.0, "sign", path, add(*changed), t, f"the term {plain_text(bare)} has the wrong sign")

    # -- transposes and order
    # -----------------------------------------------------------------------------------

    def transposes(self) -> Iterator[Edit]:
        for path, n in self.places:
            parent = self.parents.get(path)
            if n.op == "T":
                inner = n.args[0]
                yield self._edit(1.0, "transpose", path, inner, n, f"{plain_text(inner)} must not be transposed here")
            elif parent is not None and parent.op in ("T", "idx", "grad", "hess", "d", "norm") or self._number(n):
                continue
            elif n.op in (
                "sym",
                "grad",
                "d",
                "fn",
                "add",
                "mul",
                "inv",
                "had",
                "idx",
                "mat",
                "table",
                "app",
                "kron",
                "ones",
            ):
                cost = 1.0 if n.op in ("sym", "grad", "d", "idx", "app") else 1.05
                yield self._edit(
                    cost,
                    "transpose",
                    path,
                    Node("T", [n], None, n.span),
                    n,
                    f"{plain_text(n)} must be transposed",
                )

        yield from self._turned_pairs()

    def _turned_pairs(self):
        """Two neighbouring factors turned: ba^T where ab^T is meant, a^Tb where ab^T is meant."""
        for path, n in self.places:
            if n.op != "mul":
                continue
            for k in range(len(n.args) - 1):
                a, b = n.args[k : k + 2]
                if self._number(a) or self._number(b):
                    continue
                place = mul(a, b, span=_both(a, b))
                for pair in ((_turn(b), _turn(a)), (_turn(a), _turn(b))):
                    words = f"here {plain_text(mul(*pair))} is needed, not {plain_text(place)}"
                    new = mul(*n.args[:k], *pair, *n.args[k + 2 :])
                    yield self._edit(1.12, "transpose", path, new, place, words)

    def orders(self) -> Iterator[Edit]:
        for path, n in self.places:
            if n.op in ("kron", "at"):
                yield self._edit(
                    # r @ X is right too for a vector r, but X.T @ r is what a reader expects.
                    1.1 if n.op == "at" and self._typed_vector(n.args[1]) else 0.98,
                    "order",
                    path,
                    Node(n.op, n.args[::-1], None, n.span),
                    n,
                    f"the factors of {plain_text(n)} stand in the wrong order",
                )
            if n.op != "mul":
                continue
            for k in range(len(n.args) - 1):
                a, b = n.args[k], n.args[k + 1]
                if self._number(a) or self._number(b):
                    continue
                swapped = [*n.args[:k], b, a, *n.args[k + 2 :]]
                yield self._edit(
                    1.1,
                    "order",
                    path,
                    mul(*swapped),
                    mul(a, b, span=_both(a, b)),
                    f"{plain_text(a)} and {plain_text(b)} stand in the wrong order",
                )

            arrays = [k for k, a in enumerate(n.args) if not self._number(a)]
            if len(arrays) > 2:
                first, last = n.args[arrays[0]], n.args[arrays[-1]]
                lead = n.args[: arrays[0]]
                middle = n.args[arrays[0] + 1 : arrays[-1]]
                for moved, rest in ((last, (last, first, *middle)), (first, (*middle, last, first))):
                    where = "in front of" if moved is last else "behind"
                    words = f"{plain_text(moved)} belongs {where} the other factors"
                    yield self._edit(1.15, "order", path, mul(*lead, *rest, *n.args[arrays[-1] + 1 :]), moved, words)

    def layouts(self) -> Iterator[Edit]:
        """A chain rule written the other way round: g J where the gradient is a column and Jᵀ g is meant."""
        for path, n in self.places:
            if n.op == "mul" and len(n.args) == 2 and all(_derivative(a) for a in n.args):
                g, j = n.args
                new = mul(Node("T", [j]), g)
                yield self._edit(
                    1.02,
                    "layout",
                    path,
                    new,
                    n,
                    "with gradients as columns the chain rule reads Jᵀ times the gradient",
                )

    def hadamards(self) -> Iterator[Edit]:
        for path, n in self.places:
            if n.op == "had":
                yield self._edit(
                    1.15,
                    "hadamard",
                    path,
                    mul(*n.args),
                    n,
                    "a matrix product is needed here, not the entrywise one",
                )
            if n.op == "mul":
                for k in range(1, len(n.args)):
                    left, right = mul(*n.args[:k]), mul(*n.args[k:])
                    pair = (n.args[k - 1], n.args[k])
                    if len(n.args) > 2 and not any(self._number(a) for a in pair):
                        new = mul(*n.args[: k - 1], Node("had", pair), *n.args[k + 1 :])
                        yield self._edit(
                            1.16,
                            "hadamard",
                            path,
                            new,
                            mul(*pair, span=_both(*pair)),
                            "the entrywise product ⊙ is needed here, not the matrix product",
                        )
                    if not self._number(left) and not self._number(right):
                        yield self._edit(
                            1.15,
                            "hadamard",
                            path,
                            Node("had", [left, right]),
                            mul(n.args[k - 1], n.args[k], span=_both(n.args[k - 1], n.args[k])),
                            "the entrywise product ⊙ is needed here, not the matrix product",
                        )
            if n.op == "at":
                yield self._edit(
                    1.15,
                    "hadamard",
                    path,
                    Node("had", n.args),
                    n,
                    "the entrywise product * is needed here, not @",
                )

    def norms(self) -> Iterator[Edit]:
        for path, n in self.places:
            parent = self.parents.get(path)
            squared = parent is not None and parent.op in ("pow", "epow") and parent.args[1] == num(2)
            if n.op == "norm" and not squared:
                yield self._edit(
                    1.0,
                    "norm-square",
                    path,
                    Node("pow", [n, num(2)], None, n.span),
                    n,
                    f"the norm {plain_text(n)} must be squared",
                )
            if n.op in ("pow", "epow") and n.args[0].op == "norm" and n.args[1] == num(2):
                yield self._edit(
                    1.0,
                    "norm-square",
                    path,
                    n.args[0],
                    n,
                    f"the norm {plain_text(n.args[0])} must not be squared here",
                )
            if n.op == "add" and not squared and any(m.op == "idx" for m in walk(n)):
                yield self._edit(
                    1.3,
                    "norm-square",
                    path,
                    Node("pow", [n, num(2)], None, n.span),
                    n,
                    f"{plain_text(n)} must be squared",
                )

    # -- indices
    # ------------------------------------------------------------------------------------------------

    def _bound_above(self, path):
        letters = []
        node = self.member
        for k in path:
            if node.op == "sum":
                letters.append(node.val[0])
            node = node.args[k]
        return letters

    def sums(self) -> Iterator[Edit]:
        for path, n in self.places:
            if n.op in ("num", "sym", "dots"):
                continue
            above = self._bound_above(path)
            parent = self.parents.get(path)
            for letter in free_indices(n):
                if parent is not None and parent.op == "idx":
                    continue
                if letter in self.left or letter in above:
                    fresh = _fresh(self.member, self.left)
                    if n.op in ("mul", "idx", "pow") and _count(n, letter) > 1:
                        body = Node("sum", [rename_index(n, letter, fresh)], (fresh, None, None), n.span)
                        yield self._edit(
                            1.25,
                            "sum",
                            path,
                            body,
                            n,
                            f"{plain_text(n)} must be summed, over an index of its own ({fresh})",
                        )
                else:
                    body = Node("sum", [n], (letter, None, None), n.span)
                    yield self._edit(
                        1.0, "sum", path, body, n, f"the sum over {letter} is missing before {plain_text(n)}"
                    )
            if n.op == "mul" and len(n.args) == 2 and all(a.op == "grad" and len(a.args) == 2 for a in n.args):
                yield from self._chain_sum(path, n)
            if n.op == "sum":
                yield self._edit(1.4, "sum", path, n.args[0], n, f"the sum over {n.val[0]} does not belong here")
            if n.op == "add":
                yield from self._wider_sums(path, n)

    def _chain_sum(self, path, n):
        """∂L/∂p_i ∂p_i/∂z_i where every p_k moves with z_i: the chain rule sums over k."""
        outer, inner = n.args
        through, moved = outer.args[1], inner.args[0]
        if through != moved or through.op != "idx" or len(through.val) != 1:
            return
        fresh = _fresh(self.member, self.left)
        between = Node("idx", through.args, (fresh,))
        body = mul(outer.with_args([outer.args[0], between]), inner.with_args([between, inner.args[1]]))
        words = f"the chain rule sums over all entries of {plain_text(through.args[0])}, not over one"
        yield self._edit(1.0, "sum", path, Node("sum", [body], (fresh, None, None)), n, words)

    def _wider_sums(self, path, n):
        for k, t in enumerate(n.args):
            minus, s = t.op == "neg", t.args[0] if t.op == "neg" else t
            if s.op != "sum" or k + 1 >= len(n.args):
                continue
            inner = neg(s.args[0]) if minus else s.args[0]
            body = Node("sum", [add(inner, *n.args[k + 1 :])], s.val, n.span)
            yield self._edit(
                1.2,
                "sum",
                path,
                add(*n.args[:k], body) if k else body,
                n,
                f"the sum over {s.val[0]} must reach over all of {plain_text(n)}: brackets are missing",
            )

    def indices(self) -> Iterator[Edit]:
        letters = list(
            dict.fromkeys(
                [*self.left, *free_indices(self.member), *(n.val[0] for _, n in self.places if n.op == "sum")]
            )
        )
        for path, n in self.everywhere:
            if n.op == "idx" and len(n.val) == 2 and n.val[0] != n.val[1]:
                new = Node("idx", n.args, n.val[::-1], n.span)
                yield self._edit(1.0, "index", path, new, n, f"the subscripts of {plain_text(n)} must be swapped")
            if n.op in ("idx", "kdelta"):
                for k, old in enumerate(n.val):
                    for letter in letters:
                        if letter != old and old is not None:
                            val = (*n.val[:k], letter, *n.val[k + 1 :])
                            yield self._edit(
                                1.2,
                                "index",
                                path,
                                Node(n.op, n.args, val, n.span),
                                n,
                                f"the index {old} of {plain_text(n)} must be {letter}",
                            )
            if n.op == "sum":
                yield from self._limits(path, n)
            if n == num(1) and len(self.left) == 2:
                yield self._edit(
                    1.5,
                    "index",
                    path,
                    Node("kdelta", (), tuple(self.left), n.span),
                    n,
                    f"the 1 must be δ_{{{''.join(self.left)}}}: it counts only where both indices agree",
                )
        yield from self._swapped_pair()

    def _limits(self, path, n):
        index, limit, unequal = n.val
        if limit is not None:
            new = Node("sum", n.args, (index, None, unequal), n.span)
            yield self._edit(0.9, "index", path, new, n, f"the sum over {index} must not end at {limit}")
        fresh = _fresh(self.member, self.left)
        renamed = Node("sum", [rename_index(n.args[0], index, fresh)], (fresh, limit, unequal), n.span)
        if index in self.left or index in self._bound_above(path):
            yield self._edit(
                0.9,
                "index",
                path,
                renamed,
                n,
                f"the summed index {index} must have another name, such as {fresh}",
            )

    def _swapped_pair(self):
        """Two index letters exchanged throughout."""
        letters = free_indices(self.member)
        for k, a in enumerate(letters):
            for b in letters[k + 1 :]:
                tree = rename_index(rename_index(rename_index(self.member, a, "\0"), b, a), "\0", b)
                yield Edit(1.3, "index", tree, self.member, f"the indices {a} and {b} are exchanged")

    # -- factors, functions, symbols
    # ------------------------------------------------------------------------------

    def product_rules(self) -> Iterator[Edit]:
        if not differentiates(self.truth, self.names):
            return
        for path, n in self.places:
            parent = self.parents.get(path)
            if self._number(n) or parent is not None and parent.op in ("idx", "grad", "hess", "d", "T"):
                continue
            if self._typed_number(n):
                continue
            if n.op in ("sym", "T", "mul", "fn", "inv", "at"):
                both = add(n, Node("T", [n]) if n.op != "T" else n.args[0])
                yield self._edit(
                    1.35,
                    "product-rule",
                    path,
                    both,
                    n,
                    f"where {plain_text(n)} stands, {plain_text(both)} is needed: both factors vary",
                )

    def slopes(self) -> list[Node]:
        """Derivatives f'(z) of the functions that the definitions and the line apply, at the arguments they
        have there.
        """
        found: dict[Node, None] = {}
        trees = [d.body for d in self.names.definitions.values()] + [inlined(self.truth, self.names)]
        for tree in trees:
            for n in walk(tree):
                if (
                    n.op == "fn"
                    and (n.val[0] in ELEMENTWISE or n.val[0].startswith("any:"))
                    and n.val[0] not in ("log", "abs", "sqrt")
                    # exp of a number is its own derivative: what is missing then is a factor, not a slope.
                    and not (n.val[0] == "exp" and not free_indices(n) and self._typed_number(n.args[0]))
                ):
                    if n.args[0].op == "idx":
                        base = n.args[0].args[0]
                        found[Node("fn", [base], (n.val[0], 1))] = None
                    elif not free_indices(n):
                        found[Node("fn", n.args, (n.val[0], 1))] = None
        return list(found)[:6]

    def activations(self) -> Iterator[Edit]:
        slopes = self.slopes()
        for path, n in self.places:
            parent = self.parents.get(path)
            if n.op == "fn" and (n.val[0] in ELEMENTWISE or n.val[0].startswith("any:")):
                yield from self._primes(path, n)
            if parent is not None and parent.op in ("idx", "grad", "hess", "d"):
                continue
            letters = list(dict.fromkeys([*self.left, *free_indices(n)]))
            for s in slopes:
                said = plain_text(s)
                if n.op == "idx" and n.args[0].op == "sym":
                    yield self._edit(
                        1.32,
                        "activation-derivative",
                        path,
                        Node("idx", [s], n.val),
                        n,
                        f"{said} is needed where {plain_text(n)} stands",
                    )
                if self._number(n):
                    if not letters and not path:
                        words = f"the factor {said} is missing"
                        yield self._edit(1.75, "activation-derivative", path, mul(n, s), n, words)
                    elif n.op in ("idx", "mul", "sum", "grad", "pow", "add") and (
                        parent is None or parent.op in ("sum", "add", "neg", "mul")
                    ):
                        for val in [(i,) for i in letters] + [(i, j) for i in letters for j in letters if i != j]:
                            yield self._edit(
                                1.75,
                                "activation-derivative",
                                path,
                                mul(n, Node("idx", [s], val)),
                                n,
                                f"the factor {said} is missing",
                            )
                    continue
                operand = parent is None or parent.op in ("had", "mul", "fn", "sum", "neg", "at", "T", "add")
                if operand and n.op in ("sym", "fn", "add", "mul", "had", "epow", "pow"):
                    yield self._edit(
                        1.35,
                        "activation-derivative",
                        path,
                        s,
                        n,
                        f"{said} is needed where {plain_text(n)} stands",
                    )
                yield self._edit(
                    1.33,
                    "activation-derivative",
                    path,
                    Node("had", [n, s]),
                    n,
                    f"the factor {said} is missing: {plain_text(n)} ⊙ {said}",
                )
                yield self._edit(
                    1.34,
                    "activation-derivative",
                    path,
                    mul(n, Node("fn", [s], ("diag", 0))),
                    n,
                    f"the factor diag({said}) is missing",
                )
            if n.op == "mul" and len(n.args) > 2:
                yield from self._inside_product(path, n, slopes)
            if n.op == "had":
                for keep, drop in (n.args, n.args[::-1]):
                    if any(m.op == "fn" and m.val[1] for m in walk(drop)):
                        yield self._edit(
                            1.4,
                            "activation-derivative",
                            path,
                            keep,
                            drop,
                            f"the factor {plain_text(drop)} is one too many",
                        )
        yield from self._wrong_arguments(slopes)

    def _inside_product(self, path, n, slopes):
        """The slope missing in the middle of a product: W^T R X^T where (W^T R ⊙ f'(Z)) X^T is meant."""
        for i in range(len(n.args) - 1):
            for j in range(i + 2, len(n.args) + 1):
                if self._number(n.args[i]) or (i, j) == (0, len(n.args)):
                    continue
                piece = mul(*n.args[i:j], span=_both(n.args[i], n.args[j - 1]))
                for s in slopes:
                    new = mul(*n.args[:i], Node("had", [piece, s]), *n.args[j:])
                    words = f"the factor {plain_text(s)} is missing: {plain_text(piece)} ⊙ {plain_text(s)}"
                    yield self._edit(1.36, "activation-derivative", path, new, piece, words)

    def _primes(self, path, n):
        name, primes = n.val
        said = spoken_function(name)
        if primes:
            yield self._edit(
                1.0,
                "activation-derivative",
                path,
                Node("fn", n.args, (name, primes - 1), n.span),
                n,
                f"{said} itself is needed here, not its derivative",
            )
            for other in self.available:
                if n.args[0].op == "sym" and other != n.args[0].val:
                    new = Node("fn", [sym(other)], n.val, n.span)
                    yield self._edit(
                        1.05,
                        "activation-derivative",
                        path,
                        new,
                        n,
                        f"{said}′ must be taken at {spoken_name(other)}, not at {plain_text(n.args[0])}",
                    )
        else:
            yield self._edit(
                1.0,
                "activation-derivative",
                path,
                Node("fn", n.args, (name, 1), n.span),
                n,
                f"the derivative {said}′ is needed here, not {said}",
            )

    def _wrong_arguments(self, slopes):
        """z(1−z) where a(1−a) is meant: one name replaced throughout a factor."""
        for path, n in self.places:
            if n.op not in ("had", "mul", "add") or not slopes:
                continue
            inside = [m.val for m in walk(n) if m.op == "sym"]
            for old in {v for v in inside if inside.count(v) > 1 and v not in self.names.dims}:
                for new in self.available:
                    if new != old and self._name_shape(new) == self._name_shape(old):
                        tree = _exchange(n, old, new)
                        yield self._edit(
                            1.3,
                            "activation-derivative",
                            path,
                            tree,
                            n,
                            f"the derivative must be taken at {spoken_name(new)}, not at {spoken_name(old)}",
                        )

    def factors(self) -> Iterator[Edit]:
        """A declared factor put in on the left or right, or taken out."""
        pool = [(Node("ones"), 2.0), (Node("T", [Node("ones")]), 2.0)]
        for name in self.available:
            shape = self._name_shape(name)
            if shape and shape != ((), ()):
                pool.append((sym(name), 2.0 if name in self.names.symbols else 2.05))
                pool.append((Node("T", [sym(name)]), 2.0 if name in self.names.symbols else 2.05))
            elif shape:
                pool.append((sym(name), 2.1))
        pool += [(f, 2.08) for f in self._inverses()]
        for path, n in self.places:
            parent = self.parents.get(path)
            if n.op == "mul":
                for k, f in enumerate(n.args):
                    if f.op != "num" and not (f.op == "div" and self._fixed(f)):
                        rest = mul(*n.args[:k], *n.args[k + 1 :])
                        yield self._edit(
                            1.7, "chain-factor", path, rest, f, f"the factor {plain_text(f)} is one too many"
                        )
                for k in range(len(n.args) + 1):
                    for f, cost in pool:
                        yield self._edit(
                            cost,
                            "chain-factor",
                            path,
                            mul(*n.args[:k], f, *n.args[k:]),
                            n,
                            self._missing(f, n, k),
                        )
            elif n.op in ("sym", "T", "add", "d", "grad", "had", "fn", "inv", "app", "neg") and (
                parent is None or parent.op not in ("mul", "T", "idx", "grad", "hess", "d", "neg")
            ):
                if n.op == "neg":
                    continue
                for f, cost in pool:
                    yield self._edit(
                        cost,
                        "chain-factor",
                        path,
                        mul(f, n),
                        n,
                        f"the factor {plain_text(f)} is missing to the left of {plain_text(n)}",
                    )
                    yield self._edit(
                        cost,
                        "chain-factor",
                        path,
                        mul(n, f),
                        n,
                        f"the factor {plain_text(f)} is missing to the right of {plain_text(n)}",
                    )
            elif n.op == "T" and parent is not None and parent.op == "mul":
                continue
            if (
                n.op not in ("num", "add", "neg")
                and not self._number(n)
                and (parent is None or parent.op in ("mul", "add", "neg", "fn", "T", "div"))
            ):
                yield from self._entrywise_factors(path, n)
            if (
                n.op in ("mul", "idx", "sum", "pow", "fn", "div", "norm")
                and (self._number(n) or parent is not None and parent.op == "sum")
                and (parent is None or parent.op in ("sum", "add", "neg"))
            ):
                yield from self._indexed_factors(path, n)
            if not self._number(n) and (parent is None or parent.op in ("mul", "neg", "add")):
                added = mul(Node("T", [n]) if n.op != "T" else n.args[0], Node("ones"))
                words = f"the columns of {plain_text(n)} must be added up: {plain_text(added)}"
                yield self._edit(2.04, "sum", path, added, n, words)
            if n.op == "had":
                for keep, drop in (n.args, n.args[::-1]):
                    yield self._edit(
                        1.8,
                        "chain-factor",
                        path,
                        keep,
                        drop,
                        f"the factor {plain_text(drop)} is one too many",
                    )

    def _fixed(self, node):
        """Whether a number is made of numbers and lengths alone: a wrong one shows as a constant ratio."""
        return all(m.op in ("num", "div", "mul", "neg", "pow") or m.val in self.names.dims for m in walk(node))

    def _inverses(self):
        """The inverses that the truth takes, as factors that may have been forgotten."""
        found = {}
        for tree in (inlined(self.truth, self.names), *(d.body for d in self.names.definitions.values())):
            for n in walk(tree):
                if n.op == "inv" and n.args[0].op == "sym" and not self._number(n.args[0]):
                    found[n] = None
        return [m for n in list(found)[:3] for m in (n, Node("T", [n]))]

    def _missing(self, factor, n, k):
        if k < len(n.args):
            return f"the factor {plain_text(factor)} is missing before {plain_text(n.args[k])}"
        return f"the factor {plain_text(factor)} is missing after {plain_text(n.args[-1])}"

    def _entrywise_factors(self, path, n):
        """A declared array missing as an entrywise factor, or an I missing in a Kronecker product."""
        for name in self.available:
            if (self._name_shape(name) or ((), ())) != ((), ()):
                yield self._edit(
                    2.03,
                    "chain-factor",
                    path,
                    Node("had", [sym(name), n]),
                    n,
                    f"the factor {spoken_name(name)} ⊙ is missing before {plain_text(n)}",
                )
        if not path:
            for pair in ((Node("eye"), n), (n, Node("eye"))):
                yield self._edit(
                    2.02,
                    "chain-factor",
                    path,
                    Node("kron", pair),
                    n,
                    f"the factor I of the Kronecker product is missing: {plain_text(Node('kron', pair))}",
                )

    def _indexed_factors(self, path, n):
        letters = list(dict.fromkeys([*self.left, *free_indices(n), *self._bound_above(path)]))
        if not letters or len(letters) > 4:
            return
        for tree in (self.member, *(d.body for d in self.names.definitions.values())):
            for m in walk(tree):
                if m.op == "fn" and m.args[0].op == "idx" and m.args[0].args[0].op == "sym" and len(m.args[0].val) == 1:
                    for letter in letters:
                        f = m.with_args([Node("idx", m.args[0].args, (letter,))])
                        yield self._edit(
                            2.12, "chain-factor", path, mul(f, n), n, f"the factor {plain_text(f)} is missing"
                        )
        for name in self.available:
            shape = self._name_shape(name)
            if not shape or shape == ((), ()):
                continue
            wide = () not in shape
            for val in [(i, j) for i in letters for j in letters if i != j] if wide else [(i,) for i in letters]:
                f = Node("idx", [sym(name)], val)
                yield self._edit(2.15, "chain-factor", path, mul(n, f), n, f"the factor {plain_text(f)} is missing")

    def symbols(self) -> Iterator[Edit]:
        for path, n in self.places:
            parent = self.parents.get(path)
            if n.op == "ones" and parent is not None and parent.op == "add":
                words = "the number 1 is needed here, for every entry; the bold 1 is a column of ones"
                yield self._edit(0.97, "symbol", path, num(1, n.span), n, words)
            if n.op != "sym" or parent is not None and parent.op in ("grad", "hess"):
                continue
            shape = self._name_shape(n.val)
            if n.val in self.names.dims:
                for other in self.names.dims:
                    if other != n.val:
                        yield self._edit(
                            1.9, "mean", path, sym(other, n.span), n, f"{other} is needed here, not {n.val}"
                        )
                continue
            for other in self.available:
                if other != n.val and self._name_shape(other) == shape:
                    yield self._edit(
                        1.85,
                        "symbol",
                        path,
                        sym(other, n.span),
                        n,
                        f"{spoken_name(other)} is needed here, not {spoken_name(n.val)}",
                    )

    def traces(self) -> Iterator[Edit]:
        for path, n in self.places:
            if n.op in ("mul", "T", "add", "sym", "had", "inv", "at") and not self._number(n):
                yield self._edit(
                    1.01,
                    "trace",
                    path,
                    Node("fn", [n], ("tr", 0), n.span),
                    n,
                    f"{plain_text(n)} is a matrix where a number is needed: its trace is meant",
                )

    def terms(self) -> Iterator[Edit]:
        """A term put in: a declared name, or an outer or entrywise product of two."""
        vectors = [n for n in self.available if (self._name_shape(n) or ((), ())).count(()) == 1]
        pool = [(sym(n), LONE_TERM) for n in self.available if (self._name_shape(n) or ((), ())) != ((), ())]
        for a in vectors:
            for b in vectors:
                row = self._name_shape(a)[0] == ()
                outer = mul(Node("T", [sym(a)]), sym(b)) if row else mul(sym(a), Node("T", [sym(b)]))
                pool.append((outer, 2.4))
        numbers = [n for n in self.available if self._name_shape(n) == ((), ())]
        pool += [
            (mul(sym(s), sym(v)), 2.4)
            for s in numbers
            for v in self.available
            if (self._name_shape(v) or ((), ())) != ((), ()) and v in self.names.symbols
        ]
        for path, n in self.places:
            parent = self.parents.get(path)
            if (
                parent is not None
                and parent.op in ("T", "idx", "grad", "hess", "d", "add", "neg")
                or self._number(n)
                and n.op not in ("mul", "neg")
            ):
                continue
            if n.op not in ("add", "mul", "sym", "fn", "T", "at", "neg", "had", "div", "kron"):
                continue
            for t, cost in pool:
                if t == n:
                    continue  # X + X is a factor 2, and said as one
                for signed in (t, neg(t)):
                    yield self._edit(
                        cost,
                        "term",
                        path,
                        add(n, signed),
                        n,
                        f"the term {plain_text(signed)} is missing after {plain_text(n)}",
                    )


def _turn(node):
    return node.args[0] if node.op == "T" else Node("T", [node], None, node.span)


def _derivative(node):
    return node.op == "grad" or node.op == "T" and node.args[0].op == "grad"


def _both(a, b):
    return (a.span[0], b.span[1]) if a.span and b.span else None


def _count(node, letter):
    return sum(n.val.count(letter) for n in walk(node) if n.op in ("idx", "kdelta"))


def _fresh(tree, left):
    used = (
        set(left)
        | {i for n in walk(tree) if n.op in ("idx", "kdelta") for i in n.val}
        | {n.val[0] for n in walk(tree) if n.op == "sum"}
    )
    return next(c for c in "lmpqrstuv" if c not in used)


def _exchange(node, old, new):
    return map_tree(node, lambda n: sym(new, n.span) if n.op == "sym" and n.val == old else None)


def differentiates(tree: Node, names: Names) -> bool:
    """Whether a tree is a derivative, directly or through the names it uses."""
    trees = [tree, *(names.definitions[n].body for n in names_in(tree) if n in names.definitions)]
    return any(n.op in ("grad", "hess", "d") for t in trees for n in walk(t))
