"""Softmax and cross-entropy agree with their definitions, with scipy, scikit-learn, sympy and autograd."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import scipy.special
import sympy
from autograd.scipy.special import logsumexp as autograd_logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.calculus.softmax import (
    cross_entropy,
    cross_entropy_gradient,
    log_sum_exp,
    sigmoid,
    softmax,
    softmax_jacobian,
    softmax_pullback,
)
from tests.calculus.rounding import EPS, FUNCTION, assert_rounded

SHAPES = [(4, 3), (3, 5), (1, 4), (5, 1), (1, 1)]
SCALES = [1e-150, 1e-8, 1.0, 1e3, 1e8, 1e150]
INF = np.inf


def logits(rng, n, k, scale=1.0):
    return scale * rng.normal(size=(n, k))


def one_hot(rng, n, k):
    return np.eye(k)[rng.integers(k, size=n)]


def exponent_size(Z):
    """By how many ε the exponentials of a row may be off, relatively: by those of the numbers in the exponent.

    Ours takes out the largest logit, autograd the whole log-sum-exp. Where all shares but one are 0, none is off.
    """
    largest = np.max(Z, axis=-1, keepdims=True)
    alone = np.sum(np.exp(Z - largest) > 0, axis=-1, keepdims=True) == 1
    return np.where(alone, 1.0, 1 + np.max(np.abs(Z), axis=-1, keepdims=True))


def jacobian_size(z):
    """What the absolute values of the terms of each entry of the softmax's Jacobian add up to."""
    p = softmax(z)
    return (np.diag(p) + np.outer(p, p)) * exponent_size(z)


def pullback_size(P, G):
    return P * (np.abs(G) + np.sum(P * np.abs(G), axis=-1, keepdims=True))


def gradient_size(Z, Y):
    return (softmax(Z) * exponent_size(Z) + Y) / len(Z)


# The sum over the classes, of which there are six at most, and the functions before and after it.
STEPS = 6 + 2 * FUNCTION + 4


def autograd_loss(Z, Y):
    return anp.mean(autograd_logsumexp(Z, axis=1) - anp.sum(Y * Z, axis=1))


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", SHAPES)
def test_log_sum_exp_and_softmax_agree_with_scipy_at_every_scale(shape, scale, rng):
    Z = logits(rng, *shape, scale)
    size = np.max(np.abs(Z), axis=1) + 1 + np.log(shape[1])
    assert_rounded(log_sum_exp(Z), scipy.special.logsumexp(Z, axis=1), STEPS, size)
    expected = scipy.special.softmax(Z, axis=1)
    assert_rounded(softmax(Z), expected, STEPS, expected * exponent_size(Z))


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "z", [[-INF, 0.5], [-INF, -INF], [INF, 1.0], [INF, INF], [-INF, INF], [-INF, 1e150, -1e150], [-INF]]
)
def test_log_sum_exp_of_infinite_entries_agrees_with_scipy(z):
    assert log_sum_exp(np.array(z)) == scipy.special.logsumexp(z)


@pytest.mark.parametrize("z", [[-INF, 0.5], [-INF, 3.0, -INF], [1e150, -INF, 1e150]])
def test_a_logit_of_minus_infinity_gets_no_share(z):
    assert_rounded(softmax(np.array(z)), scipy.special.softmax(z), STEPS)


@pytest.mark.parametrize("z", [[-INF, -INF], [INF, 0.0], [np.nan, 1.0]])
def test_a_row_without_shares_is_refused(z):
    with pytest.raises(ValueError, match="as its largest entry, a finite number was expected"):
        softmax(np.array([[0.0, 1.0], z]))


def test_nan_stays_visible_in_log_sum_exp():
    np.testing.assert_array_equal(log_sum_exp(np.array([[np.nan, 1.0], [0.0, -INF]])), [np.nan, 0.0])


@pytest.mark.parametrize("function", [log_sum_exp, softmax])
@pytest.mark.parametrize("shape", [(), (3, 0)])
def test_no_class_at_all_is_refused(function, shape):
    with pytest.raises(ValueError, match="at least one class"):
        function(np.zeros(shape))


