"""Figures of chapter 10: gradients that flow back through a graph, and what forward and reverse mode cost."""

import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, RED, Explorer, Picture, counted, new_figure

PLACES = {"x": (0.0, 1.0), "y": (0.0, -1.0), "a": (1.55, -0.75), "b": (2.9, 0.9), "L": (4.3, -0.3)}
FORMULAS = {"x": "x", "y": "y", "a": "a = x y", "b": "b = a + x", "L": "L = a b"}
# The edges in the order in which a backward sweep takes them, from an output to one of its inputs.
IN_ORDER = (("L", "b"), ("L", "a"), ("b", "a"), ("b", "x"), ("a", "x"), ("a", "y"))
TOO_EARLY = (("L", "b"), ("L", "a"), ("a", "x"), ("a", "y"), ("b", "a"), ("b", "x"))
SWEEPS = {
    "add, children first": (IN_ORDER, True),
    "overwrite": (IN_ORDER, False),
    "add, but a passes on before b": (TOO_EARLY, True),
}


def _values(x, y):
    a = x * y
    b = a + x
    return {"x": x, "y": y, "a": a, "b": b, "L": a * b}


def _slopes(value):
    """(output, input) → derivative of the output in this input, for the numbers at hand."""
    return {
        ("L", "a"): value["b"],
        ("L", "b"): value["a"],
        ("b", "a"): 1,
        ("b", "x"): 1,
        ("a", "x"): value["y"],
        ("a", "y"): value["x"],
    }


def _sweep(rule, step, x, y):
    """Gradients after `step` steps of a sweep, and what each edge has carried: step 1 is the seed, then the edges."""
    edges, adds = SWEEPS[rule]
    slopes, gradient, carried = _slopes(_values(x, y)), dict.fromkeys(PLACES, 0), {}
    if step:
        gradient["L"] = 1
    for output, source in edges[: max(step - 1, 0)]:
        share = gradient[output] * slopes[output, source]
        carried[output, source] = share
        gradient[source] = gradient[source] + share if adds else share
    return gradient, carried


class _Graph:
    """The graph of L = ab with a = xy, b = a + x, drawn on one axis: boxes with values and gradients, arrows back."""

    def __init__(self, axis, size=9.5):
        self.axis = axis
        axis.set(xlim=(-0.55, 4.95), ylim=(-1.75, 1.75))
        axis.axis("off")
        self.boxes, self.arrows, self.labels = {}, {}, {}
        for output, source in IN_ORDER:
            ends = PLACES[output], PLACES[source]
            self.arrows[output, source] = axis.add_patch(
                FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=13, lw=1.6, shrinkA=28, shrinkB=31, zorder=1)
            )
            self.labels[output, source] = axis.text(
                *np.mean(ends, axis=0), "", fontsize=size, ha="center", va="center", zorder=3, color="black"
            )
            self.labels[output, source].set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
        for name, (x, y) in PLACES.items():
            self.boxes[name] = axis.text(x, y, "", fontsize=size, ha="center", va="center", zorder=4, linespacing=1.35)

    def show(self, rule, step, x, y, mark_latest=True):
        """Draw the state after `step` steps, the latest in another colour; returns the gradients."""
        value, (gradient, carried) = _values(x, y), _sweep(rule, step, x, y)
        truth = _sweep("add, children first", 7, x, y)[0]
        latest = list(carried)[-1] if carried and mark_latest else None
        for edge, arrow in self.arrows.items():
            colour = ORANGE if edge == latest else BLUE if edge in carried else "#c8c8c8"
            arrow.set(color=colour, lw=3 if edge == latest else 1.8)
            self.labels[edge].set_text(f"{carried[edge]:g}" if edge in carried else "")
        for name, box in self.boxes.items():
            wrong = step == 7 and gradient[name] != truth[name]
            changed = (latest is not None and name == latest[1]) or (step == 1 and name == "L")
            box.set_text(f"{FORMULAS[name]}\nvalue {value[name]:g}\ngradient {gradient[name]:g}")
            edge = RED if wrong else ORANGE if changed else GREY
            box.set_bbox({"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": edge, "lw": 2})
        return gradient


def _told(rule, step, x, y):
    """One sentence on what the step does."""
    if step == 0:
        return "all gradients are 0"
    if step == 1:
        return "the seed: L changes by 1 for each 1 of L"
    gradient_before, _ = _sweep(rule, step - 1, x, y)
    output, source = SWEEPS[rule][0][step - 2]
    slope = _slopes(_values(x, y))[output, source]
    return f"{output} passes {gradient_before[output]:g} · {slope:g} to {source}"


