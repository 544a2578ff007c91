"""Figures of chapter 4: shapes that fit, the loss along a direction, I ⊗ X entry by entry, what a Jacobian costs, and
the loss as a graph of operations."""

import numpy as np
from matplotlib.patches import Circle, Rectangle

from course_lib.calculus.least_squares import frobenius_gradient, gradient_in_X, kronecker_jacobian
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, RED, Explorer, Picture, new_figure

# One small regression for all pictures of this module: n = 4 samples, d = 3 features, k = 5 outputs. No entry of X is
# near 0, so that a white cell of a Jacobian is a true 0.
_RNG = np.random.default_rng(4)
_X = _RNG.uniform(0.4, 1.6, size=(4, 3)) * _RNG.choice([-1, 1], size=(4, 3))
_W, _Y = _RNG.normal(size=(3, 5)), _RNG.normal(size=(4, 5))


def shapes_that_fit():
    """Still: four candidates for the gradient as rectangles; one has the shape of W."""
    n, d, k = 5, 3, 2
    candidates = (
        ("X R", (n, d), (n, k), "undefined: d meets n"),
        ("R Xᵀ", (n, k), (d, n), "undefined: k meets d"),
        ("Rᵀ X", (k, n), (n, d), "k × d: not the shape of W"),
        ("Xᵀ R", (d, n), (n, k), "d × k: the shape of W"),
    )
    figure, axes = new_figure(columns=4, height=2.4, width=8)
    for axis, (name, left, right, says) in zip(axes, candidates, strict=True):
        fits, good = left[1] == right[0], (left[0], right[1]) == (d, k) and left[1] == right[0]
        axis.add_patch(Rectangle((0, -left[0]), left[1], left[0], facecolor=BLUE, alpha=0.35, edgecolor=BLUE))
        axis.add_patch(
            Rectangle((left[1] + 0.6, -right[0]), right[1], right[0], facecolor=ORANGE, alpha=0.4, edgecolor=ORANGE)
        )
        axis.text(left[1] / 2, -left[0] / 2, f"{_letter(left[0])} × {_letter(left[1])}", ha="center", va="center")
        axis.text(
            left[1] + 0.6 + right[1] / 2,
            -right[0] / 2,
            f"{_letter(right[0])} × {_letter(right[1])}",
            ha="center",
            va="center",
        )
        axis.set(xlim=(-0.3, 8.9), ylim=(-5.4, 0.4), aspect="equal")
        axis.set_title(name, fontsize=12)
        axis.text(4.3, -6.4, says, ha="center", color=GREEN if good else RED if not fits else "#444444", fontsize=9)
        axis.axis("off")
    return Picture(
        figure,
        "Four products drawn as rectangles. X R and R transposed-X do not fit: the inner sizes differ. R transposed "
        "times X is k by d, not the shape of W. Only X transposed times R is d by k, the shape of W.",
    )


def _letter(size):
    return {5: "n", 3: "d", 2: "k"}[size]


# ----------------------------------------------------------------------------------------------------------------------
def _directions():
    """The unit gradient at _W, and a unit direction orthogonal to it."""
    G = frobenius_gradient(_X, _W, _Y)
    along = G / np.linalg.norm(G)
    H = np.random.default_rng(1).normal(size=G.shape)
    H -= np.sum(H * along) * along
    return along, H / np.linalg.norm(H), np.linalg.norm(G)


def _along(angle, t):
    """L(W + tD) - L(W), its linear part and its quadratic part, D a unit direction at `angle` to the gradient."""
    along, across, _ = _directions()
    D = np.cos(np.radians(angle)) * along + np.sin(np.radians(angle)) * across
    slope = np.sum(frobenius_gradient(_X, _W, _Y) * D)
    square = np.sum((_X @ D) ** 2) / len(_X)
    return slope * t, square * t**2, D


def _signed(value):
    """Two decimals with a true minus sign, and no sign on what rounds to 0."""
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0.00"


