"""Least squares: one output (chapter 3), several outputs (chapter 4), and the best weights (chapter 5).

A sample is a row of X (n, d). With one output its target is an entry of y (n,), its prediction an entry of X @ w, and
the loss is 1/(2n) ‖Xw − y‖²: the 2 cancels against the 2 of the square, the n stays. With k outputs the targets are
Y (n, k), the weights W (d, k), and the loss is (1/N) ‖XW − Y‖_F², where N = n. Losses accept complex entries, so that
the complex step of chapter 1 can check every gradient here.
"""

import numpy as np

EPS = np.finfo(float).eps

# ----------------------------------------------------------------------------------------------------------------------
# Chapter 3: the mean squared error of one output, and its gradients.


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


# ----------------------------------------------------------------------------------------------------------------------
# Chapter 4: several outputs, the product XW and its Jacobian.


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


# ----------------------------------------------------------------------------------------------------------------------
# Chapter 5: the best weights, four ways to compute them, and what they share.
#
# Before anything is squared, columns are divided by powers of two. That is exact, it changes no digit of the answer,
# and entries near 1e±150 neither overflow nor vanish.


def ols_normal_equations(X, y):
    """The weights with the least loss 1/(2n) ‖Xw − y‖², from the normal equations XᵀX w = Xᵀy.

    X  (n, d) with independent columns, one sample per row; y  (n,), the targets.
    Returns w (d,); w_j has the unit of y over the unit of column j. Of 16 digits up to about 2 log10 κ are lost, where
    κ is the condition number of X with columns of one length: `ols_qr` loses at most half as many when the fit is good.
    Raises ValueError when the shapes do not fit or a number is not finite, LinAlgError when XᵀX cannot be inverted.
    Source: chapter 5; ∇L = Xᵀ(Xw − y)/n = 0.
    """
    X, y = _table(X, y)
    Z, x_exponents = _scaled(X, axis=0)
    y, y_exponent = _scaled(y)
    _expect_solvable_normal_equations(Z)
    w = np.linalg.solve(Z.T @ Z, Z.T @ y)
    return _unscaled(w, y_exponent - x_exponents)


def ols_row_form(X, y):
    """The same weights as a row, ŵ = yX(XᵀX)⁻¹, for targets that are a row.

    X  (n, d) with independent columns; y  (n,), or (k, n) with one row of targets for each of k outputs.
    Returns (d,), or (k, d) with one row of weights for each output. Units and digits as in `ols_normal_equations`.
    Raises ValueError when the shapes do not fit or a number is not finite, LinAlgError when XᵀX cannot be inverted.
    Source: chapter 5; the transpose of the normal equations, w XᵀX = yX.
    """
    X, y = _finite(X, "X", (2,)), _finite(y, "y", (1, 2))
    if y.shape[-1] != X.shape[0]:
        raise ValueError(f"y has shape {y.shape}, rows of {X.shape[0]} targets were expected, one for each row of X")
    Z, x_exponents = _scaled(X, axis=0)
    y, y_exponent = _scaled(y)
    _expect_solvable_normal_equations(Z)
    w = y @ Z @ np.linalg.inv(Z.T @ Z)
    return _unscaled(w, y_exponent - x_exponents)


def ols_qr(X, y):
    """The weights with the least loss from X = QR: with orthonormal columns in Q, the normal equations are Rw = Qᵀy.

    X  (n, d) with independent columns; y  (n,). Returns w (d,), units as in `ols_normal_equations`.
    XᵀX is never formed. About log10 κ digits are lost when the residual is small; with a residual as long as Xw the
    problem itself loses 2 log10 κ, whatever the method.
    Raises ValueError when the shapes do not fit or a number is not finite, LinAlgError when columns are dependent.
    Source: Golub (1965), "Numerical methods for solving linear least squares problems".
    """
    X, y = _table(X, y)
    Z, x_exponents = _scaled(X, axis=0)
    y, y_exponent = _scaled(y)
    _expect_enough_rows(Z)
    Q, R = np.linalg.qr(Z)
    # Q keeps lengths, so R has the singular values of Z, and it is small.
    kappa, limit = np.linalg.cond(R), 1 / (len(Z) * EPS)
    if not kappa < limit:
        raise np.linalg.LinAlgError(
            f"the columns of X are dependent to working precision (condition number {kappa:.0e}, less than {limit:.0e} "
            "was expected): no single w is best; minimum_norm_solution returns the shortest"
        )
    # R is upper triangular, so this is substitution from the last row up.
    w = np.linalg.solve(R, Q.T @ y)
    return _unscaled(w, y_exponent - x_exponents)


def hat_matrix(X):
    """The projection onto the column space of X, which puts the hat on y: ŷ = Hy. With full rank, H = X(XᵀX)⁻¹Xᵀ.

    X  (n, d), of any rank: dependent columns span a space too. Returns H (n, n), without unit.
    Raises ValueError when X is no matrix, is empty, or holds a number that is not finite.
    Source: H = UUᵀ with an orthonormal basis U of the column space, from the singular value decomposition.
    """
    Z, _ = _scaled(_finite(X, "X", (2,)), axis=0)
    U, _, _ = _compact_svd(Z)
    return U @ U.T


