"""The engine agrees with autograd, with the complex step and with chapter 8; its rules are adjoint to pushforwards."""

import ast
import inspect

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from course_lib.calculus import autodiff, mlp
from course_lib.calculus.autodiff import RULES, Node, apply, topological_order
from course_lib.calculus.jacobian import complex_step_jacobian
from tests.calculus.rounding import EPS, FUNCTION, assert_rounded, network_size

N, D, H, K = 7, 5, 4, 3
# Products and sums in a row from X to the loss and back, and the functions on the way.
STEPS = 2 * (N + D + H + K) + 4 * FUNCTION


@pytest.fixture
def samples(rng):
    """X (N, D) and one-hot Y (N, K)."""
    return rng.normal(size=(N, D)), np.eye(K)[rng.integers(K, size=N)]


@pytest.fixture
def theta(rng):
    """W1, b1, W2, b2."""
    return tuple(rng.normal(size=shape) for shape in ((D, H), H, (H, K), K))


@pytest.fixture
def perceptron(samples):
    """The loss of a perceptron on the samples, as a function of its parameters."""
    X, Y = samples

    def loss(W1, b1, W2, b2):
        P = apply("softmax", apply("sigmoid", X @ W1 + b1) @ W2 + b2)
        return -apply("total", Y * apply("log", P)) / N

    return loss


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


def test_the_gradients_of_chapter_8_come_out(samples, theta, perceptron):
    by_hand, size = mlp.gradients(*samples, *theta), network_size(samples[0], *theta)
    for machine, hand in zip(autodiff.gradients(perceptron, *theta), by_hand, strict=True):
        assert_rounded(machine, hand, STEPS, size)


def test_the_stable_loss_has_the_same_gradients(samples, theta):
    X, Y = samples
    size = network_size(X, *theta)

    def stable(W1, b1, W2, b2):
        Z2 = apply("sigmoid", X @ W1 + b1) @ W2 + b2
        return (apply("total", apply("log_sum_exp", Z2)) - apply("total", Y * Z2)) / N

    assert_rounded(stable(*theta), mlp.loss(X, Y, *theta), STEPS, size)
    for machine, hand in zip(autodiff.gradients(stable, *theta), mlp.gradients(X, Y, *theta), strict=True):
        assert_rounded(machine, hand, STEPS, size)


def test_autograd_agrees_where_operations_meet(rng):
    A, B, c = rng.uniform(-1, 1, size=(4, 3)), rng.uniform(-1, 1, size=(3, 4)), rng.uniform(1, 2, size=3)

    def ours(A, B, c):
        M = (A / c - 2.0) @ B + (B.T * c) @ A.T
        return apply("total", apply("tanh", M) * apply("exp", -M) - apply("log", c) @ B)

    def theirs(A, B, c):
        M = anp.dot(A / c - 2.0, B) + anp.dot(B.T * c, A.T)
        return anp.sum(anp.tanh(M) * anp.exp(-M) - anp.dot(anp.log(c), B))

    expected = autograd.grad(theirs, argnum=(0, 1, 2))(A, B, c)
    # The exponentials are the largest terms; an error in M grows by them, and then by what stands before M.
    M = (np.abs(A) / c + 2.0) @ np.abs(B) + (np.abs(B.T) * c) @ np.abs(A.T)
    size = np.sum(np.exp(np.abs((A / c - 2.0) @ B + (B.T * c) @ A.T)) * (1 + M)) * 3
    for got, right in zip(autodiff.gradients(ours, A, B, c), expected, strict=True):
        assert_rounded(got, right, steps=3 + 3 + 16 + 3 * FUNCTION, size=size)


UNARY = [name for name, row in RULES.items() if len(row) == 2]
SHAPES = [((4,), (4,)), ((3, 4), (4,)), ((3, 1), (3, 4)), ((), (2, 3)), ((1, 4), (3, 1))]


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_a_rule_of_one_input_is_the_adjoint_of_the_pushforward(name, shape, rng):
    a, v = rng.uniform(0.5, 1.5, size=shape), rng.uniform(-1, 1, size=shape)
    pushed = autodiff.jvp(lambda a: apply(name, a), a, v)
    g = rng.uniform(-1, 1, size=np.shape(pushed))
    pulled = autodiff.vjp(lambda a: apply(name, a), a, g)
    # No entry of any of these Jacobians is above exp(1.5); the two sides add the same terms in another order.
    steps, size = 2 * a.size + FUNCTION, np.sum(np.abs(g)) * np.sum(np.abs(v)) * np.exp(1.5)
    assert_rounded(np.sum(g * pushed), np.sum(pulled * v), steps, size)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("shapes", SHAPES)
