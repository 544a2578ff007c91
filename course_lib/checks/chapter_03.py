"""Chapter 3: mean squared error by hand."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.calculus.least_squares import mse as mean_squared_error
from course_lib.checks.drawing import HUGE, WIDE
from course_lib.checks.specification import derivation, exercise
from course_lib.derivation.goal import Problem

SIZE = 1e4


def real_table(draw):
    """X (n, d), w (d,), y (n,) as in a real table: every column in a unit of its own, and large targets.

    In the last draw one sample has small features and a huge target. It makes the loss huge and adds to the gradient
    what the others do: a difference quotient drowns, and the formulas keep all their digits.
    """
    n, d = draw.sizes(2)
    if draw.drowns:
        sizes = np.ones(n)
        sizes[draw.rng.integers(n)] = HUGE
        return draw.array(n, d) / sizes[:, None], draw.array(d), draw.array(n) * sizes
    units = 10.0 ** draw.rng.permutation(np.linspace(-2, 2, d))
    return draw.array(n, d) * units, SIZE * draw.array(d) / units, SIZE * draw.array(n)


def wide_table(draw):
    """Three samples and WIDE features: predictions and targets near 1."""
    return draw.array(3, WIDE), draw.array(WIDE) / np.sqrt(WIDE), draw.array(3)


# ----------------------------------------------------------------------------------------------------------------------
mse = exercise(
    "mse(X, w, y)",
    chapter="03",
    points=1,
    minutes=4,
    hints=(
        "Three steps: the n predictions, the n residuals, then one number.",
        "The predictions are `X @ w`. Square the residuals `X @ w - y` one by one and add them up.",
        "Divide the sum by twice the number of samples, `2 * len(y)`.",
    ),
)


@mse.draws
def inputs(draw):
    n, d = draw.sizes(2)
    return draw.array(n, d), draw.array(d), draw.array(n)


@mse.truth
def truth(X, w, y):
    n, d = X.shape
    total = 0.0
    for i in range(n):
        prediction = sum(X[i, j] * w[j] for j in range(d))
        total += (prediction - y[i]) ** 2
    return float(total / (2 * n))


@mse.mistake
def factor(X, w, y):
    """Your answer is twice the right one: the factor here is 1/(2n), not 1/n."""
    return np.mean((X @ w - y) ** 2)


@mse.mistake
def mean(X, w, y):
    """Your answer is n times the right one: the sum of the squares is divided by 2n, not by 2 alone."""
    return np.sum((X @ w - y) ** 2) / 2


@mse.mistake
def brackets(X, w, y):
    """`/ 2 * n` divides by 2 and then multiplies by n. Put the divisor in brackets: `/ (2 * n)`."""
    return np.sum((X @ w - y) ** 2) / 2 * len(y)


@mse.mistake
def undivided(X, w, y):
    """Your answer is 2n times the right one: the factor 1/(2n) in front of the sum is missing."""
    return np.sum((X @ w - y) ** 2)


@mse.mistake
def mean_twice(X, w, y):
    """Your answer is the right one over n: `np.mean` divides by n already, so only the 2 is left to divide by."""
    return np.mean((X @ w - y) ** 2) / (2 * len(y))


@mse.mistake
def root(X, w, y):
    """You took a square root at the end. This loss is the mean of the squares itself, halved."""
    return np.sqrt(np.mean((X @ w - y) ** 2))


@mse.mistake
def index(X, w, y):
    """You divided by the number of features. The mean runs over the n samples: n is `len(y)`, or `X.shape[0]`."""
    return np.sum((X @ w - y) ** 2) / (2 * len(w))


@mse.mistake
def norm_square(X, w, y):
    """This is the norm of the residual over 2n, with a square root in it. The loss holds the square of the norm."""
    return np.linalg.norm(X @ w - y) / (2 * len(y))


@mse.mistake
def absolute(X, w, y):
    """This is the mean of the absolute residuals, halved. Each residual is to be squared."""
    return np.sum(np.abs(X @ w - y)) / (2 * len(y))


@mse.mistake
def order(X, w, y):
    """This is the square of the mean residual. Square each residual first, so that errors cannot cancel."""
    return np.mean(X @ w - y) ** 2 / 2


@mse.mistake
def sum_(X, w, y):
    """These are the terms of the sum, one for each sample. Add them up: the loss is one number."""
    return (X @ w - y) ** 2 / (2 * len(y))


@mse.mistake
def term(X, w, y):
    """You added the targets to the predictions. The residual is the difference, X @ w - y."""
    return np.sum((X @ w + y) ** 2) / (2 * len(y))


@mse.mistake
def transpose(X, w, y):
    """Samples are rows: a prediction is row i of X times w, so X @ w needs no transpose to have n entries."""
    return np.sum((X.T @ w - y) ** 2) / (2 * len(y))


@mse.mistake
def hadamard(X, w, y):
    """`X * w` scales the columns of X. The predictions are the matrix product `X @ w`, which adds them up."""
    return np.sum((X * w - y) ** 2) / (2 * len(y))


# ----------------------------------------------------------------------------------------------------------------------
mse_residual_gradient = exercise(
    "mse_residual_gradient(y_hat, y)",
    chapter="03",
    points=1,
    minutes=4,
    hints=(
        "How many terms of the sum hold the prediction of sample i? The others do not move with it.",
        "Only (ŷ_i - y_i)²/(2n) moves. Its derivative in ŷ_i has a 2 that meets the 1/(2n).",
        "Entry i is (ŷ_i - y_i)/n. All entries at once: `(y_hat - y) / len(y)`.",
    ),
)


@mse_residual_gradient.draws
def inputs(draw):
    (n,) = draw.sizes(1)
    # One prediction is far off: the loss is large, and the slopes of the others drown in a difference quotient with
    # a small step. With a step far above the residuals they drown in the square of the step. In the last draw all
    # residuals are so much larger that no step is good for both.
    residual = (1e6 if draw.drowns else 1e-5) * draw.array(n)
    residual[draw.rng.integers(n)] *= SIZE
    y_hat = draw.array(n)
    return y_hat, y_hat - residual


@mse_residual_gradient.truth
def truth(y_hat, y):
    return complex_step_gradient(lambda y_hat: np.sum((y_hat - y) ** 2) / (2 * len(y)), y_hat)


@mse_residual_gradient.wide
def wide(draw):
    return draw.array(WIDE), draw.array(WIDE)


@mse_residual_gradient.slopes
def slopes(y_hat, y):
    return lambda y_hat: np.sum((y_hat - y) ** 2) / (2 * len(y)), (y_hat,)


@mse_residual_gradient.mistake
def sign(y_hat, y):
    """Your answer is -1 times the gradient: a prediction that is too large must give a positive slope, ŷ - y."""
    return (y - y_hat) / len(y)


@mse_residual_gradient.mistake
def factor(y_hat, y):
    """Your answer is twice the gradient: the 2 of the square cancels against the 2 of 1/(2n)."""
    return 2 * (y_hat - y) / len(y)


@mse_residual_gradient.mistake
def power(y_hat, y):
    """Your answer is half the gradient: the derivative of the square brings a 2 down, and it cancels the ½."""
    return (y_hat - y) / (2 * len(y))


@mse_residual_gradient.mistake
def mean(y_hat, y):
    """Your answer is n times the gradient: the 1/n stands in the loss and stays."""
    return y_hat - y


@mse_residual_gradient.mistake
def mean_twice(y_hat, y):
    """Your answer is the gradient over n: the loss holds 1/n once, so the gradient does too."""
    return (y_hat - y) / len(y) ** 2


@mse_residual_gradient.mistake
def sum_(y_hat, y):
    """You added the entries up. One slope for each prediction is wanted: the gradient has the shape of y_hat."""
    return np.sum(y_hat - y) / len(y)


@mse_residual_gradient.mistake
def brackets(y_hat, y):
    """Only the target is divided by n: division binds tighter than minus. Put the difference in brackets."""
    return y_hat - y / len(y)


@mse_residual_gradient.mistake
def absolute(y_hat, y):
    """The signs are lost: a prediction that is too small has a negative slope. No absolute value is needed."""
    return np.abs(y_hat - y) / len(y)


@mse_residual_gradient.mistake
def value(y_hat, y):
    """These are the terms of the loss itself. The derivative of the square is twice what is inside."""
    return (y_hat - y) ** 2 / (2 * len(y))


# ----------------------------------------------------------------------------------------------------------------------
mse_gradient = exercise(
    "mse_gradient(X, w, y)",
    chapter="03",
    points=2,
    minutes=6,
    hints=(
        "Chain rule: first the gradient in the n predictions, then how the predictions move with the d weights.",
        "The first is (Xw - y)/n, with n entries. Which product with X (n × d) turns n entries into d?",
        "`X.T @ (X @ w - y) / len(y)`.",
    ),
)


@mse_gradient.draws
def inputs(draw):
    return real_table(draw)


@mse_gradient.truth
def truth(X, w, y):
    return complex_step_gradient(lambda w: mean_squared_error(X, w, y), w)


@mse_gradient.wide
def wide(draw):
    return wide_table(draw)


@mse_gradient.slopes
def slopes(X, w, y):
    return lambda w: mean_squared_error(X, w, y), (w,)


@mse_gradient.mistake
def sign(X, w, y):
    """Your answer is -1 times the gradient: the residual is the wrong
    way round. It is prediction minus target, X @ w - y."""
    return X.T @ (y - X @ w) / len(y)


@mse_gradient.mistake
def factor(X, w, y):
    """Your answer is twice the gradient: the 2 of the square cancels against the 2 of 1/(2n)."""
    return 2 * X.T @ (X @ w - y) / len(y)


@mse_gradient.mistake
def power(X, w, y):
    """Your answer is half the gradient: the derivative of the square brings a 2 down, and it cancels the ½."""
    return X.T @ (X @ w - y) / (2 * len(y))


@mse_gradient.mistake
def mean(X, w, y):
    """Your answer is n times the gradient: the 1/n of the loss is lost."""
    return X.T @ (X @ w - y)


@mse_gradient.mistake
def mean_twice(X, w, y):
    """Your answer is the gradient over n: the product with X.T adds up the samples, so divide by n once."""
    return X.T @ (X @ w - y) / len(y) ** 2


@mse_gradient.mistake
def symbol(X, w, y):
    """You divided by the number of features. The mean runs over the n samples: n is `len(y)`."""
    return X.T @ (X @ w - y) / len(w)


@mse_gradient.mistake
def order(X, w, y):
    """This is the mean residual times the mean of each feature. Multiply within each sample first, then average."""
    return np.mean(X @ w - y) * np.mean(X, axis=0)


@mse_gradient.mistake
def sum_(X, w, y):
    """You have one row for each sample: its own contribution to the gradient. Add the rows up, over axis 0."""
    return X * (X @ w - y)[:, None] / len(y)


@mse_gradient.mistake
def index(X, w, y):
    """You summed over the features and have one number for each sample. The sum runs over the samples, axis 0."""
    return np.sum(X * (X @ w - y)[:, None], axis=1) / len(y)


@mse_gradient.mistake
def transpose(X, w, y):
    """X takes weights to predictions. The residual has one entry for
    each sample and goes back to the weights by X.T."""
    return X @ (X @ w - y) / len(y)


@mse_gradient.mistake
def hadamard(X, w, y):
    """`X.T * ...` scales the columns of X.T and adds nothing up. The matrix product `X.T @ ...` adds the samples."""
    return X.T * (X @ w - y) / len(y)


@mse_gradient.mistake
def brackets(X, w, y):
    """Without brackets `X.T @ X @ w` is formed first, d numbers, and y with its n
    numbers is subtracted after that. Put the residual X @ w - y in brackets."""
    return X.T @ X @ w - y / len(y)


@mse_gradient.mistake
def targets(X, w, y):
    """The targets do not appear: X.T multiplies the residual X @ w - y, not the prediction."""
    return X.T @ (X @ w) / len(y)


@mse_gradient.mistake
def term(X, w, y):
    """Only the second term is divided by n: division binds tighter than minus. Put the difference in brackets."""
    return X.T @ X @ w - X.T @ y / len(y)


@mse_gradient.mistake
def chain_factor(X, w, y):
    """This is the gradient in the predictions, one entry for each sample. X.T is missing: it takes it back to w."""
    return (X @ w - y) / len(y)


@mse_gradient.mistake
def squared_residual(X, w, y):
    """The residuals came in squared. Differentiating takes one power off: the slope of r² / 2 is r."""
    return X.T @ ((X @ w - y) ** 2) / len(y)


@mse_gradient.mistake
def magnitude(X, w, y):
    """The residuals have lost their signs: a prediction that is too low must pull the other way. Leave out the absolute
    value."""
    return X.T @ (np.abs(X @ w - y)) / len(y)


@mse_gradient.mistake
def loss(X, w, y):
    """This is the loss itself, one number. Asked is its gradient, one slope for each weight."""
    return np.sum((X @ w - y) ** 2) / (2 * len(y))


@mse_gradient.mistake
def first_row(X, w, y):
    """Slope j takes entry j of the first sample alone, times the sum of all residuals. It takes column j of X,
    `X[:, j]`, each entry with the residual of its own sample."""
    return np.sum(X @ w - y) * X[0] / len(y)


@mse_gradient.mistake
def row_for_column(X, w, y):
    """`X[j]` is row j, a sample. The slope in weight j needs feature j of all samples: the column `X[:, j]`."""
    return np.array([np.sum((X @ w - y) * X[j]) for j in range(len(w))]) / len(y)


# ----------------------------------------------------------------------------------------------------------------------
weighted_mse_gradient = exercise(
    "weighted_mse_gradient(X, w, y, s)",
    chapter="03",
    points=4,
    minutes=8,
    hints=(
        "Follow the same chain: what is the derivative of the loss in the prediction of sample i now?",
        "It is s_i (ŷ_i - y_i)/n. The second factor, how predictions move with w, has not changed.",
        "Pull `s * (X @ w - y) / len(y)` back with `X.T @`. Mind the brackets: `@` and `*` bind equally tightly.",
    ),
)


@weighted_mse_gradient.draws
def inputs(draw):
    X, w, y = real_table(draw)
    return X, w, y, draw.positive(len(y))


@weighted_mse_gradient.truth
def truth(X, w, y, s):
    return complex_step_gradient(lambda w: np.sum(s * (X @ w - y) ** 2) / (2 * len(y)), w)


@weighted_mse_gradient.wide
def wide(draw):
    return *wide_table(draw), draw.positive(3)


@weighted_mse_gradient.slopes
def slopes(X, w, y, s):
    return lambda w: np.sum(s * (X @ w - y) ** 2) / (2 * len(y)), (w,)


@weighted_mse_gradient.mistake
def sign(X, w, y, s):
    """Your answer is -1 times the gradient: the residual is prediction minus target, X @ w - y."""
    return X.T @ (s * (y - X @ w)) / len(y)


@weighted_mse_gradient.mistake
def chain_factor(X, w, y, s):
    """The weights s of the samples do not appear: sample i counts s_i times, so its residual does too."""
    return X.T @ (X @ w - y) / len(y)


@weighted_mse_gradient.mistake
def normalised(X, w, y, s):
    """You divided by the sum of the weights. That is another loss; the one stated here is divided by 2n."""
    return X.T @ (s * (X @ w - y)) / np.sum(s)


@weighted_mse_gradient.mistake
def mean(X, w, y, s):
    """Your answer is n times the gradient: the 1/n of the loss is lost."""
    return X.T @ (s * (X @ w - y))


@weighted_mse_gradient.mistake
def factor(X, w, y, s):
    """Your answer is twice the gradient: the 2 of the square cancels against the 2 of 1/(2n)."""
    return 2 * X.T @ (s * (X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def power(X, w, y, s):
    """Your answer is half the gradient: the derivative of the square brings a 2 down, and it cancels the ½."""
    return X.T @ (s * (X @ w - y)) / (2 * len(y))


@weighted_mse_gradient.mistake
def norm_square(X, w, y, s):
    """The weights come in twice. In the loss s_i stands outside the square, so it appears once."""
    return X.T @ (s**2 * (X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def term(X, w, y, s):
    """Only the predictions are weighted. The weight belongs to the whole residual: s * (X @ w - y)."""
    return X.T @ (s * (X @ w) - y) / len(y)


@weighted_mse_gradient.mistake
def mean_twice(X, w, y, s):
    """Your answer is the gradient over n: the product with X.T adds up the samples, so divide by n once."""
    return X.T @ (s * (X @ w - y)) / len(y) ** 2


@weighted_mse_gradient.mistake
def root(X, w, y, s):
    """You weighted with the square root of s. That goes inside a square; here the weight stands outside it."""
    return X.T @ (np.sqrt(s) * (X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def axis(X, w, y, s):
    """`X * s` would scale the columns of X, the features. The weights
    belong to the rows: `X * s[:, None]`, or s times the residual."""
    return (X * s).T @ (X @ w - y) / len(y)


@weighted_mse_gradient.mistake
def late(X, w, y, s):
    """The weights come too late: X.T has added up the samples already. Weigh each residual before that."""
    return s * (X.T @ (X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def average(X, w, y, s):
    """All samples got the mean weight. Each residual is multiplied with the weight of its own sample."""
    return np.mean(s) * X.T @ (X @ w - y) / len(y)


@weighted_mse_gradient.mistake
def pullback(X, w, y, s):
    """This is the gradient in the predictions, one entry for each sample. X.T is missing: it takes it back to w."""
    return s * (X @ w - y) / len(y)


@weighted_mse_gradient.mistake
def hadamard(X, w, y, s):
    """`@` and `*` bind equally tightly and are read from the left, so X.T
    @ s was formed first. Put s * (X @ w - y) in brackets."""
    return X.T @ s * (X @ w - y) / len(y)


@weighted_mse_gradient.mistake
def sum_(X, w, y, s):
    """You have one row for each sample: its own contribution to the gradient. Add the rows up, over axis 0."""
    return X * (s * (X @ w - y))[:, None] / len(y)


@weighted_mse_gradient.mistake
def transpose(X, w, y, s):
    """The weighted residual has one entry for each sample and goes back to the weights by X.T, not by X."""
    return X @ (s * (X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def squared_residual(X, w, y, s):
    """The residuals came in squared. Differentiating takes one power off: the slope of r² / 2 is r."""
    return X.T @ (s * (X @ w - y) ** 2) / len(y)


@weighted_mse_gradient.mistake
def magnitude(X, w, y, s):
    """The residuals have lost their signs: a prediction that is too low must pull the other way. Leave out the absolute
    value."""
    return X.T @ (s * np.abs(X @ w - y)) / len(y)


@weighted_mse_gradient.mistake
def loss(X, w, y, s):
    """This is the loss itself, one number. Asked is its gradient, one slope for each weight."""
    return np.sum(s * (X @ w - y) ** 2) / (2 * len(y))


# ----------------------------------------------------------------------------------------------------------------------
huber_gradient = exercise(
    "huber_gradient(X, w, y, delta)",
    chapter="03",
    points=5,
    minutes=12,
    hints=(
        "Only the first factor of the chain changes. Draw huber(r) and its slope, for r from -3δ to 3δ.",
        "The slope is r for |r| ≤ δ. Beyond that the graph is a straight line: slope δ to the right, -δ to the left.",
        "That slope is `np.clip(r, -delta, delta)`. Divide it by n and pull it back with `X.T @`.",
    ),
)


@huber_gradient.draws
def inputs(draw):
    X, w, y = real_table(draw)
    if draw.drowns:
        # Its slope is ±δ however far off it is, so this sample needs no small features.
        n, d = X.shape
        X, y = draw.array(n, d), draw.array(n)
        y[draw.rng.integers(n)] *= HUGE
    sizes = np.sort(np.abs(X @ w - y))
    # Halfway between two neighbours: residuals lie on both sides of δ and none on the kink. The largest lies beyond.
    k = int(draw.rng.integers(1, len(sizes) - draw.drowns))
    return X, w, y, float((sizes[k - 1] + sizes[k]) / 2)


@huber_gradient.truth
def truth(X, w, y, delta):
    def loss(w):
        total = 0
        for r in X @ w - y:
            size = r if r.real >= 0 else -r
            total += r**2 / 2 if size.real <= delta else delta * (size - delta / 2)
        return total / len(y)

    return complex_step_gradient(loss, w)


@huber_gradient.wide
def wide(draw):
    X, w, y = wide_table(draw)
    # Residuals of 0.5, 3 and 4, up to their signs: one within δ and two beyond.
    return X, w, X @ w - draw.array(3) / 1.5 * np.array([0.5, 3.0, 4.0]), 1.0


@huber_gradient.slopes
def slopes(X, w, y, delta):
    def loss(w):
        r = X @ w - y
        size = np.where(r.real >= 0, r, -r)
        return np.sum(np.where(size.real <= delta, r**2 / 2, delta * (size - delta / 2))) / len(y)

    return loss, (w,)


@huber_gradient.mistake
def sign(X, w, y, delta):
    """Your answer is -1 times the gradient: the residual is prediction minus target, X @ w - y."""
    return X.T @ np.clip(y - X @ w, -delta, delta) / len(y)


@huber_gradient.mistake
def mean(X, w, y, delta):
    """Your answer is n times the gradient: the 1/n of the loss is lost."""
    return X.T @ np.clip(X @ w - y, -delta, delta)


@huber_gradient.mistake
def power(X, w, y, delta):
    """Your answer is half the gradient: the ½ stands inside huber already, and the 2 of r² cancels it."""
    return X.T @ np.clip(X @ w - y, -delta, delta) / (2 * len(y))


@huber_gradient.mistake
def square(X, w, y, delta):
    """This is the gradient of the squares. Beyond δ the loss is a straight line, and its slope is ±δ, not r."""
    return X.T @ (X @ w - y) / len(y)


@huber_gradient.mistake
def chain_factor(X, w, y, delta):
    """Beyond δ you have the slope ±1: the line δ(|r| - δ/2) has the slope ±δ, so a factor δ is missing."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, np.sign(r)) / len(y)


