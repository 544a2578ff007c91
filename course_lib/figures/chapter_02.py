"""Figures of chapter 2: gradients pulled back through affine maps and copies, contour lines of quadratic forms."""

import numpy as np

from course_lib.calculus.forms import (
    affine_map,
    affine_pullback,
    broadcast_pullback,
    quadratic_form,
    quadratic_gradient,
    quadratic_hessian,
)
from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, Explorer, Picture, new_figure

SHIFT = np.array([0.4, -0.3])
RADII = np.arange(0.5, 5.1, 0.5)
CIRCLE = np.stack([np.cos(np.linspace(0, 2 * np.pi, 121)), np.sin(np.linspace(0, 2 * np.pi, 121))], axis=1)


def _turn_and_stretch(stretch, degrees):
    """The 2×2 matrix A for which xA is x, first entry stretched, then turned by an angle in degrees."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[stretch, 0], [0, 1]]) @ np.array([[c, s], [-s, c]])


def _circle(radius):
    """A contour line of L(y) = ½|y - b|² in the plane of y: shape (2, 121)."""
    return (SHIFT + radius * CIRCLE).T


def _ellipse(radius, A):
    """The points x whose y = xA + b lie on that circle: shape (2, 121)."""
    return (radius * CIRCLE @ np.linalg.inv(A)).T


# Three ways to bring the arrow g to the plane of x. Only the first is the gradient.
CARRIED = {
    "g A, without the transpose": ("g A", lambda A, g: g @ A),
    "g A⁻¹, carried back like a step": ("g A⁻¹", lambda A, g: g @ np.linalg.inv(A)),
}


class _Arrow:
    """An arrow from a point: a line and a head that turns with it, moved without drawing anything new."""

    def __init__(self, axis, colour, label, dashes="-", width=2.5):
        # A broken arrow lies on top: where it falls on a solid one, both are seen.
        above = 2 if dashes == "-" else 2.1
        (self.shaft,) = axis.plot([], [], color=colour, lw=width, ls=dashes, label=label, zorder=above)
        (self.head,) = axis.plot([], [], color=colour, marker=(3, 0, 0), ms=10, ls="", zorder=above)

    def show(self, start, step):
        tip = start + step
        self.shaft.set_data([start[0], tip[0]], [start[1], tip[1]])
        self.head.set_data([tip[0]], [tip[1]])
        self.head.set_marker((3, 0, np.rad2deg(np.arctan2(step[1], step[0])) - 90))


class _PullBack:
    """Right: a loss of y, its gradient g. Left: the same loss seen from x, the arrow gAᵀ and a wrong one."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.9)
        self.ellipses = [self.left.plot([], [], color=GREY, lw=0.8)[0] for _ in RADII]
        for radius in RADII:
            self.right.plot(*_circle(radius), color=GREY, lw=0.8)
        (self.through_x,) = self.left.plot([], [], color="black", lw=1.6)
        (self.through_y,) = self.right.plot([], [], color="black", lw=1.6)
        self.wrong = _Arrow(self.left, RED, "", "--")
        self.pulled = _Arrow(self.left, BLUE, "gAᵀ")
        self.given = _Arrow(self.right, BLUE, "g, the gradient in y")
        (self.x,) = self.left.plot([], [], "o", color="black", ms=6)
        (self.y,) = self.right.plot([], [], "o", color="black", ms=6)
        self.left.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-3.1, 3.1), ylim=(-3.1, 3.1), aspect="equal")
        self.right.set(xlabel="$y_1$", ylabel="$y_2$", xlim=(-3.1, 3.1), ylim=(-3.1, 3.1), aspect="equal")
        self.right.legend(loc="lower left", fontsize=9, frameon=True, framealpha=0.9)

    def __call__(self, wrong, stretch, turn, place):
        A = _turn_and_stretch(stretch, turn)
        x = np.array([np.cos(np.deg2rad(place)), np.sin(np.deg2rad(place))])
        y = affine_map(x, A, SHIFT)
        # The gradient of ½|y - b|². Arrows are drawn at 0.6 of their length, or the longest would leave the picture.
        g, short = y - SHIFT, 0.6
        name, carry = CARRIED[wrong]
        pulled, other = affine_pullback(A, g), carry(A, g)
        for line, radius in zip(self.ellipses, RADII, strict=True):
            line.set_data(*_ellipse(radius, A))
        size = np.linalg.norm(g)
        self.through_x.set_data(*_ellipse(size, A))
        self.through_y.set_data(*_circle(size))
        self.pulled.show(x, short * pulled)
        self.wrong.show(x, short * other)
        self.given.show(y, short * g)
        self.x.set_data([x[0]], [x[1]])
        self.y.set_data([y[0]], [y[1]])
        self.wrong.shaft.set_label(name)
        self.left.legend(loc="lower left", fontsize=9, frameon=True, framealpha=0.9)
        slopes = [pulled @ arrow / np.linalg.norm(arrow) for arrow in (pulled, other)]
        self.left.set_title(f"inputs x; slope of L: {slopes[0]:.2f} along gAᵀ,\n{slopes[1]:.2f} along {name}")
        self.right.set_title(f"outputs y = xA + b, L = ½|y − b|²\n|g| = {size:.2f}")
        return self.figure, (
            f"Right: circles, the contour lines of a loss of y, and its gradient g at y, of length {size:.2f}. Left: "
            f"the same contour lines seen from x, {1 / stretch:.2f} times as wide as high. The arrow gAᵀ stands at "
            f"right angles to the line through x; along it the slope of the loss is {slopes[0]:.2f}, along {name} it "
            f"is {slopes[1]:.2f}."
        )


