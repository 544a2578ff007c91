"""Figures of chapter 9: digits, starts, batches, training curves, a boundary that bends, confusions, over-fitting."""

import time
from functools import cache, lru_cache

import numpy as np

from course_lib.calculus import mlp, network, training
from course_lib.data import digits
from course_lib.figures.base import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    Drawing,
    Explorer,
    Picture,
    counted,
    new_figure,
)

CLASSES = 10
SIDE = 8
GOAL = 3  # per cent of wrong answers that chapter 9 sets as its mark


@cache
def _table():
    """Pictures X (1797, 64), entries from 0 to 1, targets Y (1797, 10), the chapter's training and validation rows."""
    X, labels = digits()
    order = np.random.default_rng(0).permutation(len(X))
    return X / 16, mlp.one_hot(labels, CLASSES), order[:1147], order[1147:1447]


def _trained(start, epochs, rng, step=None, lam=0.0, size=16, activation="sigmoid"):
    """The epochs of a run on the training digits, measured on the validation digits."""
    X, Y, train, validation = _table()
    step = step or training.plain(0.3)
    options = {"step": step, "activation": activation, "size": size, "epochs": epochs, "rng": rng, "lam": lam}
    return tuple(training.train(start, (X[train], Y[train]), (X[validation], Y[validation]), **options))


@cache
def _history():
    """A short training run for figures that are not handed one."""
    rng = np.random.default_rng(1)
    return _trained(mlp.initial_parameters(64, 32, CLASSES, rng), 30, rng)


def _picture_on(axis, values, limit, title=""):
    """Draw 64 numbers as a square of 8 × 8: white is 0, ink is dark; or orange to purple around 0."""
    low, colours = (0, "Greys") if limit is None else (-limit, "PuOr_r")
    image = axis.imshow(np.reshape(values, (SIDE, SIDE)), cmap=colours, vmin=low, vmax=limit or 1)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9)
    axis.grid(False)
    axis.spines[:].set_visible(True)
    axis.spines[:].set_color("#bbbbbb")
    return image


def sample_digits():
    """Still: the first two pictures of every class."""
    X, Y, *_ = _table()
    figure, axes = new_figure(rows=2, columns=CLASSES, height=1.9)
    for digit in range(CLASSES):
        for axis, row in zip(axes[:, digit], np.flatnonzero(Y[:, digit])[:2], strict=True):
            _picture_on(axis, X[row], None)
        axes[0, digit].set_title(str(digit))
    return Picture(
        figure,
        "Twenty pictures of 8 by 8 grey pixels, two for each digit from 0 to 9. Most can be read at once; the strokes "
        "are coarse and some digits lean or have gaps.",
    )


# ----------------------------------------------------------------------------------------------------------------------
class _Start:
    """Left: what the hidden units say before any training. Right: the loss before any training, for every scale."""

    def __init__(self):
        X, Y, train, _ = _table()
        self.X, self.Y, self.known = X[train[:300]], Y[train[:300]], {}
        self.figure, (self.left, self.right) = new_figure(columns=2)
        self.edges = np.linspace(0, 1, 41)
        self.bars = self.left.stairs(np.zeros(40), self.edges, fill=True, color=BLUE)
        self.left.set(xlabel="activation a", ylabel="share of all units and digits", xlim=(0, 1), ylim=(0, 1))
        factors = np.logspace(-2, 2, 33)
        self.right.loglog(factors, [self.measured(factor)[1] for factor in factors], color=GREEN, lw=2.5)
        (self.here,) = self.right.loglog([], [], "o", color=RED, ms=8)
        self.right.axhline(np.log(CLASSES), color=GREY, lw=1)
        self.right.annotate("log 10: a guess at random", (0.012, 1.5), color="#444444", fontsize=9)
        self.right.set(xlabel="Glorot's weights times", ylabel="loss before training (nats)", ylim=(1, 300))
        self.right.set_yticks([1, 10, 100], ["1", "10", "100"])

    def measured(self, factor):
        """Activations (300, 32) and the loss, with Glorot's weights times the factor."""
        if factor not in self.known:
            W1, b1, W2, b2 = mlp.initial_parameters(64, 32, CLASSES, np.random.default_rng(1))
            parameters = factor * W1, b1, factor * W2, b2
            self.known[factor] = mlp.forward(self.X, *parameters)[1], mlp.loss(self.X, self.Y, *parameters)
        return self.known[factor]

    def __call__(self, power):
        factor = 10.0**power
        A, loss = self.measured(factor)
        slope = np.mean(A * (1 - A))
        self.bars.set_data(np.histogram(A, self.edges)[0] / A.size)
        self.left.set_title(f"mean slope σ′ = {slope:.2f}, at most 0.25")
        self.here.set_data([factor], [loss])
        self.right.set_title(f"loss {loss:.3g} with weights × {factor:.3g}")
        return self.figure, (
            f"With Glorot's weights times {factor:.3g}: left, the activations of 32 hidden units on 300 digits, as a "
            f"histogram, with a mean slope of {slope:.2f} of at most 0.25; right, the loss before training, "
            f"{loss:.3g}, on its curve over all scales."
        )


