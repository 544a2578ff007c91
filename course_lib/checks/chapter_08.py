"""Chapter 8: the two-layer perceptron by hand."""

from itertools import combinations

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks.comparing import is_number
from course_lib.checks.drawing import HUGE
from course_lib.checks.specification import derivation, exercise
from course_lib.derivation.goal import Problem


def logistic(Z):
    return 1 / (1 + np.exp(-Z))


def log_shares(Z):
    """log softmax of every row: z_j minus the logarithm of Σ exp z_m. Scores here are moderate."""
    return Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))


def gradients_by_definition(activation, X, Y, *parameters):
    """The gradient of -1/n Σ Y log P in W1, b1, W2, b2, one complex step for every entry of each."""

    def loss(W1, b1, W2, b2):
        return -np.sum(Y * log_shares(activation(X @ W1 + b1) @ W2 + b2)) / len(Y)

    def gradient(place):
        before, after = parameters[:place], parameters[place + 1 :]
        return complex_step_gradient(lambda value: loss(*before, value, *after), parameters[place])

    return tuple(gradient(place) for place in range(4))


def network_loss(activation, X, Y):
    """The loss of the network in W1, b1, W2, b2."""
    return lambda W1, b1, W2, b2: -np.sum(Y * log_shares(activation(X @ W1 + b1) @ W2 + b2)) / len(Y)


def wide_network(draw):
    """Three samples and 50,650 parameters, 200-240-10; the units stay where the sigmoid is not flat."""
    parameters = draw.array(200, 240) / 15, draw.array(240), draw.array(240, 10) / 15, draw.array(10)
    return draw.array(3, 200), labels(draw, 3, 10), *parameters


def labels(draw, n, k):
    """One-hot rows (n, k): every row one class, not all the same."""
    classes = np.append(draw.rng.permutation(k)[:2], draw.rng.integers(k, size=n - 2))
    return np.eye(k)[draw.rng.permutation(classes)]


def network(draw, decades=2):
    """X (n, d), W1, b1, W2, b2: features in units of their own, from 10^-decades to 10^decades.

    A weight of an input far below 1 has a small slope, and a difference quotient of the loss loses its digits there.
    """
    n, d, h, k = draw.sizes(4)
    units = 10.0 ** draw.rng.permutation(np.linspace(-decades, decades, d))
    W1 = draw.array(d, h) / units[:, None] / np.sqrt(d)
    return draw.array(n, d) * units, W1, draw.array(h), draw.array(h, k), draw.array(k)


def labelled_network(draw, activation=logistic):
    """X, Y, W1, b1, W2, b2 as a learner of the gradients gets them."""
    X, W1, b1, W2, b2 = network(draw)
    Y = labels(draw, len(X), len(b2))
    if draw.drowns:
        # One class that occurs is out of reach, and that costs 650 for each of its samples, nearly the most that a
        # positive share can. Beside so large a loss a difference quotient loses the slopes of a unit that is almost 0.
        b2[Y[0].argmax()] -= 650
        unit = draw.rng.integers(len(b1))
        if activation is logistic:
            b1[unit] -= 12
        else:
            W1[:, unit], b1[unit] = 1e-5 * W1[:, unit], 1e-5 * b1[unit]
    return X, Y, W1, b1, W2, b2


# ----------------------------------------------------------------------------------------------------------------------
forward = exercise(
    "forward(X, W1, b1, W2, b2)",
    chapter="08",
    points=2,
    minutes=8,
    hints=(
        "Four lines, one for each arrow: affine, sigmoid, affine, softmax. Write the shape beside each.",
        "`Z1 = X @ W1 + b1` adds b1 to every row. The sigmoid is `1 / (1 + np.exp(-Z1))`.",
        "The softmax works row by row: subtract the maximum (`keepdims=True`), take exp, divide by the sum.",
    ),
    returns=("Z1", "A", "Z2", "P"),
)


@forward.draws
def inputs(draw):
    X, W1, b1, W2, b2 = network(draw)
    # One unit is as good as off and one as good as on: a sigmoid that is cut off shows.
    b1[:2] = -9.0, 9.0
    if draw.index == 3:
        # Scores in the thousands: exp of them is beyond the largest float. And the samples lie thousands apart, so
        # that with one maximum for all of them some row has no exponential left.
        W2 = 1000.0 * W2 + 10_000.0 * draw.positive(len(W2), 1)
    return X, W1, b1, W2, b2


@forward.truth
def truth(X, W1, b1, W2, b2):
    Z1 = affine_by_index(X, W1, b1)
    A = 1 / (1 + np.exp(-Z1))
    Z2 = affine_by_index(A, W2, b2)
    with np.errstate(over="ignore"):
        # Ratios define a softmax: p_m / p_j = exp(z_m - z_j), and the p_m sum to 1.
        P = np.array([[1 / np.sum(np.exp(row - score)) for score in row] for row in Z2])
    return Z1, A, Z2, P


def affine_by_index(X, W, b):
    result = np.zeros((len(X), len(b)))
    for i, j in np.ndindex(result.shape):
        result[i, j] = b[j] + sum(X[i, m] * W[m, j] for m in range(len(W)))
    return result


FORWARD = """
    Z1 = X @ W1 + b1
    A = 1 / (1 + np.exp(-Z1))
    Z2 = A @ W2 + b2
    E = np.exp(Z2 - Z2.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    return Z1, A, Z2, P
"""
forward.slip(
    "term",
    "The biases are missing: b1 is added to every row of X @ W1, and b2 to every row of A @ W2.",
    FORWARD,
    ("X @ W1 + b1", "X @ W1"),
    ("A @ W2 + b2", "A @ W2"),
)
forward.slip(
    "axis",
    "Your columns sum to 1. A sample is a row, so the softmax takes its maximum and its sum over axis 1.",
    FORWARD,
    ("Z2.max(axis=1, keepdims=True)", "Z2.max(axis=0)"),
    ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)"),
)
forward.slip(
    "sum",
    "All of your P sums to 1. Each sample has its own softmax: divide every row by the sum of that row.",
    FORWARD,
    ("Z2.max(axis=1, keepdims=True)", "Z2.max()"),
    ("E.sum(axis=1, keepdims=True)", "E.sum()"),
)
forward.slip(
    "activation",
    "The second layer was fed with Z1. It takes the activations: Z2 = A @ W2 + b2, with A = σ(Z1).",
    FORWARD,
    ("A @ W2", "Z1 @ W2"),
)
forward.slip(
    "activation-twice",
    "The output was squashed twice. The scores Z2 go into the softmax as they are, without a sigmoid.",
    FORWARD,
    ("Z2 - Z2.max(axis=1, keepdims=True)", "1 / (1 + np.exp(-Z2))"),
)
forward.slip(
    "sign",
    "Your A is σ(-Z1), which is 1 - σ(Z1): the exponent of the sigmoid has a minus, exp(-Z1).",
    FORWARD,
    ("np.exp(-Z1)", "np.exp(Z1)"),
)
forward.slip(
    "symbol",
    "Your hidden units use tanh. The network of this exercise has the sigmoid, 1 / (1 + exp(-z)).",
    FORWARD,
    ("1 / (1 + np.exp(-Z1))", "np.tanh(Z1)"),
)
forward.slip(
    "argmax",
    "Your P holds only 0 and 1. The softmax does not choose the largest score, it gives shares to all of them.",
    FORWARD,
    ("E / E.sum(axis=1, keepdims=True)", "np.eye(len(b2))[Z2.argmax(axis=1)]"),
)
forward.slip(
    "overflow",
    "exp of a score in the thousands is beyond the largest float. Subtract the maximum of each row from Z2 first.",
    FORWARD,
    ("Z2 - Z2.max(axis=1, keepdims=True)", "Z2"),
)
forward.slip(
    "shift",
    "One maximum for the whole batch is not enough: a row far below it becomes 0/0. Subtract from each row its own.",
    FORWARD,
    ("Z2.max(axis=1, keepdims=True)", "Z2.max()"),
)
forward.slip(
    "keepdims",
    "The sums of the rows are a vector of length n, and NumPy lays it along a row. Keep them a column: keepdims=True.",
    FORWARD,
    ("E.sum(axis=1, keepdims=True)", "E.sum(axis=1)"),
)
forward.slip(
    "scores",
    "Your P are the scores Z2. One step is missing: the softmax turns each row of scores into shares that sum to 1.",
    FORWARD,
    ("E / E.sum(axis=1, keepdims=True)", "Z2"),
)
forward.slip(
    "one-by-one",
    "Your P is a sigmoid of each score alone, so its rows do not sum to 1. The last step is a softmax over the row.",
    FORWARD,
    ("E / E.sum(axis=1, keepdims=True)", "1 / (1 + np.exp(-Z2))"),
)
forward.slip(
    "order",
    "A sample is a row of X, so the weights stand to the right of it: X @ W1, then A @ W2.",
    FORWARD,
    ("X @ W1", "W1 @ X"),
)

