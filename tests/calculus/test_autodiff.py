"""The engine agrees with autograd, with the complex step and with chapter 8; its rules are adjoint to pushforwards."""

import ast
import inspect

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from course_lib.calculus import autodiff, mlp
from course_lib.calculus.autodiff import RULES, Node, apply, topological_order, unbroadcast
from course_lib.calculus.jacobian import complex_step_jacobian

RNG = np.random.default_rng(10)
N, D, H, K = 7, 5, 4, 3
X, Y = RNG.normal(size=(N, D)), np.eye(K)[RNG.integers(K, size=N)]
THETA = (RNG.normal(size=(D, H)), RNG.normal(size=H), RNG.normal(size=(H, K)), RNG.normal(size=K))
DIRECTIONS = tuple(RNG.normal(size=p.shape) for p in THETA)


def perceptron(W1, b1, W2, b2):
    P = apply("softmax", apply("sigmoid", X @ W1 + b1) @ W2 + b2)
    return -apply("total", Y * apply("log", P)) / N


def test_reverse_and_forward_mode_take_fewer_than_a_hundred_lines_of_code():
    source = inspect.getsource(autodiff)
    documented = [
        node.body[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
    ]
    words = {line for text in documented for line in range(text.lineno, text.end_lineno + 1)}
    code = [
        line
        for number, line in enumerate(source.splitlines(), 1)
        if number not in words and line.strip() and not line.strip().startswith("#")
    ]
    assert len(code) < 100


def test_the_gradients_of_chapter_8_come_out():
    by_hand = mlp.gradients(X, Y, *THETA)
    for machine, hand in zip(autodiff.gradients(perceptron, *THETA), by_hand, strict=True):
        assert machine.shape == hand.shape
        np.testing.assert_allclose(machine, hand, rtol=1e-12, atol=1e-14)


def test_the_stable_loss_has_the_same_gradients():
    def stable(W1, b1, W2, b2):
        Z2 = apply("sigmoid", X @ W1 + b1) @ W2 + b2
        return (apply("total", apply("log_sum_exp", Z2)) - apply("total", Y * Z2)) / N

    assert stable(*THETA) == pytest.approx(mlp.loss(X, Y, *THETA), rel=1e-14)
    for machine, hand in zip(autodiff.gradients(stable, *THETA), mlp.gradients(X, Y, *THETA), strict=True):
        np.testing.assert_allclose(machine, hand, rtol=1e-12, atol=1e-14)


def test_autograd_agrees_where_operations_meet():
    A, B, c = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 4)), RNG.uniform(1, 2, size=3)

    def ours(A, B, c):
        M = (A / c - 2.0) @ B + (B.T * c) @ A.T
        return apply("total", apply("tanh", M) * apply("exp", -M) - apply("log", c) @ B)

    def theirs(A, B, c):
        M = anp.dot(A / c - 2.0, B) + anp.dot(B.T * c, A.T)
        return anp.sum(anp.tanh(M) * anp.exp(-M) - anp.dot(anp.log(c), B))

    expected = autograd.grad(theirs, argnum=(0, 1, 2))(A, B, c)
    for got, right in zip(autodiff.gradients(ours, A, B, c), expected, strict=True):
        np.testing.assert_allclose(got, right, rtol=1e-11, atol=1e-12)


UNARY = [name for name, row in RULES.items() if len(row) == 2]
SHAPES = [((4,), (4,)), ((3, 4), (4,)), ((3, 1), (3, 4)), ((), (2, 3)), ((1, 4), (3, 1))]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_a_rule_of_one_input_is_the_adjoint_of_the_pushforward(name, shape):
    a, v = RNG.uniform(0.5, 1.5, size=shape), RNG.normal(size=shape)
    pushed = autodiff.jvp(lambda a: apply(name, a), a, v)
    g = RNG.normal(size=np.shape(pushed))
    pulled = autodiff.vjp(lambda a: apply(name, a), a, g)
    assert np.sum(g * pushed) == pytest.approx(np.sum(pulled * v), rel=1e-12)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("shapes", SHAPES)
def test_a_rule_of_two_inputs_is_the_adjoint_of_the_pushforward_and_sums_where_numpy_stretched(name, shapes):
    a, b = (RNG.uniform(0.5, 1.5, size=shape) for shape in shapes)
    u, v = (RNG.normal(size=shape) for shape in shapes)
    pushed = apply(name, a + 1e-30j * u, b + 1e-30j * v).imag / 1e-30
    g = RNG.normal(size=pushed.shape)
    to_a, to_b = autodiff.gradients(lambda a, b: apply(name, a, b), a, b, seed=g)
    assert (to_a.shape, to_b.shape) == shapes
    assert np.sum(g * pushed) == pytest.approx(np.sum(to_a * u) + np.sum(to_b * v), rel=1e-11)


@pytest.mark.parametrize("shapes", [((4, 3), (3, 5)), ((4, 3), (3,)), ((3,), (3, 5)), ((3,), (3,))])
def test_a_product_takes_matrices_and_vectors_on_both_sides(shapes):
    A, B = (RNG.normal(size=shape) for shape in shapes)
    g = RNG.normal(size=np.shape(A @ B))
    to_A, to_B = autodiff.gradients(lambda A, B: A @ B, A, B, seed=g)
    letters = {2: "ij", 1: "i"}
    for got, variable, f in ((to_A, A, lambda A: A @ B), (to_B, B, lambda B: A @ B)):
        J = complex_step_jacobian(f, variable)
        np.testing.assert_allclose(got, np.tensordot(g, J, axes=np.ndim(g)), rtol=1e-12)
        assert letters[got.ndim]


