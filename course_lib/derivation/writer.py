"""From the tree back to text: as LaTeX (how a line was read), and as plain text for a sentence."""

from __future__ import annotations

from .names import spoken_name
from .spelling import follows_a_text, transpose_mark, written_name
from .tree import Node, walk

SUM, LOOSE, PRODUCT, POSTFIX, ATOM = 1, 2, 3, 4, 5
PLAIN = {"exp", "log", "tanh", "sin", "cos", "sinh", "cosh"}


def latex(node: Node) -> str:
    """The tree as LaTeX."""
    return _tex(node)[0]


def _tex(node: Node) -> tuple[str, int]:
    return _WRITE[node.op](node)


def _at_least(node: Node, level: int) -> str:
    text, own = _tex(node)
    return text if own >= level else rf"\left({text}\right)"


def _num(node):
    value = node.val
    if isinstance(value, float) and value != int(value if abs(value) < 1e15 else 0):
        return f"{value:.10g}", ATOM
    return (str(int(value)) if abs(value) < 1e15 else f"{value:.6g}"), ATOM


def _add(node):
    text = ""
    for k, term in enumerate(node.args):
        minus = term.op == "neg"
        inner = term.args[0] if minus else term
        said = _at_least(inner, LOOSE)
        text += ("-" if minus else "") + said if k == 0 else (" - " if minus else " + ") + said
    return text, SUM


def _mul(node):
    parts = []
    for k, factor in enumerate(node.args):
        reaching = factor.op == "sum" or factor.op == "grad" and not _is_quotient(factor) or factor.op == "neg"
        last = k == len(node.args) - 1
        said = _at_least(factor, PRODUCT)
        reaching = reaching or factor.op == "mul"  # a product within a product is a number of its own, (x^T y) x
        if reaching and not (last and factor.op == "sum"):
            said = rf"\left({_tex(factor)[0]}\right)"
        if parts and said[0].isdigit():
            said = r"\cdot " + said
        elif parts and (factor.op == "d" or node.args[k - 1].op == "d"):
            said = r"\, " + said  # dA B is a product of two and not one name
        parts.append(said)
    return " ".join(parts), PRODUCT


def _is_quotient(node):
    return len(node.args) > 1 and node.args[0].op in ("sym", "idx")


def _binary(sign):
    def write(node):
        a, b = node.args
        return f"{_at_least(a, LOOSE)} {sign} {_at_least(b, PRODUCT)}", LOOSE

    return write


def _frob(node):
    a, b = node.args
    return rf"\langle {latex(a)}, {latex(b)}\rangle", ATOM


def _div(node):
    return rf"\frac{{{latex(node.args[0])}}}{{{latex(node.args[1])}}}", POSTFIX


def _pow(node):
    base, exponent = node.args
    said = _raisable(base)
    return f"{said}^{{{latex(exponent)}}}", POSTFIX


def _raisable(node):
    """A base for an exponent: dA is raised in brackets, for dA^{-1} is the differential of the inverse."""
    if node.op == "idx" and node.args[0].op == "sym" and follows_a_text():
        return latex(node)
    return rf"\left({latex(node)}\right)" if node.op == "d" else _at_least(node, ATOM)


def _epow(node):
    """A power entry by entry; marked as one where its base may be an array."""
    base, exponent = node.args
    if base.op in ("num", "norm", "frob", "idx"):
        return _pow(node)
    return rf"{_at_least(base, ATOM)}^{{\circ {latex(exponent)}}}", POSTFIX


def _postfix(mark):
    def write(node):
        inner, exponent = node.args[0], mark or transpose_mark()
        if not mark and inner.op == "inv" and follows_a_text():
            return f"{_raisable(inner.args[0])}^{{-{exponent}}}", POSTFIX
        said = _raisable(inner) if mark else _at_least(inner, ATOM)
        if "^" in said and inner.op == "sym" and follows_a_text():
            return f"({_tex(inner)[0]})^{{{exponent}}}", POSTFIX
        if "^" in said and inner.op in ("sym", "T", "pow"):
            return f"{{{said}}}^{{{exponent}}}", POSTFIX
        return f"{said}^{{{exponent}}}", POSTFIX

    return write


