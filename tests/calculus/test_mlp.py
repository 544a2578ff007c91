"""The perceptron's values and gradients agree with scipy, autograd, scikit-learn, and with what must hold."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.neural_network import MLPClassifier

from course_lib.calculus import mlp
from course_lib.calculus.jacobian import complex_step_gradient
from tests.calculus.rounding import EPS, FUNCTION, assert_rounded, network_size

SIZES = (7, 5, 4, 3)
NAMES = ("X", "Y", "W1", "b1", "W2", "b2")


# Products and sums in a row from X to the loss and back, and the functions on the way.
STEPS = 2 * sum(SIZES) + 4 * FUNCTION


def problem(rng, n, d, h, k):
    """X, Y and the four parameters, all random."""
    shapes = ((d, h), (h,), (h, k), (k,))
    return rng.normal(size=(n, d)), np.eye(k)[rng.integers(k, size=n)], *(rng.normal(size=s) for s in shapes)


def loss_for_autograd(X, Y, W1, b1, W2, b2):
    Z2 = anp.dot(1 / (1 + anp.exp(-(anp.dot(X, W1) + b1))), W2) + b2
    return -anp.sum(Y * anp.log(anp.exp(Z2) / anp.sum(anp.exp(Z2), axis=1, keepdims=True))) / len(X)


def test_forward_agrees_with_scipy(rng):
    X, _, W1, b1, W2, b2 = problem(rng, *SIZES)
    Z1, A, Z2, P = mlp.forward(X, W1, b1, W2, b2)
    # Each is compared with what follows from the one before, so no error is handed on.
    assert_rounded(Z1, np.einsum("nd,dh->nh", X, W1) + b1, STEPS, np.abs(X) @ np.abs(W1) + np.abs(b1))
    assert_rounded(A, special.expit(Z1), STEPS)
    assert_rounded(Z2, np.einsum("nh,hk->nk", A, W2) + b2, STEPS, A @ np.abs(W2) + np.abs(b2))
    assert_rounded(P, special.softmax(Z2, axis=1), STEPS, P * (1 + np.ptp(Z2)))


def test_the_loss_is_the_mean_cross_entropy(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    P = mlp.forward(X, *parameters)[3]
    assert_rounded(mlp.loss(X, Y, *parameters), -np.sum(Y * np.log(P)) / len(X), STEPS, network_size(X, *parameters))


def test_the_loss_of_a_sure_and_wrong_network_is_large_and_finite(rng):
    X, Y, W1, b1, W2, b2 = problem(rng, *SIZES)
    scores = mlp.forward(X, W1, b1, 1e4 * W2, b2)[2]
    # Every sample is of the class that the network finds least likely.
    Y = np.eye(3)[np.argmin(scores, axis=1)]
    expected = np.mean(special.logsumexp(scores, axis=1) - np.sum(Y * scores, axis=1))
    found = mlp.loss(X, Y, W1, b1, 1e4 * W2, b2)
    assert found > 1000
    assert_rounded(found, expected, STEPS, np.max(np.abs(scores)))
    assert all(np.all(np.isfinite(g)) for g in mlp.gradients(X, Y, W1, b1, 1e4 * W2, b2))


def test_gradients_agree_with_autograd(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    expected = autograd.grad(loss_for_autograd, (2, 3, 4, 5))(X, Y, *parameters)
    for found, right in zip(mlp.gradients(X, Y, *parameters), expected, strict=True):
        assert_rounded(found, right, STEPS, network_size(X, *parameters))


def test_one_step_agrees_with_scikit_learn(rng):
    X, Y, W1, b1, W2, b2 = problem(rng, *SIZES)
    labels, lr = Y.argmax(axis=1), 0.5
    model = MLPClassifier(
        (len(b1),), activation="logistic", solver="sgd", alpha=0, learning_rate_init=lr, momentum=0, batch_size=len(X)
    )
    # The first call makes the arrays; then it starts where we do.
    model.partial_fit(X, labels, classes=range(len(b2)))
    ours = (W1, b1, W2, b2)
    theirs = (model.coefs_[0], model.intercepts_[0], model.coefs_[1], model.intercepts_[1])
    for array, value in zip(theirs, ours, strict=True):
        array[...] = value
    model.partial_fit(X, labels)
    size = network_size(X, *ours)
    assert_rounded(model.loss_, mlp.loss(X, Y, *ours), STEPS, size)
    for found, expected in zip(mlp.sgd_step(X, Y, *ours, lr), theirs, strict=True):
        assert_rounded(found, expected, STEPS, size)


@settings(max_examples=25)
@given(st.tuples(*[st.integers(1, 6)] * 4), st.integers(0, 1000))
def test_gradients_are_the_derivative_of_the_loss_for_any_sizes(sizes, seed):
    X, Y, *parameters = problem(np.random.default_rng(seed), *sizes)
    for place, found in enumerate(mlp.gradients(X, Y, *parameters)):

        def loss(value, place=place):
            return mlp.loss(X, Y, *parameters[:place], value, *parameters[place + 1 :])

        by_definition = complex_step_gradient(loss, parameters[place])
        assert_rounded(found, by_definition, 2 * sum(sizes) + 4 * FUNCTION, network_size(X, *parameters))


def test_a_gradient_has_the_shape_of_its_parameter(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    assert [g.shape for g in mlp.gradients(X, Y, *parameters)] == [p.shape for p in parameters]


def test_the_gradient_of_a_batch_is_the_mean_over_its_samples(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    one_by_one = [mlp.gradients(X[[i]], Y[[i]], *parameters) for i in range(len(X))]
    for found, parts in zip(mlp.gradients(X, Y, *parameters), zip(*one_by_one, strict=True), strict=True):
        assert_rounded(found, np.mean(parts, axis=0), STEPS, network_size(X, *parameters))


def test_the_same_number_added_to_every_score_changes_nothing(rng):
    _, _, dW2, db2 = mlp.gradients(*problem(rng, *SIZES))
    # Every sample adds its activation, 1 at most, times entries of P - Y, whose absolute values sum to 2 at most.
    assert_rounded(dW2.sum(axis=1), np.zeros(4), STEPS, 2)
    assert_rounded(db2.sum(), 0.0, STEPS, 2)


def test_hidden_units_may_change_places(rng):
    X, Y, W1, b1, W2, b2 = problem(rng, *SIZES)
    order = [2, 0, 3, 1]
    moved = (W1[:, order], b1[order], W2[order], b2)
    size = network_size(X, W1, b1, W2, b2)
    assert_rounded(mlp.loss(X, Y, *moved), mlp.loss(X, Y, W1, b1, W2, b2), STEPS, size)
    dW1, db1, dW2, db2 = mlp.gradients(X, Y, W1, b1, W2, b2)
    for found, expected in zip(mlp.gradients(X, Y, *moved), (dW1[:, order], db1[order], dW2[order], db2), strict=True):
        assert_rounded(found, expected, STEPS, size)


def test_the_parts_make_the_whole(rng):
    X, Y, W1, b1, W2, b2 = problem(rng, *SIZES)
    _, A, _, P = mlp.forward(X, W1, b1, W2, b2)
    dZ1 = mlp.hidden_signal(mlp.output_signal(P, Y), W2, A)
    parts = (*mlp.input_layer_gradients(X, dZ1), *mlp.output_layer_gradients(A, P, Y))
    for part, whole in zip(parts, mlp.gradients(X, Y, W1, b1, W2, b2), strict=True):
        np.testing.assert_array_equal(part, whole)


def test_a_small_step_lowers_the_loss_by_the_squared_length_of_the_gradient(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    squared = sum(np.sum(g**2) for g in mlp.gradients(X, Y, *parameters))

    def off(lr):
        lower = mlp.loss(X, Y, *mlp.sgd_step(X, Y, *parameters, lr))
        return abs((mlp.loss(X, Y, *parameters) - lower) / lr - squared)

    # What is left is the curvature times lr; at a quarter of lr a quarter of it, and a few roundings.
    lr = 1e-4
    assert off(4 * lr) < 0.1 * squared
    assert off(lr) < off(4 * lr) / 3 + STEPS * EPS * network_size(X, *parameters) / lr


def test_a_step_leaves_its_arguments_alone(rng):
    arguments = problem(rng, *SIZES)
    before = [a.copy() for a in arguments]
    mlp.sgd_step(*arguments, 0.1)
    for now, then in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("X", (7,), r"X has shape \(7,\), a matrix was expected"),
        ("W1", (4, 4), r"W1 has shape \(4, 4\), \(5, 4\) was expected"),
        ("W1", (5,), r"W1 has shape \(5,\), a matrix was expected"),
        ("b1", (5,), r"b1 has shape \(5,\), \(4,\) was expected"),
        ("b1", (1, 4), r"b1 has shape \(1, 4\), \(4,\) was expected"),
        ("W2", (3, 4), "W1 has 4 columns and W2 has 3 rows"),
        ("b2", (), r"b2 has shape \(\), \(3,\) was expected"),
        ("Y", (7,), r"Y has shape \(7,\), \(7, 3\) was expected"),
        ("Y", (6, 3), r"Y has shape \(6, 3\), \(7, 3\) was expected"),
    ],
)
def test_what_does_not_fit_is_named(name, shape, message, rng):
    arguments = dict(zip(NAMES, problem(rng, *SIZES), strict=True)) | {name: np.ones(shape)}
    for function in (mlp.loss, mlp.gradients):
        with pytest.raises(ValueError, match=message):
            function(**arguments)


def test_an_empty_batch_has_no_mean(rng):
    X, Y, *parameters = problem(rng, *SIZES)
    with pytest.raises(ValueError, match="0 samples"):
        mlp.gradients(X[:0], Y[:0], *parameters)