def scale_of_the_start():
    """Explorer: scale the first weights, and watch the units and the loss."""
    import ipywidgets as widgets

    return Explorer(
        {"power": widgets.FloatSlider(value=0, min=-2, max=2, step=0.1, description="power of ten")},
        _Start(),
        "scale the first weights from a hundredth to a hundred times Glorot's, and see when the units stop listening.",
    )


SCALES = {0.01: "a hundredth of Glorot's", 1: "Glorot's", 100: "100 × Glorot's"}


def three_starts():
    """Still: activations before training for weights that are too small, as Glorot has them, and too large."""
    start = _Start()
    figure, axes = new_figure(columns=3, height=2.6, sharey=True)
    for axis, (factor, name) in zip(axes, SCALES.items(), strict=True):
        A, loss = start.measured(factor)
        axis.stairs(np.histogram(A, start.edges)[0] / A.size, start.edges, fill=True, color=BLUE)
        axis.set(xlabel="activation a", xlim=(0, 1), ylim=(0, 1))
        axis.set_title(f"{name}\nmean σ′ = {np.mean(A * (1 - A)):.2f}, loss = {loss:.3g}", fontsize=9)
    axes[0].set_ylabel("share")
    return Picture(
        figure,
        "Three histograms of the hidden activations before training. With weights a hundredth of Glorot's all stand at "
        "one half; with Glorot's they spread around one half; with weights a hundred times as large nearly all stand "
        "at 0 or at 1, where the slope of the sigmoid is nearly 0, and the loss is above 100.",
    )


@cache
def _scaled_run(factor, epochs=15):
    rng = np.random.default_rng(1)
    W1, b1, W2, b2 = mlp.initial_parameters(64, 32, CLASSES, rng)
    return _trained((factor * W1, b1, factor * W2, b2), epochs, rng)


def starts_compared():
    """Still: fifteen epochs from four scales of the first weights, zero among them."""
    figure, axis = new_figure(width=6.1, height=3)
    runs = (
        (0, "all weights 0", GREY, ":"),
        (0.01, SCALES[0.01], BLUE, "--"),
        (1, SCALES[1], GREEN, "-"),
        (100, SCALES[100], RED, "-."),
    )
    for factor, name, colour, dashes in runs:
        history = _scaled_run(factor)
        axis.plot(
            [epoch.number for epoch in history], [100 * epoch.validation_accuracy for epoch in history], color=colour
        )
        axis.lines[-1].set(ls=dashes, lw=2.5, label=name)
    axis.set(xlabel="epoch", ylabel="right validation answers (%)", xlim=(0, 15), ylim=(0, 100))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="first weights")
    return Picture(
        figure,
        "Right validation answers over 15 epochs from four starts. From Glorot's weights they pass 90 per cent within "
        "a few epochs. From a hundredth of them they stay near 10 per cent for some epochs and then catch up. From a "
        "hundred times as much they climb slowly and stay below 80 per cent. From zero weights they stay below 40.",
    )


# ----------------------------------------------------------------------------------------------------------------------
BATCHES = {"all digits in each step": (1147, BLUE, "-"), "16 digits in each step": (16, ORANGE, "--")}
STEPS = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0)


