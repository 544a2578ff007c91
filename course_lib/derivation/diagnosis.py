"""What went wrong: cheap tests, then one search over single edits; every hit is confirmed on fresh draws."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from course_lib.clock import seconds_spent

from . import wording
from .dimensions import Core, MisfitError, Scope, is_scalar, resolve
from .edits import all_edits
from .edits.draft import Draft, Edit
from .edits.form import signs
from .edits.indices import subscripts
from .edits.terms import LONE_TERM
from .evaluation import evaluate
from .judgement import DRAWS, FRESH, MODES, TOLERANCE, Bench, Relation, define, entry_order, is_zero
from .names import Names, dependencies, differentiates, spoken_name
from .shapes import Typer
from .substitution import inlined
from .tree import Node, add, free_indices, map_tree, mul, names_in, neg, num, places, put, sym, walk
from .values import TooLargeError, UndefinedError
from .writer import plain_text

SECONDS = 0.8


@dataclass
class Finding:
    """A confirmed mistake: its id, its sentence, the mended expression if there is one, and where it is."""

    mistake: str
    words: str
    mended: Node | None = None
    span: tuple | None = None
    cost: float = 1.0


class Tester:
    """Compares candidates with one truth, whose values are computed once per draw."""

    def __init__(self, names: Names, bench: Bench, truth: Node, member: Node, promise=None):
        self.names, self.truth = names, truth
        self.bench = bench if promise is None else Bench(names, bench.seed, bench.deadline, promise)
        relation = Relation(names, [truth, member])
        if relation.misfits[0]:
            raise relation.misfits[0]
        self.first_order, self.active = relation.scope.first_order, relation.active()
        self.core, self.scope = relation.cores[0], relation.scope
        self.letters = free_indices(truth)
        self.shape = tuple(resolve(d) for d in self.core.shape)
        self.tolerance = max(TOLERANCE, relation.tolerance())
        self.known: dict[int, tuple] = {}
        self.until = seconds_spent() + SECONDS
        if bench.deadline is not None:
            self.until = min(self.until, bench.deadline)

    def truth_on(self, number: int):
        """(values of the truth, attempt) on a draw."""
        if number not in self.known:
            for attempt in range(len(MODES)):
                out = self._value(self.core, self.scope, number, attempt)
                if out is not None:
                    self.known[number] = (out, attempt)
                    break
            else:
                raise UndefinedError
        return self.known[number]

    def values(self, node: Node, numbers) -> list | None:
        """A candidate's values on the draws given, or None when it does not fit or is not finite."""
        typed = self.typed(node)
        if typed is None:
            return None
        out = []
        for number in numbers:
            value = self._value(*typed, number, self.truth_on(number)[1])
            if value is None:
                return None
            out.append(value)
        return out

    def typed(self, node: Node):
        """(typed tree, scope) of a candidate that has the truth's shape and indices, else None."""
        if seconds_spent() > self.until:
            raise TimeoutError
        scope = Scope(self.names)
        scope.free = {k: self.scope.free[k] for k in self.letters if k in self.scope.free}
        scope.slots = {k: v[0] for k, v in scope.free.items()}
        for k in range(len(self.letters)):
            scope.slots.setdefault(f"reserved {k}", max([*scope.slots.values(), -1]) + 1)
        scope.direction_shapes = {k: tuple(resolve(d) for d in s) for k, s in self.scope.direction_shapes.items()}
        highest = max(scope.slots.values(), default=-1)
        scope.slot = _counter(scope.slots, highest)
        try:
            core = Typer(scope).typed(node)
            right = free_indices(node)
            if self.letters and not right and is_scalar(self.shape) and not is_scalar(core.shape):
                core = Typer(scope).typed(Node("idx", [node], tuple(entry_order(self.truth)), node.span))
        except (MisfitError, RecursionError):
            return None
        if any(i not in self.letters for i in right) or not scope.same(self.shape, core.shape):
            return None
        return core, scope

    def _value(self, core, scope, number, attempt):
        slots = max(scope.slots.values(), default=-1) + 1
        try:
            if not self.first_order:
                return self._plain(evaluate(core, self.bench.env(number, attempt, self.active), slots), scope)
            rest = evaluate(core, self.bench.env(number, attempt, self.active, 0.0), slots).real
            moved = evaluate(core, self.bench.env(number, attempt, self.active, 1e-30j), slots).imag / 1e-30
        except (
            UndefinedError,
            TooLargeError,
            np.linalg.LinAlgError,
            OverflowError,
            ZeroDivisionError,
            ValueError,
        ):
            return None
        rest, moved = self._plain(rest, scope), self._plain(moved, scope)
        return None if rest is None or moved is None else np.concatenate([rest.ravel(), moved.ravel()])

    def _plain(self, array, scope):
        """The value with one axis per index letter of the left side, in its order, then rows and columns."""
        if not np.isfinite(array).all():
            return None
        order = [scope.free[x][0] + 1 for x in self.letters if x in scope.free]
        kept = np.moveaxis(array, order, range(len(order)))
        return kept.reshape(*kept.shape[: len(order)], *kept.shape[-2:])

    def near(self, value, number, tolerance=None) -> bool:
        """Whether a value equals the truth on a draw."""
        truth = self.truth_on(number)[0]
        scale = max(np.abs(truth).max(initial=0), np.abs(value).max(initial=0))
        try:
            return bool(np.abs(truth - value).max(initial=0) <= (tolerance or self.tolerance) * scale + 1e-13)
        except ValueError:
            return False

    def right(self, node: Node) -> bool:
        """Whether a candidate equals the truth on all draws and on fresh ones."""
        typed = self.typed(node)
        if typed is None:
            return False
        for number in (*range(DRAWS), *FRESH):
            value = self._value(*typed, number, self.truth_on(number)[1])
            if value is None or not self.near(value, number):
                return False
        return True