def test_a_rule_of_two_inputs_is_the_adjoint_of_the_pushforward_and_sums_where_numpy_stretched(name, shapes, rng):
    a, b = (rng.uniform(0.5, 1.5, size=shape) for shape in shapes)
    u, v = (rng.uniform(-1, 1, size=shape) for shape in shapes)
    pushed = apply(name, a + 1e-30j * u, b + 1e-30j * v).imag / 1e-30
    g = rng.uniform(-1, 1, size=pushed.shape)
    to_a, to_b = autodiff.gradients(lambda a, b: apply(name, a, b), a, b, seed=g)
    assert (to_a.shape, to_b.shape) == shapes
    # No slope is above 1.5/0.5², that of a quotient in its denominator.
    size = np.sum(np.abs(g) * (np.abs(u) + np.abs(v))) * 6
    assert_rounded(np.sum(g * pushed), np.sum(to_a * u) + np.sum(to_b * v), steps=g.size + 6, size=size)


@pytest.mark.parametrize("shapes", [((4, 3), (3, 5)), ((4, 3), (3,)), ((3,), (3, 5)), ((3,), (3,))])
def test_a_product_takes_matrices_and_vectors_on_both_sides(shapes, rng):
    A, B = (rng.normal(size=shape) for shape in shapes)
    g = rng.normal(size=np.shape(A @ B))
    to_A, to_B = autodiff.gradients(lambda A, B: A @ B, A, B, seed=g)
    for got, variable, f in ((to_A, A, lambda A: A @ B), (to_B, B, lambda B: A @ B)):
        J = complex_step_jacobian(f, variable)
        expected, size = (np.tensordot(*pair, axes=np.ndim(g)) for pair in ((g, J), (np.abs(g), np.abs(J))))
        assert_rounded(got, expected, steps=g.size + 2, size=size)


def test_a_value_that_is_used_several_times_collects_all_its_gradients():
    x, y = Node(3.0), Node(2.0)
    a = x * y
    (a * (a + x)).backward()
    assert (float(x.gradient), float(y.gradient)) == (36, 45)


def test_backward_may_be_called_twice(rng):
    w = Node(rng.normal(size=4))
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
    product = np.ones((N, 3)) @ w
    assert product.parents == [w]
    assert product.value.shape == (N,)


def test_jvp_and_vjp_are_rows_and_columns_of_one_jacobian(rng):
    A, B, x = rng.normal(size=(H, D)), rng.normal(size=(K, H)), rng.normal(size=D)

    def f(x):
        return B @ apply("tanh", A @ x)

    J = complex_step_jacobian(f, x)
    v, g = rng.normal(size=D), rng.normal(size=K)
    # The slope of tanh is 1 at most, and an error in A x moves it by no more than itself.
    size = np.abs(B) @ ((1 + np.abs(A) @ np.abs(x))[:, None] * np.abs(A))
    assert_rounded(autodiff.jvp(f, x, v), J @ v, STEPS, size @ np.abs(v))
    assert_rounded(autodiff.vjp(f, x, g), J.T @ g, STEPS, np.abs(g) @ size)


def test_the_hessian_times_a_direction_is_the_change_of_the_gradient(rng, samples, theta, perceptron):
    directions = tuple(rng.normal(size=value.shape) for value in theta)
    products = autodiff.hessian_vector_product(perceptron, theta, directions)

    def quotients(h):
        ahead, behind = (
            mlp.gradients(*samples, *(p + t * d for p, d in zip(theta, directions, strict=True))) for t in (h, -h)
        )
        return [(plus - minus) / (2 * h) for plus, minus in zip(ahead, behind, strict=True)]

    # Central differences err by c h²: of the coarse quotient's error a sixteenth is left when h is a quarter.
    h = 2e-4
    rounding = STEPS * EPS * network_size(samples[0], *theta) / h
    for product, fine, coarse in zip(products, quotients(h), quotients(4 * h), strict=True):
        np.testing.assert_array_less(np.abs(product - fine), np.max(np.abs(coarse - fine)) / 4 + rounding)


def test_autograd_has_the_same_hessian_products(rng):
    A, w, v = rng.normal(size=(6, 4)), rng.normal(size=4), rng.normal(size=4)
    H = autograd.hessian(lambda w: anp.sum(anp.tanh(anp.dot(A, w)) ** 2))(w)

    def f(w):
        z = apply("tanh", A @ w)
        return apply("total", z * z)

    (product,) = autodiff.hessian_vector_product(f, (w,), (v,))
    # No derivative of tanh² up to the third is above 5.
    size = 5 * np.abs(A).T @ ((1 + np.abs(A) @ np.abs(w)) * (np.abs(A) @ np.abs(v)))
    assert_rounded(product, H @ v, STEPS, size)


def test_a_variable_without_influence_has_the_gradient_zero():
    used, unused = autodiff.gradients(lambda a, b: apply("total", a * a), np.ones(2), np.ones((3, 2)))
    np.testing.assert_array_equal(used, [2, 2])
    np.testing.assert_array_equal(unused, np.zeros((3, 2)))


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
    with pytest.raises(TypeError):
        np.exp(w)
