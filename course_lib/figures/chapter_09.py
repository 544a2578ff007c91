"""Figures of chapter 9: digits, the scale of the start, curves that grow, confusions, hidden units, over-fitting."""

import time
from functools import cache, lru_cache

import numpy as np

from course_lib.calculus import mlp
from course_lib.data import digits
from course_lib.figures.base import BLUE, GREEN, GREY, ORANGE, RED, Explorer, Picture, image_html, new_figure, png_bytes

CLASSES = 10
SIDE = 8
GOAL = 4  # per cent of wrong answers that chapter 9 sets as its mark


@cache
def _table():
    """Pictures X (1797, 64), entries from 0 to 1, targets Y (1797, 10), and the chapter's training and test rows."""
    X, labels = digits()
    order = np.random.default_rng(0).permutation(len(X))
    return X / 16, mlp.one_hot(labels, CLASSES), order[:1347], order[1347:]


@cache
def _history():
    """A short training run for figures that are not handed one."""
    X, Y, train, test = _table()
    rng = np.random.default_rng(1)
    start = mlp.initial_parameters(64, 32, CLASSES, rng)
    return tuple(mlp.train(start, (X[train], Y[train]), (X[test], Y[test]), lr=0.3, size=16, epochs=30, rng=rng))


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
    X, Y, train, test = _table()
    rng = np.random.default_rng(1)
    W1, b1, W2, b2 = mlp.initial_parameters(64, 32, CLASSES, rng)
    start = factor * W1, b1, factor * W2, b2
    return tuple(mlp.train(start, (X[train], Y[train]), (X[test], Y[test]), lr=0.3, size=16, epochs=epochs, rng=rng))


def starts_compared():
    """Still: fifteen epochs from four scales of the first weights, zero among them."""
    figure, axis = new_figure(height=3)
    runs = (
        (0, "all weights 0", GREY, ":"),
        (0.01, SCALES[0.01], BLUE, "--"),
        (1, SCALES[1], GREEN, "-"),
        (100, SCALES[100], RED, "-."),
    )
    for factor, name, colour, dashes in runs:
        history = _scaled_run(factor)
        axis.plot([epoch.number for epoch in history], [100 * epoch.test_accuracy for epoch in history], color=colour)
        axis.lines[-1].set(ls=dashes, lw=2.5, label=name)
    axis.set(xlabel="epoch", ylabel="right test answers (%)", xlim=(0, 15), ylim=(0, 100))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="first weights")
    return Picture(
        figure,
        "Right test answers over 15 epochs from four starts. From Glorot's weights they pass 90 per cent within a few "
        "epochs. From a hundredth of them they stay near 10 per cent for some epochs and then catch up. From a hundred "
        "times as much they climb slowly and stay below 80 per cent. From zero weights they stay below 40 per cent.",
    )


