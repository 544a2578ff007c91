"""The curves that grow: every epoch is passed on, and the last drawing holds them all."""

import numpy as np

from course_lib.calculus import mlp, training
from course_lib.figures.chapter_09 import LiveCurves


def short_run(epochs):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(12, 5)), mlp.one_hot(rng.integers(3, size=12), 3)
    options = {"step": training.plain(0.5), "activation": "sigmoid", "size": 4, "epochs": epochs, "rng": rng}
    return training.train(mlp.initial_parameters(5, 4, 3, rng), (X, Y), (X, Y), **options)


def test_the_bar_and_the_curves_follow_the_run():
    live = LiveCurves(epochs=6, every=0)
    history = live.follow(short_run(6))
    assert [epoch.number for epoch in history] == list(range(7))
    assert live.bar.value == live.bar.max == 6
    assert "over 6 epochs" in live.image.value
    for line in live.curves.lines:
        assert list(line.get_xdata()) == list(range(7))


def test_what_a_notebook_keeps_does_not_depend_on_the_run():
    live = LiveCurves(epochs=2)
    before = repr(live)
    live.follow(short_run(2))
    data, _ = live._repr_mimebundle_()
    assert data["text/plain"] == before
    assert "application/vnd.jupyter.widget-view+json" in data
