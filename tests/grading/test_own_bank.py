"""A bank of one's own, from start to grade, through the commands that everybody types."""

import csv
import re
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_lib.errors import CourseError
from course_lib.grading.config import instructors_config
from course_lib.grading.gradescope import write_autograder
from course_lib.grading.lms import names_chapter
from course_lib.grading.release import release, sheets_for_nbgrader
from course_lib.grading.simulate import canvas_export, simulate
from tests.grading.handing_in import SLOPE, notebook
from tests.grading.shared import course, query

# Adds a derivation to a chapter of the course.
MORE = """from course_lib.checks import derivation
from course_lib.derivation.goal import Problem

square_derivation = derivation(
    "square_derivation",
    Problem({"w": "d"}, r"L = w^\\top w", r"\\nabla_w L", steps=1),
    chapter="00",
    points=3,
    minutes=5,
    hints=("Product rule.",),
    mistakes={"factor": r"\\nabla_w L = w"},
)
"""
DERIVATION = 'square_derivation = r"""\nL = \\sum_i w_i^2\n\\nabla_w L = 2 w\n"""'
SOLUTION_00 = [
    "from course_lib import check",
    SLOPE.replace("    return", "    ### BEGIN SOLUTION\n    return") + "\n    ### END SOLUTION",
    "check(square_slope)",
    f"### BEGIN SOLUTION\n### STUB square_derivation = ''\n{DERIVATION}\n### END SOLUTION",
    'check("square_derivation")',
]


