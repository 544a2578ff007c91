"""Softmax, its Jacobian and cross-entropy, in forms that no size of logit breaks (chapter 7).

A sample is a row: logits Z (n, k) and probabilities P (n, k) have one column per class, targets Y (n, k) are one-hot
rows. Logits, probabilities and losses are pure numbers (a loss is in nats: the logarithm is the natural one).
Complex logits pass through, for the complex step.
"""

import numpy as np

# How far a sum of probabilities may lie from 1 by rounding alone.
SUM_TOLERANCE = 1e-6
# exp(-z) is a float for z from here on, and so is 1/exp(-z) to full precision: exp(708) is 3e307.
SMALLEST_EXPONENT = -708


def log_sum_exp(Z):
    """log Σ_j exp z_j over the last axis: of every row of a matrix, of all entries of a vector.

    Z  (..., k). An entry -inf adds nothing to the sum; a row of -inf alone gives -inf, an entry +inf gives +inf.
    Returns an array of shape (...): (n,) for a matrix (n, k), a number for a vector.
    Raises ValueError when Z has no entry along its last axis.
    Source: log Σ exp z_j = m + log Σ exp(z_j - m) for every m; with m = max z_j no exponential is above 1.
    """
    Z = _classes(Z, "Z")
    m = np.max(Z.real, axis=-1, keepdims=True)
    # An infinite entry is not taken out: inf - inf is no number.
    m = np.where(np.isfinite(m), m, 0.0)
    with np.errstate(divide="ignore"):
        return m[..., 0] + np.log(np.sum(np.exp(Z - m), axis=-1))


def softmax(Z):
    """Shares exp z_i / Σ_j exp z_j over the last axis: each row of a matrix on its own.

    Z  (..., k). An entry -inf gets the share 0.
    Returns an array of the shape of Z; every row is non-negative and sums to 1.
    Raises ValueError when Z has no entry along its last axis, or a row has no largest finite entry (nan, +inf, or -inf
    everywhere): its shares are not defined.
    Source: numerator and denominator divided by exp(max z_j).
    """
    Z = _classes(Z, "Z")
    m = np.max(Z.real, axis=-1, keepdims=True)
    if not np.all(np.isfinite(m)):
        found = m[~np.isfinite(m)][0]
        raise ValueError(f"a row of Z has {found} as its largest entry, a finite number was expected")
    E = np.exp(Z - m)
    return E / np.sum(E, axis=-1, keepdims=True)


def softmax_jacobian(p):
    """Jacobian of p = softmax(z) in z: ∂p_i/∂z_j = p_i (δ_ij - p_j), the matrix diag(p) - pᵀp for a row p.

    p  (k,), the softmax itself, not the logits.
    Returns (k, k): symmetric, and every row and column sums to 0.
    Raises ValueError when p is no vector, has a negative entry or does not sum to 1.
    Source: log p_i = z_i - log Σ_j exp z_j, differentiated in z_j.
    """
    p = _probabilities(p, "p")
    if p.ndim != 1:
        raise ValueError(f"p has shape {p.shape}, (k,) was expected: one softmax, not several")
    return np.diag(p) - np.outer(p, p)


def softmax_pullback(P, G):
    """Gradient in the logits of a loss whose gradient in P = softmax(Z) is G, row by row: p ⊙ (g - ⟨g, p⟩).

    P  (..., k), the softmax itself; G  the shape of P, in units of the loss.
    Returns an array of the shape of P. It costs k steps a row; the Jacobian, never built, would cost k².
    Raises ValueError when the shapes differ, or a row of P is not a softmax.
    Source: g (diag(p) - pᵀp), multiplied out.
    """
    P = _probabilities(P, "P")
    G = np.asarray(G)
    if G.shape != P.shape:
        raise ValueError(f"G has shape {G.shape}, the shape of P, {P.shape}, was expected")
    return P * (G - np.sum(P * G, axis=-1, keepdims=True))


def cross_entropy(P, Y):
    """Mean cross-entropy -1/n Σ_ij y_ij log p_ij: a number, in nats.

    P  (n, k), probabilities; Y  (n, k), targets: one-hot rows, or rows of shares that sum to 1.
    A term with y_ij = 0 is 0, also where p_ij = 0. Where y_ij > 0 and p_ij = 0 the loss is inf.
    Raises ValueError when the shapes differ or there is no sample.
    Source: minus the mean log-likelihood of the targets.
    """
    P, Y = _pair(P, Y, "P")
    aimed_at = Y != 0
    with np.errstate(divide="ignore"):
        # The logarithm is taken only where a target stands: 0 · log 0 would be nan.
        return -np.sum(Y[aimed_at] * np.log(P[aimed_at])) / len(P)


def cross_entropy_gradient(Z, Y):
    """Gradient of the mean cross-entropy of softmax(Z) in the logits: (softmax(Z) - Y)/n.

    Z  (n, k), logits; Y  (n, k), targets whose rows sum to 1.
    Returns (n, k), the shape of Z.
    Raises ValueError when the shapes differ, there is no sample, a row of Y does not sum to 1 (the formula would be
    wrong), or a row of Z has no softmax.
    Source: the gradient -Y/P/n pulled back through the softmax; Σ_j y_ij = 1 is used once.
    """
    Z, Y = _pair(Z, Y, "Z")
    sums = np.sum(Y, axis=1)
    off = np.abs(sums - 1) > SUM_TOLERANCE
    if np.any(off):
        row = int(np.argmax(off))
        raise ValueError(f"row {row} of Y sums to {sums[row]:g}, 1 was expected: the gradient is P - Y only then")
    return (softmax(Z) - Y) / len(Z)


def sigmoid(z):
    """The logistic function σ(z) = 1/(1 + exp(-z)), entry by entry: the softmax of (z, 0) in its first place.

    z  array of any shape. Returns an array of that shape, in [0, 1].
    Source: the definition. Below -708 the exponential would overflow; there σ is under 4e-308, and -708 stands for z.
    """
    # One expression without a branch: it is five times as fast as a choice between two fractions, and np.maximum
    # compares complex numbers by their real parts, so that the complex step passes through.
    return 1 / (1 + np.exp(-np.maximum(z, SMALLEST_EXPONENT)))


def _classes(Z, name):
    Z = np.asarray(Z)
    if Z.ndim == 0 or Z.shape[-1] == 0:
        raise ValueError(f"{name} has shape {Z.shape}, at least one class along the last axis was expected")
    return Z


def _probabilities(P, name):
    P = _classes(P, name)
    sums = np.sum(P, axis=-1)
    # Written so that nan fails too.
    off = ~(np.abs(sums - 1) <= SUM_TOLERANCE)
    if np.any(off):
        raise ValueError(f"{name} sums to {sums[off][0]:g}, 1 was expected: give the softmax, not the logits")
    if np.any(P.real < 0):
        raise ValueError(f"{name} holds {np.min(P.real):g}, probabilities from 0 to 1 were expected")
    return P


def _pair(A, Y, name):
    """Predictions or logits and their targets as matrices of one shape (n, k) with n ≥ 1."""
    A, Y = _classes(A, name), np.asarray(Y)
    if A.ndim != 2 or A.shape != Y.shape:
        raise ValueError(f"{name} has shape {A.shape} and Y {Y.shape}, one shape (n, k) for both was expected")
    if not len(A):
        raise ValueError("there are 0 samples, at least one was expected: the mean of nothing is not defined")
    return A, Y
