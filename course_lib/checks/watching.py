"""What the calls of a watched function argument tell about the method that made them."""

import numpy as np


def only_real_calls(f):
    """A difference quotient: f was called, and never with a complex number."""
    return bool(f.calls) and not any(np.iscomplexobj(x) for x in f.calls)


def large_imaginary_steps(f):
    """A complex step so large that its error, the square of it, shows."""
    sizes = [np.max(np.abs(x.imag)) for x in f.calls if np.iscomplexobj(x) and x.size]
    return bool(sizes) and min(sizes) > 1e-8 and max(sizes) < 1


def all_inputs_moved(f):
    """One complex step in all inputs at once."""
    return any(np.iscomplexobj(x) and x.size and np.all(x.imag != 0) for x in f.calls)
