"""Figures of chapter 5: a line through real data, a residual over a plane, bowls and troughs, digits, ridge."""

from functools import cache

import numpy as np

from course_lib.calculus.least_squares import (
    EPS,
    design_with_condition,
    minimum_norm_solution,
    ols_normal_equations,
    ols_qr,
    ridge,
)
from course_lib.data import diabetes
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, Explorer, Picture, counted, new_figure
from course_lib.figures.board import Board, Handle, Panel, Scene


# ----------------------------------------------------------------------------------------------------------------------
@cache
def _bmi():
    """The body mass index of 442 people, their score, and the two weights of the best line, in raw units."""
    table, score, names = diabetes()
    bmi = table[:, names.index("bmi")]
    return bmi, score, ols_qr(np.column_stack([np.ones(len(bmi)), bmi]), score)


def _scatter(axis):
    """The people as dots; returns the line through them, still empty, and the bars of eleven residuals."""
    bmi, score, _ = _bmi()
    axis.plot(bmi, score, "o", color=GREY, ms=3, alpha=0.45, mew=0)
    (line,) = axis.plot([], [], color=BLUE, lw=2.5)
    (bars,) = axis.plot([], [], color=RED, lw=1.4)
    axis.set(xlim=(16.5, 43.5), ylim=(0, 360), xlabel="body mass index (kg/m²)", ylabel="score after a year (points)")
    return line, bars


def _draw_line(line, bars, intercept, slope):
    bmi, score, _ = _bmi()
    ends = np.array([17, 43])
    line.set_data(ends, intercept + slope * ends)
    shown = np.argsort(bmi)[20::40]
    gaps = np.full((len(shown), 3), np.nan)
    gaps[:, 0], gaps[:, 1] = score[shown], intercept + slope * bmi[shown]
    bars.set_data(np.repeat(bmi[shown], 3), gaps.ravel())


def _typical_error(intercept, slope):
    bmi, score, _ = _bmi()
    return np.sqrt(np.mean((score - intercept - slope * bmi) ** 2))


def regression_line():
    """Still: the best line through body mass index and score, with some of its residuals."""
    figure, axis = new_figure(width=6.1, height=4.2)
    bmi, score, (intercept, slope) = _bmi()
    line, bars = _scatter(axis)
    _draw_line(line, bars, intercept, slope)
    axis.plot(bmi.mean(), score.mean(), "D", color="black", ms=7)
    on_paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 1.5}
    axis.text(33, 120, "both means", fontsize=10, va="center", bbox=on_paper)
    axis.plot([bmi.mean(), 32.8], [score.mean(), 120], color="black", lw=0.8)
    axis.set_title(f"score ≈ {intercept:.1f} + {slope:.2f} · bmi")
    return Picture(
        figure,
        f"442 people as dots, body mass index 18 to 42 across, score 25 to 346 upwards. The best line rises by "
        f"{slope:.2f} points for each kg/m² and passes through the point of both means, "
        f"({bmi.mean():.1f}, {score.mean():.0f}). Red bars show eleven of the residuals, many longer than 50 points.",
    )


# A number on a level line is read in front of it.
_ON_LINE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.5}
CODES = {"as it is": (0, 1), "centred": (1, 1), "standardised": (1, 0)}


