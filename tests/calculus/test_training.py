"""Training on mini-batches: each optimiser against its recursion on one long vector, and against autograd's slopes."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from course_lib.calculus import mlp, network, training
from course_lib.data import digits

N, SIZES = 24, (5, 4, 6, 3)


@pytest.fixture
def data(rng):
    return rng.normal(size=(N, SIZES[0])), mlp.one_hot(rng.integers(SIZES[-1], size=N), SIZES[-1])


@pytest.fixture
def start(rng):
    return network.initial_parameters(SIZES, rng)


def plain(w, g, state, t):
    return w - 0.2 * g, state


def heavy_ball(w, g, state, t):
    v = 0.8 * (0 if state is None else state) + g
    return w - 0.2 * v, v


def adam(w, g, state, t):
    m, s = (0, 0) if state is None else state
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
    return w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8), (m, s)


def vector(parameters):
    return np.concatenate([np.ravel(w) for w in parameters])


def loss_of(long, X, Y, shapes):
    """The cross-entropy of a network with tanh, from one long vector of parameters, in autograd's NumPy."""
    A, first = X, 0
    for number, (W_shape, b_shape) in enumerate(zip(shapes[::2], shapes[1::2], strict=True), start=1):
        W = anp.reshape(long[first : first + W_shape[0] * W_shape[1]], W_shape)
        first += W_shape[0] * W_shape[1]
        Z = anp.dot(A, W) + long[first : first + b_shape[0]]
        first += b_shape[0]
        A = Z if 2 * number == len(shapes) else anp.tanh(Z)
    return anp.mean(anp.log(anp.sum(anp.exp(A), axis=1)) - anp.sum(Y * A, axis=1))


@pytest.mark.parametrize(
    ("step", "recursion"),
    [
        (training.plain(0.2), plain),
        (training.momentum(0.2, 0.8), heavy_ball),
        (training.adam(0.05), adam),
    ],
    ids=["plain", "momentum", "Adam"],
)
@pytest.mark.parametrize("lam", [0.0, 0.1])
def test_an_optimiser_does_what_its_recursion_says(step, recursion, lam, data, start):
    X, Y = data
    options = {"step": step, "activation": "tanh", "size": 7, "epochs": 3, "lam": lam}
    *_, last = training.train(start, data, data, rng=np.random.default_rng(5), **options)

    shapes, rng = [w.shape for w in start], np.random.default_rng(5)
    decayed = np.concatenate([np.full(np.prod(shape), float(len(shape) == 2)) for shape in shapes])
    slope = autograd.grad(loss_of)
    w, state, t = vector(start), None, 0
    for _ in range(3):
        order = rng.permutation(N)
        for rows in (order[first : first + 7] for first in range(0, N, 7)):
            t += 1
            w, state = recursion(w, slope(w, X[rows], Y[rows], shapes) + lam * decayed * w, state, t)
    np.testing.assert_allclose(vector(last.parameters), w, rtol=1e-8, atol=1e-8)
    assert last.loss == pytest.approx(loss_of(w, X, Y, shapes))


def test_training_yields_the_start_and_then_each_epoch_and_is_repeatable(data, start):
    few = data[0][:9], data[1][:9]
    options = {"step": training.momentum(0.1), "activation": "relu", "size": 6, "epochs": 3}
    runs = [list(training.train(start, data, few, rng=np.random.default_rng(2), **options)) for _ in range(2)]
    assert [epoch.number for epoch in runs[0]] == [0, 1, 2, 3]
    assert runs[0][0].parameters is start
    assert runs[0][0].loss == pytest.approx(network.loss(*data, *start, activation="relu"))
    for one, two in zip(*runs, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
        P = network.forward(few[0], *one.parameters, activation="relu")[-1]
        assert one.validation_accuracy == mlp.accuracy(P, few[1].argmax(axis=1))


def test_what_is_handed_in_stays_as_it_was(data, start):
    before = [w.copy() for w in start]
    for step in (training.plain(0.1), training.momentum(0.1), training.adam(0.1)):
        list(
            training.train(
                start, data, data, step=step, activation="tanh", size=6, epochs=2, rng=np.random.default_rng(1)
            )
        )
        assert all(np.array_equal(a, b) for a, b in zip(before, start, strict=True))


@pytest.mark.parametrize("seed", [1, 2])
def test_thirty_epochs_read_96_per_cent_of_digits_they_never_saw(seed):
    X, labels = digits()
    X, Y = X / 16, mlp.one_hot(labels, 10)
    order, rng = np.random.default_rng(0).permutation(len(X)), np.random.default_rng(seed)
    known, unseen = ((X[rows], Y[rows]) for rows in (order[:1147], order[1147:]))
    start = network.initial_parameters((64, 64, 64, 10), rng, mlp.he)
    options = {"step": training.momentum(0.03), "activation": "relu", "size": 16, "epochs": 30, "rng": rng}
    *_, last = training.train(start, known, unseen, **options)
    assert last.validation_accuracy >= 0.96
