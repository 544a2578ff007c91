r"""Names: one canonical spelling for each symbol however it is written, and the table of what is declared.

`\hat{\mathbf y}`, `\hat y`, `y_hat` and `ŷ` are all "hat y"; `W^{(2)}`, `W_2`, `W^2` and `W2` are all "W2".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from .tex import COMBINING, GREEK_LETTERS, Script, Tex, flat, read_tex, trimmed
from .tree import Node, mul, names_in, sym, walk
from .vocabulary import ACCENTS, GREEK

if TYPE_CHECKING:
    from .dimensions import Atom, Core, Shape

# What `shapes` may be: {"X": "n d"}, {"X": ("n", "d")}, {"v": 3}.
Shapes = Mapping[str, "str | int | Sequence[str | int]"]
CONSTANT = "const"  # an additive constant that the text leaves out
PROMISES = ("symmetric", "spd", "orthogonal", "orthonormal", "onehot", "simplex", "positive")


@dataclass
class Symbol:
    """A base with its accents (`hat y`), and what hangs on it."""

    name: str
    scripts: tuple[Script, ...] = ()


def symbol_of(node: Tex, names: Names | None = None) -> Symbol | None:
    """The symbol that a node alone spells: a letter, a Greek letter, either with accents and styles; else None."""
    if node.kind == "letter":
        return Symbol(node.value, node.scripts)
    if node.kind == "command" and node.value in GREEK:
        return Symbol(node.value, node.scripts)
    wraps = node.kind == "group" or node.kind == "style" or node.kind == "command" and node.value in ACCENTS
    if not wraps or node.value in ("underbrace", "overbrace", "boxed"):
        return None
    inside = trimmed(node.args[0])
    if len(inside) != 1:
        return None
    inner = symbol_of(inside[0], names)
    if inner is None:
        return None
    name = inner.name
    if node.kind == "command":
        accented = f"{ACCENTS[node.value]} {name}"
        arrow = ACCENTS[node.value] == "vec" and not (names is not None and names.known(accented))
        name = name if arrow else accented
    return Symbol(name, (*inner.scripts, *node.scripts))


def canonical(key: str) -> str:
    r"""The canonical name for a key of `shapes` (`W1`, `W^{(1)}`, `y_hat`, `\hat y`, `lambda`, `lam`)."""
    key = key.strip()
    if "\\" in key or "{" in key or not key.isascii():
        found = name_of(read_tex(key))
        if found is not None:
            return found
    return _plain_name("".join(c for c in key if c not in "{}()[] \\"))


def name_of(nodes: list[Tex]) -> str | None:
    """The canonical name of nodes that spell one name with its number, star or label; None where they do not."""
    nodes = trimmed(nodes)
    symbol = symbol_of(nodes[0]) if len(nodes) == 1 else None
    if symbol is None:
        word = "".join(flat(n for n in nodes if not n.scripts))
        return _plain_name(word) if word.isalnum() and len(word) == len("".join(flat(nodes))) else None
    name = {"lam": "lambda"}.get(symbol.name, symbol.name)
    for mark, inside, *_ in symbol.scripts:
        bare = "".join(s.lstrip("\\") for s in flat(inside) if s not in ("(", ")", "[", "]", ","))
        if bare in ("*", "star", "ast", "+"):
            name += "+" if bare == "+" else "*"
        elif bare.isdigit():
            name += bare
        elif bare.isalpha() and (mark == "_" or len(bare) > 1):
            name += f"_{bare}"
        else:
            return None
    return name


def _plain_name(text: str) -> str:
    """The canonical name of a key that is typed without LaTeX: y_hat, yhat, W_1, W1, w*, v_c."""
    base, *marks = text.replace("^", "_").split("_")
    accents: list[str] = []
    for accent in ("hat", "bar", "tilde"):
        if base == accent and marks:
            accents, base, marks = [accent], marks[0], marks[1:]
        elif base.endswith(accent) and len(base) > len(accent):
            accents, base = [accent], base.removesuffix(accent)
        elif base.startswith(accent) and len(base) == len(accent) + 1:
            accents, base = [accent], base.removeprefix(accent)
    star = base.endswith("*")
    base = {"lam": "lambda"}.get(base.rstrip("*"), base.rstrip("*")) + "*" * star
    for mark in marks:
        if mark in ("hat", "bar", "tilde"):
            accents.append(mark)
        elif mark.isdigit() or mark == "*":
            base += mark
        else:
            base += f"_{mark}"
    return " ".join([*accents, base])


_PARTS = re.compile(r"(.*?)(\d*)([*+]?)((?:_.*)?)")


def stem(name: str) -> str:
    """The letters of a canonical name without accent, number, star and label: w for "hat w", "w*" and "w0"."""
    return re.sub(r"(?<=[A-Za-z])(?:\d+|[*+]|_.*)+$", "", name.split(" ")[-1])


def latex_name(name: str) -> str:
    r"""A canonical name as LaTeX: "hat y" as `\hat{y}`, "W2" as `W^{(2)}`, "MSE" as `\mathrm{MSE}`."""
    *accents, base = name.split(" ")
    stem, digits, star, label = _parts(base)
    if stem in GREEK:
        text = "\\" + stem
    elif len(stem) > 1 and stem.isalpha() and not stem.startswith("Delta"):
        text = rf"\mathrm{{{stem}}}"
    elif stem.startswith("Delta") and len(stem) > 5:
        text = rf"\Delta {stem[5:]}"
    else:
        text = stem
    for accent in reversed(accents):
        if accent == "each":  # the L_i beside an L
            continue
        text = rf"\{accent}{{{text}}}"
    # A layer's number in brackets, so that nobody takes it for a power.
    layer = f"({digits})" if digits else ""
    if digits or star:
        text += f"^{{{layer}{star}}}"
    return text + (rf"_{{\mathrm{{{label[1:]}}}}}" if label else "")


def _parts(base: str) -> tuple[str, str, str, str]:
    """(stem, number, star, label) of a canonical name without its accents; each may be empty."""
    found = _PARTS.fullmatch(base)
    return (found[1], found[2], found[3], found[4]) if found else (base, "", "", "")


def spoken_name(name: str) -> str:
    """A canonical name as a reader says it in a sentence: `ŷ`, `W2`, `λ`."""
    *accents, base = name.split(" ")
    letters = {v: k for k, v in GREEK_LETTERS.items()}
    base = re.sub(r"^[A-Za-z]+", lambda m: letters.get(m[0], m[0]), base)
    if base.startswith("Delta"):
        base = "Δ" + base[5:]
    for accent in accents:
        mark = {v: k for k, v in COMBINING.items()}.get(accent, "")
        base = unicodedata.normalize("NFC", base[0] + mark) + base[1:]
    return base


@dataclass
class Declared:
    """A declared name: the dimension names of its two axes (1 for length one) and what it promises."""

    rows: Atom
    columns: Atom
    promises: tuple[str, ...] = ()
    one_dimensional: bool = False


@dataclass
class Definition:
    """A defined name: what it stands for, the parameters it was written with, and where."""

    name: str
    body: Node
    params: tuple[str, ...] = ()
    shape: Shape = ((), ())
    core: Core | None = None  # of what is only a formula for its parameters there is none
    slots: int = 0
    needs: frozenset[str] | None = None

    @property
    def typed(self) -> Core:
        """The typed tree, where there must be one."""
        if self.core is None:
            raise ValueError(f"{self.name} has no typed tree")
        return self.core


@dataclass
class Names:
    """All that a reader of one report may know: declared symbols, dimension names, definitions, functions."""

    symbols: dict[str, Declared] = field(default_factory=dict)
    dims: list[str] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    directions: dict[str, str | None] = field(default_factory=dict)
    varied: list[str] = field(default_factory=list)
    inferring: bool = False  # while shapes are inferred, lengths may stay open
    loss: str | None = None  # the number whose gradients are called dX in a program
    scale: str | None = None  # the length times which dZ is the gradient in a Z on the way, where the mean comes last
    labels: set[str] = field(default_factory=set)
    least: int = 3  # a length must allow for the entries that the text names by number
    written: dict[str, set[str]] = field(default_factory=dict)  # parameters that a function is only written with
    placeholders: set[str] = field(default_factory=set)  # parameters of functions that are defined by a formula
    losses: dict[str, str] = field(default_factory=dict)  # that nobody explains, and what they are a function of
    families: set[str] = field(default_factory=set)  # names that stand for numbers L_i and for one L beside them
    starred: bool = False  # whether x^* is x where a gradient vanishes, since the text sets one to 0
    ahead: set[str] = field(default_factory=set)  # names with a label, S_B, that the text defines somewhere
    units: bool = True  # whether e_i is a unit vector, since nothing else is called e
    samples_stand: bool = False  # whether x_i is a column of X
    variants: dict[tuple[str, str], str] = field(default_factory=dict)  # δ_j beside another δ_k; a name set anew
    restated: dict[str, Node] = field(default_factory=dict)  # what a right line set a defined name equal to
    standing: set[str] = field(default_factory=set)  # matrices of which w_k is a column, since it is multiplied so
    distance: bool = False  # whether the text calls a function d, and differentiates it
    fixed: set[str] = field(default_factory=set)  # letters that stand for one class throughout, such as c in p_c
    columns: bool = False  # whether x_i, a sample of X, is read as a column (w^T x_i) and not as a row (x_i w)

    def rename_length(self, name: str) -> None:
        """Give a length another name, since the text calls an array by this one."""
        new = name + "'"
        self.dims[self.dims.index(name)] = new
        for key, s in self.symbols.items():
            rows, columns = (new if x == name else x for x in (s.rows, s.columns))
            self.symbols[key] = Declared(rows, columns, s.promises, s.one_dimensional)

    def below(self, word: str, defined: Collection[str] = ()) -> str | None:
        """The name in which a program's `dW1` or `grad_W1` is the gradient, by its spelling; None for another word."""
        for prefix in ("grad_", "d"):
            rest = word.removeprefix(prefix)
            for name in (rest, canonical(rest)) if rest and rest != word else ():
                if self.known(name) or name in defined:
                    return name
        return None

    def called_gradient(self, loss: str, of: Node) -> Node:
        """What dZ stands for where it names a gradient: that of the loss in Z, or a length times it."""
        slope = Node("grad", [sym(loss), of], None, of.span)
        return mul(sym(self.scale), slope) if self.scale and of.val in self.definitions else slope

    def known(self, name: str) -> bool:
        """Whether the name may stand in an expression."""
        return (
            name in self.placeholders
            or name in self.symbols
            or name in self.definitions
            or name in self.dims
            or name in self.directions
        )

    def shape(self, name: str) -> Shape | None:
        """The two lengths of a declared or defined name, each a tuple of factors (() is 1), or None."""
        if name in self.definitions and self.definitions[name].core is not None:
            return self.definitions[name].shape
        if name in self.symbols:
            s = self.symbols[name]
            return () if s.rows == 1 else (s.rows,), () if s.columns == 1 else (s.columns,)
        return None

    def is_matrix(self, name: str) -> bool:
        """Whether the name has two axes, so that two subscripts make sense on it."""
        shape = self.shape(name)
        return shape is not None and () not in shape

    def with_entries(self, name: str) -> str | None:
        """The declared capital whose entries the lowercase `name` denotes (x for X), or None."""
        *accents, base = name.split(" ")
        capital = " ".join([*accents, base[0].upper() + base[1:]])
        return capital if capital != name and (capital in self.symbols or capital in self.definitions) else None


