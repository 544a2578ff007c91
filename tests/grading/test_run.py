"""From an inbox to a gradebook: all are graded once, whatever is among them and whenever it was interrupted."""

import csv
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from course_lib.errors import CourseError
from course_lib.grading.config import Config
from course_lib.grading.feedback import page_name, write_feedback
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.marks import no_formula, scores, write_grades
from course_lib.grading.names import UNKNOWN
from course_lib.grading.report import gather
from course_lib.grading.run import grade_inbox
from course_lib.grading.sandbox import bwrap_program
from tests.grading.handing_in import PATIENT, SEED, SLOPE, bundle, chapter_01, notebook
from tests.grading.shared import query, spoken

RIGHT, WRONG = notebook(SLOPE), notebook("def square_slope(x):\n    return x")


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def book(tmp_path):
    book = Gradebook(f"sqlite:///{tmp_path / 'gradebook.sqlite'}")
    yield book
    book.close()


def put(inbox, name, data, at=None):
    path = inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if at is not None:
        os.utime(path, (at, at))


def run(inbox, book, confinement, config=None, **more):
    config = config or Config(limits=PATIENT)
    return grade_inbox(inbox, book, config, **{"seed": SEED, "how": confinement, **more})


def rows(book):
    return [row for student in book.students() for row in book.submissions(student)]


def test_a_class_with_everything_in_it(inbox, book, confinement, tmp_path):
    put(inbox, "ada/00.ipynb", RIGHT)
    put(inbox, "ada/01.ipynb", chapter_01())
    put(inbox, "bob/00.ipynb", WRONG)
    put(inbox, "carl/00.ipynb", b'{"cells": [')
    put(inbox, "dan/00.ipynb", notebook("import os\nos._exit(0)"))
    put(inbox, "eve_00_x.zip", bundle(RIGHT, "eve", members=[("../x", b"")]))
    put(inbox, "fay/homework.ipynb", RIGHT)
    put(inbox, "gus/homework.ipynb", notebook("x = 1"))
    put(inbox, "hal/99.ipynb", RIGHT)
    put(inbox, "ida/99.ipynb", notebook("x = 1"))
    put(inbox, "notes.pdf", b"%PDF")
    put(inbox, "roster.csv", b"ada")
    report = run(inbox, book, confinement)
    status = {(row.student_id, row.chapter): row.status for row in rows(book)}
    assert {key for key, value in status.items() if value == "graded"} == {
        ("ada", "00"),
        ("ada", "01"),
        ("bob", "00"),
        ("dan", "00"),
        ("fay", "00"),
        ("hal", "00"),
    }
    assert {key for key, value in status.items() if value == "refused"} == {
        ("carl", "00"),
        ("eve", "00"),
        ("gus", ""),
        ("ida", "99"),
        (UNKNOWN, ""),
    }
    assert all(row.reason for row in rows(book) if row.status == "refused")
    assert [len(x) for x in (report.graded, report.refused, report.failed, report.skipped)] == [6, 5, 0, 1]
    write_grades(book, Config(), tmp_path / "grades.csv")
    table = {row["student"]: row for row in csv.DictReader((tmp_path / "grades.csv").open())}
    assert UNKNOWN not in table and UNKNOWN not in gather(book, Config()).totals
    assert table["ada"]["total"] == table["ada"]["max"]
    assert (table["bob"]["00"], table["dan"]["00"], table["fay"]["00"]) == ("0", "0", "1")


def test_what_is_graded_is_not_graded_again(inbox, book, confinement):
    put(inbox, "ada/00.ipynb", RIGHT)
    run(inbox, book, confinement)
    put(inbox, "bob/00.ipynb", RIGHT)
    report = run(inbox, book, confinement)
    assert (len(report.graded), report.known) == (1, 1)


def test_regrading_says_what_changed(inbox, book, confinement):
    put(inbox, "ada/00.ipynb", RIGHT)
    run(inbox, book, confinement)
    with sqlite3.connect(book.engine.url.database) as database:
        database.execute("update verdicts set status = 'wrong', points = 0")
    report = run(inbox, book, confinement, Config(limits=PATIENT, points={"square_slope": 4}), regrade=True)
    (change,) = report.changes
    assert (change.student, change.before, change.now) == ("ada", 0, 4)
    assert change.exercises == {"square_slope": (0, 4)}
    assert len(rows(book)) == 1


def test_the_latest_or_the_best_attempt_counts(inbox, book, confinement):
    put(inbox, "ada/00 first.ipynb", RIGHT, at=1_000_000)
    put(inbox, "ada/00 second.ipynb", WRONG, at=2_000_000)
    run(inbox, book, confinement)
    found = book.submissions("ada")
    assert scores(found, Config(attempts="latest"))["00"].points == 0
    assert scores(found, Config(attempts="best"))["00"].points == 1


def test_handing_in_an_earlier_version_again_makes_it_the_latest(inbox, book, confinement):
    put(inbox, "ada/00 a.ipynb", RIGHT, at=1_000_000)
    put(inbox, "ada/00 b.ipynb", WRONG, at=2_000_000)
    put(inbox, "ada/00 c.ipynb", RIGHT, at=3_000_000)
    report = run(inbox, book, confinement)
    assert (len(report.graded), report.known) == (2, 1)
    assert scores(book.submissions("ada"), Config())["00"].points == 1