forward.slip(
    "relu",
    "A holds max(0, Z1), a ReLU. This network has the sigmoid, 1/(1 + exp(-Z1)).",
    FORWARD,
    ("A = 1 / (1 + np.exp(-Z1))", "A = np.maximum(0, Z1)"),
)
forward.slip(
    "python-sum",
    "Python's `sum` adds up the rows of a matrix, so your columns sum to 1. A sample is a row: `E.sum(axis=1)`.",
    FORWARD,
    ("E / E.sum(axis=1, keepdims=True)", "E / sum(E)"),
)
forward.slip(
    "softmax-twice",
    "The softmax was taken twice: shares went in for scores the second time, and all rows came out nearly even.",
    FORWARD,
    (
        "P = E / E.sum(axis=1, keepdims=True)",
        "E = np.exp(E / E.sum(axis=1, keepdims=True)); P = E / E.sum(axis=1, keepdims=True)",
    ),
)
forward.slip(
    "clipped",
    "The sigmoid is cut off: far from 0 it goes on towards 0 and 1, and your A does not.",
    FORWARD,
    ("A = 1 / (1 + np.exp(-Z1))", "A = 1 / (1 + np.exp(-np.clip(Z1, -4, 4)))"),
)


def _one_number_for_the_bias(value, *given):
    """Whether the second of two values is one number, where each column should have its own."""
    return isinstance(value, tuple) and len(value) == 2 and is_number(value[1])


# ----------------------------------------------------------------------------------------------------------------------
output_layer_gradients = exercise(
    "output_layer_gradients(A, P, Y)",
    chapter="08",
    points=2,
    minutes=6,
    hints=(
        "Start with ∂L/∂Z2, one row for each sample. Chapter 7 found it for a mean over n samples.",
        "`dZ2 = (P - Y) / n` is n × k. Which product with A (n × h) has the shape of W2, h × k?",
        "`dW2 = A.T @ dZ2`. The bias meets every row, so its gradient is the sum of the rows: `dZ2.sum(axis=0)`.",
    ),
    returns=("dW2", "db2"),
)


@output_layer_gradients.draws
def inputs(draw):
    n, h, k = draw.sizes(3)
    # Hidden units from nearly off to nearly on, and outputs from doubtful to sure.
    A = logistic(draw.array(n, h) + draw.rng.permutation(np.linspace(-9, 3, h)))
    Z, Y = 3 * draw.array(n, k), labels(draw, n, k)
    if draw.drowns:
        # All samples but one are sure and wrong, and each costs 650, nearly the most that a positive share can. Beside
        # so large a loss a difference quotient loses the slopes of the units that are nearly off.
        Z[1:] -= 650 * Y[1:]
    return A, np.exp(log_shares(Z)), Y


@output_layer_gradients.truth
def truth(A, P, Y):
    # The scores log P give this P. Move W2 by D and b2 by e, and watch the loss at D = 0, e = 0.
    def loss(D, e):
        return -np.sum(Y * log_shares(np.log(P) + A @ D + e)) / len(Y)

    D, e = np.zeros((A.shape[1], P.shape[1])), np.zeros(P.shape[1])
    return complex_step_gradient(lambda D: loss(D, e), D), complex_step_gradient(lambda e: loss(D, e), e)


@output_layer_gradients.wide
def wide(draw):
    return logistic(draw.array(4, 500)), np.exp(log_shares(draw.array(4, 100))), labels(draw, 4, 100)


@output_layer_gradients.slopes
def slopes(A, P, Y):
    scores = np.log(P)

    def loss(D, e):
        return -np.sum(Y * log_shares(scores + A @ D + e)) / len(Y)

    return loss, (np.zeros((A.shape[1], P.shape[1])), np.zeros(P.shape[1]))


@output_layer_gradients.mistake
def sign(A, P, Y):
    """Both are -1 times the gradient: the signal at the scores is P - Y, prediction minus target."""
    dZ2 = (Y - P) / len(Y)
    return A.T @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def mean(A, P, Y):
    """Both are n times the gradient: the loss is a mean, so 1/n belongs to dZ2 = (P - Y) / n."""
    return A.T @ (P - Y), (P - Y).sum(axis=0)


@output_layer_gradients.mistake
def mean_twice(A, P, Y):
    """Both are the gradient over n: 1/n was taken twice. The product and the sum add the samples up, no more."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2 / len(Y), dZ2.mean(axis=0)


@output_layer_gradients.mistake
def bias_mean(A, P, Y):
    """dW2 is right, db2 has 1/n twice: it stands in dZ2 already, so add the rows up with sum, not with mean."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2, dZ2.mean(axis=0)


@output_layer_gradients.mistake
def bias_total(A, P, Y):
    """dW2 is right, db2 is n times the gradient: the 1/n of the loss belongs to both. Put it into dZ2, once."""
    return A.T @ (P - Y) / len(Y), (P - Y).sum(axis=0)


@output_layer_gradients.mistake
def square(A, P, Y):
    """Both are 2 times the gradient: the 2 belongs to a squared error. Softmax with cross-entropy gives P - Y."""
    dZ2 = 2 * (P - Y) / len(Y)
    return A.T @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def softmax_missing(A, P, Y):
    """-Y/P is the slope at the probabilities. Carry it on through the softmax to the scores: P - Y."""
    dP = -Y / P / len(Y)
    return A.T @ dP, dP.sum(axis=0)


@output_layer_gradients.mistake
def factor(A, P, Y):
    """You divided by the number of entries of Y. The mean runs over the n samples, `len(Y)`, not over n · k."""
    dZ2 = (P - Y) / Y.size
    return A.T @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def layout(A, P, Y):
    """Your dW2 is the transpose. A gradient has the shape of its variable, h × k: A.T stands first."""
    dZ2 = (P - Y) / len(Y)
    return dZ2.T @ A, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def transpose(A, P, Y):
    """A is n × h and dZ2 is n × k: their product is not defined until A is transposed, A.T @ dZ2."""
    dZ2 = (P - Y) / len(Y)
    return A @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def sum_(A, P, Y):
    """Your db2 has one row for each sample. All samples share one bias, so add the rows up: sum over axis 0."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2, dZ2


@output_layer_gradients.mistake
def index(A, P, Y):
    """Your db2 sums over the classes and has one entry for each sample. Sum over the samples, axis 0."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2, dZ2.sum(axis=1)


@output_layer_gradients.mistake
def softmax_twice(A, P, Y):
    """The factor P(1 - P) is one too many: P - Y is the slope at the scores, softmax included."""
    dZ2 = (P - Y) * P * (1 - P) / len(Y)
    return A.T @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def activation_derivative(A, P, Y):
    """The factor A(1 - A) belongs further back. W2 meets the activations A themselves."""
    dZ2 = (P - Y) / len(Y)
    return (A * (1 - A)).T @ dZ2, dZ2.sum(axis=0)