@huber_gradient.mistake
def absolute(X, w, y, delta):
    """Beyond δ you have the slope +δ on both sides: to the left the line falls, and its slope is -δ."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, delta) / len(y)


@huber_gradient.mistake
def dropped(X, w, y, delta):
    """Beyond δ you have the slope 0: large residuals are held to ±δ, they are not left out."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, 0) / len(y)


@huber_gradient.mistake
def one_sided(X, w, y, delta):
    """Only residuals above δ are held. Those below -δ are large too: compare |r| with δ, not r."""
    r = X @ w - y
    return X.T @ np.where(r <= delta, r, delta) / len(y)


@huber_gradient.mistake
def product(X, w, y, delta):
    """Beyond δ you have the slope δr. The derivative of δ|r| is δ times the sign of r, which is ±1."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, delta * r) / len(y)


@huber_gradient.mistake
def constant(X, w, y, delta):
    """Beyond δ the constant -δ²/2 is still there. It does not move with r, so its derivative is 0."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r, delta * (np.sign(r) - delta / 2)) / len(y)


@huber_gradient.mistake
def factor(X, w, y, delta):
    """Within δ you have the slope 2r. The ½ of r²/2 cancels the 2: the slope is r."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, 2 * r, delta * np.sign(r)) / len(y)


@huber_gradient.mistake
def pullback(X, w, y, delta):
    """These are the slopes in the predictions, one entry for each sample. X.T is missing: it takes them back to w."""
    return np.clip(X @ w - y, -delta, delta) / len(y)


@huber_gradient.mistake
def sum_(X, w, y, delta):
    """You have one row for each sample: its own contribution to the gradient. Add the rows up, over axis 0."""
    return X * np.clip(X @ w - y, -delta, delta)[:, None] / len(y)


@huber_gradient.mistake
def whole(X, w, y, delta):
    """An `if` decides once for all residuals, and an array of many answers is neither true nor false. Each residual has
    its own case: use `np.where` or `np.clip`."""
    r = X @ w - y
    if np.abs(r) <= delta:
        return X.T @ r / len(y)
    return X.T @ (delta * np.sign(r)) / len(y)


@huber_gradient.mistake
def swapped(X, w, y, delta):
    """The two branches are exchanged: the slope is r where |r| ≤ δ, and ±δ beyond."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) > delta, r, delta * np.sign(r)) / len(y)


