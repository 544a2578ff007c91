"""Figures of chapter 8: the network node by node, what a gradient check can see, and gradients over many layers."""

from functools import lru_cache

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrowPatch, Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from course_lib.calculus import mlp, network, training
from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.calculus.softmax import softmax_jacobian, softmax_pullback
from course_lib.data import digits
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, Explorer, Picture, new_figure

# The network of the chapter: x (2,), y (3,), W1 (2, 4), b1 (4,), W2 (4, 3), b2 (3,). Its z1 is (0, 1, -2, 4).
EXAMPLE = (
    np.array([2.0, -1.0]),
    np.array([0.0, 1.0, 0.0]),
    np.array([[1.0, 0.0, -1.0, 2.0], [2.0, -1.0, 1.0, 1.0]]),
    np.array([0.0, 0.0, 1.0, 1.0]),
    np.array([[2.0, 0.0, -1.0], [-1.0, 2.0, 1.0], [0.0, 1.0, -2.0], [1.0, -1.0, 2.0]]),
    np.array([0.0, 0.5, -1.0]),
)

# A node, the node it feeds, and how both are written in a figure.
FEEDS = {"x": "z¹", "W¹": "z¹", "b¹": "z¹", "z¹": "a", "a": "z²", "W²": "z²", "b²": "z²", "z²": "p", "p": "L"}
# Nodes in the order in which the way back reaches them.
WAY_BACK = tuple(FEEDS)[::-1]
MATH = {"x": "x", "a": "a", "p": "p", "L": "L"} | {f"{v}{s}": f"{v}^{d}" for v in "Wbz" for s, d in ("¹1", "²2")}
COLOURS = LinearSegmentedColormap.from_list("signed", [BLUE, "white", ORANGE])


def _passes(x, y, W1, b1, W2, b2):
    """Value, gradient and local Jacobian (into the node it feeds) of every node, for one sample.

    Values and gradients are matrices; a vector is a matrix of one row. The Jacobian of a layer in its weights is
    flattened row by row: (h, d·h) and (k, h·k).
    """
    z1, a, z2, p = (row[0] for row in mlp.forward(x[None], W1, b1, W2, b2))
    value = {"x": x, "W¹": W1, "b¹": b1, "z¹": z1, "a": a, "W²": W2, "b²": b2, "z²": z2, "p": p}
    jacobian = {
        "x": W1.T,
        "W¹": np.kron(x, np.eye(len(b1))),
        "b¹": np.eye(len(b1)),
        "z¹": np.diag(a * (1 - a)),
        "a": W2.T,
        "W²": np.kron(a, np.eye(len(b2))),
        "b²": np.eye(len(b2)),
        "z²": softmax_jacobian(p),
        "p": -(y / p)[None],
    }
    gradient = {"L": np.ones((1, 1))}
    for node in reversed(FEEDS):
        gradient[node] = gradient[FEEDS[node]].reshape(1, -1) @ jacobian[node]
    value["L"] = np.array([-np.log(p @ y)])
    value = {node: np.atleast_2d(v) for node, v in value.items()}
    return value, {node: g.reshape(value[node].shape) for node, g in gradient.items()}, jacobian


class _Cells:
    """Matrices drawn as coloured cells on one axis whose unit is a cell; the artists are kept from redraw to redraw."""

    def __init__(self, axis, size):
        self.axis, self.size = axis, size
        self.collection = axis.add_collection(PolyCollection([], edgecolors="#999999", linewidths=0.6), autolim=False)
        self.texts = []
        self.start()

    def start(self):
        """Begin a new drawing."""
        self.corners, self.colours, self.labels = [], [], []

    def matrix(self, M, left, top, limit, numbers=True, side=1.0, decimals=2):
        """Put M with its upper left corner at (left, top); entries of size `limit` get the full colour.

        side       how wide and high a cell is.
        decimals   of numbers above 1.
        """
        shades = COLOURS(0.5 + 0.5 * np.clip(M / limit, -1, 1))
        for i, j in np.ndindex(M.shape):
            x, y = left + side * j, top - side * i
            self.corners.append([(x, y), (x + side, y), (x + side, y - side), (x, y - side)])
            self.colours.append(shades[i, j])
            if numbers:
                dark = M[i, j] < -0.6 * limit
                self.labels.append(
                    (x + side / 2, y - side / 2, _number(M[i, j], decimals), "white" if dark else "black")
                )

    def finish(self):
        """Show what was put since `start`."""
        self.collection.set_verts(self.corners)
        self.collection.set_facecolor(self.colours)
        while len(self.texts) < len(self.labels):
            self.texts.append(self.axis.text(0, 0, "", ha="center", va="center", fontsize=self.size))
        for text in self.texts[len(self.labels) :]:
            text.set_visible(False)
        for text, (x, y, label, colour) in zip(self.texts, self.labels, strict=False):
            # A sign, a digit, a point and two digits: smaller, so that neighbours do not touch.
            size = self.size * (0.86 if len(label) > 4 else 1)
            text.set(position=(x, y), text=label, color=colour, fontsize=size, visible=True)


