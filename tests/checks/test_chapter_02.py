"""Chapter 2: what is asked is a derivation; a small-step difference quotient is not taken for one."""

import numpy as np
import pytest

from course_lib.checks import find, judge
from course_lib.checks.drawing import SEED
from course_lib.checks.judging import FunctionCaller


def quotient(f, x, h=1e-6):
    """Central differences of a number, the usual way."""
    columns = [(f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) / (2 * h) for e in np.eye(x.size)]
    return np.reshape(columns, x.shape)


def quadratic_gradient(A, x):
    return quotient(lambda z: z @ A @ z, x)


def bilinear_gradients(x, A, y):
    return (
        quotient(lambda z: z @ A @ y, x),
        quotient(lambda Z: x @ Z @ y, A),
        quotient(lambda z: x @ A @ z, y),
    )


@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize("answer", [quadratic_gradient, bilinear_gradients])
def test_a_difference_quotient_is_too_coarse(answer, seed):
    verdict = judge(find(answer.__name__), FunctionCaller(answer), seed)
    assert (verdict.status, verdict.mistake) == ("wrong", None)


def test_chapter_2_has_the_exercises_of_the_syllabus():
    from course_lib.checks import exercises

    assert [e.call for e in exercises("02")] == [
        "affine_jacobian(A)",
        "affine_pullback(A, g)",
        "quadratic_gradient(A, x)",
        "quadratic_gradient_in_A(x)",
        "quadratic_hessian(A)",
        "bilinear_gradients(x, A, y)",
    ]


def test_a_reader_who_multiplies_from_the_other_side_is_right_too():
    answers = {
        "affine_pullback": lambda A, g: A @ g,
        "quadratic_gradient": lambda A, x: (A + A.T) @ x,
        "quadratic_gradient_in_A": lambda x: x[:, None] * x,
        "bilinear_gradients": lambda x, A, y: (y @ A.T, x[:, None] @ y[None, :], A.T @ x),
    }
    for name, answer in answers.items():
        assert judge(find(name), FunctionCaller(answer)).status == "right", name
