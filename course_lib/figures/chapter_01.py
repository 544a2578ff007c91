"""Figures of chapter 1: linear maps under the magnifying glass, gradients, grids through maps, errors of quotients."""

import numpy as np
from matplotlib.patches import Rectangle

from course_lib.calculus.jacobian import central_jacobian, complex_step_jacobian, forward_jacobian
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, Explorer, Picture, new_figure
from course_lib.figures.board import Board, Handle, Panel, Scene

CURVES = {
    "sin 2x + x/2": (lambda x: np.sin(2 * x) + x / 2, lambda x: 2 * np.cos(2 * x) + 0.5),
    "x³ − x": (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
    "|x − 1|": (lambda x: np.abs(x - 1), lambda x: np.sign(x - 1)),
}

FLOOR = 1e-12


class _Zoom:
    """Left: the curve near x and its linear map. Right: the remainder over δ, at every radius."""

    def __init__(self):
        self.figure, (self.near, self.far) = new_figure(columns=2)
        (self.curve,) = self.near.plot([], [], color=BLUE, lw=2.5, label="f(x + δ)")
        (self.line,) = self.near.plot([], [], color=ORANGE, lw=2, ls="--", label="f(x) + f′(x) δ")
        (self.point,) = self.near.plot([0], [0], "o", color="black", ms=5)
        self.near.set(xlabel="δ", ylabel="value minus f(x)")
        self.near.legend(loc="upper left", fontsize=9, frameon=False)
        (self.ratio,) = self.far.loglog([], [], color=GREEN, lw=2.5)
        (self.here,) = self.far.loglog([], [], "o", color=RED, ms=8)
        self.far.set(xlabel="|δ|", ylabel="|remainder| / |δ|", xlim=(1e-4, 3), ylim=(1e-5, 30))
        self.far.set(xticks=[1e-4, 1e-3, 1e-2, 1e-1, 1], yticks=[1e-4, 1e-2, 1])
        self.far.minorticks_off()

    def __call__(self, curve, x, zoom):
        f, slope = CURVES[curve]
        radius = 10.0**-zoom
        delta = np.linspace(-radius, radius, 201)
        height = radius * max(1.0, abs(slope(x))) * 1.5
        self.curve.set_data(delta, f(x + delta) - f(x))
        self.line.set_data(delta, slope(x) * delta)
        self.near.set(xlim=(-radius, radius), ylim=(-height, height), title=f"|δ| ≤ {radius:.3g} around x = {x:.2f}")
        radii = np.logspace(-4, 0.4, 60)
        self.ratio.set_data(radii, _remainder_ratio(f, slope, x, radii))
        now = _remainder_ratio(f, slope, x, np.array([radius]))[0]
        self.here.set_data([radius], [now])
        # What is left at the plot's floor is rounding.
        shown = f"{now:.2g}" if now > FLOOR else "0"
        self.far.set_title(f"remainder / |δ| = {shown}")
        return self.figure, (
            f"Left: the curve {curve} and its linear map within {radius:.3g} of x = {x:.2f}. "
            f"Right: the remainder divided by the size of the step, {shown} at this radius."
        )


def _remainder_ratio(f, slope, x, radii):
    """Largest |f(x + δ) - f(x) - f'(x) δ| / |δ| over the two signs of δ; never below the plot's floor."""
    sides = [np.abs(f(x + s * radii) - f(x) - slope(x) * s * radii) / radii for s in (-1, 1)]
    return np.maximum(np.maximum(*sides), FLOOR)


def zoom_on_linear_map():
    """Explorer: zoom into a curve and watch the remainder shrink faster than the step, or not."""
    import ipywidgets as widgets

    return Explorer(
        {
            "curve": widgets.Dropdown(options=list(CURVES), description="f(x) ="),
            "x": widgets.FloatSlider(value=0.6, min=-1.5, max=1.5, step=0.05, description="x"),
            "zoom": widgets.FloatSlider(value=0, min=-0.4, max=3, step=0.1, description="zoom (powers of ten)"),
        },
        _Zoom(),
        "choose a curve and a point, zoom in, and watch whether the remainder divided by |δ| goes to 0.",
    )


def three_zooms():
    """Still: one curve and its linear map at three radii."""
    f, slope = CURVES["sin 2x + x/2"]
    x = 0.6
    figure, axes = new_figure(columns=3, height=2.6)
    for axis, radius in zip(axes, (1, 0.1, 0.01), strict=True):
        delta = np.linspace(-radius, radius, 201)
        axis.plot(delta, f(x + delta) - f(x), color=BLUE, lw=2.5, label="f(x + δ) − f(x)")
        axis.plot(delta, slope(x) * delta, color=ORANGE, lw=2, ls="--", label="f′(x) δ")
        ratio = _remainder_ratio(f, slope, x, np.array([radius]))[0]
        axis.set(xlabel="δ", title=f"|δ| ≤ {radius:g}\nremainder / |δ| = {ratio:.2g}")
        axis.locator_params(axis="x", nbins=3)
    axes[0].set_ylabel("change of value")
    axes[0].legend(fontsize=8, loc="lower right", frameon=False)
    return Picture(
        figure,
        "The curve sin 2x + x/2 around x = 0.6 and its linear map at three magnifications. At radius 1 they part; at "
        "radius 0.1 they nearly agree; at radius 0.01 they cannot be told apart, and the remainder over the step has "
        "fallen about a hundredfold.",
    )


# ----------------------------------------------------------------------------------------------------------------------
HEIGHTS = (0, 2, 3.5, 5, 6, 7, 7.5)
PLACE, GRADIENT = np.array([2.0, 1.0]), np.array([-2.0, -2.0])


def _hill(x, y):
    """The hill 8 - x²/2 - y² of the pictures; at (2, 1) it is 5 high and its gradient is (-2, -2)."""
    return 8 - x**2 / 2 - y**2


def _contours(axis):
    """Contours of the hill with their heights, around the place at which its gradient is drawn."""
    x, y = np.meshgrid(np.linspace(-0.6, 4.4, 121), np.linspace(-1, 3, 97))
    lines = axis.contour(x, y, _hill(x, y), HEIGHTS, colors=SKY, linewidths=1.2)
    axis.clabel(
        lines,
        fontsize=8,
        inline_spacing=2,
        fmt="%g",
        manual=[(0.35 * np.sqrt(8 - h), 0.97 * np.sqrt(8 - h)) for h in HEIGHTS],
    )
    axis.set(xlabel="x₁", ylabel="x₂", xlim=(-0.6, 4.4), ylim=(-1, 3), aspect="equal")
    axis.plot(*PLACE, "o", color="black", ms=6, zorder=5)


def _arrow(axis, step, colour, **options):
    """An arrow from the place of the gradient."""
    style = {"arrowstyle": "-|>", "color": colour, "lw": 2.2, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
    return axis.annotate("", PLACE + step, PLACE, arrowprops={**style, **options})


def surface_contours_gradient():
    """Still: a surface with its tangent plane, and its contours with the gradient, at the same place."""
    figure, (left, right) = new_figure(columns=2, height=3.7, width_ratios=[1, 1.1])
    left.remove()
    left = figure.add_subplot(1, 2, 1, projection="3d")
    x, y = np.meshgrid(np.linspace(-1, 3.6, 41), np.linspace(-1.4, 2.2, 41))
    left.plot_surface(x, y, _hill(x, y), color=SKY, alpha=0.6, linewidth=0, rcount=30, ccount=30, zorder=1)
    s, t = np.meshgrid(PLACE[0] + np.array([-1.3, 1.3]), PLACE[1] + np.array([-1.1, 1.1]))
    plane = 5 + GRADIENT[0] * (s - PLACE[0]) + GRADIENT[1] * (t - PLACE[1])
    left.plot_surface(s, t, plane, color=ORANGE, alpha=0.7, linewidth=0, shade=False, zorder=2)
    left.scatter(*PLACE, 5.05, color="black", s=28, depthshade=False, zorder=10)
    left.computed_zorder = False  # drawn in this order: the plane lies on the hill
    left.view_init(elev=26, azim=12)
    left.set(xlabel="x₁", ylabel="x₂", title="surface and tangent plane", box_aspect=(1, 0.8, 0.8))
    left.set(xticks=range(-1, 4), yticks=range(-1, 3), zticks=[0, 4, 8])
    left.tick_params(labelsize=8, pad=-1)
    _contours(right)
    _arrow(right, 0.5 * GRADIENT, ORANGE)
    label = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    right.text(0.9, -0.3, "∇f = (−2, −2),\ndrawn at half length", fontsize=9, va="center", ha="center", bbox=label)
    along = np.array([-1.0, 1.0]) / np.sqrt(2)
    right.plot(*(PLACE[:, None] + along[:, None] * np.array([-1.1, 1.1])), color=GREEN, lw=2, ls="--")
    corner = 0.22 * np.array([along, along - np.sqrt(0.5), [-np.sqrt(0.5), -np.sqrt(0.5)]])
    right.plot(*(PLACE[:, None] + corner.T), color="black", lw=1)
    right.set_title("contours, heights written on them")
    return Picture(
        figure,
        "Left: the hill 8 − x₁²/2 − x₂² and, at (2, 1), the tangent plane that touches it at height 5. Right: "
        "the contours of the same hill with their heights. At (2, 1) the gradient (−2, −2) stands at a right angle to "
        "the contour of height 5 and points to where the hill is steepest; along the dashed line, which follows the "
        "contour, the height stays the same.",
    )


class _Compass:
    """Left: a direction at one place of the contour map. Right: the slope in every direction, and in this one."""

    def __init__(self):
        self.figure, (self.map, self.slopes) = new_figure(columns=2, height=3.5, width_ratios=[1.15, 1])
        _contours(self.map)
        self.arrow = _arrow(self.map, np.array([1.0, 0.0]), ORANGE)
        circle = np.linspace(0, 2 * np.pi, 121)
        self.map.plot(PLACE[0] + np.cos(circle), PLACE[1] + np.sin(circle), color=GREY, lw=1, ls=":")
        angles = np.linspace(-180, 180, 181)
        self.slopes.plot(angles, self._slope(angles), color=BLUE, lw=2)
        self.slopes.axhline(0, color=GREY, lw=1)
        self.slopes.axvline(-135, color=GREEN, lw=1.5, ls="--")
        self.slopes.text(-129, -3.2, "gradient", fontsize=9, va="center")
        (self.now,) = self.slopes.plot([], [], "o", color=ORANGE, ms=9, zorder=5)
        self.slopes.set(xlabel="direction in degrees", ylabel="slope in this direction", ylim=(-3.6, 3.6))
        self.slopes.set(xlim=(-180, 180), xticks=[-180, -90, 0, 90, 180])

    @staticmethod
    def _slope(degrees):
        return GRADIENT[0] * np.cos(np.deg2rad(degrees)) + GRADIENT[1] * np.sin(np.deg2rad(degrees))

    def __call__(self, angle):
        step = np.array([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))])
        self.arrow.xy = PLACE + step
        slope = self._slope(angle)
        slope = 0.0 if abs(slope) < 1e-9 else slope
        self.now.set_data([angle], [slope])
        self.map.set_title(f"a step of length 1 towards {angle}°")
        self.slopes.set_title(f"slope {slope:.2f}")
        return self.figure, (
            f"Left: the contours of 8 − x₁²/2 − x₂² and an arrow of length 1 from (2, 1), at {angle} degrees. Right: "
            f"the slope in every direction, a cosine with its top of 2.83 at −135 degrees; here it is {slope:.2f}."
        )