def _number(value, decimals):
    """Without a leading zero and without -0, two decimals below 1, none for a whole number: cells are small."""
    if value == round(value) or abs(value) < 0.005:
        return f"{round(value)}"
    return f"{value:.2f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{decimals}f}"


def _shape(M):
    return "{} × {}".format(*M.shape)


# Upper left corner of every node of the diagram, in cells.
PLACES = {
    "x": (0, 0.5),
    "W¹": (1.1, 4.2),
    "b¹": (5.7, 3.2),
    "z¹": (5.7, 0.5),
    "a": (11.2, 0.5),
    "W²": (15.2, 6.2),
    "b²": (18.9, 3.2),
    "z²": (18.9, 0.5),
    "p": (24.1, 0.5),
    "L": (28.7, 0.5),
}
# Inches of the diagram, and how much wider than the others the cells of the equation below it are.
WIDTH, LARGE = 10.6, 1.17
ARROWS = (
    ((2.1, 0), (5.6, 0)),
    ((9.8, 0), (11.1, 0)),
    ((15.3, 0), (18.8, 0)),
    ((22, 0), (24, 0)),
    ((27.2, 0), (28.6, 0)),
    ((3.1, 2.1), (3.1, 0.15)),
    ((8.7, 2.1), (8.7, 0.6)),
    ((16.7, 2.1), (16.7, 0.15)),
    ((21.4, 2.1), (21.4, 0.6)),
)
LINKS = ((10.45, 0.3, r"$\sigma$"), (23, 0.3, "softmax"), (27.9, 0.3, r"$-\log$"))


def _chain_axis(height, low):
    """A figure with one axis in cells, and the arrows of the network drawn on it."""
    figure, axis = new_figure(width=WIDTH, height=height)
    axis.set(xlim=(-0.4, 30.1), ylim=(low, 7.4), aspect="equal")
    axis.axis("off")
    axis.grid(False)
    for start, end in ARROWS:
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 0, "shrinkB": 0})
    for x, y, text in LINKS:
        axis.text(x, y, text, ha="center", va="bottom", fontsize=10, color="#444444")
    return figure, axis


def _name_nodes(axis, value):
    for node, (left, top) in PLACES.items():
        axis.text(left + 0.5, top + 0.2, f"${MATH[node]}$", ha="center", va="bottom", fontsize=13)


