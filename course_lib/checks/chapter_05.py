"""Chapter 5: ordinary least squares."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks.exact import solve_exactly
from course_lib.checks.specification import exercise


def tall_sizes(draw):
    """n > d, both from the draw's sizes, so that they differ and change from draw to draw."""
    return sorted(draw.sizes(2), reverse=True)


def with_a_short_column(draw, X):
    """X, with one column 512 times as short in every other draw: a loose tolerance of a pseudo-inverse loses it."""
    if draw.index % 2:
        X[:, draw.rng.integers(X.shape[1])] /= 512
    return X


def nearest_in_span(X, Y):
    """Weights W (d, p) and residuals R (n, p) with XW + R = Y and every column of R at right angles to X.

    This is what "least squares" means, taken as equations and solved without rounding.
    """
    n, d = X.shape
    A = np.block([[np.eye(n), X], [X.T, np.zeros((d, d))]])
    Z = solve_exactly(A, np.vstack([Y, np.zeros((d, Y.shape[1]))]))
    return Z[n:], Z[:n]


# ----------------------------------------------------------------------------------------------------------------------
ols_normal_equations = exercise(
    "ols_normal_equations(X, y)",
    chapter="05",
    points=1,
    minutes=5,
    hints=(
        "At the minimum the gradient Xᵀ(Xw − y)/n is 0. Multiply by n and bring the term without w to the other side.",
        "XᵀX w = Xᵀy: a d × d matrix times the unknown w is a known vector with d entries.",
        "`np.linalg.solve(A, b)` finds the w with A w = b. Here A is `X.T @ X` and b is `X.T @ y`.",
    ),
)


@ols_normal_equations.draws
def inputs(draw):
    n, d = tall_sizes(draw)
    return with_a_short_column(draw, draw.array(n, d)), draw.array(n)


@ols_normal_equations.truth
def truth(X, y):
    W, _ = nearest_in_span(X, y[:, None])
    return W[:, 0]


@ols_normal_equations.mistake
def sign(X, y):
    """Your answer is -1 times the right one: XᵀXw − Xᵀy = 0 gives XᵀXw = Xᵀy, with a plus on both sides."""
    return np.linalg.solve(X.T @ X, -X.T @ y)


@ols_normal_equations.mistake
def mean(X, y):
    """Your answer is 1/n times the right one: the 1/n stands before both terms of the gradient, so it cancels."""
    return np.linalg.solve(X.T @ X, X.T @ y) / len(y)


@ols_normal_equations.mistake
def mean_left(X, y):
    """Your answer is n times the right one: only XᵀX was divided by n. Divide both sides, or neither."""
    return np.linalg.solve(X.T @ X / len(y), X.T @ y)


@ols_normal_equations.mistake
def factor(X, y):
    """Your answer is half the right one: the quadratic term and the cross term both bring a 2, and these cancel."""
    return np.linalg.solve(2 * X.T @ X, X.T @ y)


@ols_normal_equations.mistake
def term(X, y):
    """This is Xᵀy, the right side alone. The equations XᵀX w = Xᵀy still have to be solved for w."""
    return X.T @ y


@ols_normal_equations.mistake
def product(X, y):
    """You multiplied by XᵀX. It stands on the side of w, so undo it: solve the equations with it."""
    return X.T @ X @ X.T @ y


@ols_normal_equations.mistake
def power(X, y):
    """`A ** -1` inverts every entry by itself. The inverse of a matrix is another thing; use `np.linalg.solve`."""
    return (X.T @ X) ** -1.0 @ X.T @ y


@ols_normal_equations.mistake
def diagonal(X, y):
    """Each weight was fitted as if its feature were alone. That holds only
    for orthogonal columns: use all of XᵀX, not its diagonal."""
    return X.T @ y / np.sum(X**2, axis=0)


@ols_normal_equations.mistake
def rows(X, y):
    """You used d of the n samples, so the equations could be met exactly. All n samples count: take XᵀX and Xᵀy."""
    d = X.shape[1]
    return np.linalg.solve(X[:d], y[:d])


@ols_normal_equations.mistake
def intercept(X, y):
    """You subtracted the means first, which fits an intercept too. The model here is Xw and nothing else."""
    return np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]


