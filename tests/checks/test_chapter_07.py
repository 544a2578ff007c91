"""Chapter 7: the exercises of the syllabus, and draws that overflow."""

import numpy as np
import pytest
import scipy.special

from course_lib.calculus import autodiff
from course_lib.checks import SEED, exercises, find, judge
from course_lib.checks.drawing import HUGE, draws
from course_lib.checks.judging import FunctionCaller


def test_chapter_7_has_the_exercises_of_the_syllabus_and_one_more():
    assert [e.call for e in exercises("07") if e.kind == "function"] == [
        "log_sum_exp(Z)",
        "softmax(Z)",
        "softmax_jacobian(p)",
        "softmax_pullback(P, G)",
        "cross_entropy(P, Y)",
        "cross_entropy_gradient(Z, Y)",
        "logistic_gradient(X, w, y)",
        "temperature_gradients(Z, Y, T)",
    ]


@pytest.mark.parametrize("seed", [SEED, *range(5)])
def test_the_engine_of_chapter_10_finds_the_gradients_with_a_temperature(seed):
    def temperature_gradients(Z, Y, T):
        def loss(Z, T):
            S = Z / T
            return (autodiff.apply("total", autodiff.apply("log_sum_exp", S)) - autodiff.apply("total", Y * S)) / len(Y)

        return autodiff.gradients(loss, Z, np.array(T))

    verdict = judge(find("temperature_gradients"), FunctionCaller(temperature_gradients), seed)
    assert verdict.status == "right", verdict.message


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", ["log_sum_exp", "softmax", "cross_entropy_gradient"])
def test_every_draw_overflows_and_underflows_a_bare_exponential(name, seed):
    for draw in draws(name, seed):
        Z = find(name).arguments(draw)[0]
        with np.errstate(over="ignore"):
            sums = np.sum(np.exp(Z), axis=1)
        assert np.any(np.isinf(sums))
        assert np.any(sums == 0)
        P = scipy.special.softmax(Z, axis=1)
        mixed = (np.max(Z, axis=1) > 990) & (np.min(Z, axis=1) < -990)
        assert np.any(mixed), "some row holds both +1000 and -1000"
        contested = (P[mixed] > 1e-3) & (P[mixed] < 0.999)
        assert draw.drowns or np.any(contested), "and shares in it that a cut would level"
        assert np.any(P == 0), "some share underflows"
        assert np.any((P > 1e-3) & (P < 0.9)), "some row has a real contest"


@pytest.mark.parametrize("seed", range(6))
def test_the_truth_of_softmax_has_the_property_that_defines_it(seed):
    for draw in draws("softmax", seed):
        (Z,) = find("softmax").arguments(draw)
        P = find("softmax").definition(Z)
        assert np.all(P >= 0)
        np.testing.assert_allclose(np.sum(P, axis=1), 1, rtol=1e-15)
        for z, p in zip(Z, P, strict=True):
            seen = p > 0
            np.testing.assert_allclose(np.diff(np.log(p[seen])), np.diff(z[seen]), rtol=1e-9)
        np.testing.assert_allclose(P, scipy.special.softmax(Z, axis=1), rtol=1e-11)


@pytest.mark.parametrize("seed", range(6))
def test_a_true_class_never_has_the_share_zero_but_another_does(seed):
    for draw in draws("cross_entropy", seed):
        P, Y = find("cross_entropy").arguments(draw)
        assert np.all(P[Y == 1] > 0.05)
        assert np.any(P == 0)
        np.testing.assert_allclose(np.sum(P, axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize("seed", range(6))
def test_margins_reach_a_thousand_or_more_on_both_sides_and_both_targets_occur(seed):
    for draw in draws("logistic_gradient", seed):
        X, w, y = find("logistic_gradient").arguments(draw)
        z = X @ w
        np.testing.assert_allclose([np.max(z), np.min(z)], [HUGE if draw.drowns else 1000, -1000], rtol=1e-9)
        assert set(y) == {0.0, 1.0}
        assert np.min(np.abs(z)) < 20


def entropy_without_shift(Z, Y):
    P = np.exp(Z) / np.sum(np.exp(Z), axis=1)[:, None]
    return (P - Y) / len(Y)


def entropy_by_the_scalar_route(Z, Y):
    gradient = np.empty_like(Z)
    for i, z in enumerate(Z):
        e = [np.exp(z_j) for z_j in z]
        gradient[i] = [(e_j / sum(e) - y_j) / len(Z) for e_j, y_j in zip(e, Y[i], strict=True)]
    return gradient


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("answer", [entropy_without_shift, entropy_by_the_scalar_route])
def test_overflow_is_named_however_the_naive_softmax_is_written(answer):
    verdict = judge(find("cross_entropy_gradient"), FunctionCaller(answer))
    assert (verdict.status, verdict.mistake) == ("not finite", "overflow")


@pytest.mark.parametrize("cut", [100, 500, 700])
def test_logits_that_were_cut_off_are_named_whatever_the_cut(cut):
    def log_sum_exp(Z):
        return np.log(np.sum(np.exp(np.clip(Z, -cut, cut)), axis=1))

    def softmax(Z):
        E = np.exp(np.clip(Z, -cut, cut))
        return E / E.sum(axis=1, keepdims=True)

    def cross_entropy_gradient(Z, Y):
        return (softmax(Z) - Y) / len(Z)

    for function in (log_sum_exp, softmax, cross_entropy_gradient):
        assert judge(find(function.__name__), FunctionCaller(function)).mistake == "clipped"


def test_nan_of_another_origin_is_not_called_overflow():
    def nan_in_one_place(Z, Y):
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        gradient = (E / E.sum(axis=1, keepdims=True) - Y) / len(Z)
        gradient[0, 0] = np.nan
        return gradient

    verdict = judge(find("cross_entropy_gradient"), FunctionCaller(nan_in_one_place))
    assert (verdict.status, verdict.mistake) == ("not finite", "not-finite")
    assert "Wherever your answer is a number, it is right." in verdict.message
