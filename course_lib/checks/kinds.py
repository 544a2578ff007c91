"""What kind of value came back, in words, and what helps where another kind was asked for."""

from typing import Any

import numpy as np

from course_lib.checks.calling import Other
from course_lib.checks.comparing import is_array, is_number

# Type of a returned object: how it is called, and how to make what was asked for.
_OBJECTS = {
    "dict": ("a dict", "Return the values themselves, without names."),
    "set": ("a set", "A set has no order and keeps equal values once; collect in a list, then `np.array(...)`."),
    "MaskedArray": ("a masked array", "Say what stands at the masked places: `.filled(0)` gives a plain array."),
    "matrix": ("an np.matrix", "Its `*` and its shapes are other than an array's; return `np.asarray(...)` of it."),
    "array of object": (
        "an array of Python objects",
        "NumPy makes one where rows differ in length or entries are no numbers; see what went in.",
    ),
    "DataFrame": ("a DataFrame", "Return its numbers, `.to_numpy()`."),
    "Series": ("a Series", "Return its numbers, `.to_numpy()`."),
    "Tensor": ("a tensor", "Return its numbers, `.detach().numpy()`."),
    "generator": ("a generator", "It has computed nothing yet; collect in a list, then `np.array(...)`."),
    "map": ("a map", "It has computed nothing yet; collect in a list, then `np.array(...)`."),
    "function": ("a function", "Call it, and return what comes out."),
    "method": ("a method", "Call it, with brackets, and return what comes out."),
    "builtin_function_or_method": ("a function", "Call it, with brackets: `x.sum()`, not `x.sum`."),
}


def kind(value: object) -> str:
    """What a value is, as the rest of "your function returned ..."."""
    if isinstance(value, Other):
        return _OBJECTS.get(value.type_name, (f"an object of type {value.type_name}", ""))[0]
    if isinstance(value, tuple):
        return f"a list or tuple of {len(value)} items"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, np.ndarray) and is_array(value):
        return f"an array of shape {value.shape}"
    return "a number"


def advice(got: object, expected: object) -> str:
    """A sentence that helps whoever returned `got` where a value like `expected` was asked for, or ""."""
    if isinstance(got, Other):
        return _OBJECTS.get(got.type_name, ("", ""))[1]
    if not isinstance(got, tuple) or not isinstance(expected, np.ndarray) or not is_array(expected):
        return ""
    # A list of what could be its entries or rows; several values of which one was meant are something else.
    entries = len({_shape(item) for item in got}) == 1 and _shape(got[0]) is not None
    return "Turn it into an array with `np.array(...)`." if entries else ""


def _shape(item: Any) -> tuple[int, ...] | None:
    """The shape of a number or an array, or of a list of them; None for anything else."""
    if isinstance(item, tuple):
        inner = {_shape(part) for part in item}
        return (len(item), *next(iter(inner))) if len(inner) == 1 and None not in inner else None  # type: ignore[misc]
    return np.shape(item) if is_number(item) or is_array(item) else None
