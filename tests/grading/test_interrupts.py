"""Ctrl-C during `course grade`, whatever it meets: one sentence, a clean gradebook, and the same command goes on."""

import os
import signal
from concurrent.futures import Executor, Future

import pytest

from course_lib.grading import console, desk, run, sandbox
from course_lib.grading.config import Config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.interrupts import SENTENCE, Interrupts
from tests.grading.handing_in import PATIENT, SEED, SLOPE, notebook
from tests.grading.shared import query
from tests.grading.struck import strike
from tests.grading.test_gradebook import graded

STUDENTS = ("ada", "bob")


@pytest.fixture(autouse=True)
def listening():
    """Interrupts are heard as at a terminal. A shell starts what runs in its background deaf to them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def place(tmp_path, monkeypatch, confinement):
    """A folder with an inbox, in which each student's answer is right, at once and without a sandbox."""
    for name in STUDENTS:
        (tmp_path / "inbox" / name).mkdir(parents=True)
        (tmp_path / "inbox" / name / "00.ipynb").write_bytes(notebook(SLOPE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sandbox, "find_confinement", lambda kind, begun: confinement)
    monkeypatch.setattr(run, "grade_unit", lambda unit, how: [graded(2) for _ in unit.pending])
    return tmp_path


def everything(place):
    database = place / "graded" / "gradebook.sqlite"
    assert query(database, "pragma integrity_check") == [("ok",)]
    assert query(database, "pragma foreign_key_check") == []
    return query(
        database,
        "select student_id, submissions.status, exercise, points from submissions join verdicts "
        "on verdicts.submission_id = submissions.id order by student_id",
    )


def test_whichever_statement_it_meets_the_record_is_whole_and_the_next_run_goes_on(place, capfd, caplog, monkeypatch):
    for name in ("write_feedback", "write_report"):  # they only read
        monkeypatch.setattr(desk, name, lambda *_: None)
    moment, stopped, interrupted = 0, set(), True
    while interrupted:
        moment += 1
        (place / "graded" / "gradebook.sqlite").unlink(missing_ok=True)
        stop = strike(signal.SIGINT, [moment])
        try:
            interrupted = console.grade("inbox", jobs=1, seed=SEED).interrupted
        finally:
            stop()
        said = capfd.readouterr()
        assert said.err == "" and caplog.records == []
        assert interrupted == (SENTENCE in said.out)
        found = everything(place)
        assert found == [(row[0], "graded", "e000", 2.0) for row in found]
        assert len(query(place / "graded" / "gradebook.sqlite", "select id from submissions")) == len(found)
        if len(found) not in stopped:
            stopped.add(len(found))
            assert not console.grade("inbox", jobs=1, seed=SEED).interrupted
            assert [row[0] for row in everything(place)] == list(STUDENTS)
            capfd.readouterr()
    assert stopped == {0, 1, 2}
    assert moment > 30


class Never(Executor):
    """Takes work and never brings it back; the interrupt comes once all of it is out."""

    def __init__(self):
        self.out = 0

    def submit(self, function, /, *arguments):
        self.out += 1
        if self.out == len(STUDENTS):
            os.kill(os.getpid(), signal.SIGINT)
        return Future()


def test_an_answer_that_never_comes_back_is_not_waited_for(place):
    book = Gradebook(f"sqlite:///{place / 'gradebook.sqlite'}")
    with Interrupts() as interrupts:
        report = run.grade_inbox(
            place / "inbox", book, Config(limits=PATIENT), seed=SEED, how=None, executor=Never(), interrupts=interrupts
        )
    assert report.interrupted and book.students() == []
    book.close()


def test_what_is_graded_in_this_process_is_left_at_once(place, monkeypatch):
    left = []

    def endless(unit, how):
        os.kill(os.getpid(), signal.SIGINT)
        left.append(unit.student)

    monkeypatch.setattr(run, "grade_unit", endless)
    assert console.grade("inbox", jobs=1, seed=SEED).interrupted
    assert left == [] and everything(place) == []


def test_afterwards_an_interrupt_is_pythons_own_again():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.noted
    assert signal.getsignal(signal.SIGINT) is before


def test_a_program_that_was_started_deaf_to_interrupts_stays_so():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupts() as interrupts:
        os.kill(os.getpid(), signal.SIGINT)
        assert not interrupts.noted
