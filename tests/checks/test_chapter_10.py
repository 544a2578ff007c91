"""Chapter 10: an order is judged by its property, and one call means one call."""

import numpy as np
import pytest

from course_lib.calculus import autodiff
from course_lib.calculus.forms import broadcast_pullback
from course_lib.checks import exercises, find, judge
from course_lib.checks.calling import plain
from course_lib.checks.drawing import SEED, draws
from course_lib.checks.judging import FunctionCaller
from course_lib.grading import frames


def verdict(name, function, seed=SEED):
    return judge(find(name), FunctionCaller(function), seed)


def test_the_exercises_are_those_of_the_syllabus_and_one_more():
    assert [e.call for e in exercises("10")] == [
        "vjp_of_product(A, B, G)",
        "toposort(node)",
        "jvp(f, x, v)",
        "hessian_vector_product(grad, w, v)",
        "reverse_mode_gradient(tape, x)",
        "unbroadcast(g, shape)",
        "relu_row(Z, G)",
        "matmul_row(A, B, G)",
        "broadcast_row(X, b, G)",
        "backward(tape, arrays)",
    ]


def test_the_reference_functions_pass():
    assert verdict("jvp", autodiff.jvp).ok
    assert verdict("unbroadcast", lambda g, shape: broadcast_pullback(shape, g)).ok
    assert verdict("vjp_of_product", lambda A, B, G: autodiff.gradients(lambda A, B: A @ B, A, B, seed=G)).ok


def by_readiness(node, choose):
    """A topological order found in another way: again and again `choose` one of the nodes whose parents are done."""
    parents, todo = {}, [node]
    while todo:
        name, *above = todo.pop()
        parents[name] = {parent[0] for parent in above}
        todo += above
    order = []
    while len(order) < len(parents):
        order.append(choose(n for n in parents if n not in order and parents[n] <= set(order)))
    return tuple(order)


def test_every_order_with_parents_first_is_right():
    found = {choose: by_readiness(draws_of("toposort")[0][0], choose) for choose in (min, max)}
    assert found[min] != found[max]
    assert verdict("toposort", lambda node: by_readiness(node, min)).ok
    assert verdict("toposort", lambda node: by_readiness(node, max)).ok
    assert verdict("toposort", lambda node: list(by_readiness(node, max))).ok


def draws_of(name, seed=SEED):
    return [find(name).arguments(draw) for draw in draws(name, seed)]


@pytest.mark.parametrize(
    ("spoil", "status", "says"),
    [
        (lambda order: order[:3] + order[4:], "wrong", "is missing"),
        (lambda order: (*order, "nobody"), "wrong", "'nobody', which no node has"),
        (lambda order: (order[-2], *order[:-2], order[-1]), "wrong", "which it was made from"),
        (lambda order: 7, "kind", "expected one such as"),
        (lambda order: tuple((name,) for name in order), "kind", "expected one such as"),
    ],
)
def test_a_wrong_order_is_told_where_it_is_wrong(spoil, status, says):
    found = verdict("toposort", lambda node: spoil(by_readiness(node, min)))
    assert (found.status, found.mistake) == (status, None)
    assert says in found.message


def test_a_mistake_in_an_order_is_named_however_the_nodes_are_chosen():
    backwards = verdict("toposort", lambda node: by_readiness(node, max)[::-1])
    assert backwards.mistake == "reversed"
    assert verdict("toposort", lambda node: by_readiness(node, max)[:-1]).mistake == "last"
    assert verdict("toposort", lambda node: by_readiness(node, min) * 2).mistake == "repeated"


def test_a_graph_travels_to_the_sandbox():
    for seed in (SEED, 1, 2, 3):
        for (node,) in draws_of("toposort", seed):
            assert frames.decode(frames.encode((node,), []), [])[0] == node
            assert type(plain(by_readiness(node, min))) is tuple
        for tape, _ in draws_of("reverse_mode_gradient", seed):
            assert frames.decode(frames.encode((tape,), []), [])[0] == tape


def test_the_right_value_in_too_many_calls_is_costly():
    def jvp(f, x, v):
        return f(x + 1e-30j * v).imag / 1e-30 + 0 * f(x)

    found = verdict("jvp", jvp)
    # Two calls are no whole Jacobian, so no mistake is named: the judge says what it counted.
    assert (found.status, found.mistake, found.points) == ("costly", None, 0)
    assert "called 2 times, and one call is enough" in found.message


@pytest.mark.parametrize("name", ["jvp", "hessian_vector_product"])
def test_one_real_call_is_not_taken_for_a_difference_quotient(name):
    assert verdict(name, lambda f, x, v: f(v)[0] * v).mistake is None
    assert verdict(name, lambda f, x, v: (f(x + 1e-7 * v) - f(x)) / 1e-7).mistake == "differences"


@pytest.mark.parametrize("name", ["jvp", "hessian_vector_product"])
def test_difference_quotients_along_the_direction_do_not_pass(name):
    assert not verdict(name, lambda f, x, v, h=1e-6: (f(x + h * v) - f(x - h * v)) / (2 * h)).ok


def test_each_tape_uses_values_more_than_once_and_reaches_every_input():
    for tape, x in draws_of("reverse_mode_gradient"):
        used = [place for _, *places in tape for place in places]
        assert set(range(len(x))) <= set(used)
        assert len(used) - len(set(used)) >= 4
        assert any(len(row) == 3 and row[1] == row[2] for row in tape)
        assert np.all(find("reverse_mode_gradient").definition(tape, x) != 0)