class _Network:
    """Above: the network in colour, forwards. Below: the picked node's value and its step backwards, in numbers."""

    def __init__(self):
        self.figure, self.axis = _chain_axis(6.0, -9.8)
        self.cells = _Cells(self.axis, 10.5)
        value, _, _ = _passes(*EXAMPLE)
        _name_nodes(self.axis, value)
        self.done = {node: self._framed(node, value[node].shape, 1.2) for node in PLACES}
        self.frames = [self.axis.add_patch(Rectangle((0, 0), 1, 1, fill=False, lw=2.8, ec=c)) for c in ("black", RED)]
        self.back = self.axis.add_patch(
            FancyArrowPatch(
                (0, 0), (1, 1), arrowstyle="-|>", mutation_scale=14, color=RED, lw=1.8, shrinkA=0, shrinkB=0
            )
        )
        self.captions = [self.axis.text(0, 0, "", ha="center", va="bottom", fontsize=13) for _ in range(4)]
        self.shapes = [self.axis.text(0, 0, "", ha="center", va="top", fontsize=10, color="#444444") for _ in range(4)]
        self.signs = [self.axis.text(0, 0, s, ha="center", va="center", fontsize=16) for s in ("", "·", "=")]

    def _framed(self, node, shape, width):
        """A red frame around a node whose gradient is known."""
        (left, top), (rows, columns) = PLACES[node], shape
        return self.axis.add_patch(Rectangle((left, top - rows), columns, rows, fill=False, lw=width, ec=RED))

    def __call__(self, node, label, x1):
        x, _, *parameters = EXAMPLE
        y = np.eye(3)[label - 1]
        value, gradient, jacobian = _passes(np.array([x1, x[1]]), y, *parameters)
        fed = FEEDS[node]
        self.cells.start()
        for name, place in PLACES.items():
            self.cells.matrix(value[name], *place, 2.5, numbers=False)
        incoming, outgoing = gradient[fed].reshape(1, -1), gradient[node]
        u, v = MATH[fed], MATH[node]
        self._equation(
            [
                (value[node], f"${v}$", 2.5),
                (incoming, rf"$\partial L/\partial {u}$", 1),
                (jacobian[node], rf"$\partial {u}/\partial {v}$", 1),
                (outgoing, rf"$\partial L/\partial {v}$", 1),
            ]
        )
        self.cells.finish()
        self._mark(node, fed, value)
        return self.figure, (
            f"The network with the node {node} picked, right class {label}, first input {x1:g}. The gradient at {fed} "
            f"({_shape(incoming)}) times the local Jacobian ({_shape(jacobian[node])}) gives the gradient at {node} in "
            f"the shape of {node}, {_shape(outgoing)}: {_listed(outgoing)}."
        )

    def _equation(self, parts):
        """Value apart on the left, then incoming · Jacobian = outgoing, centred on one line."""
        gaps, middle_line = (1.8, 1.2, 1.2, 0), -6.3
        left = 15 - (LARGE * sum(M.shape[1] for M, _, _ in parts) + sum(gaps)) / 2
        for i, (M, caption, limit) in enumerate(parts):
            rows, columns = LARGE * np.array(M.shape)
            top = middle_line + rows / 2
            self.cells.matrix(M, left, top, limit, side=LARGE)
            middle = left + columns / 2
            self.captions[i].set(position=(max(middle, 0.9), top + 0.25), text=caption)
            self.shapes[i].set(position=(max(middle, 0.9), top - rows - 0.2), text=_shape(M))
            left += columns + gaps[i]
            if 1 <= i < 3:
                self.signs[i].set_position((left - 0.6, middle_line))

    def _mark(self, node, fed, value):
        order = list(WAY_BACK)
        for name, frame in self.done.items():
            frame.set_visible(name == "L" or order.index(name) <= order.index(node))
        ends = []
        for frame, name in zip(self.frames, (node, fed), strict=True):
            (left, top), (rows, columns) = PLACES[name], value[name].shape
            frame.set_bounds(left, top - rows, columns, rows)
            ends.append((left + columns / 2, top - rows))
        (x0, y0), (x1, y1) = ends
        if y0 < 0:
            # From node to node of the row the arrow bends below the cells.
            self.back.set_positions((x1, y1 - 0.1), (x0, y0 - 0.1))
            self.back.set_connectionstyle("arc3", rad=-0.35)
        else:
            # From a corner to a matrix, and beside the name of the row to a bias.
            left, top = PLACES[fed]
            start = 1.6 if node[0] == "b" else 0.0
            self.back.set_positions((left + start, top + 0.1), (x0 + 0.6, y0 - 0.1))
            self.back.set_connectionstyle("arc3", rad=0.1)


def _listed(M):
    return "; ".join(", ".join(f"{entry:.2f}" for entry in row) for row in M)


def network_nodes():
    """Explorer: pick a node of the network and see its value, its Jacobian and the gradient on either side of it."""
    import ipywidgets as widgets

    return Explorer(
        {
            "node": widgets.SelectionSlider(options=WAY_BACK, value="a", description="node, on the way back"),
            "label": widgets.Dropdown(options=[1, 2, 3], value=2, description="right class"),
            "x1": widgets.FloatSlider(value=2, min=-3, max=3, step=0.25, description="first input"),
        },
        _Network(),
        "pick a node, or play the way back; read off its value, the gradient that comes in, its Jacobian, and the "
        "gradient that goes out.",
        play="node",
        pace=1600,
    )


