"""What the text asks to leave as it was is looked at after the call."""

import numpy as np
import pytest

from course_lib.checks import exercises, find, judge
from course_lib.checks.judging import FunctionCaller


def verdict(name, function):
    return judge(find(name), FunctionCaller(function))


def step_in_place(w, grad, lr):
    w -= lr * grad
    return w


def step_by_out(w, grad, lr):
    return np.subtract(w, lr * grad, out=w)


def step_by_entries(w, grad, lr):
    for j in range(len(w)):
        w[j] = w[j] - lr * grad[j]
    return w


def jacobian_and_zero(f, x, h):
    steps = h * np.eye(len(x))
    J = np.stack([(f(x + s) - f(x - s)) / (2 * h) for s in steps], axis=1)
    x[:] = 0
    return J


def momentum_in_place(w, v, grad, lr, beta):
    v *= beta
    v += grad
    return w - lr * v, v


@pytest.mark.parametrize(
    ("name", "function", "lost"),
    [
        ("gradient_step", step_in_place, "`w`"),
        ("gradient_step", step_by_out, "`w`"),
        ("gradient_step", step_by_entries, "`w`"),
        ("central_jacobian", jacobian_and_zero, "`x`"),
        ("momentum_step", momentum_in_place, "`v`"),
    ],
)
def test_a_right_value_that_overwrites_an_argument_is_told(name, function, lost):
    found = verdict(name, function)
    assert (found.status, found.mistake, found.points) == ("overwritten", "overwritten", 0)
    assert f"overwrote {lost}" in found.message


def test_a_step_there_and_back_again_is_no_change():
    def central_jacobian(f, x, h):
        columns = []
        for j in range(len(x)):
            x[j] += h
            ahead = f(x)
            x[j] -= 2 * h
            behind = f(x)
            x[j] += h
            columns.append((ahead - behind) / (2 * h))
        return np.array(columns).T

    assert verdict("central_jacobian", central_jacobian).ok


def test_where_the_text_does_not_ask_for_it_arguments_may_be_changed():
    def linear_approximation(y, J, delta):
        y += J @ delta
        return y

    def softmax(Z):
        Z -= Z.max(axis=1, keepdims=True)
        np.exp(Z, out=Z)
        Z /= Z.sum(axis=1, keepdims=True)
        return Z

    def weight_decay_gradients(dW1, db1, dW2, db2, W1, W2, lam):
        dW1 += lam * W1
        dW2 += lam * W2
        return dW1, db1, dW2, db2

    assert verdict("linear_approximation", linear_approximation).ok
    assert verdict("softmax", softmax).ok
    assert verdict("weight_decay_gradients", weight_decay_gradients).ok


def test_a_text_that_asks_for_it_is_in_the_bank(course_root):
    """`Leave x as it was` in the exercises, and `keeps` in the bank, say the same."""
    asked = set()
    for path in (course_root / "exercises").glob("*.ipynb"):
        text = path.read_text(encoding="utf-8")
        for exercise in exercises():
            if exercise.kind == "function" and f"`{exercise.call}`" in text:
                card = text.split(f"`{exercise.call}`", 1)[1].split("cell_type", 1)[0]
                if any(words in card for words in ("as it was", "new array", "new arrays")):
                    asked.add(exercise.name)
    assert asked == {exercise.name for exercise in exercises() if exercise.keeps}
