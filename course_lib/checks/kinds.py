"""What kind of value came back, in words, and what helps where another kind was asked for."""

from typing import Any

import numpy as np

from course_lib.checks.calling import Other
from course_lib.checks.comparing import close, is_array, is_number

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


def advice(got: object, expected: object, rtol: float) -> str:
    """A sentence that helps whoever returned `got` where a value like `expected` was asked for, or ""."""
    if isinstance(got, Other):
        return _OBJECTS.get(got.type_name, ("", ""))[1]
    if not isinstance(got, tuple) or isinstance(expected, tuple):
        return ""
    right = [place for place, item in enumerate(got) if close(item, expected, rtol)]
    alike = [place for place, item in enumerate(got) if _alike(item, expected)]
    if len(got) > 1 and len(right) == 1:
        return f"Item {right[0]} of them is what was asked for: return that one alone."
    if len(alike) == 1 and (is_array(expected) or len(got) > 1):
        return f"One value is asked for, perhaps item {alike[0]}: return that one alone."
    return "Turn it into an array with `np.array(...)`." if is_array(expected) else ""


def _alike(item: Any, expected: Any) -> bool:
    """Whether an item of a tuple has the kind and the shape that was asked for."""
    if isinstance(expected, str):
        return isinstance(item, str)
    return (is_number(item) or is_array(item)) and np.shape(item) == np.shape(expected)