def _counter(slots, highest):
    """A slot allocator that goes on after the slots already given."""
    state = {"next": highest + 1}

    def slot(name):
        if name not in slots:
            slots[name] = state["next"]
            state["next"] += 1
        return slots[name]

    return slot


def diagnose(names: Names, bench: Bench, nodes, k: int, reference: int, misfit=None, clashes=()) -> Finding | None:
    """The mistake in member k, judged against member `reference`; None when nothing was confirmed.

    Bounded in time; what was found so far is given up when time runs out.
    """
    truth, member = nodes[reference], nodes[k]
    if is_zero(member) or is_zero(truth):
        return None
    try:
        tester = Tester(names, bench, truth, member)
        finding = _clash(tester, member, clashes) if clashes else None
        return finding or _search(tester, names, bench, truth, member, misfit)
    except (MisfitError, UndefinedError, TooLargeError, TimeoutError, RecursionError):
        return None


def _search(tester, names, bench, truth, member, misfit):
    exclude = _own_name(truth)
    fits = misfit is None
    if fits:
        found = _ratio(tester, names, member, exclude, names.symbols)
        if found:
            return found
    found = _layout(tester, truth, member) or (_left_out(tester, names, member) if fits else None)
    if found:
        return found
    edits = all_edits(Draft(names, member, truth, exclude))
    if not fits and _number_for_array(tester, member):
        edits = [e for e in edits if e.mistake in ("sum", "index", "transpose", "order", "hadamard")]
    found = _first(tester, edits, lambda e: e.cost <= 1.3)
    if found:
        return found
    if fits:
        found = _ratio(tester, names, member, exclude, names.definitions)
        if found:
            return found
        found = _only_diagonal(tester, member) or _one_term(tester, names, member) or _first(tester, edits, _lone_term)
        if found:
            return found
        for test in (_assumption, _dropped_occurrence, _dropped_term):
            found = test(tester, names, bench, truth, member)
            if found:
                return found
    found = _first(tester, edits, lambda e: e.cost > 1.3)
    found = found or (_without_a_name(tester, names, member) if fits else None)
    found = found or _other_variable(names, bench, truth, member)
    return found or _two_slips(tester, names, truth, member, exclude, edits)


FIRST_SLIPS, MOST_OF_TWO = 24, 1.2


