"""Chapter 6: gradient descent."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.calculus.least_squares import mse
from course_lib.checks.comparing import is_array
from course_lib.checks.drawing import HUGE, WIDE
from course_lib.checks.specification import exercise

# ----------------------------------------------------------------------------------------------------------------------
gradient_step = exercise(
    "gradient_step(w, grad, lr)",
    chapter="06",
    keeps=("w",),
    points=1,
    minutes=3,
    hints=(
        "The gradient points to where the loss rises fastest. Which way do you go?",
        "Take the old weights and go against the gradient, by lr times its length.",
        "`w - lr * grad`. It makes a new array, so the w of the caller stays as it was.",
    ),
)


@gradient_step.draws
def inputs(draw):
    (d,) = draw.sizes(1)
    return draw.array(d), draw.array(d), draw.number(0.05, 0.4)


@gradient_step.truth
def truth(w, grad, lr):
    return np.array([w[j] - lr * grad[j] for j in range(len(w))])


@gradient_step.mistake
def sign(w, grad, lr):
    """You went along the gradient, where the loss rises. Go against it: subtract lr · grad."""
    return w + lr * grad


@gradient_step.mistake
def term(w, grad, lr):
    """That is the step alone. Add it to where you stand: the new weights are w - lr · grad."""
    return -lr * grad


@gradient_step.mistake
def step(w, grad, lr):
    """The step size is missing: the gradient is multiplied by lr before it is subtracted."""
    return w - grad


@gradient_step.mistake
def order(w, grad, lr):
    """lr multiplies the gradient only, not the weights: w - lr · grad, not lr · (w - grad)."""
    return lr * (w - grad)


@gradient_step.mistake
def inverse(w, grad, lr):
    """You divided by the step size. It is a factor: a smaller lr makes a shorter step."""
    return w - grad / lr


@gradient_step.mistake
def normalised(w, grad, lr):
    """You scaled the gradient to length 1. Its length belongs to
    the step: where the loss gets flat, steps get short."""
    return w - lr * grad / np.linalg.norm(grad)


@gradient_step.mistake
def sum_(w, grad, lr):
    """Every weight got the same change. Each has a slope of its own: subtract lr · grad entry by entry."""
    return w - lr * np.sum(grad)


# ----------------------------------------------------------------------------------------------------------------------
def table(draw):
    """X (n, d) with n > d, and its n, λ_min and λ_max: singular values with a ninefold spread or so, no two close."""
    d, n = sorted(draw.sizes(2))
    U, V = np.linalg.qr(draw.array(n, d))[0], np.linalg.qr(draw.array(d, d))[0]
    sigma = 0.6 * 9.0 ** np.linspace(0, 1, d) * draw.rng.uniform(0.9, 1.1, size=d)
    return U * sigma @ V.T, sigma[0] ** 2 / n, sigma[-1] ** 2 / n


def worst_factor(X):
    """lr → what one step multiplies the error by in the worst direction, from the loss alone.

    With targets 0 the minimum lies at 0, so the weights are the error, and a step is a linear map. Its columns are what
    it makes of the unit vectors.
    """
    n, d = X.shape
    slopes = [complex_step_gradient(lambda w: mse(X, w, np.zeros(n)), e) for e in np.eye(d)]

    def factor(lr):
        step = np.stack([e - lr * slope for e, slope in zip(np.eye(d), slopes, strict=True)], axis=1)
        return float(np.max(np.abs(np.linalg.eigvals(step))))

    return factor


largest_stable_step = exercise(
    "largest_stable_step(X)",
    chapter="06",
    points=2,
    minutes=6,
    hints=(
        "Along an eigenvector of the Hessian the error is multiplied by 1 - lr·λ. When is that between -1 and 1?",
        "lr < 2/λ must hold for every eigenvalue λ of the Hessian. Which eigenvalue is the strictest?",
        "`H = X.T @ X / len(X)`, then `2 / np.linalg.eigvalsh(H)[-1]`: eigvalsh sorts in ascending order.",
    ),
)


@largest_stable_step.draws
def inputs(draw):
    return (table(draw)[0],)


@largest_stable_step.truth
def truth(X):
    factor = worst_factor(X)
    low, high = 0.0, 1.0
    while factor(high) <= 1:
        high *= 2
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if factor(middle) <= 1 else (low, middle)
    return low


@largest_stable_step.mistake
def mean(X):
    """Your answer is the right one over n: these are eigenvalues of
    XᵀX. The loss holds 1/n, so its Hessian is XᵀX/n."""
    return 2 / np.linalg.eigvalsh(X.T @ X)[-1]


@largest_stable_step.mistake
def mean_twice(X):
    """Your answer is n times the right one: the Hessian XᵀX/n holds 1/n once, not twice."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X) ** 2)[-1]


@largest_stable_step.mistake
def factor(X):
    """This is 1/λ_max, half of the right answer. Beyond it steps
    overshoot, yet the error still shrinks up to 2/λ_max."""
    return 1 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]


@largest_stable_step.mistake
def symbol(X):
    """You took the smallest eigenvalue. The steepest direction is the first to break out: take the largest."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X))[0]


@largest_stable_step.mistake
def balance(X):
    """This is 2/(λ_min + λ_max), the fastest step. The largest stable one is longer: 2/λ_max."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return 2 / (curvatures[0] + curvatures[-1])


