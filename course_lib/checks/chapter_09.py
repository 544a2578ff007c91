"""Chapter 9: training on handwritten digits."""

import numpy as np

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks.chapter_08 import gradients_by_definition, labels, logistic
from course_lib.checks.comparing import close, is_array
from course_lib.checks.drawing import HUGE
from course_lib.checks.specification import exercise

# ----------------------------------------------------------------------------------------------------------------------
glorot_init = exercise(
    "glorot_init(d, h, rng)",
    chapter="09",
    points=2,
    minutes=6,
    hints=(
        "Three things are asked: the shape, the largest size that an entry may have, and that all sizes below it are "
        "equally likely on both sides of 0.",
        "`rng.uniform(low, high, shape)` draws from low to high. What are low and high here?",
        "With `limit = np.sqrt(6 / (d + h))` it is `rng.uniform(-limit, limit, (d, h))`.",
    ),
)


@glorot_init.draws
def inputs(draw):
    d, h = draw.sizes(2)
    return d + 20, h + 10, np.random.default_rng(draw.rng.integers(2**32))


@glorot_init.accepts
def fault(value, d, h, rng):
    """Any order of the generator's own even draws is right: filling columns first is as good as rows first."""
    limit = np.sqrt(6 / (d + h))
    if not is_array(value) or value.dtype.kind != "f":
        return "kind", f"The value is no array of real numbers; one of shape {(d, h)} was expected."
    if value.shape != (d, h):
        return "shape", f"The value has shape {value.shape}, {(d, h)} was expected for d = {d}, h = {h}."
    if not np.all(np.isfinite(value)):
        return "not finite", f"The value holds entries that are no finite numbers, with d = {d}, h = {h}."
    if np.max(np.abs(value)) > limit * (1 + 1e-12):
        largest = np.max(np.abs(value))
        return "wrong", f"With d = {d}, h = {h} an entry has the size {largest:.4g}; at most {limit:.4g} is allowed."
    if not _drawn_from(value, limit, rng):
        spread = np.std(value) / limit
        return "wrong", (
            f"The entries are not the uniform draws of `rng` on ±{limit:.4g}: their standard deviation is {spread:.3f} "
            "of that limit, about 0.577 is right. Draw all of them with `rng.uniform`, and nothing else."
        )
    return None


def _drawn_from(value, limit, rng):
    """Whether the entries, in any order, are the next even draws of the generator on ±limit."""
    expected = np.sort(limit * (2 * rng.random(value.size) - 1))
    return any(close(np.sort(side * value.ravel()), expected, 1e-8) for side in (1, -1))


def _even_but_not_from_rng(value, d, h, rng):
    """Whether the spread is right, but the numbers come from elsewhere."""
    limit = np.sqrt(6 / (d + h))
    if not is_array(value) or value.shape != (d, h) or value.dtype.kind != "f":
        return False
    # Over at least 300 entries the spread of even draws is within 0.1 of 1/√3 with a margin of five deviations.
    even = np.max(np.abs(value)) <= limit * (1 + 1e-12) and abs(np.std(value) / limit - 3**-0.5) < 0.1
    return bool(even and abs(np.mean(value)) < 0.3 * limit and not _drawn_from(value, limit, rng))


@glorot_init.mistake(shown=_even_but_not_from_rng)
def generator(d, h, rng):
    """The spread is right, but the numbers do not come from `rng`. Draw with
    `rng.uniform`, so that the same seed gives the same network."""
    limit = np.sqrt(6 / (d + h))
    return np.random.uniform(-limit, limit, (d, h))


@glorot_init.mistake
def factor(d, h, rng):
    """√(2/(d + h)) is the standard deviation. Uniform draws with that deviation reach √3 times as far."""
    limit = np.sqrt(2 / (d + h))
    return rng.uniform(-limit, limit, (d, h))


@glorot_init.mistake
def normal(d, h, rng):
    """These are normal draws. They have the right spread, but the exercise asks for uniform ones: `rng.uniform`."""
    return rng.normal(0, np.sqrt(2 / (d + h)), (d, h))


@glorot_init.mistake
def sign(d, h, rng):
    """All of your weights are positive. Half of them belong below 0: draw from -limit to limit."""
    return rng.uniform(0, np.sqrt(6 / (d + h)), (d, h))


