"""What went wrong: cheap tests, then one search over single edits; every hit is confirmed on fresh draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .. import wording
from ..dimensions import MisfitError, Scope, is_scalar
from ..edits import all_edits
from ..edits.draft import Draft, Edit
from ..edits.indices import subscripts
from ..edits.terms import LONE_TERM
from ..judgement import Bench, define, is_zero
from ..names import Names
from ..shapes import Typer
from ..tree import Node, names_in, sym, walk
from ..values import TooLargeError, UndefinedError
from .multiples import ratio
from .parts import (
    assumption,
    dropped_occurrence,
    dropped_term,
    layout,
    left_out,
    one_term,
    only_diagonal,
    other_variable,
    without_a_name,
)
from .tester import Finding, Tester


def diagnose(
    names: Names,
    bench: Bench,
    nodes: list[Node],
    k: int,
    reference: int,
    misfit: MisfitError | None = None,
    clashes: Sequence[str] = (),
) -> Finding | None:
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


def _search(
    tester: Tester, names: Names, bench: Bench, truth: Node, member: Node, misfit: MisfitError | None
) -> Finding | None:
    exclude = _own_name(truth)
    fits = misfit is None
    if fits:
        found = ratio(tester, names, member, exclude, names.symbols)
        if found:
            return found
    found = layout(tester, truth, member) or (left_out(tester, names, member) if fits else None)
    if found:
        return found
    edits = all_edits(Draft(names, member, truth, exclude))
    if not fits and _number_for_array(tester, member):
        edits = [e for e in edits if e.mistake in ("sum", "index", "transpose", "order", "hadamard")]
    found = _first(tester, edits, lambda e: e.cost <= 1.3)
    if found:
        return found
    if fits:
        found = ratio(tester, names, member, exclude, names.definitions)
        if found:
            return found
        found = only_diagonal(tester, member) or one_term(tester, names, member) or _first(tester, edits, _lone_term)
        if found:
            return found
        for test in (assumption, dropped_occurrence, dropped_term):
            found = test(tester, names, bench, truth, member)
            if found:
                return found
    found = _first(tester, edits, lambda e: e.cost > 1.3)
    found = found or (without_a_name(tester, names, member) if fits else None)
    found = found or other_variable(names, bench, truth, member)
    return found or _two_slips(tester, names, truth, member, exclude, edits)


FIRST_SLIPS, MOST_OF_TWO = 24, 1.2


def _two_slips(
    tester: Tester, names: Names, truth: Node, member: Node, exclude: set[str], edits: list[Edit]
) -> Finding | None:
    """Two slips at once: a cheap edit and a multiple, or two cheap edits; both confirmed together on all draws."""
    firsts = [e for e in edits if e.cost <= MOST_OF_TWO and e.tree != truth and not _restates(e.tree, truth)]
    for first in firsts[:FIRST_SLIPS]:
        found = ratio(tester, names, first.tree, exclude, names.symbols)
        if found is not None and found.mended is not None:
            return _both(first, found.mistake, found.words, found.mended)
    for first in firsts[:FIRST_SLIPS]:
        for second in all_edits(Draft(names, first.tree, truth, exclude)):
            fits = second.cost <= MOST_OF_TWO and second.tree != member and not _restates(second.tree, truth)
            if fits and tester.right(second.tree):
                return _both(first, second.mistake, second.words, second.tree)
    return None


def _both(first: Edit, mistake: str, words: str, mended: Node) -> Finding:
    """The finding of two slips: it bears the name of the first, and says both."""
    said = f"two slips at once: {first.words}; and then {words}" if mistake else first.words
    return Finding(first.mistake, said, mended, first.place.span, first.cost + 1)


def _lone_term(edit: Edit) -> bool:
    """A single name added to what stands there: the plainest account of a missing term."""
    return edit.mistake == "term" and edit.cost == LONE_TERM


def _number_for_array(tester: Tester, member: Node) -> bool:
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


def _first(tester: Tester, edits: list[Edit], wanted: Callable[[Edit], bool]) -> Finding | None:
    """The cheapest edit that mends the member, confirmed on fresh draws."""
    for edit in edits:
        if wanted(edit) and not _restates(edit.tree, tester.truth) and tester.right(edit.tree):
            return Finding(edit.mistake, edit.words, edit.tree, edit.place.span, edit.cost)
    return None


def _restates(tree: Node, truth: Node) -> bool:
    """Whether a mended line would say no more than what was asked: the derivative itself stands in it."""
    return truth.op in ("grad", "hess", "d") and any(n == truth for n in walk(tree))


def _clash(tester: Tester, member: Node, clashes: Sequence[str]) -> Finding:
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


def _renamings(tester: Tester, member: Node) -> list[Edit]:
    return [e for e in subscripts(Draft(tester.names, member, tester.truth)) if "another name" in e.words]


# -- definitions


def diagnose_definition(
    names: Names, bench: Bench, name: str, indices: tuple[str, ...], body: Node, misfit: MisfitError
) -> Finding | None:
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
    fitting: list[Edit] = []
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
