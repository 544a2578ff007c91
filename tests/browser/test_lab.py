"""The student's seat in a real browser: JupyterLab opens, explorers move, the derivation editor judges."""

import re

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE

CELLS_DONE = """() => {
    const panel = jupyterapp.shell.currentWidget, kernel = panel.sessionContext.session?.kernel;
    const cells = panel.content.widgets.map(cell => cell.model).filter(model => model.type === "code");
    return kernel?.status === "idle" && cells.every(model => model.executionState === "idle");
}"""
# Three frames without a change: a busy machine draws fewer frames in a second, not fewer for a change.
LIES_STILL = """() => new Promise((still, moves) => {
    let quiet = 0, frames = 0;
    const watch = new MutationObserver(() => { quiet = 0; });
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
    const moving = motion => motion.playState === "running" && motion.effect.getComputedTiming().endTime < Infinity;
    const look = () => {
        quiet = document.getAnimations().some(moving) ? 0 : quiet + 1;
        if (quiet < 3 && ++frames < 3000) return requestAnimationFrame(look);
        watch.disconnect();
        quiet === 3 ? still() : moves(new Error("the page never lay still"));
    };
    look();
})"""
# What builds the browser seat is in the tests' environment too. Its kernel is none for JupyterLab, which says so at
# start; no student has it installed.
BUILDER = "Shared module @jupyterlite/server doesn't exist"


# One JupyterLab is started for all that asks for `lab`.
pytestmark = pytest.mark.xdist_group("jupyterlab")


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(PATIENCE)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text) if is_complaint(message) else None)
    yield page
    # A kernel outlives its page; the next test has its own.
    page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()


def is_complaint(message):
    return message.type == "error" and BUILDER not in message.text


def go_to(page, lab, path):
    """Open one notebook of the course; nothing runs yet."""
    # `reset` forgets the tabs that an earlier page left open.
    page.goto(re.sub(r"/lab/tree/[^?]*", f"/lab/tree/{path}", lab) + "&reset")
    page.wait_for_selector(".jp-Notebook")
    kernel_idle(page)


def open_notebook(page, lab, path):
    """Open one notebook of the course and run it from top to bottom."""
    go_to(page, lab, path)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("Run All Cells")).first.click()


def kernel_idle(page):
    page.locator("#jp-bottom-panel, .jp-StatusBar-Widget").get_by_text("| Idle").first.wait_for()


def all_cells_done(page):
    """Wait until no cell runs or waits for its turn. Between two cells the kernel is idle, too."""
    page.wait_for_function(CELLS_DONE)


def scroll_on(page):
    """More than half a window further down, with all that comes into view there; at the end, from the top again."""
    page.locator(".jp-WindowedPanel-outer:visible").first.evaluate(
        """panel => {
            const end = panel.scrollTop + panel.clientHeight + 1 >= panel.scrollHeight;
            end ? panel.scrollTo(0, 0) : panel.scrollBy(0, 0.6 * panel.clientHeight);
        }"""
    )
    page.evaluate(LIES_STILL)


def scrolled_to(page, locator, steps=300):
    """The element, once scrolling has brought it into the page: JupyterLab builds only the cells in view."""
    for _ in range(steps):
        if locator.count():
            locator.first.scroll_into_view_if_needed()
            return locator.first
        scroll_on(page)
    raise AssertionError(f"{locator} did not come into view")


def test_lab_opens_at_chapter_0(page, lab):
    assert "/lab/tree/notebooks/00_start_here.ipynb" in lab
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook")
    page.get_by_role("heading", name="Start here").wait_for()
    assert not page.complaints


CONTROLS = ".jupyter-widgets .noUi-handle, .jupyter-widgets select"