@largest_stable_step.mistake
def norm_square(X):
    """You took the largest singular value of X. The eigenvalues of XᵀX are the squares of the singular values."""
    return 2 * len(X) / np.linalg.norm(X, 2)


@largest_stable_step.mistake
def frobenius(X):
    """np.linalg.norm of a matrix is the Frobenius norm unless you say
    otherwise. For the largest eigenvalue write `np.linalg.norm(H, 2)`."""
    return 2 / np.linalg.norm(X.T @ X / len(X))


@largest_stable_step.mistake
def trace(X):
    """You added all eigenvalues up, as the trace does. That step is stable, but not the largest: take λ_max alone."""
    return 2 / np.trace(X.T @ X / len(X))


@largest_stable_step.mistake
def inverse(X):
    """This is λ_max/2, upside down: where the loss is steep, steps must be short."""
    return np.linalg.eigvalsh(X.T @ X / len(X))[-1] / 2


@largest_stable_step.mistake
def half(X):
    """Your answer is twice the right one: the 2 of the square cancels the ½ of 1/(2n), so the Hessian is XᵀX/n."""
    return 2 / np.linalg.eigvalsh(X.T @ X / (2 * len(X)))[-1]


@largest_stable_step.mistake
def index(X):
    """You divided by the number of features. The mean of the loss runs over the n samples, `len(X)`."""
    return 2 / np.linalg.eigvalsh(X.T @ X / X.shape[1])[-1]


# ----------------------------------------------------------------------------------------------------------------------
best_fixed_step = exercise(
    "best_fixed_step(X)",
    chapter="06",
    points=2,
    minutes=6,
    hints=(
        "Two directions compete for the worst factor |1 - lr·λ|: the flattest and the steepest. Which one gets better "
        "with a longer step?",
        "With a longer step 1 - lr·λ_min falls and lr·λ_max - 1 rises. The larger is smallest where they meet.",
        "Set 1 - lr·λ_min = lr·λ_max - 1 and solve for lr. The λ are eigenvalues of XᵀX/n.",
    ),
)


@best_fixed_step.draws
def inputs(draw):
    return (table(draw)[0],)


@best_fixed_step.truth
def truth(X):
    factor = worst_factor(X)
    low, high = 0.0, 1.0
    while factor(high) <= 1:
        high *= 2
    # Golden section: the factor falls, then rises, and it has a corner at its minimum, so the search is sharp.
    golden = (np.sqrt(5) - 1) / 2
    left, right = high - golden * (high - low), low + golden * (high - low)
    at_left, at_right = factor(left), factor(right)
    for _step in range(60):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - golden * (high - low)
            at_left = factor(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + golden * (high - low)
            at_right = factor(right)
    return float((low + high) / 2)


@best_fixed_step.mistake
def mean(X):
    """Your answer is the right one over n: these are eigenvalues of
    XᵀX. The loss holds 1/n, so its Hessian is XᵀX/n."""
    curvatures = np.linalg.eigvalsh(X.T @ X)
    return 2 / (curvatures[0] + curvatures[-1])


@best_fixed_step.mistake
def factor(X):
    """Your answer is half of the right one: the two factors meet at 2/(λ_min + λ_max)."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return 1 / (curvatures[0] + curvatures[-1])


@best_fixed_step.mistake
def stable(X):
    """This is 2/λ_max, the edge of divergence. There the steepest direction does not shrink at all."""
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]


@best_fixed_step.mistake
def steepest(X):
    """This is 1/λ_max. It is perfect for the steepest direction and too short for the flattest, which sets the pace."""
    return 1 / np.linalg.eigvalsh(X.T @ X / len(X))[-1]


@best_fixed_step.mistake
def flattest(X):
    """This is 1/λ_min. It is perfect for the flattest direction, and in the steepest the error explodes."""
    return 1 / np.linalg.eigvalsh(X.T @ X / len(X))[0]


@best_fixed_step.mistake
def sum_(X):
    """You added all eigenvalues. Only the two ends count, λ_min + λ_max: the others are never the worst."""
    return 2 / np.trace(X.T @ X / len(X))


@best_fixed_step.mistake
def average(X):
    """You took the mean of all eigenvalues. The two ends alone decide: divide by (λ_min + λ_max)/2."""
    return 1 / np.mean(np.linalg.eigvalsh(X.T @ X / len(X)))


@best_fixed_step.mistake
def norm_square(X):
    """You used singular values of X where their squares belong: the eigenvalues of XᵀX/n are the squares over n."""
    sigma = np.linalg.svd(X, compute_uv=False)
    return 2 * len(X) / (sigma[0] + sigma[-1])


@best_fixed_step.mistake
def inverse(X):
    """This is the right answer upside down: the step is 2 over the sum."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return (curvatures[0] + curvatures[-1]) / 2


@best_fixed_step.mistake
def factor_value(X):
    """This is (κ - 1)/(κ + 1), the factor that the best step reaches. The exercise asks for the step itself."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return (curvatures[-1] - curvatures[0]) / (curvatures[-1] + curvatures[0])


@best_fixed_step.mistake
def momentum(X):
    """This is the best step of the heavy ball, 4/(√λ_min + √λ_max)². Without momentum it is 2/(λ_min + λ_max)."""
    low, high = np.sqrt(np.linalg.eigvalsh(X.T @ X / len(X))[[0, -1]])
    return 4 / (low + high) ** 2


@best_fixed_step.mistake
def difference(X):
    """The two ends are added, not subtracted: 1 - lr·λ_min = lr·λ_max - 1 gives lr·(λ_min + λ_max) = 2."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return 2 / (curvatures[-1] - curvatures[0])


# ----------------------------------------------------------------------------------------------------------------------
descend = exercise(
    "descend(X, y, lr, steps)",
    chapter="06",
    points=2,
    minutes=10,
    hints=(
        "Start with w = 0 and put it into a list. Then repeat: compute the gradient where you are now, step, append.",
        "The gradient is Xᵀ(Xw - y)/n, and it must be computed anew in every round.",
        "Inside the loop: `w = w - lr * X.T @ (X @ w - y) / len(y)` and `path.append(w)`. At the end `np.array(path)`.",
    ),
)


@descend.draws
def inputs(draw):
    n, d, steps = draw.sizes(3)
    X, y = draw.array(n, d), draw.array(n)
    if draw.drowns:
        # One sample has small features and a huge target: it adds to the gradient what the others do.
        sample = draw.rng.integers(n)
        X[sample] /= HUGE
        y[sample] *= HUGE
    return X, y, float(draw.number(0.5, 0.9) * 2 * n / np.linalg.norm(X, 2) ** 2), steps


@descend.truth
def truth(X, y, lr, steps):
    path = np.zeros((steps + 1, X.shape[1]))
    for t in range(steps):
        path[t + 1] = path[t] - lr * complex_step_gradient(lambda w: mse(X, w, y), path[t])
    return path


@descend.mistake
def alias(X, y, lr, steps):
    """All rows are equal. `w -= ...` changes the very array that already lies
    in the list; write `w = w - ...`, which makes a new one."""
    w = np.zeros(X.shape[1])
    path = [w]
    for _ in range(steps):
        w -= lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)


