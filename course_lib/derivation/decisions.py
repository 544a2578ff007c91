r"""What a whole text decides: in which names it differentiates, which letters move an argument a little, whether a
sample x_i is a row or a column, which names it defines and where.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from .dimensions import Open
from .document import Clause, Member, Statement, defined_name
from .names import Names, Symbol, symbol_of
from .numpy_reader import is_used
from .symbols import index_letters, parted
from .tex import Tex, closing, everywhere, flat, layer_of, trimmed
from .vocabulary import TRANSPOSES

LOSSES = frozenset(["L", "J", "E", "C", "ell", "l"])
CALLED = frozenset(["f", "g", "h", "l", "ell", "phi", "varphi", "psi", "F", "G"])
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


def _is_grad(nodes: list[Tex], k: int) -> bool:
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
            if symbol is not None and nodes[k - 1].value in ("[", ",") and nodes[k + 1].value in ("]", ","):
                opening = next((j for j in range(k, -1, -1) if nodes[j].value == "["), 0)
                along = opening > 0 and nodes[opening - 1].value == ")" and symbol.name in ("h", "v", "u", "xi", "eta")
                if along and not names.known(symbol.name) and symbol.name not in defined:
                    found[symbol.name] = None
            if symbol is None or symbol.name not in DIRECTIONS or symbol.scripts or names.known(symbol.name):
                continue
            moved = nodes[k - 1].value == "+" and nodes[k + 1].value in (")", ",", "]")
            if moved and symbol.name not in defined:
                found[symbol.name] = None
    return found


def unknown_functions(statements: list[Statement], names: Names, defined: Collection[str]) -> dict[str, int]:
    """Functions that the text calls and nobody explains: 0 for one that acts entry by entry, else its arguments.

    One argument and no derivative of the function itself speak for an activation: h = f(z), f'(z).
    """
    found: dict[str, int] = {}
    numbers: set[str] = set()
    for nodes in _lists(statements):
        for k, n in enumerate(nodes[:-1]):
            symbol = symbol_of(n)
            if symbol is None or symbol.name not in CALLED or nodes[k + 1].value != "(":
                continue
            known = names.known(symbol.name) or symbol.name in defined or symbol.name in names.functions
            if known or names.with_entries(symbol.name) or any(s[0] != "'" and not layer_of(s) for s in symbol.scripts):
                continue
            close = closing(nodes, k + 1)
            found[symbol.name] = max(found.get(symbol.name, 0), len(parted(nodes[k + 2 : close], (",", ";", "|"))))
            if k and not symbol.scripts and (nodes[k - 1].value in ("nabla", "Hess") or _is_d(nodes[k - 1])):
                numbers.add(symbol.name)
    sides = [[n for n in m.nodes if n.kind != "space"] for s in statements for c in s.clauses for m in _pair(c)]
    alone = {name for side in sides if (name := _called_alone(side))}
    return {name: 0 if args == 1 and name not in numbers else args for name, args in found.items() if name in alone}


def unexplained_losses(statements: list[Statement], names: Names, defined: dict[str, list[int]]) -> dict[str, str]:
    r"""Losses of which the text has derivatives and nothing else, and the name that they are taken to depend on.

    It is, of the names that the text defines and differentiates in, the one that is defined last: for
    \frac{\partial L}{\partial W} = \frac{\partial L}{\partial z} x^T after z = Wx it is z.
    """
    derived: dict[str, int] = {}
    spoken: set[str] = set()
    for nodes in _lists(statements):
        for k, n in enumerate(nodes if len(nodes) > 1 else ()):  # what stands alone is inside of \mathcal
            symbol = symbol_of(n)
            known = symbol is None or symbol.name not in names.symbols and names.known(symbol.name)
            if symbol is None or known or symbol.name not in LOSSES:
                continue
            alone = not symbol.scripts and (k + 1 == len(nodes) or nodes[k + 1].value != "(")
            if alone and k and (_is_partial(nodes[k - 1]) or nodes[k - 1].value == "nabla"):
                derived[symbol.name] = derived.get(symbol.name, 0) + 1
            else:
                spoken.add(symbol.name)
    below = [name for name in _differentiated_in(statements) if name in defined]
    losses = [name for name, times in derived.items() if times > 1 and name not in spoken and name not in defined]
    last = sorted(below, key=lambda name: (defined[name][-1], list(defined).index(name)))[-1:]
    return {name: inner for name in losses for inner in last}


def _ungrouped(nodes: list[Tex]) -> list[Tex]:
    """The nodes without the braces around all of them."""
    nodes = trimmed(nodes)
    return _ungrouped(nodes[0].args[0]) if len(nodes) == 1 and nodes[0].kind == "group" else nodes


def _is_partial(n: Tex) -> bool:
    return n.value == "partial" and not n.scripts


def _differentiated_in(statements: list[Statement]) -> list[str]:
    r"""The names z of \frac{\partial L}{\partial z} and \nabla_z L."""
    found: dict[str, None] = {}
    for nodes in _lists(statements):
        for n in nodes:
            below = n.args[1:] if n.kind == "command" and n.value.endswith("frac") else ()
            places = [nodes[1:] for nodes in map(_ungrouped, below) if nodes and _is_partial(nodes[0])]
            places += [inside for mark, inside, *_ in n.scripts if n.value == "nabla" and mark == "_"]
            for place in map(trimmed, places):
                symbol = symbol_of(place[0]) if len(place) == 1 else None
                if symbol is not None and not symbol.scripts:
                    found[symbol.name] = None
    return list(found)


def _pair(clause: Clause) -> list[Member]:
    """The sides of an equation with two of them; with more, one side explains another."""
    return clause.members if len(clause.members) == 2 else []


def _called_alone(side: list[Tex]) -> str:
    r"""The f of a side that is f(…) or \nabla f(…) and nothing else, or ""."""
    at = 1 if side and side[0].value == "nabla" else 0
    symbol = symbol_of(side[at]) if len(side) > at + 1 and side[at + 1].value == "(" else None
    return symbol.name if symbol is not None and closing(side, at + 1) == len(side) - 1 else ""


def names_a_gradient(statement: Statement, names: Names, defined: Collection[str] = ()) -> bool:
    """Whether a line sets dw alone equal to something without a differential, as programs name gradients."""
    if not statement.clauses or len(statement.clauses[0].members) < 2:
        return False
    if statement.numpy:
        word = statement.clauses[0].members[0].raw.strip()
        return word.isidentifier() and names.below(word, defined) is not None
    left, *rest = ([n for n in m.nodes if n.kind != "space"] for m in statement.clauses[0].members)
    alone = len(left) == 2 and _is_d(left[0]) and symbol_of(left[1]) is not None
    return alone and not any(_is_d(n) for nodes in rest for n in everywhere(nodes))


def stepwise(statements: list[Statement]) -> dict[str, Statement]:
    """The names that a program sets more than once, each time from the value before, and the last line that does."""
    found: dict[str, Statement] = {}
    first: set[str] = set()
    for statement in statements:
        for clause in statement.clauses if statement.numpy else ():
            word = clause.members[0].raw
            if word in first and len(clause.members) == 2 and is_used(word, clause.members[1].raw):
                found[word] = statement
            first.add(word)
    return found


def families(statements: list[Statement], names: Names) -> set[str]:
    """Names that the text defines with an index and without: L_i, and L as their mean."""
    clauses = [c for s in statements for c in s.clauses if len(c.members) > 1 and not c.continues and not s.numpy]
    lefts = [(defined_name(c.members[0].nodes, names), c) for c in clauses]
    with_index = {left.name for left, _ in lefts if left is not None and len(left.indices) == 1}
    return {
        left.name
        for left, c in lefts
        if left is not None
        and not left.indices
        and left.name in with_index
        and not names.known(left.name)
        and any(
            (s := symbol_of(n)) and s.name == left.name and s.scripts
            for m in c.members[1:]
            for n in everywhere(m.nodes)
        )
    }


def vanishes(statements: list[Statement], names: Names) -> bool:
    r"""Whether the text sets a gradient to 0 and defines no name with a star."""
    if any("*" in name for name in (*names.symbols, *definitions(statements, names))):
        return False
    for s in statements:
        for clause in s.clauses:
            zero = any(flat(m.nodes) == ["0"] for m in clause.members)
            slopes = [n for m in clause.members for n in everywhere(m.nodes) if n.value in ("nabla", "partial", "frac")]
            if zero and any(n.value != "frac" or "d" in flat(n.args[1])[:1] for n in slopes):
                return True
    return False


def solved(statements: list[Statement], found: Mapping[str, list[int]]) -> set[str]:
    """Names that stand alone on the left only after the text has set a derivative in them to 0: solutions."""
    zeros = [k for k, s in enumerate(statements) if any(flat(m.nodes) == ["0"] for c in s.clauses for m in c.members)]
    out = set()
    for name, places in found.items():
        before = [k for k in zeros if k < min(places)]
        if before and name in _differentiated_in(statements[: before[-1] + 1]):
            out.add(name)
    return out


def powers(statements: list[Statement], names: Names) -> set[str]:
    """Letters that count how often a square matrix is multiplied by itself: the k of X^k and X^{k-1}."""
    found = set()
    for s in statements:
        for n in everywhere(s.nodes):
            symbol = symbol_of(n)
            shape = names.shape(symbol.name) if symbol is not None else None
            if symbol is None or shape is None or shape[0] != shape[1] or shape == ((), ()):
                continue
            for mark, inside, *_ in symbol.scripts:
                items = flat(inside)
                plain = (
                    items[:1] and items[0] in ("k", "m", "n", "p", "q", "r") and (len(items) == 1 or items[1] in "+-")
                )
                layer = any(names.known(symbol.name + digit) for digit in "123")
                if (
                    mark == "^"
                    and plain
                    and not layer
                    and (names.shape(items[0]) == ((), ()) or not names.known(items[0]))
                ):
                    found.add(items[0])
    return found


def steps(statement: Statement, names: Names) -> list[str]:
    r"""Declared names that a line lets go to 0, as H in f(X+H) = f(X) + … + o(\|H\|)."""
    found: set[str] = set()
    for nodes in _lists([statement]):
        for k, n in enumerate(nodes[:-1]):
            small = n.kind == "letter" and n.value in "oO" or flat([n.bare()]) == [r"\mathcal", "O"]
            symbol = symbol_of(n)
            small = small or symbol is not None and symbol.name in ("o", "O")
            if small and not n.scripts and nodes[k + 1].value == "(" and not names.known(n.value):
                inside = nodes[k + 1 : next((j for j in range(k, len(nodes)) if nodes[j].value == ")"), k + 1)]
                found |= {s.name for i in inside for x in everywhere([i]) if (s := symbol_of(x)) is not None}
    return [name for name in names.symbols if name in found and name not in names.directions]


def samples_are_columns(statements: list[Statement], names: Names, axis: str = "columns") -> bool:
    r"""Whether a text writes w^T x_i, x_i^T w or x_i - w for a column w: then x_i, a row of X, is meant as a column.

    So it is in w \cdot x_i, in w x_i and in x_i x_i^T, which fit for a row too but are nothing that anybody means.
    With axis "rows", whether it does so where only a column of X has w's length: then x_i is that column.
    """
    for nodes in _lists(statements):
        flat_nodes = [n for n in nodes if n.value not in ("(", "{")]
        if axis == "columns" and any(_added(*three, names) for three in zip(nodes, nodes[1:], nodes[2:], strict=False)):
            return True
        for one, other in zip(flat_nodes, flat_nodes[1:], strict=False):
            a, b = symbol_of(one), symbol_of(other)
            if a is None or b is None:
                continue
            if _turned(a) and axis == "columns" and _pairs_with_features(a, b, other, flat_nodes, names):
                return True
            if _turned(a) and (_pairs(a, b, names, axis) or _pairs(b, a, names, axis)):
                return True
            outer = sample_of(a, names) is not None and _turned(b) and not _turned(a)
            if outer and axis == "columns" and _pairs(a, b, names, axis):
                return True  # x_i x_j^T, a matrix to nearly everybody
    return axis == "columns" and samples_stand_beside_columns(statements, names)


def samples_stand_beside_columns(statements: list[Statement], names: Names) -> bool:
    r"""Whether a text writes w \cdot x_i or w x_i: a matrix if x_i is a row, which nobody means."""
    for nodes in _lists(statements):
        near = [(n, symbol_of(n)) for n in nodes if n.value not in ("(", "{")]
        for k, ((_, a), (n, b)) in enumerate(pairwise(near)):
            if a is None or _turned(a):
                continue
            if b is not None and not a.scripts and not _turned(b) and _pairs(a, b, names, "columns"):
                return True
            other, c = near[k + 2] if n.value == "cdot" and k + 2 < len(near) else (n, None)
            if c is None:
                continue
            if _pairs(a, c, names, "columns") or _pairs(c, a, names, "columns"):
                return True
            if _pairs_with_features(a, c, other, [n for n, _ in near], names):
                return True
    return False


def _pairs_with_features(vector: Symbol, symbol: Symbol, node: Tex, nodes: list[Tex], names: Names) -> bool:
    r"""Whether w^T \phi(x_n) pairs a column with row n of a declared Φ."""
    capital = names.with_entries(symbol.name)
    if capital is None or symbol.scripts or not names.is_matrix(capital):
        return False
    at = next(k for k, n in enumerate(nodes) if n is node)
    inside = symbol_of(nodes[at + 1]) if at + 1 < len(nodes) else None
    sample = inside is not None and any(len(index_letters(flat(i))) == 1 for m, i, *_ in inside.scripts if m == "_")
    spec = names.symbols.get(vector.name)
    return (
        sample and spec is not None and spec.rows == names.symbols[capital].columns
        if capital in names.symbols
        else False
    )


def _turned(symbol: Symbol) -> bool:
    return any(m == "'" or m == "^" and set(flat(i)) & (TRANSPOSES - {"t", "tr", "H"}) for m, i, *_ in symbol.scripts)


def _added(one: Tex, sign: Tex, other: Tex, names: Names) -> bool:
    """Whether a sample of some X and a column of its rows' length are added or subtracted: x_i - mu, mu - x_i."""
    if sign.value not in ("+", "-"):
        return False
    for sample, vector in ((symbol_of(one), symbol_of(other)), (symbol_of(other), symbol_of(one))):
        samples = names.symbols.get(sample_of(sample, names) or "") if sample else None
        spec = names.symbols.get(vector.name) if vector and not vector.scripts else None
        if samples and spec and not names.inferring and spec.columns == 1 != spec.rows == samples.columns:
            return True
    return False


