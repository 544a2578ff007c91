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
    broadcast_pullback,
    mean_pullback,
    quadratic_form,
    quadratic_gradient,
    quadratic_gradient_in_A,
    quadratic_hessian,
    symmetric_part,
)
from tests.calculus.rounding import FUNCTION, assert_rounded

N, M = 4, 3

numbers = st.floats(-1e3, 1e3)
squares = st.integers(1, 5).flatmap(
    lambda n: st.tuples(arrays(float, (n, n), elements=numbers), arrays(float, n, elements=numbers))
)


@pytest.fixture
def affine(rng):
    """x (N,), A (N, M) and b (M,)."""
    return rng.normal(size=N), rng.normal(size=(N, M)), rng.normal(size=M)


def test_the_jacobian_of_an_affine_map_is_the_transpose_of_its_matrix(affine):
    x, A, b = affine
    assert affine_jacobian(A).shape == (M, N)
    np.testing.assert_array_equal(affine_jacobian(A), autograd.jacobian(lambda x: anp.dot(x, A) + b)(x))


def test_an_affine_map_is_its_own_best_affine_approximation(rng, affine):
    x, A, b = affine
    delta = rng.normal(size=N)
    ahead = affine_map(x, A, b) + affine_jacobian(A) @ delta
    size = (np.abs(x) + np.abs(delta)) @ np.abs(A) + np.abs(b)
    assert_rounded(affine_map(x + delta, A, b), ahead, steps=N + 2, size=size)


def test_the_jacobian_does_not_share_memory_with_the_matrix(affine):
    _, A, _ = affine
    matrix = A.copy()
    affine_jacobian(matrix)[:] = 0
    np.testing.assert_array_equal(matrix, A)


def test_a_gradient_is_pulled_back_through_a_curved_loss(affine):
    x, A, b = affine

    def loss(y):
        return anp.sum(anp.sin(y) * y**2)

    g = autograd.grad(loss)(affine_map(x, A, b))
    expected = autograd.grad(lambda x: loss(anp.dot(x, A) + b))(x)
    # An error in y grows by the second derivative, (2 + y²) sin y + 4 y cos y; every entry of A meets an entry of g.
    y = np.abs(x) @ np.abs(A) + np.abs(b)
    size = np.abs(A) @ (2 * y + y**2 + y * (2 + 4 * y + y**2))
    assert_rounded(affine_pullback(A, g), expected, steps=N + M + FUNCTION + 4, size=size)


def test_pulling_back_is_the_adjoint_of_pushing_forward(rng, affine):
    _, A, _ = affine
    delta, g = rng.normal(size=N), rng.normal(size=M)
    size = np.abs(delta) @ np.abs(A) @ np.abs(g)
    assert_rounded(np.dot(g, delta @ A), np.dot(affine_pullback(A, g), delta), steps=N + M, size=size)


def test_pulling_back_twice_is_pulling_back_through_the_product(rng, affine):
    _, A, _ = affine
    C, g = rng.normal(size=(M, 5)), rng.normal(size=5)
    size = np.abs(A) @ np.abs(C) @ np.abs(g)
    assert_rounded(affine_pullback(A, affine_pullback(C, g)), affine_pullback(A @ C, g), steps=M + 5, size=size)


def test_summing_over_the_copies_is_the_adjoint_of_copying(rng):
    for small, large in (((3,), (4, 3)), ((4, 1), (4, 3)), ((1, 3), (2, 4, 3)), ((), (4, 3)), ((4, 3), (4, 3))):
        G, b = rng.normal(size=large), rng.normal(size=small)
        size = np.sum(np.abs(G * b))
        assert_rounded(np.sum(G * b), np.sum(broadcast_pullback(small, G) * b), G.size + 1, size)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 1), (), (3, 4)])
def test_a_gradient_is_pulled_back_through_broadcasting_as_autograd_does(rng, shape):
    X, b = rng.normal(size=(3, 4)), rng.normal(size=shape)
    expected = autograd.grad(lambda b: anp.sum(anp.sin(X * b)))(b)
    G = X * np.cos(X * b)
    assert_rounded(broadcast_pullback(shape, G), expected, X.size + FUNCTION, np.sum(np.abs(G)))


@pytest.mark.parametrize(("shape", "axis"), [((4, 3), 0), ((4, 3), 1), ((4, 3, 5), 1), ((4, 3), -1)])
def test_a_gradient_is_pulled_back_through_a_mean_as_autograd_does(rng, shape, axis):
    X = rng.normal(size=shape)
    g = np.cos(X.mean(axis=axis))
    expected = autograd.grad(lambda X: anp.sum(anp.sin(anp.mean(X, axis=axis))))(X)
    assert_rounded(mean_pullback(shape, axis, g), expected, X.size + FUNCTION, np.ones(shape))


