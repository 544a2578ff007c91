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
from course_lib.errors import CourseError

BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "### STUB"
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
    editions = []
    for source in sources:
        notebook = nbformat.read(source, as_version=4)
        complain_about_missing(notebook, source)
        text = nbformat.writes(student_edition(notebook)) + "\n"
        path = root / "exercises" / source.name
        in_step = path.exists() and path.read_text(encoding="utf-8") == text
        found = exercises(source.name[:2])
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


def complain_about_missing(notebook, source):
    """CourseError when an exercise of the chapter has no solution cell in its notebook."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code" and BEGIN in cell.source]
    for exercise in exercises(source.name[:2]):
        pattern = rf"^(def {exercise.name}\(|{exercise.name}\s*=)"
        if not any(re.search(pattern, cell, re.MULTILINE) for cell in code):
            raise CourseError(f"{source.name} has no cell that solves `{exercise.name}` between {BEGIN!r} and {END!r}.")