@huber_gradient.mistake
def value(X, w, y, delta):
    """You pulled the value of huber back, not its slope. Differentiate it first: r inside, ±δ outside."""
    r = X @ w - y
    return X.T @ np.where(np.abs(r) <= delta, r**2 / 2, delta * (np.abs(r) - delta / 2)) / len(y)


@huber_gradient.mistake
def order(X, w, y, delta):
    """You clipped the finished gradient. It is each residual that is held to ±δ, before X.T adds them up."""
    return np.clip(X.T @ (X @ w - y) / len(y), -delta, delta)


@huber_gradient.mistake
def transpose(X, w, y, delta):
    """The slopes have one entry for each sample and go back to the weights by X.T, not by X."""
    return X @ np.clip(X @ w - y, -delta, delta) / len(y)


@huber_gradient.mistake
def norm(X, w, y, delta):
    """The length of the whole residual vector decides. Each residual decides for itself: |r_i| ≤ δ or not."""
    r = X @ w - y
    length = np.linalg.norm(r)
    return X.T @ (r if length <= delta else delta * r / length) / len(y)


@huber_gradient.mistake
def all_or_none(X, w, y, delta):
    """One residual beyond δ made all of them count as ±δ. Each residual decides for itself; `np.where` does it entry by
    entry."""
    r = X @ w - y
    return X.T @ (r if np.all(np.abs(r) <= delta) else delta * np.sign(r)) / len(y)