def write_notebook(path, sources):
    """A notebook of one code cell for each source."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, path)


def open_cell(page, lab, course_copy, source):
    """Open and run a notebook of one cell."""
    write_notebook(course_copy / "notebooks" / "editor.ipynb", [source])
    open_notebook(page, lab, "notebooks/editor.ipynb")


# Between them they have every kind of control that an explorer has: tests/test_figures.py holds that, and moves all.
MOVED = {
    "walk_down_a_valley": ("chapter_06", {"IntSlider", "FloatSlider", "SelectionSlider", "Play"}),
    "network_nodes": ("chapter_08", {"Dropdown", "FloatSlider", "SelectionSlider", "Play"}),
    "depth_explorer": ("chapter_08", {"IntSlider", "FloatLogSlider", "ToggleButtons"}),
}


@pytest.mark.parametrize("name", MOVED)
def test_an_explorer_follows_each_of_its_controls(page, lab, course_copy, name):
    chapter, kinds = MOVED[name]
    open_cell(page, lab, course_copy, f"from course_lib.figures import {chapter}\n\n{chapter}.{name}()")
    all_cells_done(page)
    cell = page.locator(".jp-CodeCell")
    expect(cell.locator(".jupyter-widgets img").first).to_have_attribute("alt", re.compile(".{60}"))
    for control in cell.locator(CONTROLS).all():
        before = picture_in(cell)
        move(control)
        expect_another(cell, before)
    for button in cell.locator(".widget-toggle-button:not(.mod-active), .jupyter-widgets button[title=Play]").all():
        before = picture_in(cell)
        button.click()
        expect_another(cell, before)
    assert not page.complaints


def picture_in(cell):
    """The whole picture of an explorer, however many pieces it comes in."""
    return cell.locator(".jupyter-widgets .course-figure").first.inner_html()


def expect_another(cell, before):
    """Wait until an explorer shows another picture; what holds the pieces is replaced at each move."""
    another = "([cell, before]) => cell.querySelector('.jupyter-widgets .course-figure')?.innerHTML !== before"
    cell.page.wait_for_function(another, arg=[cell.element_handle(), before])


def test_the_points_of_a_board_move_by_keyboard(page, lab, course_copy):
    open_cell(page, lab, course_copy, "from course_lib.figures import chapter_06\n\nchapter_06.descent_by_hand()")
    all_cells_done(page)
    move_points(page.locator(".jp-CodeCell"))
    # The arrow keys moved the points and nothing else: the cell is still the one that is chosen.
    expect(page.locator(".jp-Cell")).to_have_count(1)
    assert not page.complaints


def move_points(cell):
    """Move each point of a board by a step and hear other numbers."""
    cell.scroll_into_view_if_needed()
    said, points = cell.locator(".course-board p"), cell.get_by_role("slider").all()
    assert points
    for point in points:
        before = said.inner_text()
        point.press("ArrowRight")
        expect(said).not_to_have_text(before)


def move(control):
    """Move a list, or a slider by the keyboard."""
    control.scroll_into_view_if_needed()
    if control.evaluate("e => e.tagName") == "SELECT":
        # The browser's own list answers to the keyboard outside the page, where no test reaches it.
        control.select_option(index=1 - min(control.evaluate("e => e.selectedIndex"), 1))
        return
    control.focus()
    now, most = (float(control.get_attribute(f"aria-value{which}")) for which in ("now", "max"))
    for _ in range(3):
        control.press("ArrowRight" if now < most else "ArrowLeft")


def move_it(cell):
    """Move the last slider or list of an explorer and see another picture."""
    cell.scroll_into_view_if_needed()
    before = picture_in(cell)
    move(cell.locator(CONTROLS).last)
    expect_another(cell, before)


def test_the_plain_derivation_editor_judges_while_one_writes(page, lab, course_copy):
    open_cell(page, lab, course_copy, "from course_lib.derivation.editor import plain_editor\nplain_editor()")
    report = page.locator(".course-derivation")
    expect(report.get_by_text("✗").first).to_be_visible()
    expect(report.locator("mjx-container").first).to_be_visible()
    field = page.get_by_label("Derivation")
    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("L = \\frac{1}{2n}\\|Xw-y\\|^2\n\\nabla_w L = \\frac{1}{n}X^\\top(Xw-y)")
    expect(report.get_by_text("The claim is right.")).to_be_visible()
    expect(report.get_by_text("✗")).to_have_count(0)
    assert not page.complaints


def test_a_notebook_that_was_saved_shows_its_explorer_when_it_is_opened_again(page, lab, course_copy):
    open_cell(page, lab, course_copy, "from course_lib.figures import chapter_02\n\nchapter_02.pull_back_arrows()")
    expect(page.locator(".jupyter-widgets img").first).to_be_visible()
    all_cells_done(page)
    with page.expect_response(lambda answer: answer.request.method == "PUT" and "editor.ipynb" in answer.url):
        page.keyboard.press("Control+s")
    expect(page.locator(".lm-mod-current .jp-mod-dirty")).to_have_count(0)
    # The kernel that knows the widgets goes, as when the computer is switched off.
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    go_to(page, lab, "notebooks/editor.ipynb")
    expect(page.locator(".jupyter-widgets img").first).to_be_visible()
    expect(page.get_by_text("model not found")).to_have_count(0)
    assert not page.complaints


def test_the_derivation_editor_takes_mathematics_as_it_looks(page, lab, course_copy, mathlive):
    source = "from pathlib import Path\nfrom course_lib import derive\nfrom course_lib.derivation import editor\n"
    open_cell(page, lab, course_copy, f"{source}editor.MATHLIVE = Path({str(mathlive)!r})\nderive()")
    editor = page.locator(".cd")
    text, field, status = editor.locator("textarea"), editor.locator("math-field"), editor.locator(".cd-summary")
    expect(status).to_contain_text("Line 3 is the first that is wrong.")
    expect(editor.locator(".cd-read .ML__latex").first).to_be_visible()
    expect(field).to_have_js_property("value", "\\nabla_w L = \\frac{1}{n}X^\\top(y-Xw)")
    text.fill("L = w^\\top w\n")
    field.focus()
    page.keyboard.type("dL=2w^T")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("dw")
    expect(text).to_have_value("L = w^\\top w\ndL=2w^{T}dw")
    expect(status).to_contain_text("The claim is right.")
    # Letters are letters: no key of JupyterLab's ran a cell, cut it or added one.
    expect(page.locator(".jp-Cell")).to_have_count(1)
    assert not page.complaints