@cache
def _best_run(size, epochs=20):
    """The run with batches of this size whose training loss is lowest at its end, over STEPS; and its seconds."""
    runs = []
    for lr in STEPS:
        rng = np.random.default_rng(1)
        began = time.perf_counter()
        run = _trained(mlp.initial_parameters(64, 32, CLASSES, rng), epochs, rng, training.plain(lr), size=size)
        runs.append((run[-1].loss, lr, run, time.perf_counter() - began))
    _, lr, run, seconds = min(runs, key=lambda found: found[0])
    return lr, run, seconds


def batches_compared():
    """Still: full-batch and mini-batch descent, each with its own best step, over samples seen and over seconds."""
    figure, (left, right) = new_figure(columns=2, sharey=True)
    for name, (size, colour, dashes) in BATCHES.items():
        lr, run, seconds = _best_run(size)
        numbers = np.array([epoch.number for epoch in run])
        for axis, scale in ((left, 1147), (right, seconds / numbers[-1])):
            losses = [epoch.loss for epoch in run]
            axis.semilogy(numbers * scale, losses, color=colour, ls=dashes, lw=2.5, label=f"{name}, η = {lr:g}")
    left.set(xlabel="samples seen", ylabel="training loss (nats)", xlim=(0, None), ylim=(0.004, 5))
    left.set_xticks([0, 10_000, 20_000], ["0", "10,000", "20,000"])
    right.set(xlabel="seconds, measurements included", xlim=(0, None))
    left.legend(loc="lower left", fontsize=9)
    return Picture(
        figure,
        "Training loss over 20 passes, on a logarithmic axis, against the samples seen and against the seconds taken. "
        "Each method has the best of six steps. With 16 digits in a step the loss falls below a tenth; with all digits "
        "in each step it is still near 1. Over seconds the full batch is done sooner, and the order of the curves "
        "stays.",
    )


# ----------------------------------------------------------------------------------------------------------------------
RACE = {
    "plain": (training.plain, (0.3, 1.0, 3.0)),
    "momentum": (training.momentum, (0.03, 0.1, 0.3)),
    "Adam": (training.adam, (0.003, 0.01, 0.03)),
}
ACTIVATIONS = {"sigmoid": mlp.glorot, "relu": mlp.he}


def _racer(activation, name, lr, seed, epochs=15):
    """One run of the race: the epochs of a network 64-32-10 with this activation, optimiser, step size and seed."""
    rng = np.random.default_rng(seed)
    start = network.initial_parameters((64, 32, CLASSES), rng, ACTIVATIONS[activation])
    return _trained(start, epochs, rng, RACE[name][0](lr), activation=activation)


@cache
def race(seeds=(1, 2, 3, 4, 5), choosing=(11, 12)):
    """{(activation, optimiser): (step size, runs)}: the step that is best with two seeds, then a run for each other."""

    def final(activation, name, lr):
        ends = [_racer(activation, name, lr, seed)[-3:] for seed in choosing]
        return np.mean([epoch.validation_loss for end in ends for epoch in end])

    found = {}
    for activation in ACTIVATIONS:
        for name, (_, steps) in RACE.items():
            lr = min(steps, key=lambda lr, names=(activation, name): final(*names, lr))
            found[activation, name] = lr, [_racer(activation, name, lr, seed) for seed in seeds]
    return found


