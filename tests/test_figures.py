"""Every figure has a text alternative, and every explorer redraws for every value of its controls."""

import base64
import html
import inspect
import io
import json
import pkgutil
import re
from importlib import import_module

import ipywidgets
import nbformat
import numpy as np
import pytest
from ipywidgets.embed import embed_data
from matplotlib.text import Text
from PIL import Image

from course_lib import figures
from course_lib.authoring import HIDDEN, STATE, tidied
from course_lib.calculus import descent, network
from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.figures import base, chapter_01, chapter_04, chapter_05, chapter_06, chapter_08
from course_lib.figures.base import Explorer, Picture, new_figure
from course_lib.figures.board import Board, Traced, follow
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
    assert isinstance(shown, (Picture, Explorer, Board)), f"{make.__name__} returned {type(shown).__name__}"
    if isinstance(shown, Picture):
        assert len(shown.alt) > 60
        assert pieces_of(shown._repr_html_())[0][0] == html.escape(shown.alt)
    if not isinstance(shown, Explorer):
        return
    data, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"].startswith("Explorer")
    kinds = {type(part).__name__ for part in shown.view.children[0].children}
    assert kinds <= set().union(*(moved for _, moved in MOVED.values()))
    for control in shown.controls.values():
        before, seen = shown.image.value, set()
        for value in [*other_values(control), *one_of(control)]:
            control.value = value
            seen.add(shown.image.value)
            assert not ONE_OF_MANY.search(pieces_of(shown.image.value)[0][0])
        assert seen - {before}, f"{control.description} changes nothing"


# "1 steps": a count of one with a noun for many.
ONE_OF_MANY = re.compile(
    r"(?<![\d.,−-])1 (?:[a-z]+ )?(?:days|steps|epochs|inputs|outputs|decimals|units|layers|samples|copies|points)\b"
)


def one_of(control):
    """The value 1, where a slider counts something."""
    return [1] if isinstance(control, ipywidgets.IntSlider) and control.min < 1 < control.max else []


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


# ----------------------------------------------------------------------------------------------------------------------
BOARDS = [chapter_01.hill_walk, chapter_05.pull_the_line, chapter_06.descent_by_hand]


def numbers(thing, rows=()):
    """All numbers of a scene's panels and handles in their order; what names a row is that row."""
    if isinstance(thing, dict):
        return [number for name in sorted(thing) for number in numbers(thing[name], rows)]
    if isinstance(thing, (list, tuple, range)):
        return [number for part in thing for number in numbers(part, rows)]
    if hasattr(thing, "__dataclass_fields__"):
        return numbers(vars(thing), rows)
    if isinstance(thing, Traced):
        return [rows[thing.row]]
    return [float(thing)] if isinstance(thing, (int, float)) else []


@pytest.mark.parametrize("make", BOARDS, ids=lambda f: f.__name__)
def test_the_recipe_of_a_board_computes_what_its_formula_says(make, rng):
    board = make()
    recipe = [["=", value] for value in board.values]
    live = board.draw(*(Traced(recipe, row) for row in range(len(board.values))))
    values = board.values + rng.normal(size=len(board.values)) / 3
    truth, rows = board.draw(*values), follow(recipe, values)
    assert np.allclose(numbers(live.panels, rows), numbers(truth.panels), atol=1e-9)
    assert np.allclose(numbers(live.handles, rows), numbers(truth.handles), atol=1e-9)
    said = re.sub(r"⟨(\d+)\|(\d+)⟩", lambda gap: format(rows[int(gap[1])], f"z.{gap[2]}f"), live.said)
    assert said == truth.said
    # What goes to the browser is the same recipe.
    assert board.scene["recipe"] == recipe


def shapes(scene, panel, kind, colour):
    """The points of the shapes of one kind and colour in a panel: (shapes, points, 2)."""
    found = [shape for shape in scene.panels[panel].shapes if (shape["kind"], shape["colour"]) == (kind, colour)]
    return np.array([shape["points"] for shape in found], float)


def test_on_the_hill_the_arrow_is_half_the_gradient_and_the_red_line_the_remainder(rng):
    def hill(x):
        return 8 - x[0] ** 2 / 2 - x[1] ** 2

    place, step = rng.uniform(-2, 2, 2), rng.normal(size=2)
    scene = chapter_01._walk(*place, *step)
    gradient = complex_step_gradient(hill, place)
    ((start, tip),) = shapes(scene, 0, "arrow", chapter_01.ORANGE)
    assert np.allclose([start, tip - start], [place, gradient / 2])
    ((left, right),) = shapes(scene, 0, "line", chapter_01.GREEN)
    assert abs((right - left) @ gradient) < 1e-9
    ((promised, true),) = shapes(scene, 1, "line", chapter_01.RED)
    remainder = hill(place + step) - hill(place) - gradient @ step
    assert np.allclose(true - promised, [0, 0.36 * remainder])
    assert np.allclose(remainder, -(step[0] ** 2) / 2 - step[1] ** 2)
    (level,) = shapes(scene, 0, "line", chapter_01.BLUE)
    assert np.allclose(hill(level.T), hill(place))