def values_and_gradients():
    """Still: every node of the network with its value above and its gradient, in the same shape, below."""
    figure, axis = _chain_axis(6.5, -10.8)
    value, gradient, _ = _passes(*EXAMPLE)
    cells = _Cells(axis, 9)
    _name_nodes(axis, value)
    for node, (left, top) in PLACES.items():
        cells.matrix(value[node], left, top, 2.5, decimals=1)
        rows, columns = value[node].shape
        # The gradients hang below the row, as in a mirror.
        below = -2.6 if top == 0.5 else -2.6 - (top - rows - 0.5) - 1.0
        cells.matrix(gradient[node], left, below, 1, decimals=1)
        axis.text(
            left + columns / 2,
            below - rows - 0.2,
            rf"$\partial L/\partial {MATH[node]}$",
            ha="center",
            va="top",
            fontsize=12,
        )
    cells.finish()
    return Picture(
        figure,
        "The network from x through z¹, a, z² and p to the loss L, with the weights and biases above the arrows they "
        "belong to. Every node is drawn as its cells with numbers, and below it hangs its gradient in the same shape: "
        "two cells for x, two by four for W¹, four by three for W², one for L.",
    )


# ----------------------------------------------------------------------------------------------------------------------
BUGS = {
    "none": "every line is right",
    "sign": "dZ2 has the wrong sign",
    "slope": "the slope A(1 - A) is forgotten",
    "value": "A stands where A(1 - A) is needed",
    "mean": "db1 and db2 are means, not sums",
    "diagonal": "of the softmax Jacobian only the diagonal is used",
}
MARKERS = {"W1": (BLUE, "o"), "b1": (ORANGE, "s"), "W2": (GREEN, "^"), "b2": (PURPLE, "D")}


def _check_problem():
    """A small random network and batch, with three ways to weigh the outputs P into one number."""
    rng = np.random.default_rng(8)
    n, d, h, k = 5, 2, 4, 3
    X, Y = rng.normal(size=(n, d)), np.eye(k)[rng.integers(k, size=n)]
    parameters = tuple(rng.normal(size=shape) for shape in ((d, h), (h,), (h, k), (k,)))
    return X, {"random numbers": rng.normal(size=(n, k)), "the loss": Y, "all ones": np.ones((n, k))}, parameters


def _weighed(kind, weights, P):
    """The number that is differentiated, and its gradient in P."""
    if kind == "the loss":
        return -np.sum(weights * np.log(P)) / len(P), -weights / P / len(P)
    return np.sum(weights * P), weights


def _pulled_back(bug, X, A, P, G, W2):
    """The gradients in W1, b1, W2, b2 when G is the gradient in P, with one of BUGS in the code."""
    dZ2 = G * P * (1 - P) if bug == "diagonal" else softmax_pullback(P, G)
    dZ2 = -dZ2 if bug == "sign" else dZ2
    slope = {"slope": 1.0, "value": A}.get(bug, A * (1 - A))
    dZ1 = (dZ2 @ W2.T) * slope
    share = 1 / len(X) if bug == "mean" else 1.0
    return X.T @ dZ1, dZ1.sum(axis=0) * share, A.T @ dZ2, dZ2.sum(axis=0) * share