def _pairs(vector: Symbol, sample: Symbol, names: Names, axis: str) -> bool:
    """Whether a column (w), or a matrix that maps samples (Wᵀx_i), stands beside a sample of some X."""
    capital = sample_of(sample, names)
    other = sample_of(vector, names)
    samples = names.symbols.get(capital or "")
    spec = names.symbols.get(other or vector.name)
    if samples is None or spec is None:
        return False
    length = spec.columns if other else spec.rows
    if names.inferring:
        return axis == "columns" and length != 1  # lengths are still open: rows are samples unless declared otherwise
    if axis == "rows":
        return not other and length == samples.rows != samples.columns
    return length != 1 and samples.columns == length


def sample_of(symbol: Symbol, names: Names) -> str | None:
    """The capital X whose row or column the symbol x_i may be, or None."""
    capital = symbol.name if symbol.name in names.symbols else names.with_entries(symbol.name)
    if capital is None or not names.is_matrix(capital):
        return None
    for mark, inside, *_ in symbol.scripts:
        items = [s for s in flat(inside) if s not in ("(", ")")]
        bracketed = flat(inside)[:1] == ["("]
        if len(index_letters(items)) == 1 and len(items) == 1 and (mark == "_" or bracketed):
            return capital
    return None


def standing(statements: list[Statement], names: Names) -> set[str]:
    r"""Declared matrices of which one subscript picks a column: W in w_k^T\phi_n, where a column has φ_n's length."""
    found: dict[str, set[bool]] = {}
    for nodes in _lists(statements):
        symbols = [symbol_of(n) for n in nodes if n.value not in ("(", ")", "{", "}", "cdot")]
        for a, b in pairwise(symbols):
            if a is None or b is None or not _turned(a):
                continue
            for one, other in ((a, b), (b, a)):
                spec, length = names.symbols.get(sample_of(one, names) or ""), _length_beside(other, names)
                if spec is not None and length is not None and spec.rows != spec.columns:
                    stands = {spec.rows: True, spec.columns: False}.get(length)
                    found.setdefault(sample_of(one, names) or "", set()).update([] if stands is None else [stands])
    return {name for name, said in found.items() if said == {True}}


