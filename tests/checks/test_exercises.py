"""Every check is proven: the solution passes, the stub is not attempted, each mistake fails with its own name."""

import nbformat
import numpy as np
import pytest

from course_lib.checks import exercises, judge
from course_lib.checks.drawing import SEED
from course_lib.checks.judging import FunctionCaller, TextCaller

CASES = [(exercise, mistake) for exercise in exercises() for mistake in exercise.mistakes]


def caller_from(source, name):
    """How to reach the function, or the text, that a cell's source defines."""
    namespace = {"np": np}
    exec(compile(source, "<cell 0>", "exec"), namespace)
    answer = namespace[name]
    return TextCaller(answer) if isinstance(answer, str) else FunctionCaller(answer)


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


@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_the_solution_is_right(exercise, seed, solutions):
    cell = cell_of(exercise, solutions[exercise.chapter])
    verdict = judge(exercise, caller_from(cell, exercise.name), seed)
    assert verdict.status == "right", verdict.message
    assert verdict.points == exercise.points > 0


@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_the_stub_is_not_attempted(exercise):
    stub = f"def {exercise.call}:\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    if exercise.kind == "derivation":
        stub = f'{exercise.name} = ""'
    verdict = judge(exercise, caller_from(stub, exercise.name))
    assert (verdict.status, verdict.points) == ("not attempted", 0)


@pytest.mark.parametrize("seed", [SEED, 1, 2])
@pytest.mark.parametrize(("exercise", "mistake"), CASES, ids=[f"{e.name}-{m.id}" for e, m in CASES])
def test_a_named_mistake_fails_with_its_own_name(exercise, mistake, seed):
    verdict = judge(exercise, caller_from(mistake.source(exercise.name), exercise.name), seed)
    assert verdict.status != "right"
    assert verdict.mistake == mistake.id, verdict.message
    assert verdict.message.startswith(mistake.sentence)
    assert verdict.points == 0 or exercise.kind == "derivation"
    assert verdict.points < exercise.points


@pytest.mark.parametrize("exercise", exercises(), ids=lambda e: e.name)
def test_a_specification_is_complete(exercise):
    assert len(exercise.hints) >= 2
    assert len(exercise.mistakes) >= 4
    assert exercise.minutes > 0
    if exercise.kind == "function":
        assert len({mistake.sentence for mistake in exercise.mistakes}) == len(exercise.mistakes)