def _fn(node):
    name, primes = node.val
    head = function_name(name) + "'" * primes
    if name == "exp" and not primes:
        return f"e^{{{latex(node.args[0])}}}", POSTFIX
    if name == "sqrt" and not primes:
        return rf"\sqrt{{{latex(node.args[0])}}}", ATOM
    return rf"{head}\left({latex(node.args[0])}\right)", ATOM


def _along(node):
    said = "".join(rf"\left({latex(a)}\right)" for a in node.args[1:] if node.val[1])
    return rf"D{latex(node.args[0])}{said}", ATOM


def function_name(name: str) -> str:
    r"""A function's name as LaTeX: `\log`, `\operatorname{tr}`, `\sigma`."""
    if name.startswith("def:"):
        return written_name(name[4:])
    if name == "sigmoid":
        return r"\sigma"
    if name.startswith("any:"):
        return written_name(name[4:])
    if name == "logdet":
        return r"\log\det"
    return rf"\{name}" if name in PLAIN else rf"\operatorname{{{name.rstrip('01')}}}"


def _norm(node):
    label = {"2": "", "1": "_1", "inf": r"_\infty", "spectral": "_2", "two": "_2"}[node.val]
    inside = latex(node.args[0])
    # Around what is low, growing bars shrink to the height of a small letter.
    left, right = (r"\left\|", r"\right\|") if _is_tall(node.args[0]) else (r"\lVert ", r"\rVert")
    return f"{left}{inside}{right}{label}", ATOM


def _is_tall(node):
    return any(n.op in ("div", "grad", "hess", "sum", "mat", "cases", "table") for n in walk(node))


def _indices(items):
    said = [":" if i is None else str(i) for i in items]
    return "".join(said) if all(len(s) == 1 or s[1:] == "'" for s in said) else ",".join(said)


def _idx(node):
    base = node.args[0]
    items = node.val if not (len(node.val) == 2 and node.val[1] is None) else (node.val[0], None)
    if base.op == "sym":
        name = written_name(base.val, of_an_entry=True)
        return (
            f"{{{name}}}_{{{_indices(items)}}}" if "^" in name or "_" in name else f"{name}_{{{_indices(items)}}}",
            POSTFIX,
        )
    return rf"\left[{latex(base)}\right]_{{{_indices(items)}}}", POSTFIX


def _sum(node):
    letters, inner = [], node
    while (
        inner.op == "sum"
        and inner.val[1] is None
        and inner.val[2] is None
        and node.val[1] is None
        and node.val[2] is None
    ):
        letters.append(inner.val[0])
        inner = inner.args[0]
    if letters:
        return rf"\sum_{{{','.join(letters)}}} {_at_least(inner, LOOSE)}", PRODUCT
    index, limit, unequal = node.val
    low = rf"{index} \neq {unequal}" if unequal else f"{index}=1" if limit else index
    high = f"^{{{limit}}}" if limit else ""
    return rf"\sum_{{{low}}}{high} {_at_least(node.args[0], LOOSE)}", PRODUCT


def _d(node):
    inner = node.args[0]
    if inner.op == "d" and inner.args[0].op == "sym":
        return f"d^2{latex(inner.args[0])}", ATOM
    if inner.op in ("sym", "idx"):
        return f"d{latex(inner)}", ATOM
    return rf"d\left({latex(inner)}\right)", ATOM


def _grad(node):
    body = node.args[0]
    if len(node.args) == 1:
        return rf"\nabla {_at_least(body, ATOM)}", POSTFIX
    below = latex(node.args[1])
    if body.op in ("sym", "idx", "app"):
        return rf"\frac{{\partial {latex(body)}}}{{\partial {below}}}", POSTFIX
    return rf"\frac{{\partial}}{{\partial {below}}}\left({latex(body)}\right)", POSTFIX


def _hess(node):
    body = node.args[0]
    if len(node.args) == 1:
        return rf"\nabla^2 {_at_least(body, ATOM)}", POSTFIX
    below = rf"\partial {latex(node.args[1])}\,\partial {latex(node.args[2])}"
    return rf"\frac{{\partial^2 {_at_least(body, ATOM)}}}{{{below}}}", POSTFIX


