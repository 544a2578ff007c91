"""Linear equations solved without rounding: doubles are fractions, and fractions can be eliminated exactly."""

import numpy as np


def solve_exactly(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """A solution Z of A Z = B, computed with whole numbers of any size and rounded once, at the end.

    A  (m, u), B  (m, p), finite doubles, or fractions whose denominators are powers of two. The rank of A is found
    exactly; an unknown that the equations leave free is 0.
    Returns Z (u, p).
    Raises ValueError when no Z solves the equations.
    Source: Bareiss (1968), "Sylvester's identity and multistep integer-preserving Gaussian elimination".
    """
    unknowns = A.shape[1]
    rows = [_whole_numbers(row) for row in np.hstack([A, B])]
    pivots: list[int] = []
    divisor = 1
    for column in range(unknowns):
        top = len(pivots)
        found = next((r for r in range(top, len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        pivot_row, pivot = rows[top], rows[top][column]
        for r, row in enumerate(rows):
            if r != top:
                # Every entry is a minor of the matrix, so the division leaves no rest.
                factor = row[column]
                rows[r] = [(pivot * a - factor * b) // divisor for a, b in zip(row, pivot_row, strict=True)]
        divisor = pivot
        pivots.append(column)
    if any(any(row[unknowns:]) for row in rows[len(pivots) :]):
        raise ValueError("the equations contradict each other: no solution exists")
    Z = np.zeros((unknowns, B.shape[1]))
    for row, column in zip(rows, pivots, strict=False):
        Z[column] = [b / divisor for b in row[unknowns:]]
    return Z


def _whole_numbers(row):
    """The row times the power of two that makes every entry a whole number."""
    ratios = [a.as_integer_ratio() for a in row]
    scale = max(denominator for _, denominator in ratios)
    return [numerator * (scale // denominator) for numerator, denominator in ratios]
