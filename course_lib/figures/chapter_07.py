"""Figures of chapter 7: where exp breaks, the softmax on its triangle with its Jacobian, pulls of two losses."""

import numpy as np

from course_lib.calculus.softmax import (
    cross_entropy_gradient,
    log_sum_exp,
    sigmoid,
    softmax,
    softmax_jacobian,
)
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Explorer, Picture, counted, new_figure

INK = "#222222"
CLASS_COLOURS = (BLUE, ORANGE, GREEN)

# ----------------------------------------------------------------------------------------------------------------------
SHARES = np.linspace(0.005, 0.995, 199)


def _mean_price(p, rain):
    """Mean of -log over days of which the share `rain` is rainy, when p is said for each of them."""
    return -rain * np.log(p) - (1 - rain) * np.log(1 - p)


def price_of_a_share():
    """Still: what the share of the truth costs under two losses, and the forecast that each of them asks for."""
    figure, (left, right) = new_figure(width=8.4, columns=2, height=3.3)
    left.plot(SHARES, -np.log(SHARES), color=BLUE, lw=2.5, label="$-\\log\\,p$")
    left.plot(SHARES, 1 - SHARES, color=ORANGE, lw=2.5, ls="--", label="$1 - p$")
    left.set(xlabel="share $p$ of what came true", ylabel="price", ylim=(0, 4.2), xlim=(0, 1), title="one day")
    left.legend(fontsize=11)
    rain = 0.7
    right.plot(SHARES, _mean_price(SHARES, rain), color=BLUE, lw=2.5)
    right.plot(SHARES, rain * (1 - SHARES) + (1 - rain) * SHARES, color=ORANGE, lw=2.5, ls="--")
    right.plot([rain], [_mean_price(rain, rain)], "o", color=BLUE, ms=8)
    right.plot([1], [1 - rain], "o", color=ORANGE, ms=8, clip_on=False, zorder=4)
    right.annotate(
        "best at 0.7", (rain, _mean_price(rain, rain)), xytext=(0, 14), textcoords="offset points", ha="center"
    )
    right.annotate("best at 1", (1, 1 - rain), xytext=(-8, -16), textcoords="offset points", ha="right")
    right.set(xlabel="share of rain in the forecast", ylabel="mean price", ylim=(0, 2), xlim=(0, 1))
    right.set_title("ten days, rain on seven")
    return Picture(
        figure,
        "Left: the price of the share p of what came true. The line 1 - p falls evenly from 1 to 0; -log p falls from "
        "far above 4 to 0. Right: the mean price over ten days with seven rainy ones, against the forecast that is "
        "given for all of them. Under -log it is lowest at 0.7, under 1 - p it falls all the way to the forecast 1.",
    )