def _two_slips(tester, names, truth, member, exclude, edits):
    """Two slips at once: a cheap edit and a multiple, or two cheap edits; both confirmed together on all draws."""
    firsts = [e for e in edits if e.cost <= MOST_OF_TWO and e.tree != truth and not _restates(e.tree, truth)]
    for first in firsts[:FIRST_SLIPS]:
        found = _ratio(tester, names, first.tree, exclude, names.symbols)
        if found is not None and found.mended is not None:
            return _both(first, found.mistake, found.words, found.mended)
    for first in firsts[:FIRST_SLIPS]:
        for second in all_edits(Draft(names, first.tree, truth, exclude)):
            fits = second.cost <= MOST_OF_TWO and second.tree != member and not _restates(second.tree, truth)
            if fits and tester.right(second.tree):
                return _both(first, second.mistake, second.words, second.tree)
    return None


def _both(first, mistake, words, mended):
    """The finding of two slips: it bears the name of the first, and says both."""
    said = f"two slips at once: {first.words}; and then {words}" if mistake else first.words
    return Finding(first.mistake, said, mended, first.place.span, first.cost + 1)


def _lone_term(edit):
    """A single name added to what stands there: the plainest account of a missing term."""
    return edit.mistake == "term" and edit.cost == LONE_TERM


def _number_for_array(tester, member):
    """Whether a number stands where an array is needed: then a factor put in would only guess."""
    try:
        return is_scalar(Typer(Scope(tester.names)).typed(member).shape) and not is_scalar(tester.shape)
    except MisfitError:
        return False


def _own_name(truth: Node) -> set[str]:
    """Names that would only restate the truth: its own, when it is a defined name and not a derivative of
    one.
    """
    return set() if any(n.op in ("grad", "hess", "d") for n in walk(truth)) else names_in(truth)


def _first(tester, edits: list[Edit], wanted) -> Finding | None:
    """The cheapest edit that mends the member, confirmed on fresh draws."""
    for edit in edits:
        if wanted(edit) and not _restates(edit.tree, tester.truth) and tester.right(edit.tree):
            return Finding(edit.mistake, edit.words, edit.tree, edit.place.span, edit.cost)
    return None


def _restates(tree, truth):
    """Whether a mended line would say no more than what was asked: the derivative itself stands in it."""
    return truth.op in ("grad", "hess", "d") and any(n == truth for n in walk(tree))


def _clash(tester, member, clashes):
    """An index both free and summed: rename the summed one, and if need be mend one more subscript.

    A mistake even where the hidden meaning is right, and even when nothing mends it: that the letter is used
    twice is certain.
    """
    for edit in _renamings(tester, member):
        if tester.right(edit.tree):
            return Finding("index", wording.clash_words(clashes), edit.tree, edit.place.span, 0.9)
    for edit in _renamings(tester, member):
        for second in subscripts(Draft(tester.names, edit.tree, tester.truth)):
            if tester.right(second.tree):
                words = f"{wording.clash_words(clashes)}; once it is renamed, {second.words}"
                return Finding("index", words, second.tree, edit.place.span, 0.95)
    return Finding("index", wording.clash_words(clashes), None, None, 0.99)


def _renamings(tester, member):
    return [e for e in subscripts(Draft(tester.names, member, tester.truth)) if "another name" in e.words]


# -- cheap tests
# -----------------------------------------------------------------------------------------------------


def _ratio(tester, names, member, exclude, factors):
    """Truth a multiple of the member: −1, a constant, a dimension, or a number among the names in `factors`."""
    numbers = (*range(DRAWS), *FRESH)
    values = tester.values(member, numbers)
    if values is None:
        return None
    ratios = []
    for number, value in zip(numbers, values, strict=True):
        with np.errstate(over="ignore"):
            below = float((value * value).sum())
        truth = tester.truth_on(number)[0]
        try:
            ratio = float((value * truth).sum()) / below if below > 1e-20 else None
            if (
                ratio is None
                or abs(ratio) < 1e-9
                or not tester.near(np.broadcast_to(ratio * value, truth.shape), number)
            ):
                return None
        except ValueError:
            return None
        ratios.append(ratio)
    return _named_ratio(tester, names, member, numbers, ratios, [f for f in factors if f not in exclude])


