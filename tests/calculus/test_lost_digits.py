"""What chapter 5 says about lost digits, against solutions in 50 digits (mpmath) and against the definition."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from course_lib.calculus.least_squares import design_with_condition, ols_qr
from course_lib.checks.exact import solve_exactly
from course_lib.data import diabetes

EPS = np.finfo(float).eps


def fifty_digits(X, y):
    """The weights with the least squares, from the normal equations in 50 digits."""
    with mpmath.workdps(50):
        X, y = mpmath.matrix(X.tolist()), mpmath.matrix(y.tolist())
        return np.array([float(w) for w in mpmath.lu_solve(X.T * X, X.T * y)])


def error_of_normal_equations(X, y):
    exact = fifty_digits(X, y)
    return np.linalg.norm(np.linalg.solve(X.T @ X, X.T @ y) - exact) / np.linalg.norm(exact)


def test_fractions_and_fifty_digits_agree_on_the_weights(rng):
    X, y = design_with_condition(1e6, 12, 4, rng), rng.normal(size=12)
    exactly = np.vectorize(Fraction, otypes=[object])
    A, b = exactly(X), exactly(y)
    assert solve_exactly(A.T @ A, (A.T @ b)[:, None])[:, 0] == pytest.approx(fifty_digits(X, y), rel=1e-15, abs=0)


def test_units_cost_the_normal_equations_nothing_and_centring_helps():
    table, score, _ = diabetes()
    raw = np.column_stack([np.ones(len(score)), table])
    scaled = raw / np.linalg.norm(raw, axis=0)
    centred = table - table.mean(axis=0)
    in_units, at_length_1 = (error_of_normal_equations(X, score) for X in (raw, scaled))
    without_mean = error_of_normal_equations(centred, score - score.mean())
    assert np.linalg.cond(raw) > 30 * np.linalg.cond(scaled)
    assert 1 / 50 < in_units / at_length_1 < 50
    # Hundreds of times better than the bound that goes by the condition number in raw units.
    assert in_units < EPS * np.linalg.cond(raw) ** 2 / 500
    assert at_length_1 < 10 * EPS * np.linalg.cond(scaled) ** 2
    assert without_mean < at_length_1 / 20


def test_a_relative_error_of_the_target_grows_by_the_condition_number_over_the_cosine_and_no_more(rng):
    for _ in range(20):
        X, y = design_with_condition(10.0 ** rng.uniform(0, 4), 9, 3, rng), rng.normal(size=9)
        U, s, Vt = np.linalg.svd(X, full_matrices=False)
        w = ols_qr(X, y)
        cosine = np.linalg.norm(X @ w) / np.linalg.norm(y)
        most = s[0] / s[-1] / cosine
        for change in (rng.normal(size=9), U[:, -1]):
            change = change * 1e-3 * np.linalg.norm(y) / np.linalg.norm(change)
            grown = np.linalg.norm(ols_qr(X, y + change) - w) / np.linalg.norm(w) / 1e-3
            assert grown <= most * (1 + 1e-6)
        # It is reached: the target along the longest direction, the change along the shortest, the rest upright.
        upright = y - U @ (U.T @ y)
        target = U[:, 0] + upright
        w, change = ols_qr(X, target), 1e-3 * np.linalg.norm(target) * U[:, -1]
        grown = np.linalg.norm(ols_qr(X, target + change) - w) / np.linalg.norm(w) / 1e-3
        assert grown == pytest.approx(s[0] / s[-1] * np.linalg.norm(target), rel=1e-6)