def test_whole_numbers_are_no_trap():
    assert_rounded(softmax(np.array([1, 2, 3])), scipy.special.softmax([1.0, 2, 3]), STEPS)


@pytest.mark.parametrize("shift", [-1e3, 0.7, 1e3])
def test_a_shift_moves_log_sum_exp_and_leaves_softmax(shift, rng):
    Z = logits(rng, 4, 3)
    size = exponent_size(Z) + abs(shift)
    assert_rounded(log_sum_exp(Z + shift), log_sum_exp(Z) + shift, STEPS, size[:, 0])
    assert_rounded(softmax(Z + shift), softmax(Z), STEPS, softmax(Z) * size)


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e3])
def test_a_softmax_is_positive_sums_to_one_and_has_the_ratios_of_the_exponentials(offset, rng):
    z = logits(rng, 1, 5)[0] + offset
    p = softmax(z)
    assert np.all(p > 0)
    assert_rounded(np.sum(p), 1.0, STEPS)
    ratios = np.exp(z[:, None] - z)
    # Differences of logits are exact to ε of themselves, whatever the offset.
    assert_rounded(p[:, None] / p, ratios, STEPS, ratios * (1 + 2 * np.ptp(z)))


def test_softmax_is_the_gradient_of_log_sum_exp_and_its_jacobian_the_hessian(rng):
    z = logits(rng, 1, 4)[0]
    assert_rounded(softmax(z), autograd.grad(autograd_logsumexp)(z), STEPS, softmax(z) * exponent_size(z))
    hessian = autograd.hessian(autograd_logsumexp)(z)
    assert_rounded(softmax_jacobian(softmax(z)), hessian, STEPS, jacobian_size(z))


# ----------------------------------------------------------------------------------------------------------------------
def test_every_entry_of_the_jacobian_is_the_partial_derivative_in_symbols():
    z = sympy.symarray("z", 3)
    total = sum(sympy.exp(z_j) for z_j in z)
    p = [sympy.exp(z_j) / total for z_j in z]
    for i in range(3):
        for j in range(3):
            claimed = p[i] * (sympy.Integer(i == j) - p[j])
            assert sympy.simplify(sympy.diff(p[i], z[j]) - claimed) == 0
    at = dict(zip(z, [0.3, -1.2, 0.8], strict=True))
    exact = [[float(sympy.diff(p_i, z_j).subs(at)) for z_j in z] for p_i in p]
    found = softmax_jacobian(np.array([float(p_i.subs(at)) for p_i in p]))
    assert_rounded(found, np.array(exact), STEPS, jacobian_size(np.array([0.3, -1.2, 0.8])))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_jacobian_is_the_derivative_of_softmax(k, rng):
    z = logits(rng, 1, k)[0]
    assert_rounded(softmax_jacobian(softmax(z)), complex_step_jacobian(softmax, z), STEPS, jacobian_size(z))


def test_the_jacobian_is_symmetric_and_its_rows_sum_to_zero(rng):
    p = softmax(logits(rng, 1, 6)[0])
    J = softmax_jacobian(p)
    np.testing.assert_array_equal(J, J.T)
    assert_rounded(J @ np.ones(6), np.zeros(6), STEPS, 2 * p)
    # No eigenvalue is above ½, and the computed ones are off by a few times k ε of the largest.
    assert np.all(np.linalg.eigvalsh(J) > -4 * 6 * EPS)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_pullback_is_the_gradient_times_the_jacobian_row_by_row(shape, rng):
    Z, G = logits(rng, *shape), logits(rng, *shape)
    P = softmax(Z)
    found, size = softmax_pullback(P, G), pullback_size(P, G) * exponent_size(Z)
    by_jacobian = np.stack([g @ softmax_jacobian(p) for p, g in zip(P, G, strict=True)])
    assert_rounded(found, by_jacobian, STEPS, size)
    loss = autograd.grad(lambda Z: anp.sum(G * anp.exp(Z - autograd_logsumexp(Z, axis=1, keepdims=True))))
    assert_rounded(found, loss(Z), STEPS, size)


