"""An editor for derivations in a notebook: text, a field for mathematics and shapes; the reading and verdicts, live.

The editor is one component, `web/editor.js`, which the page "Check your derivation" shows too. It needs MathLive beside
it, which comes when the wheel or the site is built; a clone that was never built shows a plain editor of ordinary form
fields.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_lib import derivation as room
from course_lib.errors import CourseError

from . import derive
from .engine import Functions, Session, read_functions
from .files import split_header
from .names import Shapes, read_shapes
from .report import Report, _pieces
from .tex import read_tex

if TYPE_CHECKING:
    from ipywidgets import DOMWidget

WEB = Path(__file__).parent / "web"
MATHLIVE = WEB / "mathlive"
LONG = 80  # characters of LaTeX; a shorter reading stays in one piece
NEVER_BUILT = (
    "The editor is the plain one: the field in which mathematics is typed as it looks comes with a built course "
    "(make site)."
)
NO_ANYWIDGET = "The editor is the plain one: the other is shown by anywidget, which is not installed here."

EXAMPLE_SHAPES = {"X": "n d", "w": "d", "y": "n"}
EXAMPLE = r"""L = \frac{1}{2n}\|Xw-y\|^2
dL = \frac{1}{n}(Xw-y)^\top X\,dw
\nabla_w L = \frac{1}{n}X^\top(y-Xw)"""


def judged(text: str, shapes: Shapes | None = None, functions: Functions = (), next: int = 0) -> dict[str, Any]:
    """The report on a derivation as plain data, or {"error": the sentence that says what is wrong with the shapes}.

    text, shapes, functions: as `derive` takes them; what the shapes do not say is inferred. Besides what
    `Report.to_dict` holds, each line has "pieces": its reading in pieces between which it may break.
    next: 1, 2 or 3 for what comes next in that many tiers, 4 for the whole derivation; then "next" holds it.
    """
    try:
        report = _report(text, shapes, functions)
    except (CourseError, TypeError, ValueError) as e:
        return {"error": str(e)}
    said = report.to_dict()
    if next:
        from .workout.next_line import told

        said["next"] = told(text, {**report.assumed, **(shapes or {})}, functions, int(next))
    for entry, line in zip(said["lines"], report.lines, strict=True):
        # A line may break before a sign that stands outside all brackets, so that it fits a narrow page.
        entry["pieces"] = _pieces(line.reading, read_tex(line.reading)) if len(line.reading) > LONG else [line.reading]
    return said


def _report(text: str, shapes: Shapes | None, functions: Functions) -> Report:
    """The Report of `derive`, in which what `shapes` leaves open is inferred too.

    In an editor the shapes are those that somebody changed; that says nothing about the other letters.
    """
    session = Session(shapes or {}, functions, room.SECONDS)
    session.infers = True
    lines = session.read(text)
    return Report(lines, session.assumed, session.unknown)


def editor(shapes: Shapes | None = None, functions: Functions = ()) -> DOMWidget:
    """A widget with the text of a derivation, its shapes, and the report on both, judged again as the learner types.

    Where MathLive lies beside it, it is the component of `web/editor.js`; else the plain one, which says so once.
    """
    missing = (
        NEVER_BUILT if not (MATHLIVE / "VERSION").is_file() else NO_ANYWIDGET if not find_spec("anywidget") else ""
    )
    if missing:
        _say_once(missing)
        return plain_editor(shapes, functions)
    text, begun, known = _begun(shapes, functions)
    return _component()(text, begun, known)


@functools.cache
def _say_once(sentence: str) -> None:
    print(sentence)


def _begun(shapes: Shapes | None, functions: Functions) -> tuple[str, dict[str, Any], dict[str, str | None]]:
    """(text, shapes, {function: what it is, or None}) to begin with; raises what `derive` raises."""
    example = EXAMPLE if shapes is None else ""  # the example is about names that given shapes need not have
    shapes = EXAMPLE_SHAPES if shapes is None else shapes
    read_shapes(shapes)
    known = dict(functions) if isinstance(functions, Mapping) else dict.fromkeys(read_functions(functions))
    return example, dict(shapes), known


@functools.cache
def _component() -> type[DOMWidget]:
    """The class of the widget; anywidget is imported with it."""
    import anywidget
    import traitlets

    class Editor(anywidget.AnyWidget):
        """The editor in a notebook. `asked` is the newest draft, `report` what `judged` says of it."""

        _esm = (WEB / "editor.js").read_text(encoding="utf-8")
        _css = (WEB / "editor.css").read_text(encoding="utf-8")
        asked = traitlets.Dict().tag(sync=True)
        report = traitlets.Dict().tag(sync=True)

        def __init__(self, text: str, shapes: Shapes | None, known: dict[str, str | None]) -> None:
            self._known = known
            super().__init__(asked={"id": 0, "text": text, "shapes": shapes, "functions": list(known)})
            self.on_msg(lambda _widget, content, _buffers: self._hear(content))

        @traitlets.observe("asked")
        def _judge(self, _change: object) -> None:
            asked = self.asked
            functions = {name: self._known.get(name) for name in asked["functions"]}
            # The id makes each report another one, so that the browser hears of it even if it says the same.
            report = judged(asked["text"], asked["shapes"], functions, asked.get("next", 0))
            self.report = {**report, "id": asked["id"]}

        def _hear(self, content: dict[str, Any]) -> None:
            if content.get("kind") == "mathlive":
                self.send(*_mathlive())

        def __repr__(self) -> str:
            return "Editor of a derivation"

    return Editor


def _mathlive() -> tuple[dict[str, Any], list[bytes]]:
    """(message, buffers) with MathLive's module, its style and its fonts, for the editor in the browser."""
    style = (MATHLIVE / "mathlive-static.css").read_text(encoding="utf-8")
    fonts = sorted((MATHLIVE / "fonts").glob("*.woff2"))
    message = {
        "kind": "mathlive",
        "style": re.sub(r"@font-face\s*\{[^}]*\}", "", style),
        "fonts": [_face(path.stem) for path in fonts],
    }
    return message, [(MATHLIVE / "mathlive.min.mjs").read_bytes(), *(path.read_bytes() for path in fonts)]


