"""Chapter 7: softmax and cross-entropy."""

import math
from decimal import Decimal, localcontext

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.checks.comparing import close, is_array, is_number
from course_lib.checks.drawing import HUGE, WIDE
from course_lib.checks.specification import derivation, exercise
from course_lib.derivation.goal import Problem

FAR = 1000.0


def wild_logits(draw, n, k):
    """Logits (n, k) that break a bare exp: row offsets from -1000 to 1000, and rows that mix the two."""
    offsets = draw.rng.permutation(np.linspace(-FAR, FAR, n))
    Z = offsets[:, None] + 1.5 * draw.array(n, k)
    # In the row near +1000 one class lies near -1000. The row near -1000 stays whole: all its exponentials are 0.
    Z[np.argmax(offsets), draw.rng.integers(k)] -= 2 * FAR
    # In a row of moderate size one class lies so low that its share is exactly 0 in floating point. In every other draw
    # another lies as far above, and the mean of the row in the middle: exp overflows unless the largest is taken out.
    low, high = draw.rng.permutation(k)[:2]
    middle = np.argmin(np.abs(offsets))
    Z[middle, low] -= FAR
    Z[middle, high] += FAR * (draw.index % 2)
    return Z


def exponentials(z):
    """exp z_j for a row of logits, in decimals of 40 digits: their exponents do not overflow."""
    with localcontext() as context:
        context.prec = 40
        return [Decimal(float(z_j)).exp() for z_j in z]


def shares(z):
    """Softmax by its definition: each exponential over the sum of all."""
    E = exponentials(z)
    return [float(e / sum(E)) for e in E]


# Where people cut logits off, so that exp stays in range.
CUTS = (20, 30, 50, 88, 100, 200, 250, 300, 350, 400, 500, 600, 700, 709)


def cut_off(of_shares):
    """Whether a value comes of logits that were cut off at ±c, for one of the usual c.

    of_shares  the logarithms of the exponentials' sums (n, 1), the shares (n, k) and the other arguments → the value.
    """

    def shown(value, Z, *others):
        for c in CUTS:
            E = np.exp(np.clip(Z, -c, c))
            sums = E.sum(axis=1, keepdims=True)
            if close(value, of_shares(np.log(sums), E / sums, *others), 1e-8):
                return True
        return False

    return shown


def one_hot_rows(draw, n, k):
    return np.eye(k)[draw.rng.integers(k, size=n)]


def log_shares(Z):
    """log softmax of every row, for moderate logits."""
    return Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))


def outweigh(draw, Z, Y):
    """Move the true class of one sample far below the others, in place.

    The loss becomes huge, and a difference quotient of it loses the slopes; those of this sample are those of one that
    is sure and wrong.
    """
    row = draw.rng.integers(len(Z))
    Z[row, Y[row].argmax()] -= HUGE


def uneven_softmax(draw, *shape):
    """Rows on the simplex whose entries span six powers of ten: a difference quotient loses the small ones."""
    spread = draw.rng.permuted(np.broadcast_to(np.linspace(-14.0, 0.0, shape[-1]), shape), axis=-1)
    E = np.exp(spread + draw.array(*shape))
    return E / np.sum(E, axis=-1, keepdims=True)


# ----------------------------------------------------------------------------------------------------------------------
log_sum_exp = exercise(
    "log_sum_exp(Z)",
    chapter="07",
    points=2,
    minutes=7,
    hints=(
        "One number for each row. On paper it is log Σ exp z; find out first what np.exp(1000.0) gives.",
        "For every number m: log Σ exp z = m + log Σ exp(z - m). Which m keeps all exponentials at 1 or below?",
        "The largest entry of the row: `m = Z.max(axis=1, keepdims=True)`. Add `m[:, 0]` to the logarithm of the sum "
        "of `np.exp(Z - m)` over axis 1.",
    ),
)


@log_sum_exp.draws
def inputs(draw):
    return (wild_logits(draw, *draw.sizes(2)),)


@log_sum_exp.truth
def truth(Z):
    with localcontext() as context:
        context.prec = 40
        return np.array([float(sum(exponentials(z)).ln()) for z in Z])


@log_sum_exp.mistake
def overflow(Z):
    """At logits of ±1e3 exp leaves the range of floating point: it gives inf above 709 and 0 below -745. Take the
    largest entry m of each row out first, m + log Σ exp(z - m)."""
    return np.log(np.sum(np.exp(Z), axis=1))


@log_sum_exp.mistake
def global_(Z):
    """You took the largest entry of the whole matrix out, so rows far below it have nothing left but log 0. Each row
    needs its own: `Z.max(axis=1, keepdims=True)`."""
    m = Z.max()
    return m + np.log(np.sum(np.exp(Z - m), axis=1))


@log_sum_exp.mistake
def term(Z):
    """The largest entry was taken out and not put back. Log-sum-exp moves with a shift, so add m to the logarithm."""
    return np.log(np.sum(np.exp(Z - Z.max(axis=1, keepdims=True)), axis=1))


@log_sum_exp.mistake
def sign(Z):
    """The largest entry comes back with the wrong sign: exp(z - m) divides by exp(m), so m is added afterwards."""
    m = Z.max(axis=1, keepdims=True)
    return np.log(np.sum(np.exp(Z - m), axis=1)) - m[:, 0]


@log_sum_exp.mistake
def axis(Z):
    """You went down the columns. A sample is a row: sum over the classes, axis=1."""
    m = Z.max(axis=0, keepdims=True)
    return m[0] + np.log(np.sum(np.exp(Z - m), axis=0))


@log_sum_exp.mistake
def sum_(Z):
    """This is one number for the whole matrix. Each row has its own: sum over axis=1 alone."""
    m = Z.max()
    return m + np.log(np.sum(np.exp(Z - m)))


