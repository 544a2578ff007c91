"""Gradient descent on the least-squares loss L(w) = 1/(2n) ‖Xw − y‖² (chapter 6).

The Hessian of this loss is H = XᵀX/n, shape (d, d), the same at every w. Its eigenvalues λ_1 ≤ … ≤ λ_d are the
curvatures of the loss. They hold the 1/n, so every step size here does too: lr has the units of 1/λ.
"""

import numpy as np

from course_lib.calculus.least_squares import mse_gradient


def gradient_step(w, grad, lr):
    """The weights after one step against the gradient, w − lr · grad.

    w, grad  arrays of one shape; lr  the step size, in the units of w over those of grad.
    Returns a new array of that shape; w stays as it was.
    Raises ValueError when the shapes differ.
    Source: Cauchy (1847), "Méthode générale pour la résolution des systèmes d'équations simultanées".
    """
    w, grad = _alike(w, grad, "grad")
    return w - lr * grad


def descend(X, y, lr, steps, start=None):
    """All weights that gradient descent visits on 1/(2n) ‖Xw − y‖², the start first.

    X  (n, d), y  (n,), lr  the step size, steps  how many steps; start  (d,), by default 0.
    Returns an array of shape (steps + 1, d); row t holds the weights after t steps.
    Raises ValueError when the shapes do not fit together or steps is negative.
    Source: `gradient_step`, repeated.
    """
    w = _start(X, start)
    path = [w]
    for _ in range(_count(steps, "steps")):
        w = gradient_step(w, mse_gradient(X, w, y), lr)
        path.append(w)
    return np.array(path)


# ----------------------------------------------------------------------------------------------------------------------
# The curvatures decide everything about a fixed step.


def curvatures(X):
    """The eigenvalues of the Hessian XᵀX/n in ascending order.

    X  (n, d). With fewer samples than features, the d − n smallest are 0.
    Returns an array of shape (d,), in squared units of X.
    Raises ValueError when X is no matrix or has no rows.
    Source: XᵀX = VΣ²Vᵀ for X = UΣVᵀ, so they are σ²/n. Singular values keep digits that forming XᵀX would lose.
    """
    X = _table(X)
    n, d = X.shape
    found = np.zeros(d)
    sigma = np.linalg.svd(X, compute_uv=False)
    found[d - len(sigma) :] = sigma[::-1] ** 2 / n
    return found


def largest_stable_step(X):
    """The step size above which gradient descent diverges, 2/λ_max.

    X  (n, d).
    Returns a number. Below it the error shrinks in every direction that has any curvature; at it, one keeps its size.
    Raises ValueError when X holds only zeros: then no step diverges.
    Source: chapter 6; an error along an eigenvector is multiplied by 1 − lr·λ, and |1 − lr·λ| < 1 means lr < 2/λ.
    """
    largest = curvatures(X)[-1]
    if largest == 0:
        raise ValueError("X holds only zeros, at least one other entry was expected: the loss has no curvature")
    return float(2 / largest)


def best_fixed_step(X):
    """The step size with the smallest `contraction_factor`, 2/(λ_min + λ_max).

    X  (n, d) with d independent columns.
    Returns a number. The factor it reaches is (κ − 1)/(κ + 1), where κ = λ_max/λ_min.
    Raises ValueError when the columns are dependent: along some direction no step gains anything.
    Source: chapter 6; 1 − lr·λ_min falls with lr, lr·λ_max − 1 rises, and the larger is smallest where they meet.
    """
    smallest, largest = _extreme_curvatures(X)
    return float(2 / (smallest + largest))


def contraction_factor(X, lr):
    """What a step multiplies the error by in the worst direction, max_j |1 − lr·λ_j|.

    X  (n, d), lr  the step size.
    Returns a number without unit: below 1 the weights converge, above 1 they diverge.
    Source: chapter 6; the spectral radius of I − lr·H.
    """
    return float(np.max(np.abs(1 - lr * curvatures(X))))


# ----------------------------------------------------------------------------------------------------------------------
# A part of the samples at a time.