@output_layer_gradients.mistake
def bias_from_weights(A, P, Y):
    """Your db2 is made by adding up dW2, and that weights every sample with its activations. The bias meets no
    activation: add up the rows of dZ2."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2, (A.T @ dZ2).sum(axis=0)


@output_layer_gradients.mistake(shown=_one_number_for_the_bias)
def total(A, P, Y):
    """`np.sum` without an axis adds up everything: db2 has one entry for each class. Sum over the samples
    alone, `axis=0`."""
    dZ2 = (P - Y) / len(Y)
    return A.T @ dZ2, np.sum(dZ2)


@output_layer_gradients.mistake
def column_form(A, P, Y):
    """That is the form for samples in columns. Here a sample is a row, so A comes first and is transposed: A.T
    @ dZ2."""
    dZ2 = (P - Y) / len(Y)
    return dZ2 @ A.T, dZ2.sum(axis=0)


# ----------------------------------------------------------------------------------------------------------------------
hidden_signal = exercise(
    "hidden_signal(dZ2, W2, A)",
    chapter="08",
    points=2,
    minutes=6,
    hints=(
        "Two steps: from Z2 back to A, then from A back to Z1. Both results are n × h.",
        "Back to A: which product of dZ2 (n × k) and W2 (h × k) is n × h? Back to Z1: each entry times its own σ′(z).",
        "`(dZ2 @ W2.T) * A * (1 - A)`, because σ′(z) = σ(z)(1 - σ(z)) and A already holds σ(Z1).",
    ),
)


@hidden_signal.draws
def inputs(draw):
    n, h, k = draw.sizes(3)
    # Samples whose errors are small beside others: a difference quotient of the whole loses their digits.
    sizes = 10.0 ** draw.rng.permutation(np.linspace(-4, 0, n))
    A = logistic(3 * draw.array(n, h))
    if draw.drowns:
        # The units of one sample are on up to the last bits, so the slopes behind them are as good as 0, however large
        # the one at its scores is.
        sample = draw.rng.integers(n)
        A[sample], sizes[sample] = 1 - 2.0**-50, HUGE
    return draw.array(n, k) * sizes[:, None], draw.array(h, k), A


@hidden_signal.truth
def truth(dZ2, W2, A):
    # Near Z1 the loss changes as the inner product of dZ2 with Z2 does; Z1 is where the sigmoid has the value A.
    return complex_step_gradient(lambda Z1: np.sum(dZ2 * (logistic(Z1) @ W2)), np.log(A / (1 - A)))


@hidden_signal.wide
def wide(draw):
    return draw.array(1000, 4), draw.array(50, 4), logistic(draw.array(1000, 50))


@hidden_signal.slopes
def slopes(dZ2, W2, A):
    return lambda Z1: np.sum(dZ2 * (logistic(Z1) @ W2)), (np.log(A / (1 - A)),)


@hidden_signal.mistake
def activation_derivative(dZ2, W2, A):
    """This is ∂L/∂A. One step is missing: each entry times the slope of its sigmoid, A * (1 - A)."""
    return dZ2 @ W2.T


@hidden_signal.mistake
def activation_value(dZ2, W2, A):
    """You multiplied by σ where its derivative is needed: σ′(z) = σ(z)(1 - σ(z)), so A * (1 - A)."""
    return (dZ2 @ W2.T) * A


@hidden_signal.mistake
def argument(dZ2, W2, A):
    """You took σ′ at A. A is σ(Z1) already, and σ′ is wanted at Z1: that is A * (1 - A), no new sigmoid."""
    S = 1 / (1 + np.exp(-A))
    return (dZ2 @ W2.T) * S * (1 - S)


@hidden_signal.mistake
def symbol(dZ2, W2, A):
    """1 - A² is the slope of tanh. The slope of the sigmoid is A(1 - A)."""
    return (dZ2 @ W2.T) * (1 - A**2)


@hidden_signal.mistake
def factor(dZ2, W2, A):
    """Only 1 - A was multiplied in. The slope of the sigmoid has two factors, A and 1 - A."""
    return (dZ2 @ W2.T) * (1 - A)


@hidden_signal.mistake
def sign(dZ2, W2, A):
    """Your answer is -1 times the signal: the slope of the sigmoid is A(1 - A), not A(A - 1)."""
    return (dZ2 @ W2.T) * A * (A - 1)


@hidden_signal.mistake
def mean(dZ2, W2, A):
    """Your answer is the signal over n: 1/n stands in dZ2 already and is handed on with it."""
    return (dZ2 @ W2.T) * A * (1 - A) / len(A)


@hidden_signal.mistake
def transpose(dZ2, W2, A):
    """dZ2 is n × k and W2 is h × k: going back, W2 is transposed, dZ2 @ W2.T, which is n × h."""
    return (dZ2 @ W2) * A * (1 - A)


@hidden_signal.mistake
def hadamard(dZ2, W2, A):
    """The slope of the sigmoid acts on each entry alone: multiply with `*`. The product `@` mixes the units."""
    return (dZ2 @ W2.T) @ (A * (1 - A))


@hidden_signal.mistake
def without_weights(dZ2, W2, A):
    """W2 is left out: dZ2 has one entry for each class, and A one for each hidden unit. W2 leads from one to the other,
    dZ2 @ W2.T."""
    return dZ2 * A * (1 - A)


@hidden_signal.mistake
def column_form(dZ2, W2, A):
    """W2.T @ dZ2 is the form for samples in columns. Here a sample is a row, so the weights stand behind: dZ2
    @ W2.T."""
    return (W2.T @ dZ2) * A * (1 - A)


@hidden_signal.mistake
def order(dZ2, W2, A):
    """The two factors are the wrong way round. A sample is a row, so the signal stands first and the weights behind it,
    transposed: dZ2 @ W2.T."""
    return (W2 @ dZ2) * A * (1 - A)


@hidden_signal.mistake
def slope_of_signal(dZ2, W2, A):
    """The slope was taken of the signal: S(1 - S) with S = dZ2 @ W2.T. It is the slope of the sigmoid, A * (1
    - A), and the signal is multiplied by it."""
    S = dZ2 @ W2.T
    return S * (1 - S)


@hidden_signal.mistake
def entrywise(dZ2, W2, A):
    """dZ2 and W2.T met entry by entry. The way back through a layer is a matrix product: dZ2 @ W2.T."""
    return dZ2 * W2.T * A * (1 - A)


@hidden_signal.mistake
def own_slope(dZ2, W2, A):
    """The signal was multiplied into itself: each entry of dZ2 @ W2.T is multiplied by A * (1 - A), and by
    nothing else."""
    S = dZ2 @ W2.T
    return S * S * (1 - S)


# ----------------------------------------------------------------------------------------------------------------------
input_layer_gradients = exercise(
    "input_layer_gradients(X, dZ1)",
    chapter="08",
    points=1,
    minutes=5,
    hints=(
        "It is the same step as in the output layer, with X in the place of A and dZ1 in the place of dZ2.",
        "One sample adds the outer product of its rows of X and dZ1, d × h. Which matrix product adds them all?",
        "`X.T @ dZ1` and `dZ1.sum(axis=0)`.",
    ),
    returns=("dW1", "db1"),
)


@input_layer_gradients.draws
def inputs(draw):
    n, d, h = draw.sizes(3)
    return draw.array(n, d) * 10.0 ** draw.rng.permutation(np.linspace(-2, 2, d)), draw.array(n, h)


@input_layer_gradients.truth
def truth(X, dZ1):
    # Near the parameters the loss changes as the inner product of dZ1 with Z1 = X W1 + b1 does.
    W1, b1 = np.zeros((X.shape[1], dZ1.shape[1])), np.zeros(dZ1.shape[1])
    return (
        complex_step_gradient(lambda W1: np.sum(dZ1 * (X @ W1 + b1)), W1),
        complex_step_gradient(lambda b1: np.sum(dZ1 * (X @ W1 + b1)), b1),
    )


@input_layer_gradients.wide
def wide(draw):
    return draw.array(4, 500), draw.array(4, 100)


@input_layer_gradients.slopes
def slopes(X, dZ1):
    places = np.zeros((X.shape[1], dZ1.shape[1])), np.zeros(dZ1.shape[1])
    return lambda W1, b1: np.sum(dZ1 * (X @ W1 + b1)), places


@input_layer_gradients.mistake
def transpose(X, dZ1):
    """X is n × d and dZ1 is n × h: the product is not defined until X is
    transposed, X.T @ dZ1. A set of lecture slides has this slip."""
    return X @ dZ1, dZ1.sum(axis=0)


@input_layer_gradients.mistake
def layout(X, dZ1):
    """Your dW1 is the transpose. A gradient has the shape of its variable, d × h: X.T stands first."""
    return dZ1.T @ X, dZ1.sum(axis=0)


@input_layer_gradients.mistake
def mean(X, dZ1):
    """Both are the gradient over n: 1/n stands in dZ1 already, where the loss put it."""
    return X.T @ dZ1 / len(X), dZ1.mean(axis=0)


@input_layer_gradients.mistake
def weights_mean(X, dZ1):
    """db1 is right, dW1 is the gradient over n: 1/n stands in dZ1 already, where the loss put it."""
    return X.T @ dZ1 / len(X), dZ1.sum(axis=0)


@input_layer_gradients.mistake
def bias_mean(X, dZ1):
    """dW1 is right, db1 is too small by 1/n: the rows of dZ1 are added up with sum, not with mean."""
    return X.T @ dZ1, dZ1.mean(axis=0)


@input_layer_gradients.mistake
def sum_(X, dZ1):
    """Your db1 has one row for each sample. All samples share one bias, so add the rows up: sum over axis 0."""
    return X.T @ dZ1, dZ1


@input_layer_gradients.mistake
def index(X, dZ1):
    """Your db1 sums over the units and has one entry for each sample. Sum over the samples, axis 0."""
    return X.T @ dZ1, dZ1.sum(axis=1)


@input_layer_gradients.mistake
def order(X, dZ1):
    """This is the product of two sums. Each sample's input meets its own signal first, then they are added up."""
    return np.outer(X.sum(axis=0), dZ1.sum(axis=0)), dZ1.sum(axis=0)


@input_layer_gradients.mistake
def accumulate(X, dZ1):
    """This is the last sample alone: inside a loop over the samples it takes `+=`, not `=`."""
    for x, dz1 in zip(X, dZ1, strict=True):
        dW1, db1 = np.outer(x, dz1), dz1
    return dW1, db1


@input_layer_gradients.mistake
def bias_from_weights(X, dZ1):
    """Your db1 is made by adding up dW1, and that weights every sample with its features. The bias meets no
    feature: add up the rows of dZ1."""
    return X.T @ dZ1, (X.T @ dZ1).sum(axis=0)


@input_layer_gradients.mistake(shown=_one_number_for_the_bias)
def total(X, dZ1):
    """`np.sum` without an axis adds up everything: db1 has one entry for each unit. Sum over the samples
    alone, `axis=0`."""
    return X.T @ dZ1, np.sum(dZ1)


@input_layer_gradients.mistake
def column_form(X, dZ1):
    """That is the form for samples in columns. Here a sample is a row, so X comes first and is transposed: X.T
    @ dZ1."""
    return dZ1 @ X.T, dZ1.sum(axis=0)


# ----------------------------------------------------------------------------------------------------------------------
mlp_gradients = exercise(
    "mlp_gradients(X, Y, W1, b1, W2, b2)",
    chapter="08",
    points=2,
    minutes=10,
    hints=(
        "Everything is there already: run forward, then the three functions before this one, from the output back.",
        "The signal at the scores, `dZ2 = (P - Y) / n`, feeds two of them: the output layer and the hidden signal.",
        "Keep A and P of the forward pass. Then dW2, db2 from A and dZ2; dZ1 from dZ2, W2 and A; dW1, db1 from X and "
        "dZ1. Return them in the order W1, b1, W2, b2.",
    ),
    returns=("dW1", "db1", "dW2", "db2"),
)