class _Slope:
    """Left: the loss along one direction, split into line and square. Right: the slope for every direction."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.5)
        (self.curve,) = self.left.plot([], [], color=BLUE, lw=2.5, label="L(W + tD) − L(W)")
        (self.line,) = self.left.plot([], [], color=ORANGE, lw=2, ls="--", label="t ⟨G, D⟩")
        (self.gap,) = self.left.plot([], [], color=RED, lw=3, label="t² ‖XD‖² / n")
        self.left.plot([0], [0], "o", color="black", ms=5)
        self.left.set(xlabel="t, steps of length 1 in W", ylabel="change of the loss", xlim=(-2, 2), ylim=(-26, 40))
        self.left.legend(loc="upper center", fontsize=8, ncols=1)
        angles, (_, _, steepest) = np.arange(0, 181), _directions()
        self.right.plot(angles, steepest * np.cos(np.radians(angles)), color=GREY, lw=2)
        (self.here,) = self.right.plot([], [], "o", color=ORANGE, ms=9)
        self.right.axhline(0, color="black", lw=0.8)
        self.right.set(xlabel="angle between D and G (degrees)", ylabel="slope ⟨G, D⟩")
        self.right.set_xticks([0, 45, 90, 135, 180])
        self.left.set_title("\n")
        self.right.set_title("\n")

    def __call__(self, angle, t):
        ts = np.linspace(-2, 2, 101)
        linear, square, _ = _along(angle, ts)
        self.curve.set_data(ts, linear + square)
        self.line.set_data(ts, linear)
        # Rounded before they are added, so that the sum in the title adds up as it is written.
        first, second = (round(float(part), 2) + 0.0 for part in _along(angle, t)[:2])
        self.gap.set_data([t, t], [first, first + second])
        slope = _along(angle, 1.0)[0]
        self.here.set_data([angle], [slope])
        self.left.set_title(f"change {_signed(first + second)}\n= {_signed(first)} (line) {_signed(second)} (square)")
        self.right.set_title(f"slope along D: {_signed(slope)}\n")
        return self.figure, (
            f"Left: the loss along a direction at {angle:g} degrees to the gradient. At t = {t:.2f} it changes by "
            f"{first + second:.2f}: {first:.2f} from the tangent line and {second:.2f} from the square. Right: the "
            f"slope for every angle is a cosine; here it is {slope:.3f}."
        )


def loss_along_direction():
    """Explorer: turn the direction, walk along it, and see the change of the loss split into line and square."""
    import ipywidgets as widgets

    return Explorer(
        {
            "angle": widgets.IntSlider(value=120, min=0, max=180, step=5, description="angle to the gradient"),
            "t": widgets.FloatSlider(value=1.0, min=-2, max=2, step=0.05, description="step t"),
        },
        _Slope(),
        "turn the direction until the slope is 0, then walk along it: what remains is the square.",
    )


def three_directions():
    """Still: the loss along the gradient, at right angles to it, and against it."""
    figure, axes = new_figure(columns=3, height=2.9, sharey=True)
    ts = np.linspace(-2, 2, 101)
    for axis, angle in zip(axes, (0, 90, 180), strict=True):
        linear, square, _ = _along(angle, ts)
        axis.plot(ts, linear + square, color=BLUE, lw=2.5, label="change of the loss")
        axis.plot(ts, linear, color=ORANGE, lw=2, ls="--", label="t ⟨G, D⟩")
        axis.plot([0], [0], "o", color="black", ms=4)
        slope = _signed(_along(angle, 1.0)[0])
        axis.set(xlabel="t, steps of length 1", title=f"{angle}° to the gradient\nslope {slope}")
    axes[0].set_ylabel("change of the loss")
    axes[0].legend(fontsize=8, loc="upper left")
    return Picture(
        figure,
        "The loss along three directions with its tangent line. Along the gradient the slope is largest, against it "
        "just as steep downwards. At 90 degrees the tangent is flat, and the loss still rises on both sides: the "
        "square term is left.",
    )


# ----------------------------------------------------------------------------------------------------------------------
STACKINGS = {"columns: I ⊗ X": True, "rows: X ⊗ I": False}


class _Structure:
    """Left: X, W and XW with one entry marked. Right: the Jacobian between the stacked W and XW, its row marked."""

    def __init__(self):
        self.figure, axes = new_figure(columns=4, height=3.6, width=8.2, width_ratios=[3, 5, 5, 11])
        self.axes = dict(zip(("X", "W", "XW", "J"), axes, strict=True))
        bound = float(np.max(np.abs(_X)))
        self.images, self.marks = {}, {}
        for name, axis in self.axes.items():
            self.images[name] = axis.imshow(np.zeros((1, 1)), cmap="PuOr", vmin=-bound, vmax=bound)
            self.marks[name] = axis.add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=RED, lw=2.5))
            axis.grid(False)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        self.heard = [
            self.axes["J"].add_patch(Rectangle((0, 0), 1, 1, fill=False, edgecolor=BLUE, lw=2)) for _ in range(3)
        ]
        self.axes["J"].set(xlabel="entries of W, stacked", ylabel="entries of XW, stacked")
        for axis in axes:
            axis.set_title("\n", loc="left")

    def __call__(self, stacking, k, i, j):
        n, d = _X.shape
        i, j, by_columns = min(i, n) - 1, min(j, k) - 1, STACKINGS[stacking]
        W = _W[:, :k]
        J = kronecker_jacobian(_X, k) if by_columns else np.kron(_X, np.eye(k))
        for name, values in (("X", _X), ("W", W), ("XW", _X @ W), ("J", J)):
            self._show(name, values)
        self._mark("X", i, 0, 1, d)
        self._mark("W", 0, j, d, 1)
        self._mark("XW", i, j, 1, 1)
        row = j * n + i if by_columns else i * k + j
        self._mark("J", row, 0, 1, d * k)
        columns = j * d + np.arange(d) if by_columns else np.arange(d) * k + j
        for box, column in zip(self.heard, columns, strict=True):
            box.set_bounds(column - 0.5, -0.5, 1, n * k)
        self.axes["J"].set_title(
            f"{stacking.split(': ')[1]}, {n * k} × {d * k}\nrow {row + 1} belongs to this entry", loc="left"
        )
        self.axes["XW"].set_title(f"XW\nentry ({i + 1}, {j + 1})", loc="left")
        places = ", ".join(str(column + 1) for column in columns)
        return self.figure, (
            f"The entry ({i + 1}, {j + 1}) of XW is row {i + 1} of X times column {j + 1} of W. With {stacking}, it is "
            f"row {row + 1} of the Jacobian, whose nonzero entries stand in columns {places}."
        )

    def _show(self, name, values):
        rows, columns = values.shape
        self.images[name].set_data(values)
        self.images[name].set_extent((-0.5, columns - 0.5, rows - 0.5, -0.5))
        # Cells of one size in the three small matrices, whatever k is; the Jacobian fills its panel.
        wide, high = {"X": (3, 4), "W": (5, 4), "XW": (5, 4)}.get(name, (columns, rows))
        self.axes[name].set(xlim=(-0.7, wide - 0.3), ylim=(high - 0.3, -0.7))
        self.axes[name].set_title(f"{name}\n{rows} × {columns}", loc="left")

    def _mark(self, name, row, column, rows, columns):
        self.marks[name].set_bounds(column - 0.5, row - 0.5, columns, rows)


def entry_by_entry():
    """Explorer: pick an entry of XW and see which row of the Jacobian it is and which weights it hears."""
    import ipywidgets as widgets

    return Explorer(
        {
            "stacking": widgets.Dropdown(options=list(STACKINGS), description="vec stacks"),
            "i": widgets.IntSlider(value=2, min=1, max=4, description="i, row of XW"),
            "j": widgets.IntSlider(value=2, min=1, max=5, description="j, column of XW"),
            "k": widgets.IntSlider(value=3, min=1, max=5, description="k, columns of W"),
        },
        _Structure(),
        "pick an entry of XW; a flat frame marks its row of the Jacobian, tall frames mark the weights it can hear.",
    )


def two_stackings():
    """Still: I ⊗ X and X ⊗ I side by side, with the blocks drawn in."""
    n, d, k = *_X.shape, 3
    figure, axes = new_figure(columns=3, height=3.4, width=8, width_ratios=[0.7, 2, 2])
    bound = float(np.max(np.abs(_X)))
    shown = (
        (f"X\n{n} × {d}", _X, (n, d)),
        (f"I ⊗ X, when vec stacks columns\n{n * k} × {d * k}", np.kron(np.eye(k), _X), (n, d)),
        (f"X ⊗ I, when vec stacks rows\n{n * k} × {d * k}", np.kron(_X, np.eye(k)), (k, k)),
    )
    for axis, (title, values, (high, wide)) in zip(axes, shown, strict=True):
        axis.imshow(values, cmap="PuOr", vmin=-bound, vmax=bound)
        for edge in np.arange(high, values.shape[0], high):
            axis.axhline(edge - 0.5, color=GREY, lw=0.8)
        for edge in np.arange(wide, values.shape[1], wide):
            axis.axvline(edge - 0.5, color=GREY, lw=0.8)
        axis.grid(False)
        axis.set(title=title, xticks=[], yticks=[])
    axes[1].set(xlabel="vec(W), column after column", ylabel="vec(XW)")
    axes[2].set(xlabel="W, row after row", ylabel="XW, row after row")
    return Picture(
        figure,
        "Left the matrix X, 4 by 3. In the middle I ⊗ X: three copies of X along the diagonal, white zeros elsewhere. "
        "Right X ⊗ I: every entry of X has become a small multiple of the identity. Both are 12 by 9 and hold the "
        "same numbers in another order.",
    )


# ----------------------------------------------------------------------------------------------------------------------
LAPTOP = 16e9
_UNITS = ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "B"))


def _bytes_in_words(count):
    """A number of bytes with a unit and at most three digits: 3.2e9 becomes "3.2 GB"."""
    size, unit = next((size, unit) for size, unit in _UNITS if count >= size)
    return f"{count / size:.3g} {unit}"


def _power_of_ten(count):
    """A large number in two digits: 51380224 becomes "5.1·10⁷"."""
    digits, power = f"{count:.1e}".split("e+")
    return f"{digits}·10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(int(power)))


def _bar_label(axis, bar):
    """An empty label at the height of a bar, legible across grid and threshold lines."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    return axis.text(1, bar.get_y() + bar.get_height() / 2, "", va="center", fontsize=9, bbox=box)


