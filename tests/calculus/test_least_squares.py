"""The mean squared error and its gradients agree with their sums, with sympy, autograd and scikit-learn."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from scipy.optimize import check_grad
from sklearn.metrics import mean_squared_error

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.calculus.least_squares import mse, mse_gradient, mse_residual_gradient
from tests.calculus.rounding import EPS, assert_rounded

SIZES = [(5, 3), (3, 5), (4, 4), (1, 3), (6, 1)]


def problem(rng, n, d):
    return rng.normal(size=(n, d)), rng.normal(size=d), rng.normal(size=n)


def autograd_loss(X, w, y):
    return anp.sum((anp.dot(X, w) - y) ** 2) / (2 * len(y))


def residual_size(X, w, y):
    """What the absolute values of the d + 1 terms of each residual add up to."""
    return np.abs(X) @ np.abs(w) + np.abs(y)


def gradient_size(X, w, y):
    """The same for the n (d + 1) terms of each entry of the gradient."""
    return np.abs(X).T @ residual_size(X, w, y) / len(y)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_the_loss_is_half_of_the_mean_of_the_squared_residuals(n, d, rng):
    X, w, y = problem(rng, n, d)
    # Both start from the same residuals, and squares do not cancel.
    assert_rounded(mse(X, w, y), mean_squared_error(y, X @ w) / 2, steps=n + 3)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_the_gradient_in_the_weights_is_the_derivative_of_the_loss(n, d, rng):
    X, w, y = problem(rng, n, d)
    found, room = mse_gradient(X, w, y), {"steps": n + d + 4, "size": gradient_size(X, w, y)}
    assert found.shape == w.shape
    assert_rounded(found, autograd.grad(autograd_loss, 1)(X, w, y), **room)
    assert_rounded(found, complex_step_gradient(lambda w: mse(X, w, y), w), **room)


def test_scipy_finds_the_loss_and_the_gradient_to_belong_together(rng):
    X, w, y = problem(rng, 5, 3)
    h = np.sqrt(EPS)
    remainder = h / 2 * np.diag(X.T @ X) / 5
    rounding = 2 * (5 + 3 + 3) * EPS * np.sum(residual_size(X, w, y) ** 2) / 10 / h
    off = check_grad(lambda w: mse(X, w, y), lambda w: mse_gradient(X, w, y), w, epsilon=h)
    assert off < np.linalg.norm(remainder + rounding)


@pytest.mark.parametrize("n", [1, 4])
def test_the_gradient_in_the_predictions_is_the_derivative_of_the_loss(n, rng):
    y_hat, y = rng.normal(size=n), rng.normal(size=n)
    found = mse_residual_gradient(y_hat, y)
    assert found.shape == y_hat.shape
    expected = autograd.grad(lambda y_hat: anp.sum((y_hat - y) ** 2) / (2 * n))(y_hat)
    # Both subtract the same two numbers; nothing cancels afterwards.
    assert_rounded(found, expected, steps=4)


def test_every_entry_of_both_gradients_is_the_partial_derivative_in_symbols():
    n, d = 3, 2
    X, w, y, z = (sympy.symarray(name, shape) for name, shape in (("x", (n, d)), ("w", d), ("y", n), ("z", n)))
    in_z = sum((z[i] - y[i]) ** 2 for i in range(n)) / (2 * n)
    in_w = in_z.subs({z[i]: sum(X[i, j] * w[j] for j in range(d)) for i in range(n)})
    gradient_w, gradient_z = mse_gradient(X, w, y), mse_residual_gradient(z, y)
    assert all(sympy.expand(sympy.diff(in_w, w[j]) - gradient_w[j]) == 0 for j in range(d))
    assert all(sympy.expand(sympy.diff(in_z, z[i]) - gradient_z[i]) == 0 for i in range(n))


def test_the_gradient_pulls_the_residual_back_through_the_jacobian_of_the_predictions(rng):
    X, w, y = problem(rng, 5, 3)
    J = complex_step_jacobian(lambda w: X @ w, w)
    assert J.shape == (5, 3)
    pulled = J.T @ mse_residual_gradient(X @ w, y)
    assert_rounded(mse_gradient(X, w, y), pulled, steps=5 + 3 + 4, size=gradient_size(X, w, y))


def test_the_gradient_vanishes_where_the_residual_is_orthogonal_to_every_feature(rng):
    X, _, y = problem(rng, 6, 3)
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    assert np.linalg.norm(X @ w - y) > 1e-3 * np.linalg.norm(y)
    # The solver is backward stable: w solves exactly a problem that differs by about n d ε of each length.
    size = np.linalg.norm(X) * (np.linalg.norm(X) * np.linalg.norm(w) + np.linalg.norm(y)) / 6
    assert_rounded(mse_gradient(X, w, y), np.zeros(3), steps=6 * 3, size=size)


def test_a_small_step_against_the_gradient_lowers_the_loss(rng):
    X, w, y = problem(rng, 5, 3)
    # Any step below 2/λ_max lowers it, and λ_max is the trace at most.
    lr = 1 / np.trace(X.T @ X / 5)
    assert mse(X, w - lr * mse_gradient(X, w, y), y) < mse(X, w, y)


def test_repeating_all_samples_changes_neither_loss_nor_gradient(rng):
    X, w, y = problem(rng, 5, 3)
    X2, y2 = np.vstack([X, X]), np.concatenate([y, y])
    size = np.sum(residual_size(X, w, y) ** 2) / 10
    assert_rounded(mse(X2, w, y2), mse(X, w, y), steps=10 + 3 + 3, size=size)
    assert_rounded(mse_gradient(X2, w, y2), mse_gradient(X, w, y), steps=10 + 3 + 4, size=gradient_size(X, w, y))


def test_lists_of_whole_numbers_are_no_trap():
    assert mse([[1, 2]], [1, 1], [1]) == 2
    np.testing.assert_array_equal(mse_gradient([[1, 2]], [1, 1], [1]), [2, 4])


@pytest.mark.parametrize("function", [mse, mse_gradient])
@pytest.mark.parametrize(
    ("shapes", "complaint"),
    [
        (((4,), (3,), (4,)), r"X has shape \(4,\), \(n, d\) was expected"),
        (((4, 3), (4,), (4,)), r"w has shape \(4,\), \(3,\) was expected"),
        (((4, 3), (3, 1), (4,)), r"w has shape \(3, 1\), \(3,\) was expected"),
        (((4, 3), (3,), (3,)), r"y has shape \(3,\), \(4,\) was expected"),
        (((4, 3), (3,), (4, 1)), r"y has shape \(4, 1\), \(4,\) was expected"),
        (((0, 3), (3,), (0,)), "0 samples"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(function, shapes, complaint):
    with pytest.raises(ValueError, match=complaint):
        function(*(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize(
    ("shapes", "complaint"),
    [(((4, 1), (4,)), r"\(4, 1\) and y \(4,\)"), (((4, 1), (4, 1)), "one shape"), (((0,), (0,)), "0 samples")],
)
def test_predictions_and_targets_of_different_shapes_are_refused(shapes, complaint):
    with pytest.raises(ValueError, match=complaint):
        mse_residual_gradient(*(np.ones(shape) for shape in shapes))
