"""Derivatives of affine maps and quadratic forms agree with autograd, with SymPy and with their own definitions."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_lib.calculus.forms import (
    affine_jacobian,
    affine_map,
    affine_pullback,
    antisymmetric_part,
    quadratic_form,
    quadratic_gradient,
    quadratic_gradient_in_A,
    quadratic_hessian,
    symmetric_part,
)

RNG = np.random.default_rng(7)
N, M = 4, 3
A, B, X, G = RNG.normal(size=(N, M)), RNG.normal(size=M), RNG.normal(size=N), RNG.normal(size=M)
SQUARE = RNG.normal(size=(N, N))

numbers = st.floats(-1e3, 1e3)
squares = st.integers(1, 5).flatmap(
    lambda n: st.tuples(arrays(float, (n, n), elements=numbers), arrays(float, n, elements=numbers))
)


def test_the_jacobian_of_an_affine_map_is_the_transpose_of_its_matrix():
    expected = autograd.jacobian(lambda x: anp.dot(x, A) + B)(X)
    assert affine_jacobian(A).shape == (M, N)
    np.testing.assert_allclose(affine_jacobian(A), expected, rtol=1e-14)


def test_an_affine_map_is_its_own_best_affine_approximation():
    delta = RNG.normal(size=N)
    ahead = affine_map(X, A, B) + affine_jacobian(A) @ delta
    np.testing.assert_allclose(affine_map(X + delta, A, B), ahead, rtol=1e-13)


def test_the_jacobian_does_not_share_memory_with_the_matrix():
    matrix = A.copy()
    affine_jacobian(matrix)[:] = 0
    np.testing.assert_array_equal(matrix, A)


def test_a_gradient_is_pulled_back_through_a_curved_loss():
    def loss(y):
        return anp.sum(anp.sin(y) * y**2)

    g = autograd.grad(loss)(affine_map(X, A, B))
    expected = autograd.grad(lambda x: loss(anp.dot(x, A) + B))(X)
    np.testing.assert_allclose(affine_pullback(A, g), expected, rtol=1e-13)


def test_pulling_back_is_the_adjoint_of_pushing_forward():
    delta = RNG.normal(size=N)
    np.testing.assert_allclose(np.dot(G, delta @ A), np.dot(affine_pullback(A, G), delta), rtol=1e-13)


def test_pulling_back_twice_is_pulling_back_through_the_product():
    C = RNG.normal(size=(M, 5))
    g = RNG.normal(size=5)
    np.testing.assert_allclose(affine_pullback(A, affine_pullback(C, g)), affine_pullback(A @ C, g), rtol=1e-13)


def test_a_quadratic_form_and_its_derivatives_entry_by_entry_in_symbols():
    n = 3
    a = sympy.Matrix(n, n, sympy.symbols(f"a:{n * n}"))
    x = sympy.Matrix(1, n, sympy.symbols(f"x:{n}"))
    q = sum(a[i, j] * x[i] * x[j] for i in range(n) for j in range(n))
    values = {symbol: int(value) for symbol, value in zip([*a, *x], RNG.integers(-9, 10, n * n + n), strict=True)}
    matrix, point = (np.array(m.subs(values).tolist(), dtype=float) for m in (a, x))
    point = point[0]

    def number(expression):
        return float(expression.subs(values))

    assert quadratic_form(matrix, point) == number(q)
    assert quadratic_gradient(matrix, point).tolist() == [number(q.diff(v)) for v in x]
    assert quadratic_gradient_in_A(point).ravel().tolist() == [number(q.diff(v)) for v in a]
    assert quadratic_hessian(matrix).ravel().tolist() == [number(q.diff(v, w)) for v in x for w in x]


def test_the_gradients_of_a_quadratic_form_agree_with_autograd():
    np.testing.assert_allclose(
        quadratic_gradient(SQUARE, X),
        autograd.grad(lambda x: anp.dot(anp.dot(x, SQUARE), x))(X),
        rtol=1e-13,
    )
    np.testing.assert_allclose(
        quadratic_gradient_in_A(X), autograd.grad(lambda S: anp.dot(anp.dot(X, S), X))(SQUARE), rtol=1e-13
    )
    np.testing.assert_allclose(
        quadratic_hessian(SQUARE), autograd.hessian(lambda x: anp.dot(anp.dot(x, SQUARE), x))(X), rtol=1e-13
    )


@given(squares, st.integers(0, 2**32 - 1))
def test_a_quadratic_form_equals_its_own_expansion_of_second_order(case, seed):
    matrix, x = case
    delta = np.random.default_rng(seed).normal(size=len(x))
    expansion = (
        quadratic_form(matrix, x)
        + quadratic_gradient(matrix, x) @ delta
        + delta @ quadratic_hessian(matrix) @ delta / 2
    )
    scale = np.abs(matrix).sum() * (np.abs(x).max() + np.abs(delta).max()) ** 2
    np.testing.assert_allclose(quadratic_form(matrix, x + delta), expansion, rtol=0, atol=1e-13 * scale + 1e-300)


@given(squares)
def test_a_matrix_is_the_sum_of_its_two_parts_and_the_form_sees_only_one(case):
    matrix, x = case
    S, K = symmetric_part(matrix), antisymmetric_part(matrix)
    np.testing.assert_array_equal(S, S.T)
    np.testing.assert_array_equal(K, -K.T)
    np.testing.assert_allclose(S + K, matrix, rtol=1e-15, atol=1e-12)
    scale = np.abs(matrix).sum() * np.abs(x).max() ** 2
    assert abs(quadratic_form(K, x)) <= 1e-14 * scale
    np.testing.assert_allclose(quadratic_gradient(matrix, x), 2 * x @ S, atol=1e-13 * scale + 1e-9, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: affine_map(X, A, np.ones(N)), r"b has shape \(4,\), \(3,\) was expected: A has 3 columns"),
        (lambda: affine_map(B, A, B), r"x has shape \(3,\), \(4,\) was expected: A has 4 rows"),
        (lambda: affine_jacobian(X), r"A has shape \(4,\), a matrix was expected"),
        (lambda: affine_pullback(A, X), r"g has shape \(4,\), \(3,\) was expected"),
        (lambda: affine_pullback(A, G[None, :]), r"g has shape \(1, 3\), \(3,\) was expected"),
        (lambda: quadratic_form(A, X), r"A has shape \(4, 3\), a square matrix was expected"),
        (lambda: quadratic_gradient(SQUARE, B), r"x has shape \(3,\), \(4,\) was expected"),
        (lambda: quadratic_gradient_in_A(X[None, :]), r"x has shape \(1, 4\), a 1-D array was expected"),
        (lambda: quadratic_hessian(A), r"A has shape \(4, 3\), a square matrix was expected"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_shapes(call, message):
    with pytest.raises(ValueError, match=message):
        call()
