"""Chapter 4: one gradient, five proofs."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient, complex_step_jacobian
from course_lib.checks.drawing import HUGE
from course_lib.checks.specification import derivation, exercise
from course_lib.derivation.goal import Problem


def loss(X, W, Y):
    """(1/N) ‖XW - Y‖_F²: the squares of all residuals, over the number of rows of X."""
    return np.sum((X @ W - Y) ** 2) / X.shape[0]


def regression(draw):
    """X, W, Y with features of very different sizes and large targets: the loss dwarfs some of its slopes.

    In the last draw one sample has small features and huge targets. It makes the loss huge and adds to the slopes in W
    what the others do: a difference quotient drowns, and the formulas keep all their digits.
    """
    n, d, k = draw.sizes(3)
    if draw.drowns:
        sizes = np.ones((n, 1))
        sizes[draw.rng.integers(n)] = HUGE
        return draw.array(n, d) / sizes, draw.array(d, k), draw.array(n, k) * sizes
    scale = 10.0 ** draw.rng.permutation(np.linspace(-3, 0, d))
    return draw.array(n, d) * scale, draw.array(d, k) / scale[:, None], 3000 * draw.array(n, k)


# ----------------------------------------------------------------------------------------------------------------------
frobenius_gradient = exercise(
    "frobenius_gradient(X, W, Y)",
    chapter="04",
    points=2,
    minutes=6,
    hints=(
        "The gradient has the shape of W, d × k. Which product of X (n × d) and the residual R = XW - Y (n × k) does?",
        "dL = (2/N) ⟨R, X dW⟩. Move X to the other side of the inner product, where it becomes Xᵀ.",
        "The answer is (2/N) XᵀR, and N is `X.shape[0]`, the number of rows: not the number of entries of Y.",
    ),
)


@frobenius_gradient.draws
def inputs(draw):
    return regression(draw)


@frobenius_gradient.truth
def truth(X, W, Y):
    return complex_step_gradient(lambda W: loss(X, W, Y), W)


@frobenius_gradient.wide
def wide(draw):
    return draw.array(4, 5000), draw.array(5000, 10) / 70, draw.array(4, 10)


@frobenius_gradient.slopes
def slopes(X, W, Y):
    return lambda W: loss(X, W, Y), (W,)


@frobenius_gradient.mistake
def sign(X, W, Y):
    """Your answer is -1 times the gradient: the residual is XW - Y, prediction minus target."""
    return 2 / len(X) * X.T @ (Y - X @ W)


@frobenius_gradient.mistake
def factor(X, W, Y):
    """Your answer is half the gradient. The square gives a 2, and this loss has 1/N in front, not 1/(2N)."""
    return 1 / len(X) * X.T @ (X @ W - Y)


@frobenius_gradient.mistake
def mean(X, W, Y):
    """The 1/N of the loss is missing: your answer is N times the gradient."""
    return 2 * X.T @ (X @ W - Y)


@frobenius_gradient.mistake
def entries(X, W, Y):
    """You divided by the number of entries of Y, n·k, as `np.mean` does. The N of this loss is the number of rows n."""
    return 2 / Y.size * X.T @ (X @ W - Y)


@frobenius_gradient.mistake
def columns(X, W, Y):
    """You divided by the number of columns of X. N counts the samples, which are the rows: `X.shape[0]`."""
    return 2 / X.shape[1] * X.T @ (X @ W - Y)


@frobenius_gradient.mistake
def layout(X, W, Y):
    """This is the transpose of the gradient. The gradient has the shape of W, so it is XᵀR and not RᵀX."""
    return 2 / len(X) * (X @ W - Y).T @ X


@frobenius_gradient.mistake
def transpose(X, W, Y):
    """X stands in front of the residual as it is. Moved across the inner product it becomes Xᵀ."""
    return 2 / len(X) * X @ (X @ W - Y)


@frobenius_gradient.mistake
def order(X, W, Y):
    """Xᵀ belongs to the left of the residual, because X stands to the left of W in XW."""
    return 2 / len(X) * (X @ W - Y) @ X.T


@frobenius_gradient.mistake
def chain_factor(X, W, Y):
    """This is the gradient in the prediction XW, with the shape of Y. One step is left: carry it back to W with Xᵀ."""
    return 2 / len(X) * (X @ W - Y)


@frobenius_gradient.mistake
def term(X, W, Y):
    """The targets are missing: that is the gradient of (1/N) ‖XW‖². The residual is XW - Y."""
    return 2 / len(X) * X.T @ X @ W


@frobenius_gradient.mistake
def norm_square(X, W, Y):
    """This is the gradient of the norm without its square: divided by ‖R‖. The loss holds ‖R‖²."""
    R = X @ W - Y
    return X.T @ R / (len(X) * np.sqrt(np.sum(R**2)))


@frobenius_gradient.mistake
def vec(X, W, Y):
    """The stacking is mixed up: I ⊗ X belongs to columns, and `reshape` stacks rows. Give it `order='F'`, both ways."""
    J = np.kron(np.eye(W.shape[1]), X)
    return (2 / len(X) * J.T @ (X @ W - Y).reshape(-1)).reshape(W.shape)


@frobenius_gradient.mistake
def means(X, W, Y):
    """This is mean feature times mean residual. Multiply within each sample first, then add up: that is XᵀR."""
    return 2 * np.outer(np.mean(X, axis=0), np.mean(X @ W - Y, axis=0))


@frobenius_gradient.mistake
def sum_(X, W, Y):
    """The inner sum is missing: each residual holds all the terms of
    (XW)_ij = Σ_l x_il w_lj, not the one with your w_pq alone."""
    N = X.shape[0]
    gradient = np.zeros(W.shape)
    for p in range(W.shape[0]):
        for q in range(W.shape[1]):
            for i in range(N):
                gradient[p, q] += 2 / N * X[i, p] * (X[i, p] * W[p, q] - Y[i, q])
    return gradient


# ----------------------------------------------------------------------------------------------------------------------
gradient_in_X = exercise(
    "gradient_in_X(X, W, Y)",
    chapter="04",
    points=2,
    minutes=8,
    hints=(
        "Now W stays fixed and X moves: the residual R = XW - Y changes by dX W. Which shape has the gradient?",
        "dL = (2/N) ⟨R, dX W⟩. Move W to the other side of the inner product; it stays on the right, as Wᵀ.",
        "The answer is (2/N) R Wᵀ with N = `X.shape[0]`.",
    ),
)


@gradient_in_X.draws
def inputs(draw):
    if not draw.drowns:
        return regression(draw)
    n, d, k = draw.sizes(3)
    # As in `regression`, but for slopes in X: one target is huge in all samples, and its weights are small.
    sizes = np.ones(k)
    sizes[draw.rng.integers(k)] = HUGE
    return draw.array(n, d), draw.array(d, k) / sizes, draw.array(n, k) * sizes


@gradient_in_X.truth
def truth(X, W, Y):
    return complex_step_gradient(lambda X: loss(X, W, Y), X)


@gradient_in_X.wide
def wide(draw):
    return draw.array(10, 5000), draw.array(5000, 3) / 70, draw.array(10, 3)


@gradient_in_X.slopes
def slopes(X, W, Y):
    return lambda X: loss(X, W, Y), (X,)


@gradient_in_X.mistake
def sign(X, W, Y):
    """Your answer is -1 times the gradient: the residual is XW - Y, prediction minus target."""
    return 2 / len(X) * (Y - X @ W) @ W.T


@gradient_in_X.mistake
def factor(X, W, Y):
    """Your answer is half the gradient. The square gives a 2, and this loss has 1/N in front, not 1/(2N)."""
    return 1 / len(X) * (X @ W - Y) @ W.T


@gradient_in_X.mistake
def mean(X, W, Y):
    """The 1/N of the loss is missing: your answer is N times the gradient."""
    return 2 * (X @ W - Y) @ W.T


@gradient_in_X.mistake
def entries(X, W, Y):
    """You divided by the number of entries of Y, n·k, as `np.mean` does. The N of this loss is the number of rows n."""
    return 2 / Y.size * (X @ W - Y) @ W.T


@gradient_in_X.mistake
def columns(X, W, Y):
    """You divided by the number of columns of X. N counts the samples, which are the rows: `X.shape[0]`."""
    return 2 / X.shape[1] * (X @ W - Y) @ W.T


@gradient_in_X.mistake
def norm_square(X, W, Y):
    """This is the gradient of the norm without its square: divided by ‖R‖. The loss holds ‖R‖²."""
    R = X @ W - Y
    return R @ W.T / (len(X) * np.sqrt(np.sum(R**2)))


@gradient_in_X.mistake
def symbol(X, W, Y):
    """This is the gradient in W. Here X is the variable, so the answer has the shape of X."""
    return 2 / len(X) * X.T @ (X @ W - Y)


@gradient_in_X.mistake
def transpose(X, W, Y):
    """W stands behind the residual as it is. Moved across the inner product it becomes Wᵀ."""
    return 2 / len(X) * (X @ W - Y) @ W


@gradient_in_X.mistake
def order(X, W, Y):
    """Wᵀ belongs to the right of the residual, because W stands to the right of X in XW."""
    return 2 / len(X) * W.T @ (X @ W - Y)


@gradient_in_X.mistake
def layout(X, W, Y):
    """This is the transpose of the gradient. The gradient has the shape of X, so it is RWᵀ and not WRᵀ."""
    return 2 / len(X) * W @ (X @ W - Y).T


@gradient_in_X.mistake
def chain_factor(X, W, Y):
    """This is the gradient in the prediction XW, with the shape of Y. One step is left: carry it back to X with Wᵀ."""
    return 2 / len(X) * (X @ W - Y)


@gradient_in_X.mistake
def term(X, W, Y):
    """The targets are missing: that is the gradient of (1/N) ‖XW‖². The residual is XW - Y."""
    return 2 / len(X) * X @ W @ W.T


# ----------------------------------------------------------------------------------------------------------------------
directional_derivative = exercise(
    "directional_derivative(X, W, Y, D)",
    chapter="04",
    points=3,
    minutes=10,
    hints=(
        "Put W + tD into the loss and expand the square. The answer is the coefficient of t: one number.",
        "‖R + tXD‖² = ‖R‖² + 2t⟨R, XD⟩ + t²‖XD‖² with R = XW - Y. The middle term is the one.",
        "The inner product of two matrices is the sum of the products of their entries: `np.sum(R * (X @ D))`. "
        "The factor 2/N stays in front.",
    ),
)


@directional_derivative.draws
def inputs(draw):
    X, W, Y = regression(draw)
    # A short direction: the slope along it is small beside the loss, and a difference quotient shows it.
    return X, W, Y, 1e-2 * W * draw.positive(*W.shape)


@directional_derivative.truth
def truth(X, W, Y, D):
    h = 1e-30
    return float(loss(X, W + 1j * h * D, Y).imag / h)


@directional_derivative.mistake
def sign(X, W, Y, D):
    """Your answer is -1 times the derivative: the residual is XW - Y, prediction minus target."""
    return 2 / len(X) * np.sum((Y - X @ W) * (X @ D))


@directional_derivative.mistake
def factor(X, W, Y, D):
    """Your answer is half the derivative: the two mixed terms of the square are equal, and both count."""
    return 1 / len(X) * np.sum((X @ W - Y) * (X @ D))


@directional_derivative.mistake
def mean(X, W, Y, D):
    """The 1/N of the loss is missing: your answer is N times the derivative."""
    return 2 * np.sum((X @ W - Y) * (X @ D))


@directional_derivative.mistake
def entries(X, W, Y, D):
    """You averaged over the entries, n·k of them, as `np.mean` does. The sum is divided by N, the number of rows."""
    return 2 * np.mean((X @ W - Y) * (X @ D))


@directional_derivative.mistake
def product(X, W, Y, D):
    """Gradient and direction have the same shape, so no matrix product fits. Their inner product is `np.sum(G * D)`."""
    return 2 / len(X) * X.T @ (X @ W - Y) @ D


@directional_derivative.mistake
def norms(X, W, Y, D):
    """You multiplied the two lengths. The angle counts too: the inner product is the sum of `G * D`."""
    G = 2 / len(X) * X.T @ (X @ W - Y)
    return np.linalg.norm(G) * np.linalg.norm(D)


@directional_derivative.mistake
def square(X, W, Y, D):
    """That is ‖XD‖²/N, the square term. The derivative is the term that is linear in D."""
    return np.sum((X @ D) ** 2) / len(X)


@directional_derivative.mistake
def trace(X, W, Y, D):
    """A matrix came back where a number is needed. It is GᵀD, with G the gradient: its trace is the derivative."""
    return 2 / len(X) * (X @ W - Y).T @ X @ D


@directional_derivative.mistake
def sum_(X, W, Y, D):
    """These are the products of gradient and direction, entry by entry. The derivative along D is their sum."""
    return 2 / len(X) * X.T @ (X @ W - Y) * D


@directional_derivative.mistake
def symbol(X, W, Y, D):
    """This is the gradient; the direction D does not appear. Take its inner product with D."""
    return 2 / len(X) * X.T @ (X @ W - Y)


@directional_derivative.mistake
def remainder(X, W, Y, D):
    """This is the whole change of the loss from W to W + D. The derivative is its linear part: leave out ‖XD‖²/N."""
    return (np.sum((X @ (W + D) - Y) ** 2) - np.sum((X @ W - Y) ** 2)) / len(X)


@directional_derivative.mistake
def normalised(X, W, Y, D):
    """You scaled D to length 1. The derivative along D is linear in D: its length belongs to the answer."""
    return 2 / len(X) * np.sum((X @ W - Y) * (X @ D)) / np.sqrt(np.sum(D**2))


@directional_derivative.mistake
def off_diagonal(X, W, Y, D):
    """You summed all entries of the matrix RᵀXD. Only its diagonal counts: the inner product is a trace."""
    return 2 / len(X) * np.sum((X @ W - Y).T @ X @ D)


# ----------------------------------------------------------------------------------------------------------------------
kronecker_jacobian = exercise(
    "kronecker_jacobian(X, k)",
    chapter="04",
    points=2,
    minutes=8,
    hints=(
        "vec stacks columns. Column j of XW is X times column j of W: which block of the Jacobian connects the two?",
        "Every column of W goes through the same X, and no column hears another: k copies of X along the diagonal.",
        "`np.kron(A, B)` puts a copy of B, scaled by the entry of A, into every place of A. Which A has 1 on its "
        "diagonal and 0 elsewhere, and how large is it?",
    ),
)


@kronecker_jacobian.draws
def inputs(draw):
    n, d, k = draw.sizes(3)
    return draw.array(n, d), k


@kronecker_jacobian.truth
def truth(X, k):
    d = X.shape[1]

    def stacked_product(w):
        columns = [X @ w[j * d : (j + 1) * d] for j in range(k)]
        return np.concatenate(columns)

    return complex_step_jacobian(stacked_product, np.zeros(d * k))


@kronecker_jacobian.mistake
def order(X, k):
    """This is X ⊗ I, which belongs to a vec that stacks rows. Ours stacks columns: I ⊗ X."""
    return np.kron(X, np.eye(k))


@kronecker_jacobian.mistake
def layout(X, k):
    """This is the transpose: rows follow the output vec(XW), columns the input vec(W), so X is not transposed."""
    return np.kron(np.eye(k), X.T)


@kronecker_jacobian.mistake
def identity(X, k):
    """The identity has the wrong size: there is one copy of X for each column of W, and W has k columns."""
    return np.kron(np.eye(X.shape[1]), X)


@kronecker_jacobian.mistake
def rows_of_X(X, k):
    """The identity has the wrong size: one copy of X for each column of W, k of them, not one for each row."""
    return np.kron(np.eye(X.shape[0]), X)


@kronecker_jacobian.mistake
def ones(X, k):
    """You put X into every block. Column j of XW depends on column j of W alone: the other blocks are 0."""
    return np.kron(np.ones((k, k)), X)


@kronecker_jacobian.mistake
def tile(X, k):
    """These are k copies of X above each other. They belong on the diagonal of a matrix with d·k columns."""
    return np.tile(X, (k, 1))


@kronecker_jacobian.mistake
def tensor(X, k):
    """This is the Jacobian with four indices, of shape (n, k, d, k). Asked for is its matrix between vecs."""
    return np.einsum("il,jq->ijlq", X, np.eye(k))


# ----------------------------------------------------------------------------------------------------------------------
tensor_jacobian = exercise(
    "tensor_jacobian(X, k)",
    chapter="04",
    points=2,
    minutes=10,
    hints=(
        "The entry [i, j, l, q] is ∂(XW)_ij / ∂w_lq. Write (XW)_ij as a sum: in which of its terms does w_lq stand?",
        "(XW)_ij = Σ_l x_il w_lj. The derivative is x_il when q = j, and 0 otherwise.",
        "`J = np.zeros((n, k, d, k))`, then for every j set `J[:, j, :, j] = X`.",
    ),
)


@tensor_jacobian.draws
def inputs(draw):
    n, d, k = draw.sizes(3)
    return draw.array(n, d), k


@tensor_jacobian.truth
def truth(X, k):
    return complex_step_jacobian(lambda W: X @ W, np.zeros((X.shape[1], k)))


@tensor_jacobian.mistake
def layout(X, k):
    """The axes of the input come first here. Output first, then input: [i, j, l, q] with (XW)_ij and w_lq."""
    return np.einsum("il,jq->lqij", X, np.eye(k))


@tensor_jacobian.mistake
def transpose(X, k):
    """The last two axes are swapped: they follow the shape of W, first l (its row), then q (its column)."""
    return np.einsum("il,jq->ijql", X, np.eye(k))


@tensor_jacobian.mistake
def order(X, k):
    """Your axes are (n, d, k, k), as X and the identity bring them. The order is (n, k, d, k): [i, j, l, q]."""
    return np.einsum("il,jq->iljq", X, np.eye(k))


@tensor_jacobian.mistake
def ones(X, k):
    """The entries with j ≠ q must be 0: column j of XW does not depend on column q of W."""
    return np.einsum("il,jq->ijlq", X, np.ones((k, k)))


@tensor_jacobian.mistake
def reshape(X, k):
    """A reshape of I ⊗ X gets the shape and not the order: NumPy fills row by row, and vec stacks columns."""
    n, d = X.shape
    return np.kron(np.eye(k), X).reshape(n, k, d, k)


@tensor_jacobian.mistake
def unturned(X, k):
    """These are the blocks of I ⊗ X in its own order, (k, n, k, d). Turn the axes: `transpose(1, 0, 3, 2)`."""
    n, d = X.shape
    return np.kron(np.eye(k), X).reshape(k, n, k, d)


@tensor_jacobian.mistake
def matrix(X, k):
    """This is the matrix I ⊗ X between vecs. Asked for is the array with four indices, shape (n, k, d, k)."""
    return np.kron(np.eye(k), X)


@tensor_jacobian.mistake
def three(X, k):
    """One axis is missing: XW has two indices and W has two, so the Jacobian has four, (n, k, d, k)."""
    return np.repeat(X[:, None, :], k, axis=1)


# ----------------------------------------------------------------------------------------------------------------------
trace_gradient = exercise(
    "trace_gradient(A, B)",
    chapter="04",
    points=4,
    minutes=12,
    hints=(
        "f(W) = tr(AWB) is linear in W, so df = tr(A dW B). Bring it into the form ⟨G, dW⟩ = tr(Gᵀ dW).",
        "A trace allows turning the product round in a circle: tr(A dW B) = tr(BA dW). What is Gᵀ?",
        "Gᵀ = BA, so G = (BA)ᵀ. The transpose of a product turns the order round.",
    ),
)


@trace_gradient.draws
def inputs(draw):
    m, n, p = draw.sizes(3)
    return draw.array(m, n), draw.array(p, m)


@trace_gradient.truth
def truth(A, B):
    n, p = A.shape[1], B.shape[0]

    def trace_of_product(W):
        return sum(A[i] @ W @ B[:, i] for i in range(A.shape[0]))

    return complex_step_gradient(trace_of_product, np.zeros((n, p)))


@trace_gradient.wide
def wide(draw):
    return draw.array(3, 250), draw.array(200, 3)


@trace_gradient.slopes
def slopes(A, B):
    return lambda W: np.trace(A @ W @ B), (np.zeros((A.shape[1], len(B))),)


@trace_gradient.mistake
def layout(A, B):
    """This is the transpose of the gradient. df = tr(BA dW) = ⟨G, dW⟩ holds for G = (BA)ᵀ, the shape of W."""
    return B @ A


@trace_gradient.mistake
def order(A, B):
    """The factors are the wrong way round: (BA)ᵀ = AᵀBᵀ. Transposing a product turns its order round."""
    return B.T @ A.T


@trace_gradient.mistake
def cycle(A, B):
    """tr(A dW B) = tr(BA dW), with B in front of A: a trace lets the last factor go to the front, nothing else."""
    return A @ B


@trace_gradient.mistake
def transpose(A, B):
    """One transpose is missing: both A and B lose their place beside W, so both are transposed, AᵀBᵀ."""
    return A.T @ B


@trace_gradient.mistake
def chain_factor(A, B):
    """That is the gradient of tr(AW). Here B multiplies too, and it belongs to the gradient: AᵀBᵀ."""
    return A.T


@trace_gradient.mistake
def hadamard(A, B):
    """`*` multiplies entry by entry. AᵀBᵀ is a matrix product: `A.T @ B.T`."""
    return A.T * B.T


@trace_gradient.mistake
def trace(A, B):
    """A number came back. The trace belongs to f; its gradient has one entry for each entry of W."""
    return np.trace(A.T @ B.T)


@trace_gradient.mistake
def sum_(A, B):
    """This is the gradient of the sum of all entries of AWB. The trace adds up those on its diagonal only."""
    return np.outer(np.sum(A, axis=0), np.sum(B, axis=1))


# ---------------------------------------------------------------------------------------------------------------------
MATRICES = {"X": "n d", "W": "d k", "Y": "n k"}
LOSS = r"L = \frac{1}{n}\|XW - Y\|_F^2"

double_index_derivation = derivation(
    "double_index_derivation",
    Problem(shapes=MATRICES, given=r"f = \|XW - Y\|_F^2", goal=r"\nabla_W f", steps=1),
    chapter="04",
    points=3,
    minutes=10,
    hints=(
        "Go through the letters of the right side, one by one. Which is fixed on the left and summed as well?",
        "The inner sum is a prediction: it runs over the features. Give it a letter of its own, such as l.",
        r"`f = \sum_{k,j} \left(\sum_l x_{kl} w_{lj} - y_{kj}\right)^2` first; then "
        r"`\frac{\partial f}{\partial w_{ij}} = \sum_k 2 x_{ki} \left(\sum_l x_{kl} w_{lj} - y_{kj}\right)`.",
    ),
    mistakes={
        "index": r"""
            f = \sum_{k,j} \left(\sum_l x_{kl} w_{lj} - y_{kj}\right)^2
            \frac{\partial f}{\partial w_{ij}} = \sum_k 2 x_{ki} \left(\sum_i x_{ki} w_{ij} - y_{kj}\right)
        """,
        "sum": r"""
            \frac{\partial f}{\partial w_{ij}} = \sum_k 2 x_{ki} (x_{ki} w_{ij} - y_{kj})
        """,
        "factor": r"""
            \frac{\partial f}{\partial w_{ij}} = \sum_k x_{ki} \left(\sum_l x_{kl} w_{lj} - y_{kj}\right)
        """,
        "sign": r"""
            \frac{\partial f}{\partial w_{ij}} = \sum_k 2 x_{ki} \left(y_{kj} - \sum_l x_{kl} w_{lj}\right)
        """,
    },
)

frobenius_derivation = derivation(
    "frobenius_derivation",
    # D is a step in the variable, for the third proof.
    Problem(shapes={**MATRICES, "D": "d k"}, given=LOSS, goal=r"\nabla_W L"),
    chapter="04",
    points=6,
    minutes=15,
    hints=(
        r"Choose one of the five proofs. The fourth is the shortest: name the residual, `R = XW - Y`, and take "
        "differentials.",
        r"`dR = X dW`, and `dL = \frac{2}{n} \langle R, dR \rangle`.",
        r"Move X to the other side of the inner product: `\langle R, X dW \rangle = \langle X^\top R, dW \rangle`.",
    ),
    mistakes={
        "sign": r"""
            R = XW - Y
            dR = X dW
            \nabla_W L = \frac{2}{n} X^\top (Y - XW)
        """,
        "transpose": r"""
            R = XW - Y
            dL = \frac{2}{n} \langle R, X dW \rangle = \frac{2}{n} \langle X R, dW \rangle
        """,
        "factor": r"""
            R = XW - Y
            dL = \frac{1}{n} \langle R, X dW \rangle
            \nabla_W L = \frac{1}{n} X^\top R
        """,
        "mean": r"""
            R = XW - Y
            dL = 2 \langle R, X dW \rangle
        """,
        "trace": r"""
            R = XW - Y
            dL = \frac{2}{n} R^\top X dW
        """,
        "norm-square": r"""
            R = XW - Y
            L = \frac{1}{n} \|R\|_F
        """,
    },
)

gradient_in_X_derivation = derivation(
    "gradient_in_X_derivation",
    Problem(shapes={**MATRICES, "D": "n d"}, given=LOSS, goal=r"\nabla_X L"),
    chapter="04",
    points=6,
    minutes=15,
    hints=(
        r"The same path, with another matrix moving: `R = XW - Y` and now `dR = dX W`.",
        r"`dL = \frac{2}{n} \langle R, dX W \rangle`. W stands on the right of dX this time.",
        r"`\langle R, dX W \rangle = \langle R W^\top, dX \rangle`: a factor on the right moves over as its transpose, "
        "and stays on the right.",
    ),
    mistakes={
        "sign": r"""
            R = XW - Y
            \nabla_X L = \frac{2}{n} (Y - XW) W^\top
        """,
        "transpose": r"""
            R = XW - Y
            dR = dX W
            \nabla_X L = \frac{2}{n} (XW - Y) W
        """,
        "order": r"""
            R = XW - Y
            dR = W dX
        """,
        "factor": r"""
            R = XW - Y
            dL = \frac{1}{n} \langle R, dX W \rangle
        """,
        "mean": r"""
            R = XW - Y
            \nabla_X L = 2 (XW - Y) W^\top
        """,
        "chain-factor": r"""
            R = XW - Y
            dL = \frac{2}{n} \langle R, dX W \rangle = \frac{2}{n} \langle R, dX \rangle
        """,
    },
)