def _named_ratio(tester, names, member, numbers, ratios, factors):
    constant = _constant(ratios)
    if constant == -1:
        return _minus_one(tester, member)
    if constant is not None:
        mended = scaled(member, constant)
        return Finding("factor", wording.factor(constant), mended, member.span)
    sizes = [
        {d: tester.bench.env(k, tester.truth_on(k)[1], tester.active).draw.dims[d] for d in names.dims} for k in numbers
    ]
    for powers in _power_products(names.dims):
        c = _constant(
            [r / np.prod([float(s[d]) ** e for d, e in powers.items()]) for r, s in zip(ratios, sizes, strict=True)]
        )
        if c is not None:
            mended = scaled(member, c)
            for d, e in powers.items():
                mended = _by_dimension(mended, d, e)
            return Finding("mean", wording.mean(powers, c), mended if tester.right(mended) else None, member.span)
    for d in names.dims:
        for power in (-0.5, 0.5):
            if _constant([r / s[d] ** power for r, s in zip(ratios, sizes, strict=True)]) == 1:
                root = Node("fn", [sym(d)], ("sqrt", 0))
                mended = mul(root if power > 0 else Node("div", [num(1), root]), member)
                return Finding("mean", wording.root_of_dimension(d, power > 0), mended, member.span)
    return _by_number(tester, names, member, numbers, ratios, factors)


def _by_number(tester, names, member, numbers, ratios, factors):
    """The ratio is a declared number (λ is missing, or stands there once too often)."""
    for name in factors:
        if names.shape(name) != ((), ()):
            continue
        values = [tester.bench.env(k, tester.truth_on(k)[1], tester.active).value(name).item() for k in numbers]
        for power in (1, -1):
            c = _constant([r / v**power for r, v in zip(ratios, values, strict=True)])
            if c == 1:
                mended = mul(sym(name), member) if power == 1 else Node("div", [member, sym(name)])
                words = f"the factor {spoken_name(name)} is {'missing' if power == 1 else 'one too many'}"
                return Finding("chain-factor", words, mended, member.span)
    return None


def _constant(ratios) -> Fraction | float | None:
    """The ratio when it is the same on all draws, as a simple fraction where it is one."""
    first = ratios[0]
    if not np.isfinite(ratios).all():  # a definition the line does not use may not exist on one of the draws
        return None
    if any(abs(r - first) > 1e-7 * abs(first) for r in ratios):
        return None
    simple = Fraction(first).limit_denominator(48)
    return simple if abs(float(simple) - first) <= 1e-7 * abs(first) else first


def _power_products(dims):
    """n, 1/n, n², d/n, ... in the order in which they are likely."""
    for d in dims:
        yield {d: -1}
        yield {d: 1}
    for a in dims:
        for b in dims:
            if a != b:
                yield {a: -1, b: 1}
    for d in dims:
        yield {d: -2}
        yield {d: 2}
    for k, a in enumerate(dims):
        for b in dims[k + 1 :]:
            yield {a: -1, b: -1}
            yield {a: 1, b: 1}


def _minus_one(tester, member):
    """−1 times the truth: point at the difference that is the wrong way round or the minus that is one too
    many.
    """
    for edit in sorted(signs(Draft(tester.names, member, tester.truth)), key=lambda e: (e.place.op == "neg", e.cost)):
        if (
            edit.cost <= 1.0
            and (edit.place.op == "add" and len(edit.place.args) == 2 or edit.place.op == "neg")
            and tester.right(edit.tree)
        ):
            return Finding("sign", wording.minus_one(edit.words), edit.tree, edit.place.span, 0.9)
    return Finding("sign", wording.minus_one(None), neg(member), member.span, 0.9)


def _layout(tester, truth, member):
    """The whole is the transpose of the truth, which is a derivative: the other layout convention."""
    turned = member.args[0] if member.op == "T" else Node("T", [member], None, member.span)
    if not differentiates(truth, tester.names) or not tester.right(turned):
        return None
    return Finding("layout", wording.layout(truth, tester.shape), turned, member.span)


