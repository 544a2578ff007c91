"""Training: each part against the definition and scikit-learn or autograd, and the whole against real digits."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.metrics import accuracy_score
from sklearn.metrics import confusion_matrix as confusion_oracle
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import label_binarize

from course_lib.calculus import mlp
from course_lib.data import digits

RNG = np.random.default_rng(9)
N, D, H, K = 23, 7, 5, 4
X = RNG.normal(size=(N, D))
LABELS = np.append(np.arange(K), RNG.integers(K, size=N - K))
Y = mlp.one_hot(LABELS, K)
START = mlp.initial_parameters(D, H, K, np.random.default_rng(3))


@pytest.fixture(scope="module")
def pictures():
    """Training and test digits as pairs (X, Y), mixed before they are split."""
    X, labels = digits()
    X, Y, order = X / 16, mlp.one_hot(labels, 10), np.random.default_rng(0).permutation(len(X))
    return (X[order[:1347]], Y[order[:1347]]), (X[order[1347:]], Y[order[1347:]])


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


def test_one_hot_is_scikit_learns_and_keeps_a_column_for_a_class_that_does_not_occur():
    np.testing.assert_array_equal(Y, label_binarize(LABELS, classes=range(K)))
    assert mlp.one_hot(np.array([1, 1, 0]), 5).shape == (3, 5)


def test_accuracy_and_confusion_are_scikit_learns():
    P = RNG.dirichlet(np.ones(K), size=N)
    predicted = P.argmax(axis=1)
    assert mlp.accuracy(P, LABELS) == accuracy_score(LABELS, predicted)
    C = mlp.confusion_matrix(LABELS, predicted, K)
    np.testing.assert_array_equal(C, confusion_oracle(LABELS, predicted, labels=range(K)))
    assert np.trace(C) / C.sum() == pytest.approx(mlp.accuracy(P, LABELS))


@given(st.integers(0, 60), st.integers(1, 70), st.integers(0, 5))
def test_batches_hold_every_row_once_and_only_the_last_is_smaller(n, size, seed):
    batches = mlp.shuffled_batches(n, size, np.random.default_rng(seed))
    assert sorted(row for batch in batches for row in batch) == list(range(n))
    assert all(len(batch) == size for batch in batches[:-1])
    assert not batches or 1 <= len(batches[-1]) <= size


def penalised_loss(W1, b1, W2, b2, x, y, lam):
    Z2 = 1 / (1 + anp.exp(-(x @ W1 + b1))) @ W2 + b2
    log_P = Z2 - anp.log(anp.sum(anp.exp(Z2), axis=1, keepdims=True))
    return -anp.sum(y * log_P) / len(y) + lam / 2 * (anp.sum(W1**2) + anp.sum(W2**2))


@pytest.mark.parametrize("lam", [0.0, 0.3])
def test_an_epoch_is_one_step_of_autograds_gradient_for_each_batch(lam):
    batches = mlp.shuffled_batches(N, 6, np.random.default_rng(1))
    expected = START
    for rows in batches:
        slopes = autograd.grad(penalised_loss, argnum=(0, 1, 2, 3))(*expected, X[rows], Y[rows], lam)
        expected = tuple(value - 0.7 * slope for value, slope in zip(expected, slopes, strict=True))
    got = mlp.sgd_epoch(X, Y, *START, 0.7, batches, lam)
    for value, right in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, right, rtol=1e-11, atol=1e-13)


def test_an_epoch_leaves_its_inputs_as_they_were():
    before = [value.copy() for value in START]
    mlp.sgd_epoch(X, Y, *START, 0.7, (np.arange(N),), 0.1)
    assert all(np.array_equal(value, old) for value, old in zip(START, before, strict=True))


def scikit_learns_gradients(alpha):
    """Its parameters, and the gradient that it used at them: one step of size 0.5, seen from outside."""
    settings = {"activation": "logistic", "solver": "sgd", "momentum": 0, "random_state": 0, "alpha": alpha}
    net = MLPClassifier((H,), batch_size=N, learning_rate_init=0.5, **settings)
    net.partial_fit(X, LABELS, classes=range(K))
    before = [value.copy() for pair in zip(net.coefs_, net.intercepts_, strict=True) for value in pair]
    net.partial_fit(X, LABELS)
    after = [value for pair in zip(net.coefs_, net.intercepts_, strict=True) for value in pair]
    return before, [(old - new) / 0.5 for old, new in zip(before, after, strict=True)]


@pytest.mark.parametrize("lam", [0.0, 0.02])
def test_the_gradients_are_scikit_learns_whose_alpha_is_lam_times_the_size_of_the_batch(lam):
    parameters, theirs = scikit_learns_gradients(alpha=lam * N)
    ours = mlp.gradients(X, Y, *parameters)
    ours = mlp.weight_decay_gradients(*ours, parameters[0], parameters[2], lam)
    for mine, right in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-9, atol=1e-14)


def test_equal_units_stay_equal():
    W1, b1, W2, b2 = np.full((D, H), 0.1), np.zeros(H), np.full((H, K), 0.1), np.zeros(K)
    for _ in range(20):
        W1, b1, W2, b2 = mlp.sgd_epoch(X, Y, W1, b1, W2, b2, 0.5, (np.arange(N),))
    assert np.abs(W1 - 0.1).max() > 0.01
    assert np.ptp(W1, axis=1).max() < 1e-9


def test_training_yields_the_start_and_then_each_epoch_and_is_repeatable():
    runs = [
        list(mlp.train(START, (X, Y), (X[:9], Y[:9]), lr=0.5, size=6, epochs=3, rng=np.random.default_rng(2)))
        for _ in range(2)
    ]
    assert [epoch.number for epoch in runs[0]] == [0, 1, 2, 3]
    assert runs[0][0].parameters is START
    assert runs[0][0].loss == pytest.approx(mlp.loss(X, Y, *START))
    for one, two in zip(*runs, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
        assert one.test_accuracy == mlp.accuracy(mlp.forward(X[:9], *one.parameters)[-1], LABELS[:9])


@pytest.mark.parametrize("seed", [1, 2])
def test_forty_epochs_read_96_per_cent_of_the_test_digits(pictures, seed):
    rng = np.random.default_rng(seed)
    start = mlp.initial_parameters(64, 32, 10, rng)
    *_, last = mlp.train(start, *pictures, lr=0.3, size=16, epochs=40, rng=rng)
    assert last.test_accuracy >= 0.96
    assert last.accuracy >= last.test_accuracy - 0.01


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mlp.glorot(0, 3, RNG), "a layer from 0 units to 3"),
        (lambda: mlp.one_hot(np.array([0, 4]), 4), "holds 0 to 4, classes 0 to 3 were expected"),
        (lambda: mlp.one_hot(np.array([-1, 2]), 4), "holds -1 to 2"),
        (lambda: mlp.one_hot(np.array([0.0, 1.0]), 4), "type float64, whole numbers"),
        (lambda: mlp.accuracy(np.ones((3, 2)), np.zeros(4)), "P has 3 rows and there are 4 labels"),
        (lambda: mlp.accuracy(np.ones((0, 2)), np.zeros(0)), "P has 0 rows"),
        (lambda: mlp.confusion_matrix(LABELS, LABELS[1:], K), r"labels has shape \(23,\) and predicted \(22,\)"),
        (lambda: mlp.confusion_matrix(LABELS, LABELS + 1, K), "predicted holds 1 to 4"),
        (lambda: mlp.shuffled_batches(5, 0, RNG), "batches of 0 samples"),
        (lambda: mlp.weight_decay_gradients(*START, START[0], START[2], -0.1), "the weight decay is -0.1"),
    ],
)
def test_what_does_not_fit_is_said(call, message):
    with pytest.raises(ValueError, match=message):
        call()