def race_curves(found=None):
    """Still: validation loss of the six racers over the epochs, the median of the seeds and their range."""
    found = found or race()
    figure, axes = new_figure(columns=2, sharey=True)
    colours = dict(zip(RACE, ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-.")), strict=True))
    for axis, activation in zip(axes, ACTIVATIONS, strict=True):
        for name, (colour, dashes) in colours.items():
            lr, runs = found[activation, name]
            losses = np.array([[epoch.validation_loss for epoch in run] for run in runs])
            axis.semilogy(np.median(losses, axis=0), color=colour, ls=dashes, lw=2, label=f"{name}, η = {lr:g}")
            axis.fill_between(range(losses.shape[1]), losses.min(axis=0), losses.max(axis=0), color=colour, alpha=0.18)
        axis.set(xlabel="epoch", title="ReLU" if activation == "relu" else activation, ylim=(0.04, 3))
        axis.set_xticks(range(0, 16, 5))
        axis.set_yticks([0.05, 0.1, 0.3, 1, 3], ["0.05", "0.1", "0.3", "1", "3"])
        axis.legend(fontsize=9)
    axes[0].set_ylabel("validation loss (nats)")
    return Picture(
        figure,
        "Validation loss over 15 epochs for sigmoid units on the left and ReLUs on the right, each with plain steps, "
        "momentum and Adam at the best of three step sizes; bands show the range over five seeds. All medians end near "
        "0.1, and the bands overlap.",
    )


# ----------------------------------------------------------------------------------------------------------------------
ARMS = 100  # points on each arm of the spiral
BEND = 60  # epochs


@cache
def _spiral():
    """Two arms of a spiral: X (200, 2) and the class of each point, (200,)."""
    rng, t = np.random.default_rng(0), np.linspace(0.25, 1, ARMS)
    angles = [2.08 * np.pi * t + np.pi * arm for arm in (0, 1)]
    arms = [np.stack([t * np.cos(a), t * np.sin(a)], axis=1) + 0.03 * rng.normal(size=(ARMS, 2)) for a in angles]
    return 2 * np.concatenate(arms), np.repeat([0, 1], ARMS)


@cache
def _bending_run(activation, hidden):
    """Training a network 2-hidden-2 on the spiral: epochs 0 to BEND."""
    X, labels = _spiral()
    data = X, mlp.one_hot(labels, 2)
    rng = np.random.default_rng(1)
    start = network.initial_parameters((2, hidden, 2), rng, mlp.he if activation == "relu" else mlp.glorot)
    options = {"step": training.adam(0.02), "activation": activation, "size": 20, "epochs": BEND, "rng": rng}
    return tuple(training.train(start, data, data, **options))


class _Boundary:
    """The plane of a spiral, shaded by what the network says of each point, with the line where it cannot decide."""

    def __init__(self):
        self.figure, (self.plane, self.curve) = new_figure(columns=2, height=3.9)
        X, labels = _spiral()
        self.ticks = np.linspace(-2.4, 2.4, 70)
        across, up = np.meshgrid(self.ticks, self.ticks)
        self.points = np.stack([across.ravel(), up.ravel()], axis=1)
        self.shade = self.plane.imshow(
            np.zeros((70, 70)),
            cmap="PuOr",
            vmin=0,
            vmax=1,
            extent=(-2.4, 2.4, -2.4, 2.4),
            origin="lower",
            alpha=0.55,
            interpolation="bilinear",
        )
        for arm, (colour, marker) in enumerate(((ORANGE, "o"), (PURPLE, "s"))):
            on = labels == arm
            self.plane.plot(*X[on].T, marker, color=colour, ms=4, mec="white", mew=0.4, ls="")
        self.plane.set(xlabel="$x_1$", ylabel="$x_2$")
        self.plane.grid(False)
        (self.line,) = self.curve.semilogy([], [], color=BLUE, lw=2)
        (self.here,) = self.curve.semilogy([], [], "o", color=BLUE, ms=7)
        self.curve.set(xlabel="epoch", ylabel="training loss (nats)", xlim=(0, BEND), ylim=(1e-3, 2))
        self.border = None

    def __call__(self, activation, hidden, epoch):
        run = _bending_run(activation, hidden)
        _, _, P = network.forward(self.points, *run[epoch].parameters, activation=activation)
        second = P[:, 1].reshape(70, 70)
        self.shade.set_data(second)
        if self.border is not None:
            self.border.remove()
        self.border = self.plane.contour(self.ticks, self.ticks, second, levels=[0.5], colors="black", linewidths=1.8)
        losses = [one.loss for one in run]
        self.line.set_data(range(len(run)), losses)
        self.here.set_data([epoch], [losses[epoch]])
        self.plane.set_title(f"epoch {epoch}: {run[epoch].accuracy:.0%} of the points right")
        units = counted(hidden, "hidden unit")
        self.curve.set_title(f"{units}, {'ReLU' if activation == 'relu' else activation}")
        return self.figure, (
            f"Left: two arms of a spiral, and the line where a network with {units} gives both the same "
            f"probability, after {counted(epoch, 'epoch')}; {run[epoch].accuracy:.0%} of the points lie on their own "
            f"side. Right: the training loss, {losses[epoch]:.2g} by then."
        )


def bending_boundary():
    """Explorer: play the training of a small network on a spiral, and watch its decision boundary bend."""
    import ipywidgets as widgets

    return Explorer(
        {
            "activation": widgets.Dropdown(options=["tanh", "relu", "sigmoid"], description="activation"),
            "hidden": widgets.SelectionSlider(value=16, options=[1, 2, 4, 16], description="hidden units"),
            "epoch": widgets.IntSlider(value=12, min=0, max=BEND, description="epoch"),
        },
        _Boundary(),
        "play the epochs and watch the boundary bend; then do it with 1, 2 and 4 hidden units.",
        play="epoch",
    )


def boundary_in_time():
    """Still: the decision boundary on the spiral after 0, 3, 10 and 40 epochs."""
    figure, axes = new_figure(columns=4, height=2.2)
    run, shown = _bending_run("tanh", 16), _Boundary()
    X, labels = _spiral()
    right = []
    for axis, epoch in zip(axes, (0, 3, 10, 40), strict=True):
        _, _, P = network.forward(shown.points, *run[epoch].parameters, activation="tanh")
        second = P[:, 1].reshape(70, 70)
        axis.imshow(second, cmap="PuOr", vmin=0, vmax=1, extent=(-2.4, 2.4, -2.4, 2.4), origin="lower", alpha=0.55)
        axis.contour(shown.ticks, shown.ticks, second, levels=[0.5], colors="black", linewidths=1.5)
        for arm, (colour, marker) in enumerate(((ORANGE, "o"), (PURPLE, "s"))):
            axis.plot(*X[labels == arm].T, marker, color=colour, ms=2, ls="")
        axis.set(xticks=[], yticks=[], title=f"epoch {epoch}")
        axis.grid(False)
        right.append(f"{run[epoch].accuracy:.0%}")
    return Picture(
        figure,
        "Two arms of a spiral in the plane and the boundary between them after 0, 3, 10 and 40 epochs. At first it is "
        f"nearly straight, then it bends around the arms; {', '.join(right)} of the points lie on their own side.",
    )


# ----------------------------------------------------------------------------------------------------------------------
class _Curves:
    """Left: loss. Right: wrong answers in per cent. Training and validation samples, one point for each epoch."""

    def __init__(self, epochs):
        self.figure, (self.loss, self.wrong) = new_figure(columns=2)
        styles = (("training digits", BLUE, "-"), ("validation digits", ORANGE, "--"))
        self.lines = [
            axis.semilogy([], [], color=colour, ls=dashes, lw=2, label=name)[0]
            for axis in (self.loss, self.wrong)
            for name, colour, dashes in styles
        ]
        self.loss.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", xlim=(0, epochs), ylim=(0.01, 4))
        self.wrong.set(xlabel="epoch", ylabel="wrong answers (%)", xlim=(0, epochs), ylim=(0.1, 110))
        self.wrong.axhline(GOAL, color=GREY, lw=1)
        self.wrong.annotate("3 % wrong", (1, GOAL / 1.1), color="#444444", fontsize=9, va="top")
        self.wrong.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        self.loss.legend(loc="upper right", fontsize=9)

    def __call__(self, history):
        columns = (
            [epoch.loss for epoch in history],
            [epoch.validation_loss for epoch in history],
            # The floor of the plot stands for no mistake at all.
            [max(100 * (1 - epoch.accuracy), 0.1) for epoch in history],
            [max(100 * (1 - epoch.validation_accuracy), 0.1) for epoch in history],
        )
        numbers = [epoch.number for epoch in history]
        for line, values in zip(self.lines, columns, strict=True):
            line.set_data(numbers, values)
        return self.figure


class LiveCurves:
    """A progress bar and the two curves of a training run, drawn while it runs.

    epochs   how many are to come.
    every    least time between two drawings, in seconds.
    """

    def __init__(self, epochs, every=0.2):
        import ipywidgets

        self.every, self.curves, self.history = every, _Curves(epochs), []
        self.bar = ipywidgets.IntProgress(max=epochs, description="epoch 0", layout={"width": "60%"})
        self.image, self.drawing = ipywidgets.HTML(), None
        self.view = ipywidgets.VBox([self.bar, self.image])

    def follow(self, run):
        """Show this in the notebook, go through the epochs of `run` and draw; returns them as a list."""
        from IPython.display import display

        display(self)
        drawn = 0.0
        for epoch in run:
            self.history.append(epoch)
            self.bar.value, self.bar.description = epoch.number, f"epoch {epoch.number}"
            if time.monotonic() - drawn > self.every:
                self.draw()
                drawn = time.monotonic()
        self.draw()
        return self.history

    def draw(self):
        """Draw the curves as far as they go."""
        figure = self.curves(self.history)
        alt = (
            f"Loss and wrong answers over {counted(len(self.history) - 1, 'epoch')}, on training and validation digits."
        )
        self.drawing = self.drawing.again() if self.drawing else Drawing(figure)
        self.image.value = self.drawing.image_html(alt, compression=1)
        figure.set_layout_engine("none")

    def _repr_mimebundle_(self, **options):
        bundle = self.view._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self)}, metadata

    def __repr__(self):
        return "Training curves (run this cell to watch them grow)."