def slope_in_each_direction():
    """Explorer: turn a step of length 1 around a place of a contour map and read the slope."""
    import ipywidgets as widgets

    return Explorer(
        {"angle": widgets.IntSlider(value=0, min=-180, max=180, step=5, description="direction (degrees)")},
        _Compass(),
        "turn the arrow, and find where the slope is largest and where it is 0.",
    )


_ROUND = np.linspace(0, 2 * np.pi, 61)


def _on_paper(x, y, z):
    """Where points in space are drawn, (across, up): seen from the south, heights at 0.36 of their length."""
    return x, 0.5 * y + 0.36 * z


def _ring(height):
    """The contour of the hill at a height, as two arrays."""
    radius = np.sqrt(8 - height)
    return np.sqrt(2) * radius * np.cos(_ROUND), radius * np.sin(_ROUND)


def _walk_map(p, g, step, tangent):
    """The walker's map: contours, the one through the place, its tangent, the gradient and the step."""
    panel = Panel("contours, gradient and step", (-4.2, 4.2), (-3.2, 3.2), "x₁", "x₂", range(-4, 5, 2), range(-3, 4))
    for height in HEIGHTS:
        panel.line(*_ring(height), SKY, 1.2)
    panel.line(*_ring(_hill(*p)), BLUE, 1.8)
    for height in HEIGHTS:
        panel.text((0, -np.sqrt(8 - height)), f"{height:g}", "#444444")
    panel.line(*zip(p - tangent, p + tangent, strict=True), GREEN, 2, (3, 2))
    panel.arrow(p, p + g / 2, ORANGE)
    panel.arrow(p, p + step, PURPLE)
    return panel


