"""The student's seat in a real browser: chapter 1 runs, and its explorers move."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(60_000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    page.close()


def open_notebook(page, lab, path):
    """Open one notebook of the course and run it from top to bottom."""
    # `reset` forgets the tabs that an earlier page left open.
    page.goto(re.sub(r"/lab/tree/[^?]*", f"/lab/tree/{path}", lab) + "&reset")
    page.wait_for_selector(".jp-Notebook")
    kernel_idle(page)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("Run All Cells")).first.click()


def kernel_idle(page):
    page.locator("#jp-bottom-panel, .jp-StatusBar-Widget").get_by_text("| Idle").first.wait_for()


def scrolled_to(page, locator, steps=60):
    """The element, once scrolling down has brought it into the page: JupyterLab builds only the cells in view."""
    page.locator(".jp-WindowedPanel-outer:visible").first.hover()
    for _ in range(steps):
        if locator.count():
            locator.first.scroll_into_view_if_needed()
            return locator.first
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(150)
    raise AssertionError(f"{locator} did not come into view")


def test_lab_opens_at_chapter_0(page, lab):
    assert "/lab/tree/notebooks/00_start_here.ipynb" in lab
    page.goto(lab)
    page.wait_for_selector(".jp-Notebook")
    page.get_by_role("heading", name="Start here").wait_for()
    assert not page.complaints


def test_the_explorers_of_chapter_1_move(page, lab):
    open_notebook(page, lab, "notebooks/01_gradients_and_jacobians.ipynb")
    for label in ("zoom (powers of ten)", "side of the square"):
        explorer = scrolled_to(page, page.locator(".jp-OutputArea-output", has=page.get_by_text(label, exact=True)))
        picture = explorer.locator("img")
        picture.wait_for()
        before, told = picture.get_attribute("src"), picture.get_attribute("alt")
        handle = explorer.locator(".noUi-handle").last
        handle.focus()
        for _ in range(5):
            handle.press("ArrowRight")
        # The <img> is replaced at each move, so it is looked up afresh.
        expect(explorer.locator("img")).not_to_have_attribute("src", before, timeout=20_000)
        expect(explorer.locator("img")).not_to_have_attribute("alt", told)
    assert not page.complaints
