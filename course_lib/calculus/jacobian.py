"""Derivatives from values alone: difference quotients and the complex step (chapter 1).

Layout, here and everywhere: `J[i, j] = ∂y_i/∂x_j`. Rows follow the output, columns follow the input. For arrays of
any rank the Jacobian has the shape of the output followed by the shape of the input.
"""

import numpy as np

EPS = np.finfo(float).eps


def forward_jacobian(f, x, h=1e-8):
    """Jacobian by forward differences, (f(x + h e_j) - f(x)) / h.

    x  array of any shape, (d,) in the chapter; f(x) array of any shape, (m,) in the chapter.
    h  the step, in the units of x.
    Returns an array of shape f(x).shape + x.shape. The error is O(h) + O(ε/h), about 1e-8 at best.
    Source: the definition of the partial derivative, with the limit left out.
    """
    x = np.asarray(x, dtype=float)
    y = np.asarray(f(x))
    return _columns(lambda step: (np.asarray(f(x + step)) - y) / h, x, h)


def central_jacobian(f, x, h=None):
    """Jacobian by central differences, (f(x + h e_j) - f(x - h e_j)) / 2h.

    x  array of any shape, (d,) in the chapter; f(x) array of any shape, (m,) in the chapter.
    h  the step, in the units of x; by default ε^(1/3) · max(1, |x|), which balances the two errors.
    Returns an array of shape f(x).shape + x.shape. The error is O(h²) + O(ε/h), about 1e-10 at best.
    Source: Taylor's theorem; the even terms of the two expansions cancel.
    """
    x = np.asarray(x, dtype=float)
    if h is None:
        h = EPS ** (1 / 3) * max(1.0, np.max(np.abs(x), initial=0.0))
    return _columns(lambda step: (np.asarray(f(x + step)) - np.asarray(f(x - step))) / (2 * h), x, h)


def complex_step_jacobian(f, x, h=1e-30):
    """Jacobian by the complex step, Im f(x + i h e_j) / h.

    x  array of any shape, (d,) in the chapter; f(x) array of any shape, (m,) in the chapter.
    h  the step, in the units of x. Nothing is subtracted, so it may be far below the scale on which f varies.
    Returns an array of shape f(x).shape + x.shape, exact to rounding where f is analytic.
    Raises ValueError when f drops the imaginary part: abs, np.linalg.norm, float(), np.maximum and comparisons do.
    Source: Squire and Trapp (1998), "Using complex variables to estimate derivatives of real functions".
    """
    x = np.asarray(x, dtype=float)

    def column(step):
        y = np.asarray(f(x + 1j * step))
        if not np.iscomplexobj(y):
            raise ValueError(
                f"f returned {y.dtype.name} values for a complex argument, complex ones were expected: "
                "somewhere it drops the imaginary part (abs, np.linalg.norm and float do)"
            )
        return y.imag / h

    return _columns(column, x, h)


def central_gradient(f, x, h=None):
    """Gradient of a scalar function by central differences: the shape of x. See `central_jacobian`."""
    return _gradient(central_jacobian(f, x, h), np.shape(x))


def complex_step_gradient(f, x, h=1e-30):
    """Gradient of a scalar function by the complex step: the shape of x. See `complex_step_jacobian`."""
    return _gradient(complex_step_jacobian(f, x, h), np.shape(x))


def jvp_by_differences(f, x, v, h=None):
    """The Jacobian times a direction, J v, from two values of f: (f(x + h v) - f(x - h v)) / 2h.

    x, v  arrays of one shape; f(x) array of any shape.
    h     the step along v, without unit; by default ε^(1/3) · max(1, |x|) / max|v|.
    Returns an array of shape f(x).shape. Two calls of f, whatever the size of x.
    Raises ValueError when x and v have different shapes.
    Source: the chain rule for t ↦ f(x + t v) at t = 0.
    """
    x, v = np.asarray(x, dtype=float), np.asarray(v, dtype=float)
    if x.shape != v.shape:
        raise ValueError(f"the direction v has shape {v.shape}, the shape of x, {x.shape}, was expected")
    if h is None:
        size = np.max(np.abs(v), initial=0.0) or 1.0
        h = EPS ** (1 / 3) * max(1.0, np.max(np.abs(x), initial=0.0)) / size
    return (np.asarray(f(x + h * v)) - np.asarray(f(x - h * v))) / (2 * h)


def _columns(column, x, h):
    """Stack column(h e_j) for every entry j of x behind the axes of the output."""
    if not h > 0:
        raise ValueError(f"the step h is {h}, a positive number was expected")
    columns = []
    for j in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[j] = h
        columns.append(column(step))
    stacked = np.stack(columns, axis=-1) if columns else np.zeros((0,))
    return stacked.reshape(stacked.shape[:-1] + x.shape)


def _gradient(jacobian, shape):
    if jacobian.shape != shape:
        output = jacobian.shape[: jacobian.ndim - len(shape)]
        raise ValueError(f"f returned an array of shape {output}, a single number was expected")
    return jacobian
