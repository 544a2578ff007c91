"""The student edition: in step with the solutions, without them, and readable by nbgrader."""

import nbformat
import pytest

from course_lib.authoring import nbgrader_metadata
from course_lib.checks import exercises
from course_lib.errors import CourseError
from course_lib.grading.release import release, student_editions, without_solution


def test_every_exercise_notebook_is_in_step(course_root):
    behind = [edition.path.name for edition in student_editions(course_root) if not edition.in_step]
    assert not behind, f"run `make release`: {behind}"


def test_exercises_holds_nothing_but_released_notebooks(course_root):
    released = {edition.path.name for edition in student_editions(course_root)}
    assert {path.name for path in (course_root / "exercises").iterdir() if path.suffix == ".ipynb"} == released


def test_no_solution_and_no_output_gets_out(course_root):
    for edition in student_editions(course_root):
        notebook = nbformat.reads(edition.text, as_version=4)
        nbformat.validate(notebook)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(not cell.outputs and cell.execution_count is None for cell in code)
        assert "SOLUTION" not in edition.text
        for exercise in exercises(edition.path.name[:2]):
            stub = next(cell.source for cell in code if exercise.name in cell.source)
            assert "# YOUR CODE HERE" in "".join(cell.source for cell in code if f"{exercise.name}" in cell.source)
            assert stub


def test_a_region_becomes_a_stub_at_its_own_depth():
    source = "def f(x):\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\nprint()"
    assert without_solution(source) == "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\nprint()"


def test_a_region_can_bring_its_own_stub():
    source = '### BEGIN SOLUTION\n### STUB answer = ""\nanswer = "42"\n### END SOLUTION'
    assert without_solution(source) == '# YOUR CODE HERE\nanswer = ""'


def test_a_stub_of_several_lines_keeps_its_depth():
    source = (
        "def f(x):\n    ### BEGIN SOLUTION\n    ### STUB for t in x:\n    ### STUB     x = t\n    ### STUB return x\n"
        "    return sum(x)\n    ### END SOLUTION"
    )
    assert without_solution(source) == "def f(x):\n    # YOUR CODE HERE\n    for t in x:\n        x = t\n    return x"


@pytest.mark.parametrize(
    "source", ["### BEGIN SOLUTION\nx", "x\n### END SOLUTION", "### END SOLUTION\n### BEGIN SOLUTION"]
)
def test_a_half_open_region_is_refused(source):
    with pytest.raises(CourseError, match="without"):
        without_solution(source)


def test_a_chapter_without_one_of_its_solutions_is_refused(tmp_path, course_root):
    (tmp_path / "solutions").mkdir()
    notebook = nbformat.read(course_root / "solutions" / "00_exercises.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "BEGIN SOLUTION" not in cell.source]
    nbformat.write(notebook, tmp_path / "solutions" / "00_exercises.ipynb")
    with pytest.raises(CourseError, match="no cell that solves `square_slope`"):
        release(tmp_path)


def test_release_writes_once(tmp_path, course_root):
    (tmp_path / "solutions").mkdir()
    source = course_root / "solutions" / "00_exercises.ipynb"
    (tmp_path / "solutions" / source.name).write_bytes(source.read_bytes())
    assert [edition.in_step for edition in release(tmp_path)] == [False]
    assert [edition.in_step for edition in release(tmp_path)] == [True]


def test_solution_cells_carry_nbgrader_metadata(course_root):
    for path in sorted((course_root / "solutions").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        names = [cell.metadata.nbgrader.grade_id for cell in marked if cell.metadata.nbgrader.solution]
        assert names == [e.name for e in exercises(path.name[:2])]
        assert all(cell.metadata.nbgrader.schema_version == 3 for cell in marked)
        assert all(cell.metadata == {**cell.metadata, **nbgrader_metadata(cell.source)} for cell in marked)
