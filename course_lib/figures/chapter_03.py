"""Figures of chapter 3: samples that add up to a gradient, and the chain product in both layouts."""

import numpy as np

from course_lib.calculus.least_squares import mse, mse_gradient, mse_residual_gradient
from course_lib.figures.base import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, Explorer, Picture, new_figure, signed

# Four samples, two features. The loss is smallest at WEIGHTS, where no prediction is right: the residuals are
# 2, 4, -2, 2, and both columns of SAMPLES are orthogonal to them.
SAMPLES = np.array([[2.0, 1.0], [-1.0, 1.0], [1.0, 2.0], [1.0, -1.0]])
TARGETS = np.array([0.0, -3.5, 4.5, -2.5])
WEIGHTS = (0.5, 1.0)
COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
INK = "#222222"


def _contributions(w):
    """What each sample adds to the gradient, x_i (ŷ_i − y_i)/n: shape (4, 2)."""
    return SAMPLES * mse_residual_gradient(SAMPLES @ w, TARGETS)[:, None]


def _chained_arrows(axis, reach):
    """One arrow for each sample and one for their sum, all of length 0 until `_chain` sets them."""
    zero = np.zeros(len(SAMPLES))
    same = {"angles": "xy", "scale_units": "xy", "scale": 1}
    total = axis.quiver([0], [0], [0], [0], color=INK, width=0.01, zorder=2, **same)
    arrows = axis.quiver(zero, zero, zero, zero, color=COLOURS, width=0.014, zorder=3, **same)
    axis.plot([0], [0], "o", color=INK, ms=4, zorder=4)
    axis.set_aspect("equal")
    axis.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        xlabel=r"$\partial L/\partial w_1$",
        ylabel=r"$\partial L/\partial w_2$",
    )
    return arrows, total


def _chain(arrows, total, w):
    """Lay the contributions tail to head; their sum is the gradient, which is returned."""
    steps = _contributions(w)
    arrows.set_offsets(np.vstack([np.zeros(2), np.cumsum(steps, axis=0)[:-1]]))
    arrows.set_UVC(*steps.T)
    gradient = mse_gradient(SAMPLES, w, TARGETS)
    total.set_UVC(*gradient)
    return gradient


def _pair(vector):
    """(0.25, -1.1): three digits at most, and no minus sign in front of a zero."""
    return "(" + ", ".join(f"{entry:.4g}" for entry in np.round(vector, 3) + 0.0) + ")"


class _SamplesAddUp:
    """Left: the residual of each sample. Right: the contributions, tail to head, and their sum."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.6)
        names = [signed(f"({x[0]:g}, {x[1]:g})") for x in SAMPLES]
        self.bars = self.left.bar(names, np.zeros(len(SAMPLES)), color=COLOURS, width=0.6)
        self.left.set_axisbelow(True)
        self.left.axhline(0, color=INK, lw=1)
        self.left.set(xlabel=r"the features $x_i$ of each sample", ylabel=r"residual $\hat{y}_i - y_i$", ylim=(-6, 6))
        self.arrows, self.total = _chained_arrows(self.right, reach=3.1)
        self.left.set_title(" ")
        self.right.set_title(" ")

    def __call__(self, w_1, w_2):
        w = np.array([w_1, w_2])
        residual = SAMPLES @ w - TARGETS
        for bar, height in zip(self.bars, residual, strict=True):
            bar.set_height(height)
        loss, gradient = mse(SAMPLES, w, TARGETS), _chain(self.arrows, self.total, w)
        self.left.set_title(f"loss L = {loss:.3f}")
        self.right.set_title(f"sum: the gradient {_pair(gradient)}")
        return self.figure, (
            f"Left: the residuals of four samples at w = {_pair(w)} are {_pair(residual)}; the loss is {loss:.3f}. "
            f"Right: the contributions of the samples laid tail to head as arrows; they end at the "
            f"gradient {_pair(gradient)}."
        )


def samples_add_up():
    """Explorer: move the weights and watch every sample's arrow, and the gradient that they add up to."""
    import ipywidgets as widgets

    return Explorer(
        {
            "w_1": widgets.FloatSlider(value=0, min=-0.5, max=1.5, step=0.1, description="w₁"),
            "w_2": widgets.FloatSlider(value=0.4, min=0, max=2, step=0.1, description="w₂"),
        },
        _SamplesAddUp(),
        "move the two weights; each sample adds its features times its residual over n. Where the arrows close to a "
        "loop, the gradient is 0.",
    )