class _Check:
    """Every parameter as a point: its derivative by definition to the right, the hand-written one upwards."""

    def __init__(self, axis):
        self.axis = axis
        self.X, self.weights, self.parameters = _check_problem()
        axis.axline((0, 0), slope=1, color=GREY, lw=1, ls="--")
        self.points = {
            name: axis.plot([], [], marker, color=colour, ms=6, alpha=0.8, ls="", label=name)[0]
            for name, (colour, marker) in MARKERS.items()
        }
        axis.set(xlabel="by complex step", ylabel="by the formulas", aspect="equal")
        axis.locator_params(nbins=5)
        self.truth = {kind: self._by_definition(kind) for kind in self.weights}

    def _by_definition(self, kind):
        def gradient(place):
            def number(value):
                parameters = (*self.parameters[:place], value, *self.parameters[place + 1 :])
                return _weighed(kind, self.weights[kind], mlp.forward(self.X, *parameters)[3])[0]

            return complex_step_gradient(number, self.parameters[place])

        return [gradient(place) for place in range(4)]

    def draw(self, bug, kind):
        """Move the points; returns the largest difference."""
        _, A, _, P = mlp.forward(self.X, *self.parameters)
        _, G = _weighed(kind, self.weights[kind], P)
        found = _pulled_back(bug, self.X, A, P, G, self.parameters[2])
        worst, size = 0.0, 0.05
        for line, right, yours in zip(self.points.values(), self.truth[kind], found, strict=True):
            line.set_data(right.ravel(), yours.ravel())
            worst = max(worst, np.max(np.abs(right - yours)))
            size = max(size, np.max(np.abs(right)), np.max(np.abs(yours)))
        self.axis.set(xlim=(-1.1 * size, 1.1 * size), ylim=(-1.1 * size, 1.1 * size))
        # What rounding leaves is no difference.
        return worst if worst > 1e-12 else 0.0


class _CheckExplorer:
    def __init__(self):
        self.figure, axis = new_figure(width=6.1, height=4.2)
        self.check = _Check(axis)
        axis.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), title="entries of", frameon=False)

    def __call__(self, bug, kind):
        worst = self.check.draw(bug, kind)
        self.check.axis.set_title(f"outputs weighed by {kind}\nlargest difference {worst:.2g}")
        return self.figure, (
            f"The outputs are weighed by {kind}, and {BUGS[bug]}. Every parameter is a point, its derivative by "
            f"complex step against the one by the formulas; the largest distance from the diagonal is {worst:.2g}."
        )


def gradient_check():
    """Explorer: choose a bug and what weighs the outputs, and see whether the gradient check finds the bug."""
    import ipywidgets as widgets

    return Explorer(
        {
            "bug": widgets.Dropdown(options=[(text, bug) for bug, text in BUGS.items()], description="bug"),
            "kind": widgets.Dropdown(
                options=["random numbers", "the loss", "all ones"], description="outputs weighed by"
            ),
        },
        _CheckExplorer(),
        "choose a bug; the points leave the diagonal, unless all ones weigh the outputs.",
    )


def four_checks():
    """Still: a right backward pass, two bugs seen with random weights, and one of them not seen with all ones."""
    figure, axes = new_figure(width=9.2, height=3.1, columns=4)
    panels = (
        ("none", "random numbers", "nothing wrong"),
        ("sign", "random numbers", "wrong sign"),
        ("slope", "random numbers", "A(1 − A) forgotten"),
        ("slope", "all ones", "A(1 − A) forgotten"),
    )
    for axis, (bug, kind, name) in zip(axes, panels, strict=True):
        worst = _Check(axis).draw(bug, kind)
        axis.set_title(f"{name}\n{kind}\nlargest difference {worst:.2g}", fontsize=9)
        axis.locator_params(nbins=3)
        axis.set_ylabel("by the formulas" if axis is axes[0] else "")
    axes[0].legend(loc="lower right", fontsize=9, handletextpad=0, borderpad=0, labelspacing=0.2)
    return Picture(
        figure,
        "Four gradient checks; every parameter is a point, its derivative by complex step to the right and by the "
        "formulas upwards. With random weights on the outputs the right backward pass lies on the diagonal, the wrong "
        "sign on the other diagonal, and the forgotten slope scatters. With all ones the forgotten slope is not seen: "
        "all points lie at 0.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# How close is close enough?
STEP_SIZES = np.logspace(-13, -1, 49)


def room_for_a_check():
    """Still: what a difference quotient is off by, over its step, for a loss near 0 and one far from it."""
    X, weights, parameters = _check_problem()
    Y = weights["the loss"]
    direction = [np.random.default_rng(1).normal(size=p.shape) for p in parameters]
    right = sum(np.sum(g * v) for g, v in zip(mlp.gradients(X, Y, *parameters), direction, strict=True))
    figure, axes = new_figure(width=8.6, height=3.6, columns=2, sharey=True)
    for axis, offset in zip(axes, (0.0, 1e6), strict=True):

        def loss(t, offset=offset):
            return offset + mlp.loss(X, Y, *(p + t * v for p, v in zip(parameters, direction, strict=True)))

        slopes = np.array([(loss(h) - loss(-h)) / (2 * h) for h in STEP_SIZES])
        wider = np.array([(loss(2 * h) - loss(-2 * h)) / (4 * h) for h in STEP_SIZES])
        room = 10 * np.finfo(float).eps * abs(loss(0.0)) / STEP_SIZES + np.abs(wider - slopes)
        axis.loglog(STEP_SIZES, room, color=ORANGE, lw=2, label="the room argued for it")
        axis.loglog(STEP_SIZES, np.abs(slopes - right) + 1e-17, ".", color=BLUE, label="what the quotient is off by")
        axis.set(xlabel="step h", title=f"loss near {loss(0.0):,.1f}", ylim=(1e-12, 1e6))
    axes[0].set_ylabel("difference of the slopes")
    axes[0].legend(loc="upper center", fontsize=9)
    return Picture(
        figure,
        "The error of a central difference over its step h, both axes logarithmic: from large steps on it falls to "
        "about 1e-11 near h = 1e-5 and then rises again, because rounding is divided by h. Beside it, for the same "
        "loss with a million added, the branch of rounding lies some hundred thousand times higher. In both the room "
        "that was argued, 10 ε |loss| / h plus the difference to the quotient with 2h, lies above the error "
        "everywhere.",
    )


# ----------------------------------------------------------------------------------------------------------------------
# Units that bend in other ways, and gradients over many layers.
OF_UNIT = {"sigmoid": BLUE, "tanh": GREEN, "relu": RED}
NAMES = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}


