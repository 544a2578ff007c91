"""From the tree to NumPy, so that a slip in a program is mended in the program's own language.

How an operation is written is said by its row in `operations`; here are the products, whose sign depends on shapes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .dimensions import MisfitError, Scope, Shape, is_scalar, resolve
from .names import Names, canonical
from .operations import OPERATIONS, Operation
from .shapes import Typer
from .tree import Node
from .writer import Language, number
from .writing import ATOM, POSTFIX, PRODUCT, Writes, Written


class UnwritableError(Exception):
    """A tree that NumPy has no short words for."""


def numpy_text(node: Node, names: Names) -> str | None:
    """The tree as a NumPy expression, None where there is no short one."""
    try:
        return _Numpy(names).text(node)
    except (UnwritableError, MisfitError):
        return None


class _Numpy(Language):
    def __init__(self, names: Names):
        super().__init__(_form, _WRITERS, "(%s)")
        self.names = names

    def form(self, node: Node) -> Writes:
        try:
            return super().form(node)
        except KeyError:
            raise UnwritableError from None

    def shape(self, node: Node) -> Shape:
        rows, columns = Typer(Scope(self.names)).typed(node).shape
        return resolve(rows), resolve(columns)


def _form(row: Operation) -> Writes | None:
    """The form of a row: its own, or a call by the first of its words."""
    word = next((w for w in row.numpy if w[0].isalpha()), None)
    if row.code is not None or word is None:
        return row.code
    ours: Any = np
    for part in word.split("."):
        ours = getattr(ours, part, None)
    head = f"np.{word}" if ours is not None else word
    return lambda w, node: (f"{head}({', '.join(w.text(a) for a in node.args)})", ATOM)


def _name(w: Language, node: Node) -> Written:
    """A name as a program spells it: lam, W2, y_hat."""
    *accents, base = node.val.split(" ")
    text = "_".join(["lam" if base == "lambda" else base, *reversed(accents)])
    if not text.isidentifier() or canonical(text) != node.val:
        raise UnwritableError
    return text, ATOM


def _slope(w: Language, node: Node) -> Written:
    """The gradient of the loss in a name, as programs call it: dW1."""
    if len(node.args) != 2 or node.args[1].op != "sym":
        raise UnwritableError
    return f"d{w.text(node.args[1])}", ATOM


def _product(w: Language, node: Node) -> Written:
    """Factors from the left: * beside a number, np.outer of a column and a row, @ else."""
    assert isinstance(w, _Numpy)
    text, so_far = w.at_least(node.args[0], PRODUCT), node.args[0]
    for factor in node.args[1:]:
        (rows, inner), (_, columns) = w.shape(so_far), w.shape(factor)
        if is_scalar((rows, inner)) or is_scalar(w.shape(factor)):
            text = f"{text} * {w.at_least(factor, POSTFIX)}"
        elif inner == () and columns != ():
            text = f"np.outer({text}, {w.text(factor)})"
        else:
            text = f"{text} @ {w.at_least(factor, POSTFIX)}"
        so_far = Node("mul", [so_far, factor])
    return text, PRODUCT


def _repeated(w: Language, node: Node) -> Written:
    """A vector that NumPy repeats, as a column or as a row."""
    return w.at_least(node.args[0], ATOM) + ("[:, None]" if node.val else "[None, :]"), ATOM


def _called(w: Language, node: Node) -> Written:
    """A function without a row, by the word it was declared with; the slope of a function that a comparison gives."""
    assert isinstance(w, _Numpy)
    name, primes = node.val
    if primes == 1 and name == OPERATIONS.numpy[">"].name:
        return f"({w.text(node.args[0])} > 0)", ATOM
    word = next((word for word, meant in w.names.functions.items() if meant == name), None)
    if primes or word is None:
        raise UnwritableError
    return f"{word}({w.text(node.args[0])})", ATOM


def _sized(word: str) -> Writes:
    def write(w: Language, node: Node) -> Written:
        if not node.val:
            raise UnwritableError
        return f"np.{word}({node.val})", ATOM

    return write


_WRITERS: dict[str, Writes] = {
    "num": number,
    "sym": _name,
    "ones": _sized("ones"),
    "eye": _sized("eye"),
    "mul": _product,
    "stretch": _repeated,
    "grad": _slope,
    "fn": _called,
}
