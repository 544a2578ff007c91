"""Handing in again and again teaches nobody the numbers, and equal code is judged equally."""

import re

import pytest

from course_lib.checks import exercises, find
from course_lib.checks.judging import questions
from course_lib.grading.draws import SETS, chosen, seed_of
from course_lib.grading.gradescope import results_of
from course_lib.grading.normal import answer_codes
from tests.grading.handing_in import PATIENT, SEED, chapter_01, graded, notebook

JACOBIAN = "def polar_jacobian(r, theta):\n    return np.array([[1.0, theta], [r, {}]])"


def code(*cells, name="f"):
    return answer_codes(cells, [name])[name]


SAME = {
    "a comment": ("def f(x):\n    # so\n    return 2 * x",),
    "layout": ("def f( x ):\n\n  return (2*x)",),
    "a docstring": ('def f(x):\n    """Twice x."""\n    return 2 * x',),
    "a cell that was copied": ("def f(x):\n    return 2 * x", "def f(x):\n    return 2 * x"),
    "another answer": ("def f(x):\n    return 2 * x", "def g(x):\n    return 3", "y = 7"),
    "a check of it": ("def f(x):\n    return 2 * x", "check(f); print(f(2))"),
    "a cell that Python cannot read": ("%%bash\nls", "def f(x):\n    return 2 * x"),
}
OTHER = {
    "another number": ("def f(x):\n    return 3 * x",),
    "another default": ("def f(x, a=1):\n    return 2 * x",),
    "a second definition": ("def f(x):\n    return 2 * x", "def f(x):\n    return 4"),
    "hidden behind a name": ("def f(x):\n    return 2 * x", "f = lambda x: 4"),
}
TABLES = {
    "a constant": "C = {}",
    "a list that grows": "C = []\nC.append({})",
    "an entry": "C = [0]\nC[0] = {}",
    "a condition": "C = 1\nif True:\n    C = {}",
    "a tuple": "C, D = {}, 1",
    "the module's own names": "def f(x):\n    return globals()['C']\n\nC = {}",
    "a text that is run": "exec('C = {}')\ndef f(x):\n    return eval('C')",
}


@pytest.mark.parametrize("what", SAME)
def test_what_changes_no_answer_changes_no_code(what):
    assert code(*SAME[what]) == code("def f(x):\n    return 2 * x")


@pytest.mark.parametrize("what", OTHER)
def test_another_answer_is_another_code(what):
    assert code(*OTHER[what]) != code("def f(x):\n    return 2 * x")


@pytest.mark.parametrize("what", TABLES)
def test_what_an_answer_uses_belongs_to_it_wherever_it_stands(what):
    answer = "def f(x):\n    return C"
    first, second = (code(answer, TABLES[what].format(value)) for value in ("4.47", "4.48"))
    assert first != second


def test_all_sets_of_the_stock_are_met_and_differ():
    met = {chosen(7, "01", "f", str(k)) for k in range(2000)}
    assert met == set(range(SETS))
    assert len({seed_of(7, number) for number in met} | {seed_of(8, number) for number in met}) == 2 * SETS
    first, second = (questions(find("square_slope"), seed_of(7, number))[0][0] for number in (0, 1))
    assert first != second


def test_equal_code_meets_equal_draws_and_a_changed_answer_others(confinement):
    results = [
        graded(confinement, notebook("import numpy as np", *cells), "01")
        for cells in (
            (JACOBIAN.format(1),),
            (f"# mine\n{JACOBIAN.format(1)}", "print('hello')"),
            *((JACOBIAN.format(k),) for k in range(2, 10)),
        )
    ]
    met = [result.draws["polar_jacobian"] for result in results]
    assert met[0] == met[1] and len(set(met)) > 4
    said = [next(v for v in result.verdicts if v.exercise == "polar_jacobian") for result in results]
    assert (said[0].status, said[0].message) == (said[1].status, said[1].message)


def test_what_is_said_where_points_are_given_holds_no_number_of_the_draws(confinement):
    """Wrong answers to every exercise of a chapter: the sentence shows neither what was drawn nor what is right."""
    names = {
        "linear_approximation": "return 0 * y",
        "polar_jacobian": "return np.zeros((2, 2)) + 0.125",
        "central_jacobian": "return np.zeros((f(x).size, x.size))",
        "jvp_by_differences": "return 0 * f(x)",
    }
    cells = [f"def {find(name).call}:\n    {body}" for name, body in names.items()]
    result = graded(confinement, notebook("import numpy as np", *cells), "01")
    told = [v for v in result.verdicts if v.exercise in names]
    assert [v.ok for v in told] == [False] * 4
    for verdict in told:
        assert "should be" not in verdict.message
        assert not re.search(r"\d\.\d{2,}", verdict.message.replace("0.125", ""))


def test_gradescope_says_no_more(confinement, tmp_path):
    (tmp_path / "01.ipynb").write_bytes(chapter_01(polar_jacobian=JACOBIAN.format(0.5)))
    from course_lib.grading.config import Config

    results = [results_of(tmp_path, "01", SEED, Config(limits=PATIENT), confinement) for _ in range(2)]
    assert results[0] == results[1]
    text = next(test["output"] for test in results[0]["tests"] if test["name"].startswith("polar_jacobian"))
    assert "entries are off" in text and "should be" not in text


def test_every_exercise_can_be_asked_from_any_set(monkeypatch):
    """Four sets drawn by chance from the stock of another secret, for each exercise of the course."""
    for exercise in exercises():
        if exercise.kind == "function":
            assert len(questions(exercise, seed_of(3, chosen(3, exercise.chapter, exercise.name, "")))) > 1
