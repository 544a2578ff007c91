"""Everybody can read it and reach it: contrast in both themes, pages under axe's rules, and the keyboard alone."""

import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.test_lab import (
    LIES_STILL,
    all_cells_done,
    expect_another,
    go_to,
    open_notebook,
    page,  # noqa: F401  (a fixture)
    picture_in,
    write_notebook,
)

# All of it stands in one JupyterLab.
pytestmark = pytest.mark.xdist_group("jupyterlab")

# The editor of a clone that was never built; the other is tested by itself.
PLAIN = "from course_lib.derivation.editor import plain_editor\nplain_editor()"
# One cell for everything that the course shows as HTML.
SHOWN = (
    "from course_lib import check, derive, hint, progress, submit\nfrom course_lib.health import doctor\ndoctor()",
    "def square_slope(x):\n    return x\n\n\ncheck(square_slope)",
    "hint(square_slope)",
    "def square_slope(x):\n    return 2 * x\n\n\ncheck(square_slope)",
    "def linear_approximation(y, J, delta): ...\n\n\ncheck(linear_approximation)",
    'progress("00")',
    'submit(student="ada", notebook="no such file.ipynb")',
    'derive(r"""\nL = \\frac{1}{2n}\\|Xw-y\\|^2\n\\nabla_w L = \\frac1n X^\\top(y-Xw)\n= \\frac1n X^\\top X w\n'
    "\\nabla_w L = \\frac1n (Xw-y)X^\\top\n\\nabla_w L = \\frac1n X^\\top(Xw-y\n"
    '\\nabla_w L = \\frac1n X^\\top(Xw-y)\n""", shapes={"X": "n d", "w": "d", "y": "n"})',
    "from course_lib.figures.chapter_01 import three_zooms, zoom_on_linear_map\nthree_zooms()",
    "zoom_on_linear_map()",
    PLAIN,
)


def complaints_of_axe(page, context=None, rules=None, strict=False):  # noqa: F811
    """(what axe objects to, by rule and element; how many elements it found in order).

    strict   a text whose contrast axe cannot tell, such as a faded one, counts too; not so a mark beside a word.
    """
    options = {"runOnly": rules} if rules else None
    found = Axe().run(page, context=context, options=options).response
    unclear = [rule for rule in found["incomplete"] if strict and rule["id"] == "color-contrast"]
    broken = [
        f"{rule['id']}: {node['html'][:200]}: {'; '.join(check['message'] for check in node['any'])}"
        for rule in [*found["violations"], *unclear]
        for node in rule["nodes"]
        if not (rule in unclear and ('aria-hidden="true"' in node["html"] or node["html"].startswith("<select")))
    ]
    return broken, sum(len(rule["nodes"]) for rule in found["passes"])


@pytest.fixture(scope="module")
def shown(course_copy):
    """The path, in the course folder, of a notebook that shows one of everything."""
    write_notebook(course_copy / "notebooks" / "shown.ipynb", SHOWN)
    return "notebooks/shown.ipynb"


def test_what_cells_show_is_readable_in_each_theme(page, lab, shown):  # noqa: F811
    page.set_viewport_size({"width": 1300, "height": 5000})
    open_notebook(page, lab, shown)
    all_cells_done(page)
    # JupyterLab's body is 0 pixels high, and axe takes what a clipped box of no height holds for hidden.
    page.add_style_tag(content="body { height: 100vh !important; }")
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        put_on(page, theme)
        broken, fine = complaints_of_axe(
            page, ".jp-OutputArea-output", ["color-contrast", "image-alt", "label"], strict=True
        )
        assert (theme, broken) == (theme, [])
        assert fine > 60
        assert page.locator(".jp-OutputArea-output").count() == len(SHOWN)


def put_on(page, theme):  # noqa: F811
    """Choose JupyterLab's theme in its menu, and wait until nothing moves or lies above the page."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    # A submenu opens when the pointer rests on its entry.
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{theme}$")).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
    # Axe cannot tell the contrast of what is covered.
    expect(page.locator(".lm-Menu")).to_have_count(0)
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    # A page that still moves covers itself for a moment.
    page.evaluate(LIES_STILL)


def test_the_keyboard_alone_runs_a_chapter_and_moves_an_explorer(page, lab, course_copy):  # noqa: F811
    (path,) = (course_copy / "notebooks").glob("01_*.ipynb")
    go_to(page, lab, f"notebooks/{path.name}")
    shown = (str(cell.get("outputs")) for cell in nbformat.read(path, as_version=4).cells)
    for _ in range(1 + next(place for place, outputs in enumerate(shown) if "'Explorer" in outputs)):
        page.keyboard.press("Shift+Enter")
    all_cells_done(page)
    cell = page.locator(".jp-CodeCell", has=page.locator(".jupyter-widgets img")).first
    before = picture_in(cell)
    # Running a cell leaves the focus on the next one; one step up is the explorer, and Tab goes into it.
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.activeElement.querySelector('.jupyter-widgets') !== null")
    seen = []
    while "slider" not in seen and len(seen) < 12:
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('role') ?? document.activeElement.tagName"))
    assert seen[-1] == "slider", seen
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect_another(cell, before)
    assert not page.complaints


def test_the_keyboard_enters_and_leaves_the_derivation_editor(page, lab, course_copy):  # noqa: F811
    write_notebook(course_copy / "notebooks" / "keyboard.ipynb", [PLAIN])
    go_to(page, lab, "notebooks/keyboard.ipynb")
    page.keyboard.press("Control+Enter")
    report = page.locator(".course-derivation")
    expect(report.get_by_text("✗").first).to_be_visible()
    field = page.get_by_label("Derivation")
    for _ in range(12):
        page.keyboard.press("Tab")
        if field.evaluate("e => e === document.activeElement"):
            break
    page.keyboard.press("Control+a")
    page.keyboard.type("L = \\frac12\\|Xw-y\\|^2")
    expect(report.get_by_text("✗")).to_have_count(0)
    page.keyboard.press("Tab")
    assert not field.evaluate("e => e === document.activeElement")