_NAME = re.compile(r"(?:(?:hat|bar|tilde|dot|vec) )*[A-Za-z]\w{0,30}\*?(?:_[A-Za-z]+)?'?", re.ASCII)
# What no draw can keep at once.
_CONTRARY = (
    ({"orthogonal", "orthonormal"}, {"symmetric", "spd", "positive", "onehot", "simplex"}),
    ({"onehot"}, {"positive", "symmetric", "spd"}),
    ({"simplex"}, {"symmetric", "spd"}),
)


def read_shapes(shapes: Shapes) -> tuple[dict[str, Declared], list[str]]:
    """Declared symbols and dimension names from the `shapes` argument.

    Raises TypeError or ValueError with one sentence (what was got, what was expected).
    """
    if not hasattr(shapes, "items"):
        raise TypeError(
            f"shapes must map names to dimensions, like {{'X': 'n d', 'w': 'd'}}; got {type(shapes).__name__}"
        )
    symbols: dict[str, Declared] = {}
    dims: list[str] = []
    for key, spec in shapes.items():
        if not isinstance(key, str) or not key.strip():
            raise ValueError(f"a name in shapes must be text such as 'X'; got {key!r}")
        name = canonical(key)
        if not _NAME.fullmatch(name):
            raise ValueError(f"a name in shapes must be like 'X', 'W_1', 'y_hat' or 'lambda'; got {key[:40]!r}")
        symbol = _read_shape(key, spec, dims)
        if symbols.setdefault(name, symbol) != symbol:
            raise ValueError(f"shapes gives {spoken_name(name)} two shapes: {key!r} is another spelling of it")
    # A number named like a dimension is that dimension: {"X": "n d", "n": ""}.
    symbols = {k: v for k, v in symbols.items() if k not in dims or (v.rows, v.columns) != (1, 1)}
    both = next((d for d in dims if d in symbols), None)
    if both:
        raise ValueError(f"in shapes {both} is the name of a length and of an array; give one of them another name")
    return symbols, dims