def test_a_value_that_is_used_several_times_collects_all_its_gradients():
    x, y = Node(3.0), Node(2.0)
    a = x * y
    (a * (a + x)).backward()
    assert (float(x.gradient), float(y.gradient)) == (36, 45)


def test_backward_may_be_called_twice():
    w = Node(RNG.normal(size=4))
    loss = apply("total", apply("tanh", w) * w)
    loss.backward()
    once = w.gradient.copy()
    loss.backward()
    np.testing.assert_array_equal(w.gradient, once)


def test_two_losses_of_one_variable_do_not_disturb_each_other():
    w = Node(np.array([1.0, 2.0]))
    first, second = apply("total", w * w), apply("total", w * w * w)
    first.backward()
    second.backward()
    np.testing.assert_allclose(w.gradient, 3 * w.value**2)
    first.backward()
    np.testing.assert_allclose(w.gradient, 2 * w.value)


def test_no_array_is_shared_or_changed():
    value = np.array([1.0, 2.0])
    a, b = Node(value), Node(value)
    (a + b).backward(np.ones(2))
    a.gradient += 10
    np.testing.assert_array_equal(b.gradient, 1)
    np.testing.assert_array_equal(value, [1, 2])


def test_every_node_comes_once_and_after_its_parents():
    x, y = Node(1.0), Node(2.0)
    a = x * y
    b = a + x
    L = a * b + y
    order = topological_order(L)
    assert len(order) == len({id(node) for node in order}) == 6
    for place, node in enumerate(order):
        assert all(parent in order[:place] for parent in node.parents)
    assert order[-1] is L


def test_a_deep_graph_needs_no_recursion_and_no_roads():
    s = start = Node(1.0)
    for _ in range(5000):
        s = (s + s) * 0.5
    s.backward()
    assert start.gradient == 1


def test_plain_arrays_are_constants_and_get_no_gradient():
    w = Node(np.ones(3))
    product = X[:, :3] @ w
    assert product.parents == [w]
    assert product.value.shape == (N,)


def test_jvp_and_vjp_are_rows_and_columns_of_one_jacobian():
    A, B, x = RNG.normal(size=(H, D)), RNG.normal(size=(K, H)), RNG.normal(size=D)

    def f(x):
        return B @ apply("tanh", A @ x)

    J = complex_step_jacobian(f, x)
    v, g = RNG.normal(size=D), RNG.normal(size=K)
    np.testing.assert_allclose(autodiff.jvp(f, x, v), J @ v, rtol=1e-13)
    np.testing.assert_allclose(autodiff.vjp(f, x, g), J.T @ g, rtol=1e-13)


def test_the_hessian_times_a_direction_is_the_change_of_the_gradient():
    products = autodiff.hessian_vector_product(perceptron, THETA, DIRECTIONS)
    h = 1e-5
    ahead, behind = (mlp.gradients(X, Y, *(p + t * d for p, d in zip(THETA, DIRECTIONS, strict=True))) for t in (h, -h))
    for got, plus, minus in zip(products, ahead, behind, strict=True):
        np.testing.assert_allclose(got, (plus - minus) / (2 * h), rtol=1e-6, atol=1e-9)


def test_autograd_has_the_same_hessian_products():
    A, w, v = RNG.normal(size=(6, 4)), RNG.normal(size=4), RNG.normal(size=4)
    H = autograd.hessian(lambda w: anp.sum(anp.tanh(anp.dot(A, w)) ** 2))(w)

    def f(w):
        z = apply("tanh", A @ w)
        return apply("total", z * z)

    (product,) = autodiff.hessian_vector_product(f, (w,), (v,))
    np.testing.assert_allclose(product, H @ v, rtol=1e-12)


def test_a_variable_without_influence_has_the_gradient_zero():
    used, unused = autodiff.gradients(lambda a, b: apply("total", a * a), np.ones(2), np.ones((3, 2)))
    np.testing.assert_array_equal(used, [2, 2])
    np.testing.assert_array_equal(unused, np.zeros((3, 2)))


def test_unbroadcast_is_the_adjoint_of_stretching():
    for small, large in (((3,), (4, 3)), ((4, 1), (4, 3)), ((1, 3), (2, 4, 3)), ((), (4, 3)), ((4, 3), (4, 3))):
        g, b = RNG.normal(size=large), RNG.normal(size=small)
        assert np.sum(g * np.broadcast_to(b, large)) == pytest.approx(np.sum(unbroadcast(g, small) * b), rel=1e-12)


def test_what_does_not_fit_is_refused_in_words():
    w = Node(np.ones(3))
    with pytest.raises(ValueError, match=r"the seed has shape \(\), expected \(3,\)"):
        (w * w).backward()
    with pytest.raises(ValueError, match="a Node was expected: no variable reaches the output"):
        autodiff.gradients(lambda w: 3.0, np.ones(2))
    with pytest.raises(ValueError, match=r"the direction has shape \(2,\), expected \(3,\)"):
        autodiff.jvp(np.sin, np.ones(3), np.ones(2))
    with pytest.raises(ValueError, match=r"\(2, 3, 4\) and \(4, 5\), vectors or matrices were expected"):
        Node(np.ones((2, 3, 4))) @ np.ones((4, 5))
    with pytest.raises(ValueError, match=r"\(2,\) does not stretch"):
        unbroadcast(np.ones((3, 1)), (2,))
    with pytest.raises(TypeError):
        np.exp(w)
