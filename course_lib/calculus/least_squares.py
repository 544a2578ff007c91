"""Least squares: the mean squared error of a linear model, and its gradients (chapter 3).

A sample is a row of X (n, d), its target an entry of y (n,), its prediction an entry of X @ w. The factor 1/(2n) is
part of the loss: the 2 cancels against the 2 of the square, the n stays.
"""

import numpy as np


def mse(X, w, y):
    """Mean squared error 1/(2n) Σ (x_i w − y_i)²: a number, in the squared units of y.

    X  (n, d), one sample per row; w  (d,); y  (n,), the targets. Complex entries pass through, for the complex step.
    Raises ValueError when the shapes do not fit together or there is no sample.
    Source: the definition of least squares (Legendre 1805), divided by 2n.
    """
    X, w, y = _problem(X, w, y)
    residual = X @ w - y
    # A sum of squares and no np.linalg.norm: the norm would drop the imaginary part.
    return np.sum(residual**2) / (2 * len(y))


def mse_residual_gradient(y_hat, y):
    """Gradient of the mean squared error 1/(2n) Σ (ŷ_i − y_i)² in the predictions: (ŷ − y)/n.

    y_hat  (n,), the predictions; y  (n,), the targets.
    Returns an array of shape (n,), in the units of y.
    Raises ValueError when the two shapes differ or there is no sample.
    Source: chapter 3; entry i of the sum is the only one that holds ŷ_i.
    """
    y_hat, y = np.asarray(y_hat), np.asarray(y)
    if y.ndim != 1 or y_hat.shape != y.shape:
        raise ValueError(f"y_hat has shape {y_hat.shape} and y {y.shape}, one shape (n,) for both was expected")
    _expect_samples(y)
    return (y_hat - y) / len(y)


def mse_gradient(X, w, y):
    """Gradient of the mean squared error 1/(2n) ‖Xw − y‖² in the weights: Xᵀ(Xw − y)/n.

    X  (n, d), one sample per row; w  (d,); y  (n,), the targets.
    Returns an array of shape (d,); entry j has the squared units of y over the units of w_j.
    Raises ValueError when the shapes do not fit together or there is no sample.
    Source: chapter 3; the chain rule with the Jacobian ∂(Xw)/∂w = X, so the gradient in ŷ is pulled back by Xᵀ.
    """
    X, w, y = _problem(X, w, y)
    return X.T @ mse_residual_gradient(X @ w, y)


def _problem(X, w, y):
    """X, w and y as arrays whose shapes fit together: (n, d), (d,), (n,)."""
    X, w, y = np.asarray(X), np.asarray(w), np.asarray(y)
    if X.ndim != 2:
        raise ValueError(f"X has shape {X.shape}, (n, d) was expected: one row per sample, one column per feature")
    n, d = X.shape
    if w.shape != (d,):
        raise ValueError(f"w has shape {w.shape}, ({d},) was expected: one weight per column of X")
    if y.shape != (n,):
        raise ValueError(f"y has shape {y.shape}, ({n},) was expected: one target per row of X")
    _expect_samples(y)
    return X, w, y


def _expect_samples(y):
    if not len(y):
        raise ValueError("there are 0 samples, at least one was expected: the mean of nothing is not defined")