@ols_normal_equations.mistake
def transpose(X, y):
    """The transposes stand in the wrong places: XᵀX is d × d and Xᵀy has d entries, one for each weight."""
    return np.linalg.solve(X @ X.T, X @ y)


@ols_normal_equations.mistake
def tolerance(X, y):
    """The tolerance `rcond` is too loose: a direction in which X is short, and not flat, was taken for
    nothing. Leave it at what NumPy takes, `rcond=None`."""
    return np.linalg.lstsq(X, y, rcond=1e-2)[0]


# ----------------------------------------------------------------------------------------------------------------------
ols_row_form = exercise(
    "ols_row_form(X, y)",
    chapter="05",
    points=1,
    minutes=6,
    hints=(
        "y is a row with the shape (1, n), and so is the prediction wXᵀ. Write the condition that the gradient is 0.",
        "(−yX + wXᵀX)/n = 0, so wXᵀX = yX. Both sides are rows with d entries.",
        "XᵀX stands to the right of w, so its inverse is multiplied from the right: `y @ X @ np.linalg.inv(X.T @ X)`.",
    ),
)


@ols_row_form.draws
def inputs(draw):
    n, d = tall_sizes(draw)
    return draw.array(n, d), draw.array(1, n)


@ols_row_form.truth
def truth(X, y):
    W, _ = nearest_in_span(X, y.T)
    return W.T


@ols_row_form.mistake
def layout(X, y):
    """This is the column form, shape (d, 1). The row form ŵ = yX(XᵀX)⁻¹ begins with the row y and gives a row."""
    return np.linalg.inv(X.T @ X) @ X.T @ y.T


@ols_row_form.mistake
def shape(X, y):
    """The numbers are right, but an axis was lost. For the row y of shape (1, n) the answer is a row too, (1, d)."""
    return np.linalg.inv(X.T @ X) @ X.T @ y[0]


@ols_row_form.mistake
def side(X, y):
    """(XᵀX)⁻¹ stands on the wrong side: yX is a 1 × d row, so a d × d matrix can only be multiplied from the right."""
    return np.linalg.inv(X.T @ X) @ (y @ X)


@ols_row_form.mistake
def order(X, y):
    """To the right of the 1 × n row y only a factor with n rows fits, and that is X: first yX, then (XᵀX)⁻¹."""
    return y @ np.linalg.inv(X.T @ X) @ X


@ols_row_form.mistake
def sign(X, y):
    """Your answer is -1 times the right one: wXᵀX = yX, with a plus on both sides."""
    return -y @ X @ np.linalg.inv(X.T @ X)


@ols_row_form.mistake
def mean(X, y):
    """Your answer is 1/n times the right one: the 1/n stands before both terms of the gradient, so it cancels."""
    return y @ X @ np.linalg.inv(X.T @ X) / y.shape[1]


@ols_row_form.mistake
def factor(X, y):
    """Your answer is half the right one: the cross term 2wXᵀyᵀ brings a 2 too, and both cancel against 1/(2n)."""
    return y @ X @ np.linalg.inv(2 * X.T @ X)


@ols_row_form.mistake
def term(X, y):
    """This is yX alone. The factor (XᵀX)⁻¹ is still missing on its right."""
    return y @ X


@ols_row_form.mistake
def product(X, y):
    """You multiplied by XᵀX. From wXᵀX = yX follows w = yX(XᵀX)⁻¹, with the inverse."""
    return y @ X @ X.T @ X


@ols_row_form.mistake
def power(X, y):
    """`A ** -1` inverts every entry by itself. The inverse of a matrix is `np.linalg.inv(A)`."""
    return y @ X @ (X.T @ X) ** -1.0


# ----------------------------------------------------------------------------------------------------------------------
# Its square is 1e-18, far below ε/2: added to 1, it changes nothing.
TINY = 2.0**-30

