"""Which lines of a derivation say something: padding such as `L = L + 0` or a line said twice is no step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from .dimensions import MisfitError
from .tree import Node, add, map_tree, mul, names_in, neg, num, walk

if TYPE_CHECKING:
    from .engine import Line, Session

# A function without any property that an identity could use: what holds for it holds for every value.
_OPAQUE = ("any:opaque", 0)


def telling_steps(session: Session, lines: list[Line]) -> list[Line]:
    """Those of the right `lines` that say something new, in order.

    A line says something when two of its sides differ by more than padding, a name stands in it, and no line of
    the session before it set the same sides equal.
    """
    asked = {id(line) for line in lines}
    said: list[list[Node]] = []
    found: list[Line] = []
    for line in session.lines:
        if line.verdict not in ("right", "definition") or not line.sides:
            continue
        try:
            sides = _different(session, line.sides)
            new = len(sides) > 1 and not any(_covers(session, before, sides) for before in said)
        except RecursionError:  # nested deeper than anything that a derivation has to say
            continue
        if new and id(line) in asked and any(names_in(side) for side in sides):
            found.append(line)
        said.append(sides)
    return found


def _different(session: Session, sides: Iterable[Node]) -> list[Node]:
    """The sides, collected, without those that are another one padded."""
    kept: list[Node] = []
    for side in map(collected, sides):
        if not any(_padded(session, side, other) for other in kept):
            kept.append(side)
    return kept


def _covers(session: Session, before: list[Node], sides: list[Node]) -> bool:
    return all(any(_padded(session, side, other) for other in before) for side in sides)


def _padded(session: Session, a: Node, b: Node) -> bool:
    """Whether two equal expressions, collected, are one and the same but for padding.

    Padding is a zero added, a factor one, the order of a sum, like terms not collected; and whatever is made of
    one expression alone and gives that expression back for every value it might have: `L²/L`, `Iw`, `(wᵀ)ᵀ`.
    """
    return a == b or _for_every_value(session, a, b) or _for_every_value(session, b, a)


def _for_every_value(session: Session, part: Node, whole: Node) -> bool:
    """Whether `whole` holds nothing but `part`, and equals it whatever the value of `part` is."""
    inside = names_in(part)
    if not inside or not names_in(whole) - set(session.names.dims) <= inside:
        return False
    changed = _opaque(whole, part)
    if changed is whole:
        return False
    try:
        return session.agree([Node("fn", [part], _OPAQUE), changed])
    except (MisfitError, TimeoutError):
        return False


def _opaque(tree: Node, part: Node) -> Node:
    """The tree with an opaque value wherever `part` stands; derivatives keep what they are derivatives of."""

    def change(n: Node) -> Node | None:
        if n == part:
            return Node("fn", [n], _OPAQUE)
        return n if n.op in ("grad", "hess", "d") else None

    return map_tree(tree, change)


def collected(node: Node) -> Node:
    """The tree without added zeros and factors one, the like terms of every sum collected and in a fixed order."""
    done: dict[int, Node] = {}
    for part in reversed(list(walk(node))):
        done[id(part)] = _collected(part.with_args(done[id(a)] for a in part.args))
    return done[id(node)]


def _collected(node: Node) -> Node:
    """The same for a tree whose operands are collected already."""
    if node.op == "add":
        return _collected_sum(node)
    if node.op == "mul":
        return _product(node.args)
    if node.op == "neg":
        return _times(-1, node.args[0])
    if node.op in ("div", "pow") and node.args[1] == num(1):
        return node.args[0]
    if node.op == "div" and node.args[0] == node.args[1]:
        return num(1)
    return node


def _product(factors: Sequence[Node]) -> Node:
    """A product with its numbers in front, as one, and without a factor 1."""
    number = Fraction(1)
    rest: list[Node] = []
    for factor in mul(*factors).args if len(factors) > 1 else factors:
        if factor.op == "neg":
            number, factor = -number, factor.args[0]
        value = _exact(factor)
        if value is None:
            rest.append(factor)
        else:
            number *= value
    return _times(number, mul(*rest) if rest else num(1))


def _exact(node: Node) -> Fraction | None:
    """The value of a number as a fraction, or None."""
    return Fraction(node.val) if node.op == "num" and abs(node.val) < 1e15 else None


def _times(number: Fraction | int, node: Node) -> Node:
    """number · node, with the number in front."""
    own, rest = _split(node)
    number *= own
    if number == 0:
        return num(0)
    if rest is None:
        return neg(_number(-number)) if number < 0 else _number(number)
    size = abs(number)
    out = rest if size == 1 else mul(_number(size), rest)
    return neg(out) if number < 0 else out


def _number(value: Fraction | int) -> Node:
    return num(value.numerator) if value.denominator == 1 else num(float(value))


def _split(node: Node) -> tuple[Fraction, Node | None]:
    """(number, rest) of a collected term; the rest is None for a number alone."""
    if node.op == "neg":
        number, rest = _split(node.args[0])
        return -number, rest
    value = _exact(node)
    if value is not None:
        return value, None
    leading = _exact(node.args[0]) if node.op == "mul" else None
    if leading is not None:
        return leading, mul(*node.args[1:])
    return Fraction(1), node


def _collected_sum(node: Node) -> Node:
    """A sum with like terms collected, zeros left out, and the terms in an order of their own."""
    terms: dict[Node | None, Fraction] = {}
    for term in add(*node.args).args:
        number, rest = _split(term)
        terms[rest] = terms.get(rest, Fraction(0)) + number
    left = [_times(number, num(1) if rest is None else rest) for rest, number in terms.items() if number]
    return add(*sorted(left, key=hash)) if left else num(0)