def test_ones_pull_back_to_zero(rng):
    P = softmax(logits(rng, 4, 3))
    assert_rounded(softmax_pullback(P, np.ones((4, 3))), np.zeros((4, 3)), STEPS, 2 * P)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_the_pullback_is_linear_in_the_gradient_at_every_scale(scale, rng):
    P, G = softmax(logits(rng, 4, 3)), logits(rng, 4, 3)
    assert_rounded(softmax_pullback(P, scale * G) / scale, softmax_pullback(P, G), STEPS, pullback_size(P, G))


def test_logits_in_the_place_of_a_softmax_are_refused():
    with pytest.raises(ValueError, match="p sums to 3, 1 was expected: give the softmax, not the logits"):
        softmax_jacobian(np.array([2.0, 1.0, 0.0]))
    with pytest.raises(ValueError, match="P sums to 0, 1 was expected"):
        softmax_pullback(np.zeros((2, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="p holds -0.5"):
        softmax_jacobian(np.array([1.5, -0.5]))
    with pytest.raises(ValueError, match="P sums to nan"):
        softmax_pullback(np.array([[np.nan, 1.0]]), np.ones((1, 2)))


def test_shapes_that_do_not_fit_are_refused():
    P = np.full((4, 3), 1 / 3)
    with pytest.raises(ValueError, match=r"p has shape \(4, 3\), \(k,\) was expected"):
        softmax_jacobian(P)
    with pytest.raises(ValueError, match=r"G has shape \(3,\), the shape of P, \(4, 3\), was expected"):
        softmax_pullback(P, np.ones(3))
    for loss in (cross_entropy, cross_entropy_gradient):
        with pytest.raises(ValueError, match=r"has shape \(4, 3\) and Y \(4,\), one shape \(n, k\) for both"):
            loss(P, np.zeros(4))
        with pytest.raises(ValueError, match="there are 0 samples"):
            loss(P[:0], P[:0])


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(4, 3), (3, 5), (1, 4), (6, 2)])
def test_the_cross_entropy_agrees_with_scikit_learn(shape, rng):
    P, Y = softmax(logits(rng, *shape)), one_hot(rng, *shape)
    expected = log_loss(np.argmax(Y, axis=1), P, labels=np.arange(shape[1]))
    # Where rows are divided by their sum first, each logarithm moves by some ε.
    assert_rounded(cross_entropy(P, Y), expected, STEPS, expected + 1)


def test_soft_targets_agree_with_scipy(rng):
    P, Y = softmax(logits(rng, 4, 3)), softmax(logits(rng, 4, 3))
    assert_rounded(cross_entropy(P, Y), -np.sum(scipy.special.xlogy(Y, P)) / 4, STEPS + 4 * 3)
    distance = np.mean(np.sum(scipy.special.rel_entr(Y, P), axis=1))
    size = cross_entropy(P, Y) + cross_entropy(Y, Y) + 1
    assert_rounded(cross_entropy(P, Y) - cross_entropy(Y, Y), distance, STEPS + 4 * 3, size)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_extreme_probabilities_keep_their_logarithms():
    # scikit-learn clips here at 2e-16; the definition does not.
    P, Y = np.array([[1e-150, 1.0], [1.0, 0.0]]), np.eye(2)[[0, 0]]
    assert_rounded(cross_entropy(P, Y), 150 * np.log(10) / 2, STEPS)
    assert_rounded(cross_entropy(P, Y), -np.sum(scipy.special.xlogy(Y, P)) / 2, STEPS)
    assert cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])) == INF


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_in_the_logits_is_the_derivative_of_the_loss(shape, rng):
    Z, Y = logits(rng, *shape), one_hot(rng, *shape)
    found, size = cross_entropy_gradient(Z, Y), gradient_size(Z, Y)
    assert found.shape == Z.shape
    assert_rounded(found, autograd.grad(autograd_loss)(Z, Y), STEPS, size)
    by_definition = complex_step_gradient(lambda Z: cross_entropy(softmax(Z), Y), Z)
    assert_rounded(found, by_definition, STEPS, size)