def test_the_pulled_line_is_the_least_squares_line_and_its_bars_are_what_a_lift_adds(rng):
    x, y = np.sort(rng.uniform(0, 10, 6)), rng.uniform(0, 8, 6)
    scene = chapter_05._pulled(*np.column_stack([x, y]).ravel())
    slope, intercept = np.polyfit(x, y, 1)
    ((left, right),) = shapes(scene, 0, "line", chapter_05.BLUE)
    assert np.allclose([left, right], [[0, intercept], [10, intercept + 10 * slope]])
    squares = shapes(scene, 0, "area", chapter_05.RED)
    sides = np.abs(y - np.polyval([slope, intercept], x))
    assert np.allclose(np.ptp(squares, axis=1), sides[:, None] * [1, 1])
    lifted = [np.polyfit(x, y + np.eye(6)[k], 1)[0] - slope for k in range(6)]
    assert np.allclose(shapes(scene, 1, "line", chapter_05.PURPLE)[:, 1, 1], lifted)


def test_the_descent_by_hand_is_that_of_calculus(rng):
    start, lr = rng.uniform(-1, 5, 2), rng.uniform(0, 2.2)
    scene = chapter_06._descent(*start, lr)
    X, y = chapter_06._valley(chapter_06.FLATNESS)
    (path,) = shapes(scene, 0, "line", chapter_06.BLUE)
    assert np.allclose(path, descent.descend(X, y, lr, chapter_06.STRIDES, start))


def test_in_the_place_of_a_board_its_picture_is_kept_with_what_a_page_needs_to_move_it():
    board = chapter_05.pull_the_line()
    data, _ = board._repr_mimebundle_()
    state = embed_data(views=[board.view])["manager_state"]
    cell = stored(nbformat.v4.new_output("display_data", nbformat.from_dict(data)), {}, {STATE: state})
    assert cell.outputs[0].data == {"text/plain": repr(board), "text/html": board.still_html()}
    assert json.loads(html.unescape(re.search('data-scene="([^"]*)"', board.still_html())[1])) == board.scene


@pytest.mark.parametrize("metadata", [{"jupyter": {"outputs_hidden": True}}, {"tags": [HIDDEN]}])
def test_what_a_reader_is_to_guess_stays_hidden(metadata):
    cell = stored(nbformat.v4.new_output("stream", text="4"), metadata)
    assert cell.metadata == {"jupyter": {"outputs_hidden": True}, "tags": [HIDDEN]}


def pieces_of(shown):
    """(text alternative, pixels across in the file, style) of every piece of a picture."""
    images = re.findall(r'<img alt="([^"]*)"[^>]*base64,([^"]*)" style="([^"]*)"', shown)
    return [(alt, int.from_bytes(base64.b64decode(data)[16:20], "big"), style) for alt, data, style in images]


def lettered(columns, size):
    """Panels side by side with one word in each, in letters of this size (points)."""
    figure, axes = new_figure(width=8, columns=columns, squeeze=False)
    for axis in axes[0]:
        axis.set(xticks=[], yticks=[])
        axis.text(0.5, 0.5, "word", fontsize=size)
    return figure


def test_a_picture_of_two_panels_comes_in_two_pieces_that_may_stand_below_each_other():
    pieces = pieces_of(Picture(lettered(2, 10), "two panels")._repr_html_())
    assert [alt for alt, _, _ in pieces] == ["two panels", ""]
    # Twice as many pixels as are shown, and none is lost at the seam.
    assert sum(pixels for _, pixels, _ in pieces) == 2 * 800
    assert len(pieces_of(Picture(lettered(1, 10), "one panel")._repr_html_())) == 1


def test_what_runs_across_both_panels_keeps_them_together():
    figure = lettered(2, 10)
    figure.text(0.5, 0.5, "a word across the seam", ha="center", fontsize=20)
    assert len(pieces_of(Picture(figure, "two panels")._repr_html_())) == 1


@pytest.mark.parametrize("points", [6, 7, 9, 12])
def test_no_letter_is_shown_smaller_than_eight_pixels(points):
    ((_, pixels, style),) = pieces_of(Picture(lettered(1, points), "one panel")._repr_html_())
    least = int(re.search(r"min-width:(\d+)px", style)[1])
    assert points * 100 / 72 * min(least / (pixels / 2), 1) > min(7.98, points * 100 / 72 - 0.01)


def test_a_play_button_runs_over_the_slider_in_which_time_runs():
    seen = []

    def redraw(step):
        seen.append(step)
        return new_figure()[0], "a figure"

    slider = ipywidgets.IntSlider(value=2, min=0, max=9)
    explorer = Explorer({"step": slider}, redraw, "press play.", play="step")
    (button,) = [part for part in explorer.view.children[0].children if isinstance(part, ipywidgets.Play)]
    assert (button.value, button.min, button.max) == (2, 0, 9)
    slider.value = 3
    assert seen == [2, 3]


