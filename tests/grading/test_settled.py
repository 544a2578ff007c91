"""Nothing new is seen without reading anything, and whatever changed, or may have changed, is read again."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from course_lib.grading import console, settled
from course_lib.grading.config import Config
from course_lib.grading.settled import Stamp
from course_lib.grading.work import Report
from tests.grading.test_marks import RIGHT, Course

REPORT = Report(graded=[("ada", "00", "", "ada/00.ipynb")], known=2, refused=[("bob", "00", "why", "b.pdf")])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A course in which a run has just found two submissions and written everything; its files are of long ago."""
    monkeypatch.setattr(settled, "RECENT_SECONDS", -1e9)
    monkeypatch.setattr(settled, "RECENT_SECONDS_ON_WHOLE", -1e9)
    for name in (
        "inbox/ada/00.ipynb",
        "course.toml",
        "graded/grades.csv",
        "graded/report.html",
        "graded/feedback/a.html",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1" if name.endswith("toml") else "before")
    (tmp_path / "course.toml").write_text("")
    (tmp_path / "graded" / "gradebook.sqlite").write_text("before")
    return tmp_path


def stamp(place, options=(None, "bwrap", None), gradebook=None):
    return Stamp(place / "inbox", place / "graded", place, gradebook, options)


def test_what_a_run_said_is_said_again_while_nothing_changes(place):
    assert stamp(place).report() is None
    stamp(place).keep(REPORT, "1 verdict is stale.", Config())
    for _ in range(2):
        said = stamp(place).report()
        assert said == {"known": 3, "refused": [list(REPORT.refused[0])], "skipped": [], "stale": "1 verdict is stale."}
    stamp(place).forget()
    assert stamp(place).report() is None


def same_size_and_time(place):
    path = place / "inbox/ada/00.ipynb"
    before = path.stat()
    path.write_text("BEFORE")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "a new file": lambda place: (place / "inbox/zoe_00.ipynb").write_text("x"),
    "a new folder": lambda place: (place / "inbox/zoe").mkdir(),
    "a file that is gone": lambda place: (place / "inbox/ada/00.ipynb").unlink(),
    "a file of the same size and time": same_size_and_time,
    "another time": lambda place: os.utime(place / "inbox/ada/00.ipynb", (1, 1)),
    "another name": lambda place: (place / "inbox/ada").rename(place / "inbox/eve"),
    "another decision": lambda place: (place / "course.toml").write_text("title = 'x'"),
    "no decisions": lambda place: (place / "course.toml").unlink(),
    "another mark in the gradebook": lambda place: (place / "graded/gradebook.sqlite").write_text("BEFORE"),
    "a write that did not end": lambda place: (place / "graded/gradebook.sqlite-journal").write_text("x"),
    "no grades": lambda place: (place / "graded/grades.csv").unlink(),
    "a page that is gone": lambda place: (place / "graded/feedback/a.html").unlink(),
    "a page that somebody edited": lambda place: (place / "graded/feedback/a.html").write_text("x"),
    "no report": lambda place: (place / "graded/report.html").unlink(),
    "half a stamp": lambda place: (place / "graded" / settled.STAMP).write_text("{"),
    "a stamp of another kind": lambda place: (place / "graded" / settled.STAMP).write_text("[1]"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changed_is_looked_at(place, change):
    stamp(place).keep(REPORT, "", Config())
    assert stamp(place).report()
    CHANGES[change](place)
    assert stamp(place).report() is None


def test_what_was_asked_for_otherwise_is_looked_at(place):
    stamp(place).keep(REPORT, "", Config())
    assert stamp(place, options=(7, "bwrap", None)).report() is None
    assert stamp(place, gradebook="postgresql://host/name").report() is None
    assert stamp(place, gradebook=f"sqlite:///{place / 'graded' / 'gradebook.sqlite'}").report()


def test_other_code_is_looked_at(place, monkeypatch):
    stamp(place).keep(REPORT, "", Config())
    (place / "package").mkdir()
    monkeypatch.setattr(settled, "PACKAGE", place / "package")
    assert stamp(place).report() is None


def test_what_was_changed_while_it_was_read_is_looked_at(place):
    before = stamp(place)
    same_size_and_time(place)
    before.keep(REPORT, "", Config())
    assert stamp(place).report() is None


def test_what_may_change_once_more_within_the_same_moment_leaves_no_stamp(place, monkeypatch):
    monkeypatch.setattr(settled, "RECENT_SECONDS", 1e9)
    monkeypatch.setattr(settled, "RECENT_SECONDS_ON_WHOLE", 1e9)
    stamp(place).keep(REPORT, "", Config())
    assert not (place / "graded" / settled.STAMP).exists()


@pytest.mark.parametrize("left", [{"failed": [("ada", "00", "why", "x")]}, {"interrupted": True}])
def test_a_run_that_left_something_to_do_leaves_no_stamp(place, left):
    stamp(place).keep(replace(REPORT, **left), "", Config())
    assert not (place / "graded" / settled.STAMP).exists()


def test_a_due_time_that_passes_is_looked_at(place, monkeypatch):
    due = datetime.now(UTC) + timedelta(days=1)
    stamp(place).keep(REPORT, "", Config(due={"00": due, "01": due + timedelta(days=1)}))
    assert stamp(place).report()
    monkeypatch.setattr(settled.time, "time", lambda: due.timestamp() + 1)
    assert stamp(place).report() is None


def test_the_command_says_the_same_and_reads_nothing(bwrap, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settled, "RECENT_SECONDS", -1e9)
    course = Course(tmp_path, capsys, monkeypatch)
    course.hand_in("ada/00.ipynb", RIGHT)
    course.hand_in("bob/essay.pdf", b"%PDF")
    assert "1 graded, 0 graded before, 1 refused, 0 failed" in course.grade()
    pages = {path: path.stat().st_mtime_ns for path in (tmp_path / "graded").rglob("*")}
    monkeypatch.setattr(console, "_everything", None)
    said = course.grade()
    assert "bob : This is a document for printing." in said
    assert "0 graded, 1 graded before, 1 refused, 0 failed" in said
    assert pages == {path: path.stat().st_mtime_ns for path in (tmp_path / "graded").rglob("*")}
    with pytest.raises(TypeError):
        course.grade("--regrade")
