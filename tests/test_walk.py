"""From a filled-in notebook to a graded class, through the real commands."""

import csv
import shutil
import sqlite3
from contextlib import closing

import nbformat
import pytest

from course_lib.checks import exercises
from tests.grading.shared import course

# The class is graded once, so its tests run in one process.
pytestmark = pytest.mark.xdist_group("walk")

CHAPTER = "01"
STUB = "    # YOUR CODE HERE\n    raise NotImplementedError()"


@pytest.fixture(scope="module")
def folder(course_root, tmp_path_factory):
    """A student's copy of the course."""
    copy = tmp_path_factory.mktemp("course")
    shutil.copytree(course_root / "exercises", copy / "exercises")
    shutil.copy(course_root / "pyproject.toml", copy)
    (copy / "inbox").mkdir()
    return copy


@pytest.fixture(scope="module")
def released(folder):
    path = next((folder / "exercises").glob(f"{CHAPTER}_*.ipynb"))
    return path, nbformat.read(path, as_version=4)


@pytest.fixture(scope="module")
def solution(course_root):
    path = next((course_root / "solutions").glob(f"{CHAPTER}_*.ipynb"))
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def solved(solution):
    """Each exercise's solution cell by name."""
    return {e.name: next(cell for cell in solution if f"def {e.name}(" in cell) for e in exercises(CHAPTER)}