def activations():
    """Still: the sigmoid, tanh and the ReLU, and beside them their slopes."""
    figure, (left, right) = new_figure(width=9.2, height=3.4, columns=2)
    z = np.linspace(-4, 4, 401)
    for name, (phi, slope) in network.ACTIVATIONS.items():
        colour = OF_UNIT[name]
        left.plot(z, phi(z), color=colour, lw=2)
        if name != "relu":
            right.plot(z, slope(phi(z)), color=colour, lw=2)
    right.plot([-4, 0], [0, 0], [0, 4], [1, 1], color=OF_UNIT["relu"], lw=2)
    right.plot([0], [1], "o", mfc="white", mec=RED, ms=7)
    right.plot([0], [0], "o", color=RED, ms=7)
    left.set(title="value", xlabel="z", ylim=(-1.3, 2.4))
    right.set(title="slope", xlabel="z", ylim=(-0.08, 1.25))
    for axis, x, y, name in (
        (left, 2.7, 0.62, "sigmoid"),
        (left, -2.7, -0.82, "tanh"),
        (left, 1.05, 1.75, "relu"),
        (right, 0, 0.32, "sigmoid"),
        (right, -1.5, 0.5, "tanh"),
        (right, 2.5, 1.09, "relu"),
    ):
        axis.text(x, y, NAMES[name], color=OF_UNIT[name], ha="center", va="center", fontsize=11)
    return Picture(
        figure,
        "Left the values over z from -4 to 4: the sigmoid rises from 0 to 1, tanh from -1 to 1, the ReLU is 0 up to a "
        "kink at 0 and then z itself. Right the slopes: a hump of height one quarter for the sigmoid, one of height 1 "
        "for tanh, and for the ReLU a jump from 0 to 1, with the value 0 taken at the kink.",
    )


# Layers, units of a hidden one, and samples in the measurements over depth.
DEPTH, UNITS, SAMPLES = 12, 100, 200
# Standard deviations of the start, in units of 1/√(units before).
SCALES = ((np.sqrt(0.5), "half of He's start"), (np.sqrt(2), "He's start"), (np.sqrt(8), "twice He's start"))


@lru_cache(maxsize=1)
def _digits():
    """All digits, from 0 to 1, and their one-hot targets."""
    X, labels = digits()
    return X / 16, mlp.one_hot(labels, 10)


@lru_cache(maxsize=4)
def _start(inputs, depth, outputs):
    """Weights with standard deviation 1/√d, and biases of 0: the start of scale 1."""
    sizes = (inputs, *[UNITS] * (depth - 1), outputs)
    rng = np.random.default_rng(1)
    return network.initial_parameters(sizes, rng, lambda d, h, rng: rng.normal(0, 1 / np.sqrt(d), (d, h)))


