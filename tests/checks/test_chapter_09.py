"""What chapter 9's checks accept beside their solutions, and what they refuse."""

import numpy as np
import pytest

from course_lib.checks import check
from course_lib.checks.judging import copied
from tests.grading.handing_in import graded, notebook


def named(name, function):
    function.__name__ = name
    return function


def limit(d, h):
    return np.sqrt(6 / (d + h))


@pytest.mark.parametrize(
    "draw",
    [
        lambda d, h, rng: rng.uniform(-limit(d, h), limit(d, h), size=(d, h)),
        lambda d, h, rng: limit(d, h) * (2 * rng.random((d, h)) - 1),
        lambda d, h, rng: rng.uniform(-limit(d, h), limit(d, h), (h, d)).T,
        lambda d, h, rng: -rng.uniform(-limit(d, h), limit(d, h), (d, h)),
        lambda d, h, rng: np.array([rng.uniform(-limit(d, h), limit(d, h), h) for _ in range(d)]),
    ],
    ids=["plain", "scaled", "columns first", "turned round", "row by row"],
)
def test_every_even_draw_from_the_generator_is_right(draw):
    verdict = check(named("glorot_init", draw))
    assert verdict.ok, verdict.message


@pytest.mark.parametrize(
    ("draw", "status", "message"),
    [
        (lambda d, h, rng: [[0.0] * h] * d, "kind", "no array of real numbers"),
        (lambda d, h, rng: np.ones((d, h), dtype=int), "kind", "no array of real numbers"),
        (lambda d, h, rng: rng.uniform(-1, 1, d * h), "shape", "has shape"),
        (lambda d, h, rng: np.full((d, h), np.nan), "not finite", "no finite numbers"),
        (lambda d, h, rng: rng.uniform(-1, 1, (d, h)), "wrong", "at most"),
        (lambda d, h, rng: rng.uniform(-limit(d, h), limit(d, h), (d, h)) ** 3, "wrong", "standard deviation"),
        (lambda d, h, rng: np.full((d, h), limit(d, h) / 2), "wrong", "standard deviation"),
    ],
)
def test_what_is_no_even_draw_is_refused(draw, status, message):
    verdict = check(named("glorot_init", draw))
    assert (verdict.status, verdict.points) == (status, 0)
    # What is spread otherwise is told so; nothing else is known of these.
    assert verdict.mistake == "spread" or message in verdict.message
    assert verdict.mistake in (None, "spread")


def test_numbers_from_another_generator_are_called_so():
    def glorot_init(d, h, rng):
        return np.random.default_rng(0).uniform(-limit(d, h), limit(d, h), (d, h))

    assert check(glorot_init).mistake == "generator"


def test_a_generator_is_copied_with_its_state():
    rng = np.random.default_rng(5)
    first, second = copied((rng, rng))
    expected = np.random.default_rng(5).random(3)
    for generator in (first, second, rng):
        np.testing.assert_array_equal(generator.random(3), expected)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("one_hot", lambda labels, k: labels[:, None] == np.arange(k)),
        ("accuracy", lambda P, labels: float(np.sum(P.argmax(1) == labels)) / len(P)),
        ("confusion_matrix", lambda labels, predicted, k: np.eye(k)[labels].T @ np.eye(k)[predicted]),
    ],
)
def test_other_ways_to_the_same_answer_are_right(name, function):
    assert check(named(name, function)).ok


def test_moving_the_given_arrays_in_place_is_told():
    def sgd_epoch(X, Y, W1, b1, W2, b2, lr, batches):
        for rows in batches:
            A = 1 / (1 + np.exp(-(X[rows] @ W1 + b1)))
            E = np.exp(A @ W2 + b2)
            dZ2 = (E / E.sum(axis=1, keepdims=True) - Y[rows]) / len(rows)
            dZ1 = (dZ2 @ W2.T) * A * (1 - A)
            W1 -= lr * X[rows].T @ dZ1
            b1 -= lr * dZ1.sum(axis=0)
            W2 -= lr * A.T @ dZ2
            b2 -= lr * dZ2.sum(axis=0)
        return W1, b1, W2, b2

    verdict = check(sgd_epoch)
    assert (verdict.status, verdict.mistake) == ("overwritten", "overwritten")
    assert "`W1` and `b1` and `W2` and `b2`" in verdict.message


def test_a_generator_reaches_the_sandbox_with_its_state(confinement):
    answer = (
        "def glorot_init(d, h, rng):\n    limit = (6 / (d + h)) ** 0.5\n    return rng.uniform(-limit, limit, (d, h))"
    )
    verdict = graded(confinement, notebook(answer), "09").verdicts[0]
    assert (verdict.exercise, verdict.status) == ("glorot_init", "right")