@log_sum_exp.mistake
def maximum(Z):
    """This is the largest entry of each row. The other entries add to it: log Σ exp(z - m) is still missing."""
    return Z.max(axis=1)


@log_sum_exp.mistake
def keepdims(Z):
    """`Z.max(axis=1)` has shape (n,), and Z - m would align it with the
    columns. Keep the axis: `Z.max(axis=1, keepdims=True)`."""
    m = Z.max(axis=1)
    return m + np.log(np.sum(np.exp(Z - m), axis=1))


@log_sum_exp.mistake
def order(Z):
    """You exchanged log and sum: the log of a sum of exponentials is wanted, and Σ log exp z is just Σ z."""
    return np.sum(Z, axis=1)


@log_sum_exp.mistake
def mean(Z):
    """You took the mean of the exponentials. Log-sum-exp holds their sum, which is log k more."""
    m = Z.max(axis=1)
    return m + np.log(np.mean(np.exp(Z - m[:, None]), axis=1))


@log_sum_exp.mistake
def python_sum(Z):
    """Python's `sum` adds up the rows of an array, so it goes down the columns. `np.sum(..., axis=1)` adds up
    each row."""
    m = Z.max(axis=1)
    return m + np.log(sum(np.exp(Z - m[:, None])))


@log_sum_exp.mistake
def mean_shift(Z):
    """The mean of a row was taken out, and with entries far above it exp overflows all the same. Take the largest entry
    out: then every exponential is 1 at most."""
    m = Z.mean(axis=1)
    return m + np.log(np.sum(np.exp(Z - m[:, None]), axis=1))


@log_sum_exp.mistake(shown=cut_off(lambda F, P: F[:, 0]))
def clipped(Z):
    """The logits were cut off before the exponentials, so rows beyond the cut lost what tells their entries apart. A
    shift loses nothing: take the largest entry m of each row out, and add it again."""
    return np.log(np.sum(np.exp(np.clip(Z, -700, 700)), axis=1))


# ----------------------------------------------------------------------------------------------------------------------
softmax = exercise(
    "softmax(Z)",
    chapter="07",
    points=2,
    minutes=6,
    hints=(
        "Each row becomes shares: positive numbers that sum to 1, in the ratios of the exponentials.",
        "A shift of a whole row changes no share, so subtract the row's largest entry before you take exponentials.",
        "`E = np.exp(Z - Z.max(axis=1, keepdims=True))`, then `E / E.sum(axis=1, keepdims=True)`.",
    ),
)


@softmax.draws
def inputs(draw):
    return (wild_logits(draw, *draw.sizes(2)),)


@softmax.truth
def truth(Z):
    return np.array([shares(z) for z in Z])


@softmax.mistake
def overflow(Z):
    """At logits of ±1e3 this is inf/inf or 0/0, which is nan: exp gives inf above 709 and 0 below -745. Subtract the
    largest entry of each row first; no share changes."""
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


@softmax.mistake
def global_(Z):
    """You subtracted the largest entry of the whole matrix, so rows far below it
    became 0/0. Each row needs its own: `Z.max(axis=1, keepdims=True)`."""
    E = np.exp(Z - Z.max())
    return E / E.sum(axis=1, keepdims=True)


@softmax.mistake
def axis(Z):
    """Your columns sum to 1. A sample is a row, so the rows must: sum over the classes, axis=1."""
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return E / E.sum(axis=0, keepdims=True)


@softmax.mistake
def sum_(Z):
    """Your whole matrix sums to 1. Each row must, on its own: sum over axis=1, with keepdims=True."""
    E = np.exp(Z - Z.max())
    return E / E.sum()


@softmax.mistake
def normalise(Z):
    """These are the exponentials, with 1 for the largest entry of a row. Divide by the sum of the row."""
    return np.exp(Z - Z.max(axis=1, keepdims=True))


@softmax.mistake
def exponential(Z):
    """You divided the logits by their sum. Softmax takes the exponentials first."""
    return Z / Z.sum(axis=1, keepdims=True)


@softmax.mistake
def sigmoid(Z):
    """This is the sigmoid of every entry, and rows do not sum to 1. The classes of a row share one total."""
    return 1 / (1 + np.exp(-Z))


@softmax.mistake
def log(Z):
    """This is the logarithm of the softmax, z - log Σ exp z. The shares are its exponential."""
    m = Z.max(axis=1, keepdims=True)
    return Z - m - np.log(np.sum(np.exp(Z - m), axis=1, keepdims=True))


@softmax.mistake
def hard(Z):
    """The largest class of each row got everything. Softmax gives every class a share, exp z over the sum."""
    return np.eye(Z.shape[1])[Z.argmax(axis=1)]


@softmax.mistake
def keepdims(Z):
    """An array of shape (n,) is aligned with the columns, not with
    the rows. Use keepdims=True in `max` and in `sum`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1)


@softmax.mistake
def python_sum(Z):
    """The exponentials were added up down the columns, as Python's `sum` does with a matrix. A sample is a
    row: `axis=1`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / sum(E)


@softmax.mistake
def axis_and_overflow(Z):
    """Two slips at once. The sum goes down the columns, as Python's `sum` does, where each row needs its own: `axis=1`.
    And exp of ±1e3 is beyond the range of floating point: take the largest entry of each row out first."""
    E = np.exp(Z)
    return E / sum(E)