def _walk_view(p, g, step):
    """The hill in space with the tangent plane at the place; the step leads along the plane, the rest is red."""
    panel = Panel("the hill and its tangent plane", (-4.2, 4.2), (-1.8, 4.2))
    for height in HEIGHTS:
        across, up = _on_paper(*_ring(height), height)
        panel.area(across, up, SKY, 0.13)
        panel.line(across, up, SKY, 1)
    height, corners = _hill(*p), [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    plane = [_on_paper(p[0] + a, p[1] + b, height + g[0] * a + g[1] * b) for a, b in corners]
    panel.area(*zip(*plane, strict=True), ORANGE, 0.45)
    tip = p + step
    start, end, truth = _on_paper(*p, height), _on_paper(*tip, height + g @ step), _on_paper(*tip, _hill(*tip))
    panel.line(*zip(end, truth, strict=True), RED, 4)
    panel.arrow(start, end, PURPLE)
    panel.dot(start, "#000000", 5)
    panel.dot(truth, RED, 3)
    return panel


def _walk(x, y, dx, dy):
    """The hill at (x, y), its linear map there, and what both say about the step (dx, dy)."""
    p, step = np.array([x, y]), np.array([dx, dy])
    g = np.array([-x, -2 * y])
    # At the top the gradient is 0, and no direction is along the contour.
    tangent = 1.2 * np.array([-g[1], g[0]]) / np.sqrt(g @ g + 1e-9)
    promised, true = g @ step, _hill(*(p + step)) - _hill(*p)
    panels = [_walk_map(p, g, step, tangent), _walk_view(p, g, step)]
    handles = [
        Handle("the place", 0, (x, y), (0, 1)),
        Handle("the tip of the step", 0, tuple(p + step), (2, 3), PURPLE),
    ]
    said = (
        f"At ({x:z.2f}, {y:z.2f}) the hill is {_hill(x, y):z.2f} high, and its gradient is ({g[0]:z.2f}, {g[1]:z.2f}). "
        f"For the step ({dx:z.2f}, {dy:z.2f}) the linear map promises a change of {promised:z.3f}. The hill itself "
        f"changes by {true:z.3f}. The remainder, drawn red, is {true - promised:z.3f}."
    )
    alt = (
        "Left: the contours of the hill 8 − x₁²/2 − x₂² with their heights, a place that can be moved, the contour "
        "through it with a dashed tangent, the gradient at half its length and at a right angle to that, and a step "
        "whose tip can be moved. Right: the hill in space with its tangent plane at the place; the step leads along "
        f"the plane, and a red line from its end to the hill is the remainder. {said}"
    )
    return Scene(panels, handles, said, alt)


def hill_walk():
    """Board: move the place on the hill and the step from it; the gradient and the tangent plane follow."""
    return Board(_walk, (2, -1, -1, -0.4), "move the place and the tip of the step, and watch the remainder.")


def _folded(x, y):
    """xy/√(x² + y²), and 0 at the origin: flat along both axes, and a cone along every other line."""
    length = np.hypot(x, y)
    return np.divide(x * y, length, out=np.zeros_like(length), where=length > 0)


def partials_without_a_derivative():
    """Still: a surface that is flat along both axes and has no derivative where they cross."""
    figure, (left, right) = new_figure(columns=2, height=3.5, width_ratios=[1, 1])
    left.remove()
    left = figure.add_subplot(1, 2, 1, projection="3d")
    r, angle = np.meshgrid(np.linspace(0, 1, 15), np.linspace(0, 2 * np.pi, 73))
    x, y = r * np.cos(angle), r * np.sin(angle)
    left.plot_surface(x, y, _folded(x, y), color=SKY, alpha=0.6, linewidth=0, rcount=73, ccount=15)
    t = np.linspace(-1, 1, 41)
    left.plot(t, 0 * t, 0 * t, color=GREEN, lw=2.5, zorder=6)
    left.plot(0 * t, t, 0 * t, color=GREEN, lw=2.5, zorder=6)
    left.plot(t / np.sqrt(2), t / np.sqrt(2), np.abs(t) / 2, color=ORANGE, lw=2.5, zorder=7)
    left.view_init(elev=28, azim=-62)
    left.set(xlabel="x₁", ylabel="x₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1], zticks=[-0.5, 0, 0.5])
    left.tick_params(labelsize=8, pad=-1)
    right.plot(t, 0 * t, color=GREEN, lw=2.5, label="along an axis")
    right.plot(t, np.abs(t) / 2, color=ORANGE, lw=2.5, label="along the diagonal")
    right.set(xlabel="distance from the origin", ylabel="height", ylim=(-0.3, 0.75))
    right.legend(loc="upper center", fontsize=9, frameon=False)
    return Picture(
        figure,
        "Left: the surface x₁x₂/√(x₁² + x₂²). Along both axes, drawn on it, it is flat at height 0; along the diagonal "
        "it has a sharp corner at the origin. Right: the two cuts. The one along an axis is a horizontal line, the one "
        "along the diagonal is |t|/2, with a corner at 0.",
    )


# ----------------------------------------------------------------------------------------------------------------------
LINEAR = np.array([[1.0, 0.9], [-0.4, 1.1]])
CENTRE = np.array([1.0, 0.5])


def _bent(p):
    """The map of the warped grid, with the Jacobian [[1, 0.8 cos 2v], [-0.8 cos 2u, 1]]."""
    return np.array([p[0] + 0.4 * np.sin(2 * p[1]), p[1] - 0.4 * np.sin(2 * p[0])])


def _whole_grid(low, high, step):
    """Lines of a grid over a square, as one path with gaps: shape (2, k)."""
    t, places = np.append(np.linspace(low, high, 61), np.nan), np.arange(low, high + step / 2, step)
    lines = [np.array([t, 0 * t + s]) for s in places] + [np.array([0 * t + s, t]) for s in places]
    return np.hstack(lines)


class _Warp:
    """Left: a grid on its way through a linear map. Right: through a bent one, and the linear map at one point."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=4.2)
        self.around, self.steps = _whole_grid(-1.5, 1.5, 0.25), _whole_grid(-0.5, 0.5, 0.25)
        for axis in (self.left, self.right):
            axis.plot(*self.around, color=GREY, lw=0.5, alpha=0.45)
            axis.set(xlim=(-3, 3), ylim=(-2.7, 2.7), aspect="equal", xticks=range(-2, 3), yticks=range(-2, 3))
            axis.axhline(0, color=GREY, lw=0.8)
            axis.axvline(0, color=GREY, lw=0.8)
        (self.straight,) = self.left.plot([], [], color=BLUE, lw=1.1)
        (self.bent,) = self.right.plot([], [], color=BLUE, lw=0.9, label="through f")
        (self.local,) = self.right.plot([], [], color=ORANGE, lw=1.6, label="f(x) + J δ, around one point")
        arrow = {"arrowstyle": "-|>", "lw": 2.4, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 14}
        self.columns = [
            self.left.annotate("", (1, 0), (0, 0), arrowprops={**arrow, "color": colour}) for colour in (ORANGE, GREEN)
        ]
        (self.point,) = self.right.plot([], [], "o", color="black", ms=5, zorder=6)
        self.figure.legend(
            handles=[self.bent, self.local], loc="outside lower right", ncols=2, fontsize=9, frameon=False
        )

    def __call__(self, way):
        M = (1 - way) * np.eye(2) + way * LINEAR
        self.straight.set_data(*(M @ self.around))
        for arrow, column in zip(self.columns, M.T, strict=True):
            arrow.xy = column

        def f(p):
            return (1 - way) * p + way * _bent(p)

        J = complex_step_jacobian(f, CENTRE)
        self.bent.set_data(*f(self.around))
        self.local.set_data(*(f(CENTRE)[:, None] + J @ self.steps))
        self.point.set_data(*f(CENTRE)[:, None])
        self.left.set_title(f"a linear map\narea × {np.linalg.det(M):.2f} everywhere")
        self.right.set_title(f"a map that bends\narea × {np.linalg.det(J):.2f} at the point")
        return self.figure, (
            f"Two grids, {way:.0%} of the way through a map. Left: a linear map; all lines stay straight and parallel, "
            f"and the two arrows, images of (1, 0) and (0, 1), are its columns ({M[0, 0]:.2f}, {M[1, 0]:.2f}) and "
            f"({M[0, 1]:.2f}, {M[1, 1]:.2f}). Right: the map (u + 0.4 sin 2v, v − 0.4 sin 2u), which bends the lines; "
            f"around the image of (1, 0.5) the grid made by its Jacobian lies on the bent one."
        )


def warped_grid():
    """Explorer: a whole grid pushed through a linear map and through a bent one, under one slider."""
    import ipywidgets as widgets

    slider = widgets.FloatSlider(value=1, min=0, max=1, step=0.05, description="how far")
    return Explorer({"way": slider}, _Warp(), "push the grids through their maps and look at the point.")


# ----------------------------------------------------------------------------------------------------------------------
PLANE_MAPS = {
    "square: (u, v) ↦ (u² − v², 2uv)": lambda p: np.array([p[0] ** 2 - p[1] ** 2, 2 * p[0] * p[1]]),
    "polar: (r, θ) ↦ (r cos θ, r sin θ)": lambda p: np.array([p[0] * np.cos(p[1]), p[0] * np.sin(p[1])]),
    "shear: (u, v) ↦ (u + sin v, v)": lambda p: np.array([p[0] + np.sin(p[1]), p[1] + 0 * p[0]]),
}


class _Square:
    """Left: a small square of inputs. Right: its image, and its image under the linear map."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, height=3.9)
        (self.grid,) = self.left.plot([], [], color=BLUE, lw=1.2)
        (self.image,) = self.right.plot([], [], color=BLUE, lw=1.2, label="through f")
        (self.linear,) = self.right.plot([], [], color=ORANGE, lw=2.5, ls="--", label="through J")
        for axis in (self.left, self.right):
            axis.set_aspect("equal", adjustable="datalim")
        self.left.set(xlabel="first input", ylabel="second input")
        self.right.set(xlabel="first output", ylabel="second output")
        self.figure.legend(
            handles=[self.image, self.linear], loc="outside lower right", ncols=2, fontsize=9, frameon=False
        )

    def __call__(self, name, first, second, side):
        f, centre = PLANE_MAPS[name], np.array([first, second])
        J = complex_step_jacobian(f, centre)
        square = centre[:, None] + _grid(side)
        self.grid.set_data(*square)
        self.image.set_data(*f(square))
        outline = side / 2 * np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]])
        self.linear.set_data(*(f(centre)[:, None] + J @ outline))
        true_ratio = _area(f(centre[:, None] + _boundary(side))) / side**2
        self.left.set_title(f"a square of side {side:.2g}\n")
        self.right.set_title(f"area grows {true_ratio:.3f}-fold\n|det J| = {abs(np.linalg.det(J)):.3f}")
        for axis in (self.left, self.right):
            axis.relim()
            axis.autoscale_view()
        return self.figure, (
            f"Left: a square of side {side:.2g} around ({first:.2f}, {second:.2f}). Right: its image under the map "
            f"{name}, and the parallelogram that the Jacobian makes of it. The area grows {true_ratio:.3f}-fold; "
            f"the determinant of the Jacobian is {np.linalg.det(J):.3f}."
        )