# -- terms, assumptions, the product rule
# --------------------------------------------------------------------------------


def _one_term(tester, names, member):
    """One term of a sum with the wrong coefficient: what mends it is the same on all draws."""
    numbers = (*range(DRAWS), *FRESH)
    whole = tester.values(member, numbers)
    if whole is None:
        return None
    for path, n in places(member):
        if n.op != "add":
            continue
        for k, term in enumerate(n.args):
            without = add(*n.args[:k], *n.args[k + 1 :])
            rest = tester.values(put(member, path, without), numbers)
            found = _coefficient(tester, numbers, whole, rest) if rest else None
            # Any one term of a number can make up for another on a single draw; only the same coefficient on
            # all draws is a finding, so the search goes on past the others.
            finding = _term_finding(tester, names, member, path, n, k, term, found) if found is not None else None
            if finding is not None:
                return finding
    return None


def _coefficient(tester, numbers, whole, rest):
    """Per draw the c with truth = rest + c (whole − rest), or None when there is none."""
    out = []
    for number, w, r in zip(numbers, whole, rest, strict=True):
        truth = tester.truth_on(number)[0]
        try:
            gap = np.broadcast_to(w - r, truth.shape)
            below = float((gap * gap).sum())
            if below < 1e-20:
                return None
            c = float(((truth - r) * gap).sum()) / below
            if not tester.near(r + c * gap, number):
                return None
        except ValueError:
            return None
        out.append(c)
    return out


def _term_finding(tester, names, member, path, n, k, term, coefficients):
    bare = term.args[0] if term.op == "neg" else term
    said = plain_text(bare)
    others = [*n.args[:k], *n.args[k + 1 :]]
    if max(abs(c) for c in coefficients) < 1e-7:
        return Finding("term", wording.extra_term(said), put(member, path, add(*others)), term.span)
    c = _constant(coefficients)
    if c is not None:
        changed = scaled(bare, abs(c) if c < 0 else c)
        flips = (c < 0) != (term.op == "neg")
        mended = put(member, path, add(*n.args[:k], neg(changed) if flips else changed, *n.args[k + 1 :]))
        return Finding("sign" if c == -1 else "term", wording.coefficient(said, c), mended, term.span)
    numbers = (*range(DRAWS), *FRESH)
    for powers in _power_products(names.dims):
        sizes = [tester.bench.env(j, tester.truth_on(j)[1], tester.active).draw.dims for j in numbers]
        c = _constant(
            [
                r / np.prod([float(s[d]) ** e for d, e in powers.items()])
                for r, s in zip(coefficients, sizes, strict=True)
            ]
        )
        if c is not None:
            changed = scaled(bare, c)
            for d, e in powers.items():
                changed = _by_dimension(changed, d, e)
            mended = put(
                member,
                path,
                add(*n.args[:k], neg(changed) if term.op == "neg" else changed, *n.args[k + 1 :]),
            )
            return Finding("term", wording.coefficient_of_dimension(said, powers, c), mended, term.span)
    return None


def _only_diagonal(tester, member):
    """A Jacobian whose diagonal alone is given, as if each output depended on its own input only."""
    numbers = (*range(DRAWS), *FRESH)
    mine = tester.values(member, numbers)
    if mine is None or tester.truth.op != "grad":
        return None
    for number, value in zip(numbers, mine, strict=True):
        truth, value = (np.squeeze(x) for x in (tester.truth_on(number)[0], value))
        if truth.ndim != 2 or truth.shape != value.shape or truth.shape[0] != truth.shape[1]:
            return None
        off = ~np.eye(len(truth), dtype=bool)
        if np.abs(value[off]).max() > 1e-13 or not np.allclose(np.diag(truth), np.diag(value), rtol=1e-8):
            return None
    return Finding("term", wording.ONLY_DIAGONAL, None, member.span)


