"""From the tree back to text: as LaTeX (how a line was read), and as plain text for a sentence.

How an operation is written in either is said by its row in `operations`; here is what has no row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .class_labels import ARRAY, is_array, is_pick, label_in, without_pick
from .names import spoken_name
from .operations import OPERATIONS, Operation
from .spelling import own_function, written_name
from .tree import Node
from .writing import ATOM, LOOSE, POSTFIX, PRODUCT, Writes, Written, through


def latex(node: Node) -> str:
    """The tree as LaTeX."""
    return LATEX.text(node)


def plain_text(node: Node) -> str:
    """The tree in one line of Unicode for a sentence: `Xᵀ(Xw − y)`."""
    return PLAIN.text(node)


def function_name(name: str) -> str:
    r"""A function's name as LaTeX: `\log`, `\operatorname{tr}`, `\sigma`."""
    if name.startswith(("any:", "def:")):
        return written_name(name[4:])
    head = own_function(name) or (OPERATIONS.rows[name].head[0] if name in OPERATIONS.rows else "")
    return head or rf"\operatorname{{{name}}}"


def spoken_function(name: str) -> str:
    """A function's name in a sentence."""
    if name.startswith(("any:", "def:")):
        return spoken_name(name[4:])
    head = OPERATIONS.rows[name].head[1] if name in OPERATIONS.rows else ""
    return head or name


def latex_shape(shape: str) -> str:
    r"""A shape as `shapes` takes it as a set: "n d" as `\mathbb{R}^{n\times d}`."""
    sizes = [w for w in shape.split() if len(w) < 3 or w.isdigit()]
    raised = r" \times ".join(sizes)
    return rf"\mathbb{{R}}^{{{raised}}}" if sizes else r"\mathbb{R}"


class Language:
    """A language in which trees are written: a form for each operation, and a writer for all that is none.

    forms: (row) -> its form in this language, None for a function's call. writers: {operation of a tree: its writer}.
    brackets: what is put around a piece that holds together too loosely, with a %s.
    """

    def __init__(self, forms: Callable[[Operation], Writes | None], writers: dict[str, Writes], brackets: str):
        self.forms, self.writers, self.brackets = forms, writers, brackets

    def form(self, node: Node) -> Writes:
        """What writes the node: the form of its row, else the writer of what has none."""
        row = OPERATIONS.of(node)
        form = self.forms(row) if row is not None and not (row.is_function and node.val[1]) else None
        return form or self.writers[node.op]

    def written(self, node: Node) -> Written:
        """The text, and how tightly it holds together."""
        return self.form(node)(self, node)

    def text(self, node: Node) -> str:
        return self.written(node)[0]

    def at_least(self, node: Node, level: float) -> str:
        """The text, in brackets where it holds together more loosely than `level`."""
        text, own = self.written(node)
        return text if own >= level else self.brackets % text


# -- names, numbers and indices


def number(w: Language, node: Node) -> Written:
    value = node.val
    if isinstance(value, float) and value != int(value if abs(value) < 1e15 else 0):
        return f"{value:.10g}", ATOM
    return (str(int(value)) if abs(value) < 1e15 else f"{value:.6g}"), ATOM


def _tex_sym(w: Language, node: Node) -> Written:
    if is_array(node):
        return f"e_{{{node.val.removeprefix(ARRAY)}}}", ATOM
    name = written_name(node.val)
    return name, ATOM if "^" not in name else POSTFIX + 0.5


def _with_length(sign: str) -> Writes:
    return lambda w, node: (sign + (f"_{{{node.val}}}" if node.val else ""), ATOM)


def _indices(items: Any) -> str:
    said = [":" if i is None else str(i) for i in items]
    return "".join(said) if all(len(s) == 1 or s[1:] == "'" for s in said) else ",".join(said)