def pull_back_arrows():
    """Explorer: bring a gradient back through y = xA + b, in the right way and in two wrong ways."""
    import ipywidgets as widgets

    return Explorer(
        {
            "wrong": widgets.Dropdown(options=list(CARRIED), description="dashed arrow"),
            "stretch": widgets.FloatSlider(value=1.6, min=0.5, max=1.8, step=0.05, description="stretch of x₁"),
            "turn": widgets.FloatSlider(value=50, min=-90, max=120, step=5, description="turn (degrees)"),
            "place": widgets.FloatSlider(value=40, min=0, max=180, step=5, description="place of x (degrees)"),
        },
        _PullBack(),
        "change the map; only the arrow gAᵀ stays at right angles to the contour line through x.",
    )


def pulled_back_gradient():
    """Still: a gradient of y and its three images in the plane of x."""
    A, x = _turn_and_stretch(1.6, 50), np.array([np.cos(0.7), np.sin(0.7)])
    y = affine_map(x, A, SHIFT)
    g = y - SHIFT
    figure, (left, right) = new_figure(columns=2, height=3.9)
    for radius in RADII:
        left.plot(*_ellipse(radius, A), color=GREY, lw=0.8)
        right.plot(*_circle(radius), color=GREY, lw=0.8)
    left.plot(*_ellipse(np.linalg.norm(g), A), color="black", lw=1.6)
    right.plot(*_circle(np.linalg.norm(g)), color="black", lw=1.6)
    arrows = (
        (left, x, g @ A, RED, "g A: transpose forgotten", "--"),
        (left, x, g @ np.linalg.inv(A), PURPLE, "g A⁻¹: carried back", ":"),
        (left, x, affine_pullback(A, g), BLUE, "g Aᵀ: the gradient in x", "-"),
        (right, y, g, BLUE, "g: the gradient in y", "-"),
    )
    for axis, start, step, colour, label, dashes in arrows:
        _Arrow(axis, colour, label, dashes).show(start, 0.6 * step)
    for axis, point, names in ((left, x, "x"), (right, y, "y")):
        axis.plot(*point, "o", color="black", ms=6)
        axis.set(xlabel=f"${names}_1$", ylabel=f"${names}_2$", xlim=(-2.5, 2.9), ylim=(-3.1, 2.3), aspect="equal")
        axis.legend(loc="lower left", fontsize=9, frameon=True, framealpha=0.9)
    left.set_title("the loss seen from x")
    right.set_title("the loss seen from y = xA + b")
    return Picture(
        figure,
        "Right: circles, the contour lines of a loss in the plane of y, with the gradient g at y. Left: the same "
        "contour lines in the plane of x, where they are ellipses, with three arrows from x. Only g times A transposed "
        "stands at right angles to the ellipse through x; g A and g A inverse do not.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# What the small array may look like beside a 3×4 matrix. An entry was copied to wherever its position falls.
SHAPES = {"(4,)": (4,), "(1, 4)": (1, 4), "(3, 1)": (3, 1), "()": (), "(3, 4)": (3, 4)}
# The gradient that comes back, one number for each entry of Z.
COMING_BACK = np.array([[1.0, -2.0, 3.0, 0.0], [2.0, 1.0, -1.0, 4.0], [-1.0, 2.0, 3.0, 1.0]])
PALE = "0.93"


class _Cells:
    """A table of numbers drawn as boxes, its first row on top, some of them coloured."""

    def __init__(self, axis, rows, columns, top=0.0, left=0.0):
        from matplotlib.patches import Rectangle

        self.boxes, self.numbers = {}, {}
        for i in range(rows):
            for j in range(columns):
                corner = (left + j + 0.04, top - i - 0.96)
                self.boxes[i, j] = axis.add_patch(Rectangle(corner, 0.92, 0.92, facecolor=PALE, edgecolor="none"))
                centre = (left + j + 0.5, top - i - 0.52)
                self.numbers[i, j] = axis.text(*centre, "", ha="center", va="center", fontsize=12)

    def show(self, texts, colours):
        """Texts and colours by place; a place without them is empty, or pale."""
        for place, box in self.boxes.items():
            # White is read on blue and green; on the lighter colours black is.
            dark = colours.get(place) in (BLUE, GREEN)
            box.set_facecolor(colours.get(place, PALE))
            self.numbers[place].set(text=texts.get(place, ""), color="white" if dark else "black")

    def hide(self, seen):
        """Show the boxes for which `seen(place)` holds, and no others."""
        for place in self.boxes:
            self.boxes[place].set_visible(seen(place))
            self.numbers[place].set_visible(seen(place))


def _copies_of(shape, entry):
    """Places of a 3×4 matrix to which entry number `entry` of an array of this shape is copied."""
    numbered = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return [tuple(place) for place in np.argwhere(np.broadcast_to(numbered, COMING_BACK.shape) == entry).tolist()]


def _table(axis, title, width=4, height=3.2):
    axis.set(xlim=(-0.1, width + 0.1), ylim=(-height, 0.1), aspect="equal")
    axis.set_axis_off()
    axis.set_title(title)


class _Collect:
    """One entry of b, the places it was copied to, and the entries of G that come back to it."""

    def __init__(self):
        self.figure, axes = new_figure(columns=3, height=2.5)
        self.axes = axes
        for axis in axes:
            _table(axis, "")
        self.small, self.large, self.back = (_Cells(axis, 3, 4) for axis in axes)

    def __call__(self, shape, entry):
        rows, columns = (1,) * (2 - len(SHAPES[shape])) + SHAPES[shape]
        entry %= rows * columns
        here = divmod(entry, columns)
        copies = _copies_of(SHAPES[shape], entry)
        self.small.hide(lambda place: place[0] < rows and place[1] < columns)
        self.small.show({here: "b"}, {here: BLUE})
        self.large.show(dict.fromkeys(copies, "+b"), dict.fromkeys(copies, BLUE))
        numbers = {place: f"{value:.0f}" for place, value in np.ndenumerate(COMING_BACK)}
        self.back.show(numbers, dict.fromkeys(copies, ORANGE))
        collected = [COMING_BACK[place] for place in copies]
        total = broadcast_pullback(SHAPES[shape], COMING_BACK).ravel()[entry]
        terms = " + ".join(f"({g:.0f})" if g < 0 else f"{g:.0f}" for g in collected)
        many = f"{len(copies)} copies" if len(copies) > 1 else "1 copy"
        self.axes[0].set_title(f"b of shape {shape}:\none entry")
        self.axes[1].set_title(f"Z = X + b:\n{many} of it")
        sum_ = f"{terms} = {total:.0f}" if 1 < len(copies) < 12 else f"sum {total:.0f}"
        self.axes[2].set_title(f"G comes back:\n{sum_}")
        return self.figure, (
            f"Three tables. Left: one entry of an array b of shape {shape}. Middle: the {many} of it in the 3 by 4 "
            f"matrix Z = X + b. Right: the entries of G at the same places; their sum, {total:.0f}, is the derivative "
            "in that entry."
        )


def what_an_entry_collects():
    """Explorer: choose the shape of b and an entry; see where it was copied and what comes back to it."""
    import ipywidgets as widgets

    return Explorer(
        {
            "shape": widgets.Dropdown(options=list(SHAPES), description="shape of b"),
            "entry": widgets.IntSlider(value=1, min=0, max=11, description="entry, counted row by row"),
        },
        _Collect(),
        "choose a shape for b and one of its entries; what was copied forward is added up backward.",
    )


def copies_and_sums():
    """Still: a row copied into every row of a matrix, and the gradient that comes back, added up by columns."""
    from matplotlib.patches import FancyArrowPatch

    colours = [BLUE, ORANGE, GREEN, PURPLE]
    figure, (left, right) = new_figure(columns=2, height=3.5)
    _table(left, "forward: b is copied into every row", height=4.8)
    _table(right, "backward: each column of G is added up", height=4.8)
    columns = {j: {(i, j): colours[j] for i in range(3)} for j in range(4)}
    everywhere = {place: colour for column in columns.values() for place, colour in column.items()}
    row = {(0, j): colours[j] for j in range(4)}
    _Cells(left, 1, 4).show({(0, j): f"$b_{j + 1}$" for j in range(4)}, row)
    _Cells(left, 3, 4, top=-1.7).show({(i, j): f"$b_{j + 1}$" for i, j in everywhere}, everywhere)
    _Cells(right, 3, 4).show({place: f"{value:.0f}" for place, value in np.ndenumerate(COMING_BACK)}, everywhere)
    sums = broadcast_pullback((4,), COMING_BACK)
    _Cells(right, 1, 4, top=-3.7).show({(0, j): f"{sums[j]:.0f}" for j in range(4)}, row)
    for axis, start in ((left, -1.0), (right, -3.0)):
        for j in range(4):
            ends = (j + 0.5, start - 0.05), (j + 0.5, start - 0.65)
            axis.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=14, color=colours[j], lw=1.5))
    return Picture(
        figure,
        "Left: a row b of four entries, each in a colour of its own, with arrows down into a 3 by 4 table whose three "
        "rows are copies of b. Right: a 3 by 4 table of numbers G in the same colours, with arrows down from each "
        f"column into its sum: {', '.join(f'{value:.0f}' for value in sums)}.",
    )