@softmax.mistake
def mean_shift(Z):
    """The mean of a row was taken out, and with entries far above it exp overflows all the same. Take the largest entry
    out: then every exponential is 1 at most."""
    E = np.exp(Z - Z.mean(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


@softmax.mistake
def twice(Z):
    """The softmax was taken twice: shares went in for logits the second time, and all rows came out nearly even."""
    for _ in range(2):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        Z = E / E.sum(axis=1, keepdims=True)
    return Z


@softmax.mistake(shown=cut_off(lambda F, P: P))
def clipped(Z):
    """The logits were cut off before the exponentials, so all classes beyond the cut have the same share. A shift keeps
    every difference: subtract the largest entry of each row."""
    E = np.exp(np.clip(Z, -700, 700))
    return E / E.sum(axis=1, keepdims=True)


def _shares_over_more(value, Z):
    """Whether the shares of every row are the right ones over a sum that is too large by one small number."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    if not is_array(value) or value.shape != Z.shape or value.dtype.kind != "f" or not np.all(value > -1e-300):
        return False
    sums = E.sum(axis=1)
    more = sums / value.sum(axis=1) - sums
    even = np.allclose(more, more[0], rtol=1e-3) and 1e-9 < more[0] < 0.1
    return bool(even and np.allclose(value * (sums + more[0])[:, None], E, rtol=1e-9, atol=1e-12))


@softmax.mistake(shown=_shares_over_more)
def epsilon(Z):
    """A small number was added to the sum, so the rows do not add up to 1. With the largest entry taken out
    the sum is at least 1, and nothing is divided by 0."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / (E.sum(axis=1, keepdims=True) + 1e-6)


# ----------------------------------------------------------------------------------------------------------------------
softmax_jacobian = exercise(
    "softmax_jacobian(p)",
    chapter="07",
    points=2,
    minutes=6,
    rtol=1e-10,
    hints=(
        "p is the softmax already; you do not need the logits. Entry (i, j) is ∂p_i/∂z_j.",
        "On the diagonal it is p_i (1 - p_i), elsewhere -p_i p_j. Which matrix has all products p_i p_j?",
        "`np.diag(p) - np.outer(p, p)`.",
    ),
)


@softmax_jacobian.draws
def inputs(draw):
    return (uneven_softmax(draw, draw.sizes(1)[0]),)


@softmax_jacobian.truth
def truth(p):
    def softmax(z):
        return np.exp(z) / np.sum(np.exp(z))

    # log p are logits of p: exp(log p_i) over a sum of 1.
    return complex_step_jacobian(softmax, np.log(p))


@softmax_jacobian.mistake
def diagonal(p):
    """Only the diagonal is there, as if p_i depended on z_i alone. The
    denominator holds every logit: off the diagonal stands -p_i p_j."""
    return np.diag(p * (1 - p))


@softmax_jacobian.mistake
def term(p):
    """This is diag(p) alone, from the numerator. The denominator depends on every logit and subtracts p_i p_j."""
    return np.diag(p)


@softmax_jacobian.mistake
def sign(p):
    """Your answer is -1 times the Jacobian: it is diag(p) minus the products p_i p_j."""
    return np.outer(p, p) - np.diag(p)


@softmax_jacobian.mistake
def plus(p):
    """The products p_i p_j come with a minus: raising one logit lowers the shares of the others."""
    return np.diag(p) + np.outer(p, p)


@softmax_jacobian.mistake
def outer(p):
    """For a 1-D array `p.T @ p` is a number, the sum of squares, and it was subtracted
    everywhere. The matrix of the products p_i p_j is `np.outer(p, p)`."""
    return np.diag(p) - p.T @ p


@softmax_jacobian.mistake
def hadamard(p):
    """`p * p` holds the squares only, as one row for all. The matrix of p_i p_j is `np.outer(p, p)`."""
    return np.diag(p) - p * p


@softmax_jacobian.mistake
def cases(p):
    """Your entries are p_i (1 - p_j) everywhere. The 1 stands on the diagonal alone: elsewhere it is -p_i p_j."""
    return np.outer(p, 1 - p)


@softmax_jacobian.mistake
def numerator(p):
    """Your entries are -p_i p_j everywhere. On the diagonal the numerator moves too and adds p_i."""
    return -np.outer(p, p)


@softmax_jacobian.mistake(shown=lambda value, p: is_array(value) and value.shape == p.shape)
def vector(p):
    """A vector came back. Every share moves with every logit, so the Jacobian has a row and a column for each
    class: shape (k, k). Its diagonal alone is p_i (1 - p_i)."""
    return p * (1 - p)


@softmax_jacobian.mistake
def argument(p):
    """You took the softmax of p, but p is a softmax already. Use it as it is: diag(p) minus the products."""
    q = np.exp(p) / np.sum(np.exp(p))
    return np.diag(q) - np.outer(q, q)


@softmax_jacobian.mistake
def off_diagonal(p):
    """The diagonal is right. Elsewhere the sign is lost: what one class gains the others lose, so it is -p_i p_j."""
    J = np.outer(p, p)
    np.fill_diagonal(J, p * (1 - p))
    return J


@softmax_jacobian.mistake
def diagonal_twice(p):
    """-p_i² stands on the diagonal twice. It comes from pᵀp already, so the other part is diag(p), without 1 - p."""
    return np.diag(p * (1 - p)) - np.outer(p, p)


@softmax_jacobian.mistake
def logits(p):
    """The logits stand where the shares belong: ∂p_i/∂z_j is p_i (1 - p_i) on the diagonal and -p_i p_j beside it."""
    z = np.log(p)
    return np.diag(p) - np.outer(p, z)


# ----------------------------------------------------------------------------------------------------------------------
softmax_pullback = exercise(
    "softmax_pullback(P, G)",
    chapter="07",
    points=2,
    minutes=8,
    hints=(
        "For one row the gradient in the logits is g J with J = diag(p) - pᵀp. Multiply it out; J is not needed.",
        "g diag(p) is `g * p`. In g pᵀp the product g pᵀ comes first, and it is a number.",
        "`P * (G - np.sum(P * G, axis=1, keepdims=True))`.",
    ),
)


@softmax_pullback.draws
def inputs(draw):
    n, k = draw.sizes(2)
    P, G = uneven_softmax(draw, n, k), draw.array(n, k)
    if draw.drowns:
        # One sample is sure to the last bit, and its class has a huge slope. So the loss is huge, and no logit of this
        # sample moves it: the slopes of the others drown in a difference quotient.
        row, sure = draw.rng.integers(n), draw.rng.integers(k)
        P[row] = 1e-30
        P[row, sure] = 1.0
        G[row, sure] *= HUGE
    return P, G


@softmax_pullback.truth
def truth(P, G):
    def loss(Z):
        E = np.exp(Z)
        return np.sum(G * E / np.sum(E, axis=1, keepdims=True))

    return complex_step_gradient(loss, np.log(P))


@softmax_pullback.wide
def wide(draw):
    E = np.exp(draw.array(1000, 50))
    return E / E.sum(axis=1, keepdims=True), draw.array(1000, 50)


@softmax_pullback.slopes
def slopes(P, G):
    return lambda Z: np.sum(G * np.exp(log_shares(Z))), (np.log(P),)


@softmax_pullback.mistake
def diagonal(P, G):
    """You used the diagonal of the Jacobian alone, p(1 - p), as for a sigmoid. Every logit
    moves every share of its row, so the other entries of g count too."""
    return G * P * (1 - P)


@softmax_pullback.mistake
def term(P, G):
    """This is g diag(p) alone. The second part of the Jacobian subtracts p times the row's sum Σ g_j p_j."""
    return P * G


@softmax_pullback.mistake
def sign(P, G):
    """Your answer is -1 times the gradient: it is p ⊙ (g - Σ g_j p_j)."""
    return P * (np.sum(P * G, axis=1, keepdims=True) - G)


@softmax_pullback.mistake
def plus(P, G):
    """The number Σ g_j p_j is subtracted from g, not added: J is diag(p) minus pᵀp."""
    return P * (G + np.sum(P * G, axis=1, keepdims=True))


@softmax_pullback.mistake
def chain_factor(P, G):
    """The factor p in front is missing: it is p ⊙ (g - Σ g_j p_j), so rare classes move little."""
    return G - np.sum(P * G, axis=1, keepdims=True)


@softmax_pullback.mistake
def unweighted(P, G):
    """You subtracted the plain mean of g. The mean must be weighted by the shares: Σ g_j p_j."""
    return P * (G - np.mean(G, axis=1, keepdims=True))


@softmax_pullback.mistake
def mean(P, G):
    """You took the mean of p ⊙ g over the classes. Its sum is wanted: the shares p are weights already."""
    return P * (G - np.mean(P * G, axis=1, keepdims=True))


@softmax_pullback.mistake
def axis(P, G):
    """You summed down the columns. The sum Σ g_j p_j runs over a row, axis=1."""
    return P * (G - np.sum(P * G, axis=0, keepdims=True))


@softmax_pullback.mistake
def sum_(P, G):
    """You summed over the whole matrix, so the samples got mixed. Each row has its own sum: axis=1."""
    return P * (G - np.sum(P * G))


@softmax_pullback.mistake
def keepdims(P, G):
    """The sums have shape (n,), which is aligned with the columns. With keepdims=True they stay (n, 1)."""
    return P * (G - np.sum(P * G, axis=1))


@softmax_pullback.mistake
def average(P, G):
    """You divided by the number of samples. G is the gradient of the loss already, with its 1/n inside."""
    return P * (G - np.sum(P * G, axis=1, keepdims=True)) / len(P)


# ----------------------------------------------------------------------------------------------------------------------
cross_entropy = exercise(
    "cross_entropy(P, Y)",
    chapter="07",
    points=1,
    minutes=5,
    hints=(
        "In each row of Y one entry is 1. So each sample adds one term: -log of the share of its true class.",
        "Avoid log 0: take the shares of the true classes first, for example `P[Y == 1]`, and their logarithm then.",
        "`-np.sum(np.log(P[Y == 1])) / len(P)`.",
    ),
)


@cross_entropy.draws
def inputs(draw):
    n, k = draw.sizes(2)
    labels = draw.rng.integers(k, size=n)
    P = draw.positive(n, k)
    # One class that is not the true one gets the share 0, as after a softmax that underflows.
    P[np.arange(n), (labels + draw.rng.integers(1, k, size=n)) % k] = 0.0
    return P / P.sum(axis=1, keepdims=True), np.eye(k)[labels]


@cross_entropy.truth
def truth(P, Y):
    n, k = P.shape
    total = 0.0
    for i in range(n):
        total -= sum(math.log(P[i, j]) for j in range(k) if Y[i, j] == 1)
    return total / n


@cross_entropy.mistake
def zero(P, Y):
    """Some shares are 0 where Y is 0, and 0 · log 0 is nan in floating point, while the definition means 0. Take the
    logarithm of the true classes only, `P[Y == 1]`."""
    return -np.sum(Y * np.log(P)) / len(P)


@cross_entropy.mistake
def sign(P, Y):
    """Your answer is -1 times the loss: log of a share is negative, so the sum gets a minus."""
    return np.sum(np.log(P[Y == 1])) / len(P)


@cross_entropy.mistake
def mean(P, Y):
    """Your answer is n times the loss: the sum over the samples is divided by n."""
    return -np.sum(np.log(P[Y == 1]))


@cross_entropy.mistake
def index(P, Y):
    """You divided by the number of classes. The mean runs over the n samples: n is `len(P)`, or `P.shape[0]`."""
    return -np.sum(np.log(P[Y == 1])) / P.shape[1]


@cross_entropy.mistake
def mean_twice(P, Y):
    """You took the mean over all n·k entries. Only the n samples count: each has one true class."""
    return -np.sum(np.log(P[Y == 1])) / P.size


@cross_entropy.mistake
def order(P, Y):
    """This is the log of the mean share. Take the log of each share first, then the mean."""
    return -np.log(np.mean(P[Y == 1]))


@cross_entropy.mistake
def sum_(P, Y):
    """You have one loss for each sample. The loss is one number, their mean."""
    return -np.log(np.sum(P * Y, axis=1))


@cross_entropy.mistake
def base(P, Y):
    """You took the logarithm to base 2. The loss is measured with the natural one, `np.log`."""
    return -np.mean(np.log2(P[Y == 1]))


@cross_entropy.mistake
def logarithm(P, Y):
    """The logarithm is missing: this is minus the mean share of the true classes."""
    return -np.sum(P * Y) / len(P)


@cross_entropy.mistake
def binary(P, Y):
    """You added log(1 - p) for the wrong classes. That belongs to k separate yes-no
    questions; here the classes share one total, and the true one counts alone."""
    return -np.sum(np.log(np.where(Y == 1, P, 1 - P))) / len(P)


# ----------------------------------------------------------------------------------------------------------------------
cross_entropy_gradient = exercise(
    "cross_entropy_gradient(Z, Y)",
    chapter="07",
    points=2,
    minutes=8,
    hints=(
        "Two links: the gradient in the shares, then the pullback through the softmax. On paper most of it cancels.",
        "For one row what remains is p - y, because the targets sum to 1. The factor 1/n of the loss stays.",
        "Take the shares P with each row's largest logit subtracted first, then `(P - Y) / len(Z)`.",
    ),
)


@cross_entropy_gradient.draws
def inputs(draw):
    n, k = draw.sizes(2)
    Z, Y = wild_logits(draw, n, k), one_hot_rows(draw, n, k)
    if draw.drowns:
        outweigh(draw, Z, Y)
    return Z, Y


@cross_entropy_gradient.truth
def truth(Z, Y):
    # m is a constant of the draw: it only keeps exp in range and cancels from log p.
    m = np.max(Z, axis=1, keepdims=True)

    def loss(Z):
        log_P = Z - m - np.log(np.sum(np.exp(Z - m), axis=1, keepdims=True))
        return -np.sum(Y * log_P) / len(Z)

    return complex_step_gradient(loss, Z)


@cross_entropy_gradient.wide
def wide(draw):
    return draw.array(1000, 50), one_hot_rows(draw, 1000, 50)


@cross_entropy_gradient.slopes
def slopes(Z, Y):
    m = np.max(Z, axis=1, keepdims=True)
    return lambda Z: -np.sum(Y * log_shares(Z - m)) / len(Z), (Z,)


@cross_entropy_gradient.mistake
def overflow(Z, Y):
    """At logits of ±1e3 the shares are inf/inf or 0/0, which is nan. Subtract
    the largest logit of each row before you take exponentials."""
    P = np.exp(Z) / np.sum(np.exp(Z), axis=1, keepdims=True)
    return (P - Y) / len(Z)


@cross_entropy_gradient.mistake
def collapse(Z, Y):
    """You divided by the shares and multiplied by them again; where a share is 0 that
    is nan. Let them cancel on paper first: what remains is (P - Y)/n."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    G = -Y / P / len(Z)
    return P * (G - np.sum(P * G, axis=1, keepdims=True))


@cross_entropy_gradient.mistake
def sign(Z, Y):
    """Your answer is -1 times the gradient: it is prediction minus target, P - Y."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return (Y - E / E.sum(axis=1, keepdims=True)) / len(Z)


@cross_entropy_gradient.mistake
def mean(Z, Y):
    """Your answer is n times the gradient: the 1/n of the loss is lost."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True) - Y


@cross_entropy_gradient.mistake
def index(Z, Y):
    """You divided by the number of classes. The mean runs over the n samples: n is `len(Z)`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return (E / E.sum(axis=1, keepdims=True) - Y) / Z.shape[1]


@cross_entropy_gradient.mistake
def symbol(Z, Y):
    """You subtracted the targets from the logits. It is the softmax of Z minus Y."""
    return (Z - Y) / len(Z)


@cross_entropy_gradient.mistake
def chain_factor(Z, Y):
    """This is the gradient in the shares, -Y/P. The logits lie one step further back: pull it through the softmax."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return -Y / (E / E.sum(axis=1, keepdims=True)) / len(Z)


@cross_entropy_gradient.mistake
def diagonal(Z, Y):
    """You pulled back through the diagonal of the Jacobian alone, so only the true class
    moves. Raising any other logit costs as well: its entry is p_j/n."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return -Y * (1 - E / E.sum(axis=1, keepdims=True)) / len(Z)


@cross_entropy_gradient.mistake
def activation_derivative(Z, Y):
    """A factor p(1 - p) is one too many: the Jacobian of the softmax is already inside P - Y."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    return (P - Y) * P * (1 - P) / len(Z)


@cross_entropy_gradient.mistake
def term(Z, Y):
    """The targets are missing: this is P/n, and the gradient is (P - Y)/n."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True) / len(Z)


@cross_entropy_gradient.mistake
def axis(Z, Y):
    """Your softmax ran down the columns. A sample is a row, so the shares of a row sum to 1: axis=1."""
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    return (E / E.sum(axis=0, keepdims=True) - Y) / len(Z)


@cross_entropy_gradient.mistake
def sum_(Z, Y):
    """You added the samples up. Each sample has logits of its own: the gradient has the shape of Z."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return np.sum(E / E.sum(axis=1, keepdims=True) - Y, axis=0) / len(Z)


@cross_entropy_gradient.mistake
def entries(Z, Y):
    """You divided by the number of entries of Z. The mean runs over the n samples: n is `len(Z)`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return (E / E.sum(axis=1, keepdims=True) - Y) / Z.size


@cross_entropy_gradient.mistake
def square(Z, Y):
    """Your answer is twice the gradient: the 2 belongs to a squared error. Cross-entropy gives (P - Y) / n."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return 2 * (E / E.sum(axis=1, keepdims=True) - Y) / len(Z)


@cross_entropy_gradient.mistake
def global_(Z, Y):
    """You took the largest entry of the whole matrix out, so rows far below it
    become 0/0. Each row needs its own: `Z.max(axis=1, keepdims=True)`."""
    E = np.exp(Z - Z.max())
    return (E / E.sum(axis=1, keepdims=True) - Y) / len(Z)


@cross_entropy_gradient.mistake
def twice(Z, Y):
    """The softmax was taken twice: shares went in for logits the second time."""
    P = Z
    for _ in range(2):
        E = np.exp(P - P.max(axis=1, keepdims=True))
        P = E / E.sum(axis=1, keepdims=True)
    return (P - Y) / len(Z)


@cross_entropy_gradient.mistake
def python_sum(Z, Y):
    """The exponentials were added up down the columns, as Python's `sum` does with a matrix. A sample is a
    row: `axis=1`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return (E / sum(E) - Y) / len(Z)


@cross_entropy_gradient.mistake
def table_for_labels(Z, Y):
    """The 1 was taken off in whole columns: `Y` is a one-hot table, and as an index its 0 and 1 are row or
    column numbers. Subtract it, P - Y; or pick one column for each row with `Y.argmax(axis=1)`."""
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    P[range(len(Z)), Y.astype(int)] -= 1
    return P / len(Z)


@cross_entropy_gradient.mistake(shown=cut_off(lambda F, P, Y: (P - Y) / len(Y)))
def clipped(Z, Y):
    """The logits were cut off before the exponentials, so all classes beyond the cut have the same share. A shift keeps
    every difference: subtract the largest logit of each row."""
    E = np.exp(np.clip(Z, -700, 700))
    return (E / E.sum(axis=1, keepdims=True) - Y) / len(Z)


# ----------------------------------------------------------------------------------------------------------------------
logistic_gradient = exercise(
    "logistic_gradient(X, w, y)",
    chapter="07",
    points=5,
    minutes=12,
    hints=(
        "Three links, from w to the margins z = Xw, to the shares σ(z), to the loss. The last two collapse together.",
        "For one sample ∂L/∂z_i = (σ(z_i) - y_i)/n. Which product with X turns n of these into d slopes (chapter 3)?",
        "`X.T @ (p - y) / len(y)` with `p = 1 / (1 + np.exp(-X @ w))`. Where exp overflows to inf this p is 0, as it "
        "should be; silence the warning with `np.errstate(over='ignore')`.",
    ),
)


@logistic_gradient.draws
def inputs(draw):
    n, d = draw.sizes(2)
    # Columns in very different units, as in a real table: no single step of a difference quotient suits them all.
    units = 10.0 ** draw.rng.permutation(np.linspace(-7 if draw.drowns else -3, 3, d))
    X, w = draw.array(n, d) * units, draw.array(d) / units
    y = draw.rng.integers(2, size=n).astype(float)
    order = np.argsort(np.abs(X @ w))
    # Two samples far out, one on either side, moved there along the column of the smallest unit: the first is on the
    # wrong side. The others stay near the boundary. In the last draw it lies so far out that its loss outweighs all.
    far, column = order[-2:], np.argmin(units)
    X[far, column] += (np.array([HUGE if draw.drowns else FAR, -FAR]) - (X @ w)[far]) / w[column]
    y[far], y[order[0]] = 0.0, 1.0
    return X, w, y


@logistic_gradient.truth
def truth(X, w, y):
    def softplus(u):
        """log(1 + exp u), with exp of nothing positive: -log σ(z) is softplus(-z), -log(1 - σ(z)) softplus(z)."""
        return u + np.log(1 + np.exp(-u)) if u.real > 0 else np.log(1 + np.exp(u))

    def loss(w):
        terms = [y_i * softplus(-z) + (1 - y_i) * softplus(z) for z, y_i in zip(X @ w, y, strict=True)]
        return sum(terms) / len(y)

    return complex_step_gradient(loss, w)


@logistic_gradient.wide
def wide(draw):
    X = draw.array(3, WIDE)
    return X, draw.array(WIDE) / np.sqrt(WIDE), np.array([1.0, 0.0, 1.0])


@logistic_gradient.slopes
def slopes(X, w, y):
    def loss(w):
        z = X @ w
        # log(1 + exp u), with exp of nothing positive.
        large = np.where(z.real > 0, z, -z)
        softplus = np.log(1 + np.exp(-large))
        return np.sum(np.where(z.real > 0, z, 0) + softplus - y * z) / len(y)

    return loss, (w,)


@logistic_gradient.mistake
def overflow(X, w, y):
    """nan: some margins are ±1e3 or beyond, where exp(z)/(1 + exp(z)) is inf/inf and σ(z) is exactly 0 or 1. Write σ as
    1/(1 + exp(-z)), and let σ(1 - σ) cancel on paper, so that nothing is divided by 0."""
    p = np.exp(X @ w) / (1 + np.exp(X @ w))
    return X.T @ (p - y) / len(y)


@logistic_gradient.mistake
def sign(X, w, y):
    """Your answer is -1 times the gradient: it is prediction minus target, σ(Xw) - y."""
    return X.T @ (y - 1 / (1 + np.exp(-X @ w))) / len(y)


@logistic_gradient.mistake
def mean(X, w, y):
    """Your answer is n times the gradient: the 1/n of the loss is lost."""
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y)


@logistic_gradient.mistake
def index(X, w, y):
    """You divided by the number of features. The mean runs over the n samples: n is `len(y)`."""
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(w)


@logistic_gradient.mistake
def factor(X, w, y):
    """Your answer is half the gradient: there is no square in this loss, so its factor is 1/n and not 1/(2n)."""
    return X.T @ (1 / (1 + np.exp(-X @ w)) - y) / (2 * len(y))


@logistic_gradient.mistake
def activation_derivative(X, w, y):
    """A factor σ(1 - σ) is one too many. It belongs to the squared error; here the logarithm of the loss cancels it."""
    p = 1 / (1 + np.exp(-X @ w))
    return X.T @ ((p - y) * p * (1 - p)) / len(y)


@logistic_gradient.mistake
def symbol(X, w, y):
    """This is the gradient of linear regression, Xw - y. The prediction here is the share σ(Xw)."""
    return X.T @ (X @ w - y) / len(y)


@logistic_gradient.mistake
def term(X, w, y):
    """Only the terms with y = 1 are there. The samples with y = 0 push too, through log(1 - σ)."""
    return -X.T @ (y * (1 - 1 / (1 + np.exp(-X @ w)))) / len(y)


@logistic_gradient.mistake
def labels(X, w, y):
    """You turned the targets into -1 and +1. In this loss y is 0 or 1, and the residual is σ(Xw) - y."""
    return X.T @ (1 / (1 + np.exp(-X @ w)) - (2 * y - 1)) / len(y)


@logistic_gradient.mistake
def threshold(X, w, y):
    """You rounded the predictions to 0 or 1. The slope needs the share σ(Xw) itself, not the decision."""
    return X.T @ ((X @ w > 0) - y) / len(y)


@logistic_gradient.mistake
def margin_sign(X, w, y):
    """Your σ has the wrong sign inside: σ(z) = 1/(1 + exp(-z)), and exp(+z) gives 1 - σ."""
    return X.T @ (1 / (1 + np.exp(X @ w)) - y) / len(y)


@logistic_gradient.mistake
def sum_(X, w, y):
    """You have one row for each sample: its own contribution to the gradient. Add the rows up, over axis 0."""
    return X * (1 / (1 + np.exp(-X @ w)) - y)[:, None] / len(y)


@logistic_gradient.mistake
def transpose(X, w, y):
    """The residual has one entry for each sample and goes back to the weights by X.T, not by X."""
    return X @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


@logistic_gradient.mistake
def chain_factor(X, w, y):
    """This is the gradient in the margins Xw. The weights lie one step further back: multiply by X.T."""
    return (1 / (1 + np.exp(-X @ w)) - y) / len(y)


@logistic_gradient.mistake
def square(X, w, y):
    """Your answer is twice the gradient: there is no square in this loss, so no 2 comes down."""
    return 2 * X.T @ (1 / (1 + np.exp(-X @ w)) - y) / len(y)


@logistic_gradient.mistake
def exponential(X, w, y):
    """exp stands where the sigmoid belongs: σ(z) = 1/(1 + exp(-z)) lies between 0 and 1, exp(z) anywhere above 0."""
    return X.T @ (np.exp(X @ w) - y) / len(y)


@logistic_gradient.mistake
def squared_residual(X, w, y):
    """The residuals came in squared. The slope of this loss in a score is σ(z) - y itself."""
    return X.T @ ((1 / (1 + np.exp(-X @ w)) - y) ** 2) / len(y)


def _loss_terms(value, X, w, y):
    """Whether the terms of the loss took the place of the residuals, however the logarithm was kept finite."""
    with np.errstate(all="ignore"):
        p = 1 / (1 + np.exp(-X @ w))
        for small in (0.0, *(c * 10.0**-k for k in range(2, 17) for c in (1, 5))):
            for q in (np.clip(p, small, 1 - small), p + small):
                for other in {id(one): one for one in (1 - q, 1 - p + small)}.values():
                    terms = -y * np.log(q) - (1 - y) * np.log(other)
                    if close(value, X.T @ terms / len(y), 1e-8):
                        return True
    return False


@logistic_gradient.mistake(shown=_loss_terms)
def loss_terms(X, w, y):
    """The terms of the loss, with their logarithms, stand where its slopes belong. In a score the slope of
    such a term is σ(z) - y."""
    p = np.clip(1 / (1 + np.exp(-X @ w)), 1e-12, 1 - 1e-12)
    return X.T @ (-y * np.log(p) - (1 - y) * np.log(1 - p)) / len(y)


@logistic_gradient.mistake(shown=lambda value, X, w, y: is_number(value) and np.isfinite(value))
def loss(X, w, y):
    """This is a loss, one number. Asked is its gradient, one slope for each weight."""
    p = np.clip(1 / (1 + np.exp(-X @ w)), 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


# ----------------------------------------------------------------------------------------------------------------------
temperature_gradients = exercise(
    "temperature_gradients(Z, Y, T)",
    chapter="07",
    points=4,
    minutes=15,
    hints=(
        "Call S = Z/T. You know the gradient in S. How does S move with Z, and how with T?",
        "∂L/∂S = (P - Y)/n. One entry of Z moves one entry of S, by 1/T. T moves every entry: s_ij by -z_ij/T².",
        "With `dS = (P - Y) / len(Z)` return `dS / T` and `-np.sum(dS * Z) / T**2`.",
    ),
    returns=("dZ", "dT"),
)


@temperature_gradients.draws
def inputs(draw):
    n, k = draw.sizes(2)
    # Some shares are tiny: a difference quotient has no digit of their slopes.
    Z = draw.array(n, k) + draw.rng.permutation(np.linspace(-8, 4, k))
    Y = np.eye(k)[draw.rng.permutation(np.append(draw.rng.permutation(k)[:2], draw.rng.integers(k, size=n - 2)))]
    if draw.drowns:
        outweigh(draw, Z, Y)
    return Z, Y, draw.number(0.6, 0.9) if draw.index % 2 else draw.number(1.5, 2.5)


@temperature_gradients.truth
def truth(Z, Y, T):
    def loss(Z, T):
        S = Z / T
        return np.sum(Y * (np.log(np.sum(np.exp(S), axis=1, keepdims=True)) - S)) / len(Z)

    in_T = complex_step_gradient(lambda T: loss(Z, T[0]), np.array([T]))
    return complex_step_gradient(lambda Z: loss(Z, T), Z), float(in_T[0])


TEMPERED = """
    S = Z / T
    E = np.exp(S - S.max(axis=1, keepdims=True))
    P = E / E.sum(axis=1, keepdims=True)
    dS = (P - Y) / len(Z)
    return dS / T, -np.sum(dS * Z) / T**2
"""


@temperature_gradients.wide
def wide(draw):
    return draw.array(1000, 50), one_hot_rows(draw, 1000, 50), draw.number(1.5, 2.5)


@temperature_gradients.slopes
def slopes(Z, Y, T):
    return lambda Z, T: -np.sum(Y * log_shares(Z / T)) / len(Z), (Z, T)


temperature_gradients.slip(
    "chain-factor",
    "dT is right, dZ lacks the factor 1/T: Z enters the softmax as Z/T, and the chain rule knows it.",
    TEMPERED,
    ("dS / T", "dS"),
)
temperature_gradients.slip(
    "sign-of-T",
    "dZ is right, dT has the wrong sign: the derivative of Z/T in T is -Z/T².",
    TEMPERED,
    ("-np.sum(dS * Z)", "np.sum(dS * Z)"),
)
temperature_gradients.slip(
    "power",
    "dZ is right, dT has the wrong power of T: the derivative of Z/T in T is -Z/T².",
    TEMPERED,
    ("T**2", "T"),
)
temperature_gradients.slip(
    "divided-twice",
    "dZ is right, dT was divided by T once too often: Z/T over T is Z/T² already.",
    TEMPERED,
    ("dS * Z", "dS * S"),
)
temperature_gradients.slip(
    "average",
    "dZ is right, dT is a mean over the entries. All entries share the one T, so what they pass on adds up: sum.",
    TEMPERED,
    ("np.sum(dS * Z)", "np.mean(dS * Z)"),
)
temperature_gradients.slip(
    "rows",
    "dZ is right, dT has an entry for each sample. All samples share the one T, so add up over all entries.",
    TEMPERED,
    ("np.sum(dS * Z)", "np.sum(dS * Z, axis=1)"),
)
temperature_gradients.slip(
    "mean",
    "Both are n times the gradient: the 1/n of the loss is lost.",
    TEMPERED,
    ("(P - Y) / len(Z)", "P - Y"),
)
temperature_gradients.slip(
    "sign",
    "Both are -1 times the gradient: the signal at the scaled logits is P - Y, prediction minus target.",
    TEMPERED,
    ("(P - Y)", "(Y - P)"),
)
temperature_gradients.slip(
    "cold",
    "The shares were computed without the temperature. P is the softmax of Z/T, row by row.",
    TEMPERED,
    ("S - S.max(axis=1, keepdims=True)", "Z - Z.max(axis=1, keepdims=True)"),
)
temperature_gradients.slip(
    "product",
    "You multiplied the logits by T. They are divided by it: a high temperature makes the shares more alike.",
    TEMPERED,
    ("Z / T", "Z * T"),
    ("dS / T, -np.sum(dS * Z) / T**2", "dS * T, np.sum(dS * Z)"),
)

# ----------------------------------------------------------------------------------------------------------------------
softmax_collapse_derivation = derivation(
    "softmax_collapse_derivation",
    Problem(
        shapes={"z": "1 k", "y": "1 k onehot"},
        given=r"""
            p = \operatorname{softmax}(z)
            L = -\sum_j y_j \log p_j
        """,
        goal=r"\nabla_z L",
        functions=("softmax",),
        steps=3,
    ),
    chapter="07",
    points=6,
    minutes=20,
    hints=(
        r"Two links: `\frac{\partial L}{\partial p_j} = -\frac{y_j}{p_j}` and the Jacobian "
        r"`\frac{\partial p_j}{\partial z_i} = p_j (\delta_{ij} - p_i)`.",
        r"The chain rule sums over the outputs in the middle: `\frac{\partial L}{\partial z_i} = "
        r"-\sum_j \frac{y_j}{p_j} p_j (\delta_{ij} - p_i)`. What cancels?",
        r"`-\sum_j y_j \delta_{ij} + p_i \sum_j y_j`. In the first sum one term is left. The second sum is 1, "
        "because y is one-hot.",
    ),
    mistakes={
        "sign": r"""
            \frac{\partial L}{\partial p_j} = \frac{y_j}{p_j}
            \frac{\partial p_j}{\partial z_i} = p_j (\delta_{ij} - p_i)
        """,
        "index": r"""
            \frac{\partial L}{\partial p_j} = -\frac{y_j}{p_j}
            \frac{\partial p_j}{\partial z_i} = p_j (1 - p_i)
        """,
        "order": r"""
            \frac{\partial L}{\partial z} = \frac{\partial L}{\partial p} \frac{\partial p}{\partial z}
            \frac{\partial p}{\partial z} = \operatorname{diag}(p) - p p^\top
        """,
        "term": r"""
            \frac{\partial L}{\partial z_i} = -\sum_j y_j (\delta_{ij} - p_i)
            \nabla_z L = p
        """,
        "factor": r"""
            \frac{\partial L}{\partial z_i} = -\sum_j y_j (\delta_{ij} - p_i)
            \nabla_z L = 2 (p - y)
        """,
        "symbol": r"""
            \frac{\partial L}{\partial z_i} = -\sum_j y_j (\delta_{ij} - p_i)
            \nabla_z L = z - y
        """,
    },
)