class _Stepper:
    def __init__(self):
        self.figure, axis = new_figure(width=5.8, height=3.7)
        self.graph = _Graph(axis)
        axis.set_title("\n")

    def __call__(self, rule, step, x, y):
        gradient = self.graph.show(rule, step, x, y)
        told = _told(rule, step, x, y)
        end = ""
        if step == 7:
            true = _sweep("add, children first", 7, x, y)[0]
            right = gradient == true
            end = ": right" if right else f": wrong, the gradient is ({true['x']:g}, {true['y']:g})"
        self.graph.axis.set_title(f"{rule}\nstep {step} of 7: {told}{end}")
        listed = ", ".join(f"{name} {gradient[name]:g}" for name in PLACES)
        return self.figure, (
            f"The graph of L = a b with a = x y and b = a + x at x = {x:g}, y = {y:g}. Rule: {rule}. Step {step} of 7: "
            f"{told}{end}. Gradients now: {listed}."
        )


def backward_step_by_step():
    """Explorer: step a gradient backward through a graph, with the right rule and with two wrong ones."""
    import ipywidgets as widgets

    return Explorer(
        {
            "rule": widgets.Dropdown(options=list(SWEEPS), description="rule"),
            "step": widgets.IntSlider(value=2, min=0, max=7, description="step"),
            "x": widgets.IntSlider(value=3, min=1, max=5, description="x"),
            "y": widgets.IntSlider(value=2, min=1, max=5, description="y"),
        },
        _Stepper(),
        "step from 0 to 7 and watch the gradients of a and of x fill up; then choose another rule.",
    )


def adding_and_overwriting():
    """Still: the end of the sweep when shares are added, and when they overwrite each other."""
    figure, axes = new_figure(columns=2, width=9.6, height=3.3)
    for axis, rule in zip(axes, ("add, children first", "overwrite"), strict=True):
        gradient = _Graph(axis, size=8).show(rule, 7, 3, 2, mark_latest=False)
        axis.set_title(f"{rule}\ngradient in (x, y): ({gradient['x']:g}, {gradient['y']:g})")
    return Picture(
        figure,
        "The graph of L = a b with a = x y, b = a + x at x = 3, y = 2 after a backward sweep. Left the shares are "
        "added: a gets 9 + 6 = 15, x gets 30 + 6 = 36, y gets 45. Right each share overwrites the one before: a keeps "
        "6, and so x ends with 12 and y with 18. All three are marked as wrong.",
    )


# ----------------------------------------------------------------------------------------------------------------------
WIDTH = 100  # of the hidden layers of the chain n → 100 → 100 → m


def _forward_cost(n, m):
    """Multiplications of J₃ (J₂ J₁), one column for each input."""
    return WIDTH * WIDTH * n + m * WIDTH * n


def _reverse_cost(n, m):
    """Multiplications of (J₃ J₂) J₁, one row for each output."""
    return m * WIDTH * WIDTH + m * WIDTH * n


_INPUTS = np.logspace(0, 4, 81)


def _cost_lines(axis, m):
    (forward,) = axis.loglog(_INPUTS, _forward_cost(_INPUTS, m), color=BLUE, lw=2.5, label="forward: columns")
    (reverse,) = axis.loglog(_INPUTS, _reverse_cost(_INPUTS, m), color=ORANGE, lw=2.5, ls="--", label="reverse: rows")
    axis.set(xlabel="inputs n", xlim=(1, 1e4), ylim=(5e3, 1e11))
    axis.set(xticks=[1, 10, 100, 1000, 10000], yticks=[1e4, 1e6, 1e8, 1e10])
    axis.minorticks_off()
    return forward, reverse