ols_qr = exercise(
    "ols_qr(X, y)",
    chapter="05",
    points=2,
    minutes=10,
    # The condition number is 1e9 and more: a good method gets seven digits or better here, XᵀX gets none.
    rtol=1e-5,
    hints=(
        "`Q, R = np.linalg.qr(X)` gives X = QR: Q is n × d with QᵀQ = I, R is d × d and upper triangular.",
        "Put X = QR into XᵀXw = Xᵀy. QᵀQ = I drops out, and Rᵀ can be cancelled on the left.",
        "What is left is R w = Qᵀy: `np.linalg.solve(R, Q.T @ y)`. XᵀX never appears.",
    ),
)


@ols_qr.draws
def inputs(draw):
    # One row of powers of two, the others far smaller. The columns are independent, but their differences are so small
    # that XᵀX, rounded to 16 digits, is exactly the rank-one matrix of the first row.
    n, d = tall_sizes(draw)
    first = draw.rng.choice([-4.0, -2.0, -1.0, 1.0, 2.0, 4.0], size=d)
    X = np.vstack([first, TINY * draw.array(n - 1, d)])
    w, residual = draw.array(d), TINY * draw.array(n)
    residual[0] = 0.0
    return X, X @ w + residual


@ols_qr.truth
def truth(X, y):
    W, _ = nearest_in_span(X, y[:, None])
    return W[:, 0]


@ols_qr.mistake
def normal_equations(X, y):
    """You formed XᵀX. Its condition number is the square of that of X, and here no digit survives: to the computer it
    has dependent columns, while X has not. Solve R w = Qᵀy."""
    return np.linalg.solve(X.T @ X, X.T @ y)


@ols_qr.mistake
def pseudo_inverse(X, y):
    """You formed XᵀX, and a pseudo-inverse cannot bring back the digits lost on
    the way: to the computer XᵀX has rank 1 here. Solve R w = Qᵀy."""
    return np.linalg.pinv(X.T @ X) @ X.T @ y


@ols_qr.mistake
def cholesky(X, y):
    """You formed XᵀX, and rounding has made it singular: Cholesky finds it not positive definite, though the columns of
    X are independent. Solve R w = Qᵀy with the R of X = QR."""
    L = np.linalg.cholesky(X.T @ X)
    return np.linalg.solve(L.T, np.linalg.solve(L, X.T @ y))


@ols_qr.mistake
def transpose(X, y):
    """You solved with Rᵀ. In XᵀXw = Xᵀy the Rᵀ cancels, and R w = Qᵀy is left."""
    Q, R = np.linalg.qr(X)
    return np.linalg.solve(R.T, Q.T @ y)


@ols_qr.mistake
def term(X, y):
    """This is Qᵀy, the coordinates of the projection in the basis Q. Solve R w = Qᵀy to get those in X."""
    Q, R = np.linalg.qr(X)
    return Q.T @ y


@ols_qr.mistake
def product(X, y):
    """You multiplied by R. It stands on the side of w, R w = Qᵀy, so solve with it."""
    Q, R = np.linalg.qr(X)
    return R @ (Q.T @ y)


@ols_qr.mistake
def order(X, y):
    """Q is n × d, and y has n entries: the product with d entries is Qᵀy, `Q.T @ y`."""
    Q, R = np.linalg.qr(X)
    return np.linalg.solve(R, Q @ y)


@ols_qr.mistake
def diagonal(X, y):
    """You divided by the diagonal of R. The entries above it count as well: substitute from the last row up."""
    Q, R = np.linalg.qr(X)
    return Q.T @ y / np.diag(R)


@ols_qr.mistake
def mode(X, y):
    """Only a square matrix can be inverted. X is n × d, and so is the R of
    mode="complete". The default, mode="reduced", gives an R that is d × d."""
    Q, R = np.linalg.qr(X, mode="complete")
    return np.linalg.solve(R, Q.T @ y)


@ols_qr.mistake
def rows(X, y):
    """You used d of the n samples. All of them count: factor the whole X, then solve R w = Qᵀy."""
    d = X.shape[1]
    return np.linalg.solve(X[:d], y[:d])


# ----------------------------------------------------------------------------------------------------------------------
hat_matrix = exercise(
    "hat_matrix(X)",
    chapter="05",
    points=2,
    minutes=8,
    hints=(
        "The fit is ŷ = Xŵ, and ŵ is a matrix times y. Which matrix takes y straight to ŷ?",
        "ŵ = (XᵀX)⁻¹Xᵀ y, so H = X(XᵀX)⁻¹Xᵀ, an n × n matrix.",
        "`X @ np.linalg.solve(X.T @ X, X.T)`. Check yourself: H @ H equals H, and H @ X equals X.",
    ),
)


