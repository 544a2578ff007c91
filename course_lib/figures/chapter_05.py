"""Figures of chapter 5: a residual over a plane, bowls and troughs, digits against condition, ridge."""

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
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, Explorer, Picture, new_figure

# Two columns in space, and a target one unit above the point 0.8 · column 1 + 0.6 · column 2 of their plane.
COLUMNS = np.array([[1.6, 0.3], [0.4, 1.5], [0.0, 0.3]])
BEST = np.array([0.8, 0.6])
_normal = np.cross(COLUMNS[:, 0], COLUMNS[:, 1])
_normal /= np.linalg.norm(_normal)
TARGET = COLUMNS @ BEST + _normal
# What the eye looks at, and from where: from here a change from w₁ to w₂ is seen sideways.
CENTRE = COLUMNS @ [0.6, 0.6] + 0.3 * _normal
TURN, HEIGHT = 25, 25


def _seen_from(turn, height):
    """Screen axes (2, 3) of an eye that is `turn` degrees round the vertical and `height` degrees above the ground."""
    a, h = np.deg2rad([turn, height])
    right = [-np.sin(a), np.cos(a), 0.0]
    up = [-np.cos(a) * np.sin(h), -np.sin(a) * np.sin(h), np.cos(h)]
    return np.array([right, up])


class _Plane:
    """The plane of the columns, a prediction in it, and the residual up to the target, drawn on one axis."""

    def __init__(self, axis):
        self.axis = axis
        (self.grid,) = axis.plot([], [], color=GREY, lw=0.7, alpha=0.6)
        self.arrows = [axis.plot([], [], color=colour, lw=2.5)[0] for colour in (BLUE, SKY)]
        (self.residual,) = axis.plot([], [], color=RED, lw=2.5)
        (self.corner,) = axis.plot([], [], color="black", lw=1)
        (self.target,) = axis.plot([], [], "o", color="black", ms=7)
        (self.prediction,) = axis.plot([], [], "o", color=ORANGE, ms=7)
        # A name is read in front of the lattice, not through it.
        on_paper = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1}
        self.names = [
            axis.text(0, 0, name, fontsize=9, ha="center", va="center", clip_on=True, bbox=on_paper)
            for name in ("column 1", "column 2", "y", "Xw")
        ]
        axis.set(xlim=(-1.9, 1.9), ylim=(-1.4, 1.5), xticks=[], yticks=[])
        axis.set_aspect("equal", adjustable="box")
        axis.grid(False)
        for side in axis.spines.values():
            side.set_visible(False)

    def draw(self, w, turn, height):
        eye = _seen_from(turn, height)
        origin = -eye @ CENTRE
        columns = (eye @ COLUMNS).T + origin
        target, prediction = eye @ (TARGET - CENTRE), eye @ (COLUMNS @ w - CENTRE)
        self.grid.set_data(*(eye @ COLUMNS @ _lattice() + origin[:, None]))
        for arrow, tip in zip(self.arrows, columns, strict=True):
            arrow.set_data([origin[0], tip[0]], [origin[1], tip[1]])
        self.residual.set_data(*np.stack([prediction, target], axis=1))
        self.corner.set_data(*(eye @ (_right_angle(w) - CENTRE[:, None])))
        self.target.set_data(target[:1], target[1:])
        self.prediction.set_data(prediction[:1], prediction[1:])
        beyond = [tip + 0.3 * (tip - origin) / np.linalg.norm(tip - origin) for tip in columns]
        places = [*beyond, target + [0, 0.16], prediction - [0, 0.2]]
        for name, place in zip(self.names, places, strict=True):
            name.set_position(place)


def _lattice():
    """Lines of constant weights in the plane, as weights (2, k) with gaps."""
    ends, places = np.array([-0.2, 1.4, np.nan]), np.linspace(-0.2, 1.4, 9)
    lines = [np.array([ends, 0 * ends + s]) for s in places] + [np.array([0 * ends + s, ends]) for s in places]
    return np.hstack(lines)


def _right_angle(w):
    """The corner (3, 3) between plane and residual, empty unless the residual is orthogonal to both columns."""
    r = TARGET - COLUMNS @ w
    if np.max(np.abs(COLUMNS.T @ r)) > 1e-9:
        return np.full((3, 3), np.nan)
    foot, up = COLUMNS @ w, 0.22 * r / np.linalg.norm(r)
    side = 0.22 * COLUMNS[:, 0] / np.linalg.norm(COLUMNS[:, 0])
    return np.stack([foot + up, foot + up + side, foot + side], axis=1)


