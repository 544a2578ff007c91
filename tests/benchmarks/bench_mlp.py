"""One gradient step of the perceptron, beside its five bare matrix products and other libraries on the CPU, float64.

Targets: at most 1.4 times the products at 784-256-10 with 256 samples, 5 times at 64-32-10 with 32. The contestants
take turns within a round, so a busy machine slows all of them; a ratio is the median over the rounds.
"""

import importlib.util
import statistics
import time

import numpy as np

from course_lib.calculus import mlp

CASES = ((784, 256, 10, 256, 3), (64, 32, 10, 32, 100))
LR = 0.1


def run(rounds=31):
    """Print, for both sizes, the median time of a step and its ratio to the bare products."""
    for d, h, k, n, repeats in CASES:
        rng = np.random.default_rng(0)
        X, Y = rng.normal(size=(n, d)), np.eye(k)[rng.integers(k, size=n)]
        parameters = [rng.normal(size=shape) / 10 for shape in ((d, h), (h,), (h, k), (k,))]
        contestants = {
            name: make(X, Y, *(p.copy() for p in parameters)) for name, make in MAKERS.items() if _installed(name)
        }
        times = {name: [] for name in contestants}
        for _ in range(rounds + 1):
            for name, step in contestants.items():
                times[name].append(_seconds(step, repeats))
        print(f"{d}-{h}-{k}, {n} samples")
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


def products(X, Y, W1, b1, W2, b2):
    """Two products forwards and three backwards, and nothing else."""
    A, G = X @ W1, Y / len(X)

    def step():
        return X @ W1, A @ W2, A.T @ G, G @ W2.T, X.T @ A

    return step


def course(X, Y, *parameters):
    state = list(parameters)

    def step():
        state[:] = mlp.sgd_step(X, Y, *state, LR)

    return step


def scikit_learn(X, Y, W1, b1, W2, b2):
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        (len(b1),), activation="logistic", solver="sgd", alpha=0, learning_rate_init=LR, momentum=0, batch_size=len(X)
    )
    labels = Y.argmax(axis=1)
    model.partial_fit(X, labels, classes=range(Y.shape[1]))
    return lambda: model.partial_fit(X, labels)


def torch(X, Y, *parameters):
    import torch as t

    X, labels = t.tensor(X), t.tensor(Y.argmax(axis=1))
    W1, b1, W2, b2 = state = [t.tensor(p, requires_grad=True) for p in parameters]
    optimiser = t.optim.SGD(state, lr=LR)

    def step():
        optimiser.zero_grad()
        t.nn.functional.cross_entropy(t.sigmoid(X @ W1 + b1) @ W2 + b2, labels).backward()
        optimiser.step()

    return step


def jax(X, Y, *parameters):
    import jax as j

    j.config.update("jax_enable_x64", True)

    def loss(parameters):
        W1, b1, W2, b2 = parameters
        scores = j.nn.sigmoid(X @ W1 + b1) @ W2 + b2
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