def ridge(X, y, lam):
    """The weights with the least loss 1/(2n) ‖Xw − y‖² + λ/2 ‖w‖², which solve (XᵀX + nλI) w = Xᵀy.

    X  (n, d), of any rank; y  (n,); lam  λ ≥ 0, in the units of X squared when all columns share one unit.
    Returns w (d,). scikit-learn's Ridge without intercept has alpha = nλ. With λ = 0 this is `minimum_norm_solution`,
    the limit for λ → 0.
    Raises ValueError when the shapes do not fit, a number is not finite, or λ is negative.
    Source: Hoerl and Kennard (1970), "Ridge regression"; by X = USVᵀ each direction is scaled by s/(s² + nλ).
    """
    X, y = _table(X, y)
    lam = _finite(lam, "lam", (0,))
    if lam < 0:
        raise ValueError(f"lam is {lam}, a number not below 0 was expected: a negative one rewards long weights")
    # √(nλ) is measured with the singular values, so one power of two serves both.
    root = np.sqrt(len(X)) * np.sqrt(lam)
    _, exponent = np.frexp(max(np.max(np.abs(X)), root))
    y, y_exponent = _scaled(y)
    U, s, V = _compact_svd(np.ldexp(X, -exponent))
    shrunk = s / (s**2 + np.ldexp(root, -exponent) ** 2)
    return _unscaled(V @ (shrunk * (U.T @ y)), y_exponent - exponent)


def minimum_norm_solution(X, y):
    """The shortest of all weights with the least ‖Xw − y‖, for X of any shape and rank: w = X⁺y.

    X  (n, d); y  (n,). Returns w (d,), a combination of the rows of X; with independent columns there is no choice, and
    it is the ordinary solution. Singular values below max(n, d) ε s_max count as 0.
    Lengths of w compare only when the columns of X share one unit, or none.
    Raises ValueError when the shapes do not fit or a number is not finite.
    Source: Penrose (1956), "On best approximate solutions of linear matrix equations"; w = Σ v (uᵀy)/s over s > 0.
    """
    return ridge(X, y, 0.0)


def design_with_condition(kappa, n, d, rng):
    """A random design matrix whose singular values run evenly on a logarithmic scale from 1 to 1/κ.

    kappa  the condition number κ ≥ 1; n ≥ d rows and columns; rng  a NumPy random generator.
    Returns X (n, d).
    Raises ValueError when κ is below 1 or there are fewer rows than columns.
    Source: X = U diag(s) Vᵀ with random orthonormal U (n, d) and V (d, d).
    """
    if not (kappa >= 1 and n >= d):
        raise ValueError(f"got kappa = {kappa} and shape ({n}, {d}), kappa ≥ 1 and n ≥ d were expected")
    U, _ = np.linalg.qr(rng.normal(size=(n, d)))
    V, _ = np.linalg.qr(rng.normal(size=(d, d)))
    return U * np.logspace(0, -np.log10(kappa), d) @ V.T


def _table(X, y):
    """X (n, d) and y (n,), finite and of shapes that fit."""
    X, y = _finite(X, "X", (2,)), _finite(y, "y", (1,))
    if len(y) != len(X):
        raise ValueError(f"y has shape {y.shape}, ({len(X)},) was expected: one target per row of X")
    return X, y


def _finite(A, name, axes):
    """A as a real, finite, non-empty array with one of the given numbers of axes."""
    A = np.asarray(A)
    if A.dtype.kind not in "biuf":
        raise ValueError(f"{name} holds values of type {A.dtype.name}, real numbers were expected")
    if A.ndim not in axes or A.size == 0:
        wanted = " or ".join({0: "a number", 1: "(n,)", 2: "a matrix with rows and columns"}[k] for k in axes)
        raise ValueError(f"{name} has shape {A.shape}, {wanted} was expected")
    if not np.all(np.isfinite(A)):
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(A))[0])
        raise ValueError(f"{name} holds {A[index]} at {list(index)}, finite numbers were expected")
    return A.astype(float)


def _scaled(A, axis=None):
    """A divided by powers of two so that its largest entries (along the axis) lie in [½, 1), and their exponents."""
    _, exponents = np.frexp(np.max(np.abs(A), axis=axis))
    return np.ldexp(A, -exponents), exponents


def _unscaled(w, exponents):
    with np.errstate(over="ignore"):
        w = np.ldexp(w, exponents)
    if not np.all(np.isfinite(w)):
        raise ValueError("a weight exceeds the largest double, 1.8e308: change the units of X or y")
    return w


def _expect_enough_rows(X):
    n, d = X.shape
    if n < d:
        raise np.linalg.LinAlgError(
            f"X has {n} rows and {d} columns, at least as many rows as columns were expected: no single w is best; "
            "minimum_norm_solution returns the shortest"
        )


def _expect_solvable_normal_equations(Z):
    """Z: the design with scaled columns. The condition number of ZᵀZ is the square of that of Z."""
    _expect_enough_rows(Z)
    kappa, limit = np.linalg.cond(Z), 1 / (len(Z) * EPS)
    if not kappa**2 < limit:
        remedy = "use ols_qr" if kappa < limit else "no single w is best; minimum_norm_solution returns the shortest"
        raise np.linalg.LinAlgError(
            f"the condition number of X is {kappa:.0e}, so that of XᵀX is {kappa**2:.0e}, less than {limit:.0e} was "
            f"expected: XᵀX is singular to working precision; {remedy}"
        )


def _compact_svd(X):
    """U (n, r), s (r,) and V (d, r) with X = U diag(s) Vᵀ, without the directions in which X is 0 up to rounding."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > max(X.shape) * EPS * s[0]
    return U[:, kept], s[kept], Vt[kept].T