def _grid(side):
    """Five horizontal and five vertical lines of a square around 0, as one path with gaps: shape (2, 420)."""
    t, places = np.append(np.linspace(-side / 2, side / 2, 41), np.nan), np.linspace(-side / 2, side / 2, 5)
    lines = [np.array([t, 0 * t + s]) for s in places] + [np.array([0 * t + s, t]) for s in places]
    return np.hstack(lines)


def _boundary(side):
    """The outline of the square, finely divided: shape (2, 400)."""
    t = np.linspace(-side / 2, side / 2, 100)
    e = np.full_like(t, side / 2)
    return np.hstack([[t, -e], [e, t], [-t, e], [-e, -t]])


def _area(outline):
    """Area inside a closed path of shape (2, k), by the shoelace formula."""
    x, y = outline
    return 0.5 * abs(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def square_through_map():
    """Explorer: push a square through a map of the plane and through its Jacobian."""
    import ipywidgets as widgets

    return Explorer(
        {
            "name": widgets.Dropdown(options=list(PLANE_MAPS), description="f"),
            "first": widgets.FloatSlider(value=1.2, min=0.4, max=2, step=0.05, description="first input"),
            "second": widgets.FloatSlider(value=0.7, min=-1.5, max=1.5, step=0.05, description="second input"),
            "side": widgets.FloatSlider(value=0.8, min=0.05, max=1.5, step=0.05, description="side of the square"),
        },
        _Square(),
        "move the square and shrink its side; the image settles on the parallelogram that J makes.",
    )


def square_at_two_sizes():
    """Still: the map (u, v) ↦ (u² − v², 2uv) on a large and on a small square."""
    figure, axes = new_figure(columns=2, height=3.2)
    f, centre = PLANE_MAPS["square: (u, v) ↦ (u² − v², 2uv)"], np.array([0.9, 0.5])
    J = complex_step_jacobian(f, centre)
    for axis, side in zip(axes, (0.8, 0.1), strict=True):
        axis.plot(*f(centre[:, None] + _grid(side)), color=BLUE, lw=1.2, label="through the map")
        outline = side / 2 * np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]])
        axis.plot(*(f(centre)[:, None] + J @ outline), color=ORANGE, lw=2.5, ls="--", label="through J")
        ratio = _area(f(centre[:, None] + _boundary(side))) / side**2
        axis.set(xlabel="u² − v²", ylabel="2uv", title=f"side {side}: area grows {ratio:.3f}-fold")
        axis.set_aspect("equal", adjustable="datalim")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower right", ncols=2, fontsize=9, frameon=False)
    return Picture(
        figure,
        "A square of inputs around (0.9, 0.5) seen through the map (u² − v², 2uv), solid, and through its Jacobian, "
        "dashed. With side 0.8 the image is visibly curved and its area 4.667 times that of the square; with side 0.1 "
        "it lies on the dashed parallelogram and the factor is 4.247, close to the determinant 4.24.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def error_against_step(f=np.exp, slope=np.exp, x=1.0):
    """Still: relative error of forward, central and complex-step derivatives against the step h."""
    steps, point = np.logspace(-18, -0.5, 141), np.array([x])
    methods = {
        "forward": (forward_jacobian, RED, "-"),
        "central": (central_jacobian, BLUE, "--"),
        "complex step": (complex_step_jacobian, GREEN, "-."),
    }
    figure, axis = new_figure(width=6, height=3.4)
    for name, (method, colour, dashes) in methods.items():
        errors = [abs(method(f, point, h)[0, 0] / slope(x) - 1) for h in steps]
        axis.loglog(steps, np.maximum(errors, 2e-17), color=colour, ls=dashes, lw=2, label=name)
    axis.axhline(np.finfo(float).eps, color=GREY, lw=1)
    axis.annotate("ε, the spacing of numbers near 1", (1e-9, 3e-16), color="#444444", fontsize=10, ha="right")
    axis.set(xlabel="step h", ylabel="relative error", ylim=(1e-17, 10), xlim=(1e-18, 0.3))
    axis.legend(loc="upper center", ncols=3, frameon=False)
    return Picture(
        figure,
        "Relative error of three numerical derivatives of exp at 1 against the step h, both axes logarithmic. Forward "
        "differences form a V with its bottom near h = 1e-8 and error 1e-8; central differences form a V with its "
        "bottom near h = 1e-5 and error 1e-11; the complex step falls with h² to rounding level and stays there.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def chain_from_either_end():
    """Still: a row times two square Jacobians, multiplied from the left and from the right."""
    given = [(1, ORANGE, "∂L/∂z"), (4, SKY, "∂z/∂y"), (4, SKY, "∂y/∂x")]
    end = [(1, GREEN, "∂L/∂x")]
    ways = {
        "from the left": (0, "10⁶", [(1, GREEN, "∂L/∂y"), given[2]]),
        "from the right": (1, "10⁹", [given[0], (4, GREEN, "∂z/∂x")]),
    }
    figure, axes = new_figure(rows=2, width=6.1, height=3.4)
    for axis, (name, (pair, cost, rest)) in zip(axes, ways.items(), strict=True):
        left = _side_by_side(axis, 0, given, pair)
        left = _side_by_side(axis, _costs(axis, left, cost), rest, 0)
        _side_by_side(axis, _costs(axis, left, "10⁶"), end)
        axis.set(xlim=(-0.5, 37), ylim=(-2.6, 2.6), aspect="equal")
        axis.set_title(name, loc="left")
        axis.axis("off")
    return Picture(
        figure,
        "The product of a row and two square Jacobians as boxes, step by step. From the left the row meets one matrix "
        "after the other and stays a row, at a million multiplications each. From the right the two matrices meet "
        "first, at a thousand million multiplications, and only then the row. Both end at the same row.",
    )


def _side_by_side(axis, left, boxes, pair=None):
    """Draw boxes (rows, colour, label), 4 wide, in a line, a broken frame around two of them; returns the right end."""
    if pair is not None:
        frame = Rectangle((left + 5 * pair - 0.35, -2.4), 9.7, 4.8, fill=False, edgecolor=RED, ls="--", lw=1.5)
        axis.add_patch(frame)
    for rows, colour, label in boxes:
        axis.add_patch(Rectangle((left, -rows / 2), 4, rows, facecolor=colour, alpha=0.45, edgecolor=colour))
        axis.text(left + 2, 0.8 if rows == 1 else 0, label, ha="center", va="bottom" if rows == 1 else "center")
        left += 5
    return left


def _costs(axis, left, cost):
    """An arrow to the right with a number of multiplications above it; returns where the next box begins."""
    axis.annotate("", (left + 2.6, 0), (left - 0.4, 0), arrowprops={"arrowstyle": "->", "color": "#444444"})
    axis.text(left + 1.1, 0.3, cost, ha="center", va="bottom")
    return left + 3.4