ASSUMED = {
    "symmetric": "is symmetric",
    "orthogonal": "is orthogonal",
    "unitsum": "sums to 1",
    "unitnorm": "has norm 1",
    "positive": "is positive",
}


def _assumption(tester, names, bench, truth, member):
    """Right only when a declared array keeps a promise it has not made."""
    involved = dependencies(truth, names) | dependencies(member, names)
    for name, s in names.symbols.items():
        if name not in involved:
            continue
        for promise in _possible(s):
            try:
                if Tester(names, bench, truth, member, (name, promise)).right(member):
                    rows = promise == "unitsum" and s.rows != 1 and s.columns != 1
                    words = wording.assumption(
                        spoken_name(name), "has rows that sum to 1" if rows else ASSUMED[promise]
                    )
                    return Finding("assumption", words, None, member.span)
            except (MisfitError, UndefinedError, TooLargeError):
                continue
    return None


def _possible(s):
    """The promises an array could still make."""
    if s.rows == 1 == s.columns:
        return [] if "positive" in s.promises else ["positive"]
    if s.rows == s.columns:
        return [p for p in ("symmetric", "orthogonal") if not {p, "spd"} & set(s.promises)]
    kept = set(s.promises)
    out = [] if kept & {"onehot", "simplex"} else ["unitsum"]
    if s.rows == 1 or s.columns == 1:
        out += ["unitnorm"] if "onehot" not in kept else []
    return out + ([] if kept & {"onehot", "simplex", "positive"} else ["positive"])


def _left_out(tester, names, member):
    """Terms that the differential of a sum of products has and the line lacks: dA W where dA W + A dW is meant."""
    truth = tester.truth
    if truth.op != "d" or truth.args[0].op != "sym" or truth.args[0].val not in names.definitions:
        return None
    terms = _differential_terms(names.definitions[truth.args[0].val].body)
    if len(terms) > MOST_TERMS:
        return None
    for count in range(1, len(terms)):
        for missing in combinations(terms, count):
            tree = add(member, *missing)
            if tester.right(tree):
                rule = "product-rule" if any(term.op in PRODUCTS for term in missing) else "term"
                return Finding(rule, wording.left_out([plain_text(term) for term in missing]), tree, member.span)
    return None


MOST_TERMS = 5


def _differential_terms(body):
    """The terms of d(body): for each term of a sum, one for each name in its product."""
    terms = []
    for term in body.args if body.op == "add" else [body]:
        minus, bare = term.op == "neg", term.args[0] if term.op == "neg" else term
        for path, n in places(bare):
            above = [_at(bare, path[:k]).op for k in range(len(path))]
            if n.op == "sym" and all(op in (*PRODUCTS, "T") and op != "div" for op in above):
                changed = put(bare, path, Node("d", [n]))
                terms.append(neg(changed) if minus else changed)
    return terms


def _at(tree, path):
    for k in path:
        tree = tree.args[k]
    return tree


def _other_variable(names, bench, truth, member):
    """The right derivative in another variable than the one asked for."""
    if truth.op != "grad" or len(truth.args) < 2 or truth.args[1].op != "sym":
        return None
    for name in names.symbols:
        if name == truth.args[1].val or name not in dependencies(truth.args[0], names):
            continue
        try:
            if Tester(names, bench, truth.with_args([truth.args[0], sym(name)]), member).right(member):
                words = wording.other_variable(spoken_name(name), spoken_name(truth.args[1].val))
                return Finding("symbol", words, None, member.span)
        except (MisfitError, UndefinedError, TooLargeError):
            continue
    return None


def _dropped_occurrence(tester, names, bench, truth, member):
    """The product rule with a term left out: the truth with one occurrence of the variable held fixed."""
    found = _single_derivative(truth)
    if found is None:
        return None
    if len(found.args) < 2 and found.op == "grad":
        return None
    name = None
    if found.op == "grad":
        wrt = found.args[1].args[0] if found.args[1].op == "idx" else found.args[1]
        name = wrt.val if wrt.op == "sym" else None
    body = inlined(found.args[0], names, keep=name)
    if free_indices(body):
        return None
    together = [(name,)] if name else [*((v,) for v in tester.active), tester.active]
    for group in together:
        for fixed in _one_factor_held(body, group):
            candidate = Node(found.op, [fixed, *found.args[1:]], found.val)
            if _equal(tester, names, _put_derivative(truth, candidate), member):
                words = wording.product_rule([spoken_name(v) for v in group])
                return Finding("product-rule", words, None, member.span)
    return None


