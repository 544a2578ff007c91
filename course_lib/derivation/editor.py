"""An editor for derivations in a notebook: text and shapes on top, reading and verdicts below, live."""

from __future__ import annotations

import html

from course_lib.errors import CourseError

from . import derive
from .engine import read_functions
from .files import split_header
from .names import read_shapes

EXAMPLE_SHAPES = {"X": "n d", "w": "d", "y": "n"}
EXAMPLE = r"""L = \frac{1}{2n}\|Xw-y\|^2
dL = \frac{1}{n}(Xw-y)^\top X\,dw
\nabla_w L = \frac{1}{n}X^\top(y-Xw)"""


def editor(shapes=None, functions=()):
    """A widget with the text of a derivation, its shapes, and the report on both, judged again as the learner
    types.

    Every control is an ordinary form field: Tab moves between them, and nothing needs a mouse.
    """
    import ipywidgets as widgets

    example = EXAMPLE if shapes is None else ""  # the example is about names that given shapes need not have
    shapes = EXAMPLE_SHAPES if shapes is None else shapes
    read_shapes(shapes)
    known = dict(functions) if hasattr(functions, "items") else dict.fromkeys(read_functions(functions))
    written = "; ".join(f"{name} = {spec}" for name, spec in shapes.items())
    wide = widgets.Layout(width="auto")
    label = {"description_width": "6em"}
    text = widgets.Textarea(
        value=example, description="Derivation", rows=8, layout=wide, style=label, continuous_update=True
    )
    sizes = widgets.Text(value=written, description="Shapes", layout=wide, style=label, continuous_update=False)
    used = widgets.Text(
        value=" ".join(known), description="Functions", layout=wide, style=label, continuous_update=False
    )
    # An Output would store what it shows with a random id in the notebook; HTMLMath renders the mathematics
    # in place.
    shown = widgets.HTMLMath(value=_judged(text.value, sizes.value, used.value, known))

    def judge(_change):
        shown.value = _judged(text.value, sizes.value, used.value, known)

    for field in (text, sizes, used):
        field.observe(judge, names="value")
    return widgets.VBox([sizes, used, text, shown], layout=wide)


def _judged(text: str, sizes: str, functions: str, known: dict) -> str:
    """The report as HTML, or the one sentence that says what is wrong with the shapes.

    known: what the functions were said to be, {"f": "tanh"}, where that was said.
    """
    try:
        shapes, _, _ = split_header(f"shapes: {sizes}", "the field 'Shapes'")
        names = functions.replace(",", " ").split()
        return derive(text, shapes, {name: known.get(name) for name in names})._repr_html_()
    except (CourseError, TypeError, ValueError) as e:
        return f'<p role="alert">{html.escape(str(e))}</p>'