mlp_gradients.draws(labelled_network)


@mlp_gradients.truth
def truth(X, Y, W1, b1, W2, b2):
    return gradients_by_definition(logistic, X, Y, W1, b1, W2, b2)


BACKPROP = """
    Z1 = X @ W1 + b1
    A = 1 / (1 + np.exp(-Z1))
    E = np.exp(A @ W2 + b2)
    P = E / E.sum(axis=1, keepdims=True)
    dZ2 = (P - Y) / len(X)
    dZ1 = (dZ2 @ W2.T) * A * (1 - A)
    return X.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0)
"""
# Mistakes that do not ask what the hidden units are: the sigmoid's network and that of tanh are open to them alike.
SHARED = (
    (
        "sign",
        "All four are -1 times the gradient: the signal at the scores is P - Y, prediction minus target.",
        ("(P - Y)", "(Y - P)"),
    ),
    (
        "mean",
        "All four are n times the gradient: the loss is a mean over n samples, so dZ2 = (P - Y) / n.",
        ("(P - Y) / len(X)", "P - Y"),
    ),
    (
        "mean-everywhere",
        "All four are the gradient over n: 1/n stands in dZ2 and travels along. The products and sums take none.",
        ("X.T @ dZ1, dZ1.sum(axis=0)", "X.T @ dZ1 / len(X), dZ1.mean(axis=0)"),
        ("A.T @ dZ2, dZ2.sum(axis=0)", "A.T @ dZ2 / len(X), dZ2.mean(axis=0)"),
    ),
    (
        "mean-twice",
        "dW2 and db2 are right, dW1 and db1 are too small by 1/n: it stands in dZ2 and comes along with it.",
        ("X.T @ dZ1, dZ1.sum(axis=0)", "X.T @ dZ1 / len(X), dZ1.mean(axis=0)"),
    ),
    (
        "bias-mean",
        "The weights are right, the biases are too small by 1/n: add the rows of the signal up, no mean.",
        ("dZ1.sum(axis=0)", "dZ1.mean(axis=0)"),
        ("dZ2.sum(axis=0)", "dZ2.mean(axis=0)"),
    ),
    (
        "bias-total",
        "The weights are right, the biases are n times the gradient: put 1/n into dZ2 once, and it reaches all four.",
        ("(P - Y) / len(X)", "P - Y"),
        ("X.T @ dZ1", "X.T @ dZ1 / len(X)"),
        ("A.T @ dZ2", "A.T @ dZ2 / len(X)"),
    ),
    (
        "factor",
        "You divided by the number of entries of Y. The mean runs over the n samples, `len(Y)`, not over n · k.",
        ("len(X)", "Y.size"),
    ),
    (
        "square",
        "All four are 2 times the gradient: the 2 belongs to a squared error. Cross-entropy gives (P - Y) / n.",
        ("(P - Y)", "2 * (P - Y)"),
    ),
    (
        "softmax-twice",
        "The factor P(1 - P) is one too many: P - Y is the slope at the scores, softmax included.",
        ("(P - Y)", "(P - Y) * P * (1 - P)"),
    ),
    (
        "activation",
        "Only dW2 is wrong: you multiplied by Z1. The second layer was fed with the activations, so it is A.T @ dZ2.",
        ("A.T @ dZ2", "Z1.T @ dZ2"),
    ),
    (
        "half-way",
        "Only dW1 is wrong: it was made from ∂L/∂A. The weights of the first layer meet Z1, so it is X.T @ dZ1.",
        ("X.T @ dZ1", "X.T @ (dZ2 @ W2.T)"),
    ),
    (
        "order",
        "The gradients are right but in another order. Return them as the parameters stand: dW1, db1, dW2, db2.",
        (
            "X.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0)",
            "A.T @ dZ2, dZ2.sum(axis=0), X.T @ dZ1, dZ1.sum(axis=0)",
        ),
    ),
    (
        "kinds",
        "The gradients are right but sorted by kind. Return them as the parameters stand: dW1, db1, dW2, db2.",
        ("dZ1.sum(axis=0), A.T @ dZ2", "A.T @ dZ2, dZ1.sum(axis=0)"),
    ),
    (
        "layout",
        "dW1 and dW2 are transposes. A gradient has the shape of its variable: X.T @ dZ1 and A.T @ dZ2.",
        ("X.T @ dZ1", "dZ1.T @ X"),
        ("A.T @ dZ2", "dZ2.T @ A"),
    ),
    (
        "transpose",
        "X is n × d and dZ1 is n × h: the product is not defined until X is transposed, X.T @ dZ1. A set of lecture "
        "slides has this slip.",
        ("X.T @ dZ1", "X @ dZ1"),
    ),
    (
        "way-back",
        "dZ2 is n × k and W2 is h × k: going back, W2 is transposed, dZ2 @ W2.T, which is n × h.",
        ("dZ2 @ W2.T", "dZ2 @ W2"),
    ),
    (
        "axis",
        "The softmax of the forward pass runs down the columns. Each sample is a row: divide by the sum over axis 1.",
        ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)"),
    ),
    (
        "wrong-signal",
        "dW1 is made from dZ2, the signal at the output. It meets X only after W2 and the slope of the "
        "activation: X.T @ dZ1.",
        ("X.T @ dZ1,", "X.T @ dZ2,"),
    ),
    (
        "bias-from-weights",
        "The bias gradients are made by adding up the weight gradients, and these weigh every sample with "
        "its inputs. A "
        "bias meets no input: add up the rows of dZ1 and of dZ2.",
        ("dZ1.sum(axis=0)", "(X.T @ dZ1).sum(axis=0)"),
        ("dZ2.sum(axis=0)", "(A.T @ dZ2).sum(axis=0)"),
    ),
    (
        "times-Z1",
        "The slope of the activation was multiplied by Z1 once more. g′(Z1) is the slope at Z1; Z1 itself is "
        "no factor.",
        ("dZ1 = (dZ2 @ W2.T)", "dZ1 = Z1 * (dZ2 @ W2.T)"),
    ),
    (
        "column-form",
        "W2.T @ dZ2 is the form for samples in columns. Here a sample is a row, so the weights stand behind: "
        "dZ2 @ W2.T.",
        ("(dZ2 @ W2.T)", "(W2.T @ dZ2)"),
    ),
    (
        "without-weights",
        "W2 is left out on the way back: dZ2 has one entry for each class, dZ1 one for each hidden unit. W2 "
        "leads from one "
        "to the other, dZ2 @ W2.T.",
        ("(dZ2 @ W2.T)", "dZ2"),
    ),
    (
        "python-sum",
        "Python's `sum` adds up the rows of a matrix, so the shares of a sample do not sum to 1. A sample is "
        "a row: sum "
        "over axis 1.",
        ("E = np.exp(A @ W2 + b2)", "S = A @ W2 + b2; E = np.exp(S - S.max(axis=1, keepdims=True))"),
        ("E / E.sum(axis=1, keepdims=True)", "E / sum(E)"),
    ),
    (
        "scores",
        "The scores were compared with the targets. The slope of the loss in the scores is P - Y, with the "
        "softmax taken.",
        ("dZ2 = (P - Y)", "dZ2 = (A @ W2 + b2 - Y)"),
    ),
    (
        "softmax-again",
        "The softmax was taken twice: shares went in for scores the second time.",
        (
            "P = E / E.sum(axis=1, keepdims=True)",
            "E = np.exp(E / E.sum(axis=1, keepdims=True)); P = E / E.sum(axis=1, keepdims=True)",
        ),
    ),
)


def register_shared(exercise, body):
    for id, sentence, *edits in SHARED:
        exercise.slip(id, sentence, body, *edits)


register_shared(mlp_gradients, BACKPROP)


@mlp_gradients.wide
def wide(draw):
    return wide_network(draw)


@mlp_gradients.slopes
def slopes(X, Y, W1, b1, W2, b2):
    return network_loss(logistic, X, Y), (W1, b1, W2, b2)


