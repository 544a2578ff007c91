"""The network of any depth agrees with autograd, scikit-learn, the two layers by hand, and the definition."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest
from sklearn.neural_network import MLPClassifier

from course_lib.calculus import mlp, network
from course_lib.calculus.jacobian import complex_step_gradient
from tests.calculus.rounding import FUNCTION, assert_rounded

N = 7
SIZES = (6, 5, 9, 4, 3)
AUTOGRAD = {
    "sigmoid": lambda Z: 1 / (1 + anp.exp(-Z)),
    "tanh": anp.tanh,
    "relu": lambda Z: anp.where(Z > 0, Z, 0.0),
}
SCIKIT_LEARN = {"sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
every_activation = pytest.mark.parametrize("activation", network.ACTIVATIONS)


def problem(rng, sizes=SIZES, n=N):
    """X, Y and the parameters of a network of these sizes, all random."""
    parameters = [
        value
        for d, h in zip(sizes[:-1], sizes[1:], strict=True)
        for value in (rng.normal(size=(d, h)), rng.normal(size=h))
    ]
    return rng.normal(size=(n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)], *parameters


def steps(parameters):
    """Products and sums in a row from X to the loss and back, and the functions on the way."""
    units = sum(len(W) for W in parameters[::2]) + len(parameters[-1]) + N
    return 2 * units + len(parameters) * FUNCTION


def size(X, parameters):
    """A number that bounds every term of the loss and the gradients, and what an error before it grows to.

    No slope of an activation is above 1, so an error is carried on by at most the absolute weights.
    """
    bound = max(1.0, np.max(np.abs(X)))
    for W, b in zip(parameters[::2], parameters[1::2], strict=True):
        wide = max(np.max(np.sum(np.abs(W), axis=axis)) for axis in (0, 1))
        bound *= (1 + wide + np.max(np.abs(b))) ** 2
    return bound


def loss_for_autograd(X, Y, *parameters, activation):
    value = X
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        value = AUTOGRAD[activation](anp.dot(value, W) + b)
    scores = anp.dot(value, parameters[-2]) + parameters[-1]
    # Shifted by a constant, so that no exponential overflows.
    shifted = scores - np.max(getattr(scores, "_value", scores))
    return -anp.sum(Y * (shifted - anp.log(anp.sum(anp.exp(shifted), axis=1, keepdims=True)))) / len(X)


@every_activation
@pytest.mark.parametrize("sizes", [(6, 3), (6, 5, 3), SIZES])
def test_loss_and_gradients_agree_with_autograd(activation, sizes, rng):
    X, Y, *parameters = problem(rng, sizes)

    def theirs(*parameters):
        return loss_for_autograd(X, Y, *parameters, activation=activation)

    room = steps(parameters), size(X, parameters)
    assert_rounded(network.loss(X, Y, *parameters, activation=activation), theirs(*parameters), *room)
    expected = autograd.grad(theirs, tuple(range(len(parameters))))(*parameters)
    for found, right in zip(network.gradients(X, Y, *parameters, activation=activation), expected, strict=True):
        assert_rounded(found, right, *room)


@every_activation
def test_one_step_agrees_with_scikit_learn(activation, rng):
    X, Y, *parameters = problem(rng)
    labels, lr = Y.argmax(axis=1), 0.5
    model = MLPClassifier(
        SIZES[1:-1],
        activation=SCIKIT_LEARN[activation],
        solver="sgd",
        alpha=0,
        learning_rate_init=lr,
        momentum=0,
        batch_size=N,
    )
    # The first call makes the arrays; then it starts where we do.
    model.partial_fit(X, labels, classes=range(SIZES[-1]))
    theirs = [array for layer in zip(model.coefs_, model.intercepts_, strict=True) for array in layer]
    for array, value in zip(theirs, parameters, strict=True):
        array[...] = value
    model.partial_fit(X, labels)
    found = network.sgd_step(X, Y, *parameters, lr=lr, activation=activation)
    for mine, right in zip(found, theirs, strict=True):
        assert_rounded(mine, right, steps(parameters), size(X, parameters))


@settings(max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=2, max_size=6), st.sampled_from(list(AUTOGRAD)), st.integers(0, 1000))
def test_gradients_are_the_derivative_of_the_loss_for_any_depth(sizes, activation, seed):
    X, Y, *parameters = problem(np.random.default_rng(seed), sizes)
    for place, found in enumerate(network.gradients(X, Y, *parameters, activation=activation)):

        def loss(value, place=place):
            moved = (*parameters[:place], value, *parameters[place + 1 :])
            return network.loss(X, Y, *moved, activation=activation)

        by_definition = complex_step_gradient(loss, parameters[place])
        assert_rounded(found, by_definition, steps(parameters), size(X, parameters))


def test_two_layers_with_the_sigmoid_are_the_network_by_hand(rng):
    X, Y, *parameters = problem(rng, (6, 5, 3))
    A, Z, P = network.forward(X, *parameters, activation="sigmoid")
    _, by_hand_A, by_hand_Z, by_hand_P = mlp.forward(X, *parameters)
    for found, right in zip((*A, Z, P), (X, by_hand_A, by_hand_Z, by_hand_P), strict=True):
        np.testing.assert_array_equal(found, right)
    for found, right in zip(
        network.gradients(X, Y, *parameters, activation="sigmoid"), mlp.gradients(X, Y, *parameters), strict=True
    ):
        # (dZ2 W2ᵀ) A (1 - A) is bracketed otherwise, which may cost a rounding.
        assert_rounded(found, right, steps(parameters), size(X, parameters))


@every_activation
def test_a_signal_is_the_gradient_at_the_scores_of_its_layer(activation, rng):
    X, Y, *parameters = problem(rng)
    A, _, P = network.forward(X, *parameters, activation=activation)
    found = network.signals(A, P, Y, parameters[::2], activation)
    assert [delta.shape for delta in found] == [(N, units) for units in SIZES[1:]]
    for place, delta in enumerate(found):

        def loss(shift, place=place):
            # A bias of its own for every sample moves the scores of this layer and nothing else.
            return np.sum(_loss_with_shift(X, Y, parameters, activation, place, shift))

        by_definition = complex_step_gradient(loss, np.zeros(delta.shape))
        assert_rounded(delta, by_definition, steps(parameters), size(X, parameters))


def _loss_with_shift(X, Y, parameters, activation, place, shift):
    """The loss when `shift` (n, h) is added to the values before the activation in layer number `place`."""
    phi, _ = network.ACTIVATIONS[activation]
    value = X
    for number, (W, b) in enumerate(zip(parameters[::2], parameters[1::2], strict=True)):
        Z = value @ W + b + (shift if number == place else 0)
        value = phi(Z)
    return -np.sum(Y * (Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True)))) / len(X)


def test_a_dead_unit_gets_no_gradient_and_passes_none_on(rng):
    X, Y, *parameters = problem(rng)
    parameters[3][2] = -1e3
    dW1, db1, dW2, db2, dW3, _, _, _ = network.gradients(X, Y, *parameters, activation="relu")
    assert not np.any(dW2[:, 2]) and db2[2] == 0 and not np.any(dW3[2])
    assert np.any(dW2) and np.any(dW1) and np.any(db1)


def test_at_the_kink_the_slope_is_taken_as_0(rng):
    X, Y, *parameters = problem(rng)
    parameters[0][:, 1], parameters[1][1] = 0.0, 0.0
    dW1, *_ = network.gradients(X, Y, *parameters, activation="relu")
    assert not np.any(dW1[:, 1])


@every_activation
def test_a_step_leaves_its_arguments_alone(activation, rng):
    arguments = problem(rng)
    before = [a.copy() for a in arguments]
    network.sgd_step(*arguments, lr=0.1, activation=activation)
    for now, then in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_he_is_normal_with_variance_two_over_the_units_before():
    W = mlp.he(300, 200, np.random.default_rng(0))
    assert W.shape == (300, 200)
    assert kstest(W.ravel(), "norm", args=(0, np.sqrt(2 / 300))).pvalue > 0.01


def test_after_he_relus_keep_the_mean_square_from_layer_to_layer_and_after_glorot_they_halve_it(rng):
    X = rng.normal(size=(40, 300))
    for start, factor in ((mlp.he, 1), (mlp.glorot, 1 / 2)):
        A, _, _ = network.forward(X, *network.initial_parameters((300,) * 9, rng, start), activation="relu")
        # E[relu(z)²] is half the variance of z, and he doubles the weights' squares. What chance does to one layer of
        # 300 units, a factor of 1.14 or so, walks on from layer to layer: a factor of 4 is four times its reach.
        sizes = [np.mean(value**2) for value in A]
        assert all(1 / 4 < value / factor**depth < 4 for depth, value in enumerate(sizes))


def test_the_start_has_the_shapes_of_the_sizes_and_no_bias(rng):
    parameters = network.initial_parameters(SIZES, rng)
    assert [p.shape for p in parameters] == [(6, 5), (5,), (5, 9), (9,), (9, 4), (4,), (4, 3), (3,)]
    assert not any(np.any(b) for b in parameters[1::2])
    again = network.initial_parameters((6, 5, 3), np.random.default_rng(4))
    for found, right in zip(again, mlp.initial_parameters(6, 5, 3, np.random.default_rng(4)), strict=True):
        np.testing.assert_array_equal(found, right)


@pytest.mark.parametrize(
    ("place", "shape", "message"),
    [
        (0, (7,), r"X has shape \(7,\), a matrix was expected"),
        (0, (0, 6), "0 samples"),
        (1, (6, 3), r"Y has shape \(6, 3\), \(7, 3\) was expected"),
        (2, (5, 5), r"W1 has shape \(5, 5\), one row for each of the 6 features"),
        (3, (1, 5), r"b1 has shape \(1, 5\), \(5,\) was expected"),
        (6, (9,), r"W3 has shape \(9,\), one row for each of the 9 units before it"),
        (6, (4, 9), r"W3 has shape \(4, 9\), one row for each of the 9 units before it"),
        (9, (), r"b4 has shape \(\), \(3,\) was expected"),
    ],
)
def test_what_does_not_fit_is_named(place, shape, message, rng):
    arguments = list(problem(rng))
    arguments[place] = np.ones(shape)
    for function in (network.loss, network.gradients):
        with pytest.raises(ValueError, match=message):
            function(*arguments, activation="tanh")


def test_what_is_no_network_is_said(rng):
    X, Y, *parameters = problem(rng)
    with pytest.raises(ValueError, match="there are 7 parameters, a matrix and a bias for each layer"):
        network.forward(X, *parameters[:-1], activation="relu")
    with pytest.raises(ValueError, match="there are 0 parameters"):
        network.forward(X, activation="relu")
    with pytest.raises(ValueError, match="the activation is 'step', one of sigmoid, tanh, relu was expected"):
        network.gradients(X, Y, *parameters, activation="step")
    with pytest.raises(ValueError, match="at least two were expected"):
        network.initial_parameters((5,), rng)
    with pytest.raises(ValueError, match="a layer from 0 units to 3"):
        mlp.he(0, 3, rng)
