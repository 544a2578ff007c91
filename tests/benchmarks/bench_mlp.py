"""One gradient step of the perceptron, beside its bare matrix products and other libraries on the CPU, float64.

Targets: at most 1.4 times the products at 784-256-10 and at 784-256-256-10 with 256 samples, 5 times at 64-32-10 with
32. The contestants take turns within a round, so a busy machine slows all of them; a ratio is the median over the
rounds. The two layers are those that are written out by hand, the three are the loop over the layers.
"""

import importlib.util
import statistics
import time

import numpy as np

from course_lib.calculus import mlp, network

# Units before the first layer and after every one, activation, samples, steps in a round.
CASES = (
    ((784, 256, 10), "sigmoid", 256, 3),
    ((784, 256, 256, 10), "relu", 256, 3),
    ((784, 256, 256, 10), "sigmoid", 256, 3),
    ((64, 32, 10), "sigmoid", 32, 100),
)
LR = 0.1


def run(rounds=31):
    """Print, for every case, the median time of a step and its ratio to the bare products."""
    for sizes, activation, n, repeats in CASES:
        rng = np.random.default_rng(0)
        X, Y = rng.normal(size=(n, sizes[0])), np.eye(sizes[-1])[rng.integers(sizes[-1], size=n)]
        parameters = network.initial_parameters(sizes, rng)
        contestants = {
            name: make(activation, X, Y, *(p.copy() for p in parameters))
            for name, make in MAKERS.items()
            if _installed(name)
        }
        times = {name: [] for name in contestants}
        for _ in range(rounds + 1):
            for name, step in contestants.items():
                times[name].append(_seconds(step, repeats))
        print(f"{'-'.join(map(str, sizes))}, {activation}, {n} samples")
        for name, seconds in times.items():
            # The first round warms up caches and compilers.
            ratio = statistics.median(t / bare for t, bare in zip(seconds[1:], times["products"][1:], strict=True))
            print(f"  {name:<13} {statistics.median(seconds[1:]) * 1e6:9.1f} µs   {ratio:5.2f} x the products")


def _seconds(step, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def _installed(name):
    needs = {"scikit-learn": "sklearn", "torch": "torch", "jax": "jax"}
    return name not in needs or importlib.util.find_spec(needs[name]) is not None


def products(activation, X, Y, *parameters):
    """For each layer a product forwards and one for its weights, and behind the first one for the way back."""
    weights = parameters[::2]
    A, G = [X], Y / len(X)
    for W in weights[:-1]:
        A.append(A[-1] @ W)
    signals = [*A[1:], G]

    def step():
        forwards = [a @ W for a, W in zip(A, weights, strict=True)]
        slopes = [a.T @ signal for a, signal in zip(A, signals, strict=True)]
        return forwards, slopes, [signal @ W.T for signal, W in zip(signals[1:], weights[1:], strict=True)]

    return step


def course(activation, X, Y, *parameters):
    state = list(parameters)

    def by_hand():
        state[:] = mlp.sgd_step(X, Y, *state, LR)

    def in_a_loop():
        state[:] = network.sgd_step(X, Y, *state, lr=LR, activation=activation)

    return by_hand if len(state) == 4 else in_a_loop


def scikit_learn(activation, X, Y, *parameters):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        [len(b) for b in parameters[1:-1:2]],
        activation={"sigmoid": "logistic", "relu": "relu"}[activation],
        solver="sgd",
        alpha=0,
        learning_rate_init=LR,
        momentum=0,
        batch_size=len(X),
    )
    labels = Y.argmax(axis=1)
    model.partial_fit(X, labels, classes=range(Y.shape[1]))
    return lambda: model.partial_fit(X, labels)


def torch(activation, X, Y, *parameters):
    import torch as t

    X, labels = t.tensor(X), t.tensor(Y.argmax(axis=1))
    state = [t.tensor(p, requires_grad=True) for p in parameters]
    optimiser = t.optim.SGD(state, lr=LR)
    phi = getattr(t, activation)

    def step():
        optimiser.zero_grad()
        value = X
        for W, b in zip(state[:-2:2], state[1:-2:2], strict=True):
            value = phi(value @ W + b)
        t.nn.functional.cross_entropy(value @ state[-2] + state[-1], labels).backward()
        optimiser.step()

    return step


def jax(activation, X, Y, *parameters):
    import jax as j

    j.config.update("jax_enable_x64", True)
    phi = getattr(j.nn, activation)

    def loss(parameters):
        value = X
        for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            value = phi(value @ W + b)
        scores = value @ parameters[-2] + parameters[-1]
        return -j.numpy.mean(j.numpy.sum(Y * j.nn.log_softmax(scores), axis=1))

    @j.jit
    def update(parameters):
        return [p - LR * g for p, g in zip(parameters, j.grad(loss)(parameters), strict=True)]

    state = [[j.numpy.asarray(p) for p in parameters]]

    def step():
        state[0] = j.block_until_ready(update(state[0]))

    return step


MAKERS = {
    "products": products,
    "course": course,
    "scikit-learn": scikit_learn,
    "torch": torch,
    "jax": jax,
}
