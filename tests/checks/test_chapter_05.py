"""Chapter 5: the exercises of the syllabus, exact truths, and no XᵀX where QR is asked for."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.linalg
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from course_lib.checks import SEED, exercises, find, judge
from course_lib.checks.drawing import draws
from course_lib.checks.exact import solve_exactly
from course_lib.checks.judging import FunctionCaller


def test_chapter_5_has_the_exercises_of_the_syllabus_and_two_more():
    assert [e.call for e in exercises("05")] == [
        "ols_normal_equations(X, y)",
        "ols_row_form(X, y)",
        "ols_qr(X, y)",
        "hat_matrix(X)",
        "ridge(X, y, lam)",
        "minimum_norm_solution(X, y)",
        "weighted_ols(X, y, s)",
        "leave_one_out(X, y)",
    ]


@pytest.mark.parametrize("seed", [SEED, *range(5)])
def test_what_stands_in_no_chapter_agrees_with_scikit_learn(seed):
    model = LinearRegression(fit_intercept=False)

    def weighted_ols(X, y, s):
        return model.fit(X, y, sample_weight=s).coef_

    def leave_one_out(X, y):
        return y - cross_val_predict(model, X, y, cv=LeaveOneOut())

    for function in (weighted_ols, leave_one_out):
        verdict = judge(find(function.__name__), FunctionCaller(function), seed)
        assert verdict.status == "right", verdict.message


def test_exact_elimination_meets_the_equations_to_the_last_bit():
    rng = np.random.default_rng(0)
    A, Z = rng.integers(-9, 9, size=(5, 5)) / 8, rng.integers(-9, 9, size=(5, 2)) / 4
    assert np.array_equal(solve_exactly(A, A @ Z), Z)
    hilbert = scipy.linalg.hilbert(9)
    column = solve_exactly(hilbert, np.ones((9, 1)))[:, 0]
    rounded = [
        sum(Fraction(float(a)) * Fraction(float(z)) for a, z in zip(row, column, strict=True)) for row in hilbert
    ]
    assert max(abs(float(value - 1)) for value in rounded) < 1e-9


def test_exact_elimination_knows_rank_and_contradiction():
    A = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]])
    Z = solve_exactly(A, np.array([[1.0], [2.0]]))
    assert np.array_equal(A @ Z, [[1.0], [2.0]])
    with pytest.raises(ValueError, match="contradict"):
        solve_exactly(A, np.array([[1.0], [3.0]]))


GOOD_FOR_QR = {
    "R by solve": lambda X, y: (lambda Q, R: np.linalg.solve(R, Q.T @ y))(*np.linalg.qr(X)),
    "R by inverse": lambda X, y: (lambda Q, R: np.linalg.inv(R) @ Q.T @ y)(*np.linalg.qr(X)),
    "lstsq": lambda X, y: np.linalg.lstsq(X, y)[0],
    "pseudo-inverse of X": lambda X, y: np.linalg.pinv(X) @ y,
    "SciPy": lambda X, y: scipy.linalg.lstsq(X, y, lapack_driver="gelsy")[0],
}
THROUGH_XTX = {
    "solve": (lambda X, y: np.linalg.solve(X.T @ X, X.T @ y), "normal-equations"),
    "inverse": (lambda X, y: np.linalg.inv(X.T @ X) @ X.T @ y, "normal-equations"),
    "inverse, other brackets": (lambda X, y: np.linalg.inv(X.T @ X) @ (X.T @ y), "normal-equations"),
    "transposed first": (lambda X, y: np.linalg.solve((X.T @ X).T, y @ X), "normal-equations"),
    "einsum": (lambda X, y: np.linalg.solve(np.einsum("ij,ik->jk", X, X), X.T @ y), "normal-equations"),
    "lstsq": (lambda X, y: np.linalg.lstsq(X.T @ X, X.T @ y)[0], "pseudo-inverse"),
    "pinv": (lambda X, y: np.linalg.pinv(X.T @ X) @ (X.T @ y), "pseudo-inverse"),
    "Cholesky": (lambda X, y: np.linalg.cholesky(X.T @ X) @ y, "cholesky"),
}


@pytest.mark.parametrize("seed", [SEED, *range(8)])
@pytest.mark.parametrize("way", GOOD_FOR_QR)
def test_every_stable_way_passes_where_qr_is_asked_for(way, seed):
    verdict = judge(find("ols_qr"), FunctionCaller(GOOD_FOR_QR[way]), seed)
    assert verdict.status == "right", verdict.message


@pytest.mark.parametrize("seed", [SEED, *range(8)])
@pytest.mark.parametrize("way", THROUGH_XTX)
def test_no_way_through_the_normal_equations_passes_where_qr_is_asked_for(way, seed):
    answer, mistake = THROUGH_XTX[way]
    verdict = judge(find("ols_qr"), FunctionCaller(answer), seed)
    assert verdict.mistake == mistake, verdict.message


@pytest.mark.parametrize("seed", range(6))
def test_the_design_for_qr_has_independent_columns_and_a_singular_gram_matrix(seed):
    for draw in draws("ols_qr", seed):
        X, _ = find("ols_qr").arguments(draw)
        kappa = np.linalg.cond(X)
        assert 1e8 < kappa < 1e12
        assert np.array_equal(X.T @ X, np.outer(X[0], X[0]))


@pytest.mark.parametrize("seed", range(6))
def test_the_draws_of_the_shortest_solution_are_deficient_in_columns_and_then_in_rows(seed):
    for draw in draws("minimum_norm_solution", seed):
        X, y = find("minimum_norm_solution").arguments(draw)
        n, d = X.shape
        rank = np.linalg.matrix_rank(X)
        assert rank < d
        assert (n < d and rank == n) if draw.index % 2 == 0 else (n > d and rank < n)
        truth = find("minimum_norm_solution").definition(X, y)
        np.testing.assert_allclose(truth, scipy.linalg.lstsq(X, y)[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(scipy.linalg.null_space(X).T @ truth, 0, atol=1e-12 * np.linalg.norm(truth))