@glorot_init.mistake
def root(d, h, rng):
    """The square root is missing: 6/(d + h) is the square of the limit."""
    limit = 6 / (d + h)
    return rng.uniform(-limit, limit, (d, h))


@glorot_init.mistake
def term(d, h, rng):
    """Your limit knows the inputs alone, √(6/d). The signal that comes back meets h units: √(6/(d + h))."""
    limit = np.sqrt(6 / d)
    return rng.uniform(-limit, limit, (d, h))


@glorot_init.mistake
def layout(d, h, rng):
    """This is h × d. A weight matrix stands to the right of the rows it takes, X @ W, so it is d × h."""
    limit = np.sqrt(6 / (d + h))
    return rng.uniform(-limit, limit, (h, d))


@glorot_init.mistake
def zeros(d, h, rng):
    """All entries are 0: every hidden unit would do the same for ever. Draw them with `rng`."""
    return np.zeros((d, h))


def _another_spread(value, d, h, rng):
    """Whether the weights are spread otherwise than even draws on ±limit, and are no zeros."""
    limit = np.sqrt(6 / (d + h))
    whole = is_array(value) and value.shape == (d, h) and value.dtype.kind == "f" and bool(np.all(np.isfinite(value)))
    return whole and np.std(value) > 0 and abs(np.std(value) / limit - 3**-0.5) > 0.1


@glorot_init.mistake(shown=_another_spread)
def spread(d, h, rng):
    """The spread is not the one that is asked for. Uniform draws on ±√(6/(d + h)) have the deviation √(2/(d + h)),
    which shrinks as the layer grows; a fixed factor such as 0.01 does not."""
    return rng.normal(size=(d, h)) * 0.01


# ----------------------------------------------------------------------------------------------------------------------
one_hot = exercise(
    "one_hot(labels, k)",
    chapter="09",
    points=1,
    minutes=5,
    hints=(
        "Row i is 0 everywhere but in column labels[i]. Start from an array of zeros of the right shape.",
        "With two index arrays, `Y[rows, columns] = 1` sets one entry for each pair. Which are the rows?",
        "`Y = np.zeros((len(labels), k))`, then `Y[np.arange(len(labels)), labels] = 1`. Or take rows of `np.eye(k)`.",
    ),
)


@one_hot.draws
def inputs(draw):
    n, k = draw.sizes(2)
    n, k = n + 8, k + 1
    # The last class never occurs, and the first one only in every other draw: k alone says how many columns there are.
    return draw.rng.integers(draw.index % 2, k - 1, size=n), k


@one_hot.truth
def truth(labels, k):
    return np.array([[1.0 if label == j else 0.0 for j in range(k)] for label in labels])


@one_hot.mistake
def layout(labels, k):
    """This is the transpose: a sample is a row, so the rows follow the labels."""
    return np.eye(k)[:, labels]


@one_hot.mistake
def classes(labels, k):
    """Your columns stop at the largest label that occurs. There are k classes, whether or not each of them occurs."""
    return np.eye(np.max(labels) + 1)[labels]


@one_hot.mistake
def unique(labels, k):
    """Your columns are the labels that occur. There are k classes, whether or not each of them occurs."""
    found, places = np.unique(labels, return_inverse=True)
    return np.eye(len(found))[places]


@one_hot.mistake
def offset(labels, k):
    """The ones stand one column too far left: labels count from 0, as columns do."""
    Y = np.zeros((len(labels), k))
    Y[np.arange(len(labels)), labels - 1] = 1
    return Y


@one_hot.mistake
def index(labels, k):
    """`Y[:, labels] = 1` fills whole columns. Give each row its own column: `Y[np.arange(len(labels)), labels] = 1`."""
    Y = np.zeros((len(labels), k))
    Y[:, labels] = 1
    return Y


@one_hot.mistake
def value(labels, k):
    """You wrote the label itself into its column. A one stands there, whatever the label is."""
    Y = np.zeros((len(labels), k))
    Y[np.arange(len(labels)), labels] = labels
    return Y


@one_hot.mistake
def rows(labels, k):
    """`Y[labels] = 1` fills whole rows. Each row gets a single 1, in its own column: `Y[np.arange(n), labels] = 1`."""
    Y = np.zeros((len(labels), k))
    Y[labels] = 1
    return Y


