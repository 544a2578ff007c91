"""Figures of chapter 8: the network node by node, forwards and backwards, and what a gradient check can see."""

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import FancyArrowPatch, Rectangle

from course_lib.calculus import mlp
from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.calculus.softmax import softmax_jacobian, softmax_pullback
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

    def matrix(self, M, left, top, limit, numbers=True):
        """Put M with its upper left corner at (left, top); entries of size `limit` get the full colour."""
        shades = COLOURS(0.5 + 0.5 * np.clip(M / limit, -1, 1))
        for i, j in np.ndindex(M.shape):
            x, y = left + j, top - i
            self.corners.append([(x, y), (x + 1, y), (x + 1, y - 1), (x, y - 1)])
            self.colours.append(shades[i, j])
            if numbers:
                dark = M[i, j] < -0.6 * limit
                self.labels.append((x + 0.5, y - 0.5, _number(M[i, j]), "white" if dark else "black"))

    def finish(self):
        """Show what was put since `start`."""
        self.collection.set_verts(self.corners)
        self.collection.set_facecolor(self.colours)
        while len(self.texts) < len(self.labels):
            self.texts.append(self.axis.text(0, 0, "", ha="center", va="center", fontsize=self.size))
        for text in self.texts[len(self.labels) :]:
            text.set_visible(False)
        for text, (x, y, label, colour) in zip(self.texts, self.labels, strict=False):
            text.set(position=(x, y), text=label, color=colour, visible=True)


def _number(value):
    """Two decimals, without a leading zero and without -0: cells are small."""
    text = f"{value:.2f}" if abs(value) >= 0.005 else "0"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


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
    figure, axis = new_figure(width=8.6, height=height)
    axis.set(xlim=(-0.4, 30.1), ylim=(low, 7.4), aspect="equal")
    axis.axis("off")
    axis.grid(False)
    for start, end in ARROWS:
        axis.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 0, "shrinkB": 0})
    for x, y, text in LINKS:
        axis.text(x, y, text, ha="center", va="bottom", fontsize=8, color="#444444")
    return figure, axis


def _name_nodes(axis, value):
    for node, (left, top) in PLACES.items():
        axis.text(left + 0.5, top + 0.2, f"${MATH[node]}$", ha="center", va="bottom", fontsize=11)


class _Network:
    """Above: the network in colour, forwards. Below: the picked node's value and its step backwards, in numbers."""

    def __init__(self):
        self.figure, self.axis = _chain_axis(4.6, -8.3)
        self.cells = _Cells(self.axis, 7)
        value, _, _ = _passes(*EXAMPLE)
        _name_nodes(self.axis, value)
        self.frames = [self.axis.add_patch(Rectangle((0, 0), 1, 1, fill=False, lw=2.5, ec=c)) for c in ("black", RED)]
        self.back = self.axis.add_patch(
            FancyArrowPatch(
                (0, 0), (1, 1), arrowstyle="-|>", mutation_scale=14, color=RED, lw=1.8, shrinkA=0, shrinkB=0
            )
        )
        self.captions = [self.axis.text(0, 0, "", ha="center", va="bottom", fontsize=10) for _ in range(4)]
        self.shapes = [self.axis.text(0, 0, "", ha="center", va="top", fontsize=8, color="#444444") for _ in range(4)]
        self.signs = [self.axis.text(0, 0, s, ha="center", va="center", fontsize=13) for s in ("", "·", "=")]

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
        left = 0.3
        for i, (M, caption, limit) in enumerate(parts):
            rows, columns = M.shape
            top = -5.6 + rows / 2
            self.cells.matrix(M, left, top, limit)
            middle = left + columns / 2
            self.captions[i].set(position=(max(middle, 0.9), top + 0.2), text=caption)
            self.shapes[i].set(position=(max(middle, 0.9), top - rows - 0.15), text=_shape(M))
            left += columns + (2.2 if i == 0 else 1.2)
            if 1 <= i < 3:
                self.signs[i].set_position((left - 0.6, -5.6))

    def _mark(self, node, fed, value):
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
            left, top = PLACES[fed]
            self.back.set_positions((left + 0.3, top + 0.1), (x0 + 0.6, y0 - 0.1))
            self.back.set_connectionstyle("arc3", rad=0.1)


def _listed(M):
    return "; ".join(", ".join(f"{entry:.2f}" for entry in row) for row in M)


def network_nodes():
    """Explorer: pick a node of the network and see its value, its Jacobian and the gradient on either side of it."""
    import ipywidgets as widgets

    return Explorer(
        {
            "node": widgets.Dropdown(options=list(FEEDS)[::-1], value="a", description="node"),
            "label": widgets.Dropdown(options=[1, 2, 3], value=2, description="right class"),
            "x1": widgets.FloatSlider(value=2, min=-3, max=3, step=0.25, description="first input"),
        },
        _Network(),
        "pick a node; read off its value, the gradient that comes in, its Jacobian, and the gradient that goes out.",
    )


def values_and_gradients():
    """Still: every node of the network with its value above and its gradient, in the same shape, below."""
    figure, axis = _chain_axis(5.3, -10.6)
    value, gradient, _ = _passes(*EXAMPLE)
    cells = _Cells(axis, 6.5)
    _name_nodes(axis, value)
    for node, (left, top) in PLACES.items():
        cells.matrix(value[node], left, top, 2.5)
        rows, columns = value[node].shape
        # The gradients hang below the row, as in a mirror.
        below = -2.6 if top == 0.5 else -2.6 - (top - rows - 0.5) - 1.0
        cells.matrix(gradient[node], left, below, 1)
        axis.text(
            left + columns / 2,
            below - rows - 0.2,
            rf"$\partial L/\partial {MATH[node]}$",
            ha="center",
            va="top",
            fontsize=9,
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
        self.figure, axis = new_figure(width=6.4, height=4.2)
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
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    return Picture(
        figure,
        "Four gradient checks; every parameter is a point, its derivative by complex step to the right and by the "
        "formulas upwards. With random weights on the outputs the right backward pass lies on the diagonal, the wrong "
        "sign on the other diagonal, and the forgotten slope scatters. With all ones the forgotten slope is not seen: "
        "all points lie at 0.",
    )