class _Cost:
    """Left: memory of the data, the Jacobian and the pullback. Right: multiplications to get the gradient."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.2, width=8.2, width_ratios=[1.5, 1])
        names = ("X, W and R", "Jacobian I ⊗ X", "its entries ≠ 0", "the gradient XᵀR")
        self.memory = self.left.barh(names, [1] * 4, color=[GREY, RED, ORANGE, GREEN], left=1)
        self.work = self.right.barh(("through I ⊗ X", "as XᵀR"), [1] * 2, color=[RED, GREEN], left=1)
        self.memory_text = [_bar_label(self.left, bar) for bar in self.memory]
        self.work_text = [_bar_label(self.right, bar) for bar in self.work]
        self.left.axvline(LAPTOP, color="black", lw=1, ls="--", zorder=1)
        self.left.text(LAPTOP * 3, -0.7, "16 GB, a laptop", fontsize=8)
        self.left.set(xscale="log", xlabel="memory (bytes, 8 for each number)", xlim=(1, 1e21), ylim=(3.6, -0.95))
        self.left.set_xticks([1, 1e3, 1e6, 1e9, 1e12, 1e15], ["1", "10³", "10⁶", "10⁹", "10¹²", "10¹⁵"])
        self.right.set(xscale="log", xlabel="multiplications", xlim=(1, 1e26), ylim=(1.6, -0.6))
        self.right.set_xticks([1, 1e6, 1e12, 1e18], ["1", "10⁶", "10¹²", "10¹⁸"])
        for axis in (self.left, self.right):
            axis.minorticks_off()
            axis.set_axisbelow(True)
            axis.set_title(" ")

    def __call__(self, n, d, k):
        memory = [8 * size for size in (n * d + d * k + n * k, n * d * k * k, n * d * k, d * k)]
        work = [n * d * k * k, n * d * k]
        for bar, text, size in zip(self.memory, self.memory_text, memory, strict=True):
            bar.set_width(size)
            text.set(x=size * 2.5, text=_bytes_in_words(size))
        for bar, text, count in zip(self.work, self.work_text, work, strict=True):
            bar.set_width(count)
            text.set(x=count * 2.5, text=_power_of_ten(count))
        share = f"one entry in {k:,} is not 0" if k > 1 else "no entry need be 0"
        self.left.set_title(f"n = {n:,}, d = {d:,}, k = {k:,}: {share}")
        self.right.set_title(f"{k:,} times the work" if k > 1 else "the same work")
        return self.figure, (
            f"For n = {n}, d = {d}, k = {k}: X, W and R take {_bytes_in_words(memory[0])}, the Jacobian "
            f"{_bytes_in_words(memory[1])}, its nonzero entries {_bytes_in_words(memory[2])}, the gradient "
            f"{_bytes_in_words(memory[3])}. Through the Jacobian the gradient costs "
            f"{_power_of_ten(work[0])} multiplications, as X transposed times R {_power_of_ten(work[1])}."
        )


def cost_of_a_jacobian():
    """Explorer: choose n, d and k and compare building the Jacobian with never building it."""
    import ipywidgets as widgets

    sizes = {
        "n": ((10, 32, 100, 256, 1_000, 10_000, 100_000), 256, "n, samples"),
        "d": ((3, 10, 50, 100, 784, 3_000, 10_000), 784, "d, features"),
        "k": ((1, 3, 10, 50, 100, 256, 1_000, 10_000), 256, "k, outputs"),
    }
    return Explorer(
        {
            name: widgets.SelectionSlider(options=[(f"{o:,}", o) for o in options], value=value, description=about)
            for name, (options, value, about) in sizes.items()
        },
        _Cost(),
        "move k from 1 upwards: the Jacobian grows with k², the gradient with k.",
    )


def memory_against_outputs(n=256, d=784):
    """Still: memory of the Jacobian, of X and of the gradient against the number of outputs."""
    figure, axis = new_figure(width=6, height=3.6)
    k = np.logspace(0, 4, 100)
    axis.loglog(k, 8 * n * d * k**2, color=RED, lw=2.5)
    axis.loglog(k, 8 * n * d * np.ones_like(k), color=GREY, lw=2, ls=":")
    axis.loglog(k, 8 * d * k, color=GREEN, lw=2.5, ls="--")
    axis.annotate("Jacobian I ⊗ X: n d k² numbers", (900, 3e12), color=RED, ha="right", fontsize=10)
    axis.annotate("the matrix X: n d numbers", (2.6, 2.6e6), color="#444444", fontsize=10)
    axis.annotate("the gradient XᵀR: d k numbers", (150, 1e5), color=GREEN, fontsize=10)
    axis.axhline(LAPTOP, color="black", lw=1)
    axis.annotate("16 GB, a laptop", (1.1, LAPTOP * 2), fontsize=10)
    full = np.sqrt(LAPTOP / (8 * n * d))
    axis.plot([full], [LAPTOP], "o", color=RED, ms=8)
    axis.annotate(f"full at k = {full:.0f}", (full * 1.25, LAPTOP / 12), fontsize=10)
    axis.set(xlabel="outputs k", ylabel="memory (bytes)", title=f"n = {n} samples, d = {d} features")
    axis.set(ylim=(1e3, 1e16), yticks=[1e3, 1e6, 1e9, 1e12, 1e15])
    axis.minorticks_off()
    return Picture(
        figure,
        "Memory against the number of outputs k for 256 samples of 784 features, both axes logarithmic. The Jacobian "
        "grows with the square of k and fills 16 GB at k = 100; the matrix X stays at 1.6 MB; the gradient grows with "
        "k and takes 16 MB at k = 2600.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# A regression whose numbers can be followed in the head: n = 4 samples, d = 3 features, k = 2 outputs. Every residual
# is even, so that 2/n of it is whole.
SMALL_X = np.array([[1, 0, 2], [0, 1, 1], [2, 1, 0], [1, -1, 1]])
SMALL_W = np.array([[1, 2], [0, -1], [2, 1]])
SMALL_Y = np.array([[3, 8], [2, -2], [4, -1], [-1, 4]])


def _entry(value):
    """A number as it is written in a small matrix: whole, or with the digits it has, and a true minus sign."""
    # Adding 0 turns -0.0 into 0.0.
    return f"{value + 0.0:g}".replace("-", "−")


def _matrix(axis, left, middle, values, color, frame=None, cell=(2.8, 2.2), size=9.5):
    """Write a matrix from x = `left` on, centred at y = `middle`, with brackets.

    frame   (row, column, rows, columns) to be framed, or None.
    Returns the artists and the x of the right bracket.
    """
    values = np.atleast_2d(values)
    rows, columns = values.shape
    wide, high = cell
    right, top, bottom = left + columns * wide, middle + rows * high / 2, middle - rows * high / 2
    artists = [
        axis.text(
            left + (c + 0.5) * wide,
            top - (r + 0.5) * high,
            _entry(values[r, c]),
            ha="center",
            va="center_baseline",
            fontsize=size,
            color=color,
        )
        for r, c in np.ndindex(rows, columns)
    ]
    if values.size > 1:
        for x, inwards in ((left - 0.3, 0.6), (right + 0.3, -0.6)):
            ends = [x + inwards, x, x, x + inwards], [top, top, bottom, bottom]
            artists += axis.plot(*ends, color=color, lw=1, solid_joinstyle="miter")
    if frame:
        row, column, high_rows, wide_columns = frame
        corner = (left + column * wide + 0.15, top - (row + high_rows) * high + 0.1)
        box = Rectangle(corner, wide_columns * wide - 0.3, high_rows * high - 0.2, fill=False, edgecolor=RED, lw=1.8)
        artists.append(axis.add_patch(box))
    return artists, right


class _Graph:
    """‖XW − Y‖²/n as a graph of operations: values above the wires, and below them the gradients of L.

    A step shows one more of them; `RULES` says how it comes about.
    """

    RULES = (
        "The inputs. Which number stands in the first row and column of XW?",
        "Forward: XW, each row of X with each column of W.",
        "Forward: R = XW − Y.",
        "Forward: f, the sum of the squares of all entries of R.",
        "Forward: L = f / n with n = 4. Now back.",
        "Back: L moves as fast as L itself. The gradient is 1.",
        "Back through the factor 1/n: what arrived, times 1/4.",
        "Back through the square: 2R, times what arrived, 1/4.",
        "Back through the minus: to XW as it is, to Y with its sign turned.",
        "Back through the product: Xᵀ times what arrived to W, what arrived times Wᵀ to X.",
    )

    def __init__(self):
        self.figure, axis = new_figure(width=8.8, height=4.9)
        axis.set(xlim=(0, 88), ylim=(-1, 46), aspect="equal")
        axis.axis("off")
        self.axis, self.steps = axis, [[] for _ in self.RULES]
        self._operations()
        n = len(SMALL_X)
        product, residual = SMALL_X @ SMALL_W, SMALL_X @ SMALL_W - SMALL_Y
        square = np.sum(residual**2)
        arriving = 2 / n * residual
        into_W, into_X = frobenius_gradient(SMALL_X, SMALL_W, SMALL_Y), gradient_in_X(SMALL_X, SMALL_W, SMALL_Y)
        # name, x of the middle, y of the wire, value and the step that shows it, gradient and the step that shows it.
        self._value("X", 8, 34, SMALL_X, 0, into_X, 9)
        self._value("W", 8, 10, SMALL_W, 0, into_W, 9)
        self._value("XW", 33, 22, product, 1, arriving, 8)
        self._value("Y", 44.5, 3.6, SMALL_Y, 0, -arriving, 8, beside=True)
        self._value("R", 55, 22, residual, 2, arriving, 7)
        self._value("f", 72, 22, square, 3, 1 / n, 6)
        self._value("L", 85, 22, square / n, 4, 1, 5)

    def _operations(self):
        nodes = {"@": (22.7, 22), "−": (44.5, 22), "Σ ( )²": (66.5, 22), "÷ n": (78.5, 22)}
        wires = (
            ((13.5, 34), (21.5, 24)),
            ((13.5, 10), (21.5, 20)),
            ((24.9, 22), (42.4, 22)),
            ((44.5, 12), (44.5, 19.9)),
            ((46.6, 22), (63.7, 22)),
            ((69.3, 22), (75.7, 22)),
            ((81.3, 22), (87.5, 22)),
        )
        arrow = {"arrowstyle": "-|>", "color": GREY, "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
        for start, end in wires:
            self.axis.annotate("", end, start, arrowprops=arrow)
        for name, place in nodes.items():
            radius = 2.7 if len(name) > 1 else 2.1
            self.axis.add_patch(Circle(place, radius, facecolor="white", edgecolor="black", lw=1.2, zorder=2))
            self.axis.text(*place, name, ha="center", va="center", fontsize=9 if len(name) > 1 else 13, zorder=3)

    def _value(self, name, x, wire, value, forward, gradient, backward, beside=False):
        """A value above its wire and its gradient below, or, for what comes in from below, left and right of it."""
        rows, columns = np.atleast_2d(value).shape
        half, width = 1.1 * rows, 2.8 * columns
        over, under = (wire, wire) if beside else (wire + half + 1, wire - half - 1)
        lefts = (x - width - 0.8, x + 0.8) if beside else (x - width / 2,) * 2
        self.steps[forward] += _matrix(self.axis, lefts[0], over, value, BLUE)[0]
        self.steps[backward] += _matrix(self.axis, lefts[1], under, gradient, RED)[0]
        self.axis.text(lefts[0] + width / 2, over + half + 1.2, name, ha="center", fontsize=11, color=BLUE)

    def __call__(self, step):
        for number, artists in enumerate(self.steps):
            for artist in artists:
                artist.set_visible(number <= step)
        self.axis.set_title(self.RULES[step], fontsize=11)
        return self.figure, self._alt(step)

    def _alt(self, step):
        forward = ("X, W and Y", "XW", "R", "f = 60", "L = 15")[: step + 1]
        backward = ("1 at L", "1/4 at f", "R/2 at R", "R/2 at XW and −R/2 at Y", "XᵀR/2 at W and RWᵀ/2 at X")
        said = f"The graph X, W → XW → minus Y → R → sum of squares f → divided by 4 → L. Shown: {', '.join(forward)}"
        return f"{said}; gradients: {', '.join(backward[: step - 4])}." if step > 4 else f"{said}."


def graph_step_by_step():
    """Explorer: the computational graph of the loss, one number, or matrix of numbers, after the other."""
    import ipywidgets as widgets

    last = len(_Graph.RULES) - 1
    return Explorer(
        {"step": widgets.IntSlider(value=4, min=0, max=last, description="step")},
        _Graph(),
        "go one step at a time; before each step write down what will appear.",
    )


def graph_with_numbers():
    """Still: the same graph with all values and all gradients."""
    graph = _Graph()
    figure, alt = graph(len(graph.RULES) - 1)
    graph.axis.set_title("values above the wires, gradients of L below", fontsize=11)
    return Picture(
        figure,
        f"{alt} The gradient of W is 3 by 2 with the rows (1, 2), (−3, 3), (4, −3); each gradient has the shape of the "
        "value above it.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def _products(left, right):
    """The inner product of two lists of numbers, written out: "1·1 + 0·0 + 2·(−1) = −1"."""
    terms = [f"{_bracketed(a)}·{_bracketed(b)}" for a, b in zip(left, right, strict=True)]
    return " + ".join(terms) + f" = {_entry(np.dot(left, right))}"


def _bracketed(value):
    return f"({_entry(value)})" if value < 0 else _entry(value)


class _FiveWays:
    """One entry of the gradient, computed as each of the five proofs computes it."""

    def __init__(self):
        self.figure, self.axis = new_figure(width=8.8, height=3.4)
        n = len(SMALL_X)
        self.R = SMALL_X @ SMALL_W - SMALL_Y
        self.G, self.gradient = 2 / n * self.R, frobenius_gradient(SMALL_X, SMALL_W, SMALL_Y)
        self.ways = {
            "by index": self._index,
            "by trace": self._trace,
            "by expansion": self._expansion,
            "by differentials": self._differentials,
            "by vec": self._vec,
        }

    def __call__(self, proof, p, q):
        self.axis.clear()
        self.axis.set(xlim=(0, 88), ylim=(-1.5, 24.5), aspect="equal")
        self.axis.axis("off")
        row, column = p - 1, q - 1
        parts, line = self.ways[proof](row, column)
        if proof != "by vec":
            parts.append((r"∇L", self.gradient, (row, column, 1, 1)))
        # The tall matrices of the fifth proof are written smaller.
        wide, high, size = (2.9, 2.2, 10) if proof == "by vec" else (4, 3.4, 13)
        x = 44 - (sum(wide * values.shape[1] + 6 for _, values, _ in parts) - 6) / 2
        for name, values, frame in parts:
            _, right = _matrix(self.axis, x, 12, values, "black", frame, (wide, high), size)
            top = 12.6 + high * len(values) / 2
            self.axis.text((x + right) / 2, top, name, ha="center", va="bottom", fontsize=11)
            x = right + 6
        self.axis.text(44, 0.3, line, ha="center", va="center", fontsize=11)
        self.axis.set_title(f"∂L/∂w for row {p}, column {q}, {proof}")
        return self.figure, f"The entry ({p}, {q}) of the gradient {proof}. {line}"

    def _index(self, p, q):
        n, X, G = len(SMALL_X), SMALL_X, self.G
        line = "sum over i:   " + _products(X[:, p], G[:, q])
        return [("X", X, (0, p, n, 1)), ("(2/n) R", G, (0, q, n, 1))], line

    def _trace(self, p, q):
        quadratic, linear = SMALL_X.T @ SMALL_X @ SMALL_W, SMALL_X.T @ SMALL_Y
        here = (p, q, 1, 1)
        a, b, value = _entry(quadratic[p, q]), _bracketed(linear[p, q]), _entry(self.gradient[p, q])
        return (
            [("XᵀXW", quadratic, here), ("XᵀY", linear, here)],
            f"2/n times quadratic minus linear:   ½ ({a} − {b}) = {value}",
        )

    def _step(self, p, q):
        """The step E, 1 at (p, q) and 0 elsewhere, and what it does to the residual."""
        E = np.zeros(SMALL_W.shape)
        E[p, q] = 1
        return E, SMALL_X @ E

    def _expansion(self, p, q):
        E, moved = self._step(p, q)
        n, slope = len(SMALL_X), self.gradient[p, q]
        line = f"{_entry(np.sum(self.R**2) / n)} {_signed_term(slope)} t {_signed_term(np.sum(moved**2) / n)} t²"
        return (
            [("D", E, (p, q, 1, 1)), ("XD", moved, (0, q, n, 1)), ("R", self.R, (0, q, n, 1))],
            f"L(W + tD) = {line};   the coefficient of t is {_entry(slope)}",
        )

    def _differentials(self, p, q):
        _, moved = self._step(p, q)
        n, k = self.G.shape
        line = _products(self.G[:, q], moved[:, q])
        return (
            [("(2/n) R", self.G, (0, 0, n, k)), ("dR = X dW", moved, (0, 0, n, k))],
            f"only one column of dR is not 0:   {line}",
        )

    def _vec(self, p, q):
        d, k = SMALL_W.shape
        n, row = len(SMALL_X), q * d + p
        tall = np.kron(np.eye(k), SMALL_X.T)
        G, gradient = (A.reshape(-1, 1, order="F") for A in (self.G, self.gradient))
        parts = [
            ("I ⊗ Xᵀ", tall, (row, 0, 1, n * k)),
            ("vec((2/n) R)", G, (0, 0, n * k, 1)),
            ("vec(∇L)", gradient, (row, 0, 1, 1)),
        ]
        return parts, f"row {row + 1}, its block of X:   {_products(SMALL_X[:, p], self.G[:, q])}"


def _signed_term(value):
    return f"{'−' if value < 0 else '+'} {_entry(abs(value))}"


def five_proofs_of_one_entry():
    """Explorer: pick an entry of the gradient and see how each of the five proofs computes it."""
    import ipywidgets as widgets

    ways = _FiveWays()
    return Explorer(
        {
            "proof": widgets.Dropdown(options=list(ways.ways), description="proof"),
            "p": widgets.IntSlider(value=1, min=1, max=3, description="row of W"),
            "q": widgets.IntSlider(value=1, min=1, max=2, description="column of W"),
        },
        ways,
        "pick an entry and go through the five proofs: other matrices, the same number.",
    )