@huber_gradient.mistake
def divided(X, w, y, delta):
    """The slope is divided by δ throughout: r/δ inside and ±1 outside. With this huber it is r inside and ±δ
    outside."""
    return X.T @ np.clip((X @ w - y) / delta, -1, 1) / len(y)


# ----------------------------------------------------------------------------------------------------------------------
bias_gradient = exercise(
    "bias_gradient(X, w, b, y)",
    chapter="03",
    points=3,
    minutes=6,
    hints=(
        "The gradient in one number is one number. How does prediction i move when b moves by 1?",
        "Every prediction moves by 1, so ∂ŷ_i/∂b = 1 for every i, and the chain rule adds the n slopes (ŷ_i - y_i)/n.",
        "It is the mean residual: `np.mean(X @ w + b - y)`.",
    ),
)


@bias_gradient.draws
def inputs(draw):
    n, d = draw.sizes(2)
    X, w, b = draw.array(n, d), draw.array(d), draw.number()
    # The residuals nearly cancel: their mean is a millionth of their size, so that few steps of a difference quotient
    # are good for it. In the last draw all of them are so much larger that no step is good for both.
    size = 1e9 if draw.drowns else 10.0
    residual = size * draw.array(n)
    residual += 1e-6 * size * draw.number() - np.mean(residual)
    return X, w, b, X @ w + b - residual


