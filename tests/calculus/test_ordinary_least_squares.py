"""What the best weights are, stated as mathematics and compared with SciPy and scikit-learn."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.calculus.least_squares import (
    design_with_condition,
    hat_matrix,
    minimum_norm_solution,
    mse,
    mse_gradient,
    ols_normal_equations,
    ols_qr,
    ols_row_form,
    ridge,
)

OLS = [ols_normal_equations, ols_row_form, ols_qr]
ALL = [*OLS, minimum_norm_solution]


def problem(seed, n=9, d=4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=n)


def dependent(seed, n=9, d=5, rank=3):
    """A table whose columns span fewer dimensions than there are columns, exactly."""
    rng = np.random.default_rng(seed)
    X = rng.integers(-4, 5, size=(n, rank)) @ rng.integers(-4, 5, size=(rank, d))
    return X.astype(float), rng.normal(size=n)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("solve", ALL)
@pytest.mark.parametrize("seed", range(3))
def test_the_residual_is_orthogonal_to_every_column(solve, seed):
    X, y = problem(seed)
    w = solve(X, y)
    np.testing.assert_allclose(X.T @ (y - X @ w), 0, atol=1e-12)
    np.testing.assert_allclose(mse_gradient(X, w, y), 0, atol=1e-13)


@pytest.mark.parametrize("solve", ALL)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([1e-6, 1e-2, 1.0]))
@settings(max_examples=20)
def test_no_other_weights_have_a_smaller_loss(solve, seed, size):
    X, y = problem(seed)
    w = solve(X, y)
    step = size * np.random.default_rng(seed + 1).normal(size=len(w))
    assert mse(X, w + step, y) >= mse(X, w, y) * (1 - 1e-12)


@pytest.mark.parametrize("solve", ALL)
@pytest.mark.parametrize(("n", "d"), [(9, 4), (5, 5), (3, 1), (1, 1), (40, 12)])
def test_the_weights_agree_with_two_libraries(solve, n, d):
    X, y = problem(n * d, n, d)
    w = solve(X, y)
    np.testing.assert_allclose(w, scipy.linalg.lstsq(X, y)[0], rtol=1e-7)
    np.testing.assert_allclose(w, LinearRegression(fit_intercept=False).fit(X, y).coef_, rtol=1e-7)


def test_the_row_form_is_the_transpose_of_the_column_form():
    X, y = problem(3)
    row = ols_row_form(X, y[None])
    assert row.shape == (1, 4)
    np.testing.assert_allclose(row[0], ols_normal_equations(X, y), rtol=1e-12)
    several = ols_row_form(X, np.stack([y, 2 * y, y**2]))
    np.testing.assert_allclose(several[2], ols_qr(X, y**2), rtol=1e-12)


@pytest.mark.parametrize("solve", ALL)
@pytest.mark.parametrize("size_X", [1e-300, 1e-150, 1e150, 1e300])
@pytest.mark.parametrize("size_y", [1e-150, 1.0, 1e150])
def test_units_scale_the_weights_and_cost_no_digit(solve, size_X, size_y):
    X, y = problem(5)
    factor = np.longdouble(size_y) / np.longdouble(size_X)
    expected = scipy.linalg.lstsq(X, y)[0] * factor
    if np.max(np.abs(expected)) > np.finfo(float).max:
        with pytest.raises(ValueError, match="exceeds the largest double"):
            solve(size_X * X, size_y * y)
    elif np.min(np.abs(expected)) < np.finfo(float).tiny:
        np.testing.assert_allclose(solve(size_X * X, size_y * y), 0, atol=1e-300)
    else:
        np.testing.assert_allclose(solve(size_X * X, size_y * y), expected.astype(float), rtol=1e-10)


@pytest.mark.parametrize("solve", OLS)
def test_each_column_may_have_a_unit_of_its_own(solve):
    X, y = problem(6)
    units = np.array([1e-150, 1e-3, 1.0, 1e150])
    np.testing.assert_allclose(solve(X * units, y) * units, scipy.linalg.lstsq(X, y)[0], rtol=1e-10)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("solve", OLS)
def test_too_few_rows_are_refused_with_a_way_out(solve):
    X, y = problem(7, 3, 5)
    with pytest.raises(np.linalg.LinAlgError, match="3 rows and 5 columns.*minimum_norm_solution"):
        solve(X, y)


@pytest.mark.parametrize("solve", OLS)
@pytest.mark.parametrize("seed", range(4))
def test_dependent_columns_are_refused_with_a_way_out(solve, seed):
    X, y = dependent(seed)
    with pytest.raises(np.linalg.LinAlgError, match="minimum_norm_solution"):
        solve(X, y)


@pytest.mark.parametrize("solve", OLS)
@pytest.mark.parametrize("X", [np.zeros((4, 1)), np.ones((4, 2)), np.eye(4)[:, :3] * [1, 1, 0]])
def test_columns_of_zeros_and_equal_columns_are_refused(solve, X):
    with pytest.raises(np.linalg.LinAlgError, match="minimum_norm_solution"):
        solve(X, np.arange(4.0))


@pytest.mark.parametrize("solve", [ols_normal_equations, ols_row_form])
def test_normal_equations_refuse_what_qr_still_solves(solve):
    X = design_with_condition(1e10, 20, 4, np.random.default_rng(0))
    w = np.array([1.0, -2.0, 3.0, -4.0])
    with pytest.raises(np.linalg.LinAlgError, match="use ols_qr"):
        solve(X, X @ w)
    np.testing.assert_allclose(ols_qr(X, X @ w), w, rtol=1e-4)


@pytest.mark.parametrize("solve", ALL)
@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.ones(3), np.ones(3), r"X has shape \(3,\), a matrix with rows and columns was expected"),
        (np.ones((0, 2)), np.ones(0), r"X has shape \(0, 2\)"),
        (np.ones((3, 2)), np.ones(4), "y has shape"),
        (np.array([[1.0], [np.nan]]), np.ones(2), r"X holds nan at \[1, 0\], finite numbers were expected"),
        (np.eye(2), np.array([1.0, np.inf]), r"y holds inf at \[1\]"),
        (np.eye(2) * 1j, np.ones(2), "X holds values of type complex128, real numbers were expected"),
    ],
)
def test_a_bad_problem_is_named(solve, X, y, message):
    with pytest.raises(ValueError, match=message):
        solve(X, y)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kappa", [1e2, 1e4, 1e6])
def test_normal_equations_lose_twice_the_digits(kappa):
    rng = np.random.default_rng(1)
    lost = {ols_normal_equations: [], ols_qr: []}
    for _ in range(20):
        X, w = design_with_condition(kappa, 30, 6, rng), rng.normal(size=6)
        for solve, errors in lost.items():
            errors.append(np.linalg.norm(solve(X, X @ w) - w) / np.linalg.norm(w))
    eps = np.finfo(float).eps
    assert np.median(lost[ols_qr]) < 10 * kappa * eps
    assert np.median(lost[ols_normal_equations]) > 0.01 * kappa**2 * eps
    assert np.median(lost[ols_normal_equations]) < 10 * kappa**2 * eps


def test_the_design_has_the_condition_it_was_asked_for():
    X = design_with_condition(1e5, 12, 5, np.random.default_rng(2))
    np.testing.assert_allclose(np.linalg.svd(X, compute_uv=False), np.logspace(0, -5, 5), rtol=1e-9)
    np.testing.assert_allclose(np.linalg.cond(X.T @ X), 1e10, rtol=1e-4)
    with pytest.raises(ValueError, match="kappa = 0.5"):
        design_with_condition(0.5, 12, 5, np.random.default_rng(2))
    with pytest.raises(ValueError, match=r"\(3, 5\)"):
        design_with_condition(10, 3, 5, np.random.default_rng(2))


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "X", [problem(8)[0], dependent(8)[0], problem(8, 3, 5)[0], problem(8, 4, 1)[0], np.zeros((3, 2)), np.eye(3)]
)
def test_the_hat_matrix_projects_onto_the_columns(X):
    H = hat_matrix(X)
    np.testing.assert_allclose(H, H.T, atol=1e-14)
    np.testing.assert_allclose(H @ H, H, atol=1e-13)
    np.testing.assert_allclose(H @ X, X, atol=1e-12)
    basis = scipy.linalg.orth(X)
    np.testing.assert_allclose(H, basis @ basis.T, atol=1e-12)
    np.testing.assert_allclose(np.trace(H), np.linalg.matrix_rank(X), atol=1e-12)


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_the_hat_matrix_has_no_unit(size):
    X, y = problem(9)
    np.testing.assert_allclose(hat_matrix(size * X), hat_matrix(X), atol=1e-14)
    np.testing.assert_allclose(hat_matrix(X) @ y, X @ ols_qr(X, y), rtol=1e-12)


# ----------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("X", "y"), [problem(10), problem(10, 3, 6), dependent(10), problem(10, 5, 1)])
@pytest.mark.parametrize("lam", [1e-3, 0.3, 50.0])
def test_ridge_makes_the_gradient_of_its_loss_zero(X, y, lam):
    w = ridge(X, y, lam)
    gradient = complex_step_gradient(lambda w: mse(X, w, y) + lam / 2 * np.sum(w**2), w)
    np.testing.assert_allclose(gradient, 0, atol=1e-12 * np.max(np.abs(X.T @ y)))
    oracle = Ridge(alpha=len(y) * lam, fit_intercept=False, solver="svd").fit(X, y).coef_
    np.testing.assert_allclose(w, oracle, rtol=1e-8, atol=1e-12 * np.max(np.abs(oracle)))


@pytest.mark.parametrize("size_X", [1e-300, 1e-150, 1e150])
@pytest.mark.parametrize("size_lam", [0.1, 1.0, 1e3])
def test_ridge_scales_with_its_units(size_X, size_lam):
    X, y = problem(11)
    small = size_lam * size_X**2 if size_X**2 > 0 else 0.0
    np.testing.assert_allclose(ridge(size_X * X, y, small) * size_X, ridge(X, y, small and size_lam), rtol=1e-10)


def test_a_penalty_far_above_the_data_leaves_the_first_order():
    X, y = problem(12)
    np.testing.assert_allclose(ridge(1e-200 * X, y, 1.0), X.T @ y / len(y) * 1e-200, rtol=1e-12)
    np.testing.assert_allclose(ridge(X, y, 1e300), X.T @ y / len(y) * 1e-300, rtol=1e-12)


@pytest.mark.parametrize("lam", [-1.0, np.nan, np.inf])
def test_a_penalty_that_is_none_is_named(lam):
    with pytest.raises(ValueError, match="lam"):
        ridge(*problem(13), lam)


@pytest.mark.parametrize(("X", "y"), [dependent(14), problem(14, 3, 6)])
def test_ridge_tends_to_the_shortest_solution(X, y):
    np.testing.assert_allclose(ridge(X, y, 1e-9), minimum_norm_solution(X, y), rtol=1e-5, atol=1e-7)


# ----------------------------------------------------------------------------------------------------------------------
DEGENERATE = [
    problem(15, 3, 6),
    dependent(15),
    dependent(16, 4, 7, 2),
    (np.zeros((3, 2)), np.ones(3)),
    problem(17, 5, 1),
]


@pytest.mark.parametrize(("X", "y"), DEGENERATE)
def test_the_minimum_norm_solution_fits_best_and_lies_in_the_row_space(X, y):
    w = minimum_norm_solution(X, y)
    np.testing.assert_allclose(X.T @ (y - X @ w), 0, atol=1e-10)
    null_space = scipy.linalg.null_space(X)
    np.testing.assert_allclose(null_space.T @ w, 0, atol=1e-12)
    np.testing.assert_allclose(w, scipy.linalg.lstsq(X, y)[0], rtol=1e-8, atol=1e-12)
    for direction in null_space.T:
        np.testing.assert_allclose(mse(X, w + direction, y), mse(X, w, y), atol=1e-12)
        assert np.linalg.norm(w + direction) > np.linalg.norm(w)


@pytest.mark.parametrize(("X", "y"), DEGENERATE)
@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_the_minimum_norm_solution_survives_extreme_units(X, y, size):
    np.testing.assert_allclose(
        minimum_norm_solution(size * X, y) * size, minimum_norm_solution(X, y), rtol=1e-10, atol=1e-13
    )


def test_the_input_is_left_alone():
    X, y = problem(18)
    before = X.copy(), y.copy()
    for solve in ALL:
        solve(X, y)
    ridge(X, y, 0.1)
    assert np.array_equal(X, before[0])
    assert np.array_equal(y, before[1])
