r"""Class labels as subscripts: the y_i of p_{y_i}, the c of `L = -\log p_c`.

A label picks an entry. It is read as the row of a one-hot array that does so: p_{y_i} is \sum_k Y_{ik} p_k. The array
bears a name that nobody writes, and the letter that is summed is the label as it is written, so that writers need only
leave the sum away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .tex import Tex, everywhere, flat, trimmed
from .tree import Node, Span, add, mul, neg, num

if TYPE_CHECKING:
    from .document import Statement
    from .names import Names

ARRAY = "label_"
LETTERS = frozenset("yctlzk")


@dataclass(frozen=True)
class Label:
    """A label: the letter of it, and the sample that it is the label of, None where there is only one."""

    base: str
    sample: str | None = None

    def __str__(self) -> str:
        return f"{self.base}_{self.sample}" if self.sample else self.base

    @property
    def name(self) -> str:
        """The name of the one-hot array whose rows, or whose only column, stand for the label."""
        return ARRAY + self.base

    def entry(self, letter: str | int, span: Span | None = None) -> Node:
        """1 where the label is this class, else 0."""
        array = Node("sym", (), self.name, span)
        return Node("idx", [array], (self.sample, letter) if self.sample else (letter,), span)


# What restricts a claim: ("eq" or "ne", an index letter, another one or a label).
Condition = tuple[str, str, str | Label]


def label_of(node: Tex) -> Label | None:
    """The label that a letter with a sample's letter spells, y_i or y^{(i)}; None for anything else."""
    if node.kind != "letter" or node.value not in LETTERS or len(node.scripts) != 1:
        return None
    mark, inside, *_ = node.scripts[0]
    items = flat(inside)
    bracketed = len(items) == 3 and items[0] == "("
    letter = items[1] if bracketed else items[0] if len(items) == 1 else ""
    plain = len(letter) == 1 and letter.isalpha() and letter.islower()
    return Label(node.value, letter) if plain and (bracketed or mark == "_") else None


def picked(base: Node, items: tuple, span: Span | None) -> Node | None:
    """Entries of an array that labels pick among its subscripts; None where there is no label among them."""
    label = next((i for i in items if isinstance(i, Label)), None)
    if label is None:
        return None
    inner = Node("idx", [base], tuple(str(i) if i is label else i for i in items), span)
    return Node("sum", [mul(label.entry(str(label), span), inner)], (str(label), None, None), span)


def is_pick(node: Node) -> bool:
    """Whether a sum only picks what a label says."""
    inside = node.args[0] if node.op == "sum" else node
    first = inside.args[0] if inside.op == "mul" else inside
    return node.op == "sum" and first.op == "idx" and is_array(first.args[0])


def label_in(entry: Node) -> Label:
    """The label that an entry of its array speaks of."""
    return Label(entry.args[0].val.removeprefix(ARRAY), entry.val[0] if len(entry.val) > 1 else None)


def is_array(node: Node) -> bool:
    """Whether a name is the one-hot array of a label."""
    return node.op == "sym" and node.val.startswith(ARRAY)


def without_pick(node: Node) -> tuple[Node, Node]:
    """(one-hot entry, what it picks from) of a sum that picks."""
    entry, *rest = node.args[0].args
    return entry, mul(*rest)


def other_than(label: Label, letter: str, body: Node) -> Node:
    """A body that counts only where the letter is another class than the label."""
    return mul(add(num(1), neg(label.entry(letter))), body)


def derived_at(node: Node) -> Node:
    r"""`\frac{\partial L}{\partial z_{y_i}}`, read as a derivative in a sum that picks, as the pick of derivatives."""
    entry, inner = without_pick(node.args[1])
    made = Node("grad", [node.args[0], inner], node.val, node.span)
    return Node("sum", [mul(entry, made)], node.args[1].val, node.span)


def labels_in(statements: list[Statement]) -> dict[str, str]:
    """The names of the arrays of all labels that stand as y_i below something, or are compared with a letter."""
    found: dict[str, str] = {}
    for nodes in (s.nodes for s in statements if not s.numpy):
        for n in everywhere(nodes):
            places = [inside for mark, inside, *_ in n.scripts if mark == "_"]
            places += [side for side, other in _compared(n.args) if index_alone(other)]
            for label in (label_of(i) for inside in places for i in trimmed(inside)):
                if label is not None:
                    found[label.name] = "labels"
        for side, other in _compared((nodes,)):
            label = label_of(side[0]) if len(side) == 1 and index_alone(other) else None
            if label is not None:
                found[label.name] = "labels"
    return found