@descend.mistake
def stale(X, y, lr, steps):
    """The gradient was computed once, at the start, and used in every step. Compute it anew where you are now."""
    w = np.zeros(X.shape[1])
    grad = X.T @ (X @ w - y) / len(y)
    path = [w]
    for _ in range(steps):
        w = w - lr * grad
        path.append(w)
    return np.array(path)


@descend.mistake
def one_by_one(X, y, lr, steps):
    """You moved one weight, then took the next slope at the new place. All slopes of
    a step belong to the same w: compute the whole gradient first."""
    w = np.zeros(X.shape[1])
    path = [w.copy()]
    for _ in range(steps):
        for j in range(len(w)):
            w[j] = w[j] - lr * X[:, j] @ (X @ w - y) / len(y)
        path.append(w.copy())
    return np.array(path)


@descend.mistake
def sign(X, y, lr, steps):
    """You climb: the loss grows with every step. Subtract lr times the gradient Xᵀ(Xw - y)/n."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] + lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path)


@descend.mistake
def mean(X, y, lr, steps):
    """Your gradient is n times too long: the loss is 1/(2n) ‖Xw - y‖², so the gradient holds 1/n."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y))
    return np.array(path)


@descend.mistake
def factor(X, y, lr, steps):
    """Your gradient is twice too long: the 2 of the square cancels against the 2 of 1/(2n)."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - 2 * lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path)


@descend.mistake
def start(X, y, lr, steps):
    """The start is missing: row 0 is w = 0, and row t comes after t steps, so there are steps + 1."""
    w = np.zeros(X.shape[1])
    path = []
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
        path.append(w)
    return np.array(path)


@descend.mistake
def count(X, y, lr, steps):
    """One step is missing at the end: after the start come `steps` steps, so there are steps + 1 rows."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps - 1):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path)


@descend.mistake
def last(X, y, lr, steps):
    """These are the last weights alone. Keep all of them, the start first, as rows of one array."""
    w = np.zeros(X.shape[1])
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
    return w


@descend.mistake
def layout(X, y, lr, steps):
    """This is the transpose: each row holds the weights after one step, each column one weight."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path).T


@descend.mistake
def half(X, y, lr, steps):
    """Your gradient is half as long as it should be: the 2 of the square cancels the 2 of 1/(2n), and 1/n stays."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y) / (2 * len(y)))
    return np.array(path)


@descend.mistake
def extra(X, y, lr, steps):
    """One step is too many: after the start come `steps` steps, so there are steps + 1 rows."""
    path = [np.zeros(X.shape[1])]
    for _ in range(steps + 1):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path)


def _steps_from_elsewhere(value, X, y, lr, steps):
    """Whether the steps are right, and the start is not 0."""
    if not is_array(value) or value.shape != (steps + 1, X.shape[1]) or not np.all(np.isfinite(value)):
        return False
    moved = value[:-1] - lr * (value[:-1] @ X.T - y) @ X / len(y)
    return bool(np.any(value[0]) and np.allclose(value[1:], moved, rtol=1e-8, atol=1e-8 * np.max(np.abs(value))))


