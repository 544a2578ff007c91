"""The class report's numbers, against the definition and SciPy."""

import re
from collections import Counter

import numpy as np
import pytest
from scipy.stats import pearsonr

from course_lib.checks import find
from course_lib.checks.verdict import Verdict
from course_lib.grading import pages
from course_lib.grading.config import Config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.names import visible
from course_lib.grading.report import Class, Item, gather, report_page
from course_lib.grading.unit import Graded
from tests.grading.test_gradebook import DUE, handed_in, record

EXERCISES = ("linear_approximation", "polar_jacobian", "central_jacobian")
POINTS = np.array([[2, 4, 2], [2, 0, 2], [0, 0, 0], [2, 4, 0], [0, 0, 2], [1, 3, 2]], dtype=float)
MOST = np.array([2.0, 4.0, 2.0])


@pytest.fixture
def book(tmp_path):
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    mistake = find("polar_jacobian").mistakes[0].id
    for number, row in enumerate(POINTS):
        verdicts = tuple(
            Verdict(
                name,
                "right" if points == most else "wrong",
                "why",
                points,
                most,
                mistake if name == "polar_jacobian" and points == 0 else None,
                0.1 * (number + 1),
                "01",
            )
            for name, points, most in zip(EXERCISES, row, MOST, strict=True)
        )
        answers = (("polar_jacobian", "same" if number in (1, 4) else str(number), 200),)
        result = Graded("0", "graded", "01", verdicts=verdicts, answers=answers)
        record(book, handed_in(f"s{number}", "01", bytes([number])), result)
    yield book
    book.close()


def test_ease_and_discrimination_are_what_their_definitions_say(book):
    found = gather(book, Config())
    for k, name in enumerate(EXERCISES):
        rest = np.delete(POINTS, k, axis=1).sum(axis=1) / np.delete(MOST, k).sum()
        share = POINTS[:, k] / MOST[k]
        assert found.items[name].difficulty == pytest.approx(share.mean())
        assert found.items[name].discrimination == pytest.approx(pearsonr(share, rest).statistic)


def test_where_nothing_varies_there_is_no_discrimination(tmp_path):
    book = Gradebook(f"sqlite:///{tmp_path / 'x.sqlite'}")
    for number in range(4):
        verdict = Verdict("square_slope", "right", "", 1.0, 1.0, chapter="00")
        record(book, handed_in(f"s{number}"), Graded("0", "graded", "00", verdicts=(verdict,)))
    assert gather(book, Config()).items["square_slope"].discrimination is None
    assert "nothing varies" in report_page(gather(book, Config()), Config())
    book.close()


def test_who_made_which_mistake_and_who_handed_in_alike(book):
    found = gather(book, Config(due={"01": DUE.replace(year=2029)}))
    (who,) = found.items["polar_jacobian"].mistakes.values()
    assert who == ["s1", "s2", "s4"]
    assert found.late["01"] == found.handed_in["01"] == 6
    (group,) = found.alike
    assert (group.students, group.chapters, group.shared) == (("s1", "s4"), ("01",), {"polar_jacobian": True})
    page = report_page(found, Config())
    assert "the same answer in chapter 01, <strong>wrong alike</strong> in <code>polar_jacobian</code>" in page
    assert find("polar_jacobian").mistakes[0].sentence.split("`")[0].split("'")[0][:20] in page


def test_names_with_the_same_letters_are_shown_together(tmp_path):
    book = Gradebook(f"sqlite:///{tmp_path / 'x.sqlite'}")
    for name in ("ada", "Ada", "ａda", visible("ad\u200ba"), "a.d.a", "adb", "Ada (1)", "Ada (2)", "!", "?"):
        record(book, handed_in(name), Graded("0", "graded", "00"))
    page = report_page(gather(book, Config()), Config())
    (group,) = re.findall("<li>(<code>.*?)</li>", page.partition('id="names"')[2])
    assert re.findall("<code>(.*?)</code>", group) == sorted(["ada", "Ada", "ａda", visible("ad\u200ba"), "a.d.a"])
    book.close()


def test_an_adjustment_counts_in_ease(book):
    book.adjust("s2", find("polar_jacobian"), 4.0, 4.0, "x")
    share = POINTS[:, 1].copy()
    share[2] = 4
    assert gather(book, Config()).items["polar_jacobian"].difficulty == pytest.approx(share.mean() / 4)


def test_an_empty_gradebook_has_a_report(tmp_path):
    book = Gradebook(f"sqlite:///{tmp_path / 'x.sqlite'}")
    page = report_page(gather(book, Config()), Config())
    assert "Nothing is graded yet." in page and "0 students" in page
    book.close()


def test_a_mistake_that_no_bank_has_is_said_in_words_and_with_an_example():
    found = Class(totals={"ada": {"01": (0.0, 4.0)}}, handed_in=Counter({"01": 1}))
    item = found.items["polar_jacobian"] = Item("01", "polar_jacobian", [0.0], [1.0], [0.1], Counter(wrong=1))
    item.mistakes["rounded"].append("ada")
    item.examples["rounded"] = "You `round`."
    page = report_page(found, Config())
    assert "Rounded to some decimals. For example: You <code>round</code>." in page
    assert '<a href="feedback' not in page and '<a href="feedback/ada.html">' in report_page(
        found, Config(), linked=True
    )


def test_a_templates_byte_code_is_that_of_this_jinja_and_of_these_settings(monkeypatch, tmp_path):
    """Whether a text is escaped stands in the byte code, so that of other settings must never be taken up."""
    beside = pages._BesideOurs(str(tmp_path))
    ours = beside.get_cache_key("report.html")
    monkeypatch.setattr("jinja2.__version__", "0")
    assert beside.get_cache_key("report.html") != ours
    monkeypatch.undo()
    (tmp_path / "pages.py").write_text("autoescape = False")
    monkeypatch.setattr(pages, "__file__", str(tmp_path / "pages.py"))
    assert beside.get_cache_key("report.html") != ours
