"""Chapter 3: the exercises of the syllabus, and no difference quotient passes for a gradient derived by hand."""

import numpy as np
import pytest

from course_lib.checks import SEED, exercises, find, judge
from course_lib.checks.drawing import draws
from course_lib.checks.judging import FunctionCaller


def huber(r, delta):
    size = np.abs(r)
    return np.where(size <= delta, r**2 / 2, delta * (size - delta / 2))


# The loss of each gradient exercise, and the place of the variable among the parameters.
LOSSES = {
    "mse_residual_gradient": (lambda y_hat, y: np.mean((y_hat - y) ** 2) / 2, 0),
    "mse_gradient": (lambda X, w, y: np.mean((X @ w - y) ** 2) / 2, 1),
    "weighted_mse_gradient": (lambda X, w, y, s: np.mean(s * (X @ w - y) ** 2) / 2, 1),
    "huber_gradient": (lambda X, w, y, delta: np.mean(huber(X @ w - y, delta)), 1),
    "bias_gradient": (lambda X, w, b, y: np.mean((X @ w + b - y) ** 2) / 2, 2),
}


def by_differences(loss, place, h):
    """A learner's answer that takes central differences of the loss with the step h."""

    def gradient(*args):
        def moved(step):
            return loss(*args[:place], args[place] + step, *args[place + 1 :])

        if np.ndim(args[place]) == 0:
            return (moved(h) - moved(-h)) / (2 * h)
        return np.array([(moved(step) - moved(-step)) / (2 * h) for step in h * np.eye(len(args[place]))])

    return gradient


def test_chapter_3_has_the_exercises_of_the_syllabus():
    assert [e.call for e in exercises("03")] == [
        "mse(X, w, y)",
        "mse_residual_gradient(y_hat, y)",
        "mse_gradient(X, w, y)",
        "weighted_mse_gradient(X, w, y, s)",
        "huber_gradient(X, w, y, delta)",
        "bias_gradient(X, w, b, y)",
        "mse_gradient_derivation",
    ]


@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize("h", [1e-6, 1e-5, 1e-4])
@pytest.mark.parametrize("name", LOSSES)
def test_a_difference_quotient_does_not_pass(name, h, seed):
    verdict = judge(find(name), FunctionCaller(by_differences(*LOSSES[name], h)), seed)
    assert verdict.status == "wrong", verdict.message


@pytest.mark.parametrize("seed", range(6))
def test_residuals_lie_on_both_sides_of_the_kink_of_huber(seed):
    for draw in draws("huber_gradient", seed):
        X, w, y, delta = find("huber_gradient").arguments(draw)
        size = np.abs(X @ w - y)
        assert np.any(size < delta)
        assert np.any(size > delta)
        assert np.min(np.abs(size - delta)) > 1e-3 * delta