def training_curves(history=None):
    """Still: loss and wrong answers of a finished run."""
    history = history or _history()
    return Picture(
        _Curves(history[-1].number)(history),
        "Loss and share of wrong answers over the epochs of one training run, both on logarithmic axes. Both fall "
        "steeply at first and slowly later, with a few jumps upwards on the way. The validation curves level off above "
        "the training curves, below the line at 3 per cent of wrong answers.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def confusion(labels=None, predicted=None):
    """Still: the confusion matrix of a classifier, right answers in grey and mistakes in colour."""
    if labels is None:
        labels, predicted, _ = _validation_answers()
    C = mlp.confusion_matrix(labels, predicted, CLASSES)
    mistakes = C - np.diag(np.diag(C))
    figure, axis = new_figure(width=4.6, height=4.2)
    # Pale, so that black numbers can be read on it, and white ones where a dark theme turns it over.
    axis.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(4, mistakes.max()), alpha=0.5)
    for i, j in np.argwhere(C):
        axis.text(j, i, C[i, j], ha="center", va="center", color="#555555" if i == j else "black", fontsize=9)
    axis.set(xlabel="called", ylabel="is", xticks=range(CLASSES), yticks=range(CLASSES))
    axis.grid(False)
    axis.set_title(f"{mistakes.sum()} mistakes in {len(labels)} digits")
    return Picture(
        figure,
        "A 10 by 10 table of counts: rows are the true digits, columns the answers. Nearly all counts stand on the "
        "diagonal; the mistakes off it are few and mostly single.",
    )


