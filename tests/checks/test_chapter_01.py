"""Chapter 1: other right ways to write an answer pass, and a mistake keeps its name whatever step was chosen."""

import warnings

import numpy as np
import pytest

from course_lib.checks import find, judge
from course_lib.checks.judging import FunctionCaller


def verdict(name, function):
    return judge(find(name), FunctionCaller(function))


def along_each(x, size=1.0):
    return size * np.eye(len(x))


def test_a_linear_map_may_be_written_as_einsum_or_as_loops():
    def loops(y, J, delta):
        return np.array([y[i] + sum(J[i, j] * delta[j] for j in range(len(delta))) for i in range(len(y))])

    assert verdict("linear_approximation", lambda y, J, d: y + np.einsum("ij,j->i", J, d)).status == "right"
    assert verdict("linear_approximation", loops).status == "right"


def test_central_differences_may_move_x_itself_when_they_put_it_back():
    def central_jacobian(f, x, h):
        J = np.zeros((len(f(x)), len(x)))
        for j in range(len(x)):
            x[j] += h
            ahead = f(x)
            x[j] -= 2 * h
            J[:, j] = (ahead - f(x)) / (2 * h)
            x[j] += h
        return J

    assert verdict("central_jacobian", central_jacobian).status == "right"


@pytest.mark.parametrize("step", [1e-10, 1e-20, 1e-200])
def test_any_small_imaginary_step_will_do(step):
    def complex_step_gradient(f, x):
        return np.array([f(x + 1j * e).imag / step for e in along_each(x, step)])

    assert verdict("complex_step_gradient", complex_step_gradient).status == "right"


@pytest.mark.parametrize("step", [1e-3, 1e-5, 1e-8, 1e-12])
def test_difference_quotients_fail_where_a_formula_or_a_complex_step_is_asked_for(step):
    def polar_jacobian(r, theta):
        def point(r, theta):
            return np.array([r * np.cos(theta), r * np.sin(theta)])

        by_r = (point(r + step, theta) - point(r - step, theta)) / (2 * step)
        by_theta = (point(r, theta + step) - point(r, theta - step)) / (2 * step)
        return np.stack([by_r, by_theta], axis=1)

    def complex_step_gradient(f, x):
        return np.array([(f(x + e) - f(x - e)) / (2 * step) for e in along_each(x, step)])

    assert verdict("polar_jacobian", polar_jacobian).status == "wrong"
    assert verdict("complex_step_gradient", complex_step_gradient).mistake == "differences"


@pytest.mark.parametrize("step", [1e-20, 1e-30, 1e-100])
def test_imaginary_parts_that_were_not_divided_are_told_for_every_tiny_step(step):
    def complex_step_gradient(f, x):
        return np.array([f(x + 1j * e).imag for e in along_each(x, step)])

    assert verdict("complex_step_gradient", complex_step_gradient).mistake == "undivided"


def test_a_copy_that_stays_real_is_told():
    def complex_step_gradient(f, x):
        gradient = np.zeros(len(x))
        for j in range(len(x)):
            z = x.copy()
            with warnings.catch_warnings():
                # NumPy warns that the imaginary part is lost; a learner overlooks it.
                warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
                z[j] += 1j * 1e-30
            gradient[j] = f(z).imag / 1e-30
        return gradient

    assert verdict("complex_step_gradient", complex_step_gradient).mistake == "real-step"


@pytest.mark.parametrize("step", [1e-3, 1e-6, 1e-8])
def test_a_step_of_ones_own_is_told_for_every_step(step):
    def central_jacobian(f, x, h):
        return np.stack([(f(x + e) - f(x - e)) / (2 * step) for e in along_each(x, step)], axis=1)

    def jvp_by_differences(f, x, v, h):
        return (f(x + step * v) - f(x - step * v)) / (2 * step)

    assert verdict("central_jacobian", central_jacobian).mistake == "own-step"
    assert verdict("jvp_by_differences", jvp_by_differences).mistake == "own-step"
