"""Make the student edition: solutions/NN_*.ipynb become exercises/NN_*.ipynb without the solutions.

In a code cell, what stands between `### BEGIN SOLUTION` and `### END SOLUTION` is replaced by a stub: the lines of the
region that start with `### STUB ` if there are any, else a comment and `raise NotImplementedError()`. What follows the
marker keeps its own indentation. Cells tagged "solution-only" are left out, outputs are cleared.

For nbgrader the solutions stay where they are, because its own `generate_assignment` takes them out, and the check
cells become tests that its `autograde` reads.
"""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from course_lib.checks import exercises
from course_lib.checks.origins import sources as bank_sources
from course_lib.checks.specification import Exercise
from course_lib.errors import CourseError
from course_lib.grading.config import instructors_config
from course_lib.grading.notebook import chapter_by_name

BEGIN, END, STUB = "### BEGIN SOLUTION", "### END SOLUTION", "### STUB"
_CHECKED = re.compile(r"""^check\(["']?(\w+)["']?\)""", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")
_HAND_IN = ("## Hand in", "submit(")
_GRADED = """# nbgrader takes the number for the points.
from course_lib.checks.nbgrader import score

score("{name}", points={points:g})"""
_REGION = re.compile(rf"^([ \t]*){BEGIN}[ \t]*\n(.*?)^[ \t]*{END}[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Released:
    """One student notebook: where it belongs, its text, and whether the file already holds just that."""

    path: Path
    text: str
    in_step: bool
    exercises: int
    points: float


def student_editions(root: Path) -> list[Released]:
    """The student edition of every solution notebook under `root`, a Path; nothing is written."""
    return [
        _released(
            root / "exercises" / source.name,
            student_edition(notebook),
            {exercise.name: exercise.points for exercise in found},
        )
        for source, notebook, _, found in _solved(root)
    ]


def release(root, editions_of=student_editions):
    """Write the editions that are not in step; returns all of them. `editions_of(root)` makes them."""
    editions = editions_of(root)
    for edition in editions:
        if not edition.in_step:
            edition.path.parent.mkdir(parents=True, exist_ok=True)
            edition.path.write_text(edition.text, encoding="utf-8")
    return editions


def _solved(root):
    """(path, notebook, chapter, its exercises) of every solution notebook under `root`."""
    paths, banks = sorted((root / "solutions").glob("*.ipynb")), bank_sources(root)
    if not paths:
        raise CourseError(f"No solution notebook in {root / 'solutions'}; expected files such as 01_title.ipynb.")
    for path in paths:
        notebook, chapter = nbformat.read(path, as_version=4), chapter_by_name(path.name, banks)
        found = exercises(chapter, banks)
        complain_about_missing(notebook, path, found)
        yield path, notebook, chapter, found


def _released(path, notebook, points):
    text = nbformat.writes(notebook) + "\n"
    in_step = path.exists() and path.read_text(encoding="utf-8") == text
    return Released(path, text, in_step, len(points), sum(points.values()))


def sheets_for_nbgrader(root: Path) -> list[Released]:
    """The chapters in play under `root` as sources of nbgrader assignments; nothing is written."""
    config, sheets = instructors_config(root), []
    for source, notebook, chapter, found in _solved(root):
        if not config.chapters or chapter in config.chapters:
            points = {exercise.name: config.points.get(exercise.name, exercise.points) for exercise in found}
            path = root / "nbgrader" / "source" / source.stem / source.name
            sheets.append(_released(path, sheet_for_nbgrader(notebook, points), points))
    return sheets


def sheet_for_nbgrader(notebook: Any, points: Mapping[str, float]) -> Any:
    """A copy of a solution notebook whose check cells nbgrader grades.

    points   exercise -> what a right answer counts.

    nbgrader knows one stub for all answers, so a cell with a stub of its own is handed out as the student has it, and
    is no solution cell in its eyes. How to hand in is left out, because nbgrader collects; links to chapters as well.
    """
    sheet = student_edition(notebook)
    sheet.cells = [cell for cell in sheet.cells if not cell.source.startswith(_HAND_IN)]
    given = {cell.id: cell.source for cell in notebook.cells}
    for cell in sheet.cells:
        checked = _CHECKED.match(cell.source)
        if cell.cell_type == "markdown":
            cell.source = _LINK.sub(r"\1", cell.source)
        elif checked and checked[1] in points:
            worth = float(points[checked[1]])
            cell.source = _GRADED.format(name=checked[1], points=worth)
            cell.metadata["nbgrader"] = _about(f"check_{checked[1]}", grade=True, locked=True, points=worth)
        elif STUB in given[cell.id]:
            cell.metadata.pop("nbgrader", None)
        elif BEGIN in given[cell.id]:
            cell.source = given[cell.id]
            name = next((name for name in points if defines(cell.source, name)), cell.id)
            cell.metadata["nbgrader"] = _about(name, solution=True)
    return sheet


def _about(id, **more):
    """nbgrader's metadata of a cell, schema 3."""
    return {
        "grade_id": id,
        "grade": False,
        "locked": False,
        "solution": False,
        "task": False,
        "schema_version": 3,
    } | more


def student_edition(notebook: Any) -> Any:
    """A copy of a solution notebook without solutions and outputs."""
    student = deepcopy(notebook)
    student.cells = [cell for cell in student.cells if "solution-only" not in cell.metadata.get("tags", [])]
    for cell in student.cells:
        if cell.cell_type == "code":
            cell.source = without_solution(cell.source)
            cell.outputs, cell.execution_count = [], None
    return student


def without_solution(source: str) -> str:
    """The source of a cell with every solution region replaced by its stub."""
    if source.count(BEGIN) != source.count(END) or len(_REGION.findall(source)) != source.count(BEGIN):
        raise CourseError(f"A cell has {BEGIN!r} without {END!r}, or the other way round: {source[:60]!r}")
    return _REGION.sub(lambda region: _stub(*region.groups()), source)


def _stub(indent, solution):
    marked = [line.strip() for line in solution.splitlines() if line.strip().startswith(STUB)]
    given = [line.removeprefix(STUB).removeprefix(" ") for line in marked]
    lines = ["# YOUR CODE HERE", *(given or ["raise NotImplementedError()"])]
    return "\n".join(indent + line for line in lines)


def complain_about_missing(notebook: Any, source: Path, found: "Iterable[Exercise]") -> None:
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


def defines(cell: Any, name: str) -> bool:
    """Whether a cell's source defines `name` at its left margin."""
    return re.search(rf"^(def {name}\(|{name}\s*=)", cell, re.MULTILINE) is not None
