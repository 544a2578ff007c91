"""Training: each part against the definition and scikit-learn or autograd, and the whole against real digits."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from scipy.stats import kstest
from sklearn.metrics import accuracy_score
from sklearn.metrics import confusion_matrix as confusion_oracle
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import label_binarize

from course_lib.calculus import mlp
from course_lib.calculus.descent import minibatches
from tests.calculus.rounding import EPS, FUNCTION, assert_rounded, network_size

N, D, H, K = 23, 7, 5, 4
# Products and sums in a row from X to the loss and back, and the functions on the way.
STEPS = 2 * (N + D + H + K) + 4 * FUNCTION


@pytest.fixture
def X(rng):
    return rng.normal(size=(N, D))


@pytest.fixture
def labels(rng):
    """(N,), every class at least once."""
    return np.append(np.arange(K), rng.integers(K, size=N - K))


@pytest.fixture
def Y(labels):
    return mlp.one_hot(labels, K)


@pytest.fixture
def start(rng):
    """W1, b1, W2, b2."""
    return mlp.initial_parameters(D, H, K, rng)


def test_glorot_is_even_with_variance_two_over_the_sum_of_the_sizes():
    W = mlp.glorot(300, 200, np.random.default_rng(0))
    limit = np.sqrt(6 / 500)
    assert W.shape == (300, 200)
    assert kstest(W.ravel(), "uniform", args=(-limit, 2 * limit)).pvalue > 0.01
    assert np.var(W) == pytest.approx(2 / 500, rel=0.02)


def test_the_same_generator_gives_the_same_network_and_then_another_one():
    first, again = np.random.default_rng(4), np.random.default_rng(4)
    one, two, three = (mlp.initial_parameters(6, 5, 3, rng) for rng in (first, again, again))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0], three[0])
    assert [value.shape for value in one] == [(6, 5), (5,), (5, 3), (3,)]


def test_one_hot_is_scikit_learns_and_keeps_a_column_for_a_class_that_does_not_occur(labels, Y):
    np.testing.assert_array_equal(Y, label_binarize(labels, classes=range(K)))
    assert mlp.one_hot(np.array([1, 1, 0]), 5).shape == (3, 5)


def test_accuracy_and_confusion_are_scikit_learns(rng, labels):
    P = rng.dirichlet(np.ones(K), size=N)
    predicted = P.argmax(axis=1)
    assert mlp.accuracy(P, labels) == accuracy_score(labels, predicted)
    C = mlp.confusion_matrix(labels, predicted, K)
    np.testing.assert_array_equal(C, confusion_oracle(labels, predicted, labels=range(K)))
    assert np.trace(C) / C.sum() == pytest.approx(mlp.accuracy(P, labels))


def penalised_loss(W1, b1, W2, b2, x, y, lam):
    Z2 = 1 / (1 + anp.exp(-(x @ W1 + b1))) @ W2 + b2
    log_P = Z2 - anp.log(anp.sum(anp.exp(Z2), axis=1, keepdims=True))
    return -anp.sum(y * log_P) / len(y) + lam / 2 * (anp.sum(W1**2) + anp.sum(W2**2))


@pytest.mark.parametrize("lam", [0.0, 0.3])
def test_an_epoch_is_one_step_of_autograds_gradient_for_each_batch(lam, X, Y, start):
    batches = tuple(minibatches(N, 6, np.random.default_rng(1)))
    expected, size = start, 0.0
    for rows in batches:
        slopes = autograd.grad(penalised_loss, argnum=(0, 1, 2, 3))(*expected, X[rows], Y[rows], lam)
        expected = tuple(value - 0.7 * slope for value, slope in zip(expected, slopes, strict=True))
        # What one step is off by goes into the next one too.
        size += network_size(X, *expected)
    got = mlp.sgd_epoch(X, Y, *start, 0.7, batches, lam)
    for value, right in zip(got, expected, strict=True):
        assert_rounded(value, right, STEPS, size)


def test_an_epoch_leaves_its_inputs_as_they_were(X, Y, start):
    before = [value.copy() for value in start]
    mlp.sgd_epoch(X, Y, *start, 0.7, (np.arange(N),), 0.1)
    assert all(np.array_equal(value, old) for value, old in zip(start, before, strict=True))


def scikit_learns_gradients(X, labels, alpha):
    """Its parameters, and the gradient that it used at them: one step of size 0.5, seen from outside."""
    settings = {"activation": "logistic", "solver": "sgd", "momentum": 0, "random_state": 0, "alpha": alpha}
    net = MLPClassifier((H,), batch_size=N, learning_rate_init=0.5, **settings)
    net.partial_fit(X, labels, classes=range(K))
    before = [value.copy() for pair in zip(net.coefs_, net.intercepts_, strict=True) for value in pair]
    net.partial_fit(X, labels)
    after = [value for pair in zip(net.coefs_, net.intercepts_, strict=True) for value in pair]
    return before, [(old - new) / 0.5 for old, new in zip(before, after, strict=True)]


@pytest.mark.parametrize("lam", [0.0, 0.02])
def test_the_gradients_are_scikit_learns_whose_alpha_is_lam_times_the_size_of_the_batch(lam, X, Y, labels):
    parameters, theirs = scikit_learns_gradients(X, labels, alpha=lam * N)
    ours = mlp.gradients(X, Y, *parameters)
    ours = mlp.weight_decay_gradients(*ours, parameters[0], parameters[2], lam)
    size = network_size(X, *parameters)
    for mine, right in zip(ours, theirs, strict=True):
        assert_rounded(mine, right, STEPS, size)


def test_equal_units_stay_equal(X, Y):
    W1, b1, W2, b2 = np.full((D, H), 0.1), np.zeros(H), np.full((H, K), 0.1), np.zeros(K)
    for _ in range(20):
        W1, b1, W2, b2 = mlp.sgd_epoch(X, Y, W1, b1, W2, b2, 0.5, (np.arange(N),))
    # A product may round its columns differently; in twenty steps that grows, but not a millionfold.
    apart = 1e6 * STEPS * EPS
    assert np.ptp(W1, axis=1).max() < apart
    assert np.abs(W1 - 0.1).max() > 1000 * apart


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mlp.glorot(0, 3, np.random.default_rng(0)), "a layer from 0 units to 3"),
        (lambda: mlp.one_hot(np.array([0, 4]), 4), "holds 0 to 4, classes 0 to 3 were expected"),
        (lambda: mlp.one_hot(np.array([-1, 2]), 4), "holds -1 to 2"),
        (lambda: mlp.one_hot(np.array([0.0, 1.0]), 4), "type float64, whole numbers"),
        (lambda: mlp.accuracy(np.ones((3, 2)), np.zeros(4)), "P has 3 rows and there are 4 labels"),
        (lambda: mlp.accuracy(np.ones((0, 2)), np.zeros(0)), "P has 0 rows"),
        (lambda: mlp.confusion_matrix(np.arange(4), np.arange(3), 4), r"labels has shape \(4,\) and predicted \(3,\)"),
        (lambda: mlp.confusion_matrix(np.arange(4), np.arange(1, 5), 4), "predicted holds 1 to 4"),
        (lambda: mlp.weight_decay_gradients(*[np.ones((2, 2))] * 6, -0.1), "the weight decay is -0.1"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