def filled(notebook, answers):
    """The student notebook with its stub cells replaced by the answers' sources."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        for name, source in answers.items():
            if cell.cell_type == "code" and f"def {name}(" in cell.source:
                cell.source = source
    return nbformat.writes(copy)


@pytest.fixture(scope="module")
def graded(bwrap, folder, released, solution):
    """A class: solutions, every named mistake, nothing, a loop, an exit, broken JSON."""
    path, notebook = released
    right = solved(solution)
    rounds = max(len(e.mistakes) for e in exercises(CHAPTER))
    handed_in = {"solver": right, "nothing": {}}
    for k in range(rounds):
        handed_in[f"mistaken{k}"] = {
            e.name: e.mistakes[k].source(e.name) if k < len(e.mistakes) else right[e.name] for e in exercises(CHAPTER)
        }
    first = exercises(CHAPTER)[0].name
    looping = f"def {first}(y, J, delta):\n    while True:\n        pass"
    handed_in["looper"] = {**right, first: looping}
    handed_in["quitter"] = {**right, first: f"def {first}(y, J, delta):\n    import os\n    os._exit(0)"}
    for student, answers in handed_in.items():
        path.write_text(filled(notebook, answers))
        submitted = course("submit", CHAPTER, "--student", student, cwd=folder, COURSE_INBOX=str(folder / "inbox"))
        assert submitted.returncode == 0, submitted.stderr
        assert f"Submitted for {student}, receipt " in submitted.stdout
    by_hand = folder / "inbox" / "breaker"
    by_hand.mkdir()
    (by_hand / path.name).write_text('{"cells": [')
    (folder / "inbox" / "notes.txt").write_text("not a submission")
    run = course("grade", "inbox", "--out", "graded", cwd=folder)
    assert run.returncode == 0, run.stdout + run.stderr
    return run, folder / "graded", handed_in


def verdicts(out):
    """(student, exercise) → (status, mistake, points, message) from the gradebook."""
    query = (
        "select s.student_id, v.exercise, v.status, v.mistake, v.points, v.message "
        "from verdicts v join submissions s on v.submission_id = s.id"
    )
    with closing(sqlite3.connect(out / "gradebook.sqlite")) as book:
        return {(student, exercise): rest for student, exercise, *rest in book.execute(query)}


def totals(out):
    with (out / "grades.csv").open() as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_the_solutions_get_full_marks(graded):
    _, out, _ = graded
    full = sum(e.points for e in exercises(CHAPTER))
    assert float(totals(out)["solver"]["total"]) == full


def test_every_named_mistake_is_named(graded):
    _, out, _ = graded
    found = verdicts(out)
    for exercise in exercises(CHAPTER):
        for k, mistake in enumerate(exercise.mistakes):
            status, named, points, message = found[f"mistaken{k}", exercise.name]
            assert (named, points) == (mistake.id, 0), message
            assert status != "right"
            assert message.startswith(mistake.sentence)


def test_nothing_is_not_attempted(graded):
    _, out, _ = graded
    found = verdicts(out)
    assert all(found["nothing", e.name][0] == "not attempted" for e in exercises(CHAPTER))


@pytest.mark.parametrize(("student", "reason"), [("looper", "endless loop"), ("quitter", "os._exit")])
def test_a_call_that_ends_badly_costs_only_itself(graded, student, reason):
    _, out, _ = graded
    found = verdicts(out)
    first, *others = exercises(CHAPTER)
    status, _, points, message = found[student, first.name]
    assert (status, points) == ("stopped", 0)
    assert reason in message
    assert all(found[student, e.name][0] == "right" for e in others)


def test_a_broken_notebook_is_a_row_with_the_reason(graded):
    run, out, _ = graded
    assert "JSON is broken" in run.stdout
    assert float(totals(out)["breaker"]["total"]) == 0


def test_nobody_is_left_out_and_everybody_has_a_page(graded):
    _, out, handed_in = graded
    assert set(totals(out)) == {*handed_in, "breaker"}
    pages = {page.stem for page in (out / "feedback").glob("*.html")}
    # Nobody's name stands at the loose file, and it has its page all the same.
    (loose,) = pages - {*handed_in, "breaker"}
    assert loose.startswith("_unknown_") and pages > {*handed_in, "breaker"}


def test_a_second_run_grades_nothing_again(graded, folder):
    _, out, handed_in = graded
    before = verdicts(out)
    again = course("grade", "inbox", "--out", "graded", cwd=folder)
    assert again.returncode == 0
    assert f"0 graded, {len(handed_in)} graded before, 2 refused" in again.stdout
    assert verdicts(out) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["submit", CHAPTER], "Whose work is this?"),
        (["submit", "77", "--student", "ada"], "exercises/77_*.ipynb was expected"),
        (["submit", CHAPTER, "--student", "ada", "--inbox", "nowhere"], "your bundle stays"),
        (["grade", "nowhere"], "nowhere"),
        (["release"], "No solution notebook"),
        (["authoring", "execute", "77"], "No notebook's name starts with 77"),
        (["doctor", "--seat", "cook"], "no seat 'cook'"),
    ],
)
def test_bad_input_gets_one_sentence_and_an_exit_code(folder, arguments, sentence):
    run = course(*arguments, cwd=folder)
    assert run.returncode == 1
    assert sentence in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert "Traceback" not in run.stderr


def test_an_inbox_that_cannot_be_written_leaves_the_bundle(folder, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    before = set((folder / "submissions").glob("*.zip"))
    run = course("submit", CHAPTER, "--student", "ada", "--inbox", blocked, cwd=folder)
    assert run.returncode == 1
    assert len(set((folder / "submissions").glob("*.zip")) - before) == 1


def test_a_simulated_class_comes_with_the_file_that_canvas_would_export(course_root, tmp_path):
    run = course("simulate", tmp_path / "try", "--students", 2, cwd=course_root)
    assert run.returncode == 0, run.stderr
    with (tmp_path / "try.canvas.csv").open() as file:
        possible, *students = csv.DictReader(file)
    assert possible["Student"].strip() == "Points Possible"
    assert [row["SIS User ID"] for row in students] == ["sim-0001", "sim-0002"]
    columns = [name for name in possible if name.startswith("Exercises")]
    totals = [sum(e.points for e in exercises(column.split()[1])) for column in columns]
    assert [float(possible[column]) for column in columns] == totals