def _read_shape(key: str, spec: object, dims: list[str]) -> Declared:
    """One declared symbol; new dimension names are appended to `dims`."""
    said = _spec_text(key, spec)
    sizes, promises = _sizes_and_promises(key, said)
    for size in sizes:
        if isinstance(size, str) and size not in dims:
            dims.append(size)
    _check_promises(key, said, sizes, promises)
    rows, columns = sizes[0] if sizes else 1, sizes[1] if len(sizes) > 1 else 1
    return Declared(rows, columns, tuple(promises), one_dimensional=len(sizes) == 1)


def _spec_text(key: str, spec: object) -> str:
    """A shape as text, however it was given: "n d", ("n", "d"), 3."""
    if isinstance(spec, (tuple, list)):
        return " ".join(str(part) for part in spec)
    if isinstance(spec, int) and not isinstance(spec, bool):
        return str(spec)
    if not isinstance(spec, str):
        raise ValueError(f"the shape of {key} must be text such as 'n d'; got {spec!r}")
    return spec


def _sizes_and_promises(key: str, spec: str) -> tuple[list[str | int], list[str]]:
    """The lengths of a shape, two at most, and the promises behind them."""
    sizes: list[str | int] = []
    promises: list[str] = []
    for word in re.split(r"[\s,×]+", spec.strip().strip("()")):
        if not word or word in ("scalar", "number"):
            continue
        if word.lower().replace("-", "") in PROMISES:
            promises.append(word.lower().replace("-", ""))
        elif promises:
            raise ValueError(f"shapes[{key!r}] = {spec!r}: {word!r} is no promise; known are {', '.join(PROMISES)}")
        elif len(word) > 4 and (meant := get_close_matches(word.lower(), PROMISES, 1, 0.75)):
            raise ValueError(f"shapes[{key!r}] = {spec!r}: {word!r} is no promise; did you mean {meant[0]!r}?")
        elif re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*'?|[1-9]\d?", word):
            sizes.append(int(word) if word.isdigit() else word)
        else:
            raise ValueError(
                f"shapes[{key!r}] = {spec!r}: {word!r} is no dimension name and no length from 1 to 99; "
                "expected something like 'n d'"
            )
    if len(sizes) > 2:
        unknown = [w for w in sizes[1:] if isinstance(w, str) and len(w) > 2]
        if unknown:
            raise ValueError(
                f"shapes[{key!r}] = {spec!r}: {unknown[0]!r} is no promise; known are {', '.join(PROMISES)}"
            )
        raise ValueError(f"shapes[{key!r}] = {spec!r} has {len(sizes)} axes; expected at most two, such as 'n d'")
    return sizes, promises