def test_a_quadratic_form_and_its_derivatives_entry_by_entry_in_symbols(rng):
    n = 3
    a = sympy.Matrix(n, n, sympy.symbols(f"a:{n * n}"))
    x = sympy.Matrix(1, n, sympy.symbols(f"x:{n}"))
    q = sum(a[i, j] * x[i] * x[j] for i in range(n) for j in range(n))
    values = {symbol: int(value) for symbol, value in zip([*a, *x], rng.integers(-9, 10, n * n + n), strict=True)}
    matrix, point = (np.array(m.subs(values).tolist(), dtype=float) for m in (a, x))
    point = point[0]

    def number(expression):
        return float(expression.subs(values))

    assert quadratic_form(matrix, point) == number(q)
    assert quadratic_gradient(matrix, point).tolist() == [number(q.diff(v)) for v in x]
    assert quadratic_gradient_in_A(point).ravel().tolist() == [number(q.diff(v)) for v in a]
    assert quadratic_hessian(matrix).ravel().tolist() == [number(q.diff(v, w)) for v in x for w in x]


def test_the_gradients_of_a_quadratic_form_agree_with_autograd(rng):
    x, A = rng.normal(size=N), rng.normal(size=(N, N))

    def form(x, A):
        return anp.dot(anp.dot(x, A), x)

    size = np.abs(A) + np.abs(A.T)
    assert_rounded(quadratic_gradient(A, x), autograd.grad(form, 0)(x, A), steps=2 * N, size=size @ np.abs(x))
    assert_rounded(quadratic_gradient_in_A(x), autograd.grad(form, 1)(x, A), steps=1)
    assert_rounded(quadratic_hessian(A), autograd.hessian(form, 0)(x, A), steps=2, size=size)


@given(squares, st.integers(0, 2**32 - 1))
def test_a_quadratic_form_equals_its_own_expansion_of_second_order(case, seed):
    matrix, x = case
    delta = np.random.default_rng(seed).normal(size=len(x))
    expansion = (
        quadratic_form(matrix, x)
        + quadratic_gradient(matrix, x) @ delta
        + delta @ quadratic_hessian(matrix) @ delta / 2
    )
    size = np.abs(matrix).sum() * (np.abs(x).max() + np.abs(delta).max()) ** 2
    assert_rounded(quadratic_form(matrix, x + delta), expansion, 2 * len(x) + 5, size)


@given(squares)
def test_a_matrix_is_the_sum_of_its_two_parts_and_the_form_sees_only_one(case):
    matrix, x = case
    S, K = symmetric_part(matrix), antisymmetric_part(matrix)
    np.testing.assert_array_equal(S, S.T)
    np.testing.assert_array_equal(K, -K.T)
    assert_rounded(S + K, matrix, 2, np.abs(matrix) + np.abs(matrix.T))
    size = np.abs(matrix).sum() * np.abs(x).max()
    assert_rounded(quadratic_form(K, x), 0.0, 2 * len(x) + 2, size * np.abs(x).max())
    assert_rounded(quadratic_gradient(matrix, x), 2 * x @ S, len(x) + 3, 2 * size)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: affine_map(np.ones(4), np.ones((4, 3)), np.ones(4)),
            r"b has shape \(4,\), \(3,\) was expected: A has 3 columns",
        ),
        (
            lambda: affine_map(np.ones(3), np.ones((4, 3)), np.ones(3)),
            r"x has shape \(3,\), \(4,\) was expected: A has 4 rows",
        ),
        (lambda: affine_jacobian(np.ones(4)), r"A has shape \(4,\), a matrix was expected"),
        (lambda: affine_pullback(np.ones((4, 3)), np.ones(4)), r"g has shape \(4,\), \(3,\) was expected"),
        (lambda: affine_pullback(np.ones((4, 3)), np.ones((1, 3))), r"g has shape \(1, 3\), \(3,\) was expected"),
        (lambda: broadcast_pullback((2,), np.ones((3, 1))), r"\(2,\) does not stretch to \(3, 1\)"),
        (lambda: mean_pullback((4, 3), 0, np.ones(4)), r"g has shape \(4,\), that of \(4, 3\) without axis 0"),
        (lambda: quadratic_form(np.ones((4, 3)), np.ones(4)), r"A has shape \(4, 3\), a square matrix was expected"),
        (lambda: quadratic_gradient(np.ones((4, 4)), np.ones(3)), r"x has shape \(3,\), \(4,\) was expected"),
        (lambda: quadratic_gradient_in_A(np.ones((1, 4))), r"x has shape \(1, 4\), a 1-D array was expected"),
        (lambda: quadratic_hessian(np.ones((4, 3))), r"A has shape \(4, 3\), a square matrix was expected"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_shapes(call, message):
    with pytest.raises(ValueError, match=message):
        call()
