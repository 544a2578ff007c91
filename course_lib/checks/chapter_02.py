"""Chapter 2: affine maps and quadratic forms."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
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
def _(draw):
    return (draw.array(*draw.sizes(2)),)


@affine_jacobian.truth
def _(A):
    return complex_step_jacobian(lambda x: x @ A, np.zeros(A.shape[0]))


@affine_jacobian.mistake(
    "layout", "This is A itself, one row for each input. The Jacobian has one row for each output: transpose it."
)
def _(A):
    return A


@affine_jacobian.mistake(
    "reshape",
    "The shape is right, the entries are not: `reshape` keeps the reading order of the numbers. A transpose makes "
    "columns of the rows.",
)
def _(A):
    return A.reshape(A.shape[1], A.shape[0])


@affine_jacobian.mistake("symbol", "This is the identity, the Jacobian in b. Asked is the Jacobian in x.")
def _(A):
    return np.eye(A.shape[1])


@affine_jacobian.mistake(
    "product-rule",
    "A + Aᵀ belongs to the quadratic form, where x stands twice. In xA it stands once, and A need not be square.",
)
def _(A):
    return A + A.T


@affine_jacobian.mistake(
    "inverse",
    "This is the (pseudo-)inverse, which leads from y back to x. The Jacobian leads forward, from a step of x to a "
    "step of y.",
)
def _(A):
    return np.linalg.pinv(A)


@affine_jacobian.mistake(
    "sum",
    "All inputs were moved at once, which adds up the columns of the Jacobian. Each input has a column of its own.",
)
def _(A):
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
def _(draw):
    n, m = draw.sizes(2)
    return draw.array(n, m), draw.array(m)


@affine_pullback.truth
def _(A, g):
    # Any loss with gradient g at y will do, because only g enters; this one is linear: L(y) = Σ_j g_j y_j.
    return complex_step_gradient(lambda x: np.sum(g * (x @ A)), np.zeros(A.shape[0]))


@affine_pullback.mistake(
    "transpose",
    "A takes n numbers on its left, but g has m. The way back goes through the transpose: `g @ A.T`.",
)
def _(A, g):
    return g @ A


@affine_pullback.mistake(
    "order", "Aᵀ stands to the right of the row g. With g on the right it is A that fits: `A @ g`, without a transpose."
)
def _(A, g):
    return A.T @ g


@affine_pullback.mistake(
    "hadamard",
    "`A * g` is the list of all products a_ij g_j. The gradient in x_i adds them up over j, as `A @ g` does.",
)
def _(A, g):
    return A * g


@affine_pullback.mistake(
    "sum", "You added up over the rows of A. Entry i belongs to x_i, so the sum runs over the outputs j: `axis=1`."
)
def _(A, g):
    return np.sum(A * g, axis=0)


@affine_pullback.mistake(
    "mean", "Your answer is the gradient divided by m: the m contributions are added up, not averaged."
)
def _(A, g):
    return np.mean(A * g, axis=1)


@affine_pullback.mistake(
    "chain-factor",
    "g does not appear: this is the gradient of the plain sum of the outputs. Weigh output j with g_j.",
)
def _(A, g):
    return A.sum(axis=1)


@affine_pullback.mistake(
    "inverse",
    "You undid the map with the (pseudo-)inverse. A gradient is not carried back like a point: it goes through Aᵀ.",
)
def _(A, g):
    return g @ np.linalg.pinv(A)


@affine_pullback.mistake(
    "square", "A is n × m and has no inverse. A gradient is not carried back like a point anyway: it goes through Aᵀ."
)
def _(A, g):
    return g @ np.linalg.inv(A)


@affine_pullback.mistake(
    "reshape",
    "The shape is right, the entries are not: `reshape` keeps the reading order of the numbers. The way back goes "
    "through the transpose.",
)
def _(A, g):
    return g @ A.reshape(A.shape[1], A.shape[0])


@affine_pullback.mistake(
    "symbol", "This is g itself, the gradient in b. The gradient in x still has to pass through A."
)
def _(A, g):
    return g


@affine_pullback.mistake(
    "sign", "Your answer is -1 times the gradient, the direction of descent. Return the gradient itself."
)
def _(A, g):
    return -g @ A.T


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
def _(draw):
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
def _(A, x):
    return complex_step_gradient(lambda z: z @ A @ z, x)


@quadratic_gradient.mistake(
    "product-rule",
    "2xA is right for a symmetric A only. x stands in two places, and the other one gives xAᵀ: together x(A + Aᵀ).",
)
def _(A, x):
    return 2 * x @ A


@quadratic_gradient.mistake(
    "transpose",
    "2xAᵀ, or `2 * A @ x`, is right for a symmetric A only. The two places of x give xAᵀ and xA, not the same twice.",
)
def _(A, x):
    return 2 * A @ x


@quadratic_gradient.mistake(
    "term", "This is xA, the term of the right x. The left one varies too and adds xAᵀ: together x(A + Aᵀ)."
)
def _(A, x):
    return x @ A


@quadratic_gradient.mistake(
    "other-term", "This is xAᵀ, the term of the left x. The right one varies too and adds xA: together x(A + Aᵀ)."
)
def _(A, x):
    return A @ x


@quadratic_gradient.mistake(
    "factor", "Your answer is half of the gradient: that belongs to ½ xAxᵀ, and here no ½ is in front."
)
def _(A, x):
    return x @ (A + A.T) / 2


@quadratic_gradient.mistake(
    "twice", "Your answer is twice the gradient: A + Aᵀ already holds both terms, so no 2 is left over."
)
def _(A, x):
    return 2 * x @ (A + A.T)


@quadratic_gradient.mistake(
    "diagonal-once", "The diagonal is counted once: the derivative of a_kk x_k² is 2 a_kk x_k, so a_kk counts twice."
)
def _(A, x):
    return x @ (A + A.T - np.diag(np.diag(A)))


@quadratic_gradient.mistake(
    "hessian", "That is the Hessian, the second derivatives. The gradient has the shape of x: x still multiplies it."
)
def _(A, x):
    return A + A.T


@quadratic_gradient.mistake(
    "sign", "The two terms are added: x(A + Aᵀ). With a minus in between only the part that xAxᵀ does not see is left."
)
def _(A, x):
    return x @ (A - A.T)


@quadratic_gradient.mistake(
    "diagonal", "This is the gradient of Σ a_ii x_i² alone. The mixed terms a_ij x_i x_j depend on x too."
)
def _(A, x):
    return 2 * np.diag(A) * x


@quadratic_gradient.mistake(
    "hadamard", "`x * (A + A.T)` scales the columns and adds nothing up. The matrix product does: `x @ (A + A.T)`."
)
def _(A, x):
    return x * (A + A.T)


@quadratic_gradient.mistake("value", "That is the value xAxᵀ itself, one number. Its gradient has the shape of x.")
def _(A, x):
    return x @ A @ x


@quadratic_gradient.mistake("symbol", "This is xᵀx, the gradient in A. Asked is the gradient in x.")
def _(A, x):
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
def _(draw):
    return (draw.array(*draw.sizes(1)),)


@quadratic_gradient_in_A.truth
def _(x):
    return complex_step_gradient(lambda A: x @ A @ x, np.zeros((len(x), len(x))))


@quadratic_gradient_in_A.mistake(
    "transpose",
    "This is the number x·x: a 1-D array has no transpose, so `x.T` is x again. The table of products is "
    "`np.outer(x, x)`.",
)
def _(x):
    return x.T @ x


@quadratic_gradient_in_A.mistake(
    "order", "A row times a column is one number. The table of products is a column times a row, xᵀx."
)
def _(x):
    return x.reshape(1, -1) @ x.reshape(-1, 1)


@quadratic_gradient_in_A.mistake(
    "hadamard", "`x * x` holds the squares x_i² alone. The gradient has an entry x_i x_j for every pair: n × n of them."
)
def _(x):
    return x * x


@quadratic_gradient_in_A.mistake(
    "diagonal",
    "The entries beside the diagonal are missing: a_ij with i ≠ j is multiplied with x_i x_j, which is not 0.",
)
def _(x):
    return np.diag(x**2)


@quadratic_gradient_in_A.mistake(
    "factor", "Your answer is twice the gradient: each a_ij occurs once in the sum, with the factor x_i x_j."
)
def _(x):
    return 2 * np.outer(x, x)


@quadratic_gradient_in_A.mistake(
    "symmetric",
    "You moved a_ij and a_ji together, as for a symmetric A. Here all n² entries are variables of their own.",
)
def _(x):
    return 2 * np.outer(x, x) - np.diag(x**2)


@quadratic_gradient_in_A.mistake(
    "symbol", "2x is the gradient of x·x in x. Asked is the gradient of xAxᵀ in A, with the shape of A."
)
def _(x):
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
def _(draw):
    (n,) = draw.sizes(1)
    return (draw.array(n, n),)


@quadratic_hessian.truth
def _(A):
    # The mixed second difference with step 1; for a quadratic form it is the second derivative, without an error.
    def q(x):
        return x @ A @ x

    e = np.eye(len(A))
    return np.array([[q(e_i + e_j) - q(e_i) - q(e_j) for e_j in e] for e_i in e])


@quadratic_hessian.mistake(
    "product-rule", "2A is right for a symmetric A only. A Hessian is always symmetric; A + Aᵀ is."
)
def _(A):
    return 2 * A


@quadratic_hessian.mistake(
    "transpose", "2Aᵀ is right for a symmetric A only. A Hessian is always symmetric; A + Aᵀ is."
)
def _(A):
    return 2 * A.T


@quadratic_hessian.mistake("term", "This is A alone, one of two terms: differentiating x(A + Aᵀ) keeps both.")
def _(A):
    return A


@quadratic_hessian.mistake("other-term", "This is Aᵀ alone, one of two terms: differentiating x(A + Aᵀ) keeps both.")
def _(A):
    return A.T


@quadratic_hessian.mistake(
    "factor", "Your answer is half of the Hessian, the symmetric part of A. It belongs to ½ xAxᵀ."
)
def _(A):
    return (A + A.T) / 2


@quadratic_hessian.mistake(
    "twice", "Your answer is twice the Hessian: A + Aᵀ already counts each pair from both sides."
)
def _(A):
    return 2 * (A + A.T)


@quadratic_hessian.mistake("sign", "The two terms are added: A + Aᵀ. A - Aᵀ is the part of A that xAxᵀ does not see.")
def _(A):
    return A - A.T


@quadratic_hessian.mistake(
    "diagonal-once", "The diagonal is counted once: the second derivative of a_ii x_i² is 2 a_ii."
)
def _(A):
    return A + A.T - np.diag(np.diag(A))


@quadratic_hessian.mistake(
    "diagonal", "The mixed second derivatives are missing: x_i x_j occurs with a_ij and with a_ji."
)
def _(A):
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
def _(draw):
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
def _(x, A, y):
    return (
        complex_step_gradient(lambda z: z @ A @ y, x),
        complex_step_gradient(lambda Z: x @ Z @ y, A),
        complex_step_gradient(lambda z: x @ A @ z, y),
    )


@bilinear_gradients.mistake(
    "swap", "The first and the last are exchanged: the gradient in x is A @ y, it is y that is left over."
)
def _(x, A, y):
    return x @ A, np.outer(x, y), A @ y


@bilinear_gradients.mistake(
    "sequence", "The three are right, but in another order: return them as the parameters come, x, A, y."
)
def _(x, A, y):
    return A @ y, x @ A, np.outer(x, y)


@bilinear_gradients.mistake(
    "layout", "The gradient in A is transposed: entry [i, j] belongs to a_ij and is x_i y_j, so x gives the rows."
)
def _(x, A, y):
    return A @ y, np.outer(y, x), x @ A


@bilinear_gradients.mistake(
    "hadamard",
    "In the gradient in A stand the terms a_ij x_i y_j of the form itself. Differentiating in a_ij takes a_ij away.",
)
def _(x, A, y):
    return A @ y, x[:, None] * A * y, x @ A


@bilinear_gradients.mistake(
    "product-rule",
    "A + Aᵀ belongs to xAxᵀ, where one variable stands twice. Here x and y are two variables, each stands once.",
)
def _(x, A, y):
    return x @ (A + A.T), np.outer(x, y), y @ (A + A.T)


@bilinear_gradients.mistake(
    "factor", "Your answers are twice the gradients. x, A and y stand once each, so nothing is doubled."
)
def _(x, A, y):
    return 2 * A @ y, 2 * np.outer(x, y), 2 * x @ A


@bilinear_gradients.mistake(
    "chain-factor", "The other vector is missing: the gradient in x is weighted with y, the gradient in y with x."
)
def _(x, A, y):
    return A.sum(axis=1), np.outer(x, y), A.sum(axis=0)


@bilinear_gradients.mistake(
    "order",
    "A product has its factors the wrong way round: x stands to the left of A and y to its right, `x @ A` and "
    "`A @ y`, and x meets y as an outer product only.",
)
def _(x, A, y):
    return y @ A, np.outer(x, y), A @ x


@bilinear_gradients.mistake(
    "transpose",
    "A transpose too many: A fits as it stands, `A @ y` and `x @ A`, and a 1-D array has no transpose, so x meets y "
    "as `np.outer(x, y)`.",
)
def _(x, A, y):
    return A @ y, x.T @ y, x @ A
