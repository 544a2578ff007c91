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

RNG = np.random.default_rng(7)
SHAPES = [(4, 3), (3, 5), (1, 4), (5, 1), (1, 1)]
SCALES = [1e-150, 1e-8, 1.0, 1e3, 1e8, 1e150]
INF = np.inf


def logits(n, k, scale=1.0):
    return scale * RNG.normal(size=(n, k))


def one_hot(n, k):
    return np.eye(k)[RNG.integers(k, size=n)]


def autograd_loss(Z, Y):
    return anp.mean(autograd_logsumexp(Z, axis=1) - anp.sum(Y * Z, axis=1))


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("shape", SHAPES)
def test_log_sum_exp_and_softmax_agree_with_scipy_at_every_scale(shape, scale):
    Z = logits(*shape, scale)
    np.testing.assert_allclose(log_sum_exp(Z), scipy.special.logsumexp(Z, axis=1), rtol=1e-13)
    np.testing.assert_allclose(softmax(Z), scipy.special.softmax(Z, axis=1), rtol=1e-13)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "z", [[-INF, 0.5], [-INF, -INF], [INF, 1.0], [INF, INF], [-INF, INF], [-INF, 1e150, -1e150], [-INF]]
)
def test_log_sum_exp_of_infinite_entries_agrees_with_scipy(z):
    assert log_sum_exp(np.array(z)) == scipy.special.logsumexp(z)


@pytest.mark.parametrize("z", [[-INF, 0.5], [-INF, 3.0, -INF], [1e150, -INF, 1e150]])
def test_a_logit_of_minus_infinity_gets_no_share(z):
    np.testing.assert_allclose(softmax(np.array(z)), scipy.special.softmax(z), rtol=1e-15)


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
    np.testing.assert_allclose(softmax(np.array([1, 2, 3])), scipy.special.softmax([1.0, 2, 3]), rtol=1e-15)


@pytest.mark.parametrize("shift", [-1e3, 0.7, 1e3])
def test_a_shift_moves_log_sum_exp_and_leaves_softmax(shift):
    Z = logits(4, 3)
    np.testing.assert_allclose(log_sum_exp(Z + shift), log_sum_exp(Z) + shift, rtol=1e-13)
    np.testing.assert_allclose(softmax(Z + shift), softmax(Z), rtol=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e3, -1e3])
def test_a_softmax_is_positive_sums_to_one_and_has_the_ratios_of_the_exponentials(offset):
    z = logits(1, 5)[0] + offset
    p = softmax(z)
    assert np.all(p > 0)
    np.testing.assert_allclose(np.sum(p), 1, rtol=1e-15)
    np.testing.assert_allclose(p[:, None] / p, np.exp(z[:, None] - z), rtol=1e-12)


def test_softmax_is_the_gradient_of_log_sum_exp_and_its_jacobian_the_hessian():
    z = logits(1, 4)[0]
    np.testing.assert_allclose(softmax(z), autograd.grad(autograd_logsumexp)(z), rtol=1e-12)
    np.testing.assert_allclose(softmax_jacobian(softmax(z)), autograd.hessian(autograd_logsumexp)(z), rtol=1e-11)


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
    np.testing.assert_allclose(softmax_jacobian(np.array([float(p_i.subs(at)) for p_i in p])), exact, rtol=1e-13)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_jacobian_is_the_derivative_of_softmax(k):
    z = logits(1, k)[0]
    np.testing.assert_allclose(softmax_jacobian(softmax(z)), complex_step_jacobian(softmax, z), rtol=1e-12, atol=1e-16)


def test_the_jacobian_is_symmetric_and_its_rows_sum_to_zero():
    J = softmax_jacobian(softmax(logits(1, 6)[0]))
    np.testing.assert_array_equal(J, J.T)
    np.testing.assert_allclose(J @ np.ones(6), 0, atol=1e-16)
    assert np.all(np.linalg.eigvalsh(J) > -1e-16)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_pullback_is_the_gradient_times_the_jacobian_row_by_row(shape):
    Z, G = logits(*shape), logits(*shape)
    P = softmax(Z)
    found = softmax_pullback(P, G)
    by_jacobian = np.stack([g @ softmax_jacobian(p) for p, g in zip(P, G, strict=True)])
    np.testing.assert_allclose(found, by_jacobian, rtol=1e-11, atol=1e-15)
    loss = autograd.grad(lambda Z: anp.sum(G * anp.exp(Z - autograd_logsumexp(Z, axis=1, keepdims=True))))
    np.testing.assert_allclose(found, loss(Z), rtol=1e-11, atol=1e-15)


def test_ones_pull_back_to_zero():
    P = softmax(logits(4, 3))
    np.testing.assert_allclose(softmax_pullback(P, np.ones((4, 3))), 0, atol=1e-16)


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_the_pullback_is_linear_in_the_gradient_at_every_scale(scale):
    P, G = softmax(logits(4, 3)), logits(4, 3)
    np.testing.assert_allclose(softmax_pullback(P, scale * G) / scale, softmax_pullback(P, G), rtol=1e-11)


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
    P = softmax(logits(4, 3))
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
def test_the_cross_entropy_agrees_with_scikit_learn(shape):
    P, Y = softmax(logits(*shape)), one_hot(*shape)
    expected = log_loss(np.argmax(Y, axis=1), P, labels=np.arange(shape[1]))
    np.testing.assert_allclose(cross_entropy(P, Y), expected, rtol=1e-13)


