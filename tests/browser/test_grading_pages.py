"""The class report and a feedback page in a real browser: quiet, readable on a phone, and names are text."""

import numpy as np
import pytest

from course_lib.checks import chapters, exercises, find
from course_lib.grading.config import Config, Limits
from course_lib.grading.feedback import page_name, write_feedback
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.report import Class, Item, report_page, write_report
from course_lib.grading.run import grade_inbox
from tests.browser.conftest import unfolded
from tests.browser.test_access import complaints_of_axe
from tests.grading.handing_in import CHAPTER_01, chapter_01, notebook

NASTY = "<img src=x onerror=alert(1)> & a very long name " + "x" * 60
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def pages(confinement, tmp_path_factory):
    """(report, feedback page of the one with the name, that of another) of a small class with everything in it."""
    folder = tmp_path_factory.mktemp("class")
    mistakes = find("polar_jacobian").mistakes
    # Long, and nobody else's.
    shared = CHAPTER_01["central_jacobian"].replace("columns", "the_columns_of_it").replace("step", "small_step")
    files = {
        f"{NASTY}/01.ipynb": notebook(
            "import numpy as np",
            *{**CHAPTER_01, "polar_jacobian": mistakes[0].source("polar_jacobian")}.values(),
            "1/0",
        ),
        "ada/01.ipynb": chapter_01(central_jacobian=shared),
        "bob/01.ipynb": chapter_01(central_jacobian="def central_jacobian(f, x, h):\n    return None"),
        "cyd/01.ipynb": notebook("x = 1"),
        "dan/01.ipynb": b"<script>alert(2)</script>",
        "eve/01.ipynb": chapter_01(linear_approximation="def linear_approximation(y, J, delta):\n    return y"),
        "fay/01.ipynb": chapter_01(central_jacobian=f"# all my own work\n{shared}"),
    }
    for name, data in files.items():
        path = folder / "inbox" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    book = Gradebook(f"sqlite:///{folder / 'gradebook.sqlite'}")
    grade_inbox(folder / "inbox", book, Config(limits=Limits()), seed=20, how=confinement)
    book.adjust("cyd", find("polar_jacobian"), 1.0, 4.0, "<b>shown</b> at the board")
    write_feedback(book, Config(), folder / "feedback")
    write_report(book, Config(), folder / "report.html")
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
    unfolded(page)
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
    unfolded(page)
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
    # Those who share most come first.
    alike = page.locator("#alike .groups li").first
    assert alike.locator("a").all_inner_texts() == ["ada", "fay"]
    assert "chapter 01" in alike.inner_text()


def test_every_chart_has_words_and_a_table_beside_it(pages, opened):
    page = opened(pages[0])
    unfolded(page)
    charts = page.locator("figure").get_by_role("img").all()
    assert len(charts) == 3
    for chart in charts:
        for part in ("title", "desc"):
            assert chart.locator(part).first.text_content().strip()
    for spark in page.locator(".needs").get_by_role("img").all():
        assert spark.get_attribute("aria-label").startswith("Chapter by chapter: ")
    bars = page.get_by_role("img", name="What became of each exercise of chapter 01")
    words = bars.locator("desc").text_content()
    rows = page.locator(".exercises tbody tr")
    assert rows.count() == len(exercises("01"))
    for row in rows.all():
        name = row.locator("code").inner_text()
        right, wrong = (int(row.locator("td").nth(n).inner_text()) for n in (2, 3))
        assert f"{name}: {right} right, {wrong} wrong" in words
    assert page.locator("#shares tbody tr").count() == 10
    assert page.locator("#chapters tbody tr").count() == 1


STUDENTS = 200


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """The report on 200 students and every chapter; what became of their answers is made up."""
    found, draw = Class(), np.random.default_rng(20)
    found.seconds = [0.1] * STUDENTS
    for number in range(STUDENTS):
        able, student = draw.beta(5, 2), f"student-{number:03}"
        found.totals[student] = {}
        for chapter in chapters():
            if draw.random() < 0.92:
                made_up(found, student, chapter, able, draw)
    report = tmp_path_factory.mktemp("term") / "report.html"
    report.write_text(report_page(found, Config(), linked=True), encoding="utf-8")
    return report


def made_up(found, student, chapter, able, draw):
    """One chapter of somebody so able: wrong answers make one of the exercise's mistakes, some of them often."""
    shares = []
    for exercise in exercises(chapter):
        item = found.items.setdefault(exercise.name, Item(chapter, exercise.name))
        often = 1 / np.arange(1, len(exercise.mistakes) + 1)
        right = draw.random() < 0.3 + 0.6 * able
        item.statuses["right" if right else "wrong"] += 1
        item.share.append(float(right))
        item.rest.append(draw.random())
        item.seconds.append(0.01)
        if not right:
            mistake = exercise.mistakes[draw.choice(len(often), p=often / often.sum())]
            item.mistakes[mistake.id].append(student)
            item.examples.setdefault(mistake.id, "Line 1, `x = y`: why.")
        shares.append(right)
    found.totals[student][chapter] = sum(shares), len(shares)
    found.handed_in[chapter] += 1


@pytest.mark.parametrize(("width", "height", "screens"), [(1200, 900, 4), (390, 844, 8)])
def test_a_term_of_200_students_is_a_short_page(term, browser, width, height, screens):
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark")
    page = context.new_page()
    page.goto(term.as_uri())
    assert page.evaluate("document.documentElement.scrollHeight") <= screens * height
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if width == 1200:  # what to do on Monday, for whom, and how it goes: without scrolling
        for name in ("monday", "help", "trend"):
            box = page.locator(f"#{name}").bounding_box()
            assert box["y"] + box["height"] <= height, name
    assert page.locator("#misconceptions tbody tr:visible").count() == 10
    broken, fine = complaints_of_axe(page)
    context.close()
    assert broken == []
    assert fine > 60


def test_the_filter_and_the_folds_work_by_keyboard_and_without_script(term, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(term.as_uri())
    rows = page.locator("#misconceptions tbody tr:visible")

    def shown():
        return [row.locator("code").first.inner_text() for row in rows.all()]

    def choose(option):
        # By arrows: what is typed into a list is taken letter by letter where the machine is too busy for a word.
        page.keyboard.press("Home")
        for _ in range(choices.locator("option").count()):
            if choices.locator("option:checked").inner_text() == option:
                return
            page.keyboard.press("ArrowDown")
        raise AssertionError(f"no option {option}")

    frequent = shown()
    choices = page.get_by_label("Show those of")
    choices.focus()
    choose("chapter 03")
    mine = {exercise.name for exercise in exercises("03")}
    assert len(shown()) == 10 and set(shown()) <= mine
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert len(shown()) > 10 and set(shown()) <= mine
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    choose("mse_gradient")
    assert set(shown()) == {"mse_gradient"}
    page.keyboard.press("Home")
    assert shown() == frequent
    first = rows.first.locator("details")
    first.locator("summary").press("Enter")
    assert int(rows.first.locator("td").first.inner_text().split()[0]) == len(first.inner_text().split(","))
    context.close()
