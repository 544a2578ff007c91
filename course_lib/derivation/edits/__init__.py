"""Single edits of an expression, each with the mistake it would mend, what it costs, and where it is.

Cost orders what a teacher would say first: a sign or a transpose before a lost factor, a lost factor before
another symbol.

draft (what is edited) -> form, indices, slopes, factors, terms (the edits, by kind)
"""

from __future__ import annotations

from ..tree import Node
from .draft import Draft, Edit
from .factors import factors
from .form import hadamards, layouts, norms, orders, signs, traces, transposes
from .indices import subscripts, sums
from .slopes import activations
from .terms import product_rules, symbols, terms

# Of two edits that cost the same, the one that is made first is tried first.
MAKERS = (
    signs,
    transposes,
    orders,
    hadamards,
    norms,
    sums,
    subscripts,
    product_rules,
    activations,
    factors,
    symbols,
    traces,
    terms,
    layouts,
)


def all_edits(draft: Draft) -> list[Edit]:
    """Every edit that changes the member, cheapest first; where two come to the same tree, the cheaper one."""
    found: dict[Node, Edit] = {}
    for make in MAKERS:
        for edit in make(draft):
            if edit.tree != draft.member and (edit.tree not in found or edit.cost < found[edit.tree].cost):
                found[edit.tree] = edit
    return sorted(found.values(), key=lambda e: e.cost)