@pytest.mark.parametrize("scale", SCALES)
def test_the_gradient_agrees_with_autograd_at_every_scale(scale, rng):
    Z, Y = logits(rng, 4, 3, scale), one_hot(rng, 4, 3)
    expected = autograd.grad(autograd_loss)(Z, Y)
    assert_rounded(cross_entropy_gradient(Z, Y), expected, STEPS, gradient_size(Z, Y))


def test_the_gradient_is_minus_y_over_p_pulled_back(rng):
    Z, Y = logits(rng, 4, 3), one_hot(rng, 4, 3)
    P = softmax(Z)
    assert_rounded(cross_entropy_gradient(Z, Y), softmax_pullback(P, -Y / P / 4), STEPS, gradient_size(Z, Y))


def test_targets_that_do_not_sum_to_one_are_refused_by_the_gradient():
    Y = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match="row 1 of Y sums to 2, 1 was expected"):
        cross_entropy_gradient(np.zeros((2, 3)), Y)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", SCALES)
def test_the_sigmoid_agrees_with_scipy_at_every_scale(scale, rng):
    z = np.concatenate([logits(rng, 3, 4, scale).ravel(), [0.0, -INF, INF]])
    assert_rounded(sigmoid(z), scipy.special.expit(z), STEPS)


def test_the_sigmoid_is_the_softmax_of_two_classes_one_of_which_is_zero(rng):
    z = logits(rng, 1, 6, 5.0)[0]
    assert_rounded(sigmoid(z), softmax(np.stack([z, 0 * z], axis=1))[:, 0], STEPS)


def test_the_slope_of_the_sigmoid_is_p_times_one_minus_p(rng):
    z = logits(rng, 1, 6)[0]
    slope = np.diagonal(complex_step_jacobian(sigmoid, z))
    assert_rounded(slope, sigmoid(z) * sigmoid(-z), STEPS)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_far_out_the_slope_of_the_sigmoid_is_zero_and_never_nan():
    slope = np.diagonal(complex_step_jacobian(sigmoid, np.array([-1e4, -800.0, 800.0, 1e4])))
    np.testing.assert_allclose(slope, 0, atol=1e-300)


# Newton's method stops when no entry of the gradient of the mean loss is above `tol`; L-BFGS also stops earlier.
FIT = {"C": np.inf, "tol": 1e-10, "max_iter": 1000, "solver": "newton-cg"}


def test_scikit_learns_logistic_regression_stops_where_the_two_class_gradient_vanishes(rng):
    X, y = rng.normal(size=(60, 3)), rng.integers(2, size=60)
    model = LogisticRegression(**FIT).fit(X, y)
    z = X @ model.coef_[0] + model.intercept_[0]
    size = 1 + np.abs(X) @ np.abs(model.coef_[0]) + np.abs(model.intercept_[0])
    assert_rounded(sigmoid(z), model.predict_proba(X)[:, 1], STEPS, size)
    pulled = cross_entropy_gradient(np.stack([z, 0 * z], axis=1), np.stack([y, 1 - y], axis=1))[:, 0]
    assert_rounded(pulled, (sigmoid(z) - y) / 60, STEPS, (sigmoid(z) + y) / 60)
    np.testing.assert_allclose(X.T @ pulled, 0, atol=2 * FIT["tol"])
    assert abs(np.sum(pulled)) < 2 * FIT["tol"]


@pytest.mark.parametrize("classes", [3, 4])
def test_scikit_learns_softmax_regression_stops_where_the_gradient_vanishes(classes, rng):
    X, labels = rng.normal(size=(80, 3)), rng.integers(classes, size=80)
    model = LogisticRegression(**FIT).fit(X, labels)
    Z = X @ model.coef_.T + model.intercept_
    gradient = X.T @ cross_entropy_gradient(Z, np.eye(classes)[labels])
    np.testing.assert_allclose(gradient, 0, atol=2 * FIT["tol"])