@descend.mistake(shown=_steps_from_elsewhere)
def elsewhere(X, y, lr, steps):
    """Your steps are right, but they start elsewhere. The start is w = 0, and row 0 holds it."""
    path = [np.random.default_rng(1).normal(size=X.shape[1])]
    for _ in range(steps):
        path.append(path[-1] - lr * X.T @ (X @ path[-1] - y) / len(y))
    return np.array(path)


@descend.mistake
def losses(X, y, lr, steps):
    """These are losses, one for each step. Asked are the weights on the way: a row for each step."""
    w, losses = np.zeros(X.shape[1]), []
    for _ in range(steps):
        w = w - lr * X.T @ (X @ w - y) / len(y)
        losses.append(np.sum((X @ w - y) ** 2) / (2 * len(y)))
    return np.array(losses)


@descend.mistake
def before(X, y, lr, steps):
    """Each row was filled before its step, so the last weights never arrive and the last row stays 0. Store after the
    step, in row t + 1."""
    path, w = np.zeros((steps + 1, X.shape[1])), np.zeros(X.shape[1])
    for t in range(steps):
        path[t] = w
        w = w - lr * X.T @ (X @ w - y) / len(y)
    return path


# ----------------------------------------------------------------------------------------------------------------------
contraction_factor = exercise(
    "contraction_factor(X, lr)",
    chapter="06",
    points=2,
    minutes=8,
    hints=(
        "Along the eigenvector j of the Hessian a step multiplies the error by 1 - lr·λ_j. Which j is the worst?",
        "A factor of -0.9 shrinks as slowly as 0.9, and -1.5 grows. So compare absolute values.",
        "`np.max(np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))))`.",
    ),
)


@contraction_factor.draws
def inputs(draw):
    X, smallest, largest = table(draw)
    # The flat end is the worst for the short steps, the steep end for the long ones; with 1.3 the error grows.
    return X, float((0.4, 1.3, 0.8, 1.01)[draw.index % 4] * 2 / (smallest + largest))


@contraction_factor.truth
def truth(X, lr):
    return worst_factor(X)(lr)


@contraction_factor.mistake
def mean(X, lr):
    """These are eigenvalues of XᵀX, n times too large: the loss holds 1/n, so its Hessian is XᵀX/n."""
    return np.max(np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X)))


@contraction_factor.mistake
def flattest(X, lr):
    """You looked at the flattest direction only. With a long step the steepest is
    worse: there 1 - lr·λ is below 0, so compare absolute values."""
    return np.max(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X)))


@contraction_factor.mistake
def steepest(X, lr):
    """You looked at the steepest direction only. With a short step the flattest is the slowest: take both ends."""
    return np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))[-1])


@contraction_factor.mistake
def symbol(X, lr):
    """This is the best direction. The slowest one decides: take the largest |1 - lr·λ|."""
    return np.min(np.abs(1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))))


@contraction_factor.mistake
def norm_square(X, lr):
    """Your answer is the square of the right one. That is the factor of
    the loss; the error itself has the factor max |1 - lr·λ|."""
    return np.max((1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))) ** 2)


@contraction_factor.mistake
def identity(X, lr):
    """`1 - lr * H` subtracts from a matrix full of ones. The
    identity is `np.eye(d)`, with ones on the diagonal only."""
    return np.max(np.abs(np.linalg.eigvalsh(1 - lr * X.T @ X / len(X))))


@contraction_factor.mistake
def frobenius(X, lr):
    """This is the Frobenius norm of I - lr·H. The worst direction is the norm `np.linalg.norm(..., 2)`."""
    return np.linalg.norm(np.eye(X.shape[1]) - lr * X.T @ X / len(X))


@contraction_factor.mistake
def step(X, lr):
    """This is (κ - 1)/(κ + 1), the factor of the best step. Here lr is given, so use 1 - lr·λ."""
    curvatures = np.linalg.eigvalsh(X.T @ X / len(X))
    return (curvatures[-1] - curvatures[0]) / (curvatures[-1] + curvatures[0])


@contraction_factor.mistake
def signed(X, lr):
    """You looked at the steepest direction only, and with its sign.
    Take the largest absolute value of all directions."""
    return 1 - lr * np.linalg.eigvalsh(X.T @ X / len(X))[-1]


# ----------------------------------------------------------------------------------------------------------------------
minibatch_gradient = exercise(
    "minibatch_gradient(X, w, y, rows)",
    chapter="06",
    points=3,
    minutes=8,
    hints=(
        "The batch is a small table of its own. Which rows of X and which entries of y belong to it?",
        "`X[rows]` and `y[rows]`: NumPy picks the rows in this order, and a row that is listed twice comes twice.",
        "The gradient of the mean over b samples is Xᵀ(Xw - y)/b, with the small X and y, and b = `len(rows)`.",
    ),
)


@minibatch_gradient.draws
def inputs(draw):
    d, b, n = sorted(draw.sizes(3))
    # As in a real table every column has a unit of its own, and the loss is large: differences lose their digits.
    units = 10.0 ** draw.rng.permutation(np.linspace(-2, 2, d))
    rows = draw.rng.choice(n, size=b - 1, replace=False)
    rows = draw.rng.permutation(np.append(rows, rows[0]))
    if draw.drowns:
        # One sample of the batch has small features and a huge target: it adds to the gradient what the others do.
        sizes = np.ones(n)
        sizes[rows[0]] = HUGE
        return draw.array(n, d) / sizes[:, None], draw.array(d), draw.array(n) * sizes, rows
    return draw.array(n, d) * units, 1e4 * draw.array(d) / units, 1e4 * draw.array(n), rows


