"""Shapes tried on a whole text: a session that asks whether its lines fit together, and the search for the best."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from . import decisions
from .class_labels import ARRAY, Condition, fixed_letters, labels_in
from .document import Points, Statement, read_document
from .engine import Line, Session
from .inference import (
    TRIALS,
    declared_as,
    is_greek,
    lengths_of_sums,
    open_declared,
    rows_of_symbols,
    settled,
    speaks_greek,
    undeclared,
)
from .judgement import Relation
from .names import Names, symbol_of
from .tex import everywhere
from .verdicts import Judged, choose_reference

if TYPE_CHECKING:
    from .dimensions import MisfitError
    from .tree import Node

SECONDS_OF_A_TRIAL = 1.0
LOSSES = ("L", "J", "E", "C", "ell", "loss", "RSS", "MSE", "SSE", "NLL")


@dataclass
class Inferred:
    """What was inferred: shapes of names, names of lengths, and the names for which no shape makes the text fit."""

    shapes: dict[str, str]
    lengths: list[str]
    unknown: list[str]


class _Trial(Session):
    """A session that only asks whether lines fit together, for shapes that are tried."""

    def __init__(self, names: Names, kinds: dict[str, str], lengths: list[str]) -> None:
        super().__init__({}, (), SECONDS_OF_A_TRIAL)
        symbols = {**names.symbols, **{declared_as(n, k): open_declared(k) for n, k in kinds.items()}}
        self._begin(symbols, [*names.dims, *lengths], names.functions, 0)
        self.names.inferring = True

    def _weighed(self, nodes: list[Node], hidden: bool, conditions: list[Condition], points: Points) -> Judged:
        relation = Relation(self.names, nodes, 0 if hidden else choose_reference(nodes, self.names))
        verdict = "shapes" if any(relation.misfits) else "right"
        return Judged(verdict, shape=relation.shape, reference=nodes[relation.reference])

    def _finite(self, relation: Relation, statement: Statement) -> None:
        return None

    def _go_to_point(self, nodes: list[Node]) -> bool:
        return False

    def _equal_definitions(
        self, line: Line, name: str, params: tuple[str, ...], indices: tuple[str, ...], nodes: list[Node]
    ) -> None:
        if any(Relation(self.names, [line.sides[0], *nodes[1:]]).misfits):
            line.verdict = "shapes"

    def _misfit_definition(
        self,
        line: Line,
        name: str,
        params: tuple[str, ...],
        indices: tuple[str, ...],
        nodes: list[Node],
        misfit: MisfitError,
    ) -> Line:
        line.verdict = "shapes"
        return line

    def misses(self, text: str) -> list[bool]:
        """For each line whether it does not fit or cannot be read."""
        statements = read_document(text, self.names)
        self._read(text, statements, decisions.samples_are_columns(statements, self.names))
        return [line.verdict in ("shapes", "unreadable", "wrong") for line in self.lines]

    def cost(self, text: str) -> int:
        """The lines that do not fit, and the losses that come out as arrays."""
        self.bad = self.misses(text)
        arrays = [n for n, d in self.names.definitions.items() if n in LOSSES and d.core and d.shape != ((), ())]
        return sum(self.bad) + len(arrays)


def _plain_kind(name: str, likeliest: str, statements: list[Statement], names: Names) -> str:
    """The kind of a Greek letter beside declared names: β is a column only behind a matrix, as in Xβ."""
    if name not in ("theta", "beta") or likeliest != "column":
        return likeliest
    for s in statements:
        for nodes in rows_of_symbols(s.nodes):
            found = [symbol_of(n) for n in nodes if n.kind != "space"]
            for before, here in pairwise(found):
                if before is not None and here is not None and here.name == name and names.is_matrix(before.name):
                    return "column"
    return "number"


def _is_explained(name: str, statements: list[Statement], names: Names) -> bool:
    r"""Whether a chain explains a name by what its square equals: L = \epsilon^T\epsilon = (y - Xw)^T(y - Xw)."""
    for members in (c.members for s in statements for c in s.clauses if len(c.members) > 2):
        for m in members[1:]:
            found = [s.name for n in m.nodes if (s := symbol_of(n)) is not None and s.name not in names.dims]
            if found == [name, name]:
                return True
    return False


def infer(text: str, statements: list[Statement], names: Names, every: bool = True) -> Inferred | None:
    """Shapes for the names of a text that nobody declared: the kinds in which the fewest lines do not fit.

    every: whether for all names, or for Greek letters alone; None where there are none of those. Beside declared
    names a letter is what its kind mostly is, a number unless it is transposed or indexed: were its shape chosen to
    make lines fit, a slip in one of them could choose it.
    """
    labels = {**labels_in(statements), **{ARRAY + x: "label" for x in fixed_letters(statements, names)}}
    labels = {name: kind for name, kind in labels.items() if name not in names.symbols}
    if not every and not labels and not speaks_greek(statements):
        return None
    found = decisions.definitions(statements, names)
    solved = decisions.solved(statements, found)
    defined = {name for name, at in found.items() if name not in {*solved, *_updated(statements, at, name)}}
    options = undeclared(statements, names, defined)
    options = {n: k for n, k in options.items() if not _is_explained(n, statements, names)}
    lengths = [x for x in lengths_of_sums(statements) if not names.known(x)] if every else []
    if not every:
        options = _greek_beside_declared(options, statements, names)
    options |= {name: [kind] for name, kind in labels.items()}
    if not options:
        return Inferred({}, lengths, [])
    kinds, last, misses = _best(text, names, options, lengths)
    shapes = settled(last.names, kinds)
    doubted = [s.text for bad, s in zip(last.bad, statements, strict=False) if bad] if misses else []
    unsure = [name for name in kinds if any(name in text for text in doubted)]
    return Inferred(shapes, lengths, unsure)


def _greek_beside_declared(
    options: dict[str, list[str]], statements: list[Statement], names: Names
) -> dict[str, list[str]]:
    """The Greek letters among undeclared names, each with the one kind that it has beside declared ones."""
    moved = decisions.directions(statements, names)
    small = {"delta"} if any(n.value == "approx" for s in statements for n in everywhere(s.nodes)) else set()
    kept = {n: k for n, k in options.items() if is_greek(n) and n not in {*moved, *small} and not names.with_entries(n)}
    return {n: [_plain_kind(n, k[0], statements, names)] for n, k in kept.items()}


def _best(
    text: str, names: Names, options: dict[str, list[str]], lengths: list[str]
) -> tuple[dict[str, str], _Trial, int]:
    """The kinds in which the fewest lines do not fit, the trial that read the text so, and how many those are.

    One name is changed at a time, from the likeliest kinds on, for as long as that helps.
    """
    kinds = {name: k[0] for name, k in options.items()}
    last = _Trial(names, kinds, lengths)
    best = last.cost(text)
    trials = 0
    improved = True
    while best and improved and trials < TRIALS:
        improved = False
        for name, choices in options.items():
            for kind in choices:
                if kind == kinds[name] or trials >= TRIALS:
                    continue
                trials += 1
                other = {**kinds, name: kind}
                trial = _Trial(names, other, lengths)
                misses = trial.cost(text)
                if misses < best:
                    best, kinds, last, improved = misses, other, trial, True
    return kinds, last, best


def _updated(statements: list[Statement], places: list[int], name: str) -> set[str]:
    """The name, when its every definition holds it on the right too, as in w := w − ηg."""
    sides = [c.members[1:] for k in places for c in statements[k].clauses]
    holds = [any((s := symbol_of(n)) and s.name == name for m in side for n in m.nodes) for side in sides if side]
    return {name} if holds and all(holds) else set()
