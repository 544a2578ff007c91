"""Call a learner's function and describe what came back, as plain data.

The notebook imports this module; the grading sandbox mounts this very file beside its worker. So it uses the
standard library and NumPy only, and a learner reads the same words at both seats.
"""

import ast
import dis
import inspect
import linecache
import math
import textwrap
import time
import types
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TEXT_LIMIT = 300
DEPTH_LIMIT = 4
ITEM_LIMIT = 64


@dataclass(frozen=True)
class Other:
    """A value of a type that no exercise asks for; only the type's name is kept."""

    type_name: str


@dataclass(frozen=True)
class Outcome:
    """What came back from one call.

    kind     "value": the call returned, see `value`;
             "missing": no function of that name;
             "blank": the stub is untouched (raises NotImplementedError, or has no statement);
             "raised": it raised, see `error`, `line` and `line_number`;
             "stopped": it was ended from outside (time, memory, death), see `error`.
    value    bool, int, float, complex, str, None, an exact numeric ndarray, a tuple of these, or `Other`.
    error    "TypeError: ..." for "raised", the reason for "stopped".
    seconds  wall time of the call.
    """

    kind: str
    value: object = None
    error: str = ""
    line: str = ""
    line_number: int = 0
    seconds: float = 0.0


def parameter_names(function):
    """The names of the parameters that can be given by position, or None where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def required_count(function):
    """How many arguments must be given by position; 0 where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 0
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in by_position and p.default is p.empty for p in parameters)


def is_blank(function):
    """Whether the body has no statement: a docstring, `...` or `pass` alone."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType) or not _does_nothing(code):
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return True
    # `return None` compiles to the same steps as `pass`, but somebody wrote it.
    return not any(isinstance(node, ast.Return) for node in ast.walk(tree))


@lru_cache(maxsize=256)
def _does_nothing(code):
    """Whether a code object only returns None; kept, because every call of every draw asks."""
    idle = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST"}
    steps = list(dis.get_instructions(code))
    loads = [step for step in steps if step.opname in ("LOAD_CONST", "RETURN_CONST")]
    return all(step.opname in idle for step in steps) and all(step.argval is None for step in loads)


def call(function, args):
    """Call `function(*args)` and return an Outcome; only a keyboard interrupt passes through."""
    if is_blank(function):
        return Outcome("blank")
    start = time.perf_counter()
    try:
        value = plain(function(*args))
    except NotImplementedError:
        return Outcome("blank")
    except (Exception, SystemExit) as error:
        line, number = failing_line(error, function)
        return Outcome("raised", None, describe(error), line, number, time.perf_counter() - start)
    return Outcome("value", value, seconds=time.perf_counter() - start)


def describe(error):
    """`TypeError: message` on one bounded line, whatever the error's own __str__ does."""
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = "(its message cannot be shown)"
    name = type(error).__name__
    return (f"{name}: {message}" if message else name)[:TEXT_LIMIT]


def failing_line(error, function=None):
    """Source text and number of the deepest traceback line that the learner wrote; ("", 0) if none is found."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    found = ("", 0)
    step = error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if filename == own_file or filename.startswith(("<cell", "<ipython-input")) or "ipykernel_" in filename:
            text = linecache.getline(filename, step.tb_lineno).strip()
            found = (text[:TEXT_LIMIT], step.tb_lineno)
        step = step.tb_next
    return found


def _as_float(number):
    """An integer that no NumPy type holds, as a float; beyond those it is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def _narrow(value):
    """Longer floats than Python's, which differ from machine to machine, as Python's; others as they are."""
    wide = {"f": (8, np.float64), "c": (16, np.complex128)}.get(value.dtype.kind)
    return value.astype(wide[1]) if wide and value.dtype.itemsize > wide[0] else value


def plain(value, depth=0):
    """The value rebuilt from known types: subclasses, objects and lazy things do not get through."""
    if value is None or type(value) in (bool, float, complex, Other):
        return value
    if type(value) is int:
        return value if value.bit_length() < 64 else _as_float(value)
    if type(value) is str:
        return value[:TEXT_LIMIT]
    if isinstance(value, np.generic):
        return plain(_narrow(value).item(), depth) if value.dtype.kind in "biufc" else Other(type(value).__name__[:80])
    if type(value) is np.ndarray:
        return np.array(_narrow(value)) if value.dtype.kind in "biufc" else Other(f"array of {value.dtype.name}"[:80])
    if type(value) in (tuple, list) and depth < DEPTH_LIMIT and len(value) <= ITEM_LIMIT:
        return tuple(plain(item, depth + 1) for item in value)
    return Other(type(value).__name__[:80])
