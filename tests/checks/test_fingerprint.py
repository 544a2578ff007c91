"""The fingerprint of an exercise changes with what decides about right and wrong, and with nothing else."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from course_lib.checks import exercises, find
from course_lib.checks.fingerprint import fingerprint
from course_lib.checks.specification import Exercise

BANK = '''
import numpy as np
FACTOR = 2.0

def helper(x):
    """Twice."""
    return FACTOR * x  # a comment

def unused(x):
    return x

def draws(draw):
    return (draw.array(3),)

def truth(x):
    def inner(y):
        return helper(y)
    return inner(x)
'''


@pytest.fixture
def made(tmp_path):
    """A function that makes an Exercise from the text of a file."""

    def make(text, **more):
        path = tmp_path / f"bank{len(list(tmp_path.iterdir()))}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location("a_bank", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        exercise = Exercise("twice", ("x",), "77", 2, 5, ("a hint",), **more)
        exercise.draws(module.draws)
        exercise.truth(module.truth)
        return exercise

    return make


SAME = {
    "a comment": ("# a comment", "# another one"),
    "a docstring": ('"""Twice."""', '"""Two times x."""'),
    "no docstring": ('    """Twice."""\n', ""),
    "layout": ("FACTOR * x", "(FACTOR  *  x)"),
    "an unused function": ("def unused(x):\n    return x", "def unused(x):\n    return 7"),
}
OTHER = {
    "the draws": ("array(3)", "array(4)"),
    "the truth": ("return inner(x)", "return inner(x) + 0"),
    "a function that the truth uses inside": ("FACTOR * x", "FACTOR + x"),
    "a constant that it uses": ("FACTOR = 2.0", "FACTOR = 2.5"),
}


@pytest.mark.parametrize("change", SAME)
def test_what_changes_no_verdict_leaves_it(made, change):
    assert BANK.replace(*SAME[change]) != BANK
    assert fingerprint(made(BANK)) == fingerprint(made(BANK.replace(*SAME[change])))


@pytest.mark.parametrize("change", OTHER)
def test_what_may_change_a_verdict_changes_it(made, change):
    assert BANK.replace(*OTHER[change]) != BANK
    assert fingerprint(made(BANK)) != fingerprint(made(BANK.replace(*OTHER[change])))


def test_decisions_and_words_are_no_part_of_it_and_rules_are(made):
    exercise = made(BANK)
    for words in ({"hints": ("b",)}, {"points": 9}, {"minutes": 1}, {"mistakes": []}, {"chapter": "78"}):
        assert fingerprint(replace(exercise, **words)) == fingerprint(exercise)
    rules = ({"rtol": 1e-3}, {"calls": 1}, {"returns": ("a", "b")}, {"parameters": ("y",)}, {"name": "three"})
    found = {fingerprint(replace(exercise, **rule)) for rule in rules}
    assert len(found) == len(rules) and fingerprint(exercise) not in found


def test_an_array_beside_the_exercise_is_part_of_it(made):
    text = BANK.replace("FACTOR = 2.0", "FACTOR = np.array([1.0, 2.0, {}])")
    assert fingerprint(made(text.format(3))) == fingerprint(made(text.format("3.0")))
    assert fingerprint(made(text.format(3))) != fingerprint(made(text.format(np.nextafter(3.0, 4))))


def test_every_exercise_of_the_course_has_its_own_and_no_source_is_missing():
    found = {exercise.name: fingerprint(exercise) for exercise in exercises()}
    assert len(set(found.values())) == len(found)
    assert all(len(value) == 16 and int(value, 16) >= 0 for value in found.values())


def test_a_derivation_is_known_by_its_problem():
    exercise = next(exercise for exercise in exercises() if exercise.kind == "derivation")
    other = replace(exercise, problem=replace(exercise.problem, steps=exercise.problem.steps + 1))
    assert fingerprint(other) != fingerprint(exercise) == fingerprint(find(exercise.name))
