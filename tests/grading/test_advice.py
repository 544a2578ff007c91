"""What stands first in the class report: what to teach again, who needs help now, how the chapters go."""

from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from course_lib.grading import advice
from course_lib.grading.config import Config
from course_lib.grading.report import Class, Item, Row
from tests.grading.test_gradebook import DUE

CHAPTERS = ["01", "02", "03", "04"]


def a_class(**shares):
    """A Class in which each student has these shares of 4 points in chapter 1, 2, ...; None: not handed in."""
    found = Class()
    for student, mine in shares.items():
        handed = {name: (4 * share, 4.0) for name, share in zip(CHAPTERS, mine, strict=False) if share is not None}
        found.totals[student] = handed
        found.handed_in.update(list(handed))
    return found


def reasons(found, chapters=CHAPTERS):
    return {need.student: need.reason for need in advice.needs(found, chapters)}


def test_who_needs_help_is_said_with_the_reason_and_the_most_urgent_first():
    found = a_class(
        good=[1, 1, 1, 0.9],
        gone=[0.8, 0.9, None, None],
        never=[None, None, None, None],
        fell=[1, 0.8, 0.5, 0.3],
        low=[0.3, 0.3, 0.3, 0.3],
        half=[0.9, 0.9, 0.2, None],
        once=[0.9, 0.9, 0.9, None],
        better=[0.1, 0.1, 0.9, 0.9],
    )
    said = reasons(found)
    assert said == {
        "gone": "nothing since chapter 02; 85 % before",
        "never": "nothing is graded yet",
        "half": "20 % in chapter 03, chapter 04 missing; 90 % before",
        "low": "30 % in chapter 03 and 30 % in chapter 04; 30 % before",
        "fell": "50 % in chapter 03 and 30 % in chapter 04; 90 % before",
    }
    assert list(said) == ["gone", "never", "half", "low", "fell"]


def test_a_file_that_could_not_be_read_is_a_reason_until_another_came():
    found = a_class(ada=[1, 1, 1, None], bob=[1, 1, 1, 1])
    found.unread = [SimpleNamespace(student_id=name, chapter="04") for name in ("ada", "bob")]
    assert reasons(found) == {"ada": "chapter 04 could not be read, and nothing else came"}


def test_with_one_chapter_or_none_there_is_little_to_say():
    assert reasons(a_class(ada=[0.2], bob=[0.8], cyd=[None]), ["01"]) == {
        "ada": "20 % in chapter 01",
        "cyd": "nothing is graded yet",
    }
    assert reasons(a_class(ada=[]), []) == {"ada": "nothing is graded yet"}


def test_nobody_is_behind_with_a_chapter_that_is_not_due_yet():
    found = a_class(ada=[1, 1, 1], bob=[1, 1, None])
    due = {"02": DUE, "03": DUE + timedelta(days=7)}
    assert advice.closed(found, Config(due=due), DUE) == ["01", "02"]
    assert advice.closed(found, Config(due=due), DUE + timedelta(days=8)) == ["01", "02", "03"]
    # Without a due time, a chapter that few have handed in is under way.
    few = a_class(**{f"s{n}": [1, 1 if n == 0 else None] for n in range(4)})
    assert advice.closed(few, Config(), DUE) == ["01"]


def test_the_trend_has_the_quartiles_of_those_who_handed_in():
    shares = {"a": [0.1, 0.4], "b": [0.9, None], "c": [0.5, 0.8], "d": [1.0, 0.2], "e": [0.3, 0.1]}
    found = a_class(**shares)
    found.late["02"] = 3
    first, second = advice.trend(found)
    assert (first.name, first.handed_in, second.handed_in, second.late) == ("01", 5, 4, 3)
    for chapter, k in ((first, 0), (second, 1)):
        mine = [row[k] for row in shares.values() if row[k] is not None]
        assert (chapter.low, chapter.median, chapter.high) == pytest.approx(tuple(np.percentile(mine, (25, 50, 75))))


def row(id, who, chapter="04", name="f", tried=100):
    return Row(Item(chapter, name), id, "why", tuple(who), tried)


def students(count, first=0):
    return [f"s{n}" for n in range(first, first + count)]


def test_lessons_are_the_latest_chapters_mistakes_that_more_than_a_few_made():
    often = {"b": 30, "c": 9, "d": 8, "e": 7, "f": 3}
    rows = [row("a", students(40), "03"), *(row(id, students(count)) for id, count in often.items())]
    assert [lesson.id for lesson in advice.lessons(rows, "04", 100)] == ["b", "c", "d"]
    assert [lesson.id for lesson in advice.lessons([row("x", students(3)), row("y", students(1))], "04", 100)] == []
    assert [lesson.id for lesson in advice.lessons([row("x", students(2)), row("y", students(1))], "04", 9)] == ["x"]


def test_a_habit_is_a_mistake_that_the_same_students_made_before():
    rows = [
        row("sign", students(10)),
        row("sign", students(3, 8), "02", "g"),
        row("sign", students(3), "01", "h"),
        row("mean", students(10)),
        row("mean", students(10, 50), "01", "h"),
    ]
    (habit,) = advice.habits(rows, "04", 100)
    assert (habit.id, habit.chapters) == ("sign", ("01", "02"))
    assert set(habit.who) == {"s0", "s1", "s2", "s8", "s9"}


def test_the_hardest_exercise_is_named_where_most_points_are_lost():
    easy, hard, elsewhere = (Item(chapter, name) for chapter, name in (("04", "e"), ("04", "h"), ("03", "x")))
    easy.share, hard.share, elsewhere.share = [1, 0.9], [0.2, 0.6], [0, 0]
    assert advice.hard([easy, hard, elsewhere], "04") is hard
    assert advice.hard([easy, elsewhere], "04") is None