@cache
def _validation_answers():
    X, Y, _, validation = _table()
    P = mlp.forward(X[validation], *_history()[-1].parameters)[-1]
    return Y[validation].argmax(axis=1), P.argmax(axis=1), P


def mistaken_digits(X=None, labels=None, P=None):
    """Still: up to eight of the digits that were taken for another, the surest mistakes first."""
    if X is None:
        table, _, _, validation = _table()
        X, (labels, _, P) = table[validation], _validation_answers()
    predicted, sure = P.argmax(axis=1), P.max(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    wrong = wrong[np.argsort(-sure[wrong])][:8]
    figure, axes = new_figure(columns=8, height=1.6)
    for axis in axes:
        axis.set_axis_off()
    for axis, row in zip(axes, wrong, strict=False):
        axis.set_axis_on()
        _picture_on(axis, X[row], None, f"{labels[row]} called {predicted[row]}\nwith {sure[row]:.0%}")
    return Picture(
        figure,
        "Up to eight validation digits that the network got wrong, each with its true class, the answer, and the "
        "probability that the answer was given. Several of them are hard to read for people too.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def hidden_units(parameters=None):
    """Still: the columns of W¹ as pictures."""
    W1 = (parameters or _history()[-1].parameters)[0]
    limit = np.quantile(np.abs(W1), 0.99)
    rows = -(-W1.shape[1] // 8)
    figure, axes = new_figure(columns=8, rows=rows, height=0.92 * rows + 0.5)
    for axis in axes.flat[W1.shape[1] :]:
        axis.set_axis_off()
    for unit, axis in enumerate(axes.flat[: W1.shape[1]]):
        image = _picture_on(axis, W1[:, unit], limit)
        axis.set_title(str(unit), fontsize=8, pad=2)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label("weight")
    return Picture(
        figure,
        "The weights of each hidden unit as a picture of 8 by 8 pixels, orange where ink raises its activation and "
        "purple where ink lowers it. Many show strokes, edges and gaps, none shows a whole digit.",
    )


class _Viewer:
    """A digit, the weights of one hidden unit, their product, and the votes that the unit gives to the classes."""

    def __init__(self, parameters, X, labels):
        self.parameters, self.X, self.labels = parameters, X, labels
        self.A = mlp.forward(X, *parameters)[1]
        self.limit = np.quantile(np.abs(parameters[0]), 0.99)
        ratios = {"width_ratios": [1, 1, 1, 1.5]}
        self.figure, axes = new_figure(columns=4, height=2.5, gridspec_kw=ratios)
        self.images = [
            _picture_on(axis, np.zeros(64), limit)
            for axis, limit in zip(axes[:3], (None, self.limit, self.limit), strict=True)
        ]
        self.axes, self.votes = axes, axes[3]
        self.bars = self.votes.bar(range(CLASSES), np.zeros(CLASSES), color=GREEN)
        self.votes.axhline(0, color="black", lw=0.8)
        reach = 1.1 * np.max(np.abs(parameters[2]))
        self.votes.set(xlabel="class", xticks=range(CLASSES), ylim=(-reach, reach), ylabel="a · W² (score)")

    def __call__(self, unit, picture):
        W1, b1, W2, _ = self.parameters
        x, w, a = self.X[picture], W1[:, unit], self.A[picture, unit]
        for image, values in zip(self.images, (x, w, x * w), strict=True):
            image.set_data(values.reshape(SIDE, SIDE))
        titles = (f"x: the digit {self.labels[picture]}", f"column {unit} of W¹", "x ⊙ w")
        for axis, title in zip(self.axes, titles, strict=False):
            axis.set_title(f"{title}\n", fontsize=9)
        self.axes[2].set_title(f"x ⊙ w\nsum + bias = {x @ w + b1[unit]:.1f}", fontsize=9)
        for bar, height in zip(self.bars, a * W2[unit], strict=True):
            bar.set_height(height)
        self.votes.set_title(f"activation a = {a:.2f}\nand what it adds to the scores", fontsize=9)
        return self.figure, (
            f"The digit {self.labels[picture]}, the weights of hidden unit {unit}, and their product, pixel by pixel. "
            f"Its sum and the bias give {x @ w + b1[unit]:.1f}, the activation is {a:.2f}. The unit speaks most "
            f"for class {np.argmax(W2[unit])} and most against class {np.argmin(W2[unit])}."
        )


def hidden_unit_viewer(parameters=None, X=None, labels=None):
    """Explorer: what one hidden unit makes of one digit."""
    import ipywidgets as widgets

    if parameters is None:
        table, Y, _, validation = _table()
        parameters, X, labels = _history()[-1].parameters, table[validation], Y[validation].argmax(axis=1)
    return Explorer(
        {
            "unit": widgets.IntSlider(
                value=len(parameters[1]) // 2, min=0, max=len(parameters[1]) - 1, description="hidden unit"
            ),
            "picture": widgets.IntSlider(value=3, min=0, max=min(99, len(X) - 1), description="validation digit"),
        },
        _Viewer(parameters, X, labels),
        "choose a hidden unit and a digit; see where ink meets weight, and which classes the unit speaks for.",
    )


# ----------------------------------------------------------------------------------------------------------------------
FEW = 300
WRONG = 0.2


@cache
def _few():
    """300 training digits of which one in five got a wrong label, and the validation digits: (X, Y) each."""
    X, Y, train, validation = _table()
    rng = np.random.default_rng(2)
    few, shift = train[:FEW], np.zeros(FEW, dtype=int)
    shift[: int(WRONG * FEW)] = rng.integers(1, CLASSES, size=int(WRONG * FEW))
    given = (Y[few].argmax(axis=1) + shift) % CLASSES
    return (X[few], mlp.one_hot(given, CLASSES)), (X[validation], Y[validation])


@lru_cache(maxsize=256)
def _small_run(hidden, lr, lam, epochs=60):
    """A run on few digits with some wrong labels; kept, so that coming back to a setting costs nothing."""
    rng = np.random.default_rng(3)
    start = mlp.initial_parameters(64, hidden, CLASSES, rng)
    options = {"step": training.plain(lr), "activation": "sigmoid", "size": 20, "epochs": epochs, "rng": rng}
    return tuple(training.train(start, *_few(), **options, lam=lam))


def over_fitting(plain=None, decayed=None):
    """Still: loss on training and validation digits without and with weight decay, wrong labels among the former."""
    plain, decayed = plain or _small_run(32, 0.5, 0.0, 200), decayed or _small_run(32, 0.5, 0.003, 200)
    figure, axes = new_figure(columns=2, sharey=True)
    for axis, history, name in zip(axes, (plain, decayed), ("without weight decay", "with weight decay"), strict=True):
        numbers = [epoch.number for epoch in history]
        axis.plot(numbers, [epoch.loss for epoch in history], color=BLUE, lw=2, label="training digits")
        axis.plot(
            numbers,
            [epoch.validation_loss for epoch in history],
            color=ORANGE,
            lw=2,
            ls="--",
            label="validation digits",
        )
        best = min(history, key=lambda epoch: epoch.validation_loss)
        axis.plot([best.number], [best.validation_loss], "o", color=RED, ms=7, label="lowest validation loss")
        axis.set(xlabel="epoch", title=name, ylim=(0, 2.6))
    axes[0].set_ylabel("mean cross-entropy (nats)")
    axes[1].legend(fontsize=9)
    return Picture(
        figure,
        "Loss over 200 epochs on 300 training digits, a fifth of them with wrong labels, and on validation digits. "
        "Without weight decay the training loss falls towards 0, while the validation loss has its lowest point early "
        "and climbs again. With weight decay the training loss stays high and the validation loss levels off below it.",
    )


class _Settings:
    """Loss and right answers of one small run."""

    def __init__(self):
        self.figure, (self.loss, self.right) = new_figure(columns=2)
        self.lines = [
            axis.plot([], [], color=colour, ls=dashes, lw=2, label=name)[0]
            for axis in (self.loss, self.right)
            for name, colour, dashes in (("training digits", BLUE, "-"), ("validation digits", ORANGE, "--"))
        ]
        self.loss.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", xlim=(0, 60), ylim=(0, 3))
        self.right.set(xlabel="epoch", ylabel="right answers (%)", xlim=(0, 60), ylim=(0, 100))
        self.right.axhline(100 * (1 - WRONG), color=GREY, lw=1)
        self.right.annotate("true labels", (60, 100 * (1 - WRONG) - 6), color="#444444", fontsize=9, ha="right")
        self.right.legend(loc="lower right", fontsize=9)

    def __call__(self, hidden, lr, lam):
        history = _small_run(hidden, lr, lam)
        columns = zip(
            *((e.loss, e.validation_loss, 100 * e.accuracy, 100 * e.validation_accuracy) for e in history), strict=True
        )
        for line, values in zip(self.lines, columns, strict=True):
            line.set_data(range(len(history)), values)
        last = history[-1]
        self.loss.set_title(f"end: {last.loss:.2f} training, {last.validation_loss:.2f} validation")
        self.right.set_title(f"end: {last.accuracy:.0%} training, {last.validation_accuracy:.0%} validation")
        return self.figure, (
            f"Sixty epochs with {hidden} hidden units, learning rate {lr:g} and weight decay {lam:g}, on 300 digits of "
            f"which a fifth has wrong labels. At the end {last.accuracy:.0%} of the training labels are met and "
            f"{last.validation_accuracy:.0%} of the validation digits are right."
        )


def training_settings():
    """Explorer: hidden units, learning rate and weight decay of a small run, trained when first asked for."""
    import ipywidgets as widgets

    decays = [0.0, 0.001, 0.003, 0.01, 0.03]
    return Explorer(
        {
            "hidden": widgets.SelectionSlider(value=32, options=[2, 8, 32, 64], description="hidden units"),
            "lr": widgets.SelectionSlider(value=0.5, options=[0.02, 0.1, 0.5, 2.0, 8.0], description="learning rate"),
            "lam": widgets.SelectionSlider(value=0.0, options=decays, description="weight decay λ"),
        },
        _Settings(),
        "set the network's size, the learning rate and the weight decay, and look for the best validation curve.",
    )