def test_soft_targets_agree_with_scipy():
    P, Y = softmax(logits(4, 3)), softmax(logits(4, 3))
    assert np.isclose(cross_entropy(P, Y), -np.sum(scipy.special.xlogy(Y, P)) / 4, rtol=1e-14)
    np.testing.assert_allclose(
        cross_entropy(P, Y) - cross_entropy(Y, Y), np.mean(np.sum(scipy.special.rel_entr(Y, P), axis=1)), rtol=1e-12
    )


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_extreme_probabilities_keep_their_logarithms():
    # scikit-learn clips here at 2e-16; the definition does not.
    P, Y = np.array([[1e-150, 1.0], [1.0, 0.0]]), np.eye(2)[[0, 0]]
    np.testing.assert_allclose(cross_entropy(P, Y), 150 * np.log(10) / 2, rtol=1e-14)
    assert cross_entropy(P, Y) == -np.sum(scipy.special.xlogy(Y, P)) / 2
    assert cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])) == INF


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_in_the_logits_is_the_derivative_of_the_loss(shape):
    Z, Y = logits(*shape), one_hot(*shape)
    found = cross_entropy_gradient(Z, Y)
    assert found.shape == Z.shape
    np.testing.assert_allclose(found, autograd.grad(autograd_loss)(Z, Y), rtol=1e-11, atol=1e-16)
    by_definition = complex_step_gradient(lambda Z: cross_entropy(softmax(Z), Y), Z)
    np.testing.assert_allclose(found, by_definition, rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("scale", SCALES)
def test_the_gradient_agrees_with_autograd_at_every_scale(scale):
    Z, Y = logits(4, 3, scale), one_hot(4, 3)
    np.testing.assert_allclose(cross_entropy_gradient(Z, Y), autograd.grad(autograd_loss)(Z, Y), atol=1e-15)


def test_the_gradient_is_minus_y_over_p_pulled_back():
    Z, Y = logits(4, 3), one_hot(4, 3)
    P = softmax(Z)
    np.testing.assert_allclose(cross_entropy_gradient(Z, Y), softmax_pullback(P, -Y / P / 4), rtol=1e-12)


def test_targets_that_do_not_sum_to_one_are_refused_by_the_gradient():
    Y = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match="row 1 of Y sums to 2, 1 was expected"):
        cross_entropy_gradient(np.zeros((2, 3)), Y)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", SCALES)
def test_the_sigmoid_agrees_with_scipy_at_every_scale(scale):
    z = np.concatenate([logits(3, 4, scale).ravel(), [0.0, -INF, INF]])
    np.testing.assert_allclose(sigmoid(z), scipy.special.expit(z), rtol=1e-13, atol=1e-300)


def test_the_sigmoid_is_the_softmax_of_two_classes_one_of_which_is_zero():
    z = logits(1, 6, 5.0)[0]
    np.testing.assert_allclose(sigmoid(z), softmax(np.stack([z, 0 * z], axis=1))[:, 0], rtol=1e-13)


def test_the_slope_of_the_sigmoid_is_p_times_one_minus_p():
    z = logits(1, 6)[0]
    slope = np.diagonal(complex_step_jacobian(sigmoid, z))
    np.testing.assert_allclose(slope, sigmoid(z) * sigmoid(-z), rtol=1e-13)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_far_out_the_slope_of_the_sigmoid_is_zero_and_never_nan():
    slope = np.diagonal(complex_step_jacobian(sigmoid, np.array([-1e4, -800.0, 800.0, 1e4])))
    np.testing.assert_allclose(slope, 0, atol=1e-300)


def test_scikit_learns_logistic_regression_stops_where_the_two_class_gradient_vanishes():
    X, t = RNG.normal(size=(60, 3)), RNG.integers(2, size=60)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, t)
    z = X @ model.coef_[0] + model.intercept_[0]
    np.testing.assert_allclose(sigmoid(z), model.predict_proba(X)[:, 1], rtol=1e-12)
    pulled = cross_entropy_gradient(np.stack([z, 0 * z], axis=1), np.stack([t, 1 - t], axis=1))[:, 0]
    np.testing.assert_allclose(pulled, (sigmoid(z) - t) / 60, rtol=1e-12, atol=1e-17)
    np.testing.assert_allclose(X.T @ pulled, 0, atol=1e-8)
    assert abs(np.sum(pulled)) < 1e-8


@pytest.mark.parametrize("classes", [3, 4])
def test_scikit_learns_softmax_regression_stops_where_the_gradient_vanishes(classes):
    X, labels = RNG.normal(size=(80, 3)), RNG.integers(classes, size=80)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(X, labels)
    Z = X @ model.coef_.T + model.intercept_
    gradient = X.T @ cross_entropy_gradient(Z, np.eye(classes)[labels])
    np.testing.assert_allclose(gradient, 0, atol=1e-7)