def _mat(node):
    rows, columns = node.val
    lines = [" & ".join(latex(a) for a in node.args[r * columns : (r + 1) * columns]) for r in range(rows)]
    return r"\begin{bmatrix}" + r" \\ ".join(lines) + r"\end{bmatrix}", ATOM


def _table(node):
    i, _, j, _ = node.val
    letters = "".join(x[0] for x in (i, j) if x)
    return rf"\left[{latex(node.args[0])}\right]_{{{letters}}}", ATOM


def _cases(node):
    rows = []
    for value, (kind, *rest) in zip(node.args, node.val, strict=True):
        sign = "=" if kind == "eq" else r"\neq"
        cond = r"\text{otherwise}" if kind == "else" else f"{rest[0]} {sign} {rest[1]}"
        rows.append(f"{latex(value)} & {cond}")
    return r"\begin{cases}" + r" \\ ".join(rows) + r"\end{cases}", ATOM


_WRITE = {
    "num": _num,
    "sym": lambda n: (written_name(n.val), ATOM if "^" not in written_name(n.val) else POSTFIX + 0.5),
    "ones": lambda n: (r"\mathbf{1}" + (f"_{{{n.val}}}" if n.val else ""), ATOM),
    "eye": lambda n: ("I" + (f"_{{{n.val}}}" if n.val else ""), ATOM),
    "kdelta": lambda n: (rf"\delta_{{{_indices(n.val)}}}", ATOM),
    "add": _add,
    "neg": lambda n: (f"-{_at_least(n.args[0], LOOSE)}", SUM),
    "mul": _mul,
    "had": _binary(r"\odot"),
    "kron": _binary(r"\otimes"),
    "at": lambda n: (f"{_at_least(n.args[0], PRODUCT)} {_at_least(n.args[1], PRODUCT)}", PRODUCT),
    "frob": _frob,
    "div": _div,
    "pow": _pow,
    "epow": _epow,
    "T": _postfix(""),
    "inv": _postfix("-1"),
    "fn": _fn,
    "norm": _norm,
    "bars": lambda n: (rf"\left|{latex(n.args[0])}\right|", ATOM),
    "idx": _idx,
    "sum": _sum,
    "d": _d,
    "grad": _grad,
    "hess": _hess,
    "app": lambda n: (rf"{written_name(n.val)}\left({', '.join(latex(a) for a in n.args)}\right)", ATOM),
    "mat": _mat,
    "table": _table,
    "cases": _cases,
    "small": lambda n: (rf"{n.val}\left({latex(n.args[0])}\right)", ATOM),
    "dots": lambda n: (r"\cdots", ATOM),
    "outer": lambda n: (rf"\operatorname{{outer}}\left({latex(n.args[0])}, {latex(n.args[1])}\right)", ATOM),
    "frozen": lambda n: _tex(n.args[0]),
    "stretch": lambda n: _tex(n.args[0]),
    "along": _along,
}


def latex_shape(shape: str) -> str:
    r"""A shape as `shapes` takes it as a set: "n d" as `\mathbb{R}^{n\times d}`."""
    sizes = [w for w in shape.split() if len(w) < 3 or w.isdigit()]
    raised = r" \times ".join(sizes)
    return rf"\mathbb{{R}}^{{{raised}}}" if sizes else r"\mathbb{R}"


def plain_text(node: Node) -> str:
    """The tree in one line of Unicode for a sentence: `Xᵀ(Xw − y)`."""
    return _plain(node)[0]


def _wrap(node, level):
    text, own = _plain(node)
    return text if own >= level else f"({text})"


_RAISED = str.maketrans("0123456789-T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ")


