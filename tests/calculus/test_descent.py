"""Gradient descent does what its theory says: eigenvalues, scipy and scikit-learn agree, and so do the iterates."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from autograd.misc import optimizers
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import SGDRegressor

from course_lib.calculus import descent
from course_lib.calculus.jacobian import complex_step_jacobian
from course_lib.calculus.least_squares import mse, mse_gradient

SIZES = [(7, 3), (9, 4), (12, 5)]


def problem(n, d, seed=3):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-0.5, 0.5, size=d)
    return X, rng.normal(size=n), np.linalg.lstsq(X, rng.normal(size=n), rcond=None)[0]


def solution(X, y):
    return scipy.linalg.lstsq(X, y)[0]


def errors(path, w_hat):
    return np.linalg.norm(path - w_hat, axis=1)


@pytest.mark.parametrize(("n", "d"), [*SIZES, (3, 6)])
def test_curvatures_are_the_eigenvalues_of_the_hessian(n, d):
    X, y, _ = problem(n, d)
    # The Jacobian of the gradient is the Hessian; the gradient is affine, so differences of it are exact.
    hessian = np.array([mse_gradient(X, e, y) - mse_gradient(X, 0 * e, y) for e in np.eye(d)])
    np.testing.assert_allclose(descent.curvatures(X), scipy.linalg.eigvalsh(hessian), rtol=1e-9, atol=1e-12)


def test_curvatures_keep_the_digits_that_the_product_of_x_with_itself_loses():
    Q = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 3)))[0]
    expected = np.array([1e-16, 1.0, 4.0]) / 8
    np.testing.assert_allclose(descent.curvatures(Q * np.sqrt([1e-16, 1, 4])), expected, rtol=1e-6)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_every_step_multiplies_each_eigendirection_of_the_error_by_its_own_factor(n, d):
    X, y, _ = problem(n, d)
    lr = 0.9 * descent.largest_stable_step(X)
    values, Q = np.linalg.eigh(X.T @ X / n)
    parts = (descent.descend(X, y, lr, 4, start=np.ones(d)) - solution(X, y)) @ Q
    for before, after in zip(parts, parts[1:], strict=False):
        np.testing.assert_allclose(after, (1 - lr * values) * before, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_just_below_the_largest_stable_step_errors_shrink_and_just_above_they_grow(n, d):
    X, y, _ = problem(n, d)
    limit, w_hat = descent.largest_stable_step(X), solution(X, y)
    start = w_hat + np.linalg.eigh(X.T @ X)[1][:, -1]
    for share, grows in ((0.99, False), (1.01, True)):
        away = errors(descent.descend(X, y, share * limit, 50, start), w_hat)
        assert (away[-1] > away[0]) == grows
        assert np.all(np.diff(away) > 0) == grows


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_the_best_fixed_step_is_where_scipy_finds_the_smallest_factor(n, d):
    X, _, _ = problem(n, d)
    limit = descent.largest_stable_step(X)
    found = scipy.optimize.minimize_scalar(
        lambda lr: descent.contraction_factor(X, lr), bounds=(0, limit), method="bounded", options={"xatol": 1e-10}
    )
    best = descent.best_fixed_step(X)
    np.testing.assert_allclose(best, found.x, rtol=1e-6)
    kappa = np.linalg.cond(X) ** 2
    np.testing.assert_allclose(descent.contraction_factor(X, best), (kappa - 1) / (kappa + 1), rtol=1e-9)


@pytest.mark.parametrize("share", [0.2, 0.7, 1.3])
def test_the_contraction_factor_is_the_spectral_radius_of_the_step(share):
    X, _, _ = problem(9, 4)
    lr = share * descent.largest_stable_step(X)
    radius = np.max(np.abs(np.linalg.eigvals(np.eye(4) - lr * X.T @ X / 9)))
    np.testing.assert_allclose(descent.contraction_factor(X, lr), radius, rtol=1e-10)


def test_repeating_all_samples_changes_no_step_size():
    X, _, _ = problem(7, 3)
    twice = np.vstack([X, X])
    for function in (descent.largest_stable_step, descent.best_fixed_step):
        np.testing.assert_allclose(function(twice), function(X), rtol=1e-12)


def test_descent_ends_where_the_normal_equations_hold():
    X, y, _ = problem(12, 3)
    path = descent.descend(X, y, descent.best_fixed_step(X), 3000)
    assert path.shape == (3001, 3)
    np.testing.assert_array_equal(path[0], 0)
    np.testing.assert_allclose(path[-1], solution(X, y), rtol=1e-10)


def test_below_the_largest_stable_step_the_loss_falls_at_every_step():
    X, y, _ = problem(9, 4)
    losses = [mse(X, w, y) for w in descent.descend(X, y, 0.98 * descent.largest_stable_step(X), 30)]
    assert np.all(np.diff(losses) < 0)


def test_the_start_and_the_arguments_are_left_as_they_were():
    X, y, _ = problem(7, 3)
    start, v, grad = np.ones(3), np.ones(3), np.ones(3)
    descent.descend(X, y, 0.1, 3, start)
    descent.descend_with_momentum(X, y, 0.1, 0.5, 3, start)
    descent.momentum_step(start, v, grad, 0.1, 0.5)
    descent.gradient_step(start, grad, 0.1)
    for array in (start, v, grad):
        np.testing.assert_array_equal(array, 1)


# ----------------------------------------------------------------------------------------------------------------------
@given(st.integers(1, 60).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n))), st.integers(0, 5))
def test_the_batches_of_an_epoch_hold_every_sample_once_and_only_the_last_is_smaller(sizes, seed):
    n, size = sizes
    batches = list(descent.minibatches(n, size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert all(len(rows) == size for rows in batches[:-1])
    assert 1 <= len(batches[-1]) <= size


def test_a_step_on_one_sample_is_the_step_of_scikit_learn():
    X, y, _ = problem(7, 3)
    # Its loss for one sample is ½ (x w − y)², ours with n = 1; without penalty and with a constant step.
    theirs = SGDRegressor(penalty=None, fit_intercept=False, learning_rate="constant", eta0=0.01, shuffle=False)
    w = np.zeros(3)
    for i in range(7):
        theirs.partial_fit(X[i : i + 1], y[i : i + 1])
        w = descent.gradient_step(w, mse_gradient(X[i : i + 1], w, y[i : i + 1]), 0.01)
        np.testing.assert_allclose(theirs.coef_, w, rtol=1e-12)


def test_batches_of_all_samples_are_plain_descent():
    X, y, _ = problem(7, 3)
    path = descent.descend_on_minibatches(X, y, 0.1, 7, 5, np.random.default_rng(0))
    np.testing.assert_allclose(path, descent.descend(X, y, 0.1, 5), rtol=1e-10)


def test_the_mean_batch_gradient_of_an_epoch_is_the_gradient():
    X, y, _ = problem(12, 5)
    w = np.ones(5)
    batches = descent.minibatches(12, 4, np.random.default_rng(1))
    mean = np.mean([mse_gradient(X[rows], w, y[rows]) for rows in batches], axis=0)
    np.testing.assert_allclose(mean, mse_gradient(X, w, y), rtol=1e-12)


def test_where_all_targets_can_be_met_small_batches_do_not_hover():
    X, _, w_hat = problem(12, 3)
    path = descent.descend_on_minibatches(X, X @ w_hat, 0.05, 2, 2000, np.random.default_rng(2))
    np.testing.assert_allclose(path[-1], w_hat, rtol=1e-8)


# ----------------------------------------------------------------------------------------------------------------------
def test_momentum_without_memory_is_plain_descent():
    X, y, _ = problem(7, 3)
    np.testing.assert_array_equal(descent.descend_with_momentum(X, y, 0.1, 0.0, 6), descent.descend(X, y, 0.1, 6))


@pytest.mark.parametrize("curvature", [0.0, 0.3, 1.0, 2.5, 5.0])
@pytest.mark.parametrize(("lr", "beta"), [(0.5, 0.0), (0.5, 0.6), (1.2, 0.9)])
def test_momentum_factors_are_the_eigenvalues_of_the_step(curvature, lr, beta):
    def step(state):
        return np.array(descent.momentum_step(state[0], state[1], curvature * state[0], lr, beta))

    matrix = np.stack([step(e) for e in np.eye(2)], axis=1)
    radius = np.max(np.abs(np.linalg.eigvals(matrix)))
    np.testing.assert_allclose(descent.momentum_factors(curvature, lr, beta), radius, rtol=1e-7)


@pytest.mark.parametrize(("n", "d"), SIZES)
def test_scipy_finds_no_faster_heavy_ball(n, d):
    X, _, _ = problem(n, d)
    lr, beta = descent.best_momentum(X)
    root = np.linalg.cond(X)
    np.testing.assert_allclose(np.sqrt(beta), (root - 1) / (root + 1), rtol=1e-10)
    values = descent.curvatures(X)

    def worst(p):
        return np.max(descent.momentum_factors(values, p[0], p[1]))

    # A double root is only known to the square root of the rounding.
    np.testing.assert_allclose(worst([lr, beta]), np.sqrt(beta), rtol=1e-6)
    found = scipy.optimize.brute(worst, ((0.3 * lr, 2 * lr), (0, 0.999)), Ns=60, full_output=True)
    assert found[1] >= np.sqrt(beta) - 1e-6


def test_momentum_reaches_its_rate():
    X, y, _ = problem(12, 4)
    lr, beta = descent.best_momentum(X)
    away = errors(descent.descend_with_momentum(X, y, lr, beta, 40, np.ones(4)), solution(X, y))
    slope = (away[40] / away[20]) ** (1 / 20)
    # A double root brings a factor t on top of the power: 2^(1/20) between steps 20 and 40.
    assert 0.98 * np.sqrt(beta) < slope < 2 ** (1 / 20) * np.sqrt(beta) * 1.02
    assert slope < descent.contraction_factor(X, descent.best_fixed_step(X))


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("beta1", "beta2", "eps"), [(0.9, 0.999, 1e-8), (0.7, 0.95, 0.1), (0.0, 0.5, 1e-3)])
def test_adam_goes_where_autograds_adam_goes(beta1, beta2, eps, rng):
    X, y = rng.normal(size=(12, 4)) * [1, 10, 0.1, 3], rng.normal(size=12)
    path = descent.descend_with_adam(X, y, 0.05, 30, beta1, beta2, eps, np.ones(4))
    theirs = []
    optimizers.adam(
        lambda w, i: mse_gradient(X, w, y), np.ones(4), lambda w, i, g: theirs.append(w), 31, 0.05, beta1, beta2, eps
    )
    np.testing.assert_allclose(path, theirs, rtol=1e-9, atol=1e-12)


def test_the_means_of_adam_are_sums_over_all_past_gradients(rng):
    grads, beta1, beta2 = rng.normal(size=(6, 2, 3)), 0.8, 0.9
    w = m = s = np.zeros((2, 3))
    for t, grad in enumerate(grads, start=1):
        before = w
        w, m, s = descent.adam_step(w, m, s, grad, t, 0.1, beta1, beta2, 1e-8)
        # The weights of a mean sum to 1, which is what the correction is for.
        weights1, weights2 = beta1 ** np.arange(t)[::-1], beta2 ** np.arange(t)[::-1]
        mean = np.tensordot(weights1, grads[:t], 1) / np.sum(weights1)
        square = np.tensordot(weights2, grads[:t] ** 2, 1) / np.sum(weights2)
        np.testing.assert_allclose(m, mean * (1 - beta1**t), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(s, square * (1 - beta2**t), rtol=1e-9)
        np.testing.assert_allclose(w, before - 0.1 * mean / (np.sqrt(square) + 1e-8), rtol=1e-9, atol=1e-12)


def test_the_first_step_of_adam_moves_every_weight_by_lr_whatever_its_slope(rng):
    grad = rng.normal(size=5) * [1e-3, 1, 1e3, 1e6, 1e-2]
    w, _, _ = descent.adam_step(np.zeros(5), np.zeros(5), np.zeros(5), grad, 1, 0.3, eps=0)
    np.testing.assert_allclose(w, -0.3 * np.sign(grad), rtol=1e-12)


def test_slopes_in_other_units_change_no_step_of_adam(rng):
    grads, paths = rng.normal(size=(8, 3)), []
    for units in (np.ones(3), np.array([1e-2, 1.0, 1e3])):
        w = m = s = np.zeros(3)
        for t, grad in enumerate(grads * units, start=1):
            w, m, s = descent.adam_step(w, m, s, grad, t, 0.1, eps=0)
        paths.append(w)
    np.testing.assert_allclose(paths[0], paths[1], rtol=1e-10)


def test_a_complex_step_passes_through_adam(rng):
    w, m, grad = rng.normal(size=(3, 4))
    s = rng.uniform(0.5, 2, size=4)

    def moved(grad):
        return descent.adam_step(w, m, s, grad, 3, 0.1, 0.9, 0.99, 1e-3)[0]

    # Each weight depends on its own slope alone; central differences are good to some ten digits here.
    steps = 1e-5 * np.eye(4)
    expected = np.stack([(moved(grad + e) - moved(grad - e)) / 2e-5 for e in steps], axis=1)
    np.testing.assert_allclose(complex_step_jacobian(moved, grad), expected, rtol=1e-6, atol=1e-9)
    assert np.count_nonzero(complex_step_jacobian(moved, grad)) == 4


def test_adam_leaves_what_it_was_handed_as_it_was():
    handed = [np.ones(3) for _ in range(4)]
    descent.adam_step(*handed, 2, 0.1)
    for array in handed:
        np.testing.assert_array_equal(array, 1)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: descent.gradient_step(np.ones(3), np.ones(4), 0.1), r"grad has shape \(4,\), .* \(3,\)"),
        (lambda: descent.momentum_step(np.ones(3), np.ones(2), np.ones(3), 0.1, 0.9), r"v has shape \(2,\)"),
        (lambda: descent.adam_step(*np.ones((3, 3)), np.ones(4), 1, 0.1), r"grad has shape \(4,\), .* \(3,\)"),
        (lambda: descent.adam_step(np.ones(3), np.ones(2), *np.ones((2, 3)), 1, 0.1), r"m has shape \(2,\)"),
        (lambda: descent.adam_step(*np.ones((2, 3)), np.ones(2), np.ones(3), 1, 0.1), r"s has shape \(2,\)"),
        (lambda: descent.adam_step(*np.ones((4, 3)), 0, 0.1), "t is 0, a whole number from 1 on was expected"),
        (lambda: descent.adam_step(*np.ones((4, 3)), 1.5, 0.1), "t is 1.5, a whole number"),
        (lambda: descent.curvatures(np.ones(3)), r"X has shape \(3,\), \(n, d\) was expected"),
        (lambda: descent.curvatures(np.ones((0, 3))), r"X has shape \(0, 3\)"),
        (lambda: descent.largest_stable_step(np.zeros((4, 3))), "only zeros"),
        (lambda: descent.best_fixed_step(np.ones((4, 3))), "independent columns were expected"),
        (lambda: descent.best_momentum(np.eye(3)[:2]), "independent columns were expected"),
        (lambda: descent.descend(np.ones((4, 3)), np.ones(4), 0.1, -1), "steps is -1"),
        (lambda: descent.descend(np.ones((4, 3)), np.ones(4), 0.1, 2, np.ones(4)), r"start has shape \(4,\), \(3,\)"),
        (lambda: descent.descend(np.ones((4, 3)), np.ones(3), 0.1, 2), r"y has shape \(3,\), \(4,\) was expected"),
        (lambda: next(descent.minibatches(5, 6, np.random.default_rng(0))), "from 1 to n = 5"),
        (lambda: next(descent.minibatches(5, 0, np.random.default_rng(0))), "batch size is 0"),
    ],
)
def test_what_does_not_fit_is_refused(call, complaint):
    with pytest.raises(ValueError, match=complaint):
        call()
