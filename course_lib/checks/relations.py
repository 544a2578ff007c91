"""How a wrong value hangs together with the right one: a multiple, the transpose, a sum over too much, a part of it.

A relation takes an `Output`, all draws of one returned value, and says what it is in a predicate such as "is the
transpose of the right one". It says nothing unless that holds on every draw.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from course_lib.checks.comparing import FLOOR, close, errors, is_array, is_number
from course_lib.checks.trials import Case, Output, everywhere

Relation = Callable[[Case, Output], str]
Step = Callable[[np.ndarray], np.ndarray]
SUMS: tuple[tuple[Callable[..., Any], str], ...] = ((np.sum, "sum"), (np.mean, "mean"))
SUMMED: tuple[tuple[Callable[..., Any], str], ...] = ((np.sum, "summed"), (np.mean, "averaged"))


def numbers(value: Any) -> bool:
    return is_number(value) or is_array(value) or isinstance(value, np.number)


def is_right(case: Case, output: Output) -> bool:
    return holds(output, lambda g, r: close(g, r, case.rtol))


def holds(output: Output, test: Callable[..., bool]) -> bool:
    """Whether `test(what came, what is right)` holds on every draw."""
    return everywhere(test, output.got, output.right)


def shapes_fit(output: Output) -> bool:
    pairs = zip(output.got, output.right, strict=True)
    return all(numbers(g) and numbers(r) and np.shape(g) == np.shape(r) for g, r in pairs)


def same_as(case: Case, output: Output, make: Step) -> bool:
    """Whether what came is `make(right)` on every draw."""
    return holds(output, lambda g, r: close(g, make(np.asarray(r)), case.rtol))


def number(value: float) -> str:
    """Six significant digits, and the fractions that people write as fractions."""
    if abs(value - round(value)) < 1e-9:
        return str(round(value))
    for below in (2, 3, 4, 6, 8):
        if abs(value * below - round(value * below)) < 1e-9 and round(value * below) and abs(value) < 1:
            return f"{round(value * below)}/{below}"
    return f"{value:.6g}"


# ------------------------------------------------------------------------------------------------------------ multiples
def ratios(rtol: float, got: Sequence, right: Sequence) -> np.ndarray | None:
    """The number c of each draw for which what came is c times what is right; None where there is no such number."""
    found = []
    for g, r in zip(got, right, strict=True):
        if isinstance(r, tuple) or isinstance(g, tuple):
            if not (isinstance(g, tuple) and isinstance(r, tuple) and len(g) == len(r)):
                return None
            if not all(numbers(a) and numbers(b) and np.shape(a) == np.shape(b) for a, b in zip(g, r, strict=True)):
                return None
            g, r = (np.concatenate([np.ravel(part) for part in parts]) for parts in (g, r))
        if not (numbers(g) and numbers(r)) or np.shape(g) != np.shape(r) or np.size(r) == 0:
            return None
        flat_g, flat_r = np.ravel(g), np.ravel(r)
        largest = np.argmax(np.abs(flat_r))
        with np.errstate(all="ignore"):
            c = flat_g[largest] / flat_r[largest]
            if not np.isfinite(c) or np.iscomplexobj(c) or c == 0 or not close(flat_g, c * flat_r, rtol):
                return None
        found.append(float(c))
    return np.array(found)


def factor(case: Case, got: Sequence, right: Sequence) -> str:
    """The one factor of all draws, as a learner writes it: "2", "-1 · len(y)", "1/2 / lam"; "" if there is none."""
    found = ratios(case.rtol, got, right)
    if found is None:
        return ""
    sizes = {"": np.ones(len(found)), **case.sizes}
    pairs = {f"{a} · {b}": sizes[a] * sizes[b] for a in case.sizes for b in case.sizes if a <= b}
    for length, size in {**sizes, **pairs}.items():
        for constants, sign in ((found / size, "·"), (found * size, "/")):
            if np.all(np.isfinite(constants)) and close(constants, np.full(len(found), constants[0]), 1e-8):
                c = number(constants[0])
                return f"{c} {sign} {length}" if length else c
    return ""


def multiple(case: Case, output: Output) -> str:
    """Every entry is the same multiple of the right one, perhaps with a length or an argument in it."""
    times = factor(case, output.got, output.right)
    return f"is {times} times the right one" if times else ""


# -------------------------------------------------------------------------------------------------------------- entries
def argument(case: Case, output: Output) -> str:
    """It is one of the arguments, as it was handed over."""
    for place, name in enumerate(case.exercise.parameters):
        given = [trial.args[place] for trial in case.trials]
        if all(numbers(value) for value in given) and everywhere(lambda g, a: close(g, a, 1e-15), output.got, given):
            return f"is the argument `{name}` as it was handed over"
    return ""


def zeros(case: Case, output: Output) -> str:
    """It is 0 everywhere, and should not be."""
    if holds(output, lambda g, r: numbers(g) and np.size(g) > 0 and bool(np.any(r)) and not np.any(g)):
        return "is 0 everywhere"
    return ""


def constant(case: Case, output: Output) -> str:
    """The same number on every draw, whatever the arguments are."""
    first = output.got[0]
    if not is_number(first) or not np.isfinite(first):
        return ""
    changes = everywhere(lambda r: not close(r, output.right[0], case.rtol), output.right[1:])
    if not changes or not everywhere(lambda g: is_number(g) and g == first, output.got):
        return ""
    return f"is {number(float(np.real(first)))} whatever the arguments are"


def signs(case: Case, output: Output) -> str:
    """The sizes are right, some signs are not."""
    if shapes_fit(output) and holds(output, lambda g, r: close(np.abs(g), np.abs(r), case.rtol)):
        if everywhere(lambda g: bool(np.all(np.asarray(g) >= 0)), output.got):
            return "has the right sizes without their signs"
        return "has the right sizes, and some signs are wrong"
    return ""


FUNCTIONS: dict[str, Step] = {
    "the square of the right one": lambda r: r**2,
    "the square root of the right one": np.sqrt,
    "the right one upside down, 1 over it": lambda r: 1 / r,
    "the logarithm of the right one": np.log,
    "the exponential of the right one": np.exp,
    "1 minus the right one": lambda r: 1 - r,
    "the sigmoid of the right one": lambda r: 1 / (1 + np.exp(-r)),
}


def function_of(case: Case, output: Output) -> str:
    """Every entry is a known function of the right one: its square, its root, 1 over it."""
    if not shapes_fit(output):
        return ""
    return next((f"is {words}" for words, make in FUNCTIONS.items() if same_as(case, output, make)), "")


def extra(case: Case, output: Output) -> str:
    """The right one plus or minus an argument, or plus the same number everywhere."""
    if not shapes_fit(output):
        return ""
    for place, name in enumerate(case.exercise.parameters):
        given = [trial.args[place] for trial in case.trials]
        if all(numbers(value) for value in given):
            for sign, word in ((1, "plus"), (-1, "minus")):
                if everywhere(
                    lambda g, r, a, s=sign: np.shape(r + s * a) == np.shape(r) and close(g, r + s * a, case.rtol),
                    *(output.got, output.right, given),
                ):
                    return f"is the right one {word} `{name}`"
    gaps = [np.asarray(g - r) for g, r in zip(output.got, output.right, strict=True)]
    gap = float(np.ravel(gaps[0])[0]) if gaps[0].size and np.isrealobj(gaps[0]) else np.nan
    if abs(gap - round(gap, 3)) < 1e-9 and abs(gap) > 1e-3 and all(np.allclose(g, gap, 1e-9, 1e-9) for g in gaps):
        return f"is too {'large' if gap > 0 else 'small'} by {number(abs(gap))} in every entry"
    return ""


# ---------------------------------------------------------------------------------------------------- shapes and orders
def layout(case: Case, output: Output) -> str:
    """The transpose of the right one."""
    transposed = holds(output, lambda g, r: np.ndim(r) == 2 and close(np.transpose(g), r, case.rtol))
    return "is the transpose of the right one" if transposed else ""


def shape(case: Case, output: Output) -> str:
    """The right numbers in another shape."""

    def reshaped(g: Any, r: Any) -> bool:
        return np.size(g) == np.size(r) and close(np.reshape(g, np.shape(r)), r, case.rtol)

    if not holds(output, lambda g, r: numbers(g) and reshaped(g, r)):
        return ""
    return f"has the right numbers in the shape {np.shape(output.got[0])}; expected is {np.shape(output.right[0])}"


def permuted(case: Case, output: Output) -> str:
    """The right numbers in another order."""

    def reordered(g: np.ndarray, r: np.ndarray) -> bool:
        return (
            np.size(r) > 1 and np.size(g) == np.size(r) and close(np.sort(np.ravel(g)), np.sort(np.ravel(r)), case.rtol)
        )

    if not holds(output, reordered):
        return ""
    if same_as(case, output, lambda r: r[::-1]):
        return "is the right one in reverse order"
    if same_as(case, output, lambda r: r.ravel(order="F").reshape(r.shape)):
        return "has the right numbers, read down the columns in the place of along the rows"
    return "has the right numbers in another order"


# ----------------------------------------------------------------------------------------------------------------- sums
def total(case: Case, output: Output) -> str:
    """The sum, or the mean, of all entries of the right one, where an array was asked for."""
    if not everywhere(lambda r: is_array(r) and np.size(r) > 1, output.right):
        return ""
    for make, word in SUMS:
        one = partial(_is_made_of, case.rtol, make)
        if holds(output, one):
            return f"is one number, the {word} of all entries of the right one: `np.{word}` without an axis takes all"
        if holds(output, lambda g, r: np.shape(g) == np.shape(r) and np.ptp(g) == 0) and everywhere(
            one, [np.ravel(g)[0] for g in output.got], output.right
        ):
            return f"holds one number in every entry, the {word} of all entries of the right one"
    return ""


def _is_made_of(rtol: float, make: Callable[..., Any], g: Any, r: Any) -> bool:
    """Whether g is one number, the sum or the mean of r. Terms may cancel, as in P - Y; then rounding is left."""
    allowed = rtol * np.abs(make(r)) + FLOOR * make(np.abs(r))
    return np.ndim(g) == 0 and bool(np.abs(g - make(r)) <= allowed)


def summed(case: Case, output: Output) -> str:
    """The right one, summed over one axis."""
    for axis in range(np.ndim(output.right[0])):
        if np.ndim(output.right[0]) < 2:
            return ""
        for make, word in SUMMED:
            for keep in (False, True):
                if same_as(case, output, partial(make, axis=axis, keepdims=keep)):
                    return f"is the right one, {word} over axis {axis}"
    return ""


def unsummed(case: Case, output: Output) -> str:
    """Not summed yet: the right one comes out when one axis, or all, are summed."""
    for axis in range(np.ndim(output.got[0])):
        for make, word in SUMS:
            if everywhere(
                lambda g, r, m=make, a=axis: np.ndim(g) > np.ndim(r) and close(m(g, axis=a), r, case.rtol),
                *(output.got, output.right),
            ):
                return f"still has an axis too many: the {word} over axis {axis} gives the right one"
    for make, word in SUMS:
        if everywhere(
            lambda g, r, m=make: np.ndim(r) == 0 and np.size(g) > 1 and close(m(g), r, case.rtol),
            output.got,
            output.right,
        ):
            return f"holds the terms of the right number: their {word} is still missing"
    return ""


# ---------------------------------------------------------------------------------------------------------------- parts
def rows_of(r: np.ndarray) -> dict[str, np.ndarray]:
    """Parts of an array that go wrong together, as masks of the entries that are wrong."""
    found = {}
    place = np.arange(len(r)).reshape((-1,) + (1,) * (r.ndim - 1)) + np.zeros(r.shape, dtype=int)
    what = "row" if r.ndim > 1 else "entry"
    found[f"is right except in its last {what}"] = place == len(r) - 1
    found[f"is right except in its first {what}"] = place == 0
    found[f"is right in its first {what} alone"] = place > 0
    found[f"is right in its last {what} alone"] = place < len(r) - 1
    if r.ndim == 2:
        column = np.arange(r.shape[1]) + np.zeros(r.shape, dtype=int)
        found["is right except in its last column"] = column == r.shape[1] - 1
        found["is right except in its first column"] = column == 0
        found["is right in its first column alone"] = column > 0
        found["is right on the diagonal alone"] = place != column
        found["is right except on the diagonal"] = place == column
        found["is right on and below the diagonal alone"] = column > place
        found["is right on and above the diagonal alone"] = column < place
    return found


def most(case: Case, output: Output) -> str:
    """All is right but one row or column, or the diagonal."""
    words = part(case, output)
    return words if " except " in words else ""


def part(case: Case, output: Output) -> str:
    """Some rows, columns or the diagonal are right and the rest is not."""
    if not shapes_fit(output) or not everywhere(lambda r: is_array(r) and len(r) > 1, output.right):
        return ""
    wrong = [errors(g, r, case.rtol) > 1 for g, r in zip(output.got, output.right, strict=True)]
    for words in rows_of(output.right[0]):
        if everywhere(lambda w, r, k=words: k in rows_of(r) and np.array_equal(w, rows_of(r)[k]), wrong, output.right):
            empty = everywhere(lambda g, w: not np.any(g[w]), output.got, wrong)
            return words + (", which stayed 0" if empty and " except " in words else "")
    return ""


CUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "lacks the last row": lambda r: r[:-1],
    "lacks the first row": lambda r: r[1:],
    "is the last row of the right one alone": lambda r: r[-1],
    "is the first row of the right one alone": lambda r: r[0],
}


def cut(case: Case, output: Output) -> str:
    """A row is missing, or only one is there, or one too many."""
    if not everywhere(is_array, output.right):
        return ""
    for words, make in CUTS.items():
        if same_as(case, output, make):
            return words if np.ndim(output.right[0]) > 1 else words.replace("row", "entry")
    if holds(output, lambda g, r: len(g) == len(r) + 1 and close(g[1:], r, case.rtol)):
        return "has one row too many in front"
    if holds(output, lambda g, r: len(g) == len(r) + 1 and close(g[:-1], r, case.rtol)):
        return "has one row too many at the end"
    return ""


def diagonal(case: Case, output: Output) -> str:
    """The diagonal of the right one as a vector, or the vector as a diagonal matrix."""
    if same_as(case, output, lambda r: np.diag(r) if r.ndim == 2 else np.array(np.nan)):
        return "is the diagonal of the right one alone"
    if same_as(case, output, lambda r: np.diag(r) if r.ndim == 1 else np.array(np.nan)):
        return "holds the right numbers on the diagonal of a matrix"
    return ""