# ----------------------------------------------------------------------------------------------------------------------
class _Curves:
    """Left: loss. Right: wrong answers in per cent. Training and test samples, one point for each epoch."""

    def __init__(self, epochs):
        self.figure, (self.loss, self.wrong) = new_figure(columns=2)
        styles = (("training digits", BLUE, "-"), ("test digits", ORANGE, "--"))
        self.lines = [
            axis.semilogy([], [], color=colour, ls=dashes, lw=2, label=name)[0]
            for axis in (self.loss, self.wrong)
            for name, colour, dashes in styles
        ]
        self.loss.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", xlim=(0, epochs), ylim=(0.01, 4))
        self.wrong.set(xlabel="epoch", ylabel="wrong answers (%)", xlim=(0, epochs), ylim=(0.1, 110))
        self.wrong.axhline(GOAL, color=GREY, lw=1)
        self.wrong.annotate("4 % wrong", (epochs, GOAL * 1.1), color="#444444", fontsize=9, ha="right")
        self.wrong.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        self.loss.legend(loc="upper right", fontsize=9)

    def __call__(self, history):
        columns = (
            [epoch.loss for epoch in history],
            [epoch.test_loss for epoch in history],
            # The floor of the plot stands for no mistake at all.
            [max(100 * (1 - epoch.accuracy), 0.1) for epoch in history],
            [max(100 * (1 - epoch.test_accuracy), 0.1) for epoch in history],
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
        self.image = ipywidgets.HTML()
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
        alt = f"Loss and wrong answers over {len(self.history) - 1} epochs, on training and test digits."
        self.image.value = image_html(png_bytes(figure, compression=1), alt)
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
        "steeply at first and slowly later, with a few jumps upwards on the way. The test curves level off above the "
        "training curves, below the line at 4 per cent of wrong answers.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def confusion(labels=None, predicted=None):
    """Still: the confusion matrix of a classifier, right answers in grey and mistakes in colour."""
    if labels is None:
        labels, predicted, _ = _test_answers()
    C = mlp.confusion_matrix(labels, predicted, CLASSES)
    mistakes = C - np.diag(np.diag(C))
    figure, axis = new_figure(width=4.6, height=4.2)
    axis.imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(4, mistakes.max()))
    for i, j in np.argwhere(C):
        axis.text(j, i, C[i, j], ha="center", va="center", color=GREY if i == j else "black", fontsize=9)
    axis.set(xlabel="called", ylabel="is", xticks=range(CLASSES), yticks=range(CLASSES))
    axis.grid(False)
    axis.set_title(f"{mistakes.sum()} mistakes in {len(labels)} digits")
    return Picture(
        figure,
        "A 10 by 10 table of counts: rows are the true digits, columns the answers. Nearly all counts stand on the "
        "diagonal; the mistakes off it are few and mostly single.",
    )


@cache
def _test_answers():
    X, Y, _, test = _table()
    P = mlp.forward(X[test], *_history()[-1].parameters)[-1]
    return Y[test].argmax(axis=1), P.argmax(axis=1), P


def mistaken_digits(X=None, labels=None, P=None):
    """Still: up to eight of the digits that were taken for another, the surest mistakes first."""
    if X is None:
        table, _, _, test = _table()
        X, (labels, _, P) = table[test], _test_answers()
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
        "Up to eight test digits that the network got wrong, each with its true class, the answer, and the probability "
        "that the answer was given. Several of them are hard to read for people too.",
    )


# ----------------------------------------------------------------------------------------------------------------------
def hidden_units(parameters=None):
    """Still: the columns of W1 as pictures."""
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
        self.votes.set(xlabel="class", xticks=range(CLASSES), ylim=(-reach, reach), ylabel="a · W2 (score)")

    def __call__(self, unit, picture):
        W1, b1, W2, _ = self.parameters
        x, w, a = self.X[picture], W1[:, unit], self.A[picture, unit]
        for image, values in zip(self.images, (x, w, x * w), strict=True):
            image.set_data(values.reshape(SIDE, SIDE))
        titles = (f"x: the digit {self.labels[picture]}", f"column {unit} of W1", "x ∘ w")
        for axis, title in zip(self.axes, titles, strict=False):
            axis.set_title(f"{title}\n", fontsize=9)
        self.axes[2].set_title(f"x ∘ w\nsum + bias = {x @ w + b1[unit]:.1f}", fontsize=9)
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
        table, Y, _, test = _table()
        parameters, X, labels = _history()[-1].parameters, table[test], Y[test].argmax(axis=1)
    return Explorer(
        {
            "unit": widgets.IntSlider(
                value=len(parameters[1]) // 2, min=0, max=len(parameters[1]) - 1, description="hidden unit"
            ),
            "picture": widgets.IntSlider(value=3, min=0, max=min(99, len(X) - 1), description="test digit"),
        },
        _Viewer(parameters, X, labels),
        "choose a hidden unit and a digit; see where ink meets weight, and which classes the unit speaks for.",
    )


# ----------------------------------------------------------------------------------------------------------------------
FEW = 300
WRONG = 0.2