class _LineByHand:
    """Left: a line through the people. Right: its typical error as a map over the two weights, one unit for both."""

    HEIGHTS = (65, 80, 100, 150, 250)
    REACH = 330

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(width=8.8, height=4.3, columns=2, width_ratios=[1.15, 1])
        self.line, self.bars = _scatter(self.left)
        self.lines = [self.right.plot([], [], color=GREY, lw=1)[0] for _ in self.HEIGHTS]
        style = {"fontsize": 8, "color": "#444444", "ha": "center", "va": "center", "clip_on": True, "bbox": _ON_LINE}
        self.labels = {height: self.right.text(0, 0, f"{height}", **style) for height in self.HEIGHTS[2:]}
        self.trough = self.right.text(0, 0, "65 to 250, all in here", **{**style, "va": "bottom", "bbox": None})
        (self.best,) = self.right.plot([], [], "+", color="black", ms=9)
        (self.here,) = self.right.plot([], [], "o", color=RED, ms=8)
        self.right.set(xlabel="intercept (points)", ylabel="slope (points per\nstandard deviation)", aspect="equal")
        self.right.set(xlim=(-self.REACH, self.REACH), ylim=(-self.REACH, self.REACH))

    def __call__(self, slope, middle, column):
        bmi, _, best = _bmi()
        centre, scale, unit = self._code(column)
        intercept = middle - slope * bmi.mean()
        error = _typical_error(intercept, slope)
        _draw_line(self.line, self.bars, intercept, slope)
        self.left.set_title(f"typical error {error:.1f} points")
        # The same line has other weights when the column is written otherwise.
        self.here.set_data([intercept + slope * centre], [slope * scale])
        X = np.column_stack([np.ones(len(bmi)), (bmi - centre) / scale])
        self._map(X, np.array([best[0] + best[1] * centre, best[1] * scale]))
        self.right.set(ylabel=f"slope (points per\n{unit})")
        kappa = np.linalg.cond(X)
        self.right.set_title(f"typical error, bmi {column}: κ = {kappa:.3g}")
        return self.figure, (
            f"Left: 442 people and a line of slope {slope:.1f} points per kg/m² through {middle:.0f} points at the "
            f"mean body mass index; its typical error is {error:.1f} points. Right: level lines of the typical error "
            f"over the intercept and the slope in points per {unit}, for bmi {column}, where the condition number is "
            f"{kappa:.3g}; a dot shows the line."
        )

    @staticmethod
    def _code(column):
        """What is taken off the column, what it is divided by, and its unit then."""
        bmi = _bmi()[0]
        centred, raw = CODES[column]
        return centred * bmi.mean(), 1.0 if raw else bmi.std(), "kg/m²" if raw else "standard deviation"

    def _map(self, X, best):
        """Level lines around the best weights; their heights where there is room for them."""
        least = _typical_error(*_bmi()[2])
        for line, height in zip(self.lines, self.HEIGHTS, strict=True):
            ellipse, tip, _ = _ellipse(X.T @ X / len(X), height**2 - least**2)
            line.set_data(*(best[:, None] + ellipse))
            room = np.linalg.norm(tip) < self.REACH
            if label := self.labels.get(height):
                label.set_position(best + tip)
                label.set_visible(room)
        self.trough.set_position(best + [0, 30])
        self.trough.set_visible(not room)
        self.best.set_data(best[:1], best[1:])
        self.right.set(xlim=best[0] + np.array([-1, 1]) * self.REACH, ylim=best[1] + np.array([-1, 1]) * self.REACH)


def _ellipse(M, square):
    """The ellipse (2, 121) of all v with vᵀMv = square, and its tips (2,) on the longer and on the shorter axis."""
    values, directions = np.linalg.eigh(M)
    circle = np.linspace(0, 2 * np.pi, 121)
    radii = np.sqrt(square / values)
    directions = directions * np.where(np.sum(directions, axis=0) < 0, -1, 1)
    return directions @ (radii[:, None] * [np.cos(circle), np.sin(circle)]), *(radii * directions).T