def arrows_at_two_weights():
    """Still: the contributions at some weights, and at the weights where they close to a loop."""
    figure, axes = new_figure(columns=2, height=3.6)
    for axis, w in zip(axes, (np.array([0.0, 0.4]), np.array(WEIGHTS)), strict=True):
        gradient = _chain(*_chained_arrows(axis, reach=2.2), w)
        loss = mse(SAMPLES, w, TARGETS)
        axis.set_title(f"w = {_pair(w)}: L = {loss:.3f}\ngradient {_pair(gradient)}")
    for number, (x, colour) in enumerate(zip(SAMPLES, COLOURS, strict=True), start=1):
        axes[0].plot([], [], color=colour, lw=3, label=f"$x_{number}$ = {_pair(x)}")
    axes[0].plot([], [], color=INK, lw=3, label="sum")
    axes[0].legend(fontsize=8, loc="upper right")
    return Picture(
        figure,
        "The contributions of four samples to the gradient, drawn as arrows tail to head. At w = (0, 0.4) they end at "
        "the gradient (-1.175, -1.3), drawn in black. At w = (0.5, 1) the four arrows close to a loop: the gradient is "
        "0 although no single arrow is 0, and the loss is 3.5.",
    )


# ----------------------------------------------------------------------------------------------------------------------
FEATURES = 3
CELL_GAP = 2.4
JACOBIANS = {"X, n × d (ours)": False, "Xᵀ, d × n (denominator layout)": True}
SLOPES = {"a row, 1 × n (ours)": False, "a column, n × 1 (denominator layout)": True}
ORDERS = {"∂L/∂ŷ · ∂ŷ/∂w": False, "∂ŷ/∂w · ∂L/∂ŷ": True}


def _box(axis, left, shape, names, colour, title, inner=None):
    """A matrix as a box of cells, its two sizes beside it; `inner` is (axis of the inner size, its colour)."""
    rows, columns = shape
    x, y = left + np.arange(columns + 1), (np.arange(rows + 1) - rows / 2)
    axis.fill_between([x[0], x[-1]], y[0], y[-1], color=colour, alpha=0.3, lw=0)
    axis.vlines(x, y[0], y[-1], color=colour, lw=1.2)
    axis.hlines(y, x[0], x[-1], color=colour, lw=1.2)
    colours = [INK, INK]
    if inner:
        colours[inner[0]] = inner[1]
    sizes = [name if name == "1" else f"{name} = {size}" for name, size in zip(names, shape, strict=True)]
    weights = ["bold" if c != INK else "normal" for c in colours]
    middle = left + columns / 2
    axis.text(left - 0.25, 0, sizes[0], rotation=90, ha="right", va="center", color=colours[0], weight=weights[0])
    axis.text(middle, y[-1] + 0.2, sizes[1], ha="center", va="bottom", color=colours[1], weight=weights[1])
    axis.text(middle, y[0] - 0.3, title, ha="center", va="top", fontsize=11)


