"""How far two ways of computing one number may lie apart by rounding alone, from the sizes at hand."""

import numpy as np

EPS = np.finfo(float).eps
# NumPy's exp, log, sin and tanh are a few units in the last place off, how many depends on the machine.
FUNCTION = 4
# Below 1e-308 doubles have fewer digits, and below 1e-323 none.
UNDERFLOW = 1e-290


def assert_rounded(found, expected, steps, size=None):
    """`found` is `expected` but for rounding, entry by entry; AssertionError shows both.

    A sum of k products is off by k·ε times the sum of their absolute values at most (Higham, "Accuracy and Stability
    of Numerical Algorithms", section 3.1), whatever cancels and in whatever order a machine adds. Both sides round.

    steps   how many operations follow one another, on the longer of the two ways.
    size    what the absolute values of the terms add up to, a number or an array that stretches to the shape of
            `expected`; by default |expected|, which is right where nothing cancels.
    """
    expected = np.asarray(expected)
    assert np.shape(found) == expected.shape
    size = np.broadcast_to(np.abs(expected) if size is None else size, expected.shape)
    room = 2 * steps * EPS * (size + UNDERFLOW)
    wrong = ~((np.abs(found - expected) <= room) | (found == expected))
    if np.any(wrong):
        lines = [
            f"{f!r}, expected {e!r} to within {r:.1e}"
            for f, e, r in zip(np.broadcast_to(found, expected.shape)[wrong], expected[wrong], room[wrong], strict=True)
        ]
        raise AssertionError("\n".join(lines))


def network_size(X, W1, b1, W2, b2):
    """A number that bounds every term of a perceptron's loss and gradients, and what an error before it grows to.

    An error in Z1 reaches A by a quarter of it, Z2 by the weights W2, and P as a share of P; on the way back a signal
    of at most 1 passes W2 and then X.
    """
    rows = np.max(np.abs(X) @ np.abs(W1) + np.abs(b1))
    scores = np.max(np.sum(np.abs(W2), axis=0) + np.abs(b2))
    back = np.max(np.sum(np.abs(W2), axis=1))
    return (1 + rows) * (1 + scores) * (1 + back) * max(1.0, np.max(np.abs(X)))