# ----------------------------------------------------------------------------------------------------------------------
FORMS = {
    "bowl": np.array([[1.0, 0.3], [0.3, 0.6]]),
    "valley": np.array([[0.8, 0.4], [0.4, 0.2]]),
    "saddle": np.array([[0.8, 0.5], [0.5, -0.5]]),
}
LEVELS = np.array([-6, -4, -2.5, -1.5, -0.8, -0.3, 0, 0.3, 0.8, 1.5, 2.5, 4, 6])
_GRID = np.linspace(-2.5, 2.5, 101)


def _twist(k):
    """The antisymmetric matrix K = [[0, k], [-k, 0]]."""
    return np.array([[0.0, k], [-k, 0.0]])


def _contours(axis, A):
    """Contour lines of xAxᵀ on the grid: dashed below 0, black at 0."""
    points = np.stack(np.meshgrid(_GRID, _GRID), axis=-1)
    values = np.einsum("...i,ij,...j->...", points, A, points)
    colours = [ORANGE if level < 0 else "black" if level == 0 else SKY for level in LEVELS]
    dashes = ["--" if level < 0 else "-" for level in LEVELS]
    return axis.contour(_GRID, _GRID, values, levels=LEVELS, colors=colours, linestyles=dashes, linewidths=1.1)


