"""The bank as a whole: unique names, order, and what a mistake's source is good for."""

import ast
import pickle

import numpy as np
import pytest

from course_lib.checks import chapters, exercises, find, judge
from course_lib.checks.judging import FunctionCaller, questions
from course_lib.checks.specification import exercise
from course_lib.errors import CourseError


def test_chapters_come_in_order():
    assert chapters() == sorted(chapters())
    assert [e.chapter for e in exercises()] == sorted(e.chapter for e in exercises())


def test_chapter_1_has_the_exercises_of_the_syllabus():
    assert [e.call for e in exercises("01")] == [
        "linear_approximation(y, J, delta)",
        "polar_jacobian(r, theta)",
        "central_jacobian(f, x, h)",
        "complex_step_gradient(f, x)",
        "jvp_by_differences(f, x, v, h)",
    ]


def test_names_are_unique():
    with pytest.raises(ValueError, match="two exercises are called 'polar_jacobian'"):
        exercise("polar_jacobian(r, theta)", chapter="01", points=1, minutes=1, hints=("a", "b"))


def test_the_nearest_name_is_suggested():
    with pytest.raises(CourseError, match="did you mean `central_jacobian`"):
        find("centralJacobian")


FUNCTIONS = [exercise for exercise in exercises() if exercise.kind == "function"]


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_a_mistake_is_written_with_numpy_alone(exercise):
    for mistake in exercise.mistakes:
        tree = ast.parse(mistake.source(exercise.name))
        assert tree.body[0].name == exercise.name
        assert [a.arg for a in tree.body[0].args.args][: len(exercise.parameters)] == list(exercise.parameters)


@pytest.mark.parametrize("chapter", chapters())
def test_a_mistake_needs_numpy_only_where_the_notebook_imports_it(course_root, chapter):
    """A mistake must fail by its values when a student makes it, not because a name is missing."""
    (path,) = (course_root / "exercises").glob(f"{chapter}_*.ipynb")
    imported = "import numpy as np" in path.read_text(encoding="utf-8")
    sources = [m.source(e.name) for e in exercises(chapter) if e.kind == "function" for m in e.mistakes]
    assert sources
    assert imported or not any("np." in source for source in sources)


def _ruined(values):
    """Every array overwritten, every generator moved on; functions are called on nothing."""
    for value in values:
        if isinstance(value, np.ndarray):
            value[...] = 7
        elif isinstance(value, np.random.Generator):
            value.random(3)
        elif isinstance(value, tuple):
            _ruined(value)


def _kept(exercise):
    """What the judge keeps of an exercise, as bytes; of functions their names."""
    return [
        pickle.dumps(([a.__name__ if callable(a) else a for a in args], truth))
        for args, truth in questions(exercise, 20)
    ]


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.name)
def test_what_an_answer_does_to_its_arguments_is_never_seen_again(exercise):
    def vandal(*args):
        _ruined(args)
        return args[0]

    before = _kept(exercise)
    judge(exercise, FunctionCaller(vandal))
    assert _kept(exercise) == before
    questions.cache_clear()
    assert _kept(exercise) == before, "the same seed asks something else"


@pytest.mark.parametrize(("right", "count"), [("X", 2), ("Z", 0)])
def test_an_edit_must_have_one_place(right, count):
    with pytest.raises(ValueError, match=f"'{right}' stands {count} times in it, not once"):
        find("forward").slip("misplaced", "A sentence.", "return X @ X.T", (right, "W"))
