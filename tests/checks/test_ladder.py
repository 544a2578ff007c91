"""Each rung of the verdict ladder shows its own message, on the exercises of chapter 1."""

import functools
import re

import numpy as np
import pytest

from course_lib import check, hint, progress
from course_lib.checks import exercises, judge, seat
from course_lib.checks.calling import Outcome
from course_lib.checks.drawing import SIZES, draws
from course_lib.checks.judging import FunctionCaller


@pytest.fixture(autouse=True)
def fresh_session(monkeypatch):
    monkeypatch.setattr(seat, "_latest", {})
    monkeypatch.setattr(seat, "_hints_taken", {})


def named(name, function):
    function.__name__ = name
    return function


def test_not_attempted_by_ellipsis_pass_or_docstring():
    def linear_approximation(y, J, delta): ...

    assert check(linear_approximation).status == "not attempted"


def test_return_none_on_purpose_is_not_a_stub():
    def linear_approximation(y, J, delta):
        return None

    verdict = check(linear_approximation)
    assert verdict.status == "none"
    assert "Did you forget `return`?" in verdict.message


def test_a_forgotten_return_is_named():
    def linear_approximation(y, J, delta):
        result = y + J @ delta  # noqa: F841

    assert check(linear_approximation).status == "none"


def test_raised_says_which_call_and_which_line():
    def linear_approximation(y, J, delta):
        return y / missing  # noqa: F821

    verdict = check(linear_approximation)
    assert verdict.status == "raised"
    assert "NameError: name 'missing' is not defined" in verdict.message
    assert "`return y / missing  # noqa: F821`" in verdict.message
    assert "J of shape (" in verdict.message


def test_wrong_kind_says_what_was_got_and_what_was_expected():
    verdict = check(named("polar_jacobian", lambda r, theta: [[1.0, 0.0], [0.0, r]]))
    assert verdict.status == "kind"
    assert "a list or tuple of 2 items; expected an array of shape (2, 2)" in verdict.message
    assert "np.array" in verdict.message


def test_an_object_or_subclass_is_of_the_wrong_kind():
    class Sly(np.ndarray):
        pass

    verdict = check(named("polar_jacobian", lambda r, theta: np.ones((2, 2)).view(Sly)))
    assert verdict.status == "kind"
    assert "type Sly" in verdict.message


def test_a_complex_answer_is_of_the_wrong_kind():
    verdict = check(named("linear_approximation", lambda y, J, delta: y + J @ delta + 0j))
    assert verdict.status == "kind"
    assert ".imag" in verdict.message


def test_wrong_shape_says_got_and_expected():
    verdict = check(named("polar_jacobian", lambda r, theta: np.ones((2, 3))))
    assert verdict.status == "shape"
    assert "shape (2, 3), expected (2, 2)" in verdict.message


def test_right_numbers_in_a_column_are_told_so():
    verdict = check(named("linear_approximation", lambda y, J, delta: (y + J @ delta)[:, None]))
    assert verdict.status == "shape"
    assert "The numbers are right" in verdict.message


def test_not_finite_says_where():
    def linear_approximation(y, J, delta):
        result = y + J @ delta
        result[1] = np.nan
        return result

    verdict = check(linear_approximation)
    assert verdict.status == "not finite"
    assert "nan at entry [1]" in verdict.message


def test_unnamed_wrong_values_show_the_worst_entry():
    def linear_approximation(y, J, delta):
        result = y + J @ delta
        result[2] += 100
        return result

    verdict = check(linear_approximation)
    assert (verdict.status, verdict.mistake) == ("wrong", None)
    assert "entry [2] is 10" in verdict.message or "entry [2] is 9" in verdict.message
    assert "1 of " in verdict.message


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (lambda X, w, y: -2, "-2 times"),
        (lambda X, w, y: 2 * len(y), "2 · X.shape[0] times"),
        (lambda X, w, y: -len(w), "-1 · X.shape[1] times"),
        (lambda X, w, y: 1 / len(w), "1 / X.shape[1] times"),
    ],
)
def test_two_mistakes_at_once_that_make_a_multiple_are_told_as_one(factor, said):
    def mse_gradient(X, w, y):
        return factor(X, w, y) * (X.T @ (X @ w - y)) / len(y)

    verdict = check(mse_gradient)
    assert verdict.status == "wrong"
    assert verdict.message.startswith(f"On every draw your answer is {said} the right one.")


@pytest.mark.parametrize("factor", [np.arange, lambda d: np.sum(np.arange(d)) + np.eye(d)[0]])
def test_no_multiple_is_told_where_entries_or_draws_differ(factor):
    def mse_gradient(X, w, y):
        return (1 + factor(len(w))) * (X.T @ (X @ w - y)) / len(y)

    assert "On every draw" not in check(mse_gradient).message


def test_a_difference_quotient_in_the_place_of_a_formula_is_told():
    def mse_gradient(X, w, y):
        def loss(w):
            return np.sum((X @ w - y) ** 2) / (2 * len(y))

        return np.array([(loss(w + step) - loss(w - step)) / 2e-6 for step in 1e-6 * np.eye(len(w))])

    verdict = check(mse_gradient)
    assert (verdict.status, verdict.mistake) == ("wrong", "quotient")
    assert "On 3 of 4 draws your answer is close and not right: a difference quotient" in verdict.message


