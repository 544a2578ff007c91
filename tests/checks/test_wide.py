"""The wide draw: a gradient comes out of one pass; what computes the loss once for every parameter does not end."""

import numpy as np
import pytest

from course_lib.calculus.jacobian import complex_step_gradient
from course_lib.checks import exercises, find, judge, wide
from course_lib.checks.calling import Outcome
from course_lib.checks.drawing import SEED
from course_lib.checks.judging import FunctionCaller, questions
from course_lib.checks.wide import wide_question

# Gradient exercises without a wide draw, and why.
LEFT = {
    "quadratic_gradient": "its table has n² entries, so n evaluations cost little more than loops",
    "bias_gradient": "one number: one evaluation is one pass",
    "directional_derivative": "one number: one evaluation is one pass",
    "softmax_jacobian": "k evaluations give k² entries, as the formula does",
    "best_step_here": "it asks for a number made of a gradient",
    "descend": "it asks for the loop",
    "reverse_mode_gradient": "a tape of that length cannot be handed over",
}


@pytest.fixture
def hurried(monkeypatch):
    """Less patience than usual: what does not end stops soon."""
    monkeypatch.setattr(wide, "LEAST", 0.2)
    monkeypatch.setattr(wide, "MOST", 0.2)


def by_complex_steps(exercise):
    """An answer that takes complex steps through the loss, as a helper of chapter 1 does."""

    def answer(*args):
        loss, places = exercise.slopes_of(*args)
        found = []
        for k, place in enumerate(places):
            before, after = places[:k], places[k + 1 :]
            found.append(complex_step_gradient(lambda x, b=before, a=after: loss(*b, x, *a), place))
        return tuple(found) if exercise.returns else found[0]

    return FunctionCaller(answer)


@pytest.mark.parametrize("name", ["mse_gradient", "softmax_pullback", "mlp_gradients"])
def test_the_complex_step_through_the_loss_does_not_pass(name, hurried):
    verdict = judge(find(name), by_complex_steps(find(name)))
    assert (verdict.status, verdict.mistake, verdict.points) == ("costly", "one-pass-per-parameter", 0)
    assert "is the point of a derived gradient and of backpropagation" in verdict.message


def test_loops_pass():
    def mse_gradient(X, w, y):
        n, d = X.shape
        gradient = [0.0] * d
        for i in range(n):
            residual = sum(X[i, j] * w[j] for j in range(d)) - y[i]
            for j in range(d):
                gradient[j] += residual * X[i, j] / n
        return np.array(gradient)

    verdict = judge(find("mse_gradient"), FunctionCaller(mse_gradient))
    assert verdict.status == "right", verdict.message


def test_a_slow_formula_is_accepted_with_a_remark(hurried):
    def mse_gradient(X, w, y):
        return np.array([np.sum((X @ w - y) * X[:, j]) / len(y) for j in range(len(w))])

    verdict = judge(find("mse_gradient"), FunctionCaller(mse_gradient))
    assert verdict.status == "right"
    assert "could not be told here" in verdict.message


def test_no_thread_is_left_and_ctrl_c_works_after_a_stopped_call(hurried):
    import signal
    import threading

    before = signal.getsignal(signal.SIGINT)
    judge(find("mse_gradient"), by_complex_steps(find("mse_gradient")))
    assert signal.getsignal(signal.SIGINT) is before
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and "_run" in thread.name:
            thread.join(60)
            assert not thread.is_alive()


@pytest.mark.parametrize("spoilt", [lambda g: 0 * g, lambda g: g[::-1], lambda g: g * (1 + 1e-4)])
def test_what_is_right_on_small_draws_alone_is_wrong(spoilt):
    def mse_residual_gradient(y_hat, y):
        gradient = (y_hat - y) / len(y)
        return gradient if len(y) < 100 else spoilt(gradient)

    verdict = judge(find("mse_residual_gradient"), FunctionCaller(mse_residual_gradient))
    assert verdict.status == "wrong"
    assert "50,000 parameters" in verdict.message


def test_another_shape_or_an_error_on_the_wide_draw_is_told():
    def one_shape(X, w, y):
        gradient = X.T @ (X @ w - y) / len(y)
        return gradient if len(w) < 100 else gradient[:, None]

    def an_error(X, w, y):
        assert len(w) < 100
        return X.T @ (X @ w - y) / len(y)

    assert judge(find("mse_gradient"), FunctionCaller(one_shape)).status == "shape"
    assert judge(find("mse_gradient"), FunctionCaller(an_error)).status == "raised"


def test_where_a_limit_of_time_lies_outside_it_decides():
    class Outside:
        """A caller as the grading has it: calls have limits of their own."""

        def __init__(self, function):
            self.inside = FunctionCaller(function)
            self.signature = self.inside.signature

        def call(self, name, args, seconds=None):
            return self.inside.call(name, args) if seconds is None else Outcome("stopped", error="it took too long")

    verdict = judge(find("mse_gradient"), Outside(lambda X, w, y: X.T @ (X @ w - y) / len(y)))
    assert (verdict.status, verdict.mistake) == ("costly", "one-pass-per-parameter")


def test_a_call_that_cannot_be_stopped_is_not_made(monkeypatch):
    monkeypatch.setattr("course_lib.checks.patience.can_interrupt", lambda: False)
    seen = []

    def mse_gradient(X, w, y):
        seen.append(len(w))
        return X.T @ (X @ w - y) / len(y)

    verdict = judge(find("mse_gradient"), FunctionCaller(mse_gradient))
    assert verdict.ok and "cannot be told here" in verdict.message
    assert max(seen) < 100


WIDE = [exercise for exercise in exercises() if exercise.widest]


@pytest.mark.parametrize("exercise", WIDE, ids=lambda e: e.name)
def test_the_loss_of_a_wide_draw_is_the_one_that_is_asked_for(exercise):
    """On small draws the truth, which is computed from the definition, has the slopes of this loss."""
    for args, truth in questions(exercise, SEED):
        loss, places = exercise.slopes_of(*args)
        truth = truth if exercise.returns else (truth,)
        rng = np.random.default_rng(7)
        v = [rng.uniform(-1, 1, size=np.shape(place)) for place in places]
        along = np.imag(loss(*(p + 1e-30j * d for p, d in zip(places, v, strict=True)))) / 1e-30
        terms = np.concatenate([np.ravel(t * d) for t, d in zip(truth, v, strict=True)])
        assert abs(along - terms.sum()) <= 1e-9 * np.abs(terms).sum()


@pytest.mark.parametrize("exercise", WIDE, ids=lambda e: e.name)
def test_a_wide_draw_is_wide_and_light(exercise):
    question = wide_question(exercise, SEED)
    assert 49_000 < question.count < 52_000
    assert sum(arg.nbytes for arg in question.args if isinstance(arg, np.ndarray)) < 4e6


def test_every_gradient_exercise_has_a_wide_draw_or_a_reason():
    from tests.checks.test_differences import CHEATS, LINEAR

    # Jacobians have as many evaluations as inputs, and as many entries as inputs times outputs.
    jacobians = {"affine_jacobian", "quadratic_hessian", "kronecker_jacobian", "tensor_jacobian"}
    assert {*CHEATS, *LINEAR} - jacobians == {*(e.name for e in WIDE), *LEFT}
