"""Chapter 1: gradients and Jacobians."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient as gradient_by_definition
from course_lib.calculus.jacobian import complex_step_jacobian
from course_lib.checks.specification import exercise
from course_lib.checks.watching import all_inputs_moved, large_imaginary_steps, never_back, only_real_calls, tiny_steps

# ----------------------------------------------------------------------------------------------------------------------
linear_approximation = exercise(
    "linear_approximation(y, J, delta)",
    chapter="01",
    points=2,
    minutes=5,
    hints=(
        "The best linear map says: the value at the new point is the value at the old one plus a correction.",
        "The correction is the Jacobian applied to the step. Which product of J (m × n) and delta (n) has length m?",
        "`J @ delta` has length m. Add it to `y`.",
    ),
)


@linear_approximation.draws
def inputs(draw):
    m, n = draw.sizes(2)
    return draw.array(m), draw.array(m, n), draw.array(n)


@linear_approximation.truth
def truth(y, J, delta):
    result = [float(y_i) for y_i in y]
    for i, j in np.ndindex(J.shape):
        result[i] += J[i, j] * delta[j]
    return np.array(result)


@linear_approximation.mistake
def transpose(y, J, delta):
    """J has one row per output and one column per input, so it multiplies delta
    from the left as it stands: no transpose is needed."""
    return y + J.T @ delta


@linear_approximation.mistake
def order(y, J, delta):
    """A step of the input stands to the right of the Jacobian, J @ delta: J takes inputs on its right."""
    return y + delta @ J


@linear_approximation.mistake
def term(y, J, delta):
    """That is the change alone. The approximation starts from the value y and adds the change to it."""
    return J @ delta


@linear_approximation.mistake
def sign(y, J, delta):
    """The change J @ delta is added to y, not subtracted."""
    return y - J @ delta


@linear_approximation.mistake
def chain_factor(y, J, delta):
    """The step of the input was added to the output as it is. The Jacobian turns it into a step of the output first."""
    return y + delta


@linear_approximation.mistake
def hadamard(y, J, delta):
    """`J * delta` scales the columns of J. The matrix product `J @ delta` scales them and adds them up."""
    return y[:, None] + J * delta


@linear_approximation.mistake
def sum_(y, J, delta):
    """Every output got the same change: the sum runs over the inputs j only, one sum for each output i."""
    return y + np.sum(J * delta)


# ----------------------------------------------------------------------------------------------------------------------
polar_jacobian = exercise(
    "polar_jacobian(r, theta)",
    chapter="01",
    points=4,
    minutes=8,
    # Closer than any difference quotient comes: one in θ is off by 1e-11 at its best, and with a step of 1e-4 by 2e-9.
    rtol=1e-12,
    hints=(
        "The map is (r, θ) ↦ (x, y) = (r cos θ, r sin θ). Two outputs and two inputs: which are the four partial "
        "derivatives?",
        "Row 1 belongs to x = r cos θ: its first entry is ∂x/∂r, its second ∂x/∂θ. Row 2 belongs to y.",
        "∂x/∂r = cos θ, ∂x/∂θ = -r sin θ, ∂y/∂r = sin θ, ∂y/∂θ = r cos θ. Put them into `np.array([[..], [..]])`.",
    ),
)


@polar_jacobian.draws
def inputs(draw):
    # A large radius: one step for both inputs is too small for it, or too large for the angle.
    return 10.0 ** (2 + draw.index) * draw.number(1, 3), draw.number(0.3, 1.2)


@polar_jacobian.truth
def truth(r, theta):
    def to_cartesian(p):
        return np.array([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])])

    return complex_step_jacobian(to_cartesian, np.array([r, theta]))


@polar_jacobian.mistake
def layout(r, theta):
    """This is the transpose: rows follow the outputs (x, y), columns follow the inputs (r, θ)."""
    return np.array([[np.cos(theta), np.sin(theta)], [-r * np.sin(theta), r * np.cos(theta)]])


@polar_jacobian.mistake
def chain_factor(r, theta):
    """The column of θ lacks the factor r: x = r cos θ, and r stays in front when θ is varied."""
    return np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])


@polar_jacobian.mistake
def sign(r, theta):
    """The derivative of cos θ is -sin θ: ∂x/∂θ has lost its minus sign."""
    return np.array([[np.cos(theta), r * np.sin(theta)], [np.sin(theta), r * np.cos(theta)]])


@polar_jacobian.mistake
def trigonometry(r, theta):
    """The derivatives of sine and cosine have changed places: that of cos θ is -sin θ, that of sin θ is cos θ."""
    return np.array([[np.cos(theta), r * np.sin(theta)], [np.sin(theta), -r * np.cos(theta)]])


@polar_jacobian.mistake
def sine(r, theta):
    """The derivative of sin θ is cos θ, without a minus: that belongs to cos θ alone."""
    return np.array([[np.cos(theta), -r * np.sin(theta)], [np.sin(theta), -r * np.cos(theta)]])


@polar_jacobian.mistake
def column(r, theta):
    """The factor r stands in the wrong column: it stays in front when θ is varied, and goes when r is."""
    return np.array([[r * np.cos(theta), -np.sin(theta)], [r * np.sin(theta), np.cos(theta)]])


@polar_jacobian.mistake
def power(r, theta):
    """The column of r still holds r: the derivative of r cos θ in r is cos θ alone, and likewise for y."""
    return np.array([[r * np.cos(theta), -r * np.sin(theta)], [r * np.sin(theta), r * np.cos(theta)]])


@polar_jacobian.mistake
def determinant(r, theta):
    """That is its determinant, the factor of areas. Asked are the four derivatives."""
    return r


@polar_jacobian.mistake
def value(r, theta):
    """That is the point (x, y) itself. Asked are its four derivatives in r and θ."""
    return np.array([r * np.cos(theta), r * np.sin(theta)])


@polar_jacobian.mistake
def order(r, theta):
    """The columns are exchanged: the first belongs to r, the second to θ."""
    return np.array([[-r * np.sin(theta), np.cos(theta)], [r * np.cos(theta), np.sin(theta)]])


@polar_jacobian.mistake
def rows(r, theta):
    """The rows are exchanged: the first belongs to x = r cos θ, the second to y = r sin θ."""
    return np.array([[np.sin(theta), r * np.cos(theta)], [np.cos(theta), -r * np.sin(theta)]])


@polar_jacobian.mistake
def degrees(r, theta):
    """θ is already in radians, as np.cos and np.sin expect: do not convert it."""
    t = np.deg2rad(theta)
    return np.array([[np.cos(t), -r * np.sin(t)], [np.sin(t), r * np.cos(t)]])


@polar_jacobian.mistake
def inverse(r, theta):
    """This is the Jacobian of the way back, (x, y) ↦ (r, θ): the inverse matrix."""
    return np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta) / r, np.cos(theta) / r]])


@polar_jacobian.mistake
def numerical(r, theta, h=1e-6):
    """These look like difference quotients: right to a few digits only,
    because the radius is large. Write the four derivatives by hand."""

    def to_cartesian(r, theta):
        return np.array([r * np.cos(theta), r * np.sin(theta)])

    by_r = (to_cartesian(r + h, theta) - to_cartesian(r - h, theta)) / (2 * h)
    by_theta = (to_cartesian(r, theta + h) - to_cartesian(r, theta - h)) / (2 * h)
    return np.stack([by_r, by_theta], axis=1)


# ----------------------------------------------------------------------------------------------------------------------
def curved_map(draw):
    """A random smooth map from n numbers to m numbers, and a point: curved enough that every quotient shows."""
    m, n = draw.sizes(2)
    A, B, C = draw.array(m, n), draw.array(m, n), draw.array(m, n)

    def f(x):
        return np.sin(A @ x) + B @ (x**3) + np.exp(C @ x / n)

    return f, draw.array(n)


central_jacobian = exercise(
    "central_jacobian(f, x, h)",
    chapter="01",
    keeps=("x",),
    points=2,
    minutes=10,
    hints=(
        "Column j of the Jacobian answers: how do all outputs change when only x[j] moves?",
        "Make a step vector that is h at place j and 0 elsewhere. Evaluate f at x + step and at x - step.",
        "Column j is `(f(x + step) - f(x - step)) / (2 * h)`. Collect the columns in a list and return "
        "`np.stack(columns, axis=1)`.",
    ),
)


@central_jacobian.draws
def inputs(draw):
    return (*curved_map(draw), draw.number(0.1, 0.3))


@central_jacobian.truth
def truth(f, x, h):
    steps = h * np.eye(len(x))
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in steps]).T


@central_jacobian.mistake(seen=tiny_steps)
def own_step(f, x, h):
    """You stepped by a small number of your own choice. Step by the h that is handed over, even where it is large."""
    h = 1e-5
    return np.stack([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def brackets(f, x, h):
    """`/ 2 * h` divides by 2 and then multiplies by h. Put the divisor in brackets: `/ (2 * h)`."""
    return np.stack([(f(x + step) - f(x - step)) / 2 * h for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def undivided(f, x, h):
    """These are the differences themselves. Divided by 2h, the distance of the two points, they are slopes."""
    return np.stack([f(x + step) - f(x - step) for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def half_way(f, x, h):
    """You divided by 2h, but one of the two points is x itself, so they lie h apart. The second one is x - step."""
    return np.stack([(f(x + step) - f(x)) / (2 * h) for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def forward(f, x, h):
    """These are forward differences, (f(x + step) - f(x)) / h. The central ones look to both sides of x."""
    return np.stack([(f(x + step) - f(x)) / h for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def backward(f, x, h):
    """These are backward differences, (f(x) - f(x - step)) / h. The central ones look to both sides of x."""
    return np.stack([(f(x) - f(x - step)) / h for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def factor(f, x, h):
    """Your answer is twice the right one: the two points lie 2h apart, so divide by 2h."""
    return np.stack([(f(x + step) - f(x - step)) / h for step in h * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def half(f, x, h):
    """The two points must lie at distance h on each side of x, not at h/2."""
    return np.stack([(f(x + step) - f(x - step)) / h for step in h / 2 * np.eye(len(x))], axis=1)


@central_jacobian.mistake
def layout(f, x, h):
    """This is the transpose: each input gives a column, so stack the quotients with axis=1."""
    return np.stack([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))])


@central_jacobian.mistake
def alias(f, x, h):
    """All differences are 0. `ahead = x` makes no copy: it is a second name for
    the same array, so both points move together. Use `x.copy()`."""
    columns = []
    for j in range(len(x)):
        ahead = x
        behind = x
        ahead[j] += h
        behind[j] -= h
        columns.append((f(ahead) - f(behind)) / (2 * h))
    return np.stack(columns, axis=1)


@central_jacobian.mistake
def all_at_once(f, x, h):
    """All inputs were moved at once, which gives the sum of the
    columns. Move one at a time: h at place j, 0 elsewhere."""
    return (f(x + h) - f(x - h)) / (2 * h)


@central_jacobian.mistake(seen=never_back)
def drift(f, x, h):
    """The steps pile up: after input j was moved it must go back to where it was before input j + 1 is moved."""
    columns = []
    step = np.zeros(len(x))
    for j in range(len(x)):
        step[j] = h
        columns.append((f(x + step) - f(x - step)) / (2 * h))
    return np.stack(columns, axis=1)


# ----------------------------------------------------------------------------------------------------------------------
complex_step_gradient = exercise(
    "complex_step_gradient(f, x)",
    chapter="01",
    points=2,
    minutes=10,
    hints=(
        "f(x + ih) = f(x) + ih f′(x) + … for a real function f. Where in this number does f′(x) stand?",
        "In the imaginary part: f′(x) = Im f(x + ih) / h. Nothing is subtracted, so h = 1e-30 is fine.",
        "For each j make `z = x.astype(complex)`, add `1j * h` to `z[j]`, and take `f(z).imag / h`.",
    ),
)


@complex_step_gradient.draws
def inputs(draw):
    (n,) = draw.sizes(1)
    # Each input has a scale of its own, so no single step of a difference quotient suits them all.
    scale = 10.0 ** draw.rng.permutation(np.linspace(-3, 3, n))
    a, c = draw.array(n), draw.array(n)

    def f(x):
        t = x / scale
        return np.sum(c * np.sin(a * t)) + np.prod(t) + np.exp(np.sum(a * t) / n)

    return f, scale * draw.array(n)


@complex_step_gradient.truth
def truth(f, x):
    return gradient_by_definition(f, x)


def _undivided(value, f, x):
    """Slopes that are all tiny and not 0: the imaginary parts themselves."""
    return (
        isinstance(value, np.ndarray)
        and value.shape == x.shape
        and value.dtype.kind == "f"
        and bool(np.all(value != 0) and np.max(np.abs(value)) < 1e-12)
    )


@complex_step_gradient.mistake
def real_step(f, x):
    """Every slope came out as 0: no imaginary step reached f. Copy with `x.astype(complex)`,
    for `x.copy()` keeps real numbers, and add `1j * h`, not `h`."""
    h = 1e-30
    return np.array([f(x.astype(complex) + step).imag / h for step in h * np.eye(len(x))])


@complex_step_gradient.mistake(shown=_undivided)
def undivided(f, x):
    """These are the imaginary parts themselves, h times the slopes. Divide them by h."""
    h = 1e-30
    return np.array([f(x + 1j * step).imag for step in h * np.eye(len(x))])


@complex_step_gradient.mistake(seen=only_real_calls)
def differences(f, x):
    """f was only called with real numbers: that is a difference quotient. Step in the imaginary direction, x + 1j·h."""
    h = 1e-6
    return np.array([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))])


@complex_step_gradient.mistake
def real(f, x):
    """You took the real part, which is f(x) itself. The slope is in the imaginary part."""
    h = 1e-30
    return np.array([f(x + 1j * step).real / h for step in h * np.eye(len(x))])


@complex_step_gradient.mistake
def value(f, x):
    """You took the real part, which is f(x) itself. The slope is `f(z).imag / h`."""
    return np.array([f(x + 1j * step).real for step in 1e-30 * np.eye(len(x))])


@complex_step_gradient.mistake
def conjugate(f, x):
    """Your answer is -1 times the gradient: step to x + ih, not to x - ih."""
    h = 1e-30
    return np.array([f(x - 1j * step).imag / h for step in h * np.eye(len(x))])


@complex_step_gradient.mistake(seen=all_inputs_moved)
def all_at_once(f, x):
    """All inputs were moved at once, which gives the sum of the partial derivatives. Move one input at a time."""
    h = 1e-30
    return np.full(len(x), f(x + 1j * h).imag / h)


@complex_step_gradient.mistake(seen=large_imaginary_steps)
def step(f, x):
    """The imaginary step is too large, and its error h² shows. Nothing is subtracted here: take h = 1e-30."""
    h = 1e-3
    return np.array([f(x + 1j * step).imag / h for step in h * np.eye(len(x))])


@complex_step_gradient.mistake
def magnitude(f, x):
    """`abs` of the imaginary part loses the sign of the slope. Take `f(z).imag / h` as it is."""
    h = 1e-30
    return np.array([abs(f(x + 1j * step).imag) / h for step in h * np.eye(len(x))])


# ----------------------------------------------------------------------------------------------------------------------
jvp_by_differences = exercise(
    "jvp_by_differences(f, x, v, h)",
    chapter="01",
    points=2,
    minutes=8,
    hints=(
        "J v says how the outputs change when x moves along v. You do not need J for that.",
        "Look at t ↦ f(x + t v). Its derivative at t = 0 is J v. Take the central difference with t = h.",
        "`(f(x + h * v) - f(x - h * v)) / (2 * h)`: two calls of f, whatever the size of x.",
    ),
)


@jvp_by_differences.draws
def inputs(draw):
    f, x = curved_map(draw)
    return f, x, 0.7 * draw.array(len(x)), draw.number(0.1, 0.3)


@jvp_by_differences.truth
def truth(f, x, v, h):
    ahead = f(np.array([x_j + h * v_j for x_j, v_j in zip(x, v, strict=True)]))
    behind = f(np.array([x_j - h * v_j for x_j, v_j in zip(x, v, strict=True)]))
    return (ahead - behind) / (2 * h)


@jvp_by_differences.mistake(seen=tiny_steps)
def own_step(f, x, v, h):
    """You stepped by a small number of your own choice. Step by the h that is handed over, even where it is large."""
    h = 1e-5
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


@jvp_by_differences.mistake
def brackets(f, x, v, h):
    """`/ 2 * h` divides by 2 and then multiplies by h. Put the divisor in brackets: `/ (2 * h)`."""
    return (f(x + h * v) - f(x - h * v)) / 2 * h


@jvp_by_differences.mistake
def term(f, x, v, h):
    """Only the second value is divided: division binds tighter than minus. Put the difference in brackets."""
    return f(x + h * v) - f(x - h * v) / (2 * h)


@jvp_by_differences.mistake
def undivided(f, x, v, h):
    """This is the difference itself. Divided by 2h it is the derivative along v."""
    return f(x + h * v) - f(x - h * v)


@jvp_by_differences.mistake
def length(f, x, v, h):
    """You divided by the distance of the two points, 2h‖v‖. The derivative is taken in t, and t moved by 2h."""
    return (f(x + h * v) - f(x - h * v)) / (2 * h * np.linalg.norm(v))


@jvp_by_differences.mistake
def half_way(f, x, v, h):
    """You divided by 2h, but one of the two points is x itself, so t moved by h. The second one is x - h·v."""
    return (f(x + h * v) - f(x)) / (2 * h)


@jvp_by_differences.mistake
def backward(f, x, v, h):
    """This is a backward difference. The central one looks to both sides of x."""
    return (f(x) - f(x - h * v)) / h


@jvp_by_differences.mistake
def forward(f, x, v, h):
    """This is a forward difference. The central one looks to both sides of x."""
    return (f(x + h * v) - f(x)) / h


@jvp_by_differences.mistake
def factor(f, x, v, h):
    """Your answer is twice the right one: the two points lie 2h apart along v."""
    return (f(x + h * v) - f(x - h * v)) / h


@jvp_by_differences.mistake
def direction(f, x, v, h):
    """The direction v does not appear: you moved every input by h. Step to x + h·v and x - h·v."""
    return (f(x + h) - f(x - h)) / (2 * h)


@jvp_by_differences.mistake
def step(f, x, v, h):
    """The step is v itself; it must be h·v, a small piece of the direction."""
    return (f(x + v) - f(x - v)) / (2 * h)


@jvp_by_differences.mistake
def normalised(f, x, v, h):
    """You scaled v to length 1. J v is linear in v: the length of v belongs to the answer."""
    u = v / np.linalg.norm(v)
    return (f(x + h * u) - f(x - h * u)) / (2 * h)


@jvp_by_differences.mistake
def columns(f, x, v, h):
    """You built the whole Jacobian and multiplied: two calls of f
    for every input. One step along v needs two in all."""
    J = np.stack([(f(x + step) - f(x - step)) / (2 * h) for step in h * np.eye(len(x))], axis=1)
    return J @ v


@jvp_by_differences.mistake
def sign(f, x, v, h):
    """Your answer is -1 times the right one: value ahead minus value behind."""
    return (f(x - h * v) - f(x + h * v)) / (2 * h)
