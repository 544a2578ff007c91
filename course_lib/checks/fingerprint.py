"""What an exercise is: a digest of everything that decides whether an answer to it is right.

It covers the call, the tolerance, the number of allowed calls, the functions that draw, compute the truth or accept a
value, and every function, class and constant of the course or of the exercise's own file that these use. It does not
cover hints, points, minutes, mistakes and sentences, nor comments, docstrings and layout: changing those leaves every
verdict as good as it was.
"""

import ast
import functools
import hashlib
import inspect
import linecache
import types
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from course_lib.checks import comparing, drawing
from course_lib.checks.specification import Exercise

_OURS = "course_lib"
# What an exercise says that makes no answer right or wrong.
_SAYS_NOTHING = {"chapter", "points", "minutes", "hints", "mistakes", "place"}
# Whatever the exercise, these make the draws and compare with the truth.
_SHARED: tuple[Callable[..., Any], ...] = (drawing.Draw, drawing.draws, comparing.close, comparing.errors)


def fingerprint(exercise: Exercise) -> str:
    """16 hexadecimal digits, the same on every machine with one version of Python."""
    values = [getattr(exercise, field.name) for field in fields(exercise) if field.name not in _SAYS_NOTHING]
    parts = tuple(value for value in values if callable(value))
    return _digest(repr([value for value in values if not callable(value)]), parts)


@functools.lru_cache(maxsize=1024)
def _digest(plain: str, parts: tuple[Callable[..., Any], ...]) -> str:
    found = _Sources()
    for part in (*parts, *_SHARED):
        found.add(part)
    return hashlib.sha256("\0".join([plain, *found.texts]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Sources:
    """The normalised sources of some functions and of what they use, in the order in which they are met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.met: set[int] = set()
        self.home = ""

    def add(self, value: Any) -> None:
        """A part of an exercise; what lies in the same file as it belongs to it."""
        self.home = getattr(value, "__module__", "") or ""
        self._take(value)

    def _take(self, value: Any) -> None:
        if isinstance(value, functools.partial):
            self.texts.append(repr((value.args, value.keywords)))
            value = value.func
        value = inspect.unwrap(value) if callable(value) else value
        if isinstance(value, types.MethodType):
            value = value.__func__
        if not isinstance(value, types.FunctionType | type):
            self.texts.append(_constant(value))
        elif self._is_ours(value) and id(value) not in self.met:
            self.met.add(id(value))
            self._take_source(value)

    def _is_ours(self, value: Any) -> bool:
        module = value.__module__ or ""
        return module == self.home or module.partition(".")[0] == _OURS

    def _take_source(self, value: Any) -> None:
        node, names = _node_of(value), _names_of(value)
        if node is None:
            self.texts.append(_byte_code(value))
            return
        self.texts.append(_normalised(node))
        for name, attribute in _loaded(node):
            if name not in names:
                continue
            used = names[name]
            if not isinstance(used, types.ModuleType):
                self._take(used)
            elif attribute and used.__name__.partition(".")[0] == _OURS:
                self._take(getattr(used, attribute, None))


def _names_of(value: Any) -> dict[str, Any]:
    """What the names in a function or class stand for, as far as they are not its own."""
    if isinstance(value, type):
        return vars(inspect.getmodule(value)) if inspect.getmodule(value) else {}
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    used = _read_from_outside(value.__code__)
    return {name: value.__globals__[name] for name in used if name in value.__globals__} | {
        name: cell.cell_contents for name, cell in cells
    }


def _read_from_outside(code: types.CodeType) -> set[str]:
    """Names that a function, or one inside it, does not define itself; attributes are among them."""
    inside = (_read_from_outside(constant) for constant in code.co_consts if isinstance(constant, types.CodeType))
    return set(code.co_names).union(*inside)


def _node_of(value: Any) -> ast.AST | None:
    """The definition of a function or class in the tree of its file; None where there is no source."""
    if isinstance(value, type):
        filename = getattr(inspect.getmodule(value), "__file__", None) or ""
        wanted: tuple[str, int] = (value.__name__, 0)
    else:
        filename, wanted = value.__code__.co_filename, (value.__name__, value.__code__.co_firstlineno)
    return _definitions("".join(linecache.getlines(filename))).get(wanted)


@functools.lru_cache(maxsize=64)
def _definitions(text: str) -> dict[tuple[str, int], ast.AST]:
    """(name, number of its first line, decorators included; 0 for a class) -> the definition, for one file."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    found: dict[tuple[str, int], ast.AST] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name, min([node.lineno, *(d.lineno for d in node.decorator_list)])] = node
        elif isinstance(node, ast.Lambda):
            found["<lambda>", node.lineno] = node
        elif isinstance(node, ast.ClassDef):
            found[node.name, 0] = node
    return found


@functools.lru_cache(maxsize=4096)
def _normalised(node: ast.AST) -> str:
    """The source without comments, layout, docstrings, and without the name and decorators of the whole.

    The tree of the file is cut down in place: it is read for nothing else.
    """
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        node.name, node.decorator_list = "_", []
        for inner in ast.walk(node):
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(inner):
                inner.body[:1] = [] if len(inner.body) > 1 else [ast.Pass()]
    return ast.unparse(node)


@functools.lru_cache(maxsize=4096)
def _loaded(node: ast.AST) -> tuple[tuple[str, str], ...]:
    """(name, attribute read from it or "") of everything that is read in a definition, in order, once each."""
    found: dict[tuple[str, str], None] = {}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            found[inner.value.id, inner.attr] = None
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            found[inner.id, ""] = None
    return tuple(found)


def _constant(value: Any) -> str:
    """What a constant says of itself; of other objects the type alone, because their addresses change."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()}"
    if isinstance(value, set | frozenset):
        return repr(sorted(map(_constant, value)))
    if isinstance(value, tuple | list):
        return repr([_constant(item) for item in value])
    if isinstance(value, dict):
        return repr([(_constant(key), _constant(item)) for key, item in value.items()])
    if value is None or isinstance(value, str | bytes | int | float | complex):
        return repr(value)
    return type(value).__qualname__


def _byte_code(value: Any) -> str:
    code = getattr(value, "__code__", None)
    return repr((code.co_code, code.co_names)) if code else value.__qualname__
