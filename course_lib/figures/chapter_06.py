"""Figures of chapter 6: steps down a valley, the factors that decide their pace, mini-batches and momentum."""

import numpy as np

from course_lib.calculus import descent
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Explorer, Picture, counted, new_figure
from course_lib.figures.board import Board, Handle, Panel, Scene

# A table of four samples whose Hessian XᵀX/n has the curvatures 1 and 1/κ; its flat direction is tilted by 25 degrees.
SAMPLES = 4
TILT = np.deg2rad(25)
FLAT, STEEP = np.array([np.cos(TILT), np.sin(TILT)]), np.array([-np.sin(TILT), np.cos(TILT)])
BEST = 3.2 * FLAT + 1.2 * STEEP
KAPPAS = (1, 2, 3, 5, 10, 20, 50, 100)
STEPS = 40
# Errors below this lie outside every plot; a logarithm wants them positive.
TINY = 1e-12


def _valley(kappa):
    """X (4, 2) and y (4,) with the curvatures 1/κ along FLAT and 1 along STEEP, the minimum at BEST, residuals left."""
    U = np.array([[1, 1], [1, -1], [1, 1], [1, -1]]) / 2
    X = np.sqrt(SAMPLES) * (U * np.sqrt([1 / kappa, 1])) @ np.array([FLAT, STEEP])
    return X, X @ BEST + 0.5 * np.array([1, 1, -1, -1])


def _levels(kappa, sizes=(0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4)):
    """Lines of equal loss around BEST as one path with gaps: shape (2, k). They are ellipses, so no grid is needed."""
    t = np.append(np.linspace(0, 2 * np.pi, 121), np.nan)
    rings = [
        BEST[:, None] + s * (np.sqrt(kappa) * np.outer(FLAT, np.cos(t)) + np.outer(STEEP, np.sin(t))) for s in sizes
    ]
    return np.hstack(rings)


def _map(axis, colour=BLUE):
    """Prepare a map of the valley; returns the line of the levels and the line of a path."""
    (levels,) = axis.plot([], [], color=GREY, lw=0.8, alpha=0.7)
    for direction, tint in ((FLAT, GREEN), (STEEP, ORANGE)):
        axis.plot(*np.transpose([BEST - 9 * direction, BEST + 9 * direction]), color=tint, lw=1, ls=":")
    (path,) = axis.plot([], [], "o-", color=colour, ms=3.5, lw=1.3)
    axis.plot([0], [0], "o", color="black", ms=5, zorder=4)
    axis.plot(*BEST, "+", color="black", ms=12, mew=2, zorder=4)
    axis.set_aspect("equal")
    axis.set(xlim=(-1.7, 6.5), ylim=(-0.7, 5.5), xlabel="$w_1$", ylabel="$w_2$")
    axis.grid(False)
    return levels, path


def _powers(axis, which, exponents):
    """Ticks at these powers of ten and no others: every tick takes time to draw."""
    axis.minorticks_off()
    axis.set(**{f"{which}ticks": [10.0**k for k in exponents]})


def _error(path):
    return np.maximum(np.linalg.norm(path - BEST, axis=1), TINY)