mlp_gradients.slip(
    "slope-of-signal",
    "The slope was taken of the signal: S(1 - S) with S = dZ2 @ W2.T. It is the slope of the sigmoid, A "
    "* (1 - A), and the "
    "signal is multiplied by it.",
    BACKPROP,
    ("dZ1 = (dZ2 @ W2.T) * A * (1 - A)", "S = dZ2 @ W2.T; dZ1 = S * (1 - S)"),
)
mlp_gradients.slip(
    "relu",
    "The hidden units were taken for ReLUs, max(0, Z1). This network has the sigmoid, forward and backward.",
    BACKPROP,
    ("A = 1 / (1 + np.exp(-Z1))", "A = np.maximum(0, Z1)"),
    ("* A * (1 - A)", "* (Z1 > 0)"),
)
mlp_gradients.slip(
    "activation-derivative",
    "The output layer is right; before it the slope of the sigmoid is missing: dZ1 = dA * A * (1 - A).",
    BACKPROP,
    ("(dZ2 @ W2.T) * A * (1 - A)", "dZ2 @ W2.T"),
)
mlp_gradients.slip(
    "activation-value",
    "The output layer is right; before it stands σ where σ′ = σ(1 - σ) is needed: dZ1 = dA * A * (1 - A).",
    BACKPROP,
    ("* A * (1 - A)", "* A"),
)
mlp_gradients.slip(
    "half",
    "The output layer is right; before it stands half a slope, 1 - A. The slope of the sigmoid is A * (1 - A).",
    BACKPROP,
    ("* A * (1 - A)", "* (1 - A)"),
)
mlp_gradients.slip(
    "argument",
    "The output layer is right; before it σ′ was taken at A. It is wanted at Z1, where it is A * (1 - A).",
    BACKPROP,
    ("* A * (1 - A)", "* np.exp(-A) / (1 + np.exp(-A)) ** 2"),
)
mlp_gradients.slip(
    "inside",
    "The output layer is right; before it stands Z1 * (1 - Z1). The slope of σ is written with its value: A * (1 - A).",
    BACKPROP,
    ("* A * (1 - A)", "* Z1 * (1 - Z1)"),
)
mlp_gradients.slip(
    "symbol",
    "The output layer is right; before it stands 1 - A², the slope of tanh. That of the sigmoid is A * (1 - A).",
    BACKPROP,
    ("* A * (1 - A)", "* (1 - A**2)"),
)

# ----------------------------------------------------------------------------------------------------------------------
tanh_mlp_gradients = exercise(
    "tanh_mlp_gradients(X, Y, W1, b1, W2, b2)",
    chapter="08",
    points=4,
    minutes=10,
    hints=(
        "Go along the chain. Which links hold the sigmoid, and which do not know what the hidden units do?",
        "Two links change: the forward pass, A = tanh(Z1), and the slope of the unit, tanh′(z).",
        "The slope of tanh is 1 - tanh²: `dZ1 = (dZ2 @ W2.T) * (1 - A**2)`.",
    ),
    returns=("dW1", "db1", "dW2", "db2"),
)

tanh_mlp_gradients.draws(lambda draw: labelled_network(draw, np.tanh))


@tanh_mlp_gradients.truth
def truth(X, Y, W1, b1, W2, b2):
    return gradients_by_definition(np.tanh, X, Y, W1, b1, W2, b2)


TANH_BACKPROP = BACKPROP.replace("1 / (1 + np.exp(-Z1))", "np.tanh(Z1)").replace("A * (1 - A)", "(1 - A**2)")
register_shared(tanh_mlp_gradients, TANH_BACKPROP)


@tanh_mlp_gradients.wide
def wide(draw):
    return wide_network(draw)


@tanh_mlp_gradients.slopes
def slopes(X, Y, W1, b1, W2, b2):
    return network_loss(np.tanh, X, Y), (W1, b1, W2, b2)


tanh_mlp_gradients.slip(
    "slope-of-signal",
    "The slope was taken of the signal: 1 - S² with S = dZ2 @ W2.T. It is the slope of tanh, 1 - A², and the signal is "
    "multiplied by it.",
    TANH_BACKPROP,
    ("dZ1 = (dZ2 @ W2.T) * (1 - A**2)", "S = dZ2 @ W2.T; dZ1 = 1 - S**2"),
)
tanh_mlp_gradients.slip(
    "activation-derivative",
    "A(1 - A) is the slope of the sigmoid. With A = tanh(Z1) the slope is 1 - A².",
    TANH_BACKPROP,
    ("(1 - A**2)", "A * (1 - A)"),
)
tanh_mlp_gradients.slip(
    "linear",
    "The output layer is right; before it the slope of tanh is missing: dZ1 = dA * (1 - A**2).",
    TANH_BACKPROP,
    (" * (1 - A**2)", ""),
)
tanh_mlp_gradients.slip(
    "activation-value",
    "The output layer is right; before it stands tanh where its slope 1 - tanh² is needed.",
    TANH_BACKPROP,
    ("(1 - A**2)", "A"),
)
tanh_mlp_gradients.slip(
    "argument",
    "You took the slope of tanh at A. It is wanted at Z1, and A is tanh(Z1) already: 1 - A².",
    TANH_BACKPROP,
    ("1 - A**2", "1 - np.tanh(A) ** 2"),
)
tanh_mlp_gradients.slip(
    "inside",
    "You wrote 1 - Z1². The slope of tanh is written with its value, not with what goes in: 1 - A².",
    TANH_BACKPROP,
    ("1 - A**2", "1 - Z1**2"),
)
tanh_mlp_gradients.slip(
    "power",
    "The square is missing: the slope of tanh is 1 - A², not 1 - A.",
    TANH_BACKPROP,
    ("1 - A**2", "1 - A"),
)
tanh_mlp_gradients.slip(
    "symbol",
    "These are the gradients of the network with the sigmoid. Here the hidden units are A = tanh(Z1).",
    BACKPROP,
)
tanh_mlp_gradients.slip(
    "half",
    "The forward pass is still the sigmoid's: with the slope 1 - A² goes A = tanh(Z1).",
    BACKPROP,
    ("A * (1 - A)", "(1 - A**2)"),
)
tanh_mlp_gradients.slip(
    "output",
    "tanh went into the output too. The scores Z2 enter the softmax as they are; only the hidden units changed.",
    TANH_BACKPROP,
    ("np.exp(A @ W2 + b2)", "np.exp(np.tanh(A @ W2 + b2))"),
)

# ----------------------------------------------------------------------------------------------------------------------
mend_backprop = exercise(
    "mend_backprop(X, Y, W1, b1, W2, b2)",
    chapter="08",
    points=5,
    minutes=20,
    hints=(
        "The forward pass is right and no shape is wrong. Go back from the loss and ask each line what it must give.",
        "Which way round is the signal p - y? What meets W2 on its way forward? What is the slope of the sigmoid?",
        "Five slips: a sign, a lost factor of the slope, a z in the place of an a, one `=` that should be `+=`, and a "
        "mean over n that is lost at the end.",
    ),
    returns=("dW1", "db1", "dW2", "db2"),
)

mend_backprop.draws(labelled_network)


@mend_backprop.truth
def truth(X, Y, W1, b1, W2, b2):
    return gradients_by_definition(logistic, X, Y, W1, b1, W2, b2)


SAMPLE_BY_SAMPLE = """
    n = len(X)
    dW1, db1 = np.zeros(W1.shape), np.zeros(b1.shape)
    dW2, db2 = np.zeros(W2.shape), np.zeros(b2.shape)
    for x, y in zip(X, Y, strict=True):
        z1 = x @ W1 + b1
        a = 1 / (1 + np.exp(-z1))
        e = np.exp(a @ W2 + b2)
        p = e / e.sum()
        dz2 = p - y
        dz1 = (dz2 @ W2.T) * a * (1 - a)
        dW2 += np.outer(a, dz2)
        db2 += dz2
        dW1 += np.outer(x, dz1)
        db1 += dz1
    return dW1 / n, db1 / n, dW2 / n, db2 / n
"""
# The mistake's id, the line it is in, the edit that makes it, and what to say when it is the last one left.
SLIPS = {
    "sign": ("dz2", ("p - y", "y - p"), "the signal at the scores is p - y, prediction minus target."),
    "activation-derivative": (
        "dz1",
        ("a * (1 - a)", "(1 - a)"),
        "the slope of the sigmoid has two factors, a * (1 - a).",
    ),
    "symbol": (
        "dW2",
        ("np.outer(a, dz2)", "np.outer(z1, dz2)"),
        "the second layer meets the activations a, not z1, so a sample adds np.outer(a, dz2).",
    ),
    "accumulate": (
        "db2",
        ("db2 += dz2", "db2 = dz2"),
        "it keeps the last sample alone. Every sample adds its part, so it needs `+=`.",
    ),
    "mean": (
        "db1",
        ("db1 / n", "db1"),
        "it is n times the gradient. The loss is a mean, so this sum is divided by n too.",
    ),
}
COUNTS = {2: "Two", 3: "Three", 4: "Four"}


@mend_backprop.wide
def wide(draw):
    return wide_network(draw)


@mend_backprop.slopes
def slopes(X, Y, W1, b1, W2, b2):
    return network_loss(logistic, X, Y), (W1, b1, W2, b2)


mend_backprop.slip(
    "given",
    "This is the code as it was given, with all of its slips. Five lines are to be mended.",
    SAMPLE_BY_SAMPLE,
    *(edit for _, edit, _ in SLIPS.values()),
)
for _id, (_line, _edit, _sentence) in SLIPS.items():
    mend_backprop.slip(_id, f"One slip is left, in {_line}: {_sentence}", SAMPLE_BY_SAMPLE, _edit)
# Who has mended some of them hears which lines are still to do, not what to do there.
for _count, _word in COUNTS.items():
    for _ids in combinations(SLIPS, _count):
        _lines = [SLIPS[_id][0] for _id in _ids]
        mend_backprop.slip(
            "+".join(_ids),
            f"{_word} slips are left: look at {', '.join(_lines[:-1])} and {_lines[-1]}.",
            SAMPLE_BY_SAMPLE,
            *(SLIPS[_id][1] for _id in _ids),
        )


