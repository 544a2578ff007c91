"""Whatever stands in the text, a report comes back: in time, with a place and a sentence, and never with a
false 'right'.
"""

import ast
import re
import string
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import course_lib.derivation
from course_lib import derive
from course_lib.derivation.diagnosis.multiples import scaled
from course_lib.derivation.engine import Session
from course_lib.derivation.judgement import Bench, Relation
from course_lib.derivation.parser import parse
from course_lib.derivation.tree import Node, add, mul, neg, num, places, put
from course_lib.derivation.wording import DEFECT, DEFECT_IN_SEARCH
from course_lib.derivation.writer import latex

SHAPES = {"X": "n d", "W": "d k", "Y": "n k", "w": "d", "y": "n", "lam": ""}
LINES = [
    r"L = \frac{1}{2n}\|XW-Y\|_F^2",
    r"\nabla_W L = \frac1n X^\top(XW-Y)",
    r"dL = \frac1n\operatorname{tr}\left((XW-Y)^\top X\,dW\right)",
    r"\frac{\partial L}{\partial w_{ij}} = \frac1n\sum_k x_{ki}(\sum_l x_{kl}w_{lj}-y_{kj})",
    r"\nabla_W L = X.T @ (X @ W - Y) / n",
]
TEXT = "\n".join(LINES)
PIECES = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "^",
    "_",
    "=",
    "&",
    "%",
    "\\",
    "\\frac",
    "\\sum",
    "\\|",
    "\\left",
    "\\right",
    "\\partial",
    "d",
    "T",
    "\\begin{bmatrix}",
    "\\end{bmatrix}",
    "\\hat",
    "'",
    "@",
    "np.",
    ".T",
    "\n",
    "$",
    "\\\\",
    "é",
    "ŷ",
    "²",
    "\x00",
    "9",
    "+",
    "-",
    "/",
    "|",
]
QUICK = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def survives(text):
    """The report on a text, after everything that can be asked of a report was asked."""
    report = derive(text, SHAPES, ("sigma",))
    assert repr(report) and report._repr_html_() and report.to_dict()["lines"] is not None
    for line in report.lines:
        assert line.verdict in ("definition", "right", "wrong", "follows", "shapes", "unreadable")
        assert line.verdict in ("right", "definition") or line.message
        assert line.message != DEFECT
        assert DEFECT_IN_SEARCH not in line.message
    return report


@QUICK
@given(st.text(alphabet=string.printable + "ŷ∂∇Σ‖ᵀ²", max_size=80))
def test_garbage_gets_a_report(text):
    survives(text)


@QUICK
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_pieces_of_language_get_a_report(pieces):
    survives(LINES[0] + "\n" + "".join(pieces))


@QUICK
@given(st.integers(0, len(TEXT)))
def test_a_truncated_derivation_gets_a_report(length):
    survives(TEXT[:length])


@QUICK
@given(st.integers(0, len(TEXT) - 1), st.integers(0, 3), st.sampled_from(PIECES))
def test_a_damaged_derivation_gets_a_report(at, drop, piece):
    survives(TEXT[:at] + piece + TEXT[at + drop :])


@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000 + "X" + ")" * 3000,
        "{" * 500,
        r"\frac" * 400,
        "L = " + "X" * 5000,
        "L = " + "-" * 900 + "w",
        "L = w" + "'" * 400,
        r"L = " + r"\sum_{i}" * 40 + "w_i",
        "L = 9^{9^{9^{9}}}",
        "L = " + "9" * 2500,
        "X = X = X",
        "=",
        "= =",
        r"\Rightarrow",
        "\n" * 5000,
        "L = " + "(" * 35 + "w" + ")" * 35,
        r"L = \|w\|^{w}",
        r"w_{ijkl} = 1",
        "L = X^{99999}",
        "np.exp(" * 60 + "w" + ")" * 60,
        "L = " + "**".join(["9"] * 40) + " @ w",
        r"L = I \otimes I \otimes I \otimes I \otimes X \otimes X \otimes X \otimes X \otimes X",
        r"L = \sum_{a,b,c,e,f,g,h,i,j} X_{ab}X_{ce}X_{fg}X_{hi}w_j",
        "\n".join(["L = w"] * 500),
        r"L = \nabla_w L",
        "L = L + 1",
        r"\text{where" * 200,
        r"\boxed{" * 300 + "w" + "}" * 300,
        r"\underbrace{w}_{" * 50,
        r"L = \mathbf 1[" * 40 + "w > 0" + "]" * 40,
        r"L = \max(0, " * 60 + "w" + ")" * 60,
        r"L = |" + "|" * 200,
        "L = w / 0 + 0^0 + X^{-1}",
        "np.einsum('" + "ij," * 300 + "ij->ij', " + "X, " * 300 + "X) = X",
        "L = X[:, None][None, :]",
        "d^2" * 60 + "L = 1",
        "L = " + r"\text{a b}" * 5000,
        r"L = \begin{cases}" + r"\\" * 20000,
        "L = w" + " " * 5900 + "%",
        "%" * 50000,
        "\n".join(["+ w"] * 20000),
    ],
)
def test_monstrous_text_is_answered_in_bounded_time(text):
    start = time.thread_time()
    survives(text)
    assert time.thread_time() - start < 4


