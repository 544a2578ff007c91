"""Chapter 2: the exercises of the syllabus, and answers that multiply from the other side."""

from course_lib.checks import exercises, find, judge
from course_lib.checks.judging import FunctionCaller


def test_chapter_2_has_the_exercises_of_the_syllabus():
    assert [e.call for e in exercises("02")] == [
        "affine_jacobian(A)",
        "affine_pullback(A, g)",
        "quadratic_gradient(A, x)",
        "quadratic_gradient_in_A(x)",
        "quadratic_hessian(A)",
        "bilinear_gradients(x, A, y)",
    ]


def test_a_reader_who_multiplies_from_the_other_side_is_right_too():
    answers = {
        "affine_pullback": lambda A, g: A @ g,
        "quadratic_gradient": lambda A, x: (A + A.T) @ x,
        "quadratic_gradient_in_A": lambda x: x[:, None] * x,
        "bilinear_gradients": lambda x, A, y: (y @ A.T, x[:, None] @ y[None, :], A.T @ x),
    }
    for name, answer in answers.items():
        assert judge(find(name), FunctionCaller(answer)).status == "right", name
