"""A failure is known by its cause: one reason, however the operation is written."""

import ast
import linecache

import numpy as np
import pytest

from course_lib.checks import calling, exercises, find, judge
from course_lib.checks.causes import Cause, cause_of, same_cause
from course_lib.checks.judging import FunctionCaller


def written(source, name, filename="<cell causes>"):
    """The function that a cell defines, with its source where Python looks for it."""
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"np": np}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


def failure(expression, **names):
    """The Outcome of a function that returns this expression."""
    function = written(f"def f({', '.join(names)}):\n    return {expression}\n", "f", f"<cell {expression}>")
    outcome = calling.call(function, tuple(names.values()))
    assert outcome.kind == "raised", outcome.value
    return outcome


A, B, V = np.ones((3, 4)), np.ones((5, 6)), np.ones(7)

PRODUCTS = {
    "A @ B": (4, 5),
    "np.dot(A, B)": (4, 5),
    "A.dot(B)": (4, 5),
    "np.matmul(A, B)": (4, 5),
    "np.einsum('ij,jk->ik', A, B)": (4, 5),
    "np.inner(A, B.T)": (4, 5),
    "A @ V": (4, 7),
    "V @ A": (7, 3),
    "np.einsum('i,ij->j', V, A)": (7, 3),
    "1 + np.exp(A.T) @ V * 2": (3, 7),
}


@pytest.mark.parametrize("expression", PRODUCTS)
def test_a_product_is_known_by_its_inner_lengths(expression):
    cause = cause_of(failure(expression, A=A, B=B, V=V))
    assert (cause.operation, cause.lengths) == ("product", PRODUCTS[expression])


@pytest.mark.parametrize("expression", ["A @ B", "A.dot(B)", "np.dot(A, np.copy(B))", "(A + 0) @ B", "-A @ B"])
def test_the_operands_are_read_off_for_every_spelling(expression):
    assert cause_of(failure(expression, A=A, B=B)).shapes == ((3, 4), (5, 6))


def test_a_product_of_other_operands_is_another_cause():
    C, D = np.ones((9, 4)), np.ones((5, 2))
    assert not same_cause(failure("A @ B", A=A, B=B), failure("np.dot(C, D)", C=C, D=D))


def test_a_column_counts_like_the_vector_in_it():
    assert same_cause(failure("A @ V", A=A, V=V), failure("A.dot(V)", A=A, V=V[:, None]))


def test_nothing_of_the_learners_is_run_to_find_the_operands():
    calls = []
    source = "def f(A, V, note):\n    return note(A) @ V\n"
    function = written(source, "f", "<cell note>")
    outcome = calling.call(function, (A, V, lambda a: calls.append(1) or a))
    assert outcome.kind == "raised"
    assert len(calls) == 1
    assert outcome.operands == "@"


def test_entrywise_operands_count_in_any_order():
    assert same_cause(failure("A * V", A=A, V=V), failure("np.multiply(V, A)", A=A, V=V))
    assert cause_of(failure("A - B", A=A, B=B)) == Cause(
        "entrywise",
        ((3, 4), (5, 6)),
        (),
        "ValueError: operands could not be broadcast together with shapes (3,4) (5,6)",
        "-",
    )


class Spelled(ast.NodeTransformer):
    """Writes every `a @ b` as a call."""

    def __init__(self, how):
        self.how = how

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        if self.how == ".dot":
            return ast.Call(ast.Attribute(node.left, "dot", ast.Load()), [node.right], [])
        return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), self.how, ast.Load()), [node.left, node.right], [])


FAILING = [
    (exercise, mistake)
    for exercise in exercises()
    if exercise.kind == "function"
    for mistake in exercise.mistakes
    if mistake.id in ("transpose", "order", "side", "vector", "product", "cycle", "way-back", "hadamard")
    and "@" in mistake.source(exercise.name)
]


@pytest.mark.parametrize("how", ["dot", ".dot", "matmul"])
@pytest.mark.parametrize(("exercise", "mistake"), FAILING, ids=[f"{e.name}-{m.id}" for e, m in FAILING])
def test_a_named_mistake_keeps_its_name_in_other_spellings(exercise, mistake, how):
    tree = Spelled(how).visit(ast.parse(mistake.source(exercise.name)))
    source = ast.unparse(ast.fix_missing_locations(tree))
    verdict = judge(exercise, FunctionCaller(written(source, exercise.name)))
    assert verdict.mistake == mistake.id, verdict.message


LOOPS = {
    "mse_gradient": """
def mse_gradient(X, w, y):
    r = X @ w - y
    grad = np.zeros(len(w))
    for j in range(len(w)):
        for i in range(len(y)):
            grad[j] += X[j, i] * r[i] / len(y)
    return grad
""",
    "vjp_of_product": """
def vjp_of_product(A, B, G):
    dA = np.zeros(A.shape)
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            for l in range(G.shape[1]):
                dA[i, j] += G[i, l] * B[l, j]
    return dA, A.T @ G
""",
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_beyond_the_end_fails_like_the_product(name):
    verdict = judge(find(name), FunctionCaller(written(LOOPS[name], name)))
    assert (verdict.status, verdict.mistake) == ("raised", "transpose"), verdict.message
