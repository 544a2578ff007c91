"""Chapter 1: other right ways to write an answer pass, and a mistake keeps its name whatever step was chosen."""

import warnings

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
import sympy

from course_lib.checks import SEED, exercises, find, judge
from course_lib.checks.judging import FunctionCaller, questions
from course_lib.checks.proving import quotient_fault


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


# What each Jacobian of the ladder is one of: the map as autograd sees it, in which of the arguments, and how the answer
# is asked for. Where a step is handed over, the Jacobian is applied to it.
MAPS = {
    "jacobian_of_sum": (lambda x: anp.sum(x), (0,)),
    "jacobian_of_scaling": (lambda c, x: c * x, (1,)),
    "jacobian_of_difference": (lambda a, b: a - b, (0, 1)),
    "jacobian_of_dot": (lambda a, b: anp.dot(a, b), (0, 1)),
    "jacobian_of_square": (lambda x: x * x, (0,)),
    "jacobian_of_outer": (lambda a, b: anp.outer(a, b), (0,)),
    "jacobian_of_norm": (lambda x: anp.linalg.norm(x), (0,)),
    "jacobian_of_normalised": (lambda x: x / anp.linalg.norm(x), (0,)),
    "jacobian_of_concatenation": (lambda x, y: anp.concatenate([x, y]), (0, 1)),
    "jacobian_of_reshape": (lambda X: anp.reshape(X, -1), (0,)),
    "jacobian_of_row_added": (lambda X, b: X + b, (1,)),
    "jacobian_of_mean": (lambda X: anp.mean(X, axis=0), (0,)),
    "jacobian_of_max": (lambda x: anp.max(x), (0,)),
}
STEPS = {
    "derivative_of_matrix_square": lambda X: anp.dot(X, X),
    "derivative_of_inverse": lambda X: anp.linalg.inv(X),
}
LADDER = [e for e in exercises("01") if e.name.startswith(("jacobian_of", "derivative_of"))]


def by_autograd(name, args):
    """The Jacobian, or the Jacobians, that an exercise of the ladder asks for."""
    if name in STEPS:
        X, H = args
        return np.einsum("ijkl,kl->ij", autograd.jacobian(STEPS[name])(X), H)
    if name == "jacobian_of_product":
        A, x, u = args
        return autograd.jacobian(lambda x: anp.dot(A, x))(x), autograd.jacobian(lambda u: anp.dot(u, A))(u)
    function, places = MAPS[name]
    found = tuple(autograd.jacobian(function, place)(*args) for place in places)
    return found if len(found) > 1 else found[0]


@pytest.mark.parametrize("exercise", [e for e in LADDER if e.name != "jacobian_of_elementwise"], ids=lambda e: e.name)
def test_what_the_ladder_holds_for_right_is_right_for_autograd(exercise):
    for args, truth in questions(exercise, SEED)[:-1]:
        found = by_autograd(exercise.name, args)
        for mine, theirs in zip(as_tuple(truth), as_tuple(found), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def as_tuple(value):
    return value if isinstance(value, tuple) else (value,)


def test_the_slope_that_is_handed_over_is_that_of_the_function():
    for (f, slope, x), truth in questions(find("jacobian_of_elementwise"), SEED):
        np.testing.assert_allclose(truth, np.diag(slope(x)), rtol=1e-12)
        t = 0.3
        a, b, c = (cell.cell_contents for cell in slope.__closure__)
        s = sympy.Symbol("s")
        expression = sympy.diff(a * sympy.sin(b * s) + c * s**3, s)
        np.testing.assert_allclose(slope(t), float(expression.subs(s, t)), rtol=1e-12)
        assert f(t) - f(0.0) == pytest.approx(a * np.sin(b * t) + c * t**3, abs=1e-5)


def test_the_direction_of_a_vector_turns_as_sympy_says():
    x = sympy.symbols("x1:4", real=True)
    length = sympy.sqrt(sum(s**2 for s in x))
    J = sympy.lambdify(x, sympy.Matrix([s / length for s in x]).jacobian(x))
    for (point,), truth in questions(find("jacobian_of_normalised"), SEED)[:-1]:
        if len(point) == 3:
            np.testing.assert_allclose(truth, J(*point), rtol=1e-12, atol=1e-14)


def test_no_quotient_passes_on_the_ladder_where_one_could_be_told():
    told = [e for e in LADDER if not e.differences]
    assert len(told) == 6
    assert [fault for e in told if (fault := quotient_fault(e))] == []


def test_the_ladder_forgives_other_spellings():
    spellings = {
        "jacobian_of_sum": lambda x: x**0,
        "jacobian_of_scaling": lambda c, x: np.diag(np.full(len(x), c)),
        "jacobian_of_dot": lambda a, b: [b.copy(), a.copy()],
        "jacobian_of_norm": lambda x: x / np.sqrt(x @ x),
        "jacobian_of_outer": lambda a, b: np.eye(len(a))[:, None, :] * b[None, :, None],
        "jacobian_of_row_added": lambda X, b: np.broadcast_to(np.eye(len(b)), (len(X), len(b), len(b))),
        "jacobian_of_mean": lambda X: np.eye(X.shape[1])[:, None, :] * np.ones((len(X), 1)) / len(X),
        "jacobian_of_max": lambda x: x == x.max(),
        "jacobian_of_reshape": lambda X: np.eye(X.size).reshape((-1, *X.shape)),
        "derivative_of_inverse": lambda X, H: -np.linalg.solve(X, np.linalg.solve(X.T, H.T).T),
    }
    for name, function in spellings.items():
        assert verdict(name, function).status == "right", name


def test_the_change_for_the_whole_step_is_named_however_its_inverses_are_rounded(rng):
    def change(X, H):
        before, after = np.linalg.inv(X), np.linalg.inv(X + H)
        return after * (1 + 4e-16 * rng.choice([-1, 1], after.shape)) - before

    assert verdict("derivative_of_inverse", change).mistake == "finite"