def _face(stem: str) -> dict[str, str]:
    """What a font file named like KaTeX_Main-BoldItalic is."""
    family, _, cut = stem.partition("-")
    style = "italic" if "Italic" in cut else "normal"
    return {"family": family, "style": style, "weight": "700" if "Bold" in cut else "400"}


def plain_editor(shapes: Shapes | None = None, functions: Functions = ()) -> DOMWidget:
    """The editor made of ordinary form fields: text, shapes and functions, with the report on them below.

    Tab moves between the fields, and nothing needs a mouse.
    """
    import ipywidgets as widgets

    example, begun, known = _begun(shapes, functions)
    written = "; ".join(f"{name} = {spec}" for name, spec in begun.items())
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

    more = widgets.Button(description="Next line?", tooltip="The rule; then the line with a gap; then the line")
    hinted = widgets.HTMLMath()
    tier = 0

    def judge(_change: object) -> None:
        nonlocal tier
        tier, hinted.value = 0, ""
        shown.value = _judged(text.value, sizes.value, used.value, known)

    def tell(_button: object) -> None:
        nonlocal tier
        tier = min(tier + 1, 3)
        hinted.value = _judged(text.value, sizes.value, used.value, known, tier)

    for field in (text, sizes, used):
        field.observe(judge, names="value")
    more.on_click(tell)
    return widgets.VBox([sizes, used, text, shown, more, hinted], layout=wide)


def _judged(text: str, sizes: str, functions: str, known: dict[str, str | None], tier: int = 0) -> str:
    """The report as HTML, or what comes next in so many tiers, or what is wrong with the shapes in one sentence.

    known: what the functions were said to be, {"f": "tanh"}, where that was said.
    """
    try:
        shapes, _, _ = split_header(f"shapes: {sizes}", "the field 'Shapes'")
        names = functions.replace(",", " ").split()
        report = derive(text, shapes, {name: known.get(name) for name in names})
        return report.next(tier)._repr_html_() if tier else report._repr_html_()
    except (CourseError, TypeError, ValueError) as e:
        return f'<p role="alert">{html.escape(str(e))}</p>'