_LOW = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def _lowered(indices: str) -> str:
    """Indices set low where Unicode has every letter of them, else behind an underscore."""
    if all(letter in _LOW for letter in indices):
        return "".join(_LOW[letter] for letter in indices)
    return f"_{indices}" if len(indices) == 1 else f"_{{{indices}}}"


def _tex_idx(w: Language, node: Node) -> Written:
    base = node.args[0]
    if is_array(base):
        return rf"\mathbf{{1}}\{{{label_in(node)} = {node.val[-1]}\}}", ATOM
    if base.op == "d":
        return f"d{w.text(Node('idx', base.args, node.val))}", ATOM
    if base.op == "eye" and node.val[0] is None:
        return f"e_{{{node.val[1]}}}", ATOM
    if base.op != "sym":
        return rf"\left[{w.text(base)}\right]_{{{_indices(node.val)}}}", POSTFIX
    name = written_name(base.val, of_an_entry=True)
    name = f"{{{name}}}" if "^" in name or "_" in name else name
    return f"{name}_{{{_indices(node.val)}}}", POSTFIX


def _plain_idx(w: Language, node: Node) -> Written:
    base = node.args[0]
    if is_array(base):
        return f"[{label_in(node)} = {node.val[-1]}]", ATOM
    return (w.text(base) if base.op == "sym" else f"[{w.text(base)}]") + _lowered(_indices(node.val)), ATOM


def _tex_sum(w: Language, node: Node) -> Written:
    if is_pick(node):
        return w.written(without_pick(node)[1])
    letters, inner = [], node
    while inner.op == "sum" and inner.val[1:] == (None, None) == node.val[1:]:
        letters.append(inner.val[0])
        inner = inner.args[0]
    if letters:
        return rf"\sum_{{{','.join(letters)}}} {w.at_least(inner, LOOSE)}", PRODUCT
    index, limit, unequal = node.val
    low = rf"{index} \neq {unequal}" if unequal else f"{index}=1" if limit else index
    high = f"^{{{limit}}}" if limit else ""
    return rf"\sum_{{{low}}}{high} {w.at_least(node.args[0], LOOSE)}", PRODUCT


def _plain_sum(w: Language, node: Node) -> Written:
    if is_pick(node):
        return w.written(without_pick(node)[1])
    return f"Σ{_lowered(str(node.val[0]))} {w.at_least(node.args[0], LOOSE)}", PRODUCT


# -- functions


def _tex_call(w: Language, node: Node) -> Written:
    name, primes = node.val
    head = function_name(name) + "'" * primes
    return rf"{head}\left({w.text(node.args[0])}\right)", ATOM


def _plain_call(w: Language, node: Node) -> Written:
    name, primes = node.val
    return f"{spoken_function(name)}{'′' * primes}({w.text(node.args[0])})", ATOM


def _applied(name: Callable[[str], str], pattern: str) -> Writes:
    """A defined function called with its arguments."""
    return lambda w, node: (pattern % (name(node.val), ", ".join(w.text(a) for a in node.args)), ATOM)


# -- derivatives


def _tex_d(w: Language, node: Node) -> Written:
    inner = node.args[0]
    if inner.op == "d" and inner.args[0].op == "sym":
        return f"d^2{w.text(inner.args[0])}", ATOM
    if inner.op in ("sym", "idx"):
        return f"d{w.text(inner)}", ATOM
    return rf"d\left({w.text(inner)}\right)", ATOM


def _tex_grad(w: Language, node: Node) -> Written:
    body = node.args[0]
    if len(node.args) == 1:
        return rf"\nabla {w.at_least(body, ATOM)}", POSTFIX
    below = w.text(node.args[1])
    if body.op in ("sym", "idx", "app"):
        return rf"\frac{{\partial {w.text(body)}}}{{\partial {below}}}", POSTFIX
    return rf"\frac{{\partial}}{{\partial {below}}}\left({w.text(body)}\right)", POSTFIX


