"""Chapter 2: affine maps and quadratic forms."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.checks.drawing import WIDE
from course_lib.checks.specification import exercise

# ----------------------------------------------------------------------------------------------------------------------
affine_jacobian = exercise(
    "affine_jacobian(A)",
    chapter="02",
    points=1,
    minutes=4,
    hints=(
        "Count first: how many outputs has y = xA + b, and how many inputs? That is the shape of the Jacobian.",
        "Write one output out: y_i = Σ_j x_j a_ji + b_i. What is its derivative in x_j?",
        "∂y_i/∂x_j = a_ji: row i of the Jacobian is column i of A. Return `A.T`.",
    ),
)


@affine_jacobian.draws
def inputs(draw):
    return (draw.array(*draw.sizes(2)),)


@affine_jacobian.truth
def truth(A):
    return complex_step_jacobian(lambda x: x @ A, np.zeros(A.shape[0]))


@affine_jacobian.mistake
def layout(A):
    """This is A itself, one row for each input. The Jacobian has one row for each output: transpose it."""
    return A


@affine_jacobian.mistake
def reshape(A):
    """The shape is right, the entries are not: `reshape` keeps the reading order
    of the numbers. A transpose makes columns of the rows."""
    return A.reshape(A.shape[1], A.shape[0])


@affine_jacobian.mistake
def symbol(A):
    """This is the identity, the Jacobian in b. Asked is the Jacobian in x."""
    return np.eye(A.shape[1])


@affine_jacobian.mistake
def product_rule(A):
    """A + Aᵀ belongs to the quadratic form, where x stands twice. In xA it stands once, and A need not be square."""
    return A + A.T


@affine_jacobian.mistake
def inverse(A):
    """This is the (pseudo-)inverse, which leads from y back to x. The
    Jacobian leads forward, from a step of x to a step of y."""
    return np.linalg.pinv(A)


@affine_jacobian.mistake
def sum_(A):
    """All inputs were moved at once, which adds up the columns of the Jacobian. Each input has a column of its own."""
    return A.sum(axis=0)


# ----------------------------------------------------------------------------------------------------------------------
affine_pullback = exercise(
    "affine_pullback(A, g)",
    chapter="02",
    points=2,
    minutes=8,
    hints=(
        "One entry for each entry of x, so n of them. Which product of A (n × m) and g (m) has length n?",
        "If x_i moves by a little, y_j moves a_ij times as much, and the loss g_j times that. Add up over j.",
        "The gradient is the row gAᵀ, entry i of which is Σ_j g_j a_ij: `g @ A.T`, or just as well `A @ g`.",
    ),
)


@affine_pullback.draws
def inputs(draw):
    n, m = draw.sizes(2)
    return draw.array(n, m), draw.array(m)


@affine_pullback.truth
def truth(A, g):
    # Any loss with gradient g at y will do, because only g enters; this one is linear: L(y) = Σ_j g_j y_j.
    return complex_step_gradient(lambda x: np.sum(g * (x @ A)), np.zeros(A.shape[0]))


@affine_pullback.wide
def wide(draw):
    return draw.array(WIDE, 3), draw.array(3)


@affine_pullback.slopes
def slopes(A, g):
    return lambda x: np.sum(g * (x @ A)), (np.zeros(len(A)),)


@affine_pullback.mistake
def transpose(A, g):
    """A takes n numbers on its left, but g has m. The way back goes through the transpose: `g @ A.T`."""
    return g @ A


@affine_pullback.mistake
def order(A, g):
    """Aᵀ stands to the right of the row g. With g on the right it is A that fits: `A @ g`, without a transpose."""
    return A.T @ g


@affine_pullback.mistake
def hadamard(A, g):
    """`A * g` is the list of all products a_ij g_j. The gradient in x_i adds them up over j, as `A @ g` does."""
    return A * g


@affine_pullback.mistake
def sum_(A, g):
    """You added up over the rows of A. Entry i belongs to x_i, so the sum runs over the outputs j: `axis=1`."""
    return np.sum(A * g, axis=0)


@affine_pullback.mistake
def mean(A, g):
    """Your answer is the gradient divided by m: the m contributions are added up, not averaged."""
    return np.mean(A * g, axis=1)


@affine_pullback.mistake
def chain_factor(A, g):
    """g does not appear: this is the gradient of the plain sum of the outputs. Weigh output j with g_j."""
    return A.sum(axis=1)


@affine_pullback.mistake
def inverse(A, g):
    """You undid the map with the (pseudo-)inverse. A gradient is not carried back like a point: it goes through Aᵀ."""
    return g @ np.linalg.pinv(A)


@affine_pullback.mistake
def square(A, g):
    """A is n × m and has no inverse. A gradient is not carried back like a point anyway: it goes through Aᵀ."""
    return g @ np.linalg.inv(A)


@affine_pullback.mistake
def reshape(A, g):
    """The shape is right, the entries are not: `reshape` keeps the reading order
    of the numbers. The way back goes through the transpose."""
    return g @ A.reshape(A.shape[1], A.shape[0])


@affine_pullback.mistake
def symbol(A, g):
    """This is g itself, the gradient in b. The gradient in x still has to pass through A."""
    return g


@affine_pullback.mistake
def sign(A, g):
    """Your answer is -1 times the gradient, the direction of descent. Return the gradient itself."""
    return -g @ A.T


# ----------------------------------------------------------------------------------------------------------------------
broadcast_pullback = exercise(
    "broadcast_pullback(shape, G)",
    chapter="02",
    points=2,
    minutes=8,
    hints=(
        "In Z = X + b, NumPy copies each entry of b to several places of Z. To which ones, for the shape at hand?",
        "An entry of b moves all its copies by the same amount, so its derivative is the sum of G over those places.",
        "For (m,) and (1, m) the copies stand below each other: sum over axis 0. For (n, 1) they stand side by side: "
        "axis 1. For () they are everywhere. `reshape(shape)` at the end gives the sum its shape back.",
    ),
)


@broadcast_pullback.draws
def inputs(draw):
    n, m = draw.sizes(2)
    return ((m,), (n, 1), (1, m), ())[draw.index], draw.array(n, m)


@broadcast_pullback.truth
def truth(shape, G):
    return complex_step_gradient(lambda b: np.sum(G * (np.zeros(G.shape) + b)), np.zeros(shape))


@broadcast_pullback.wide
def wide(draw):
    return (WIDE,), draw.array(3, WIDE)


@broadcast_pullback.slopes
def slopes(shape, G):
    return lambda b: np.sum(G * (np.zeros(G.shape) + b)), (np.zeros(shape),)


@broadcast_pullback.mistake
def unchanged(shape, G):
    """This is G itself, with an entry for every copy. The gradient has the shape of b: add up what belongs together."""
    return G


@broadcast_pullback.mistake
def mean(shape, G):
    """You averaged over the copies. Each of them contributes its whole entry of G, so they are added up."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - len(shape)) + shape) if size == 1)
    return G.mean(axis=axes).reshape(shape)


