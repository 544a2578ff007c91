"""Answers that are alike: long and rare ones are a finding, what everybody writes is none, and groups are groups."""

from datetime import UTC, datetime, timedelta

import pytest

from course_lib.grading.alike import LINE, WORTH_A_LOOK, Answer, groups
from course_lib.grading.unit import answer_codes

MORNING = datetime(2030, 1, 1, 8, tzinfo=UTC)
LONG = LINE + WORTH_A_LOOK


def answer(student, code, length=LONG, exercise="f", chapter="01", wrong=False, hours=0):
    return Answer(student, chapter, exercise, code, length, wrong, MORNING + timedelta(hours=hours))


def a_class(size=200, **more):
    """Everybody wrote something else."""
    return [answer(f"s{n}", f"own {n}", **more) for n in range(size)]


def test_one_line_that_146_students_share_is_no_finding():
    for length in (LINE, LONG):
        shared = [answer(f"t{n}", "return 2 * x", length) for n in range(146)]
        assert groups(a_class(54) + shared) == []


def test_one_line_that_two_share_is_no_finding_and_ten_of_them_are_none():
    for k in range(10):
        short = [answer(name, "the same", LINE, exercise=f"f{k}", wrong=True) for name in ("ada", "bob")]
        assert groups(a_class() + short) == []


def test_a_long_answer_that_two_share_is_one_and_the_first_to_hand_in_stands_first():
    found = groups(a_class() + [answer("ada", "it", hours=2), answer("bob", "it", hours=1)])
    assert [(group.students, group.chapters, group.shared) for group in found] == [
        (("bob", "ada"), ("01",), {"f": False})
    ]
    assert groups(a_class() + [answer(name, "it", LONG - 1) for name in ("ada", "bob")]) == []


def test_wrong_answers_weigh_twice():
    half = LINE + WORTH_A_LOOK // 2
    assert groups(a_class() + [answer(name, "it", half) for name in ("ada", "bob")]) == []
    (group,) = groups(a_class() + [answer(name, "it", half, wrong=True) for name in ("ada", "bob")])
    assert group.wrong == ["f"]


def test_the_more_have_it_the_less_it_says_and_a_tenth_of_the_class_says_nothing():
    weights = []
    for number in (2, 3, 6, 12, 19):
        found = groups(a_class() + [answer(f"t{n}", "it", 100 * LONG) for n in range(number)])
        assert len(found) == 1 and len(found[0].students) == number
        weights.append(found[0].weight)
    assert weights == sorted(weights, reverse=True) and len(set(weights)) == 5
    assert groups(a_class(180) + [answer(f"t{n}", "it", 100 * LONG) for n in range(20)]) == []


def test_pairs_that_hang_together_are_one_group_over_all_chapters():
    shared = [("ada", "bob", "01"), ("bob", "cyd", "02"), ("cyd", "ada", "05"), ("eve", "fay", "01")]
    answers = [answer(name, f"{one}", chapter=chapter) for one, other, chapter in shared for name in (one, other)]
    first, second = groups(answers + a_class())
    assert (set(first.students), first.chapters) == ({"ada", "bob", "cyd"}, ("01", "02", "05"))
    assert set(second.students) == {"eve", "fay"}


def test_one_student_who_hands_in_again_is_not_alike():
    assert groups([answer("ada", "it", hours=n) for n in range(5)] + a_class()) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("def f(x, y):\n    return x + y", "def f(x, y):\n    # mine\n    return x+y  # all of it\n\n", True),
        ('def f(x):\n    """Given. Returns y."""\n    return x', "def f(x):\n    return x", True),
        ("def f(x):\n    return x", "def f(x):\n    return -x", False),
        ("import os\ndef f(x):\n    return x\ndef g():\n    return 1", "def f(x):\n    return x", True),
        ("f = r'''\na = b\n'''", "f = r'''\na = c\n'''", False),
        ("f = r'''\na = b\n'''", "f  =  r'''a =   b'''", True),
    ],
)
def test_the_code_of_an_answer_is_what_the_student_wrote(one, other, same):
    codes = [{name: code for name, code, _ in answer_codes([text], ["f", "g"])} for text in (one, other)]
    assert (codes[0]["f"] == codes[1]["f"]) is same


def test_the_length_of_an_answer_is_without_blanks_comments_and_what_the_sheet_gives():
    cells = ["x = 1", 'def f(a, b):\n    """Sum. a: (n,)."""\n    # the sum\n    return a + b\n', "g = r'''a b'''"]
    lengths = {name: length for name, _, length in answer_codes(cells, ["f", "g", "h"])}
    assert lengths == {"f": len("returna+b"), "g": len("r'''ab'''")}
    assert answer_codes(cells, []) == ()
