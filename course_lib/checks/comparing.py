"""Are two values the same, and if not, where do they differ most?"""

from typing import Any

import numpy as np

# Rounding grows with the largest terms of a sum, so a small entry next to large ones may be off by this share of them.
FLOOR = 1e-12


def is_number(value: object) -> bool:
    return type(value) in (bool, int, float, complex) or (type(value) is np.ndarray and value.ndim == 0)


def is_array(value: object) -> bool:
    return type(value) is np.ndarray and value.ndim > 0


def close(got: Any, expected: Any, rtol: float) -> bool:
    """Whether two values have one kind, one shape and the same entries within rtol; tuples item by item."""
    if isinstance(expected, tuple):
        return (
            isinstance(got, tuple)
            and len(got) == len(expected)
            and all(close(g, e, rtol) for g, e in zip(got, expected, strict=True))
        )
    if expected is None or isinstance(expected, str):
        return type(got) is type(expected) and got == expected
    if not (is_number(got) or is_array(got)) or np.shape(got) != np.shape(expected):
        return False
    return bool(np.all(errors(got, expected, rtol) <= 1))


def errors(got: Any, expected: Any, rtol: float) -> np.ndarray:
    """Entrywise |got - expected| over what is allowed: above 1 is wrong.

    Two NaN in one place agree, and so do two equal infinities; beside a number they are infinitely wrong.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    sizes = np.abs(expected)
    allowed = rtol * sizes + FLOOR * np.max(sizes, initial=0.0, where=np.isfinite(sizes))
    with np.errstate(all="ignore"):
        difference = np.abs(got - expected)
        ratio = difference / np.where(allowed == 0, np.finfo(float).tiny, allowed)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.where(same, 0.0, np.where(np.isfinite(ratio), ratio, np.inf))


def worst_entry(got: Any, expected: Any, rtol: float) -> tuple[tuple[int, ...], Any, Any]:
    """Index, your value and the right value where the two differ most."""
    ratio = errors(got, expected, rtol)
    index = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
    return tuple(int(i) for i in index), np.asarray(got)[index], np.asarray(expected)[index]
