r"""How operations are written: forms for LaTeX, for the line of Unicode in a sentence, and for NumPy.

A written piece carries how tightly it holds together, from SUM to ATOM; what needs more than its operand has puts it
in brackets. `Language` is one of the two in `writer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .spelling import follows_a_text, transpose_mark
from .tree import Node, walk

if TYPE_CHECKING:
    from .writer import Language

SUM, LOOSE, PRODUCT, POSTFIX, ATOM = 1, 2, 3, 4, 5
Written = tuple[str, float]


Writes = Callable[["Language", Node], Written]


def form(pattern: str, level: float = ATOM, needs: tuple[float, ...] = ()) -> Writes:
    """A pattern with a %s for each operand, how tightly the whole holds, and how tightly each operand must."""

    def write(w: Language, node: Node) -> Written:
        wanted = needs or (0,) * len(node.args)
        return pattern % tuple(w.at_least(a, n) for a, n in zip(node.args, wanted, strict=True)), level

    return write


def tex_exponential(w: Language, node: Node) -> Written:
    r"""`e^{x}`; `\exp(Z)` of what may be a matrix, since e^Z is the exponential of a matrix."""
    inside = [] if any(n.op == "idx" for n in walk(node)) else [node.args[0]]
    while inside:
        part = inside.pop()
        if part.op == "sym" and part.val.split(" ")[-1][:1].isupper():
            return rf"\exp\left({w.text(node.args[0])}\right)", ATOM
        inside += part.args if part.op in ("add", "neg", "mul", "div", "T", "had", "paren") else ()
    return f"e^{{{w.text(node.args[0])}}}", POSTFIX


def through(w: Language, node: Node) -> Written:
    """What only repeats its operand is written like it."""
    return w.written(node.args[0])


def terms(minus: str) -> Writes:
    """A sum, with the dialect's minus sign before what is negated."""

    def write(w: Language, node: Node) -> Written:
        text = ""
        for k, term in enumerate(node.args):
            negative = term.op == "neg"
            said = w.at_least(term.args[0] if negative else term, LOOSE)
            text += ((minus if negative else "") if k == 0 else f" {minus} " if negative else " + ") + said
        return text, SUM

    return write


# -- in LaTeX


def tex_product(w: Language, node: Node) -> Written:
    parts: list[str] = []
    for k, factor in enumerate(node.args):
        # A product within a product is a number of its own, (x^T y) x.
        reaching = factor.op in ("sum", "neg", "mul") or factor.op == "grad" and not _is_fraction(factor)
        last = k == len(node.args) - 1
        said = w.at_least(factor, PRODUCT)
        if reaching and not (last and factor.op == "sum"):
            said = rf"\left({w.text(factor)}\right)"
        if parts and said[0].isdigit():
            said = r"\cdot " + said
        elif parts and (factor.op == "d" or node.args[k - 1].op == "d"):
            said = r"\, " + said  # dA B is a product of two and not one name
        parts.append(said)
    return " ".join(parts), PRODUCT


def _is_fraction(node: Node) -> bool:
    return len(node.args) > 1 and node.args[0].op in ("sym", "idx")


def tex_power(w: Language, node: Node) -> Written:
    base, exponent = node.args
    return f"{_raisable(w, base)}^{{{w.text(exponent)}}}", POSTFIX


def _raisable(w: Language, node: Node) -> str:
    """A base for an exponent: dA is raised in brackets, for dA^{-1} is the differential of the inverse."""
    if node.op == "idx" and node.args[0].op == "sym" and follows_a_text():
        return w.text(node)
    return rf"\left({w.text(node)}\right)" if node.op == "d" else w.at_least(node, ATOM)


def tex_entry_power(w: Language, node: Node) -> Written:
    """A power entry by entry; marked as one where its base may be an array."""
    base, exponent = node.args
    if base.op in ("num", "norm", "frob", "idx"):
        return tex_power(w, node)
    return rf"{w.at_least(base, ATOM)}^{{\circ {w.text(exponent)}}}", POSTFIX


def tex_transpose(w: Language, node: Node) -> Written:
    inner, mark = node.args[0], transpose_mark()
    if inner.op == "inv" and follows_a_text():
        return f"{_raisable(w, inner.args[0])}^{{-{mark}}}", POSTFIX
    return _raised(w, inner, w.at_least(inner, ATOM), mark)


def tex_inverse(w: Language, node: Node) -> Written:
    return _raised(w, node.args[0], _raisable(w, node.args[0]), "-1")


def _raised(w: Language, inner: Node, said: str, mark: str) -> Written:
    if "^" in said and inner.op == "sym" and follows_a_text():
        return f"({w.text(inner)})^{{{mark}}}", POSTFIX
    if "^" in said and inner.op in ("sym", "T", "pow"):
        return f"{{{said}}}^{{{mark}}}", POSTFIX
    return f"{said}^{{{mark}}}", POSTFIX


def tex_norm(label: str) -> Writes:
    def write(w: Language, node: Node) -> Written:
        # Around what is low, growing bars shrink to the height of a small letter.
        left, right = (r"\left\|", r"\right\|") if _is_tall(node.args[0]) else (r"\lVert ", r"\rVert")
        return f"{left}{w.text(node.args[0])}{right}{label}", ATOM

    return write


def _is_tall(node: Node) -> bool:
    return any(n.op in ("div", "grad", "hess", "sum", "mat", "cases", "table") for n in walk(node))


# -- in a sentence


_RAISED = str.maketrans("0123456789-T", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ")


def plain_product(w: Language, node: Node) -> Written:
    """Factors side by side, with a space where they would run into one another."""
    parts = [w.at_least(a, PRODUCT + (a.op in ("sum", "grad", "hess"))) for a in node.args]
    text = parts[0]
    for before, a, part in zip(parts, node.args[1:], parts[1:], strict=False):
        close = (len(before) == 1 or before[-1] in ")ᵀ" or part[0] == "(") and not part[0].isdigit() and a.op != "d"
        text += part if close or before.isdigit() and part[0].isalpha() else " " + part
    return text, PRODUCT


def plain_power(w: Language, node: Node) -> Written:
    said = w.text(node.args[1])
    raised = said.translate(_RAISED) if said.isdigit() else f"^({said})"
    return w.at_least(node.args[0], ATOM) + raised, POSTFIX
