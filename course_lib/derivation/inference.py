"""Shapes that nobody declared, inferred from the whole text: the reading in which most lines fit together.

Each undeclared name may be a number, a column or a matrix; capital letters lean to matrices, small ones to columns,
Greek ones and indices to numbers. Lengths are unknowns that the products and sums of the text decide.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .dimensions import Open, resolve
from .document import Statement, defined_name
from .names import Declared, Names, Symbol, symbol_of
from .numpy_reader import UNPARSED
from .operations import FUNCTIONS
from .symbols import counts_layers, index_items, index_letters, numbered_label
from .tex import Tex, everywhere, flat
from .vocabulary import GREEK, TRANSPOSES

KINDS = ("number", "column", "matrix")
TRIALS = 28
LENGTHS = ["n", "d", "k", "m", "p", "q", "r", "h", "l", "s", "t"]
INDEX_LETTERS = "ijklmnabc"
NEVER = frozenset(["d", "e", "I", "pi", "partial"])


def undeclared(statements: list[Statement], names: Names, defined: set[str]) -> dict[str, list[str]]:
    """The names that the text uses and nothing declares, each with the kinds that it may be, likeliest first."""
    found: dict[str, list[str]] = {}
    letters = _letters_of_indices(statements)
    lengths = lengths_of_sums(statements)
    layers = _has_raised_layers(statements, names)
    plain = _only_numbers(statements, defined)
    for use in _uses(statements, defined):
        name, base = _name(use.symbol, layers), use.symbol.name.split(" ")[-1]
        known = names.known(name) or name in defined or name in lengths or name in names.functions
        if name in NEVER or name in FUNCTIONS or known or name == "sigma" or use.called and name not in found:
            continue
        if any(m == "^" and counts_layers(flat(i)) for m, i, *_ in use.symbol.scripts):
            continue
        if numbered_label(use.symbol.name, use.symbol.scripts) in defined:
            continue
        if name != use.symbol.name and _has_entries(use.symbol, names, defined):
            continue  # μ_1 is an entry of the μ that the text defines
        if base in letters and base in INDEX_LETTERS and not use.turned:
            continue
        upper = base[:1].upper() + base[1:]
        entries = [index_items(i) for m, i, *_ in use.symbol.scripts if m == "_"]
        if upper != base and entries and len(entries[0]) == 2:
            if upper not in defined and not names.known(upper):
                found.setdefault(upper, ["matrix"])
            continue
        indexed = _is_indexed(use.symbol)
        if name not in found or use.turned or indexed and "number" in found[name]:
            found[name] = _kinds(name.split(" ")[-1], use.turned, indexed, use.paired)
            if plain and "number" in found[name]:
                found[name] = sorted(found[name], key=lambda kind: kind != "number")
    for name in _of_programs(statements, names, defined):
        found.setdefault(name, _kinds(name, False, False))
    return {n: k for n, k in found.items() if not _is_entry(n, found, statements, defined)}


def _has_entries(symbol: Symbol, names: Names, defined: set[str]) -> bool:
    """Whether a subscript on this symbol picks an entry: the name alone is defined, or declared as an array."""
    below = all(mark == "_" for mark, *_ in symbol.scripts)
    return below and (symbol.name in defined or names.shape(symbol.name) not in (None, ((), ())))


def is_greek(name: str) -> bool:
    """Whether a name is a small Greek letter, with or without a number or a label, such as λ, λ1 or η."""
    base = name.split(" ")[-1].split("_")[0].rstrip("0123456789*")
    return base in GREEK and base.islower() and base != "ell"


def speaks_greek(statements: list[Statement]) -> bool:
    """Whether a small Greek letter stands in the text at all."""
    return any(is_greek(n.value) for s in statements for n in everywhere(s.nodes) if n.kind == "command")


def _has_raised_layers(statements: list[Statement], names: Names) -> bool:
    """Whether the text defines names with a plain number above, so that such a number is a layer: z^2 = w^2 x."""
    lefts = [defined_name(c.members[0].nodes, names) for s in statements for c in s.clauses if len(c.members) > 1]
    return any(left is not None and left.raised for left in lefts)


def _only_numbers(statements: list[Statement], defined: set[str]) -> bool:
    """Whether nothing in the text speaks of arrays: no transpose, no norm, no index, no sum, no bold letter."""
    for s in statements:
        for n in everywhere(s.nodes):
            array = (
                n.kind == "bar" or n.kind == "env" or n.kind == "style" and n.value in ("mathbf", "boldsymbol", "bm")
            )
            words = ("sum", "odot", "otimes", "langle", "vec", "nabla", "top")
            if array or n.kind == "command" and n.value in words or s.numpy:
                return False
    uses = list(_uses(statements, defined))
    return not any(u.turned or _is_indexed(u.symbol) for u in uses)


def _is_indexed(symbol: Symbol) -> bool:
    """Whether a symbol carries one index letter: x_i, x^{(i)}."""
    for mark, inside, *_ in symbol.scripts:
        items = flat(inside)
        bare = [s for s in items if s not in ("(", ")")]
        if len(bare) == 1 and index_letters(bare) and (mark == "_" or items[0] == "("):
            return True
    return False


def _is_entry(name: str, found: dict[str, list[str]], statements: list[Statement], defined: set[str]) -> bool:
    """Whether a small letter only stands for entries or samples of its capital."""
    capital = name[:1].upper() + name[1:]
    return capital != name and capital in found and _only_entries(name, statements, defined)


def _only_entries(name: str, statements: list[Statement], defined: set[str]) -> bool:
    return all(use.symbol.scripts for use in _uses(statements, defined) if use.symbol.name == name)


@dataclass
class _Use:
    symbol: Symbol
    turned: bool
    called: bool
    paired: bool


def _uses(statements: list[Statement], defined: set[str]) -> Iterator[_Use]:
    """Every symbol of the text outside of scripts; whether it is transposed, and whether a bracket follows it."""
    for statement in statements:
        if statement.numpy or not statement.clauses or all(c.declares for c in statement.clauses):
            continue
        for nodes in rows_of_symbols(statement.nodes):
            for k, n in enumerate(nodes):
                symbol = symbol_of(n)
                blackboard = n.kind == "style" and n.value == "mathbb"
                if symbol is None or blackboard or n.kind == "letter" and _in_word(nodes, k, defined):
                    continue
                after = next((x for x in nodes[k + 1 :] if x.kind != "space"), None)
                called = after is not None and after.value == "(" and symbol.name in ("f", "g", "h", "l", "phi", "D")
                if symbol.name in ("D", "H") and after is not None and (s := symbol_of(after)) and s.name in defined:
                    continue
                marks = [set(flat(i)) for m, i, *_ in symbol.scripts if m == "^"]
                primed = any(m == "'" for m, *_ in symbol.scripts) and not (after is not None and after.value == "(")
                turned = primed or any(m & (TRANSPOSES - {"t", "tr"}) for m in marks)
                before = next(
                    (symbol_of(x) for x in reversed(nodes[:k]) if x.kind != "space" and x.value != "cdot"), None
                )
                paired = before is not None and any(set(flat(i)) & (TRANSPOSES - {"t"}) for _, i, *_ in before.scripts)
                yield _Use(symbol, turned, called, paired)


def _of_programs(statements: list[Statement], names: Names, defined: set[str]) -> list[str]:
    """The names that lines in NumPy use and nothing defines."""
    found: dict[str, None] = {}
    for statement in statements:
        for member in (m for c in statement.clauses for m in c.members if statement.numpy):
            try:
                tree = ast.parse(member.raw, mode="eval")
            except UNPARSED:
                continue
            for n in ast.walk(tree):
                if isinstance(n, ast.Name) and n.id not in ("np", "numpy", "len") and n.id not in FUNCTIONS:
                    gradient = n.id[0] == "d" and n.id[1:] in (*defined, *names.symbols, *found)
                    if n.id not in defined and not names.known(n.id) and not gradient:
                        found[n.id] = None
    return list(found)


def _kinds(base: str, turned: bool, indexed: bool, paired: bool = False) -> list[str]:
    greek = len(base.rstrip("0123456789")) > 1
    if base in ("n", "m", "N", "c", "t") and not turned and not indexed:
        return ["number", "column"]
    if base in ("theta", "beta") and not turned:
        return ["column", "number", "matrix"]
    if base[:1] == "w" and base[1:].isdigit():
        return ["matrix", "column"]
    if base[:1].isupper():
        return ["matrix", "column"] if turned else ["matrix", "column", "number"]
    if greek and not turned and not indexed:
        return ["number", "column", "matrix"]
    if indexed:
        return ["samples", "column", "matrix"] if paired else ["column", "samples", "matrix"]
    return ["column", "matrix"] if turned else ["column", "number", "matrix"]


def rows_of_symbols(nodes: list[Tex]) -> Iterator[list[Tex]]:
    """Every row in which symbols stand side by side: the nodes, and what their groups and arguments hold."""
    yield nodes
    for n in everywhere(nodes):
        if n.kind == "style" and len(word := "".join(flat([n.bare()]))) > 1 and [word] == flat([n.bare()]):
            continue
        yield from n.args
        yield from (i for m, i, *_ in n.scripts if m == "_" and n.kind == "command" and n.value in ("nabla", "partial"))


def _in_word(nodes: list[Tex], k: int, defined: set[str]) -> bool:
    """Whether a letter is part of a word such as log, tr or exp that stands without a backslash."""
    start, end = k, k
    while start > 0 and nodes[start - 1].kind == "letter" and not nodes[start - 1].scripts:
        start -= 1
    while end + 1 < len(nodes) and nodes[end + 1].kind == "letter" and not nodes[end].scripts:
        end += 1
    run = "".join(n.value for n in nodes[start : end + 1])
    words = [w for w in (*FUNCTIONS, *defined) if len(w) > 1 and w in run]
    return any(start + run.index(w) <= k < start + run.index(w) + len(w) for w in words)


def _name(symbol: Symbol, layers: bool = False) -> str:
    """A symbol with its layer's number, where it is written as a layer's: W^{(1)}, W_1."""
    for mark, inside, *_ in symbol.scripts:
        items = flat(inside)
        bare = [s for s in items if s not in ("(", ")", "[", "]")]
        layer = len(bare) == 1 and bare[0].isdigit() and (mark == "_" or layers or items[0] in ("(", "["))
        if layer and not (mark == "_" and symbol.name.islower() and len(symbol.name) == 1 and symbol.name in "xyzatp"):
            return symbol.name + bare[0]
        if mark == "_" and len(bare) == 1 and len(bare[0]) > 1 and bare[0].isalpha():
            return f"{symbol.name}_{bare[0]}"
        if bare == ["*"] or bare in ([r"\star"], [r"\ast"]):
            return symbol.name + "*"
    return symbol.name


def _letters_of_indices(statements: list[Statement]) -> set[str]:
    found: set[str] = set()
    for s in statements:
        for n in everywhere(s.nodes):
            if n.kind == "command" and n.value in ("nabla", "partial"):
                continue
            for mark, inside, *_ in n.scripts:
                if mark == "_":
                    head = flat(inside)
                    head = head[: head.index("=")] if "=" in head else head
                    found |= set(index_letters(head))
                elif len(flat(inside)) == 3 and flat(inside)[0] == "(":
                    found |= set(index_letters(flat(inside)[1:2]))
    return found


def lengths_of_sums(statements: list[Statement]) -> list[str]:
    """The letters up to which the text sums: names of lengths."""
    found: dict[str, None] = {}
    for s in statements:
        for n in everywhere(s.nodes):
            if n.kind == "command" and n.value == "sum":
                for mark, inside, *_ in n.scripts:
                    items = flat(inside)
                    if mark == "^" and len(items) == 1 and items[0].isalpha():
                        found[items[0]] = None
    return list(found)


def open_declared(kind: str) -> Declared:
    """A declaration of a kind with lengths that are still to be found."""
    if kind == "number":
        return Declared(1, 1)
    if kind == "column":
        return Declared(Open(long=True), 1, (), True)
    if kind in ("label", "labels"):
        return Declared(Open(long=True), Open(long=True) if kind == "labels" else 1, ("onehot",), kind == "label")
    return Declared(Open(long=True), Open(long=True))


def declared_as(name: str, kind: str) -> str:
    """The name that a kind declares: X for samples x_i of it, else the name itself."""
    return name[:1].upper() + name[1:] if kind == "samples" else name


def settled(names: Names, found: dict[str, str]) -> dict[str, str]:
    """The shapes of inferred names as `shapes` takes them, with a letter for each length that turned out the same."""
    letters: dict[object, str] = {}
    taken = {*names.symbols, *names.definitions, *names.dims}
    free = [x for x in LENGTHS if x not in taken]
    out = {}
    for name in (declared_as(n, kind) for n, kind in found.items()):
        spec = names.symbols.get(name)
        if spec is None:  # a loss that is read as any function
            continue
        sizes = []
        for axis in (spec.rows, spec.columns):
            if axis == 1:
                continue
            atoms = resolve((axis,))
            if len(atoms) == 1 and isinstance(atoms[0], str):
                sizes.append(atoms[0])
            elif not atoms:
                sizes.append("1")
            elif all(isinstance(a, int) for a in atoms):
                sizes.append(str(atoms[0]))
            else:
                key = atoms
                if key not in letters:
                    letters[key] = free.pop(0) if free else f"n{len(letters)}"
                sizes.append(letters[key])
        out[name] = " ".join([*sizes, *spec.promises])
    return out