class _Residual:
    """Left: the plane. Right: the two inner products of columns and residual, and the residual's length."""

    def __init__(self):
        self.figure, (left, self.right) = new_figure(columns=2, height=3.6, width_ratios=[1.15, 1])
        self.plane = _Plane(left)
        self.bars = self.right.barh([2, 1, 0], [0, 0, 0], color=[BLUE, SKY, RED], height=0.55)
        self.right.axvline(0, color="black", lw=0.8)
        self.right.plot([1, 1], [-0.45, 0.45], color="black", ls="--", lw=1.2)
        self.right.set(
            yticks=[2, 1, 0], yticklabels=["column 1 with r", "column 2 with r", "length of r"], xlim=(-4, 4)
        )
        self.right.set(xlabel="inner product, or length", ylim=(-0.6, 2.6))

    def __call__(self, first, second, turn, height):
        w = np.array([first, second])
        r = TARGET - COLUMNS @ w
        self.plane.draw(w, turn, height)
        products, length = COLUMNS.T @ r, np.linalg.norm(r)
        for bar, value in zip(self.bars, [*products, length], strict=True):
            bar.set_width(value)
        self.plane.axis.set_title(f"r = y − Xw has length {length:.3f}")
        self.right.set_title("dashed: the shortest length, 1")
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


def residual_at_two_points():
    """Still: a slanted residual and the shortest one."""
    figure, axes = new_figure(columns=2, height=2.6)
    for axis, w in zip(axes, (np.array([1.3, 1.1]), BEST), strict=True):
        _Plane(axis).draw(w, TURN, HEIGHT)
        axis.set(xlim=(-1.5, 1.7), ylim=(-1.1, 0.9))
        r = TARGET - COLUMNS @ w
        # Adding 0 after rounding turns -0.0 into 0.0.
        products = np.round(COLUMNS.T @ r, 9) + 0.0
        axis.set_title(
            f"w = ({w[0]}, {w[1]}): length {np.linalg.norm(r):.2f}\n"
            f"inner products {products[0]:.1f} and {products[1]:.1f}"
        )
    return Picture(
        figure,
        "A plane spanned by two columns and a target y above it. Left: from the prediction at w = (1.3, 1.1) a slanted "
        "residual of length 1.68 goes up to y. Right: at w = (0.8, 0.6) it stands upright, has length 1, and makes a "
        "right angle with both columns.",
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
        axis.contour(w, w, loss, levels=[0.02, 0.1, 0.3, 0.7, 1.3, 2.2, 3.5], colors=GREY, linewidths=1)
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
        axis.annotate(label, at, color="#444444", fontsize=9)
    axis.set(xlim=(1, 1e10), ylim=(1e-17, 10), xlabel="condition number κ of X", ylabel="relative error of w")
    lines = {
        name: axis.loglog([], [], color=colour, ls=dashes, lw=2.2, label=name)[0]
        for name, (_, colour, dashes) in METHODS.items()
    }
    # Plain labels draw faster than powers with an exponent, and an explorer draws them at every move.
    axis.set_xticks([1, 1e2, 1e4, 1e6, 1e8, 1e10], ["1", "1e2", "1e4", "1e6", "1e8", "1e10"])
    axis.set_yticks([1e-16, 1e-12, 1e-8, 1e-4, 1], ["1e-16", "1e-12", "1e-8", "1e-4", "1"])
    axis.minorticks_off()
    return lines


def error_against_condition():
    """Still: relative error of the weights by three methods against the condition number, on noiseless data."""
    figure, axis = new_figure(height=3.8)
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
        fontsize=9,
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
        return f"has {right} decimals right"


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

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.6)
        self.levels = [self.left.plot([], [], color=GREY, lw=1)[0] for _ in range(6)]
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
        values, directions = np.linalg.eigh(X.T @ X / len(y) + lam * np.eye(2))
        circle = np.linspace(0, 2 * np.pi, 121)
        for line, height in zip(self.levels, (0.02, 0.1, 0.25, 0.5, 0.9, 1.4), strict=True):
            radii = np.sqrt(2 * height / values)
            line.set_data(*(w[:, None] + directions @ (radii[:, None] * [np.cos(circle), np.sin(circle)])))
        self.path.set_data(*path.T)
        self.best.set_data(w[:1], w[1:])
        for curve, weights in zip(self.curves, path.T, strict=True):
            curve.set_data(LAMBDAS, weights)
        self.here.set_xdata([lam, lam])
        kappa = values[1] / values[0]
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
    figure, axis = new_figure(height=3.8)
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