@cache
def _few():
    """300 training digits of which one in five got a wrong label, and the test digits: (X, Y) each."""
    X, Y, train, test = _table()
    rng = np.random.default_rng(2)
    few, shift = train[:FEW], np.zeros(FEW, dtype=int)
    shift[: int(WRONG * FEW)] = rng.integers(1, CLASSES, size=int(WRONG * FEW))
    given = (Y[few].argmax(axis=1) + shift) % CLASSES
    return (X[few], mlp.one_hot(given, CLASSES)), (X[test], Y[test])


@lru_cache(maxsize=256)
def _small_run(hidden, lr, lam, epochs=60):
    """A run on few digits with some wrong labels; kept, so that coming back to a setting costs nothing."""
    rng = np.random.default_rng(3)
    start = mlp.initial_parameters(64, hidden, CLASSES, rng)
    return tuple(mlp.train(start, *_few(), lr=lr, size=20, epochs=epochs, rng=rng, lam=lam))


def over_fitting(plain=None, decayed=None):
    """Still: loss on training and test digits without and with weight decay, wrong labels among the former."""
    plain, decayed = plain or _small_run(32, 0.5, 0.0, 200), decayed or _small_run(32, 0.5, 0.003, 200)
    figure, axes = new_figure(columns=2, sharey=True)
    for axis, history, name in zip(axes, (plain, decayed), ("without weight decay", "with weight decay"), strict=True):
        numbers = [epoch.number for epoch in history]
        axis.plot(numbers, [epoch.loss for epoch in history], color=BLUE, lw=2, label="training digits")
        axis.plot(numbers, [epoch.test_loss for epoch in history], color=ORANGE, lw=2, ls="--", label="test digits")
        best = min(history, key=lambda epoch: epoch.test_loss)
        axis.plot([best.number], [best.test_loss], "o", color=RED, ms=7, label="lowest test loss")
        axis.set(xlabel="epoch", title=name, ylim=(0, 2.6))
    axes[0].set_ylabel("mean cross-entropy (nats)")
    axes[1].legend(fontsize=9)
    return Picture(
        figure,
        "Loss over 200 epochs on 300 training digits, a fifth of them with wrong labels, and on test digits. Without "
        "weight decay the training loss falls towards 0, while the test loss has its lowest point early and climbs "
        "again. With weight decay the training loss stays high and the test loss levels off below it.",
    )


class _Settings:
    """Loss and right answers of one small run."""

    def __init__(self):
        self.figure, (self.loss, self.right) = new_figure(columns=2)
        self.lines = [
            axis.plot([], [], color=colour, ls=dashes, lw=2, label=name)[0]
            for axis in (self.loss, self.right)
            for name, colour, dashes in (("training digits", BLUE, "-"), ("test digits", ORANGE, "--"))
        ]
        self.loss.set(xlabel="epoch", ylabel="mean cross-entropy (nats)", xlim=(0, 60), ylim=(0, 3))
        self.right.set(xlabel="epoch", ylabel="right answers (%)", xlim=(0, 60), ylim=(0, 100))
        self.right.axhline(100 * (1 - WRONG), color=GREY, lw=1)
        self.right.annotate("true labels", (60, 100 * (1 - WRONG) - 6), color="#444444", fontsize=9, ha="right")
        self.right.legend(loc="lower right", fontsize=9)

    def __call__(self, hidden, lr, lam):
        history = _small_run(hidden, lr, lam)
        columns = zip(*((e.loss, e.test_loss, 100 * e.accuracy, 100 * e.test_accuracy) for e in history), strict=True)
        for line, values in zip(self.lines, columns, strict=True):
            line.set_data(range(len(history)), values)
        last = history[-1]
        self.loss.set_title(f"at the end: {last.loss:.2f} training, {last.test_loss:.2f} test")
        self.right.set_title(f"at the end: {last.accuracy:.0%} training, {last.test_accuracy:.0%} test")
        return self.figure, (
            f"Sixty epochs with {hidden} hidden units, learning rate {lr:g} and weight decay {lam:g}, on 300 digits of "
            f"which a fifth has wrong labels. At the end {last.accuracy:.0%} of the training labels are met and "
            f"{last.test_accuracy:.0%} of the test digits are right."
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
        "set the network's size, the learning rate and the weight decay, and look for the best test curve.",
    )
