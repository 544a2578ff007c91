"""The gradebook on SQLite, and on PostgreSQL where a server is reachable: the same rows, the same scores."""

import csv
import os
import secrets
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from course_lib.checks.verdict import Verdict
from course_lib.errors import CourseError
from course_lib.grading.config import Config, Late
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.intake import Submission
from course_lib.grading.marks import write_grades
from course_lib.grading.unit import Graded

SERVER = os.environ.get("COURSE_TEST_POSTGRES")
DUE = datetime(2030, 1, 1, tzinfo=UTC)


def postgres(request):
    """The address of an empty schema of its own on the server; the schema is dropped afterwards."""
    if not SERVER:
        message = "COURSE_TEST_POSTGRES names no PostgreSQL server"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    schema = f"course_{secrets.token_hex(6)}"
    engine = create_engine(SERVER)

    def say(command):
        with engine.begin() as connection:
            connection.execute(text(command))

    say(f"create schema {schema}")
    request.addfinalizer(engine.dispose)
    request.addfinalizer(lambda: say(f"drop schema {schema} cascade"))
    return f"{SERVER}{'&' if '?' in SERVER else '?'}options=-csearch_path%3D{schema}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gradebook.sqlite'}"
    return postgres(request)


@pytest.fixture
def book(address, made_up):
    book = Gradebook(address)
    yield book
    book.close()


def handed_in(student="ada", chapter="00", data=b"1", at=DUE, lms="", claimed=None):
    return Submission(student, chapter, data, at, at, f"{student}/{chapter}.ipynb", lms, claimed or at)


def graded(*points, chapter="00", status="graded", printed=""):
    """A Graded with one verdict per number of points, each of 2, on the exercises of the course that is `made_up`."""
    verdicts = tuple(
        Verdict(
            f"e{chapter}{n}", "right" if p == 2 else "wrong", "message", p, 2.0, None if p else "sign", 0.1, chapter
        )
        for n, p in enumerate(points)
    )
    return Graded("0", status, chapter, "" if status == "graded" else "why", verdicts, printed=printed)


def record(book, found, result):
    return book.record(book.start_run(2**40, "bwrap", {}), found, result)


def test_what_is_recorded_comes_back(book):
    assert record(book, handed_in(), graded(2, 1, printed="é \N{SNOWMAN}")) is None
    (row,) = book.submissions("ada")
    assert [(v.points, v.max_points) for v in row.verdicts] == [(2, 2), (1, 2)]
    assert (row.status, row.printed) == ("graded", "é \N{SNOWMAN}")
    assert (row.submitted_at, row.received_at, row.claimed_at) == (DUE, DUE, DUE)
    assert [v.exercise for v in row.verdicts] == ["e000", "e001"]
    assert book.known(handed_in()) and not book.known(handed_in(data=b"2"))
    assert book.last_seed() == 2**40
    assert (book.students(), book.chapters()) == (["ada"], ["00"])


def test_recording_again_replaces_and_says_what_changed(book):
    record(book, handed_in(), graded(2, 1))
    change = record(book, handed_in(), graded(2, 2))
    assert (change.before, change.now, change.exercises) == (3, 4, {"e001": (1, 2)})
    assert len(book.submissions("ada")) == 1


def test_what_failed_is_not_known_and_what_was_refused_carries_its_reason(book):
    record(book, handed_in(), graded(status="failed"))
    record(book, handed_in("bob"), graded(status="refused"))
    assert not book.known(handed_in())
    assert [(row.status, row.reason) for row in book.submissions("bob")] == [("refused", "why")]
    assert book.scores("bob", Config()) == {}


def test_grading_again_in_vain_loses_nothing(book):
    record(book, handed_in(), graded(2, 1))
    assert record(book, handed_in(), graded(0, status="failed")) is None
    (row,) = book.submissions("ada")
    assert (row.status, sum(v.points for v in row.verdicts), row.reason) == ("graded", 3, "")
    assert [v.exercise for v in row.verdicts] == ["e000", "e001"]