@pytest.mark.parametrize("off", [(1e-6, 1e-6, 1, 1), (0, 1e-6, 1e-6, 1e-6), (0, 0, 0, 1)])
def test_no_difference_quotient_is_told_where_two_draws_are_far_off_or_one_is_right(off):
    errors = iter(off)

    def mse_gradient(X, w, y):
        return X.T @ (X @ w - y) / len(y) * (1 + next(errors) * np.arange(len(w)))

    verdict = check(mse_gradient)
    assert verdict.status == "wrong"
    assert "a difference quotient" not in verdict.message


def test_a_wrong_number_is_shown_in_enough_digits_to_see_it():
    def mse(X, w, y):
        return np.sum((X @ w - y) ** 2) / (2 * len(y)) * (1 + 1e-7)

    said = re.search("the value is (.*), it should be (.*?)\\.\\)", check(mse).message)
    assert said[1] != said[2]
    assert abs(float(said[1]) / float(said[2]) - 1) < 1e-6


def test_a_mistake_on_some_draws_only_is_not_named():
    state = []

    def linear_approximation(y, J, delta):
        state.append(1)
        return J @ delta if len(state) == 1 else y + 3 * J @ delta

    assert check(linear_approximation).mistake is None


def test_right_on_all_draws_but_one_is_wrong():
    state = []

    def linear_approximation(y, J, delta):
        state.append(1)
        return y + (J @ delta) * (1 if len(state) > 1 else 1 + 1e-6)

    assert check(linear_approximation).status == "wrong"


def test_a_warning_does_not_make_a_right_answer_wrong():
    def linear_approximation(y, J, delta):
        np.log(np.array(-1.0))
        return y + J @ delta

    with pytest.warns(RuntimeWarning):
        assert check(linear_approximation).ok


def test_changing_the_inputs_does_not_help():
    def linear_approximation(y, J, delta):
        y[:] = 0
        J[:] = 0
        return y

    assert not check(linear_approximation).ok


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda r: r, "yours is `polar_jacobian(r)`"),
        (lambda r, theta, more: r, "yours is `polar_jacobian(r, theta, more)`"),
        (lambda theta, r: r, "the same parameters in another order"),
    ],
)
def test_other_parameters_get_one_sentence(function, expected):
    verdict = check(named("polar_jacobian", function))
    assert verdict.status == "signature"
    assert "asks for `polar_jacobian(r, theta)`" in verdict.message
    assert expected in verdict.message


def test_renamed_parameters_and_extra_defaults_are_fine():
    assert check(named("linear_approximation", lambda a, b, c, scale=1: a + scale * b @ c)).ok


def test_an_unknown_name_suggests_the_nearest():
    verdict = check(named("polar_jacobain", lambda r, theta: r))
    assert verdict.status == "unknown"
    assert "did you mean `polar_jacobian`?" in verdict.message


@pytest.mark.parametrize("nonsense", [None, 3, np.ones(2), functools.partial(print)])
def test_something_that_is_no_exercise_gets_one_sentence(nonsense):
    verdict = check(nonsense)
    assert verdict.status == "unknown"
    assert len(verdict.message) > 20


def test_a_stopped_call_says_why():
    from course_lib.checks import find

    class Stopped(FunctionCaller):
        def call(self, name, args):
            return Outcome("stopped", error="it ran for more than 5 s")

    verdict = judge(find("polar_jacobian"), Stopped(lambda r, theta: r))
    assert verdict.status == "stopped"
    assert "more than 5 s" in verdict.message


def test_every_verdict_shows_itself_as_text_and_escaped_html():
    verdict = check(named("polar_jacobian", lambda r, theta: exec("raise ValueError('<b>')")))
    assert "<b>" in repr(verdict)
    assert "<b>" not in verdict._repr_html_()
    assert "&lt;b&gt;" in verdict._repr_html_()


def test_hints_come_in_tiers_and_end():
    from course_lib.checks import find

    total = len(find("polar_jacobian").hints)
    shown = [hint("polar_jacobian") for _ in range(total + 1)]
    assert [h.number for h in shown] == [*range(1, total + 1), total]
    assert len({h.text for h in shown}) == total
    assert "the last one" in repr(shown[-1])
    assert "did you mean" in repr(hint("polar_jacobain"))


def test_progress_grows_with_right_answers():
    assert progress("01").points == 0
    check(named("linear_approximation", lambda y, J, delta: J @ delta))
    assert "linear_approximation         wrong values\n" in repr(progress("01")), "and no tag behind it"
    check(named("linear_approximation", lambda y, J, delta: y + J @ delta))
    assert progress().points == 2
    assert "1 of 22 exercises right" in repr(progress("01"))
    assert f"1 of {len(exercises())} exercises right" in repr(progress())
    assert "03  7 exercises, not begun" in repr(progress())
    assert "chapters are 00, 01" in repr(progress("77"))


def test_sizes_differ_within_a_draw_and_change_from_draw_to_draw():
    for name in ("a", "b", "polar_jacobian"):
        sizes = [draw.sizes(len(SIZES) - 1) for draw in draws(name)]
        for one in sizes:
            assert len(set(one)) == len(one)
            assert min(one) >= 3
        for before, after in zip(sizes, sizes[1:], strict=False):
            assert all(x != y for x, y in zip(before, after, strict=True))


def test_the_same_seed_gives_the_same_draws():
    first, again, other = (draws("a", seed)[0].array(3, 4) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert np.all((np.abs(first) >= 0.5) & (np.abs(first) <= 1.5))