@broadcast_pullback.mistake
def copy(shape, G):
    """You took one of the copies. All of them move when the entry of b moves, so their entries of G are added up."""
    return G[tuple(slice(size) for size in (1,) * (2 - len(shape)) + shape)].reshape(shape)


@broadcast_pullback.mistake
def sum_(shape, G):
    """Every entry got the sum of all of G. An entry of b is copied within its own column or row only."""
    return np.full(shape, G.sum())


@broadcast_pullback.mistake
def first_axis(shape, G):
    """You summed over axis 0 whatever the shape is. That is right for the shape (m,); a column (n, 1) was copied
    along axis 1, and a single number along both."""
    return G.sum(axis=0)


@broadcast_pullback.mistake
def last_axis(shape, G):
    """You summed over axis 1 whatever the shape is. That is right for a column; a row of m entries was copied along
    axis 0, and a single number along both."""
    return G.sum(axis=1)


@broadcast_pullback.mistake
def keepdims(shape, G):
    """The sums are right, and their shape is not that of b: a (1, m) stays (1, m), an (n, 1) stays (n, 1). Close
    with `reshape(shape)`, or sum with `keepdims=True`."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - len(shape)) + shape) if size == 1)
    return G.sum(axis=axes)


@broadcast_pullback.mistake
def count(shape, G):
    """You counted the copies. That is the gradient if G holds nothing but ones; here each copy has a weight in G."""
    return np.full(shape, G.size / np.prod(shape, dtype=int))


@broadcast_pullback.mistake
def sign(shape, G):
    """Your answer is -1 times the gradient. Z = X + b grows with b, so the entries of G are added as they are."""
    axes = tuple(i for i, size in enumerate((1,) * (2 - len(shape)) + shape) if size == 1)
    return -G.sum(axis=axes).reshape(shape)


# ----------------------------------------------------------------------------------------------------------------------
mean_pullback = exercise(
    "mean_pullback(shape, axis, g)",
    chapter="02",
    points=2,
    minutes=8,
    hints=(
        "One entry of X stands in one mean only. With which factor?",
        "With 1 over the number of entries in that mean, `shape[axis]`. So its derivative is that entry of g over it.",
        "Forward the axis is summed away, so backward g is copied along it: `np.expand_dims(g, axis)` puts the axis "
        "back with length 1, and `np.broadcast_to(…, shape)` copies.",
    ),
)


@mean_pullback.draws
def inputs(draw):
    n, m, k = draw.sizes(3)
    shape, axis = (((n, m), 0), ((n, m), 1), ((n, m, k), 1), ((n, m), 0))[draw.index]
    return shape, axis, draw.array(*shape[:axis], *shape[axis + 1 :])


@mean_pullback.truth
def truth(shape, axis, g):
    return complex_step_gradient(lambda X: np.sum(g * X.mean(axis=axis)), np.zeros(shape))


@mean_pullback.wide
def wide(draw):
    return (4, WIDE // 4), 0, draw.array(WIDE // 4)


@mean_pullback.slopes
def slopes(shape, axis, g):
    return lambda X: np.sum(g * X.mean(axis=axis)), (np.zeros(shape),)


@mean_pullback.mistake
def lost_n(shape, axis, g):
    """The 1/n of the mean is missing: this pulls back through a sum. Divide by the number of entries in one mean."""
    return np.repeat(np.expand_dims(g, axis), shape[axis], axis=axis)


@mean_pullback.mistake
def size(shape, axis, g):
    """You divided by the number of all entries of X. A mean along one axis holds `shape[axis]` of them."""
    return np.repeat(np.expand_dims(g, axis), shape[axis], axis=axis) / np.prod(shape)


@mean_pullback.mistake
def other_length(shape, axis, g):
    """You divided by the length of another axis. The mean runs along `axis`, so it holds `shape[axis]` entries."""
    return np.repeat(np.expand_dims(g, axis), shape[axis], axis=axis) / shape[axis - 1]


@mean_pullback.mistake
def inverse(shape, axis, g):
    """You multiplied by n. Each entry has the weight 1/n in its mean, forward and backward alike."""
    return np.repeat(np.expand_dims(g, axis), shape[axis], axis=axis) * shape[axis]


@mean_pullback.mistake
def unchanged(shape, axis, g):
    """g / n is what each entry gets, and it is not copied yet: the gradient has the shape of X, with the axis that
    the mean took away."""
    return g / shape[axis]


@mean_pullback.mistake
def keepdims(shape, axis, g):
    """The axis is back with length 1 and is not filled yet. All entries of one mean get the same share: copy along
    the axis."""
    return np.expand_dims(g, axis) / shape[axis]


@mean_pullback.mistake
def chain_factor(shape, axis, g):
    """g does not appear: this is the gradient of the plain sum of the means. Weigh each mean with its entry of g."""
    return np.full(shape, 1 / shape[axis])


@mean_pullback.mistake
def sign(shape, axis, g):
    """Your answer is -1 times the gradient. A mean grows with each of its entries."""
    return -np.repeat(np.expand_dims(g, axis), shape[axis], axis=axis) / shape[axis]


# ----------------------------------------------------------------------------------------------------------------------
centring_pullback = exercise(
    "centring_pullback(G)",
    chapter="02",
    points=3,
    minutes=10,
    hints=(
        "C = X - (mean of each column). An entry of X reaches C on two ways: by itself, and within the mean.",
        "By itself it gives G. The mean is copied to every row of C with a minus, so backward it collects -(sum over "
        "the column of G), and hands 1/n of that to each entry of its column.",
        "Together: `G - G.mean(axis=0)`. Centring pulls back by centring.",
    ),
)


@centring_pullback.draws
def inputs(draw):
    return (draw.array(*draw.sizes(2)),)


@centring_pullback.truth
def truth(G):
    return complex_step_gradient(lambda X: np.sum(G * (X - X.mean(axis=0))), np.zeros(G.shape))


@centring_pullback.wide
def wide(draw):
    return (draw.array(4, WIDE // 4),)


@centring_pullback.slopes
def slopes(G):
    return lambda X: np.sum(G * (X - X.mean(axis=0))), (np.zeros(G.shape),)


@centring_pullback.mistake
def unchanged(G):
    """The mean was treated as a constant. It moves with every entry of its column, which takes the mean of G away."""
    return G


@centring_pullback.mistake
def lost_n(G):
    """The 1/n of the mean is missing: an entry has only the weight 1/n in the mean of its column."""
    return G - G.sum(axis=0)


@centring_pullback.mistake
def twice(G):
    """The 1/n was taken twice. The sum over the column of G, over n, is the mean of G already."""
    return G - G.mean(axis=0) / len(G)


@centring_pullback.mistake
def axis(G):
    """You subtracted the mean of each row of G. Columns were centred, so columns belong together: `axis=0`."""
    return G - G.mean(axis=1, keepdims=True)


@centring_pullback.mistake
def total(G):
    """You subtracted the mean of all of G. Each column was centred by itself: `axis=0`."""
    return G - G.mean()


@centring_pullback.mistake
def sign(G):
    """The way through the mean carries a minus: C = X - mean."""
    return G + G.mean(axis=0)


@centring_pullback.mistake
def diagonal(G):
    """You counted only what an entry does to itself, 1 - 1/n. By way of the mean it also moves all others in its
    column."""
    return G * (1 - 1 / len(G))


@centring_pullback.mistake
def term(G):
    """This is the way through the mean alone. X also stands in C by itself, which gives G."""
    return -np.tile(G.mean(axis=0), (len(G), 1))


# ----------------------------------------------------------------------------------------------------------------------
quadratic_gradient = exercise(
    "quadratic_gradient(A, x)",
    chapter="02",
    points=2,
    minutes=8,
    hints=(
        "In xAxᵀ the vector x stands in two places. Vary one while the other stays frozen, then exchange the roles.",
        "With the right one frozen the gradient is xAᵀ, with the left one frozen it is xA. Both belong to the answer.",
        "Add the two: `x @ (A + A.T)`. Only for a symmetric A is that `2 * x @ A`.",
    ),
)


@quadratic_gradient.draws
def inputs(draw):
    (n,) = draw.sizes(1)
    if not draw.drowns:
        # A distant point: the form is large there, and a difference quotient with a small step loses its digits.
        return draw.array(n, n), 1e5 * draw.array(n)
    # The entries of x span sixteen powers of ten, and no term a_ij x_j is far above 1 but one, which is near 1e4. So
    # the form is large through its largest entry and strongly curved in its smallest one: no step is good for that.
    size = 10.0 ** draw.rng.permutation(np.linspace(-8, 8, n))
    A = draw.array(n, n) / np.maximum(size[:, None], size)
    A[size.argmax(), size.argmax()] *= 1e4
    return A, draw.array(n) * size


@quadratic_gradient.truth
def truth(A, x):
    return complex_step_gradient(lambda z: z @ A @ z, x)


@quadratic_gradient.mistake
def product_rule(A, x):
    """2xA is right for a symmetric A only. x stands in two places, and the other one gives xAᵀ: together x(A + Aᵀ)."""
    return 2 * x @ A


@quadratic_gradient.mistake
def transpose(A, x):
    """2xAᵀ, or `2 * A @ x`, is right for a symmetric A only. The two
    places of x give xAᵀ and xA, not the same twice."""
    return 2 * A @ x


@quadratic_gradient.mistake
def term(A, x):
    """This is xA, the term of the right x. The left one varies too and adds xAᵀ: together x(A + Aᵀ)."""
    return x @ A


@quadratic_gradient.mistake
def other_term(A, x):
    """This is xAᵀ, the term of the left x. The right one varies too and adds xA: together x(A + Aᵀ)."""
    return A @ x


@quadratic_gradient.mistake
def factor(A, x):
    """Your answer is half of the gradient: that belongs to ½ xAxᵀ, and here no ½ is in front."""
    return x @ (A + A.T) / 2


@quadratic_gradient.mistake
def twice(A, x):
    """Your answer is twice the gradient: A + Aᵀ already holds both terms, so no 2 is left over."""
    return 2 * x @ (A + A.T)


@quadratic_gradient.mistake
def diagonal_once(A, x):
    """The diagonal is counted once: the derivative of a_kk x_k² is 2 a_kk x_k, so a_kk counts twice."""
    return x @ (A + A.T - np.diag(np.diag(A)))


@quadratic_gradient.mistake
def hessian(A, x):
    """That is the Hessian, the second derivatives. The gradient has the shape of x: x still multiplies it."""
    return A + A.T


@quadratic_gradient.mistake
def sign(A, x):
    """The two terms are added: x(A + Aᵀ). With a minus in between only the part that xAxᵀ does not see is left."""
    return x @ (A - A.T)


@quadratic_gradient.mistake
def diagonal(A, x):
    """This is the gradient of Σ a_ii x_i² alone. The mixed terms a_ij x_i x_j depend on x too."""
    return 2 * np.diag(A) * x


@quadratic_gradient.mistake
def hadamard(A, x):
    """`x * (A + A.T)` scales the columns and adds nothing up. The matrix product does: `x @ (A + A.T)`."""
    return x * (A + A.T)


@quadratic_gradient.mistake
def value(A, x):
    """That is the value xAxᵀ itself, one number. Its gradient has the shape of x."""
    return x @ A @ x


@quadratic_gradient.mistake
def symbol(A, x):
    """This is xᵀx, the gradient in A. Asked is the gradient in x."""
    return np.outer(x, x)


# ----------------------------------------------------------------------------------------------------------------------
quadratic_gradient_in_A = exercise(
    "quadratic_gradient_in_A(x)",
    chapter="02",
    points=1,
    minutes=5,
    hints=(
        "The answer has the shape of A, n × n: one derivative for each entry a_ij.",
        "In Σ_ij a_ij x_i x_j the entry a_ij occurs once. With what is it multiplied?",
        "With x_i x_j. The table of all these products is `np.outer(x, x)`.",
    ),
)


@quadratic_gradient_in_A.draws
def inputs(draw):
    return (draw.array(*draw.sizes(1)),)


@quadratic_gradient_in_A.truth
def truth(x):
    return complex_step_gradient(lambda A: x @ A @ x, np.zeros((len(x), len(x))))


@quadratic_gradient_in_A.wide
def wide(draw):
    return (draw.array(224),)


@quadratic_gradient_in_A.slopes
def slopes(x):
    return lambda A: x @ A @ x, (np.zeros((len(x), len(x))),)


@quadratic_gradient_in_A.mistake
def transpose(x):
    """This is the number x·x: a 1-D array has no transpose, so `x.T` is
    x again. The table of products is `np.outer(x, x)`."""
    return x.T @ x


@quadratic_gradient_in_A.mistake
def order(x):
    """A row times a column is one number. The table of products is a column times a row, xᵀx."""
    return x.reshape(1, -1) @ x.reshape(-1, 1)


@quadratic_gradient_in_A.mistake
def hadamard(x):
    """`x * x` holds the squares x_i² alone. The gradient has an entry x_i x_j for every pair: n × n of them."""
    return x * x


@quadratic_gradient_in_A.mistake
def diagonal(x):
    """The entries beside the diagonal are missing: a_ij with i ≠ j is multiplied with x_i x_j, which is not 0."""
    return np.diag(x**2)


@quadratic_gradient_in_A.mistake
def factor(x):
    """Your answer is twice the gradient: each a_ij occurs once in the sum, with the factor x_i x_j."""
    return 2 * np.outer(x, x)


@quadratic_gradient_in_A.mistake
def symmetric(x):
    """You moved a_ij and a_ji together, as for a symmetric A. Here all n² entries are variables of their own."""
    return 2 * np.outer(x, x) - np.diag(x**2)


@quadratic_gradient_in_A.mistake
def symbol(x):
    """2x is the gradient of x·x in x. Asked is the gradient of xAxᵀ in A, with the shape of A."""
    return 2 * x


# ----------------------------------------------------------------------------------------------------------------------
quadratic_hessian = exercise(
    "quadratic_hessian(A)",
    chapter="02",
    points=1,
    minutes=5,
    hints=(
        "The Hessian is the Jacobian of the gradient. You know the gradient: x(A + Aᵀ).",
        "x(A + Aᵀ) is an affine map of x. What is the Jacobian of xB for a matrix B?",
        "It is Bᵀ, and (A + Aᵀ)ᵀ = A + Aᵀ. Return `A + A.T`.",
    ),
)


@quadratic_hessian.draws
def inputs(draw):
    (n,) = draw.sizes(1)
    return (draw.array(n, n),)


@quadratic_hessian.truth
def truth(A):
    # The mixed second difference with step 1; for a quadratic form it is the second derivative, without an error.
    def q(x):
        return x @ A @ x

    e = np.eye(len(A))
    return np.array([[q(e_i + e_j) - q(e_i) - q(e_j) for e_j in e] for e_i in e])


@quadratic_hessian.mistake
def product_rule(A):
    """2A is right for a symmetric A only. A Hessian is always symmetric; A + Aᵀ is."""
    return 2 * A


@quadratic_hessian.mistake
def transpose(A):
    """2Aᵀ is right for a symmetric A only. A Hessian is always symmetric; A + Aᵀ is."""
    return 2 * A.T


@quadratic_hessian.mistake
def term(A):
    """This is A alone, one of two terms: differentiating x(A + Aᵀ) keeps both."""
    return A


@quadratic_hessian.mistake
def other_term(A):
    """This is Aᵀ alone, one of two terms: differentiating x(A + Aᵀ) keeps both."""
    return A.T


@quadratic_hessian.mistake
def factor(A):
    """Your answer is half of the Hessian, the symmetric part of A. It belongs to ½ xAxᵀ."""
    return (A + A.T) / 2


@quadratic_hessian.mistake
def twice(A):
    """Your answer is twice the Hessian: A + Aᵀ already counts each pair from both sides."""
    return 2 * (A + A.T)


@quadratic_hessian.mistake
def sign(A):
    """The two terms are added: A + Aᵀ. A - Aᵀ is the part of A that xAxᵀ does not see."""
    return A - A.T


@quadratic_hessian.mistake
def diagonal_once(A):
    """The diagonal is counted once: the second derivative of a_ii x_i² is 2 a_ii."""
    return A + A.T - np.diag(np.diag(A))


@quadratic_hessian.mistake
def diagonal(A):
    """The mixed second derivatives are missing: x_i x_j occurs with a_ij and with a_ji."""
    return np.diag(2 * np.diag(A))


# ----------------------------------------------------------------------------------------------------------------------
bilinear_gradients = exercise(
    "bilinear_gradients(x, A, y)",
    chapter="02",
    points=5,
    minutes=12,
    returns=("grad_x", "grad_A", "grad_y"),
    hints=(
        "f = Σ_ij a_ij x_i y_j. Shapes first: the gradients have those of x (n), A (n × m) and y (m).",
        "Freeze y: then f is the inner product of x with a fixed vector. That vector is the gradient in x.",
        "∂f/∂x_i = Σ_j a_ij y_j, ∂f/∂y_j = Σ_i x_i a_ij, ∂f/∂a_ij = x_i y_j. Write each as one NumPy product.",
        "`return A @ y, np.outer(x, y), x @ A`",
    ),
)


@bilinear_gradients.draws
def inputs(draw):
    n, m = draw.sizes(2)
    if not draw.drowns:
        # Distant points: the form is large there, and a difference quotient with a small step loses its digits.
        return 1e5 * draw.array(n), draw.array(n, m), 1e5 * draw.array(m)
    # One coefficient outweighs all others: the form is so large that a difference quotient of it loses the x_i y_j,
    # with any step up to 1e6. It is linear in A, so there is no step too long, and a longer one would find them again.
    A = draw.array(n, m)
    A[draw.rng.integers(n), draw.rng.integers(m)] *= 1e16
    return draw.array(n), A, draw.array(m)


@bilinear_gradients.truth
def truth(x, A, y):
    return (
        complex_step_gradient(lambda z: z @ A @ y, x),
        complex_step_gradient(lambda Z: x @ Z @ y, A),
        complex_step_gradient(lambda z: x @ A @ z, y),
    )


@bilinear_gradients.wide
def wide(draw):
    return draw.array(200), draw.array(200, 250), draw.array(250)


@bilinear_gradients.slopes
def slopes(x, A, y):
    return lambda x, A, y: x @ A @ y, (x, A, y)


@bilinear_gradients.mistake
def swap(x, A, y):
    """The first and the last are exchanged: the gradient in x is A @ y, it is y that is left over."""
    return x @ A, np.outer(x, y), A @ y


@bilinear_gradients.mistake
def sequence(x, A, y):
    """The three are right, but in another order: return them as the parameters come, x, A, y."""
    return A @ y, x @ A, np.outer(x, y)


@bilinear_gradients.mistake
def layout(x, A, y):
    """The gradient in A is transposed: entry [i, j] belongs to a_ij and is x_i y_j, so x gives the rows."""
    return A @ y, np.outer(y, x), x @ A


@bilinear_gradients.mistake
def hadamard(x, A, y):
    """In the gradient in A stand the terms a_ij x_i y_j of the form itself. Differentiating in a_ij takes a_ij away."""
    return A @ y, x[:, None] * A * y, x @ A


@bilinear_gradients.mistake
def product_rule(x, A, y):
    """A + Aᵀ belongs to xAxᵀ, where one variable stands twice. Here x and y are two variables, each stands once."""
    return x @ (A + A.T), np.outer(x, y), y @ (A + A.T)


@bilinear_gradients.mistake
def factor(x, A, y):
    """Your answers are twice the gradients. x, A and y stand once each, so nothing is doubled."""
    return 2 * A @ y, 2 * np.outer(x, y), 2 * x @ A


@bilinear_gradients.mistake
def chain_factor(x, A, y):
    """The other vector is missing: the gradient in x is weighted with y, the gradient in y with x."""
    return A.sum(axis=1), np.outer(x, y), A.sum(axis=0)


@bilinear_gradients.mistake
def order(x, A, y):
    """A product has its factors the wrong way round: x stands to the left of A and y to
    its right, `x @ A` and `A @ y`, and x meets y as an outer product only."""
    return y @ A, np.outer(x, y), A @ x


@bilinear_gradients.mistake
def transpose(x, A, y):
    """A transpose too many: A fits as it stands, `A @ y` and `x @ A`, and a 1-D
    array has no transpose, so x meets y as `np.outer(x, y)`."""
    return A @ y, x.T @ y, x @ A