@hat_matrix.draws
def inputs(draw):
    n, d = tall_sizes(draw)
    return (with_a_short_column(draw, draw.array(n, d)),)


@hat_matrix.truth
def truth(X):
    # Column j is the point of the column space that is nearest to the unit vector e_j.
    unit_vectors = np.eye(len(X))
    _, R = nearest_in_span(X, unit_vectors)
    return unit_vectors - R


@hat_matrix.mistake
def order(X):
    """This is the d × d identity, from (XᵀX)⁻¹XᵀX or QᵀQ. The hat matrix is n × n: X(XᵀX)⁻¹ Xᵀ, or QQᵀ."""
    return np.linalg.solve(X.T @ X, X.T @ X)


@hat_matrix.mistake
def chain_factor(X):
    """This d × n matrix takes y to the weights. To reach the fit ŷ = Xŵ, multiply by X from the left."""
    return np.linalg.solve(X.T @ X, X.T)


@hat_matrix.mistake
def complement(X):
    """This is I − H, which takes y to its residual. The hat matrix takes y to its fit ŷ."""
    return np.eye(len(X)) - X @ np.linalg.solve(X.T @ X, X.T)


@hat_matrix.mistake
def inverse(X):
    """XXᵀ is no projection: applied twice it is not the same as once. Put (XᵀX)⁻¹ between X and Xᵀ."""
    return X @ X.T


@hat_matrix.mistake
def identity(X):
    """This is the n × n identity, which would fit every y perfectly. A complete
    Q gives it; keep only the d columns that span the features."""
    Q, _ = np.linalg.qr(X, mode="complete")
    return Q @ Q.T


@hat_matrix.mistake
def norm_square(X):
    """XXᵀ over a number is right for a single column. For several the inverse of the matrix XᵀX is needed."""
    return X @ X.T / np.sum(X**2)


@hat_matrix.mistake
def diagonal(X):
    """Each column was projected on by itself, and the results were added.
    Columns that are not orthogonal overlap: use all of XᵀX."""
    return X @ np.diag(1 / np.sum(X**2, axis=0)) @ X.T


@hat_matrix.mistake
def leverage(X):
    """These are the diagonal entries of H, the leverages. Return the whole n × n matrix."""
    return np.diag(X @ np.linalg.solve(X.T @ X, X.T))


@hat_matrix.mistake
def mean(X):
    """Your answer is n times the right one: there is no 1/n in X(XᵀX)⁻¹Xᵀ."""
    return X @ np.linalg.solve(X.T @ X / len(X), X.T)


@hat_matrix.mistake
def power(X):
    """`A ** -1` inverts every entry by itself. The inverse of a matrix is `np.linalg.inv(A)`."""
    return X @ (X.T @ X) ** -1.0 @ X.T


@hat_matrix.mistake
def tolerance(X):
    """The tolerance `rcond` is too loose: a direction in which X is short, and not flat, was taken for
    nothing. Leave it at what NumPy takes, `rcond=None`."""
    return X @ np.linalg.pinv(X, rcond=1e-2)


# ----------------------------------------------------------------------------------------------------------------------
ridge = exercise(
    "ridge(X, y, lam)",
    chapter="05",
    points=2,
    minutes=10,
    hints=(
        "Two terms, two gradients: Xᵀ(Xw − y)/n from the squares, λw from the penalty. Their sum is 0.",
        "Multiply by n: XᵀXw + nλw = Xᵀy. Write the left side as one matrix times w.",
        "The matrix is `X.T @ X + n * lam * np.eye(d)`, the right side is `X.T @ y`.",
    ),
)


@ridge.draws
def inputs(draw):
    n, d = draw.sizes(2)
    return draw.array(n, d), draw.array(n), draw.number(0.1, 0.4)