# As many as a slider's places and more: to a place that was seen before the way is short.
@lru_cache(maxsize=512)
def _sizes_over_depth(activation, scale, depth):
    """Root mean squares of A^l, δ^l and ∂L/∂W^l in every layer, at a start with standard deviation scale/√d."""
    X, Y = (part[:SAMPLES] for part in _digits())
    X = X / np.sqrt(np.mean(X**2))
    parameters = [scale * part for part in _start(X.shape[1], depth, Y.shape[1])]
    values, signals, slopes = np.zeros(depth - 1), np.zeros(depth), [0.0] * depth
    # A few samples at a time: for products of this size BLAS starts no threads, which would wait longer than they work.
    for part in np.split(np.arange(SAMPLES), SAMPLES // 25):
        A, _, P = network.forward(X[part], *parameters, activation=activation)
        delta = network.signals(A, P, Y[part], parameters[::2], activation)
        delta = [d * len(part) / SAMPLES for d in delta]
        values += [np.sum(a**2) for a in A[1:]]
        signals += [np.sum(d**2) for d in delta]
        slopes = [slope + a.T @ d for slope, a, d in zip(slopes, A, delta, strict=True)]
    units = np.array([*[UNITS] * (depth - 1), Y.shape[1]])
    return [
        np.sqrt(values / (SAMPLES * units[:-1])),
        np.sqrt(signals / (SAMPLES * units)),
        np.array([np.sqrt(np.mean(slope**2)) for slope in slopes]),
    ]


def gradient_over_depth():
    """Still: the size of the gradient at every layer, for three kinds of units and three scales of the start."""
    figure, axes = new_figure(width=10.4, height=3.9, columns=3, sharey=True)
    layers = np.arange(1, DEPTH + 1)
    for axis, (scale, name) in zip(axes, SCALES, strict=True):
        for activation, colour in OF_UNIT.items():
            _, delta, _ = _sizes_over_depth(activation, scale, DEPTH)
            # In units of what leaves the last hidden layer: what counts is how it goes on from there.
            axis.semilogy(layers[:-1], delta[:-1] / delta[-2], "o-", ms=4, color=colour, label=NAMES[activation])
        axis.set(title=name, xlabel="layer", xticks=[1, 3, 5, 7, 9, 11], ylim=(1e-9, 1e4))
    axes[0].set_ylabel("size of the gradient at $Z^l$\nover that at the last hidden layer")
    axes[0].legend(loc="lower right")
    return Picture(
        figure,
        "Three panels, one for each scale of the start, with the size of the gradient at the scores of each of 11 "
        "hidden layers on a logarithmic axis; the way back runs from right to left. The sigmoid falls by a straight "
        "line in all three, to about 2e-8, 1e-5 and 1e-3. The ReLU falls at half of He's start, stays level at He's "
        "and grows at twice. Tanh falls at the smallest start and stays near level at He's.",
    )


class _DepthExplorer:
    """Left what the layers hand on, right what comes back to them, over the layers."""

    def __init__(self):
        self.figure, (self.there, self.back) = new_figure(width=9.6, height=3.8, columns=2)
        (self.values,) = self.there.semilogy([], [], "o-", color=BLUE, ms=4, label="values $A^l$")
        (self.signals,) = self.back.semilogy([], [], "o-", color=RED, ms=4, label="at the scores $Z^l$")
        (self.slopes,) = self.back.semilogy([], [], "s--", color=ORANGE, ms=4, label="in the weights $W^l$")
        # At a given height a title is not measured against the axis below it at every move.
        self.there.set_title("forwards: size of what layers hand on", y=1)
        self.back.set_title("backwards: size of the gradient", y=1)
        self.figure.legend(*self.back.get_legend_handles_labels(), loc="outside lower right", ncols=2, frameon=False)
        for curve in (self.values, self.signals, self.slopes):
            # What is behind the curves is drawn once.
            curve.set_animated(True)
        for axis in (self.there, self.back):
            axis.set_xlabel("layer")
            # Every tick takes time at every move, and minor ones between the powers of ten would take the most.
            axis.yaxis.set_minor_locator(NullLocator())
            axis.yaxis.set_major_locator(LogLocator(numticks=5))
            axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))

    def __call__(self, activation, scale, depth):
        values, delta, slopes = _sizes_over_depth(activation, scale, depth)
        layers = np.arange(1, depth + 1)
        self.values.set_data(layers[:-1], values)
        self.signals.set_data(layers, delta)
        self.slopes.set_data(layers, slopes)
        for axis, shown in ((self.there, values), (self.back, np.append(delta, slopes))):
            # The same range as long as it suffices, so that curves can be compared, or else three powers of ten more.
            least, most = np.log10(shown.min() / 10) / 3, np.log10(shown.max() * 10) / 3
            ends = 10.0 ** min(-9, 3 * np.floor(least)), 10.0 ** max(3, 3 * np.ceil(most))
            if (*axis.get_xlim(), *axis.get_ylim()) != (0.5, depth + 0.5, *ends):
                axis.set(xlim=(0.5, depth + 0.5), ylim=ends)
        # From the last hidden layer to the first, the mean factor of one layer.
        factor = (delta[0] / delta[-2]) ** (1 / max(depth - 2, 1))
        return self.figure, (
            f"{depth} layers of {NAMES[activation]} units, weights with standard deviation {scale:.2g} over the root "
            f"of the units before. The last hidden layer hands on values of size {values[-1]:.1e}. On the way back "
            f"every layer multiplies the gradient by {factor:.2g}, and at the first one it has size {delta[0]:.1e}."
        )