class _Forecast:
    """Left: the likelihood of the days that came, over its largest value. Right: the mean of -log."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(width=8.4, columns=2, height=3.4)
        (self.likelihood,) = self.left.plot([], [], color=BLUE, lw=2)
        (self.loss,) = self.right.plot([], [], color=BLUE, lw=2)
        (self.here,) = self.left.plot([], [], "o", color=INK, ms=7, zorder=4)
        (self.there,) = self.right.plot([], [], "o", color=INK, ms=7, zorder=4)
        self.truth = [axis.axvline(0.5, color=GREEN, lw=1.2, ls="--") for axis in (self.left, self.right)]
        self.left.set(xlabel="forecast $p$", ylabel="likelihood over its largest", xlim=(0, 1), ylim=(0, 1.08))
        self.right.set(xlabel="forecast $p$", ylabel="mean of $-\\log q$", xlim=(0, 1), ylim=(0, 3))
        self.left.set_title(" ")
        self.right.set_title(" ")

    def __call__(self, p, rain, days):
        best = days * _mean_price(np.clip(rain, 1e-12, 1 - 1e-12), rain)
        ratio = np.exp(best - days * _mean_price(SHARES, rain))
        loss = _mean_price(p, rain)
        self.likelihood.set_data(SHARES, ratio)
        self.loss.set_data(SHARES, _mean_price(SHARES, rain))
        self.here.set_data([p], [np.exp(best - days * loss)])
        self.there.set_data([p], [loss])
        for line in self.truth:
            line.set_xdata([rain, rain])
        # The power of ten from the logarithm: the likelihood itself may be no floating-point number.
        power = -days * loss / np.log(10)
        size = f"{10**power:.2g}" if power > -4 else f"$10^{{{power:.0f}}}$"
        self.left.set_title(f"rain on {rain * days:.0f} of {days} days: likelihood {size}")
        self.right.set_title(f"loss at p = {p:.2f}: {loss:.3f}")
        return self.figure, (
            f"Left: the likelihood of {counted(round(rain * days), 'rainy day')} among {days} against the forecast p, "
            f"over its largest value, which it has at {rain:.1f}. Right: the mean of -log, lowest at the same place; "
            f"at p = {p:.2f} it is {loss:.3f}."
        )


def likelihood_of_a_forecast():
    """Explorer: a forecast, the share of rainy days and their number against the likelihood and the mean of -log."""
    import ipywidgets as widgets

    return Explorer(
        {
            "p": widgets.FloatSlider(value=0.5, min=0.02, max=0.98, step=0.02, description="forecast p"),
            "rain": widgets.FloatSlider(value=0.7, min=0, max=1, step=0.1, description="share of rain"),
            "days": widgets.SelectionSlider(options=(10, 100, 1000), value=10, description="days"),
        },
        _Forecast(),
        "move the forecast to where the likelihood is largest, then take more days: the peak gets narrow and its "
        "height sinks beyond every number, while the mean of -log stays as it is.",
    )


# ----------------------------------------------------------------------------------------------------------------------


def where_exp_breaks():
    """Still: relative error of log Σ exp z for z = (c, c - 1), straight from the formula and with the maximum out."""
    c = np.linspace(-1250, 1250, 501)
    Z = np.stack([c, c - 1], axis=1)
    with np.errstate(all="ignore"):
        bare = np.log(np.sum(np.exp(Z), axis=1))
        truth = c + np.log1p(np.exp(-1.0))
        error = np.abs(bare / truth - 1)
    cured = np.abs(log_sum_exp(Z) / truth - 1)
    figure, axis = new_figure(width=6, height=3.2)
    floor = 1e-17
    axis.semilogy(c, np.where(np.isfinite(bare), np.maximum(error, floor), np.nan), ".", color=RED, ms=5)
    axis.semilogy(c, np.maximum(cured, floor), ".", color=BLUE, ms=2)
    for left, right, name in (
        (-1250, -745, "every exp\nis 0, log\ngives −inf"),
        (709, 1250, "exp is inf,\nso is its\nlog"),
    ):
        axis.axvspan(left, right, color=RED, alpha=0.15, lw=0)
        axis.text((left + right) / 2, 1e-6, name, ha="center", va="center", color=INK, fontsize=10)
    axis.plot([], [], ".", color=RED, ms=7, label="as the formula stands")
    axis.plot([], [], ".", color=BLUE, ms=5, label="largest entry taken out first")
    axis.set(xlabel="c, the larger of two logits c and c − 1", ylabel="relative error", xlim=(-1250, 1250))
    axis.set(ylim=(1e-18, 1e0), yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1])
    axis.minorticks_off()
    axis.legend(loc="upper center", fontsize=10)
    return Picture(
        figure,
        "Relative error of log-sum-exp of the logits c and c − 1 for c from −1250 to 1250, logarithmic. The bare "
        "formula is right to rounding between about −700 and 709. Above 709 it gives infinity, below −745 minus "
        "infinity. With the largest entry taken out first the error stays at rounding level everywhere.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# The triangle of all p with p_1 + p_2 + p_3 = 1: one corner for each class, where that class has everything.
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
TEMPERATURES = np.logspace(-1.5, 1.5, 61)
ARROW = 1.2


class _Triangle:
    """The simplex: a point p, its path over the temperature, and the way p goes when one logit rises."""

    def __init__(self, axis):
        axis.fill(*CORNERS.T, facecolor="#f4f4f4", edgecolor=INK, lw=1.2)
        for number, (corner, colour) in enumerate(zip(CORNERS, CLASS_COLOURS, strict=True), start=1):
            below = corner[1] == 0
            axis.annotate(
                f"class {number}",
                corner,
                xytext=(0, -8 if below else 6),
                textcoords="offset points",
                ha="center",
                va="top" if below else "bottom",
                color=INK,
                fontsize=9,
            )
            axis.plot(*corner, "o", color=colour, ms=6)
        (self.path,) = axis.plot([], [], color=GREY, lw=1.2, ls="--")
        same = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.014, "zorder": 3}
        self.arrows = axis.quiver([0] * 3, [0] * 3, [0] * 3, [0] * 3, color=CLASS_COLOURS, **same)
        (self.point,) = axis.plot([], [], "o", color=INK, ms=6, zorder=4)
        axis.set(xlim=(-0.12, 1.12), ylim=(-0.13, 1.0), aspect="equal")
        axis.set_axis_off()

    def set(self, z, temperature):
        p = softmax(z / temperature)
        self.path.set_data(*(softmax(z / TEMPERATURES[:, None]) @ CORNERS).T)
        self.point.set_data(*(p @ CORNERS)[:, None])
        self.arrows.set_offsets(np.tile(p @ CORNERS, (3, 1)))
        # Column j of the Jacobian says how p moves with logit j; on the triangle it is a step of the point.
        self.arrows.set_UVC(*(ARROW * CORNERS.T @ softmax_jacobian(p)))
        return p


class _HeatMap:
    """A 3 × 3 Jacobian: colours from -0.25 to 0.25, the number written in each cell."""

    def __init__(self, axis):
        # Pale, so that the numbers can be read on it, also where a dark theme turns it over.
        self.image = axis.imshow(np.zeros((3, 3)), cmap="PuOr", vmin=-0.25, vmax=0.25, alpha=0.5)
        self.texts = [[axis.text(j, i, "", ha="center", va="center") for j in range(3)] for i in range(3)]
        axis.grid(False)
        axis.set(xticks=range(3), yticks=range(3))
        axis.set_xticklabels([f"$z_{j}$" for j in (1, 2, 3)])
        axis.set_yticklabels([f"$p_{i}$" for i in (1, 2, 3)])
        axis.tick_params(length=0)
        for tick, colour in zip(axis.get_xticklabels(), CLASS_COLOURS, strict=True):
            tick.set(color=colour, fontsize=13)
        for spine in axis.spines.values():
            spine.set_visible(False)

    def set(self, J):
        self.image.set_data(J)
        for i, j in np.ndindex(3, 3):
            self.texts[i][j].set(text=f"{round(J[i, j], 2) + 0.0:.2f}", color=INK)


def _triple(p):
    return "(" + ", ".join(f"{p_j:.2f}" for p_j in p) + ")"


class _Simplex:
    """Left: the softmax on its triangle. Right: its Jacobian as a heat map."""

    def __init__(self):
        self.figure, (left, right) = new_figure(columns=2, height=3.7, width_ratios=[1.2, 1])
        self.left, self.right = left, right
        self.triangle, self.heat_map = _Triangle(left), _HeatMap(right)
        self.figure.colorbar(self.heat_map.image, ax=right, shrink=0.8, ticks=[-0.25, 0, 0.25])
        left.set_title(" ")
        right.set(xlabel="column: which logit rises", ylabel="row: which share moves")
        right.set_title("Jacobian diag(p) − pᵀp")

    def __call__(self, z_1, z_2, z_3, temperature):
        p = self.triangle.set(np.array([z_1, z_2, z_3]), 10.0**temperature)
        J = softmax_jacobian(p)
        self.heat_map.set(J)
        self.left.set_title(f"T = {10.0**temperature:.2f}: p = {_triple(p)}")
        return self.figure, (
            f"Left: the softmax of the logits {_triple((z_1, z_2, z_3))} at temperature {10.0**temperature:.2f} as a "
            f"point of the triangle, p = {_triple(p)}, with an arrow for each logit that shows where the point goes "
            f"when this logit rises. Right: the Jacobian; its diagonal is {_triple(np.diagonal(J))}, and each row "
            "and column sums to 0."
        )


def simplex_and_jacobian():
    """Explorer: move three logits and a temperature; see the point on the triangle and its Jacobian."""
    import ipywidgets as widgets

    def logit(number, value):
        return widgets.FloatSlider(value=value, min=-3, max=3, step=0.1, description=f"logit {number}")

    return Explorer(
        {
            "z_1": logit(1, 1.0),
            "z_2": logit(2, 0.2),
            "z_3": logit(3, -0.5),
            "temperature": widgets.FloatSlider(value=0, min=-1.5, max=1.5, step=0.1, description="log₁₀ T"),
        },
        _Simplex(),
        "move the logits and the temperature. The coloured arrows are the columns of the Jacobian: where the point "
        "goes when that logit rises.",
    )


def three_temperatures():
    """Still: the same logits at three temperatures, on the triangle and as Jacobians."""
    figure, axes = new_figure(width=8.4, height=4.4, rows=2, columns=3)
    z = np.array([1.0, 0.2, -0.5])
    for above, below, temperature in zip(*axes, (0.25, 1.0, 10.0), strict=True):
        p = _Triangle(above).set(z, temperature)
        above.set_title(f"T = {temperature:g}\np = {_triple(p)}")
        _HeatMap(below).set(softmax_jacobian(p))
    axes[1, 0].set(xlabel="column: which logit rises", ylabel="row: which share moves")
    return Picture(
        figure,
        "The softmax of the logits (1, 0.2, -0.5) at three temperatures, above as a point of a triangle with one "
        "corner for each class, below its Jacobian. At T = 0.25 the point lies near the corner of class 1 and all "
        "entries are small. At T = 1 it lies inside, and the arrows are long. At T = 10 it is near the centre: about "
        "0.22 on the diagonal, -0.11 elsewhere. The three arrows add up to 0 each time.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def _squared_slope(p, y):
    """Slope in the logit of half the squared error (σ(z) - y)²/2 at the share p = σ(z)."""
    return (p - y) * p * (1 - p)


def slopes_of_two_losses():
    """Still: cross-entropy and squared error of one sample with y = 1 against its logit, and their slopes."""
    z = np.linspace(-8, 8, 201)
    p = sigmoid(z)
    figure, (left, right) = new_figure(columns=2, height=3.2)
    for axis, entropy, squared in ((left, -np.log(p), (p - 1) ** 2 / 2), (right, p - 1, _squared_slope(p, 1))):
        axis.plot(z, entropy, color=BLUE, lw=2.5, label="cross-entropy")
        axis.plot(z, squared, color=ORANGE, lw=2.5, ls="--", label="squared error")
        axis.set(xlabel="logit z of a sample with y = 1")
    left.set(ylabel="loss", ylim=(-0.2, 8.2), title="the loss")
    right.set(ylabel="slope in z", ylim=(-1.08, 0.08), title="its slope in z")
    right.annotate(
        "confident and wrong,\nbut no slope", (-6.5, -0.01), (-7.8, -0.4), fontsize=8, arrowprops={"arrowstyle": "->"}
    )
    left.legend(loc="upper right", fontsize=9)
    return Picture(
        figure,
        "Loss and slope of one sample with target 1 against its logit z from -8 to 8. Left: the cross-entropy grows "
        "like a straight line as z falls, the squared error levels off at one half. Right: the slope of the "
        "cross-entropy goes to -1 on the wrong side, that of the squared error is smallest near z = -0.7 and "
        "returns to 0.",
    )


# Hours of preparation and pass (1) or fail (0); the last but one is on the unexpected side.
HOURS = np.array([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0])
PASSED = np.array([0.0, 0, 0, 1, 0, 1, 1, 1, 0, 1])


def _entropy_pull(z):
    """Cross-entropy of the ten samples at the logits z, and its slope in each of them."""
    Z, Y = np.stack([z, 0 * z], axis=1), np.stack([PASSED, 1 - PASSED], axis=1)
    # From the logits: the share of a true class may be too small for its logarithm.
    loss = np.mean(log_sum_exp(Z) - np.sum(Y * Z, axis=1))
    return loss, cross_entropy_gradient(Z, Y)[:, 0]


def _upright(x, low, high):
    """Vertical segments at x from low to high: shape (10, 2, 2)."""
    return np.stack([np.stack([x, low], axis=1), np.stack([x, high], axis=1)], axis=1)


class _Logistic:
    """Left: data, the curve and the residual of each sample. Right: what each sample pulls, under two losses."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(width=8.4, columns=2, height=3.4)
        self.x = np.linspace(0, 5.5, 111)
        (self.curve,) = self.left.plot([], [], color=INK, lw=2)
        self.sticks = self.left.vlines(HOURS, PASSED, PASSED, color=RED, lw=2)
        self.left.plot(HOURS, PASSED, "o", color=PURPLE, ms=6)
        self.left.set(xlabel="hours of preparation", ylabel="passed (1) or not (0)", xlim=(0, 5.5), ylim=(-0.08, 1.08))
        # Thick lines for bars: twenty rectangles would take longer to draw.
        self.entropy = self.right.vlines(HOURS - 0.09, 0, 0, color=BLUE, lw=8, label="cross-entropy")
        self.squared = self.right.vlines(HOURS + 0.09, 0, 0, color=ORANGE, lw=8, label="squared error")
        self.right.axhline(0, color=INK, lw=1)
        self.right.set(xlabel="hours of preparation", ylabel="slope of the loss in $z_i$")
        self.right.set(xlim=(0, 5.5), ylim=(-0.145, 0.115))
        self.right.legend(loc="lower left", fontsize=8, ncols=2)
        self.left.set_title(" ")
        self.right.set_title(" ")

    def __call__(self, weight, bias):
        z = weight * HOURS + bias
        p, (loss, pull) = sigmoid(z), _entropy_pull(z)
        self.curve.set_data(self.x, sigmoid(weight * self.x + bias))
        self.sticks.set_segments(_upright(HOURS, PASSED, p))
        self.entropy.set_segments(_upright(HOURS - 0.09, 0 * p, pull))
        self.squared.set_segments(_upright(HOURS + 0.09, 0 * p, _squared_slope(p, PASSED) / len(p)))
        total = np.sum(pull) + 0.0
        sign = "−" if bias < 0 else "+"
        self.left.set_title(f"p = σ({weight:.1f} · hours {sign} {abs(bias):.1f}), L = {loss:.3f}")
        self.right.set_title(f"the blue bars add up to {total:+.3f}")
        return self.figure, (
            f"Left: ten samples with the logistic curve of weight {weight:.1f} and bias {bias:.1f}, and a stick from "
            f"each target to its share; the cross-entropy is {loss:.3f}. Right: the slope of the loss in the logit "
            f"of each sample. Under the cross-entropy the slopes add up to {total:.3f}; the largest is "
            f"{np.max(np.abs(pull)):.3f}. Under half the squared error the largest is "
            f"{np.max(np.abs(_squared_slope(p, PASSED))) / len(p):.3f}."
        )


def pulls_of_two_losses():
    """Explorer: move a logistic curve over ten samples and compare what each sample pulls under two losses."""
    import ipywidgets as widgets

    return Explorer(
        {
            "weight": widgets.FloatSlider(value=1.0, min=-4, max=4, step=0.1, description="weight"),
            "bias": widgets.FloatSlider(value=-2.0, min=-12, max=12, step=0.2, description="bias"),
        },
        _Logistic(),
        "move the curve. Each blue bar is its red stick over n; find a sample that is badly wrong and whose orange "
        "bar is nearly 0.",
    )
