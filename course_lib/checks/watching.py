"""What the calls of a watched function argument tell about the method that made them."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from course_lib.checks.judging import Watched


def only_real_calls(f: "Watched") -> bool:
    """A difference quotient: f was called at two places at least, and never with a complex number."""
    return len(f.calls) > 1 and not any(np.iscomplexobj(x) for x in f.calls)


def large_imaginary_steps(f: "Watched") -> bool:
    """A complex step so large that its error, the square of it, shows."""
    sizes = [np.max(np.abs(x.imag)) for x in f.calls if np.iscomplexobj(x) and x.size]
    return bool(sizes) and min(sizes) > 1e-8 and max(sizes) < 1


def tiny_steps(f: "Watched") -> bool:
    """Steps far smaller than the h of the draws, which is at least 0.1: two calls in a row lie within 0.01.

    What lies closer than 1e-12 was no step: a step there and back again is off by its rounding.
    """
    gaps = [np.max(np.abs(later - earlier)) for earlier, later in zip(f.calls, f.calls[1:], strict=False)]
    return any(1e-12 < gap < 0.01 for gap in gaps)


def all_inputs_moved(f: "Watched") -> bool:
    """One complex step in all inputs at once."""
    return any(np.iscomplexobj(x) and x.size and np.all(x.imag != 0) for x in f.calls)


def never_back(f):
    """Inputs that were moved one by one and not moved back: the first two calls differ in one, the last in many."""
    if len(f.calls) < 3 or any(x.shape != f.calls[0].shape or x.ndim != 1 for x in f.calls):
        return False
    first, second, last = f.calls[0], f.calls[1], f.calls[-1]
    return bool(np.sum(np.abs(second - first) > 1e-12) <= 1 and np.sum(np.abs(last - first) > 1e-12) > 2)
