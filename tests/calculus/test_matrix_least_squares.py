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

RNG = np.random.default_rng(4)
N, D, K = 6, 4, 3
X, W, Y = RNG.normal(size=(N, D)), RNG.normal(size=(D, K)), RNG.normal(size=(N, K))
SYMBOLIC = {"x": (4, 3), "w": (3, 2), "y": (4, 2)}


def loss_for_autograd(X, W, Y):
    return anp.mean(anp.sum((anp.dot(X, W) - Y) ** 2, axis=1))


def test_the_loss_is_the_squared_norm_over_the_number_of_rows():
    np.testing.assert_allclose(frobenius_loss(X, W, Y), np.linalg.norm(X @ W - Y, "fro") ** 2 / N)


def test_the_loss_is_the_mean_over_samples_of_the_squared_distance():
    distances = [np.linalg.norm(x @ W - y) ** 2 for x, y in zip(X, Y, strict=True)]
    np.testing.assert_allclose(frobenius_loss(X, W, Y), np.mean(distances))


@pytest.mark.parametrize(("gradient", "argument"), [(gradient_in_X, 0), (frobenius_gradient, 1)])
def test_gradients_agree_with_autograd(gradient, argument):
    found = gradient(X, W, Y)
    assert found.shape == (X, W)[argument].shape
    np.testing.assert_allclose(found, autograd.grad(loss_for_autograd, argument)(X, W, Y), rtol=1e-12)


def test_gradients_agree_with_the_complex_step():
    np.testing.assert_allclose(
        frobenius_gradient(X, W, Y), complex_step_gradient(lambda W: frobenius_loss(X, W, Y), W), rtol=1e-12
    )
    np.testing.assert_allclose(
        gradient_in_X(X, W, Y), complex_step_gradient(lambda X: frobenius_loss(X, W, Y), X), rtol=1e-12
    )


def test_gradients_agree_with_scipys_differences():
    by_differences = approx_fprime(W.ravel(), lambda w: frobenius_loss(X, w.reshape(W.shape), Y))
    np.testing.assert_allclose(frobenius_gradient(X, W, Y).ravel(), by_differences, rtol=1e-5, atol=1e-6)


def test_gradients_agree_with_sympy_symbol_by_symbol():
    X, W, Y = (sympy.Matrix(*shape, sympy.symbols(f"{s}:{shape[0] * shape[1]}")) for s, shape in SYMBOLIC.items())
    loss = sum(entry**2 for entry in X * W - Y) / X.rows
    for variable, claim in ((W, 2 * X.T * (X * W - Y) / X.rows), (X, 2 * (X * W - Y) * W.T / X.rows)):
        for entry, claimed in zip(variable, claim, strict=True):
            assert sympy.expand(sympy.diff(loss, entry) - claimed) == 0


def test_at_the_least_squares_solution_the_gradient_in_W_is_zero():
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    np.testing.assert_allclose(frobenius_gradient(X, best, Y), 0, atol=1e-14)


def test_along_a_line_the_loss_is_its_value_its_slope_and_a_square():
    step = RNG.normal(size=W.shape)
    expansion = frobenius_loss(X, W, Y) + np.sum(frobenius_gradient(X, W, Y) * step) + np.sum((X @ step) ** 2) / N
    np.testing.assert_allclose(frobenius_loss(X, W + step, Y), expansion, rtol=1e-13)


def test_vec_stacks_columns():
    np.testing.assert_array_equal(vec(np.array([[1, 2, 3], [4, 5, 6]])), [1, 4, 2, 5, 3, 6])


def test_vec_of_a_product_is_a_kronecker_product_times_vec():
    A, B = RNG.normal(size=(5, D)), RNG.normal(size=(K, 7))
    np.testing.assert_allclose(vec(A @ W @ B), np.kron(B.T, A) @ vec(W), rtol=1e-12)
    np.testing.assert_allclose(vec(X @ W), kronecker_jacobian(X, K) @ vec(W), rtol=1e-12)


def test_the_kronecker_jacobian_is_the_jacobian_of_vec():
    J = complex_step_jacobian(lambda w: vec(X @ w.reshape((D, K), order="F")), vec(W))
    assert kronecker_jacobian(X, K).shape == (N * K, D * K)
    np.testing.assert_allclose(kronecker_jacobian(X, K), J, atol=1e-15)


def test_the_tensor_jacobian_has_the_output_shape_then_the_input_shape():
    J = complex_step_jacobian(lambda W: X @ W, W)
    assert tensor_jacobian(X, K).shape == (N, K, D, K)
    np.testing.assert_allclose(tensor_jacobian(X, K), J, atol=1e-15)


def test_both_jacobians_hold_the_same_numbers():
    reordered = tensor_jacobian(X, K).transpose(1, 0, 3, 2).reshape(N * K, D * K)
    np.testing.assert_array_equal(reordered, kronecker_jacobian(X, K))


def test_the_pullback_is_the_contraction_with_the_jacobian():
    G = RNG.normal(size=(N, K))
    contracted = np.einsum("ij,ijlq->lq", G, tensor_jacobian(X, K))
    np.testing.assert_allclose(product_pullback(X, G), contracted, rtol=1e-12)
    np.testing.assert_allclose(vec(product_pullback(X, G)), kronecker_jacobian(X, K).T @ vec(G), rtol=1e-12)


def test_of_the_jacobians_entries_one_in_k_is_not_zero():
    assert np.mean(kronecker_jacobian(X, K) != 0) == pytest.approx(1 / K)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((X, W.T, Y), r"W has shape \(3, 4\), 4 rows were expected"),
        ((X, W, Y.T), r"Y has shape \(3, 6\), the shape of XW, \(6, 3\), was expected"),
        ((X, W[:, 0], Y), r"W has shape \(4,\), a matrix with two axes was expected"),
        ((X[:0], W, Y[:0]), r"X has shape \(0, 4\), at least one row was expected"),
    ],
)
@pytest.mark.parametrize("function", [frobenius_loss, frobenius_gradient, gradient_in_X])
def test_shapes_that_do_not_fit_are_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


@pytest.mark.parametrize("k", [0, -1, 2.5])
def test_the_number_of_outputs_must_be_a_positive_whole_number(k):
    for jacobian in (kronecker_jacobian, tensor_jacobian):
        with pytest.raises(ValueError, match=f"k is {k}, a positive whole number was expected"):
            jacobian(X, k)


def test_a_pullback_of_other_rows_is_refused():
    with pytest.raises(ValueError, match="G has 4 rows, as many as X were expected, 6"):
        product_pullback(X, W)
