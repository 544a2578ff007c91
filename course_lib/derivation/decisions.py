r"""What a whole text decides: in which names it differentiates, which letters move an argument a little, whether a
sample x_i is a row or a column, which names it defines and where.
"""

from __future__ import annotations

from collections.abc import Iterator

from .document import Statement, defined_name
from .names import Names, Symbol, symbol_of
from .symbols import index_letters
from .tex import Tex, everywhere, flat, trimmed
from .vocabulary import TRANSPOSES

DIRECTIONS = ("delta", "epsilon", "varepsilon", "h")


def _lists(statements: list[Statement]) -> Iterator[list[Tex]]:
    """Every list of nodes in the text: lines, groups, arguments, scripts; spaces left out."""
    for s in statements:
        tops = [s.nodes, *(a for n in everywhere(s.nodes) for a in n.args)]
        tops += [inside for n in everywhere(s.nodes) for _, inside, _, _ in n.scripts]
        for nodes in tops:
            yield [n for n in nodes if n.kind not in ("space", "amp", "dollar")]


def varied(statements: list[Statement], names: Names) -> list[str]:
    """Declared names in which the text differentiates somewhere, in the order of the shapes."""
    found = set()
    for nodes in _lists(statements):
        for k, n in enumerate(nodes):
            if _is_d(n) and k + 1 < len(nodes):
                found |= _names_at(nodes[k + 1 :], names)
            if n.kind == "command" and n.value in ("nabla", "partial") or _is_grad(nodes, k):
                for mark, inside, *_ in n.scripts:
                    if mark == "_":
                        found |= _names_at(inside, names)
    return [name for name in names.symbols if name in found]


def _is_d(n: Tex) -> bool:
    if n.kind == "letter" and n.value == "d" or n.kind == "command" and n.value in ("partial", "dd", "Delta"):
        return all(mark == "^" for mark, *_ in n.scripts)
    return n.kind in ("style", "group") and flat([n.bare()]) == ["d"]


def _is_grad(nodes, k):
    return nodes[k].value == "d" and "".join(n.value for n in nodes[max(k - 3, 0) : k + 1]) == "grad"


def _names_at(nodes: list[Tex], names: Names) -> set[str]:
    """The declared name that begins here, as a set of at most one."""
    first = trimmed(nodes)[:1]
    symbol = symbol_of(first[0], names) if first else None
    if symbol is None:
        return set()
    run = "".join(n.value for n in nodes if n.kind in ("letter", "digit"))
    longest = max((s for s in names.symbols if len(s) > 1 and s.isalnum() and run.startswith(s)), key=len, default="")
    return {longest or _declared(symbol, names) or ""}


def _declared(symbol: Symbol, names: Names) -> str | None:
    """The declared name that a symbol spells with its scripts, or the capital whose entry it is."""
    for mark, inside, *_ in symbol.scripts:
        digits = [s for s in flat(inside) if s.isdigit()]
        word = "".join(s for s in flat(inside) if s.isalpha())
        for longer in (f"{symbol.name}{digits[0]}" if digits else "", f"{symbol.name}_{word}" if mark == "_" else ""):
            if longer in names.symbols:
                return longer
    if symbol.name in names.symbols:
        return symbol.name
    return names.with_entries(symbol.name) if symbol.scripts else None


def directions(statements: list[Statement], names: Names) -> dict[str, str | None]:
    """Undeclared small letters that some argument is moved by, as δ in f(W+δ)."""
    defined = set(definitions(statements, names))
    found: dict[str, str | None] = {}
    for nodes in _lists(statements):
        for k, n in enumerate(nodes[1:-1], 1):
            symbol = symbol_of(n)
            if symbol is None or symbol.name not in DIRECTIONS or symbol.scripts or names.known(symbol.name):
                continue
            moved = nodes[k - 1].value == "+" and nodes[k + 1].value in (")", ",", "]")
            if moved and symbol.name not in defined:
                found[symbol.name] = None
    return found


def samples_are_columns(statements: list[Statement], names: Names) -> bool:
    """Whether a text writes w^T x_i or x_i^T w for a column w: then x_i, a row of X, is meant as a column."""
    for nodes in _lists(statements):
        flat_nodes = [n for n in nodes if n.value not in ("(", "{")]
        for one, other in zip(flat_nodes, flat_nodes[1:], strict=False):
            a, b = symbol_of(one), symbol_of(other)
            if a is None or b is None:
                continue
            if _turned(a) and (_pairs(a, b, names) or _pairs(b, a, names)):
                return True
    return False


def _turned(symbol: Symbol) -> bool:
    return any(m == "'" or m == "^" and set(flat(i)) & (TRANSPOSES - {"t", "tr", "H"}) for m, i, *_ in symbol.scripts)


def _pairs(vector: Symbol, sample: Symbol, names: Names) -> bool:
    """Whether a column (w), or a matrix that maps samples (Wᵀx_i), stands beside a sample of some X."""
    capital = sample_of(sample, names)
    spec = names.symbols.get(vector.name)
    samples = names.symbols.get(capital or "")
    return samples is not None and spec is not None and spec.rows != 1 and samples.columns == spec.rows


def sample_of(symbol: Symbol, names: Names) -> str | None:
    """The capital X whose row or column the symbol x_i may be, or None."""
    capital = names.with_entries(symbol.name)
    if capital is None or not names.is_matrix(capital) or names.known(symbol.name):
        return None
    for mark, inside, *_ in symbol.scripts:
        items = [s for s in flat(inside) if s not in "()"]
        bracketed = flat(inside)[:1] == ["("]
        if len(index_letters(items)) == 1 and len(items) == 1 and (mark == "_" or bracketed):
            return capital
    return None


def names_samples(statements: list[Statement], names: Names) -> bool:
    """Whether some x_i in the text may be a sample, a row or a column of a declared X."""
    for nodes in _lists(statements):
        for n in nodes:
            symbol = symbol_of(n)
            if symbol is not None and symbol.scripts:
                capital = names.with_entries(symbol.name)
                sample = capital and names.is_matrix(capital) and not names.known(symbol.name)
                if sample and any(len(index_letters(flat(i))) == 1 for m, i, *_ in symbol.scripts if m in "_^"):
                    return True
    return False


def definitions(statements: list[Statement], names: Names) -> dict[str, list[int]]:
    """For each name that statements define, their numbers."""
    found: dict[str, list[int]] = {}
    for k, s in enumerate(statements):
        for clause in s.clauses:
            if len(clause.members) > 1 and not clause.continues:
                left = defined_name(clause.members[0].nodes, names)
                name = clause.members[0].raw.strip() if s.numpy else left.name if left else ""
                if name:
                    found.setdefault(name, []).append(k)
    return found
