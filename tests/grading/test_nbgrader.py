"""Sheets for nbgrader, handed to the real nbgrader: the points of `course grade`, and our sentences on its pages."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import nbformat
import pytest

from course_lib.checks import exercises, find
from course_lib.grading.config import load_config
from course_lib.grading.gradebook import Gradebook
from course_lib.grading.release import sheet_for_nbgrader, sheets_for_nbgrader
from course_lib.grading.simulate import filled, sources
from tests.conftest import missing
from tests.grading.shared import HANGING, course

# One process sets up what all of them read.
pytestmark = pytest.mark.xdist_group("nbgrader")

SHEET = "03_exercises"
POINTS = 5.0
DERIVATION = "mse_gradient_derivation"
# Right until its last line, which is missing: some of the points.
HALF_WAY = r'''mse_gradient_derivation = r"""
dL = \frac{1}{n} (Xw - y)^\top X dw
"""'''
LOUD = """
    import os, sys, warnings
    warnings.warn("a warning")
    print("on stderr", file=sys.stderr)
    os.write(2, b"past Python")
    np.log(np.zeros(3))
"""


def solved():
    """exercise -> a right answer to the chapter's exercises, from the solutions."""
    return sources(Path(__file__).parents[2] / "exercises" / f"{SHEET}.ipynb").right


def answers():
    """student -> exercise -> the cell that was handed in; what is not there is left as it was handed out."""
    right = solved()
    mistaken = {
        name: find(name).mistakes[0].source(name) for name in ("mse", "mse_gradient", "huber_gradient", DERIVATION)
    }
    loud = {name: text.replace('"""\n', f'"""{LOUD}', 1) for name, text in right.items() if name != DERIVATION}
    strange = {
        "mse": "def mse(X, w, y):\n    return 'full marks'",
        "mse_gradient": "def mse_gradient(X, w, y):\n    return X.T.no_such_attribute",
        "bias_gradient": "def bias_gradient(X, w, b, y)\n    return 0",
        "huber_gradient": right["huber_gradient"].replace("return", "return np.float64(1) *"),
    }
    return {
        "all-right": right,
        "mistakes": {**right, **mistaken},
        "loud": {**loud, DERIVATION: HALF_WAY},
        "strange": strange,
        "nothing": {},
    }