def _check_promises(key: str, spec: str, sizes: list[str | int], promises: list[str]) -> None:
    """ValueError where no draw can keep what a shape promises."""
    for one, other in _CONTRARY:
        if one & set(promises) and other & set(promises):
            pair = " and ".join(sorted(one & set(promises)) + sorted(other & set(promises)))
            raise ValueError(f"shapes[{key!r}] = {spec!r}: {pair} cannot be promised together; keep one of them")
    square = {"symmetric", "spd", "orthogonal"} & set(promises)
    if square and (len(sizes) != 2 or sizes[0] != sizes[1]):
        raise ValueError(f"shapes[{key!r}] = {spec!r}: only a square matrix such as 'd d' can be {square.pop()}")


def dependencies(node: Node, names: Names) -> set[str]:
    """Every name the value of a tree depends on, through definitions."""
    seen: set[str] = set()
    todo = list(names_in(node))
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in names.definitions:
            todo.extend(names_in(names.definitions[name].body))
    return seen


def differentiates(tree: Node, names: Names) -> bool:
    """Whether a tree is a derivative, directly or through the names it uses."""
    trees = [tree, *(names.definitions[n].body for n in names_in(tree) if n in names.definitions)]
    return any(n.op in ("grad", "hess", "d") for t in trees for n in walk(t))
