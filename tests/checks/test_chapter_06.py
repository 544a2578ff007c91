"""Chapter 6: the reference functions pass, and so do other right ways to write an answer."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.optimize

from course_lib.calculus import descent
from course_lib.calculus.least_squares import mse_gradient
from course_lib.checks import exercises, find, judge
from course_lib.checks.drawing import SEED, draws
from course_lib.checks.judging import FunctionCaller


def status(name, function, seed=SEED):
    return judge(find(name), FunctionCaller(function), seed).status


def test_the_exercises_of_the_chapter():
    assert [e.call for e in exercises("06") if e.kind == "function"] == [
        "gradient_step(w, grad, lr)",
        "largest_stable_step(X)",
        "best_fixed_step(X)",
        "descend(X, y, lr, steps)",
        "contraction_factor(X, lr)",
        "minibatch_gradient(X, w, y, rows)",
        "momentum_step(w, v, grad, lr, beta)",
        "best_step_here(X, w, y)",
        "adam_step(w, m, s, grad, t, lr, beta1, beta2, eps)",
    ]


def exact_residuals(X, w, y):
    """Xw - y as fractions, without any rounding."""
    return [
        sum(Fraction(a) * Fraction(b) for a, b in zip(x, w, strict=True)) - Fraction(t)
        for x, t in zip(X, y, strict=True)
    ]


@pytest.mark.parametrize("seed", [SEED, *range(5)])
def test_the_best_step_from_a_place_is_where_a_search_along_the_line_finds_it(seed):
    exercise = find("best_step_here")
    for draw in draws("best_step_here", seed):
        X, w, y = exercise.arguments(draw)
        g = mse_gradient(X, w, y)
        residuals, changes = exact_residuals(X, w, y), exact_residuals(X, g, 0 * y)

        # In fractions, because one sample outweighs the loss of the others in the last draw.
        def rise(step, residuals=residuals, changes=changes):
            step = Fraction(float(step))
            moved = [r - step * c for r, c in zip(residuals, changes, strict=True)]
            return float(sum(m**2 for m in moved) - sum(r**2 for r in residuals))

        found = scipy.optimize.minimize_scalar(rise)
        assert np.isclose(exercise.definition(X, w, y), found.x, rtol=1e-6)


@pytest.mark.parametrize("seed", [SEED, *range(5)])
@pytest.mark.parametrize(
    "name",
    ["gradient_step", "largest_stable_step", "best_fixed_step", "contraction_factor", "momentum_step", "adam_step"],
)
def test_the_reference_function_is_right(name, seed):
    assert status(name, getattr(descent, name), seed) == "right"


def test_the_reference_path_is_right():
    assert status("descend", lambda X, y, lr, steps: descent.descend(X, y, lr, steps)) == "right"


def test_a_batch_is_a_small_table():
    assert status("minibatch_gradient", lambda X, w, y, rows: mse_gradient(X[rows], w, y[rows])) == "right"


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


def test_adam_in_one_line_and_with_its_correction_in_the_step_size_is_right():
    def one_line(w, m, s, grad, t, lr, beta1, beta2, eps):
        m, s = m + (1 - beta1) * (grad - m), s + (1 - beta2) * (grad * grad - s)
        root = np.sqrt(1 - beta2**t)
        return [w - lr * root / (1 - beta1**t) * m / (s**0.5 + eps * root), m, s]

    assert status("adam_step", one_line) == "right"


def test_some_weight_of_adam_has_never_been_pulled():
    unmoved = [np.any(find("adam_step").arguments(draw)[2] == 0) for draw in draws("adam_step")]
    assert any(unmoved)
    assert not all(unmoved)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_nan_of_adam_is_named_after_the_missing_epsilon():
    def without(w, m, s, grad, t, lr, beta1, beta2, eps):
        m, s = beta1 * m + (1 - beta1) * grad, beta2 * s + (1 - beta2) * grad**2
        return w - lr * (m / (1 - beta1**t)) / np.sqrt(s / (1 - beta2**t)), m, s

    assert judge(find("adam_step"), FunctionCaller(without)).mistake == "epsilon"