@ridge.truth
def truth(X, y, lam):
    def loss(w):
        return np.sum((X @ w - y) ** 2) / (2 * len(y)) + lam / 2 * np.sum(w**2)

    # The gradient of the stated loss is A w + b. Its d + 1 values, from the definition, say what A and b are.
    origin, steps = np.zeros(X.shape[1]), np.eye(X.shape[1])
    b = complex_step_gradient(loss, origin)
    A = np.stack([complex_step_gradient(loss, step) - b for step in steps], axis=1)
    return solve_exactly(A, -b[:, None])[:, 0]


@ridge.mistake
def mean(X, y, lam):
    """The n is lost: with 1/(2n) before the squares and λ/2 before the penalty, multiplying by n gives XᵀX + nλI."""
    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)


@ridge.mistake
def factor(X, y, lam):
    """The penalty is twice too strong: the ½ of λ/2 cancels against the 2 of the square, so it is nλ, not 2nλ."""
    n, d = X.shape
    return np.linalg.solve(X.T @ X + 2 * n * lam * np.eye(d), X.T @ y)


@ridge.mistake
def half(X, y, lam):
    """The penalty is half as strong as it should be: the derivative of λ/2 ‖w‖² is λw, without a ½."""
    n, d = X.shape
    return np.linalg.solve(X.T @ X + n * lam / 2 * np.eye(d), X.T @ y)


@ridge.mistake
def index(X, y, lam):
    """You multiplied λ by the number of features. The factor is the number of samples n, `X.shape[0]`."""
    d = X.shape[1]
    return np.linalg.solve(X.T @ X + d * lam * np.eye(d), X.T @ y)


@ridge.mistake
def mean_right(X, y, lam):
    """The 1/n is lost on the right: (XᵀX/n + λI) w = Xᵀy/n, or both sides times n."""
    n, d = X.shape
    return np.linalg.solve(X.T @ X / n + lam * np.eye(d), X.T @ y)


@ridge.mistake
def sign(X, y, lam):
    """The penalty is added, XᵀX + nλI. Yours is subtracted, which rewards long weights."""
    n, d = X.shape
    return np.linalg.solve(X.T @ X - n * lam * np.eye(d), X.T @ y)


@ridge.mistake
def identity(X, y, lam):
    """`A + number` adds to every entry of A. Only the diagonal takes nλ: add `n * lam * np.eye(d)`."""
    return np.linalg.solve(X.T @ X + len(y) * lam, X.T @ y)


@ridge.mistake
def root(X, y, lam):
    """Rows √(nλ) I under X give XᵀX + nλI. Yours are nλ I, and the square comes by itself."""
    n, d = X.shape
    return np.linalg.lstsq(np.vstack([X, n * lam * np.eye(d)]), np.append(y, np.zeros(d)), rcond=None)[0]


@ridge.mistake
def term(X, y, lam):
    """This is the solution without penalty: λ does not appear in it. Add nλI to XᵀX."""
    return np.linalg.lstsq(X, y, rcond=None)[0]


@ridge.mistake
def shrink(X, y, lam):
    """You shrank all weights of the ordinary solution by one factor, 1/(1 + λ). That is ridge only for XᵀX = nI; in
    general each direction shrinks by its own."""
    return np.linalg.lstsq(X, y, rcond=None)[0] / (1 + lam)


@ridge.mistake
def side(X, y, lam):
    """The n stands on the wrong side. Multiplying XᵀX/n + λI by n frees XᵀX and gives nλI."""
    n, d = X.shape
    return np.linalg.solve(n * X.T @ X + lam * np.eye(d), X.T @ y)


@ridge.mistake
def first_free(X, y, lam):
    """The first weight was left without a price, as for an intercept. Here the penalty holds all of w."""
    n, d = X.shape
    D = np.eye(d)
    D[0, 0] = 0
    return np.linalg.solve(X.T @ X + n * lam * D, X.T @ y)


# ----------------------------------------------------------------------------------------------------------------------
minimum_norm_solution = exercise(
    "minimum_norm_solution(X, y)",
    chapter="05",
    points=2,
    minutes=12,
    hints=(
        "XᵀX has no inverse here. Among all w with the same, least loss, the shortest has no part that X cannot see: "
        "it is a combination of the rows of X.",
        "Take X = USVᵀ and keep the singular values above rounding level. The others belong to directions that X maps "
        "to 0.",
        "`U, s, Vt = np.linalg.svd(X, full_matrices=False)`, then Σ v_k (u_kᵀy)/s_k over the k with "
        "`s > 1e-10 * s[0]`. `np.linalg.pinv` and `np.linalg.lstsq` do the same.",
    ),
)