def test_any_executor_will_do(inbox, book, confinement):
    for name in "abcdef":
        put(inbox, f"{name}/00.ipynb", RIGHT)
    with ThreadPoolExecutor(3) as threads:
        report = run(inbox, book, confinement, executor=threads, jobs=3)
    assert len(report.graded) == 6


def test_processes_grade_what_one_process_grades(inbox, book, confinement):
    for name in "abcd":
        put(inbox, f"{name}/00.ipynb", RIGHT if name < "c" else WRONG)
    assert len(run(inbox, book, confinement, jobs=2).graded) == 4
    assert [row.verdicts[0].points for row in rows(book)] == [1, 1, 0, 0]


class Dying(ThreadPoolExecutor):
    """Fails the units of one student the way an executor does whose worker process died."""

    def submit(self, function, unit, *rest):
        from concurrent.futures import BrokenExecutor

        def die():
            raise BrokenExecutor("a worker died")

        return super().submit(die) if unit.student == "bob" else super().submit(function, unit, *rest)

    def shutdown(self, wait=True, *, cancel_futures=False):
        """Stays open: the engine asks for a new one and is given this one again."""


def test_processes_take_over_the_nurseries_that_were_begun_with_and_no_more_are_started(inbox, tmp_path):
    """A program called bwrap writes down how it was called and goes on as bubblewrap."""
    for student in "abcdef":
        put(inbox, f"{student}/00.ipynb", RIGHT)
    log, program = tmp_path / "log", tmp_path / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" >> {log}\nexec {bwrap_program()} "$@"\n')
    program.chmod(0o755)
    (tmp_path / "course.toml").touch()
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    assert course("grade", inbox, "--jobs", 2, cwd=tmp_path, env=environment).returncode == 0
    assert query(tmp_path / "graded" / "gradebook.sqlite", "select distinct status, points from verdicts") == [
        ("right", 1.0)
    ]
    asked, *started = log.read_text().split()
    assert asked == "--version" and len(started) == 2 and "--version" not in started


def test_a_worker_that_dies_costs_only_its_own_submission_and_that_is_tried_again(inbox, book, confinement):
    for name in ("ada", "bob", "cyd"):
        put(inbox, f"{name}/00.ipynb", RIGHT)
    report = run(inbox, book, confinement, executor=Dying(1))
    assert [row[0] for row in report.failed] == ["bob"]
    assert [(row.student_id, row.status) for row in rows(book)] == [
        ("ada", "graded"),
        ("bob", "failed"),
        ("cyd", "graded"),
    ]
    assert len(run(inbox, book, confinement).graded) == 1


def course(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "course_lib.cli", *map(str, arguments)], capture_output=True, text=True, **more
    )


def test_the_command_says_what_is_wrong_in_one_sentence(tmp_path, capsys, monkeypatch):
    for arguments in (
        ("grade", tmp_path / "nowhere"),
        ("grade", tmp_path, "--sandbox", "none", "--out", tmp_path),
        ("grade", tmp_path, "--gradebook", "nonsense", "--out", tmp_path),
        ("submit", "00", "--student", "../x"),
    ):
        code, _, complaint = spoken(capsys, monkeypatch, tmp_path, *arguments)
        assert code == 1
        assert len(complaint.strip().splitlines()) == 1


def test_without_a_sandbox_nothing_is_graded_and_the_way_out_is_said(inbox, tmp_path):
    from unittest.mock import patch

    from course_lib.grading.sandbox import find_confinement

    with patch("course_lib.grading.sandbox.bwrap_program", return_value=None), pytest.raises(CourseError) as error:
        find_confinement()
    assert "apt install bubblewrap" in str(error.value) and "--sandbox=process" in str(error.value)


def test_a_spreadsheet_reads_names_as_text():
    assert [no_formula(name) for name in ("=1+1", "+1", "-1", "@x", "ada")] == ["'=1+1", "'+1", "'-1", "'@x", "ada"]
    assert [no_formula(name) for name in ("＝1", "a;=1", "a\t +1", "a;b-c")] == ["'＝1", "a;'=1", "a\t' +1", "a;b-c"]


def test_a_feedback_page_escapes_everything_and_needs_nothing_else(inbox, book, confinement, tmp_path):
    nasty = "<script>alert(1)</script>"
    cells = ("def square_slope(x):\n    raise ValueError('<img src=x onerror=alert(2)>`<b>`')", f"print('{nasty}')")
    put(inbox, "ada <b>&/00 <i>.ipynb", notebook(*cells, "1/0 #<u>"))
    put(inbox, "bob/00.ipynb", RIGHT)
    run(inbox, book, confinement)
    pages = write_feedback(book, Config(title="A <em> course"), tmp_path / "feedback")
    text = next(page.read_text() for page in pages if "bob" not in page.name)
    for tag in ("<script", "<img", "<b>", "<i>", "<u>", "<em>", "http:", "https:", "src=x o", "bob"):
        assert tag not in text.replace("&lt;img src=x onerror", "")
    assert "&lt;script&gt;" in text and "ValueError" in text and "ZeroDivisionError" in text
    assert write_feedback(book, Config(title="A <em> course"), tmp_path / "feedback") == []


def test_every_student_id_has_a_file_name_of_its_own():
    ids = ["ada", "Ada", "../ada", "a/b", "a_b", "con?", "é", "x" * 300, ".", "a b"]
    names = [page_name(student).lower() for student in ids]
    assert len(set(names)) == len(ids)
    assert all("/" not in name and not name.startswith(".") and len(name) < 100 for name in names)