def index_alone(nodes: list[Tex]) -> bool:
    """Whether nodes are one small letter alone."""
    return len(nodes) == 1 and nodes[0].kind == "letter" and not nodes[0].scripts and nodes[0].value.islower()


def _compared(rows: tuple[list[Tex], ...]) -> Iterator[tuple[list[Tex], list[Tex]]]:
    """The two sides of each comparison in brackets or braces, in either order."""
    for nodes in rows:
        for k, n in enumerate(nodes):
            if n.kind == "relation" and n.value in ("=", "ne"):
                left, right = _back(nodes, k), _on(nodes, k)
                yield left, right
                yield right, left


def _back(nodes: list[Tex], k: int) -> list[Tex]:
    start = next((j + 1 for j in range(k - 1, -1, -1) if nodes[j].value in _ENDS), 0)
    return trimmed(nodes[start:k])


def _on(nodes: list[Tex], k: int) -> list[Tex]:
    end = next((j for j in range(k + 1, len(nodes)) if nodes[j].value in _ENDS), len(nodes))
    return trimmed(nodes[k + 1 : end])


_ENDS = ("(", ")", "[", "]", "{", "}", ",", "quad")


def fixed_letters(statements: list[Statement], names: Names) -> set[str]:
    r"""Letters that stand for one class throughout: the c of `L = -\log p_c` and δ_{ic}.

    They pick an entry on the right of a name without an index, no sum and no left side has them, and the text compares
    them with an index. Without that comparison a sum may have been forgotten.
    """
    free, running = _letters_of_definitions(statements, names)
    compared: set[str] = set()
    for s in statements:
        compared |= _compared_in((s.nodes,))
        for n in everywhere(s.nodes):
            compared |= _compared_in(n.args) | _of_units(n)
            running |= _running(n)
    return {x for x in free & compared - running if x not in names.dims and names.shape(x) in (None, ((), ()))}


def _letters_of_definitions(statements: list[Statement], names: Names) -> tuple[set[str], set[str]]:
    """The letters that stand once on the right of names without an index, and those that cannot be fixed."""
    from .document import defined_name  # which reads labels itself

    free: set[str] = set()
    running: set[str] = set()
    for clause in (c for s in statements for c in s.clauses if len(c.members) > 1):
        left = defined_name(clause.members[0].nodes, names)
        sides = [_letters_below(m.nodes) for m in clause.members[1:]]
        if left is not None and left.indices:
            running |= set(left.indices)
        elif left is not None:
            free |= {x for letters in sides for x in letters if letters.count(x) == 1}
            running |= {x for letters in sides for x in letters if letters.count(x) > 1}
    return free, running


def _running(n: Tex) -> set[str]:
    """The letters that a sum binds, or that a derivative of an entry is taken for."""
    if n.value == "sum":
        return {x for mark, inside, *_ in n.scripts if mark == "_" for x in flat(inside) if x.isalpha()}
    of_entry = n.value.endswith("frac") and len(n.args) == 2 and n.args[0] and n.args[0][0].value in ("partial", "d")
    return set(_letters_below(n.args[0])) if of_entry else set()


def _of_units(n: Tex) -> set[str]:
    """The letters of δ_{ic} and e_c."""
    from .symbols import index_letters

    below = [index_letters(flat(inside)) for mark, inside, *_ in n.scripts if mark == "_"]
    letters = below[0] if below else []
    unit = len(letters) == 2 and n.value == "delta" or len(letters) == 1 and flat([n.bare()]) == ["e"]
    return set(letters) if unit else set()


def _compared_in(rows: tuple[list[Tex], ...]) -> set[str]:
    """The letters that are compared with another, or with a label."""
    return {
        side[0].value
        for side, other in _compared(rows)
        if index_alone(side) and (index_alone(other) or len(other) == 1 and label_of(other[0]))
    }


def _letters_below(nodes: list[Tex]) -> list[str]:
    """The letters that stand in subscripts, as often as they do."""
    from .symbols import index_letters

    return [
        letter
        for n in everywhere(nodes)
        for mark, inside, *_ in n.scripts
        if mark == "_" and n.kind != "command"
        for letter in index_letters(flat(inside))
    ]
