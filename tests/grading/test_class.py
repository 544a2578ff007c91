"""A simulated class through the real command: as it is, killed again and again, on a cluster, on another database."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.grading.config import Config, load_config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.interrupts import INTERRUPTED, SENTENCE
from course_lib.grading.simulate import simulate
from tests.grading.handing_in import SEED
from tests.grading.shared import HANGING, course, once, query, spoken
from tests.grading.test_gradebook import postgres

STUDENTS = 48
# Chapter 0 for all but a few, because what is tested here is the class and not the exercises.
TOML = """
chapters = ["00"]
[due]
00 = 2030-01-10T23:59:00+01:00
[late]
per_day = 0.25
[limits]
seconds_per_call = 120
seconds_per_chapter = 600
"""


@pytest.fixture(scope="session")
def simulated(bwrap, course_root, tmp_path_factory):
    """The course folder of a class, with its inbox, graded without disturbance into graded/."""

    def make(folder):
        for name in ("exercises", "solutions"):
            (folder / name).symlink_to(course_root / name)
        (folder / "course.toml").write_text(TOML)
        made = simulate(folder / "inbox", STUDENTS, 3, folder, load_config(folder))
        for item in made.handed:
            if item.accident == "an endless loop" or "hang" in item.meant.values():
                item.path.unlink()  # the sandbox's tests wait for such
        run = course("grade", "inbox", "--seed", SEED, cwd=folder)
        assert run.returncode == 0, run.stdout + run.stderr

    return once(tmp_path_factory, "simulated", make)


def everything(book):
    """All that a gradebook says, but for when and how long it was graded."""
    rows = [row for student in book.students() for row in book.submissions(student)]
    keep = ("student_id", "chapter", "sha256", "submitted_at", "received_at", "claimed_at", "source", "lms")
    keep += ("status", "reason", "errors", "printed", "printed_bytes", "code_hash")
    verdict = ("exercise", "status", "message", "points", "max_points", "mistake")
    return [
        (*(getattr(row, key) for key in keep), tuple(tuple(getattr(v, key) for key in verdict) for v in row.verdicts))
        for row in rows
    ]


def undisturbed(simulated):
    book = Gradebook(f"sqlite:///{simulated / 'graded' / 'gradebook.sqlite'}")
    found = everything(book)
    book.close()
    assert len({row[0] for row in found}) == len(os.listdir(simulated / "graded" / "feedback")) > 40
    return found


def struck(simulated, number, *moments, out):
    """`course grade inbox --out OUT`, met by the signal at these moments: the finished process."""
    command = [sys.executable, str(Path(__file__).with_name("struck.py")), number.name, ",".join(map(str, moments))]
    command += ["grade", "inbox", "--out", out, "--seed", str(SEED)]
    return subprocess.run(command, cwd=simulated, capture_output=True, text=True, timeout=HANGING)


def goes_on(simulated, out):
    """The same command without a signal ends with the gradebook and the grades of the undisturbed class."""
    database = simulated / out / "gradebook.sqlite"
    assert query(database, "pragma integrity_check") == [("ok",)]
    assert query(database, "pragma foreign_key_check") == []
    assert query(database, "select count(*) from submissions where status = 'failed'") == [(0,)]
    finished = course("grade", "inbox", "--out", out, "--seed", SEED, cwd=simulated)
    assert finished.returncode == 0, finished.stderr
    book = Gradebook(f"sqlite:///{database}")
    assert everything(book) == undisturbed(simulated)
    book.close()
    assert (simulated / out / "grades.csv").read_bytes() == (simulated / "graded" / "grades.csv").read_bytes()


def test_a_class_killed_at_random_moments_has_the_same_gradebook_in_the_end(simulated):
    moments, database = random.Random(7), simulated / "killed" / "gradebook.sqlite"
    for _ in range(3):
        assert struck(simulated, signal.SIGKILL, moments.randint(1, 40), out="killed").returncode == -signal.SIGKILL
        assert query(database, "pragma integrity_check") == [("ok",)]
    assert 0 < count(database) < len(undisturbed(simulated))
    goes_on(simulated, "killed")


def count(database):
    return query(database, "select count(*) from submissions")[0][0]


def test_an_interrupt_and_two_of_them_leave_a_clean_gradebook_and_say_how_to_go_on(simulated):
    run = struck(simulated, signal.SIGINT, 20, out="interrupted")
    assert (run.returncode, run.stderr) == (INTERRUPTED, "")
    assert SENTENCE in run.stdout
    assert 0 < count(simulated / "interrupted" / "gradebook.sqlite") < len(undisturbed(simulated))
    hurried = struck(simulated, signal.SIGINT, 20, 20, out="interrupted")
    assert hurried.returncode == INTERRUPTED
    assert hurried.stderr.strip() == "Ended at once. What is graded is kept; the same command goes on from here."
    goes_on(simulated, "interrupted")


def test_a_cluster_of_two_workers_gives_the_same_gradebook(simulated, tmp_path):
    from distributed import LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options, local_directory=str(tmp_path)) as local:
        run = course(
            "grade", "inbox", "--out", "cluster", "--seed", SEED, "--dask", local.scheduler_address, cwd=simulated
        )
    assert run.returncode == 0, run.stderr
    book = Gradebook(f"sqlite:///{simulated / 'cluster' / 'gradebook.sqlite'}")
    assert everything(book) == undisturbed(simulated)
    book.close()


def test_a_cluster_that_is_not_there_is_one_sentence(simulated, here):
    run = here("grade", "inbox", "--out", "nowhere", "--dask", "tcp://127.0.0.1:1", cwd=simulated)
    assert run.returncode == 1
    assert "No dask scheduler answers" in run.stderr and "Traceback" not in run.stderr


def test_postgresql_has_the_same_gradebook(simulated, request):
    address = postgres(request)
    run = course("grade", "inbox", "--out", "served", "--seed", SEED, "--gradebook", address, cwd=simulated)
    assert run.returncode == 0, run.stderr
    book = Gradebook(address)
    assert everything(book) == undisturbed(simulated)
    book.close()
    assert (simulated / "served" / "grades.csv").read_bytes() == (simulated / "graded" / "grades.csv").read_bytes()


def test_what_was_meant_is_what_is_found(simulated, course_root, tmp_path):
    """The simulated answers are told apart by the judge: right is right, a named mistake is named."""
    meant = simulate(tmp_path / "inbox", STUDENTS, 3, simulated, load_config(simulated))
    found = {(row[0], row[2]): row for row in undisturbed(simulated)}
    by_source = {row[6]: row for row in found.values()}
    agreed = 0
    for item in meant.handed:
        row = by_source.get(str(item.path.relative_to(tmp_path / "inbox")))
        if row is None or row[8] != "graded" or item.accident in ("an endless loop", "the end of Python"):
            continue  # handed in unchanged again, or nothing could be called
        verdicts = {name: (status, mistake) for name, status, _, _, _, mistake in row[-1]}
        for name, kind in item.meant.items():
            status, mistake = verdicts[name]
            what, _, which = kind.partition(":")
            expected = {"right": "right", "stub": "not attempted", "crash": "raised", "none": "none", "hang": "stopped"}
            assert status == expected.get(what, status)
            assert mistake == (which or None) or what == "unnamed"
            agreed += 1
    assert agreed > 30


def test_the_same_seed_makes_the_same_class_and_another_seed_another(simulated, tmp_path):
    config = Config(chapters=("00",))
    first, again, other = (
        simulate(tmp_path / name, 8, seed, simulated, config) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    contents = [
        {str(h.path.relative_to(c.inbox)): (h.path.read_bytes(), h.path.stat().st_mtime) for h in c.handed}
        for c in (first, again, other)
    ]
    assert contents[0] == contents[1] != contents[2]
    assert "course grade" in str(first)


def test_adjusting_and_reporting_by_command(simulated, capsys, monkeypatch):
    def say(*arguments):
        code, said, complaint = spoken(capsys, monkeypatch, simulated, *arguments, "--out", "adjusted")
        assert code == 0, complaint
        return said

    student = query(simulated / "graded" / "gradebook.sqlite", "select min(id) from students")[0][0]
    copy = simulated / "adjusted"
    copy.mkdir(exist_ok=True)
    (copy / "gradebook.sqlite").write_bytes((simulated / "graded" / "gradebook.sqlite").read_bytes())
    done = say("adjust", student, "square_slope", "--points", 0.5, "--reason", "shown <orally>")
    assert f"{student}: " in done
    for page in (copy / "feedback" / f"{student}.html", copy / "report.html"):
        assert "shown &lt;orally&gt;" in page.read_text()
    assert "Graded again: " in say("grade", "inbox", "--regrade", "--seed", SEED + 1, "--jobs", 2)
    line = next(x for x in (copy / "grades.csv").read_text().splitlines() if x.startswith(student))
    assert line.split(",")[1] == "0.5"
    say("adjust", student, "square_slope", "--withdraw", "--reason", "x")
    say("lms", "plain", "plain.csv")
    assert (simulated / "plain.csv").read_bytes() == (copy / "grades.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("adjust", "sim-0001", "square_slop", "--points", 1, "--reason", "x"), "did you mean `square_slope`"),
        (("adjust", "nobody", "square_slope", "--points", 1, "--reason", "x"), "knows no student"),
        (("adjust", "sim-0001", "square_slope", "--points", -1, "--reason", "x"), "0 or more"),
        (("adjust", "sim-0001", "square_slope", "--points", "nan", "--reason", "x"), "0 or more"),
        (("adjust", "sim-0001", "square_slope", "--reason", "x"), "either --points or --withdraw"),
        (("adjust", "sim-0001", "square_slope", "--points", 1, "--reason", " "), "Why?"),
        (("report", "--out", "empty"), "There is no gradebook"),
        (("lms", "canvas", "nowhere.csv"), "cannot be read"),
        (("lms", "moodle", "nowhere.csv", "--chapter", "00"), "cannot be read"),
        (("simulate", "inbox"), "is not empty"),
        (("simulate", "new", "--students", 1), None),
    ],
)
def test_the_new_verbs_say_what_is_wrong_in_one_sentence(simulated, arguments, words, monkeypatch, capsys):
    code, _, complaint = spoken(capsys, monkeypatch, simulated, *arguments)
    assert code == (1 if words else 0)
    assert not words or (words in complaint and len(complaint.strip().splitlines()) == 1)
