"""The verdict on a relation `a = b = c`: right on every draw, or which member is at fault and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from . import wording
from .diagnosis import Finding, diagnose
from .dimensions import MisfitError
from .judgement import DRAWS, TOLERANCE, Bench, Relation, Value, close, is_zero
from .names import Names, dependencies, spoken_name
from .parser import parse
from .tokens import UnreadableError
from .tree import Node
from .values import TooLargeError, UndefinedError
from .writer import latex

# How much more than the last digit second differences lose, which divide rounding by their step.
DIFFERENCED = 1e4


@dataclass
class Judged:
    """What a relation came to: the verdict, the member at fault and the finding about it."""

    verdict: str
    culprit: int | None = None
    finding: Finding | None = None
    shape: str = ""
    message: str = ""
    nodes: list[Node] = field(default_factory=list)
    reference: Node | None = None
    assumption: str = ""


class Judge:
    """Compares the members of relations on the draws of one report, and remembers the wrong claims made."""

    def __init__(self, names: Names, bench: Bench) -> None:
        self.names, self.bench = names, bench
        self.quick = False  # whether only verdicts are asked for, without the search for reasons
        self.claims: list[tuple[Node, Node]] = []

    def relation(self, nodes: list[Node], reference: int | None = None) -> Judged:
        """The verdict on `a = b = c`."""
        reference = choose_reference(nodes, self.names) if reference is None else reference
        relation = Relation(self.names, nodes, reference)
        truth = nodes[reference]
        out = Judged("right", shape=relation.shape, reference=truth)
        if relation.misfits[reference]:
            return self._broken_reference(relation, nodes, reference, out)
        culprit = next((k for k, m in enumerate(relation.misfits) if m), None)
        unequal = self._unequal(relation)
        if unequal is not None and relation.guessed:
            unequal = self._with_one_varying(relation, unequal)
        clashing = next((k for k in range(len(nodes)) if relation.clashes(k)), None)
        wrong = [k for k in (culprit, unequal, clashing) if k is not None]
        if not wrong and self._says_nothing(relation):
            raise UnreadableError(wording.SAYS_NOTHING.format(reason=relation.scope.absent[0]), 0)
        if not wrong:
            out.message = wording.right(relation)
            return out
        out.culprit = min(wrong)
        misfit = relation.misfits[out.culprit]
        if misfit is None and (loss := self._one_sided(nodes)):
            raise UnreadableError(wording.NOTHING_EXPLAINS.format(name=spoken_name(loss)), 0)
        if misfit is None:
            follows = self._follows(truth, nodes[out.culprit])
            self.claims.append((truth, nodes[out.culprit]))
            if follows:
                out.verdict, out.message = "follows", wording.FOLLOWS
                return out
            if relation.scope.first_order and self._alike_to_first_order(relation, out.culprit):
                out.verdict, out.message = "wrong", wording.SECOND_ORDER
                return out
        out.verdict = "wrong" if misfit is None or misfit.kind == "free" else "shapes"
        self._explain(relation, out, out.culprit, misfit)
        return out

    def _one_sided(self, nodes: list[Node]) -> str:
        """A loss that nobody explains and of which one side knows more: p - y as its gradient in z; or "".

        Where all sides have its derivatives, the line holds for every loss or is wrong.
        """
        found = [dependencies(n, self.names) & {*self.names.losses} for n in nodes]
        return next((loss for loss in sorted(set().union(*found)) if not all(loss in side for side in found)), "")

    def _says_nothing(self, relation: Relation) -> bool:
        """Whether 0 stands on all sides because what is differentiated depends on nothing, and nobody has written 0."""
        if not relation.scope.absent or any(map(is_zero, relation.nodes)):
            return False
        return not any(value is not None and value[0].any() for value in relation.values(self.bench, 0))

    def _alike_to_first_order(self, relation: Relation, k: int) -> bool:
        """Whether a wrong member differs only in what is said about the second power of a small step."""
        values = relation.values(self.bench, 0)
        truth, value = values[relation.reference], values[k]
        alike = truth is not None and value is not None and close((truth[0], truth[1]), (value[0], value[1]))
        return alike and (relation.scope.order == 2 or relation.beyond(self.bench, 0, k))

    def _explain(self, relation: Relation, out: Judged, k: int, misfit: MisfitError | None) -> None:
        """Search for the reason why the culprit is wrong, and say it."""
        if self.quick:
            return
        nodes, reference = relation.nodes, relation.reference
        clashes = relation.clashes(k)
        broken = False
        try:
            finding = diagnose(self.names, self.bench, nodes, k, reference, misfit=misfit, clashes=clashes)
        except Exception:
            # The verdict stands whatever happens in the search for the reason; the tests look for this sentence.
            finding, broken = None, True
        out.finding = finding
        out.message = wording.wrong(
            relation,
            k,
            misfit,
            finding,
            clashes,
            self._worst(relation, k) if misfit is None and not finding else None,
        )
        if broken:
            out.message += " " + wording.DEFECT_IN_SEARCH

    def at(self, bench: Bench) -> Judge:
        """A judge of the same names on other draws."""
        return Judge(self.names, bench)

    def holds(self, nodes: list[Node], reference: int | None, assumption: str) -> Judged:
        """The verdict on a relation that was found to hold under an assumption."""
        reference = choose_reference(nodes, self.names) if reference is None else reference
        relation = Relation(self.names, nodes, reference)
        return Judged("right", None, None, relation.shape, assumption, [], nodes[reference], assumption)

    def _broken_reference(self, relation: Relation, nodes: list[Node], reference: int, out: Judged) -> Judged:
        misfit = relation.misfits[reference]
        others = [k for k in range(len(nodes)) if k != reference]
        search = others and not self.quick
        finding = diagnose(self.names, self.bench, nodes, reference, others[0], misfit=misfit) if search else None
        out.verdict = "wrong" if misfit is not None and misfit.kind == "free" else "shapes"
        out.culprit, out.finding = reference, finding
        out.message = wording.wrong(relation, reference, misfit, finding, [], None)
        out.reference = nodes[others[0]] if others else None
        return out

    def _unequal(self, relation: Relation) -> int | None:
        """The first member that differs from the reference on some draw."""
        tolerance = relation.tolerance()
        for number in range(DRAWS):
            try:
                values = relation.values(self.bench, number)
            except UndefinedError:
                raise UnreadableError("one side has no finite value on any draw", 0) from None
            truth = values[relation.reference]
            for k, value in enumerate(values):
                if value is None or truth is None or k == relation.reference:
                    continue
                rounding = 0.0 if tolerance == TOLERANCE else DIFFERENCED
                if not close(truth, value, tolerance, rounding) and not self._cancels(
                    relation, number, k, truth, value
                ):
                    return k
                if relation.beyond(self.bench, number, k):
                    return k
        return None

    def _cancels(self, relation: Relation, number: int, k: int, truth: Value, value: Value) -> bool:
        """Whether a member that is to be 0 is so but for rounding: terms of some size cancel in it."""
        if not any(is_zero(n) for n in (relation.nodes[k], relation.nodes[relation.reference])):
            return False
        scale = relation.cancelling(self.bench, number, k)
        rounding = 10 if relation.tolerance() == TOLERANCE else DIFFERENCED
        return close(truth, value, 0.0, min(scale, 1e9) * rounding)

    def _with_one_varying(self, relation: Relation, unequal: int) -> int | None:
        """None when the relation holds with a single declared name varying; nothing in the text says which do."""
        for name in self.names.symbols:
            relation.forced = (name,)
            truth = relation.values(self.bench, 0)[relation.reference]
            if truth is not None and abs(truth[0]).max() > 1e-12 and self._unequal(relation) is None:
                relation.scope.notes.append(f"read with {spoken_name(name)} varying and the rest constant")
                return None
        relation.forced = None
        return unequal

    def _worst(self, relation: Relation, k: int) -> wording.Worst | None:
        """Where a wrong member is furthest from the truth, on the first draw: (row, column, truth, value)."""
        values = relation.values(self.bench, 0)
        for t, v in zip(values[relation.reference] or (), values[k] or (), strict=True):
            if t is None or v is None:
                continue
            truth, value = np.broadcast_arrays(t, v)
            gap = np.abs(truth - value)
            if gap.max() > 0:
                at = np.unravel_index(gap.argmax(), gap.shape)
                shape = truth.shape[-2], truth.shape[-1]
                return int(at[-2]) + 1, int(at[-1]) + 1, float(truth[at]), float(value[at]), shape
        return None

    def written(self, mended: Node | None, truth: Node | None) -> str | None:
        """A repair as LaTeX, if it still says the same when it is read again."""
        if mended is None or truth is None:
            return None
        text = latex(mended)
        try:
            return text if self.agree([truth, parse(text, self.names)]) else None
        except (UnreadableError, MisfitError):
            return None

    def _follows(self, truth: Node, node: Node) -> bool:
        """Whether a wrong claim is what an earlier wrong claim leads to."""
        for before, claim in self.claims:
            if before == truth and self.agree([claim, node]):
                return True
            carried = _carried(before, claim, truth, self.names)
            if carried is not None and self.agree([carried, node]):
                return True
        return False

    def agree(self, nodes: list[Node]) -> bool:
        """Whether expressions fit together and have the same value on every draw."""
        relation = Relation(self.names, nodes)
        if any(relation.misfits):
            return False
        try:
            return self._unequal(relation) is None
        except (UnreadableError, TooLargeError):
            return False


def _carried(before: Node, claim: Node, truth: Node, names: Names) -> Node | None:
    """The derivative that follows by the chain rule when the earlier claim about ∂L/∂u is believed; None when
    it does not bear.
    """
    if before.op != "grad" or truth.op != "grad" or len(before.args) < 2 or len(truth.args) < 2:
        return None
    if before.args[0] != truth.args[0] or before.args[1].op != "sym" or truth.args[1].op != "sym":
        return None
    u, v = before.args[1], truth.args[1]
    if u.val not in names.definitions or v.val not in dependencies(u, names):
        return None
    return Node("grad", [Node("frob", [Node("frozen", [claim]), u]), v])


def choose_reference(nodes: list[Node], names: Names) -> int:
    """The member that states what is to be computed: a derivative or a defined name, else the first."""

    def pure(n: Node) -> bool:
        if n.op in ("T", "idx", "neg"):
            return pure(n.args[0])
        if n.op in ("grad", "hess", "d"):
            return n.args[0].op in ("sym", "app", "idx")
        return n.op == "sym" and n.val in names.definitions or n.op == "app"

    stated = next((k for k, n in enumerate(nodes) if pure(n)), None)
    return stated if stated is not None else next((k for k, n in enumerate(nodes) if not is_zero(n)), 0)
