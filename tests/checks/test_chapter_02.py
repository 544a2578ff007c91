"""Chapter 2: the exercises of the syllabus, and answers that multiply from the other side."""

import numpy as np

from course_lib.checks import exercises, find, judge
from course_lib.checks.judging import FunctionCaller


def test_chapter_2_has_the_exercises_of_the_syllabus():
    assert [e.call for e in exercises("02")] == [
        "affine_jacobian(A)",
        "affine_pullback(A, g)",
        "broadcast_pullback(shape, G)",
        "mean_pullback(shape, axis, g)",
        "centring_pullback(G)",
        "quadratic_gradient(A, x)",
        "quadratic_gradient_in_A(x)",
        "quadratic_hessian(A)",
        "bilinear_gradients(x, A, y)",
    ]


def by_products_with_ones(shape, G):
    """Sums as matrix products: a row of ones on the left adds up rows, a column of ones on the right columns."""
    rows, columns = (1,) * (2 - len(shape)) + shape
    left = np.ones((1, len(G))) if rows == 1 else np.eye(rows)
    right = np.ones((G.shape[1], 1)) if columns == 1 else np.eye(columns)
    return (left @ G @ right).reshape(shape)


def test_a_reader_who_multiplies_from_the_other_side_is_right_too():
    answers = {
        "affine_pullback": lambda A, g: A @ g,
        "broadcast_pullback": by_products_with_ones,
        "mean_pullback": lambda shape, axis, g: np.repeat(np.expand_dims(g, axis) / shape[axis], shape[axis], axis),
        "centring_pullback": lambda G: (np.eye(len(G)) - 1 / len(G)) @ G,
        "quadratic_gradient": lambda A, x: (A + A.T) @ x,
        "quadratic_gradient_in_A": lambda x: x[:, None] * x,
        "bilinear_gradients": lambda x, A, y: (y @ A.T, x[:, None] @ y[None, :], A.T @ x),
    }
    for name, answer in answers.items():
        assert judge(find(name), FunctionCaller(answer)).status == "right", name
