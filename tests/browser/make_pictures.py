"""Pictures of the real thing for the README and for the site's first page; `make pictures` writes notebooks/images/."""

import nbformat
import pytest

from course_lib.checks import find
from course_lib.site import built
from tests.browser.serving import serving
from tests.browser.test_lab import (
    LIES_STILL,
    all_cells_done,
    expect_another,
    kernel_idle,
    open_notebook,
    page,  # noqa: F401  (a fixture)
    picture_in,
    scrolled_to,
)
from tests.browser.test_student import cell_with, write_and_run
from tests.grading.shared import course
from tests.test_walk import CHAPTER, filled, solution, solved  # noqa: F401  (solution is a fixture)


def mistaken(name, id):
    """The source of one named mistake."""
    exercise = find(name)
    return next(mistake for mistake in exercise.mistakes if mistake.id == id).source(name)


def test_student(page, lab, course_copy, course_root):  # noqa: F811
    path = course_copy / "exercises" / "01_exercises.ipynb"
    answers = {"polar_jacobian": mistaken("polar_jacobian", "chain-factor")}
    path.write_text(filled(nbformat.read(path, as_version=4), answers))
    page.set_viewport_size({"width": 1150, "height": 620})
    open_notebook(page, lab, f"exercises/{path.name}")
    verdict = page.get_by_text("polar_jacobian: wrong values")
    scrolled_to(page, verdict)
    page.evaluate(LIES_STILL)
    page.screenshot(path=image(course_root, "student"))
    assert verdict.is_visible()


def test_explorer(page, lab, course_root):  # noqa: F811
    page.set_viewport_size({"width": 1150, "height": 720})
    open_notebook(page, lab, "notebooks/08_the_two_layer_perceptron_by_hand.ipynb")
    all_cells_done(page)
    cell = scrolled_to(page, page.locator(".jp-CodeCell:visible").filter(has_text="network_nodes()"))
    node = cell.locator(".jupyter-widgets select").first
    before = picture_in(cell)
    node.select_option("W¹")
    expect_another(cell, before)
    page.evaluate(LIES_STILL)
    cell.locator(".jp-OutputArea-output").first.screenshot(path=image(course_root, "explorer"))
    assert node.is_visible()


def test_feedback(browser, bwrap, course_copy, course_root, solution):  # noqa: F811
    path = course_copy / "exercises" / "01_exercises.ipynb"
    answers = {
        **solved(solution),
        "polar_jacobian": mistaken("polar_jacobian", "chain-factor"),
        "central_jacobian": mistaken("central_jacobian", "alias"),
    }
    path.write_text(filled(nbformat.read(course_root / "exercises" / path.name, as_version=4), answers))
    (course_copy / "inbox").mkdir(exist_ok=True)
    assert course("submit", CHAPTER, "--student", "ada", "--inbox", "inbox", cwd=course_copy).returncode == 0
    assert course("grade", "inbox", cwd=course_copy).returncode == 0
    page = browser.new_page(viewport={"width": 900, "height": 640})  # noqa: F811
    page.goto((course_copy / "graded" / "feedback" / "ada.html").as_uri())
    page.get_by_text("Hints").first.click()
    page.screenshot(path=image(course_root, "feedback"))
    page.close()


def test_report(browser, bwrap, course_root, tmp_path):  # noqa: F811
    inbox, out = tmp_path / "try", tmp_path / "graded"
    assert course("simulate", inbox, "--students", "60", cwd=course_root).returncode == 0
    assert course("grade", inbox, "--out", out, cwd=course_root).returncode == 0
    page = browser.new_page(viewport={"width": 1200, "height": 780})  # noqa: F811
    page.goto((out / "report.html").as_uri())
    page.screenshot(path=image(course_root, "report"))
    page.close()


@pytest.fixture(scope="module")
def site(course_root, pyodide, tmp_path_factory):
    """The address of the built site."""
    out = tmp_path_factory.mktemp("built") / "site"
    built(course_root, out, pyodide)
    with serving(out) as address:
        yield address


@pytest.fixture
def door(browser):
    """A page of the size from which the doors of the first page are scaled."""
    context = browser.new_context(viewport={"width": 800, "height": 600})
    page = context.new_page()  # noqa: F811
    page.set_default_timeout(300_000)
    yield page
    context.close()


def test_read(site, door, course_root):
    door.goto(f"{site}/notebooks/08_the_two_layer_perceptron_by_hand.html")
    picture = door.locator("article img").first
    picture.evaluate("e => window.scrollBy(0, e.getBoundingClientRect().top - 120)")
    door.wait_for_timeout(2000)
    door.screenshot(path=image(course_root, "read"))
    assert picture.is_visible()


def test_lab_in_the_browser(site, door, course_root):
    door.goto(f"{site}/lab/lab/index.html?path=exercises/01_exercises.ipynb")
    kernel_idle(door)
    door.keyboard.press("Control+b")
    write_and_run(door, cell_with(door, "import numpy as np"), "import numpy as np\nfrom course_lib import check")
    write_and_run(door, cell_with(door, "def polar_jacobian"), mistaken("polar_jacobian", "chain-factor"))
    write_and_run(door, cell_with(door, "check(polar_jacobian)"), "check(polar_jacobian)")
    verdict = door.get_by_text("polar_jacobian: wrong values")
    verdict.wait_for()
    cell_with(door, "def polar_jacobian").evaluate("e => e.scrollIntoView()")
    # Where the cursor stood, at the end of a long line, its beginning is out of sight.
    door.locator(".cm-scroller").evaluate_all("all => all.forEach(e => e.scrollTo(0, 0))")
    door.wait_for_timeout(2000)
    door.screenshot(path=image(course_root, "lab"))
    assert verdict.is_visible()


def test_derive(site, door, course_root):
    door.goto(f"{site}/derive/index.html")
    door.get_by_label("Start from").select_option(index=1)
    wrong = door.get_by_text("✗").first
    wrong.wait_for()
    wrong.evaluate("e => window.scrollBy(0, e.getBoundingClientRect().top - 200)")
    door.wait_for_timeout(2000)
    door.screenshot(path=image(course_root, "derive"))
    assert wrong.is_visible()


def image(course_root, name):
    path = course_root / "notebooks" / "images" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    return path