PRODUCTS = ("mul", "had", "frob", "kron", "at", "div")


def _one_factor_held(body, group):
    """The tree with the names of a group held fixed in one factor of a product while other factors still vary."""
    for path, n in places(body):
        if n.op not in PRODUCTS:
            continue
        varying = [k for k, a in enumerate(n.args) if any(m.op == "sym" and m.val in group for m in walk(a))]
        if len(varying) < 2:
            continue
        for k in varying:
            yield put(
                body,
                path + (k,),
                map_tree(n.args[k], lambda m: Node("frozen", [m]) if m.op == "sym" and m.val in group else None),
            )


def _single_derivative(truth):
    inner = [n for n in walk(truth) if n.op in ("grad", "d") and n.args[0].op not in ("idx",)]
    return inner[0] if len(inner) == 1 and (inner[0].op == "grad" or inner[0].args[0].op == "sym") else None


def _put_derivative(truth, candidate):
    path = next(p for p, n in places(truth) if n.op in ("grad", "d"))
    return put(truth, path, candidate)


def _equal(tester, names, a, b) -> bool:
    """Whether two trees agree on all draws, in the tester's own setting."""
    values_a, values_b = (tester.values(x, (*range(DRAWS), *FRESH)) for x in (a, b))
    if values_a is None or values_b is None:
        return False
    return all(
        np.allclose(x, y, rtol=1e-8, atol=1e-12) if x.shape == y.shape else False
        for x, y in zip(values_a, values_b, strict=True)
    )


def _dropped_term(tester, names, bench, truth, member):
    """One term of the definition not differentiated: the truth without it, or with it scaled."""
    found = _single_derivative(truth)
    if found is None:
        return None
    body = inlined(found.args[0], names)
    for path, n in places(body):
        if n.op != "add" or not _linear_above(body, path):
            continue
        for k, term in enumerate(n.args):
            rest = put(body, path, add(*n.args[:k], *n.args[k + 1 :]))
            reduced = _put_derivative(truth, Node(found.op, [rest, *found.args[1:]], found.val))
            if _equal(tester, names, reduced, member):
                return Finding(
                    "term",
                    wording.missing_term(plain_text(term.args[0] if term.op == "neg" else term)),
                    None,
                    member.span,
                )
    return None


def _without_a_name(tester, names, member):
    """The terms of the truth that hold a declared name left out: yours is the truth with that name put to
    zero.
    """
    present = dependencies(member, names)
    for name in names.symbols:
        if name in present or name not in dependencies(tester.truth, names):
            continue
        shape = Typer(tester.scope).shape_of(name)
        nothing = Core("scale", [Core("num", (), ((), ()), 0.0), Core("sym", (), shape, name)], shape)
        reduced = Core("at", [tester.core, nothing], tester.core.shape, (name,))
        numbers = (*range(DRAWS), *FRESH)
        mine = tester.values(member, numbers)
        theirs = [tester._value(reduced, tester.scope, k, tester.truth_on(k)[1]) for k in numbers]
        if mine and all(
            t is not None and np.allclose(m, t, rtol=1e-8, atol=1e-12) for m, t in zip(mine, theirs, strict=True)
        ):
            return Finding("term", wording.missing_name(spoken_name(name)), None, member.span)
    return None


def _linear_above(body, path):
    node = body
    for step in path:
        if node.op not in ("add", "neg", "mul", "div", "sum") and not (node.op == "fn" and node.val[0] == "tr"):
            return False
        if node.op == "div" and step == 1:
            return False
        node = node.args[step]
    return True


# -- numbers put into a tree
# ---------------------------------------------------------------------------------------------