def line_by_hand():
    """Explorer: fit a line by hand and see where it stands on the map of its error, for three codes of the column."""
    import ipywidgets as widgets

    return Explorer(
        {
            "slope": widgets.FloatSlider(value=4, min=0, max=20, step=0.5, description="slope (points per kg/m²)"),
            "middle": widgets.FloatSlider(value=190, min=100, max=220, step=2, description="height at the mean bmi"),
            "column": widgets.Dropdown(options=list(CODES), description="the column of bmi"),
        },
        _LineByHand(),
        "bring the typical error down with one slider at a time; then centre the column and look at the map again.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def _squares(x, y, fit):
    """The points, the line through them, and the square on each residual."""
    panel = Panel("the best line and its squares", (0, 10), (0, 8), "x", "y", range(0, 11, 2), range(0, 9, 2))
    for a, b, c in zip(x, y, fit, strict=True):
        r = b - c
        panel.area([a, a, a - r, a - r], [b, c, c, b], RED, 0.22)
        panel.line([a, a], [b, c], RED, 2)
    return panel


def _levers(x, mean, spread):
    """For every point, how much the slope grows when the point is lifted by 1: (x - mean) / spread."""
    title = "what a lift by 1 adds to the slope"
    panel = Panel(title, (0, 10), (-0.2, 0.2), "x", "", range(0, 11, 2), (-0.2, -0.1, 0, 0.1, 0.2), equal=False)
    panel.line([0, 10], [0, 0], "#000000", 1)
    panel.line([0, 10], [(0 - mean) / spread, (10 - mean) / spread], GREY, 1.2, (3, 2))
    for a in x:
        panel.line([a, a], [0, (a - mean) / spread], PURPLE, 3)
        panel.dot((a, (a - mean) / spread), PURPLE, 4)
    panel.dot((mean, 0), "#000000", 4)
    return panel


def _pulled(*places):
    """The least-squares line through points (x₁, y₁, x₂, y₂, …) that can be moved."""
    x, y = np.array(places[0::2]), np.array(places[1::2])
    mean, away = np.sum(x) / len(x), x - np.sum(x) / len(x)
    # If all points stand above each other there is no slope; the small number keeps the picture drawn.
    spread = away @ away + 1e-9
    slope = away @ y / spread
    intercept = np.sum(y) / len(y) - slope * mean
    r = y - (intercept + slope * x)
    squares = _squares(x, y, y - r)
    squares.line([0, 10], [intercept, intercept + 10 * slope], BLUE, 2.5)
    squares.dot((mean, np.sum(y) / len(y)), GREY, 4)
    said = (
        f"The best line has the slope {slope:z.3f} and the intercept {intercept:z.2f}. The squares add up to "
        f"{r @ r:z.2f}, the residuals to {np.sum(r):z.2f}, and the residuals times x to {r @ x:z.2f}."
    )
    alt = (
        "Left: six points that can be moved, the least-squares line through them, and on each residual a square. "
        "Right: for each point, a bar that says how much the slope grows when the point rises by 1; all bars end on "
        f"one dashed line, which is 0 at the mean of x. {said}"
    )
    handles = [Handle(f"point {k + 1}", 0, (x[k], y[k]), (2 * k, 2 * k + 1)) for k in range(len(x))]
    return Scene([squares, _levers(x, mean, spread)], handles, said, alt)


def pull_the_line():
    """Board: move the points; the line, the squares and the lever of every point follow."""
    places = (1, 1.5, 2.5, 3.4, 4, 2.4, 5.5, 4.9, 7, 3.9, 9, 6.3)
    return Board(_pulled, places, "lift one point after the other, and watch which of them turns the line.")


# ----------------------------------------------------------------------------------------------------------------------
# Two columns on the ground, and a target one unit above the point 0.8 · column 1 + 0.6 · column 2. The plane is level,
# so whatever stands at right angles to it is upright in the picture, too.
COLUMNS = np.array([[1.7, 0.2], [0.3, 1.6], [0.0, 0.0]])
BEST = np.array([0.8, 0.6])
TARGET = COLUMNS @ BEST + [0.0, 0.0, 1.0]
# What the eye looks at, and from where.
CENTRE = COLUMNS @ [0.6, 0.6] + [0.0, 0.0, 0.35]
TURN, HEIGHT = 25, 25


def _seen_from(turn, height):
    """Screen axes (2, 3) of an eye that is `turn` degrees round the vertical and `height` degrees above the ground."""
    a, h = np.deg2rad([turn, height])
    right = [-np.sin(a), np.cos(a), 0.0]
    up = [-np.cos(a) * np.sin(h), -np.sin(a) * np.sin(h), np.cos(h)]
    return np.array([right, up])


class _Plane:
    """The plane of the columns, a prediction in it, and the residual up to the target, drawn on one axis."""

    # name, colour, and where its letter stands: beyond the tip or beside the middle, in units of the picture
    ARROWS = (("column 1", BLUE), ("column 2", SKY), ("y", "black"), ("Xw", ORANGE), ("r", RED))

    def __init__(self, axis):
        self.axis = axis
        (self.grid,) = axis.plot([], [], color=GREY, lw=0.7, alpha=0.5)
        (self.corner,) = axis.plot([], [], color="black", lw=1.2)
        style = {"arrowstyle": "-|>,head_width=0.28,head_length=0.55", "lw": 2.2, "shrinkA": 0, "shrinkB": 0}
        self.arrows = [
            axis.annotate("", (0, 0), (0, 0), arrowprops={**style, "color": colour}, zorder=4)
            for _, colour in self.ARROWS
        ]
        (self.origin,) = axis.plot([], [], "o", color="black", ms=5)
        # A name is read in front of the lattice, not through it, and covers no arrow.
        on_paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
        self.names = [
            axis.text(0, 0, name, fontsize=11, ha="center", va="center", clip_on=True, bbox=on_paper, color=colour)
            for name, colour in (*self.ARROWS, ("0", "black"))
        ]
        axis.set(xlim=(-1.95, 1.95), ylim=(-1.3, 1.3), xticks=[], yticks=[])
        axis.set_aspect("equal", adjustable="box")
        axis.grid(False)
        for side in axis.spines.values():
            side.set_visible(False)

    def draw(self, w, turn, height):
        eye = _seen_from(turn, height)
        zero, target, prediction = (eye @ (point - CENTRE) for point in (np.zeros(3), TARGET, COLUMNS @ w))
        columns = (eye @ COLUMNS).T + zero
        self.grid.set_data(*(eye @ COLUMNS @ _lattice() + zero[:, None]))
        ends = [(zero, columns[0]), (zero, columns[1]), (zero, target), (zero, prediction), (prediction, target)]
        for arrow, (start, tip) in zip(self.arrows, ends, strict=True):
            arrow.set_position(start)
            arrow.xy = tip
        self.origin.set_data(zero[:1], zero[1:])
        self.corner.set_data(*_right_angle(w, prediction, height))
        self._name(ends)

    def _name(self, ends):
        """Names beyond the tips; that of the residual beside its middle, away from the origin."""
        zero, (foot, target) = ends[0][0], ends[-1]
        # A name is wider than it is high.
        beyond = [tip + [0.36, 0.2] * _unit(tip - zero) for _, tip in ends[:2]]
        aside = 0.14 if (foot + target)[0] > 2 * zero[0] else -0.14
        places = [
            *beyond,
            target + [0, 0.14],
            foot - [-aside, 0.16],
            (foot + target) / 2 + [aside, 0],
            zero - [0, 0.15],
        ]
        for name, place in zip(self.names, places, strict=True):
            name.set_position(place)


def _unit(v):
    return v / max(np.linalg.norm(v), 1e-12)


def _lattice():
    """Lines of constant weights in the plane, as weights (2, k) with gaps."""
    ends, places = np.array([-0.2, 1.4, np.nan]), np.linspace(-0.2, 1.4, 9)
    lines = [np.array([ends, 0 * ends + s]) for s in places] + [np.array([0 * ends + s, ends]) for s in places]
    return np.hstack(lines)


def _right_angle(w, foot, height):
    """The corner (2, 3) between plane and residual on the picture, empty unless the residual is orthogonal to both.

    Its lower side lies in the plane, in the direction that runs level across the picture: so it looks like the right
    angle that it is. From straight above there is nothing to see.
    """
    orthogonal = np.max(np.abs(COLUMNS.T @ (TARGET - COLUMNS @ w))) < 1e-9
    if not orthogonal or height > 80:
        return np.full((2, 3), np.nan)
    side = 0.13 if foot[0] < 0 else -0.13
    return foot[:, None] + np.array([[0, side, side], [0.13, 0.13, 0]])


class _Residual:
    """Left: the plane. Right: the two inner products of columns and residual, and the residual's length."""

    def __init__(self):
        self.figure, (left, self.right) = new_figure(width=8.8, height=4.2, columns=2, width_ratios=[2.5, 1])
        self.plane = _Plane(left)
        self.bars = self.right.barh([2, 1, 0], [0, 0, 0], color=[BLUE, SKY, RED], height=0.55)
        self.right.axvline(0, color="black", lw=0.8)
        self.right.plot([1, 1], [-0.45, 0.45], color="black", ls="--", lw=1.2)
        self.right.set(yticks=[2, 1, 0], yticklabels=["column 1\nwith r", "column 2\nwith r", "length\nof r"])
        self.right.set(xlabel="inner product, or length", xlim=(-4, 4), ylim=(-0.6, 2.6))

    def __call__(self, first, second, turn, height):
        w = np.array([first, second])
        r = TARGET - COLUMNS @ w
        self.plane.draw(w, turn, height)
        products, length = COLUMNS.T @ r, np.linalg.norm(r)
        for bar, value in zip(self.bars, [*products, length], strict=True):
            bar.set_width(value)
        self.plane.axis.set_title(f"r = y − Xw has length {length:.3f}")
        self.right.set_title("dashed: the shortest")
        return self.figure, (
            f"Left: a plane spanned by two columns, the prediction Xw in it at w = ({first:.2f}, {second:.2f}), and "
            f"the residual from there up to y, of length {length:.3f}. Right: the inner products of the residual with "
            f"the columns, {products[0]:.2f} and {products[1]:.2f}. At the shortest residual, of length 1, both are 0."
        )


def residual_as_distance():
    """Explorer: move a prediction in the plane of two columns and watch the residual become orthogonal to both."""
    import ipywidgets as widgets

    return Explorer(
        {
            "first": widgets.FloatSlider(value=1.3, min=-0.2, max=1.4, step=0.05, description="w₁"),
            "second": widgets.FloatSlider(value=1.1, min=-0.2, max=1.4, step=0.05, description="w₂"),
            "turn": widgets.FloatSlider(value=TURN, min=-180, max=180, step=5, description="turn (°)"),
            "height": widgets.FloatSlider(value=HEIGHT, min=0, max=90, step=5, description="eye height (°)"),
        },
        _Residual(),
        "move the two weights until the residual is shortest, and watch its inner products with the columns.",
    )


def fit_as_projection():
    """Still: target, fit and residual as a right-angled triangle over the plane of the columns."""
    figure, axis = new_figure(width=8, height=4.9)
    _Plane(axis).draw(BEST, TURN, HEIGHT)
    axis.set(xlim=(-1.75, 1.75), ylim=(-1.25, 0.95))
    return Picture(
        figure,
        "A level plane with a lattice, and on it two blue arrows from 0, the columns. A black arrow leads from 0 to "
        "the target y above the plane, an orange one from 0 to the fit Xw in the plane, below y. The red residual r "
        "stands upright on the plane, from Xw to y, and the right angle between plane and residual is marked.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def with_and_without_minimum():
    """Still: a convex function without minimum, a bowl with one, a trough with a line of them."""
    figure, (curve, bowl, trough) = new_figure(columns=3, height=3.0)
    x = np.linspace(-4, 1.2, 100)
    curve.plot(x, np.exp(x), color=BLUE, lw=2.5)
    curve.set(title="eˣ: none", xlabel="x", ylabel="eˣ", ylim=(-0.4, 3))
    curve.set_box_aspect(1)
    y = np.array([2.0, 2.0])
    for axis, X, title in ((bowl, np.array([[1.0, 0.3], [0.2, 1.2]]), "a bowl: one"), (trough, np.ones((2, 2)), "")):
        w = np.linspace(-1, 3, 120)
        grid = np.stack(np.meshgrid(w, w), axis=-1)
        loss = np.mean((grid @ X.T - y) ** 2, axis=-1) / 2
        lines = axis.contour(w, w, loss, levels=[0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5], colors=GREY, linewidths=1)
        axis.clabel(lines, levels=[0.3, 1.3, 3.5] if title else [1.3, 3.5], fontsize=7, fmt="%.1f", colors="#444444")
        shortest = minimum_norm_solution(X, y)
        axis.plot(*shortest, "o", color=RED, ms=7)
        axis.set(title=title or "a trough: a whole line", xlabel="w₁", ylabel="w₂", xlim=(-1, 3), ylim=(-1, 3))
        axis.set_aspect("equal", adjustable="box")
    trough.plot([-1, 3], [3, -1], color=RED, lw=2)
    trough.plot([0, 1], [0, 1], color="black", lw=1.2, ls="--")
    trough.plot(0, 0, "+", color="black", ms=9)
    return Picture(
        figure,
        "Three convex functions. Left: the exponential falls towards 0 for ever and has no minimum. Middle: level "
        "lines of a squared loss with independent columns, closed ellipses round one minimum. Right: with two equal "
        "columns the level lines are parallel, every point of the line w₁ + w₂ = 2 is a minimum, and the nearest to 0 "
        "is (1, 1).",
    )


# ----------------------------------------------------------------------------------------------------------------------
METHODS = {
    "normal equations": (ols_normal_equations, RED, "-"),
    "QR": (ols_qr, BLUE, "--"),
    "SVD": (minimum_norm_solution, GREEN, ":"),
}
POWERS = np.linspace(0, 10, 21)
WEIGHTS = np.array([0.7390851332151607, -1.3247179572447460, 0.5671432904097838, -0.8346268416740732])


@cache
def _data(power, residual, seed):
    """X (20, 4) of condition 10^power, and y = X · WEIGHTS + a residual 10^residual times as long as X · WEIGHTS."""
    rng = np.random.default_rng(seed)
    flat = np.vstack([design_with_condition(10.0**power, 19, len(WEIGHTS), rng), np.zeros(len(WEIGHTS))])
    # Turned at random, the row of zeros becomes a direction at right angles to every column.
    turned, _ = np.linalg.qr(rng.normal(size=(20, 20)))
    X = turned @ flat
    fit = X @ WEIGHTS
    return X, fit + 10.0**residual * np.linalg.norm(fit) * turned[:, -1]


def _solved(method, power, residual, seed):
    """The weights by one method, NaN where it refuses."""
    try:
        return method(*_data(power, residual, seed))
    except np.linalg.LinAlgError:
        return np.full(len(WEIGHTS), np.nan)


def _error(w):
    return np.linalg.norm(w - WEIGHTS) / np.linalg.norm(WEIGHTS)


@cache
def _error_curves(residual, repeats=3):
    """Median relative error of each method at each power of κ, as a dict of arrays."""
    return {
        name: [np.median([_error(_solved(method, p, residual, seed)) for seed in range(repeats)]) for p in POWERS]
        for name, (method, _, _) in METHODS.items()
    }


def _error_axis(axis):
    """Axis with the two guides; returns one line per method."""
    kappa = 10.0**POWERS
    for slope, label, at in ((kappa, "εκ", (1.5e7, 3e-8)), (kappa**2, "εκ²", (1e5, 3e-4))):
        axis.loglog(kappa, EPS * slope, color=GREY, lw=1)
        axis.annotate(label, at, color="#444444", fontsize=10)
    axis.set(xlim=(1, 1e10), ylim=(1e-17, 10), xlabel="condition number κ of X", ylabel="relative error of w")
    lines = {
        name: axis.loglog([], [], color=colour, ls=dashes, lw=2.2, label=name)[0]
        for name, (_, colour, dashes) in METHODS.items()
    }
    # Plain labels draw faster than powers with an exponent, and an explorer draws them at every move.
    axis.set_xticks([1, 1e2, 1e4, 1e6, 1e8, 1e10], ["1", "1e2", "1e4", "1e6", "1e8", "1e10"])
    axis.set_yticks([1e-16, 1e-12, 1e-8, 1e-4, 1], ["1e−16", "1e−12", "1e−8", "1e−4", "1"])
    axis.minorticks_off()
    return lines


def error_against_condition():
    """Still: relative error of the weights by three methods against the condition number, on noiseless data."""
    figure, axis = new_figure(width=6, height=3.8)
    lines, curves = _error_axis(axis), _error_curves(-np.inf, 9)
    for name, line in lines.items():
        line.set_data(10.0**POWERS, curves[name])
    last = np.flatnonzero(np.isfinite(curves["normal equations"]))[-1]
    axis.plot(10.0 ** POWERS[last], curves["normal equations"][last], "X", color=RED, ms=10)
    axis.annotate(
        "XᵀX is singular\nfrom here on",
        (10.0 ** POWERS[last], curves["normal equations"][last]),
        xytext=(12, -14),
        textcoords="offset points",
        fontsize=10,
        color=RED,
    )
    axis.legend(loc="upper left")
    return Picture(
        figure,
        "Relative error of the computed weights against the condition number κ of X, both axes logarithmic. QR and SVD "
        "follow the line ε times κ and have an error of about 1e-9 at κ = 1e8. The normal equations follow the steeper "
        "line ε times κ squared, reach an error of 1 in 1000 near κ = 1e7, and end there because XᵀX is singular to "
        "the computer.",
    )


class _Digits:
    """Left: one weight as each method prints it, wrong digits in red. Right: the errors against κ."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.6, width_ratios=[1, 1.1])
        self.left.set(xlim=(0, 1), ylim=(-0.6, 3.6))
        self.left.axis("off")
        self.rows = {}
        for at, (name, colour) in enumerate([("made with", "black"), *((n, m[1]) for n, m in METHODS.items())]):
            self.left.text(0, 3.28 - at, name, fontsize=9, color=colour)
            style = {"family": "monospace", "fontsize": 13, "va": "center"}
            good, bad = (self.left.text(0, 2.95 - at, "", color=c, **style) for c in ("black", RED))
            bad.set_fontweight("bold")
            self.rows[name] = (good, bad)
        self.rows["made with"][0].set_text(f"{WEIGHTS[0]:.15f}")
        self.lines = _error_axis(self.right)
        self.dots = {name: self.right.plot([], [], "o", color=m[1], ms=7)[0] for name, m in METHODS.items()}
        self.here = self.right.axvline(1, color="black", lw=0.8)
        self.right.legend(loc="upper left", fontsize=8)

    def __call__(self, power, residual):
        level = -np.inf if residual <= -12 else residual
        said = []
        for name, (method, _, _) in METHODS.items():
            w = _solved(method, power, level, 0)
            said.append(f"{name} {self._show(name, w[0])}")
            self.lines[name].set_data(10.0**POWERS, _error_curves(level)[name])
            self.dots[name].set_data([10.0**power], [max(_error(w), 1e-17)])
        self.here.set_xdata([10.0**power, 10.0**power])
        share = "no residual" if level == -np.inf else f"residual {10.0**residual:.0e} × fit"
        self.left.set_title("the first weight, wrong digits in red")
        self.right.set_title(f"κ = {10.0**power:.0e}, {share}")
        return self.figure, (
            f"Left: the first weight as three methods print it for condition number {10.0**power:.1e} and {share}: "
            f"{', '.join(said)}. Right: the relative error of each method against the condition number."
        )

    def _show(self, name, value):
        """Write a weight with its wrong digits in red; returns what was said, in words."""
        good, bad = self.rows[name]
        if not np.isfinite(value):
            good.set_text("")
            bad.set_text("refused: singular")
            return "refuses, XᵀX is singular"
        text = f"{value:.15f}"
        error = abs(value - WEIGHTS[0])
        right = 15 if error < 1e-15 else int(np.clip(np.floor(-np.log10(2 * error)), 0, 15))
        # Both texts begin at one place, so the wrong digits stand behind as many blanks.
        split = text.index(".") + 1 + right
        good.set_text(text[:split])
        bad.set_text(" " * split + text[split:])
        return f"has {counted(right, 'decimal')} right"


def digits_against_condition():
    """Explorer: make a design ill-conditioned and watch the digits of a weight go, method by method."""
    import ipywidgets as widgets

    return Explorer(
        {
            "power": widgets.FloatSlider(value=4, min=0, max=10, step=0.25, description="log₁₀ κ"),
            "residual": widgets.IntSlider(value=-10, min=-12, max=0, description="log₁₀ residual/fit"),
        },
        _Digits(),
        "raise the condition number and see how fast each method loses digits; then give the data a residual.",
    )


# ----------------------------------------------------------------------------------------------------------------------
LAMBDAS = np.logspace(-4, 1, 31)


def _two_columns(similarity):
    """A design (4, 2) whose columns have length 2 and enclose an angle of this cosine, and a target (4,)."""
    u, v = np.array([1.0, 1, 1, 1]), np.array([1.0, -1, 1, -1])
    X = np.stack([u, similarity * u + np.sqrt(1 - similarity**2) * v], axis=1)
    return X, 1.6 * u + 0.5 * v


class _Shrinking:
    """Left: level lines of the ridge loss and the path of its minimum. Right: both weights against λ."""

    # How far above the minimum a level line runs.
    HEIGHTS = (0.02, 0.1, 0.25, 0.5, 0.9, 1.4)

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.6)
        self.levels = [self.left.plot([], [], color=GREY, lw=1)[0] for _ in self.HEIGHTS]
        style = {"fontsize": 7, "color": "#444444", "ha": "center", "va": "center", "clip_on": True, "bbox": _ON_LINE}
        self.heights = {h: self.left.text(0, 0, f"{h:g}", **style) for h in self.HEIGHTS[1::2]}
        (self.path,) = self.left.plot([], [], color=ORANGE, lw=2)
        (self.best,) = self.left.plot([], [], "o", color=RED, ms=8)
        self.left.plot(0, 0, "+", color="black", ms=9)
        self.left.set(xlim=(-1.5, 2.5), ylim=(-1.5, 2.5), xlabel="w₁", ylabel="w₂")
        self.left.set_aspect("equal", adjustable="box")
        self.curves = [
            self.right.semilogx([], [], color=c, ls=dashes, lw=2.2, label=name)[0]
            for c, dashes, name in ((BLUE, "-", "w₁"), (PURPLE, "--", "w₂"))
        ]
        self.here = self.right.axvline(1, color=RED, lw=1.2)
        self.right.axhline(0, color="black", lw=0.8)
        self.right.set(xlim=(1e-4, 10), ylim=(-1.5, 2.5), xlabel="λ", ylabel="weight", xticks=[1e-4, 1e-2, 1])
        self.right.minorticks_off()
        for axis in (self.left, self.right):
            axis.locator_params(axis="y", nbins=4)
        self.left.locator_params(axis="x", nbins=4)
        self.right.legend(loc="upper right")

    def __call__(self, similarity, power):
        X, y = _two_columns(similarity)
        lam = 10.0**power
        w, path = ridge(X, y, lam), np.array([ridge(X, y, value) for value in LAMBDAS])
        M = X.T @ X / len(y) + lam * np.eye(2)
        for line, height in zip(self.levels, self.HEIGHTS, strict=True):
            ellipse, _, tip = _ellipse(M, 2 * height)
            line.set_data(*(w[:, None] + ellipse))
            if height in self.heights:
                self.heights[height].set_position(w + tip if np.all(np.abs(w + tip - 0.5) < 1.9) else w - tip)
        self.path.set_data(*path.T)
        self.best.set_data(w[:1], w[1:])
        for curve, weights in zip(self.curves, path.T, strict=True):
            curve.set_data(LAMBDAS, weights)
        self.here.set_xdata([lam, lam])
        kappa = np.linalg.cond(M)
        self.left.set_title(f"condition number of XᵀX + nλI: {kappa:.3g}")
        self.right.set_title(f"w = ({w[0]:.2f}, {w[1]:.2f}) at λ = {lam:.2g}")
        return self.figure, (
            f"Left: level lines of the ridge loss for two columns with cosine {similarity:.2f} and λ = {lam:.2g}; the "
            f"condition number of XᵀX + nλI is {kappa:.3g}. Its minimum w = ({w[0]:.2f}, {w[1]:.2f}) moves towards 0 "
            "along the drawn path as λ grows. Right: both weights against λ."
        )


def shrinking_weights():
    """Explorer: make two columns alike, then raise λ and watch the trough become a bowl."""
    import ipywidgets as widgets

    return Explorer(
        {
            "similarity": widgets.FloatSlider(value=0.97, min=0, max=1, step=0.01, description="cosine of columns"),
            "power": widgets.FloatSlider(value=-3.5, min=-4, max=1, step=0.1, description="log₁₀ λ"),
        },
        _Shrinking(),
        "make the columns alike until the bowl is a trough, then raise λ: the trough closes and the weights shrink.",
    )


def ridge_path():
    """Still: the weights of the diabetes table, each in its standard unit, against λ."""
    X, y, names = diabetes()
    X, y = (X - X.mean(axis=0)) / X.std(axis=0), y - y.mean()
    lambdas = np.logspace(-4, 2, 61)
    path = np.array([ridge(X, y, lam) for lam in lambdas])
    figure, axis = new_figure(width=6.1, height=3.8)
    marked = {"s1": (RED, "-"), "s2": (BLUE, "--"), "s5": (GREEN, "-."), "bmi": (ORANGE, ":")}
    for name, weights in zip(names, path.T, strict=True):
        colour, dashes = marked.get(name, (GREY, "-"))
        label = name if name in marked else None
        axis.semilogx(lambdas, weights, color=colour, ls=dashes, lw=2.5 if label else 0.9, label=label)
    axis.axhline(0, color="black", lw=0.8)
    axis.set(xlabel="λ (columns have variance 1)", ylabel="weight, points of the score\nper standard deviation")
    axis.set(xlim=(1e-4, 1e2))
    axis.legend(loc="upper right", ncols=4)
    return Picture(
        figure,
        "The ten weights of the diabetes table against λ. For small λ, s1 is near −37 and s2 near +22, two large "
        "weights of opposite sign on nearly the same measurement. At λ = 0.1 both are near −4, while bmi has "
        "hardly moved and s5 has fallen from 36 to 21. At λ = 100 all weights are near 0.",
    )
