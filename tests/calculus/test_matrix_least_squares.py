"""The Frobenius loss, its gradients and the Jacobian of XW agree with autograd, SymPy, SciPy and the definition."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from scipy.optimize import approx_fprime

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.calculus.least_squares import (
    frobenius_gradient,
    frobenius_loss,
    gradient_in_X,
    kronecker_jacobian,
    product_pullback,
    tensor_jacobian,
    vec,
)
from tests.calculus.rounding import EPS, assert_rounded

N, D, K = 6, 4, 3
SYMBOLIC = {"x": (4, 3), "w": (3, 2), "y": (4, 2)}


@pytest.fixture
def problem(rng):
    """X (N, D), W (D, K) and Y (N, K)."""
    return rng.normal(size=(N, D)), rng.normal(size=(D, K)), rng.normal(size=(N, K))


def loss_for_autograd(X, W, Y):
    return anp.mean(anp.sum((anp.dot(X, W) - Y) ** 2, axis=1))


def residual_size(X, W, Y):
    """What the absolute values of the D + 1 terms of each residual add up to."""
    return np.abs(X) @ np.abs(W) + np.abs(Y)


def loss_size(X, W, Y):
    return np.sum(residual_size(X, W, Y) ** 2) / N


def gradient_size(X, W, Y):
    """The same for the terms of each entry of the gradient in W."""
    return 2 / N * np.abs(X).T @ residual_size(X, W, Y)


def gradient_in_X_size(X, W, Y):
    return 2 / N * residual_size(X, W, Y) @ np.abs(W).T


# D + 1 terms in a residual, N or K of them in an entry of a gradient, N K squares in the loss, and the factor 2/N.
STEPS = N * K + D + 4


def test_the_loss_is_the_squared_norm_over_the_number_of_rows(problem):
    X, W, Y = problem
    # Both start from the same residuals, and squares do not cancel.
    assert_rounded(frobenius_loss(X, W, Y), np.linalg.norm(X @ W - Y, "fro") ** 2 / N, STEPS)


def test_the_loss_is_the_mean_over_samples_of_the_squared_distance(problem):
    X, W, Y = problem
    distances = [np.linalg.norm(x @ W - y) ** 2 for x, y in zip(X, Y, strict=True)]
    assert_rounded(frobenius_loss(X, W, Y), np.mean(distances), STEPS, loss_size(X, W, Y))


@pytest.mark.parametrize(
    ("gradient", "argument", "size"), [(gradient_in_X, 0, gradient_in_X_size), (frobenius_gradient, 1, gradient_size)]
)
def test_gradients_agree_with_autograd(gradient, argument, size, problem):
    expected = autograd.grad(loss_for_autograd, argument)(*problem)
    assert_rounded(gradient(*problem), expected, STEPS, size(*problem))


def test_gradients_agree_with_the_complex_step(problem):
    X, W, Y = problem
    in_W = complex_step_gradient(lambda W: frobenius_loss(X, W, Y), W)
    in_X = complex_step_gradient(lambda X: frobenius_loss(X, W, Y), X)
    assert_rounded(frobenius_gradient(X, W, Y), in_W, STEPS, gradient_size(X, W, Y))
    assert_rounded(gradient_in_X(X, W, Y), in_X, STEPS, gradient_in_X_size(X, W, Y))


def test_gradients_agree_with_scipys_differences(problem):
    X, W, Y = problem
    h = np.sqrt(EPS)
    by_differences = approx_fprime(W.ravel(), lambda w: frobenius_loss(X, w.reshape(W.shape), Y), h)
    # The second derivative in w_lj is 2/N times the squared length of column l of X.
    remainder = h / 2 * 2 / N * np.repeat(np.sum(X**2, axis=0), K)
    rounding = 2 * STEPS * EPS * loss_size(X, W, Y) / h
    assert np.all(np.abs(frobenius_gradient(X, W, Y).ravel() - by_differences) <= remainder + rounding)


def test_gradients_agree_with_sympy_symbol_by_symbol():
    X, W, Y = (sympy.Matrix(*shape, sympy.symbols(f"{s}:{shape[0] * shape[1]}")) for s, shape in SYMBOLIC.items())
    loss = sum(entry**2 for entry in X * W - Y) / X.rows
    for variable, claim in ((W, 2 * X.T * (X * W - Y) / X.rows), (X, 2 * (X * W - Y) * W.T / X.rows)):
        for entry, claimed in zip(variable, claim, strict=True):
            assert sympy.expand(sympy.diff(loss, entry) - claimed) == 0


def test_at_the_least_squares_solution_the_gradient_in_W_is_zero(problem):
    X, _, Y = problem
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    # The solver is backward stable: `best` solves exactly a problem that differs by about N D ε of each length.
    size = 2 / N * np.linalg.norm(X) * (np.linalg.norm(X) * np.linalg.norm(best) + np.linalg.norm(Y))
    assert_rounded(frobenius_gradient(X, best, Y), np.zeros((D, K)), N * D, size)


def test_along_a_line_the_loss_is_its_value_its_slope_and_a_square(rng, problem):
    X, W, Y = problem
    step = rng.normal(size=W.shape)
    expansion = frobenius_loss(X, W, Y) + np.sum(frobenius_gradient(X, W, Y) * step) + np.sum((X @ step) ** 2) / N
    size = loss_size(X, np.abs(W) + np.abs(step), Y)
    assert_rounded(frobenius_loss(X, W + step, Y), expansion, STEPS + D * K, size)


def test_vec_stacks_columns():
    np.testing.assert_array_equal(vec(np.array([[1, 2, 3], [4, 5, 6]])), [1, 4, 2, 5, 3, 6])


def test_vec_of_a_product_is_a_kronecker_product_times_vec(rng, problem):
    X, W, _ = problem
    A, B = rng.normal(size=(5, D)), rng.normal(size=(K, 7))
    size = vec(np.abs(A) @ np.abs(W) @ np.abs(B))
    assert_rounded(vec(A @ W @ B), np.kron(B.T, A) @ vec(W), D * K + 2, size)
    assert_rounded(vec(X @ W), kronecker_jacobian(X, K) @ vec(W), D * K, vec(np.abs(X) @ np.abs(W)))


def test_the_kronecker_jacobian_is_the_jacobian_of_vec(problem):
    X, W, _ = problem
    J = complex_step_jacobian(lambda w: vec(X @ w.reshape((D, K), order="F")), vec(W))
    assert kronecker_jacobian(X, K).shape == (N * K, D * K)
    # The steps multiply one entry and divide it again; all other terms are exactly 0.
    assert_rounded(kronecker_jacobian(X, K), J, 2)


def test_the_tensor_jacobian_has_the_output_shape_then_the_input_shape(problem):
    X, W, _ = problem
    J = complex_step_jacobian(lambda W: X @ W, W)
    assert tensor_jacobian(X, K).shape == (N, K, D, K)
    assert_rounded(tensor_jacobian(X, K), J, 2)


def test_both_jacobians_hold_the_same_numbers(problem):
    X, _, _ = problem
    reordered = tensor_jacobian(X, K).transpose(1, 0, 3, 2).reshape(N * K, D * K)
    np.testing.assert_array_equal(reordered, kronecker_jacobian(X, K))


def test_the_pullback_is_the_contraction_with_the_jacobian(rng, problem):
    X, _, _ = problem
    G = rng.normal(size=(N, K))
    size = np.abs(X).T @ np.abs(G)
    contracted = np.einsum("ij,ijlq->lq", G, tensor_jacobian(X, K))
    assert_rounded(product_pullback(X, G), contracted, N * K, size)
    assert_rounded(vec(product_pullback(X, G)), kronecker_jacobian(X, K).T @ vec(G), N * K, vec(size))


def test_of_the_jacobians_entries_one_in_k_is_not_zero(problem):
    assert np.count_nonzero(kronecker_jacobian(problem[0], K)) * K == N * K * D * K


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((6, 4), (3, 4), (6, 3)), r"W has shape \(3, 4\), 4 rows were expected"),
        (((6, 4), (4, 3), (3, 6)), r"Y has shape \(3, 6\), the shape of XW, \(6, 3\), was expected"),
        (((6, 4), (4,), (6, 3)), r"W has shape \(4,\), a matrix with two axes was expected"),
        (((0, 4), (4, 3), (0, 3)), r"X has shape \(0, 4\), at least one row was expected"),
    ],
)
@pytest.mark.parametrize("function", [frobenius_loss, frobenius_gradient, gradient_in_X])
def test_shapes_that_do_not_fit_are_refused(function, shapes, message):
    with pytest.raises(ValueError, match=message):
        function(*(np.ones(shape) for shape in shapes))


@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_the_number_of_outputs_must_be_a_positive_whole_number(k):
    for jacobian in (kronecker_jacobian, tensor_jacobian):
        with pytest.raises(ValueError, match=f"k is {k}, a positive whole number was expected"):
            jacobian(np.ones((N, D)), k)


def test_a_pullback_of_other_rows_is_refused():
    with pytest.raises(ValueError, match="G has 4 rows, as many as X were expected, 6"):
        product_pullback(np.ones((N, D)), np.ones((D, K)))
