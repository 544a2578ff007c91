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
from tests.calculus.rounding import EPS, FUNCTION, assert_rounded

# The step of central differences at a point and along a direction whose largest entry is 1 at most.
H = EPS ** (1 / 3)


@pytest.fixture
def curve(rng):
    """A curved map from three numbers to four, for NumPy and for autograd.

    Coefficients and points lie between -1 and 1, so no value is above 4, and along one axis no first derivative is
    above 4 and no second and third one above 7.
    """
    A, B = rng.uniform(-1, 1, size=(2, 4, 3))
    return lambda x, np=np: np.sin(np.dot(A, x)) + np.dot(B, x**3)


@pytest.fixture
def point(rng):
    return rng.uniform(-1, 1, size=3)


def exact(curve, point):
    return autograd.jacobian(lambda x: curve(x, anp))(point)


# Three products, a function and the sum make a value; two of them are subtracted and divided by the step.
ROUNDING = 2 * (3 + FUNCTION + 1) * EPS * 4


@pytest.mark.parametrize(
    ("method", "error"),
    [
        (forward_jacobian, 7 / 2 * 1e-8 + ROUNDING / 1e-8),
        (central_jacobian, 7 / 6 * H**2 + ROUNDING / H),
        (complex_step_jacobian, ROUNDING),
    ],
)
def test_each_method_errs_by_its_remainder_and_its_rounding(method, error, curve, point):
    np.testing.assert_allclose(method(curve, point), exact(curve, point), rtol=0, atol=error)


def test_rows_follow_the_output_and_columns_the_input(curve, point):
    assert complex_step_jacobian(curve, point).shape == (4, 3)


def test_the_remainder_shrinks_faster_than_the_step(rng, curve, point):
    J, direction = complex_step_jacobian(curve, point), rng.normal(size=3)
    ratios = []
    for size in (1e-2, 1e-3, 1e-4):
        delta = size * direction
        ratios.append(np.linalg.norm(curve(point + delta) - curve(point) - J @ delta) / np.linalg.norm(delta))
    assert ratios[1] < ratios[0] / 5
    assert ratios[2] < ratios[1] / 5


def test_arrays_of_any_rank_have_output_shape_then_input_shape(rng):
    W, X = rng.normal(size=(3, 5)), rng.normal(size=(4, 3))
    J = complex_step_jacobian(lambda W: X @ W, W)
    assert J.shape == (4, 5, 3, 5)
    # The steps multiply one entry and divide it again; all other terms are exactly 0.
    assert_rounded(J, np.einsum("ik,jl->ijkl", X, np.eye(5)), steps=2)


@pytest.mark.parametrize("method", [central_gradient, complex_step_gradient])
def test_a_gradient_has_the_shape_of_the_variable(method, rng):
    W, X = rng.uniform(-1, 1, size=(3, 5)), rng.uniform(-1, 1, size=(4, 3))
    found = method(lambda W: np.sum(np.exp(X @ W)), W)
    expected = autograd.grad(lambda W: anp.sum(anp.exp(anp.dot(X, W))))(W)
    assert found.shape == W.shape
    # An exponent up to 3 is off by as many ε, and so is, relatively, each of the 20 exponentials in the sum.
    rounding = 2 * (3 + FUNCTION + 20) * EPS * np.sum(np.exp(X @ W))
    # The third derivative along one axis is a sum of four exponentials up to exp(3) at most.
    error = 4 * np.exp(3) / 6 * H**2 + rounding / H if method is central_gradient else rounding
    np.testing.assert_allclose(found, expected, rtol=0, atol=error)


def test_a_gradient_of_a_vector_is_refused(curve, point):
    with pytest.raises(ValueError, match=r"shape \(4,\), a single number was expected"):
        central_gradient(curve, point)


def test_a_direction_gives_the_jacobian_times_the_direction(rng, curve, point):
    v = rng.uniform(-1, 1, size=3)
    # Along v / max|v| the third derivative of the sine is 3³ at most and that of the cubes 3 · 6.
    error = (27 + 18) / 6 * H**2 + ROUNDING / H
    np.testing.assert_allclose(jvp_by_differences(curve, point, v), exact(curve, point) @ v, rtol=0, atol=error)


def test_a_direction_costs_two_calls(curve, point):
    calls = []

    def counted(x):
        calls.append(x)
        return curve(x)

    jvp_by_differences(counted, point, point)
    assert len(calls) == 2


def test_a_direction_of_another_shape_is_refused(curve, point):
    with pytest.raises(ValueError, match=r"shape \(2,\), the shape of x, \(3,\), was expected"):
        jvp_by_differences(curve, point, np.ones(2))


def test_the_complex_step_does_not_mind_different_scales():
    x = np.array([1e-12, 1.0, 1e150])
    found = complex_step_gradient(lambda x: np.sum(np.sin(x / np.abs(x.real))), x)
    assert_rounded(found, np.cos(1) / x, steps=3 + FUNCTION)


def test_a_function_that_drops_the_imaginary_part_is_refused(point):
    with pytest.raises(ValueError, match="drops the imaginary part"):
        complex_step_jacobian(np.linalg.norm, point)


@pytest.mark.parametrize("h", [0, -1e-3, np.nan])
def test_a_step_must_be_positive(h, curve, point):
    with pytest.raises(ValueError, match="a positive number was expected"):
        central_jacobian(curve, point, h)


def test_an_integer_point_is_no_trap():
    # The square of a number near 3 rounds by ε · 9, and the difference of two is divided by 2h = 6 H.
    np.testing.assert_allclose(central_jacobian(lambda x: x**2, np.array([3])), [[6]], rtol=0, atol=2 * 9 * EPS / H)
