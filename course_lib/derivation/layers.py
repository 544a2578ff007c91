r"""Lines about any layer, `\delta^l = (W^{l+1})^T\delta^{l+1} \odot \sigma'(z^l)`, as a line for each layer there is.

A letter counts layers where it hangs on a name that is known with a number and not without. L is the last of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .document import Clause, Member, Statement
from .names import Names, symbol_of
from .tex import Tex, everywhere, flat, trimmed

LETTERS = ("l", r"\ell", "k", "j", "i", "r", "L")
MOST = 9


def instances(statement: Statement, names: Names) -> dict[int, Statement]:
    """The statement for each layer, where it speaks of any; {} for an ordinary one."""
    if statement.numpy:
        return {}
    left = _new_name(statement, names)
    found: dict[int, Statement] = {}
    for letter in LETTERS:
        bases = {s for s, items in _scripted(statement) if _counts(items, letter) is not None}
        layered = {b for b in bases if _layers(b, names) and not names.known(b)}
        if not layered:
            continue
        last = max(max(_layers(b, names)) for b in layered)
        for number in range(last, 0, -1) if letter == "L" else range(1, MOST):
            used = {
                (b, number + _counts(i, letter))
                for b, i in _scripted(statement)
                if b in layered - {left} and _counts(i, letter) is not None
            }
            if used and all(n in _layers(b, names) for b, n in used):
                names_of_layers = layered | ({left} if left in bases else set())
                found[number] = _put_in(statement, letter, number, names_of_layers)
                if letter == "L":
                    break
        return found
    return {}


def _layers(base: str, names: Names) -> list[int]:
    """The numbers with which a name is known: [1, 2] for W where W1 and W2 are."""
    return [n for n in range(MOST + 1) if names.known(f"{base}{n}")]


def _new_name(statement: Statement, names: Names) -> str:
    """The base of the name that the statement may define, or ""."""
    member = next((m for c in statement.clauses for m in c.members[:1] if not c.continues and len(c.members) > 1), None)
    alone = trimmed(member.nodes) if member is not None else []
    symbol = symbol_of(alone[0]) if len(alone) == 1 else None
    return symbol.name if symbol is not None and not names.known(symbol.name) else ""


def _scripted(statement: Statement) -> Iterator[tuple[str, list[str]]]:
    """Every symbol of the statement that a script hangs on, with the items of that script."""
    for n in everywhere(statement.nodes):
        symbol = symbol_of(n)
        marked = [(m, flat(i)) for m, i, *_ in symbol.scripts if m in "_^"] if symbol is not None else []
        raised = [items for m, items in marked if m == "^" and items not in (["T"], [r"\top"])]
        for items in raised or [items for _, items in marked]:
            yield (symbol.name if symbol is not None else ""), items


def _counts(items: list[str], letter: str) -> int | None:
    """What a script adds to the letter that counts layers: 1 for `l+1`, `[l+1]` and `l+1\\top`; None without it."""
    bare = [s for s in items if s not in "()[]^" and s not in (r"\top", "T")]
    if bare[:1] != [letter]:
        return None
    if len(bare) == 1:
        return 0
    return {"+": 1, "-": -1}.get(bare[1]) if bare[2:] == ["1"] else None


def _put_in(statement: Statement, letter: str, number: int, bases: set[str]) -> Statement:
    def change(nodes: list[Tex]) -> list[Tex]:
        return [_layered(n, letter, number, bases) for n in nodes]

    clauses = [_changed(c, change) for c in statement.clauses]
    return replace(statement, nodes=change(statement.nodes), clauses=clauses)


def _changed(clause: Clause, change: Callable[[list[Tex]], list[Tex]]) -> Clause:
    members: list[Member] = [replace(m, nodes=change(m.nodes)) for m in clause.members]
    return replace(clause, members=members)


def _layered(node: Tex, letter: str, number: int, bases: set[str]) -> Tex:
    """The node with the layer's number for the letter that counts layers."""
    args = tuple([_layered(n, letter, number, bases) for n in a] if isinstance(a, list) else a for a in node.args)
    new = Tex(node.kind, node.value, node.start, node.end, args, node.side)
    symbol = symbol_of(node)
    mine = symbol is not None and symbol.name in bases
    new.scripts = tuple(
        (mark, _numbered(inside, letter, number) if mine else [_layered(n, letter, number, bases) for n in inside], *at)
        for mark, inside, *at in node.scripts
    )
    return new


def _numbered(inside: list[Tex], letter: str, number: int) -> list[Tex]:
    step = _counts(flat(inside), letter)
    if step is None:
        return inside
    first = next(n for n in inside if flat([n]) == [letter])
    digit = Tex("digit", str(number + step), first.start, first.end)
    signs = [n for n in inside if n.value in ("+", "-")]
    gone = [*signs, *(n for n in inside if n.kind == "digit")]
    return [digit if n is first else n for n in inside if all(n is not g for g in gone)]