@minibatch_gradient.truth
def truth(X, w, y, rows):
    return complex_step_gradient(lambda w: sum((X[i] @ w - y[i]) ** 2 for i in rows) / (2 * len(rows)), w)


@minibatch_gradient.wide
def wide(draw):
    return draw.array(6, WIDE), draw.array(WIDE) / np.sqrt(WIDE), draw.array(6), np.array([4, 1, 4])


@minibatch_gradient.slopes
def slopes(X, w, y, rows):
    return lambda w: mse(X[rows], w, y[rows]), (w,)


@minibatch_gradient.mistake
def mean(X, w, y, rows):
    """Your answer is b/n times the right one: divide by the b samples of the batch, `len(rows)`, not by all n."""
    return X[rows].T @ (X[rows] @ w - y[rows]) / len(y)


@minibatch_gradient.mistake
def sum_(X, w, y, rows):
    """Your answer is b times the right one: the sum over the batch is divided by b, `len(rows)`."""
    return X[rows].T @ (X[rows] @ w - y[rows])


@minibatch_gradient.mistake
def factor(X, w, y, rows):
    """Your answer is twice the right one: the 2 of the square cancels against 1/(2b)."""
    return 2 * X[rows].T @ (X[rows] @ w - y[rows]) / len(rows)


@minibatch_gradient.mistake
def sign(X, w, y, rows):
    """Your answer is -1 times the right one: the residual is prediction minus target."""
    return X[rows].T @ (y[rows] - X[rows] @ w) / len(rows)


@minibatch_gradient.mistake
def full(X, w, y, rows):
    """This is the gradient over all n samples. Use the listed rows only."""
    return X.T @ (X @ w - y) / len(y)


@minibatch_gradient.mistake
def repeats(X, w, y, rows):
    """A row that is listed twice counts twice. You took it once, as np.unique, a set or a mask does; use `X[rows]`."""
    once = np.unique(rows)
    return X[once].T @ (X[once] @ w - y[once]) / len(once)


@minibatch_gradient.mistake
def mask(X, w, y, rows):
    """A mask takes a row that is listed twice only once, and yet you divided by len(rows). Use `X[rows]`, `y[rows]`."""
    chosen = np.isin(np.arange(len(y)), rows)
    return X[chosen].T @ (X[chosen] @ w - y[chosen]) / len(rows)


@minibatch_gradient.mistake
def first(X, w, y, rows):
    """These are the first b rows. The batch is whatever `rows` lists, in any order: `X[rows]` and `y[rows]`."""
    b = len(rows)
    return X[:b].T @ (X[:b] @ w - y[:b]) / b


@minibatch_gradient.mistake
def targets(X, w, y, rows):
    """The rows of X were chosen, the targets were not: sample and target must stay together, `y[rows]`."""
    return X[rows].T @ (X[rows] @ w - y[: len(rows)]) / len(rows)


@minibatch_gradient.mistake
def whole_targets(X, w, y, rows):
    """The rows of X were chosen, but y still has all n entries: use `y[rows]`."""
    return X[rows].T @ (X[rows] @ w - y) / len(rows)


@minibatch_gradient.mistake
def half(X, w, y, rows):
    """Your answer is half the right one: the 2 of the square cancels against 1/(2b), and 1/b stays."""
    return X[rows].T @ (X[rows] @ w - y[rows]) / (2 * len(rows))


@minibatch_gradient.mistake
def offset(X, w, y, rows):
    """You took the row before each listed one. The numbers in `rows` are counted from 0, as NumPy counts: `X[rows]`."""
    return X[rows - 1].T @ (X[rows - 1] @ w - y[rows - 1]) / len(rows)


# ----------------------------------------------------------------------------------------------------------------------
momentum_step = exercise(
    "momentum_step(w, v, grad, lr, beta)",
    chapter="06",
    keeps=("w", "v", "grad"),
    points=2,
    minutes=6,
    returns=("w", "v"),
    hints=(
        "Two lines. The velocity comes first: it keeps the share beta of itself and takes the gradient on top.",
        "Then the weights move against the *new* velocity, by lr.",
        "`v = beta * v + grad`, `w = w - lr * v`, `return w, v`.",
    ),
)


@momentum_step.draws
def inputs(draw):
    (d,) = draw.sizes(1)
    return draw.array(d), draw.array(d), draw.array(d), draw.number(0.05, 0.4), draw.number(0.6, 0.95)


@momentum_step.truth
def truth(w, v, grad, lr, beta):
    new_v = np.array([beta * v_j + grad_j for v_j, grad_j in zip(v, grad, strict=True)])
    return np.array([w_j - lr * v_j for w_j, v_j in zip(w, new_v, strict=True)]), new_v


@momentum_step.mistake
def stale(w, v, grad, lr, beta):
    """The weights moved with the old velocity. Update v first, then step with the new one."""
    return w - lr * v, beta * v + grad


@momentum_step.mistake
def order(w, v, grad, lr, beta):
    """The two results are exchanged: return w first, then v."""
    v = beta * v + grad
    return v, w - lr * v