@minimum_norm_solution.draws
def inputs(draw):
    # Entries in eighths: their products are exact, so the rank is what it is meant to be, to the last bit.
    def eighths(*shape):
        return np.round(8 * draw.array(*shape)) / 8

    small, middle, large = sorted(draw.sizes(3))
    if draw.index % 2:
        X = eighths(large, small) @ (eighths(small, middle) / 2.0 ** np.append(8, np.zeros(small - 1))[:, None])
        # A sample without any of the features: XXᵀ has a row of zeros.
        X[draw.rng.integers(large)] = 0
    else:
        # One sample is far shorter than the others: a loose tolerance loses it.
        X = eighths(small, middle) / 2.0 ** np.append(8, np.zeros(small - 1))[:, None]
    # A feature that no sample has: XᵀX has a row of zeros, and elimination meets a pivot that is exactly 0.
    X[:, draw.rng.integers(small, middle)] = 0
    return X, eighths(len(X))


@minimum_norm_solution.truth
def truth(X, y):
    # Unknown are the residual r, the weights w and z with: r + Xw = y, r orthogonal to the columns, w = Xᵀz.
    n, d = X.shape
    A = np.block(
        [
            [np.eye(n), X, np.zeros((n, n))],
            [X.T, np.zeros((d, d)), np.zeros((d, n))],
            [np.zeros((d, n)), np.eye(d), -X.T],
        ]
    )
    Z = solve_exactly(A, np.concatenate([y, np.zeros(2 * d)])[:, None])
    return Z[n : n + d, 0]


@minimum_norm_solution.mistake
def normal_equations(X, y):
    """XᵀX is singular here, so the normal equations have many solutions and
    no inverse picks one. Go through the singular values of X."""
    return np.linalg.solve(X.T @ X, X.T @ y)


@minimum_norm_solution.mistake
def full_row_rank(X, y):
    """Xᵀ(XXᵀ)⁻¹y is right when the rows of X are independent. Here a draw has
    dependent rows too: go through the singular values of X."""
    return X.T @ np.linalg.solve(X @ X.T, y)


@minimum_norm_solution.mistake
def basic(X, y):
    """This fits as well as any, but it is not the shortest: some weights were set to 0 and the others solved for. The
    shortest is a combination of the rows of X."""
    rank = np.linalg.matrix_rank(X)
    w = np.zeros(X.shape[1])
    w[:rank] = np.linalg.lstsq(X[:, :rank], y, rcond=None)[0]
    return w


@minimum_norm_solution.mistake
def sign(X, y):
    """Your answer is -1 times the right one: w = X⁺y, with a plus."""
    return -np.linalg.pinv(X) @ y


@minimum_norm_solution.mistake
def inverse(X, y):
    """You multiplied by the singular values, which is Xᵀy. To undo X, divide by them."""
    return X.T @ y


@minimum_norm_solution.mistake
def norm_square(X, y):
    """Xᵀy over the sum of all squares is right for a single row. In general each direction has its own s²."""
    return X.T @ y / np.sum(X**2)


@minimum_norm_solution.mistake
def chain_factor(X, y):
    """These are n numbers z, and the weights are the combination Xᵀz of the rows: multiply by Xᵀ."""
    return np.linalg.pinv(X @ X.T) @ y


@minimum_norm_solution.mistake
def product(X, y):
    """This is the fit Xw, n numbers. The weights w themselves are asked for."""
    return X @ np.linalg.pinv(X) @ y


@minimum_norm_solution.mistake
def transpose(X, y):
    """X⁺ is d × n and takes y to the weights. Yours is its transpose, the pseudo-inverse of Xᵀ."""
    return np.linalg.pinv(X.T) @ y