# ----------------------------------------------------------------------------------------------------------------------
hidden_layer_derivation = derivation(
    "hidden_layer_derivation",
    Problem(
        shapes={"X": "n d", "Y": "n k onehot", "W^1": "d h", "b^1": "1 h", "W^2": "h k", "b^2": "1 k"},
        given=r"""
            Z^1 = X W^1 + b^1
            A = \sigma(Z^1)
            Z^2 = A W^2 + b^2
            P = \operatorname{softmax}(Z^2)
            L = -\frac{1}{n} \sum_{i=1}^{n} \sum_{j=1}^{k} Y_{ij} \log P_{ij}
        """,
        goal=r"\nabla_{W^1} L",
        steps=2,
    ),
    chapter="08",
    points=6,
    minutes=15,
    hints=(
        r"Four lines, one for each step back: `\frac{\partial L}{\partial Z^2}`, `\frac{\partial L}{\partial A}`, "
        r"`\frac{\partial L}{\partial Z^1}`, `\nabla_{W^1} L`. Write the shape beside each.",
        r"Chapter 7 has the first, `\frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)`. The second multiplies it "
        r"by `(W^2)^\top` from the right, the third by `A \odot (1 - A)`, entry by entry.",
        r"Name what is long: `G = \frac{1}{n} (P - Y) (W^2)^\top`. Then the last line is "
        r"`\nabla_{W^1} L = X^\top (G \odot A \odot (1 - A))`.",
    ),
    mistakes={
        "sign": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (Y - P)
            \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2} (W^2)^\top
        """,
        "mean": r"""
            \frac{\partial L}{\partial Z^2} = P - Y
            \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2} (W^2)^\top
        """,
        "transpose": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)
            \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2} (W^2)^\top
            \frac{\partial L}{\partial Z^1} = \frac{\partial L}{\partial A} \odot A \odot (1 - A)
            \nabla_{W^1} L = X \frac{\partial L}{\partial Z^1}
        """,
        "activation-derivative": r"""
            G = \frac{1}{n} (P - Y) (W^2)^\top
            \frac{\partial L}{\partial A} = G
            \frac{\partial L}{\partial Z^1} = G \odot \sigma(Z^1)
        """,
        "order": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)
            \frac{\partial L}{\partial A} = (W^2)^\top \frac{\partial L}{\partial Z^2}
        """,
        "hadamard": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)
            \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2} (W^2)^\top
            \frac{\partial L}{\partial Z^1} = \frac{\partial L}{\partial A} (A \odot (1 - A))
        """,
        "symbol": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)
            \frac{\partial L}{\partial W^2} = (Z^1)^\top \frac{\partial L}{\partial Z^2}
        """,
        "chain-factor": r"""
            \frac{\partial L}{\partial Z^2} = \frac{1}{n} (P - Y)
            \frac{\partial L}{\partial A} = \frac{\partial L}{\partial Z^2}
        """,
    },
)


# ----------------------------------------------------------------------------------------------------------------------
# More layers, and units with a kink.


def rectified(Z):
    """max(0, z), entry by entry. A complex step from 0 stays at 0, which is the slope that the exercises take there."""
    return np.where(np.real(Z) > 0, Z, 0)


relu_pullback = exercise(
    "relu_pullback(Z, G)",
    chapter="08",
    points=2,
    minutes=5,
    hints=(
        "max(0, z) has slope 1 where z is above 0, and slope 0 below. Each entry of G meets the slope of its own.",
        "The slope is a comparison, and an array of True and False multiplies like one of 1 and 0.",
        "`G * (Z > 0)`. At z = 0 the comparison is False, so the slope there is 0, as asked.",
    ),
)


@relu_pullback.draws
def inputs(draw):
    n, h = draw.sizes(2)
    Z, G = draw.array(n, h), draw.array(n, h)
    # Of both signs in every draw, whatever chance does, and one unit at the kink itself.
    Z[:2, 0] = 1.25, -0.75
    Z[-1, -1] = 0.0
    if draw.drowns:
        Z[0, 0], G[0, 0] = HUGE, HUGE
    return Z, G


@relu_pullback.truth
def truth(Z, G):
    return complex_step_gradient(lambda Z: np.sum(G * rectified(Z)), Z)


@relu_pullback.wide
def wide(draw):
    return draw.array(1000, 50), draw.array(1000, 50)


@relu_pullback.slopes
def slopes(Z, G):
    return lambda Z: np.sum(G * rectified(Z)), (Z,)


@relu_pullback.mistake
def activation_derivative(Z, G):
    """This is G itself. A unit that is off, z below 0, passes nothing back: its slope is 0."""
    return 1.0 * G


@relu_pullback.mistake
def activation_value(Z, G):
    """You multiplied by max(0, z), the value. The slope is wanted, and it is 1 wherever z is above 0."""
    return G * np.maximum(0, Z)


@relu_pullback.mistake
def mask_of_signal(Z, G):
    """You rectified G. What decides is the sign of z on the way forward; an open unit passes negative gradients too."""
    return np.maximum(0, G)


@relu_pullback.mistake
def both_masks(Z, G):
    """Negative entries of G were dropped as well. Only the sign of z decides; what comes back may have any sign."""
    return np.maximum(0, G) * (Z > 0)


@relu_pullback.mistake
def exchanged(Z, G):
    """Z and G are exchanged: Z is let through where G is positive. G passes where Z is."""
    return Z * (G > 0)


@relu_pullback.mistake
def kink(Z, G):
    """Right but at z = 0, where the exercise takes the slope 0: write `>` and not `>=`."""
    return G * (Z >= 0)


@relu_pullback.mistake
def side(Z, G):
    """The wrong half passes: your slope is 1 where z is below 0. An open unit has z above 0."""
    return G * (Z < 0)


@relu_pullback.mistake
def sign_(Z, G):
    """np.sign is -1 below 0, and there the slope of max(0, z) is 0. `Z > 0` is 1 and 0."""
    return G * np.sign(Z)


@relu_pullback.mistake
def mask_alone(Z, G):
    """This is the slope alone. What comes back is G times the slope, entry by entry."""
    return 1.0 * (Z > 0)


@relu_pullback.mistake
def symbol(Z, G):
    """A(1 - A) with A = max(0, Z) is the sigmoid's way to write a slope. That of the ReLU is 1 or 0."""
    A = np.maximum(0, Z)
    return G * A * (1 - A)


# ----------------------------------------------------------------------------------------------------------------------
DEPTHS = (3, 4, 2, 4)


def deep_network(draw):
    """X (n, d) and W1, b1, W2, b2, … of a network of ReLUs; its depth and all sizes change from draw to draw.

    In its first layer one unit is off for every sample, which happens to real networks too.
    """
    n, d, *sizes = draw.sizes(2 + DEPTHS[draw.index % len(DEPTHS)])
    units = 10.0 ** draw.rng.permutation(np.linspace(-2, 2, d))
    parameters = [draw.array(d, sizes[0]) / units[:, None] / np.sqrt(d), draw.array(sizes[0])]
    for before, h in zip(sizes[:-1], sizes[1:], strict=True):
        # Weights by fan-in and biases above 0: whatever chance does, some units are on in every layer.
        parameters += [draw.array(before, h) * np.sqrt(2 / before), draw.positive(h)]
    parameters[1][0] = -20.0
    return draw.array(n, d) * units, tuple(parameters)


def deep_scores(X, parameters):
    """The scores of the last layer; every layer before it ends with max(0, z)."""
    value = X
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        value = rectified(value @ W + b)
    return value @ parameters[-2] + parameters[-1]


deep_forward = exercise(
    "deep_forward(X, parameters)",
    chapter="08",
    points=3,
    minutes=12,
    hints=(
        "One loop over the layers. What a layer hands on is what the next one takes up, so one name is enough for it.",
        "`parameters[::2]` are the matrices and `parameters[1::2]` the biases. All layers but the last end with "
        "np.maximum(0, Z); the last one with a softmax.",
        "`for W, b in zip(parameters[:-2:2], parameters[1:-2:2]): values.append(np.maximum(0, values[-1] @ W + b))`, "
        "started with `values = [X]`; then the softmax of `values[-1] @ parameters[-2] + parameters[-1]`.",
    ),
    returns=("A1", "…"),
)


@deep_forward.draws
def inputs(draw):
    X, parameters = deep_network(draw)
    if draw.index == 3:
        # Scores in the thousands, as in `forward`.
        *before, W, b = parameters
        parameters = (*before, 1000.0 * W + 10_000.0 * draw.positive(len(W), 1), b)
    return X, parameters


@deep_forward.truth
def truth(X, parameters):
    values = [X]
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        Z = affine_by_index(values[-1], W, b)
        values.append((Z + np.abs(Z)) / 2)
    Z = affine_by_index(values[-1], *parameters[-2:])
    with np.errstate(over="ignore"):
        P = np.array([[1 / np.sum(np.exp(row - score)) for score in row] for row in Z])
    return (*values[1:], P)


