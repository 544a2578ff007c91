r"""Declarations as people write them: `X \in \mathbb{R}^{n \times d}`, several on a line, with or without "Let"."""

from __future__ import annotations

from .names import PROMISES, name_of
from .symbols import parted
from .tex import Tex, flat, trimmed

REALS = ("R", "Re", r"\R", r"\Re", r"\reals", r"\RR")


def declared(nodes: list[Tex]) -> dict[str, str] | None:
    """Names and shapes ({"X": "n d"}) of a clause that declares them; None where it is no declaration."""
    at = next((k for k, n in enumerate(nodes) if n.kind == "relation" and n.value == "in"), None)
    if at is None:
        return None
    promises = [w for n in nodes[at:] if n.kind == "style" and (w := "".join(flat([n]))) in PROMISES]
    shape = shape_of_set(trimmed([n for n in nodes[at + 1 :] if not (n.kind == "style" and n.value == "text")]))
    if shape is not None and len(shape.split()) == 2 and len(set(shape.split())) == 1:
        shape = " ".join([shape, *promises])
    names = [name_of(trimmed(part)) for part in parted(nodes[:at], (",",))]
    if shape is None or not names or any(name is None for name in names):
        return None
    return {name: shape for name in names if name is not None}


def shape_of_set(nodes: list[Tex]) -> str | None:
    """The shape that a set such as ℝ^{n×d}, {0,1}^k, ℝ or 𝕊^d gives its elements, with what it promises."""
    nodes = [n for n in nodes if n.value not in (".", ",")]
    if not nodes:
        return None
    last = nodes[-1]
    base = flat([n.bare() for n in nodes])
    scripts = [inside for mark, inside, *_ in last.scripts if mark == "^"]
    below = [s for mark, inside, *_ in last.scripts if mark == "_" for s in flat(inside)]
    promise = ""
    if base in (["S"], [r"\mathbb", "S"]) or base == ["Sym"]:
        promise = " spd" if "+" in below else " symmetric"
    elif base[:1] not in ([r] for r in REALS) and base[:1] not in (["\\{"], ["{"], ["["], ["("], ["C"], ["Z"], ["N"]):
        return None
    if "+" in below and not promise:
        promise = " positive"
    sizes = [size for inside in scripts for size in _sizes(flat(inside))]
    if promise in (" spd", " symmetric") and len(sizes) == 1:
        sizes *= 2
    return " ".join(sizes) + promise if len(sizes) <= 2 else None


def _sizes(items: list[str]) -> list[str]:
    """The lengths in a superscript `n \\times d`; one that is a sum or a product gets a name of its own."""
    sizes: list[list[str]] = [[]]
    for s in items:
        if s in (r"\times", ",", r"\cdot", "x") and sizes[-1]:
            sizes.append([])
        elif s not in ("(", ")"):
            sizes[-1].append(s)
    spoken = {"+": "plus", "-": "minus", "_": "_"}
    words = ["".join(spoken.get(s, s.lstrip("\\")) for s in size) for size in sizes if size]
    words = ["n" + w if w[:1].isdigit() and not w.isdigit() else w for w in words]
    return [w for w in words if w.replace("_", "").isalnum() and w != "1"]