@minimum_norm_solution.mistake
def square(X, y):
    """The singular values enter once, as 1/s. You divided by s², which is the pseudo-inverse of XᵀX times VUᵀy."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    kept = s > 1e-10 * s[0]
    return Vt[kept].T @ (U[:, kept].T @ y / s[kept] ** 2)


@minimum_norm_solution.mistake
def tolerance(X, y):
    """The tolerance `rcond` is too loose: a direction in which X is short, and not flat, was taken for
    nothing. Leave it at what NumPy takes, `rcond=None`."""
    return np.linalg.pinv(X, rcond=1e-2) @ y


# ----------------------------------------------------------------------------------------------------------------------
weighted_ols = exercise(
    "weighted_ols(X, y, s)",
    chapter="05",
    points=4,
    minutes=12,
    hints=(
        "Set the gradient to 0 again. The weight s_i stands before the square of sample i. Where does it stand after "
        "the derivative?",
        "∇L = Xᵀ(s ⊙ (Xw − y))/n. Split the bracket: what stands before w, and what on the other side?",
        "`s[:, None] * X` multiplies row i by s_i. So solve `X.T @ (s[:, None] * X)` w = `X.T @ (s * y)`.",
    ),
)


@weighted_ols.draws
def inputs(draw):
    n, d = tall_sizes(draw)
    # Weights of very different sizes, as for measurements of which some are ten times as precise.
    s = 10.0 ** draw.rng.permutation(np.linspace(-1, 1, n + 2))
    return with_a_short_column(draw, draw.array(n + 2, d)), draw.array(n + 2), s


@weighted_ols.truth
def truth(X, y, s):
    # s_i (x_i w − y_i)² is the square of √s_i x_i w − √s_i y_i: the nearest point, in stretched axes.
    W, _ = nearest_in_span(np.sqrt(s)[:, None] * X, (np.sqrt(s) * y)[:, None])
    return W[:, 0]


WEIGHTED = """
    A, b = X.T @ (s[:, None] * X), X.T @ (s * y)
    return np.linalg.solve(A, b)
"""
weighted_ols.slip(
    "symbol",
    "These are the weights of the unweighted loss. Each sample counts s_i times: s stands in XᵀX and in Xᵀy.",
    WEIGHTED,
    ("(s[:, None] * X)", "X"),
    ("(s * y)", "y"),
)
weighted_ols.slip(
    "right",
    "s is missing in XᵀX. In Xᵀ(s ⊙ (Xw − y)) it stands before the whole residual, so before Xw too.",
    WEIGHTED,
    ("(s[:, None] * X)", "X"),
)
weighted_ols.slip(
    "left",
    "s is missing in Xᵀy. In Xᵀ(s ⊙ (Xw − y)) it stands before the whole residual, so before y too.",
    WEIGHTED,
    ("(s * y)", "y"),
)
weighted_ols.slip(
    "square",
    "Your samples count s² times. Whoever multiplies rows and targets takes √s, because the loss squares them.",
    WEIGHTED,
    ("(s[:, None] * X)", "(s[:, None] ** 2 * X)"),
    ("(s * y)", "(s**2 * y)"),
)
weighted_ols.slip(
    "root",
    "Your samples count √s times. The root belongs to rows that are squared later; here s stands by itself.",
    WEIGHTED,
    ("(s[:, None] * X)", "(np.sqrt(s)[:, None] * X)"),
    ("(s * y)", "(np.sqrt(s) * y)"),
)
weighted_ols.slip(
    "inverse",
    "Samples with a large s count little in yours. s multiplies the squared error, it does not divide it.",
    WEIGHTED,
    ("(s[:, None] * X)", "(X / s[:, None])"),
    ("(s * y)", "(y / s)"),
)
weighted_ols.slip(
    "mean",
    "Your answer is 1/n times the right one: Xᵀ(s ⊙ y) was divided by n and the left side was not.",
    WEIGHTED,
    ("X.T @ (s * y)", "X.T @ (s * y) / len(y)"),
)
weighted_ols.slip(
    "mean-left",
    "Your answer is n times the right one: the left side was divided by n and Xᵀ(s ⊙ y) was not.",
    WEIGHTED,
    ("(s[:, None] * X)", "(s[:, None] * X) / len(y)"),
)
weighted_ols.slip(
    "vector",
    "s has one axis, so `X.T @ s` adds samples up. To weigh the rows of X write `s[:, None] * X`, or `np.diag(s) @ X`.",
    WEIGHTED,
    ("X.T @ (s[:, None] * X)", "X.T @ s @ X"),
)


@weighted_ols.mistake
def tolerance(X, y, s):
    """The tolerance `rcond` is too loose: a direction in which X is short, and not flat, was taken for
    nothing. Leave it at what NumPy takes, `rcond=None`."""
    root = np.sqrt(s)
    return np.linalg.pinv(root[:, None] * X, rcond=1e-2) @ (root * y)


# ----------------------------------------------------------------------------------------------------------------------
leave_one_out = exercise(
    "leave_one_out(X, y)",
    chapter="05",
    slow_truth=True,
    points=4,
    minutes=15,
    hints=(
        "Taken at its word: n fits, each without one sample. `np.delete(X, i, axis=0)` leaves row i out.",
        "One fit is enough. The residual of sample i is too small, because its own target has pulled the fit towards "
        "itself. By how much? Its leverage h_ii says it.",
        "The residual left out is r_i / (1 − h_ii), with r = y − Hy and the diagonal of H.",
    ),
)


@leave_one_out.draws
def inputs(draw):
    n, d = tall_sizes(draw)
    return with_a_short_column(draw, draw.array(n + 4, d)), draw.array(n + 4)


@leave_one_out.truth
def truth(X, y):
    def left_out(i):
        W, _ = nearest_in_span(np.delete(X, i, axis=0), np.delete(y, i)[:, None])
        return y[i] - X[i] @ W[:, 0]

    return np.array([left_out(i) for i in range(len(y))])


LEVERAGE = """
    H = X @ np.linalg.solve(X.T @ X, X.T)
    r, h = y - H @ y, np.diag(H)
    return r / (1 - h)
