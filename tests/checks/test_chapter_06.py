"""Chapter 6: the reference functions pass, difference quotients do not, other right ways to write an answer do."""

import numpy as np
import pytest
import scipy.optimize

from course_lib.calculus import descent
from course_lib.calculus.jacobian import central_gradient
from course_lib.calculus.least_squares import mse, mse_gradient
from course_lib.checks import exercises, find, judge
from course_lib.checks.drawing import SEED, draws
from course_lib.checks.judging import FunctionCaller


def status(name, function, seed=SEED):
    return judge(find(name), FunctionCaller(function), seed).status


def test_the_exercises_are_those_of_the_syllabus_and_one_more():
    assert [e.call for e in exercises("06") if e.kind == "function"] == [
        "gradient_step(w, grad, lr)",
        "largest_stable_step(X)",
        "best_fixed_step(X)",
        "descend(X, y, lr, steps)",
        "contraction_factor(X, lr)",
        "minibatch_gradient(X, w, y, rows)",
        "momentum_step(w, v, grad, lr, beta)",
        "best_step_here(X, w, y)",
    ]


@pytest.mark.parametrize("seed", [SEED, *range(5)])
def test_the_best_step_from_a_place_is_where_a_search_along_the_line_finds_it(seed):
    exercise = find("best_step_here")
    for draw in draws("best_step_here", seed):
        X, w, y = exercise.arguments(draw)
        g = mse_gradient(X, w, y)
        found = scipy.optimize.minimize_scalar(lambda step, X=X, w=w, y=y, g=g: mse(X, w - step * g, y))
        assert np.isclose(exercise.definition(X, w, y), found.x, rtol=1e-6)


@pytest.mark.parametrize("seed", [SEED, *range(5)])
@pytest.mark.parametrize(
    "name", ["gradient_step", "largest_stable_step", "best_fixed_step", "contraction_factor", "momentum_step"]
)
def test_the_reference_function_is_right(name, seed):
    assert status(name, getattr(descent, name), seed) == "right"


def test_the_reference_path_is_right():
    assert status("descend", lambda X, y, lr, steps: descent.descend(X, y, lr, steps)) == "right"


def test_a_batch_is_a_small_table():
    assert status("minibatch_gradient", lambda X, w, y, rows: mse_gradient(X[rows], w, y[rows])) == "right"


@pytest.mark.parametrize("h", [1e-4, 1e-5, 1e-6, 1e-7])
def test_difference_quotients_are_not_close_enough(h):
    def minibatch_gradient(X, w, y, rows):
        return central_gradient(lambda w: mse(X[rows], w, y[rows]), w, h)

    assert status("minibatch_gradient", minibatch_gradient) == "wrong"


def test_singular_values_and_the_smaller_gram_matrix_serve_as_well():
    def by_singular_values(X):
        return 2 * len(X) / np.linalg.norm(X, 2) ** 2

    def by_general_eigenvalues(X):
        return 2 / np.max(np.linalg.eigvals(X @ X.T / len(X)).real)

    assert status("largest_stable_step", by_singular_values) == "right"
    assert status("largest_stable_step", by_general_eigenvalues) == "right"


def test_the_draws_of_the_factor_meet_both_ends_and_growth():
    worst = []
    for draw in draws("contraction_factor"):
        X, lr = find("contraction_factor").arguments(draw)
        factors = 1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))
        worst.append(factors[np.argmax(np.abs(factors))])
    assert min(worst) < -1 < max(worst)
    assert any(0 < factor < 1 for factor in worst)
    assert any(-1 < factor < 0 for factor in worst)


def test_changing_the_weights_in_place_gives_the_same_path_if_copies_are_kept():
    def descend_with_copies(X, y, lr, steps):
        w = np.zeros(X.shape[1])
        path = [w.copy()]
        for _ in range(steps):
            w -= lr * X.T @ (X @ w - y) / len(y)
            path.append(w.copy())
        return np.array(path)

    assert status("descend", descend_with_copies) == "right"
