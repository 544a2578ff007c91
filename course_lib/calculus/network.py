"""The perceptron with any number of layers: forwards and backwards in one loop each (chapter 8).

    A^0 = X,    Z^l = A^(l-1) W^l + b^l,    A^l = φ(Z^l) for l < L,    P = softmax(Z^L),    loss = -1/n Σ Y log P

    δ^L = (P - Y)/n,          δ^l = (δ^(l+1) (W^(l+1))ᵀ) ⊙ φ′(Z^l),          δ^l is short for ∂loss/∂Z^l
    ∂loss/∂W^l = (A^(l-1))ᵀ δ^l,          ∂loss/∂b^l = the sum of the rows of δ^l

Shapes, here and everywhere: layer l leads from h_(l-1) units to h_l, with h_0 = d features and h_L = k classes. So W^l
is (h_(l-1), h_l), b^l is (h_l,), and Z^l, A^l and δ^l are (n, h_l); X is (n, d), P and Y are (n, k). A sample is a row.
`parameters` are W1, b1, W2, b2, … in this order, as in `mlp`, whose network is the one with two layers and the sigmoid.
`activation` is the name of φ: "sigmoid", "tanh" or "relu".
"""

import numpy as np

from course_lib.calculus.mlp import glorot, moved, require_targets
from course_lib.calculus.softmax import log_sum_exp, sigmoid, softmax


def relu(Z):
    """The rectifier max(0, z), entry by entry. Z of any shape; returns that shape.

    The complex step passes through it wherever there is a derivative: at 0 is a kink, and there is none.
    Source: Nair and Hinton (2010), "Rectified Linear Units Improve Restricted Boltzmann Machines".
    """
    return np.maximum(Z, 0)


# φ and its slope φ′(Z), which is written with the value A = φ(Z): nothing else need be kept from the way forwards.
# At the kink of the ReLU 0 is taken, as scikit-learn and PyTorch do; every number from 0 to 1 would be as good.
ACTIVATIONS = {
    "sigmoid": (sigmoid, lambda A: A * (1 - A)),
    "tanh": (np.tanh, lambda A: 1 - A**2),
    "relu": (relu, lambda A: A.real > 0),
}


def forward(X, *parameters, activation):
    """What every layer hands on, and the probabilities.

    X (n, d), parameters W1 (d, h_1), b1 (h_1,), … as above.
    Returns the list X, A^1, …, A^(L-1), the scores Z^L (n, k) and P (n, k), whose rows are positive and sum to 1.
    Raises ValueError when the shapes do not fit or the activation is not one of the three.
    """
    phi, _ = _activation(activation)
    *hidden, (W, b) = _layers(X, parameters)
    A = [X]
    for W_l, b_l in hidden:
        A.append(phi(A[-1] @ W_l + b_l))
    Z = A[-1] @ W + b
    return A, Z, softmax(Z)


def loss(X, Y, *parameters, activation):
    """Mean cross-entropy of the network, -1/n Σ Y log P: a number, in nats.

    X (n, d), Y (n, k) with rows that sum to 1, the rest as in `forward`, and its errors; no probability is rounded to
    0 before its logarithm is taken.
    """
    _, Z, _ = forward(X, *parameters, activation=activation)
    require_targets(Y, Z)
    return np.sum(log_sum_exp(Z) - np.sum(Y * Z, axis=1)) / len(X)


def signals(A, P, Y, weights, activation):
    """The list δ^1, …, δ^L of the gradients at Z^1, …, Z^L, found from the last to the first.

    A     what `forward` returns: X (n, d), A^1 (n, h_1), …, A^(L-1).
    P, Y  (n, k); the rows of Y sum to 1, see chapter 7.
    weights  W1 (d, h_1), …, WL (h_(L-1), k).
    """
    _, slope = _activation(activation)
    delta = [(P - Y) / len(Y)]
    for A_l, W_next in zip(A[:0:-1], weights[:0:-1], strict=True):
        delta.append((delta[-1] @ W_next.T) * slope(A_l))
    return delta[::-1]


def gradients(X, Y, *parameters, activation):
    """The gradient of the mean cross-entropy in every parameter, by backpropagation.

    X (n, d), Y (n, k) with rows that sum to 1, the rest as in `forward`, and its errors.
    Returns dW1, db1, dW2, db2, …, each in the shape of its parameter.
    """
    A, _, P = forward(X, *parameters, activation=activation)
    require_targets(Y, P)
    delta = signals(A, P, Y, parameters[::2], activation)
    return tuple(
        gradient
        for A_before, delta_l in zip(A, delta, strict=True)
        for gradient in (A_before.T @ delta_l, delta_l.sum(axis=0))
    )


def sgd_step(X, Y, *parameters, lr, activation):
    """The parameters after one gradient step on the batch X, Y: θ - lr · ∂loss/∂θ.

    lr  the learning rate, a number. Other arguments and errors as in `gradients`.
    Returns new W1, b1, W2, b2, …; the ones that were handed in stay as they are.
    """
    return moved(parameters, gradients(X, Y, *parameters, activation=activation), lr)


def initial_parameters(sizes, rng, start=glorot):
    """Where training starts: random weights, biases 0.

    sizes  d, h_1, …, k: the units before the first layer and after every one.
    start  a function of (d, h, rng) that draws the weights of one layer: `mlp.glorot`, or `mlp.he` for ReLUs.
    Returns W1 (d, h_1), b1 (h_1,), …, WL (h_(L-1), k), bL (k,).
    Raises ValueError when there are fewer than two sizes, or one is not positive.
    """
    if len(sizes) < 2:
        raise ValueError(f"the sizes are {tuple(sizes)}, at least two were expected: features and classes")
    steps = zip(sizes[:-1], sizes[1:], strict=True)
    return tuple(value for d, h in steps for value in (start(d, h, rng), np.zeros(h)))


def _activation(name):
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation is {name!r}, one of {', '.join(ACTIVATIONS)} was expected")
    return ACTIVATIONS[name]


def _layers(X, parameters):
    """The pairs (W1, b1), (W2, b2), …, once everything fits: every layer takes up what the one before hands on."""
    if not parameters or len(parameters) % 2:
        raise ValueError(f"there are {len(parameters)} parameters, a matrix and a bias for each layer were expected")
    if np.ndim(X) != 2:
        raise ValueError(f"X has shape {np.shape(X)}, a matrix was expected")
    if not len(X):
        raise ValueError("there are 0 samples, at least one was expected: the mean of nothing is not defined")
    layers = list(zip(parameters[::2], parameters[1::2], strict=True))
    units = X.shape[1]
    for number, (W, b) in enumerate(layers, start=1):
        if np.ndim(W) != 2 or len(W) != units:
            before = f"one row for each of the {units} {'features' if number == 1 else 'units before it'}"
            raise ValueError(f"W{number} has shape {np.shape(W)}, {before} was expected")
        units = W.shape[1]
        if np.shape(b) != (units,):
            raise ValueError(f"b{number} has shape {np.shape(b)}, {(units,)} was expected")
    return layers