"""
leave_one_out.slip(
    "residual",
    "These are the residuals of the one fit to all samples. In it each target has pulled the fit towards itself.",
    LEVERAGE,
    ("r / (1 - h)", "r"),
)
leave_one_out.slip(
    "inverse",
    "You multiplied by 1 − h_ii, which makes the residuals smaller. A sample left out is missed by more: divide.",
    LEVERAGE,
    ("r / (1 - h)", "r * (1 - h)"),
)
leave_one_out.slip(
    "leverage",
    "You divided by the leverage h_ii. The more a sample pulls, the more it is missed without it: divide by 1 − h_ii.",
    LEVERAGE,
    ("r / (1 - h)", "r / h"),
)
leave_one_out.slip(
    "root",
    "You divided by √(1 − h_ii). That gives all residuals one variance; leaving out divides by 1 − h_ii itself.",
    LEVERAGE,
    ("r / (1 - h)", "r / np.sqrt(1 - h)"),
)
leave_one_out.slip(
    "square",
    "You divided by 1 − h_ii twice.",
    LEVERAGE,
    ("r / (1 - h)", "r / (1 - h) ** 2"),
)
leave_one_out.slip(
    "average",
    "You gave every sample the mean leverage d/n. Each has its own, on the diagonal of H.",
    LEVERAGE,
    ("np.diag(H)", "np.trace(H) / len(y)"),
)
leave_one_out.slip(
    "sign",
    "Your answer is -1 times the right one: the residual is target minus prediction.",
    LEVERAGE,
    ("y - H @ y", "H @ y - y"),
)
leave_one_out.slip(
    "prediction",
    "These are the predictions for the samples left out. The residual is the target minus that.",
    LEVERAGE,
    ("r / (1 - h)", "y - r / (1 - h)"),
)
leave_one_out.slip(
    "targets",
    "The target was set to 0, not left out: the row still stands in X. Leave both out, or divide r_i by 1 − h_ii.",
    LEVERAGE,
    ("r / (1 - h)", "r + h * y"),
)


@leave_one_out.mistake
def tolerance(X, y):
    """The tolerance `rcond` is too loose: a direction in which X is short, and not flat, was taken for
    nothing. Leave it at what NumPy takes, `rcond=None`."""
    H = X @ np.linalg.pinv(X, rcond=1e-2)
    return (y - H @ y) / (1 - np.diag(H))
