"""Every figure has a text alternative, and every explorer redraws for every value of its controls."""

import inspect
import pkgutil
import re
from importlib import import_module

import ipywidgets
import nbformat
import numpy as np
import pytest
from ipywidgets.embed import embed_data

from course_lib import figures
from course_lib.authoring import HIDDEN, STATE, tidied
from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.figures import chapter_04
from course_lib.figures.base import Explorer, Picture, new_figure
from tests.browser.test_lab import MOVED

MODULES = [import_module(f"course_lib.figures.{m.name}") for m in pkgutil.iter_modules(figures.__path__)]
MAKERS = [
    function
    for module in MODULES
    if module.__name__.split(".")[-1].startswith("chapter_")
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and not name.startswith("_")
]


@pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)
def test_a_figure_says_what_it_shows_and_an_explorer_follows_its_controls(make):
    shown = make()
    assert isinstance(shown, (Picture, Explorer)), f"{make.__name__} returned {type(shown).__name__}"
    if isinstance(shown, Picture):
        assert len(shown.alt) > 60
        assert 'alt="' in shown._repr_html_()
        assert shown.png.startswith(b"\x89PNG")
        return
    data, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("Explorer")
    kinds = {type(part).__name__ for part in shown.view.children if part is not shown.image}
    assert kinds <= set().union(*(moved for _, moved in MOVED.values()))
    for control in shown.controls.values():
        before, seen = shown.image.value, set()
        for value in other_values(control):
            control.value = value
            seen.add(shown.image.value)
        assert seen - {before}, f"{control.description} changes nothing"
        assert 'alt="' in shown.image.value


def other_values(control):
    """Both ends of a slider, or every other option of a list."""
    if isinstance(control, (ipywidgets.Dropdown, ipywidgets.ToggleButtons, ipywidgets.SelectionSlider)):
        values = [option[1] if isinstance(option, tuple) else option for option in control.options]
        return [value for value in values if value != control.value]
    if isinstance(control, ipywidgets.Checkbox):
        return [not control.value]
    return [value for value in (control.max, control.min) if value != control.value]


def stored(output, metadata, widgets=None):
    """The one code cell of a notebook as it is kept after a run."""
    cell = nbformat.v4.new_code_cell("shown()", metadata=metadata, outputs=[output])
    return tidied(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": widgets or {}})).cells[0]


def test_in_the_place_of_an_explorer_its_picture_is_kept():
    explorer = next(shown for make in MAKERS if isinstance(shown := make(), Explorer))
    data, _ = explorer._repr_mimebundle_()
    state = embed_data(views=[explorer.view])["manager_state"]
    cell = stored(nbformat.v4.new_output("display_data", nbformat.from_dict(data)), {}, {STATE: state})
    assert cell.outputs[0].data == {"text/plain": data["text/plain"], "text/html": explorer.image.value}
    assert cell.metadata.tags == ["nbval-ignore-output"]


@pytest.mark.parametrize("metadata", [{"jupyter": {"outputs_hidden": True}}, {"tags": [HIDDEN]}])
def test_what_a_reader_is_to_guess_stays_hidden(metadata):
    cell = stored(nbformat.v4.new_output("stream", text="4"), metadata)
    assert cell.metadata == {"jupyter": {"outputs_hidden": True}, "tags": [HIDDEN]}


def test_a_picture_is_shown_at_half_of_its_pixels():
    image = next(shown for make in MAKERS if isinstance(shown := make(), Picture))
    shown = int(re.search(r'width="(\d+)"', image._repr_html_())[1])
    assert int.from_bytes(image.png[16:20], "big") == 2 * shown


def test_a_play_button_runs_over_the_slider_in_which_time_runs():
    seen = []

    def redraw(step):
        seen.append(step)
        return new_figure()[0], "a figure"

    slider = ipywidgets.IntSlider(value=2, min=0, max=9)
    explorer = Explorer({"step": slider}, redraw, "press play.", play="step")
    (button,) = [part for part in explorer.view.children if isinstance(part, ipywidgets.Play)]
    assert (button.value, button.min, button.max) == (2, 0, 9)
    slider.value = 3
    assert seen == [2, 3]


def test_the_graph_of_chapter_4_has_the_numbers_that_its_text_says():
    def loss(W):
        return np.sum((chapter_04.SMALL_X @ W - chapter_04.SMALL_Y) ** 2) / len(chapter_04.SMALL_X)

    assert loss(chapter_04.SMALL_W) == 15
    gradient = complex_step_gradient(loss, chapter_04.SMALL_W.astype(float))
    assert np.allclose(gradient, [[1, 2], [-3, 3], [4, -3]])
