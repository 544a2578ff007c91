"""Numerical Jacobians agree with autograd, with each other and with the definition."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from course_lib.calculus.jacobian import (
    central_gradient,
    central_jacobian,
    complex_step_gradient,
    complex_step_jacobian,
    forward_jacobian,
    jvp_by_differences,
)

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
POINT = RNG.normal(size=3)


def curve(x, np=np):
    return np.sin(np.dot(A, x)) + np.dot(B, x**3)


def exact():
    return autograd.jacobian(lambda x: curve(x, anp))(POINT)


@pytest.mark.parametrize(
    ("method", "digits"), [(forward_jacobian, 6), (central_jacobian, 8), (complex_step_jacobian, 14)]
)
def test_each_method_reaches_its_digits(method, digits):
    np.testing.assert_allclose(method(curve, POINT), exact(), rtol=10.0**-digits)


def test_rows_follow_the_output_and_columns_the_input():
    assert complex_step_jacobian(curve, POINT).shape == (4, 3)


def test_the_remainder_shrinks_faster_than_the_step():
    J, direction = complex_step_jacobian(curve, POINT), RNG.normal(size=3)
    ratios = []
    for size in (1e-2, 1e-3, 1e-4):
        delta = size * direction
        ratios.append(np.linalg.norm(curve(POINT + delta) - curve(POINT) - J @ delta) / np.linalg.norm(delta))
    assert ratios[1] < ratios[0] / 5
    assert ratios[2] < ratios[1] / 5


def test_arrays_of_any_rank_have_output_shape_then_input_shape():
    W, X = RNG.normal(size=(3, 5)), RNG.normal(size=(4, 3))
    J = complex_step_jacobian(lambda W: X @ W, W)
    assert J.shape == (4, 5, 3, 5)
    np.testing.assert_allclose(J, np.einsum("ik,jl->ijkl", X, np.eye(5)), atol=1e-15)


@pytest.mark.parametrize(("method", "rtol"), [(central_gradient, 1e-8), (complex_step_gradient, 1e-14)])
def test_a_gradient_has_the_shape_of_the_variable(method, rtol):
    W, X = RNG.normal(size=(3, 5)), RNG.normal(size=(4, 3))
    found = method(lambda W: np.sum(np.exp(X @ W)), W)
    expected = autograd.grad(lambda W: anp.sum(anp.exp(anp.dot(X, W))))(W)
    assert found.shape == W.shape
    np.testing.assert_allclose(found, expected, rtol=rtol)


def test_a_gradient_of_a_vector_is_refused():
    with pytest.raises(ValueError, match=r"shape \(4,\), a single number was expected"):
        central_gradient(curve, POINT)


def test_a_direction_gives_the_jacobian_times_the_direction():
    v = RNG.normal(size=3)
    np.testing.assert_allclose(jvp_by_differences(curve, POINT, v), exact() @ v, rtol=1e-8)


def test_a_direction_costs_two_calls():
    calls = []

    def counted(x):
        calls.append(x)
        return curve(x)

    jvp_by_differences(counted, POINT, POINT)
    assert len(calls) == 2


def test_a_direction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2,\), the shape of x, \(3,\), was expected"):
        jvp_by_differences(curve, POINT, np.ones(2))


def test_the_complex_step_does_not_mind_different_scales():
    x = np.array([1e-12, 1.0, 1e150])
    found = complex_step_gradient(lambda x: np.sum(np.sin(x / np.abs(x.real))), x)
    np.testing.assert_allclose(found, np.cos(1) / x, rtol=1e-14)


def test_a_function_that_drops_the_imaginary_part_is_refused():
    with pytest.raises(ValueError, match="drops the imaginary part"):
        complex_step_jacobian(np.linalg.norm, POINT)


@pytest.mark.parametrize("h", [0, -1e-3, np.nan])
def test_a_step_must_be_positive(h):
    with pytest.raises(ValueError, match="a positive number was expected"):
        central_jacobian(curve, POINT, h)


def test_an_integer_point_is_no_trap():
    np.testing.assert_allclose(central_jacobian(lambda x: x**2, np.array([3])), [[6]], rtol=1e-9)
