"""What an instructor types wrongly, or has in the wrong place, is one sentence, and nothing that was there is lost."""

import os
import sqlite3
from contextlib import closing

import pytest

from course_lib.checks.verdict import Verdict
from course_lib.errors import CourseError
from course_lib.grading.desk import adjust, opened
from course_lib.grading.files import save
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.intake import Refused, checked_inbox, intake
from course_lib.grading.work import Graded
from tests.grading.handing_in import SLOPE, notebook
from tests.grading.shared import spoken
from tests.grading.test_gradebook import handed_in, record


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A course folder to stand in, with one graded student."""
    (tmp_path / "course.toml").touch()
    monkeypatch.chdir(tmp_path)
    with opened() as desk:
        verdict = Verdict("square_slope", "wrong", "message", 0.0, 1.0, "factor", 0.1, "00")
        record(desk.book, handed_in("ada"), Graded("0", "graded", "00", verdicts=(verdict,)))
        desk.write()
    return tmp_path


def test_a_gradebook_that_must_be_there_is_not_made_and_nothing_is_written_over(place):
    grades = (place / "graded" / "grades.csv").read_text()
    for address in (f"sqlite:///{place / 'nowhere.sqlite'}", f"sqlite:///{place / 'no' / 'where.sqlite'}"):
        with pytest.raises(CourseError, match="There is no gradebook"), opened(address, must_exist=True):
            pass
    (place / "empty.sqlite").touch()
    with pytest.raises(CourseError, match="is no gradebook"), opened(f"sqlite:///{place / 'empty.sqlite'}", None, True):
        pass
    assert not (place / "nowhere.sqlite").exists()
    assert (place / "graded" / "grades.csv").read_text() == grades


def test_a_database_of_something_else_stays_as_it_is(tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table letters (a)")
    before = path.read_bytes()
    with pytest.raises(CourseError, match="is no gradebook"):
        Gradebook(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_a_gradebook_in_memory_is_refused(address):
    with pytest.raises(CourseError, match="in memory"):
        Gradebook(address)


def test_a_gradebook_that_cannot_be_written_is_one_sentence_and_keeps_what_it_has(place):
    with pytest.raises(CourseError, match="cannot be used: .*readonly.* What was written before is kept"):  # noqa: SIM117
        with opened() as desk:
            with desk.book.engine.connect() as connection:
                connection.exec_driver_sql("pragma query_only = on")
            adjust(desk, "ada", "square_slope", 1.0, "x")
    with opened(must_exist=True) as desk:
        assert desk.book.students() == ["ada"]
        assert desk.book.adjustments("ada") == {}


def test_a_place_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(CourseError, match="is a folder"):
        save(tmp_path, b"")
    with pytest.raises(CourseError, match="cannot be written: No such file"):
        save(tmp_path / "nowhere" / "x.csv", b"")
    assert os.listdir(tmp_path) == []


def test_what_is_no_inbox_is_refused_with_what_it_is(tmp_path, course_root):
    (tmp_path / "notes.md").touch()
    for path, words in (
        (tmp_path / "nowhere", "There is no folder"),
        (tmp_path / "notes.md", "neither a folder nor a zip"),
        (course_root, "the course itself"),
    ):
        with pytest.raises(CourseError, match=words):
            checked_inbox(path)


def test_a_students_folder_that_cannot_be_read_is_a_row_with_the_reason(tmp_path, monkeypatch):
    (tmp_path / "ada").mkdir()

    def entries(path):
        if path == tmp_path:
            return [tmp_path / "ada"]
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("course_lib.grading.intake._entries", entries)
    (row,) = intake(tmp_path)
    assert isinstance(row, Refused)
    assert (row.student, row.reason) == ("ada", "The folder cannot be read: Permission denied.")


def test_more_points_than_an_exercise_gives_are_given_and_said(place):
    with opened() as desk:
        assert adjust(desk, "ada", "square_slope", 1.0, "x") == "ada: 0 → 1 points"
        said = adjust(desk, "ada", "square_slope", 30.0, "x")
    assert said == "ada: 1 → 30 points; 30 is more than the 1 that square_slope gives"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[points]\npolar_jacobain = 5", "did you mean `points.polar_jacobian`"),
        ("[due]\n77 = 2030-10-01T23:59:00+02:00", "`due` has the chapter '77'"),
        ('chapters = ["77"]', "`chapters` has the chapter '77'"),
        ("seed = 9223372036854775808", "at most 9223372036854775807"),
    ],
)
def test_a_name_that_the_course_has_not_is_no_decision(place, text, words):
    (place / "course.toml").write_text(text)
    with pytest.raises(CourseError, match="course.toml") as refusal, opened():
        pass
    assert words in str(refusal.value)


def test_the_command_says_it_in_one_line(place, capsys, monkeypatch):
    (place / "inbox" / "ada").mkdir(parents=True)
    (place / "inbox" / "ada" / "00.ipynb").write_bytes(notebook(SLOPE))
    for arguments in (
        ("grade", "notes"),
        ("adjust", "ada", "square_slope", "--points", "nan", "--reason", "x"),
        ("report", "--gradebook", "sqlite:///nowhere.sqlite"),
        ("lms", "plain", "nowhere/grades.csv"),
    ):
        code, said, complaint = spoken(capsys, monkeypatch, place, *arguments)
        assert (code, said) == (1, "")
        assert len(complaint.splitlines()) == 1 and complaint.strip().endswith(".")
