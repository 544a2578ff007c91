"""Least squares: losses of a linear model and their gradients (chapters 3 and 4).

A sample is a row of X (n, d). With one output its target is an entry of y (n,), its prediction an entry of X @ w; with
k outputs they are rows of Y (n, k) and X @ W. Losses accept complex entries, so that the complex step of chapter 1 can
check every gradient here.
"""

import numpy as np

# One output: L = 1/(2n) ‖Xw - y‖² (chapter 3)


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


# Several outputs: L = (1/N) ‖XW - Y‖_F² with N = n, and the product XW as a map (chapter 4)


def frobenius_loss(X, W, Y):
    """The loss (1/N) ‖XW - Y‖_F²: the squared residuals summed over outputs and averaged over samples.

    X (n, d), W (d, k), Y (n, k).
    Returns one number, in the units of Y squared.
    Raises ValueError when the shapes do not fit.
    Source: the definition; N = n.
    """
    R = _residual(X, W, Y)
    return np.sum(R**2) / R.shape[0]


def frobenius_gradient(X, W, Y):
    """The gradient of `frobenius_loss` in W, (2/N) Xᵀ(XW - Y).

    X (n, d), W (d, k), Y (n, k).
    Returns (d, k), in the units of the loss over those of W.
    Raises ValueError when the shapes do not fit.
    Source: dL = (2/N) ⟨R, X dW⟩ = ⟨(2/N) XᵀR, dW⟩ with R = XW - Y.
    """
    R = _residual(X, W, Y)
    return 2 / R.shape[0] * np.asarray(X).T @ R


def gradient_in_X(X, W, Y):
    """The gradient of `frobenius_loss` in X, (2/N) (XW - Y)Wᵀ.

    X (n, d), W (d, k), Y (n, k).
    Returns (n, d), in the units of the loss over those of X.
    Raises ValueError when the shapes do not fit.
    Source: dL = (2/N) ⟨R, dX W⟩ = ⟨(2/N) RWᵀ, dX⟩ with R = XW - Y.
    """
    R = _residual(X, W, Y)
    return 2 / R.shape[0] * R @ np.asarray(W).T


def vec(A):
    """The columns of a matrix stacked into one long column: entry (i, j) lands at place j·m + i.

    A (m, p).
    Returns (m·p,).
    Raises ValueError when A is no matrix.
    Source: Magnus and Neudecker, "Matrix Differential Calculus", chapter 2.
    """
    return _matrix(A, "A").reshape(-1, order="F")


def kronecker_jacobian(X, k):
    """The Jacobian of vec(XW) in vec(W), I_k ⊗ X: k copies of X along the diagonal, 0 elsewhere.

    X (n, d); k the number of columns of W, a positive whole number.
    Returns (n·k, d·k), which takes n·d·k² numbers of memory. `vec` stacks columns.
    Raises ValueError when X is no matrix or k is not positive.
    Source: vec(AWB) = (Bᵀ ⊗ A) vec(W) with A = X and B = I_k.
    """
    return np.kron(np.eye(_count(k)), _matrix(X, "X"))


def tensor_jacobian(X, k):
    """The Jacobian of XW in W with four indices, J[i, j, l, q] = ∂(XW)_ij / ∂w_lq = x_il δ_jq.

    X (n, d); k the number of columns of W, a positive whole number.
    Returns (n, k, d, k): the shape of the output, then the shape of the input.
    Raises ValueError when X is no matrix or k is not positive.
    Source: (XW)_ij = Σ_l x_il w_lj, differentiated entry by entry.
    """
    return np.einsum("il,jq->ijlq", _matrix(X, "X"), np.eye(_count(k)))


def product_pullback(X, G):
    """A gradient in the product P = XW carried back to W, XᵀG, without building any Jacobian.

    X (n, d), G (n, k), the gradient of some loss in P.
    Returns (d, k), the gradient of that loss in W.
    Raises ValueError when X and G have different numbers of rows.
    Source: ⟨G, X dW⟩ = ⟨XᵀG, dW⟩; the same as Σ_ij G_ij J_ijlq with `tensor_jacobian`.
    """
    X, G = _matrix(X, "X"), _matrix(G, "G")
    if X.shape[0] != G.shape[0]:
        raise ValueError(f"G has {G.shape[0]} rows, as many as X were expected, {X.shape[0]}")
    return X.T @ G


def _residual(X, W, Y):
    """XW - Y for matrices that fit; ValueError says which does not."""
    X, W, Y = _matrix(X, "X"), _matrix(W, "W"), _matrix(Y, "Y")
    if W.shape[0] != X.shape[1]:
        raise ValueError(f"W has shape {W.shape}, {X.shape[1]} rows were expected, one for each column of X")
    if Y.shape != (X.shape[0], W.shape[1]):
        raise ValueError(f"Y has shape {Y.shape}, the shape of XW, {(X.shape[0], W.shape[1])}, was expected")
    if X.shape[0] == 0:
        raise ValueError(f"X has shape {X.shape}, at least one row was expected: the loss is an average over rows")
    return X @ W - Y


def _matrix(A, name):
    A = np.asarray(A)
    if A.ndim != 2:
        raise ValueError(f"{name} has shape {A.shape}, a matrix with two axes was expected")
    return A


def _count(k):
    if k != int(k) or k < 1:
        raise ValueError(f"k is {k}, a positive whole number was expected")
    return int(k)
