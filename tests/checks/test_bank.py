"""The bank as a whole: unique names, order, and what a mistake's source is good for."""

import ast
import pickle

import numpy as np
import pytest

from course_lib.checks import chapters, exercises, find, judge
from course_lib.checks.judging import FunctionCaller, questions
from course_lib.checks.specification import Exercise, exercise, mistake_id
from course_lib.errors import CourseError


def test_chapters_come_in_order():
    assert chapters() == sorted(chapters())
    assert [e.chapter for e in exercises()] == sorted(e.chapter for e in exercises())


def test_chapter_1_has_the_exercises_of_the_syllabus():
    assert [e.call for e in exercises("01")] == [
        "linear_approximation(y, J, delta)",
        "polar_jacobian(r, theta)",
        "jacobian_of_sum(x)",
        "jacobian_of_scaling(c, x)",
        "jacobian_of_difference(a, b)",
        "jacobian_of_dot(a, b)",
        "jacobian_of_elementwise(f, slope, x)",
        "jacobian_of_square(x)",
        "jacobian_of_product(A, x, u)",
        "jacobian_of_outer(a, b)",
        "jacobian_of_norm(x)",
        "jacobian_of_normalised(x)",
        "jacobian_of_concatenation(x, y)",
        "jacobian_of_reshape(X)",
        "jacobian_of_row_added(X, b)",
        "jacobian_of_mean(X)",
        "jacobian_of_max(x)",
        "derivative_of_matrix_square(X, H)",
        "derivative_of_inverse(X, H)",
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


def unentered():
    """An exercise that no bank holds."""
    return Exercise("cube", ("x",), "00", 1, 1, ("a", "b"))


@pytest.mark.parametrize(
    ("name", "id"),
    [("sign", "sign"), ("mean_left", "mean-left"), ("sum_", "sum"), ("sign_of_T", "sign-of-T"), ("by_2_", "by-2")],
)
def test_the_id_of_a_mistake_is_the_name_of_its_function(name, id):
    assert mistake_id(name) == id


def test_a_mistake_is_told_by_its_function():
    cube = unentered()

    @cube.mistake
    def mean_left(x):
        """The docstring is the sentence,
        on as many lines as it takes."""
        # A comment stays.
        return x

    (mistake,) = cube.mistakes
    assert (mistake.id, mistake.answer) == ("mean-left", mean_left)
    assert mistake.sentence == "The docstring is the sentence, on as many lines as it takes."
    assert mistake.source("cube") == "def cube(x):\n    # A comment stays.\n    return x"


def test_how_a_mistake_is_recognised_stands_in_brackets():
    cube = unentered()

    @cube.mistake(seen=all, shown=any)
    def sign(x):
        """A sentence."""
        return -x

    (mistake,) = cube.mistakes
    assert (mistake.id, mistake.seen, mistake.shown) == ("sign", all, any)


def test_a_mistake_needs_a_sentence_and_a_name_of_its_own():
    cube = unentered()

    def sign(x):
        """A sentence."""
        return -x

    def silent(x):
        return -x

    cube.mistake(sign)
    with pytest.raises(ValueError, match="cube has two mistakes called 'sign'"):
        cube.mistake(sign)
    with pytest.raises(ValueError, match="the mistake `silent` needs a docstring"):
        cube.mistake(silent)
    with pytest.raises(ValueError, match="known by the name of its function, and `<lambda>` is none"):
        cube.mistake(lambda x: x)


@pytest.mark.parametrize(("name", "owner"), [("sum", "Python"), ("helper", "this file")])
def test_a_mistake_hides_no_name_that_its_file_needs(name, owner):
    """What comes later in the file would call the mistake instead."""
    file = f"helper = []\n@cube.mistake\ndef {name}(x):\n    'A sentence.'\n    return x\n"
    with pytest.raises(ValueError, match=f"`{name}` stands for something else in {owner}; call the function `{name}_`"):
        exec(file, {"cube": unentered()})
    exec(file.replace(f"def {name}(x):", f"def {name}_(x):"), {"cube": (cube := unentered())})
    assert [mistake.id for mistake in cube.mistakes] == [name]


def test_two_exercises_of_a_file_may_have_a_mistake_of_one_name():
    first, second = unentered(), unentered()
    file = "@{}.mistake\ndef sign(x):\n    'A sentence.'\n    return -x\n"
    exec(file.format("first") + file.format("second"), {"first": first, "second": second})
    assert first.mistakes[0].answer is not second.mistakes[0].answer
