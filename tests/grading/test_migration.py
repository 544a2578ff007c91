"""A gradebook that the first edition made opens, once and for all, and says what it said then."""

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from course_lib.grading.config import Config, Late
from course_lib.grading.desk import opened
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.migration import COPY, TABLES
from tests.grading.shared import course
from tests.grading.test_gradebook import DUE, graded, handed_in, postgres, record

OLD = Path(__file__).with_name("first_edition.sql").read_text(encoding="utf-8")
# What that edition wrote into grades.csv, under the decisions below, but for "max": chapter 1 has gained 20 points.
GRADES = "student,00,01,total,max\nZoë Š,,2,2,34\nada,1,13,14,34\nbob,0,5.25,5.25,34\ncarl,,,0,34\neve,1,,1,34\n"
DECISIONS = """
[points]
polar_jacobian = 5
[due]
00 = 2030-01-02T00:00:00Z
01 = 2030-01-02T00:00:00Z
[late]
per_day = 0.25
"""


def contents(run):
    """table -> its rows as texts, whatever the database."""
    return {table: sorted(tuple(map(str, row)) for row in run(f"select * from {table}")) for table in TABLES}


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request, tmp_path):
    """The address of a gradebook of the first edition."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "gradebook.sqlite")) as database:
            database.executescript(OLD)
        return f"sqlite:///{tmp_path / 'gradebook.sqlite'}"
    address = postgres(request)
    # The same tables in PostgreSQL's words, as that edition made them there.
    script = OLD.replace("DOUBLE", "DOUBLE PRECISION").replace("DATETIME", "TIMESTAMP")
    script = script.replace("(id INTEGER NOT NULL", "(id SERIAL NOT NULL")
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.exec_driver_sql(script.replace("%", "%%"))
        for table in set(TABLES) - {"students"}:
            connection.exec_driver_sql(f"select setval('{table}_id_seq', (select max(id) from {table}))")
    engine.dispose()
    return address


def rows_of(engine, suffix=""):
    with engine.connect() as connection:
        return contents(lambda query: connection.execute(text(query + suffix)).all())


def test_it_opens_once_with_a_copy_and_nothing_is_lost(old):
    engine = create_engine(old)
    before = rows_of(engine)
    book = Gradebook(old)
    assert "made by the first edition" in book.note
    due = DUE.replace(day=2)
    config = Config(points={"polar_jacobian": 5}, due={"00": due, "01": due}, late=Late(0.25))
    said = {row["student"]: row for row in csv.DictReader(GRADES.splitlines())}
    for student in book.students():
        scores = book.scores(student, config)
        assert {c: score.points for c, score in scores.items()} == {
            c: float(said[student][c]) for c in ("00", "01") if said[student][c]
        }
    assert [(a.points, a.reason) for a in book.adjustments("bob").values()] == [
        (2.5, "the layout was asked for differently in class")
    ]
    assert [arrival.source for arrival in book.submissions("eve")[0].arrivals] == ["eve_00_20300101T120000Z.zip"]
    assert {origin.library for _, origin in book.origins()} == {"0.1.0"} and book.last_seed() == 20
    book.close()
    kept = engine
    if engine.dialect.name == "sqlite":
        kept = create_engine(old.replace("gradebook.sqlite", "gradebook.first-edition.sqlite"))
        assert rows_of(kept) == before
    else:
        assert rows_of(engine, COPY) == before
    kept.dispose()
    again = Gradebook(old)
    assert again.note == ""
    again.close()
    assert all(
        {row[: len(old_row)] for row in rows_of(engine)[table]} >= {old_row}
        for table, rows in before.items()
        for old_row in rows
    )
    engine.dispose()


def test_it_is_graded_on(old):
    book = Gradebook(old)
    record(book, handed_in("fay"), graded(2, 1))
    record(book, handed_in("ada", data=b"another"), graded(1, 1))
    assert [verdict.points for verdict in book.submissions("fay")[0].verdicts] == [2, 1]
    assert len(book.graded()) == 7 + 2
    book.close()


def test_a_copy_that_is_there_stays_and_a_gradebook_that_cannot_be_copied_stays_as_it_is(tmp_path):
    path = tmp_path / "gradebook.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(OLD)
    (tmp_path / "gradebook.first-edition.sqlite").write_text("something else")
    Gradebook(f"sqlite:///{path}").close()
    assert (tmp_path / "gradebook.first-edition.sqlite").read_text() == "something else"
    assert (tmp_path / "gradebook.first-edition-2.sqlite").stat().st_size > 10_000


def test_what_the_command_says_of_it(tmp_path, here):
    """The points of one exercise are lower than in the grades.csv that lies there: that is said too."""
    (tmp_path / "course.toml").write_text(DECISIONS.replace("polar_jacobian = 5", "polar_jacobian = 3"))
    (tmp_path / "graded").mkdir()
    (tmp_path / "graded" / "grades.csv").write_text(GRADES, encoding="utf-8")
    with closing(sqlite3.connect(tmp_path / "graded" / "gradebook.sqlite")) as database:
        database.executescript(OLD)
    done = course("report", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gradebook.first-edition.sqlite" in done.stdout
    assert "70 verdicts are stale" in done.stdout and "19 judged by the first edition" in done.stdout
    assert "51 not judged yet, because the exercise is new" in done.stdout
    assert "ada 01: 13 → 11 (the first edition counted otherwise)" in done.stdout
    again = here("report", cwd=tmp_path)
    assert "first-edition" not in again.stdout and "fell" not in again.stdout and "70 verdicts" in again.stdout


def test_the_folder_of_that_edition_is_written_anew(tmp_path, monkeypatch):
    (tmp_path / "course.toml").write_text(DECISIONS)
    (tmp_path / "graded").mkdir()
    with closing(sqlite3.connect(tmp_path / "graded" / "gradebook.sqlite")) as database:
        database.executescript(OLD)
    monkeypatch.chdir(tmp_path)
    with opened() as desk:
        desk.write()
    assert (tmp_path / "graded" / "grades.csv").read_text(encoding="utf-8").replace("\r\n", "\n") == GRADES
