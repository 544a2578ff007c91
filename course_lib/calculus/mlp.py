"""The two-layer perceptron with every derivative written out (chapter 8).

    X ↦ Z1 = X W1 + b1 ↦ A = σ(Z1) ↦ Z2 = A W2 + b2 ↦ P = softmax(Z2),      L = -1/n Σ Y log P

Shapes, here and everywhere: X (n, d), W1 (d, h), b1 (h,), Z1 and A (n, h), W2 (h, k), b2 (k,), Z2, P and Y (n, k).
A sample is a row; b1 and b2 are added to every row; the rows of Y are one-hot. `dV` is short for ∂L/∂V and has the
shape of V. The factor 1/n enters once, in dZ2, and everything behind it inherits it.
Source: Choi, lecture slides "Gradient Descent Method: Backpropagation", with the transpose in dW1 mended.
"""

import numpy as np

from course_lib.calculus.softmax import log_sum_exp, sigmoid, softmax


def forward(X, W1, b1, W2, b2):
    """Every intermediate value of the network, in the order in which it is computed.

    X (n, d), W1 (d, h), b1 (h,), W2 (h, k), b2 (k,).
    Returns Z1 (n, h), A (n, h), Z2 (n, k), P (n, k); each row of P is positive and sums to 1.
    Raises ValueError when the shapes do not fit.
    """
    _require_fit(X, W1, b1, W2, b2)
    Z1 = X @ W1 + b1
    A = sigmoid(Z1)
    Z2 = A @ W2 + b2
    P = softmax(Z2)
    return Z1, A, Z2, P


def loss(X, Y, W1, b1, W2, b2):
    """Mean cross-entropy of the network, -1/n Σ Y log P: a number, in nats.

    X (n, d), Y (n, k) with rows that sum to 1, parameters as in `forward`.
    Written with log P = Z2 - log Σ exp Z2, so that no probability is rounded to 0 before its logarithm is taken.
    Raises ValueError when the shapes do not fit.
    """
    _, _, Z2, _ = forward(X, W1, b1, W2, b2)
    _require_targets(Y, Z2)
    return np.sum(log_sum_exp(Z2) - np.sum(Y * Z2, axis=1)) / len(X)


def output_signal(P, Y):
    """∂L/∂Z2 = (P - Y) / n: the softmax and the cross-entropy, backwards in one step.

    P, Y (n, k); returns (n, k). The rows of Y must sum to 1, see chapter 7.
    """
    return (P - Y) / len(Y)


def output_layer_gradients(A, P, Y):
    """∂L/∂W2 and ∂L/∂b2, for the mean over the batch.

    A (n, h), P and Y (n, k). Returns dW2 (h, k) and db2 (k,).
    """
    dZ2 = output_signal(P, Y)
    return A.T @ dZ2, dZ2.sum(axis=0)


def hidden_signal(dZ2, W2, A):
    """∂L/∂Z1: the signal pulled back through W2, then through the sigmoid, whose derivative is σ(1 - σ).

    dZ2 (n, k), W2 (h, k), A (n, h). Returns (n, h).
    """
    return (dZ2 @ W2.T) * A * (1 - A)


def input_layer_gradients(X, dZ1):
    """∂L/∂W1 and ∂L/∂b1: the sum over the samples is inside the matrix product.

    X (n, d), dZ1 (n, h). Returns dW1 (d, h) and db1 (h,).
    """
    return X.T @ dZ1, dZ1.sum(axis=0)


def gradients(X, Y, W1, b1, W2, b2):
    """All four gradients of the mean cross-entropy, by backpropagation.

    X (n, d), Y (n, k) with rows that sum to 1, parameters as in `forward`.
    Returns dW1, db1, dW2, db2, each in the shape of its parameter.
    Raises ValueError when the shapes do not fit.
    """
    _, A, _, P = forward(X, W1, b1, W2, b2)
    _require_targets(Y, P)
    dW2, db2 = output_layer_gradients(A, P, Y)
    dZ1 = hidden_signal(output_signal(P, Y), W2, A)
    dW1, db1 = input_layer_gradients(X, dZ1)
    return dW1, db1, dW2, db2


def sgd_step(X, Y, W1, b1, W2, b2, lr):
    """The parameters after one gradient step on the batch X, Y: θ - lr · ∂L/∂θ.

    lr  the learning rate, a number. Other arguments as in `gradients`.
    Returns new W1, b1, W2, b2; the ones that were handed in stay as they are.
    Raises ValueError when the shapes do not fit.
    """
    dW1, db1, dW2, db2 = gradients(X, Y, W1, b1, W2, b2)
    return W1 - lr * dW1, b1 - lr * db1, W2 - lr * dW2, b2 - lr * db2


def sgd_step_in_place(X, Y, W1, b1, W2, b2, lr):
    """The step of `sgd_step`, written over the parameters that were handed in; for training, where time counts.

    Arguments as in `sgd_step`; the parameters are arrays of floats. Returns nothing.
    Raises ValueError when the shapes do not fit; then no parameter has changed.
    """
    _require_fit(X, W1, b1, W2, b2)
    Z1 = X @ W1
    Z1 += b1
    A = sigmoid(Z1)
    dZ2 = softmax(A @ W2 + b2)
    _require_targets(Y, dZ2)
    dZ2 -= Y
    # The learning rate travels along with 1/n, so what arrives at a parameter is its step.
    dZ2 *= lr / len(X)
    dZ1 = dZ2 @ W2.T
    dZ1 *= A
    # Z1 is not needed any more; its memory takes 1 - A.
    dZ1 *= np.subtract(1, A, out=Z1)
    W1 -= X.T @ dZ1
    b1 -= dZ1.sum(axis=0)
    W2 -= A.T @ dZ2
    b2 -= dZ2.sum(axis=0)


def _require_fit(X, W1, b1, W2, b2):
    for name, matrix in (("X", X), ("W1", W1), ("W2", W2)):
        if np.ndim(matrix) != 2:
            raise ValueError(f"{name} has shape {np.shape(matrix)}, a matrix was expected")
    (n, d), (h, k) = X.shape, W2.shape
    if n == 0:
        raise ValueError("there are 0 samples, at least one was expected: the mean of nothing is not defined")
    if W1.shape[1] != h:
        found = f"W1 has {W1.shape[1]} columns and W2 has {h} rows"
        raise ValueError(f"{found}, one number of hidden units was expected for both")
    for name, array, shape in (("W1", W1, (d, h)), ("b1", b1, (h,)), ("b2", b2, (k,))):
        if np.shape(array) != shape:
            raise ValueError(f"{name} has shape {np.shape(array)}, {shape} was expected")


def _require_targets(Y, P):
    if np.shape(Y) != P.shape:
        raise ValueError(f"Y has shape {np.shape(Y)}, {P.shape} was expected: one row for each sample")