def minibatches(n, size, rng):
    """The samples of one epoch in random order, cut into batches of row numbers.

    n  how many samples; size  how many of them make a batch; rng  a NumPy Generator.
    Yields integer arrays of shape (size,), the last one shorter when size does not divide n. Each row comes once.
    Raises ValueError when size is not between 1 and n.
    Source: Robbins and Monro (1951), with the samples drawn without putting them back.
    """
    n, size = _count(n, "n"), _count(size, "size")
    if not 1 <= size <= n:
        raise ValueError(f"the batch size is {size}, a whole number from 1 to n = {n} was expected")
    order = rng.permutation(n)
    for first in range(0, n, size):
        yield order[first : first + size]


def descend_on_minibatches(X, y, lr, size, epochs, rng, start=None):
    """All weights that mini-batch descent visits on 1/(2n) ‖Xw − y‖², the start first.

    X  (n, d), y  (n,), lr  the step size; size  samples in a batch; epochs  passes over all samples; rng  a NumPy
    Generator; start  (d,), by default 0. The gradient of a step is the mean over its batch alone.
    Returns an array of shape (steps + 1, d) with steps = epochs · ⌈n/size⌉.
    Raises ValueError when the shapes do not fit together or a count is out of range.
    Source: `minibatches` and `gradient_step`.
    """
    X, y, w = _table(X), np.asarray(y), _start(X, start)
    path = [w]
    for _ in range(_count(epochs, "epochs")):
        for rows in minibatches(len(X), size, rng):
            w = gradient_step(w, mse_gradient(X[rows], w, y[rows]), lr)
            path.append(w)
    return np.array(path)


# ----------------------------------------------------------------------------------------------------------------------
# Momentum: the heavy ball.


def momentum_step(w, v, grad, lr, beta):
    """One step of the heavy ball: first the velocity, β·v + grad, then the weights, w − lr times the new velocity.

    w, v, grad  arrays of one shape, v in the units of grad; lr  the step size; beta  the share of v that is kept.
    Returns the new w and the new v, in this order; the old ones stay as they were.
    Raises ValueError when the shapes differ.
    Source: Polyak (1964), "Some methods of speeding up the convergence of iteration methods".
    """
    w, grad = _alike(w, grad, "grad")
    w, v = _alike(w, v, "v")
    v = beta * v + grad
    return w - lr * v, v


def descend_with_momentum(X, y, lr, beta, steps, start=None):
    """All weights that the heavy ball visits on 1/(2n) ‖Xw − y‖², the start first; it starts at rest.

    X  (n, d), y  (n,), lr, beta  see `momentum_step`; steps  how many steps; start  (d,), by default 0.
    Returns an array of shape (steps + 1, d).
    Raises ValueError when the shapes do not fit together or steps is negative.
    Source: `momentum_step`, repeated.
    """
    w = _start(X, start)
    v = np.zeros_like(w)
    path = [w]
    for _ in range(_count(steps, "steps")):
        w, v = momentum_step(w, v, mse_gradient(X, w, y), lr, beta)
        path.append(w)
    return np.array(path)


def momentum_factors(curvature, lr, beta):
    """What the heavy ball multiplies the error by per step in the long run, for each curvature.

    curvature  array of any shape, or a number; lr, beta  see `momentum_step`.
    Returns an array of the same shape: the larger modulus of the two roots of z² − (1 + β − lr·λ) z + β.
    Source: chapter 6; the eigenvalues of [[1 − lr·λ, −lr·β], [λ, β]], whose trace is 1 + β − lr·λ and determinant β.
    """
    trace = 1 + beta - lr * np.asarray(curvature, dtype=float)
    root = np.sqrt(trace**2 - 4 * beta + 0j)
    return np.maximum(np.abs(trace + root), np.abs(trace - root)) / 2


def best_momentum(X):
    """The step size and the β with which the heavy ball is fastest in its worst direction.

    X  (n, d) with d independent columns.
    Returns lr = 4/(√λ_max + √λ_min)² and β = ρ², where ρ = (√κ − 1)/(√κ + 1) is the rate they reach.
    Raises ValueError when the columns are dependent.
    Source: Polyak (1964); both ends of the curvatures then have a double root, (1 ± ρ)² = lr·λ.
    """
    smallest, largest = np.sqrt(_extreme_curvatures(X))
    rate = (largest - smallest) / (largest + smallest)
    return float(4 / (largest + smallest) ** 2), float(rate**2)


