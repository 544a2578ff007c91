"""How long `derive` takes: a matrix line, a line with index sums, a diagnosis. Medians, printed beside their
targets.
"""

from statistics import median
from time import perf_counter

from course_lib import derive

LEAST_SQUARES = {"X": "n d", "W": "d k", "Y": "n k"}
GIVEN = r"L = \frac{1}{2n}\|XW-Y\|^2"

MATRIX = [
    r"\nabla_W L = \frac1n X^\top(XW-Y)",
    r"dL = \frac1n \operatorname{tr}((XW-Y)^\top X\,dW)",
    r"L = \frac{1}{2n}\operatorname{tr}(W^\top X^\top XW - 2Y^\top XW + Y^\top Y)",
    r"\frac{d(XW)}{dW} = I \otimes X",
]
INDEX = [
    r"L = \frac{1}{2n}\sum_{i,j}(\sum_k x_{ik}w_{kj}-y_{ij})^2",
    r"\frac{\partial L}{\partial w_{ij}} = \frac1n\sum_k x_{ki}(\sum_l x_{kl}w_{lj}-y_{kj})",
    r"\frac{\partial L}{\partial w_{ij}} = \frac1n\left[X^\top(XW-Y)\right]_{ij}",
]
WRONG = [
    r"\nabla_W L = \frac1n X^\top(Y-XW)",
    r"\nabla_W L = \frac1n X(XW-Y)",
    r"\nabla_W L = \frac1n (XW-Y)",
    r"L = \frac{1}{2n}\sum_{i,j}(x_{ik}w_{kj}-y_{ij})^2",
    r"\nabla_W L = \frac1n X^\top X(XW-Y) + W",
]


def seconds_of(line, repeats=7):
    """The median time that a line adds to a report that holds its definition already."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        derive(GIVEN, LEAST_SQUARES)
        middle = perf_counter()
        derive(f"{GIVEN}\n{line}", LEAST_SQUARES)
        times.append(perf_counter() - middle - (middle - start))
    return median(times)


def run():
    """Print the medians; returns {what: (seconds, target in seconds)}."""
    derive(GIVEN, LEAST_SQUARES)  # the grammar is built on the first call
    found = {}
    for what, lines, target in (
        ("matrix line", MATRIX, 0.01),
        ("index line", INDEX, 0.1),
        ("diagnosis", WRONG, 0.5),
    ):
        each = [seconds_of(line) for line in lines]
        found[what] = (median(each), target)
        print(
            f"derive, {what}: median {1e3 * median(each):.1f} ms, worst {1e3 * max(each):.1f} ms "
            f"(target {1e3 * target:.0f} ms)"
        )
    return found


if __name__ == "__main__":
    run()