def _length_beside(symbol: Symbol, names: Names) -> str | int | Open | None:
    """The length of the vector that stands beside a sample: a declared column, or a row of another matrix."""
    spec = names.symbols.get(symbol.name)
    if spec is not None and spec.columns == 1 and spec.rows != 1:
        return spec.rows
    samples = names.symbols.get(sample_of(symbol, names) or "")
    return samples.columns if samples is not None else None


def names_samples(statements: list[Statement], names: Names) -> bool:
    """Whether some x_i in the text may be a sample, a row or a column of a declared X."""
    for nodes in _lists(statements):
        for n in nodes:
            symbol = symbol_of(n)
            if symbol is not None and symbol.scripts:
                capital = names.with_entries(symbol.name)
                sample = capital and names.is_matrix(capital) and not names.known(symbol.name)
                if sample and any(_one_letter(i) for m, i, *_ in symbol.scripts if m in "_^"):
                    return True
    return False


def _one_letter(inside: list[Tex]) -> bool:
    return len(index_letters([s for s in flat(inside) if s not in ("(", ")")])) == 1


def labels(statements: list[Statement]) -> set[str]:
    """The words in brackets that stand as superscripts, as in y^{(train)}."""
    found = set()
    for s in statements:
        for n in everywhere(s.nodes):
            for mark, inside, *_ in n.scripts:
                items = flat(inside)
                if mark == "^" and items[:1] == ["("] and len(items) == 3 and items[1].isalpha() and len(items[1]) > 1:
                    found.add(items[1])
    return found


