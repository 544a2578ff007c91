r"""Is this derivation right? A learner's lines are read, evaluated on random draws and compared with the
definition.

>>> from course_lib import derive
>>> report = derive(r'''
...     L = \frac{1}{2n}\|Xw-y\|^2
...     \nabla_w L = \frac{1}{n}X^\top(y-Xw)
... ''', shapes={"X": "n d", "w": "d", "y": "n"})
>>> report.first_wrong, report.lines[1].mistake
(1, 'sign')

tex (TeX read once, to nodes) -> document (statements, clauses, members), decisions (what the whole text decides) ->
symbols, resolver (what a symbol is) -> building, products, tidying, meaning (the rules of the grammar), parser,
numpy_reader (trees) -> charity, shapes -> evaluation -> judgement, stationary, points, updates -> edits, diagnosis ->
verdicts -> engine, with inference -> report -> editor

Operations are rows of one table: operations (with fitting, values and writing), which parser, numpy_reader, shapes,
evaluation, writer and numpy_writer ask

A derivation that nobody wrote: workout
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from ipywidgets import DOMWidget

    from .engine import Functions
    from .names import Shapes
    from .report import Report
    from .workout.practising import practice
    from .workout.working import work_out

SECONDS = 2.0


@overload
def derive(text: None = None, shapes: Shapes | None = None, functions: Functions = ()) -> DOMWidget: ...
@overload
def derive(text: str, shapes: Shapes | None = None, functions: Functions = ()) -> Report: ...
def derive(text: str | None = None, shapes: Shapes | None = None, functions: Functions = ()) -> Report | DOMWidget:
    r"""Check a derivation line by line against its own definitions.

    text: LaTeX or NumPy, one relation a line; whole posts with words around the formulas are read too. shapes:
    {"X": "n d", "w": "d", "lam": "", "A": "d d symmetric"}; what the text declares, X \in \mathbb{R}^{n \times d},
    need not stand there, and without `shapes` they are inferred and said in `Report.assumed`.
    functions: names of elementwise functions such as "sigma". Returns a Report; without text, opens an
    editor.
    Errors: TypeError or ValueError when `shapes` or `functions` cannot be understood, never for what stands
    in `text`.
    Truth is the derivative of the stated definition (complex step), compared on five draws with distinct
    dimensions.
    """
    if text is None:
        from .editor import editor

        return editor(shapes, functions)
    if not isinstance(text, str):
        raise TypeError(f"the derivation must be text; got {type(text).__name__}")
    from .engine import Session
    from .report import Report

    session = Session(shapes, functions, SECONDS)
    return Report(session.read(text), session.assumed, session.unknown, (text, shapes, functions))


def __getattr__(name: str) -> object:
    if name == "work_out":
        from .workout.working import work_out

        return work_out
    if name == "practice":
        from .workout.practising import practice

        return practice
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["derive", "practice", "work_out"]  # the last two are loaded when they are first used
