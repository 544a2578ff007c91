"""Every check is proven: the solution passes, the stub is not attempted, each mistake fails with its own name."""

import nbformat
import pytest

from course_lib.checks import exercises
from course_lib.checks.proving import SEEDS, mistake_fault, solution_fault, stub_fault

CASES = [(exercise, mistake) for exercise in exercises() for mistake in exercise.mistakes]


def cell_of(exercise, cells):
    """The solution cell of an exercise among the sources of its chapter."""
    starts = (f"def {exercise.name}(", f"\n{exercise.name} = ")
    return next(source for source in cells if "BEGIN SOLUTION" in source and any(start in source for start in starts))


@pytest.fixture(scope="session")
def solutions(course_root):
    """The code of the solution notebooks, chapter by chapter."""
    code = {}
    for path in sorted((course_root / "solutions").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code[path.name[:2]] = [cell.source for cell in cells if cell.cell_type == "code"]
    return code


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_the_solution_is_right(exercise, seed, solutions):
    cell = cell_of(exercise, solutions[exercise.chapter])
    assert solution_fault(exercise, cell, [seed]) == ""


@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_the_stub_is_not_attempted(exercise):
    assert stub_fault(exercise) == ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("exercise", "mistake"), CASES, ids=[f"{e.name}-{m.id}" for e, m in CASES])
def test_a_named_mistake_fails_with_its_own_name(exercise, mistake, seed):
    assert mistake_fault(exercise, mistake, [seed]) == ""


@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_a_specification_is_complete(exercise):
    assert len(exercise.hints) >= 2
    assert len(exercise.mistakes) >= 4
    assert exercise.minutes > 0
    if exercise.kind == "function":
        assert len({mistake.sentence for mistake in exercise.mistakes}) == len(exercise.mistakes)
