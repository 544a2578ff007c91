"""Boards: pictures in which the hand moves a point and everything that depends on it follows, drawn in the browser.

A board is described by one Python function of the numbers that can be moved. Called with numbers it gives the still
picture. Called with numbers that remember how they are computed it gives the recipe that `board.js` follows at every
move, in a notebook and on a page of the site alike: no kernel is asked, so it is smooth, and the mathematics stands
here alone.
"""

from __future__ import annotations

import functools
import html
import json
import operator
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_lib.figures.base import DARK, Live, Picture, new_figure, signed

SCRIPT = Path(__file__).parent / "board.js"


# ----------------------------------------------------------------------------------------------------------------------
OPERATIONS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "sqrt": np.sqrt,
    "abs": np.abs,
}


class Traced:
    """A number of a recipe: what is computed with it is written down as rows (operation, operands) of the recipe.

    NumPy's functions and products take arrays of such numbers, so a formula reads as it does for floats.
    """

    def __init__(self, recipe, row):
        self.recipe, self.row = recipe, row

    def _then(self, operation, *operands):
        self.recipe.append([operation, *map(_told, operands)])
        return Traced(self.recipe, len(self.recipe) - 1)

    def __add__(self, other):
        return NotImplemented if isinstance(other, np.ndarray) else self._then("+", self, other)

    def __radd__(self, other):
        return self._then("+", other, self)

    def __sub__(self, other):
        return NotImplemented if isinstance(other, np.ndarray) else self._then("-", self, other)

    def __rsub__(self, other):
        return self._then("-", other, self)

    def __mul__(self, other):
        return NotImplemented if isinstance(other, np.ndarray) else self._then("*", self, other)

    def __rmul__(self, other):
        return self._then("*", other, self)

    def __truediv__(self, other):
        return NotImplemented if isinstance(other, np.ndarray) else self._then("/", self, other)

    def __rtruediv__(self, other):
        return self._then("/", other, self)

    def __neg__(self):
        return self._then("-", 0, self)

    def __pow__(self, power):
        if power != 2:
            raise TypeError(f"A recipe squares and nothing else; the power was {power}.")
        return self._then("*", self, self)

    # What NumPy calls for an array of objects.
    def sqrt(self):
        return self._then("sqrt", self)

    def __abs__(self):
        return self._then("abs", self)

    def __format__(self, spec):
        """A gap that is filled in the browser; `spec` is of the form z.2f, the number of digits behind the point."""
        return f"⟨{self.row}|{re.fullmatch(r'z?[.](?P<digits>[0-9])f', spec)['digits']}⟩"


def _told(value):
    """A number, or the name of the row in which it is computed."""
    return str(value.row) if isinstance(value, Traced) else float(value)


def follow(recipe, values):
    """Every row of a recipe, computed for these values: what `board.js` does. The first rows are the values."""
    rows = list(values)
    for operation, *operands in recipe[len(rows) :]:
        rows.append(OPERATIONS[operation](*(rows[int(v)] if isinstance(v, str) else v for v in operands)))
    return rows


# ----------------------------------------------------------------------------------------------------------------------
@dataclass
class Panel:
    """One drawing with axes: limits (low, high) in each direction, one unit as long across as upwards where `equal`."""

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    xlabel: str = ""
    ylabel: str = ""
    xticks: tuple = ()
    yticks: tuple = ()
    equal: bool = True
    shapes: list = field(default_factory=list)

    def line(self, x, y, colour, width=2, dashes=None, opacity=1):
        """A line through the points (x, y)."""
        self._add("line", points=_points(x, y), colour=colour, width=width, dashes=dashes, opacity=opacity)

    def area(self, x, y, colour, opacity=0.3):
        """What a line through the points encloses, filled."""
        self._add("area", points=_points(x, y), colour=colour, opacity=opacity)

    def arrow(self, start, tip, colour, width=2.5):
        """An arrow between two points (2,)."""
        self._add("arrow", points=_points(*zip(start, tip, strict=True)), colour=colour, width=width)

    def dot(self, place, colour, radius=4):
        """A dot; `radius` in pixels."""
        self._add("dot", points=_points(*[[c] for c in place]), colour=colour, width=radius)

    def text(self, place, words, colour="#000000", anchor="middle"):
        """Words at a point, in front of what is drawn; `anchor` is start, middle or end."""
        self._add("text", points=_points(*[[c] for c in place]), colour=colour, words=words, anchor=anchor)

    def _add(self, kind, **shape):
        self.shapes.append({"kind": kind, **shape})


def _points(x, y):
    return [list(point) for point in zip(x, y, strict=True)]


@dataclass
class Handle:
    """A point that can be moved: the panel it lies in, its place there, and the two values that a move changes.

    A value that is None stays: the point moves in the other direction only.
    """

    name: str
    panel: int
    place: tuple
    values: tuple
    colour: str = "#000000"
    step: float = 0.1