@momentum_step.mistake
def sign(w, v, grad, lr, beta):
    """You went along the velocity. v adds up gradients, so the weights go against it: w - lr·v."""
    v = beta * v + grad
    return w + lr * v, v


@momentum_step.mistake
def average(w, v, grad, lr, beta):
    """You weighted the gradient with 1 - beta, which makes v an average. Here it comes in whole: beta·v + grad."""
    v = beta * v + (1 - beta) * grad
    return w - lr * v, v


@momentum_step.mistake
def step(w, v, grad, lr, beta):
    """You put lr into the velocity, as some texts do. Here v is beta·v + grad,
    in the units of the gradient, and lr comes in when w moves."""
    v = beta * v + lr * grad
    return w - v, v


@momentum_step.mistake
def convention(w, v, grad, lr, beta):
    """Your velocity points downhill and holds lr, as in some libraries. Here
    v = beta·v + grad points uphill, and w goes against it."""
    v = beta * v - lr * grad
    return w + v, v


@momentum_step.mistake
def nesterov(w, v, grad, lr, beta):
    """You added the gradient once more when w moved, which is Nesterov's variant. Here w - lr·v alone."""
    v = beta * v + grad
    return w - lr * (beta * v + grad), v


@momentum_step.mistake
def symbol(w, v, grad, lr, beta):
    """beta stands at the wrong term: it shrinks the old velocity, not the gradient."""
    v = v + beta * grad
    return w - lr * v, v


@momentum_step.mistake
def memory(w, v, grad, lr, beta):
    """The old velocity is lost, so this is a plain step. The new one is beta·v + grad."""
    v = grad
    return w - lr * v, v


@momentum_step.mistake
def last(w, v, grad, lr, beta):
    """That is w alone. Return the new velocity too, `return w, v`: the next step needs it."""
    return w - lr * (beta * v + grad)


@momentum_step.mistake
def plain(w, v, grad, lr, beta):
    """v is right, but w moved against the gradient alone. It moves against the new velocity: w - lr·v."""
    return w - lr * grad, beta * v + grad


@momentum_step.mistake
def undamped(w, v, grad, lr, beta):
    """beta is missing: the old velocity keeps the share beta of itself, beta·v + grad."""
    return w - lr * (v + grad), v + grad


@momentum_step.mistake
def learning_rate(w, v, grad, lr, beta):
    """lr is missing: v is right, and w moves by lr times v."""
    return w - (beta * v + grad), beta * v + grad


@momentum_step.mistake
def brackets(w, v, grad, lr, beta):
    """beta shrinks the old velocity alone. The gradient comes in whole: beta·v + grad, not beta·(v + grad)."""
    return w - lr * beta * (v + grad), beta * (v + grad)


@momentum_step.mistake
def downhill(w, v, grad, lr, beta):
    """Your velocity points downhill. Here v = beta·v + grad adds up gradients, and w goes against it."""
    return w + lr * (beta * v - grad), beta * v - grad


# ----------------------------------------------------------------------------------------------------------------------
best_step_here = exercise(
    "best_step_here(X, w, y)",
    chapter="06",
    points=4,
    minutes=12,
    hints=(
        "With g = ∇L at w, the loss after the step is L - η‖g‖² + η²/2 · gᵀHg. Where is this parabola lowest?",
        "Its slope in η is -‖g‖² + η gᵀHg. Set it to 0.",
        "η = ‖g‖² / (gᵀHg) with H = XᵀX/n, and gᵀHg is ‖Xg‖²/n: no need to build H.",
    ),
)


@best_step_here.draws
def inputs(draw):
    X, _, _ = table(draw)
    n, d = X.shape
    y = draw.array(n)
    if draw.drowns:
        # One sample has small features and a huge target: it adds to the gradient what the others do.
        sample = draw.rng.integers(n)
        X[sample] /= HUGE
        y[sample] *= HUGE
    return X, draw.array(d), y


@best_step_here.truth
def truth(X, w, y):
    g = complex_step_gradient(lambda w: mse(X, w, y), w)

    def slope(step):
        return float(complex_step_gradient(lambda t: mse(X, w - t[0] * g, y), np.array([step]))[0])

    # The loss along the line is a parabola, so its slope is a straight line, and two of its values give its zero.
    return slope(0.0) / (slope(0.0) - slope(1.0))


