"""Two simulated terms: after every week grades.csv says what twenty lines of somebody else compute."""

import csv

import pytest

from course_lib.grading.gradebook import Gradebook
from course_lib.grading.marks import write_grades
from tests.grading.recompute import recompute
from tests.grading.terms import Term, made_up_course


@pytest.mark.parametrize(("seed", "students"), [(1, 8), (2, 5)])
def test_the_marks_of_a_term_are_what_an_independent_script_computes(tmp_path, monkeypatch, seed, students):
    course = made_up_course()
    monkeypatch.setattr("course_lib.checks.exercises", lambda *_, **__: course)
    assert played(tmp_path, course, seed, students) == 10


def played(folder, course, seed, students):
    """Play a term in `folder` and compare week by week; how often."""
    book, compared = Gradebook(f"sqlite:///{folder / 'gradebook.sqlite'}"), []

    def decide(config):
        write_grades(book, config, folder / "grades.csv")
        with (folder / "grades.csv").open() as file:
            rows = {row["student"]: row for row in csv.DictReader(file)}
        due = {chapter: time.replace(tzinfo=None) for chapter, time in config.due.items()}
        worth = {c: {} for c in config.chapters}
        for exercise in course:
            if exercise.chapter in worth:
                worth[exercise.chapter][exercise.name] = config.points.get(exercise.name, exercise.points)
        decisions = worth, due, config.late.per_day, config.attempts
        expected = recompute(folder / "gradebook.sqlite", *decisions)
        said = {(s, c): float(text) for s, row in rows.items() for c, text in row.items() if c.isdigit() and text}
        by_hand_alone = said.keys() - expected.keys()
        assert all(student == "s000" for student, _ in by_hand_alone)
        assert all(abs(said[key] - points) < 0.00501 for key, points in expected.items())
        begun = {chapter for _, chapter in said}
        assert {row["max"] for row in rows.values()} == {f"{sum(sum(worth[c].values()) for c in begun):g}"}
        compared.append(len(expected))

    Term(book, seed, students, course).play(decide)
    book.close()
    assert compared[-1] > students * 5
    return len(compared)