class _Cost:
    """Left: the three Jacobians as rectangles. Right: multiplications against the number of inputs."""

    def __init__(self):
        self.figure, (self.left, self.right) = new_figure(columns=2, width=8.2, height=3.5)
        self.left.set(xlim=(0, 10), ylim=(0, 10))
        self.left.axis("off")
        self.blocks = [self.left.add_patch(Rectangle((0, 0), 1, 1, alpha=0.45, lw=1.5)) for _ in range(3)]
        for block, colour in zip(self.blocks, (ORANGE, GREY, BLUE), strict=True):
            block.set(facecolor=colour, edgecolor=colour)
        self.names = [self.left.text(0, 0, "", ha="center", va="bottom", fontsize=9) for _ in range(3)]
        self.from_left = self.left.text(0.2, 1.4, "reverse multiplies\nthese two first", color="#9a6a00", fontsize=9)
        self.from_right = self.left.text(9.8, 1.4, "forward multiplies\nthese two first", color=BLUE, fontsize=9)
        self.from_right.set_ha("right")
        self.forward, self.reverse = _cost_lines(self.right, 1)
        (self.at_forward,) = self.right.plot([], [], "o", color=BLUE, ms=8)
        (self.at_reverse,) = self.right.plot([], [], "s", color=ORANGE, ms=8)
        self.cross = self.right.axvline(1, color=GREEN, lw=1.2, ls=":", label="n = m")
        self.right.set_ylabel("multiplications")
        self.right.legend(loc="upper left", fontsize=8)
        self.left.set_title("\n")
        self.right.set_title("\n")

    def __call__(self, n, m):
        self._draw_blocks(n, m)
        self.forward.set_ydata(_forward_cost(_INPUTS, m))
        self.reverse.set_ydata(_reverse_cost(_INPUTS, m))
        forward, reverse = _forward_cost(n, m), _reverse_cost(n, m)
        self.at_forward.set_data([n], [forward])
        self.at_reverse.set_data([n], [reverse])
        self.cross.set_xdata([m, m])
        ratio = max(forward, reverse) / min(forward, reverse)
        better = "forward" if forward < reverse else "reverse"
        told = "both cost the same" if n == m else f"{better} mode is {ratio:.3g} times cheaper"
        self.left.set_title(f"Jacobian of {n} → {WIDTH} → {WIDTH} → {m}\n")
        self.right.set_title(f"{told}\n")
        return self.figure, (
            f"Left: three Jacobians, {m} by {WIDTH}, {WIDTH} by {WIDTH} and {WIDTH} by {n}, as rectangles. Right: "
            f"multiplications for the whole Jacobian against the number of inputs. With {counted(n, 'input')} "
            f"and {counted(m, 'output')} forward mode takes {forward:.3g}, reverse mode {reverse:.3g}: {told}."
        )

    def _draw_blocks(self, n, m):
        def side(size):
            return 0.3 + 0.78 * np.log10(size)

        shapes = ((m, WIDTH), (WIDTH, WIDTH), (WIDTH, n))
        gap = 0.9
        start = (10 - sum(side(columns) for _, columns in shapes) - 2 * gap) / 2
        for block, name, (rows, columns), label in zip(
            self.blocks, self.names, shapes, ("J₃", "J₂", "J₁"), strict=True
        ):
            block.set(xy=(start, 6 - side(rows) / 2), width=side(columns), height=side(rows))
            name.set(position=(start + side(columns) / 2, 6.2 + side(rows) / 2), text=f"{label}\n{rows}×{columns}")
            start += side(columns) + gap


SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)


def forward_against_reverse():
    """Explorer: change the number of inputs and of outputs; which end should the chain be multiplied from?"""
    import ipywidgets as widgets

    return Explorer(
        {
            "n": widgets.SelectionSlider(options=SIZES, value=1000, description="inputs n"),
            "m": widgets.SelectionSlider(options=SIZES, value=1, description="outputs m"),
        },
        _Cost(),
        "move n and m; the lines cross where there are as many inputs as outputs.",
    )


def costs_of_both_modes():
    """Still: cost of the Jacobian against the number of inputs, for one output and for a hundred."""
    figure, axes = new_figure(columns=2, height=3.2, sharey=True)
    for axis, m in zip(axes, (1, 100), strict=True):
        _cost_lines(axis, m)
        axis.axvline(m, color=GREEN, lw=1.2, ls=":", label="n = m")
        axis.set_title(f"{m} output{'s' if m > 1 else ', a loss'}")
    axes[0].set_ylabel("multiplications")
    axes[0].legend(loc="upper left", fontsize=8)
    return Picture(
        figure,
        "Multiplications for the Jacobian of a chain n → 100 → 100 → m against the number of inputs n, both axes "
        "logarithmic. With one output reverse mode is cheaper for every n above 1, and at 10000 inputs about a hundred "
        "times. With a hundred outputs the lines cross at n = 100, where both modes cost the same.",
    )