STEEPEST = """
    n = len(y)
    g = X.T @ (X @ w - y) / n
    curvature = np.sum((X @ g) ** 2) / n
    return np.sum(g**2) / curvature
"""
best_step_here.slip(
    "mean",
    "Your answer is the right one over n: the loss holds 1/n, so its Hessian is XᵀX/n and gᵀHg is ‖Xg‖²/n.",
    STEEPEST,
    ("** 2) / n", "** 2)"),
)
best_step_here.slip(
    "twice",
    "Your answer is twice the right one. There the loss is back where it was: the lowest point lies half-way.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "2 * np.sum(g**2) / curvature"),
)
best_step_here.slip(
    "half",
    "Your answer is half the right one: the ½ before η² cancels when the parabola is differentiated.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "np.sum(g**2) / (2 * curvature)"),
)
best_step_here.slip(
    "inverse",
    "This is the curvature of the loss along g. The best step is one over it: ‖g‖² over gᵀHg.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "curvature / np.sum(g**2)"),
)
best_step_here.slip(
    "sign",
    "Your answer is -1 times the right one: the step goes against g already, so η is positive.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "-np.sum(g**2) / curvature"),
)
best_step_here.slip(
    "norm-square",
    "Your answer is the root of the right one: both ‖g‖ and ‖Xg‖ are squared.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "np.sqrt(np.sum(g**2) / curvature)"),
)
best_step_here.slip(
    "term",
    "gᵀHg is missing below: this is ‖g‖² alone, what one unit of step gains at first.",
    STEEPEST,
    ("np.sum(g**2) / curvature", "np.sum(g**2)"),
)
best_step_here.slip(
    "symbol",
    "You walked along w, not along the gradient: g = Xᵀ(Xw - y)/n decides.",
    STEEPEST,
    ("g = X.T @ (X @ w - y) / n", "g = w"),
)
best_step_here.slip(
    "fixed",
    "This is 2/(λ_min + λ_max), the best step for all places together. From here, along this g, another one is best.",
    "    e = np.linalg.eigvalsh(X.T @ X / len(y))\n    return 2 / (e[0] + e[-1])",
)
best_step_here.slip(
    "steepest",
    "This is 1/λ_max, right only where g points along the steepest direction. Take the curvature along g itself.",
    "    return 1 / np.linalg.eigvalsh(X.T @ X / len(y))[-1]",
)
best_step_here.slip(
    "stable",
    "This is 2/λ_max, the edge of divergence. The exercise asks where the loss along g is lowest.",
    "    return 2 / np.linalg.eigvalsh(X.T @ X / len(y))[-1]",
)

# ----------------------------------------------------------------------------------------------------------------------
adam_step = exercise(
    "adam_step(w, m, s, grad, t, lr, beta1, beta2, eps)",
    chapter="06",
    keeps=("w", "m", "s", "grad"),
    points=3,
    minutes=12,
    returns=("w", "m", "s"),
    hints=(
        "Four lines in the order of the text: the two running means, their corrections, then the weights.",
        "The correction divides by 1 - beta1**t and by 1 - beta2**t. It serves this step alone: what is returned, and "
        "kept for the next step, are the means as they were before it.",
        "`m = beta1 * m + (1 - beta1) * grad`, `s = beta2 * s + (1 - beta2) * grad**2`, then `w - lr * m_hat / "
        "(np.sqrt(s_hat) + eps)` with `m_hat = m / (1 - beta1**t)` and `s_hat = s / (1 - beta2**t)`.",
    ),
)


@adam_step.draws
def inputs(draw):
    (d,) = draw.sizes(1)
    m, s, grad = draw.array(d), draw.positive(d), draw.array(d)
    if draw.index % 2:
        # A weight that nothing has pulled yet, like that of a pixel which is black in every picture so far.
        m[0] = s[0] = grad[0] = 0.0
    t = int(draw.rng.integers(2, 8))
    return draw.array(d), m, s, grad, t, draw.number(0.05, 0.4), draw.number(0.6, 0.75), draw.number(0.8, 0.95), 0.1


@adam_step.truth
def truth(w, m, s, grad, t, lr, beta1, beta2, eps):
    # The share of a mean's weight that past gradients have, one summand for each of them: 1 - beta**t.
    shares = [(1 - beta) * sum(beta**age for age in range(t)) for beta in (beta1, beta2)]
    new_m = np.array([beta1 * m_j + (1 - beta1) * g_j for m_j, g_j in zip(m, grad, strict=True)])
    new_s = np.array([beta2 * s_j + (1 - beta2) * g_j * g_j for s_j, g_j in zip(s, grad, strict=True)])
    steps = [m_j / shares[0] / ((s_j / shares[1]) ** 0.5 + eps) for m_j, s_j in zip(new_m, new_s, strict=True)]
    return np.array([w_j - lr * step for w_j, step in zip(w, steps, strict=True)]), new_m, new_s


