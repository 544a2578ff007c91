"""Chapter 4: the reference functions pass, and so do other right ways to write an answer."""

import numpy as np
import pytest

from course_lib.calculus import least_squares
from course_lib.checks import exercises, find, judge
from course_lib.checks.judging import FunctionCaller, TextCaller


def status(name, function):
    return judge(find(name), FunctionCaller(function)).status


def test_the_exercises_are_those_of_the_syllabus():
    assert [e.call for e in exercises("04") if e.kind == "function"] == [
        "frobenius_gradient(X, W, Y)",
        "gradient_in_X(X, W, Y)",
        "directional_derivative(X, W, Y, D)",
        "kronecker_jacobian(X, k)",
        "tensor_jacobian(X, k)",
        "trace_gradient(A, B)",
    ]


@pytest.mark.parametrize("name", ["frobenius_gradient", "gradient_in_X", "kronecker_jacobian", "tensor_jacobian"])
def test_the_reference_function_is_right(name):
    assert status(name, getattr(least_squares, name)) == "right"


THIRD_PROOF = r"""
R = XW - Y
\|R + {moved}\|^2 = \|R\|^2 + 2\langle R, {moved}\rangle + \|{moved}\|^2
\langle R, {moved}\rangle = \langle {gradient}, D\rangle
\nabla_{variable} L = \frac{2}{n} {gradient}
"""


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("frobenius_derivation", {"{moved}": "XD", "{gradient}": r"X^\top R", "{variable}": "W"}),
        ("gradient_in_X_derivation", {"{moved}": "DW", "{gradient}": r"R W^\top", "{variable}": "X"}),
    ],
)
def test_the_third_proof_may_take_a_step_called_D(name, parts):
    text = THIRD_PROOF
    for place, part in parts.items():
        text = text.replace(place, part)
    verdict = judge(find(name), TextCaller(text))
    assert verdict.status == "right", verdict.message


MENDED = r"""
f = \sum_{m,j} \left(\sum_l x_{ml} w_{lj} - y_{mj}\right)^2
\frac{\partial f}{\partial w_{pq}} = \sum_m 2 x_{mp} \left(\sum_l x_{ml} w_{lq} - y_{mq}\right)
"""


@pytest.mark.parametrize("end", ["", r"\nabla_W f = 2X^\top(XW - Y)"])
def test_the_line_with_the_double_index_may_be_mended_in_any_letters_and_end_in_matrices(end):
    verdict = judge(find("double_index_derivation"), TextCaller(MENDED + end))
    assert verdict.status == "right", verdict.message


def test_the_expanded_form_of_the_gradient_is_right_too():
    assert status("frobenius_gradient", lambda X, W, Y: 2 * (X.T @ X @ W - X.T @ Y) / X.shape[0]) == "right"


def test_the_directional_derivative_may_go_through_the_gradient_or_the_trace():
    def by_gradient(X, W, Y, D):
        return np.sum(least_squares.frobenius_gradient(X, W, Y) * D)

    def by_trace(X, W, Y, D):
        return 2 / X.shape[0] * np.trace((X @ W - Y).T @ X @ D)

    assert status("directional_derivative", by_gradient) == "right"
    assert status("directional_derivative", by_trace) == "right"