def test_the_graph_of_chapter_4_has_the_numbers_that_its_text_says():
    def loss(W):
        return np.sum((chapter_04.SMALL_X @ W - chapter_04.SMALL_Y) ** 2) / len(chapter_04.SMALL_X)

    assert loss(chapter_04.SMALL_W) == 15
    gradient = complex_step_gradient(loss, chapter_04.SMALL_W.astype(float))
    assert np.allclose(gradient, [[1, 2], [-3, 3], [4, -3]])


# ----------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def drawings(monkeypatch):
    """All drawings that are made in a test, in their order."""
    made, init = [], base.Drawing.__init__

    def noted(drawing, figure):
        init(drawing, figure)
        made.append(drawing)

    monkeypatch.setattr(base.Drawing, "__init__", noted)
    return made


@pytest.mark.parametrize("make", MAKERS, ids=lambda f: f.__name__)
def test_each_piece_of_a_picture_has_its_numbers_and_labels_and_no_hyphen_for_a_minus(make, drawings):
    make()
    for drawing in drawings:
        for axes in drawing.figure.axes:
            box = axes.get_tightbbox()
            cut = [left for left, _ in drawing.pieces[1:] if box and box.x0 + 1 < left < box.x1 - 1]
            assert not cut, f"{axes.get_title()!r} is cut between two pieces"
            # Where the panels beside it share the numbers of an axis, each shows them.
            shared = axes.get_shared_y_axes().get_siblings(axes)
            told = [any(t.get_visible() and t.get_text() for t in panel.get_yticklabels()) for panel in shared]
            assert len(set(told)) == 1
        for text in drawing.figure.findobj(Text):
            outside = "".join(text.get_text().split("$")[::2])
            assert not (text.get_visible() and re.search(r"-[.]?\d", outside)), text.get_text()


def test_a_minus_sign_is_for_numbers_outside_of_mathematics():
    assert base.signed("x = -1.5, (-.3, 2e-12) on two-sided $10^{-3}$ at -2") == (
        "x = −1.5, (−.3, 2e−12) on two-sided $10^{-3}$ at −2"
    )


def pixels_of(html_text):
    """The pixels of all pieces of a picture."""
    data = re.findall(r'base64,([^"]+)"', html_text)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(part))).convert("RGB")) for part in data]


def test_what_moves_is_drawn_over_what_stays_as_if_all_were_drawn_again():
    explorer = chapter_08.depth_explorer()
    controls, drawing = explorer.controls, explorer.drawing
    assert len(drawing.moving) == 3
    for name, value in (("scale", 1.0), ("scale", 1.1), ("activation", "tanh"), ("depth", 7), ("scale", 16.0)):
        controls[name].value = value
        shown = pixels_of(explorer.image.value)
        for artist in drawing.moving:
            artist.set_animated(False)
        drawing.figure.canvas.draw()
        whole = np.asarray(drawing.figure.canvas.buffer_rgba())[..., :3]
        for artist in drawing.moving:
            artist.set_animated(True)
        drawing.figure.stale = True
        assert np.array_equal(np.hstack(shown), whole), (name, value)


def test_between_two_moves_only_the_curves_are_drawn(monkeypatch):
    explorer = chapter_08.depth_explorer()
    explorer.controls["activation"].value = "relu"
    explorer.controls["scale"].value = 1.5
    drawn = []
    monkeypatch.setattr(Text, "draw", lambda text, renderer: drawn.append(text.get_text()))
    before = explorer.image.value
    explorer.controls["scale"].value = 1.55
    assert explorer.image.value != before
    assert drawn == []


def test_the_sizes_over_depth_are_root_mean_squares_of_all_samples_at_once():
    X, Y = (part[: chapter_08.SAMPLES] for part in chapter_08._digits())
    X = X / np.sqrt(np.mean(X**2))
    parameters = [1.3 * part for part in chapter_08._start(X.shape[1], 5, Y.shape[1])]
    A, _, _ = network.forward(X, *parameters, activation="tanh")
    slopes = network.gradients(X, Y, *parameters, activation="tanh")
    values, signals, in_weights = chapter_08._sizes_over_depth("tanh", 1.3, 5)
    assert np.allclose(values, [np.sqrt(np.mean(a**2)) for a in A[1:]], rtol=1e-10)
    assert np.allclose(in_weights, [np.sqrt(np.mean(s**2)) for s in slopes[::2]], rtol=1e-10)
    delta = network.signals(A, network.forward(X, *parameters, activation="tanh")[2], Y, parameters[::2], "tanh")
    assert np.allclose(signals, [np.sqrt(np.mean(d**2)) for d in delta], rtol=1e-10)


def test_a_picture_that_lives_for_one_move_has_all_its_pixels(rng):
    pixels = rng.integers(0, 256, size=(7, 11, 3), dtype=np.uint8)
    read = np.asarray(Image.open(io.BytesIO(base.png_bytes(pixels, compression=1))))
    assert np.array_equal(read, pixels)