@dataclass
class Scene:
    """What a board shows for one choice of values: `said` is the numbers in words, `alt` what the picture shows."""

    panels: list[Panel]
    handles: list[Handle]
    said: str
    alt: str


class Board(Live):
    """Points to be moved by mouse, finger or keyboard, in a picture that follows.

    draw    function of the values that returns a Scene; it computes with + - * /, squares, np.sqrt and abs.
    values  where the points stand at first, numbers.
    about   one sentence: what to move and what to watch.
    """

    def __init__(self, draw, values, about):
        self.draw, self.about, self.values = draw, about, list(map(float, values))
        recipe = [["=", value] for value in self.values]
        live = draw(*(Traced(recipe, row) for row in range(len(self.values))))
        self.scene = {"about": about, "recipe": recipe, "start": self.values, **_plain(live)}
        still = draw(*self.values)
        self.picture = Picture(_still(still), signed(still.alt))

    @functools.cached_property
    def view(self):
        """The widget; made when it is first shown."""
        return _component()(self)

    def still_html(self):
        """The still picture, with all that a page of the site needs to make it move."""
        scene = html.escape(json.dumps(self.scene, ensure_ascii=False, separators=(",", ":")), quote=True)
        return f'<div class="course-board" data-scene="{scene}">{self.picture.shown}</div>'

    def __repr__(self):
        return f"Board (run this cell to move its points): {self.about}"


def _plain(thing):
    """A scene as what JSON can say; a number of the recipe is the name of its row."""
    if isinstance(thing, Traced):
        return _told(thing)
    if isinstance(thing, (list, tuple, range)):
        return [_plain(part) for part in thing]
    if isinstance(thing, dict):
        return {name: _plain(part) for name, part in thing.items() if part is not None}
    if hasattr(thing, "__dataclass_fields__"):
        return _plain({name: getattr(thing, name) for name in thing.__dataclass_fields__ if name != "alt"})
    return round(float(thing), 3) if isinstance(thing, (float, np.floating)) else thing


@functools.cache
def _component():
    """The class of the widget; anywidget is imported with it."""
    import anywidget
    import traitlets

    class LiveBoard(anywidget.AnyWidget):
        """A board in a notebook. `values` are where its points stand now; `value` is the still that is stored."""

        _esm = SCRIPT.read_text(encoding="utf-8")
        _css = DARK
        scene = traitlets.Dict().tag(sync=True)
        values = traitlets.List().tag(sync=True)
        value = traitlets.Unicode().tag(sync=True)

        def __init__(self, board):
            super().__init__(scene=board.scene, values=board.values, value=board.still_html())

        def __repr__(self):
            return "Board with points to move"

    return LiveBoard


# ----------------------------------------------------------------------------------------------------------------------
def _still(scene):
    """A matplotlib Figure of a scene whose numbers are numbers."""
    count = len(scene.panels)
    figure, axes = new_figure(width=4.2 * count, height=4, columns=count, squeeze=False)
    for axis, panel in zip(axes[0], scene.panels, strict=True):
        axis.grid(False)
        axis.set(xlim=panel.x, ylim=panel.y, title=panel.title, xlabel=panel.xlabel, ylabel=panel.ylabel)
        axis.set(xticks=panel.xticks, yticks=panel.yticks)
        axis.set_aspect("equal" if panel.equal else "auto", adjustable="box")
        for side in () if panel.xticks else axis.spines.values():
            side.set_visible(False)
        for order, shape in enumerate(panel.shapes):
            _draw(axis, shape, 2 + order / 100)
    for handle in scene.handles:
        axes[0][handle.panel].plot(
            *handle.place, "o", color=handle.colour, mec="white", mew=1.5, ms=11, zorder=9, clip_on=False
        )
    return figure


def _draw(axis, shape, order):
    """One shape of a panel on an axis."""
    x, y = np.transpose(shape["points"])
    kind, style = shape["kind"], {"color": shape["colour"], "alpha": shape.get("opacity"), "zorder": order}
    if kind == "line":
        axis.plot(x, y, lw=0.75 * shape["width"], ls=(0, shape["dashes"]) if shape["dashes"] else "-", **style)
    elif kind == "area":
        axis.fill(x, y, lw=0, **style)
    elif kind == "arrow":
        arrow = {"arrowstyle": "-|>", "color": shape["colour"], "lw": 0.8 * shape["width"], "mutation_scale": 13}
        axis.annotate("", (x[1], y[1]), (x[0], y[0]), arrowprops={**arrow, "shrinkA": 0, "shrinkB": 0}, zorder=order)
    elif kind == "dot":
        axis.plot(x, y, "o", ms=1.5 * shape["width"], **style)
    else:
        across = {"start": "left", "middle": "center", "end": "right"}[shape["anchor"]]
        box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8}
        axis.text(x[0], y[0], shape["words"], ha=across, va="center", fontsize=9, bbox=box, clip_on=True, **style)