_LOW = dict(zip("0123456789aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def _lowered(indices: str) -> str:
    """Indices set low where Unicode has every letter of them, else behind an underscore."""
    if all(letter in _LOW for letter in indices):
        return "".join(_LOW[letter] for letter in indices)
    return f"_{indices}" if len(indices) == 1 else f"_{{{indices}}}"


def _plain(node: Node) -> tuple[str, int]:
    op, args = node.op, node.args
    if op == "num":
        return _num(node)
    if op in ("frozen", "stretch"):
        return _plain(args[0])
    if op == "sym":
        return spoken_name(node.val), ATOM
    if op == "add":
        text = ""
        for k, t in enumerate(args):
            minus = t.op == "neg"
            said = _wrap(t.args[0] if minus else t, LOOSE)
            text += ("−" if minus else "") + said if k == 0 else (" − " if minus else " + ") + said
        return text, SUM
    if op == "neg":
        return "−" + _wrap(args[0], LOOSE), SUM
    if op in ("mul", "at"):
        parts = [_wrap(a, PRODUCT + (a.op in ("sum", "grad", "hess"))) for a in args]
        text = parts[0]
        for before, a, part in zip(parts, args[1:], parts[1:], strict=False):
            close = len(before) == 1 or before[-1] in ")ᵀ" or part[0] == "("
            text += (
                part
                if close and not part[0].isdigit() and a.op != "d" or before.isdigit() and part[0].isalpha()
                else " " + part
            )
        return text, PRODUCT
    if op in ("had", "kron"):
        return f"{_wrap(args[0], LOOSE)} {'⊙' if op == 'had' else '⊗'} {_wrap(args[1], PRODUCT)}", LOOSE
    if op == "frob":
        return f"⟨{plain_text(args[0])}, {plain_text(args[1])}⟩", ATOM
    if op == "div":
        return f"{_wrap(args[0], PRODUCT)}/{_wrap(args[1], POSTFIX)}", PRODUCT
    if op in ("pow", "epow"):
        said = plain_text(args[1])
        raised = said.translate(_RAISED) if said.isdigit() else f"^({said})"
        return _wrap(args[0], ATOM) + raised, POSTFIX
    if op in ("T", "inv"):
        return _wrap(args[0], ATOM) + ("ᵀ" if op == "T" else "⁻¹"), ATOM
    if op == "fn":
        return f"{spoken_function(node.val[0])}{'′' * node.val[1]}({plain_text(args[0])})", ATOM
    if op == "norm":
        return f"‖{plain_text(args[0])}‖", ATOM
    if op == "idx":
        inner = plain_text(args[0]) if args[0].op == "sym" else f"[{plain_text(args[0])}]"
        return inner + _lowered(_indices(node.val)), ATOM
    if op == "sum":
        return f"Σ{_lowered(str(node.val[0]))} {_wrap(args[0], LOOSE)}", PRODUCT
    if op == "d":
        return "d" + _wrap(args[0], ATOM), ATOM
    if op in ("grad", "hess") and len(args) > 1:
        return f"∂{_wrap(args[0], ATOM)}/∂{plain_text(args[1])}", POSTFIX
    if op in ("grad", "hess"):
        return f"∇{_wrap(args[0], ATOM)}", POSTFIX
    if op == "app":
        return f"{spoken_name(node.val)}({', '.join(plain_text(a) for a in args)})", ATOM
    fixed = {
        "ones": "1",
        "eye": "I",
        "dots": "…",
        "mat": "the matrix",
        "table": "the matrix",
        "cases": "the cases",
    }
    if op == "kdelta":
        return f"δ{_lowered(_indices(node.val))}", ATOM
    if op == "outer":
        return f"outer({plain_text(args[0])}, {plain_text(args[1])})", ATOM
    if op == "bars":
        return f"|{plain_text(args[0])}|", ATOM
    if op == "along":
        return f"D{plain_text(args[0])}" + "".join(f"[{plain_text(a)}]" for a in args[1:] if node.val[1]), ATOM
    if op == "small":
        return f"{node.val}({plain_text(args[0])})", ATOM
    return fixed[op], ATOM


def spoken_function(name: str) -> str:
    """A function's name in a sentence."""
    if name.startswith(("any:", "def:")):
        return spoken_name(name[4:])
    return {"sigmoid": "σ", "logdet": "log det"}.get(name, name.rstrip("01"))