# ----------------------------------------------------------------------------------------------------------------------
def one_valley_four_steps():
    """Still: the same parabola, descended with four step sizes."""
    figure, axes = new_figure(width=8.4, height=2.7, columns=4, sharey=True)
    w = np.linspace(-1.9, 1.9, 101)
    names = ("too careful", "exact", "overshoots", "diverges")
    for axis, lr, name in zip(axes, (0.05, 0.25, 0.45, 0.55), names, strict=True):
        path = (1 - 4 * lr) ** np.arange(6)
        axis.plot(w, 2 * w**2, color=GREY, lw=1.5)
        axis.plot(path, 2 * path**2, "o-", color=RED if name == "diverges" else BLUE, ms=4, lw=1.2)
        axis.plot(path[0], 2, "o", color="black", ms=6, zorder=4)
        axis.set(xlabel="$w$", title=f"η = {lr}: {name}\n1 − ηλ = {1 - 4 * lr:.1f}", ylim=(-0.3, 7))
    axes[0].set_ylabel("$L$")
    return Picture(
        figure,
        "Four copies of the parabola L = 2w², each with five steps of descent from w = 1. With η = 0.05 the points "
        "creep towards 0; with 0.25 the first step lands on 0; with 0.45 they jump from side to side and come closer; "
        "with 0.55 they jump from side to side and climb out.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def factor_against_step(kappa=5):
    """Still: the factor of the flattest and of the steepest direction against the step size, and the larger of them."""
    figure, axis = new_figure(width=6, height=3.7)
    X, _ = _valley(kappa)
    lr = np.linspace(0, 2.3, 231)
    for value, colour, name in ((1 / kappa, GREEN, "flattest"), (1, ORANGE, "steepest")):
        axis.plot(lr, np.abs(1 - lr * value), color=colour, lw=2, ls="--", label=f"|1 − ηλ|, {name} direction")
    axis.plot(
        lr, [descent.contraction_factor(X, step) for step in lr], color=BLUE, lw=3.5, alpha=0.55, label="the larger"
    )
    best, limit = descent.best_fixed_step(X), descent.largest_stable_step(X)
    axis.axhline(1, color=GREY, lw=1)
    axis.plot([best], [descent.contraction_factor(X, best)], "o", color="black", ms=7)
    axis.annotate(
        r"$\left(\frac{2}{\lambda_{\min}+\lambda_{\max}},\ \frac{\kappa-1}{\kappa+1}\right)$",
        (best, descent.contraction_factor(X, best)),
        xytext=(2, 22),
        textcoords="offset points",
        fontsize=13,
        ha="right",
    )
    axis.plot([limit], [1], "s", color=RED, ms=7)
    axis.annotate(r"$2/\lambda_{\max}$", (limit, 1), xytext=(0, 9), textcoords="offset points", fontsize=12, ha="right")
    axis.set(
        xlabel=r"step size η, in units of $1/\lambda_{\max}$", ylabel="factor per step", ylim=(0, 1.75), xlim=(0, 2.3)
    )
    axis.set_title(rf"$\kappa = \lambda_{{\max}}/\lambda_{{\min}} = {kappa}$")
    axis.legend(loc="upper left")
    return Picture(
        figure,
        "The factor |1 − ηλ| against the step size for the flattest and the steepest direction, with κ = 5. The first "
        "falls slowly from 1, the second falls fast to 0 at η = 1/λmax and rises again. The larger of the two has its "
        "lowest point, 2/3, where they cross, at 2/(λmin + λmax), and reaches 1 at 2/λmax.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def zigzag_and_rate(kappa=10, steps=60):
    """Still: two paths through a valley, and the error of four step sizes beside the slopes that theory gives."""
    figure, (left, right) = new_figure(width=8.4, columns=2, height=3.7)
    X, y = _valley(kappa)
    levels, _ = _map(left)
    levels.set_data(*_levels(kappa))
    best, limit = descent.best_fixed_step(X), descent.largest_stable_step(X)
    cases = (
        (0.25 * best, GREEN, "¼ of the best"),
        (best, BLUE, "the best"),
        (0.98 * limit, PURPLE, "98 % of the limit"),
    )
    for lr, colour, name in (*cases, (1.02 * limit, RED, "102 % of the limit")):
        path = descent.descend(X, y, lr, steps)
        if colour in (GREEN, BLUE):
            left.plot(*path.T, "o-", color=colour, ms=3, lw=1.2)
        factor = descent.contraction_factor(X, lr)
        right.semilogy(_error(path), color=colour, lw=2, label=f"{name}: {factor:.3f}")
        t = np.array([20, steps])
        right.semilogy(t, 1.7 * _error(path)[20] * factor ** (t - 20), color=colour, lw=1.2, ls="--")
    left.set_title("κ = 10, the best step and a quarter of it")
    right.set(xlabel="step", ylabel="distance to the minimum", ylim=(1e-5, 30))
    right.legend(title="factor per step", fontsize=8, title_fontsize=8, loc="lower left")
    return Picture(
        figure,
        "Left: a valley with condition number 10. The best fixed step zigzags across it and arrives; a quarter of it "
        "goes smoothly and lags behind. Right: the distance to the minimum against the step on a logarithmic axis, "
        "straight lines in the long run, each parallel to the dashed slope that the factor predicts: 0.955, 0.818, "
        "0.960, and 1.040, which grows.",
    )


class _Walk:
    """Left: the path on the map of the valley. Right: the error along each eigenvector, dots seen, lines predicted."""

    def __init__(self):
        self.figure, (self.map, self.curves) = new_figure(width=8, columns=2, height=3.7)
        self.levels, self.path = _map(self.map)
        self.parts = []
        for colour, name in ((GREEN, "flat direction"), (ORANGE, "steep direction")):
            (seen,) = self.curves.semilogy([], [], "o", color=colour, ms=3.5, label=name)
            (predicted,) = self.curves.semilogy([], [], color=colour, lw=1.3)
            self.parts.append((seen, predicted))
        self.curves.set(xlabel="step", ylabel="size of the error", xlim=(-1, STEPS + 1), ylim=(1e-6, 1e3))
        _powers(self.curves, "y", (-6, -4, -2, 0, 2))
        self.curves.legend(fontsize=8, loc="lower left")
        self.map.set_title(" ")
        self.curves.set_title(" ")

    def __call__(self, lr, kappa, steps):
        X, y = _valley(kappa)
        path = descent.descend(X, y, lr, steps)
        self.levels.set_data(*_levels(kappa))
        self.path.set_data(*path.T)
        factors, t = 1 - lr * np.array([1 / kappa, 1]), np.arange(STEPS + 1)
        for (seen, predicted), direction, factor in zip(self.parts, (FLAT, STEEP), factors, strict=True):
            part = np.abs((path - BEST) @ direction)
            # What rounding leaves of an error that has reached 0 belongs on no plot.
            seen.set_data(t[: steps + 1], np.where(part > TINY, part, np.nan))
            predicted.set_data(t, np.maximum(part[0] * np.abs(factor) ** t, TINY))
        worst, best = descent.contraction_factor(X, lr), (kappa - 1) / (kappa + 1)
        self.path.set_color(RED if worst > 1 else BLUE)
        self.map.set_title(f"κ = {kappa}: worst factor {worst:.3f}\n(at the best step {best:.3f})")
        flat, steep = (f"{factor:.3f}" for factor in factors)
        self.curves.set_title(f"1 − ηλ is {flat} along the flat,\n{steep} along the steep direction")
        return self.figure, (
            f"Left: {counted(steps, 'step')} of descent with η = {lr:.2f} in a valley with condition number {kappa}. "
            f"Right: the error in the flat direction is multiplied by {factors[0]:.3f} at every step, in the "
            f"steep one by {factors[1]:.3f}."
        )


def walk_down_a_valley():
    """Explorer: step size and condition number against the path and the error in each direction."""
    import ipywidgets as widgets

    return Explorer(
        {
            "lr": widgets.FloatSlider(value=0.3, min=0.05, max=2.2, step=0.05, description="η"),
            "kappa": widgets.SelectionSlider(options=KAPPAS, value=10, description="κ"),
            "steps": widgets.IntSlider(value=STEPS, min=0, max=STEPS, description="steps"),
        },
        _Walk(),
        "lengthen the step until the path zigzags, stays, and escapes; then make the valley narrower. Put the steps "
        "to 0 and press play to watch it walk.",
        play="steps",
    )


# ----------------------------------------------------------------------------------------------------------------------
STRIDES, FLATNESS = 30, 10


def _valley_floor(path):
    """The valley with κ = 10, its two directions, and a path on it."""
    panel = Panel("drag the start", (-1.7, 6.5), (-1.2, 5.6), "w₁", "w₂", range(-1, 7), range(-1, 6))
    rings = _levels(FLATNESS).reshape(2, -1, 122)[:, :, :-1]
    for x, y in zip(*rings, strict=True):
        panel.line(x[::2], y[::2], GREY, 0.8, opacity=0.7)
    for direction, colour in ((FLAT, GREEN), (STEEP, ORANGE)):
        panel.line(*np.transpose([BEST - 9 * direction, BEST + 9 * direction]), colour, 1.5, (2, 2))
    panel.line(*zip(*path, strict=True), BLUE, 1.5)
    for place in path[1:]:
        panel.dot(place, BLUE, 2.5)
    panel.dot(BEST, RED, 4)
    return panel


def _factors(lr, flat, steep):
    """The two factors against the step size, and their values at the one that is chosen."""
    panel = Panel("drag the step size", (0, 2.3), (0, 1.5), "η", "|1 − ηλ|", (0, 1, 2), (0, 0.5, 1), equal=False)
    panel.line([0, 2.3], [1, 1], GREY, 1)
    panel.line([0, 2.3], [1, 1 - 2.3 / FLATNESS], GREEN, 2)
    panel.line([0, 1, 2.3], [1, 0, 1.3], ORANGE, 2)
    panel.line([lr, lr], [0, 1.5], "#000000", 1, (3, 2))
    panel.dot((lr, abs(flat)), GREEN, 5)
    panel.dot((lr, abs(steep)), ORANGE, 5)
    panel.text((0.62, 0.8), "flat direction", "#00674b", "start")
    panel.text((0.62, 0.5), "steep direction", "#7a5500", "start")
    return panel


def _descent(x, y, lr):
    """Thirty steps of descent from (x, y) with the step size lr, in the valley with κ = 10."""
    X, targets = _valley(FLATNESS)
    H, slope = X.T @ X / len(X), X.T @ targets / len(X)
    path = [np.array([x, y])]
    for _ in range(STRIDES):
        path.append(path[-1] - lr * (H @ path[-1] - slope))
    flat, steep = 1 - lr / FLATNESS, 1 - lr
    first, last = path[0] - BEST, path[-1] - BEST
    said = (
        f"From ({x:z.2f}, {y:z.2f}) with η = {lr:z.2f}: every step multiplies the error along the flat direction by "
        f"{flat:z.3f} and along the steep one by {steep:z.3f}. At first they are {FLAT @ first:z.2f} and "
        f"{STEEP @ first:z.2f}, after {STRIDES} steps {FLAT @ last:z.3f} and {STEEP @ last:z.3f}."
    )
    alt = (
        "Left: the map of a valley with condition number 10, its flat direction dotted green and its steep one dotted "
        f"orange, and {STRIDES} steps of descent from a start that can be moved. Right: |1 − ηλ| of both directions "
        f"against the step size, which can be moved. {said}"
    )
    handles = [Handle("the start", 0, (x, y), (0, 1)), Handle("the step size", 1, (lr, 0), (2, None), RED, 0.05)]
    return Scene([_valley_floor(path), _factors(lr, flat, steep)], handles, said, alt)


def descent_by_hand():
    """Board: move the start and the step size; the path and both factors follow."""
    return Board(_descent, (0, 0, 1.7), "move the start and the step size, and watch the path.")


# ----------------------------------------------------------------------------------------------------------------------
BATCH_SAMPLES = 24


def _noisy_table(noise):
    """X (24, 2) and y (24,): the least-squares weights are BEST; residuals of size `noise` remain."""
    rng = np.random.default_rng(6)
    U = np.linalg.qr(rng.normal(size=(BATCH_SAMPLES, 2)))[0]
    X = np.sqrt(BATCH_SAMPLES) * (U * np.sqrt([1 / 3, 1])) @ np.array([FLAT, STEEP])
    residual = rng.normal(size=BATCH_SAMPLES)
    residual -= U @ (U.T @ residual)
    return X, X @ BEST + noise * residual


def _excess(X, y, path):
    """How far the loss is above its minimum at every point of a path."""
    # The loss is a quadratic with its minimum at BEST: the difference without subtracting two close numbers.
    return np.sum(((path - BEST) @ X.T) ** 2, axis=1) / (2 * len(y))


def noise_floor(epochs=40):
    """Still: the loss above its minimum against the work done, for full and single-sample steps."""
    figure, (left, right) = new_figure(width=8.4, columns=2, height=3.4, sharey=True)
    for axis, noise, title in ((left, 1.0, "residuals remain at the minimum"), (right, 0.0, "every target can be met")):
        X, y = _noisy_table(noise)
        cases = ((BATCH_SAMPLES, 0.5, GREY), (1, 0.1, RED), (1, 0.02, BLUE))
        for size, lr, colour in cases:
            path = descent.descend_on_minibatches(X, y, lr, size, epochs, np.random.default_rng(1))
            seen = np.arange(len(path)) * size / BATCH_SAMPLES
            name = "all 24 samples" if size > 1 else "one sample"
            axis.semilogy(seen, _excess(X, y, path), color=colour, lw=1.2, label=f"{name}, η = {lr}")
        axis.set(xlabel="epochs: passes over all samples", title=title, ylim=(1e-8, 10))
    left.set_ylabel("loss above its minimum")
    left.legend(fontsize=8, loc="lower left")
    return Picture(
        figure,
        "The loss above its minimum against epochs, logarithmic. Left, with residuals at the minimum: steps on single "
        "samples fall fast, then hover, at a lower level with the smaller step, while full steps keep falling. Right, "
        "where every target can be met: nothing hovers, and single samples with the larger step fall fastest.",
    )


class _Batches:
    """Left: the path on the map. Right: the loss above its minimum against epochs."""

    EPOCHS = 12

    def __init__(self):
        self.figure, (self.map, self.curve) = new_figure(width=8, columns=2, height=3.7)
        levels, self.path = _map(self.map)
        levels.set_data(*_levels(3))
        self.path.set(ms=2, lw=0.8)
        (self.loss,) = self.curve.semilogy([], [], color=BLUE, lw=1.2)
        self.curve.set(xlabel="epochs: passes over all samples", ylabel="loss above its minimum")
        self.curve.set(xlim=(-0.3, self.EPOCHS + 0.3), ylim=(1e-7, 10))
        _powers(self.curve, "y", (-6, -4, -2, 0))
        self.map.set_title(" ")
        self.curve.set_title(" ")

    def __call__(self, size, lr, noise, epochs):
        X, y = _noisy_table(noise)
        path = descent.descend_on_minibatches(X, y, lr, size, epochs, np.random.default_rng(1))
        above = _excess(X, y, path)
        self.path.set_data(*path.T)
        self.loss.set_data(np.arange(len(path)) * size / BATCH_SAMPLES, above)
        level = np.mean(above[-max(1, 3 * BATCH_SAMPLES // size) :])
        last = "last three epochs" if epochs > 3 else "so far"
        self.map.set_title(f"{counted(len(path) - 1, 'step')} on {size} of {BATCH_SAMPLES} samples")
        self.curve.set_title(f"{last}: mean {level:.1e}")
        return self.figure, (
            f"Left: the path of {counted(len(path) - 1, 'step')}, each on {size} of {BATCH_SAMPLES} samples, with "
            f"η = {lr:.2f}; the residuals at the minimum have the size {noise:.2f}. "
            f"Right: the loss above its minimum over {counted(epochs, 'epoch')}; {last} it is {level:.1e} on average."
        )


def walk_on_batches():
    """Explorer: batch size, step size and noise against the path and the level at which it hovers."""
    import ipywidgets as widgets

    return Explorer(
        {
            "size": widgets.SelectionSlider(options=(1, 2, 4, 8, 24), value=1, description="batch size"),
            "lr": widgets.FloatSlider(value=0.1, min=0.02, max=0.4, step=0.02, description="η"),
            "noise": widgets.FloatSlider(value=1, min=0, max=2, step=0.25, description="residuals"),
            "epochs": widgets.IntSlider(value=_Batches.EPOCHS, min=0, max=_Batches.EPOCHS, description="epochs"),
        },
        _Batches(),
        "shrink the step or enlarge the batch, and watch the level at which the loss hovers; then take the residuals "
        "away. Put the epochs to 0 and press play to watch it walk.",
        play="epochs",
        pace=400,
    )


# ----------------------------------------------------------------------------------------------------------------------
def momentum_and_plain(kappa=100, steps=150):
    """Still: the factor of every curvature, and the error, for the best plain step and the best heavy ball."""
    figure, (left, right) = new_figure(width=8.4, columns=2, height=3.6)
    X, y = _valley(kappa)
    lr, beta = descent.best_momentum(X)
    runs = (
        ("plain", descent.best_fixed_step(X), 0.0, BLUE),
        (f"β = {beta:.2f}", lr, beta, RED),
    )
    curvature = np.logspace(-3, 0.3, 400)
    for name, step, keep, colour in runs:
        left.semilogx(curvature, descent.momentum_factors(curvature, step, keep), color=colour, lw=2, label=name)
        worst = np.max(descent.momentum_factors(descent.curvatures(X), step, keep))
        error = _error(descent.descend_with_momentum(X, y, step, keep, steps))
        right.semilogy(error, color=colour, lw=2, label=f"{name}: {worst:.3f}")
        t = np.array([40, steps])
        right.semilogy(t, 2 * error[40] * worst ** (t - 40), color=colour, lw=1.2, ls="--")
    left.axvspan(1 / kappa, 1, color=GREY, alpha=0.15, lw=0)
    left.axhline(1, color=GREY, lw=1)
    left.set(xlabel=r"curvature λ, in units of $\lambda_{\max}$", ylabel="factor per step", ylim=(0, 1.3))
    left.set_title("shaded: the curvatures of this loss, κ = 100")
    left.legend(fontsize=9, loc="lower left")
    right.set(xlabel="step", ylabel="distance to the minimum", ylim=(1e-9, 30))
    right.legend(title="factor per step", fontsize=9, title_fontsize=9, loc="lower left")
    return Picture(
        figure,
        "Left: the factor per step against the curvature. For the best plain step it is 0.980 at both ends of the "
        "shaded range from 1/100 to 1 and 0 within it; for the heavy ball it is level at 0.818 over the whole range. "
        "Right: the distance to the minimum. Plain descent gains little more than one power of ten in 150 steps; the "
        "heavy ball gains more than nine, nearly along the dashed slope.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# Momentum in one direction: a step is one matrix, and its two eigenvalues tell how (position, velocity) moves.
KEPT = 0.81
LONG = 60
# Close together where the eigenvalues enter their circle and where they leave it.
ENTERING = (0.001, 0.004, 0.007, 0.009, 0.01, 0.011, 0.013, 0.016, 0.02, 0.04)
LEAVING = (3.55, 3.58, 3.6, 3.61, 3.62, 3.63, 3.65, 3.7)
TURNS = (*ENTERING, *np.round(np.arange(0.1, 3.55, 0.1), 1).tolist(), *LEAVING)


def _eigenvalues(turn):
    """Both eigenvalues as points of the plane, shape (2, 2): the one of larger real part, or above the axis, first."""
    trace = 1 + KEPT - turn
    root = np.sqrt(trace**2 - 4 * KEPT + 0j)
    both = np.array([trace + root, trace - root]) / 2
    return np.column_stack([both.real, both.imag])


def _orbit(turn, steps=LONG):
    """(a, η v) after 0 … steps steps, from a = 1 at rest: shape (steps + 1, 2)."""
    states = [(1.0, 0.0)]
    for _ in range(steps):
        a, v = states[-1]
        # With η = 1 the curvature is η λ, and v is η v.
        states.append(descent.momentum_step(a, v, turn * a, 1.0, KEPT))
    return np.array(states)


class _Eigenvalues:
    """The plane of complex numbers with the unit circle, the circle √β, and the two eigenvalues."""

    def __init__(self, axis):
        angle = np.linspace(0, 2 * np.pi, 181)
        circle = np.column_stack([np.cos(angle), np.sin(angle)])
        axis.plot(*circle.T, color=GREY, lw=1)
        axis.plot(*(np.sqrt(KEPT) * circle).T, color=GREEN, lw=1.5, ls="--")
        axis.axhline(0, color=GREY, lw=0.6)
        axis.axvline(0, color=GREY, lw=0.6)
        axis.text(-0.5, -0.5, "√β", color=GREEN, ha="center", va="center")
        axis.text(-0.82, -0.82, "1", color=GREY, ha="center", va="center")
        (self.points,) = axis.plot([], [], "o", color=BLUE, ms=8, zorder=4)
        axis.set(xlim=(-1.45, 1.45), ylim=(-1.2, 1.2), aspect="equal", xlabel="real part")
        axis.set(xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        axis.grid(False)

    def set(self, turn):
        both = _eigenvalues(turn)
        worst = np.max(np.hypot(*both.T))
        self.points.set_data(*both.T)
        self.points.set_color(RED if worst > 1 else BLUE)
        return worst


class _Orbit:
    """Position and velocity, one dot for each step."""

    def __init__(self, axis):
        axis.axhline(0, color=GREY, lw=0.6)
        axis.axvline(0, color=GREY, lw=0.6)
        (self.path,) = axis.plot([], [], "o-", color=BLUE, ms=3, lw=0.8)
        axis.plot([1], [0], "o", color="black", ms=5, zorder=4)
        axis.set(xlim=(-1.45, 1.45), ylim=(-2, 2), xlabel="position $a$", xticks=[-1, 0, 1], yticks=[-2, -1, 0, 1, 2])
        axis.grid(False)

    def set(self, turn):
        self.path.set_data(*_orbit(turn).T)
        self.path.set_color(RED if np.max(np.hypot(*_eigenvalues(turn).T)) > 1 else BLUE)


CASES = ((0.004, "creeps"), (0.1, "spirals"), (1.0, "spirals"), (3.65, "escapes"))


def eigenvalues_of_momentum():
    """Still: the two eigenvalues of a step, and the path of position and velocity below, for four curvatures."""
    figure, axes = new_figure(width=9.6, height=5.0, rows=2, columns=4, height_ratios=[1, 1.05])
    for above, below, (turn, name) in zip(*axes, CASES, strict=True):
        worst = _Eigenvalues(above).set(turn)
        _Orbit(below).set(turn)
        above.set_title(f"ηλ = {turn:g}: {name}\nlarger size {worst:.3f}")
    axes[0, 0].set_ylabel("imaginary part")
    axes[1, 0].set_ylabel("velocity $\\eta v$")
    return Picture(
        figure,
        "Above, the two eigenvalues of a momentum step with β = 0.81 in the complex plane, beside the unit circle and "
        "the dashed circle of radius 0.9; below, position and velocity after each of 60 steps. At ηλ = 0.004 both "
        "eigenvalues are real, the larger one is 0.977, and the ball creeps home. At 0.1 and at 1 they are a pair "
        "on the dashed circle and the path is a spiral that shrinks by 0.9 a step. At 3.65 they are real again, one "
        "is below −1, and the path jumps from side to side and leaves.",
    )


class _Turning:
    """Left: the eigenvalues in the complex plane. Right: the path of position and velocity."""

    def __init__(self):
        self.figure, (left, right) = new_figure(width=8.4, columns=2, height=3.9)
        self.left, self.right = left, right
        self.eigenvalues, self.orbit = _Eigenvalues(left), _Orbit(right)
        left.set_ylabel("imaginary part")
        right.set_ylabel("velocity $\\eta v$")
        left.set_title(" ")
        right.set_title(" ")

    def __call__(self, turn):
        worst = self.eigenvalues.set(turn)
        self.orbit.set(turn)
        (x, height), _ = _eigenvalues(turn)
        kind = "a pair on the circle √β" if height else "both on the real axis"
        self.left.set_title(f"ηλ = {turn:.3f}: {kind}")
        straight = "does not turn" if x > 0 else "changes sides at every step"
        angle = f"turns {np.degrees(np.arctan2(height, x)):.0f}° a step" if height else straight
        self.right.set_title(f"{angle}, factor {worst:.3f}")
        return self.figure, (
            f"Left: the two eigenvalues for ηλ = {turn:.3f} and β = {KEPT}, {kind}; the larger has the size "
            f"{worst:.3f}. Right: position and velocity over {LONG} steps; the path {angle}."
        )


def turn_the_eigenvalues():
    """Explorer: one curvature against the eigenvalues of a momentum step and the path they make."""
    import ipywidgets as widgets

    options = [(f"{turn:.3f}", turn) for turn in TURNS]
    return Explorer(
        {"turn": widgets.SelectionSlider(options=options, value=0.5, description="ηλ")},
        _Turning(),
        "move ηλ from the left end to the right one: the eigenvalues meet, ride around the dashed circle, and part "
        "again; the path creeps, spirals and escapes with them.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def _turned_valley(kappa, degrees):
    """X (2, 2) with the curvatures 1 and 1/κ, the flat one at this angle to the first axis; y (2,), met at (1, 1)."""
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    X = np.sqrt(2) * np.array([[cos, sin], [-sin, cos]]) * np.sqrt([[1 / kappa], [1]])
    return X, X @ np.ones(2)


def adam_straight_and_tilted(kappa=1000, steps=1500):
    """Still: the error of plain descent, the heavy ball and Adam where the valley follows an axis, and where not."""
    figure, axes = new_figure(width=8.4, columns=2, height=3.5, sharey=True)
    for axis, degrees, name in zip(axes, (0, 25), ("along an axis", "tilted by 25°"), strict=True):
        X, y = _turned_valley(kappa, degrees)
        runs = (
            ("plain, best step", descent.descend(X, y, descent.best_fixed_step(X), steps), GREY),
            ("heavy ball, best", descent.descend_with_momentum(X, y, *descent.best_momentum(X), steps), RED),
            ("Adam, η = 0.1", descent.descend_with_adam(X, y, 0.1, steps), BLUE),
        )
        for label, path, colour in runs:
            away = np.maximum(np.linalg.norm(path - 1, axis=1), TINY)
            axis.semilogy(away, color=colour, lw=1.5, label=label)
        axis.set(xlabel="step", title=f"κ = {kappa}, the valley {name}", ylim=(1e-9, 1e3), xlim=(0, steps))
    axes[0].set_ylabel("distance to the minimum")
    axes[1].legend(fontsize=9, loc="lower center")
    return Picture(
        figure,
        "The distance to the minimum against the step, logarithmic, for plain descent with its best step, the heavy "
        "ball with its best, and Adam with η = 0.1, in a valley of condition number 1000. Left, the valley follows an "
        "axis: Adam is at 1e-3 after 135 steps, the heavy ball after 200, plain descent is not at 0.05 after "
        "1500. Right, the same valley tilted by 25°: plain descent and the heavy ball are as fast as before, Adam "
        "needs more than 1100 steps to 1e-3.",
    )


class _Ball:
    """Left: the path of the heavy ball. Right: the factor of every curvature, the two of this valley marked."""

    def __init__(self):
        self.figure, (self.map, self.factors) = new_figure(width=8, columns=2, height=3.7)
        self.levels, self.path = _map(self.map)
        self.range = np.logspace(-2.5, 0.3, 300)
        (self.plain,) = self.factors.semilogx([], [], color=GREY, lw=1.2, ls="--", label="β = 0")
        (self.curve,) = self.factors.semilogx([], [], color=BLUE, lw=2, label="with β")
        self.marks = self.factors.scatter([0.1, 1], [0, 0], color=[GREEN, ORANGE], s=45, zorder=4)
        self.factors.axhline(1, color=GREY, lw=1)
        self.factors.set(xlabel=r"curvature λ, in units of $\lambda_{\max}$", ylabel="factor per step")
        self.factors.set(ylim=(0, 1.5), xlim=(self.range[0], self.range[-1]))
        _powers(self.factors, "x", (-2, -1, 0))
        self.factors.legend(fontsize=8, loc="upper left")
        self.map.set_title(" ")
        self.factors.set_title(" ")

    def __call__(self, lr, beta, kappa, steps):
        X, y = _valley(kappa)
        path = descent.descend_with_momentum(X, y, lr, beta, steps)
        both = np.array([1 / kappa, 1])
        factors = descent.momentum_factors(both, lr, beta)
        self.levels.set_data(*_levels(kappa))
        self.path.set_data(*path.T)
        self.path.set_color(RED if np.max(factors) > 1 else BLUE)
        self.plain.set_data(self.range, descent.momentum_factors(self.range, lr, 0.0))
        self.curve.set_data(self.range, descent.momentum_factors(self.range, lr, beta))
        self.marks.set_offsets(np.column_stack([both, factors]))
        root = np.sqrt(kappa)
        self.map.set_title(
            f"{counted(steps, 'step')}: error {_error(path)[-1]:.1e}\n(at the start {_error(path)[0]:.1f})"
        )
        self.factors.set_title(f"worst factor {np.max(factors):.3f}\n(best possible {(root - 1) / (root + 1):.3f})")
        return self.figure, (
            f"Left: {counted(steps, 'step')} of the heavy ball with η = {lr:.2f} and β = {beta:.2f} in a valley with "
            f"condition number {kappa}. Right: the factor per step against the curvature; it is {factors[0]:.3f} in "
            f"the flat direction and {factors[1]:.3f} in the steep one."
        )


def roll_a_heavy_ball():
    """Explorer: step size, momentum and condition number against the path and the factor of every curvature."""
    import ipywidgets as widgets

    return Explorer(
        {
            "lr": widgets.FloatSlider(value=1.0, min=0.1, max=4, step=0.1, description="η"),
            "beta": widgets.FloatSlider(value=0.2, min=0, max=0.95, step=0.05, description="β"),
            "kappa": widgets.SelectionSlider(options=KAPPAS[1:], value=20, description="κ"),
            "steps": widgets.IntSlider(value=STEPS, min=0, max=STEPS, description="steps"),
        },
        _Ball(),
        "raise β and watch the curve get level at √β; then lengthen the step until the level reaches the flat "
        "direction. Put the steps to 0 and press play to watch it roll.",
        play="steps",
    )