@bias_gradient.truth
def truth(X, w, b, y):
    in_b = complex_step_gradient(lambda b: np.sum((X @ w + b[0] - y) ** 2) / (2 * len(y)), np.array([b]))
    return float(in_b[0])


@bias_gradient.mistake
def sign(X, w, b, y):
    """Your answer is -1 times the gradient: the residual is prediction minus target."""
    return np.mean(y - X @ w - b)


@bias_gradient.mistake
def mean(X, w, b, y):
    """Your answer is n times the gradient: the n slopes add up, but each of them carries the 1/n of the loss."""
    return np.sum(X @ w + b - y)


@bias_gradient.mistake
def factor(X, w, b, y):
    """Your answer is twice the gradient: the 2 of the square cancels against the 2 of 1/(2n)."""
    return 2 * np.mean(X @ w + b - y)


@bias_gradient.mistake
def power(X, w, b, y):
    """Your answer is half the gradient: the derivative of the square brings a 2 down, and it cancels the ½."""
    return np.mean(X @ w + b - y) / 2


@bias_gradient.mistake
def mean_twice(X, w, b, y):
    """Your answer is the gradient over n: `np.mean` divides by n already, and the loss holds 1/n once."""
    return np.mean(X @ w + b - y) / len(y)


@bias_gradient.mistake
def sum_(X, w, b, y):
    """You have one slope for each sample. One b moves all predictions, so the slopes are added up."""
    return (X @ w + b - y) / len(y)


