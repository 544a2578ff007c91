"""Every kind of line that people write is read and judged as it should be."""

import pytest

from course_lib import derive

from .kinds import KINDS, MATRIX

WRONG = ("wrong", "shapes", "follows")


def last(kind, line):
    shapes, functions, before, _, _ = KINDS[kind]
    return derive(f"{before}\n{line}", shapes, functions).lines[-1]


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[3]])
def test_a_right_line_is_right(kind, line):
    judged = last(kind, line)
    assert judged.verdict in ("right", "definition"), judged.message


@pytest.mark.parametrize(("kind", "line"), [(k, line) for k, case in KINDS.items() for line in case[4]])
def test_a_wrong_line_is_not(kind, line):
    judged = last(kind, line)
    assert judged.verdict in WRONG or judged.assumption


def test_newtons_step_is_known_and_another_is_not():
    before = (
        r"\ell(w) = \sum_{i=1}^n (y_i w^Tx_i - \log(1 + e^{w^Tx_i}))" + "\n" + r"p = \sigma(Xw)"
        "\n" + r"V = \operatorname{diag}(p_i(1 - p_i))" + "\n" + r"w^{\text{new}} = w + "
    )
    right, *others = (
        derive(before + step, MATRIX).lines[-1].verdict
        for step in (r"(X^TVX)^{-1}X^T(y - p)", r"(X^TVX)^{-1}X^T(p - y)", r"(X^TX)^{-1}X^T(y - p)")
    )
    assert right == "right" and others == ["unreadable", "unreadable"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_before_is_read(kind):
    shapes, functions, before, _, _ = KINDS[kind]
    assert all(line.verdict in ("right", "definition") for line in derive(before, shapes, functions).lines)
