"""Make the student edition: solutions/NN_*.ipynb become exercises/NN_*.ipynb without the solutions.

In a code cell, what stands between `### BEGIN SOLUTION` and `### END SOLUTION` is replaced by a stub: the lines of the
region that start with `### STUB ` if there are any, else a comment and `raise NotImplementedError()`. What follows the
marker keeps its own indentation. Cells tagged "solution-only" are left out, outputs are cleared.
"""

import re
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course_lib.checks import exercises
from course_lib.checks.origins import sources as bank_sources
from course_lib.errors import CourseError
from course_lib.grading.notebook import chapter_by_name

BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "### STUB"
_CHECKED = re.compile(r"""^check\(["']?(\w+)["']?\)""", re.MULTILINE)
_REGION = re.compile(rf"^([ \t]*){BEGIN}[ \t]*\n(.*?)^[ \t]*{END}[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Released:
    """One student notebook: where it belongs, its text, and whether the file already holds just that."""

    path: Path
    text: str
    in_step: bool
    exercises: int
    points: float


def student_editions(root):
    """The student edition of every solution notebook under `root`, a Path; nothing is written."""
    sources = sorted((root / "solutions").glob("*.ipynb"))
    if not sources:
        raise CourseError(f"No solution notebook in {root / 'solutions'}; expected files such as 01_title.ipynb.")
    editions, banks = [], bank_sources(root)
    for source in sources:
        notebook = nbformat.read(source, as_version=4)
        found = exercises(chapter_by_name(source.name, banks), banks)
        complain_about_missing(notebook, source, found)
        text = nbformat.writes(student_edition(notebook)) + "\n"
        path = root / "exercises" / source.name
        in_step = path.exists() and path.read_text(encoding="utf-8") == text
        editions.append(Released(path, text, in_step, len(found), sum(e.points for e in found)))
    return editions


def release(root):
    """Write the student editions that are not in step; returns all of them."""
    editions = student_editions(root)
    for edition in editions:
        if not edition.in_step:
            edition.path.parent.mkdir(exist_ok=True)
            edition.path.write_text(edition.text, encoding="utf-8")
    return editions


def student_edition(notebook):
    """A copy of a solution notebook without solutions and outputs."""
    student = deepcopy(notebook)
    student.cells = [cell for cell in student.cells if "solution-only" not in cell.metadata.get("tags", [])]
    for cell in student.cells:
        if cell.cell_type == "code":
            cell.source = without_solution(cell.source)
            cell.outputs, cell.execution_count = [], None
    return student


def without_solution(source):
    """The source of a cell with every solution region replaced by its stub."""
    if source.count(BEGIN) != source.count(END) or len(_REGION.findall(source)) != source.count(BEGIN):
        raise CourseError(f"A cell has {BEGIN!r} without {END!r}, or the other way round: {source[:60]!r}")
    return _REGION.sub(lambda region: _stub(*region.groups()), source)


def _stub(indent, solution):
    marked = [line.strip() for line in solution.splitlines() if line.strip().startswith(STUB)]
    given = [line.removeprefix(STUB).removeprefix(" ") for line in marked]
    lines = ["# YOUR CODE HERE", *(given or ["raise NotImplementedError()"])]
    return "\n".join(indent + line for line in lines)


def complain_about_missing(notebook, source, found):
    """CourseError when an exercise of the chapter has no solution cell, or when a cell checks what is no exercise."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for exercise in found:
        if not any(BEGIN in cell and defines(cell, exercise.name) for cell in code):
            raise CourseError(f"{source.name} has no cell that solves `{exercise.name}` between {BEGIN!r} and {END!r}.")
    names = [exercise.name for exercise in found]
    unknown = [name for cell in code for name in _CHECKED.findall(cell) if name not in names]
    if unknown or (not found and any(BEGIN in cell for cell in code)):
        checked = f"{source.name} checks `{unknown[0]}`" if unknown else f"{source.name} has solutions"
        has = f"has the exercises {', '.join(names)}" if names else "has no exercise"
        raise CourseError(
            f"{checked}, and its chapter {has}. "
            "Exercises of your own stand in a file that `exercises` in course.toml names."
        )


def defines(cell, name):
    """Whether a cell's source defines `name` at its left margin."""
    return re.search(rf"^(def {name}\(|{name}\s*=)", cell, re.MULTILINE) is not None