@bias_gradient.mistake
def term(X, w, b, y):
    """The residual lacks the bias: the prediction is X @ w + b, and the derivative is taken where b stands."""
    return np.mean(X @ w - y)


@bias_gradient.mistake
def value(X, w, b, y):
    """That is the loss itself. Its derivative in b is the mean residual, without a square."""
    return np.mean((X @ w + b - y) ** 2) / 2


@bias_gradient.mistake
def minus(X, w, b, y):
    """The bias is subtracted in your residual. The prediction is X @ w + b."""
    return np.mean(X @ w - b - y)


@bias_gradient.mistake
def symbol(X, w, b, y):
    """This is the gradient in w. For b the Jacobian of the predictions is a column of ones in the place of X."""
    return X.T @ (X @ w + b - y) / len(y)


@bias_gradient.mistake
def index(X, w, b, y):
    """You divided by the number of features. The mean runs over the n samples: n is `len(y)`."""
    return np.sum(X @ w + b - y) / len(w)


@bias_gradient.mistake
def chain_factor(X, w, b, y):
    """This is b times the gradient: a prediction moves by 1 when b does, so b itself is no factor."""
    return np.mean(X @ w + b - y) * b


# ---------------------------------------------------------------------------------------------------------------------
mse_gradient_derivation = derivation(
    "mse_gradient_derivation",
    Problem(
        shapes={"X": "n d", "w": "d", "y": "n"},
        given=r"L = \frac{1}{2n}\|Xw - y\|^2",
        goal=r"\nabla_w L",
    ),
    chapter="03",
    points=6,
    minutes=15,
    hints=(
        r"Give the residual a name, `r = Xw - y`. Then `L = \frac{1}{2n} r^\top r`.",
        r"Take differentials: `dr = X dw`, and `dL = \frac{1}{n} r^\top dr`. Put the first into the second.",
        r"A number is its own transpose, so `dL = \frac{1}{n} (X^\top r)^\top dw`. What stands beside dw is it.",
    ),
    mistakes={
        "sign": r"""
            r = Xw - y
            dr = X dw
            dL = \frac{1}{n} r^\top X dw
            \nabla_w L = \frac{1}{n} X^\top (y - Xw)
        """,
        "transpose": r"""
            r = Xw - y
            dL = \frac{1}{n} r^\top X dw
            \nabla_w L = \frac{1}{n} X (Xw - y)
        """,
        "factor": r"""
            r = Xw - y
            dL = \frac{2}{n} r^\top X dw
            \nabla_w L = \frac{2}{n} X^\top (Xw - y)
        """,
        "mean": r"""
            r = Xw - y
            dr = X dw
            \nabla_w L = X^\top (Xw - y)
        """,
        "chain-factor": r"""
            r = Xw - y
            dL = \frac{1}{n} r^\top dw
        """,
        "norm-square": r"""
            L = \frac{1}{2n} \|Xw - y\|
            \nabla_w L = \frac{1}{n} X^\top (Xw - y)
        """,
        "layout": r"""
            dL = \frac{1}{n} (Xw - y)^\top X dw
            \nabla_w L = \frac{1}{n} (Xw - y)^\top X
        """,
    },
)
