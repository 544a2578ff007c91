"""Answers that are nearly right: rounded, in single precision, by a difference quotient, or short of digits."""

from typing import Any

import numpy as np

from course_lib.checks.comparing import close, errors
from course_lib.checks.relations import holds, numbers, shapes_fit
from course_lib.checks.trials import Case, Output, copied, everywhere

# A step of a difference quotient, as people choose it.
STEPS = (*(10.0**-k for k in range(1, 13)), 2.0**-26, 2.0**-52, float(np.cbrt(2.0**-52)))
# Beyond so many units in the last place a quotient of doubles tells no more whether it is a whole number of them.
COUNTABLE = 1e12


def rounded(case: Case, output: Output) -> str:
    """The right one, rounded to some decimals."""
    if not shapes_fit(output):
        return ""
    for decimals in range(10):
        if holds(output, lambda g, r, d=decimals: close(g, np.round(r, d), 1e-13)):
            word = "decimal" if decimals == 1 else "decimals"
            return f"is the right one, rounded to {decimals} {word}: round where you print, not where you compute"
    return ""


def single(case: Case, output: Output) -> str:
    """Numbers that hold in four bytes, near the right ones."""

    def short(value: Any) -> bool:
        array = np.asarray(value)
        with np.errstate(all="ignore"):
            return array.dtype.kind == "f" and bool(np.all(array == array.astype(np.float32)))

    if not shapes_fit(output) or not everywhere(short, output.got) or any(short(r) for r in output.right):
        return ""
    if near(output, 1e-2) < len(output.got) - 1:
        return ""
    return "is in single precision, which keeps seven digits: leave the arrays in float64, as they come"


def near(output: Output, rtol: float) -> int:
    """On how many draws what came lies within rtol of what is right."""
    return sum(
        numbers(g) and numbers(r) and np.shape(g) == np.shape(r) and close(g, r, rtol)
        for g, r in zip(output.got, output.right, strict=True)
    )


def is_close(case: Case) -> bool:
    """Close and not right on all draws but one: in one of them, differences are made to drown (`Draw.drowns`)."""
    if not case.outputs or any(callable(arg) for trial in case.trials for arg in trial.args):
        return False
    flat = _flat(case)
    if flat is None or any(close(g, r, case.rtol) for g, r in zip(flat.got, flat.right, strict=True)):
        return False
    return near(flat, 0.05) >= len(case.trials) - 1


def _flat(case: Case) -> Output | None:
    """All returned values as one vector."""
    if not all(shapes_fit(output) for output in case.outputs):
        return None
    columns = [[np.ravel(value) for value in side] for output in case.outputs for side in (output.got, output.right)]
    got = [np.concatenate(parts) for parts in zip(*columns[::2], strict=True)]
    right = [np.concatenate(parts) for parts in zip(*columns[1::2], strict=True)]
    return Output("", tuple(got), tuple(right))


def quotient(case: Case) -> str:
    """A difference quotient of the loss: a whole number of units in the loss's last place, over the step."""
    slopes_of = case.exercise.slopes_of
    if not is_close(case) or slopes_of is None:
        return ""
    flat = _flat(case)
    assert flat is not None
    units = []
    for trial in case.trials:
        loss, places = slopes_of(*copied(trial.args))
        with np.errstate(all="ignore"):
            value = loss(*(np.asarray(place, dtype=float) for place in places))
        # Half a unit, since one of the two values may lie below a power of two.
        units.append(float(np.spacing(abs(float(value)))) / 2)
    if any(_counted(flat, units, step) for h in STEPS for step in (h, 2 * h)):
        count = near(flat, 0.05)
        which = "every draw" if count == len(case.trials) else f"{count} of {len(case.trials)} draws"
        return f"On {which} your answer is close and not right: a difference quotient comes out like that."
    return ""


def _counted(flat: Output, units: list[float], step: float) -> bool:
    """Whether all entries, times the step, are whole numbers of units, where that can be told."""
    told = 0
    for g, unit in zip(flat.got, units, strict=True):
        counts = np.asarray(g, dtype=float) * step / unit
        counts = counts[np.isfinite(counts) & (np.abs(counts) < COUNTABLE) & (np.abs(counts) > 0.5)]
        if np.any(np.abs(counts - np.round(counts)) > 1e-3):
            return False
        told += len(counts)
    return told >= 6


def digits(case: Case) -> str:
    """Close on all draws but one at most, and nothing above says why."""
    if not is_close(case):
        return ""
    flat = _flat(case)
    assert flat is not None
    off = sorted(float(np.max(errors(g, r, case.rtol)) * case.rtol) for g, r in zip(flat.got, flat.right, strict=True))
    kept = int(np.clip(-np.log10(off[-2] if len(off) > 2 else off[-1]), 1, 12))
    return (
        f"Your answer agrees with the right one to about {kept} digit{'s' if kept > 1 else ''} and no further. Digits "
        "get lost by rounding, by single precision, by a small number added for safety, by a loose tolerance, and by "
        "every method that is only approximate."
    )