def test_an_adjustment_counts_survives_regrading_and_can_be_withdrawn(book, made_up):
    record(book, handed_in(), graded(0, 2))
    named = made_up["e000"]
    book.adjust("ada", named, 1.5, 2.0, "the question was unclear")
    assert book.scores("ada", Config())["00"].points == 3.5
    record(book, handed_in(), graded(0, 1))
    score = book.scores("ada", Config())["00"]
    assert (score.points, score.adjusted["e000"].reason) == (2.5, "the question was unclear")
    book.adjust("ada", named, None, 2.0, "clear after all")
    assert book.scores("ada", Config())["00"].points == 1


def test_an_adjustment_counts_where_nothing_was_handed_in_and_for_nobody_unknown(book, made_up):
    record(book, handed_in(chapter="01"), graded(2, chapter="01"))
    book.adjust("ada", made_up["e000"], 1.0, 2.0, "done at the board")
    assert {chapter: score.points for chapter, score in book.scores("ada", Config()).items()} == {"00": 1, "01": 2}
    with pytest.raises(CourseError, match="did you mean ada"):
        book.adjust("adda", made_up["e000"], 1.0, 2.0, "x")


def test_lateness_takes_its_share_of_adjusted_points_too(book, made_up):
    record(book, handed_in(at=DUE + timedelta(hours=30)), graded(0, 2))
    config = Config(due={"00": DUE}, late=Late(0.25))
    book.adjust("ada", made_up["e000"], 2.0, 2.0, "x")
    score = book.scores("ada", config)["00"]
    assert (score.given, score.share, score.points) == (4, 0.5, 2)


@pytest.mark.parametrize(("clock", "share"), [(None, 1), ("claim", 1), ("arrival", 0.5)])
def test_the_clock_that_the_course_chose_decides_what_is_late(book, clock, share):
    on_time, arrived = DUE - timedelta(hours=1), DUE + timedelta(hours=1)
    record(book, Submission("ada", "00", b"", on_time, arrived, "x", "", on_time), graded(2))
    config = Config(due={"00": DUE}, late=Late(0.5), clock=clock)
    assert book.scores("ada", config)["00"].share == share


def test_the_latest_or_the_best_counts(book):
    record(book, handed_in(data=b"1", at=DUE), graded(2, 2))
    record(book, handed_in(data=b"2", at=DUE + timedelta(days=1)), graded(2, 0))
    assert book.scores("ada", Config())["00"].points == 2
    assert book.scores("ada", Config(attempts="best"))["00"].points == 4
    late = Config(attempts="best", due={"00": DUE - timedelta(days=9)}, late=Late(1.0))
    assert book.scores("ada", late)["00"].points == 0


def test_the_one_who_handed_in_is_found_by_the_number_of_an_lms(book):
    record(book, handed_in("Ada (7)", lms="canvas:7"), graded(2))
    assert book.lms_numbers() == {"canvas:7": "Ada (7)"}


def test_two_graders_may_write_the_same_submission(book, address):
    other = Gradebook(address)
    first, second = book.start_run(1, "bwrap", {}), other.start_run(1, "bwrap", {})
    book.record(first, handed_in(), graded(2))
    other.record(second, handed_in(), graded(2))
    other.close()
    assert len(book.submissions("ada")) == 1


def test_grades_are_one_row_per_student(book, tmp_path):
    record(book, handed_in("=ada"), graded(2, 1))
    record(book, handed_in("bob", "01"), graded(2, 2, chapter="01"))
    write_grades(book, Config(), tmp_path / "grades.csv")
    rows = list(csv.DictReader((tmp_path / "grades.csv").open()))
    assert rows == [
        {"student": "'=ada", "00": "3", "01": "", "total": "3", "max": "8"},
        {"student": "bob", "00": "", "01": "4", "total": "4", "max": "8"},
    ]


def test_a_database_of_another_version_is_one_sentence(tmp_path):
    with sqlite3.connect(tmp_path / "old.sqlite") as old:
        old.execute("create table submissions (id integer primary key, student_id text)")
    with pytest.raises(CourseError, match="another version: its table submissions lacks"):
        Gradebook(f"sqlite:///{tmp_path / 'old.sqlite'}")


@pytest.mark.parametrize("address", ["nonsense", "mysql+nothing://x", "postgresql+psycopg://nobody@127.0.0.1:1/x"])
def test_an_address_that_is_none_is_one_sentence(address):
    with pytest.raises(CourseError, match="gradebook"):
        Gradebook(address)