def _product(axis, samples, jacobian_flipped, slope_flipped, jacobian_first):
    """Draw the chain product of one choice of layouts and order; returns the verdict on it as a sentence."""
    slope = ((samples, 1), ("n", "1")) if slope_flipped else ((1, samples), ("1", "n"))
    jacobian = ((FEATURES, samples), ("d", "n")) if jacobian_flipped else ((samples, FEATURES), ("n", "d"))
    factors = [
        (*slope, ORANGE, r"$\partial L/\partial\hat{y}$"),
        (*jacobian, SKY, r"$\partial\hat{y}/\partial w = " + ("X^T$" if jacobian_flipped else "X$")),
    ]
    first, second = factors[::-1] if jacobian_first else factors
    fits = first[0][1] == second[0][0]
    right = jacobian_flipped == slope_flipped == jacobian_first
    mark = GREEN if right else RED
    left = CELL_GAP / 2
    _box(axis, left, *first, inner=(1, mark))
    left += first[0][1]
    axis.text(left + CELL_GAP / 3, 0, "·", ha="center", va="center", fontsize=18)
    left += CELL_GAP
    _box(axis, left, *second, inner=(0, mark))
    left += second[0][1] + CELL_GAP / 2
    axis.text(left, 0, "=", ha="center", va="center", fontsize=16)
    left += CELL_GAP / 2 + 0.8
    if not fits:
        axis.text(left - 0.5, 0, "no product", ha="left", va="center", color=RED, weight="bold", fontsize=12)
        return f"the inner sizes {first[0][1]} and {second[0][0]} clash"
    shape, names = (first[0][0], second[0][1]), (first[1][0], second[1][1])
    _box(axis, left, shape, names, GREEN if right else RED, r"$\partial L/\partial w$" if right else "something else")
    if right:
        return f"the inner sizes match, and this is the gradient as a {'column' if slope_flipped else 'row'}"
    return "the inner sizes match only because n = d; this is not the gradient"


def _frame(axis, width, height):
    axis.set_axis_off()
    axis.set_aspect("equal")
    axis.set(xlim=(0, width), ylim=(-height / 2 - 0.2, height / 2 - 0.2))


class _ChainProduct:
    """The two factors of the chain rule as boxes, multiplied in the chosen layouts and order."""

    def __init__(self):
        self.figure, self.axis = new_figure(width=6.1, height=3.4)

    def __call__(self, jacobian, slope, order, samples):
        self.axis.clear()
        _frame(self.axis, 21.5, 8.8)
        verdict = _product(self.axis, samples, JACOBIANS[jacobian], SLOPES[slope], ORDERS[order])
        self.axis.set_title(verdict)
        return self.figure, f"The product {order} with the Jacobian {jacobian} and the slope {slope}: {verdict}."


def chain_in_layouts():
    """Explorer: choose the layout of each factor and their order, and see which products are the gradient."""
    import ipywidgets as widgets

    return Explorer(
        {
            "jacobian": widgets.Dropdown(options=list(JACOBIANS), description="∂ŷ/∂w is"),
            "slope": widgets.Dropdown(options=list(SLOPES), description="∂L/∂ŷ is"),
            "order": widgets.Dropdown(options=list(ORDERS), description="the product is"),
            "samples": widgets.IntSlider(value=5, min=2, max=6, description="n (d stays 3)"),
        },
        _ChainProduct(),
        "switch the layout of each factor and their order. Two of the eight products are the gradient; at n = d = 3 "
        "two wrong ones fit as well.",
    )


def chain_in_both_layouts():
    """Still: the chain product in our layout and in the other one."""
    figure, axes = new_figure(width=8.4, height=2.7, columns=2, width_ratios=[18.4, 15])
    for axis, width, flipped, name in zip(
        axes, (18.4, 15), (False, True), ("ours: rows follow the output", "denominator layout"), strict=True
    ):
        _frame(axis, width, 8)
        _product(axis, 5, flipped, flipped, flipped)
        axis.set_title(name)
    return Picture(
        figure,
        "The chain product for five samples and three features in two layouts. Left, ours: a row of 5 times the 5 by 3 "
        "matrix X gives a row of 3. Right, denominator layout: the 3 by 5 transpose of X times a column of 5 gives a "
        "column of 3. The factors stand in the opposite order; the inner sizes, marked, match in both.",
    )