DEEP_FORWARD = """
    values = [X]
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2]):
        values.append(np.maximum(0, values[-1] @ W + b))
    Z = values[-1] @ parameters[-2] + parameters[-1]
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return values[1:] + [E / E.sum(axis=1, keepdims=True)]
"""
for _id, _sentence, *_edits in (
    (
        "input-included",
        "X stands in front. The list holds what the layers hand on, A1 to AL; the input is no layer's.",
        ("values[1:]", "values"),
    ),
    (
        "output-alone",
        "The last layer alone came back. The way back needs what every layer handed on: return all of them in a list.",
        ("values[1:] + [E / E.sum(axis=1, keepdims=True)]", "E / E.sum(axis=1, keepdims=True)"),
    ),
    (
        "before-activation",
        "Your list holds the Z of the hidden layers. Asked for is what each hands on, A = max(0, Z).",
        ("values = [X]", "values, Zs = [X], []"),
        ("values.append(", "Zs.append(values[-1] @ W + b); values.append("),
        ("values[1:]", "Zs"),
    ),
    (
        "linear",
        "Nothing bends: without max(0, z) after every hidden layer the layers are one single matrix.",
        ("np.maximum(0, values[-1] @ W + b)", "values[-1] @ W + b"),
    ),
    (
        "relu-on-scores",
        "The last layer was rectified too. The scores go into the softmax as they are: a score may be negative.",
        ("+ parameters[-1]", "+ parameters[-1]; Z = np.maximum(0, Z)"),
    ),
    (
        "term",
        "The biases are missing: every layer adds its b to each row.",
        ("values[-1] @ W + b", "values[-1] @ W"),
        (" + parameters[-1]\n", "\n"),
    ),
    (
        "last-bias",
        "All is right up to the last layer, whose bias is missing.",
        (" + parameters[-1]\n", "\n"),
    ),
    (
        "symbol",
        "Your hidden units are sigmoids. In this network they are ReLUs, np.maximum(0, Z).",
        ("np.maximum(0, values[-1] @ W + b)", "1 / (1 + np.exp(-(values[-1] @ W + b)))"),
    ),
    (
        "tanh",
        "Your hidden units use tanh. In this network they are ReLUs, np.maximum(0, Z).",
        ("np.maximum(0, values[-1] @ W + b)", "np.tanh(values[-1] @ W + b)"),
    ),
    (
        "mask",
        "Your units hand on 1 or 0. A ReLU that is open hands on z itself: np.maximum(0, Z).",
        ("np.maximum(0, values[-1] @ W + b)", "1.0 * (values[-1] @ W + b > 0)"),
    ),
    (
        "maximum-of-all",
        "np.max(0, ...) and np.max(...) look for one largest entry. np.maximum(0, Z) takes the larger, entry by entry.",
        ("np.maximum(0, values[-1] @ W + b)", "np.full((len(X), len(b)), np.max(values[-1] @ W + b))"),
    ),
    (
        "absolute",
        "Your units hand on |z|. A ReLU hands on 0 where z is negative.",
        ("np.maximum(0, values[-1] @ W + b)", "np.abs(values[-1] @ W + b)"),
    ),
    (
        "scores",
        "The last of your list are the scores. The softmax turns each row of them into shares that sum to 1.",
        ("E / E.sum(axis=1, keepdims=True)", "Z"),
    ),
    (
        "overflow",
        "exp of a score in the thousands is beyond the largest float. Subtract the maximum of each row first.",
        ("Z - Z.max(axis=1, keepdims=True)", "Z"),
    ),
    (
        "axis",
        "Your columns sum to 1. A sample is a row, so the softmax takes its maximum and its sum over axis 1.",
        ("Z.max(axis=1, keepdims=True)", "Z.max(axis=0)"),
        ("E.sum(axis=1, keepdims=True)", "E.sum(axis=0)"),
    ),
    (
        "every-layer-from-x",
        "Every layer was fed with X. A layer takes up what the one before it hands on.",
        ("values[-1] @ W + b", "X @ W + b"),
    ),
):
    deep_forward.slip(_id, _sentence, DEEP_FORWARD, *_edits)


# ----------------------------------------------------------------------------------------------------------------------
deep_gradients = exercise(
    "deep_gradients(X, Y, parameters)",
    chapter="08",
    points=5,
    minutes=20,
    hints=(
        "Forwards first, and keep X and every A. Then one loop from the last layer to the first, with one signal.",
        "It starts as dZ = (P - Y) / n. In every layer: two gradients from the signal and from what the layer took up, "
        "then the signal for the layer before it, through W and the slope of the ReLU.",
        "`for A, W in zip(values[::-1], parameters[-2::-2])`: put `A.T @ dZ, dZ.sum(axis=0)` in front of what there "
        "is, then `dZ = (dZ @ W.T) * (A > 0)`.",
    ),
    returns=("dW1", "db1", "…"),
)


@deep_gradients.draws
def inputs(draw):
    X, parameters = deep_network(draw)
    Y = labels(draw, len(X), len(parameters[-1]))
    if draw.drowns:
        # As in `mlp_gradients`: a class that occurs is out of reach, and beside so large a loss a difference quotient
        # loses the slopes of a unit that hardly counts.
        parameters[-1][Y[0].argmax()] -= 650
        parameters[2][1] *= 1e-5
    return X, Y, parameters


def deep_loss(X, Y, parameters):
    return -np.sum(Y * log_shares(deep_scores(X, parameters))) / len(Y)


@deep_gradients.truth
def truth(X, Y, parameters):
    def gradient(place):
        before, after = parameters[:place], parameters[place + 1 :]
        return complex_step_gradient(lambda value: deep_loss(X, Y, (*before, value, *after)), parameters[place])

    return tuple(gradient(place) for place in range(len(parameters)))


@deep_gradients.wide
def wide(draw):
    sizes = (200, 160, 100, 20, 10)
    parameters = [
        value
        for d, h in zip(sizes[:-1], sizes[1:], strict=True)
        for value in (draw.array(d, h) * np.sqrt(2 / d), draw.array(h) / 10)
    ]
    return draw.array(3, 200), labels(draw, 3, 10), tuple(parameters)


@deep_gradients.slopes
def slopes(X, Y, parameters):
    return lambda *values: deep_loss(X, Y, values), parameters


DEEP_BACKPROP = """
    values = [X]
    for W, b in zip(parameters[:-2:2], parameters[1:-2:2]):
        values.append(np.maximum(0, values[-1] @ W + b))
    E = np.exp(values[-1] @ parameters[-2] + parameters[-1])
    P = E / E.sum(axis=1, keepdims=True)
    dZ = (P - Y) / len(X)
    gradients = []
    for A, W in zip(values[::-1], parameters[-2::-2]):
        gradients = [A.T @ dZ, dZ.sum(axis=0)] + gradients
        dZ = (dZ @ W.T) * (A > 0)
    return gradients
"""
for _id, _sentence, *_edits in (
    (
        "sign",
        "All are -1 times the gradient: the signal at the scores is P - Y, prediction minus target.",
        ("(P - Y)", "(Y - P)"),
    ),
    (
        "mean",
        "All are n times the gradient: the loss is a mean over n samples, so the signal starts as (P - Y) / n.",
        ("(P - Y) / len(X)", "P - Y"),
    ),
    (
        "mean-in-every-layer",
        "The last layer is right, and every layer before it has one 1/n more. It enters once, at the scores, and "
        "travels along from there.",
        ("(dZ @ W.T) * (A > 0)", "(dZ @ W.T) * (A > 0) / len(X)"),
    ),
    (
        "bias-mean",
        "The weights are right, the biases are too small by 1/n: add the rows of the signal up, no mean.",
        ("dZ.sum(axis=0)", "dZ.mean(axis=0)"),
    ),
    (
        "factor",
        "All are 2 times the gradient: the 2 belongs to a squared error. Softmax with cross-entropy gives P - Y.",
        ("(P - Y) / len(X)", "2 * (P - Y) / len(X)"),
    ),
    (
        "activation-derivative",
        "The last layer is right; before it the slope of the ReLU is missing. A unit that is off passes nothing back: "
        "(dZ @ W.T) * (A > 0).",
        (" * (A > 0)", ""),
    ),
    (
        "activation-value",
        "The last layer is right; before it stands the value of the ReLU where its slope, 1 or 0, is needed: A > 0.",
        ("* (A > 0)", "* A"),
    ),
    (
        "mask-of-signal",
        "The last layer is right; before it the signal was rectified. What decides is whether the unit was on, A > 0; "
        "a signal may be negative.",
        ("dZ = (dZ @ W.T) * (A > 0)", "dZ = np.maximum(0, dZ @ W.T)"),
    ),
    (
        "sigmoid-slope",
        "The last layer is right; before it stands A(1 - A), the slope of the sigmoid. That of the ReLU is A > 0.",
        ("* (A > 0)", "* A * (1 - A)"),
    ),
    (
        "symbol",
        "The hidden units were taken for sigmoids. In this network they are ReLUs, forward and backward.",
        ("np.maximum(0, values[-1] @ W + b)", "1 / (1 + np.exp(-(values[-1] @ W + b)))"),
        ("* (A > 0)", "* A * (1 - A)"),
    ),
    (
        "linear",
        "Nothing bends on the way forward: every hidden layer ends with max(0, z).",
        ("np.maximum(0, values[-1] @ W + b)", "values[-1] @ W + b"),
    ),
    (
        "relu-on-scores",
        "The last layer was rectified too. The scores go into the softmax as they are.",
        (
            "np.exp(values[-1] @ parameters[-2] + parameters[-1])",
            "np.exp(np.maximum(0, values[-1] @ parameters[-2] + parameters[-1]))",
        ),
    ),
    (
        "term",
        "The biases are missing on the way forward: every layer adds its b to each row.",
        ("values[-1] @ W + b", "values[-1] @ W"),
        (" + parameters[-1])", ")"),
    ),
    (
        "reversed",
        "The layers come in the order in which the way back finds them, the last one first. Return them from W1 on.",
        ("[A.T @ dZ, dZ.sum(axis=0)] + gradients", "gradients + [A.T @ dZ, dZ.sum(axis=0)]"),
    ),
    (
        "bias-first",
        "In every layer the two are exchanged: the gradient in W comes first, then that in b.",
        ("[A.T @ dZ, dZ.sum(axis=0)] + gradients", "[dZ.sum(axis=0), A.T @ dZ] + gradients"),
    ),
    (
        "grouped",
        "All matrices come first, then all biases. Return them layer by layer: dW1, db1, dW2, db2 and so on.",
        ("return gradients", "return gradients[::2] + gradients[1::2]"),
    ),
    (
        "weights-alone",
        "The gradients in the biases are missing. Return two for each layer: dW1, db1, dW2, db2 and so on.",
        ("return gradients", "return gradients[::2]"),
    ),
    (
        "layout",
        "Every dW is transposed. A gradient has the shape of its variable: A.T stands first.",
        ("A.T @ dZ", "dZ.T @ A"),
    ),
    (
        "transpose",
        "What a layer took up and its signal both have a row for each sample, and their product is not defined until "
        "one is transposed: A.T @ dZ.",
        ("A.T @ dZ", "A @ dZ"),
    ),
    (
        "back-transpose",
        "Going back, the weights are transposed: dZ @ W.T has one entry for each unit that the layer took up.",
        ("dZ @ W.T", "dZ @ W"),
    ),
    (
        "moved-on-too-early",
        "The signal was carried on before the gradients of the layer were taken: first A.T @ dZ, then the new dZ.",
        ("        gradients = [A.T @ dZ, dZ.sum(axis=0)] + gradients\n", ""),
        (
            "dZ = (dZ @ W.T) * (A > 0)\n",
            "dZ = (dZ @ W.T) * (A > 0); gradients = [A.T @ dZ, dZ.sum(axis=0)] + gradients\n",
        ),
    ),
    (
        "scores",
        "The scores were compared with the targets. The slope of the loss in the scores is P - Y, with the softmax "
        "taken.",
        ("(P - Y)", "(np.log(E) - Y)"),
    ),
):
    deep_gradients.slip(_id, _sentence, DEEP_BACKPROP, *_edits)


