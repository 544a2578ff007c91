"""Chapter 3: the exercises of the syllabus, and the draws of huber."""

import numpy as np
import pytest

from course_lib.checks import exercises, find
from course_lib.checks.drawing import draws


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


@pytest.mark.parametrize("seed", range(6))
def test_residuals_lie_on_both_sides_of_the_kink_of_huber(seed):
    for draw in draws("huber_gradient", seed):
        X, w, y, delta = find("huber_gradient").arguments(draw)
        size = np.abs(X @ w - y)
        assert np.any(size < delta)
        assert np.any(size > delta)
        assert np.min(np.abs(size - delta)) > 1e-3 * delta