def depth_explorer():
    """Explorer: choose units, scale of the start and depth, and see what size values and gradients have per layer."""
    import ipywidgets as widgets

    return Explorer(
        {
            "activation": widgets.ToggleButtons(
                options=[(NAMES[name], name) for name in OF_UNIT], value="sigmoid", description="hidden units"
            ),
            "scale": widgets.FloatLogSlider(
                value=np.sqrt(2), base=np.sqrt(2), min=-4, max=8, step=0.25, description="scale of the start"
            ),
            "depth": widgets.IntSlider(value=12, min=3, max=30, description="layers"),
        },
        _DepthExplorer(),
        "choose units and a scale of the start; watch whether the gradient reaches the first layer.",
    )


# (units, start, step size) of the networks that are raced: a step at which two layers learn and nothing jumps.
RACERS = (("sigmoid", mlp.glorot, 0.2), ("tanh", mlp.glorot, 0.05), ("relu", mlp.he, 0.02))
EPOCHS = 10


@lru_cache(maxsize=1)
def _races():
    """Training losses after each epoch: {(layers, units): [loss, …]}."""
    X, Y = _digits()
    X = X - X.mean(axis=0)
    found = {}
    for layers in (2, 8):
        for activation, start, lr in RACERS:
            rng = np.random.default_rng(0)
            parameters = network.initial_parameters((X.shape[1], *[32] * (layers - 1), Y.shape[1]), rng, start)
            options = {"step": training.plain(lr), "activation": activation, "size": 64, "epochs": EPOCHS, "rng": rng}
            run = training.train(parameters, (X, Y), (X, Y), **options)
            found[layers, activation] = [epoch.loss for epoch in run]
    return found


def deep_networks_learn():
    """Still: the loss of two and of eight layers while they learn the digits, for each kind of unit."""
    figure, axes = new_figure(width=9.2, height=3.6, columns=2, sharey=True)
    for axis, layers in zip(axes, (2, 8), strict=True):
        for activation, _, lr in RACERS:
            axis.plot(
                _races()[layers, activation], color=OF_UNIT[activation], lw=2, label=f"{NAMES[activation]}, lr {lr}"
            )
        axis.axhline(np.log(10), color=GREY, lw=1, ls="--")
        axis.set(title=f"{layers} layers", xlabel="passes over the 1,797 digits", ylim=(0, 2.7))
    axes[0].text(EPOCHS, np.log(10) + 0.04, "a guess, log 10", color="#444444", ha="right", va="bottom", fontsize=9)
    axes[0].set_ylabel("training loss (nats)")
    axes[0].legend(loc="lower left")
    return Picture(
        figure,
        "Training loss over 10 passes. With two layers the sigmoid, tanh and the ReLU all learn. With eight layers "
        "tanh and the ReLU learn as well, while the sigmoid's loss stays on the dashed line of a guess, log 10 = 2.30.",
    )