class _Twist:
    """Left: contour lines of xAxᵀ, the gradient and 2xA. Right: how far each is off, against the twist k."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.9)
        self.lines = None
        self.shape = None
        self.wrong = _Arrow(self.left, RED, "2xA", "--")
        self.gradient = _Arrow(self.left, BLUE, "x(A + Aᵀ)")
        (self.x,) = self.left.plot([], [], "o", color="black", ms=6)
        self.left.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal")
        self.left.legend(loc="lower left", fontsize=9, frameon=True, framealpha=0.9)
        self.twists = np.array([-1.0, 0.0, 1.0])
        (self.miss,) = self.right.plot(self.twists, self.twists, color=RED, lw=2, ls="--", label="2xA")
        self.right.plot(self.twists, 0 * self.twists, color=BLUE, lw=2.5, label="x(A + Aᵀ)")
        (self.here,) = self.right.plot([], [], "o", color=RED, ms=8)
        (self.zero,) = self.right.plot([], [], "o", color=BLUE, ms=8)
        self.right.set(xlabel="twist k", ylabel="distance from the gradient", ylim=(-0.2, 2.6), xlim=(-1.1, 1.1))
        self.right.legend(loc="upper center", fontsize=9, ncols=2)

    def __call__(self, form, twist, place):
        S = FORMS[form]
        A = S + _twist(twist)
        x = 1.1 * np.array([np.cos(np.deg2rad(place)), np.sin(np.deg2rad(place))])
        if form != self.shape:
            # The lines depend on the symmetric part alone, so a new twist draws nothing new.
            if self.lines is not None:
                self.lines.remove()
            self.lines, self.shape = _contours(self.left, S), form
        gradient, wrong = quadratic_gradient(A, x), 2 * x @ A
        self.gradient.show(x, 0.4 * gradient)
        self.wrong.show(x, 0.4 * wrong)
        self.x.set_data([x[0]], [x[1]])
        # The two dots are measured against the definition; the red line is the length of 2xK.
        truth = complex_step_gradient(lambda z: quadratic_form(A, z), x)
        right, off = (np.linalg.norm(arrow - truth) for arrow in (gradient, wrong))
        self.zero.set_data([twist], [right])
        self.here.set_data([twist], [off])
        self.miss.set_ydata([2 * np.linalg.norm(x @ _twist(k)) for k in self.twists])
        entries = f"[[{A[0, 0]:.2f}, {A[0, 1]:.2f}], [{A[1, 0]:.2f}, {A[1, 1]:.2f}]]"
        self.left.set_title(f"A = {entries}\n")
        self.right.set_title(f"xAxᵀ = {quadratic_form(A, x):.3f} for every twist\n2xA is off by {off:.2f}")
        return self.figure, (
            f"Left: contour lines of a {form}, unmoved by the twist k = {twist:.2f}; at x the gradient x(A + Aᵀ) at "
            f"right angles to its line, and the arrow 2xA. Right: the distance of each from the gradient against the "
            f"twist: 0 for x(A + Aᵀ), {off:.2f} here for 2xA."
        )


def twist_a_quadratic_form():
    """Explorer: change the antisymmetric part of A; the contour lines stay, the wrong gradient does not."""
    import ipywidgets as widgets

    return Explorer(
        {
            "form": widgets.Dropdown(options=list(FORMS), description="symmetric part"),
            "twist": widgets.FloatSlider(value=0.5, min=-1, max=1, step=0.05, description="twist k"),
            "place": widgets.FloatSlider(value=30, min=0, max=180, step=5, description="place of x (degrees)"),
        },
        _Twist(),
        "drag the twist: A changes, the contour lines and x(A + Aᵀ) stay, 2xA swings away.",
    )


def three_twists():
    """Still: one quadratic form, written with three matrices."""
    figure, axes = new_figure(columns=3, height=3.0)
    x = 1.1 * np.array([np.cos(0.5), np.sin(0.5)])
    for axis, twist in zip(axes, (-0.6, 0, 0.6), strict=True):
        A = FORMS["bowl"] + _twist(twist)
        _contours(axis, A)
        _Arrow(axis, RED, "2xA", "--").show(x, 0.4 * 2 * x @ A)
        _Arrow(axis, BLUE, "x(A + Aᵀ)").show(x, 0.4 * quadratic_gradient(A, x))
        axis.plot(*x, "o", color="black", ms=6)
        axis.set(xlabel="$x_1$", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal")
        axis.set_title(f"A = [[{A[0, 0]:.1f}, {A[0, 1]:.1f}],\n       [{A[1, 0]:.1f}, {A[1, 1]:.1f}]]")
    axes[0].set_ylabel("$x_2$")
    axes[0].legend(loc="lower left", fontsize=8, frameon=True, framealpha=0.9)
    return Picture(
        figure,
        "Contour lines of the same bowl written with three matrices whose entries beside the diagonal are -0.3 and "
        "0.9, 0.3 and 0.3, 0.9 and -0.3. The lines and the arrow x(A + Aᵀ) are the same three times; the arrow 2xA "
        "agrees with it in the middle only and leans to either side in the other two.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def bowl_valley_saddle():
    """Still: contour lines of three quadratic forms and the eigenvalues of their Hessians."""
    figure, axes = new_figure(columns=3, height=3.0)
    found = []
    for axis, (name, A) in zip(axes, FORMS.items(), strict=True):
        _contours(axis, A)
        values = np.linalg.eigvalsh(quadratic_hessian(A))
        # Rounding may leave a zero eigenvalue slightly negative; adding 0 after rounding removes its sign.
        low, high = values.round(2) + 0.0
        found.append(f"{name}: {low:.2f} and {high:.2f}")
        axis.set(xlabel="$x_1$", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal")
        axis.set_title(f"{name}\nλ = {low:.2f}, {high:.2f}")
    axes[0].set_ylabel("$x_2$")
    return Picture(
        figure,
        "Contour lines of three quadratic forms: ellipses around a bowl, parallel lines along a valley, hyperbolas "
        "around a saddle, where the values below 0 are dashed. Eigenvalues of the Hessians, " + "; ".join(found) + ".",
    )


class _Coupling:
    """Left: contour lines of x₁² + 2c x₁x₂ + x₂². Right: the two eigenvalues of the Hessian against c."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.7)
        self.lines = None
        couplings = np.linspace(-2, 2, 81)
        values = np.array([np.linalg.eigvalsh(quadratic_hessian(_coupled(c))) for c in couplings])
        self.right.plot(couplings, values[:, 0], color=ORANGE, lw=2.5, ls="--", label="smaller eigenvalue")
        self.right.plot(couplings, values[:, 1], color=BLUE, lw=2.5, label="larger eigenvalue")
        (self.here,) = self.right.plot([], [], "o", color="black", ms=7)
        self.right.axhline(0, color="black", lw=0.8)
        self.right.set(xlabel="coupling c", ylabel="eigenvalue of the Hessian", ylim=(-3, 8))
        self.right.legend(loc="upper center", fontsize=9)
        self.left.set(xlabel="$x_1$", ylabel="$x_2$", xlim=(-2.5, 2.5), ylim=(-2.5, 2.5), aspect="equal")

    def __call__(self, coupling):
        A = _coupled(coupling)
        if self.lines is not None:
            self.lines.remove()
        self.lines = _contours(self.left, A)
        low, high = np.linalg.eigvalsh(quadratic_hessian(A)).round(9) + 0.0
        kind = "valley" if low == 0 else "bowl" if low > 0 else "saddle"
        self.here.set_data([coupling, coupling], [low, high])
        self.left.set_title(f"A = [[1, {coupling:.1f}], [{coupling:.1f}, 1]]: a {kind}")
        self.right.set_title(f"eigenvalues {low:.1f} and {high:.1f}")
        return self.figure, (
            f"Left: contour lines of the quadratic form with 1 on the diagonal and {coupling:.1f} beside it, a {kind}. "
            f"Right: the eigenvalues of its Hessian against the coupling, here {low:.1f} and {high:.1f}."
        )


def _coupled(c):
    return np.array([[1.0, c], [c, 1.0]])


def couple_two_variables():
    """Explorer: raise the entry beside the diagonal until the bowl opens."""
    import ipywidgets as widgets

    return Explorer(
        {"coupling": widgets.FloatSlider(value=0.5, min=-2, max=2, step=0.1, description="coupling c")},
        _Coupling(),
        "raise the coupling; the bowl becomes a valley where an eigenvalue reaches 0, then a saddle.",
    )
