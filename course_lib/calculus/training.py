"""Training a network of any depth on mini-batches, with plain steps, momentum or Adam (chapter 9).

An optimiser is a function step(parameters, slopes, state) that returns the new parameters and its new state, which is
None before the first step. `plain`, `momentum` and `adam` make one out of the steps of chapter 6, parameter by
parameter: every one of W1, b1, W2, … has a velocity or running means of its own, in its own shape.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.calculus import network
from course_lib.calculus.descent import adam_step, gradient_step, minibatches, momentum_step
from course_lib.calculus.mlp import accuracy
from course_lib.calculus.softmax import log_sum_exp


def plain(lr):
    """The optimiser θ ← θ - lr · slope. lr  the step size, a number."""

    def step(parameters, slopes, state):
        return tuple(gradient_step(w, g, lr) for w, g in zip(parameters, slopes, strict=True)), None

    return step


def momentum(lr, beta=0.9):
    """The heavy ball of `descent.momentum_step`, at rest before the first step. lr, beta  numbers."""

    def step(parameters, slopes, state):
        velocities = state or [np.zeros_like(w) for w in parameters]
        made = [momentum_step(w, v, g, lr, beta) for w, v, g in zip(parameters, velocities, slopes, strict=True)]
        return tuple(w for w, _ in made), [v for _, v in made]

    return step


def adam(lr, beta1=0.9, beta2=0.999):
    """`descent.adam_step` for every parameter, its means 0 before the first step. lr, beta1, beta2  numbers."""

    def step(parameters, slopes, state):
        t, means, squares = state or (0, *([np.zeros_like(w) for w in parameters] for _ in range(2)))
        made = [
            adam_step(w, m, s, g, t + 1, lr, beta1, beta2)
            for w, m, s, g in zip(parameters, means, squares, slopes, strict=True)
        ]
        return tuple(w for w, _, _ in made), (t + 1, [m for _, m, _ in made], [s for _, _, s in made])

    return step


@dataclass(frozen=True)
class Epoch:
    """The network after so many passes over the training samples.

    number         0 before training.
    parameters     W1, b1, W2, b2, …
    loss           mean cross-entropy over the training samples, in nats; without the penalty of weight decay.
    accuracy       share of the training samples that are classified rightly.
    validation_loss, validation_accuracy   the same over the validation samples.
    """

    number: int
    parameters: tuple
    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float


def train(parameters, training, validation, *, step, activation, size, epochs, rng, lam=0.0):
    """Yield an `Epoch` before training and after each pass; nothing is computed before it is asked for.

    parameters   W1, b1, W2, b2, …, see `network`; activation  "sigmoid", "tanh" or "relu".
    training, validation   pairs X (n, d), Y (n, k) with one-hot rows. The second is measured, never trained on.
    step  an optimiser: `plain(lr)`, `momentum(lr)`, `adam(lr)`; size  samples in a batch; epochs  passes over them.
    lam  weight decay, λ of the penalty λ/2 Σ ‖W‖²; biases are not decayed. rng  a NumPy Generator: the order.
    """
    state, (X, Y) = None, training
    yield _measured(0, parameters, training, validation, activation)
    for number in range(1, epochs + 1):
        for rows in minibatches(len(X), size, rng):
            slopes = network.gradients(X[rows], Y[rows], *parameters, activation=activation)
            if lam:
                slopes = [g + lam * w if w.ndim == 2 else g for g, w in zip(slopes, parameters, strict=True)]
            parameters, state = step(parameters, slopes, state)
        yield _measured(number, parameters, training, validation, activation)


def _measured(number, parameters, training, validation, activation):
    results = []
    for X, Y in (training, validation):
        _, Z, P = network.forward(X, *parameters, activation=activation)
        results += [np.mean(log_sum_exp(Z) - np.sum(Y * Z, axis=1)), accuracy(P, np.argmax(Y, axis=1))]
    return Epoch(number, parameters, *map(float, results))