def _tex_hess(w: Language, node: Node) -> Written:
    body = w.at_least(node.args[0], ATOM)
    if len(node.args) == 1:
        return rf"\nabla^2 {body}", POSTFIX
    below = rf"\partial {w.text(node.args[1])}\,\partial {w.text(node.args[2])}"
    return rf"\frac{{\partial^2 {body}}}{{{below}}}", POSTFIX


def _plain_grad(w: Language, node: Node) -> Written:
    body = w.at_least(node.args[0], ATOM)
    return (f"∂{body}/∂{w.text(node.args[1])}" if len(node.args) > 1 else f"∇{body}"), POSTFIX


def _along(pattern: str) -> Writes:
    """The derivative of f along directions, each in the pattern."""

    def write(w: Language, node: Node) -> Written:
        moves = "".join(pattern % w.text(a) for a in node.args[1:] if node.val[1])
        return f"D{w.text(node.args[0])}{moves}", ATOM

    return write


# -- matrices by their entries


def _tex_mat(w: Language, node: Node) -> Written:
    rows, columns = node.val
    lines = [" & ".join(w.text(a) for a in node.args[r * columns : (r + 1) * columns]) for r in range(rows)]
    return r"\begin{bmatrix}" + r" \\ ".join(lines) + r"\end{bmatrix}", ATOM


def _tex_table(w: Language, node: Node) -> Written:
    i, _, j, _ = node.val
    letters = "".join(x[0] for x in (i, j) if x)
    return rf"\left[{w.text(node.args[0])}\right]_{{{letters}}}", ATOM


def _tex_cases(w: Language, node: Node) -> Written:
    rows = []
    for value, (kind, *rest) in zip(node.args, node.val, strict=True):
        sign = "=" if kind == "eq" else r"\neq"
        cond = r"\text{otherwise}" if kind == "else" else f"{rest[0]} {sign} {rest[1]}"
        rows.append(f"{w.text(value)} & {cond}")
    return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}", ATOM


def _always(said: str) -> Writes:
    return lambda w, node: (said, ATOM)


LATEX = Language(
    lambda row: row.latex,
    {
        "num": number,
        "sym": _tex_sym,
        "ones": _with_length(r"\mathbf{1}"),
        "eye": _with_length("I"),
        "kdelta": lambda w, n: (rf"\delta_{{{_indices(n.val)}}}", ATOM),
        "fn": _tex_call,
        "idx": _tex_idx,
        "sum": _tex_sum,
        "d": _tex_d,
        "grad": _tex_grad,
        "hess": _tex_hess,
        "along": _along(r"\left(%s\right)"),
        "app": _applied(written_name, r"%s\left(%s\right)"),
        "mat": _tex_mat,
        "table": _tex_table,
        "cases": _tex_cases,
        "small": lambda w, n: (rf"{n.val}\left({w.text(n.args[0])}\right)", ATOM),
        "dots": _always(r"\cdots"),
        "frozen": through,
    },
    r"\left(%s\right)",
)
PLAIN = Language(
    lambda row: row.plain,
    {
        "num": number,
        "sym": lambda w, n: (spoken_name(n.val), ATOM),
        "ones": _always("1"),
        "eye": _always("I"),
        "kdelta": lambda w, n: (f"δ{_lowered(_indices(n.val))}", ATOM),
        "fn": _plain_call,
        "idx": _plain_idx,
        "sum": _plain_sum,
        "d": lambda w, n: (f"d{w.at_least(n.args[0], ATOM)}", ATOM),
        "grad": _plain_grad,
        "hess": _plain_grad,
        "along": _along("[%s]"),
        "app": _applied(spoken_name, "%s(%s)"),
        "mat": _always("the matrix"),
        "table": _always("the matrix"),
        "cases": _always("the cases"),
        "small": lambda w, n: (f"{n.val}({w.text(n.args[0])})", ATOM),
        "dots": _always("…"),
        "frozen": through,
    },
    "(%s)",
)
