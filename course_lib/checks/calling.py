"""Call a learner's function and describe what came back, as plain data.

The notebook imports this module; the grading sandbox mounts this very file, and `operands`, beside its worker. So they
use the standard library and NumPy only, and a learner reads the same words at both seats.
"""

import ast
import dis
import inspect
import linecache
import math
import textwrap
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from course_lib.checks import operands

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
    operands for "raised": what an operation with two operands was given, where that can be read off: "@ (3,6) (3,)".
    changed  places of the arguments that hold other numbers after the call than before.
    seconds  wall time of the call.
    """

    kind: str
    value: object = None
    error: str = ""
    line: str = ""
    line_number: int = 0
    seconds: float = 0.0
    operands: str = ""
    changed: tuple = ()


# The settings that NumPy has when it is imported. Whatever a notebook makes of them, an answer is judged with these.
NUMPY_SETTINGS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


def parameter_names(function: Callable[..., Any]) -> list[str] | None:
    """The names of the parameters that can be given by position, or None where Python cannot tell.

    Behind them stand, after "*", those that must be given by name.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    by_name = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    by_position = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return by_position + (["*", *by_name] if by_name else [])


def required_count(function: Callable[..., Any]) -> int:
    """How many arguments must be given by position; 0 where Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 0
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in by_position and p.default is p.empty for p in parameters)


def is_blank(function: Callable[..., Any]) -> bool:
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


def call(function: Callable[..., Any], args: tuple[Any, ...], settings: Any = NUMPY_SETTINGS) -> Outcome:
    """Call `function(*args)` and return an Outcome; only a keyboard interrupt passes through.

    settings   what NumPy does about overflow and the like meanwhile, as of `np.errstate`.
    """
    if is_blank(function):
        return Outcome("blank")
    before = tuple(np.array(arg) if type(arg) is np.ndarray else None for arg in args)
    start = time.perf_counter()
    try:
        with np.errstate(**settings):
            value = function(*args)
        value = plain(value)
    except NotImplementedError:
        return Outcome("blank")
    except (Exception, SystemExit) as error:
        seconds = time.perf_counter() - start
        line, number = failing_line(error, function)
        step = _failing_step(error, function)
        shapes = operands.of(step.tb_frame, step.tb_lasti) if step else ""
        return Outcome("raised", None, describe(error), line, number, seconds, shapes)
    seconds = time.perf_counter() - start
    changed = tuple(place for place, old in enumerate(before) if old is not None and _differs(old, args[place]))
    return Outcome("value", value, seconds=seconds, changed=changed)


def _differs(old, new):
    """Whether an array was changed; what a step there and back again leaves of rounding is no change."""
    if np.array_equal(old, new):
        return False
    if old.shape != new.shape:
        return True
    with np.errstate(all="ignore"):
        return not np.allclose(new, old, rtol=1e-12, atol=1e-12 * np.max(np.abs(old), initial=0.0), equal_nan=True)


def describe(error: BaseException) -> str:
    """`TypeError: message` on one bounded line, whatever the error's own __str__ does."""
    try:
        message = " ".join(str(error).split())
    except Exception:
        message = "(its message cannot be shown)"
    name = type(error).__name__
    return (f"{name}: {message}" if message else name)[:TEXT_LIMIT]


def failing_line(error: BaseException, function: Callable[..., Any] | None = None) -> tuple[str, int]:
    """Source text and number of the deepest traceback line that the learner wrote; ("", 0) if none is found."""
    step = _failing_step(error, function)
    if step is None:
        return "", 0
    text = linecache.getline(step.tb_frame.f_code.co_filename, step.tb_lineno).strip()
    return text[:TEXT_LIMIT], step.tb_lineno


def _failing_step(error, function):
    """The deepest step of the traceback that lies in the learner's own code, or None."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    found, step = None, error.__traceback__
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if filename == own_file or filename.startswith(("<cell", "<ipython-input")) or "ipykernel_" in filename:
            found = step
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


def plain(value: Any, depth: int = 0) -> Any:
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