def least_length(statements: list[Statement], names: Names) -> int:
    """The shortest length that has every entry which the text names by number, 3 or more."""
    least = 3
    for s in statements:
        for n in everywhere(s.nodes):
            symbol = symbol_of(n, names)
            if symbol is None:
                continue
            for mark, inside, *_ in symbol.scripts:
                numbers = [int(x) for x in flat(inside) if x.isdigit() and len(x) < 3]
                layer = len(numbers) == 1 and names.known(f"{symbol.name}{numbers[0]}")
                if mark == "_" and numbers and not layer and max(numbers) <= 12:
                    least = max(least, *numbers)
    return least


def clashing_lengths(statements: list[Statement], names: Names) -> list[str]:
    """Lengths whose letter the text gives to an array: `\\mathbf{p} = \\sigma(X\\beta)` where β has p entries."""
    found = []
    for name, places in definitions(statements, names).items():
        if name not in names.dims:
            continue
        nodes = [n for k in places for c in statements[k].clauses for m in c.members[1:] for n in everywhere(m.nodes)]
        others = set(definitions(statements, names)) - {name}
        symbols = [s.name for n in nodes if (s := symbol_of(n, names)) is not None]
        if any(names.shape(s) not in (None, ((), ())) or s in others and not names.known(s) for s in symbols):
            found.append(name)
    return found


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