ADAM = """
    m = beta1 * m + (1 - beta1) * grad
    s = beta2 * s + (1 - beta2) * grad**2
    m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
    w = w - lr * m_hat / (np.sqrt(s_hat) + eps)
    return w, m, s
"""
adam_step.slip(
    "uncorrected",
    "The correction is missing: both means began at 0 and are too small at first. Divide m by 1 - beta1**t and s by "
    "1 - beta2**t before the weights move.",
    ADAM,
    ("m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)", "m_hat, s_hat = m, s"),
)
adam_step.slip(
    "uncorrected-m",
    "s is corrected and m is not: it began at 0 as well, so divide it by 1 - beta1**t.",
    ADAM,
    ("m / (1 - beta1**t)", "m"),
)
adam_step.slip(
    "uncorrected-s",
    "m is corrected and s is not: it began at 0 as well, so divide it by 1 - beta2**t.",
    ADAM,
    ("s / (1 - beta2**t)", "s"),
)
adam_step.slip(
    "kept-corrected",
    "w is right, but the corrected means came back. They serve this step alone: return m and s as they were before "
    "the division, or the next step corrects them a second time.",
    ADAM,
    ("return w, m, s", "return w, m_hat, s_hat"),
)
adam_step.slip(
    "power",
    "The correction lacks its power. After t steps the 0 at the start still has the share beta**t, so 1 - beta**t "
    "remains for the gradients, not 1 - beta.",
    ADAM,
    ("beta1**t", "beta1"),
    ("beta2**t", "beta2"),
)
adam_step.slip(
    "from-zero",
    "Your correction is one step behind, as if t counted from 0. The first step has t = 1, and t goes in as it is.",
    ADAM,
    ("beta1**t", "beta1 ** (t - 1)"),
    ("beta2**t", "beta2 ** (t - 1)"),
)
adam_step.slip(
    "one-ahead",
    "Your correction is one step ahead: t counts from 1 already, so no 1 is added.",
    ADAM,
    ("beta1**t", "beta1 ** (t + 1)"),
    ("beta2**t", "beta2 ** (t + 1)"),
)
adam_step.slip(
    "product",
    "You multiplied the means by 1 - beta**t. They are too small at first, so they are divided by it.",
    ADAM,
    ("m / (1 - beta1**t)", "m * (1 - beta1**t)"),
    ("s / (1 - beta2**t)", "s * (1 - beta2**t)"),
)
adam_step.slip(
    "epsilon-inside",
    "eps stands under the root. It is added to the root: `np.sqrt(s_hat) + eps`.",
    ADAM,
    ("np.sqrt(s_hat) + eps", "np.sqrt(s_hat + eps)"),
)
adam_step.slip(
    "epsilon",
    "eps is missing below the fraction. A weight that nothing has pulled yet has s = 0, and then you divide 0 by 0.",
    ADAM,
    ("(np.sqrt(s_hat) + eps)", "np.sqrt(s_hat)"),
)
adam_step.slip(
    "root",
    "The root is missing. s is a mean of squares; only its root is in the units of the gradient.",
    ADAM,
    ("np.sqrt(s_hat)", "s_hat"),
)
adam_step.slip(
    "unsquared",
    "The gradient goes into s squared, entry by entry: grad**2.",
    ADAM,
    ("grad**2", "np.abs(grad)"),
)
adam_step.slip(
    "signed",
    "The gradient goes into s squared. As it is it may be negative, and the root of a negative mean is nan.",
    ADAM,
    ("grad**2", "grad"),
)
adam_step.slip(
    "squared-mean",
    "s took in the square of the mean m. It is the mean of the squares: grad**2 goes in.",
    ADAM,
    ("grad**2", "m**2"),
)
adam_step.slip(
    "one-length",
    "All weights got one common scale, the squared length of the gradient. Each has its own: grad**2, entry by entry.",
    ADAM,
    ("grad**2", "np.sum(grad**2)"),
)
adam_step.slip(
    "stale",
    "m and s are right, but w moved with the old ones. Take the new gradient in first, then step.",
    """
    w = w - lr * m / (1 - beta1**t) / (np.sqrt(s / (1 - beta2**t)) + eps)
    return w, beta1 * m + (1 - beta1) * grad, beta2 * s + (1 - beta2) * grad**2
    """,
)
adam_step.slip(
    "order",
    "The results are in another order: return w first, then m, then s.",
    ADAM,
    ("return w, m, s", "return m, s, w"),
)
adam_step.slip(
    "exchanged",
    "beta1 and beta2 are exchanged: beta1 belongs to m, beta2 to s.",
    ADAM,
    ("beta1 * m + (1 - beta1) * grad\n", "beta2 * m + (1 - beta2) * grad\n"),
    ("beta2 * s + (1 - beta2) * grad**2", "beta1 * s + (1 - beta1) * grad**2"),
    ("m / (1 - beta1**t), s / (1 - beta2**t)", "m / (1 - beta2**t), s / (1 - beta1**t)"),
)
adam_step.slip(
    "complement",
    "The shares are the wrong way round: beta is what the old mean keeps, 1 - beta what the new gradient gets.",
    ADAM,
    ("beta1 * m + (1 - beta1) * grad\n", "(1 - beta1) * m + beta1 * grad\n"),
    ("beta2 * s + (1 - beta2) * grad**2", "(1 - beta2) * s + beta2 * grad**2"),
)
adam_step.slip(
    "convention",
    "The gradient came in whole, as in the heavy ball. Here m and s are means, so it gets the share 1 - beta.",
    ADAM,
    ("(1 - beta1) * grad\n", "grad\n"),
    ("(1 - beta2) * grad**2", "grad**2"),
)
adam_step.slip(
    "memory",
    "The numerator is the gradient alone, which is RMSprop. Adam moves against the corrected mean, m / (1 - beta1**t).",
    ADAM,
    ("lr * m_hat", "lr * grad"),
)
adam_step.slip(
    "unscaled",
    "w moved against the mean alone. Divide it, entry by entry, by the root of the other mean plus eps.",
    ADAM,
    (" / (np.sqrt(s_hat) + eps)", ""),
)
adam_step.slip(
    "sign",
    "You went along the mean gradient. The loss falls against it: w minus the step.",
    ADAM,
    ("w - lr", "w + lr"),
)
adam_step.slip(
    "learning-rate",
    "lr is missing: m and s are right, and w moves by lr times the fraction.",
    ADAM,
    ("lr * m_hat", "m_hat"),
)
adam_step.slip(
    "last",
    "That is w alone. Return m and s too, `return w, m, s`: the next step needs them.",
    ADAM,
    ("return w, m, s", "return w"),
)
