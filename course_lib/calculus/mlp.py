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
    require_targets(Y, Z2)
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
    require_targets(Y, P)
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
    parameters = W1, b1, W2, b2
    return moved(parameters, gradients(X, Y, *parameters), lr)


def moved(parameters, slopes, lr):
    """θ - lr · ∂L/∂θ for every parameter θ. The memory of the slopes holds the answer, so they are gone afterwards."""
    for theta, slope in zip(parameters, slopes, strict=True):
        # `theta - lr * slope` would ask for fresh memory twice, and to get that costs as much as a small product.
        slope *= -lr
        slope += theta
    return slopes


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


def require_targets(Y, P):
    """Raise ValueError unless the targets Y have the shape (n, k) of the predictions P."""
    if np.shape(Y) != P.shape:
        raise ValueError(f"Y has shape {np.shape(Y)}, {P.shape} was expected: one row for each sample")


# ----------------------------------------------------------------------------------------------------------------------
# Training (chapter 9). `parameters` is the tuple (W1, b1, W2, b2) everywhere.


def glorot(d, h, rng):
    """Random weights of a layer from d units to h: even on ±sqrt(6/(d + h)), so their variance is 2/(d + h).

    d, h  whole numbers, at least 1; rng  a numpy Generator, which moves on.
    Returns (d, h).
    Source: Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks".
    """
    _require_units(d, h)
    limit = np.sqrt(6 / (d + h))
    return rng.uniform(-limit, limit, (d, h))


def he(d, h, rng):
    """Random weights of a layer from d units to h ReLUs: normal, with variance 2/d.

    A ReLU lets half of the squares through, and the 2 makes up for it: values keep their size from layer to layer.
    d, h  whole numbers, at least 1; rng  a numpy Generator, which moves on.
    Returns (d, h).
    Source: He, Zhang, Ren and Sun (2015), "Delving Deep into Rectifiers".
    """
    _require_units(d, h)
    return rng.normal(0, np.sqrt(2 / d), (d, h))


def _require_units(d, h):
    if d < 1 or h < 1:
        raise ValueError(f"a layer from {d} units to {h} was asked for, at least 1 on each side was expected")


def initial_parameters(d, h, k, rng):
    """Where training starts: random weights (`glorot`), biases 0. Returns W1 (d, h), b1 (h,), W2 (h, k), b2 (k,)."""
    return glorot(d, h, rng), np.zeros(h), glorot(h, k, rng), np.zeros(k)


def one_hot(labels, k):
    """Targets: row i is 1 in column labels[i] and 0 elsewhere.

    labels (n,), whole numbers from 0 to k - 1. Returns (n, k), float.
    Raises ValueError when a label is not one of the k classes.
    """
    _require_classes(labels, k, "labels")
    Y = np.zeros((len(labels), k))
    Y[np.arange(len(labels)), labels] = 1
    return Y


def accuracy(P, labels):
    """Share of the samples whose largest probability stands in the column of their label: a number in [0, 1].

    P (n, k), labels (n,). Raises ValueError when the lengths differ or there is no sample.
    """
    if len(P) != len(labels) or not len(P):
        raise ValueError(f"P has {len(P)} rows and there are {len(labels)} labels, as many of each were expected")
    return float(np.mean(np.argmax(P, axis=1) == labels))


def confusion_matrix(labels, predicted, k):
    """How often each class was taken for each: C[i, j] counts the samples of class i that were called j.

    labels, predicted (n,), whole numbers from 0 to k - 1. Returns (k, k), whole numbers that sum to n.
    Raises ValueError when the lengths differ or a class is not one of the k.
    """
    if np.shape(labels) != np.shape(predicted):
        raise ValueError(f"labels has shape {np.shape(labels)} and predicted {np.shape(predicted)}, one was expected")
    _require_classes(labels, k, "labels")
    _require_classes(predicted, k, "predicted")
    C = np.zeros((k, k), dtype=int)
    # `C[labels, predicted] += 1` would count a pair once, however often it occurs.
    np.add.at(C, (labels, predicted), 1)
    return C


def weight_decay_gradients(dW1, db1, dW2, db2, W1, W2, lam):
    """The gradients with those of the penalty lam/2 (‖W1‖² + ‖W2‖²) added; the biases are not decayed.

    dW1, W1 (d, h); db1 (h,); dW2, W2 (h, k); db2 (k,); lam  a number, at least 0. Returns dW1, db1, dW2, db2.
    Raises ValueError when lam is negative: the weights would grow without bound.
    """
    if lam < 0:
        raise ValueError(f"the weight decay is {lam}, a number from 0 on was expected")
    return dW1 + lam * W1, db1, dW2 + lam * W2, db2


def sgd_epoch(X, Y, W1, b1, W2, b2, lr, batches, lam=0.0):
    """The parameters after one gradient step for each batch, one after the other.

    batches  index arrays into the rows of X and Y, in the order of their steps.
    lr  the learning rate; lam  the weight decay. Other arguments as in `gradients`.
    Returns new W1, b1, W2, b2; the ones that were handed in stay as they are.
    """
    for rows in batches:
        slopes = gradients(X[rows], Y[rows], W1, b1, W2, b2)
        slopes = weight_decay_gradients(*slopes, W1, W2, lam)
        W1, b1, W2, b2 = moved((W1, b1, W2, b2), slopes, lr)
    return W1, b1, W2, b2


def _require_classes(labels, k, name):
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"{name} has shape {labels.shape} and type {labels.dtype}, whole numbers (n,) were expected")
    if labels.size and not 0 <= labels.min() <= labels.max() < k:
        raise ValueError(f"{name} holds {labels.min()} to {labels.max()}, classes 0 to {k - 1} were expected")
