"""Affine maps y = xA + b, broadcasting and quadratic forms q = xAxᵀ, and their derivatives (chapter 2).

On paper x, b and g are rows. In code they are 1-D arrays, so `x @ A` is the row xA, and `A @ x` is the row xAᵀ.
Units follow the product rule: a derivative carries the units of the output over those of the variable.
"""

import numpy as np


def affine_map(x, A, b):
    """The affine map y = xA + b.

    x  (n,), A  (n, m), b  (m,).
    Returns (m,).
    Raises ValueError when the lengths of x and b do not fit A.
    """
    A = _matrix(A)
    x, b = _vector(x, "x", A.shape[0], "rows"), _vector(b, "b", A.shape[1], "columns")
    return x @ A + b


def affine_jacobian(A):
    """Jacobian of y = xA + b in x, the same at every x: ∂y_i/∂x_j = a_ji.

    A  (n, m).
    Returns (m, n): one row per output, one column per input. The Jacobian in b is the identity, (m, m).
    Raises ValueError when A is not a matrix.
    Source: y_i = Σ_j x_j a_ji + b_i, differentiated term by term.
    """
    return _matrix(A).T.copy()


def affine_pullback(A, g):
    """Gradient in x of a loss whose gradient in y = xA + b is known: gAᵀ.

    A  (n, m), g  (m,): the gradient in y, units of the loss over those of y.
    Returns (n,), the shape of x. The gradient in b is g itself, the gradient in A is the outer product xᵀg.
    Raises ValueError when g has not one entry per column of A.
    Source: chain rule; ⟨g, δA⟩ = ⟨gAᵀ, δ⟩ for every step δ of x.
    """
    A = _matrix(A)
    return _vector(g, "g", A.shape[1], "columns") @ A.T


def broadcast_pullback(shape, G):
    """Gradient in an array of this shape that was broadcast to the shape of G: the sum over all its copies.

    shape  one that NumPy stretches to that of G: (m,), (1, m), (n, 1) and () all go to (n, m).
    G      any shape: the gradient in the broadcast array.
    Returns an array of `shape`, in the units of G.
    Raises ValueError when `shape` does not stretch to the shape of G.
    Source: copying forward is a linear map; its transpose adds the copies up.
    """
    if np.broadcast_shapes(shape, G.shape) != G.shape:
        raise ValueError(f"the shape {shape} does not stretch to {G.shape}, the shape of the gradient")
    new = G.ndim - len(shape)
    stretched = [new + axis for axis, size in enumerate(shape) if size == 1]
    return G.sum(axis=(*range(new), *stretched)).reshape(shape)


def mean_pullback(shape, axis, g):
    """Gradient in X of a loss whose gradient in X.mean(axis) is known: g copied along the axis, over its length.

    shape  of X; axis  a whole number; g  the shape of X without that axis.
    Returns an array of `shape`, in the units of g.
    Raises ValueError when g has another shape than the mean.
    Source: every entry of X stands in one mean, with the weight 1 / shape[axis].
    """
    g, axis = np.asarray(g), axis % len(shape)
    if g.shape != (*shape[:axis], *shape[axis + 1 :]):
        raise ValueError(f"g has shape {g.shape}, that of {shape} without axis {axis} was expected")
    return np.broadcast_to(np.expand_dims(g, axis), shape) / shape[axis]


def quadratic_form(A, x):
    """The quadratic form q(x) = xAxᵀ = Σ_ij a_ij x_i x_j, a number.

    A  (n, n), symmetric or not; x  (n,), real or complex (so that a complex step passes through).
    Raises ValueError when A is not square or x does not fit it.
    """
    A = _square(A)
    x = _vector(x, "x", A.shape[0], "rows")
    return x @ A @ x


def quadratic_gradient(A, x):
    """Gradient of xAxᵀ in x: x(A + Aᵀ), which is 2xA for a symmetric A only.

    A  (n, n), x  (n,).
    Returns (n,), the shape of x.
    Raises ValueError when A is not square or x does not fit it.
    Source: x stands in two places; each gives one term.
    """
    A = _square(A)
    return _vector(x, "x", A.shape[0], "rows") @ (A + A.T)


def quadratic_gradient_in_A(x):
    """Gradient of xAxᵀ in A: the outer product xᵀx, whatever A is.

    x  (n,).
    Returns (n, n), the shape of A. The n² entries of A count as independent variables.
    Raises ValueError when x is not a 1-D array.
    Source: ∂/∂a_ij of Σ_ij a_ij x_i x_j is x_i x_j.
    """
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError(f"x has shape {x.shape}, a 1-D array was expected")
    return np.outer(x, x)


def quadratic_hessian(A):
    """Second derivatives of xAxᵀ in x, the same at every x: A + Aᵀ.

    A  (n, n).
    Returns (n, n), always symmetric.
    Raises ValueError when A is not square.
    Source: the gradient x(A + Aᵀ) is an affine map of x; this is its Jacobian.
    """
    A = _square(A)
    return A + A.T


def symmetric_part(A):
    """S = (A + Aᵀ)/2, the part of A that xAxᵀ sees. A  (n, n). Returns (n, n)."""
    A = _square(A)
    return (A + A.T) / 2


def antisymmetric_part(A):
    """K = (A - Aᵀ)/2, the part of A with xKxᵀ = 0 for every x. A  (n, n). Returns (n, n)."""
    A = _square(A)
    return (A - A.T) / 2


def _matrix(A):
    A = np.asarray(A)
    if A.ndim != 2:
        raise ValueError(f"A has shape {A.shape}, a matrix was expected")
    return A


def _square(A):
    A = _matrix(A)
    if A.shape[0] != A.shape[1]:
        raise ValueError(f"A has shape {A.shape}, a square matrix was expected")
    return A


def _vector(v, name, length, side):
    """v as an array, if it is 1-D with `length` entries, one for each of A's rows or columns (`side`)."""
    v = np.asarray(v)
    if v.shape != (length,):
        raise ValueError(f"{name} has shape {v.shape}, ({length},) was expected: A has {length} {side}")
    return v
