"""A student's whole way in a real browser: a wrong answer, its name, a hint, the mend, progress, a receipt."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_lab import open_notebook, page, scrolled_to  # noqa: F401  (page is a fixture)

# It stands in the JupyterLab that the other tests have started.
pytestmark = pytest.mark.xdist_group("jupyterlab")


def cell_with(page, text):  # noqa: F811
    return scrolled_to(page, page.locator(".jp-CodeCell:visible").filter(has_text=text))


def write_and_run(page, cell, source):  # noqa: F811
    """Replace the source of a cell and run it; the output area of the same cell is returned."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(source)
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea").first


def test_from_a_wrong_answer_to_a_receipt(page, lab, course_copy):  # noqa: F811
    open_notebook(page, lab, "exercises/00_exercises.ipynb")
    check = cell_with(page, "check(square_slope)")
    expect(check.get_by_text("not attempted")).to_be_visible()

    write_and_run(page, cell_with(page, "def square_slope"), "def square_slope(x):\n    return x")
    shown = write_and_run(page, check, "check(square_slope)")
    expect(shown.get_by_text("half of the slope")).to_be_visible()

    shown = write_and_run(page, check, "check(square_slope)\nhint(square_slope)")
    expect(shown.get_by_text("hint 1 of 3")).to_be_visible()

    write_and_run(page, cell_with(page, "def square_slope"), "def square_slope(x):\n    return 2 * x")
    shown = write_and_run(page, check, "check(square_slope)")
    expect(shown.get_by_text("square_slope: right")).to_be_visible()

    shown = write_and_run(page, cell_with(page, 'progress("00")'), 'progress("00")')
    expect(shown.get_by_text("1 of 1 exercises right")).to_be_visible()

    hand_in = cell_with(page, "submit(student=")
    shown = write_and_run(page, hand_in, 'submit(student="ada")')
    expect(shown.get_by_text("save first (Ctrl+S)")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator(".lm-mod-current .jp-mod-dirty")).to_have_count(0)
    shown = write_and_run(page, hand_in, 'submit(student="ada")')
    expect(shown.get_by_text("Submitted for ada")).to_be_visible()
    expect(shown.get_by_text("1 of the 1 exercise")).to_be_visible()

    (bundle,) = (course_copy / "submissions").glob("ada_00_*.zip")
    assert bundle.stat().st_size > 1000
    assert not page.complaints
