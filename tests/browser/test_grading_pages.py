"""The class report and a feedback page in a real browser: quiet, readable on a phone, and names are text."""

import pytest

from course_lib.checks import find
from course_lib.grading.config import Config, Limits
from course_lib.grading.feedback import page_name, write_feedback
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.report import write_report
from course_lib.grading.run import grade_inbox
from tests.browser.test_access import complaints_of_axe
from tests.grading.handing_in import CHAPTER_01, chapter_01, notebook

NASTY = "<img src=x onerror=alert(1)> & a very long name " + "x" * 60
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def pages(confinement, tmp_path_factory):
    """(report, feedback page of the one with the name, that of another) of a small class with everything in it."""
    folder = tmp_path_factory.mktemp("class")
    mistakes = find("polar_jacobian").mistakes
    files = {
        f"{NASTY}/01.ipynb": notebook(
            "import numpy as np",
            *{**CHAPTER_01, "polar_jacobian": mistakes[0].source("polar_jacobian")}.values(),
            "1/0",
        ),
        "ada/01.ipynb": chapter_01(),
        "bob/01.ipynb": chapter_01(central_jacobian="def central_jacobian(f, x, h):\n    return None"),
        "cyd/01.ipynb": notebook("x = 1"),
        "dan/01.ipynb": b"<script>alert(2)</script>",
        "eve/01.ipynb": chapter_01(linear_approximation="def linear_approximation(y, J, delta):\n    return y"),
        "fay/01.ipynb": chapter_01() + b" ",
    }
    for name, data in files.items():
        path = folder / "inbox" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    book = Gradebook(f"sqlite:///{folder / 'gradebook.sqlite'}")
    grade_inbox(folder / "inbox", book, Config(limits=Limits()), seed=20, how=confinement)
    book.adjust("cyd", find("polar_jacobian"), 1.0, 4.0, "<b>shown</b> at the board")
    write_report(book, Config(), folder / "report.html")
    write_feedback(book, Config(), folder / "feedback")
    nasty = next(student for student in book.students() if student.startswith("<img"))
    book.close()
    return folder / "report.html", folder / "feedback" / page_name(nasty), folder / "feedback" / "cyd.html"


@pytest.fixture
def opened(browser):
    """A function that opens a file at phone width; afterwards nothing may have been logged, asked for or popped up."""
    context = browser.new_context(viewport=PHONE, color_scheme="light")
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: complaints.append(request.url) if not request.is_navigation_request() else None)

    def open_(path):
        page.goto(path.as_uri())
        return page

    yield open_
    context.close()
    assert complaints == []


@pytest.mark.parametrize("which", range(3))
def test_a_page_is_readable_on_a_phone(pages, opened, which):
    page = opened(pages[which])
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    # Nothing is wider than the screen but tables that scroll by themselves.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 16
    scales = page.evaluate(
        """() => [...document.querySelectorAll('svg:has(text)')].map(
            chart => chart.getBoundingClientRect().width / chart.viewBox.baseVal.width)"""
    )
    assert all(scale > 0.85 for scale in scales)  # of a text of 11 pixels
    assert page.locator("h1").count() == 1
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", range(3))
def test_a_page_keeps_axes_rules_in_light_and_dark(pages, browser, which, scheme):
    context = browser.new_context(viewport=PHONE, color_scheme=scheme)
    page = context.new_page()
    page.goto(pages[which].as_uri())
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    broken, fine = complaints_of_axe(page)
    context.close()
    assert broken == []
    assert fine > 60


@pytest.mark.parametrize("which", range(3))
def test_names_and_reasons_are_text(pages, opened, which):
    page = opened(pages[which])
    assert page.locator("img, script, iframe, object, link").count() == 0
    shown = page.locator("body").inner_text()
    if which < 2:
        assert "<img src=x onerror=alert(1)>" in page.locator("body").evaluate("body => body.textContent")
    assert "&lt;" not in shown
    if which == 2:
        assert "<b>shown</b> at the board" in shown


def test_the_report_says_what_the_class_did(pages, opened):
    page = opened(pages[0])
    mistake = find("polar_jacobian").mistakes[0]
    row = page.locator("#misconceptions tr", has_text=mistake.id)
    row.locator("summary").click()
    assert "<img src=x" in row.inner_text() and "polar_jacobian" in row.inner_text()
    assert "JSON is broken" in page.locator("#unread").inner_text()
    assert "cyd" in page.locator("#adjustments").inner_text()
    alike = page.get_by_role("region", name="Chapter 01: 2 students")
    assert {"ada", "fay"} <= set(alike.inner_text().split())


def test_every_chart_has_words_and_a_table_beside_it(pages, opened):
    page = opened(pages[0])
    charts = page.get_by_role("img").all()
    assert len(charts) == 2
    for chart in charts:
        for part in ("title", "desc"):
            assert chart.locator(part).first.text_content().strip()
    bars = page.get_by_role("img", name="What became of each exercise")
    words = bars.locator("desc").text_content()
    rows = page.locator("#exercises tbody tr")
    assert rows.count() == 5
    for row in rows.all():
        name = row.locator("code").inner_text()
        right, wrong = (int(row.locator("td").nth(n).inner_text()) for n in (2, 3))
        assert f"{name}: {right} right, {wrong} wrong" in words
    assert page.locator("table").first.locator("tbody tr").count() == 10