def in_contributing(course_root):
    """The bank and the cell with its solution that CONTRIBUTING.md shows."""
    section = (course_root / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Bring a bank")[1]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)[:2]


@pytest.fixture
def place(tmp_path, course_root):
    """A course folder with two banks and their solutions."""
    bank, cell = in_contributing(course_root)
    (tmp_path / "my_bank.py").write_text(bank, encoding="utf-8")
    (tmp_path / "more.py").write_text(MORE)
    decisions = 'exercises = ["my_bank.py", "more.py"]\n[points]\ncubes = 4\n[due]\nwarm-up = 2030-01-01T00:00:00Z\n'
    (tmp_path / "course.toml").write_text(decisions)
    (tmp_path / "solutions").mkdir()
    cubes = ["import numpy as np\nfrom course_lib import check", cell, "check(cubes)"]
    for name, cells in (("warm-up_cubes.ipynb", cubes), ("00_start.ipynb", SOLUTION_00)):
        nbformat.write(new_notebook(cells=list(map(new_code_cell, cells))), tmp_path / "solutions" / name)
    (tmp_path / "inbox").mkdir()
    return tmp_path


def answered(path, stub, answer):
    """Put an answer into a released notebook, as a student does."""
    released = nbformat.read(path, as_version=4)
    assert any(stub in cell.source for cell in released.cells)
    for cell in released.cells:
        cell.source = cell.source.replace(stub, answer)
    nbformat.write(released, path)


def points(place):
    with (place / "graded" / "grades.csv").open() as file:
        return {row["student"]: (row["00"], row["warm-up"], row["total"]) for row in csv.DictReader(file)}


def test_a_bank_is_proven_released_submitted_graded_and_reported(place, here, confinement):
    done = here("authoring", "prove", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "cubes: proven, with 1 mistake\nsquare_derivation: proven, with 1 mistake\n"

    done = here("release", cwd=place)
    assert "exercises/warm-up_cubes.ipynb: 1 exercise, 2 points, written" in done.stdout
    assert "exercises/00_start.ipynb: 2 exercises, 4 points, written" in done.stdout
    released = place / "exercises" / "warm-up_cubes.ipynb"
    assert "3 * w**2" not in released.read_text()

    # Ada makes the mistake that the bank knows; in chapter 0 she derives, and leaves the other exercise.
    stub = "# YOUR CODE HERE\n    raise NotImplementedError()"
    answered(released, stub, "return w**3 - y")
    answered(place / "exercises" / "00_start.ipynb", "# YOUR CODE HERE\nsquare_derivation = ''", DERIVATION)
    for chapter in ("warm-up", "00"):
        done = here("submit", chapter, "--student", "ada", "--inbox", "inbox", cwd=place)
        assert f"answers 1 of the {1 + (chapter == '00')} exercises of chapter {chapter}" in done.stdout, done.stderr
    # Ben hands in a loose file with the right answer, by its name alone.
    (place / "inbox" / "ben_warm-up.ipynb").write_bytes((place / "solutions" / "warm-up_cubes.ipynb").read_bytes())

    done = course("grade", "inbox", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "3 graded, 0 graded before, 0 refused, 0 failed" in done.stdout
    assert points(place) == {"ada": ("3", "0", "3"), "ben": ("", "4", "4")}
    book = place / "graded" / "gradebook.sqlite"
    assert query(book, "select exercise, mistake from verdicts where mistake is not null") == [("cubes", "inner")]
    page = (place / "graded" / "feedback" / "ada.html").read_text()
    assert "The inner derivative 3w² is missing" in page
    assert "square_derivation" in page
    report = (place / "graded" / "report.html").read_text()
    assert "warm-up" in report
    assert "The inner derivative 3w² is missing" in report

    done = here("adjust", "ada", "cubes", "--points", "1", "--reason", "almost", cwd=place)
    assert done.stdout == "ada: 3 → 4 points\n", done.stderr


def test_a_class_that_does_not_exist_answers_it_too(place, monkeypatch):
    monkeypatch.chdir(place)
    release(place)
    made = simulate(place / "try", 6, 1, place, instructors_config(place))
    assert {handed.chapter for handed in made.handed} == {"00", "warm-up"}
    assert {name for handed in made.handed for name in handed.meant} == {"square_slope", "square_derivation", "cubes"}
    assert "Exercises warm-up (1001)" in canvas_export(place / "try").read_text()


def test_nbgrader_gets_sheets_of_it(place):
    sheets = {sheet.path.name: sheet for sheet in release(place, sheets_for_nbgrader)}
    assert sheets["warm-up_cubes.ipynb"].path.read_text().count('score(\\"cubes\\", points=4)') == 1
    assert (sheets["warm-up_cubes.ipynb"].points, sheets["00_start.ipynb"].exercises) == (4, 2)


@pytest.mark.parametrize(
    ("title", "chapter", "named"),
    [
        ("Exercises warm-up", "warm-up", True),
        ("Warm-Up: cubes", "warm-up", True),
        ("Warm-ups", "warm-up", False),
        ("Exercises 1", "01", True),
        ("Exercises 11", "01", False),
    ],
)
def test_a_column_names_a_chapter(title, chapter, named):
    assert names_chapter(title, chapter) == named


def test_a_bank_that_cannot_be_used_grades_nothing(place, here, confinement):
    bank = place / "my_bank.py"
    bank.write_text(bank.read_text(encoding="utf-8").replace("y[0] *=", "y[7] *="), encoding="utf-8")
    (place / "inbox" / "ben_00.ipynb").write_bytes(notebook(SLOPE))
    done = here("grade", "inbox", cwd=place)
    assert done.returncode == 1
    assert done.stderr.startswith("`cubes` cannot be asked. my_bank.py, line 13: IndexError"), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    book = place / "graded" / "gradebook.sqlite"
    assert not book.exists() or query(book, "select count(*) from submissions") == [(0,)]


def test_an_exercise_that_no_bank_has_is_not_passed_over_in_a_release(place):
    (place / "course.toml").write_text('exercises = ["more.py"]\n')
    with pytest.raises(CourseError, match="^warm-up_cubes.ipynb checks `cubes`, and its chapter has no exercise. Exer"):
        release(place)
    (place / "course.toml").write_text('exercises = ["my_bank.py"]\n')
    with pytest.raises(
        CourseError, match="^00_start.ipynb checks `square_derivation`, and its chapter has the exercises"
    ):
        release(place)
    assert not (place / "exercises").exists()


def test_an_autograder_takes_the_banks_along(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place)
    write_autograder(tmp_path / "out.zip", "warm-up", place)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {"my_bank.py", "more.py", "course.toml"} <= set(archive.namelist())
        assert archive.read("my_bank.py") == (place / "my_bank.py").read_bytes()