def nbgrader(*arguments, cwd, home):
    """Run the nbgrader of its own environment, as an instructor would, in a folder."""
    programs = Path(sys.prefix) / "nbgrader" / "bin"
    if not (programs / "nbgrader").exists():
        missing("nbgrader is not installed in an environment of its own: `make .venv/.nbgrader` does that")
    run = subprocess.run(
        ["nbgrader", *arguments],
        cwd=cwd,
        env={"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=HANGING,
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def graded(course_root, bwrap, tmp_path_factory):
    """The course folder in which five students were graded by both, nbgrader in nbgrader/ and ours in graded/."""
    root = tmp_path_factory.mktemp("both")
    (root / "solutions").mkdir()
    (root / "exercises").mkdir()
    (root / "solutions" / f"{SHEET}.ipynb").symlink_to(course_root / "solutions" / f"{SHEET}.ipynb")
    (root / "course.toml").write_text(f'chapters = ["03"]\n[points]\n{DERIVATION} = {POINTS}\n')
    released = course("release", "--for", "nbgrader", cwd=root)
    assert released.returncode == 0, released.stderr
    folder = root / "nbgrader"
    nbgrader("generate_assignment", SHEET, cwd=folder, home=root)
    sheet = json.loads((folder / "release" / SHEET / f"{SHEET}.ipynb").read_text())
    for student, given in answers().items():
        handed = folder / "submitted" / student / SHEET / f"{SHEET}.ipynb"
        handed.parent.mkdir(parents=True)
        handed.write_bytes(filled(sheet, given))
    nbgrader("autograde", SHEET, cwd=folder, home=root)
    nbgrader("generate_feedback", SHEET, cwd=folder, home=root)
    ours = course("grade", folder / "submitted", "--seed", 7, cwd=root)
    assert ours.returncode == 0, ours.stdout + ours.stderr
    return root


def points_of_nbgrader(root):
    """{(student, exercise): points} in nbgrader's own database."""
    query = """
        select submitted_assignment.student_id, base_cell.name, grade.auto_score from grade
        join base_cell on grade.cell_id = base_cell.id
        join submitted_notebook on grade.notebook_id = submitted_notebook.id
        join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
    """
    with closing(sqlite3.connect(root / "nbgrader" / "gradebook.db")) as book:
        return {(student, cell.removeprefix("check_")): points for student, cell, points in book.execute(query)}


def test_nbgrader_gives_the_points_that_course_grade_gives(graded):
    theirs = points_of_nbgrader(graded)
    config = load_config(graded)
    book = Gradebook(f"sqlite:///{graded / 'graded' / 'gradebook.sqlite'}")
    ours = {}
    for student in book.students():
        (row,) = book.submissions(student)
        assert student == "strange" or json.loads(row.errors) == []
        score = book.scores(student, config)[row.chapter]
        ours |= {(student, mark.verdict.exercise): mark.points for mark in score.marks}
    book.close()
    assert len(ours) == 5 * len(exercises("03"))
    assert theirs == pytest.approx(ours)
    names = [exercise.name for exercise in exercises("03")]
    assert all(theirs["all-right", name] == (POINTS if name == DERIVATION else find(name).points) for name in names)
    # What nbgrader by itself would give nothing for, full marks for, or cannot divide.
    assert all(theirs["loud", name] == theirs["all-right", name] for name in names if name != DERIVATION)
    assert 0 < theirs["loud", DERIVATION] < POINTS
    assert theirs["strange", "mse"] == theirs["mistakes", "mse"] == theirs["nothing", "mse"] == 0
    assert theirs["strange", "huber_gradient"] == find("huber_gradient").points
    assert not any(theirs["nothing", name] for name in names)


def test_its_feedback_pages_say_our_sentences(graded):
    pages = {path.parts[-3]: path.read_text() for path in (graded / "nbgrader" / "feedback").glob("*/*/*.html")}
    assert len(pages) == 5
    for name in ("mse", "mse_gradient", "huber_gradient"):
        sentence = find(name).mistakes[0].sentence
        longest = max(re.split(r"[`'\"<>&]", sentence), key=len)
        assert longest in pages["mistakes"] and longest not in pages["all-right"]
    assert "no_such_attribute" in pages["strange"]
    assert pages["nothing"].count("not attempted") >= len(exercises("03"))


def test_what_students_get_holds_no_solution_and_stubs_of_their_own(graded, course_root):
    sheet = (graded / "nbgrader" / "release" / SHEET / f"{SHEET}.ipynb").read_text()
    assert "SOLUTION" not in sheet and "submit(" not in sheet.replace("submit\\n", "") and "../" not in sheet
    assert f'{DERIVATION} = r\\"\\"\\"\\n' in json.dumps(json.loads(sheet))
    for name, answer in solved().items():
        assert answer.splitlines()[-2 if name == DERIVATION else -1].strip() not in sheet, name


def test_every_chapter_has_a_sheet_whose_checks_are_worth_the_exercises_points(course_root):
    for edition in sheets_for_nbgrader(course_root):
        cells = [cell for cell in nbformat.reads(edition.text, as_version=4).cells if cell.cell_type == "code"]
        tests = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
        wanted = exercises(edition.path.name[:2])
        assert edition.path.parent.name == edition.path.stem
        assert [cell.metadata.nbgrader.points for cell in tests] == [exercise.points for exercise in wanted]
        assert [cell.source.splitlines()[-1] for cell in tests] == [
            f'score("{exercise.name}", points={exercise.points:g})' for exercise in wanted
        ]
        for cell in cells:
            solves, held = cell.metadata.get("nbgrader", {}).get("solution"), "BEGIN SOLUTION" in cell.source
            assert bool(solves) == held and "### STUB" not in cell.source
            assert cell.outputs == [] and not cell.source.startswith("submit(")


def test_a_sheet_is_a_copy(course_root):
    notebook = nbformat.read(course_root / "solutions" / f"{SHEET}.ipynb", as_version=4)
    before = nbformat.writes(notebook)
    sheet_for_nbgrader(notebook, {"mse": 1.0})
    assert nbformat.writes(notebook) == before


def test_another_grader_is_not_known(course_root, here):
    run = here("release", "--for", "otter", cwd=course_root)
    assert run.returncode == 1 and "--for nbgrader is" in run.stderr