# ----------------------------------------------------------------------------------------------------------------------
class RealLoss:
    """offset + scale · (log Σ exp(Mw) + Σ log 2 cosh w): a loss that takes real weights alone, as most do.

    M (m, d), offset and scale numbers.
    """

    def __init__(self, M, offset, scale):
        self.M, self.offset, self.scale = M, offset, scale
        # As a function has one.
        self.__name__ = "loss"

    def __call__(self, w):
        if np.iscomplexobj(w):
            raise TypeError("this loss takes real weights, and these are complex")
        return self.offset + self.scale * self.bare(w)

    def bare(self, w):
        return np.log(np.sum(np.exp(self.M @ w))) + np.sum(np.log(2 * np.cosh(w)))

    def gradient(self, w):
        # Without the offset, which is in no slope.
        return self.scale * complex_step_gradient(self.bare, w)


gradient_check = exercise(
    "gradient_check(loss, w, G, v)",
    chapter="08",
    points=4,
    minutes=15,
    calls=6,
    differences=True,
    hints=(
        "The slope of the loss along v is one number, whatever G says: (loss(w + h v) - loss(w - h v)) / (2h). A row "
        "of G passes when its inner product with v is that number, as nearly as the number itself is known.",
        "How nearly is it known? Rounding: a loss of size L is known to about ε L, and the quotient divides that by h. "
        "The step: take the quotient with 2h as well; what h² does to it is three times what it does to the first.",
        "`room = 10 * 2.2e-16 * np.abs([ahead, behind]).max() / h + np.abs(wider - slope)`, with `wider` the quotient "
        "with 2h, and `np.abs(G @ v - slope) <= room`.",
    ),
)


@gradient_check.draws
def inputs(draw):
    m, d = draw.sizes(2)
    d += 12
    M, w, v = draw.array(m, d) / np.sqrt(d), draw.array(d), draw.array(d)
    # As it is; far from 0, which costs eight digits; in tiny units; in huge ones.
    offset, unit = ((0.0, 1.0), (1e8, 1.0), (0.0, 1e-9), (0.0, 1e9))[draw.index % 4]
    # The slope along v is π or -π in the loss's own unit: no whole number that a quotient may hit by chance.
    scale = np.pi * unit / abs(RealLoss(M, 0.0, 1.0).gradient(w) @ v)
    loss = RealLoss(M, offset, scale)
    right = loss.gradient(w)
    claims = [right, -right, 2 * right, right / 3, right]
    if not offset:
        # Off by a hundredth and by a thousandth: beside a loss of 1e8, nobody is asked for so much.
        along = right @ v * v / (v @ v)
        claims += [right + 1e-2 * along, right - 1e-3 * along]
    return loss, w, np.array(claims)[draw.rng.permutation(len(claims))], v


@gradient_check.truth
def truth(loss, w, G, v):
    slope = loss.gradient(w) @ v
    # Far below the smallest mistake among the claims, far above what rounding does to a product.
    return (np.abs(G @ v - slope) < 1e-6 * np.abs(slope)).astype(int)


CHECK = """
    h = 1e-5
    ahead, behind = loss(w + h * v), loss(w - h * v)
    slope = (ahead - behind) / (2 * h)
    wider = (loss(w + 2 * h * v) - loss(w - 2 * h * v)) / (4 * h)
    room = 10 * 2.2e-16 * max(abs(ahead), abs(behind)) / h + abs(wider - slope)
    return 1 * (np.abs(G @ v - slope) <= room)
"""
_ROOM = "10 * 2.2e-16 * max(abs(ahead), abs(behind)) / h + abs(wider - slope)"
for _id, _sentence, *_edits in (
    (
        "fixed-room",
        "You allow one fixed difference, whatever the loss is measured in. A loss in units of 1e-9 hides every mistake "
        "in it, one in units of 1e9 fails the right gradient.",
        (_ROOM, "1e-6"),
    ),
    (
        "isclose",
        "np.isclose allows 1e-8 whatever the units are, and in a loss of 1e-9 every mistake is smaller than that.",
        ("np.abs(G @ v - slope) <= room", "np.isclose(G @ v, slope)"),
    ),
    (
        "relative-room",
        "You allow a share of the slope. Far from 0 the loss itself is known less well: of a loss of 1e8 the quotient "
        "keeps four digits, and the right gradient fails. The room must hold ε · |loss| / h.",
        (_ROOM, "1e-5 * abs(slope)"),
    ),
    (
        "generous",
        "A gradient that is off by a thousandth passes. Two numbers known to nine digits have no need of so much room.",
        (_ROOM, "1e-2 * abs(slope)"),
    ),
    (
        "equal",
        "No gradient passes, the right one neither: rounding alone sets a quotient and an inner product apart.",
        ("<= room", "== 0"),
    ),
    (
        "everything",
        "Every claim passes. A check that cannot fail has checked nothing.",
        ("np.abs(G @ v - slope) <= room", "np.ones(len(G), dtype=int)"),
    ),
    (
        "exchanged",
        "You marked those that fail. 1 stands for a gradient that can be right.",
        ("<= room", "> room"),
    ),
    (
        "differences",
        "These are the differences. Compare each with the room that the quotient needs, and return 1 or 0.",
        ("1 * (np.abs(G @ v - slope) <= room)", "np.abs(G @ v - slope)"),
    ),
    (
        "sign",
        "A gradient of the wrong sign passes: you compared absolute values. Take the difference first.",
        ("np.abs(G @ v - slope)", "np.abs(np.abs(G @ v) - np.abs(slope))"),
    ),
    (
        "half",
        "Your slope is twice too large: from behind to ahead it is a step of 2h, so divide by 2h.",
        ("(ahead - behind) / (2 * h)", "(ahead - behind) / h"),
        (
            "(loss(w + 2 * h * v) - loss(w - 2 * h * v)) / (4 * h)",
            "(loss(w + 2 * h * v) - loss(w - 2 * h * v)) / 2 / h",
        ),
    ),
    (
        "tiny-step",
        "With so small a step hardly a digit of the difference is left, and the room that it needs lets mistakes pass. "
        "About 1e-5 leaves the most.",
        ("h = 1e-5", "h = 1e-13"),
    ),
):
    gradient_check.slip(_id, _sentence, CHECK, *_edits)