def scaled(node: Node, c) -> Node:
    """c times the tree, worked into the leading number where there is one."""
    if c == 1:
        return node
    if not isinstance(c, Fraction):
        return mul(num(float(c)), node)
    if c < 0:
        return neg(scaled(node, -c))
    if node.op == "neg":
        return neg(scaled(node.args[0], c))
    head, rest = (
        (node.args[0], node.args[1:])
        if node.op == "mul"
        else (node, ())
        if node.op in ("num", "div")
        else (None, (node,))
    )
    if head is not None and head.op == "num" and isinstance(head.val, int):
        value = c * head.val
        lead = [] if value == 1 and rest else [_fraction_node(value)]
        return mul(*lead, *rest)
    if head is not None and head.op == "div" and head.args[0].op == "num" and isinstance(head.args[0].val, int):
        bottom, value = head.args[1], c * head.args[0].val
        factors = list(bottom.args) if bottom.op == "mul" else [bottom]
        if factors[0].op == "num" and isinstance(factors[0].val, int):
            value /= factors[0].val
            factors = factors[1:]
        if value.denominator != 1:
            factors = [num(value.denominator), *factors]
        new = Node("div", [num(value.numerator), mul(*factors)]) if factors else num(value.numerator)
        return mul(new, *rest) if rest else new
    return mul(_fraction_node(c), *((head,) if head is not None else ()), *rest)


def _fraction_node(value: Fraction) -> Node:
    return (
        num(value.numerator) if value.denominator == 1 else Node("div", [num(value.numerator), num(value.denominator)])
    )


def _by_dimension(node: Node, d: str, e: int) -> Node:
    """The tree times d to the power e, worked into a leading fraction where there is one."""
    for _ in range(abs(e)):
        node = _once(node, d, e > 0)
    return node


def _once(node, d, up):
    if node.op == "neg":
        return neg(_once(node.args[0], d, up))
    head, rest = (node.args[0], node.args[1:]) if node.op == "mul" else (node, ())
    if head.op == "div":
        top, bottom = head.args
        factors = list(bottom.args) if bottom.op == "mul" else [bottom]
        if up and sym(d) in factors:
            factors.remove(sym(d))
            new = Node("div", [top, mul(*factors)]) if factors else top
            return mul(*([] if new == num(1) and rest else [new]), *rest)
        if not up:
            return mul(Node("div", [top, mul(*factors, sym(d))]), *rest)
    if up:
        return mul(sym(d), node)
    if head.op == "num" and rest:
        return mul(Node("div", [head, sym(d)]), *rest)
    return mul(Node("div", [num(1), sym(d)]), node)


# -- definitions
# -----------------------------------------------------------------------------------------------------------


def diagnose_definition(names, bench, name, indices, body, misfit, clashes) -> Finding | None:
    """A definition that does not fit together has no truth to compare with: the cheapest edit that makes it
    fit.

    Only edits that answer the misfit are tried: an index misfit is mended by an index, a shape misfit by a
    transpose,
    an order or a product sign.
    """
    left = Node("idx", [sym(name)], tuple(indices)) if indices else sym(name)
    wanted = {"index": ("index",), "clash": ("index",), "free": ("sum",)}.get(
        misfit.kind, ("transpose", "order", "hadamard")
    )
    edits = all_edits(Draft(names, body, left, {name}))
    if misfit.kind == "clash":
        edits = [e for e in edits if "another name" in e.words]
    fitting = []
    for edit in edits:
        # Nothing says that another name is meant, except where a column of ones stands for the number 1.
        asked = edit.mistake in wanted or misfit.kind == "shapes" and edit.place.op == "ones"
        if not asked or fitting and edit.cost > fitting[0].cost + 0.06:
            continue
        try:
            definition, relation = define(names, name, (), indices, edit.tree)
        except MisfitError:
            continue
        if not relation.scope.clashes:
            fitting.append(edit)
    if fitting and fitting[0].place.op == "ones":
        fitting = fitting[:1]
    if not fitting or misfit.kind == "shapes" and len({e.mistake for e in fitting}) > 1:
        return None
    best = fitting[0]
    return Finding(best.mistake, best.words, best.tree, best.place.span, best.cost)