def test_only_the_reader_looks_at_latex_as_text():
    # Python's own text, the header of a file, shapes, a style sheet and the roles of a problem are no LaTeX.
    elsewhere = {"numpy_reader.py", "files.py", "names.py", "editor.py", "practising.py"}
    room = Path(course_lib.derivation.__file__).parent
    with_expressions = {
        p.name for p in room.rglob("*.py") if re.search(r"^\s*(import|from) re\b", p.read_text("utf-8"), re.M)
    }
    assert with_expressions <= elsewhere


def test_no_function_of_the_room_is_longer_than_a_page():
    lengths = {
        f"{path.name}: {node.name}": node.end_lineno - node.lineno + 1
        for path in Path(course_lib.derivation.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length > 40} == {}


def test_what_cannot_be_read_says_where():
    line = derive(LINES[0] + "\n\\nabla_W L = \\frac1n X^\\top(XW-Q)", SHAPES).lines[1]
    assert line.verdict == "unreadable"
    assert (
        line.text[line.position - 1] == "Q"
        and f"Column {line.position}" in line.message
        and "Q is not declared" in line.message
    )


# -- random expressions: rewriting keeps them right, damage that changes their value never passes
# -----------------------

LEAVES = [
    parse(t, Session(SHAPES, (), 9).names)
    for t in (r"XW", "Y", r"X X^\top Y", r"\lambda Y", r"Y W^\top W", r"(Y\odot Y)")
]


@st.composite
def matrices(draw, depth=2):
    """A random expression of Y's shape."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from(LEAVES))
    a, b = draw(matrices(depth=depth - 1)), draw(matrices(depth=depth - 1))
    kind = draw(st.sampled_from(["add", "sub", "scale", "had", "product"]))
    if kind == "add":
        return add(a, b)
    if kind == "sub":
        return add(a, neg(b))
    if kind == "scale":
        return mul(num(draw(st.integers(2, 5))), a)
    if kind == "had":
        return Node("had", [a, b])
    return mul(a, Node("T", [b]), a)


def rewritten(draw, node):
    """The same value in another form."""
    kind = draw(st.sampled_from(["turn", "double", "back", "swap", "minus"]))
    if kind == "turn":
        return Node("T", [Node("T", [node])])
    if kind == "double":
        return mul(Node("div", [num(1), num(2)]), add(node, node))
    if kind == "back":
        return add(node, LEAVES[1], neg(LEAVES[1]))
    if kind == "minus":
        return neg(Node("neg", [node])) if node.op != "neg" else node
    if node.op == "add":
        return add(*node.args[::-1])
    if node.op == "had":
        return Node("had", node.args[::-1])
    return node


def values(tree):
    """A tree's value on two draws, computed apart from any report; None when it does not fit together."""
    names = Session(SHAPES, (), 9).names
    relation = Relation(names, [tree])
    if relation.misfits[0]:
        return None
    return [relation.values(Bench(names, seed=5), k)[0][0] for k in (0, 1)]


@QUICK
@given(st.data())
def test_rewritten_expressions_are_right(data):
    tree = data.draw(matrices())
    other = tree
    for _ in range(data.draw(st.integers(1, 3))):
        spots = [p for p, n in places(other) if n.op not in ("num", "sym")]
        path = data.draw(st.sampled_from(spots or [()]))
        piece = next(n for p, n in places(other) if p == path)
        if values(piece) is not None and values(piece)[0].shape[-2:] != (1, 1):
            other = (
                put(other, path, piece if piece.op in ("mul",) and not path else rewritten(data.draw, piece))
                if piece.op != "mul"
                else other
            )
    line = derive(f"F = {latex(tree)}\nF = {latex(other)}", SHAPES).lines[1]
    same = values(other)
    # A rewriting of a factor inside a product is flattened into it, so its value is asked and not assumed.
    if same is not None and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-9) for a, b in zip(values(tree), same, strict=True)
    ):
        assert line.verdict == "right", line.message


@QUICK
@given(st.data())
def test_damage_that_changes_the_value_never_passes(data):
    tree = data.draw(matrices())
    spots = [(p, n) for p, n in places(tree) if n.op in ("sym", "add", "T", "mul", "had", "num")]
    path, piece = data.draw(st.sampled_from(spots))
    kind = data.draw(st.sampled_from(["sign", "transpose", "double", "symbol", "drop"]))
    if kind == "sign":
        broken = put(tree, path, neg(piece))
    elif kind == "transpose":
        broken = put(tree, path, piece.args[0] if piece.op == "T" else Node("T", [piece]))
    elif kind == "double":
        broken = put(tree, path, scaled(piece, 2) if piece.op == "num" else mul(num(2), piece))
    elif kind == "symbol":
        broken = put(tree, path, data.draw(st.sampled_from([Node("sym", (), s) for s in ("X", "Y", "W", "w", "y")])))
    else:
        broken = put(tree, path, piece.args[0] if piece.args else num(1))
    line = derive(f"F = {latex(tree)}\nF = {latex(broken)}", SHAPES).lines[1]
    before, after = values(tree), values(broken)
    alike = after is not None and all(
        a.shape[-2:] == b.shape[-2:] and np.allclose(a, b, rtol=1e-7) for a, b in zip(before, after, strict=True)
    )
    assert (line.verdict == "right") == alike, (latex(tree), latex(broken), line.message)