# ----------------------------------------------------------------------------------------------------------------------
accuracy = exercise(
    "accuracy(P, labels)",
    chapter="09",
    points=1,
    minutes=5,
    hints=(
        "The network's answer for a sample is the class with the largest probability. Where does that one stand?",
        "`P.argmax(axis=1)` gives one class for each row. Compare it with the labels: an array of True and False.",
        "The mean of True and False is the share of True: `np.mean(P.argmax(axis=1) == labels)`.",
    ),
)


def shares(Z):
    E = np.exp(Z)
    return E / E.sum(axis=1, keepdims=True)


@accuracy.draws
def inputs(draw):
    n, k = draw.sizes(2)
    n = n + 8
    P = shares(draw.array(n, k))
    answers = P.argmax(axis=1)
    # Between a half and all of them right, and never exactly half: 1 - accuracy is another number.
    wrong = draw.rng.permutation(n)[: n // 3]
    answers[wrong] = (answers[wrong] + draw.rng.integers(1, k, size=len(wrong))) % k
    return P, answers


@accuracy.truth
def truth(P, labels):
    right = 0
    for row, label in zip(P, labels, strict=True):
        right += all(row[label] >= other for other in row)
    return right / len(labels)


@accuracy.mistake
def mean(P, labels):
    """This is how many samples are right. The accuracy is their share: divide by n."""
    return np.sum(P.argmax(axis=1) == labels)


@accuracy.mistake
def factor(P, labels):
    """This is in per cent. Return the share itself, a number from 0 to 1."""
    return 100 * np.mean(P.argmax(axis=1) == labels)


@accuracy.mistake
def sign(P, labels):
    """This is the share of the samples that are wrong: 1 minus the accuracy."""
    return np.mean(P.argmax(axis=1) != labels)


@accuracy.mistake
def axis(P, labels):
    """You looked for the largest entry of each column. A sample is a row: `argmax(axis=1)`."""
    return np.mean(P.argmax(axis=0) == labels)


@accuracy.mistake
def probability(P, labels):
    """This is the mean probability of the right class. The accuracy counts: right or not right, however sure."""
    return np.mean(P[np.arange(len(P)), labels])


@accuracy.mistake
def threshold(P, labels):
    """You ask for a probability above one half. With more than two classes the largest may lie below: take argmax."""
    return np.mean(P[np.arange(len(P)), labels] > 0.5)


@accuracy.mistake
def entries(P, labels):
    """You compared all n · k entries, and most of them are 0 in both. Compare one answer for each sample."""
    return np.mean(np.round(P) == np.eye(P.shape[1])[labels])


@accuracy.mistake
def max_(P, labels):
    """By your count no answer is right. A label is compared with the place of the largest probability in its own row,
    `argmax(axis=1)`: not with that probability, and not with one place in the whole matrix."""
    return np.mean(P.max(axis=1) == labels)


# ----------------------------------------------------------------------------------------------------------------------
confusion_matrix = exercise(
    "confusion_matrix(labels, predicted, k)",
    chapter="09",
    points=2,
    minutes=8,
    hints=(
        "Start from a k × k array of zeros and go through the samples: which entry does a sample add 1 to?",
        "A loop over `zip(labels, predicted)` with `C[i, j] += 1` is fine. Rows belong to the truth.",
        "Without a loop `C[labels, predicted] += 1` counts a pair once, however often it occurs; "
        "`np.add.at(C, (labels, predicted), 1)` counts all of them.",
    ),
)


@confusion_matrix.draws
def inputs(draw):
    n, k = draw.sizes(2)
    truth = np.append(np.arange(k), draw.rng.integers(k, size=n + 8))
    # About half are right; class 0 is often taken for class 1 and never the other way round; class k - 1 is never seen.
    called = np.where(draw.rng.random(len(truth)) < 0.5, truth, draw.rng.integers(1, k - 1, size=len(truth)))
    truth, called = np.append(truth, [0, 0, 0]), np.append(np.minimum(called, k - 2), [1, 1, 1])
    order = draw.rng.permutation(len(truth))
    truth, called = truth[order], called[order]
    if draw.index % 2:
        # A class in the middle that nobody has and nobody is called.
        truth, called, k = truth + (truth > 1), called + (called > 1), k + 1
    # And the last one never occurs: k alone says how many there are.
    return truth, called, k + 1


@confusion_matrix.truth
def truth(labels, predicted, k):
    pairs = list(zip(labels.tolist(), predicted.tolist(), strict=True))
    return np.array([[pairs.count((i, j)) for j in range(k)] for i in range(k)])


@confusion_matrix.mistake
def layout(labels, predicted, k):
    """This is the transpose: rows belong to the true class, columns to the prediction."""
    C = np.zeros((k, k), dtype=int)
    np.add.at(C, (predicted, labels), 1)
    return C


@confusion_matrix.mistake
def accumulate(labels, predicted, k):
    """Every pair was counted once, however often it occurs: with index arrays,
    `+=` writes each place one time. Use a loop or `np.add.at`."""
    C = np.zeros((k, k), dtype=int)
    C[labels, predicted] += 1
    return C


@confusion_matrix.mistake
def share(labels, predicted, k):
    """Your rows are divided by their sums. Return the counts themselves."""
    C = np.zeros((k, k))
    np.add.at(C, (labels, predicted), 1)
    return C / C.sum(axis=1, keepdims=True)


@confusion_matrix.mistake
def mean(labels, predicted, k):
    """Your entries are divided by n. Return the counts themselves."""
    C = np.zeros((k, k))
    np.add.at(C, (labels, predicted), 1)
    return C / len(labels)


@confusion_matrix.mistake
def diagonal(labels, predicted, k):
    """Only the right answers are counted. Off the diagonal stand the confusions."""
    return np.diag(np.bincount(labels[labels == predicted], minlength=k))


@confusion_matrix.mistake
def term(labels, predicted, k):
    """The right answers are missing: a sample of class i that was called i adds 1 to C[i, i]."""
    C = np.zeros((k, k), dtype=int)
    np.add.at(C, (labels, predicted), 1)
    return C - np.diag(np.diag(C))


@confusion_matrix.mistake
def classes(labels, predicted, k):
    """The matrix stops at the largest class that occurs. There are k classes, whether or not each of them
    occurs: k × k."""
    size = max(np.max(labels), np.max(predicted)) + 1
    C = np.zeros((size, size), dtype=int)
    np.add.at(C, (labels, predicted), 1)
    return C


@confusion_matrix.mistake
def unique(labels, predicted, k):
    """Rows and columns are the classes that occur, moved together. There are k classes, whether or not each of them
    occurs: row i is class i."""
    names = np.unique(np.concatenate([labels, predicted]))
    C = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(C, (np.searchsorted(names, labels), np.searchsorted(names, predicted)), 1)
    return C


# ----------------------------------------------------------------------------------------------------------------------
sgd_epoch = exercise(
    "sgd_epoch(X, Y, W1, b1, W2, b2, lr, batches)",
    chapter="09",
    keeps=("X", "Y", "W1", "b1", "W2", "b2"),
    points=2,
    minutes=15,
    hints=(
        "One pass of a loop for each batch. What does the gradient of a batch need from X and from Y?",
        "`X[rows]` and `Y[rows]` pick the batch. The gradients are those of the parameters as the step before left "
        "them.",
        "In the loop: `dW1, db1, dW2, db2 = backprop(X[rows], Y[rows], W1, b1, W2, b2)`, then four lines such as "
        "`W1 = W1 - lr * dW1`. After the loop return all four.",
    ),
    returns=("W1", "b1", "W2", "b2"),
)


@sgd_epoch.draws
def inputs(draw):
    # Small layers: the truth takes one complex step for each weight and each batch. Every size changes every time.
    d, h, k = np.roll((3, 4, 5, 6), draw.index)[:3]
    # Batches of different sizes, none of them in the order of the rows; the last is the smallest, as it is in practice.
    cuts = (5, 9) if draw.index == 3 else (7 + draw.index,)
    batches = tuple(np.split(draw.rng.permutation(12), cuts))
    W1, b1, W2, b2 = draw.array(d, h) / np.sqrt(d), draw.array(h), draw.array(h, k), draw.array(k)
    # One unit is nearly off: a sigmoid that is cut off shows.
    b1[0] = -7.0
    return draw.array(12, d), labels(draw, 12, k), W1, b1, W2, b2, draw.number(0.3, 0.9), batches


@sgd_epoch.truth
def truth(X, Y, W1, b1, W2, b2, lr, batches):
    parameters = (W1, b1, W2, b2)
    for rows in batches:
        slopes = gradients_by_definition(logistic, X[rows], Y[rows], *parameters)
        parameters = tuple(value - lr * slope for value, slope in zip(parameters, slopes, strict=True))
    return parameters


EPOCH = """
    for rows in batches:
        x, y = X[rows], Y[rows]
        A = 1 / (1 + np.exp(-(x @ W1 + b1)))
        E = np.exp(A @ W2 + b2)
        P = E / E.sum(axis=1, keepdims=True)
        dZ2 = (P - y) / len(rows)
        dZ1 = (dZ2 @ W2.T) * A * (1 - A)
        dW1, db1, dW2, db2 = x.T @ dZ1, dZ1.sum(axis=0), A.T @ dZ2, dZ2.sum(axis=0)
        W1, b1 = W1 - lr * dW1, b1 - lr * db1
        W2, b2 = W2 - lr * dW2, b2 - lr * db2
    return W1, b1, W2, b2
"""
sgd_epoch.slip(
    "sign",
    "You went uphill: a step goes against the gradient, W1 - lr * dW1.",
    EPOCH,
    ("W1 - lr * dW1, b1 - lr * db1", "W1 + lr * dW1, b1 + lr * db1"),
    ("W2 - lr * dW2, b2 - lr * db2", "W2 + lr * dW2, b2 + lr * db2"),
)
sgd_epoch.slip(
    "total",
    "`np.sum` without an axis adds up everything, so all biases of a layer moved by one number. Each has "
    "a slope of its "
    "own: sum over the samples alone, `axis=0`.",
    EPOCH,
    ("dZ1.sum(axis=0)", "dZ1.sum()"),
    ("dZ2.sum(axis=0)", "dZ2.sum()"),
)
sgd_epoch.slip(
    "bias-from-weights",
    "The biases moved by sums of the weight gradients. A bias meets no input: add up the rows of dZ1 and of dZ2.",
    EPOCH,
    ("dZ1.sum(axis=0)", "(x.T @ dZ1).sum(axis=0)"),
    ("dZ2.sum(axis=0)", "(A.T @ dZ2).sum(axis=0)"),
)
sgd_epoch.slip(
    "mean",
    "The gradients of a batch were divided by the number of all samples. The mean runs over the batch, `len(rows)`.",
    EPOCH,
    ("/ len(rows)", "/ len(X)"),
)
sgd_epoch.slip(
    "sum",
    "The gradients of a batch were added up, not averaged: divide by the number of its samples, `len(rows)`.",
    EPOCH,
    (" / len(rows)", ""),
)
sgd_epoch.slip(
    "return",
    "You returned after the first batch: the `return` stands inside the loop. Move it to the left.",
    EPOCH,
    ("    return W1, b1, W2, b2", "        return W1, b1, W2, b2"),
)
sgd_epoch.slip(
    "batches",
    "Every step used all samples. Each one takes its own rows alone: X[rows] and Y[rows].",
    EPOCH,
    ("X[rows], Y[rows]", "X, Y"),
    ("/ len(rows)", "/ len(X)"),
)
sgd_epoch.slip(
    "index",
    "The batches were cut off in the order of the rows. `rows` says which samples belong to a batch: X[rows], Y[rows].",
    "    start = 0" + EPOCH,
    ("x, y = X[rows], Y[rows]", "x, y = X[start : start + len(rows)], Y[start : start + len(rows)]"),
    ("b2 = W2 - lr * dW2, b2 - lr * db2", "b2 = W2 - lr * dW2, b2 - lr * db2\n        start += len(rows)"),
)
sgd_epoch.slip(
    "targets",
    "The pictures and the targets do not belong together: pick the rows of both, X[rows] and Y[rows].",
    EPOCH,
    ("Y[rows]", "Y[: len(rows)]"),
)
sgd_epoch.slip(
    "stale",
    "All gradients were taken at the first parameters. Each batch starts from where the batch before it arrived.",
    "    V1, c1, V2, c2 = W1, b1, W2, b2" + EPOCH,
    ("x @ W1 + b1", "x @ V1 + c1"),
    ("A @ W2 + b2", "A @ V2 + c2"),
    ("dZ2 @ W2.T", "dZ2 @ V2.T"),
)
sgd_epoch.slip(
    "order",
    "W2 was moved before the signal went back through it. All four gradients belong to the same parameters: compute "
    "them first, then move.",
    EPOCH,
    ("        dZ1 =", "        V2 = W2 - lr * (A.T @ dZ2)\n        dZ1 ="),
    ("dZ2 @ W2.T", "dZ2 @ V2.T"),
)
sgd_epoch.slip(
    "learning-rate",
    "The learning rate was left out: the step is lr times the gradient.",
    EPOCH,
    ("W1 - lr * dW1, b1 - lr * db1", "W1 - dW1, b1 - db1"),
    ("W2 - lr * dW2, b2 - lr * db2", "W2 - dW2, b2 - db2"),
)
sgd_epoch.slip(
    "biases",
    "The weights are moved, the biases are not. They are parameters too: b1 - lr * db1 and b2 - lr * db2.",
    EPOCH,
    ("W1 - lr * dW1, b1 - lr * db1", "W1 - lr * dW1, b1"),
    ("W2 - lr * dW2, b2 - lr * db2", "W2 - lr * dW2, b2"),
)
sgd_epoch.slip(
    "gradients",
    "These are the gradients of the last batch. The exercise asks for the parameters after all steps.",
    EPOCH,
    ("    return W1, b1, W2, b2", "    return dW1, db1, dW2, db2"),
)


sgd_epoch.slip(
    "mean-twice",
    "The gradients were divided by the size of the batch twice: `backprop` takes the mean over its rows already.",
    EPOCH,
    ("/ len(rows)", "/ len(rows) ** 2"),
)
sgd_epoch.slip(
    "one-step",
    "You took one step with all samples. Each batch brings a step of its own, with its rows alone.",
    EPOCH,
    ("for rows in batches:", "for rows in [np.arange(len(X))]:"),
)
sgd_epoch.slip(
    "averaged",
    "You averaged the gradients of all batches and took one step. Step after each batch, and go on from there.",
    "    V1, c1, V2, c2 = W1, b1, W2, b2" + EPOCH,
    ("x @ W1 + b1", "x @ V1 + c1"),
    ("A @ W2 + b2", "A @ V2 + c2"),
    ("dZ2 @ W2.T", "dZ2 @ V2.T"),
    ("/ len(rows)", "/ len(rows) / len(batches)"),
)

# ----------------------------------------------------------------------------------------------------------------------
weight_decay_gradients = exercise(
    "weight_decay_gradients(dW1, db1, dW2, db2, W1, W2, lam)",
    chapter="09",
    points=2,
    minutes=8,
    hints=(
        "A gradient of a sum is the sum of the gradients. So what is the gradient of the penalty in W1?",
        "‖W1‖² is the sum of all squared entries. Its derivative in one entry is twice that entry.",
        "The penalty adds `lam * W1` to dW1 and `lam * W2` to dW2. The biases do not stand in it.",
    ),
    returns=("dW1", "db1", "dW2", "db2"),
)


@weight_decay_gradients.draws
def inputs(draw):
    d, h, k = draw.sizes(3)
    slopes = draw.array(d, h), draw.array(h), draw.array(h, k), draw.array(k)
    W1, W2 = draw.array(d, h), draw.array(h, k)
    if draw.drowns:
        # One weight outweighs all others in the penalty: a difference quotient of it loses their slopes.
        W2[draw.rng.integers(h), draw.rng.integers(k)] *= HUGE
    return *slopes, W1, W2, draw.number(0.1, 0.4)


@weight_decay_gradients.truth
def truth(dW1, db1, dW2, db2, W1, W2, lam):
    # Near the parameters the loss changes as the inner products with its gradients do; the penalty is as it is written.
    def with_penalty(slope, others):
        return lambda V: np.sum(slope * V) + lam / 2 * (np.sum(V**2) + np.sum(others**2))

    return (
        complex_step_gradient(with_penalty(dW1, W2), W1),
        complex_step_gradient(lambda b: np.sum(db1 * b), np.zeros(len(db1))),
        complex_step_gradient(with_penalty(dW2, W1), W2),
        complex_step_gradient(lambda b: np.sum(db2 * b), np.zeros(len(db2))),
    )


DECAY = "    return dW1 + lam * W1, db1, dW2 + lam * W2, db2"


@weight_decay_gradients.wide
def wide(draw):
    slopes = draw.array(250, 190), draw.array(190), draw.array(190, 10), draw.array(10)
    return *slopes, draw.array(250, 190), draw.array(190, 10), draw.number(0.1, 0.4)


@weight_decay_gradients.slopes
def slopes(dW1, db1, dW2, db2, W1, W2, lam):
    def loss(V1, c1, V2, c2):
        linear = np.sum(dW1 * V1) + np.sum(db1 * c1) + np.sum(dW2 * V2) + np.sum(db2 * c2)
        return linear + lam / 2 * (np.sum(V1**2) + np.sum(V2**2))

    return loss, (W1, np.zeros(len(db1)), W2, np.zeros(len(db2)))


weight_decay_gradients.slip(
    "factor",
    "The decay is twice too strong: the 2 of the square cancels against lam/2, and lam * W is left.",
    DECAY,
    ("dW1 + lam * W1", "dW1 + 2 * lam * W1"),
    ("dW2 + lam * W2", "dW2 + 2 * lam * W2"),
)
weight_decay_gradients.slip(
    "half",
    "The decay is half of what it should be: the derivative of the square brings a 2, which cancels against lam/2.",
    DECAY,
    ("dW1 + lam * W1", "dW1 + lam / 2 * W1"),
    ("dW2 + lam * W2", "dW2 + lam / 2 * W2"),
)
weight_decay_gradients.slip(
    "sign",
    "The sign of the decay is turned round: weights would grow. The penalty is added to the loss, so lam * W is added.",
    DECAY,
    ("dW1 + lam * W1", "dW1 - lam * W1"),
    ("dW2 + lam * W2", "dW2 - lam * W2"),
)
weight_decay_gradients.slip(
    "value",
    "You added the penalty itself, one number, to every entry. Its gradient has the shape of W: lam * W.",
    DECAY,
    ("dW1 + lam * W1", "dW1 + lam / 2 * np.sum(W1**2)"),
    ("dW2 + lam * W2", "dW2 + lam / 2 * np.sum(W2**2)"),
)
weight_decay_gradients.slip(
    "norm-square",
    "This is the gradient of lam ‖W‖, the norm without its square: there W is divided by its norm.",
    DECAY,
    ("dW1 + lam * W1", "dW1 + lam * W1 / np.sqrt(np.sum(W1**2))"),
    ("dW2 + lam * W2", "dW2 + lam * W2 / np.sqrt(np.sum(W2**2))"),
)
weight_decay_gradients.slip(
    "magnitude",
    "This is the gradient of lam times the sum of |w|. The penalty here is a sum of squares, with gradient lam * W.",
    DECAY,
    ("dW1 + lam * W1", "dW1 + lam * np.sign(W1)"),
    ("dW2 + lam * W2", "dW2 + lam * np.sign(W2)"),
)
weight_decay_gradients.slip(
    "term",
    "The decay stands in dW1 alone. The penalty holds both weight matrices: dW2 + lam * W2.",
    DECAY,
    ("dW2 + lam * W2", "dW2"),
)
weight_decay_gradients.slip(
    "penalty",
    "This is the gradient of the penalty alone. It is added to the gradient of the loss: dW1 + lam * W1.",
    DECAY,
    ("dW1 + lam * W1", "lam * W1"),
    ("dW2 + lam * W2", "lam * W2"),
)
weight_decay_gradients.slip(
    "symbol",
    "You decayed the gradient. What is to become smaller are the weights: dW1 + lam * W1.",
    DECAY,
    ("lam * W1", "lam * dW1"),
    ("lam * W2", "lam * dW2"),
)
weight_decay_gradients.slip(
    "biases",
    "The biases were changed too. They do not stand in the penalty, so db1 and db2 stay as they are.",
    DECAY,
    ("db1", "db1 + lam * db1"),
    ("db2", "db2 + lam * db2"),
)

# ----------------------------------------------------------------------------------------------------------------------
clipped_gradients = exercise(
    "clipped_gradients(dW1, db1, dW2, db2, longest)",
    chapter="09",
    points=4,
    minutes=10,
    hints=(
        "Think of all entries of the four arrays as one long vector. What is its length, and when is it to be changed?",
        "Its squared length is the sum of the four sums of squares. A vector keeps its direction when all of its "
        "entries get the same factor.",
        "`length = np.sqrt(sum(np.sum(g**2) for g in (dW1, db1, dW2, db2)))`, then multiply all four by "
        "`min(1, longest / length)`.",
    ),
    returns=("dW1", "db1", "dW2", "db2"),
)


@clipped_gradients.draws
def inputs(draw):
    d, h, k = draw.sizes(3)
    slopes = draw.array(d, h), draw.array(h), draw.array(h, k), draw.array(k)
    length = np.sqrt(sum(np.sum(slope**2) for slope in slopes))
    # Too long in three draws. In the last one it is short enough, and nothing is to be done.
    return *slopes, float(length) * (1.3 if draw.index == 3 else draw.number(0.05, 0.09))


@clipped_gradients.truth
def truth(dW1, db1, dW2, db2, longest):
    slopes = dW1, db1, dW2, db2
    entries = np.concatenate([slope.ravel() for slope in slopes])
    length = float(np.linalg.norm(entries))
    # By definition: the same direction, and as long as before or `longest`, whichever is shorter.
    directions = [slope / length for slope in slopes]
    return tuple(min(length, longest) * direction for direction in directions)


CLIP = """
    length = np.sqrt(np.sum(dW1**2) + np.sum(db1**2) + np.sum(dW2**2) + np.sum(db2**2))
    factor = min(1, longest / length)
    return factor * dW1, factor * db1, factor * dW2, factor * db2
"""
clipped_gradients.slip(
    "always",
    "A gradient that is short enough was made longer. It stays as it is: the factor is at most 1.",
    CLIP,
    ("min(1, longest / length)", "longest / length"),
)
clipped_gradients.slip(
    "norm-square",
    "The square root is missing: the sum of the squares is the squared length.",
    CLIP,
    (
        "np.sqrt(np.sum(dW1**2) + np.sum(db1**2) + np.sum(dW2**2) + np.sum(db2**2))",
        "np.sum(dW1**2) + np.sum(db1**2) + np.sum(dW2**2) + np.sum(db2**2)",
    ),
)
clipped_gradients.slip(
    "sum",
    "You added the four lengths. Lengths do not add up: add the four sums of squares, then take one root.",
    CLIP,
    (
        "np.sqrt(np.sum(dW1**2) + np.sum(db1**2) + np.sum(dW2**2) + np.sum(db2**2))",
        "sum(np.sqrt(np.sum(g**2)) for g in (dW1, db1, dW2, db2))",
    ),
)
clipped_gradients.slip(
    "term",
    "The biases are missing in the length: all four arrays belong to one vector.",
    CLIP,
    (" + np.sum(db1**2)", ""),
    (" + np.sum(db2**2)", ""),
)
clipped_gradients.slip(
    "inverse",
    "The factor is upside down: a gradient that is too long is multiplied by longest / length.",
    CLIP,
    ("longest / length", "length / longest"),
)


@clipped_gradients.mistake
def arrays(dW1, db1, dW2, db2, longest):
    """Each array was clipped on its own, and that turns the direction. All four have one length and one factor."""
    return tuple(g * min(1, longest / np.sqrt(np.sum(g**2))) for g in (dW1, db1, dW2, db2))


@clipped_gradients.mistake
def entries(dW1, db1, dW2, db2, longest):
    """Each entry was clipped on its own, and that turns the direction. All entries get the same factor."""
    return tuple(np.clip(g, -longest, longest) for g in (dW1, db1, dW2, db2))


@clipped_gradients.mistake
def nothing(dW1, db1, dW2, db2, longest):
    """Nothing was clipped: a gradient that is too long is to become `longest` long."""
    return dW1, db1, dW2, db2


clipped_gradients.slip(
    "unit",
    "A gradient that is too long was shortened to length 1. It becomes `longest` long: the factor is longest / length.",
    CLIP,
    ("min(1, longest / length)", "1 if length <= longest else 1 / length"),
)
clipped_gradients.slip(
    "longer",
    "Short gradients were made longer and long ones left alone: of 1 and longest / length the smaller is the factor.",
    CLIP,
    ("min(1,", "max(1,"),
)
clipped_gradients.slip(
    "largest",
    "You measured by the largest entry. The length is the root of the sum of all squares.",
    CLIP,
    (
        "np.sqrt(np.sum(dW1**2) + np.sum(db1**2) + np.sum(dW2**2) + np.sum(db2**2))",
        "max(np.max(np.abs(slope)) for slope in (dW1, db1, dW2, db2))",
    ),
)