# ----------------------------------------------------------------------------------------------------------------------
# Adam: a step of its own for every weight.


def adam_step(w, m, s, grad, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    """One step of Adam: against the mean of the past gradients, divided by their root mean square, entry by entry.

    w, m, s, grad  arrays of one shape; m is the running mean of the gradients, in the units of grad, s that of their
    squares, in those of grad², both 0 before the first step; t  the number of this step, counted from 1.
    lr  the step size, in the units of w: no entry moves by much more; beta1, beta2  the share of m and of s that is
    kept; eps  added to the root, in the units of grad, so that nothing is divided by 0.
    Returns the new w, m and s, in this order; the old ones stay as they were. Complex entries pass through, except
    where the root has no derivative, at s = 0.
    Raises ValueError when the shapes differ or t is no whole number from 1 on.
    Source: Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1; its v is our s.
    """
    w, grad = _alike(w, grad, "grad")
    w, m = _alike(w, m, "m")
    w, s = _alike(w, s, "s")
    if _count(t, "t") == 0:
        raise ValueError("t is 0, a whole number from 1 on was expected: the first step has number 1")
    m = beta1 * m + (1 - beta1) * grad
    s = beta2 * s + (1 - beta2) * grad**2
    # Both means began at 0 and are too small by the weight that this 0 still has, beta to the power t.
    m_hat = m / (1 - beta1**t)
    s_hat = s / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(s_hat) + eps), m, s


def descend_with_adam(X, y, lr, steps, beta1=0.9, beta2=0.999, eps=1e-8, start=None):
    """All weights that Adam visits on 1/(2n) ‖Xw − y‖², the start first.

    X  (n, d), y  (n,), lr, beta1, beta2, eps  see `adam_step`; steps  how many steps; start  (d,), by default 0.
    Returns an array of shape (steps + 1, d).
    Raises ValueError when the shapes do not fit together or steps is negative.
    Source: `adam_step`, repeated.
    """
    w = _start(X, start)
    m, s = np.zeros_like(w), np.zeros_like(w)
    path = [w]
    for t in range(1, _count(steps, "steps") + 1):
        w, m, s = adam_step(w, m, s, mse_gradient(X, w, y), t, lr, beta1, beta2, eps)
        path.append(w)
    return np.array(path)


# ----------------------------------------------------------------------------------------------------------------------


def _extreme_curvatures(X):
    """λ_min and λ_max; ValueError when λ_min is 0 up to rounding."""
    found = curvatures(X)
    # Singular values are known to about ε·σ_max·max(n, d); their squares are compared here.
    if found[0] <= found[-1] * (np.finfo(float).eps * max(np.shape(X))) ** 2:
        raise ValueError(
            f"the smallest curvature of X, shape {np.shape(X)}, is 0; independent columns were expected: "
            "along some direction the loss does not change"
        )
    return found[0], found[-1]


def _table(X):
    X = np.asarray(X)
    if X.ndim != 2 or not X.size:
        raise ValueError(f"X has shape {X.shape}, (n, d) was expected: one row per sample, at least one of each")
    return X


def _start(X, start):
    """The first weights as an array of their own: (d,)."""
    d = _table(X).shape[1]
    w = np.zeros(d) if start is None else np.array(start, dtype=float)
    if w.shape != (d,):
        raise ValueError(f"start has shape {w.shape}, ({d},) was expected: one weight per column of X")
    return w


def _alike(w, other, name):
    w, other = np.asarray(w), np.asarray(other)
    if w.shape != other.shape:
        raise ValueError(f"{name} has shape {other.shape}, the shape of w, {w.shape}, was expected")
    return w, other


def _count(number, name):
    if number != int(number) or number < 0:
        raise ValueError(f"{name} is {number}, a whole number that is not negative was expected")
    return int(number)
